import { userIdOf } from "../queue/keys.js";
import type { ConcertUsers, UserSpan } from "./concert-users.js";
import { type EvidenceEvent, type Example, evidenceOf } from "./evidence.js";
import type { BrokenOrder } from "./join-order.js";
import type { Read } from "./queue-model.js";
import type { Trouble } from "./user-check.js";

/** One example for each kind of anomaly, out of all that is known of a concert. */

type WithoutKind = Omit<Example, "kind">;

const READ_TEXT = ["nowhere", "waiting", "active", "waiting and active"] as const;

/** An entry that is wrong by itself; `number`: its row. */
export const entryExample = ({ concert, rows }: ConcertUsers, rule: string, number: number): WithoutKind => ({
  rule,
  concert,
  user: rows.at(number).user,
  events: [blamed(evidenceOf(rows.at(number)))],
});

export const troubleExample = (
  users: ConcertUsers,
  span: UserSpan,
  read: Read,
  { fault, event }: Trouble,
): WithoutKind => ({
  rule: fault.rule,
  concert: users.concert,
  user: span.user,
  events: eventsOf(users, span, read, event),
});

export const leakExample = ({ concert }: ConcertUsers, user: number): WithoutKind => ({
  rule: "a member of the active set without a token",
  concert,
  user,
  events: [blamed({ what: "afterwards", result: "active", instance: -1 })],
});

/** `number` and `before`: the rows of both answers. */
export const grownExample = (
  { concert, rows }: ConcertUsers,
  user: number,
  { number, before }: { readonly number: number; readonly before: number },
): WithoutKind => ({
  rule: "told a higher position than before, in one stay",
  concert,
  user,
  events: [evidenceOf(rows.at(before)), blamed(evidenceOf(rows.at(number)))],
});

/** `number` and `before`: the rows of the reading and of the answer that it contradicts; null: it was an admission. */
export const staleExample = (
  { concert, rows }: ConcertUsers,
  user: number,
  { number, before }: { readonly number: number; readonly before: number | null },
): WithoutKind => ({
  rule: "told by a replica what had changed before he asked",
  concert,
  user,
  events: [...(before === null ? [] : [evidenceOf(rows.at(before))]), blamed(evidenceOf(rows.at(number)))],
});

export function orderExample({ concert, rows }: ConcertUsers, { user, row, aheadRow }: BrokenOrder): WithoutKind {
  const events: EvidenceEvent[] = [];
  if (row >= 0) events.push(blamed(evidenceOf(rows.at(row))));
  if (aheadRow >= 0) events.push(evidenceOf(rows.at(aheadRow)));
  const ahead = aheadRow >= 0 ? `user ${userIdOf(rows.at(aheadRow).user)}, who entered later` : "a later one";
  return { rule: `stands or was admitted behind ${ahead}`, concert, user, events };
}

/** All that is known of a user, in order of time on the common clock. `toBlame`: place among the events that were judged. */
function eventsOf(users: ConcertUsers, span: UserSpan, read: Read, toBlame: number): EvidenceEvent[] {
  const { rows, numbers } = users;
  const timed: { atUs: number; event: EvidenceEvent }[] = [];
  let judged = 0;
  const note = (atUs: number, event: EvidenceEvent, isJudged: boolean): void => {
    const isToBlame = isJudged && judged++ === toBlame;
    timed.push({ atUs, event: isToBlame ? blamed(event) : event });
  };
  for (const number of numbers.subarray(span.from, span.to)) {
    const entry = rows.at(number);
    const isJudged = entry.operation !== "replica-read" && entry.result !== "failed" && entry.result !== "in-doubt";
    note(entry.sentUs + rows.clockOf(number).offsetUs, evidenceOf(entry), isJudged);
  }
  for (const { sentUs, repliedUs, clock } of users.callsOf(span)) {
    const event = { what: "admission", result: "ADMITTED", instance: clock.instance, sentUs, repliedUs } as const;
    note(sentUs + clock.offsetUs, event, true);
  }
  timed.sort((a, b) => a.atUs - b.atUs);
  const afterwards: EvidenceEvent = { what: "afterwards", result: READ_TEXT[read], instance: -1 };
  return [...timed.map(({ event }) => event), toBlame < 0 ? blamed(afterwards) : afterwards];
}

const blamed = (event: EvidenceEvent): EvidenceEvent => ({ ...event, isToBlame: true });

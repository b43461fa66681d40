import type { AnomalyKind } from "../queue/anomaly.js";
import type { Outcome } from "../queue/outcome.js";
import type { Population } from "../queue/population.js";
import type { ConcertCalls } from "./admissions.js";
import type { FinalState } from "./final-state.js";
import type { Rules } from "./rules.js";

/** What numbers tell of a concert, without a look at any single user. */

/** What the generator counted for one concert. `failed` includes the entries in doubt; leaves are no entries. */
export interface ConcertAnswers {
  readonly answers: Readonly<Record<Outcome, number>>;
  readonly failed: number;
  readonly inDoubt: number;
  /** Users who took themselves out, and those of whom nobody can say. */
  readonly left: number;
  readonly leavesInDoubt: number;
}

export interface ConcertCounts extends ConcertAnswers {
  /** Number n of the concert `qbench:<run>:<n>`. */
  readonly number: number;
}

/** How often each kind was found. */
export type Tally = Partial<Record<AnomalyKind, number>>;

export function count(tally: Tally, kind: AnomalyKind, times = 1): void {
  if (times > 0) tally[kind] = (tally[kind] ?? 0) + times;
}

/**
 * Whether a complete history has the entries that were counted; `recorded`: by code of `RESULT`.
 * @throws Error if not.
 */
export function agree(concert: number, recorded: readonly number[], told: ConcertAnswers): void {
  const { answers, failed, inDoubt } = told;
  const counted = [answers.NEW, answers.WAITING, answers.ACTIVE, failed - inDoubt, inDoubt];
  if (counted.every((entries, code) => entries === recorded[code])) return;
  throw new Error(
    `concert ${concert}: the generator counted ${counted.join(" / ")} entries ` +
      `(NEW / WAITING / ACTIVE / failed / in doubt) and recorded ${recorded.join(" / ")}`,
  );
}

/**
 * Adds to what was found user by user in `tally`: strangers, and answers that are not in the history. `lostWhoJoined`: users
 * already called lost who had waited before the trial or joined in it, lest they be missed twice: of 100 told NEW, 97 are
 * there and 2 are called lost, so 1 is missing by number alone.
 */
export function countNumbers(
  tally: Tally,
  told: ConcertAnswers,
  lostWhoJoined: number,
  { isComplete, population, promises, forgettings }: Rules,
  final: FinalState,
  calls: ConcertCalls | null,
): void {
  const { strangers } = final;
  count(tally, "phantom", strangers);
  const { left, leavesInDoubt } = told;
  // Of those who left nobody says which of them had been admitted.
  if (isComplete || (calls !== null && left + leavesInDoubt > 0)) return;
  const present = strangers + presentIn(final, calls, population);
  const least = population.waiting + told.answers.NEW - left;
  const { phantom = 0, "double-new": doubled = 0 } = tally;
  count(tally, "phantom", present - least - told.inDoubt - phantom);
  const missing = least - leavesInDoubt - present - lostWhoJoined - doubled;
  const isLost = forgettings.length > 0 || promises.includes("double-new");
  count(tally, isLost ? "lost" : "double-new", missing);
}

/** Users who wait or are active and were not active before the trial; with a record of admissions, who ever was. */
function presentIn(final: FinalState, calls: ConcertCalls | null, population: Population): number {
  const wasActive = (user: number): boolean =>
    user >= population.waiting && user < population.waiting + population.active;
  if (calls !== null) {
    let queued = calls.count;
    for (const user of final.waiting) if (!wasActive(user)) queued++;
    return queued;
  }
  const everybody = new Set<number>();
  for (const user of final.waiting) if (!wasActive(user)) everybody.add(user);
  for (const user of final.active) if (!wasActive(user)) everybody.add(user);
  return everybody.size;
}

/** Only where users are taken out of the waiting set can an answer find one gone. */
const OF_SHRINKING: readonly AnomalyKind[] = ["no-position", "total-below-position"];

/** Which kinds the concert could have shown at all, apart from those that depend on single users. */
export function exercisedBy(
  told: ConcertAnswers,
  hasLeaves: boolean,
  { isAdmitting, isComplete, population }: Rules,
  calls: ConcertCalls | null,
): AnomalyKind[] {
  const entries = told.answers.NEW + told.answers.WAITING + told.answers.ACTIVE;
  const admits = isAdmitting || (calls !== null && calls.count > 0);
  const when = (condition: boolean, ...kinds: AnomalyKind[]): AnomalyKind[] => (condition ? kinds : []);
  return [
    ...when(entries > 0, "lost", "phantom"),
    ...when(entries > 0 && isComplete, "wrong-outcome"),
    ...when(admits || (population.active > 0 && told.answers.ACTIVE > 0), "wait-and-active"),
    ...when(admits, "double-admission", "leaked-capacity"),
    ...when(admits || hasLeaves, ...OF_SHRINKING),
  ];
}

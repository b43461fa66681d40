import type { AdmissionLog } from "./admissions.js";
import type { Clock } from "./clocks.js";
import { eventsOf, type History } from "./history.js";

/** All that is recorded of one trial: what its audit read, besides the data. */
export interface TrialRecord {
  readonly strategy: string;
  readonly round: number;
  readonly histories: readonly History[];
  readonly clocks: readonly Clock[];
  readonly admissions: readonly AdmissionLog[];
}

/**
 * A trial's record as JSON lines, one event a line: first the threads' clocks, then entries and leaves thread by thread in
 * order of their replies, then admissions. Times are µs on the thread's own clock; plus its `offsetUs`, give or take its
 * `uncertaintyUs` (null: unknown), they are those of all threads.
 */
export function* linesOf({ strategy, round, histories, clocks, admissions }: TrialRecord): Generator<string> {
  const line = (what: string, event: object): string => `${JSON.stringify({ strategy, round, what, ...event })}\n`;
  for (const clock of clocks) yield line("clock", clock);
  for (const { operation, ...event } of eventsOf(histories)) yield line(operation, event);
  for (const { instance, calls } of admissions) {
    for (const { users, ...call } of calls) {
      yield line("admission", { instance, ...call, ...(users === undefined ? {} : { users: [...users] }) });
    }
  }
}

import { AWAY_TIMEOUTS } from "../base/away.js";
import { environmentError, interruptionBy, QbenchError } from "../base/errors.js";
import { faultNamed, faultText } from "../faults/index.js";
import { saysClusterDown } from "../targets/redis-errors.js";
import type { SegmentResult } from "../worker/segment.js";
import type { Struck, StruckFault } from "./faults.js";
import type { TrialContext } from "./trial.js";
import type { TrialResult } from "./trial-result.js";

/** The server, or an agent, went away for good. */
export class TrialLost extends QbenchError {
  /** What was measured until then; undefined if it was in the warm-up, or nothing is known. Never complete. */
  readonly partial: TrialResult | undefined;
  /** Nothing is left of it, and only an agent is missing: another one may take its place. */
  readonly isRepeatable: boolean;

  constructor(error: QbenchError, partial: TrialResult | undefined, isRepeatable = false) {
    super(error.kind, error.exitCode, error.message, error.hint);
    this.partial = partial;
    this.isRepeatable = isRepeatable;
  }
}

/** The server does not come back from it. */
export const isFinal = ({ name }: StruckFault): boolean => faultNamed(name).serverIs === "gone";

export const isServerLost = (results: readonly SegmentResult[]): boolean => results.some((result) => result.serverLost);

/** Whether a control connection's error says that it found nobody for as long as it tried; not that it was refused. */
export function saysServerGone(error: unknown): boolean {
  if (error instanceof QbenchError || !(error instanceof Error)) return false;
  if (saysClusterDown(error)) return true;
  if (error.name === "ReplyError") return false;
  return error.name === "MaxRetriesPerRequestError" || /\bclosed\b|ECONN|EPIPE/.test(error.message);
}

type Lost = Pick<TrialContext, "target" | "scenario" | "signal">;

/** What to throw where the server is gone. */
export const lostServer = (
  context: Lost,
  partial: TrialResult | undefined,
  { faults, failure }: Struck = { faults: [], failure: undefined },
): TrialLost => new TrialLost(failure ?? reasonOf(context, faults.find(isFinal)), partial);

/** `end`: the fault that ended it, as it was planned. */
function reasonOf({ target, scenario, signal }: Lost, end: StruckFault | undefined): QbenchError {
  if (end !== undefined) {
    return environmentError(
      `${target.name} was ended by the fault ${faultText(end)}, as it was planned, and the run with it`,
      "what was measured until then is kept; --fault restart@… starts it again",
    );
  }
  const within = `within five timeouts (${AWAY_TIMEOUTS * scenario.timeoutMs} ms)`;
  const waits = "--timeout says how long an entry, and so the run, waits for it";
  if (target.vigil?.isSilent) {
    const left =
      target.own === undefined ? "; the next start at that address removes what this one has left there" : "";
    if (signal.aborted) return interruptionBy(signal, `${target.name} did not answer any more${left}`);
    return environmentError(
      `${target.name} stopped answering during a trial, though its connections stayed, and did not go on ${within}`,
      `is its process stopped, or its machine out of memory? ${waits}${left}`,
    );
  }
  const why = target.watched === undefined ? "its own log says why" : "its Sentinels named no other one by then";
  return environmentError(
    `${target.name} went away during a trial and did not come back ${within}`,
    `${why}; ${waits}`,
  );
}

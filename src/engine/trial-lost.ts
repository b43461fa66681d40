import { EXIT, QbenchError } from "../base/errors.js";
import { faultNamed, faultText } from "../faults/index.js";
import { saysClusterDown } from "../targets/redis-errors.js";
import { AWAY_TIMEOUTS } from "../worker/away.js";
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

  constructor(message: string, hint: string, partial: TrialResult | undefined, isRepeatable = false) {
    super("environment", EXIT.environment, message, hint);
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

/** What to throw where the server is gone. */
export const lostServer = (
  { target, scenario }: Pick<TrialContext, "target" | "scenario">,
  partial: TrialResult | undefined,
  { faults, failure }: Struck = { faults: [], failure: undefined },
): TrialLost => {
  if (failure !== undefined) return new TrialLost(failure.message, failure.hint ?? "", partial);
  const end = faults.find(isFinal);
  if (end !== undefined) {
    const message = `${target.name} was ended by the fault ${faultText(end)}, as it was planned, and the run with it`;
    return new TrialLost(message, "what was measured until then is kept; --fault restart@… starts it again", partial);
  }
  const why = target.watched === undefined ? "its own log says why" : "its Sentinels named no other one by then";
  return new TrialLost(
    `${target.name} went away during a trial and did not come back within five timeouts (${AWAY_TIMEOUTS * scenario.timeoutMs} ms)`,
    `${why}; --timeout says how long an entry, and so the run, waits for it`,
    partial,
  );
};

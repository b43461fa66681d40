import { THRESHOLDS } from "../measure/limiter.js";

/**
 * How busy both sides are while a trial goes on: shares of a core, 0 … 1, null where unknown. Time that the hypervisor
 * stole is not taken off, and no thread's CPU is read: the report judges by more.
 */
export interface Busy {
  /** Redis' main thread. */
  readonly server: number | null;
  /** The event loop of the busiest measuring thread. */
  readonly generator: number | null;
}

/** What seems to keep the trial from being faster; null where neither side is near its limit, or nothing is known. */
export function seemingLimit({ server, generator }: Busy): string | null {
  const isServer = server !== null && server >= THRESHOLDS.serverBusy;
  const isGenerator = generator !== null && generator >= THRESHOLDS.eventLoopBusy;
  if (isServer && isGenerator) return "server and generator are both near their limit";
  if (isServer) return "the server seems to be the limit";
  return isGenerator ? "the generator seems to be the limit" : null;
}

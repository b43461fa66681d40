import type { Connections } from "../scenario/scenario.js";

/**
 * What round trips cost a thread that turns in an event loop. A turn takes all that has arrived, so what is paid once a
 * turn, or once for each connection that is read and written, is the cheaper the more trips share it: that is why many
 * users on shared connections cost a tenth of what they cost on connections of their own.
 */
export interface Work {
  /** Of each turn of the loop. */
  readonly perTurnUs: number;
  /** Of each connection that is read and written in a turn. */
  readonly perConnectionUs: number;
  /** Of each round trip itself. */
  readonly perTripUs: number;
}

/** µs a trip while `present` trips wait for the thread, spread over `connections`. */
export const tripUs = (work: Work, present: number, kind: Connections, connections: number): number =>
  (work.perTurnUs + work.perConnectionUs * touched(present, kind, connections)) / present + work.perTripUs;

/** Connections on which `trips` lie: one for each, or, where they are shared, as many as chance makes of them. */
function touched(trips: number, kind: Connections, connections: number): number {
  if (kind === "exclusive") return trips;
  return connections === 1 ? 1 : connections * (1 - (1 - 1 / connections) ** trips);
}

import type { Warning } from "../base/warning.js";

/**
 * Something that acts beside the entries of a trial: it admits users, breaks something or watches. It lives on the
 * control side, on a connection of its own that is open before the trial begins, and never in a measuring thread.
 */
export interface Actor<Done extends Acted> {
  /** Called when the barrier opens. */
  start(context: ActorContext): void;
  /** Begins nothing more and waits for what is on its way. */
  stop(): Promise<Done>;
  /** Disconnects; what was on its way has failed then. May be called at any time, and again. */
  close(): void;
}

export interface ActorContext {
  /** When the barrier opened, on this thread's clock. */
  readonly originUs: number;
  /** Numbers of the concerts that are entered at this moment: a concert that is full hands over to its next generation. */
  concerts(): readonly number[];
}

/** What an actor did, as data. */
export interface Acted {
  /** What the server has counted for it, by lower-case name: taken from its counters, this leaves the entries' commands. */
  readonly commands: Readonly<Record<string, number>>;
  readonly warnings: readonly Warning[];
}

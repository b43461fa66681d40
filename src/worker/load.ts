import type { OperationCode } from "../audit/history.js";
import type { PlannedArrivals } from "./segment.js";

/**
 * When users arrive. What each does is `Users`' and the workload's, how an entry is made the strategy's.
 */
export interface LoadModel {
  /** When the next arrival is due, µs on the thread's clock; Infinity if none is planned. */
  readonly dueUs: number;
  /** Arrivals that were due when the trial stopped and had not come; 0 in the closed model. */
  readonly dropped: number;
  /** What was planned; null in the closed model. */
  readonly planned: PlannedArrivals | null;
  /** Called once behind the barrier. */
  begin(nowUs: number): void;
  /** Lets the arrival come that is due. */
  arrive(nowUs: number): void;
  /** The user in `place` is done. */
  onGone(place: number, nowUs: number): void;
  /** Nobody may arrive any more. */
  stop(nowUs: number): void;
}

/** Whether an entry may start: not when all slots are taken ("full"), nor when no more are to be made ("over"). */
export type Room = "free" | "full" | "over";

/** What starts entries. */
export interface EntryStarter {
  room(nowUs: number): Room;
  /** Starts an operation of the user in `place`; there must be room. `lane`: which connection, where many are shared. */
  start(place: number, operation: OperationCode, lane: number, plannedUs: number, nowUs: number): void;
}

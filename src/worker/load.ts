/**
 * When entries start. A load model asks the instance to start entries and is told when each ends; what a user does is
 * the workload's, how it is done the strategy's.
 */
export interface LoadModel {
  /** Arrivals that found no slot, or were due when the trial stopped; 0 in the closed model. */
  readonly dropped: number;
  /** Called once behind the barrier. */
  begin(nowUs: number): void;
  /** The entry in `slot` has its outcome, or has failed. */
  onFinished(slot: number, nowUs: number): void;
  /** No entry may start any more. */
  stop(): void;
}

/** What a load model may ask for. */
export interface EntryStarter {
  /** Starts an entry that is due since `plannedUs`. @returns false if no more entries are to be made. */
  start(slot: number, plannedUs: number, nowUs: number): boolean;
}

/**
 * What admission did during a trial: the record that the audit reads beside the entries' history. One object a call. An
 * entry that overlaps a call may have come before it or after it, one that does not may not.
 *
 * Who was admitted: scripts reply with a number, and should, since a list of names would cost the server what is to be
 * measured. But a member of the active set has the expiry as its score; so if every call (of a concert) is given an
 * expiry of its own, a millisecond apart at least, the active set tells afterwards whom each call took. Users who are
 * not there any more (over, left, admitted again) are then known by number only.
 *
 * Times are µs on the clock of the thread that made the call, counted from the start of its trial, as in a history.
 */
export interface AdmissionCall {
  /** Number n of the concert `qbench:<run>:<n>`. */
  readonly concert: number;
  /** When the (first) command was handed to the connection. */
  readonly sentUs: number;
  /** When the last reply came, or the call was given up. */
  readonly repliedUs: number;
  /** The expiry that the call gave, ms: the score of whom it admitted. No two calls of a concert share one. */
  readonly expiresAtMs: number;
  /** How long the tokens live; null: for longer than the trial. */
  readonly tokenTtlMs: number | null;
  /** How many were admitted; of a call in doubt, how many for sure. */
  readonly count: number;
  /** Failed or given up: it may have admitted others, then or later. */
  readonly isInDoubt: boolean;
  /** Numbers of the users, in the order in which they were taken, where the call tells them. */
  readonly users?: Uint32Array;
}

/** The calls of one thread, in order of their replies. */
export interface AdmissionLog {
  /** Whose clock the times are of: one of the histories' instances, or a number of its own. */
  readonly instance: number;
  readonly calls: readonly AdmissionCall[];
}

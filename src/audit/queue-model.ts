import type { AnomalyKind } from "../queue/anomaly.js";

/**
 * The queue as a pure model of one user in one concert:
 *
 *              enter (NEW)                    admission
 *   NONE ───────────────────► WAITING ───────────────────► ACTIVE
 *    ▲                           │                            │
 *    └──────────── leave ────────┴── leave, end of the token ─┘
 *
 * and, beside it, what can go wrong: steps that the queue never takes, each with the kind of anomaly that it is. A history
 * that the queue can have brought forth needs none of them; for any other, the audit looks for the explanation that needs
 * the fewest. BOTH, waiting and active at once, is reached by such a step alone.
 */

/** Where a user stands. FOREHAND: waiting since before the trial. */
export const STATE = { NONE: 0, WAITING: 1, ACTIVE: 2, BOTH: 3, FOREHAND: 4 } as const;
export type State = (typeof STATE)[keyof typeof STATE];

/** What was observed of a user: an answer to an entry, a leave or a reading, or an admission. */
export const OBSERVED = {
  toldNew: 0,
  toldWaiting: 1,
  toldActive: 2,
  leftWaiting: 3,
  leftActive: 4,
  leftNowhere: 5,
  admitted: 6,
  foundNowhere: 7,
} as const;
export type Observed = (typeof OBSERVED)[keyof typeof OBSERVED];

/** A step that a queue without mistakes does not take. */
export interface Fault {
  readonly kind: AnomalyKind;
  /** The rule that it breaks, as a clause about the user. */
  readonly rule: string;
  /** How hard it is to believe: what mixes up a user's own two entries is likelier than an answer out of nowhere. */
  readonly weight: number;
}

export interface Step {
  readonly to: State;
  readonly fault: Fault | null;
}

const fault = (kind: AnomalyKind, weight: number, rule: string): Fault => ({ kind, weight, rule });

export const FAULTS = {
  newAgain: fault("double-new", 3, "told NEW again while waiting since an earlier NEW"),
  newForehand: fault("wrong-outcome", 5, "told NEW though waiting since before the trial"),
  newActive: fault("wait-and-active", 2, "told NEW, so queued, while active"),
  waitingNowhere: fault("wrong-outcome", 4, "told WAITING though nobody had queued him"),
  waitingActive: fault("wrong-outcome", 4, "told WAITING while active and not waiting"),
  activeNowhere: fault("wrong-outcome", 4, "told ACTIVE though nobody had admitted him"),
  activeOver: fault("wrong-outcome", 4, "told ACTIVE after his token had ended"),
  leftNowhere: fault("wrong-outcome", 4, "found elsewhere by his leaving than every answer says"),
  admittedAgain: fault("double-admission", 2, "admitted again in the same stay"),
  admittedNowhere: fault("phantom", 4, "admitted though nobody had queued him"),
  foundNowhere: fault("wrong-outcome", 3, "found nowhere when he asked, though queued or active"),
  goneWhenAsked: fault("lost", 2, "queued, and found nowhere when he asked"),
  lost: fault("lost", 2, "queued, and neither waiting nor active afterwards"),
  lostActive: fault("lost", 4, "admitted, and neither waiting nor active afterwards"),
  forgotten: fault("lost", 1, "queued or admitted, and forgotten by a server that restarted"),
  phantom: fault("phantom", 2, "waiting afterwards though nothing had queued him"),
  phantomActive: fault("phantom", 2, "active afterwards though nothing had admitted him"),
  both: fault("wait-and-active", 2, "waiting and active at once"),
} as const;

const { NONE, WAITING, ACTIVE, BOTH, FOREHAND } = STATE;
const legal = (to: State): Step => ({ to, fault: null });
const broken = (to: State, what: Fault): Step => ({ to, fault: what });

/** What an observation says of the step that was taken, by the state before: at least one way each. */
const STEPS: Readonly<Record<Observed, Readonly<Record<State, readonly Step[]>>>> = {
  [OBSERVED.toldNew]: {
    [NONE]: [legal(WAITING)],
    [WAITING]: [broken(WAITING, FAULTS.newAgain)],
    [FOREHAND]: [broken(FOREHAND, FAULTS.newForehand)],
    [ACTIVE]: [broken(BOTH, FAULTS.newActive)],
    [BOTH]: [broken(BOTH, FAULTS.newActive)],
  },
  [OBSERVED.toldWaiting]: {
    [NONE]: [broken(WAITING, FAULTS.waitingNowhere)],
    [WAITING]: [legal(WAITING)],
    [FOREHAND]: [legal(FOREHAND)],
    [ACTIVE]: [broken(ACTIVE, FAULTS.waitingActive)],
    [BOTH]: [legal(BOTH)],
  },
  [OBSERVED.toldActive]: {
    [NONE]: [broken(NONE, FAULTS.activeNowhere), broken(ACTIVE, FAULTS.activeNowhere)],
    [WAITING]: [broken(WAITING, FAULTS.activeNowhere), broken(ACTIVE, FAULTS.activeNowhere)],
    [FOREHAND]: [broken(FOREHAND, FAULTS.activeNowhere), broken(ACTIVE, FAULTS.activeNowhere)],
    [ACTIVE]: [legal(ACTIVE)],
    [BOTH]: [legal(BOTH)],
  },
  [OBSERVED.leftWaiting]: {
    [NONE]: [broken(NONE, FAULTS.leftNowhere)],
    [WAITING]: [legal(NONE)],
    [FOREHAND]: [legal(NONE)],
    [ACTIVE]: [broken(NONE, FAULTS.both)],
    [BOTH]: [legal(NONE)],
  },
  [OBSERVED.leftActive]: {
    [NONE]: [broken(NONE, FAULTS.leftNowhere)],
    [WAITING]: [broken(NONE, FAULTS.leftNowhere)],
    [FOREHAND]: [broken(NONE, FAULTS.leftNowhere)],
    [ACTIVE]: [legal(NONE)],
    [BOTH]: [broken(NONE, FAULTS.leftNowhere)],
  },
  [OBSERVED.leftNowhere]: {
    [NONE]: [legal(NONE)],
    [WAITING]: [broken(NONE, FAULTS.lost)],
    [FOREHAND]: [broken(NONE, FAULTS.lost)],
    [ACTIVE]: [broken(NONE, FAULTS.lostActive)],
    [BOTH]: [broken(NONE, FAULTS.lost)],
  },
  [OBSERVED.foundNowhere]: {
    [NONE]: [legal(NONE)],
    [WAITING]: [broken(WAITING, FAULTS.foundNowhere), broken(NONE, FAULTS.goneWhenAsked)],
    [FOREHAND]: [broken(FOREHAND, FAULTS.foundNowhere), broken(NONE, FAULTS.goneWhenAsked)],
    [ACTIVE]: [broken(ACTIVE, FAULTS.foundNowhere), broken(NONE, FAULTS.lostActive)],
    [BOTH]: [broken(BOTH, FAULTS.foundNowhere), broken(NONE, FAULTS.goneWhenAsked)],
  },
  [OBSERVED.admitted]: {
    [NONE]: [broken(ACTIVE, FAULTS.admittedNowhere)],
    [WAITING]: [legal(ACTIVE)],
    [FOREHAND]: [legal(ACTIVE)],
    [ACTIVE]: [broken(ACTIVE, FAULTS.admittedAgain)],
    [BOTH]: [broken(ACTIVE, FAULTS.admittedAgain)],
  },
};

export const stepsOf = (observed: Observed, state: State): readonly Step[] => STEPS[observed][state];

/** Where the data say that a user stands afterwards. */
export const READ = { nowhere: 0, waiting: 1, active: 2, both: 3 } as const;
export type Read = (typeof READ)[keyof typeof READ];

/** What is wrong if a user whose history ends in `state` stands where he was read. */
const READINGS: Readonly<Record<State, Readonly<Record<Read, Fault | null>>>> = {
  [NONE]: { 0: null, 1: FAULTS.phantom, 2: FAULTS.phantomActive, 3: FAULTS.both },
  [WAITING]: { 0: FAULTS.lost, 1: null, 2: FAULTS.phantomActive, 3: FAULTS.both },
  [FOREHAND]: { 0: FAULTS.lost, 1: null, 2: FAULTS.phantomActive, 3: FAULTS.both },
  [ACTIVE]: { 0: FAULTS.lostActive, 1: FAULTS.phantom, 2: null, 3: FAULTS.both },
  [BOTH]: { 0: FAULTS.lost, 1: FAULTS.lostActive, 2: FAULTS.lost, 3: null },
};

export const readingOf = (state: State, read: Read): Fault | null => READINGS[state][read];

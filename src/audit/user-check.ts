import type { AnomalyKind } from "../queue/anomaly.js";
import {
  FAULTS,
  type Fault,
  OBSERVED,
  type Observed,
  type Read,
  readingOf,
  STATE,
  type State,
  stepsOf,
} from "./queue-model.js";

/**
 * Can the queue of queue-model.ts have brought forth what one user was told? Each operation took effect at one instant
 * between its being sent and its reply; operations that overlap may have done so in either order. The check goes through
 * the sendings and replies in order of time and keeps every state that the user can be in, together with the operations
 * under way that have taken effect already ("just-in-time" linearisation: an operation takes effect when a reply makes
 * it necessary). Where no state is left, the history is illegal, and the same search, now with faults at their weights,
 * finds the explanation that takes the least.
 */

/** What may have happened unobserved. */
export interface Freedom {
  /** An entry that nobody recorded or that is in doubt may have put him into the queue from then on. */
  mayJoinFromUs: number;
  /** A leave in doubt may have taken him out from then on. */
  mayLeaveFromUs: number;
  /** An admission that does not tell whom it took may have taken him, from then on. */
  mayBeAdmittedFromUs: number;
  /** When the token of such an admission may end at the earliest. */
  admissionMayEndUs: number;
  /** When the server may have forgotten him: once in each of these spans, in their order. */
  forgettings: readonly Forgetting[];
}

/** Between which times a server that restarted, or another in its place, came to know nothing of what was before. */
export interface Forgetting {
  readonly fromUs: number;
  readonly untilUs: number;
}

export const NO_FREEDOM: Readonly<Freedom> = {
  mayJoinFromUs: Number.POSITIVE_INFINITY,
  mayLeaveFromUs: Number.POSITIVE_INFINITY,
  mayBeAdmittedFromUs: Number.POSITIVE_INFINITY,
  admissionMayEndUs: Number.POSITIVE_INFINITY,
  forgettings: [],
};

/** One thing that went wrong, and at which event: its place in the order of `add`, or −1 if at none, or the reading afterwards. */
export interface Trouble {
  readonly fault: Fault;
  readonly event: number;
}

/** Operations of one user that can be told apart while they are under way; of more, nothing is said. */
const MOST_OPEN = 30;
const MOST_POSSIBILITIES = 20_000;

/** One way in which it can have gone so far. */
interface Possibility {
  readonly state: State;
  /** Bits of the slots of operations under way that have taken effect. */
  readonly mask: number;
  readonly cost: number;
  /** Between which times the user's token ends. */
  readonly mayEndUs: number;
  readonly mustEndUs: number;
  /** How many of the times that he may have been forgotten are over, used or not. */
  readonly forgettings: number;
  readonly trail: Trail | null;
}

interface Trail {
  readonly fault: Fault;
  readonly event: number;
  readonly before: Trail | null;
}

/** The explanation that takes the least. */
export interface Explanation {
  readonly troubles: readonly Trouble[];
  /** How hard all of them together are to believe. */
  readonly cost: number;
  /** False if too much was under way at once to say anything. */
  readonly isJudged: boolean;
}

const LEGAL: Explanation = { troubles: [], cost: 0, isJudged: true };
const UNJUDGED: Explanation = { troubles: [], cost: 0, isJudged: false };

export class UserCheck {
  /** What a kind of anomaly costs beside its weight: one that a strategy promises never to show is believed last. */
  readonly #extra: (kind: AnomalyKind) => number;
  #count = 0;
  #observed: Observed[] = [];
  #sentUs: number[] = [];
  #repliedUs: number[] = [];
  #mayEndUs: number[] = [];
  #mustEndUs: number[] = [];
  readonly #slots: number[] = [];
  #freedom: Readonly<Freedom> = NO_FREEDOM;
  /** The latest sending of all that has been answered: it has taken effect after that. */
  #lastSentUs = Number.NEGATIVE_INFINITY;

  constructor(extra: (kind: AnomalyKind) => number = () => 0) {
    this.#extra = extra;
  }

  clear(): void {
    this.#count = 0;
  }

  get count(): number {
    return this.#count;
  }

  /** An event on a clock that they all share; of an admission also between which times its token ends. */
  add(observed: Observed, sentUs: number, repliedUs: number, mayEndUs = Infinity, mustEndUs = Infinity): void {
    const at = this.#count++;
    this.#observed[at] = observed;
    this.#sentUs[at] = sentUs;
    this.#repliedUs[at] = repliedUs;
    this.#mayEndUs[at] = mayEndUs;
    this.#mustEndUs[at] = mustEndUs;
  }

  /**
   * `reads`: what the data say afterwards, one of several if they leave a doubt; null: nothing. `readUs`: when, or later.
   */
  explain(start: State, reads: readonly Read[] | null, readUs: number, freedom: Readonly<Freedom>): Explanation {
    this.#freedom = freedom;
    const order = this.#steps();
    if (order === null) return UNJUDGED;
    for (const withFaults of [false, true]) {
      const ways = this.#go(start, order, withFaults);
      if (ways === null) return UNJUDGED;
      const best = this.#end(ways, reads, readUs, withFaults);
      if (best === null) continue;
      return best.trail === null ? LEGAL : { troubles: troublesOf(best.trail), cost: best.cost, isJudged: true };
    }
    return UNJUDGED;
  }

  /** Events in order of time: n for the sending of event n, −1 − n for its reply. Of one instant, sendings come first. */
  #steps(): number[] | null {
    const count = this.#count;
    const steps: number[] = [];
    for (let event = 0; event < count; event++) steps.push(event, -1 - event);
    const at = (step: number): number => (step >= 0 ? this.#sentUs[step]! : this.#repliedUs[-1 - step]!);
    // A reply at the very instant of another's sending came before it.
    steps.sort((a, b) => at(a) - at(b) || orderOfKind(this, a) - orderOfKind(this, b) || Math.abs(a) - Math.abs(b));
    let open = 0;
    for (const step of steps) {
      open += step >= 0 ? 1 : -1;
      if (open > MOST_OPEN) return null;
    }
    return steps;
  }

  /** An operation without duration is sent before it is answered, all others are answered first. */
  hasDuration(event: number): boolean {
    return this.#repliedUs[event]! > this.#sentUs[event]!;
  }

  #go(start: State, order: readonly number[], withFaults: boolean): Possibility[] | null {
    let ways: Possibility[] = [
      { state: start, mask: 0, cost: 0, mayEndUs: Infinity, mustEndUs: Infinity, forgettings: 0, trail: null },
    ];
    const slots = this.#slots;
    slots.length = 0;
    this.#lastSentUs = Number.NEGATIVE_INFINITY;
    for (const step of order) {
      if (step >= 0) {
        const free = slots.indexOf(-1);
        if (free >= 0) slots[free] = step;
        else slots.push(step);
        continue;
      }
      const slot = slots.indexOf(-1 - step);
      const bit = 1 << slot;
      const closed = this.#close(ways, bit, this.#repliedUs[-1 - step]!, withFaults);
      if (closed === null) return null;
      ways = closed.filter(({ mask }) => (mask & bit) !== 0).map((way) => ({ ...way, mask: way.mask & ~bit }));
      slots[slot] = -1;
      this.#lastSentUs = Math.max(this.#lastSentUs, this.#sentUs[-1 - step]!);
      if (ways.length === 0) return ways;
    }
    return ways;
  }

  /** All that can have happened by `nowUs`; a way in which the operations of `wanted` took effect need not go on. */
  #close(ways: readonly Possibility[], wanted: number, nowUs: number, withFaults: boolean): Possibility[] | null {
    const best = new Map<number, Possibility>();
    const open: Possibility[] = [];
    const kinds = this.#freedom.forgettings.length + 1;
    const keyOf = (way: Possibility): number => (way.mask * 8 + way.state) * kinds + way.forgettings;
    const offer = (way: Possibility): void => {
      const key = keyOf(way);
      const known = best.get(key);
      if (known !== undefined) {
        if (known.cost < way.cost || (known.cost === way.cost && covers(known, way))) return;
        if (known.cost === way.cost) way = { ...way, ...widest(known, way) };
      }
      best.set(key, way);
      open.push(way);
    };
    for (const way of ways) offer(way);
    for (let way = open.pop(); way !== undefined; way = open.pop()) {
      if (best.get(keyOf(way)) !== way) continue;
      if (best.size > MOST_POSSIBILITIES) return null;
      if (wanted !== 0 && (way.mask & wanted) !== 0) continue;
      this.#moveFreely(way, nowUs, offer);
      if (withFaults) this.#forget(way, nowUs, offer);
      this.#takeEffect(way, withFaults, offer);
    }
    return [...best.values()];
  }

  #moveFreely(way: Possibility, nowUs: number, offer: (way: Possibility) => void): void {
    const { state } = way;
    const free = this.#freedom;
    const move = (to: State): void => offer({ ...way, state: to, mayEndUs: Infinity, mustEndUs: Infinity });
    if (state === STATE.NONE && isDue(free.mayJoinFromUs, nowUs)) move(STATE.WAITING);
    if (state !== STATE.NONE && isDue(free.mayLeaveFromUs, nowUs)) move(STATE.NONE);
    const isInLine = state === STATE.WAITING || state === STATE.FOREHAND || state === STATE.BOTH;
    if (isInLine && isDue(free.mayBeAdmittedFromUs, nowUs)) {
      offer({ ...way, state: STATE.ACTIVE, mayEndUs: free.admissionMayEndUs, mustEndUs: Infinity });
    }
    if (isDue(way.mayEndUs, nowUs)) {
      if (state === STATE.ACTIVE) move(STATE.NONE);
      if (state === STATE.BOTH) move(STATE.WAITING);
    }
  }

  /** After all that has taken effect, each of which did so after it was sent, and by now. */
  #forget(way: Possibility, nowUs: number, offer: (way: Possibility) => void): void {
    const { forgettings } = this.#freedom;
    if (way.state === STATE.NONE || forgettings.length === way.forgettings) return;
    let sinceUs = this.#lastSentUs;
    this.#slots.forEach((event, slot) => {
      if ((way.mask & (1 << slot)) !== 0) sinceUs = Math.max(sinceUs, this.#sentUs[event]!);
    });
    for (let next = way.forgettings; next < forgettings.length; next++) {
      const { fromUs, untilUs } = forgettings[next]!;
      if (fromUs > nowUs || untilUs < sinceUs) continue;
      const cost = way.cost + FAULTS.forgotten.weight;
      const trail = { fault: FAULTS.forgotten, event: -1, before: way.trail };
      const ended = { mayEndUs: Infinity, mustEndUs: Infinity };
      offer({ ...way, ...ended, state: STATE.NONE, cost, forgettings: next + 1, trail });
    }
  }

  /** Any one of the operations under way; of those that are alike, the one that was answered first goes first. */
  #takeEffect(way: Possibility, withFaults: boolean, offer: (way: Possibility) => void): void {
    const slots = this.#slots;
    for (let slot = 0; slot < slots.length; slot++) {
      const event = slots[slot]!;
      const bit = 1 << slot;
      if (event < 0 || (way.mask & bit) !== 0 || this.#hasAlikeBefore(way.mask, event)) continue;
      const observed = this.#observed[event]!;
      for (const { to, fault } of stepsOf(observed, way.state)) {
        const wrong = fault ?? this.#tooLate(way, observed, event);
        if (wrong !== null && !withFaults) continue;
        const isAdmission = observed === OBSERVED.admitted;
        const keeps = to === STATE.ACTIVE || to === STATE.BOTH;
        offer({
          state: to,
          mask: way.mask | bit,
          cost: wrong === null ? way.cost : way.cost + wrong.weight + this.#extra(wrong.kind),
          mayEndUs: isAdmission ? this.#mayEndUs[event]! : keeps ? way.mayEndUs : Infinity,
          mustEndUs: isAdmission ? this.#mustEndUs[event]! : keeps ? way.mustEndUs : Infinity,
          forgettings: way.forgettings,
          trail: wrong === null ? way.trail : { fault: wrong, event, before: way.trail },
        });
      }
    }
  }

  #hasAlikeBefore(mask: number, event: number): boolean {
    // Of two, only the one that was sent first can have been before the server forgot: they may not be alike then.
    const latestSentUs = this.#freedom.forgettings.length > 0 ? this.#sentUs[event]! : Infinity;
    const observed = this.#observed[event]!;
    const repliedUs = this.#repliedUs[event]!;
    return this.#slots.some(
      (other, slot) =>
        other >= 0 &&
        other !== event &&
        (mask & (1 << slot)) === 0 &&
        this.#observed[other] === observed &&
        this.#sentUs[other]! <= latestSentUs &&
        (this.#repliedUs[other]! < repliedUs || (this.#repliedUs[other] === repliedUs && other < event)),
    );
  }

  #tooLate(way: Possibility, observed: Observed, event: number): Fault | null {
    const isOver = observed === OBSERVED.toldActive && way.mustEndUs < this.#sentUs[event]!;
    return isOver ? FAULTS.activeOver : null;
  }

  #end(
    ways: readonly Possibility[],
    reads: readonly Read[] | null,
    readUs: number,
    withFaults: boolean,
  ): Possibility | null {
    let best: Possibility | null = null;
    // Nothing is under way any more; what is free may still have happened.
    for (const way of this.#close(ways, 0, readUs, withFaults) ?? []) {
      for (const read of reads ?? [null]) {
        const fault = read === null ? null : readingOf(way.state, read);
        if (fault !== null && !withFaults) continue;
        const cost = fault === null ? way.cost : way.cost + fault.weight + this.#extra(fault.kind);
        if (best !== null && best.cost <= cost) continue;
        best = fault === null ? way : { ...way, cost, trail: { fault, event: -1, before: way.trail } };
      }
    }
    return best;
  }
}

/** At one instant: replies of what had been under way, then what took no time, then what is sent. */
function orderOfKind(check: UserCheck, step: number): number {
  const event = step >= 0 ? step : -1 - step;
  if (check.hasDuration(event)) return step >= 0 ? 3 : 0;
  return step >= 0 ? 1 : 2;
}

/** What never may happen does not happen at the end of time either, which is when data are read that nobody timed. */
const isDue = (fromUs: number, nowUs: number): boolean => fromUs <= nowUs && fromUs !== Infinity;

const covers = (a: Possibility, b: Possibility): boolean => a.mayEndUs <= b.mayEndUs && a.mustEndUs >= b.mustEndUs;

/** Of two ways to one state, the doubt of both: what may be said of the token's end. */
const widest = (a: Possibility, b: Possibility) => ({
  mayEndUs: Math.min(a.mayEndUs, b.mayEndUs),
  mustEndUs: Math.max(a.mustEndUs, b.mustEndUs),
});

function troublesOf(trail: Trail): Trouble[] {
  const troubles: Trouble[] = [];
  for (let at: Trail | null = trail; at !== null; at = at.before)
    troubles.unshift({ fault: at.fault, event: at.event });
  return troubles;
}

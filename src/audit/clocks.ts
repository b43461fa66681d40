/**
 * How the clocks of several threads compare. Raw readings never do: each thread counts from an instant of its own. What
 * can be said is bounded by a line-up: before a trial all threads wait for one another, each reading its own clock
 * right before it says that it is there and right after it has seen that all are. Between the two readings of every
 * thread lies one and the same instant, whatever the clocks show and however late a thread was woken.
 */

/** One line-up as one thread saw it: µs on its own clock, from the start of its trial where nothing else is said. */
export interface LineUp {
  readonly arrivedUs: number;
  readonly passedUs: number;
}

/** A line-up counted from the start of a trial instead of from a clock's own zero. */
export const sinceStart = ({ arrivedUs, passedUs }: LineUp, startUs: number): LineUp => ({
  arrivedUs: arrivedUs - startUs,
  passedUs: passedUs - startUs,
});

/** What brings a thread's times to the common time of all threads: time + offset ± uncertainty. */
export interface Clock {
  readonly instance: number;
  readonly offsetUs: number;
  /** Infinity where nothing is known: then nothing is said of its order with other threads' events. */
  readonly uncertaintyUs: number;
}

/**
 * The clocks by the tightest of several line-ups, in which all threads took part. The common time is counted from the
 * shared instant; each thread puts it in the middle between its two readings, and is wrong by half their distance at most.
 * A thread that was alone needs none; one that missed a line-up is not comparable.
 */
export function clocksOf(
  threads: readonly { readonly instance: number; readonly lineUps: readonly LineUp[] }[],
): Clock[] {
  const rounds = Math.min(...threads.map(({ lineUps }) => lineUps.length));
  const widthOf = (round: number): number =>
    Math.max(...threads.map(({ lineUps }) => lineUps[round]!.passedUs - lineUps[round]!.arrivedUs));
  let best = -1;
  for (let round = 0; round < rounds; round++) if (best < 0 || widthOf(round) < widthOf(best)) best = round;
  return threads.map(({ instance, lineUps }) => {
    const lineUp = lineUps[best];
    if (lineUp === undefined) {
      return { instance, offsetUs: 0, uncertaintyUs: threads.length === 1 ? 0 : Number.POSITIVE_INFINITY };
    }
    const { arrivedUs, passedUs } = lineUp;
    return { instance, offsetUs: -(arrivedUs + passedUs) / 2, uncertaintyUs: (passedUs - arrivedUs) / 2 };
  });
}

/** What brings times of one clock to those of another, and how far that may be wrong; null: to the common time. */
export function shiftBetween(from: Clock, to: Clock | null): { readonly byUs: number; readonly doubtUs: number } {
  if (from === to) return NO_SHIFT;
  if (to === null) return { byUs: from.offsetUs, doubtUs: from.uncertaintyUs };
  return { byUs: from.offsetUs - to.offsetUs, doubtUs: from.uncertaintyUs + to.uncertaintyUs };
}

const NO_SHIFT = { byUs: 0, doubtUs: 0 };

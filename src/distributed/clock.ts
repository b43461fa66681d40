import type { Redis } from "ioredis";
import { type Clock, clocksOf, type LineUp } from "../audit/clocks.js";
import { nowUs } from "../base/clock.js";

/**
 * How this machine's clock compares with that of the control Redis, by which agents on other machines compare. What the
 * server tells it has read between our asking and its answer: each answer bounds the offset from both sides, and all
 * together bound it best. Nothing is assumed about how the way divides between there and back.
 */

/** Time of the control Redis = this process' monotonic clock + offset ± uncertainty. */
export interface Offset {
  readonly offsetUs: number;
  readonly uncertaintyUs: number;
}

const SAMPLES = 16;
/** TIME tells whole microseconds. */
const RESOLUTION_US = 1;

interface Bounds {
  readonly low: number;
  readonly high: number;
}

const offsetIn = ({ low, high }: Bounds): Offset => ({ offsetUs: (low + high) / 2, uncertaintyUs: (high - low) / 2 });
const boundsOf = ({ offsetUs, uncertaintyUs }: Offset): Bounds => ({
  low: offsetUs - uncertaintyUs,
  high: offsetUs + uncertaintyUs,
});

/** What one answer says: the server read its clock after we asked and before we heard. */
export const boundsBy = (askedUs: number, serverUs: number, heardUs: number): Bounds => ({
  low: serverUs - heardUs,
  high: serverUs - askedUs + RESOLUTION_US,
});

/** The offset that all answers allow. Where a clock was set meanwhile there is none: then whatever one of them allows. */
export function offsetBy(answers: readonly Bounds[]): Offset {
  const inAll = {
    low: Math.max(...answers.map(({ low }) => low)),
    high: Math.min(...answers.map(({ high }) => high)),
  };
  return inAll.low <= inAll.high ? offsetIn(inAll) : spanning(answers.map(offsetIn));
}

/** Right for every one of them: clocks of two machines drift apart during a trial. */
export function spanning(offsets: readonly Offset[]): Offset {
  const bounds = offsets.map(boundsOf);
  return offsetIn({
    low: Math.min(...bounds.map(({ low }) => low)),
    high: Math.max(...bounds.map(({ high }) => high)),
  });
}

/** @throws Error of the connection */
export async function measureOffset(redis: Redis): Promise<Offset> {
  const answers: Bounds[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const askedUs = nowUs();
    const [seconds, micros] = await redis.time();
    answers.push(boundsBy(askedUs, Number(seconds) * 1e6 + Number(micros), nowUs()));
  }
  return offsetBy(answers);
}

/**
 * Clocks of this process' threads, brought to the control Redis' time since `originUs`. `ownLineUps` are the main
 * thread's, on its own clock, whose offset is known; the threads' are from the start of each.
 */
export function clocksByRedis(
  threads: readonly { readonly instance: number; readonly lineUps: readonly LineUp[] }[],
  ownLineUps: readonly LineUp[],
  { offsetUs, uncertaintyUs }: Offset,
  originUs: number,
): Clock[] {
  const own = { instance: -1, lineUps: ownLineUps };
  const clocks = clocksOf([...threads, own]);
  const { offsetUs: ownOffsetUs, uncertaintyUs: ownUncertaintyUs } = clocks.at(-1)!;
  const instantUs = offsetUs - ownOffsetUs - originUs;
  return clocks.slice(0, -1).map((clock) => ({
    instance: clock.instance,
    offsetUs: clock.offsetUs + instantUs,
    uncertaintyUs: clock.uncertaintyUs + ownUncertaintyUs + uncertaintyUs,
  }));
}

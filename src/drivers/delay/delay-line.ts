import TinyQueue from "tinyqueue";
import type { Alarm } from "../../base/alarm.js";
import { type Prng, prng } from "../../base/prng.js";
import { Histogram, type HistogramData } from "../../measure/histogram.js";
import type { Rtt } from "../driver.js";

/**
 * A network that is not there: whatever a socket has received is held back for a round trip before anybody reads it. All
 * of the delay lies on the way back; a caller who waits for the reply cannot tell that from half on each way.
 *
 * Nobody spins. A thread that sleeps with the system's precision rings, and since it always rings a little late, by what
 * this machine needs to wake two threads, it is asked to ring earlier by just so much that as many chunks come a little
 * early as come a little late: the median of the delay is then what was asked for.
 */

/** Chunks of one socket: they keep their order, whatever the jitter. */
export interface Lane {
  lastDueUs: number;
}

interface Held {
  readonly dueUs: number;
  readonly number: number;
  readonly sinceUs: number;
  readonly release: () => void;
}

const STEP_US = 2;
const LONGEST_LEAD_US = 1000;
/** Of the delay: no chunk is let through earlier than by this, however late the alarm rings. */
const LARGEST_LEAD = 0.75;

export class DelayLine {
  readonly #rttUs: number;
  readonly #jitterUs: number;
  readonly #alarm: Alarm;
  readonly #nowUs: () => number;
  readonly #held = new TinyQueue<Held>([], bySoonest);
  #random: Prng = prng(0);
  #added = new Histogram();
  #leadUs = 0;
  #isOn = false;
  #count = 0;

  /** `makeAlarm` gets what the alarm is to call. */
  constructor(rtt: Rtt, nowUs: () => number, makeAlarm: (ring: () => void) => Alarm) {
    this.#rttUs = rtt.rttMs * 1000;
    this.#jitterUs = rtt.jitterMs * 1000;
    this.#nowUs = nowUs;
    this.#alarm = makeAlarm(() => this.#ring());
  }

  /** Infinity if nothing is held. */
  get #soonestUs(): number {
    return this.#held.peek()?.dueUs ?? Number.POSITIVE_INFINITY;
  }

  lane(): Lane {
    return { lastDueUs: 0 };
  }

  /** From now on chunks are delayed, with jitter drawn from `seed`. Before, and after `stop`, they pass. */
  start(seed: number): void {
    this.#random = prng(seed);
    this.#added = new Histogram();
    this.#isOn = true;
  }

  /** Lets go what is still held. @returns by how much chunks were delayed since `start`, in µs. */
  stop(): HistogramData {
    this.#isOn = false;
    this.#alarm.cancel();
    for (let held = this.#held.pop(); held !== undefined; held = this.#held.pop()) held.release();
    return this.#added.data();
  }

  hold(lane: Lane, release: () => void): void {
    if (!this.#isOn) {
      release();
      return;
    }
    const now = this.#nowUs();
    const jitterUs = this.#jitterUs === 0 ? 0 : this.#jitterUs * (2 * this.#random.next() - 1);
    const dueUs = Math.max(lane.lastDueUs, now + this.#rttUs + jitterUs);
    lane.lastDueUs = dueUs;
    const isNext = this.#soonestUs > dueUs;
    this.#held.push({ dueUs, number: this.#count++, sinceUs: now, release });
    if (isNext) this.#alarm.set(dueUs - this.#leadUs);
  }

  #ring(): void {
    const now = this.#nowUs();
    while (this.#soonestUs - this.#leadUs <= now) {
      const { dueUs, sinceUs, release } = this.#held.pop()!;
      this.#added.record(now - sinceUs);
      this.#learn(now - dueUs);
      release();
    }
    if (this.#soonestUs !== Number.POSITIVE_INFINITY) this.#alarm.set(this.#soonestUs - this.#leadUs);
  }

  /** Steps of one size, up when late and down when early, settle at the median (Robbins and Monro, 1951). */
  #learn(lateUs: number): void {
    const most = Math.min(LONGEST_LEAD_US, LARGEST_LEAD * Math.max(0, this.#rttUs - this.#jitterUs));
    this.#leadUs = Math.min(most, Math.max(0, this.#leadUs + (lateUs > 0 ? STEP_US : -STEP_US)));
  }
}

/** The soonest first; of those due at once, the one that came first. */
const bySoonest = (a: Held, b: Held): number => a.dueUs - b.dueUs || a.number - b.number;

import type { ConcertCounts } from "../audit/concert-counts.js";
import { type OutcomeCode, RESULT } from "../audit/history.js";
import { type Prng, prng } from "../base/prng.js";
import type { Driver } from "../drivers/driver.js";
import { userNumber } from "../plan/segment.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import type { Outcome } from "../queue/outcome.js";
import { OUTCOMES } from "../queue/outcome.js";
import type { Segment } from "./segment.js";

/**
 * Who enters which concert: apart from when (the load model) and how (the strategy). New users of a concert are numbered
 * so that no two segments ever share one; a concert that has met its share of new users hands over to its next
 * generation, in which the same numbers are new again, so that no strategy is punished for the longer queue it built.
 */
export class Workload {
  readonly #segment: Segment;
  readonly #driver: Driver;
  readonly #random: Prng;
  readonly #pickConcert: (random: Prng) => number;
  readonly #shareNew: number;
  readonly #shareWaiting: number;
  /** Driver's handle of each concert's current generation. */
  readonly #current: Int32Array;
  readonly #generation: Int32Array;
  /** Of each concert, all its parts together. */
  readonly #newUsers: Int32Array;
  readonly #numbers: number[] = [];
  readonly #answers: Record<Outcome, number>[] = [];
  readonly #failed: number[] = [];
  readonly #inDoubt: number[] = [];
  readonly #left: number[] = [];
  readonly #leavesInDoubt: number[] = [];
  readonly #firstNew: number;
  /** The last drawn: read right after `draw`. */
  user = 0;
  concert = 0;
  prepared: OutcomeCode = RESULT.NEW;

  constructor(segment: Segment, driver: Driver) {
    this.#segment = segment;
    this.#driver = driver;
    this.#random = prng(segment.seed);
    this.#pickConcert = concertPicker(segment.concerts / segment.shards, segment.zipf);
    this.#shareNew = segment.mix.new / 100;
    this.#shareWaiting = (segment.mix.new + segment.mix.waiting) / 100;
    this.#current = new Int32Array(segment.concerts);
    this.#generation = new Int32Array(segment.concerts);
    this.#newUsers = new Int32Array(segment.concerts / segment.shards);
    this.#firstNew = segment.population.waiting + segment.population.active;
    driver.forgetConcerts();
    for (let concert = 0; concert < segment.concerts; concert++) this.#current[concert] = this.#open(concert, 0);
  }

  /** Draws the next entry into `user`, `concert` and `prepared`. */
  draw(): void {
    const { population, shards, concerts } = this.#segment;
    const queue = concerts === shards ? 0 : this.#pickConcert(this.#random);
    const share = this.#shareNew >= 1 ? 0 : this.#random.next();
    if (share < this.#shareNew) {
      this.prepared = RESULT.NEW;
      if (this.#newUsers[queue]! >= this.#segment.newUsersPerGeneration) this.#advance(queue);
      this.user = this.#firstNew + userNumber(this.#segment, this.#newUsers[queue]!++);
    } else if (share < this.#shareWaiting) {
      this.prepared = RESULT.WAITING;
      this.user = this.#random.below(population.waiting);
    } else {
      this.prepared = RESULT.ACTIVE;
      this.user = population.waiting + this.#random.below(population.active);
    }
    const part =
      shards === 1 ? 0 : this.prepared === RESULT.NEW ? partOf(this.user, shards) : this.#random.below(shards);
    this.concert = this.#current[queue * shards + part]!;
  }

  /** The number n of `qbench:<run>:<n>` behind a driver's handle. */
  numberOf(concert: number): number {
    return this.#numbers[concert]!;
  }

  countAnswer(concert: number, outcome: Outcome): void {
    this.#answers[concert]![outcome]++;
  }

  countFailure(concert: number, isInDoubt: boolean): void {
    this.#failed[concert]!++;
    if (isInDoubt) this.#inDoubt[concert]!++;
  }

  /** `stood`: where the user was when he left. */
  countLeave(concert: number, stood: Outcome): void {
    if (stood !== "NEW") this.#left[concert]!++;
  }

  countLeaveInDoubt(concert: number): void {
    this.#leavesInDoubt[concert]!++;
  }

  counts(): ConcertCounts[] {
    return this.#numbers.map((number, handle) => ({
      number,
      answers: this.#answers[handle]!,
      failed: this.#failed[handle]!,
      inDoubt: this.#inDoubt[handle]!,
      left: this.#left[handle]!,
      leavesInDoubt: this.#leavesInDoubt[handle]!,
    }));
  }

  /** All parts of a concert's queue at once. */
  #advance(queue: number): void {
    const { shards, generations, currentGenerations } = this.#segment;
    const next = this.#generation[queue * shards]! + 1;
    if (next >= generations) return;
    this.#newUsers[queue] = 0;
    for (let concert = queue * shards; concert < (queue + 1) * shards; concert++) {
      this.#generation[concert] = next;
      this.#current[concert] = this.#open(concert, next);
      if (currentGenerations !== undefined && Atomics.load(currentGenerations, concert) < next) {
        Atomics.store(currentGenerations, concert, next);
      }
    }
  }

  #open(concert: number, generation: number): number {
    const number = this.#segment.firstConcert + concert + generation * this.#segment.concerts;
    this.#numbers.push(number);
    this.#answers.push(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>);
    this.#failed.push(0);
    this.#inDoubt.push(0);
    this.#left.push(0);
    this.#leavesInDoubt.push(0);
    return this.#driver.addConcert(concertKeys(concertIdOf(this.#segment.runId, number)));
  }
}

/** The part of a queue that a user's number says, so that he comes back to where he stands (Knuth's multiplicative hash). */
const partOf = (user: number, shards: number): number =>
  Math.floor(((Math.imul(user, 0x9e3779b1) >>> 0) / 2 ** 32) * shards);

/** Draws a concert: uniformly, or by Zipf's law (the k-th has weight 1 / k^s) by its cumulated weights. */
function concertPicker(concerts: number, exponent: number): (random: Prng) => number {
  if (exponent === 0) return (random) => random.below(concerts);
  const cumulated = new Float64Array(concerts);
  let sum = 0;
  for (let k = 0; k < concerts; k++) {
    sum += 1 / (k + 1) ** exponent;
    cumulated[k] = sum;
  }
  return (random) => {
    const wanted = random.next() * sum;
    let low = 0;
    let high = concerts - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulated[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

import { isEntry, RESULT } from "./history.js";
import type { Rows } from "./rows.js";

/**
 * What a queue in parts does to order and places. Each part keeps its own order, and is audited like any queue. Over all
 * parts, those who stand at the same place of their parts come next together. That is held against what is certain of
 * the true order: somebody whose answer had come before another one so much as asked was there before him; of two
 * entries that overlapped nobody can say which was first, so nothing is counted against them.
 */
export interface ShardedOrder {
  /** Users whose place was told when they joined. */
  readonly users: number;
  /** Of them, those who stand ahead of somebody who certainly came before. */
  readonly overtaking: number;
  /** The most whom one user stands ahead of so. */
  readonly mostOvertaken: number;
  /** By how much the place in the part, times the parts, is certainly off the place in the whole. */
  readonly placeOff: { readonly p50: number; readonly p99: number; readonly max: number };
}

interface Joined {
  /** On the time of all threads, in favour of the queue where that is not exact. */
  readonly sentUs: number;
  readonly repliedUs: number;
  readonly place: number;
}

/**
 * `shards` concerts in a row, beginning with `firstConcert`, are the parts of one queue, in each of which so many were
 * `waiting` at first. Nobody leaves.
 */
export function shardedOrder(
  rows: Rows,
  {
    firstConcert,
    shards,
    waiting,
  }: { readonly firstConcert: number; readonly shards: number; readonly waiting: number },
): ShardedOrder {
  const queues = new Map<number, Joined[]>();
  for (const concert of rows.concerts) {
    const queue = Math.floor((concert - firstConcert) / shards);
    const joined = queues.get(queue) ?? [];
    queues.set(queue, joined);
    for (const number of rows.of(concert)) {
      const chunk = rows.chunkOf(number);
      const row = rows.rowOf(number);
      if (chunk.result(row) !== RESULT.NEW || !isEntry(chunk.operation(row))) continue;
      const place = chunk.position[row]! - waiting;
      // Nobody joins ahead of those who waited at first: an anomaly, and the audit's.
      if (place < 1) continue;
      const { offsetUs, uncertaintyUs } = rows.clockOf(number);
      joined.push({
        sentUs: chunk.sentUs[row]! + offsetUs - uncertaintyUs,
        repliedUs: chunk.repliedUs[row]! + offsetUs + uncertaintyUs,
        place,
      });
    }
  }
  const off: number[] = [];
  let overtaking = 0;
  let mostOvertaken = 0;
  for (const joined of queues.values()) {
    for (const { overtaken, placeOff } of judged(joined, shards)) {
      off.push(placeOff);
      if (overtaken > 0) overtaking++;
      mostOvertaken = Math.max(mostOvertaken, overtaken);
    }
  }
  const sorted = Float64Array.from(off).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { users: off.length, overtaking, mostOvertaken, placeOff: { p50: at(0.5), p99: at(0.99), max: at(1) } };
}

/** Goes through all sendings and replies in order of time, with those who have been answered counted by place. */
function* judged(joined: readonly Joined[], shards: number): Generator<{ overtaken: number; placeOff: number }> {
  const bySending = [...joined].sort((a, b) => a.sentUs - b.sentUs);
  const byReply = [...joined].sort((a, b) => a.repliedUs - b.repliedUs);
  const answered = new CountTree(joined.reduce((most, { place }) => Math.max(most, place), 0));
  let ended = 0;
  let begun = 0;
  const before = new Map<Joined, { overtaken: number; atLeast: number }>();
  for (const one of bySending) {
    while (byReply[ended]!.repliedUs < one.sentUs) answered.add(byReply[ended++]!.place);
    before.set(one, { overtaken: ended - answered.upTo(one.place), atLeast: ended + 1 });
  }
  for (const one of byReply) {
    while (begun < bySending.length && bySending[begun]!.sentUs <= one.repliedUs) begun++;
    const { overtaken, atLeast } = before.get(one)!;
    // Of those at one place of their parts any may be the first.
    const [first, last] = [(one.place - 1) * shards + 1, one.place * shards];
    yield { overtaken, placeOff: Math.max(0, atLeast - last, first - begun) };
  }
}

/** How many were added with a value up to another (Fenwick, Softw. Pract. Exper. 24, 1994). */
class CountTree {
  readonly #counts: Int32Array;

  /** Values are 1 … `most`. */
  constructor(most: number) {
    this.#counts = new Int32Array(most + 1);
  }

  add(value: number): void {
    for (let at = value; at < this.#counts.length; at += at & -at) this.#counts[at]!++;
  }

  upTo(value: number): number {
    let sum = 0;
    for (let at = value; at > 0; at -= at & -at) sum += this.#counts[at]!;
    return sum;
  }
}

/**
 * Numbers brought into the order of the users they belong to: a radix sort of 11 bits a pass over two columns, as many
 * passes as the spread of the users needs. Stable, so what belongs to one user keeps the order in which it was given.
 */

const BITS = 11;
const BUCKETS = 2 ** BITS;

export class UserOrder {
  #users = new Uint32Array(0);
  #values = new Uint32Array(0);
  length = 0;

  /** The sorted users; only the first `length` are meant. */
  get users(): Uint32Array {
    return this.#users;
  }

  /** What was given with each of them. */
  get values(): Uint32Array {
    return this.#values;
  }

  /** Takes `length` users and a value for each; `spare` is scratch that several orders may share. */
  sort(length: number, userOf: (index: number) => number, valueAt: (index: number) => number, spare: Scratch): void {
    if (this.#users.length < length) {
      this.#users = new Uint32Array(length);
      this.#values = new Uint32Array(length);
    }
    this.length = length;
    let least = 0xffff_ffff;
    let most = 0;
    let isSorted = true;
    let before = 0;
    for (let index = 0; index < length; index++) {
      const user = userOf(index);
      this.#users[index] = user;
      this.#values[index] = valueAt(index);
      if (user < before) isSorted = false;
      before = user;
      if (user < least) least = user;
      if (user > most) most = user;
    }
    if (isSorted) return;
    spare.reserve(length);
    for (let shift = 0; shift < 32 && (most - least) / 2 ** shift >= 1; shift += BITS) this.#pass(least, shift, spare);
  }

  #pass(least: number, shift: number, spare: Scratch): void {
    const { starts } = spare;
    const users = this.#users;
    const values = this.#values;
    const { length } = this;
    starts.fill(0);
    for (let index = 0; index < length; index++) starts[bucketOf(users[index]! - least, shift)]!++;
    let next = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = starts[bucket]!;
      starts[bucket] = next;
      next += count;
    }
    const toUsers = spare.users;
    const toValues = spare.values;
    for (let index = 0; index < length; index++) {
      const user = users[index]!;
      const place = starts[bucketOf(user - least, shift)]!++;
      toUsers[place] = user;
      toValues[place] = values[index]!;
    }
    this.#users = toUsers;
    this.#values = toValues;
    spare.users = users;
    spare.values = values;
  }
}

const bucketOf = (key: number, shift: number): number => (key >>> shift) & (BUCKETS - 1);

/** Room that one pass writes to and the next one reads from. */
export class Scratch {
  users = new Uint32Array(0);
  values = new Uint32Array(0);
  readonly starts = new Uint32Array(BUCKETS);

  reserve(length: number): void {
    if (this.users.length >= length) return;
    this.users = new Uint32Array(length);
    this.values = new Uint32Array(length);
  }
}

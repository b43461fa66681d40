/**
 * When each of `size` parties is due next: a binary heap over typed arrays with one place for each party, so that
 * 200,000 users' pauses cost neither timers nor objects, and memory does not grow however late things run.
 */
export class Agenda {
  readonly #due: Float64Array;
  readonly #heap: Int32Array;
  /** Where in the heap a party stands, plus 1; 0: not at all. */
  readonly #place: Int32Array;
  #length = 0;

  constructor(size: number) {
    this.#due = new Float64Array(size);
    this.#heap = new Int32Array(size);
    this.#place = new Int32Array(size);
  }

  get length(): number {
    return this.#length;
  }

  /** When the first is due; Infinity if nobody is. */
  get dueUs(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : this.#due[this.#heap[0]!]!;
  }

  has(party: number): boolean {
    return this.#place[party] !== 0;
  }

  /** The party is due then, whatever was said before. */
  set(party: number, dueUs: number): void {
    this.remove(party);
    this.#due[party] = dueUs;
    this.#rise(this.#length++, party);
  }

  remove(party: number): void {
    const at = this.#place[party]! - 1;
    if (at < 0) return;
    this.#place[party] = 0;
    const last = this.#heap[--this.#length]!;
    if (last === party) return;
    if (at > 0 && this.#due[last]! < this.#due[this.#heap[(at - 1) >> 1]!]!) this.#rise(at, last);
    else this.#sink(at, last);
  }

  /** Takes out the party that is due first; there must be one. */
  shift(): number {
    const party = this.#heap[0]!;
    this.remove(party);
    return party;
  }

  #rise(from: number, party: number): void {
    let at = from;
    while (at > 0) {
      const above = this.#heap[(at - 1) >> 1]!;
      if (this.#due[above]! <= this.#due[party]!) break;
      this.#put(at, above);
      at = (at - 1) >> 1;
    }
    this.#put(at, party);
  }

  #sink(from: number, party: number): void {
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#length) break;
      if (below + 1 < this.#length && this.#due[this.#heap[below + 1]!]! < this.#due[this.#heap[below]!]!) below++;
      if (this.#due[party]! <= this.#due[this.#heap[below]!]!) break;
      this.#put(at, this.#heap[below]!);
      at = below;
    }
    this.#put(at, party);
  }

  #put(at: number, party: number): void {
    this.#heap[at] = party;
    this.#place[party] = at + 1;
  }
}

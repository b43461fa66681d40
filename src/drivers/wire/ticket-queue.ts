/**
 * The batches in flight on one connection, oldest first: for each a token, the number of replies due, and whether the last
 * of them is to WAIT. A ring of typed arrays, since 200,000 users must not cost an object each.
 */
export class TicketQueue {
  #tokens = new Float64Array(64);
  #replies = new Int32Array(64);
  #waits = new Uint8Array(64);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(token: number, replies: number, waits: boolean): void {
    if (this.#size === this.#tokens.length) this.#grow();
    const at = (this.#head + this.#size) & (this.#tokens.length - 1);
    this.#tokens[at] = token;
    this.#replies[at] = replies;
    this.#waits[at] = waits ? 1 : 0;
    this.#size++;
  }

  /** Replies due for the oldest batch. */
  get due(): number {
    return this.#replies[this.#head] as number;
  }

  /** Whether the oldest batch ends in WAIT. */
  get waits(): boolean {
    return this.#waits[this.#head] === 1;
  }

  /** Takes the oldest batch out and gives its token. */
  shift(): number {
    const token = this.#tokens[this.#head] as number;
    this.#head = (this.#head + 1) & (this.#tokens.length - 1);
    this.#size--;
    return token;
  }

  #grow(): void {
    const tokens = new Float64Array(this.#tokens.length * 2);
    const replies = new Int32Array(tokens.length);
    const waits = new Uint8Array(tokens.length);
    for (let i = 0; i < this.#size; i++) {
      const from = (this.#head + i) & (this.#tokens.length - 1);
      tokens[i] = this.#tokens[from] as number;
      replies[i] = this.#replies[from] as number;
      waits[i] = this.#waits[from] as number;
    }
    this.#tokens = tokens;
    this.#replies = replies;
    this.#waits = waits;
    this.#head = 0;
  }
}

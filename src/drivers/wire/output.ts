/**
 * Bytes waiting to be written on one connection. Buffers come from a store shared by a driver's connections and go back
 * when the socket is done with them, so a write allocates nothing but its view.
 */
export class BufferStore {
  readonly #free: Buffer[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  take(atLeast: number): Buffer {
    if (atLeast > this.#size) return Buffer.allocUnsafeSlow(atLeast);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size);
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.#size && this.#free.length < 256) this.#free.push(buffer);
  }
}

export class Output {
  readonly #store: BufferStore;
  #buffer: Buffer | null = null;
  #length = 0;

  constructor(store: BufferStore) {
    this.#store = store;
  }

  get length(): number {
    return this.#length;
  }

  /** Makes room for `bytes` more and returns the buffer to write them into, at the former `length`. */
  reserve(bytes: number): Buffer {
    const needed = this.#length + bytes;
    if (this.#buffer === null || needed > this.#buffer.length) {
      const larger = this.#store.take(this.#buffer === null ? needed : Math.max(needed, 2 * this.#buffer.length));
      if (this.#buffer !== null) {
        larger.set(this.#buffer.subarray(0, this.#length));
        this.#store.give(this.#buffer);
      }
      this.#buffer = larger;
    }
    this.#length = needed;
    return this.#buffer;
  }

  /** Takes out what has gathered; `free` gives the buffer back. */
  take(): { bytes: Buffer; free: () => void } {
    const buffer = this.#buffer as Buffer;
    const bytes = buffer.subarray(0, this.#length);
    this.#buffer = null;
    this.#length = 0;
    return { bytes, free: () => this.#store.give(buffer) };
  }

  clear(): void {
    if (this.#buffer !== null) this.#store.give(this.#buffer);
    this.#buffer = null;
    this.#length = 0;
  }
}

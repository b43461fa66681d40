import type { Writable } from "node:stream";

/**
 * Holds back the strings that are written to a stream, joins them, and writes them as one. What `cork` and `uncork` do,
 * but those keep an object for each string, and encode each of them apart: a tenth of an ioredis-driven thread.
 *
 * Anything else that is written, and the stream's end, lets what was held back go first: the order never changes.
 */
export class JoinedWrites {
  readonly #write: Writable["write"];
  #text = "";
  #isHolding = false;

  /** Takes the place of the stream's own `write`, for as long as the stream lives. */
  constructor(stream: Writable) {
    const write = stream.write.bind(stream) as Writable["write"];
    const end = stream.end.bind(stream) as (...args: unknown[]) => Writable;
    this.#write = write;
    stream.write = ((chunk: unknown, ...rest: unknown[]): boolean => {
      if (this.#isHolding && typeof chunk === "string" && rest.length === 0) {
        this.#text += chunk;
        return true;
      }
      this.#release();
      return (write as (...args: unknown[]) => boolean)(chunk, ...rest);
    }) as Writable["write"];
    stream.end = ((...args: unknown[]): Writable => {
      this.#release();
      return end(...args);
    }) as Writable["end"];
  }

  /** @returns false if it holds back already. */
  begin(): boolean {
    if (this.#isHolding) return false;
    this.#isHolding = true;
    return true;
  }

  end(): void {
    this.#isHolding = false;
    this.#release();
  }

  #release(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    this.#write(text);
  }
}

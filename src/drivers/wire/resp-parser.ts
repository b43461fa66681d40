import { ErrorReply, type WireReply } from "./reply.js";

/**
 * An incremental RESP2 parser (Redis serialization protocol specification, version 2): every type, errors, nil, nested
 * arrays, chunks cut anywhere. Bulk strings become latin1 strings, one char a byte, so nothing binary is lost.
 *
 *   chunk ──► [pending + chunk] ──► primitive ──► open arrays ──► sink.onReply
 *
 * Work is linear in the bytes received: an array that is half here keeps its elements, a bulk string that is half here
 * keeps its bytes in `pending`, whose size is bounded by the limits below. Rejected: parsing each reply from its start
 * again when a chunk ends inside it, which is quadratic for a large array.
 */

/** Receives complete replies in order. */
export interface ReplySink {
  onReply(reply: WireReply): void;
}

/** The bytes are not RESP2, or break a limit. The connection cannot go on. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

export interface ParserLimits {
  /** Redis' own bound on a bulk string is 512 MB (proto-max-bulk-len). */
  readonly bulkBytes: number;
  readonly lineBytes: number;
  readonly arrayElements: number;
  readonly depth: number;
}

export const DEFAULT_LIMITS: ParserLimits = {
  bulkBytes: 512 * 1024 * 1024,
  lineBytes: 64 * 1024,
  arrayElements: 1024 * 1024,
  depth: 32,
};

const CR = 13;
const LF = 10;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOLLAR = 36;
const STAR = 42;
const ZERO = 48;

const INCOMPLETE = Symbol("incomplete");
const ARRAY_OPENED = Symbol("array opened");

/** An array whose elements are still coming; used again for the next one at the same depth. */
interface OpenArray {
  items: WireReply[];
  filled: number;
  length: number;
}

/** Arrays up to this are made in their full length at once: one that grows by pushing takes three times the memory. */
const PREPARED_ELEMENTS = 64;

export class RespParser {
  readonly #sink: ReplySink;
  readonly #limits: ParserLimits;
  readonly #open: OpenArray[] = [];
  #depth = 0;
  readonly #words = new ShortWords();
  #pending: Buffer = Buffer.alloc(0);
  #pendingLength = 0;
  #bytes: Buffer = this.#pending;
  #position = 0;
  #end = 0;

  constructor(sink: ReplySink, limits: ParserLimits = DEFAULT_LIMITS) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /**
   * Takes the first `length` bytes of `chunk`, which may be reused afterwards.
   * @throws ProtocolError if they cannot be RESP2; the parser must not be fed again.
   */
  feed(chunk: Buffer, length: number): void {
    if (this.#pendingLength === 0) {
      this.#bytes = chunk;
      this.#end = length;
    } else {
      this.#append(chunk, length);
      this.#bytes = this.#pending;
      this.#end = this.#pendingLength;
    }
    this.#position = 0;
    this.#parseAll();
    this.#keepRest();
  }

  #append(chunk: Buffer, length: number): void {
    const needed = this.#pendingLength + length;
    if (needed > this.#pending.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#pending.length));
      this.#pending.copy(larger, 0, 0, this.#pendingLength);
      this.#pending = larger;
    }
    chunk.copy(this.#pending, this.#pendingLength, 0, length);
    this.#pendingLength = needed;
  }

  #keepRest(): void {
    const rest = this.#end - this.#position;
    if (rest === 0) {
      this.#pendingLength = 0;
      if (this.#pending.length > 1024 * 1024) this.#pending = Buffer.alloc(0);
      return;
    }
    if (this.#bytes === this.#pending) {
      if (this.#position > 0) this.#pending.copyWithin(0, this.#position, this.#end);
      this.#pendingLength = rest;
      return;
    }
    const { bytes, position, end } = { bytes: this.#bytes, position: this.#position, end: this.#end };
    if (rest > this.#pending.length) this.#pending = Buffer.allocUnsafe(Math.max(rest, 4096));
    bytes.copy(this.#pending, 0, position, end);
    this.#pendingLength = rest;
  }

  #parseAll(): void {
    while (this.#position < this.#end) {
      const start = this.#position;
      const value = this.#parseOne();
      if (value === INCOMPLETE) {
        this.#position = start;
        return;
      }
      if (value !== ARRAY_OPENED) this.#complete(value);
    }
  }

  /** Hands a value to the innermost open array, and every array that this completes to the next one out. */
  #complete(value: WireReply): void {
    let done = value;
    while (this.#depth > 0) {
      const inner = this.#open[this.#depth - 1] as OpenArray;
      inner.items[inner.filled++] = done;
      if (inner.filled < inner.length) return;
      this.#depth--;
      done = inner.items;
    }
    this.#sink.onReply(done);
  }

  #parseOne(): WireReply | typeof INCOMPLETE | typeof ARRAY_OPENED {
    const type = this.#bytes[this.#position++];
    switch (type) {
      case COLON:
        return this.#parseInteger();
      case DOLLAR:
        return this.#parseBulk();
      case STAR:
        return this.#parseArrayHeader();
      case PLUS:
        return this.#parseLine();
      case MINUS: {
        const line = this.#parseLine();
        return line === INCOMPLETE ? line : new ErrorReply(line);
      }
      default:
        throw new ProtocolError(
          `expected a RESP2 reply (one of + - : $ *), got byte 0x${(type as number).toString(16).padStart(2, "0")}`,
        );
    }
  }

  #parseInteger(): number | typeof INCOMPLETE {
    const bytes = this.#bytes;
    const end = this.#end;
    let position = this.#position;
    if (position >= end) return INCOMPLETE;
    const first = bytes[position] as number;
    const isNegative = first === MINUS;
    if (isNegative || first === PLUS) position++;
    const digitsFrom = position;
    let value = 0;
    while (position < end) {
      const digit = (bytes[position] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      position++;
      if (position - digitsFrom > 19) throw new ProtocolError("an integer reply has more than 19 digits");
    }
    if (position >= end) return INCOMPLETE;
    if (position === digitsFrom) throw new ProtocolError("an integer reply holds something that is not a digit");
    if (!this.#endsLine(position)) return INCOMPLETE;
    return isNegative ? -value : value;
  }

  /** Whether CR LF stands at `position`; if so, goes on behind it. */
  #endsLine(position: number): boolean {
    if (this.#bytes[position] !== CR) throw new ProtocolError("expected CR LF at the end of a number");
    if (position + 1 >= this.#end) return false;
    if (this.#bytes[position + 1] !== LF) throw new ProtocolError("expected LF behind CR");
    this.#position = position + 2;
    return true;
  }

  #parseBulk(): string | null | typeof INCOMPLETE {
    const length = this.#parseInteger();
    if (length === INCOMPLETE) return INCOMPLETE;
    if (length === -1) return null;
    if (length < 0 || length > this.#limits.bulkBytes) {
      throw new ProtocolError(`a bulk string of ${length} bytes (at most ${this.#limits.bulkBytes})`);
    }
    const from = this.#position;
    const to = from + length;
    if (to + 2 > this.#end) return INCOMPLETE;
    if (this.#bytes[to] !== CR || this.#bytes[to + 1] !== LF) {
      throw new ProtocolError("a bulk string is longer than its header says");
    }
    this.#position = to + 2;
    return length <= 7 ? this.#words.at(this.#bytes, from, length) : this.#bytes.toString("latin1", from, to);
  }

  #parseArrayHeader(): WireReply | typeof INCOMPLETE | typeof ARRAY_OPENED {
    const length = this.#parseInteger();
    if (length === INCOMPLETE) return INCOMPLETE;
    if (length === -1) return null;
    if (length === 0) return [];
    if (length < 0 || length > this.#limits.arrayElements) {
      throw new ProtocolError(`an array of ${length} elements (at most ${this.#limits.arrayElements})`);
    }
    if (this.#depth >= this.#limits.depth) {
      throw new ProtocolError(`arrays nested deeper than ${this.#limits.depth}`);
    }
    const items: WireReply[] = length <= PREPARED_ELEMENTS ? new Array(length) : [];
    const inner = this.#open[this.#depth];
    if (inner === undefined) this.#open.push({ items, filled: 0, length });
    else {
      inner.items = items;
      inner.filled = 0;
      inner.length = length;
    }
    this.#depth++;
    return ARRAY_OPENED;
  }

  #parseLine(): string | typeof INCOMPLETE {
    const from = this.#position;
    const cr = this.#bytes.indexOf(CR, from);
    const length = (cr < 0 || cr >= this.#end ? this.#end : cr) - from;
    if (length > this.#limits.lineBytes) {
      throw new ProtocolError(`a line of more than ${this.#limits.lineBytes} bytes`);
    }
    if (cr < 0 || cr >= this.#end || !this.#endsLine(cr)) return INCOMPLETE;
    return this.#bytes.toString("latin1", from, cr);
  }
}

/**
 * Short strings come again and again (NEW, WAITING, ACTIVE). Making one from bytes costs a call into C++ of about
 * 100 ns; here it is found by its bytes. 256 places, exact comparison: a miss only costs the call.
 */
class ShortWords {
  readonly #low = new Int32Array(256);
  readonly #high = new Int32Array(256);
  readonly #word: string[] = new Array(256).fill("");

  at(bytes: Buffer, from: number, length: number): string {
    let low = length;
    let high = 0;
    for (let i = 0; i < length; i++) {
      const byte = bytes[from + i] as number;
      if (i < 3) low = (low << 8) | byte;
      else high = (high << 8) | byte;
    }
    const place = (low ^ (low >>> 9) ^ Math.imul(high, 31)) & 255;
    if (this.#low[place] === low && this.#high[place] === high) return this.#word[place] as string;
    const word = bytes.toString("latin1", from, from + length);
    this.#low[place] = low;
    this.#high[place] = high;
    this.#word[place] = word;
    return word;
  }
}

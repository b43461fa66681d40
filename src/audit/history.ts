import { OUTCOMES, type Outcome } from "../queue/outcome.js";

/**
 * What happened, entry by entry: the record that the audit reads after a trial. One history per thread, kept in typed
 * array columns, since ten million small objects would measure the garbage collector. Columns lie in chunks, so that
 * memory grows with the entries up to a budget, and chunks move to another thread without a copy.
 *
 * Times are µs on the clock of the history's own thread, counted from the start of its trial. Across threads they
 * compare only as well as the barrier that started them.
 */

/** How an entry ended: an outcome, "failed" (it certainly changed nothing) or "in-doubt" (it may have happened). */
export const RESULTS = [...OUTCOMES, "failed", "in-doubt"] as const;
export type Result = (typeof RESULTS)[number];

/** Code of a result in a history; codes of outcomes also say what a user was prepared as. */
export const RESULT = { NEW: 0, WAITING: 1, ACTIVE: 2, failed: 3, inDoubt: 4 } as const;
export type ResultCode = (typeof RESULT)[keyof typeof RESULT];
export type OutcomeCode = 0 | 1 | 2;

/**
 * What a user did. `enter`: he came (or came back). `poll`: he asks again after an answer, by entering once more.
 * `repeat`: an entry beside another of his that may still be under way: a second click, another tab, a reload. `leave`: he
 * went, alone: no entry of his begins meanwhile; its result is where he stood, NEW being nowhere. `read`: he asks where he
 * stands, without entering; its result is where he stands, NEW being nowhere. `replica-read`: he asks that of a replica,
 * which may not know yet what its primary has acknowledged.
 */
export const OPERATIONS = ["enter", "poll", "repeat", "leave", "read", "replica-read"] as const;
export type Operation = (typeof OPERATIONS)[number];
/** Code of an operation in a history. */
export const OPERATION = { enter: 0, poll: 1, repeat: 2, leave: 3, read: 4, replicaRead: 5 } as const;
export type OperationCode = (typeof OPERATION)[keyof typeof OPERATION];

/** Whether an operation may change where its user stands by joining him: an entry, of whatever kind. */
export const isEntry = (operation: number): boolean => operation < OPERATION.leave;
export const isRead = (operation: number): boolean => operation > OPERATION.leave;

/** Bytes of one entry. */
export const ENTRY_BYTES = 2 * 8 + 6 * 4 + 1;
const DEFAULT_CHUNK_ENTRIES = 16_384;

/** One entry, read back for an explanation or a dump. */
export interface EntryEvent {
  /** The thread that made it. */
  readonly instance: number;
  /** Number n of the concert `qbench:<run>:<n>`. */
  readonly concert: number;
  readonly user: number;
  /** What the user was before the trial: NEW = unknown to the queue. */
  readonly prepared: Outcome;
  readonly result: Result;
  readonly operation: Operation;
  /** When it should have started; equal to `readyUs` in the closed model. */
  readonly plannedUs: number;
  readonly readyUs: number;
  /** When the first command was handed to a connection. */
  readonly sentUs: number;
  /** When the last reply came, or the entry was given up. */
  readonly repliedUs: number;
  /** 1-based; 0 if none was told. */
  readonly position: number;
  readonly total: number;
}

/** Columns of up to `capacity` entries in one buffer; rows 0 … count − 1 are filled, in order of `repliedUs`. */
export class HistoryChunk {
  count: number;
  readonly sentUs: Float64Array;
  readonly repliedUs: Float64Array;
  /** Ready → sent. */
  readonly poolWaitUs: Uint32Array;
  /** Planned → ready. */
  readonly startLagUs: Uint32Array;
  readonly concert: Uint32Array;
  readonly user: Uint32Array;
  readonly position: Uint32Array;
  readonly total: Uint32Array;
  /** prepared + 4 × result + 32 × operation. */
  readonly codes: Uint8Array;

  constructor(
    readonly buffer: ArrayBuffer,
    readonly capacity: number,
    count: number,
  ) {
    let offset = 0;
    const next = (bytes: number): number => {
      const start = offset;
      offset += bytes * capacity;
      return start;
    };
    this.count = count;
    this.sentUs = new Float64Array(buffer, next(8), capacity);
    this.repliedUs = new Float64Array(buffer, next(8), capacity);
    this.poolWaitUs = new Uint32Array(buffer, next(4), capacity);
    this.startLagUs = new Uint32Array(buffer, next(4), capacity);
    this.concert = new Uint32Array(buffer, next(4), capacity);
    this.user = new Uint32Array(buffer, next(4), capacity);
    this.position = new Uint32Array(buffer, next(4), capacity);
    this.total = new Uint32Array(buffer, next(4), capacity);
    this.codes = new Uint8Array(buffer, next(1), capacity);
  }

  /** Codes of `RESULT`. */
  prepared(row: number): number {
    return (this.codes[row] as number) & 3;
  }

  result(row: number): number {
    return ((this.codes[row] as number) >> 2) & 7;
  }

  /** Code of `OPERATION`. */
  operation(row: number): number {
    return (this.codes[row] as number) >> 5;
  }
}

/** A history as `postMessage` takes it. */
export interface HistoryTransfer {
  readonly instance: number;
  readonly chunkEntries: number;
  readonly overflow: number;
  readonly chunks: readonly { readonly buffer: ArrayBuffer; readonly count: number }[];
}

export interface HistoryOptions {
  readonly instance: number;
  /** Memory that the entries may take; 0 records nothing. */
  readonly budgetBytes: number;
  /** Entries of a chunk; tests make it small. */
  readonly chunkEntries?: number;
}

export class History {
  readonly instance: number;
  readonly chunkEntries: number;
  /** Entries that found the budget spent and were not recorded. */
  overflow = 0;
  #chunks: HistoryChunk[] = [];
  #current: HistoryChunk | undefined;
  readonly #maxChunks: number;

  constructor(options: HistoryOptions) {
    this.instance = options.instance;
    this.chunkEntries = options.chunkEntries ?? DEFAULT_CHUNK_ENTRIES;
    this.#maxChunks = Math.floor(options.budgetBytes / (this.chunkEntries * ENTRY_BYTES));
  }

  /**
   * Records one entry, in order of `repliedUs`. Users and concerts are numbers below 2^32, times are µs since the start
   * of the trial, `plannedUs` ≤ `readyUs` ≤ `sentUs` ≤ `repliedUs`; an entry that was never sent has `sentUs` = `repliedUs`.
   * Positional numbers, since this runs once an entry in the measuring thread.
   * @returns false if the budget is spent: the entry is counted in `overflow` only.
   */
  append(
    concert: number,
    user: number,
    prepared: OutcomeCode,
    result: ResultCode,
    plannedUs: number,
    readyUs: number,
    sentUs: number,
    repliedUs: number,
    position: number,
    total: number,
    operation: OperationCode = OPERATION.enter,
  ): boolean {
    let chunk = this.#current;
    if (chunk === undefined || chunk.count === chunk.capacity) {
      if (this.#chunks.length >= this.#maxChunks) {
        this.overflow++;
        return false;
      }
      chunk = this.#grow();
    }
    const row = chunk.count++;
    chunk.sentUs[row] = sentUs;
    chunk.repliedUs[row] = repliedUs;
    chunk.poolWaitUs[row] = sentUs - readyUs;
    chunk.startLagUs[row] = readyUs - plannedUs;
    chunk.concert[row] = concert;
    chunk.user[row] = user;
    chunk.position[row] = position;
    chunk.total[row] = total;
    chunk.codes[row] = prepared + 4 * result + 32 * operation;
    return true;
  }

  #grow(): HistoryChunk {
    const chunk = new HistoryChunk(new ArrayBuffer(this.chunkEntries * ENTRY_BYTES), this.chunkEntries, 0);
    this.#chunks.push(chunk);
    this.#current = chunk;
    return chunk;
  }

  /** For loops over millions of entries; all but the last are full. */
  get chunks(): readonly HistoryChunk[] {
    return this.#chunks;
  }

  get entries(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.count, 0);
  }

  get bytes(): number {
    return this.#chunks.length * this.chunkEntries * ENTRY_BYTES;
  }

  /** True if every entry of the thread is in it. */
  get complete(): boolean {
    return this.overflow === 0;
  }

  /** @throws RangeError if there is no entry `index`. */
  at(index: number): EntryEvent {
    const chunk = this.#chunks[Math.floor(index / this.chunkEntries)];
    const row = index % this.chunkEntries;
    if (chunk === undefined || !(row < chunk.count)) throw new RangeError(`no entry ${index} in this history`);
    const sentUs = chunk.sentUs[row] as number;
    const readyUs = sentUs - (chunk.poolWaitUs[row] as number);
    return {
      instance: this.instance,
      concert: chunk.concert[row] as number,
      user: chunk.user[row] as number,
      prepared: OUTCOMES[chunk.prepared(row)] as Outcome,
      result: RESULTS[chunk.result(row)] as Result,
      operation: OPERATIONS[chunk.operation(row)] as Operation,
      plannedUs: readyUs - (chunk.startLagUs[row] as number),
      readyUs,
      sentUs,
      repliedUs: chunk.repliedUs[row] as number,
      position: chunk.position[row] as number,
      total: chunk.total[row] as number,
    };
  }

  /** The history as a message and the buffers to transfer with it, after which this object is empty. */
  toTransfer(): { message: HistoryTransfer; transferList: ArrayBuffer[] } {
    const chunks = this.#chunks.map(({ buffer, count }) => ({ buffer, count }));
    const message = { instance: this.instance, chunkEntries: this.chunkEntries, overflow: this.overflow, chunks };
    this.#chunks = [];
    this.#current = undefined;
    return { message, transferList: chunks.map((chunk) => chunk.buffer) };
  }

  /** Takes over a received history, to be read. */
  static fromTransfer(message: HistoryTransfer): History {
    const { instance, chunkEntries, overflow, chunks } = message;
    const history = new History({ instance, chunkEntries, budgetBytes: 0 });
    history.overflow = overflow;
    history.#chunks = chunks.map(({ buffer, count }) => new HistoryChunk(buffer, chunkEntries, count));
    return history;
  }
}

/** All entries of several threads' histories, thread by thread. */
export function* eventsOf(histories: readonly History[]): Generator<EntryEvent> {
  for (const history of histories) {
    const entries = history.entries;
    for (let index = 0; index < entries; index++) yield history.at(index);
  }
}

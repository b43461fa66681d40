/**
 * Entries that ended in each moment of a trial, finer than the timeline: what shows how long nobody was served. Kept only
 * where a fault is planned, for one counter is added to what an entry costs.
 */
export interface MomentsData {
  readonly widthMs: number;
  /** By moment; one after the trial's planned end counts into the last. */
  readonly succeeded: Uint32Array<ArrayBuffer>;
  /** By kind. */
  readonly failed: Readonly<Record<string, Uint32Array<ArrayBuffer>>>;
}

const MOST_MOMENTS = 60_000;
/** For entries that are still in flight when the trial stops. */
const TAIL_MS = 1000;

export class Moments {
  readonly #widthMs: number;
  readonly #perUs: number;
  readonly #last: number;
  readonly #succeeded: Uint32Array<ArrayBuffer>;
  readonly #failed: Record<string, Uint32Array<ArrayBuffer>> = {};

  /** A millisecond each, in trials of more than a minute longer. */
  constructor(durationMs: number) {
    this.#widthMs = Math.max(1, Math.ceil((durationMs + TAIL_MS) / MOST_MOMENTS));
    this.#perUs = 1 / (1000 * this.#widthMs);
    const count = Math.ceil((durationMs + TAIL_MS) / this.#widthMs);
    this.#last = count - 1;
    this.#succeeded = new Uint32Array(count);
  }

  /** `atUs`: since the start of the trial. */
  succeed(atUs: number): void {
    this.#succeeded[Math.min(this.#last, Math.floor(atUs * this.#perUs))]!++;
  }

  fail(kind: string, atUs: number): void {
    this.#failed[kind] ??= new Uint32Array(this.#last + 1);
    this.#failed[kind][Math.min(this.#last, Math.floor(atUs * this.#perUs))]!++;
  }

  data(): MomentsData {
    return { widthMs: this.#widthMs, succeeded: this.#succeeded, failed: this.#failed };
  }
}

/** The same of all threads together; they have one width, for they run one trial. */
export function mergeMoments(threads: readonly [MomentsData, ...MomentsData[]]): MomentsData {
  const [{ widthMs, succeeded }] = threads;
  const sum = (parts: readonly Uint32Array[]): Uint32Array<ArrayBuffer> => {
    const total = new Uint32Array(succeeded.length);
    for (const part of parts) for (let i = 0; i < total.length; i++) total[i]! += part[i]!;
    return total;
  };
  const kinds = new Set(threads.flatMap(({ failed }) => Object.keys(failed)));
  return {
    widthMs,
    succeeded: sum(threads.map((one) => one.succeeded)),
    failed: Object.fromEntries(
      [...kinds].map((kind) => [kind, sum(threads.flatMap(({ failed }) => failed[kind] ?? []))]),
    ),
  };
}

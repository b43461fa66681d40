import type { Batch } from "../strategies/command.js";

/** Counts what a driver sends: a plain increment a batch on the hot path, names only when asked. */
export class CommandTally {
  readonly #sent: number[] = [];
  readonly #batches: Batch[] = [];
  readonly #own = new Map<string, number>();

  count(batch: Batch): void {
    const sent = this.#sent[batch.id] ?? 0;
    if (sent === 0) this.#meet(batch);
    else this.#sent[batch.id] = sent + 1;
  }

  /** Commands of the driver's own, outside any batch. */
  countOwn(name: string, calls: number): void {
    this.#own.set(name, (this.#own.get(name) ?? 0) + calls);
  }

  byName(): Record<string, number> {
    const calls = Object.fromEntries(this.#own);
    for (const batch of this.#batches) {
      for (const command of batch.commands) {
        const name = command.name.toLowerCase();
        calls[name] = (calls[name] ?? 0) + (this.#sent[batch.id] as number);
      }
    }
    return calls;
  }

  #meet(batch: Batch): void {
    // Filled without holes: a sparse array would be slow for good.
    while (this.#sent.length <= batch.id) this.#sent.push(0);
    this.#batches.push(batch);
    this.#sent[batch.id] = 1;
  }
}

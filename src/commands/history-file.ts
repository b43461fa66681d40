import { closeSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { linesOf, type TrialRecord } from "../audit/dump.js";
import { environmentError } from "../base/errors.js";

/** Characters that are put together before they are written. */
const CHUNK = 1 << 16;

/**
 * The file of `--dump-history`: every trial is added when its audit is done, a chunk at a time, so that memory does not
 * grow with the history. It has another name until the run is over; of an interrupted run it holds the trials that were
 * measured.
 */
export class HistoryFile {
  readonly #path: string;
  readonly #unfinished: string;
  #file: number | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#unfinished = `${path}.${process.pid}.tmp`;
  }

  /** @throws QbenchError (environment) */
  add(record: TrialRecord): void {
    this.#trying(() => {
      this.#file ??= openSync(this.#unfinished, "w");
      let chunk = "";
      for (const line of linesOf(record)) {
        chunk += line;
        if (chunk.length < CHUNK) continue;
        this.#write(chunk);
        chunk = "";
      }
      this.#write(chunk);
    });
  }

  /** @throws QbenchError (environment) */
  finish(): void {
    this.#trying(() => {
      if (this.#file === undefined) return;
      closeSync(this.#file);
      renameSync(this.#unfinished, this.#path);
      this.#file = undefined;
    });
  }

  /** Leaves nothing behind. */
  discard(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    unlinkSync(this.#unfinished);
    this.#file = undefined;
  }

  #write(chunk: string): void {
    const bytes = Buffer.from(chunk);
    // A full disk may take a part and refuse the rest.
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file!, bytes, written);
  }

  #trying(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.discard();
      throw environmentError(`the history could not be written to ${this.#path}: ${(error as Error).message}`);
    }
  }
}

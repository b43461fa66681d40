import { setTimeout as sleep } from "node:timers/promises";
import { nowUs } from "../base/clock.js";
import { environmentError, QbenchError } from "../base/errors.js";
import type { FaultSite, PlannedFault } from "../faults/fault.js";
import { faultNamed, faultText } from "../faults/index.js";
import type { Span } from "../measure/availability.js";

/** A fault that has happened, and when it really did. */
export interface StruckFault extends PlannedFault, Span {}

/** What became of a trial's faults. */
export interface Struck {
  /** Those that began, in order of time. */
  readonly faults: readonly StruckFault[];
  /** Why one could not be carried out, or not be ended. */
  readonly failure: QbenchError | undefined;
}

/** The faults of one trial, one after another, each at its instant. Runs beside the measuring threads, in the main one. */
export class FaultSequence {
  readonly #faults: readonly PlannedFault[];
  readonly #site: FaultSite;
  readonly #onFailure: () => void;
  readonly #stopping = new AbortController();
  readonly #over: AbortSignal;
  readonly #struck: StruckFault[] = [];
  #failure: QbenchError | undefined;
  #running: Promise<void> = Promise.resolve();

  /** `signal`: the run is interrupted. `onFailure`: the trial need not go on, for what it was to show did not happen. */
  constructor(faults: readonly PlannedFault[], site: FaultSite, signal: AbortSignal, onFailure: () => void) {
    this.#faults = faults;
    this.#site = site;
    this.#over = AbortSignal.any([signal, this.#stopping.signal]);
    this.#onFailure = onFailure;
  }

  /** `startUs`: the common start, on this thread's clock. */
  start(startUs: number): void {
    this.#running = this.#run(startUs);
  }

  /** Ends what goes on; no further fault begins. May be called again. */
  async stop(): Promise<Struck> {
    this.#stopping.abort();
    await this.#running;
    return { faults: this.#struck, failure: this.#failure };
  }

  async #run(startUs: number): Promise<void> {
    const sinceMs = (): number => (nowUs() - startUs) / 1000;
    for (const planned of this.#faults) {
      await this.#pause(planned.atMs - sinceMs());
      if (this.#over.aborted) return;
      const beganMs = sinceMs();
      try {
        const end = await faultNamed(planned.name).begin(this.#site);
        await this.#pause(planned.forMs - (sinceMs() - beganMs));
        await end();
      } catch (error) {
        this.#failure = failureOf(planned, error);
        this.#onFailure();
        return;
      } finally {
        this.#struck.push({ ...planned, beganMs, endedMs: sinceMs() });
      }
    }
  }

  /** Is over sooner when the faults are to stop. */
  async #pause(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), undefined, { signal: this.#over }).catch(() => {});
  }
}

function failureOf(planned: PlannedFault, error: unknown): QbenchError {
  const text = `the fault ${faultText(planned)} could not be carried out: ${(error as Error).message}`;
  const isOurs = error instanceof QbenchError;
  return environmentError(
    text,
    isOurs ? error.hint : "may this user do that on this server? `qbench list faults` tells of others",
  );
}

import { Histogram } from "../measure/histogram.js";
import { OUTCOMES, type Outcome } from "../queue/outcome.js";
import type { PartCounts } from "./segment.js";

/** Where strategies are mixed: what became of the entries of each. */
export class PartTally {
  readonly #answers: Record<Outcome, number>[];
  readonly #failed: number[];
  readonly #entry: Histogram[];

  constructor(parts: number) {
    const each = <T>(make: () => T): T[] => Array.from({ length: parts }, make);
    this.#answers = each(() => Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>);
    this.#failed = each(() => 0);
    this.#entry = each(() => new Histogram());
  }

  succeed(part: number, outcome: Outcome, entryUs: number): void {
    this.#answers[part]![outcome]++;
    this.#entry[part]!.record(entryUs);
  }

  fail(part: number): void {
    this.#failed[part]!++;
  }

  counts(): PartCounts[] {
    return this.#answers.map((answers, part) => ({
      answers,
      failed: this.#failed[part]!,
      entry: this.#entry[part]!.data(),
    }));
  }
}

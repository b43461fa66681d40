import { History, type OutcomeCode, RESULT } from "../audit/history.js";
import { Histogram } from "../measure/histogram.js";
import { Timeline } from "../measure/timeline.js";
import { OUTCOMES, type Outcome } from "../queue/outcome.js";
import type { Answer } from "../strategies/strategy.js";
import type { EntryTable } from "./entry-table.js";

/** Takes down every entry that ends: histograms, timeline, outcomes, failures by kind, history. */
export class Recorder {
  readonly answers = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  readonly failures: Record<string, number> = {};
  readonly timeline = new Timeline();
  readonly service = new Histogram();
  readonly poolWait = new Histogram();
  readonly failed = new Histogram();
  readonly response: Histogram | null;
  readonly startLag: Histogram | null;
  readonly history: History;
  succeeded = 0;
  failedCount = 0;
  inDoubt = 0;
  roundTrips = 0;
  lastEndUs = 0;
  readonly #startUs: number;

  /** `startUs`: the thread's clock at the barrier. `isOpen`: planned starts are kept apart from real ones. */
  constructor(options: { instance: number; startUs: number; isOpen: boolean; historyBytes: number }) {
    this.#startUs = options.startUs;
    this.response = options.isOpen ? new Histogram() : null;
    this.startLag = options.isOpen ? new Histogram() : null;
    this.history = new History({ instance: options.instance, budgetBytes: options.historyBytes });
  }

  succeed(table: EntryTable, slot: number, concertNumber: number, answer: Answer, endUs: number): void {
    const plannedUs = table.plannedUs[slot]!;
    const readyUs = table.readyUs[slot]!;
    const sentUs = table.sentUs[slot]!;
    this.succeeded++;
    this.answers[answer.outcome]++;
    this.roundTrips += table.roundTrips[slot]!;
    this.timeline.succeed(endUs - readyUs, endUs - this.#startUs);
    this.service.record(endUs - sentUs);
    this.poolWait.record(sentUs - readyUs);
    if (this.response !== null) {
      this.response.record(endUs - plannedUs);
      this.startLag!.record(readyUs - plannedUs);
    }
    this.lastEndUs = endUs;
    const start = this.#startUs;
    this.history.append(
      concertNumber,
      table.user[slot]!,
      table.prepared[slot] as OutcomeCode,
      RESULT[answer.outcome],
      plannedUs - start,
      readyUs - start,
      sentUs - start,
      endUs - start,
      answer.position,
      answer.total,
    );
  }

  /** `wasSent`: the entry got a connection. */
  fail(
    table: EntryTable,
    slot: number,
    concertNumber: number,
    kind: string,
    isInDoubt: boolean,
    wasSent: boolean,
    endUs: number,
  ): void {
    const readyUs = table.readyUs[slot]!;
    const sentUs = wasSent ? table.sentUs[slot]! : endUs;
    this.failedCount++;
    if (isInDoubt) this.inDoubt++;
    this.failures[kind] = (this.failures[kind] ?? 0) + 1;
    this.failed.record(endUs - readyUs);
    this.timeline.fail(endUs - this.#startUs);
    this.lastEndUs = endUs;
    const start = this.#startUs;
    this.history.append(
      concertNumber,
      table.user[slot]!,
      table.prepared[slot] as OutcomeCode,
      isInDoubt ? RESULT.inDoubt : RESULT.failed,
      table.plannedUs[slot]! - start,
      readyUs - start,
      sentUs - start,
      endUs - start,
      0,
      0,
    );
  }
}

import {
  History,
  isEntry,
  isRead,
  OPERATION,
  type OperationCode,
  type OutcomeCode,
  RESULT,
  type ResultCode,
} from "../audit/history.js";
import { Histogram, type HistogramData } from "../measure/histogram.js";
import { Moments } from "../measure/moments.js";
import { type SecondData, Timeline } from "../measure/timeline.js";
import { OUTCOMES, type Outcome } from "../queue/outcome.js";
import type { Answer } from "../strategies/strategy.js";
import type { EntryTable } from "./entry-table.js";

/** Takes down every operation that ends: histograms, timeline, outcomes, failures by kind, history. */
export class Recorder {
  readonly answers = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  readonly failures: Record<string, number> = {};
  /** What the first failure of a kind was told by. */
  readonly failureExamples: Record<string, string> = {};
  /** Of the latency that tables show: from the planned start in the open model, else from being ready. */
  readonly timeline = new Timeline();
  readonly service = new Histogram();
  readonly poolWait = new Histogram();
  readonly failed = new Histogram();
  /** From being ready, in the open model; in the closed one that is what the timeline has. */
  readonly entry: Histogram | null;
  /** Of every entry, whatever comes of it: recorded when it starts. */
  readonly startLag: Histogram | null;
  readonly poll: Histogram | null;
  readonly moments: Moments | null;
  readonly leaves = { succeeded: 0, failed: 0 };
  readonly reads = { succeeded: 0, failed: 0, nowhere: 0, sentToPrimary: 0, sentToReplica: 0 };
  readonly history: History;
  succeeded = 0;
  failedCount = 0;
  inDoubt = 0;
  unsent = 0;
  roundTrips = 0;
  lastEndUs = 0;
  readonly #startUs: number;

  /** `startUs`: the thread's clock at the barrier. `isOpen`: planned starts are kept apart from real ones. */
  constructor(options: {
    instance: number;
    startUs: number;
    isOpen: boolean;
    isPolled: boolean;
    historyBytes: number;
    /** How long the trial is whose moments are to be kept apart. */
    momentsOfMs?: number;
  }) {
    this.#startUs = options.startUs;
    this.entry = options.isOpen ? new Histogram() : null;
    this.startLag = options.isOpen ? new Histogram() : null;
    this.poll = options.isPolled ? new Histogram() : null;
    this.moments = options.momentsOfMs === undefined ? null : new Moments(options.momentsOfMs);
    this.history = new History({ instance: options.instance, budgetBytes: options.historyBytes });
  }

  /** Counts that add up to the latencies so far, of the kind that tables show. */
  get latencyCounts(): readonly [Uint32Array, Uint32Array] {
    return this.timeline.counts;
  }

  /** Latencies of all entries that succeeded, once the last one has ended. `response`: null in the closed model. */
  finish(): { seconds: SecondData[]; entry: HistogramData; response: HistogramData | null } {
    const { seconds, total } = this.timeline.finish();
    if (this.entry === null) return { seconds, entry: total.data(), response: null };
    return { seconds, entry: this.entry.data(), response: total.data() };
  }

  succeed(table: EntryTable, slot: number, concertNumber: number, answer: Answer, endUs: number): void {
    const plannedUs = table.plannedUs[slot]!;
    const readyUs = table.readyUs[slot]!;
    const sentUs = table.sentUs[slot]!;
    const operation = table.operation[slot]!;
    const { outcome, position, total } = answer;
    if (!isEntry(operation)) {
      if (isRead(operation)) {
        this.reads.succeeded++;
        if (outcome === "NEW") this.reads.nowhere++;
        this.poll?.record(endUs - readyUs);
      } else this.leaves.succeeded++;
      this.#note(table, slot, concertNumber, RESULT[outcome], sentUs, endUs, position, total);
      return;
    }
    this.succeeded++;
    this.answers[outcome]++;
    this.roundTrips += table.roundTrips[slot]!;
    this.timeline.succeed(endUs - (this.entry === null ? readyUs : plannedUs), endUs - this.#startUs);
    this.moments?.succeed(endUs - this.#startUs);
    this.service.record(endUs - sentUs);
    this.poolWait.record(sentUs - readyUs);
    this.entry?.record(endUs - readyUs);
    if (operation === OPERATION.poll) this.poll?.record(endUs - readyUs);
    this.#note(table, slot, concertNumber, RESULT[outcome], sentUs, endUs, position, total);
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
    this.#note(table, slot, concertNumber, isInDoubt ? RESULT.inDoubt : RESULT.failed, sentUs, endUs, 0, 0);
    const operation = table.operation[slot]!;
    if (!isEntry(operation)) {
      (isRead(operation) ? this.reads : this.leaves).failed++;
      return;
    }
    this.failedCount++;
    if (isInDoubt) this.inDoubt++;
    if (!wasSent) this.unsent++;
    this.failures[kind] = (this.failures[kind] ?? 0) + 1;
    this.failed.record(endUs - readyUs);
    this.timeline.fail(kind, endUs - this.#startUs);
    this.moments?.fail(kind, endUs - this.#startUs);
  }

  #note(
    table: EntryTable,
    slot: number,
    concertNumber: number,
    result: ResultCode,
    sentUs: number,
    endUs: number,
    position: number,
    total: number,
  ): void {
    this.lastEndUs = endUs;
    const start = this.#startUs;
    this.history.append(
      concertNumber,
      table.user[slot]!,
      table.prepared[slot] as OutcomeCode,
      result,
      table.plannedUs[slot]! - start,
      table.readyUs[slot]! - start,
      sentUs - start,
      endUs - start,
      position,
      total,
      table.operation[slot] as OperationCode,
    );
  }
}

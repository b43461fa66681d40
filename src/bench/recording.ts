import { Bench } from "tinybench";
import { ENTRY_BYTES, History, RESULT } from "../audit/history.js";
import { Histogram } from "../measure/histogram.js";
import { individual } from "../strategies/individual.js";
import { answer } from "../strategies/strategy.js";
import { EntryTable } from "../worker/entry-table.js";
import { Recorder } from "../worker/recorder.js";
import { type Goal, judgeValues, type Reached } from "./goals.js";

/** What taking down an entry costs, apart from sending it. */

/** Entries in one call of the benchmarked function: a clock reading costs as much as an entry. */
const BATCH = 10_000;
const TIME_MS = 500;
/** As many as a second has at full speed. */
const BUDGET_BYTES = 100_000 * ENTRY_BYTES;

export interface RecordingFigures {
  /** One value into one histogram. */
  readonly histogramNs: number;
  /** One entry into the audit's history. */
  readonly historyNs: number;
  /** A whole entry: three histograms, timeline, outcomes, history. */
  readonly entryNs: number;
  readonly historyBytes: number;
}

export async function measureRecording(): Promise<RecordingFigures> {
  const latenciesUs = Float64Array.from({ length: BATCH }, (_, i) => 80 + ((i * 7919) % 40_000));
  const histogram = new Histogram();
  const bench = new Bench({ time: TIME_MS, warmupTime: TIME_MS / 2 });
  bench.add("histogram", () => {
    for (let i = 0; i < BATCH; i++) histogram.record(latenciesUs[i]!);
  });
  let history = new History({ instance: 0, budgetBytes: BUDGET_BYTES });
  bench.add("history", () => {
    if (!recordInto(history, latenciesUs)) history = new History({ instance: 0, budgetBytes: BUDGET_BYTES });
  });
  bench.add("entry", wholeEntries(latenciesUs));
  await bench.run();
  const ns = (name: string): number => {
    const result = bench.getTask(name)?.result;
    if (result?.state !== "completed") throw new Error(`the benchmark ${name} did not complete`);
    return (result.latency.p50 * 1e6) / BATCH;
  };
  return {
    histogramNs: ns("histogram"),
    historyNs: ns("history"),
    entryNs: ns("entry"),
    historyBytes: ENTRY_BYTES,
  };
}

/** @returns false once the history is full. */
function recordInto(history: History, latenciesUs: Float64Array): boolean {
  let hasRoom = true;
  for (let i = 0; i < BATCH; i++) {
    const atUs = i * 7;
    hasRoom = history.append(0, i, RESULT.NEW, RESULT.NEW, atUs, atUs, atUs, atUs + latenciesUs[i]!, i, i);
  }
  return hasRoom;
}

function wholeEntries(latenciesUs: Float64Array): () => void {
  const table = new EntryTable(BATCH, individual.machine("timestamp").first);
  const joined = answer("NEW", 1, 1);
  const fresh = (): Recorder =>
    new Recorder({ instance: 0, startUs: 0, isOpen: false, isPolled: false, historyBytes: BUDGET_BYTES });
  let recorder = fresh();
  let nowUs = 0;
  return () => {
    for (let slot = 0; slot < BATCH; slot++) {
      nowUs += 7;
      table.plannedUs[slot] = nowUs;
      table.readyUs[slot] = nowUs;
      table.sentUs[slot] = nowUs + 5;
      recorder.succeed(table, slot, 0, joined, nowUs + latenciesUs[slot]!);
    }
    if (recorder.history.overflow > 0) {
      recorder = fresh();
      nowUs = 0;
    }
  };
}

const goal = (what: string, unit: Goal["unit"], wanted: number): Goal => ({ what, unit, bound: "at most", wanted });

export const judgeRecording = ({ histogramNs, entryNs, historyBytes }: RecordingFigures): Reached[] => [
  ...judgeValues(goal("recording: one value into a histogram", "ns", 70), [histogramNs]),
  ...judgeValues(goal("recording: a whole entry, history included", "ns", 70), [entryNs]),
  ...judgeValues(goal("recording: history, an entry", "bytes", 50), [historyBytes]),
];

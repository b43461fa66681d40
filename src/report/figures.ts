import { entryCalls } from "../engine/figures.js";
import { median } from "../stats/median.js";
import type { TrialReport } from "./schema.js";

/**
 * Every figure that a gate, a threshold or a chart can ask for by name. A new one is a line here.
 *
 * Exact figures are counts: the same on every machine, so that one trial settles what they say, and no statistics are
 * needed. All others are measured in time and differ from trial to trial.
 */
export interface Figure {
  readonly name: FigureName;
  readonly unit: Unit;
  readonly direction: "higher-is-better" | "lower-is-better";
  readonly isExact: boolean;
  /** One line for people. */
  readonly help: string;
  /** Null where the trial does not tell. */
  ofTrial(trial: TrialReport): number | null;
  /** What several trials come to; by default the median of what each says. */
  readonly over: "median" | "sum" | "worst";
}

/** us: microseconds. share: 0 to 1. */
export type Unit = "us" | "share" | "count" | "per entry" | "per second" | "bytes per entry";

/** Entries that got a connection; reports of before do not tell them apart. */
const begun = ({ entries }: TrialReport): number => entries.attempted - (entries.unsent ?? 0);

const perBegun = (amount: number, trial: TrialReport): number | null =>
  begun(trial) === 0 ? null : amount / begun(trial);

/** The latency that tables and gates speak of: from the planned start in the open model, else from being ready. */
const latencyOf = (trial: TrialReport) => trial.latency.response ?? trial.latency.entry;

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** Commands that the server executed, those of scripts included, without qbench's own questions and what users do besides entering. */
const executed = ({ server }: TrialReport): number =>
  entryCalls(Object.fromEntries(Object.entries(server.commands).map(([name, { calls }]) => [name, calls])));

/** What was found, whoever looked; that nothing was found says something only where every user's answers were looked at. */
const audited = ({ audit, entries }: TrialReport, found: number): number | null =>
  found > 0 || (audit.coverage === "users" && entries.succeeded > 0) ? found : null;

type Row = Omit<Figure, "name">;

const latency = (key: "p50" | "p90" | "p95" | "p99" | "p999" | "max", help: string): Row => ({
  unit: "us",
  direction: "lower-is-better",
  isExact: false,
  over: "median",
  help,
  ofTrial: (trial) => latencyOf(trial)[key],
});

const exact = (unit: Unit, over: Figure["over"], help: string, ofTrial: Figure["ofTrial"]): Row => ({
  unit,
  direction: "lower-is-better",
  isExact: true,
  over,
  help,
  ofTrial,
});

const ROWS = {
  executedPerEntry: exact("per entry", "worst", "commands that the server executed, a script's own included", (trial) =>
    perBegun(executed(trial), trial),
  ),
  callsPerEntry: exact("per entry", "worst", "commands that the server was sent; a script is one", (trial) =>
    begun(trial) === 0 ? null : trial.server.callsPerEntry,
  ),
  roundTripsPerEntry: exact("per entry", "worst", "waits in sequence for a reply", (trial) =>
    trial.entries.succeeded === 0 ? null : trial.roundTripsPerEntry,
  ),
  anomalies: exact("count", "sum", "what the audit found, promised or not", (trial) =>
    audited(trial, total(trial.audit.anomalies)),
  ),
  brokenPromises: exact("count", "sum", "kinds of anomaly that the strategy promises never to show", (trial) =>
    audited(trial, trial.audit.brokenPromises.length),
  ),
  errors: exact(
    "count",
    "sum",
    "entries that the server answered with an error",
    (trial) => total(trial.failures) - (trial.failures.timeout ?? 0) - (trial.failures.connection ?? 0),
  ),
  failed: exact("count", "sum", "failed entries, whatever the reason", (trial) => trial.entries.failed),
  inDoubt: exact(
    "count",
    "sum",
    "failed entries that may have happened all the same",
    (trial) => trial.entries.inDoubt,
  ),
  dropped: exact("count", "sum", "arrivals dropped in the open model", (trial) => trial.entries.dropped),
  lostByServer: exact("count", "sum", "users whom a restarted server forgot", (trial) => trial.audit.lostByServer),
  reconnects: exact("count", "sum", "connections opened again", (trial) => trial.generator.reconnects),
  scriptReloads: exact("count", "sum", "scripts loaded again after NOSCRIPT", (trial) => trial.generator.scriptReloads),
  successRate: {
    unit: "share",
    direction: "higher-is-better",
    isExact: false,
    over: "worst",
    help: "succeeded of attempted entries",
    ofTrial: (trial) => trial.successRate,
  },
  bytesSentPerEntry: {
    ...exact("bytes per entry", "worst", "bytes on the wire to the server", (trial) =>
      perBegun(trial.generator.bytesSent, trial),
    ),
    // Numbers of concerts and positions have more digits in one trial than in another.
    isExact: false,
  },
  bytesReceivedPerEntry: {
    ...exact("bytes per entry", "worst", "bytes on the wire from the server", (trial) =>
      perBegun(trial.generator.bytesReceived, trial),
    ),
    isExact: false,
  },
  socketWritesPerEntry: {
    ...exact("per entry", "worst", "writes to a socket", (trial) => trial.socketWritesPerEntry),
    // How many commands of one tick share a write is a matter of time.
    isExact: false,
  },
  tps: {
    unit: "per second",
    direction: "higher-is-better",
    isExact: false,
    over: "median",
    help: "succeeded entries a second",
    ofTrial: (trial) => trial.tps,
  },
  p50: latency("p50", "median latency of an entry"),
  p90: latency("p90", "latency that 90 % of the entries stay within"),
  p95: latency("p95", "latency that 95 % of the entries stay within"),
  p99: latency("p99", "latency that 99 % of the entries stay within"),
  p999: latency("p999", "latency that 99.9 % of the entries stay within"),
  max: latency("max", "longest latency of an entry"),
  serverBusy: {
    unit: "share",
    direction: "lower-is-better",
    isExact: false,
    over: "median",
    help: "busy share of the server's main thread, in a cluster of the busiest primary's",
    ofTrial: (trial) => trial.server.cpuUtilization,
  },
  serverCpuUsPerEntry: {
    unit: "us",
    direction: "lower-is-better",
    isExact: false,
    over: "median",
    help: "CPU time of the server's main thread for an entry",
    ofTrial: (trial) => trial.server.cpuUsPerEntry,
  },
} as const satisfies Readonly<Record<string, Row>>;

export type FigureName = keyof typeof ROWS;

/** In the order in which they are offered: exact ones first. */
export const FIGURES: readonly Figure[] = Object.entries<Row>(ROWS).map(([name, row]) => ({
  name: name as FigureName,
  ...row,
}));

export const FIGURE_NAMES: readonly string[] = FIGURES.map(({ name }) => name);

export const figureNamed = (name: FigureName): Figure => FIGURES.find((figure) => figure.name === name) as Figure;

/** What the trials come to; null where none tells. */
export function figureOf(figure: Figure, trials: readonly TrialReport[]): number | null {
  const values = trials.map((trial) => figure.ofTrial(trial)).filter((value) => value !== null);
  if (values.length === 0) return null;
  // Of a sum, what is not known of one trial is not known of all; what is known is so much at least.
  if (figure.over === "sum" && values.length < trials.length && values.every((value) => value === 0)) return null;
  if (figure.over === "sum") return values.reduce((sum, value) => sum + value, 0);
  if (figure.over === "median") return median(values);
  return figure.direction === "lower-is-better" ? Math.max(...values) : Math.min(...values);
}

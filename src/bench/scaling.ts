import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { factsOf, writeWhole } from "../commands/report-file.js";
import type { EnvironmentReport } from "../report/schema.js";
import { PACKAGE_FOLDER, TOOL } from "../report/tool.js";
import { type MedianInterval, medianInterval } from "../stats/median.js";
import { benchOptions, resultSoFar } from "./bench-options.js";
import { runTrial } from "./qbench-process.js";
import { runRounds } from "./rounds.js";
import { withServer } from "./server.js";
import { columns } from "./text.js";

/**
 * `npm run bench:scaling`: throughput and CPU an entry over threads, connections and users, each axis alone, as a table
 * and a chart. Shared connections, so that every cliff is the generator's own.
 */

export const AXES = {
  threads: [1, 2, 4],
  connections: [20, 50, 100, 200],
  users: [20, 200, 3000, 20_000, 200_000],
} as const;
export type Axis = keyof typeof AXES;
export const STRATEGIES = ["lua", "individual"] as const;

/** Where one axis is looked at, the others stay here. */
const BASE: Readonly<Record<Axis, number>> = { threads: 1, connections: 20, users: 3000 };

/** One load point of one strategy; `name` is unique. */
interface Point extends Readonly<Record<Axis, number>> {
  readonly name: string;
  readonly strategy: string;
}

interface PointMeasurement {
  readonly round: number;
  readonly order: number;
  readonly entriesPerSec: number;
  readonly generatorUsPerEntry: number;
  readonly serverUsPerEntry: number | null;
  readonly serverBusy: number | null;
  readonly eventLoopBusy: number;
  readonly socketWritesPerEntry: number;
  readonly p99Us: number | null;
  readonly limiter: string;
}

export interface ScalingResult {
  readonly kind: "bench-scaling";
  readonly tool: typeof TOOL;
  readonly measuredAt: string;
  readonly seed: number;
  readonly rounds: number;
  readonly environment: EnvironmentReport;
  readonly points: readonly (Point & { readonly command: string })[];
  readonly measurements: Readonly<Record<string, readonly PointMeasurement[]>>;
}

const KIND = "bench-scaling";
const DEFAULTS = { rounds: 5, seed: 20261124, resume: false, output: join(PACKAGE_FOLDER, "results", "scaling.json") };

const point = (strategy: string, change: Partial<Record<Axis, number>>): Point => {
  const { threads, connections, users } = { ...BASE, ...change };
  const name = `${strategy}, ${threads} threads, ${connections} connections, ${users} users`;
  return { name, strategy, threads, connections, users };
};

/** Every point once, though the base lies on each axis. */
function pointsToMeasure(): Point[] {
  const all = STRATEGIES.flatMap((strategy) =>
    (Object.keys(AXES) as Axis[]).flatMap((axis) => AXES[axis].map((value) => point(strategy, { [axis]: value }))),
  );
  return [...new Map(all.map((one) => [one.name, one])).values()];
}

/** The waiting set is bounded, so that faster points do not meet a longer one. */
const argumentsOf = ({ strategy, threads, connections, users }: Point, port: number | "PORT"): string[] => [
  ...["run", "--url", `redis://127.0.0.1:${port}`, "--strategy", strategy, "--connections", "shared"],
  // Connections in all stay the same, whatever the threads.
  ...["--instances", String(threads), "--pool", String(connections / threads), "--vus", String(users)],
  ..."--duration 2s --warmup 500ms --trials 1 --timeout 60s --quiet --json".split(" "),
];

/** @throws QbenchError */
export async function main(args: readonly string[]): Promise<void> {
  const options = benchOptions("scaling", args, DEFAULTS);
  if (options === undefined) return;
  const points = pointsToMeasure();
  const result = await withServer(async ({ target, port }) => {
    let current: ScalingResult = options.resume
      ? resultSoFar<ScalingResult>(options.output, KIND)
      : {
          kind: KIND,
          tool: TOOL,
          measuredAt: new Date().toISOString(),
          seed: options.seed,
          rounds: 0,
          environment: (await factsOf(target, { strategies: STRATEGIES, seed: options.seed })).environment,
          points: points.map((one) => ({ ...one, command: ["qbench", ...argumentsOf(one, "PORT")].join(" ") })),
          measurements: {},
        };
    const plan = { seed: current.seed, first: current.rounds, rounds: options.rounds };
    await runRounds(
      points,
      plan,
      (one, { round, order }) => {
        console.error(`bench: round ${round + 1}, ${order + 1} of ${points.length}: ${one.name}`);
        return measure(one, port);
      },
      async (round) => {
        const measurements = { ...current.measurements };
        for (const [name, one] of round) measurements[name] = [...(measurements[name] ?? []), one];
        current = { ...current, rounds: current.rounds + 1, measurements, measuredAt: new Date().toISOString() };
        await writeWhole(options.output, `${JSON.stringify(current, null, 1)}\n`);
      },
    );
    return current;
  });
  const chart = options.output.replace(/(\.json)?$/, ".svg");
  const { scalingChart } = await import("./scaling-chart.js");
  await writeFile(chart, await scalingChart(result));
  console.log(render(result));
  console.error(`\nkept in ${options.output}, drawn in ${chart}`);
}

async function measure(one: Point, port: number): Promise<Omit<PointMeasurement, "round" | "order">> {
  const trial = await runTrial(argumentsOf(one, port));
  return {
    entriesPerSec: trial.tps,
    generatorUsPerEntry: trial.generator.cpuUsPerEntry,
    serverUsPerEntry: trial.server.cpuUsPerEntry,
    serverBusy: trial.server.cpuUtilization,
    eventLoopBusy: trial.generator.eventLoopUtilization,
    socketWritesPerEntry: trial.socketWritesPerEntry,
    p99Us: trial.latency.entry.p99,
    limiter: trial.limiter,
  };
}

/** What an axis shows of one strategy: a figure at each of its values. */
export function lineOf(
  { measurements }: ScalingResult,
  strategy: string,
  axis: Axis,
  figure: "entriesPerSec" | "generatorUsPerEntry",
): { value: number; median: number; low: number; high: number }[] {
  return AXES[axis].flatMap((value) => {
    const list = measurements[point(strategy, { [axis]: value }).name] ?? [];
    return list.length === 0 ? [] : [{ value, ...medianInterval(list.map((one) => one[figure])) }];
  });
}

export function render(result: ScalingResult): string {
  const { rounds, environment } = result;
  const head = [
    "",
    "strategy",
    "entries/s",
    "generator µs",
    "Redis µs",
    "Redis busy",
    "loop busy",
    "writes/entry",
    "limited by",
  ];
  const rowsOf = (axis: Axis): string[][] =>
    STRATEGIES.flatMap((strategy) =>
      AXES[axis].flatMap((value) => {
        const list = result.measurements[point(strategy, { [axis]: value }).name] ?? [];
        return list.length === 0 ? [] : [[`${value.toLocaleString("en-US")} ${axis}`, strategy, ...cellsOf(list)]];
      }),
    );
  return [
    `${rounds} rounds on ${environment.machine.cores} × ${environment.machine.cpuModel}, ${environment.redis.server} ` +
      `${environment.redis.version}; medians, in brackets the 95 % interval; apart from the axis: ` +
      `${BASE.threads} thread, ${BASE.connections} shared connections, ${BASE.users} users`,
    columns([head, ...(Object.keys(AXES) as Axis[]).flatMap(rowsOf)]),
  ].join("\n\n");
}

function cellsOf(list: readonly PointMeasurement[]): string[] {
  const of = (figure: (one: PointMeasurement) => number | null): MedianInterval =>
    medianInterval(list.map((one) => figure(one) ?? 0));
  const rate = of((one) => one.entriesPerSec);
  const k = (perSec: number): string => `${(perSec / 1000).toFixed(1)}k`;
  return [
    `${k(rate.median)} (${k(rate.low)}–${k(rate.high)})`,
    of((one) => one.generatorUsPerEntry).median.toFixed(2),
    of((one) => one.serverUsPerEntry).median.toFixed(2),
    `${(of((one) => one.serverBusy).median * 100).toFixed(0)} %`,
    `${(of((one) => one.eventLoopBusy).median * 100).toFixed(0)} %`,
    of((one) => one.socketWritesPerEntry).median.toFixed(3),
    [...new Set(list.map((one) => one.limiter))].join(", "),
  ];
}

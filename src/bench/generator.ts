import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { factsOf, writeWhole } from "../commands/report-file.js";
import type { EnvironmentReport } from "../report/schema.js";
import { PACKAGE_FOLDER, TOOL } from "../report/tool.js";
import { medianInterval } from "../stats/median.js";
import { benchOptions, resultSoFar } from "./bench-options.js";
import { judge, judgeValues, type Measurements, type Reached } from "./goals.js";
import { otherPeers, provideRedisBenchmark } from "./peers.js";
import * as qbench from "./qbench-process.js";
import { judgeRecording, measureRecording, type RecordingFigures } from "./recording.js";
import * as redisBenchmark from "./redis-benchmark.js";
import { runRounds } from "./rounds.js";
import { type BenchServer, withServer } from "./server.js";
import { type Measurement, peersOf, QBENCH_SETTINGS, type Setting } from "./setting.js";
import { columns } from "./text.js";
import { judgeUsers, measureUsers, type UserFigures } from "./users.js";

/**
 * `npm run bench:generator`: is the load generator ever what is measured? redis-benchmark and qbench in turn, round by
 * round, against one server; then what recording an entry and holding a user cost, and how long `--help` takes.
 */

/** What the result file holds. Every measurement is in it: nothing is rejected. */
interface GeneratorResult {
  readonly kind: "bench-generator";
  readonly tool: typeof TOOL;
  readonly measuredAt: string;
  readonly seed: number;
  readonly rounds: number;
  readonly environment: EnvironmentReport;
  readonly peers: readonly string[];
  readonly settings: readonly { readonly name: string; readonly entries: number; readonly command: string }[];
  readonly measurements: Measurements;
  readonly recording: RecordingFigures;
  readonly users: UserFigures;
  readonly helpMs: readonly number[];
  /** `node -e 0`, in turn with the above: what no program can be quicker than. */
  readonly nodeMs: readonly number[];
  readonly goals: readonly Reached[];
}

const KIND = "bench-generator";
const HELP_TIMES = 11;
const DEFAULTS = {
  rounds: 7,
  seed: 20261124,
  resume: false,
  output: join(PACKAGE_FOLDER, "results", "generator.json"),
};

const say = (line: string): void => console.error(`bench: ${line}`);

/** @throws QbenchError */
export async function main(args: readonly string[]): Promise<void> {
  const options = benchOptions("generator", args, DEFAULTS);
  if (options === undefined) return;
  await provideRedisBenchmark(say);
  const { valkey, notes } = await otherPeers();
  const settings: readonly Setting[] = [
    ...peersOf("redis-benchmark"),
    ...(valkey ? peersOf("valkey-benchmark") : []),
    ...QBENCH_SETTINGS,
  ];
  const result = await withServer(async (server) => {
    const earlier = options.resume ? resultSoFar<GeneratorResult>(options.output, KIND) : undefined;
    let current = earlier ?? (await begun(server, options.seed, settings, notes));
    const keep = async (change: Partial<GeneratorResult>): Promise<void> => {
      current = judged({ ...current, ...change, measuredAt: new Date().toISOString() });
      await writeWhole(options.output, `${JSON.stringify(current, null, 1)}\n`);
    };
    await keep({});
    const plan = { seed: current.seed, first: current.rounds, rounds: options.rounds };
    const measure = (setting: Setting, { round, order }: { round: number; order: number }) => {
      say(`round ${round + 1}, ${order + 1} of ${settings.length}: ${setting.name}`);
      return setting.tool === "qbench"
        ? qbench.measureQbench(setting, server.port)
        : redisBenchmark.measurePeer(setting, server);
    };
    await runRounds<Setting, Omit<Measurement, "round" | "order">>(settings, plan, measure, (round) =>
      keep({ rounds: current.rounds + 1, measurements: withRound(current.measurements, round) }),
    );
    return current;
  });
  console.log(render(result));
  console.error(`\nkept in ${options.output}`);
}

/** What is measured once: it hardly varies from round to round. */
async function begun(
  server: BenchServer,
  seed: number,
  settings: readonly Setting[],
  peers: readonly string[],
): Promise<GeneratorResult> {
  const { environment } = await factsOf(server.target, { strategies: ["lua"], seed });
  say("recording");
  const recording = await measureRecording();
  say("--help");
  const { helpMs, nodeMs } = await timesOfHelp();
  say("users");
  const users = await measureUsers(server);
  return {
    kind: KIND,
    tool: TOOL,
    measuredAt: new Date().toISOString(),
    seed,
    rounds: 0,
    environment,
    peers,
    settings: settings.map((setting) => ({
      name: setting.name,
      entries: setting.entries,
      command: setting.tool === "qbench" ? qbench.commandOf(setting) : redisBenchmark.commandOf(setting),
    })),
    measurements: {},
    recording,
    users,
    helpMs,
    nodeMs,
    goals: [],
  };
}

/** From the start of the process to its end. */
async function timesOfHelp(): Promise<Pick<GeneratorResult, "helpMs" | "nodeMs">> {
  const helpMs: number[] = [];
  const nodeMs: number[] = [];
  for (let i = 0; i < HELP_TIMES; i++) {
    helpMs.push(await timeOf([join(PACKAGE_FOLDER, "bin", "qbench.js"), "--help"]));
    nodeMs.push(await timeOf(["-e", "0"]));
  }
  return { helpMs, nodeMs };
}

async function timeOf(args: readonly string[]): Promise<number> {
  const startMs = performance.now();
  await promisify(execFile)(process.execPath, args);
  return performance.now() - startMs;
}

function withRound(before: Measurements, round: ReadonlyMap<string, Measurement>): Measurements {
  const after = { ...before };
  for (const [name, measurement] of round) after[name] = [...(after[name] ?? []), measurement];
  return after;
}

function judged(result: GeneratorResult): GeneratorResult {
  const help = { what: "qbench --help, start to end", unit: "ms", bound: "at most", wanted: 150 } as const;
  const goals = [
    ...judge(result.measurements),
    ...judgeRecording(result.recording),
    ...judgeUsers(result.users),
    ...judgeValues(help, result.helpMs),
  ];
  return { ...result, goals };
}

/** The tables for a terminal, and for docs. */
export function render(result: GeneratorResult): string {
  const { measurements, goals, rounds, environment, peers, users } = result;
  const million = users.million;
  return [
    `${rounds} rounds on ${environment.machine.cores} × ${environment.machine.cpuModel}, ${environment.redis.server} ` +
      `${environment.redis.version}, Node ${environment.software.node}; medians, in brackets the 95 % interval`,
    columns([
      ["setting", "entries/s", "Redis busy", "Redis µs", "generator µs", "event loop", "limited by"],
      ...result.settings.flatMap(({ name }) => measurementRow(name, measurements[name] ?? [])),
    ]),
    columns([["goal", "wanted", "got", "", "reached"], ...goals.map(goalRow)]),
    `${million.entries.toLocaleString("en-US")} entries of a million users: ` +
      `${Math.round(million.entriesPerSec).toLocaleString("en-US")} a second, limited by ${million.limiter}`,
    `of qbench --help, Node itself takes ${medianInterval(result.nodeMs).median.toFixed(0)} ms`,
    peers.join("\n"),
  ].join("\n\n");
}

function measurementRow(name: string, list: readonly Measurement[]): string[][] {
  if (list.length === 0) return [];
  const rate = medianInterval(list.map((one) => one.entriesPerSec));
  const middle = (of: (one: Measurement) => number | null, digits: number, scale = 1): string => {
    const values = list.flatMap((one) => of(one) ?? []);
    return values.length === 0 ? "–" : (medianInterval(values).median * scale).toFixed(digits);
  };
  const limiters = new Set(list.flatMap((one) => one.limiter ?? []));
  return [
    [
      name,
      `${thousands(rate.median)} (${thousands(rate.low)}–${thousands(rate.high)})`,
      `${middle((one) => one.serverBusy, 1, 100)} %`,
      middle((one) => one.serverUsPerEntry, 2),
      middle((one) => one.generatorUsPerEntry, 2),
      `${middle((one) => one.eventLoopBusy, 0, 100)}${list[0]?.eventLoopBusy === null ? "" : " %"}`,
      [...limiters].join(", ") || "–",
    ],
  ];
}

const thousands = (perSec: number): string => `${(perSec / 1000).toFixed(1)}k`;

function goalRow({ what, unit, bound, wanted, got, low, high, reached }: Reached): string[] {
  const digits = unit === "×" || unit === "µs" ? 2 : unit === "bytes" ? 0 : 1;
  const interval = low === null || high === null ? "" : `(${low.toFixed(digits)}–${high.toFixed(digits)})`;
  return [what, `${bound} ${wanted} ${unit}`, got.toFixed(digits), interval, reached];
}

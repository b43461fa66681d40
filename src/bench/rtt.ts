import { join } from "node:path";
import { factsOf, writeWhole } from "../commands/report-file.js";
import type { EnvironmentReport, TrialReport } from "../report/schema.js";
import { PACKAGE_FOLDER, TOOL } from "../report/tool.js";
import { medianInterval } from "../stats/median.js";
import { benchOptions, resultSoFar } from "./bench-options.js";
import { runTrial } from "./qbench-process.js";
import { type Place, runRounds } from "./rounds.js";
import { withServer } from "./server.js";
import { columns } from "./text.js";

/**
 * `npm run bench:rtt`: is an added round trip as long as asked, and what does it cost? Told twice: by what the generator
 * says that it held replies back for, and by how much longer an entry of one round trip takes than in the trial of the
 * same round that has nothing added.
 */

interface RttSetting {
  readonly name: string;
  readonly load: string;
  /** 0: what the others are held against. */
  readonly rttMs: number;
  readonly args: readonly string[];
}

interface RttMeasurement extends Place {
  readonly entriesPerSec: number;
  /** Held back, as the generator counts it; null without a delay. */
  readonly addedUs: { readonly p50: number | null; readonly p99: number | null } | null;
  /** Of an entry, which is one round trip. */
  readonly serviceP50Us: number | null;
  /** Share of a core that the thread takes which wakes the others. */
  readonly wakerBusy: number | null;
  readonly eventLoopBusy: number;
  /** Share of all cores that generator and server took. */
  readonly coresUsed: number;
}

interface RttResult {
  readonly kind: "bench-rtt";
  readonly tool: typeof TOOL;
  readonly measuredAt: string;
  readonly seed: number;
  readonly rounds: number;
  readonly environment: EnvironmentReport;
  readonly settings: readonly (RttSetting & { readonly command: string })[];
  readonly measurements: Readonly<Record<string, readonly RttMeasurement[]>>;
}

const KIND = "bench-rtt";
const RTTS_MS = [0.2, 0.5, 1, 2, 5, 10, 50];
const LOADS = [
  { load: "1 user", args: "--vus 1 --pool 1" },
  { load: "100 users", args: "--vus 100 --pool 20" },
];
const COMMON = "--strategy lua --connections shared --trials 1 --warmup 400ms --duration 1500ms --quiet --json";
const DEFAULTS = { rounds: 5, seed: 20261124, resume: false, output: join(PACKAGE_FOLDER, "results", "rtt.json") };
/** An added delay is right within the larger of the two. */
const TOLERATED_SHARE = 0.05;
const TOLERATED_US = 100;
/** Above this share of the cores nothing is promised. */
const PROMISED_UP_TO = 0.5;

const SETTINGS: readonly RttSetting[] = LOADS.flatMap(({ load, args }) =>
  [0, ...RTTS_MS].map((rttMs) => ({
    name: `${load}, ${rttMs} ms`,
    load,
    rttMs,
    args: `${COMMON} ${args} --rtt ${rttMs === 0 ? "0" : `${rttMs}ms`}`.split(" "),
  })),
);

const say = (line: string): void => console.error(`bench: ${line}`);

/** @throws QbenchError */
export async function main(args: readonly string[]): Promise<void> {
  const options = benchOptions("rtt", args, DEFAULTS);
  if (options === undefined) return;
  const result = await withServer(async (server) => {
    const { environment } = await factsOf(server.target, { strategies: ["lua"], seed: options.seed });
    const begun: RttResult = {
      kind: KIND,
      tool: TOOL,
      measuredAt: new Date().toISOString(),
      seed: options.seed,
      rounds: 0,
      environment,
      settings: SETTINGS.map((setting) => ({ ...setting, command: ["qbench run", ...setting.args].join(" ") })),
      measurements: {},
    };
    let current = options.resume ? resultSoFar<RttResult>(options.output, KIND) : begun;
    const plan = { seed: current.seed, first: current.rounds, rounds: options.rounds };
    const measure = async (setting: RttSetting, { round, order }: Place) => {
      say(`round ${round + 1}, ${order + 1} of ${SETTINGS.length}: ${setting.name}`);
      const trial = await runTrial(["run", "--url", `redis://127.0.0.1:${server.port}`, ...setting.args]);
      return measurementOf(trial, environment.machine.cores);
    };
    await runRounds(SETTINGS, plan, measure, async (round) => {
      const measurements = { ...current.measurements };
      for (const [name, one] of round) measurements[name] = [...(measurements[name] ?? []), one];
      current = { ...current, rounds: current.rounds + 1, measurements, measuredAt: new Date().toISOString() };
      await writeWhole(options.output, `${JSON.stringify(current, null, 1)}\n`);
    });
    return current;
  });
  console.log(render(result));
  console.error(`\nkept in ${options.output}`);
}

function measurementOf(trial: TrialReport, cores: number): Omit<RttMeasurement, keyof Place> {
  const { network, latency, generator, server } = trial;
  return {
    entriesPerSec: trial.tps,
    addedUs: network === undefined ? null : { p50: network.added.p50, p99: network.added.p99 },
    serviceP50Us: latency.service.p50,
    wakerBusy: network?.cpuUtilization ?? null,
    eventLoopBusy: generator.eventLoopUtilization,
    coresUsed: (generator.cpuUtilization + (server.cpuUtilization ?? 0)) / cores,
  };
}

/** The table for a terminal, and for docs. */
export function render({ settings, measurements, rounds, environment }: RttResult): string {
  const rows = settings.flatMap((setting) => {
    const list = measurements[setting.name] ?? [];
    if (setting.rttMs === 0 || list.length === 0) return [];
    const plain = new Map((measurements[`${setting.load}, 0 ms`] ?? []).map((one) => [one.round, one.serviceP50Us]));
    const askedUs = setting.rttMs * 1000;
    const held = middle(list.map(({ addedUs }) => addedUs?.p50));
    const longer = middle(
      list.map(({ round, serviceP50Us }) => {
        const without = plain.get(round) ?? null;
        return serviceP50Us === null || without === null ? null : serviceP50Us - without;
      }),
    );
    const cores = middle(list.map(({ coresUsed }) => coresUsed)) ?? 0;
    const isRight = held !== null && Math.abs(held - askedUs) <= Math.max(TOLERATED_US, TOLERATED_SHARE * askedUs);
    return [
      [
        setting.load,
        `${setting.rttMs} ms`,
        msText(held),
        msText(middle(list.map(({ addedUs }) => addedUs?.p99))),
        msText(longer),
        percentText(middle(list.map(({ wakerBusy }) => wakerBusy))),
        percentText(middle(list.map(({ eventLoopBusy }) => eventLoopBusy))),
        percentText(cores),
        isRight ? "yes" : cores > PROMISED_UP_TO ? "no, cores busy" : "no",
      ],
    ];
  });
  const head = ["load", "asked", "held p50", "p99", "entry longer by", "waker", "event loop", "cores", "right"];
  return [
    `${rounds} rounds on ${environment.machine.cores} × ${environment.machine.cpuModel}, Node ${environment.software.node}; medians, ms`,
    columns([head, ...rows]),
    [
      `right: held back, by the median, within ${TOLERATED_SHARE * 100} % or ${TOLERATED_US} µs of what was asked; promised while less than half of the cores is used`,
      "entry longer by: than without a delay; cores that fall asleep meanwhile and wake up again add to it what they would add behind a real network",
    ].join("\n"),
  ].join("\n\n");
}

function middle(values: readonly (number | null | undefined)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? null : medianInterval(known).median;
}

const msText = (us: number | null): string => (us === null ? "–" : (us / 1000).toFixed(3));
const percentText = (share: number | null): string => (share === null ? "–" : `${(100 * share).toFixed(0)} %`);

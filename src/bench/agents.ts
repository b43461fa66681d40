import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Redis } from "ioredis";
import { formatBytes, formatCount } from "../base/units.js";
import { factsOf, type TargetFacts, writeWhole } from "../commands/report-file.js";
import { agentsOf } from "../distributed/controller.js";
import { agentFigures } from "../engine/agent-figures.js";
import type { OpenGenerators } from "../engine/bench.js";
import { mergeCounts, mergeHistograms } from "../engine/merge.js";
import { runScenario } from "../engine/run.js";
import { mergeTimelines } from "../measure/timeline.js";
import { buildRunReport } from "../report/builder.js";
import type { EnvironmentReport } from "../report/schema.js";
import { PACKAGE_FOLDER, TOOL } from "../report/tool.js";
import { resolveScenario } from "../scenario/load.js";
import { median } from "../stats/median.js";
import { infoFields, parseInfo, type ServerSnapshot } from "../targets/server-snapshot.js";
import type { Target } from "../targets/target.js";
import { benchOptions } from "./bench-options.js";
import { withServer } from "./server.js";
import { columns } from "./text.js";

/**
 * `npm run bench:agents`: what a distributed run costs besides its load, as agents grow in number. The agents are
 * simulated, all in one process; controller, control Redis, messages, merge, audit and report are the real ones.
 */
interface Measured {
  readonly agents: number;
  readonly users: number;
  /** From the first place offered until every agent has opened. */
  readonly assembledMs: number;
  readonly trials: readonly TrialCost[];
  readonly reportBytes: number;
  readonly controlPeakBytes: number;
}

interface TrialCost {
  /** First to last agent's start, on the control Redis' clock, and how far that may be off. */
  readonly apartUs: number;
  readonly uncertaintyUs: number;
  /** What the control Redis did between start and end: commands a second, share of its main thread. */
  readonly controlPerSec: number;
  readonly controlBusy: number | null;
  /** Results on their way, histories included. */
  readonly collectMs: number;
  readonly mergeMs: number;
  readonly auditMs: number;
  readonly auditOk: boolean;
}

interface AgentsResult {
  readonly kind: "bench-agents";
  readonly tool: typeof TOOL;
  readonly measuredAt: string;
  readonly environment: EnvironmentReport;
  readonly measured: readonly Measured[];
}

const SIZES = [4, 25, 100] as const;
const USERS = 1_000_000;
const DEFAULTS = { rounds: 5, seed: 1, resume: false, output: join(PACKAGE_FOLDER, "results", "agents.json") };

/** @throws QbenchError */
export async function main(args: readonly string[]): Promise<void> {
  const options = benchOptions("agents", args, DEFAULTS);
  if (options === undefined) return;
  const measured: Measured[] = [];
  let environment: EnvironmentReport | undefined;
  for (const agents of SIZES) {
    const one = await measure(agents, options.rounds, options.seed);
    environment = one.facts.environment;
    measured.push(one.measured);
    console.error(`bench: ${agents} agents done`);
  }
  const result: AgentsResult = {
    kind: "bench-agents",
    tool: TOOL,
    measuredAt: new Date().toISOString(),
    environment: environment!,
    measured,
  };
  await writeWhole(options.output, `${JSON.stringify(result, null, 1)}\n`);
  console.log(render(result));
  console.error(`\nkept in ${options.output}`);
}

/** What is known of a trial before its result is. */
interface Watched {
  collectMs: number;
  mergeMs: number;
  before: ServerSnapshot;
  after: ServerSnapshot;
}

async function measure(
  agents: number,
  trials: number,
  seed: number,
): Promise<{ measured: Measured; facts: TargetFacts }> {
  const flags = {
    strategy: "lua",
    vus: String(USERS),
    entries: String(USERS),
    "max-waiting": String(USERS),
    instances: "1",
    trials: String(trials),
    warmup: "0",
    seed: String(seed),
  };
  const { scenario: ofOne } = resolveScenario({ file: undefined, flags, env: {} });
  const scenario = { ...ofOne, instances: agents };
  return withServer(async ({ target: { control, endpoints }, port }) => {
    const process = startAgents(agents, port);
    const startedAt = new Date();
    const startMs = performance.now();
    let assembledMs = 0;
    let facts: TargetFacts | undefined;
    const watched: Watched[] = [];
    const pool = agentsOf(
      { endpoint: endpoints[0]!, agents, patienceMs: 60_000, waitMs: 120_000, say: () => {} },
      new AbortController().signal,
    );
    try {
      const openGenerators: OpenGenerators = async (...rest) => {
        const generators = await pool.openGenerators(...rest);
        assembledMs = performance.now() - startMs;
        return watchedGenerators(generators, control, watched);
      };
      const outcome = await runScenario(
        scenario,
        { urls: [], allowRemote: false, allowNonempty: false, openGenerators },
        {
          async targetOpened(target: Target) {
            facts = await factsOf(target, scenario);
          },
          trialStarted: () => {},
          trialFinished: () => {},
        },
        new AbortController().signal,
      );
      if (outcome.error !== undefined) throw outcome.error;
      const report = buildRunReport({
        scenario,
        ...facts!,
        trials: outcome.trials,
        agents: pool.facts(),
        startedAt,
        durationMs: Math.round(performance.now() - startMs),
        complete: outcome.complete,
        warnings: outcome.warnings,
        seed: scenario.seed,
      });
      const costs = outcome.trials.map((trial, i): TrialCost => {
        const starts = trial.agents!.flatMap(({ startedLateUs }) => startedLateUs ?? []);
        const { collectMs, mergeMs, before, after } = watched[i]!;
        return {
          apartUs: Math.max(...starts) - Math.min(...starts),
          uncertaintyUs: Math.max(...trial.agents!.flatMap(({ clockUncertaintyUs }) => clockUncertaintyUs ?? [])),
          ...loadBetween(before, after),
          collectMs,
          mergeMs,
          auditMs: trial.audit.durationMs,
          auditOk: trial.audit.brokenPromises.length === 0,
        };
      });
      const controlPeakBytes = Number(infoFields(await control.info("memory")).get("used_memory_peak"));
      const reportBytes = JSON.stringify(report, null, 2).length;
      return {
        measured: { agents, users: USERS, assembledMs, trials: costs, reportBytes, controlPeakBytes },
        facts: facts!,
      };
    } finally {
      await pool.close();
      process.kill("SIGKILL");
    }
  });
}

function startAgents(agents: number, port: number): ChildProcess {
  const program = fileURLToPath(new URL("./agents-process.js", import.meta.url));
  const args = [program, String(agents), `redis://127.0.0.1:${port}`];
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
}

type Opened = Awaited<ReturnType<OpenGenerators>>;

/** The same, and what its runs cost. */
function watchedGenerators(generators: Opened, control: Redis, watched: Watched[]): Opened {
  return {
    get agents() {
      return generators.agents;
    },
    get pacingCpuMs() {
      return generators.pacingCpuMs;
    },
    async run(segments, whenReady, whenOpen, whenEnded) {
      const one = {} as Watched;
      let endedMs = 0;
      const results = await generators.run(
        segments,
        async () => {
          await whenReady();
          one.before = parseInfo(await control.info("all"));
        },
        whenOpen,
        async (isServerLost, lineUps) => {
          one.after = parseInfo(await control.info("all"));
          await whenEnded?.(isServerLost, lineUps);
          endedMs = performance.now();
        },
      );
      one.collectMs = performance.now() - endedMs;
      const mergeMs = performance.now();
      mergeCounts(results);
      mergeTimelines(results.map(({ seconds }) => seconds));
      for (const name of ["entry", "service", "poolWait", "failed"] as const) {
        mergeHistograms(results.map((result) => result[name]));
      }
      agentFigures(generators.agents ?? [], results);
      one.mergeMs = performance.now() - mergeMs;
      watched.push(one);
      return results;
    },
    progress: () => generators.progress(),
    latencies: () => generators.latencies(),
    eventLoops: () => generators.eventLoops(),
    abort: () => generators.abort(),
    close: () => generators.close(),
  };
}

function loadBetween(before: ServerSnapshot, after: ServerSnapshot): Pick<TrialCost, "controlPerSec" | "controlBusy"> {
  const calls = ({ commands }: ServerSnapshot): number =>
    [...commands.values()].reduce((sum, one) => sum + one.calls, 0);
  const wallUs = after.serverTimeUs - before.serverTimeUs;
  const [from, to] = [before.mainThreadCpuUs, after.mainThreadCpuUs];
  return {
    controlPerSec: ((calls(after) - calls(before)) / wallUs) * 1e6,
    controlBusy: from === null || to === null ? null : (to - from) / wallUs,
  };
}

const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));

export function render({ measured }: AgentsResult): string {
  const middle = (trials: readonly TrialCost[], of: (trial: TrialCost) => number): number => median(trials.map(of));
  const rows = measured.map(({ agents, assembledMs, trials, reportBytes, controlPeakBytes }) => [
    String(agents),
    ms(assembledMs),
    ms(middle(trials, ({ apartUs }) => apartUs / 1000)),
    ms(Math.max(...trials.map(({ apartUs }) => apartUs / 1000))),
    ms(Math.max(...trials.map(({ uncertaintyUs }) => uncertaintyUs / 1000))),
    middle(trials, ({ controlPerSec }) => controlPerSec).toFixed(0),
    `${(100 * middle(trials, ({ controlBusy }) => controlBusy ?? 0)).toFixed(1)} %`,
    ms(middle(trials, ({ collectMs }) => collectMs)),
    ms(middle(trials, ({ mergeMs }) => mergeMs)),
    ms(middle(trials, ({ auditMs }) => auditMs)),
    formatBytes(reportBytes / trials.length),
    formatBytes(controlPeakBytes),
  ]);
  const heads = [
    "agents",
    "there ms",
    "apart ms",
    "worst",
    "± ms",
    "control/s",
    "busy",
    "collect ms",
    "merge ms",
    "audit ms",
    "report a trial",
    "control",
  ];
  const [first] = measured;
  return [
    `${formatCount(first?.users ?? 0)} users, one entry each, ${first?.trials.length ?? 0} trials; medians`,
    columns([heads, ...rows]),
    "there: until every agent is; apart: first to last start, its worst, and how far that may be off; control: the " +
      "control Redis\nunder load and its peak of memory; collect: results on their way, with 1M events",
  ].join("\n\n");
}

import { join } from "node:path";
import { parseArgs } from "node:util";
import { ENTRY_BYTES } from "../audit/history.js";
import { usageError } from "../base/errors.js";
import { formatBytes, formatCount, parseCount } from "../base/units.js";
import { factsOf, type TargetFacts, writeWhole } from "../commands/report-file.js";
import { runScenario } from "../engine/run.js";
import { buildRunReport } from "../report/builder.js";
import type { EnvironmentReport } from "../report/schema.js";
import { PACKAGE_FOLDER, TOOL } from "../report/tool.js";
import { resolveScenario } from "../scenario/load.js";
import type { Target } from "../targets/target.js";
import { type Goal, judgeValues, type Reached } from "./goals.js";
import { leastOf, slopeOf } from "./slope.js";
import { columns } from "./text.js";

/**
 * `npm run bench:memory`: does the generator's memory stay flat over a long run, apart from the history's budget? One
 * trial, looked at every second in the measuring process; then its audit, and the size of its report.
 */

/** Memory at one second of the trial. */
export interface MemorySample {
  readonly atMs: number;
  readonly entries: number;
  /** The whole process. */
  readonly rssBytes: number;
  /** Objects and typed arrays of the measuring thread, the history included. */
  readonly heldBytes: number;
  readonly historyBytes: number;
}

interface MemoryResult {
  readonly kind: "bench-memory";
  readonly tool: typeof TOOL;
  readonly measuredAt: string;
  readonly environment: EnvironmentReport;
  readonly command: string;
  readonly users: number;
  readonly entries: number;
  readonly entriesPerSec: number;
  readonly durationMs: number;
  readonly samples: readonly MemorySample[];
  readonly audit: {
    readonly ok: boolean;
    readonly coverage: string;
    readonly checked: number;
    readonly durationMs: number;
  };
  /** The most that the process took, audit included. */
  readonly peakRssBytes: number;
  readonly reportBytes: number;
  readonly goals: readonly Reached[];
}

const DEFAULTS = { entries: "10M", vus: "200k", output: join(PACKAGE_FOLDER, "results", "memory.json") };
/** Room for 26 million entries. */
const HISTORY_MB = 1024;
const EVERY_MS = 1000;
/** The thread tells its memory once a second: the first samples have none. Users begin and code warms up meanwhile. */
const SETTLED_AFTER_MS = 5000;
/** Samples of which the least counts: garbage that waits for its collection is no growth. */
const WINDOW = 8;

const HELP = `npm run bench:memory -- [options]
  --entries N    (${DEFAULTS.entries})
  --vus N        (${DEFAULTS.vus})
  --output PATH  (${DEFAULTS.output})`;

/** @throws QbenchError */
export async function main(args: readonly string[]): Promise<void> {
  const { entries, vus, output } = optionsOf(args);
  const flags = {
    strategy: "lua",
    connections: "shared",
    trials: "1",
    entries,
    vus,
    timeout: "60s",
    history: `${HISTORY_MB}MB`,
    seed: "1",
  };
  const { scenario } = resolveScenario({ file: undefined, flags, env: {} });
  const samples: MemorySample[] = [];
  let facts: TargetFacts | undefined;
  let peakRssBytes = 0;
  const watcher = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
  }, 50);
  const startedAt = new Date();
  const startMs = performance.now();
  const outcome = await runScenario(
    scenario,
    { urls: [], allowRemote: false, allowNonempty: false },
    {
      async targetOpened(target: Target) {
        facts = await factsOf(target, scenario);
      },
      trialStarted: () => {},
      progressed: (live) => {
        // Entries have ended, and the audit reads: what is held then does not grow with anything.
        if (live.succeeded === scenario.entries) return;
        if (live.elapsedMs - (samples.at(-1)?.atMs ?? 0) < EVERY_MS) return;
        const sample = {
          atMs: Math.round(live.elapsedMs),
          entries: live.succeeded,
          rssBytes: process.memoryUsage.rss(),
          heldBytes: live.heapUsedBytes + live.arrayBuffersBytes,
          historyBytes: Math.min(live.succeeded * ENTRY_BYTES, HISTORY_MB * 1024 * 1024),
        };
        samples.push(sample);
        if (samples.length % 10 === 0)
          console.error(`bench: ${formatCount(sample.entries)} entries, ${sampleText(sample)}`);
      },
      trialFinished: () => {},
    },
    new AbortController().signal,
  ).finally(() => clearInterval(watcher));
  if (outcome.error !== undefined) throw outcome.error;
  const trial = outcome.trials[0]!;
  const report = buildRunReport({
    scenario,
    ...facts!,
    trials: outcome.trials,
    startedAt,
    durationMs: Math.round(performance.now() - startMs),
    complete: outcome.complete,
    warnings: outcome.warnings,
    seed: scenario.seed,
  });
  const { ok, coverage, checked, durationMs } = trial.audit;
  const result: MemoryResult = {
    kind: "bench-memory",
    tool: TOOL,
    measuredAt: new Date().toISOString(),
    environment: facts!.environment,
    command: `qbench run ${Object.entries(flags)
      .map(([flag, value]) => `--${flag} ${value}`)
      .join(" ")}`,
    users: scenario.vus,
    entries: trial.entries.succeeded,
    entriesPerSec: (trial.entries.succeeded / trial.durationMs) * 1000,
    durationMs: trial.durationMs,
    samples,
    audit: { ok, coverage, checked, durationMs },
    peakRssBytes,
    reportBytes: JSON.stringify(report, null, 2).length,
    goals: goalsOf(samples, trial.generator.memory.bytesPerUser),
  };
  await writeWhole(output, `${JSON.stringify(result, null, 1)}\n`);
  console.log(render(result));
  console.error(`\nkept in ${output}`);
}

function optionsOf(args: readonly string[]): typeof DEFAULTS {
  try {
    const text = { type: "string" } as const;
    const options = { entries: text, vus: text, output: text };
    const given = { ...DEFAULTS, ...parseArgs({ args: [...args], options }).values };
    parseCount(given.entries);
    parseCount(given.vus);
    return given;
  } catch (error) {
    throw usageError((error as Error).message, HELP);
  }
}

/** Growth of what is held, history apart, by the least of each window. */
export function growthPerEntry(samples: readonly MemorySample[]): number | null {
  const settled = samples.filter(({ atMs }) => atMs >= SETTLED_AFTER_MS);
  const least = leastOf(settled, WINDOW, ({ heldBytes, historyBytes }) => heldBytes - historyBytes);
  return slopeOf(least.map(({ item, least: bytes }) => [item.entries, bytes]));
}

function goalsOf(samples: readonly MemorySample[], bytesPerUser: number): Reached[] {
  const goal = (what: string, wanted: number): Goal => ({ what, unit: "bytes", bound: "at most", wanted });
  const growth = growthPerEntry(samples);
  return [
    ...judgeValues(goal("growth for each further entry, history apart", 1), growth === null ? [] : [growth]),
    ...judgeValues(goal("held for each virtual user, history apart", 700), [bytesPerUser]),
    ...judgeValues(goal("history for each entry", 50), [ENTRY_BYTES]),
  ];
}

const sampleText = ({ rssBytes, heldBytes, historyBytes }: MemorySample): string =>
  `resident ${formatBytes(rssBytes)}, held ${formatBytes(heldBytes)}, of which history ${formatBytes(historyBytes)}`;

/** Rows of the table: enough to see a slope. */
const ROWS = 12;

export function render(result: MemoryResult): string {
  const { samples, goals, audit } = result;
  const step = Math.max(1, Math.ceil(samples.length / ROWS));
  const shown = samples.filter((_, i) => (i + 1) % step === 0);
  return [
    `${formatCount(result.entries)} entries of ${formatCount(result.users)} users in ${(result.durationMs / 1000).toFixed(1)} s`,
    columns([
      ["second", "entries", "resident", "held", "history", "held without it"],
      ...shown.map((one) => [
        (one.atMs / 1000).toFixed(0),
        formatCount(one.entries),
        ...[one.rssBytes, one.heldBytes, one.historyBytes, one.heldBytes - one.historyBytes].map(formatBytes),
      ]),
    ]),
    columns([
      ["goal", "wanted", "got", "reached"],
      ...goals.map(({ what, bound, wanted, unit, got, reached }) => [
        what,
        `${bound} ${wanted} ${unit}`,
        got.toFixed(2),
        reached,
      ]),
    ]),
    `audit ${audit.ok ? "ok" : "found anomalies"}: ${formatCount(audit.checked)} looked at in ` +
      `${(audit.durationMs / 1000).toFixed(1)} s; at most ${formatBytes(result.peakRssBytes)} resident, audit included; ` +
      `report ${formatBytes(result.reportBytes)}`,
  ].join("\n\n");
}

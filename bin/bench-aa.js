#!/usr/bin/env node
/**
 * Is the comparison calibrated? Compares one strategy with itself, a hundred times, as `qbench run` compares two: five
 * rounds, both sides once in each, in an order drawn from the seed. A verdict other than "no difference" is a false
 * alarm; at 95 % confidence, and with an effect of 3 % needed besides, there may be five in a hundred at most.
 *
 *   npm run bench:aa -- [--comparisons 100] [--slice 100] [--strategy lua] [--duration 250ms]
 *
 * Comparisons are kept one by one in results/aa.jsonl, so that a run that was cut goes on where it stopped; when all are
 * there, results/aa.json is written from them. `--slice N` ends after N more.
 *
 * A run has every strategy once, so both sides are the same strategy's trials, one after another on warm threads, and
 * the plan of a run of two says which of them is which side's.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./build.js";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const { values: options } = parseArgs({
  options: {
    comparisons: { type: "string", default: "100" },
    slice: { type: "string", default: "100" },
    strategy: { type: "string", default: "lua" },
    duration: { type: "string", default: "250ms" },
    seed: { type: "string", default: "1" },
    output: { type: "string", default: inProject("results/aa.json") },
  },
});
const SIDES = ["a", "b"];
const ROUNDS = 5;
const TRIALS = SIDES.length * ROUNDS;
/** Comparisons on one server and with one set of threads: a run of more would be a run of an hour. */
const MOST_A_RUN = 10;

const log = `${options.output}l`;

/** What changes the figures must not change within one result. */
const settings = { strategy: options.strategy, duration: options.duration, seed: Number(options.seed), rounds: ROUNDS };

const done = comparisonsSoFar();
build((line) => console.error(`bench:aa: ${line}`));
const { deriveSeed } = await import("../dist/base/prng.js");
const { runScenario } = await import("../dist/engine/run.js");
const { planRun } = await import("../dist/plan/plan.js");
const { summarize } = await import("../dist/report/summary.js");
const { resolveScenario } = await import("../dist/scenario/load.js");
const { factsOf } = await import("../dist/commands/report-file.js");

mkdirSync(inProject("results"), { recursive: true });
const wanted = Number(options.comparisons);
let left = Math.min(Number(options.slice), wanted - done.length);
while (left > 0) {
  const count = Math.min(left, MOST_A_RUN);
  await compare(done.length, count);
  left -= count;
}
if (done.length >= wanted) writeResult();
else console.error(`bench:aa: ${done.length} of ${wanted}; the same command goes on`);

function comparisonsSoFar() {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const others = lines.find((line) => JSON.stringify(line.settings) !== JSON.stringify(settings));
  if (others !== undefined) {
    console.error(`bench:aa: ${log} holds comparisons with other settings (${JSON.stringify(others.settings)})`);
    console.error("  remove it to begin anew");
    process.exit(2);
  }
  return lines;
}

/** One run of `count` comparisons' trials. */
async function compare(from, count) {
  const { strategy, duration, seed } = settings;
  const flags = { strategy, duration, warmup: "50ms", trials: TRIALS * count, seed: deriveSeed(seed, "run", from) };
  const { scenario } = resolveScenario({ flags, env: {} });
  let facts;
  let trials = [];
  const observer = {
    async targetOpened(target) {
      facts = await factsOf(target, scenario);
    },
    trialStarted() {},
    progressed() {},
    trialFinished(trial) {
      trials.push(trial);
      if (trials.length < TRIALS) return;
      conclude(trials, facts);
      trials = [];
    },
  };
  const target = { urls: [], allowRemote: false, allowNonempty: false };
  const { error } = await runScenario(scenario, target, observer, new AbortController().signal);
  if (error !== undefined) throw error;
}

/** Ten trials in the order in which they ran: two sides by the plan of a run of two. */
function conclude(trials, { environment }) {
  const number = done.length;
  const seed = deriveSeed(settings.seed, "comparison", number);
  const plan = planRun({ strategies: SIDES, trials: ROUNDS, seed });
  const sides = { a: [], b: [] };
  for (const [i, { strategy: side, round, order }] of plan.entries()) sides[side].push({ ...trials[i], round, order });
  const { vsBaseline, limiters } = summarize(sides.b, { name: "a", trials: sides.a }, "entry");
  const { tpsRatio, low, high, verdict, p50, p95, p99 } = vsBaseline;
  const comparison = {
    number,
    seed,
    settings,
    verdict,
    ratio: tpsRatio,
    low,
    high,
    latencyVerdicts: { p50: p50.verdict, p95: p95.verdict, p99: p99.verdict },
    limiters,
    tps: plan.map(({ strategy: side }, i) => [
      side,
      Math.round(trials[i].entries.succeeded / (trials[i].durationMs / 1000)),
    ]),
    at: new Date().toISOString(),
    environment,
  };
  done.push(comparison);
  appendFileSync(log, `${JSON.stringify(comparison)}\n`);
  const range = `${low.toFixed(3)}–${high.toFixed(3)}`;
  console.error(`bench:aa: ${done.length}/${wanted} ${verdict} ×${tpsRatio.toFixed(3)} (${range})`);
}

function writeResult() {
  const kept = done.slice(0, wanted);
  const count = (of) => kept.filter((one) => of(one) === "no-difference").length;
  const result = {
    schemaVersion: 1,
    kind: "aa",
    command: `npm run bench:aa -- --comparisons ${wanted} --strategy ${settings.strategy} --duration ${settings.duration} --seed ${settings.seed}`,
    settings,
    comparisons: kept.length,
    noDifference: count(({ verdict }) => verdict),
    /** The same trials' latencies, compared in the same way. */
    noDifferenceInLatency: {
      p50: count(({ latencyVerdicts }) => latencyVerdicts.p50),
      p95: count(({ latencyVerdicts }) => latencyVerdicts.p95),
      p99: count(({ latencyVerdicts }) => latencyVerdicts.p99),
    },
    /** Intervals that leave out 1, whatever the size of the effect: 5 in 100 are expected. */
    intervalsWithoutOne: kept.filter(({ low, high }) => low > 1 || high < 1).length,
    startedAt: kept[0]?.at,
    endedAt: kept.at(-1)?.at,
    environment: kept[0]?.environment,
    verdicts: kept.map(({ number, seed, verdict, ratio, low, high }) => ({ number, seed, verdict, ratio, low, high })),
  };
  writeFileSync(options.output, `${JSON.stringify(result, null, 2)}\n`);
  rmSync(log);
  console.log(
    `${result.noDifference} of ${result.comparisons} comparisons found no difference; written to ${options.output}`,
  );
}

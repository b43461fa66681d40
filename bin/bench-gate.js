#!/usr/bin/env node
/**
 * The proof that the gate does what it promises: `npm run bench:gate`. On a real Redis, a thing is compared with itself
 * a hundred times, and sixty times with itself slowed by a tenth; the gate's verdicts are counted. Trials of 250 ms in
 * warm threads, throughput gated.
 *
 *   --minutes N   stop before N minutes are over; the next start goes on where this one ended
 *   --fresh       forget what earlier starts measured
 *
 * Every gate is a line of results/gate.jsonl as soon as it has ended; results/gate.json is made of them at the end.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.js";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const LINES = inProject("results/gate.jsonl");
const RESULT = inProject("results/gate.json");

const SEED = 20261124;
const UNCHANGED = 100;
const SLOWED = 60;
/** A candidate that needs this many times the base's time: its throughput is nine tenths. */
const SLOWDOWN = 1 / 0.9;
const CALIBRATION_PAIRS = 30;
const VERIFICATION_PAIRS = 80;
const MANY_LOOPS = 800;
/** How near to the slowdown that is meant the true one must be, or the loops are mended. */
const CLOSE = 0.015;
const FLAGS = { connections: "shared", pool: "4", vus: "400", duration: "250ms", warmup: "0", history: "64MB" };
/** What the proof must show. */
const BOUNDS = { unchangedFails: 2, slowedPasses: 3, slowedFails: 54, pairSd: 0.08 };

/** enter_queue.lua with work in it that touches no data: the server's own counters see no difference. */
function slowedScript(loops) {
  const source = readFileSync(inProject("lua/enter_queue.lua"), "utf8");
  return `local spent = 0\nfor i = 1, ${loops} do spent = spent + i end\n${source}`;
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? null : (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** The gates of the whole proof, in an order in which both kinds meet whatever the machine does. */
function plannedGates({ prng, shuffled }) {
  const gates = [
    ...Array.from({ length: UNCHANGED }, (_, i) => ({ kind: "unchanged", seed: SEED + i })),
    ...Array.from({ length: SLOWED }, (_, i) => ({ kind: "slowed", seed: SEED + 1000 + i })),
  ];
  return shuffled(gates, prng(SEED));
}

const readLines = () =>
  existsSync(LINES)
    ? readFileSync(LINES, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
    : [];

/** What the lines come to. */
export function summarize(lines) {
  const gates = lines.filter(({ kind }) => kind === "unchanged" || kind === "slowed");
  const of = (kind) => {
    const own = gates.filter((gate) => gate.kind === kind);
    const count = (verdict) => own.filter((gate) => gate.verdict === verdict).length;
    return {
      gates: own.length,
      fail: count("fail"),
      pass: count("pass"),
      inconclusive: count("inconclusive"),
      pairs: own.reduce((sum, { pairs }) => sum + pairs, 0),
      medianPairSd: median(own.map(({ pairSd }) => pairSd)),
      medianEstimate: median(own.map(({ estimate }) => estimate)),
      serverLimited: own.reduce((sum, gate) => sum + gate.serverLimited, 0),
      trials: own.reduce((sum, { pairs }) => sum + 2 * pairs, 0),
      ms: own.reduce((sum, { ms }) => sum + ms, 0),
    };
  };
  const [unchanged, slowed] = [of("unchanged"), of("slowed")];
  const isQuiet = (slowed.medianPairSd ?? 1) <= BOUNDS.pairSd;
  return {
    unchanged,
    slowed,
    complete: unchanged.gates === UNCHANGED && slowed.gates === SLOWED,
    withinBounds:
      unchanged.fail <= BOUNDS.unchangedFails &&
      slowed.pass <= BOUNDS.slowedPasses &&
      (!isQuiet || slowed.fail >= BOUNDS.slowedFails || slowed.gates < SLOWED),
  };
}

const percent = (share) => `${(share * 100).toFixed(1)} %`;

/** The proof as docs quote it. */
export function proofText({ summary, calibration, environment, bounds }) {
  const { unchanged, slowed } = summary;
  const row = (name, one) =>
    [
      name.padEnd(12),
      String(one.gates).padStart(5),
      String(one.fail).padStart(6),
      String(one.pass).padStart(6),
      String(one.inconclusive).padStart(14),
      (one.gates === 0 ? "–" : (one.pairs / one.gates).toFixed(1)).padStart(13),
      (one.medianPairSd === null ? "–" : percent(one.medianPairSd)).padStart(16),
    ].join("");
  const perPair = (unchanged.ms + slowed.ms) / Math.max(1, unchanged.pairs + slowed.pairs);
  return [
    `${"candidate".padEnd(12)}gates  FAIL  PASS  INCONCLUSIVE  pairs a gate  median pair sd`,
    row("the same", unchanged),
    row("slowed", slowed),
    "",
    `The slowed one does ${percent(1 - 1 / calibration.factor)} fewer entries a second (${calibration.pairs} pairs; 95 % interval ` +
      `${percent(1 - 1 / calibration.low)} to ${percent(1 - 1 / calibration.high)}). Redis was the limit in ` +
      `${percent((unchanged.serverLimited + slowed.serverLimited) / Math.max(1, unchanged.trials + slowed.trials))} of the trials. ` +
      `A pair took ${(perPair / 1000).toFixed(2)} s.`,
    `Asked for: the same fails at most ${bounds.unchangedFails} times; slowed passes at most ${bounds.slowedPasses} times and, where the ` +
      `pair sd is at most ${percent(bounds.pairSd)}, fails at least ${bounds.slowedFails} times. ` +
      `${summary.complete ? "" : "Not complete yet. "}${summary.withinBounds ? "Kept." : "NOT kept."}`,
    `${environment.machine.cores} × ${environment.machine.cpuModel}, ${environment.redis.server} ${environment.redis.version}, Node ${environment.software.node}`,
  ].join("\n");
}

async function main() {
  const args = process.argv.slice(2);
  const minutesAt = args.indexOf("--minutes");
  const minutes = minutesAt < 0 ? 60 : Number(args[minutesAt + 1]);
  if (!(minutes > 0 && minutes <= 60)) throw new Error("--minutes: expected a number from 1 to 60");
  const untilMs = performance.now() + minutes * 60_000;
  if (args.includes("--fresh")) rmSync(LINES, { force: true });
  mkdirSync(inProject("results"), { recursive: true });

  const dist = (path) => import(/* @vite-ignore */ new URL(`../dist/${path}`, import.meta.url).href);
  const [
    { openSides },
    { runGate },
    { EVERY_KIND_OF_USER },
    { addLuaFiles },
    { prng, shuffled },
    { resolveScenario },
    { withSignals },
    { factsOf },
    { hodgesLehmann, signedRankBounds },
    { worsening },
  ] = await Promise.all(
    [
      "gate/sides.js",
      "gate/procedure.js",
      "gate/plan.js",
      "strategies/index.js",
      "base/prng.js",
      "scenario/load.js",
      "commands/signals.js",
      "commands/report-file.js",
      "stats/signed-rank.js",
      "stats/gate.js",
    ].map(dist),
  );
  const { scenario } = resolveScenario({ flags: { ...FLAGS, seed: String(SEED) } });
  const say = (line) => console.error(`bench:gate: ${line}`);
  const keep = (line) => appendFileSync(LINES, `${JSON.stringify(line)}\n`);

  /** Sides with a slowed candidate; `use` gets what runs trials of either. */
  const withSides = async (loops, signal, use) => {
    const slowed = { kind: "lua", what: "slowed", label: `lua:slowed by ${loops}` };
    addLuaFiles([{ name: slowed.label, source: slowedScript(loops) }]);
    const sides = await openSides(
      {
        specs: { base: { kind: "strategy", what: "lua", label: "strategy:lua" }, candidate: slowed },
        scenarios: { base: scenario, candidate: scenario },
        cases: [{ name: "slowed", base: "lua", candidate: slowed.label }],
        target: { urls: [], allowRemote: false, allowNonempty: false },
        say,
      },
      signal,
    );
    try {
      return await use(sides, slowed.label);
    } finally {
      await sides.close();
    }
  };

  /** d of pairs, one after another, outside of any gate. */
  const differencesOf = async (sides, candidate, count, seed, signal) => {
    const strategies = { base: "lua", candidate };
    const differences = [];
    // The first pairs meet cold code and do not count.
    for (let pair = -4; pair < count; pair++) {
      const tps = {};
      for (const side of prng(seed + pair).next() < 0.5 ? ["base", "candidate"] : ["candidate", "base"]) {
        const trial = { side, strategy: strategies[side], scenario, pair: 0, order: 0, seed: seed + pair };
        tps[side] = (await sides.trial(trial, signal)).tps;
        if (signal.aborted) throw new Error("interrupted: start it again and it goes on");
      }
      if (pair >= 0) differences.push(worsening(tps.base, tps.candidate, "higher-is-better"));
    }
    return differences;
  };

  /** Loops that cost a tenth of the throughput: first from a slowdown that no noise can hide, then checked, and mended once. */
  const calibrate = async (signal) => {
    say("calibrating the slowdown");
    const measure = (loops, pairs, seed) =>
      withSides(loops, signal, (sides, slowed) => differencesOf(sides, slowed, pairs, seed, signal));
    const cost = Math.expm1(hodgesLehmann(await measure(MANY_LOOPS, CALIBRATION_PAIRS, SEED)));
    let loops = Math.round((MANY_LOOPS * (SLOWDOWN - 1)) / cost);
    for (let round = 1; ; round++) {
      const differences = await measure(loops, VERIFICATION_PAIRS, SEED + 1000 * round);
      const { low, high } = signedRankBounds(differences, 0.975);
      const [factor, lowest, highest] = [hodgesLehmann(differences), low, high].map(Math.exp);
      say(
        `${loops} loops: ${percent(1 - 1 / factor)} fewer (${percent(1 - 1 / lowest)} to ${percent(1 - 1 / highest)})`,
      );
      if (Math.abs(factor - SLOWDOWN) < CLOSE || round === 2) {
        const line = { kind: "calibration", loops, pairs: differences.length, factor, low: lowest, high: highest };
        keep(line);
        return line;
      }
      loops = Math.round(loops * Math.min(2, Math.max(0.5, (SLOWDOWN - 1) / Math.max(0.01, factor - 1))));
    }
  };

  const runOne = async ({ kind, seed }, sides, slowed, signal) => {
    const sinceMs = performance.now();
    const plan = {
      cases: [{ name: kind, base: "lua", candidate: kind === "slowed" ? slowed : "lua" }],
      metrics: ["tps"],
      threshold: 0.1,
      maxPairs: 36,
      seed,
      countedMix: EVERY_KIND_OF_USER,
      allowMore: [],
      thresholds: [],
    };
    const scenarios = { base: { ...scenario, seed }, candidate: { ...scenario, seed } };
    const observer = { trialStarted() {}, looked() {} };
    // Its threads are warm since the first pairs of this start.
    const outcome = await runGate(plan, scenarios, { ...sides, isWarm: false }, observer, signal);
    if (outcome.error !== undefined) throw outcome.error;
    const [metric] = outcome.metrics;
    const serverLimited = outcome.pairs
      .flatMap(({ base, candidate }) => [base, candidate])
      .filter(({ limiter }) => limiter === "server");
    return {
      kind,
      seed,
      verdict: outcome.verdict,
      pairs: outcome.pairs.length,
      estimate: metric?.judgement.estimate ?? null,
      high: metric?.judgement.high ?? null,
      p: metric?.judgement.p ?? null,
      pairSd: metric?.judgement.pairSd ?? null,
      serverLimited: serverLimited.length,
      ms: Math.round(performance.now() - sinceMs),
    };
  };

  await withSignals(async (signal) => {
    const calibration = readLines().find(({ kind }) => kind === "calibration") ?? (await calibrate(signal));
    const done = new Set(readLines().map(({ kind, seed }) => `${kind} ${seed}`));
    const left = plannedGates({ prng, shuffled }).filter(({ kind, seed }) => !done.has(`${kind} ${seed}`));
    const environment = await withSides(calibration.loops, signal, async (sides, slowed) => {
      const facts = await factsOf(sides.targets.base, { strategies: ["lua"], seed: SEED });
      if (left.length > 0) await differencesOf(sides, slowed, 1, SEED + 9000, signal);
      let longestMs = 30_000;
      for (const gate of left) {
        if (performance.now() + longestMs > untilMs || signal.aborted) break;
        const line = await runOne(gate, sides, slowed, signal);
        longestMs = Math.max(longestMs, line.ms);
        keep(line);
        say(`${line.kind}: ${line.verdict} after ${line.pairs} pairs, sd ${percent(line.pairSd ?? 0)}, ${line.ms} ms`);
      }
      return facts.environment;
    });
    const summary = summarize(readLines());
    const proof = {
      schemaVersion: 1,
      kind: "gate-proof",
      command: "npm run bench:gate",
      seed: SEED,
      flags: FLAGS,
      bounds: BOUNDS,
      calibration,
      summary,
      environment,
    };
    console.log(proofText(proof));
    if (!summary.complete) {
      say("not complete: start it again and it goes on");
      return;
    }
    const gates = readLines().filter(({ kind }) => kind !== "calibration");
    writeFileSync(RESULT, `${JSON.stringify({ ...proof, gates }, null, 2)}\n`);
    if (!summary.withinBounds) process.exitCode = 1;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url) && (await setUp({ needsRedis: true }))) {
  try {
    await main();
  } catch (error) {
    console.error(`bench:gate: ${error.message}`);
    process.exitCode = error.exitCode ?? 70;
  }
}

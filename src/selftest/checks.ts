import { deriveSeed, prng, shuffled } from "../base/prng.js";
import { Bench, openPlace } from "../engine/bench.js";
import type { TrialResult } from "../engine/trial-result.js";
import { tpsOf } from "../report/summary.js";
import { resolveScenario } from "../scenario/load.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Behaviour, FakeServer, Recorded } from "./fake-server.js";
import { type CheckResult, comparisonHolds, type Pair, percentilesHold, stallHolds } from "./judges.js";

/** What the selftest checks (METHOD 15): each lets the real program measure the fake server. A new one is an entry. */
export interface SelftestCheck {
  readonly name: string;
  /** What it proves. */
  readonly what: string;
  run(place: Place, seed: number): Promise<CheckResult>;
}

export interface Place {
  readonly server: FakeServer;
  readonly client: Scenario["client"];
  readonly signal: AbortSignal;
  /** Shorter trials. */
  readonly isShort: boolean;
}

const US_A_MS = 1000;

export const SELFTEST_CHECKS: readonly SelftestCheck[] = [
  {
    name: "constant-delay",
    what: "latencies are measured from sending to the reply, all of them, in the right unit",
    async run(place, seed) {
      const entries = place.isShort ? 200 : 800;
      const { trial, recorded } = await measure(place, seed, { delaysUs: [20 * US_A_MS] }, { entries });
      return percentilesHold(trial, recorded);
    },
  },
  {
    name: "two-delays",
    what: "percentiles are of entries, never of averages: one slow entry in twenty shows at p99, and not at p90",
    async run(place, seed) {
      const delaysUs = [...Array<number>(19).fill(10 * US_A_MS), 300 * US_A_MS];
      const entries = place.isShort ? 400 : 1200;
      const { trial, recorded } = await measure(place, seed, { delaysUs }, { entries });
      return percentilesHold(trial, recorded);
    },
  },
  {
    name: "stall",
    what: "a server that stops does not stop the arrivals: the open model counts from the planned start",
    async run(place, seed) {
      const durationMs = place.isShort ? 1000 : 3000;
      const stall = { afterMs: durationMs / 4, forMs: durationMs / 2 };
      const load = { duration: `${durationMs}ms`, rate: 400, pool: 2 };
      const { trial, recorded } = await measure(place, seed, { delaysUs: [0], stall }, load);
      return stallHolds(trial, recorded, durationMs);
    },
  },
  {
    name: "same-against-itself",
    what: "comparison and gate see no difference where there is none",
    run: async (place, seed) => comparisonHolds(await pairsOf(place, seed, 1), true),
  },
  {
    name: "injected-slowdown",
    what: "the comparison finds a server that has become slower, and the gate fails it",
    run: async (place, seed) => comparisonHolds(await pairsOf(place, seed, 1.6), false),
  },
];

type Load = Partial<Record<"entries" | "duration" | "rate" | "pool" | "warmup", string | number>>;

/** Nothing of the user's environment: the selftest is the same for everybody. */
function scenarioOf(client: Scenario["client"], seed: number, load: Load): Scenario {
  const fixed = { strategy: "lua", vus: 20, pool: 20, warmup: 0, timeout: "30s", trials: 1, history: "64MB" };
  return resolveScenario({ flags: { ...fixed, "max-in-flight": 5000, client, seed, ...load }, env: {} }).scenario;
}

async function withBench<T>({ server }: Place, scenario: Scenario, use: (bench: Bench) => Promise<T>): Promise<T> {
  const urls = [`redis://127.0.0.1:${server.port}`];
  const place = await openPlace({ urls, allowRemote: false, allowNonempty: true }, scenario.timeoutMs);
  try {
    const bench = await Bench.open(place, scenario);
    try {
      return await use(bench);
    } finally {
      await bench.close();
    }
  } finally {
    await place.target.stop();
  }
}

/** One trial against the server behaving like this. */
function measure(
  place: Place,
  seed: number,
  behaviour: Behaviour,
  load: Load,
): Promise<{ trial: TrialResult; recorded: Recorded }> {
  const scenario = scenarioOf(place.client, seed, load);
  return withBench(place, scenario, async (bench) => {
    await place.server.behave(behaviour);
    const trial = await bench.trial(scenario, { strategy: "lua", round: 0, order: 0, seed }, place.signal);
    return { trial, recorded: await place.server.recorded() };
  });
}

/** As many as the gate's first look wants. */
const PAIRS = 10;
const DELAY_US = 4 * US_A_MS;

/** Pairs of trials, in an order drawn from the seed; the candidate's server is slower by `factor`. */
function pairsOf(place: Place, seed: number, factor: number): Promise<Pair[]> {
  const [duration, warmup] = place.isShort ? ["100ms", "20ms"] : ["250ms", "50ms"];
  const scenario = scenarioOf(place.client, seed, { duration, warmup });
  const random = prng(seed);
  const delayUs = { baseline: DELAY_US, candidate: factor * DELAY_US };
  return withBench(place, scenario, async (bench) => {
    const pairs: Pair[] = [];
    for (let round = 0; round < PAIRS; round++) {
      const pair = { baseline: 0, candidate: 0, baselineDelayUs: 0, candidateDelayUs: 0 };
      for (const [order, side] of shuffled(["baseline", "candidate"] as const, random).entries()) {
        await place.server.behave({ delaysUs: [delayUs[side]] });
        const plan = { strategy: "lua", round, order, seed: deriveSeed(seed, round) };
        pair[side] = tpsOf(await bench.trial(scenario, plan, place.signal));
        const { delaysUs } = await place.server.recorded();
        pair[`${side}DelayUs`] = delaysUs.reduce((sum, us) => sum + us, 0) / delaysUs.length;
      }
      pairs.push(pair);
    }
    return pairs;
  });
}

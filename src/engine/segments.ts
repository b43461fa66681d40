import type { TrialPlan } from "../plan/plan.js";
import { loadShare } from "../plan/segment.js";
import type { Population } from "../queue/population.js";
import type { Behaviour, Scenario } from "../scenario/scenario.js";
import { strategyNamed } from "../strategies/index.js";
import type { Segment } from "../worker/segment.js";

/** From a scenario and a trial's plan to what each instance does in it. */

/** Users that wait, or hold a token, in each concert where the mix asks for such but `--prefill` does not say how many. */
const POPULATION = 1000;
/** Generations that set-up populates ahead; each costs the server a copy of the population. */
const MOST_GENERATIONS = 64;
/** Users in all that more than one generation may take. */
const MOST_POPULATED = 5_000_000;
/** How far the measured rate may exceed the warm-up's before the prepared generations run out. */
const HEADROOM = 2;

/**
 * What each instance does in a trial. `firstConcert`: the number of the first concert that nobody has entered yet.
 * `expectedPerSec`: entries, as the warm-up had them, by which set-up knows how many concerts to prepare.
 */
export function segmentsOf(
  { scenario, runId }: { readonly scenario: Scenario; readonly runId: string },
  plan: TrialPlan,
  firstConcert: number,
  expectedPerSec: number,
): Segment[] {
  const { instances, mix } = scenario;
  const shards = strategyNamed(plan.strategy).isSharded ? scenario.shards : 1;
  const population: Population = {
    waiting: Math.ceil(Math.max(scenario.prefill, mix.waiting > 0 ? POPULATION : 0) / shards),
    active: Math.ceil((mix.active > 0 ? POPULATION : 0) / shards),
  };
  const shared =
    scenario.admit === null
      ? {}
      : { currentGenerations: new Int32Array(new SharedArrayBuffer(4 * shards * scenario.concerts)) };
  return Array.from({ length: instances }, (_, i) => {
    const { index, count, vus, entries, maxInFlight, seed } = loadShare(scenario, plan.seed, i, instances);
    return {
      index,
      count,
      strategy: plan.strategy,
      score: scenario.score,
      connections: scenario.connections,
      vus,
      thinkTimeMs: scenario.thinkTimeMs,
      // The whole rate: each segment's pacer takes its own arrivals out of it.
      arrivals:
        scenario.ratePerSec === null
          ? null
          : { ratePerSec: scenario.ratePerSec, arrival: scenario.arrival, stages: scenario.stages, maxInFlight },
      durationMs: scenario.durationMs,
      entries,
      mix,
      behaviour: behaviourOf(scenario),
      population,
      runId,
      firstConcert,
      concerts: shards * scenario.concerts,
      shards,
      zipf: scenario.zipf,
      newUsersPerGeneration: newUsersPerConcert(scenario, vus),
      generations: generationsOf(scenario, population, expectedPerSec),
      ...shared,
      waitReplicas: scenario.waitReplicas,
      timeoutMs: scenario.timeoutMs,
      seed,
      historyBytes: scenario.audit === "full" ? Math.floor((scenario.historyMb * 1024 * 1024) / instances) : 0,
      keepsMoments: scenario.faults.length > 0,
    };
  });
}

/** What users do besides entering once; null where that is nothing. */
function behaviourOf(scenario: Scenario): Behaviour | null {
  const { pollEvery, pollBy, leavePercent, returnAfterMs, doubleClickPercent, tabsPercent, botsPercent } = scenario;
  if (pollEvery === null && leavePercent + doubleClickPercent + tabsPercent + botsPercent === 0) return null;
  return { pollEvery, pollBy, leavePercent, returnAfterMs, doubleClickPercent, tabsPercent, botsPercent };
}

/**
 * New users of a segment after which its entries go on to a fresh concert. In the open model the virtual users are
 * identities: once all of them have entered a concert, nobody is new to it.
 */
function newUsersPerConcert({ maxWaiting, instances, ratePerSec }: Scenario, identities: number): number {
  const limit = Math.max(1, Math.ceil(maxWaiting / instances));
  return ratePerSec === null ? limit : Math.min(limit, identities);
}

/** The same of all segments together. */
export const newUsersLimit = ({ maxWaiting, ratePerSec, vus }: Scenario): number =>
  ratePerSec === null ? maxWaiting : Math.min(maxWaiting, vus);

/** Without a population every generation springs into being by itself, however many there are. */
function generationsOf(scenario: Scenario, population: Population, expectedPerSec: number): number {
  if (population.waiting + population.active === 0) return Number.POSITIVE_INFINITY;
  const expected = scenario.entries ?? (HEADROOM * expectedPerSec * scenario.durationMs) / 1000;
  const newUsers = (expected * scenario.mix.new) / 100 / scenario.concerts;
  const members = (population.waiting + population.active) * scenario.concerts;
  const affordable = Math.max(1, Math.floor(MOST_POPULATED / members));
  return Math.min(MOST_GENERATIONS, affordable, 1 + Math.floor(newUsers / newUsersLimit(scenario)));
}

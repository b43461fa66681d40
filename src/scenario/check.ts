import { designNamed } from "../admission/index.js";
import { formatCount, formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import { ARRIVALS, PACERS } from "../pacers/index.js";
import { strategyNamed } from "../strategies/index.js";
import { faultConflicts, faultWarnings } from "./fault-conflicts.js";
import { type Property, SCENARIO_OPTIONS } from "./options.js";
import type { Scenario } from "./scenario.js";
import { usersByInstance } from "./shares.js";

/** Two options that are well by themselves and not together. */
export interface Conflict {
  /** The options at fault: of those that were given, the strongest source's is to blame. */
  readonly properties: readonly Property[];
  readonly message: string;
}

/** Connections that Redis takes unless its `maxclients` says otherwise, less some for control. */
const USUAL_CONNECTIONS = 9_900;
const MAX_PREFILLED = 10_000_000;
/** Pause of those who poll adaptively, at the back of the queue. */
const LONGEST_ADAPTIVE_MS = 10_000;
/** Each may have several entries under way. */
const MOST_REPEATING = 1_000_000;
/** A scheduler that goes through more would not keep its ticks. */
const MAX_ADMITTING_CONCERTS = 1000;

/** What cannot work together. */
export function conflictsIn(scenario: Scenario): Conflict[] {
  const { instances, vus, maxInFlight, ratePerSec, prefill, concerts } = scenario;
  const conflicts: Conflict[] = [];
  if (instances > vus) {
    conflicts.push({
      properties: ["instances", "vus"],
      message: `expected at least one virtual user for each instance; there are ${vus} for ${instances}`,
    });
  }
  const { instanceShares: shares } = scenario;
  if (shares !== null && shares.length !== instances) {
    conflicts.push({
      properties: ["instanceShares", "instances"],
      message: `expected one share for each instance; there are ${shares.length} for ${instances}`,
    });
  } else if (shares !== null && Math.min(...usersByInstance(scenario)) < 1) {
    conflicts.push({
      properties: ["instanceShares", "vus"],
      message: `expected at least one virtual user for each instance; of ${vus} the smallest share is none`,
    });
  }
  if (shares !== null && (ratePerSec !== null || scenario.stages !== null)) {
    conflicts.push({
      properties: ["instanceShares", "ratePerSec", "stages"],
      message: "arrivals at a rate go to all instances alike; uneven shares are of users who enter again and again",
    });
  }
  if ((ratePerSec !== null || scenario.stages !== null) && maxInFlight < instances) {
    conflicts.push({
      properties: ["maxInFlight", "instances"],
      message: `expected at least one entry in flight for each instance; there are ${maxInFlight} for ${instances}`,
    });
  }
  if (scenario.rtt !== null && scenario.rtt.rttMs + scenario.rtt.jitterMs >= scenario.timeoutMs) {
    conflicts.push({
      properties: ["rtt", "timeoutMs"],
      message: `expected a timeout longer than a round trip; it is ${formatDuration(scenario.timeoutMs)}, and no reply would come in time`,
    });
  }
  const repeats = scenario.doubleClickPercent + scenario.tabsPercent + scenario.botsPercent;
  if (repeats > 0 && vus > MOST_REPEATING) {
    conflicts.push({
      properties: ["vus", "doubleClickPercent", "tabsPercent", "botsPercent"],
      message: `expected at most ${formatCount(MOST_REPEATING)} virtual users where some enter twice at once`,
    });
  }
  if (scenario.stages !== null && ratePerSec !== null) {
    conflicts.push({
      properties: ["stages", "ratePerSec"],
      message: "stages say how many arrive, a rate cannot as well",
    });
  }
  if (scenario.stages !== null && scenario.entries !== null) {
    conflicts.push({
      properties: ["stages", "entries"],
      message: "stages say how long a trial is, a number of entries cannot as well",
    });
  }
  if (scenario.stages !== null && !PACERS[scenario.arrival].takesStages) {
    const shapeless = ARRIVALS.filter((arrival) => PACERS[arrival].takesStages).join(" or ");
    conflicts.push({
      properties: ["arrival", "stages"],
      message: `stages say how the rate changes; with them arrivals are ${shapeless}, not ${scenario.arrival}`,
    });
  }
  if (prefill * concerts > MAX_PREFILLED) {
    conflicts.push({
      properties: ["prefill", "concerts"],
      message:
        `expected at most ${formatCount(MAX_PREFILLED)} waiting users over all concerts, ` +
        `got ${formatCount(prefill)} in each of ${formatCount(concerts)}`,
    });
  }
  if (scenario.pollBy === "replica" && scenario.client === "ioredis") {
    conflicts.push({
      properties: ["pollBy", "client"],
      message:
        "positions are read from replicas by client wire alone; an ioredis Cluster would send the entries' reads there too",
    });
  }
  if (scenario.admit !== null && scenario.strategies.some((name) => strategyNamed(name).isSharded)) {
    conflicts.push({
      properties: ["strategies", "admit"],
      message: "a queue in parts has no one front to admit from; leave --admit out, or strategy sharded",
    });
  }
  return [...conflicts, ...admissionConflicts(scenario), ...faultConflicts(scenario)];
}

/** Tokens that entries cannot read would have active users queued again. */
function admissionConflicts({ admit, strategies, score, concerts }: Scenario): Conflict[] {
  if (admit === null) return [];
  const conflicts: Conflict[] = [];
  const { token } = designNamed(admit);
  if (token === "member") {
    conflicts.push({
      properties: ["admit"],
      message: `${admit} makes no token but the member of the active set, which no strategy reads; \`qbench admit\` measures it alone`,
    });
  }
  const readers = strategies.filter((name) => strategyNamed(name).cost(score).ACTIVE.commands.includes("HGETALL"));
  if (token === "string" && readers.length > 0) {
    conflicts.push({
      properties: ["admit", "strategies"],
      message: `${admit} makes tokens that are strings, and ${readers.join(", ")} read a hash; compare strategies that ask EXISTS, such as lua`,
    });
  }
  if (concerts > MAX_ADMITTING_CONCERTS) {
    conflicts.push({
      properties: ["concerts", "admit"],
      message: `expected at most ${formatCount(MAX_ADMITTING_CONCERTS)} concerts where users are admitted, got ${formatCount(concerts)}`,
    });
  }
  return conflicts;
}

/** What works, but hardly as it was meant. `isGiven`: whether somebody asked for the option. */
export function warningsOn(scenario: Scenario, isGiven: (property: Property) => boolean): Warning[] {
  const { pool, vus, instances, ratePerSec, concerts } = scenario;
  const warnings: Warning[] = [];
  const warn = (code: string, message: string): number => warnings.push({ code, message });
  const usersOfOne = Math.floor(vus / instances);
  if (ratePerSec === null && pool > usersOfOne) {
    warn(
      "idle-connections",
      `pool ${formatCount(pool)} is more than the ${formatCount(usersOfOne)} users of an instance: some connections stay idle`,
    );
  }
  if (pool * instances > USUAL_CONNECTIONS) {
    warn(
      "many-connections",
      `${formatCount(pool * instances)} connections: Redis takes 10,000 clients unless its maxclients says otherwise`,
    );
  }
  if (scenario.stages !== null && isGiven("durationMs")) {
    warn("no-effect", "duration has no effect with stages: they say how long a trial is");
  }
  if (ratePerSec !== null) {
    const staysMs = (vus / ratePerSec) * 1000;
    const { pollEvery, returnAfterMs } = scenario;
    const pollMs = pollEvery === "adaptive" ? LONGEST_ADAPTIVE_MS : (pollEvery?.everyMs ?? 0);
    if (staysMs < Math.max(pollMs, scenario.leavePercent > 0 ? (returnAfterMs ?? 0) : 0)) {
      warn(
        "few-identities",
        `${formatCount(vus)} identities come round again after ${formatDuration(staysMs)}, and are forgotten before they ` +
          "poll or come back; more --vus, at best one for each arrival, let them",
      );
    }
  }
  const withoutEffect = (property: Property, why: string): void => {
    if (isGiven(property)) warn("no-effect", `${SCENARIO_OPTIONS[property].flag} has no effect ${why}`);
  };
  if (ratePerSec === null) {
    withoutEffect("arrival", "without a rate");
    withoutEffect("maxInFlight", "without a rate");
  } else if (scenario.thinkTimeMs > 0) withoutEffect("thinkTimeMs", "with a rate: arrivals do not wait for answers");
  if (scenario.pollEvery === null) withoutEffect("pollBy", "where nobody polls");
  if (scenario.leavePercent === 0) withoutEffect("returnAfterMs", "where nobody leaves");
  if (scenario.admit === null) {
    for (const property of ["admitEveryMs", "admitBatch", "admitTtlMs"] as const) {
      withoutEffect(property, "without --admit");
    }
  }
  if (!scenario.strategies.some((name) => strategyNamed(name).isSharded)) {
    withoutEffect("shards", "without strategy sharded");
  }
  if (scenario.audit !== "full") withoutEffect("historyMb", `with audit ${scenario.audit}`);
  if (concerts === 1 && scenario.zipf > 0) withoutEffect("zipf", "with one concert");
  return [...warnings, ...faultWarnings(scenario)];
}

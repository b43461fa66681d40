import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import { faults as faultsValue } from "../scenario/faults.js";
import { pollEvery as pollEveryValue } from "../scenario/poll-every.js";
import { rtt as rttValue } from "../scenario/rtt.js";
import { stages as stagesValue } from "../scenario/stages.js";
import type { Verdict } from "../stats/comparison.js";
import { median } from "../stats/median.js";
import { latencyText, percentText, plural, rateText, ratioText } from "./format.js";
import type { RunReport, StrategyReport } from "./schema.js";

/** A report in sentences: what was compared, what came out, what to beware of. Names are as in the report: unescaped. */

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  faster: "faster",
  slower: "slower",
  "no-difference": "no difference",
  "too-few-rounds": "too few rounds",
  "not-comparable": "not comparable",
};
export const verdictText = (verdict: Verdict): string => VERDICT_WORDS[verdict];

/** "limited by server", "limit unclear" */
export const limiterText = (limiter: StrategyReport["summary"]["limiter"]): string =>
  limiter === "unclear" ? "limit unclear" : `limited by ${limiter}`;

/** "a", "a and b", "a, b and c" */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;

/** "Redis 7.0.15" */
export const serverText = ({ server, version }: RunReport["target"]): string =>
  `${SERVERS[server] ?? server} ${version}`;

const SERVERS: Readonly<Record<string, string>> = { redis: "Redis", valkey: "Valkey" };

/** What was measured, as (what, words). */
export function headerOf({ scenario, target, strategies, environment, seed }: RunReport): [string, string][] {
  const { machine, software } = environment;
  const server = serverText(target);
  const masters = target.nodes.filter((node) => node.role === "primary").length;
  const where = {
    embedded: `an embedded ${server}`,
    url: `${server}, ${target.nodes.every((node) => node.loopback) ? "on this machine" : "over the network"}`,
    cluster: `a cluster of ${plural(masters, "primary", "primaries")}, ${server}`,
  }[target.kind];
  const load =
    scenario.ratePerSec === null
      ? `${plural(scenario.vus, "user")}, each entering ${againText(scenario)}`
      : `${rateText(scenario.ratePerSec)} arrivals/s, ${arrivalText(scenario)}, ${plural(scenario.vus, "identity", "identities")}`;
  const trial =
    scenario.entries === null ? formatDuration(scenario.durationMs) : plural(scenario.entries, "entry", "entries");
  const cpus = `${machine.cores} × ${machine.cpuModel}`;
  return [
    ["compared", `${listed(strategies.map(({ name }) => name))}, on ${where}`],
    [
      "load",
      [
        load,
        ...habitsOf(scenario),
        mixText(scenario.mix),
        `${scenario.score} score`,
        plural(scenario.concerts, "concert"),
      ].join("; "),
    ],
    [
      "client",
      `${scenario.client}, ${scenario.writes} writes; ${plural(scenario.instances, "instance")}${sharesText(scenario)} of ` +
        plural(scenario.pool, `${scenario.connections} connection`) +
        (scenario.rtt ? `; a round trip of ${rttValue.format(scenario.rtt)} added` : ""),
    ],
    [
      "trials",
      `${plural(scenario.trials, "round")}, ${trial} a strategy; warm-up ${formatDuration(scenario.warmupMs)}; seed ${seed}`,
    ],
    ["queue", queueText(scenario, strategies)],
    ...admissionHeader(scenario),
    ...(scenario.faults?.length ? [["faults", faultsValue.format(scenario.faults)] as [string, string]] : []),
    ["machine", `${cpus}, ${machine.platform} ${machine.kernel}, Node ${software.node}`],
  ];
}

/** When a user of the closed model enters anew: whoever polls does so only once he waits no longer. */
function againText({ thinkTimeMs, pollEvery, leavePercent = 0, admit, mix }: RunReport["scenario"]): string {
  const again = thinkTimeMs === 0 ? "again at once" : `again after ${formatDuration(thinkTimeMs)}`;
  if (!pollEvery) return again;
  const ends = [...(admit || mix.active > 0 ? ["active"] : []), ...(leavePercent > 0 ? ["gone"] : [])];
  return ends.length === 0 ? "once" : `once, and ${again} when ${ends.join(" or ")}`;
}

/** " (70 %, 30 % of the users)" */
const sharesText = ({ instanceShares }: RunReport["scenario"]): string =>
  instanceShares ? ` (${instanceShares.join(" %, ")} % of the users)` : "";

function arrivalText({ arrival, stages }: RunReport["scenario"]): string {
  return stages ? `${arrival} along ${stagesValue.format(stages)}` : arrival;
}

/** What each strategy's users met: the same work for each, or not (METHOD 6). Older reports know the limit alone. */
function queueText({ maxWaiting }: RunReport["scenario"], strategies: readonly StrategyReport[]): string {
  const atStart = Math.max(
    0,
    ...strategies.flatMap(({ trials }) => trials.map(({ waitingSet }) => waitingSet.atStart)),
  );
  const met = queuesMet(strategies).map(({ mean }) => mean);
  const range = [...new Set([Math.min(...met), Math.max(...met)].map(rateText))].join(" to ");
  return [
    `${atStart === 0 ? "empty" : plural(atStart, "user")} at first`,
    `a fresh concert after ${plural(maxWaiting, "new user")}`,
    ...(met.length > 0 ? [`a new user met ${range} waiting, on the mean`] : []),
  ].join("; ");
}

/** The queue that a new user of each strategy met, on the mean of its complete trials. */
export const queuesMet = (strategies: readonly StrategyReport[]): { readonly name: string; readonly mean: number }[] =>
  strategies.flatMap(({ name, trials }) => {
    // Where users are admitted meanwhile, the queue is as long as admission leaves it.
    const means = trials.flatMap(({ complete, admission, waitingSet: { mean } }) =>
      complete && admission === undefined && mean !== undefined ? [mean] : [],
    );
    return means.length === 0 ? [] : [{ name, mean: means.reduce((sum, one) => sum + one, 0) / means.length }];
  });

/** Events of one trial that are told; the report has them all. */
const MOST_EVENTS = 8;

/** "lua, round 2: 0.85 s 20 connections lost; 0.91 s 20 connections restored", for each trial in which something happened. */
export const eventsIn = ({ strategies }: RunReport): string[] =>
  strategies.flatMap(({ name, trials }) =>
    trials.flatMap(({ round, events = [] }) => {
      if (events.length === 0) return [];
      const told = events.slice(0, MOST_EVENTS).map(({ atMs, message }) => `${(atMs / 1000).toFixed(2)} s ${message}`);
      const more = events.length - told.length;
      return [`${name}, round ${round + 1}: ${[...told, ...(more > 0 ? [`${more} more`] : [])].join("; ")}`];
    }),
  );

const POLLED_BY = {
  entry: "",
  read: ", by reading their position",
  replica: ", by reading their position from a replica",
};

/** What users do besides entering once, as (words); older reports know of nothing. */
function habitsOf(scenario: RunReport["scenario"]): string[] {
  const {
    pollEvery,
    pollBy = "entry",
    leavePercent = 0,
    returnAfterMs,
    doubleClickPercent = 0,
    tabsPercent = 0,
    botsPercent = 0,
  } = scenario;
  const said: string[] = [];
  if (pollEvery) {
    const often = pollEvery === "adaptive" ? "adaptively" : `every ${pollEveryValue.format(pollEvery)}`;
    said.push(`polling ${often}${POLLED_BY[pollBy]}`);
  }
  if (leavePercent > 0) {
    const back = typeof returnAfterMs === "number" ? `, coming back after ${formatDuration(returnAfterMs)}` : "";
    said.push(`leaving after ${leavePercent} % of answers${back}`);
  }
  if (doubleClickPercent > 0) said.push(`${doubleClickPercent} % click twice`);
  if (tabsPercent > 0) said.push(`${tabsPercent} % use several tabs`);
  if (botsPercent > 0) said.push(`${botsPercent} % are bots`);
  return said;
}

function admissionHeader({ admit, admitBatch, admitEveryMs, concerts }: RunReport["scenario"]): [string, string][] {
  if (admit === undefined || admit === null) return [];
  const users = plural(admitBatch ?? 0, "user");
  const where = concerts === 1 ? "" : " of each concert";
  return [["admission", `${admit}, ${users}${where} every ${formatDuration(admitEveryMs ?? 0)}`]];
}

export function mixText(mix: RunReport["scenario"]["mix"]): string {
  const parts = (["new", "waiting", "active"] as const).filter((kind) => mix[kind] > 0);
  return parts.length === 1 ? `${parts[0]} users only` : listed(parts.map((kind) => `${mix[kind]} % ${kind}`));
}

/** The last arrivals of a trial that were due within its last fraction of a millisecond are no news. */
const DROPPED_WORTH_A_WORD = 0.001;

/** Share of the planned entries that never started; null where that is hardly any. */
export function droppedShare({ attempted, dropped }: StrategyReport["summary"]["entries"]): number | null {
  const share = dropped / Math.max(1, attempted + dropped);
  return share < DROPPED_WORTH_A_WORD ? null : share;
}

/** What came out, in a sentence or two. */
export function answerOf({ strategies }: RunReport): string[] {
  const measured = strategies.filter(({ summary }) => summary.trials > 0);
  if (measured.length === 0) return ["No trial came to its end, so there is nothing to compare."];
  if (strategies.length === 1) return [single(measured[0] as StrategyReport)];
  const groups: Record<Verdict, string[]> = {
    faster: [],
    slower: [],
    "no-difference": [],
    "too-few-rounds": [],
    "not-comparable": [],
  };
  const byRatio = strategies
    .filter(
      ({ summary: { vsBaseline: versus } }) =>
        typeof versus?.tpsRatio === "number" || versus?.verdict === "not-comparable",
    )
    .sort((a, b) => (b.summary.vsBaseline?.tpsRatio ?? 0) - (a.summary.vsBaseline?.tpsRatio ?? 0));
  for (const { name, summary } of byRatio) {
    const { verdict, tpsRatio } = summary.vsBaseline as NonNullable<typeof summary.vsBaseline>;
    // A figure that the generator made may not pass for one of Redis's, not even here.
    const limit = summary.limiter === "generator" ? ", limited by the load generator" : "";
    groups[verdict].push(tpsRatio === null ? name : `${name} (${ratioText(tpsRatio)}${limit})`);
  }
  const { name: baseline, summary: ofBaseline } = strategies[0] as StrategyReport;
  const said: string[] = [];
  const are = (names: readonly string[]): string => `${listed(names)} ${names.length === 1 ? "is" : "are"}`;
  if (groups.faster.length > 0) said.push(`${are(groups.faster)} faster`);
  if (groups.slower.length > 0) said.push(`${are(groups.slower)} slower`);
  if (groups["no-difference"].length > 0) said.push(`no difference was found for ${listed(groups["no-difference"])}`);
  if (groups["too-few-rounds"].length > 0) {
    said.push(`there were too few rounds for a verdict on ${listed(groups["too-few-rounds"])}`);
  }
  if (groups["not-comparable"].length > 0) {
    said.push(`${are(groups["not-comparable"])} not comparable, since one side served nobody in a round`);
  }
  const rest = strategies.slice(1).filter((one) => !byRatio.includes(one));
  if (rest.length > 0) said.push(`${are(rest.map(({ name }) => name))} without a trial to compare`);
  if (ofBaseline.limiter === "generator") {
    said.push(`${baseline} itself was limited by the load generator, so these ratios say little about Redis`);
  }
  return [`In throughput against ${baseline}: ${said.join("; ")}.`];
}

function single({ name, summary }: StrategyReport): string {
  const p95 = summary.p95 === null ? "" : `, p95 ${latencyText(summary.p95.median)}`;
  const rate = `${rateText(summary.tps?.median ?? 0)} entries a second`;
  const success = summary.successRate === null ? "" : `, ${percentText(summary.successRate)} succeeded`;
  return `${name}: ${rate}${p95}${success}; ${limiterText(summary.limiter)}.`;
}

/**
 * Users admitted beside the entries, a line for each strategy: how many, and what that did to the others. While a script
 * runs nobody is served, so a share of the time from 1 % on is where the entries' 99th percentile is made.
 */
export const admissionIn = ({ strategies, scenario }: RunReport): string[] =>
  strategies.flatMap(({ name, trials }) => {
    const [first, ...more] = trials.flatMap(({ complete, admission }) => (complete && admission ? [admission] : []));
    if (first === undefined) return [];
    const all = [first, ...more];
    const admitted = all.reduce((sum, one) => sum + one.admitted, 0);
    const calls = all.reduce((sum, one) => sum + one.calls, 0);
    const said = `${name}: ${first.design} admitted ${plural(admitted, "user")} in ${plural(calls, "call")}`;
    const stalls = all.flatMap(({ stallMs, stallShare }) => (stallMs && stallShare ? [{ stallMs, stallShare }] : []));
    if (stalls.length === 0) return [said];
    const stallUs = median(stalls.map(({ stallMs }) => stallMs)) * 1000;
    const share = median(stalls.map(({ stallShare }) => stallShare));
    const verdict =
      scenario.ratePerSec === null
        ? ""
        : share >= 0.01
          ? ": enough to be the entries' p99 (from 1 % on)"
          : ": too little to be the entries' p99 (from 1 % on)";
    return [
      `${said}; each script keeps all others waiting for ${latencyText(stallUs)}, ${percentText(share)} of the time${verdict}`,
    ];
  });

/** "sharded: 8 parts; of 50,000 users 12 % stand ahead of …" for each strategy whose queue is in parts. */
export const shardsIn = ({ strategies }: RunReport): string[] =>
  strategies.flatMap(({ name, trials }) => {
    const known = trials.flatMap(({ complete, sharding }) => (complete && sharding ? [sharding] : []));
    const users = known.reduce((sum, one) => sum + one.users, 0);
    if (users === 0) return [];
    const overtaking = known.reduce((sum, one) => sum + one.overtaking, 0);
    const most = Math.max(...known.map(({ mostOvertaken }) => mostOvertaken));
    const off = (of: "p50" | "p99" | "max"): string =>
      plural(Math.round(median(known.map(({ placeOff }) => placeOff[of]))), "place");
    return [
      `${name}: ${known[0]!.shards} parts; ${percentText(overtaking / users)} of the users stand ahead of somebody who certainly ` +
        `came before, one of them ahead of ${most}; the place told, times the parts, is off by ${off("p50")} at p50, ${off("p99")} at p99`,
    ];
  });

/** "individual=90+lua=10: individual 90 %, p50 …", for each mix: the strategies side by side, over the same keys. */
export const partsIn = ({ strategies }: RunReport): string[] =>
  strategies.flatMap(({ name, trials }) => {
    const complete = trials.flatMap(({ complete, parts }) => (complete && parts ? [parts] : []));
    const texts = (complete[0] ?? []).map(({ strategy, share }, i) => {
      const own = complete.map((parts) => parts[i]!);
      const succeeded = own.reduce((sum, { entries }) => sum + entries.succeeded, 0);
      const failed = own.reduce((sum, { entries }) => sum + entries.failed, 0);
      const p50 = own.flatMap(({ latency }) => latency.entry.p50 ?? []);
      const p99 = own.flatMap(({ latency }) => latency.entry.p99 ?? []);
      const times = p50.length === 0 ? "" : `, p50 ${latencyText(median(p50))}, p99 ${latencyText(median(p99))}`;
      const failures = failed === 0 ? "" : `, ${plural(failed, "failure")}`;
      return `${strategy} (${share} %) ${plural(succeeded, "entry", "entries")}${times}${failures}`;
    });
    return texts.length === 0 ? [] : [`${name}: ${texts.join("; ")}`];
  });

/** Warnings of the run and of its trials; a kind that several trials of a strategy share is told once. */
export function warningsIn({ warnings, strategies }: RunReport): Warning[] {
  const ofTrials = strategies.flatMap(({ name, trials }) => {
    const byCode = new Map<string, string[]>();
    for (const { code, message } of trials.flatMap((trial) => trial.warnings)) {
      byCode.set(code, [...(byCode.get(code) ?? []), message]);
    }
    return [...byCode].map(([code, [first = "", ...more]]) => {
      const often = more.length > 0 ? ` (and in ${plural(more.length, "other trial")})` : "";
      return { code, message: `${name}: ${first}${often}` };
    });
  });
  return [...warnings, ...ofTrials];
}

const USER_WORDS = {
  arrivals: "arrived",
  polls: "polls",
  reads: "positions read",
  repeats: "repeats",
  returns: "came back",
  leaves: "left",
} as const;

/** "lua: 2,000 arrived, 512 polls, 30 left", for each strategy whose users did more than enter once. */
export function usersIn({ strategies }: RunReport): string[] {
  return strategies.flatMap(({ name, trials }) => {
    const counts = trials.flatMap(({ complete, users }) => (complete && users !== undefined ? [users] : []));
    if (counts.length === 0) return [];
    const parts = Object.entries(USER_WORDS).map(([key, word]) => {
      const sum = counts.reduce((total, users) => total + (users[key as keyof typeof USER_WORDS] ?? 0), 0);
      return `${sum.toLocaleString("en-US")} ${word}`;
    });
    return [`${name}: ${parts.filter((part) => !part.startsWith("0 ")).join(", ")}`];
  });
}

/** "individual: total-below-position 4", for each strategy whose audit found anomalies. */
export const anomaliesIn = ({ strategies }: RunReport): string[] =>
  strategies
    .filter(({ summary }) => Object.keys(summary.audit.anomalies).length > 0)
    .map(({ name, summary: { audit } }) => {
      const kinds = Object.entries(audit.anomalies).map(([kind, n]) => `${kind} ${n.toLocaleString("en-US")}`);
      return `${name}: ${kinds.join(", ")}`;
    });

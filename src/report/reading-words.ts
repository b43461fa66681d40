import { median } from "../stats/median.js";
import { latencyText, percentText, plural } from "./format.js";
import { placeText } from "./node-words.js";
import type { RunReport, StrategyReport, TrialReport } from "./schema.js";
import type { SweepReport } from "./sweep.js";

/** Positions that users read without entering, in sentences: how fast, from whom, and how stale. */

/** "lua: 40,000 positions read, p50 …; …" for each strategy whose users read their positions without entering. */
export const readingIn = ({ strategies }: Pick<RunReport, "strategies">): string[] => strategies.flatMap(readingText);

/** "poll-by replica: lua: 40,000 positions …", for each point of a sweep. */
export const readingAtPoints = ({ points }: SweepReport): string[] =>
  points.flatMap((point) => point.strategies.flatMap(readingText).map((text) => `${placeText(point)}: ${text}`));

function readingText({ name, trials }: Pick<StrategyReport, "name" | "trials">): string[] {
  const complete = trials.filter(({ complete, users }) => complete && (users?.reads ?? 0) > 0);
  if (complete.length === 0) return [];
  const sum = (of: (trial: TrialReport) => number): number => complete.reduce((total, one) => total + of(one), 0);
  const nowhere = sum(({ users }) => users?.readsNowhere ?? 0);
  const said = [
    `${plural(
      sum(({ users }) => users?.reads ?? 0),
      "position",
    )} read`,
  ];
  const at = (of: "p50" | "p99"): number[] => complete.flatMap(({ latency }) => latency.poll?.[of] ?? []);
  if (at("p50").length > 0) said.push(`p50 ${latencyText(median(at("p50")))}, p99 ${latencyText(median(at("p99")))}`);
  if (nowhere > 0) said.push(`${nowhere.toLocaleString("en-US")} found nowhere`);
  const busy = complete.flatMap(({ server }) => server.replicas?.[0]?.cpuUtilization ?? []);
  if (busy.length > 0) said.push(`the busiest replica ${percentText(median(busy))} busy`);
  return [`${name}: ${[said.join(", "), ...stalenessText(complete)].join("; ")}`];
}

/** "replicas were behind by 0 µs at p50, 1.2 ms at p99, 3 ms at most (looked at every 1 ms …)"; none: nobody asked them. */
function stalenessText(trials: readonly TrialReport[]): string[] {
  const known = trials.flatMap(({ staleness }) => (staleness === undefined ? [] : [staleness]));
  if (known.length === 0) return [];
  const of = (figure: "p50" | "p99" | "max"): number[] => known.flatMap(({ behind }) => behind[figure] ?? []);
  if (of("max").length === 0) return ["how far behind replicas were is not known"];
  const reads = known.reduce((total, one) => total + one.reads, 0);
  const stale = known.reduce((total, one) => total + one.staleReads, 0);
  return [
    `replicas were behind by ${latencyText(median(of("p50")))} at p50, ${latencyText(median(of("p99")))} at p99, ` +
      `${latencyText(Math.max(...of("max")))} at most (looked at every ${latencyText(median(known.map(({ everyUs }) => everyUs)))}, ` +
      `which may be missing); ${percentText(stale / reads)} of the probes lacked something acknowledged`,
  ];
}

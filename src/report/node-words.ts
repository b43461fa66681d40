import { median } from "../stats/median.js";
import { percentText, ratioText } from "./format.js";
import type { RunReport, StrategyReport } from "./schema.js";
import type { SweepReport } from "./sweep.js";

/** How the primaries of a cluster shared the work, in sentences: a hot concert lies on one of them, whatever the others do. */

/**
 * What a primary did of a strategy's work, by the median of its trials. By rank, not by name: which one a concert lies on
 * changes from trial to trial.
 */
export interface NodeLoad {
  readonly share: number;
  readonly cpuUtilization: number | null;
}

/** The one with most to do first; none where there is no cluster. */
export function nodeLoads({ trials }: Pick<StrategyReport, "trials">): NodeLoad[] {
  const all = trials.flatMap(({ server }) => (server.nodes === undefined ? [] : [server.nodes]));
  const most = Math.max(0, ...all.map((nodes) => nodes.length));
  return Array.from({ length: most }, (_, rank) => {
    const own = all.flatMap((nodes) => nodes[rank] ?? []);
    const busy = own.flatMap(({ cpuUtilization }) => cpuUtilization ?? []);
    return { share: median(own.map(({ share }) => share)), cpuUtilization: busy.length === 0 ? null : median(busy) };
  });
}

/** "lua: 100 % of the calls (98 % busy), 0 % (3 % busy); the first has ×3.00 an even share"; none: no cluster. */
function nodesText(strategy: Pick<StrategyReport, "name" | "trials">): string[] {
  const loads = nodeLoads(strategy);
  if (loads.length === 0) return [];
  const each = loads.map(({ share, cpuUtilization }, i) => {
    const busy = cpuUtilization === null ? "" : ` (${percentText(cpuUtilization)} busy)`;
    return `${percentText(share)}${i === 0 ? " of the calls" : ""}${busy}`;
  });
  return [
    `${strategy.name}: ${each.join(", ")}; the first has ${ratioText(loads[0]!.share * loads.length)} an even share`,
  ];
}

/** A line for each strategy that ran on a cluster. */
export const nodesIn = ({ strategies }: Pick<RunReport, "strategies">): string[] => strategies.flatMap(nodesText);

/** "concerts 1: lua: 100 % …", for each point of a sweep. */
export const nodesAtPoints = ({ points }: SweepReport): string[] =>
  points.flatMap((point) => point.strategies.flatMap(nodesText).map((text) => `${placeText(point)}: ${text}`));

/** "concerts 1, zipf 0" */
export const placeText = ({ values }: SweepReport["points"][number]): string =>
  Object.entries(values)
    .map(([flag, value]) => `${flag} ${value}`)
    .join(", ");

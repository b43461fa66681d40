import { median } from "../stats/median.js";
import { percentText, ratioText } from "./format.js";
import type { RunReport, StrategyReport } from "./schema.js";
import type { SweepReport } from "./sweep.js";

/** How the primaries of a cluster shared the work, in sentences: a hot concert lies on one of them, whatever the others do. */

/** What one primary did of a strategy's work, by the median of its trials. */
export interface NodeLoad {
  /** From 1, in the order of `target.nodes`. */
  readonly node: number;
  readonly share: number;
  readonly cpuUtilization: number | null;
}

/** The one with most to do first; none where there is no cluster. */
export function nodeLoads({ trials }: Pick<StrategyReport, "trials">): NodeLoad[] {
  const nodes = trials.flatMap(({ server }) => server.nodes ?? []);
  return [...new Set(nodes.map(({ node }) => node))]
    .map((node) => {
      const own = nodes.filter((one) => one.node === node);
      const busy = own.flatMap(({ cpuUtilization }) => cpuUtilization ?? []);
      return {
        node: node + 1,
        share: median(own.map(({ share }) => share)),
        cpuUtilization: busy.length === 0 ? null : median(busy),
      };
    })
    .sort((a, b) => b.share - a.share);
}

/** "lua: node 2 100 % of the calls (98 % busy), node 1 0 % (3 % busy); the first has ×3.00 an even share"; none: no cluster. */
function nodesText(strategy: Pick<StrategyReport, "name" | "trials">): string[] {
  const loads = nodeLoads(strategy);
  if (loads.length === 0) return [];
  const each = loads.map(({ node, share, cpuUtilization }, i) => {
    const busy = cpuUtilization === null ? "" : ` (${percentText(cpuUtilization)} busy)`;
    return `node ${node} ${percentText(share)}${i === 0 ? " of the calls" : ""}${busy}`;
  });
  return [
    `${strategy.name}: ${each.join(", ")}; the first has ${ratioText(loads[0]!.share * loads.length)} an even share`,
  ];
}

/** A line for each strategy that ran on a cluster. */
export const nodesIn = ({ strategies }: Pick<RunReport, "strategies">): string[] => strategies.flatMap(nodesText);

/** "concerts 1: lua: node 2 …", for each point of a sweep. */
export const nodesAtPoints = ({ points }: SweepReport): string[] =>
  points.flatMap(({ values, strategies }) => {
    const where = Object.entries(values).map(([flag, value]) => `${flag} ${value}`);
    return strategies.flatMap(nodesText).map((text) => `${where.join(", ")}: ${text}`);
  });

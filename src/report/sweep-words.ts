import { placeText } from "../sweep/axis.js";
import { type Figure, figureNamed } from "./figures.js";
import { figureText, rangeText, ratioText } from "./format.js";
import type { SweepAxis, SweepCrossover, SweepKnee, SweepPoint, SweepReport } from "./sweep.js";
import { limiterText, listed, serverText, verdictText } from "./words.js";

/** A sweep's findings in sentences. Names are as in the report: unescaped. */

export const figureIn = ({ sweep }: SweepReport): Figure => figureNamed(sweep.figure);

type Ratio = SweepKnee["against"];

/** "×0.93 (0.90–0.97), slower" */
export function againstText(against: Ratio): string {
  if (against?.verdict === "not-comparable") return verdictText(against.verdict);
  if (against === null || against.ratio === null) return "";
  const range = against.low === null || against.high === null ? "" : ` (${rangeText(against.low, against.high)})`;
  return `${ratioText(against.ratio)}${range}, ${verdictText(against.verdict)}`;
}

/** "vus 3000, pool 20" */
export const valuesText = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([flag, text]) => `${flag} ${text}`)
    .join(", ");

/** The values of the axes but one. */
const others = (values: Readonly<Record<string, string>>, axis: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).filter(([flag]) => flag !== axis));

const held = (values: Readonly<Record<string, string>>): string => {
  const text = valuesText(values);
  return text === "" ? "" : ` at ${text}`;
};

const bound = (isBound: boolean): string => (isBound ? "; the load generator was the limit, so Redis may differ" : "");

/** "lua, along pool at vus 3000: best at 20, 65,001/s; at 50 ×0.93 (0.90–0.97), slower" */
export function kneeText(report: SweepReport, knee: SweepKnee): string {
  const { axis, strategy, best, figure, next, against, generatorBound } = knee;
  const found = `best at ${best[axis]}, ${figureText(figure, figureIn(report).unit)}`;
  const beyond = next === null ? "the last value: more may do better" : `at ${next[axis]} ${againstText(against)}`;
  return `${strategy}, along ${axis}${held(others(best, axis))}: ${found}; ${beyond}${bound(generatorBound)}`;
}

export const axisNamed = ({ sweep }: SweepReport, flag: string): SweepAxis | undefined =>
  sweep.axes.find((axis) => axis.flag === flag);

/**
 * What is certain of a crossing: that one led below and the other leads above ("both"), or on one side alone. An end of
 * its interval is the nearest place at which there certainly is a difference. Where that is open, there is none; and where
 * the two cross once more before it, it is the other one that leads there.
 */
export function certaintyOf(report: SweepReport, one: SweepCrossover): "both" | "above" | "below" | "neither" {
  const isOfPair = ({ axis, before, after, held: values }: SweepCrossover): boolean =>
    axis === one.axis &&
    [one.before, one.after].includes(before) &&
    [one.before, one.after].includes(after) &&
    valuesText(values) === valuesText(one.held);
  const crossings = report.crossovers.filter(isOfPair).map(({ at }) => at);
  const isKept = (from: number, to: number): boolean =>
    crossings.filter((at) => at > from && at < to && at !== one.at).length % 2 === 0;
  const isAbove = one.high !== null && isKept(one.at, one.high);
  const isBelow = one.low !== null && isKept(one.low, one.at);
  if (isAbove && isBelow) return "both";
  if (isAbove) return "above";
  return isBelow ? "below" : "neither";
}

/** "rtt 0.8 ms (95 %: 0.5 ms to 1.2 ms)", or as much of it as is certain: "rtt 1.2 ms (95 %)" */
export function placeOf(report: SweepReport, one: SweepCrossover): string {
  const { axis, at, low, high } = one;
  const of = axisNamed(report, axis) ?? { unit: null };
  const text = (place: number | null): string => placeText(of, place ?? at);
  const place = {
    both: `${text(at)} (95 %: ${text(low)} to ${text(high)})`,
    above: `${text(high)} (95 %)`,
    below: `${text(low)} (95 %)`,
    neither: text(at),
  }[certaintyOf(report, one)];
  return `${axis} ${place}`;
}

/** "between 0.5 ms and 1 ms, which were measured" */
function neighboursOf(report: SweepReport, { axis, between }: SweepCrossover): string {
  const [left, right] = between.map((place) => placeText(axisNamed(report, axis) ?? { unit: null }, place));
  return `between ${left} and ${right}, which were measured`;
}

/**
 * "pipeline overtakes lua at rtt 0.8 ms (95 %: 0.5 ms to 1.2 ms), between 0.5 ms and 1 ms, which were measured"; where it
 * is less certain, "pipeline is ahead of lua from rtt 1.2 ms (95 %) on; below no difference is certain; they cross between …"
 */
export function crossoverText(report: SweepReport, one: SweepCrossover): string {
  const { after, before, held: values, generatorBound } = one;
  const place = placeOf(report, one);
  const measured = neighboursOf(report, one);
  const said = {
    both: `${after} overtakes ${before} at ${place}, ${measured}`,
    above: `${after} is ahead of ${before} from ${place} on; below no difference is certain; they cross ${measured}`,
    below: `${before} is ahead of ${after} up to ${place}; above no difference is certain; they cross ${measured}`,
    neither: `neither ${after} nor ${before} is certainly ahead around ${place}; they cross ${measured}`,
  }[certaintyOf(report, one)];
  return `${said}${Object.keys(values).length === 0 ? "" : `, with ${valuesText(values)}`}${bound(generatorBound)}`;
}

/** "lua", or "lua or pipeline" where no difference is certain. */
export function leadText({ lead }: SweepPoint): string {
  if (lead === null) return "–";
  const isCertain = lead.runnerUp === null || lead.against?.verdict === "faster";
  return isCertain ? lead.strategy : `${lead.strategy} or ${lead.runnerUp}`;
}

/** What was swept and on what, as (what, words). */
export function sweepHeaderOf(report: SweepReport): [string, string][] {
  const { sweep, target, environment, scenario, seed, points } = report;
  const { machine, software } = environment;
  const cells = points.length * sweep.strategies.length;
  const server = `${target.kind === "embedded" ? "an embedded " : ""}${serverText(target)}`;
  return [
    ["swept", sweep.axes.map(({ flag, values }) => `${flag} ${values.map(({ text }) => text).join(", ")}`).join("; ")],
    ["compared", `${listed(sweep.strategies)}, on ${server}, by ${sweep.figure}`],
    [
      "trials",
      `${sweep.trials} of each of ${cells} cells${cells < sweep.cells ? ` (the grid has ${sweep.cells})` : ""}, in rounds over all of them; ` +
        `${scenario.entries === null ? `${scenario.durationMs} ms` : `${scenario.entries} entries`} each, warm-up ${scenario.warmupMs} ms; seed ${seed}`,
    ],
    ["machine", `${machine.cores} × ${machine.cpuModel}, ${machine.platform} ${machine.kernel}, Node ${software.node}`],
  ];
}

export const limitOf = ({ summary }: SweepPoint["strategies"][number]): string =>
  summary.trials === 0 ? "" : limiterText(summary.limiter);

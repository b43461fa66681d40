import { formatDuration } from "../base/units.js";
import { FIGURES } from "./figures.js";
import { figureText, percentText, plural } from "./format.js";
import type { GateMetric, GateReport } from "./gate.js";
import { mixText } from "./words.js";

/** A gate's report in words. Names are as in the report: unescaped. */

/** What was compared, as (what, words). */
export function gateHeaderOf(report: GateReport): [string, string][] {
  const { base, candidate, scenario, environment, seed, gate } = report;
  const side = ({ spec, revision, target }: GateReport["base"]): string => {
    const commit = revision === undefined || spec.endsWith(revision) ? "" : ` (${revision.slice(0, 12)})`;
    return `${spec}${commit}, on ${target.server} ${target.version}`;
  };
  const { machine, software } = environment;
  const trial =
    scenario.entries === null ? formatDuration(scenario.durationMs) : plural(scenario.entries, "entry", "entries");
  const load = scenario.ratePerSec === null ? plural(scenario.vus, "user") : `${scenario.ratePerSec} entries/s offered`;
  return [
    ["base", side(base)],
    ["candidate", side(candidate)],
    [
      "load",
      `${load}, ${plural(scenario.instances, "instance")} of ${plural(scenario.pool, `${scenario.connections} connection`)}, ${scenario.client} client; trials of ${trial}`,
    ],
    [
      "gated",
      `${gate.metrics.join(", ") || "exact counts alone"}; slower by ${percentText(gate.threshold)} must be ruled out; seed ${seed}`,
    ],
    ...auditedOf(report),
    ["machine", `${machine.cores} × ${machine.cpuModel}, ${machine.platform} ${machine.kernel}, Node ${software.node}`],
  ];
}

/** Which anomalies could have been seen while counting, and of which nothing is known. */
function auditedOf({ gate, scenario, anomalies = [] }: GateReport): [string, string][] {
  if (anomalies.length === 0) return [];
  const kinds = (isSeen: boolean): string => {
    const seen = anomalies.filter(({ verdict }) => verdict !== "not-exercised").map(({ kind }) => kind);
    return [...new Set(anomalies.map(({ kind }) => kind))].filter((kind) => seen.includes(kind) === isSeen).join(", ");
  };
  const entries = `entries by ${mixText(gate.countedMix ?? scenario.mix)}`;
  if (anomalies.every(({ verdict }) => verdict === "not-audited")) return [["counted", `${entries}; not audited`]];
  return [["counted", `${entries}; looked for ${kinds(true)}; not exercised: ${kinds(false) || "none"}`]];
}

/** One sentence. */
export function gateAnswerOf({ verdict, reasons, metrics, error, gate }: GateReport): string {
  if (error !== undefined || verdict === null)
    return `No verdict: ${error?.message ?? "the gate did not come to its end"}.`;
  if (verdict === "fail") return `FAIL: ${reasons.join("; ")}.`;
  if (verdict === "pass") {
    const timed = metrics.length === 0 ? "" : ` and slower by ${percentText(gate.threshold)} is ruled out`;
    return `PASS: no exact count went up${timed}.`;
  }
  if (metrics.length === 0) return `INCONCLUSIVE: the counts could not be compared undisturbed.`;
  const open = metrics.filter((metric) => metric.verdict === "inconclusive");
  const each = open.map(
    (metric) => `${metric.figure} between ${changeText(metric.low)} and ${changeText(metric.high)}`,
  );
  return `INCONCLUSIVE after ${plural(open[0]?.pairs ?? 0, "pair")}: ${each.join("; ")} slower; more pairs or longer trials would tell.`;
}

/** A factor in the worse direction as a change: 1.1 → "+10.0 %", 0.95 → "−5.0 %". */
export function changeText(factor: number | null): string {
  if (factor === null) return "unknown";
  const percent = (factor - 1) * 100;
  // A rounded nought has no sign.
  const text = Math.abs(percent).toFixed(1);
  return `${text === "0.0" ? "" : percent < 0 ? "−" : "+"}${text} %`;
}

export interface GateRow {
  readonly name: string;
  readonly base: string;
  readonly candidate: string;
  /** "+2.1 % (−0.5 % to +4.0 %)" */
  readonly change: string;
  readonly verdict: string;
  readonly detail: string;
}

/** The gated figures, then the exact ones and what the audit found; the case is named where there are several. */
export function gateRowsOf({ metrics, exact, anomalies = [], gate }: GateReport): {
  timed: GateRow[];
  exact: GateRow[];
} {
  const prefix = (name: string): string => (gate.cases.length > 1 ? `${name} ` : "");
  const value = (figure: string, amount: number | null): string => {
    const unit = FIGURES.find(({ name }) => name === figure)?.unit;
    return amount === null || unit === undefined ? String(amount ?? "–") : figureText(amount, unit);
  };
  return {
    timed: metrics.map((metric) => ({
      name: `${prefix(metric.case)}${metric.figure}`,
      base: value(metric.figure, metric.base),
      candidate: value(metric.figure, metric.candidate),
      change: `${changeText(metric.estimate)} (${changeText(metric.low)} to ${changeText(metric.high)})`,
      verdict: metric.verdict,
      detail: detailOf(metric),
    })),
    exact: [
      ...exact.map((one) => ({
        name: `${prefix(one.case)}${one.figure}`,
        base: value(one.figure, one.base),
        candidate: value(one.figure, one.candidate),
        change: one.verdict.replace("-", " "),
        verdict: one.verdict === "more" ? "fail" : one.verdict === "not-comparable" ? "–" : "pass",
        detail: "",
      })),
      ...anomalies
        .filter(({ base, candidate }) => (base ?? 0) + (candidate ?? 0) > 0)
        .map((one) => ({
          name: `${prefix(one.case)}${one.kind}`,
          base: String(one.base),
          candidate: String(one.candidate),
          change: one.verdict.replace("-", " "),
          verdict: one.verdict === "new" ? "fail" : "pass",
          detail: "",
        })),
    ],
  };
}

function detailOf({ pairs, p, alpha, pairSd, smallestEffect }: GateMetric): string {
  const found =
    smallestEffect === null ? "too few pairs to fail" : `finds ${changeText(smallestEffect)} nine times of ten`;
  return `${pairs} pairs, p ${p.toPrecision(2)} (α ${alpha.toPrecision(2)}), pair sd ${percentText(pairSd)}, ${found}`;
}

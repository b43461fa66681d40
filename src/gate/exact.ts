import { type FigureName, figureNamed } from "../report/figures.js";
import type { TrialReport } from "../report/schema.js";
import { EXACT_METRICS, type SideName } from "./plan.js";

/** What is counted, not timed: one trial a side settles it. */
export const EXACT_VERDICTS = ["same", "less", "more", "allowed", "not-comparable"] as const;

export interface ExactResult {
  readonly case: string;
  readonly figure: FigureName;
  readonly base: number | null;
  readonly candidate: number | null;
  /** more: the candidate needs more, and fails. allowed: it may. not-comparable: the two did not meet the same entries. */
  readonly verdict: (typeof EXACT_VERDICTS)[number];
}

export function compareExact(
  name: string,
  { base, candidate }: Readonly<Record<SideName, TrialReport>>,
  allowMore: readonly FigureName[],
): ExactResult[] {
  return EXACT_METRICS.map((figure) => {
    const [ofBase, ofCandidate] = [base, candidate].map((trial) => figureNamed(figure).ofTrial(trial)) as [
      number | null,
      number | null,
    ];
    const result = { case: name, figure, base: ofBase, candidate: ofCandidate };
    // Figures per entry compare only where as many users were new, waiting and active, and none was given up.
    if (figure !== "errors" && !isSameLoad(base, candidate)) return { ...result, verdict: "not-comparable" };
    if (ofBase === null || ofCandidate === null) {
      // Entries of which none succeeded have no round trips; why they failed is told by `errors`.
      return { ...result, verdict: "not-comparable" };
    }
    if (ofCandidate === ofBase) return { ...result, verdict: "same" };
    if (ofCandidate < ofBase) return { ...result, verdict: "less" };
    if (allowMore.includes(figure)) return { ...result, verdict: "allowed" };
    return { ...result, verdict: "more" };
  });
}

/** Whether counting again may help: a timeout on a busy machine spoils a count. */
export const isComparable = (results: readonly ExactResult[]): boolean =>
  results.every(({ figure, verdict }) => figure === "errors" || verdict !== "not-comparable") ||
  results.some(({ figure, verdict }) => figure === "errors" && verdict === "more");

const isSameLoad = (a: TrialReport, b: TrialReport): boolean =>
  [a, b].every(({ entries, failures }) => entries.failed === 0 || (!failures.timeout && !failures.connection)) &&
  (["attempted", "failed", "new", "waiting", "active"] as const).every((kind) => a.entries[kind] === b.entries[kind]);

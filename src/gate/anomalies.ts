import { ANOMALY_KINDS, type AnomalyKind } from "../queue/anomaly.js";
import type { TrialReport } from "../report/schema.js";
import type { SideName } from "./plan.js";

/** What the audit found of the trial that counts, where a strategy promises nothing too: the base says what is usual. */
export const ANOMALY_VERDICTS = [
  "none",
  "no-more",
  "more",
  "new",
  "allowed",
  "unsteady",
  "not-exercised",
  "not-audited",
] as const;

export interface AnomalyResult {
  readonly case: string;
  readonly kind: AnomalyKind;
  /** Null where nobody looked. */
  readonly base: number | null;
  readonly candidate: number | null;
  /**
   * new: the candidate shows what the base does not, and fails. allowed: it may. unsteady: counted again, it was not so.
   * more: both show it, the candidate more of it. not-exercised: the entries could not have shown it.
   */
  readonly verdict: (typeof ANOMALY_VERDICTS)[number];
}

export const compareAnomalies = (
  name: string,
  { base, candidate }: Readonly<Record<SideName, TrialReport>>,
  isNewAllowed: boolean,
): AnomalyResult[] =>
  ANOMALY_KINDS.map((kind) => {
    const [ofBase, ofCandidate] = [base, candidate].map(({ audit }) =>
      audit.coverage === "none" ? null : (audit.anomalies[kind] ?? 0),
    ) as [number | null, number | null];
    const isExercised = candidate.audit.exercised?.includes(kind) ?? true;
    const verdict = verdictOf(ofBase, ofCandidate, isExercised, isNewAllowed);
    return { case: name, kind, base: ofBase, candidate: ofCandidate, verdict };
  });

function verdictOf(
  base: number | null,
  candidate: number | null,
  isExercised: boolean,
  isNewAllowed: boolean,
): AnomalyResult["verdict"] {
  if (base === null || candidate === null) return "not-audited";
  if (candidate === 0) return base > 0 ? "no-more" : isExercised ? "none" : "not-exercised";
  if (base === 0) return isNewAllowed ? "allowed" : "new";
  return candidate > base ? "more" : "no-more";
}

import type { TrialReport } from "../report/schema.js";
import type { Scenario } from "../scenario/scenario.js";
import { type AnomalyResult, compareAnomalies } from "./anomalies.js";
import { compareExact, type ExactResult, isComparable } from "./exact.js";
import { exactScenario, type GateCase, type GatePlan, type SideName } from "./plan.js";

/** What the trials that count have shown of one case. */
export interface Counts {
  readonly case: string;
  readonly base: TrialReport;
  readonly candidate: TrialReport;
  readonly exact: readonly ExactResult[];
  /** The exact figures are of users as the scenario says, since the two sides did not meet the same ones otherwise. */
  readonly isCountedApart: boolean;
  readonly anomalies: readonly AnomalyResult[];
}

/** One trial a side, of this pair, in a scenario that is changed like this. */
export type Both = (
  pair: number,
  change: (scenario: Scenario) => Scenario,
) => Promise<Readonly<Record<SideName, TrialReport>>>;

/** How often exact figures are counted if a timeout or another client spoils them. */
const MOST_COUNTS = 3;
/**
 * How often an anomaly that only the candidate shows is counted before it is called new. One that either side shows by
 * chance, in a share q of the trials, passes for new in (q(1 − q))⁴ of the gates: one of 256 at most.
 */
const COUNTS_OF_NEW = 4;

/** @param isShared whether the server may have other clients */
export async function countExactly(
  { name }: GateCase,
  { allowMore, countedMix }: Pick<GatePlan, "allowMore" | "countedMix">,
  isShared: boolean,
  both: Both,
): Promise<Counts> {
  let mix = countedMix;
  const count = (repeat = 0) => both(repeat, (scenario) => exactScenario(scenario, mix));
  const compared = (trials: Awaited<ReturnType<Both>>): ExactResult[] => compareExact(name, trials, allowMore);
  let trials = await count();
  let exact = compared(trials);
  for (let left = MOST_COUNTS - 1; left > 0 && !isComparable(exact); left--) {
    // Sides that draw users in another way meet the same ones only where all are of one kind. Whether answers are right
    // is the audit's to say.
    if (left === 1 && wereAudited(trials)) mix = null;
    const again = await count();
    exact = compared(again);
    if (mix === countedMix) trials = again;
  }
  const isCountedApart = mix !== countedMix && isComparable(exact);
  if (isShared && exact.some(({ verdict }) => verdict === "more")) {
    // Somebody else's commands on a shared server are no fault of the candidate's: what is exact repeats.
    const again = compared(await count());
    exact = exact.map((result, i) => {
      const repeats = result.base === again[i]?.base && result.candidate === again[i]?.candidate;
      return repeats ? result : { ...result, verdict: "not-comparable" };
    });
  }
  mix = countedMix;
  const mayBeNew = allowMore.includes("anomalies");
  let anomalies = compareAnomalies(name, trials, mayBeNew);
  // What breaks a promise fails however often it is seen.
  const isOpen = ({ kind, verdict }: AnomalyResult): boolean =>
    verdict === "new" && !trials.candidate.audit.brokenPromises.includes(kind);
  for (let repeat = 1; repeat < COUNTS_OF_NEW && anomalies.some(isOpen); repeat++) {
    const again = compareAnomalies(name, await count(repeat), mayBeNew);
    anomalies = anomalies.map((one, i) =>
      isOpen(one) && again[i]?.verdict !== "new" ? { ...one, verdict: "unsteady" } : one,
    );
  }
  return { case: name, ...trials, exact, isCountedApart, anomalies };
}

const wereAudited = ({ base, candidate }: Awaited<ReturnType<Both>>): boolean =>
  [base, candidate].every(({ audit }) => audit.coverage === "users");

/** What an error of each kind was told by. */
function saidIn({ failureExamples = {} }: TrialReport): string {
  const examples = Object.values(failureExamples);
  return examples.length === 0 ? "" : `: ${examples.join("; ")}`;
}

/** Why the candidate fails. */
export function failuresIn({ case: name, exact, anomalies, candidate }: Counts): string[] {
  const more = exact
    .filter(({ verdict }) => verdict === "more")
    .map(({ figure, base, candidate: now }) => {
      const wayOut = figure === "errors" ? saidIn(candidate) : `; if that is meant, --allow-more ${figure}`;
      return `${name}: ${figure} went up from ${base} to ${now}${wayOut}`;
    });
  const found = anomalies
    .filter(({ kind, verdict }) => verdict === "new" && !candidate.audit.brokenPromises.includes(kind))
    .map(({ kind, candidate: times }) => `${kind} ${times}`);
  if (found.length === 0) return more;
  const wayOut = "if that is meant, --allow-more anomalies";
  return [...more, `${name}: the audit found what the base does not show: ${found.join(", ")}; ${wayOut}`];
}

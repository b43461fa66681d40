import type { Warning } from "../base/warning.js";
import type { Counts } from "./counting.js";
import { EVERY_KIND_OF_USER, SIDES, type SideName } from "./plan.js";
import type { PairResult } from "./procedure.js";

/** What a reader of the verdict needs to know beside it. */
export const gateWarnings = (counts: readonly Counts[], pairs: readonly PairResult[]): Warning[] => [
  ...ofCounts(counts),
  ...SIDES.flatMap((side) => ofTrials(side, pairs)),
];

function ofCounts(counts: readonly Counts[]): Warning[] {
  const warnings: Warning[] = [];
  const unclear = new Set(
    counts.flatMap(({ exact }) =>
      exact.filter(({ verdict }) => verdict === "not-comparable").map(({ figure }) => figure),
    ),
  );
  if (unclear.size > 0) {
    const message = `${[...unclear].join(", ")}: not compared, since the two sides did not meet the same entries undisturbed`;
    warnings.push({ code: "not-comparable", message });
  }
  for (const { case: name } of counts.filter(({ isCountedApart }) => isCountedApart)) {
    const message = `${name}: calls were counted of users as the scenario says: the two sides answered the others unlike, or drew them in another way`;
    warnings.push({ code: "counted-apart", message });
  }
  const unmet = (["waiting", "active"] as const).filter((kind) => counts.some(({ base }) => base.entries[kind] === 0));
  const isAnswered = counts.some(({ base }) => base.entries.succeeded > 0);
  if (unmet.length > 0 && isAnswered) {
    const shares = Object.entries(EVERY_KIND_OF_USER).map(([kind, share]) => `${kind}=${share}`);
    const message = `no entry of a user who is ${unmet.join(" or ")} already was counted, so mistakes with these were not looked for; --mix ${shares.join(",")} has them`;
    warnings.push({ code: "not-exercised", message });
  }
  const anomalies = counts.flatMap((one) => one.anomalies);
  if (anomalies.some(({ verdict }) => verdict === "not-audited")) {
    const message = "the audit did not look: whether promises are kept is not known";
    warnings.push({ code: "not-audited", message });
  }
  for (const { case: name, kind, base, candidate } of anomalies.filter(({ verdict }) => verdict === "unsteady")) {
    const message = `${name}: ${kind}: ${candidate} of the candidate, ${base} of the base; counted again that was not so, so it may be chance`;
    warnings.push({ code: "anomalies", message });
  }
  return warnings;
}

function ofTrials(side: SideName, pairs: readonly PairResult[]): Warning[] {
  const warnings: Warning[] = [];
  const trials = pairs.map((pair) => pair[side]);
  const bound = trials.filter(({ limiter }) => limiter === "generator").length;
  if (bound * 2 > trials.length) {
    warnings.push({
      code: "generator-bound",
      message: `${side}: the load generator was the limit in ${bound} of ${trials.length} trials, so a change in Redis may not show`,
    });
  }
  const failed = trials.reduce((sum, { entries }) => sum + entries.failed, 0);
  if (failed > 0) warnings.push({ code: "failures", message: `${side}: ${failed} entries failed` });
  for (const code of new Set(trials.flatMap((trial) => trial.warnings.map((one) => one.code)))) {
    const found = trials.flatMap((trial) => trial.warnings.filter((one) => one.code === code));
    warnings.push({
      code,
      message: `${side}, in ${found.length} of ${trials.length} trials: ${found[0]?.message}`,
    });
  }
  return warnings;
}

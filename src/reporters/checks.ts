import type { GateReport } from "../report/gate.js";
import { gateAnswerOf, gateRowsOf } from "../report/gate-words.js";
import type { RunReport } from "../report/schema.js";
import { type ThresholdResult, thresholdText } from "../report/thresholds.js";

/** What a report says was kept or not, one by one: test cases and annotations are made of it. */
export interface Check {
  readonly group: string;
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped" | "error";
  readonly message: string;
}

export const checksOf = (report: RunReport | GateReport): Check[] =>
  report.kind === "run" ? checksOfRun(report) : checksOfGate(report);

function checksOfRun({ strategies, thresholds = [], error, complete }: RunReport): Check[] {
  return [
    ...strategies.map(({ name, summary: { audit, trials, entries } }): Check => {
      const broken = audit.brokenPromises.length > 0;
      const untold = trials === 0 ? "no trial came to its end" : entries.succeeded === 0 ? "no entry succeeded" : "";
      return {
        group: name,
        name: "keeps what it promises",
        state: broken ? "failed" : untold === "" ? "passed" : "skipped",
        message: broken ? `found: ${audit.brokenPromises.join(", ")}` : untold,
      };
    }),
    ...thresholds.map(limit),
    ...ending(complete, error?.message),
  ];
}

function checksOfGate(report: GateReport): Check[] {
  const { brokenPromises, thresholds, complete, error, verdict, gate } = report;
  const { timed, exact } = gateRowsOf(report);
  const inconclusive = gate.onInconclusive === "fail" ? "failed" : "skipped";
  return [
    ...exact.map(({ name, base, candidate, change, verdict: one }): Check => {
      const state = one === "fail" ? "failed" : one === "pass" ? "passed" : "skipped";
      return { group: "exact", name, state, message: `base ${base}, candidate ${candidate}: ${change}` };
    }),
    ...timed.map(
      ({ name, base, candidate, change, verdict: one, detail }): Check => ({
        group: "timed",
        name,
        state: one === "fail" ? "failed" : one === "pass" ? "passed" : inconclusive,
        message: `base ${base}, candidate ${candidate}; worse by ${change}: ${one}; ${detail}`,
      }),
    ),
    ...thresholds.map(limit),
    {
      group: "audit",
      name: "keeps what it promises",
      state: brokenPromises.length > 0 ? "failed" : "passed",
      message: brokenPromises.length > 0 ? `found: ${brokenPromises.join(", ")}` : "",
    },
    ...ending(complete && verdict !== null, error?.message ?? gateAnswerOf(report)),
  ];
}

const limit = (result: ThresholdResult): Check => ({
  group: result.strategy,
  name: result.expression,
  state: result.failed ? "failed" : "passed",
  message: thresholdText(result),
});

/** What did not come to its end has not passed. */
const ending = (complete: boolean, message = "it did not come to its end"): Check[] =>
  complete ? [] : [{ group: "qbench", name: "comes to its end", state: "error", message }];

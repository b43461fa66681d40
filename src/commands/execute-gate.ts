import { EXIT } from "../base/errors.js";
import { SIDES } from "../gate/plan.js";
import { type GateObserver, type GateOutcome, runGate } from "../gate/procedure.js";
import { openSides } from "../gate/sides.js";
import { buildGateReport, type GateReport } from "../report/gate.js";
import { changeText } from "../report/gate-words.js";
import { json } from "../reporters/json.js";
import { renderGateReport } from "../reporters/reporter.js";
import { table } from "../reporters/table.js";
import type { Target } from "../targets/target.js";
import type { CommandResult } from "./command.js";
import { failureText } from "./failure.js";
import { estimateText, type GateJob } from "./gate.js";
import { writeEach } from "./kind-outputs.js";
import { factsOf, scriptsBeside, type TargetFacts } from "./report-file.js";
import { withSignals } from "./signals.js";

/** Measures, writes the reports and gives the table, or the JSON, for stdout. */
export async function executeGate(job: GateJob): Promise<CommandResult> {
  const { options } = job;
  const { report, outcome } = await withSignals((signal) => measure(job, signal));
  const { writtenTo, error } = await writeEach(options.outputs, outcome.error, (reporter, look) =>
    renderGateReport(reporter, report, look),
  );
  const text = renderGateReport(options.json ? json : table, report, {
    color: options.color && !options.json,
    writtenTo,
  });
  if (outcome.error !== undefined) console.error(failureText(outcome.error));
  if (outcome.verdict === "inconclusive" && job.onInconclusive === "warn") {
    console.error("qbench: warning: the gate is inconclusive, which --on-inconclusive warn lets through");
  }
  return { exitCode: exitCodeOf({ ...outcome, error }, job), text: text.trimEnd() };
}

async function measure(job: GateJob, signal: AbortSignal): Promise<{ report: GateReport; outcome: GateOutcome }> {
  const { plan, specs, scenarios, options } = job;
  const startedAt = new Date();
  const sinceMs = performance.now();
  const say = options.quiet ? () => {} : (line: string) => console.error(`qbench: ${line}`);
  say(`${specs.base.label} against ${specs.candidate.label}: ${estimateText(job.estimate)}`);
  const sides = await openSides({ specs, scenarios, cases: plan.cases, target: options, say }, signal);
  let result: Omit<Parameters<typeof buildGateReport>[0], "durationMs" | "outcome"> & { outcome: GateOutcome };
  try {
    const strategies = [...new Set(plan.cases.flatMap((one) => [one.base, one.candidate]))];
    const factsAt = (target: Target): Promise<TargetFacts> =>
      factsOf(target, { strategies, seed: plan.seed }, scriptsBeside(Object.values(scenarios)));
    const facts = await factsAt(sides.targets.base);
    const other = sides.targets.candidate === sides.targets.base ? facts : await factsAt(sides.targets.candidate);
    const sideOf = (side: (typeof SIDES)[number]): GateReport["base"] => ({
      spec: specs[side].label,
      kind: specs[side].kind,
      ...(sides.revisions === undefined ? {} : { revision: sides.revisions[side] }),
      target: side === "base" ? facts.target : other.target,
      scenario: scenarios[side],
    });
    const outcome = await runGate(plan, scenarios, sides, observerOf(job, say), signal);
    const targetWarnings = [...new Set(SIDES.flatMap((side) => sides.targets[side].warnings))];
    result = {
      plan,
      base: sideOf("base"),
      candidate: sideOf("candidate"),
      ...facts,
      outcome,
      onInconclusive: job.onInconclusive,
      startedAt,
      warnings: [...job.warnings, ...targetWarnings.map((message) => ({ code: "target", message }))],
    };
  } catch (error) {
    // What went wrong first is what the user needs to hear.
    await sides.close().catch(() => {});
    throw error;
  }
  // Keys that could not be removed are an error of their own: never a pass.
  const outcome = await sides.close().then(
    () => result.outcome,
    (error) => ({ ...result.outcome, verdict: null, error: result.outcome.error ?? error }),
  );
  const report = buildGateReport({ ...result, outcome, durationMs: Math.round(performance.now() - sinceMs) });
  return { report, outcome };
}

/** Plain lines: one for each look, and on a terminal the trial that is running. */
function observerOf({ options, plan }: GateJob, say: (line: string) => void): GateObserver {
  const isLive = process.stderr.isTTY === true && !options.quiet;
  const clear = isLive ? "\r\u001b[K" : "";
  return {
    trialStarted({ side, strategy, pair }, phase) {
      const what = phase === "pair" ? `pair ${pair + 1} of at most ${plan.maxPairs}` : phase;
      if (isLive) process.stderr.write(`${clear}${what}: ${side}, ${strategy}`.slice(0, 100));
    },
    looked({ pairs }, metrics, verdict) {
      if (isLive) process.stderr.write(clear);
      const each = metrics.map(
        ({ figure, judgement: { estimate, high, p } }) =>
          `${figure} ${changeText(estimate)} (at most ${changeText(high)}, p ${p.toPrecision(2)})`,
      );
      say(`after ${pairs} pairs: ${each.join("; ")}: ${verdict === "inconclusive" ? "not clear yet" : verdict}`);
    },
  };
}

/** Where several hold: what ended the gate, what the audit found, a failure, no answer. */
export function exitCodeOf(
  { error, verdict, brokenPromises }: Pick<GateOutcome, "error" | "verdict" | "brokenPromises">,
  { onInconclusive }: Pick<GateJob, "onInconclusive">,
): number {
  if (error !== undefined) return error.exitCode;
  if (brokenPromises.length > 0) return EXIT.anomalies;
  switch (verdict) {
    case "pass":
      return EXIT.ok;
    case "fail":
      return EXIT.failed;
    case "inconclusive":
      return { report: EXIT.inconclusive, pass: EXIT.ok, warn: EXIT.ok, fail: EXIT.failed }[onInconclusive];
    case null:
      // No error and no verdict: that cannot be, and never passes.
      return EXIT.bug;
  }
}

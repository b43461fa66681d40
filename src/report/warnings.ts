import { printable } from "../base/printable.js";
import type { Warning } from "../base/warning.js";
import { faultNamed } from "../faults/index.js";
import type { Scenario } from "../scenario/scenario.js";
import { MIN_ROUNDS } from "../stats/comparison.js";
import { percentText, plural, rateText } from "./format.js";
import type { StrategyReport } from "./schema.js";
import { droppedShare, listed, queuesMet } from "./words.js";

/**
 * A queue longer by this factor is other work. Its commands are O(log n): four times as long costs a tenth more of what
 * a sorted set of thousands costs.
 */
const UNLIKE_QUEUES = 4;

/** What follows from the figures of a run for how far they can be believed: each says what happened and what to do. */
export function warningsOf(strategies: readonly StrategyReport[], scenario: Scenario, complete: boolean): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, message: string): void => void warnings.push({ code, message });

  if (!complete) {
    warn("incomplete", "the run did not come to its end: what is here is what was measured until then");
  }
  if (complete && strategies.length > 1 && scenario.trials < MIN_ROUNDS) {
    const rounds = plural(scenario.trials, "round");
    warn("too-few-rounds", `${rounds}: too few for a verdict; --trials ${MIN_ROUNDS} or more allow one`);
  }
  const bound = strategies
    .filter(({ summary }) => summary.limiter === "generator" && summary.entries.succeeded > 0)
    .map(({ name }) => name);
  if (bound.length > 0) {
    warn(
      "generator-bound",
      `${bound.join(", ")}: the load generator was the limit in most trials, so these figures say nothing about Redis; ` +
        (scenario.client === "ioredis"
          ? "--client wire needs less CPU for an entry"
          : "use a machine with more free cores, or more --instances where cores are free"),
    );
  }
  if (scenario.faults.some(({ name }) => faultNamed(name).needs === "proxy")) {
    warn(
      "proxied",
      "a proxy of qbench's own stood between generator and server, so that connections could be reset: every round trip " +
        "went through it, so rates and latencies are those of this set-up alone",
    );
  }
  const answered = strategies.filter(({ summary }) => summary.entries.succeeded > 0);
  const met = queuesMet(answered).sort((a, b) => a.mean - b.mean);
  const [shortest, longest] = [met[0], met.at(-1)];
  if (shortest && longest && longest.mean > UNLIKE_QUEUES * Math.max(1, shortest.mean)) {
    const users = ({ name, mean }: (typeof met)[number]): string => `${name} met ${rateText(mean)} users waiting`;
    warn(
      "unlike-queues",
      `${users(shortest)} on the mean, ${users(longest)}: the longer queue costs the server more; ` +
        "a smaller --max-waiting, or --entries, makes them alike",
    );
  }
  for (const strategy of strategies) {
    const { name, summary } = strategy;
    const leftOut = roundsLeftOut(strategy, strategies);
    if (leftOut !== null) warn("rounds-left-out", leftOut);
    if (summary.trialsLeftOut > 0) {
      warn("trials-left-out", `${name}: ${plural(summary.trialsLeftOut, "trial")} not complete and left out`);
    }
    const { attempted, failed, inDoubt, unsent = 0 } = summary.entries;
    if (failed > 0) {
      const kinds = Object.entries(summary.failures).map(([kind, n]) => {
        const example = summary.failureExamples?.[kind];
        return `${kind} ${n}${example === undefined ? "" : `: ${printable(example, 200)}`}`;
      });
      const starved = unsent > 0 ? `; ${unsent} of them never got a connection` : "";
      const doubt = inDoubt > 0 ? `; ${inDoubt} of them may have happened all the same` : "";
      warn(
        "failures",
        `${name}: ${percentText(failed / attempted)} of the entries failed (${kinds.join("; ")})${starved}${doubt}`,
      );
    }
    const dropped = droppedShare(summary.entries);
    if (dropped !== null) {
      warn(
        "dropped",
        `${name}: ${percentText(dropped)} of the entries were due and never started, since all ` +
          `${scenario.maxInFlight} of --max-in-flight were under way or the trial was over: no latency speaks of them; ` +
          "offer less, or allow more in flight",
      );
    }
    if (summary.audit.brokenPromises.length > 0) {
      const kinds = summary.audit.brokenPromises.map((kind) => `${kind} ${summary.audit.anomalies[kind] ?? 0}`);
      warn("broken-promise", `${name} promises never to show these anomalies, and did: ${kinds.join(", ")}`);
    }
  }
  return warnings;
}

/** Which rounds are not in the comparison with the baseline, and why; null where all are, or there is nothing to compare. */
function roundsLeftOut(own: StrategyReport, strategies: readonly StrategyReport[]): string | null {
  const versus = own.summary.vsBaseline;
  const baseline = strategies.find(({ name }) => name === versus?.baseline);
  if (!versus || !baseline || versus.leftOut === 0 || own.summary.trials * baseline.summary.trials === 0) return null;
  const silent = [own, baseline].flatMap(({ name, trials }) => {
    const count = trials.filter(({ complete, entries }) => complete && entries.succeeded === 0).length;
    return count === 0 ? [] : [`${name} served nobody in ${plural(count, "trial")}`];
  });
  const why = silent.length === 0 ? "a trial was not complete" : listed(silent);
  const verdict = versus.verdict === "not-comparable" ? ", so there is no ratio and no verdict" : "";
  const rounds = plural(versus.rounds + versus.leftOut, "round");
  return `${own.name}: ${versus.leftOut} of ${rounds} cannot be compared with ${baseline.name}: ${why}${verdict}`;
}

import type { TrialResult } from "../engine/trial-result.js";
import { EMPTY_COUNTS, percentilesUs } from "../measure/hdr.js";
import { latencyText, plural, ratioText } from "../report/format.js";
import { comparePairs } from "../stats/comparison.js";
import { judge, looksUpTo, worsening } from "../stats/gate.js";
import type { Recorded } from "./fake-server.js";

/**
 * What was measured, held against what the fake server says that it did. A figure is bounded from below exactly, since
 * no entry is answered before the server has answered it, and from above by what a busy machine may add: more at the
 * slow end than in the middle.
 */
export interface CheckResult {
  readonly ok: boolean;
  readonly expected: string;
  readonly found: string;
}

/** Percentiles that are looked at, and what a busy machine may add to each. */
const SLACK_US: readonly (readonly [percent: number, slackUs: number])[] = [
  [50, 10_000],
  [90, 60_000],
  [99, 200_000],
];
/** Buckets of the histogram are 0.1 % wide, and clocks read whole microseconds. */
const BUCKET = 0.002;
/** The gate's usual: a slowdown of 10 % must be ruled out for a pass. */
const THRESHOLD = 0.1;

/** Every entry counted, and each percentile of service time where the server's own delays have it. */
export function percentilesHold({ entries, latency }: Measured, { delaysUs }: Recorded): CheckResult {
  const sorted = [...delaysUs].sort((a, b) => a - b);
  const measured = percentilesUs(
    latency.service,
    SLACK_US.map(([percent]) => percent),
  );
  const rows = SLACK_US.map(([percent, slackUs], i) => {
    const truthUs = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
    const figureUs = measured[i] ?? Number.NaN;
    const isRight = figureUs >= truthUs * (1 - BUCKET) && figureUs <= truthUs * (1 + BUCKET) + slackUs;
    return { name: `p${percent}`, truthUs, slackUs, figureUs, isRight };
  });
  const { attempted, succeeded } = entries;
  const truths = rows.map(
    ({ name, truthUs, slackUs }) => `${name} ${latencyText(truthUs)} (up to ${latencyText(slackUs)} more)`,
  );
  const figures = rows.map(({ name, figureUs }) => `${name} ${shown(figureUs)}`);
  return {
    ok: attempted === sorted.length && succeeded === attempted && rows.every(({ isRight }) => isRight),
    expected: `${truths.join(", ")}; ${plural(sorted.length, "entry", "entries")}`,
    found: `${figures.join(", ")}; ${plural(succeeded, "entry", "entries")}`,
  };
}

/**
 * The server stood still for a part of an open run. Arrivals are spread evenly, so the slowest tenth of all are those of
 * the stall's first part, which is as long as a tenth of the run; with half of the run stalled, p90 is 80 % of the stall.
 */
export function stallHolds({ latency }: Measured, { stalledUs }: Recorded, durationMs: number): CheckResult {
  const response = latency.response ?? EMPTY_COUNTS;
  const p90Of = (histogram: typeof response): number => percentilesUs(histogram, [90])[0] ?? Number.NaN;
  const [p90, hidden] = [p90Of(response), p90Of(latency.service)];
  const expectedUs = stalledUs - durationMs * 1000 * 0.1;
  const isNear = (figureUs: number, truthUs: number): boolean => Math.abs(figureUs - truthUs) <= 0.1 * stalledUs;
  const share = (us: number): string => `${((100 * us) / stalledUs).toFixed(1)} %`;
  return {
    ok: stalledUs > 0 && isNear(response.maxUs, stalledUs) && isNear(p90, expectedUs) && hidden < 0.1 * stalledUs,
    expected:
      `response: max ${latencyText(stalledUs)}, which is the stall, and p90 ${share(expectedUs)} of it, each within a tenth; ` +
      "service: p90 below a tenth",
    found:
      `response: max ${latencyText(response.maxUs)}, p90 ${shown(p90)}, ${share(p90)}; ` +
      `service: p90 ${shown(hidden)}, so service time alone would have hidden it`,
  };
}

/** Throughputs of one round, and how long the server took for an entry, on the mean. */
export interface Pair {
  readonly baseline: number;
  readonly candidate: number;
  readonly baselineDelayUs: number;
  readonly candidateDelayUs: number;
}

/** `isSame`: nothing was injected. The run's comparison and the gate's first look both have to see what there is. */
export function comparisonHolds(pairs: readonly Pair[], isSame: boolean): CheckResult {
  const { verdict, ratio } = comparePairs(pairs, "higher-is-better");
  const differences = pairs.map(({ baseline, candidate }) => worsening(baseline, candidate, "higher-is-better"));
  const gate = judge(differences, looksUpTo(pairs.length)[0]!, THRESHOLD, 1).verdict;
  const delayOf = (of: (pair: Pair) => number): number => pairs.reduce((sum, pair) => sum + of(pair), 0);
  const injected = delayOf((one) => one.candidateDelayUs) / delayOf((one) => one.baselineDelayUs);
  return {
    ok: isSame ? verdict === "no-difference" && gate !== "fail" : verdict === "slower" && gate === "fail",
    expected: `${isSame ? "no-difference, and a gate that does not fail" : "slower, and a gate that fails"}; delays ${ratioText(injected)}`,
    found: `${verdict}, throughput ${ratioText(ratio ?? Number.NaN)}; gate: ${gate}`,
  };
}

/** Nothing was recorded, and so there is no figure. */
const shown = (us: number): string => (Number.isNaN(us) ? "none" : latencyText(us));

type Measured = Pick<TrialResult, "entries" | "latency">;

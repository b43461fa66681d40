import { usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { fromBase64, mergeCounts } from "../measure/hdr.js";
import type { HistogramCounts } from "../measure/histogram.js";
import type { LatencyReport, StrategyReport, TrialReport } from "./schema.js";

/** The whole distributions of a saved report. */

/** The latency that tables and gates use: from the planned start where there is one. */
const latencyOf = ({ latency }: TrialReport): LatencyReport => latency.response ?? latency.entry;

/** @throws QbenchError (usage) where the report holds something that is no histogram. */
export function distributionOf(trial: TrialReport): HistogramCounts {
  try {
    return fromBase64(latencyOf(trial).histogram);
  } catch (error) {
    throw usageError(`a histogram of this report cannot be read: ${printable((error as Error).message)}`);
  }
}

/** All entries of a strategy's complete trials in one. @throws QbenchError (usage) */
export const mergedDistribution = ({ trials }: StrategyReport): HistogramCounts =>
  mergeCounts(trials.filter((trial) => trial.complete).map(distributionOf));

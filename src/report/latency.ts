import { countOf, percentilesUs, toBase64 } from "../measure/hdr.js";
import type { HistogramCounts } from "../measure/histogram.js";
import type { LatencyReport } from "./schema.js";

/** A histogram as reports have it: the usual figures for people, and the whole of it for machines. */
export function latencyFigures(histogram: HistogramCounts): LatencyReport {
  const count = countOf(histogram);
  const [p50, p90, p95, p99, p999] = percentilesUs(histogram, [50, 90, 95, 99, 99.9]) as [...(number | null)[]];
  const orNull = (figure: number): number | null => (count === 0 ? null : figure);
  return {
    unit: "us",
    count,
    min: orNull(histogram.minUs),
    mean: orNull(histogram.sumUs / count),
    p50: p50 ?? null,
    p90: p90 ?? null,
    p95: p95 ?? null,
    p99: p99 ?? null,
    p999: p999 ?? null,
    max: orNull(histogram.maxUs),
    outOfRange: histogram.outOfRange,
    histogram: toBase64(histogram),
  };
}

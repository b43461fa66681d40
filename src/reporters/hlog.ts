import { HistogramLogWriter } from "hdr-histogram-js";
import { toHdr } from "../measure/hdr.js";
import { distributionOf } from "../report/histograms.js";
import { chosen, word } from "./distributions.js";
import type { TextReporter } from "./reporter.js";

const US_IN_MS = 1000;

/** Trials follow one another in the log as they did in the run, but without the pauses between them. */
export const hlog: TextReporter = {
  name: "hlog",
  summary: "HdrHistogram's log: every trial's latencies, an interval each, tagged with its strategy (µs)",
  endings: [".hlog"],
  takes: ["strategy"],
  render(report, { strategy }) {
    const lines: string[] = [];
    const writer = new HistogramLogWriter((text: string) => void lines.push(text));
    const startedMs = Date.parse(report.startedAt);
    writer.outputLogFormatVersion();
    writer.outputComment(`qbench ${word(report.tool.version)}: latencies in us, one interval a trial`);
    // Written by hand: the library adds the time zone of the machine that renders.
    writer.outputComment(`[StartTime: ${(startedMs / 1000).toFixed(3)} (seconds since epoch), ${report.startedAt}]`);
    writer.outputLegend();
    const trials = chosen(report, strategy)
      .flatMap(({ name, trials }) => trials.map((trial) => ({ name, trial })))
      .sort((a, b) => a.trial.round - b.trial.round || a.trial.order - b.trial.order);
    let elapsedMs = 0;
    for (const { name, trial } of trials) {
      const histogram = toHdr(distributionOf(trial));
      histogram.tag = word(name);
      const sinceMs = elapsedMs;
      elapsedMs += trial.durationMs;
      writer.outputIntervalHistogram(histogram, sinceMs / 1000, elapsedMs / 1000, US_IN_MS);
    }
    return lines.join("");
  },
};

import { toHdr } from "../measure/hdr.js";
import { mergedDistribution } from "../report/histograms.js";
import { chosen, word } from "./distributions.js";
import type { TextReporter } from "./reporter.js";

const TICKS_PER_HALF_DISTANCE = 5;
const US_IN_MS = 1000;

/** What HdrHistogram's plotters draw: one distribution a file, so with several strategies each has a block. */
export const hgrm: TextReporter = {
  name: "hgrm",
  summary: "HdrHistogram's percentile table, a block a strategy (ms); --strategy gives one alone, for plotters",
  endings: [".hgrm"],
  takes: ["strategy"],
  render(report, { strategy }) {
    const blocks = chosen(report, strategy).map((one) => {
      const merged = toHdr(mergedDistribution(one));
      const text = merged.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, US_IN_MS);
      return strategy === undefined ? `#[Strategy = ${word(one.name)}]\n${text}` : text;
    });
    return `${blocks.join("\n").trimEnd()}\n`;
  },
};

import type { RoadmapReport } from "../report/roadmap.js";
import type { RunReport } from "../report/schema.js";
import type { SweepReport } from "../report/sweep.js";
import type { Labels } from "./labels.js";
import type { Theme } from "./theme.js";

/**
 * A chart is made in two steps: from a report its drawing (pure data: what ECharts shall draw, and the same figures as
 * a table), and from the drawing the picture. So an article's picture, the page's chart and its table cannot disagree.
 */

/** Words and colours of a picture. */
export interface Look {
  readonly labels: Labels;
  readonly theme: Theme;
}

/** What ECharts is given, as plain JSON: functions are named, `"@latency"`, and put in where it is drawn. */
export type ChartOption = Readonly<Record<string, unknown>>;

export interface Drawing {
  /** What the chart says, if it says something; else what it shows. */
  readonly title: string;
  /** What is drawn and under which conditions it was measured; line breaks are kept. */
  readonly subtitle: string;
  /** Without titles and colours of the theme: `framed` adds them. */
  readonly option: ChartOption;
  readonly heightPx: number;
  /** The same figures for who does not see the picture; the first row is the heading. */
  readonly table: readonly (readonly string[])[];
}

export interface Chart {
  readonly name: string;
  /** One line for `--help` and the documents. */
  readonly summary: string;
  /**
   * @param others further reports, for charts that compare runs
   * @returns a sentence where the report has nothing to draw
   */
  draw(report: RunReport, look: Look, others: readonly RunReport[]): Drawing | string;
  /** The same of a sweep; absent where it has nothing to say about one. */
  drawSweep?(report: SweepReport, look: Look): Drawing | string;
  /** The same of a roadmap. */
  drawRoadmap?(report: RoadmapReport, look: Look): Drawing | string;
}

import type { Warning } from "../base/warning.js";
import { type ChangePoint, changePoints } from "../stats/change-points.js";
import { median } from "../stats/median.js";
import { differencesOf } from "./differences.js";
import { type FigureName, figureNamed } from "./figures.js";
import { type RunReport, SCHEMA_VERSION } from "./schema.js";
import { TOOL } from "./tool.js";

/**
 * A figure over the reports of a folder, by scenario and strategy. It informs and never blocks: reports of different
 * days differ by whatever the machine did meanwhile.
 */
export interface TrendReport {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly kind: "trend";
  readonly tool: typeof TOOL;
  readonly complete: true;
  readonly figure: FigureName;
  readonly series: readonly TrendSeries[];
  readonly warnings: readonly Warning[];
}

export interface TrendSeries {
  readonly scenario: string;
  readonly strategy: string;
  /** In order of time. */
  readonly points: readonly TrendPoint[];
  readonly changes: readonly ChangePoint[];
}

export interface TrendPoint {
  readonly startedAt: string;
  readonly path: string;
  /** Median over the complete trials, in the figure's own unit. */
  readonly value: number;
  /** The commit of qbench, where it was known. */
  readonly revision: string | null;
  /** What was another machine, server or option than in the point before. */
  readonly unlikeBefore: readonly string[];
}

export interface TrendInput {
  readonly path: string;
  readonly report: RunReport;
}

export function buildTrend(
  loaded: readonly TrendInput[],
  figureName: FigureName,
  warnings: readonly Warning[],
): TrendReport {
  const figure = figureNamed(figureName);
  const inOrder = [...loaded].sort((a, b) => (a.report.startedAt < b.report.startedAt ? -1 : 1));
  const byName = new Map<string, { scenario: string; strategy: string; points: (TrendPoint & TrendInput)[] }>();
  for (const { path, report } of inOrder) {
    for (const { name, trials } of report.strategies) {
      const values = trials
        .filter(({ complete }) => complete)
        .map((trial) => figure.ofTrial(trial))
        .filter((value) => value !== null);
      if (values.length === 0) continue;
      const key = JSON.stringify([report.scenario.name, name]);
      const series = byName.get(key) ?? { scenario: report.scenario.name, strategy: name, points: [] };
      byName.set(key, series);
      const before = series.points.at(-1)?.report;
      series.points.push({
        startedAt: report.startedAt,
        path,
        value: median(values),
        revision: report.environment.git?.revision ?? null,
        unlikeBefore: before === undefined ? [] : unlike(before, report),
        report,
      });
    }
  }
  const series = [...byName.values()].map(({ scenario, strategy, points }) => ({
    scenario,
    strategy,
    points: points.map(({ report: _, ...point }) => point),
    // A level has a logarithm; a count of nought has no ratio to change by.
    changes: points.every(({ value }) => value > 0) ? changePoints(points.map(({ value }) => value)) : [],
  }));
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: "trend",
    tool: TOOL,
    complete: true,
    figure: figureName,
    series,
    warnings,
  };
}

const unlike = (before: RunReport, now: RunReport): string[] =>
  differencesOf([before, now])
    .filter(({ kind }) => kind !== "noted")
    .map(({ field }) => field);

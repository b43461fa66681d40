import { Chalk } from "chalk";
import Table from "cli-table3";
import { formatDuration } from "../base/units.js";
import {
  latencyText,
  percentText,
  plural,
  rangeText,
  rateText,
  ratioText,
  shortText,
  spanText,
} from "../report/format.js";
import type { RoadmapReport, RoadmapRow } from "../report/roadmap.js";
import { serverText } from "../report/words.js";
import { closingBlocks, labelled, linesOf, painted, paragraphs, RULED, sections, stacked } from "./layout.js";
import { closingList, documentOf, escaped, listOf, tableOf } from "./markdown-blocks.js";

/** A report of `qbench roadmap` as people read it. */

const NONE = "–";
const HEADS = ["stage", "published", "predicted", "measured", "gain", "of the\ngoal", "carried\nover", "USD", "claim"];
type Options = { readonly color: boolean; readonly writtenTo?: readonly string[] | undefined };

export function renderRoadmapTable(report: RoadmapReport, { color, writtenTo = [] }: Options): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const table = new Table({ head: HEADS.map((head) => painted(head, chalk.bold)), ...RULED });
  const paint = { confirmed: chalk.green, refuted: chalk.red, depends: chalk.yellow };
  for (const row of report.stages) {
    const [stage, ...cells] = cellsOf(row);
    const verdict = cells.pop() ?? "";
    const painter = paint[row.verdict as keyof typeof paint] ?? String;
    table.push([chalk.bold(stage), ...cells, painted(verdict, painter)]);
  }
  return sections([
    labelled(headerOf(report), chalk.dim),
    linesOf(table),
    paragraphs(legend(report), chalk.dim),
    labelled(claimsOf(report), chalk.bold),
    ...closingBlocks({ ...report, writtenTo }, chalk),
  ]);
}

export function renderRoadmapMarkdown(report: RoadmapReport): string {
  return documentOf([
    listOf(headerOf(report)),
    tableOf(
      HEADS,
      report.stages.map((row) => cellsOf(row).map((cell) => cell.replaceAll("\n", " "))),
    ),
    legend(report).map(escaped),
    listOf(claimsOf(report)),
    ...closingList(report),
  ]);
}

function headerOf({ scenario, target, environment, seed, complete, goal, stages }: RoadmapReport): [string, string][] {
  const { machine, software } = environment;
  return [
    ...(complete ? [] : [["cut short", "only whole trials are counted"] as [string, string]]),
    [
      "measured",
      `scenario ${scenario.name} on ${target.kind === "embedded" ? "an embedded " : ""}${serverText(target)}; ` +
        `${plural(scenario.trials, "round")} of ${formatDuration(scenario.durationMs)} a stage, warm-up ` +
        `${formatDuration(scenario.warmupMs)}; seed ${seed}`,
    ],
    ["shown", stages[0]?.variants[0]?.name ?? "nothing was measured"],
    [
      "goal",
      `${rateText(goal.tps)}/s, p95 below ${formatDuration(goal.p95Ms)}, success above ${percentText(goal.successRate)}`,
    ],
    ["machine", `${machine.cores} × ${machine.cpuModel}, ${machine.platform} ${machine.kernel}, Node ${software.node}`],
  ];
}

function cellsOf(row: RoadmapRow): string[] {
  const { published, variants, carriedOver, usdPerMonth } = row;
  const [first] = variants;
  const gain = first?.gain;
  return [
    row.name,
    stacked(
      [...new Set(published.tps)].map(rateText).join("–"),
      published.kind,
      row.claim?.atLeast === undefined
        ? ""
        : `×${rangeText(row.claim.atLeast, row.claim.expectedUpTo ?? row.claim.atLeast)}`,
    ),
    first?.predicted ? stacked(`${rateText(first.predicted.tps)}/s`, first.predicted.bottleneck) : NONE,
    first?.measured
      ? stacked(
          `${rateText(first.measured.tps.median)}/s`,
          spanText(first.measured.tps, shortText),
          `p95 ${latencyText(first.measured.p95Us.median)}`,
        )
      : NONE,
    gain?.ratio == null
      ? NONE
      : stacked(
          ratioText(gain.ratio),
          gain.low === null || gain.high === null ? "" : rangeText(gain.low, gain.high),
          first?.predictedGain == null ? "" : `model ${ratioText(first.predictedGain)}`,
        ),
    row.shareOfGoal === null ? NONE : percentText(row.shareOfGoal),
    carriedOver === null ? NONE : stacked(`${rateText(carriedOver.tps)}/s`, percentText(carriedOver.shareOfGoal)),
    usdPerMonth === null
      ? NONE
      : stacked(
          `${usdPerMonth.toLocaleString("en-US")} a month`,
          row.publishedUsdPerMillion === null ? "" : `${centsText(row.publishedUsdPerMillion)} a million`,
          carriedOver?.usdPerMillion == null ? "" : `now ${centsText(carriedOver.usdPerMillion)}`,
        ),
    row.verdict === "no-claim" ? NONE : row.verdict.replaceAll("-", " "),
  ];
}

const centsText = (usd: number): string => usd.toFixed(usd < 0.1 ? 4 : 2);

const legend = ({ prices }: RoadmapReport): string[] => [
  "published: entries a second, and the gain that was expected; predicted: by the model, and what limits it there",
  "measured: median and the interval that holds the true one; gain: over the stage it is held against, with its 95 % interval",
  "of the goal: what was measured here, without the application; carried over: the published figure of the stage it is " +
    "held against times the gain that was measured, and that of the goal",
  `USD: a month; for a million entries if it ran so all month, as published and (now) as carried over. ${prices}.`,
];

/** "Phase 3-2: confirmed; …", for each claim, with what it was judged by. */
const claimsOf = ({ stages }: RoadmapReport): [string, string][] =>
  stages.flatMap((row): [string, string][] => {
    if (row.verdict === "no-claim") return [];
    if (row.verdict === "not-measured") return [[row.name, "not measured yet"]];
    return [[row.name, `${row.verdict.replaceAll("-", " ")}; ${row.because.join("; ")}`]];
  });

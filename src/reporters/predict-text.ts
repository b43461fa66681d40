import { Chalk } from "chalk";
import Table from "cli-table3";
import { formatDuration } from "../base/units.js";
import { byFewerTrips, PUBLISHED } from "../model/published.js";
import { latencyText, percentText, perEntryText, plural, rateText } from "../report/format.js";
import type { PredictionReport, PredictReport } from "../report/predict.js";
import { serverText } from "../report/words.js";
import { closingBlocks, labelled, linesOf, painted, paragraphs, RULED, sections, stacked } from "./layout.js";
import { closingList, documentOf, escaped, listOf, tableOf } from "./markdown-blocks.js";

/** A report of `qbench predict` as people read it. */

type Options = { readonly color: boolean; readonly writtenTo?: readonly string[] | undefined };

export function renderPredictTable(report: PredictReport, { color, writtenTo = [] }: Options): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const grid = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] => {
    if (rows.length === 0) return [];
    const table = new Table({ head: heads.map((head) => painted(head, chalk.bold)), ...RULED });
    table.push(...rows.map((row) => [...row]));
    return linesOf(table);
  };
  const isMeasured = report.offBy !== undefined;
  return sections([
    labelled(headerOf(report), chalk.dim),
    grid(
      [
        "strategy",
        "trips",
        "alone",
        "Redis µs\na trip",
        "generator\nµs a trip",
        "on 20\nexclusive",
        "on 20\nshared",
        "to wake\na trip",
      ],
      report.calibration.map((one) => [
        chalk.bold(one.strategy),
        perEntryText(one.tripsPerEntry),
        latencyText(one.measured.alone.meanUs),
        workText(one.server),
        workText(one.generator),
        rateText(one.measured.exclusive.tps),
        rateText(one.measured.shared.tps),
        latencyText(one.wakeUs),
      ]),
    ),
    grid(
      [
        "at",
        "strategy",
        "predicted",
        "limited by",
        ...(isMeasured ? ["measured", "off by", "limited by"] : []),
        "by formula",
      ],
      report.predictions.map((one) => [
        stacked(...Object.entries(one.at).map(([flag, value]) => `${flag} ${value}`)),
        chalk.bold(one.strategy),
        stacked(`${rateText(one.tps)}/s`, latencyText(one.meanUs)),
        one.bottleneck,
        ...(isMeasured ? measuredCells(one) : []),
        formulaCell(one),
      ]),
    ),
    paragraphs(legend(report), chalk.dim),
    paragraphs(answerOf(report), chalk.bold),
    ...closingBlocks({ ...report, writtenTo }, chalk),
  ]);
}

export function renderPredictMarkdown(report: PredictReport): string {
  const heads = ["at", "strategy", "predicted", "limited by", "measured", "off by", "limited by", "by formula"];
  return documentOf([
    listOf(headerOf(report)),
    tableOf(
      heads,
      report.predictions.map((one) =>
        [
          placeText(one),
          one.strategy,
          `${rateText(one.tps)}/s, ${latencyText(one.meanUs)}`,
          one.bottleneck,
          ...measuredCells(one),
          formulaCell(one),
        ].map((cell) => cell.replaceAll("\n", ", ")),
      ),
    ),
    [...legend(report), ...answerOf(report)].map(escaped),
    ...closingList(report),
  ]);
}

/** A line for each prediction; µs. */
export function renderPredictCsv({ predictions }: PredictReport): string {
  const flags = [...new Set(predictions.flatMap(({ at }) => Object.keys(at)))];
  const columns = [
    ...flags.map((flag) => flag.replaceAll("-", "_")),
    "strategy,predicted_tps,predicted_mean_us,predicted_pool_wait_us,server_busy,generator_busy,bottleneck",
    "measured_tps,measured_mean_us,rounds,formula_tps",
  ];
  const lines = predictions.map((one) =>
    [
      ...flags.map((flag) => one.at[flag] ?? ""),
      one.strategy,
      one.tps,
      one.meanUs,
      one.poolWaitUs,
      one.busy.server,
      one.busy.generator,
      one.bottleneck,
      one.measured?.tps.median ?? "",
      one.measured?.meanUs.median ?? "",
      one.measured?.rounds ?? "",
      one.formula?.tps ?? "",
    ].join(","),
  );
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

function headerOf({ scenario, target, environment, seed, complete }: PredictReport): [string, string][] {
  const { machine, software } = environment;
  return [
    ...(complete ? [] : [["cut short", "only whole trials are counted"] as [string, string]]),
    [
      "calibrated",
      `on ${target.kind === "embedded" ? "an embedded " : ""}${serverText(target)}, client ${scenario.client}; ` +
        `${plural(scenario.trials, "round")} of ${formatDuration(scenario.durationMs)}, warm-up ` +
        `${formatDuration(scenario.warmupMs)}; seed ${seed}`,
    ],
    [
      "scenario",
      `${scenario.ratePerSec === null ? plural(scenario.vus, "user") : `${rateText(scenario.ratePerSec)} arrivals/s`}; ` +
        `${plural(scenario.instances, "instance")} of ${plural(scenario.pool, `${scenario.connections} connection`)}, ` +
        "where nothing else is said below",
    ],
    ["machine", `${machine.cores} × ${machine.cpuModel}, ${machine.platform} ${machine.kernel}, Node ${software.node}`],
  ];
}

const placeText = ({ at }: PredictionReport): string =>
  Object.entries(at)
    .map(([flag, value]) => `${flag} ${value}`)
    .join(", ");

/** Of one trip alone, on a connection of its own among many, and with many on its connection. */
function workText({ perTurnUs, perConnectionUs, perTripUs }: PredictReport["calibration"][number]["server"]): string {
  const shared = perTripUs;
  const exclusive = shared + perConnectionUs;
  return [exclusive + perTurnUs, exclusive, shared].map((us) => us.toFixed(us < 10 ? 2 : 1)).join(" / ");
}

function measuredCells({ measured }: PredictionReport): string[] {
  if (measured === undefined) return ["–", "–", "–"];
  const limiters = Object.entries(measured.limiters).sort(([, a], [, b]) => b - a);
  return [
    stacked(`${rateText(measured.tps.median)}/s`, latencyText(measured.meanUs.median)),
    stacked(offText(measured.tpsOffBy), offText(measured.meanOffBy)),
    limiters[0]?.[0] ?? "–",
  ];
}

function formulaCell({ formula }: PredictionReport): string {
  if (formula === undefined) return "–";
  return stacked(`${rateText(formula.tps)}/s`, formula.offBy === null ? "" : offText(formula.offBy));
}

const offText = (off: number): string => `${off < 0 ? "−" : "+"}${percentText(Math.abs(off))}`;

function legend({ offBy }: PredictReport): string[] {
  const by = byFewerTrips(PUBLISHED, PUBLISHED.tripsSaved, PUBLISHED.rttUs);
  return [
    "µs a trip: CPU of one trip alone / among others on connections of their own / with many on its connection",
    "predicted, measured: entries a second, below it the mean latency, a wait for a connection included",
    `by formula: the published argument, by which ${rateText(PUBLISHED.tps)}/s at ${latencyText(PUBLISHED.meanUs)} become ` +
      `${rateText(by?.tps ?? 0)}/s at ${latencyText(by?.meanUs ?? 0)} when ${PUBLISHED.tripsSaved} round trips of ` +
      `${latencyText(PUBLISHED.rttUs)} are saved; here from the first strategy's figures, below it how far that is from ` +
      `${offBy === undefined ? "the model" : "what was measured"}`,
  ];
}

/** The errors of the model, in one sentence. */
function answerOf({ offBy, predictions }: PredictReport): string[] {
  if (offBy === undefined) return [];
  const formulas = predictions.flatMap(({ formula }) =>
    formula?.offBy === undefined || formula.offBy === null ? [] : [Math.abs(formula.offBy)],
  );
  const worst =
    formulas.length === 0 ? "" : ` The published argument was off by up to ${percentText(Math.max(...formulas))}.`;
  return [
    `Over ${plural(offBy.cells, "measured cell")} throughput was off by ${percentText(offBy.tps.median)} in the median and ` +
      `${percentText(offBy.tps.worst)} at worst, mean latency by ${percentText(offBy.meanUs.median)} and ` +
      `${percentText(offBy.meanUs.worst)}.${worst}`,
  ];
}

import { Chalk } from "chalk";
import Table from "cli-table3";
import { printable } from "../base/printable.js";
import { formatDuration } from "../base/units.js";
import type { CapacityReport, CapacityStrategy } from "../report/capacity.js";
import { percentText, rateText, ratioText } from "../report/format.js";
import { limiterText, listed, serverText } from "../report/words.js";
import { csvCell } from "./csv.js";
import { closingBlocks, labelled, linesOf, paragraphs, RULED, sections, stacked, wrapped } from "./layout.js";
import { closingList, documentOf, escaped, listOf, tableOf } from "./markdown-blocks.js";

/** A report of `qbench capacity` as people read it, and as a spreadsheet does. */

type Options = { readonly color: boolean; readonly writtenTo?: readonly string[] | undefined };

const NONE = "–";
const HEADS = ["strategy", "capacity", "between", "against", "limited by", "what showed it", "trials"];

export function renderCapacityTable(report: CapacityReport, { color, writtenTo = [] }: Options): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const table = new Table({ head: HEADS.map((head) => chalk.bold(head)), ...RULED });
  for (const strategy of report.strategies) {
    const [name = "", capacity = "", ...rest] = cellsOf(strategy);
    table.push([chalk.bold(printable(name, 24)), capacity, ...rest.map(narrow)]);
  }
  return sections([
    labelled(headerOf(report), chalk.dim),
    linesOf(table),
    paragraphs(legend(report), chalk.dim),
    ...closingBlocks({ ...report, writtenTo }, chalk),
  ]);
}

const narrow = (text: string): string =>
  text
    .split("\n")
    .flatMap((line) => wrapped(printable(line, 400), 30))
    .join("\n");

export function renderCapacityMarkdown(report: CapacityReport): string {
  return documentOf([
    listOf(headerOf(report)),
    tableOf(
      HEADS,
      report.strategies.map((one) => cellsOf(one).map((cell) => cell.replaceAll("\n", " "))),
    ),
    legend(report).map(escaped),
    ...closingList(report),
  ]);
}

/** A line for each step; latencies are µs. */
export function renderCapacityCsv({ strategies }: CapacityReport): string {
  const heads = [
    "strategy,step,phase,rate_per_sec,outcome,tps,success_rate,p50_us,p95_us,p99_us,start_lag_p99_us,dropped,limiter,reasons",
  ];
  const lines = strategies.flatMap(({ name, steps }) =>
    steps.map(({ step, phase, ratePerSec, outcome, reasons, trial }) => {
      const latency = trial.latency.response ?? trial.latency.entry;
      return [
        name,
        step,
        phase,
        ratePerSec,
        outcome,
        trial.tps,
        trial.successRate,
        latency.p50,
        latency.p95,
        latency.p99,
        trial.latency.startLag?.p99 ?? null,
        trial.entries.dropped,
        trial.limiter,
        reasons.join("; "),
      ]
        .map(csvCell)
        .join(",");
    }),
  );
  return `${[...heads, ...lines].join("\n")}\n`;
}

function headerOf({
  capacity,
  strategies,
  target,
  scenario,
  environment,
  seed,
  complete,
}: CapacityReport): [string, string][] {
  const { machine, software } = environment;
  const server = `${target.kind === "embedded" ? "an embedded " : ""}${serverText(target)}`;
  return [
    ...(complete ? [] : [["cut short", "bounds are those known until then"] as [string, string]]),
    ["looked for", `the highest arrival rate at which ${listed(capacity.slo)}`],
    ["compared", `${listed(strategies.map(({ name }) => name))}, on ${server}`],
    [
      "steps",
      `${formatDuration(scenario.durationMs)} each, warm-up ${formatDuration(scenario.warmupMs)}, ${scenario.arrival} arrivals; from ` +
        `${rateText(capacity.startPerSec)}/s, to within ${percentText(capacity.precision)}, ${capacity.confirmations} trials at each end; seed ${seed}`,
    ],
    ["machine", `${machine.cores} × ${machine.cpuModel}, ${machine.platform} ${machine.kernel}, Node ${software.node}`],
  ];
}

function cellsOf({ name, end, lower, higher, limit, vsBaseline, steps }: CapacityStrategy): string[] {
  return [
    name,
    capacityText(end, lower),
    stacked(heldText("held", lower), heldText(end === "generator" ? "not offered" : "broke", higher)),
    vsBaseline === undefined
      ? "baseline"
      : `${vsBaseline.ratio === null ? NONE : ratioText(vsBaseline.ratio)} ${VERDICTS[vsBaseline.verdict]}`,
    end === "generator" ? "generator" : limit === null ? NONE : limiterText(limit.limiter).replace("limited by ", ""),
    limit === null ? NONE : limit.reasons.join("; "),
    String(steps.length),
  ];
}

const VERDICTS = { more: "more", less: "less", "not-told-apart": "not told apart" };

function capacityText(end: CapacityStrategy["end"], lower: CapacityStrategy["lower"]): string {
  if (lower === null) return end === "never-holds" ? "none" : "unknown";
  const rate = `${rateText(lower.ratePerSec)}/s`;
  return end === "found" ? rate : `at least ${rate}`;
}

/** "held at 41,200/s (3 of 3)" */
function heldText(what: string, bound: CapacityStrategy["lower"]): string {
  if (bound === null) return "";
  const often = what === "held" ? bound.held : bound.trials - bound.held;
  return `${what} at ${rateText(bound.ratePerSec)}/s (${often} of ${bound.trials})`;
}

const legend = ({ strategies }: CapacityReport): string[] => [
  "capacity: the highest rate at which the service level held in most trials; between: it and the lowest rate at which it did not",
  ...(strategies.some(({ vsBaseline }) => vsBaseline !== undefined)
    ? ["against: over the first strategy's; more and less where the two ranges do not overlap"]
    : []),
];

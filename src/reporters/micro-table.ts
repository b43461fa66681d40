import { Chalk, type ChalkInstance } from "chalk";
import Table from "cli-table3";
import { printable } from "../base/printable.js";
import { latencyText, perEntryText, plural, rangeText, rateText, ratioText, spanText } from "../report/format.js";
import { type MicroReport, type MicroUser, USER_KINDS } from "../report/micro.js";

const NOTHING = "–";
const HEADS = ["strategy", "user", "per entry", "rounds", "p99", "entries/s", "calls", "trips", "against", "verdict"];
const EDGES = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"];
const INNER = ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"];

/** What people see at the end of `qbench micro`; it ends with a line break. */
export function renderMicroTable(
  report: MicroReport,
  options: { color: boolean; writtenTo?: readonly string[] | undefined },
): string {
  const chalk = new Chalk({ level: options.color ? 1 : 0 });
  const { scenario, target } = report;
  const header = [
    `${target.kind} ${target.server} ${target.version}, client ${scenario.client}, score ${scenario.score}, ` +
      `${plural(scenario.trials, "round")}, seed ${report.seed}`,
    ...(report.complete ? [] : [chalk.yellow("not complete: only whole turns are counted")]),
  ];
  const sections = [header, [grid(report, chalk)], legend(report).map((line) => chalk.dim(line))];
  if (report.warnings.length > 0) {
    sections.push(report.warnings.map(({ message }) => `${chalk.yellow("warning")}  ${printable(message, 2000)}`));
  }
  if (options.writtenTo?.length) sections.push([`written to ${options.writtenTo.join(", ")}`]);
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function grid({ strategies }: MicroReport, chalk: ChalkInstance): string {
  const table = new Table({
    head: HEADS.map((head) => chalk.bold(head)),
    chars: { ...Object.fromEntries([...EDGES, ...INNER].map((name) => [name, ""])), middle: "  " },
    colAligns: ["left", "left", "right", "right", "right", "right", "right", "right", "left", "left"],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const kind of USER_KINDS) {
    for (const { name, users } of strategies) table.push([printable(name, 15), kind, ...cells(users[kind], chalk)]);
  }
  return table.toString().replace(/ +$/gm, "");
}

function cells({ summary }: MicroUser, chalk: ChalkInstance): string[] {
  const { p50Us, vsBaseline } = summary;
  const text = (value: number | null, format: (value: number) => string): string =>
    value === null ? NOTHING : format(value);
  const range =
    vsBaseline?.low == null || vsBaseline.high == null ? "" : ` (${rangeText(vsBaseline.low, vsBaseline.high)})`;
  const paint = {
    faster: chalk.green,
    slower: chalk.red,
    "no-difference": String,
    "too-few-rounds": chalk.dim,
    "not-comparable": chalk.yellow,
  };
  const verdict = vsBaseline?.verdict;
  return [
    text(p50Us?.median ?? null, microText),
    (p50Us === null ? "" : spanText(p50Us, (us) => us.toFixed(1))) || NOTHING,
    text(summary.p99Us, latencyText),
    text(summary.entriesPerSec, rateText),
    text(summary.callsPerEntry, perEntryText),
    text(summary.roundTripsPerEntry, perEntryText),
    vsBaseline === undefined ? "" : `${text(vsBaseline.ratio, ratioText)}${range}`,
    verdict === undefined ? "baseline" : paint[verdict](verdict.replaceAll("-", " ")),
  ];
}

/** A tenth of a microsecond matters here. */
const microText = (us: number): string => (us < 1000 ? `${us.toFixed(1)} µs` : latencyText(us));

const legend = ({ strategies, scenario }: MicroReport): string[] => [
  "One entry at a time on one connection: this measures round trips, not throughput; `qbench run` measures that.",
  `per entry: median of the rounds' medians${scenario.trials > 1 ? "; rounds: the interval that holds the true one, in µs" : ""}`,
  "entries/s: on this one connection; calls, trips: commands and waits in sequence of one entry",
  `against: latency over that of ${printable(strategies[0]?.name ?? "", 15)}, less is better, and its 95 % interval`,
];

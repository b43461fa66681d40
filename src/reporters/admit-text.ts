import { Chalk } from "chalk";
import Table from "cli-table3";
import { printable } from "../base/printable.js";
import { formatDuration } from "../base/units.js";
import type { AdmitBatchReport, AdmitDesignReport, AdmitLockReport, AdmitReport } from "../report/admit.js";
import { latencyText, plural, rateText, shortText, spanText } from "../report/format.js";
import { closingBlocks, labelled, linesOf, painted, paragraphs, RULED, sections, stacked } from "./layout.js";
import { closingList, documentOf, escaped, listOf, tableOf } from "./markdown-blocks.js";

/** A report of `qbench admit` as people read it. */

const NONE = "–";
type Interval = AdmitBatchReport["summary"]["usersPerSec"];
type Options = { readonly color: boolean; readonly writtenTo?: readonly string[] | undefined };

export function renderAdmitTable(report: AdmitReport, { color, writtenTo = [] }: Options): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const grid = (heads: readonly string[], rows: readonly string[][]): string[] => {
    if (rows.length === 0) return [];
    const table = new Table({ head: heads.map((head) => painted(head, chalk.bold)), ...RULED });
    table.push(...rows);
    return linesOf(table);
  };
  const { scenario } = report;
  return sections([
    labelled(headerOf(report), chalk.dim),
    grid(
      ["design", ...scenario.batches.map((batch) => `${plural(batch, "user")}\na call`), "atomic", "lost when\nkilled"],
      report.designs.map((design) => [
        chalk.bold(design.name),
        ...design.batches.map((batch) => batchCell(batch)),
        design.atomic,
        lostCell(design),
      ]),
    ),
    paragraphs(legend(report), chalk.dim),
    grid(
      ["lock", "active of\ncapacity", "admitted by\na sleeper", "freed\nanother's", "holders\nat once"],
      report.locks.map((lock) => [chalk.bold(lock.name), ...lockCells(lock)]),
    ),
    paragraphs(lockLegend(report), chalk.dim),
    ...closingBlocks({ ...report, writtenTo }, chalk),
  ]);
}

export function renderAdmitMarkdown(report: AdmitReport): string {
  return documentOf([
    listOf(headerOf(report)),
    tableOf(
      [
        "design",
        "users a call",
        "server µs a user",
        "users/s",
        "p99 stall",
        "longest stall",
        "atomic",
        "lost when killed",
      ],
      report.designs.flatMap((design) =>
        design.batches.map(({ batch, summary }) => [
          design.name,
          plural(batch, "user").split(" ")[0] as string,
          microText(summary.serverUsPerUser ?? summary.commandUsPerUser),
          intervalText(summary.usersPerSec, rateText),
          intervalText(summary.stallP99Us, latencyText),
          intervalText(summary.stallMaxUs, latencyText),
          design.atomic,
          lostText(design),
        ]),
      ),
    ),
    tableOf(
      ["lock", "active of capacity", "admitted by a sleeper", "freed another's", "holders at once"],
      report.locks.map((lock) => [lock.name, ...lockCells(lock)]),
    ),
    [...legend(report), ...lockLegend(report)].map(escaped),
    ...closingList(report),
  ]);
}

/** A line for each turn; µs. */
export function renderAdmitCsv({ designs }: AdmitReport): string {
  const columns = [
    "design,batch,round,order,calls,users,wall_ms,users_per_sec,server_us_per_user,command_us_per_user",
    "call_p50_us,call_p99_us,call_max_us,stall_pings,stall_p50_us,stall_p99_us,stall_max_us,probe_late_max_us",
  ];
  const lines = designs.flatMap(({ name, batches }) =>
    batches.flatMap(({ batch, rounds }) =>
      rounds.map((one) =>
        [
          name,
          batch,
          one.round,
          one.order,
          one.calls,
          one.users,
          one.wallMs,
          one.usersPerSec,
          one.serverUsPerUser ?? "",
          one.commandUsPerUser,
          one.callUs.p50,
          one.callUs.p99,
          one.callUs.max,
          one.stallUs.pings,
          one.stallUs.p50,
          one.stallUs.p99,
          one.stallUs.max,
          one.probeLateUs.max,
        ].join(","),
      ),
    ),
  );
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

function headerOf({ scenario, target, environment, seed, complete }: AdmitReport): [string, string][] {
  const { machine, software } = environment;
  const server = `${target.kind === "embedded" ? "an embedded " : ""}${target.server} ${target.version}`;
  return [
    ...(complete ? [] : [["cut short", "only whole turns are counted"] as [string, string]]),
    [
      "measured",
      `from waiting to active on ${server}, ${plural(scenario.waiting, "user")} waiting; ` +
        `${plural(scenario.trials, "round")}, ${formatDuration(scenario.durationMs)} a turn; seed ${seed}`,
    ],
    ["machine", `${machine.cores} × ${machine.cpuModel}, ${machine.platform} ${machine.kernel}, Node ${software.node}`],
  ];
}

function batchCell({ summary }: AdmitBatchReport): string {
  if (summary.usersPerSec === null) return NONE;
  return stacked(
    `${microText(summary.serverUsPerUser ?? summary.commandUsPerUser)} a user`,
    `${shortText(summary.usersPerSec.median)} users/s`,
    `p99 ${latencyText(summary.stallP99Us?.median ?? 0)}`,
    `max ${latencyText(summary.stallMaxUs?.median ?? 0)}`,
  );
}

const microText = (interval: Interval): string =>
  interval === null ? NONE : `${interval.median.toFixed(interval.median < 10 ? 2 : 1)} µs`;

function intervalText(interval: Interval, text: (value: number) => string): string {
  if (interval === null) return NONE;
  const span = spanText(interval, text);
  return `${text(interval.median)}${span === "" ? "" : ` (${span})`}`;
}

function lostCell({ killed }: AdmitDesignReport): string {
  if (killed === null) return NONE;
  const kills = `in ${plural(killed.kills, "kill")}`;
  if (killed.lost + killed.halfAdmitted === 0) return stacked("none", kills);
  return stacked(
    killed.lost === 0 ? "" : plural(killed.lost, "user"),
    killed.halfAdmitted === 0 ? "" : `${killed.halfAdmitted} half admitted`,
    kills,
  );
}

const lostText = (design: AdmitDesignReport): string => lostCell(design).replaceAll("\n", " ");

function lockCells({ rounds }: AdmitLockReport): string[] {
  if (rounds.length === 0) return [NONE, NONE, NONE, NONE];
  const range = (of: (round: AdmitLockReport["rounds"][number]) => number): string => {
    const values = rounds.map(of);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? shortCount(least) : `${shortCount(least)}–${shortCount(most)}`;
  };
  const freed = rounds.filter(({ freedForeign }) => freedForeign).length;
  const hasLock = rounds.some(({ freedForeign }) => freedForeign !== null);
  return [
    `${range((round) => round.active)} of ${range((round) => round.capacity)}`,
    range((round) => round.admittedAsleep),
    hasLock ? `${freed} of ${rounds.length}` : "no lock",
    hasLock ? range((round) => round.holdersAtOnce ?? 0) : "no lock",
  ];
}

const shortCount = (value: number): string => value.toLocaleString("en-US");

function legend({ designs }: AdmitReport): string[] {
  const summary = designs.flatMap(({ batches }) => batches).find((one) => one.summary.usersPerSec !== null)?.summary;
  if (summary === undefined) return [];
  const isCpu = summary.serverUsPerUser !== null;
  return [
    `a user: ${isCpu ? "CPU of the server's main thread" : "time that the server counted for the commands"}; ` +
      "users/s: batch after batch, as fast as one scheduler goes",
    "p99, max: how long a bystander had to wait who sends a PING every millisecond, from when each was planned; " +
      "medians of the rounds' 99th percentiles and longest",
    "lost when killed: users who were popped and are neither active nor hold a token, after a SIGKILL in the middle",
  ];
}

function lockLegend({ locks, scenario }: AdmitReport): string[] {
  if (locks.length === 0) return [];
  return [
    `One of ${scenario.instances} schedulers takes the lock, sees room for one batch and falls asleep; the lock's time ends, the ` +
      "next one takes it and admits; then the sleeper wakes up, admits, and frees the lock. Counted from the data.",
    ...locks.map(({ name, summary }) => `${printable(name, 30)}: ${printable(summary, 200)}`),
  ];
}

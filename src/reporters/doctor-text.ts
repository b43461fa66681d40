import { Chalk } from "chalk";
import type { DoctorReport } from "../report/doctor.js";
import { plural } from "../report/format.js";
import { labelled, sections } from "./layout.js";

type Finding = DoctorReport["findings"][number];

/** What people see of `qbench doctor`; it ends with a line break. */
export function renderDoctor({ findings, status }: DoctorReport, options: { readonly color: boolean }): string {
  const chalk = new Chalk({ level: options.color ? 1 : 0 });
  const paint: Readonly<Record<string, (text: string) => string>> = {
    ok: chalk.green,
    warning: chalk.yellow,
    unfit: chalk.red,
  };
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = (one: Finding): [string, string][] => {
    const found: [string, string] = [`${one.status.padEnd(7)}  ${one.check.padEnd(width)}`, one.found];
    return one.advice === null ? [found] : [found, ["", `why: ${one.why}`], ["", `do: ${one.advice}`]];
  };
  const subjects = [...new Set(findings.map(({ subject }) => subject))];
  return sections([
    ...subjects.map((subject) => [
      chalk.bold(subject),
      ...labelled(findings.filter((one) => one.subject === subject).flatMap(lines), (label) =>
        (paint[label.split(" ", 1)[0] ?? ""] ?? String)(label),
      ),
    ]),
    [chalk.bold(conclusion(findings, status))],
  ]);
}

function conclusion(findings: readonly Finding[], status: DoctorReport["status"]): string {
  const count = (wanted: string): number => findings.filter((one) => one.status === wanted).length;
  if (status === "unfit") return `Nothing can be measured here: ${plural(count("unfit"), "finding")} must be mended.`;
  if (status === "ok") return "Fit to measure on.";
  return `Fit to measure on, with ${plural(count("warning"), "warning")}: figures from here need them beside them.`;
}

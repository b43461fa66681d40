import { printable } from "../base/printable.js";
import type { GateReport } from "../report/gate.js";
import type { RunReport } from "../report/schema.js";
import { checksOf } from "./checks.js";
import type { Reporter } from "./reporter.js";

/**
 * Workflow commands of GitHub Actions: printed by a step, they become annotations. A step may make ten of each level;
 * what is more is counted in the last one.
 */
const MOST = 10;
const LONGEST = 1000;

export const githubAnnotations: Reporter = {
  name: "github-annotations",
  summary: "workflow commands that GitHub Actions shows as annotations",
  endings: [".annotations.txt"],
  render,
  renderGate: render,
};

function render(report: RunReport | GateReport): string {
  const checks = checksOf(report);
  const of = (...states: string[]): string[] =>
    checks
      .filter(({ state }) => states.includes(state))
      .map(({ group, name, message }) => `${group}: ${name}${message === "" ? "" : `: ${message}`}`);
  const title = `qbench ${report.kind}`;
  const lines = [
    ...commands("error", title, of("failed", "error")),
    ...commands("warning", title, [...of("skipped"), ...report.warnings.map(({ message }) => message)]),
  ];
  return lines.length === 0 ? `${command("notice", title, "all checks passed")}\n` : `${lines.join("\n")}\n`;
}

function commands(level: string, title: string, messages: readonly string[]): string[] {
  const shown = messages.length > MOST ? messages.slice(0, MOST - 1) : messages;
  const more = messages.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].map((message) => command(level, title, message));
}

const command = (level: string, title: string, message: string): string =>
  `::${level} title=${property(title)}::${data(printable(message, LONGEST))}`;

const data = (text: string): string => text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
const property = (text: string): string => data(text).replace(/:/g, "%3A").replace(/,/g, "%2C");

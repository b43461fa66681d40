import { printable } from "../base/printable.js";
import type { GateReport } from "../report/gate.js";
import type { RunReport } from "../report/schema.js";
import { type Check, checksOf } from "./checks.js";
import type { Reporter } from "./reporter.js";

/**
 * JUnit's XML, as CI servers read it: a test case for each limit, each gated figure and the audit. What is inconclusive
 * is skipped: neither passed nor failed.
 */
export const junit: Reporter = {
  name: "junit",
  summary: "JUnit XML: limits, gated figures and the audit as test cases",
  endings: [".xml"],
  render,
  renderGate: render,
};

function render(report: RunReport | GateReport): string {
  const checks = checksOf(report);
  const count = (state: Check["state"]): number => checks.filter((check) => check.state === state).length;
  const totals =
    `tests="${checks.length}" failures="${count("failed")}" errors="${count("error")}" ` +
    `skipped="${count("skipped")}" time="${(report.durationMs / 1000).toFixed(3)}"`;
  const suite = `qbench ${report.kind}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="qbench" ${totals}>`,
    `  <testsuite name="${suite}" ${totals} timestamp="${report.startedAt.slice(0, 19)}">`,
    ...checks.flatMap((check) => testcase(check, suite)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testcase({ group, name, state, message }: Check, suite: string): string[] {
  const open = `    <testcase classname="${escaped(`${suite}.${group}`)}" name="${escaped(name)}" time="0"`;
  if (state === "passed") return [`${open}/>`];
  const tag = { failed: "failure", error: "error", skipped: "skipped" }[state];
  return [`${open}>`, `      <${tag} message="${escaped(message)}"/>`, "    </testcase>"];
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Control characters have no place in XML, not even as entities. */
const escaped = (text: string): string => printable(text, 2000).replace(/[&<>"']/g, (char) => ENTITIES[char] as string);

import type { TextReporter } from "./reporter.js";

function asJson(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** The report itself, in the order of keys that it was built in. */
export const json: TextReporter = {
  name: "json",
  summary: "the whole report, for machines; every other format is made from it",
  endings: [".json"],
  render: asJson,
  renderGate: asJson,
};

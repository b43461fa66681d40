import { Chalk } from "chalk";
import { plural } from "../report/format.js";
import type { SelftestReport } from "../report/selftest.js";
import { labelled, sections } from "./layout.js";

/** What people see of `qbench selftest`; it ends with a line break. */
export function renderSelftest({ checks, ok, seed }: SelftestReport, options: { readonly color: boolean }): string {
  const chalk = new Chalk({ level: options.color ? 1 : 0 });
  const failed = checks.filter((check) => !check.ok).length;
  return sections([
    ...checks.map((check) => {
      const label = check.ok ? "ok" : "failed";
      return labelled(
        [
          [label.padEnd(6), `${check.name}: ${check.what}`],
          ["", `expected ${check.expected}`],
          ["", `measured ${check.found}`],
        ],
        check.ok ? chalk.green : chalk.red,
      );
    }),
    [
      chalk.bold(
        ok
          ? `This qbench measures right here: ${plural(checks.length, "check")} passed.`
          : `${failed} of ${plural(checks.length, "check")} failed (seed ${seed}): do not believe figures from here. qbench doctor may say why.`,
      ),
    ],
  ]);
}

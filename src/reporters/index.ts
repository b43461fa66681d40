import { type QbenchError, usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { didYouMean } from "../base/suggest.js";
import { bencher } from "./bencher.js";
import { benchstat } from "./benchstat.js";
import { csv } from "./csv.js";
import { benchmarkActionBigger, benchmarkActionSmaller } from "./github-action-benchmark.js";
import { githubAnnotations } from "./github-annotations.js";
import { hgrm } from "./hgrm.js";
import { hlog } from "./hlog.js";
import { page } from "./html.js";
import { json } from "./json.js";
import { junit } from "./junit.js";
import { markdown } from "./markdown.js";
import { png } from "./png.js";
import { prometheus } from "./prometheus.js";
import type { Reporter } from "./reporter.js";
import { svg } from "./svg.js";
import { table } from "./table.js";

/** Every format. A new one is a file and a line here. */
export const REPORTERS: readonly Reporter[] = [
  table,
  json,
  markdown,
  csv,
  page,
  svg,
  png,
  hlog,
  hgrm,
  prometheus,
  junit,
  githubAnnotations,
  benchmarkActionBigger,
  benchmarkActionSmaller,
  bencher,
  benchstat,
];

export const REPORTER_NAMES: readonly string[] = REPORTERS.map((reporter) => reporter.name);

/** @throws QbenchError (usage) that lists the names. */
export function reporterNamed(name: string): Reporter {
  const found = REPORTERS.find((reporter) => reporter.name === name);
  if (found !== undefined) return found;
  throw usageError(
    `unknown format "${printable(name)}"${didYouMean(name, REPORTER_NAMES)}`,
    `formats are ${REPORTER_NAMES.join(", ")}`,
  );
}

/** The format that a file's name asks for. @throws QbenchError (usage) that lists the endings. */
export function reporterFor(path: string): Reporter {
  const matching = REPORTERS.flatMap((reporter) => reporter.endings.map((ending) => ({ reporter, ending })))
    .filter(({ ending }) => path.toLowerCase().endsWith(ending))
    // Of ".json" and ".bmf.json" the longer one says more.
    .sort((a, b) => b.ending.length - a.ending.length);
  if (matching[0] === undefined) throw unknownEnding(path);
  return matching[0].reporter;
}

function unknownEnding(path: string): QbenchError {
  const endings = REPORTERS.flatMap((reporter) => reporter.endings.map((ending) => `${ending} (${reporter.name})`));
  return usageError(
    `the ending of ${printable(path, 300)} does not say which format to write`,
    `give the file one of these endings: ${endings.join(", ")}`,
  );
}

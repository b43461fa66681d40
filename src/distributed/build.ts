import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { PACKAGE_FOLDER } from "../report/tool.js";
import { STRATEGIES } from "../strategies/index.js";

/**
 * What makes the figures of two machines those of one program: the sources and libraries that it was built from, and the
 * scripts of its strategies, which are read from lua/ as they are there. Read when the program starts: it may be built
 * anew while it runs.
 */
export const BUILD = buildOf(
  builtFrom(),
  STRATEGIES.flatMap(({ scripts }) => scripts.map(({ sha1 }) => sha1)),
);

export function buildOf(sources: string, scripts: readonly string[]): string {
  return createHash("sha256")
    .update([sources, ...scripts].join("\n"))
    .digest("hex");
}

/** As bin/build.js notes it beside what it builds. */
function builtFrom(): string {
  try {
    return readFileSync(`${PACKAGE_FOLDER}dist/.built-from`, "utf8");
  } catch {
    return "";
  }
}

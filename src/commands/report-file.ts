import { rename, writeFile } from "node:fs/promises";
import { environmentError } from "../base/errors.js";
import type { TargetReport } from "../report/schema.js";
import type { Target } from "../targets/target.js";
import { isLoopback } from "../targets/url.js";

/**
 * Writes under another name first: a reader never meets half a report.
 * @throws QbenchError (environment)
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, path);
  } catch (error) {
    throw environmentError(`the report could not be written to ${path}: ${(error as Error).message}`);
  }
}

/** What a report tells of a target: no address, no password. */
export const targetReport = (target: Target): TargetReport => ({
  kind: target.kind,
  server: target.server,
  version: target.version,
  nodes: target.endpoints.map((endpoint) => ({ role: "primary", loopback: isLoopback(endpoint) })),
});

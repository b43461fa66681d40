import { rename, rm, writeFile } from "node:fs/promises";
import { designNamed } from "../admission/index.js";
import { environmentError } from "../base/errors.js";
import { readEnvironment } from "../report/environment.js";
import type { EnvironmentReport, TargetReport } from "../report/schema.js";
import type { Scenario } from "../scenario/scenario.js";
import { strategyNamed } from "../strategies/index.js";
import type { Script } from "../strategies/script.js";
import type { Target } from "../targets/target.js";
import { isLoopback } from "../targets/url.js";

/**
 * Writes under another name first: a reader never meets half a report.
 * @throws QbenchError (environment)
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, content);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw environmentError(`the report could not be written to ${path}: ${(error as Error).message}`);
  }
}

/** What a report tells of where it was measured. */
export interface TargetFacts {
  readonly target: TargetReport;
  readonly environment: EnvironmentReport;
}

/** Call it before the load begins. `scripts`: those that are run beside the strategies' own. */
export const factsOf = async (
  target: Target,
  { strategies, seed }: { readonly strategies: readonly string[]; readonly seed: number },
  scripts: readonly Script[] = [],
): Promise<TargetFacts> => ({
  target: targetReport(target),
  environment: await readEnvironment({
    control: target.control,
    server: target.server,
    version: target.version,
    scripts: [...strategies.flatMap((name) => strategyNamed(name).scripts), ...scripts],
    seed,
  }),
});

/** The scripts of those who admit users beside the entries. */
export const scriptsBeside = (scenarios: readonly Pick<Scenario, "admit">[]): Script[] =>
  [...new Set(scenarios.map(({ admit }) => admit))].flatMap((admit) =>
    admit === null ? [] : (designNamed(admit).script ?? []),
  );

/** No address, no password. */
const targetReport = (target: Target): TargetReport => ({
  kind: target.kind,
  server: target.server,
  version: target.version,
  nodes: target.endpoints.map((endpoint, index) => ({
    role: index < (target.primaries ?? 1) ? "primary" : "replica",
    loopback: isLoopback(endpoint),
  })),
});

import * as z from "zod";
import type { QbenchError } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import { errorReport } from "./builder.js";
import { type EnvironmentReport, runReportSchema, SCHEMA_VERSION, type TargetReport } from "./schema.js";
import { TOOL } from "./tool.js";
import { amount } from "./trial-schema.js";

/** How the report of every command that measures begins and ends; the rules of the run's report hold. */

const { tool, environment, target, warnings, error } = runReportSchema.shape;

export const headSchema = <const Kind extends string>(kind: Kind) => ({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal(kind),
  tool,
  complete: z.boolean(),
  startedAt: z.iso.datetime(),
  durationMs: amount,
  seed: z.int(),
  environment,
  target,
});

export const tailSchema = { warnings, error };

/** What is known of any measurement. */
export interface MeasuredFacts {
  readonly target: TargetReport;
  readonly environment: EnvironmentReport;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly warnings: readonly Warning[];
  /** What ended it early. */
  readonly error?: QbenchError | undefined;
}

export const headOf = <const Kind extends string>(
  kind: Kind,
  seed: number,
  { target: measured, environment: around, startedAt, durationMs, error: failure }: Omit<MeasuredFacts, "warnings">,
) => ({
  schemaVersion: SCHEMA_VERSION as typeof SCHEMA_VERSION,
  kind,
  tool: TOOL,
  complete: failure === undefined,
  startedAt: startedAt.toISOString(),
  durationMs,
  seed,
  environment: around,
  target: measured,
});

/** `warnings`: all of them, those that the facts hold included. */
export const tailOf = (told: readonly Warning[], { error: failure }: Pick<MeasuredFacts, "error">) => ({
  warnings: [...told],
  ...(failure === undefined ? {} : { error: errorReport(failure) }),
});

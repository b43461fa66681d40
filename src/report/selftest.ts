import * as z from "zod";
import type { CheckOutcome } from "../selftest/selftest.js";
import { failureReportSchema, SCHEMA_VERSION } from "./schema.js";
import { TOOL } from "./tool.js";

/** The report of `qbench selftest`, version 1; the rules of the run's report hold. */
export const selftestReportSchema = z
  .object({
    schemaVersion: z.literal(SCHEMA_VERSION),
    kind: z.literal("selftest"),
    tool: failureReportSchema.shape.tool,
    complete: z.literal(true),
    startedAt: z.iso.datetime(),
    durationMs: z.number().nonnegative(),
    seed: z.int(),
    ok: z.boolean(),
    checks: z.array(
      z.object({
        name: z.string(),
        what: z.string().meta({ description: "what it proves" }),
        ok: z.boolean(),
        expected: z.string().meta({ description: "by what the fake server says that it did" }),
        found: z.string().meta({ description: "what qbench measured" }),
        attempts: z.int().meta({ description: "2 where the first one failed: a busy machine can spoil one" }),
        durationMs: z.number().nonnegative(),
      }),
    ),
  })
  .meta({ title: "qbench selftest report" });

export type SelftestReport = z.infer<typeof selftestReportSchema>;

export const buildSelftestReport = (facts: {
  readonly checks: readonly CheckOutcome[];
  readonly seed: number;
  readonly startedAt: Date;
  readonly durationMs: number;
}): SelftestReport => ({
  schemaVersion: SCHEMA_VERSION,
  kind: "selftest",
  tool: TOOL,
  complete: true,
  startedAt: facts.startedAt.toISOString(),
  durationMs: Math.round(facts.durationMs),
  seed: facts.seed,
  ok: facts.checks.every(({ ok }) => ok),
  checks: facts.checks.map(({ name, what, ok, expected, found, attempts, durationMs }) => {
    return { name, what, ok, expected, found, attempts, durationMs };
  }),
});

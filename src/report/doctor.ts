import * as z from "zod";
import { STATUSES, type Status } from "../doctor/check.js";
import type { Examination } from "../doctor/examine.js";
import { failureReportSchema, SCHEMA_VERSION } from "./schema.js";
import { TOOL } from "./tool.js";

/** The report of `qbench doctor`, version 1; the rules of the run's report hold. */
const status = z.enum(STATUSES);

export const doctorReportSchema = z
  .object({
    schemaVersion: z.literal(SCHEMA_VERSION),
    kind: z.literal("doctor"),
    tool: failureReportSchema.shape.tool,
    complete: z.boolean().meta({ description: "false if the server could not be looked at" }),
    startedAt: z.iso.datetime(),
    durationMs: z.number().nonnegative(),
    status: status.meta({ description: "the worst of the findings" }),
    findings: z.array(
      z.object({
        subject: z.string().meta({ description: "machine, or the server's address" }),
        check: z.string(),
        status,
        found: z.string(),
        why: z.string().meta({ description: "why it matters to figures" }),
        advice: z.string().nullable().meta({ description: "what to do; null where nothing needs to be done" }),
      }),
    ),
    error: failureReportSchema.shape.error.optional(),
  })
  .meta({ title: "qbench doctor report" });

export type DoctorReport = z.infer<typeof doctorReportSchema>;

export function buildDoctorReport(
  { findings, serverError }: Examination,
  time: { readonly startedAt: Date; readonly durationMs: number },
): DoctorReport {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: "doctor",
    tool: TOOL,
    complete: serverError === undefined,
    startedAt: time.startedAt.toISOString(),
    durationMs: Math.round(time.durationMs),
    status: worstOf(findings.map((finding) => finding.status)),
    findings: findings.map(({ subject, check, status, found, why, advice }) => {
      return { subject, check, status, found, why, advice };
    }),
    ...(serverError === undefined
      ? {}
      : {
          error: {
            code: serverError.exitCode,
            kind: serverError.kind,
            message: serverError.message,
            hint: serverError.hint ?? null,
          },
        }),
  };
}

const worstOf = (found: readonly Status[]): Status =>
  [...STATUSES].reverse().find((status) => found.includes(status)) ?? "ok";

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { whyUnreadable } from "../base/unreadable.js";

/**
 * A roadmap as data: stages of a service, what was published of each, and what it costs. Options are those of a scenario,
 * by their flags; they come before the scenario's own.
 */
const name = z.string().min(1).max(60);
const positive = z.number().positive();
const options = z.record(z.string(), z.string());

const stage = z.strictObject({
  name,
  what: z.string().min(1).max(200),
  /** null: nothing that qbench can measure yet. */
  options: options.nullable(),
  /** Measured on a cluster of qbench's own of this shape, such as 3x1. */
  cluster: z
    .string()
    .regex(/^\d{1,2}x\d$/, "expected PRIMARIESxREPLICAS such as 3x1")
    .optional(),
  published: z.strictObject({
    kind: z.enum(["measured", "expected"]),
    tps: z.tuple([positive, positive]),
    p95Ms: positive.optional(),
    p99Ms: positive.optional(),
    successRate: z.number().min(0).max(1).optional(),
  }),
  /** What is said of the throughput over that of another stage: at least so much, or below so much. */
  claim: z
    .strictObject({
      against: name,
      atLeast: positive.optional(),
      expectedUpTo: positive.optional(),
      below: positive.optional(),
    })
    .refine(({ atLeast, below }) => (atLeast === undefined) !== (below === undefined), "expected atLeast or below")
    .optional(),
  usdPerMonth: positive.nullable(),
});

export const roadmapSchema = z
  .strictObject({
    goal: z.strictObject({ tps: positive, p95Ms: positive, successRate: z.number().min(0).max(1) }),
    prices: z.string().min(1).max(400).describe("which prices these are"),
    variants: z.array(z.strictObject({ name, options })).min(1).max(6),
    stages: z.array(stage).min(1).max(20),
  })
  .superRefine(({ stages }, context) => {
    for (const [i, { name: own, claim }] of stages.entries()) {
      const before = stages.slice(0, i).map((one) => one.name);
      const wrong = (message: string): void => context.addIssue({ code: "custom", path: ["stages", i], message });
      if (before.includes(own)) wrong(`the name ${own} is given twice`);
      if (claim !== undefined && !before.includes(claim.against)) wrong(`no earlier stage is named ${claim.against}`);
      if (claim !== undefined && stages.some((one) => one.name === claim.against && one.options === null)) {
        wrong(`${claim.against} is not measured, so nothing can be held against it`);
      }
    }
  });

export type Roadmap = z.infer<typeof roadmapSchema>;
export type Stage = Roadmap["stages"][number];

export const PUBLISHED_ROADMAP = fileURLToPath(new URL("../../scenarios/source-replay.roadmap.json", import.meta.url));
const MOST_MISTAKES = 5;

/** @throws QbenchError (usage) that tells what is wrong with the file */
export function readRoadmap(path: string, place = "--roadmap"): Roadmap {
  const hint = "scenarios/source-replay.roadmap.json is one";
  const shown = printable(path, 300);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = whyUnreadable(error) ?? `is no JSON: ${printable((error as Error).message)}`;
    throw usageError(`${place} ${shown}: ${why}`, hint);
  }
  const result = roadmapSchema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues
    .slice(0, MOST_MISTAKES)
    .map(({ path: place, message }) => `  ${printable(place.join("."))}: ${printable(message, 200)}`);
  throw usageError(`${place} ${shown} is no roadmap:\n${mistakes.join("\n")}`, hint);
}

import * as z from "zod";

/** The parts of a run report that tell of agents: who made the load, and what each contributed to a trial. */

const name = z.string().min(1);
const count = z.int().nonnegative();
const amount = z.number().nonnegative();

/** One agent, when it took its place in the run. Nothing here names a host or a user but what it was called by. */
export const agentFacts = z
  .object({
    agent: name.max(60),
    qbench: name,
    node: name,
    platform: name,
    architecture: name,
    kernel: z.string(),
    cpuModel: z.string(),
    cores: count,
    memoryBytes: count,
    loadAverage: z.array(amount).length(3).meta({ description: "1, 5 and 15 minutes, before the run" }),
    wallClockAheadMs: z
      .number()
      .meta({ description: "its wall clock, from which scores are taken, before the control Redis' one" }),
    controlRoundTripUs: amount.meta({ description: "the quickest answer of the control Redis" }),
  })
  .meta({ id: "agent", description: "a load-generating machine of a distributed run" });

export const agentFigures = z
  .object({
    agent: name,
    instances: z.array(count),
    lost: z.string().optional().meta({ description: "why what it did is missing" }),
    entries: z.object({ attempted: count, succeeded: count, failed: count, dropped: count }),
    latency: z.object({
      unit: z.literal("us"),
      p50: amount.nullable(),
      p99: amount.nullable(),
      max: amount.nullable(),
    }),
    threadUtilization: amount.nullable().meta({ description: "of its busiest thread" }),
    eventLoopUtilization: amount.nullable(),
    stolenShare: amount,
    generatorBound: z.boolean().meta({ description: "its own threads were its limit" }),
    startedLateUs: z
      .number()
      .nullable()
      .meta({ description: "its last thread's start after the planned one, on the control Redis' clock" }),
    clockUncertaintyUs: amount.nullable(),
  })
  .meta({ id: "agentFigures", description: "what one agent contributed to a trial" });

export type AgentFacts = Readonly<z.infer<typeof agentFacts>>;

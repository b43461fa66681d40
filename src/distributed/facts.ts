import os from "node:os";
import type { Redis } from "ioredis";
import { nowUs } from "../base/clock.js";
import type { AgentFacts } from "../report/agents.js";
import { TOOL } from "../report/tool.js";
import { measureOffset } from "./clock.js";

/** What a report tells of this machine as an agent; read before the load begins. */
export async function factsOf(agent: string, redis: Redis): Promise<AgentFacts> {
  const { offsetUs, uncertaintyUs } = await measureOffset(redis);
  return {
    agent,
    qbench: TOOL.version,
    node: process.versions.node,
    platform: os.platform(),
    architecture: os.arch(),
    kernel: os.release(),
    cpuModel: os.cpus()[0]?.model.trim() || "unknown",
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    loadAverage: os.loadavg(),
    wallClockAheadMs: (Date.now() * 1000 - nowUs() - offsetUs) / 1000,
    controlRoundTripUs: 2 * uncertaintyUs,
  };
}

/** What makes the agents' figures hard to add up: each difference in words. */
export function differencesAmong(agents: readonly AgentFacts[]): string[] {
  const kinds = {
    "Node versions": ({ node }: AgentFacts) => node,
    processors: ({ cpuModel }: AgentFacts) => cpuModel,
    "numbers of cores": ({ cores }: AgentFacts) => String(cores),
    architectures: ({ architecture }: AgentFacts) => architecture,
    kernels: ({ kernel }: AgentFacts) => kernel,
  };
  return Object.entries(kinds).flatMap(([what, of]) => {
    const values = [...new Set(agents.map(of))];
    return values.length > 1 ? [`${what} (${values.join(", ")})`] : [];
  });
}

/** Apart by more, scores from clocks put users out of order who came milliseconds after one another. */
const WALL_CLOCKS_APART_MS = 20;

/** By how much wall clocks differ, where that is worth a word; else null. */
export function wallClocksApartMs(agents: readonly AgentFacts[]): number | null {
  const ahead = agents.map(({ wallClockAheadMs }) => wallClockAheadMs);
  const apartMs = Math.max(...ahead) - Math.min(...ahead);
  return apartMs > WALL_CLOCKS_APART_MS ? apartMs : null;
}

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { environmentError } from "../base/errors.js";
import { type Goal, judgeValues, type Reached } from "./goals.js";
import type { HeldMemory } from "./held-memory.js";
import { argumentsOf, runTrial } from "./qbench-process.js";
import type { BenchServer } from "./server.js";

/** What a virtual user costs the generator in memory, and whether a million of them run. */

const FEW = 1000;
const MANY = 200_000;
const MILLION = 1_000_000;
const TIMEOUT_MS = 120_000;

export interface UserFigures {
  /** Each in a process of its own, after a garbage collection, with every user's entry in progress. */
  readonly few: HeldMemory;
  readonly many: HeldMemory;
  /** The differences, for each further user: all resident memory; and what the program holds of it. */
  readonly residentBytesPerUser: number;
  readonly heldBytesPerUser: number;
  readonly million: {
    readonly command: string;
    readonly entries: number;
    readonly entriesPerSec: number;
    readonly serverBusy: number | null;
    readonly limiter: string;
    readonly residentBytes: number | null;
  };
}

export async function measureUsers(server: BenchServer): Promise<UserFigures> {
  const { port } = server;
  const few = await memoryOf(FEW, server);
  const many = await memoryOf(MANY, server);
  const perUser = (of: (memory: HeldMemory) => number): number => (of(many) - of(few)) / (MANY - FEW);
  const million = {
    entries: 2 * MILLION,
    options: "--vus 1M --strategy lua --connections shared --pool 20".split(" "),
  };
  const trial = await runTrial(argumentsOf(million, port));
  return {
    few,
    many,
    residentBytesPerUser: perUser(({ rssBytes }) => rssBytes),
    heldBytesPerUser: perUser(({ heapUsedBytes, externalBytes }) => heapUsedBytes + externalBytes),
    million: {
      command: ["qbench", ...argumentsOf(million, "PORT")].join(" "),
      entries: trial.entries.succeeded,
      entriesPerSec: trial.tps,
      serverBusy: trial.server.cpuUtilization,
      limiter: trial.limiter,
      residentBytes: trial.generator.memory?.rssBytes ?? null,
    },
  };
}

async function memoryOf(users: number, server: BenchServer): Promise<HeldMemory> {
  const program = fileURLToPath(new URL("./users-process.js", import.meta.url));
  const args = [program, String(users), String(server.port), server.runId];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS });
    await server.target.removeKeys();
    return JSON.parse(stdout) as HeldMemory;
  } catch (error) {
    throw environmentError(`${users} users could not be measured: ${(error as Error).message}`);
  }
}

const goal = (what: string, wanted: number): Goal => ({ what, unit: "bytes", bound: "at most", wanted });

export const judgeUsers = ({ residentBytesPerUser, heldBytesPerUser }: UserFigures): Reached[] => [
  ...judgeValues(goal(`a virtual user of ${MANY.toLocaleString("en-US")}: resident memory`, 700), [
    residentBytesPerUser,
  ]),
  ...judgeValues(goal(`a virtual user of ${MANY.toLocaleString("en-US")}: heap and typed arrays`, 700), [
    heldBytesPerUser,
  ]),
];

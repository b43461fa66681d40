import { setTimeout as sleep } from "node:timers/promises";
import { throwIfAborted, usageError } from "../base/errors.js";
import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { DriverOptions, Endpoint } from "../drivers/driver.js";
import type { OpenGenerators, Place } from "../engine/bench.js";
import type { AgentFacts } from "../report/agents.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LuaFile } from "../strategies/lua-file.js";
import { connectControl } from "../targets/control.js";
import { Unreachable } from "../targets/redis-errors.js";
import { runIdAt } from "../targets/run-id.js";
import { addressOf } from "../targets/url.js";
import { differencesAmong, wallClocksApartMs } from "./facts.js";
import type { Open } from "./messages.js";
import { AgentPool, type PoolOptions } from "./pool.js";
import { RemoteInstances } from "./remote-instances.js";
import { placesOf } from "./split.js";

/** The agents that make a run's load in place of this process. */
export interface Agents {
  readonly openGenerators: OpenGenerators;
  /** Of all that had a part in a trial, and of those that would have had one next. */
  facts(): readonly AgentFacts[];
  /** On how they differ. */
  warnings(): readonly Warning[];
  /** Nothing is left in the control Redis. May be called again. */
  close(): Promise<void>;
}

const TRY_EVERY_MS = 500;

/** Nothing connects before threads are to be opened. */
export function agentsOf(options: PoolOptions, signal: AbortSignal): Agents {
  let pool: AgentPool | undefined;
  return {
    async openGenerators(place, scenario, driver, luaFiles) {
      await untilReachable(options, signal);
      const orderNow = async (): Promise<Open> =>
        orderOf(place, scenario, driver, luaFiles, await serversOf(place, options));
      // Nothing is offered at a Redis that is refused.
      await serversOf(place, options);
      pool = await AgentPool.open(options, signal);
      return RemoteInstances.open(pool, orderNow, placesOf(scenario.instances, options.agents));
    },
    facts: () => pool?.agents ?? [],
    warnings: () => warningsOn(pool?.agents ?? []),
    close: async () => pool?.close(),
  };
}

function orderOf(
  { runId, target }: Place,
  { instances, client, ratePerSec, rtt }: Scenario,
  driver: DriverOptions,
  luaFiles: readonly LuaFile[],
  servers: string[],
): Open {
  const scripts = driver.scripts.map(({ sha1, source }) => ({ sha1, source }));
  // Where Sentinels have put another in the primary's place, that one is loaded now.
  const endpoints = target.endpoints.map((endpoint, i) => ({ ...driver.endpoints[i], ...endpoint }));
  return {
    type: "open",
    threads: { instances, client, ratePerSec, rtt },
    driver: { ...driver, endpoints, scripts },
    luaFiles: [...luaFiles],
    servers,
    runId,
  };
}

/**
 * The control Redis is waited for as agents are: where all are started at once, it may be there last.
 * @throws QbenchError (environment) if it refuses, or is not there within `waitMs`
 */
async function untilReachable({ endpoint, waitMs, say }: PoolOptions, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + waitMs;
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal);
    try {
      (await connectControl(endpoint)).disconnect();
      return;
    } catch (error) {
      if (!(error instanceof Unreachable) || performance.now() > untilMs) throw error;
      if (attempt === 1) say(`${error.message}; trying again for ${formatDuration(waitMs)}`);
    }
    await sleep(TRY_EVERY_MS);
  }
}

/**
 * By which agents know that they reach the same server.
 * @throws QbenchError (usage) if the control Redis is the server to measure: each would be in the other's figures
 */
async function serversOf({ target }: Place, { endpoint }: PoolOptions): Promise<string[]> {
  const { endpoints } = target;
  const [meeting = "", ...measured] = await Promise.all([endpoint, ...endpoints].map(runIdAt));
  const at = { endpoint, runId: meeting };
  if (endpoints.some((one, i) => isSameServer(at, { endpoint: one, runId: measured[i]! }))) {
    throw usageError(
      `--control ${addressOf(endpoint)} is the server to be measured`,
      "let agents meet at another Redis: what they say to each other would be measured as well",
    );
  }
  return measured;
}

interface Met {
  readonly endpoint: Endpoint;
  /** Empty where it does not tell. */
  readonly runId: string;
}

/** Addresses decide only where nothing better is known: the same server has several. */
export const isSameServer = (one: Met, other: Met): boolean =>
  one.runId === other.runId && (one.runId !== "" || addressOf(one.endpoint) === addressOf(other.endpoint));

function warningsOn(agents: readonly AgentFacts[]): Warning[] {
  const unlike = differencesAmong(agents);
  const apartMs = agents.length < 2 ? null : wallClocksApartMs(agents);
  return [
    ...(unlike.length === 0
      ? []
      : [
          {
            code: "unlike-agents",
            message: `the agents' machines differ in ${unlike.join(", ")}: the slowest may decide the figures`,
          },
        ]),
    ...(apartMs === null
      ? []
      : [
          {
            code: "wall-clocks-apart",
            message:
              `the agents' wall clocks are up to ${apartMs.toFixed(0)} ms apart: with scores by timestamp users are ` +
              "queued by them, as they would be behind real application servers; NTP brings them together",
          },
        ]),
  ];
}

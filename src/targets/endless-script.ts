import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { environmentError, type QbenchError, usageError } from "../base/errors.js";
import type { LuaFile } from "../strategies/lua-file.js";
import { primariesOf } from "./primaries.js";
import type { Target } from "./target.js";

/** A script of the user's own that does not come to an end: Redis answers nobody, then BUSY, and waits to be told. */

/** Redis says BUSY after five seconds, unless its busy-reply-threshold says otherwise. */
export const BUSY_WITHIN_MS = 8_000;
/** Calls that came before Redis said BUSY can begin one after another. */
const MOST_KILLS = 20;
const PAUSE_MS = 100;

/**
 * Ends scripts that keep the target from answering anybody else.
 * @param scripts of the user's own that are run: without one nothing is ended, for whose a script is, Redis does not tell
 * @param stopLoad has no further call be sent
 * @returns what to tell the user; undefined: none was running
 */
export async function endEndlessScripts(
  target: Pick<Target, "control" | "endpoints" | "name" | "kind" | "own" | "cluster">,
  scripts: readonly Pick<LuaFile, "name">[],
  stopLoad: () => void = () => {},
): Promise<QbenchError | undefined> {
  if (scripts.length === 0) return undefined;
  const names = scripts.map(({ name }) => name).join(", ");
  const told = `${names}: the script did not come to an end, and Redis answered BUSY to everybody else`;
  for (let kills = 0; kills <= MOST_KILLS; kills++) {
    const busy = await busyAmong(target.control);
    if (busy.length === 0) return kills === 0 ? undefined : usageError(`${told}; SCRIPT KILL ended it`, LOOP);
    if (kills === MOST_KILLS) break;
    stopLoad();
    await sleep(PAUSE_MS);
    const answers = await Promise.all(busy.map((node) => node.script("KILL").catch((error: Error) => error.message)));
    if (answers.some((answer) => String(answer).startsWith("UNKILLABLE"))) return unkillable(target, told);
  }
  return environmentError(`${told}; SCRIPT KILL did not end it`, shutDown(target));
}

const LOOP =
  "look for a loop in it that never ends; `redis-cli CONFIG GET busy-reply-threshold` says for how many ms a script may run";

function unkillable(target: Parameters<typeof endEndlessScripts>[0], told: string): QbenchError {
  const isOurs = target.own !== undefined || target.cluster !== undefined;
  if (isOurs) return usageError(`${told}; it has written already, and only the end of the server ended it`, LOOP);
  return environmentError(`${told}; it has written already, so Redis refuses to end it (UNKILLABLE)`, shutDown(target));
}

const shutDown = ({ endpoints, name }: Pick<Target, "endpoints" | "name">): string => {
  const { host, port } = endpoints[0]!;
  return (
    `${name} answers nobody until it is shut down, which loses what it has not saved: ` +
    `redis-cli -h ${host} -p ${port} SHUTDOWN NOSAVE`
  );
};

async function busyAmong(control: Redis): Promise<Redis[]> {
  const nodes = primariesOf(control);
  const answers = await Promise.allSettled(nodes.map((node) => node.ping()));
  return nodes.filter((_, i) => saysBusy(answers[i]!));
}

const saysBusy = (answer: PromiseSettledResult<unknown>): boolean =>
  answer.status === "rejected" && String((answer.reason as Error).message).startsWith("BUSY");

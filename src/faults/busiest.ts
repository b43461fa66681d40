import type { Redis } from "ioredis";
import { runKeys } from "../targets/keys.js";
import { primariesNow } from "../targets/primaries.js";

/** The primary that holds most keys of the run: with one hot concert the one that has everything to do. */
export async function busiestPrimary(control: Redis, runId: string): Promise<Redis> {
  const primaries = await primariesNow(control);
  // One that is gone, and whose place nobody has taken yet, has nothing to do.
  const keysOf = (node: Redis): Promise<number> => countKeys(node, runId).catch(() => -1);
  const counted = await Promise.all(primaries.map(async (node) => ({ node, keys: await keysOf(node) })));
  return counted.reduce((most, one) => (one.keys > most.keys ? one : most)).node;
}

async function countKeys(node: Redis, runId: string): Promise<number> {
  let count = 0;
  for await (const keys of runKeys(node, runId)) count += keys.length;
  return count;
}

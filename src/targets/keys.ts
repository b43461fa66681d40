import type { Redis } from "ioredis";
import { primariesOf } from "./primaries.js";

/** Every key of qbench has a concert id of its own as hash tag, and those begin so. */
const OUR_TAG = "{qbench:";
const WHOLE_TAG = /\{qbench:[^}]*\}/;
const SCAN_COUNT = 1000;

/**
 * Removes every key of a run from the connection's database, or its cluster, by UNLINK; foreign keys are never touched.
 * One node of a cluster may be connected to as a server, for the keys that it holds.
 * @returns how many keys there were.
 */
export async function removeRunKeys(control: Redis, runId: string): Promise<number> {
  let removed = 0;
  for (const node of primariesOf(control)) {
    for await (const keys of runKeys(node, runId)) {
      if (keys.length > 0) removed += await unlink(node, keys);
    }
  }
  return removed;
}

/** Chunks of the keys of a run that one server holds; a key may come twice. */
export async function* runKeys(node: Redis, runId: string): AsyncGenerator<string[]> {
  const ofRun = `${OUR_TAG}${runId}:`;
  for await (const found of scan(node, `*${escapeGlob(ofRun)}*`)) yield found.filter((key) => key.includes(ofRun));
}

/** A cluster's node takes several keys in one command only if they share a slot, as those of one concert do. */
async function unlink(node: Redis, keys: readonly string[]): Promise<number> {
  const byTag = new Map<string, string[]>();
  for (const key of keys) {
    const tag = WHOLE_TAG.exec(key)?.[0] ?? key;
    const together = byTag.get(tag);
    if (together === undefined) byTag.set(tag, [key]);
    else together.push(key);
  }
  const pipeline = node.pipeline();
  for (const together of byTag.values()) pipeline.unlink(...together);
  const replies = (await pipeline.exec()) ?? [];
  for (const [error] of replies) if (error !== null) throw error;
  return replies.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Whether the connection's database holds a key that is not qbench's. Stops at the first. */
export async function holdsForeignKeys(control: Redis): Promise<boolean> {
  for (const node of primariesOf(control)) {
    for await (const found of scan(node, "*")) {
      if (found.some((key) => !key.includes(OUR_TAG))) return true;
    }
  }
  return false;
}

/** Chunks of keys that match; ends because SCAN does. */
async function* scan(control: Redis, pattern: string): AsyncGenerator<string[]> {
  let cursor = "0";
  do {
    const [next, keys] = await control.scan(cursor, "MATCH", pattern, "COUNT", SCAN_COUNT);
    yield keys;
    cursor = next;
  } while (cursor !== "0");
}

const escapeGlob = (text: string): string => text.replace(/[\\*?[\]]/g, "\\$&");

import type { Redis } from "ioredis";
import { primariesOf, refreshPrimaries } from "../targets/primaries.js";

/** The primary that holds most keys: with one hot concert the one that has everything to do. */
export async function busiestPrimary(control: Redis): Promise<Redis> {
  await refreshPrimaries(control);
  const sizes = await Promise.all(primariesOf(control).map(async (node) => ({ node, keys: await node.dbsize() })));
  return sizes.reduce((most, one) => (one.keys > most.keys ? one : most)).node;
}

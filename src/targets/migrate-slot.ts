import type { Redis } from "ioredis";

/**
 * Moves a slot and its keys from one primary to another while both are used (Redis Cluster specification, "Live
 * resharding"). In between, clients meet ASK for keys that have gone, and TRYAGAIN for several keys of which some have.
 */

const KEYS_AT_ONCE = 100;
const MIGRATE_TIMEOUT_MS = 10_000;

/** @throws what either node answers; the slot stays where it was then, or half moved if some of its keys have gone. */
export async function migrateSlot(from: Redis, to: Redis, slot: number): Promise<{ readonly keys: number }> {
  const [fromId, toId] = await Promise.all([from, to].map((node) => node.call("CLUSTER", "MYID").then(String)));
  const { host, port, username, password } = to.options;
  const login = !password ? [] : !username ? ["AUTH", password] : ["AUTH2", username, password];
  let moved = 0;
  try {
    await to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId!);
    await from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", toId!);
    for (;;) {
      const keys = (await from.call("CLUSTER", "GETKEYSINSLOT", slot, KEYS_AT_ONCE)) as string[];
      if (keys.length === 0) break;
      const where = [host ?? "127.0.0.1", port ?? 6379, "", 0, MIGRATE_TIMEOUT_MS];
      await from.call("MIGRATE", ...where, ...login, "KEYS", ...keys);
      moved += keys.length;
    }
  } catch (error) {
    await abandon(from, to, slot);
    throw error;
  }
  // The one that takes it first: in the other order nobody would hold it for a moment.
  await to.call("CLUSTER", "SETSLOT", slot, "NODE", toId!);
  await from.call("CLUSTER", "SETSLOT", slot, "NODE", toId!);
  return { keys: moved };
}

/** Only where no key has gone: one that has is found by way of the half moved slot alone. */
async function abandon(from: Redis, to: Redis, slot: number): Promise<void> {
  const gone = await to.call("CLUSTER", "COUNTKEYSINSLOT", slot).then(Number, () => Number.NaN);
  if (gone !== 0) return;
  for (const node of [to, from]) await node.call("CLUSTER", "SETSLOT", slot, "STABLE").catch(() => {});
}

import type { Cluster, Redis } from "ioredis";
import { usageError } from "../base/errors.js";

/** What concerns each node for itself, whether the target is one server or a cluster. */

/** A connection to each node that held slots when the cluster was last asked; where there is one server, the connection itself. */
export const primariesOf = (control: Redis): readonly Redis[] =>
  control.isCluster ? (control as unknown as Cluster).nodes("master") : [control];

/** A connection to each replica of a cluster; where there is one server, none. */
export const replicasIn = (control: Redis): readonly Redis[] =>
  control.isCluster ? (control as unknown as Cluster).nodes("slave") : [];

/** How many replicas a primary has, at the fewest. */
export async function fewestReplicas(control: Redis): Promise<number> {
  const infos = await Promise.all(primariesOf(control).map((node) => node.info("replication")));
  return Math.min(...infos.map((info) => Number(/connected_slaves:(\d+)/.exec(info)?.[1] ?? 0)));
}

/** A connection to each replica of a primary of this cluster. By node ids: an address may be told in several ways. */
export async function replicasOf(control: Redis, primary: Redis): Promise<Redis[]> {
  const lines = (await primary.call("CLUSTER", "REPLICAS", await idOf(primary))) as string[];
  const followers = lines.map((line) => line.split(" ")[0]);
  const replicas = replicasIn(control);
  const ids = await Promise.all(replicas.map(idOf));
  return replicas.filter((_, i) => followers.includes(ids[i]!));
}

const idOf = (node: Redis): Promise<string> => node.call("CLUSTER", "MYID").then(String);

/** Asks the cluster anew who holds what, as after a failover; a single server needs no asking. */
export async function refreshPrimaries(control: Redis): Promise<void> {
  if (!control.isCluster) return;
  await new Promise<void>((resolve) => (control as unknown as Cluster).refreshSlotsCache(() => resolve()));
}

/** `primariesOf`, once the cluster has been asked anew. */
export async function primariesNow(control: Redis): Promise<readonly Redis[]> {
  await refreshPrimaries(control);
  return primariesOf(control);
}

/**
 * Loads scripts wherever an entry may ask for them.
 * @throws QbenchError (usage) if one does not compile: it is the user's to mend
 */
export async function loadScripts(
  control: Redis,
  scripts: readonly { readonly name: string; readonly source: string }[],
): Promise<void> {
  for (const primary of primariesOf(control)) {
    for (const { name, source } of scripts) {
      await primary.script("LOAD", source).catch((error: Error) => {
        if (error.name !== "ReplyError" || !/compiling script/i.test(error.message)) throw error;
        throw usageError(`${name}: ${error.message}`, "redis-server could not compile it");
      });
    }
  }
}

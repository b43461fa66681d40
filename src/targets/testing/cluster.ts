import type { Redis } from "ioredis";
import type { ClusterShape } from "../cluster-shape.js";
import { primariesOf } from "../primaries.js";
import { openTarget, type Target } from "../target.js";

/** For tests: a cluster of their own, opened as a run opens it. Call `stop` of what it gives. */
export const openTestCluster = (shape: ClusterShape, runId: string): Promise<Target> =>
  openTarget({ urls: [], cluster: shape, allowRemote: false, allowNonempty: false, connectTimeoutMs: 5000, runId });

/** The primary that holds `slot`, and another one. */
export async function holderAndOther(control: Redis, slot: number): Promise<{ holder: Redis; other: Redis }> {
  const primaries = primariesOf(control);
  const keys = await Promise.all(primaries.map((node) => node.call("CLUSTER", "COUNTKEYSINSLOT", slot).then(Number)));
  const at = keys.findIndex((count) => count > 0);
  return { holder: primaries[at]!, other: primaries[(at + 1) % primaries.length]! };
}

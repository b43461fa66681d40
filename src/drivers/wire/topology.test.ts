import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { concertKeys } from "../../queue/keys.js";
import { primariesOf, replicasIn } from "../../targets/primaries.js";
import type { Target } from "../../targets/target.js";
import { openTestCluster } from "../../targets/testing/cluster.js";
import type { DriverEvents } from "../driver.js";
import { WireDriver } from "./wire-driver.js";

const DEAF: DriverEvents = { onReplies() {}, onFailure() {}, onConnection() {}, onChunkEnd() {} };

describe("a driver that reads from replicas", () => {
  let target: Target;
  let driver: WireDriver;
  beforeAll(async () => {
    target = await openTestCluster({ primaries: 1, replicasEach: 1 }, "topology");
    const { endpoints, slots } = target;
    const options = { endpoints, slots, pool: 1, writes: "coalesced", scripts: [], connectTimeoutMs: 5000 } as const;
    driver = new WireDriver({ ...options, readsReplicas: true }, DEAF);
    await driver.open();
  }, 60_000);
  afterAll(async () => {
    await driver.close();
    await target.stop();
  });

  it("comes back to a replica that the cluster had given up, and that is there again", async () => {
    const own = target.cluster!;
    const concert = driver.addConcert(concertKeys("qbench:topology:0"));
    expect(driver.replicaRouteOf(concert)).toBe(1);
    const [[primary], [replica]] = [primariesOf(target.control), replicasIn(target.control)];
    const id = String(await replica!.call("CLUSTER", "MYID"));
    await own.kill(own.nodes[1]!);
    // Of more nodes, those that are left would agree on it after a while.
    await primary!.call("CLUSTER", "FORGET", id);
    // As whoever is answered so does: it learns that there is no replica.
    driver.learn({ kind: "CLUSTERDOWN", message: "", answered: true, changedNothing: true });
    const asked = (): number => driver.counters().commands.cluster ?? 0;
    const before = asked();
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(before), { timeout: 5000, interval: 20 });
    expect(driver.replicaRouteOf(concert)).toBe(0);
    await own.repair();
    await vi.waitFor(() => expect(driver.replicaRouteOf(concert)).toBe(1), { timeout: 5000, interval: 20 });
    // Every node has a place again: nobody is asked any more.
    await vi.waitFor(
      async () => {
        const then = asked();
        await new Promise((resolve) => setTimeout(resolve, 250));
        expect(asked()).toBe(then);
      },
      { timeout: 5000, interval: 20 },
    );
  }, 60_000);
});

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectClusterControl } from "./cluster-control.js";
import type { Target } from "./target.js";
import { openTestCluster } from "./testing/cluster.js";

let target: Target;
beforeAll(async () => {
  target = await openTestCluster({ primaries: 1, replicasEach: 0 }, "control");
}, 60_000);
afterAll(() => target.stop());

const connect = (reconnectForMs: number) =>
  connectClusterControl(target.endpoints, { connectTimeoutMs: 100, reconnectForMs });

it("a cluster that is not in order is waited for, but not for ever", async () => {
  await target.control.call("CLUSTER", "DELSLOTS", 0);
  await expect(connect(400)).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringMatching(/not in order within 500 ms/),
  });
  const connecting = connect(30_000);
  await sleep(300);
  await target.control.call("CLUSTER", "ADDSLOTS", 0);
  const control = await connecting;
  expect(await control.ping()).toBe("PONG");
  control.disconnect();
});

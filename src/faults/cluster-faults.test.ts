import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectMistake } from "../commands/testing.js";
import { list, makeWorld, type World } from "../engine/testing/program.js";
import { lookAfter } from "./testing.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const BASE = ["--strategy", "lua", "--vus", "40", "--pool", "4", "--trials", "1", "--warmup", "0", "--json", "--quiet"];

describe("faults of a cluster", () => {
  it("are followed without a loss where they are done in good order", async () => {
    const faults = ["--fault", "migrate@300ms", "--fault", "reset@900ms", "--fault", "promote@1500ms"];
    const args = ["--cluster", ...faults, "--duration", "2s", "--concerts", "3"];
    const ended = await world.run(...BASE, ...args).ended;
    expect(ended.exitCode, ended.stderr).toBe(0);
    const [trial] = ended.json().strategies[0].trials;
    expect(trial.faults.map(({ name }: { name: string }) => name)).toEqual(["migrate", "reset", "promote"]);
    expect(trial.faults[1].failures.connection).toBeGreaterThan(0);
    expect(trial.faults[1].succeeded).toBeGreaterThan(0);
    // Another process serves at the end, though the first one is alive.
    expect(trial.serverRestarted).toBe(true);
    expect(trial.audit).toMatchObject({ brokenPromises: [], lostByServer: 0 });
    expect(world.records()).toEqual([]);
    expect(list(world.temporary)).toEqual([]);
  });

  it.each([
    [["--fault", "promote@1s"], /needs a replica to promote, and this is one server/],
    [["--fault", "primary-kill@1s"], /is done to a cluster, and this is one server: add --cluster/],
    [["--cluster-shape", "3x0", "--fault", "primary-kill@1s"], /needs a failover, for which there are too few nodes/],
    [["--cluster", "--fault", "primary-kill@1s,primary-kill@5s"], /primary-kill: 2 in a trial, .* has 1 replica to/],
    [["--cluster", "--fault", "stall@1s"], /is done to the process of one server, and this is a cluster/],
    [["--url", "redis://127.0.0.1:1", "--fault", "primary-stall@1s"], /--url names nodes of others/],
  ])("%j is refused", (args, message) => expectMistake("run", args, message));
});

// An election among servers that get no core takes as long as it takes: then it is held again.
const PATIENT = { retry: 1, timeout: 130_000 };
it(
  "a primary that is killed is replaced, twice; what was acknowledged and is gone is counted to the user",
  PATIENT,
  async () => {
    const cluster = { primaries: 3, replicasEach: 1 };
    const shared = { strategy: "lua", vus: "60", pool: "4", warmup: "0", concerts: "2" };
    const flags = { ...shared, duration: "6s", timeout: "6s", fault: ["primary-kill@300ms"] };
    // Many entries on a connection fail at once, again and again: ioredis hears of the failover if that leaves it the time.
    const trials = [{ flags }, { flags: { ...flags, client: "ioredis", connections: "shared" } }];
    const rounds = await lookAfter(world, { urls: [], cluster }, trials);
    expect(rounds).toHaveLength(2);
    expect(rounds[0]!.events.map(({ kind }) => kind)).toContain("routes-changed");
    for (const { missing, audit, serverRestarted, faults, moments, replicas } of rounds) {
      expect(audit.brokenPromises).toEqual([]);
      expect(audit.lostByServer).toBe(missing);
      expect(serverRestarted).toBe(true);
      const lastSuccess = moments!.succeeded.findLastIndex((count) => count > 0);
      expect(lastSuccess * moments!.everyMs).toBeGreaterThan(faults![0]!.beganMs + 500);
      // In order again for the next trial: three primaries, a replica each.
      expect(replicas).toEqual([1, 1, 1]);
    }
  },
);

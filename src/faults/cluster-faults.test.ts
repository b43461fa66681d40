import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectMistake } from "../commands/testing.js";
import { list, makeWorld, type World } from "../engine/testing/program.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const BASE = ["--strategy", "lua", "--vus", "40", "--pool", "4", "--trials", "1", "--warmup", "0", "--json", "--quiet"];

describe("faults of a cluster", () => {
  it("are followed without a loss where they are done in good order", async () => {
    const faults = ["--fault", "promote@300ms", "--fault", "migrate@900ms"];
    const args = ["--cluster", ...faults, "--duration", "1500ms", "--concerts", "3"];
    const ended = await world.run(...BASE, ...args).ended;
    expect(ended.exitCode, ended.stderr).toBe(0);
    const [trial] = ended.json().strategies[0].trials;
    expect(trial.faults.map(({ name }: { name: string }) => name)).toEqual(["promote", "migrate"]);
    expect(trial.audit).toMatchObject({ brokenPromises: [], lostByServer: 0 });
    expect(world.records()).toEqual([]);
    expect(list(world.temporary)).toEqual([]);
  });

  it.each([
    [["--fault", "primary-kill@1s"], /is done to a cluster, and this is one server: add --cluster/],
    [["--cluster-shape", "3x0", "--fault", "primary-kill@1s"], /needs a failover, for which there are too few nodes/],
    [["--cluster", "--fault", "stall@1s"], /is done to the process of one server, and this is a cluster/],
    [["--url", "redis://127.0.0.1:1", "--fault", "primary-stall@1s"], /--url names nodes of others/],
  ])("%j is refused", (args, message) => expectMistake("run", args, message));
});

/**
 * Two trials in which a primary is killed, and after each a look at the data by other means than the audit's: users who were
 * answered NEW and are not in the waiting set. In a process of its own, since measuring threads run built code.
 */
const KILLING = `
  const built = (module) => import(${JSON.stringify(new URL("../../dist/", import.meta.url).href)} + module + ".js");
  const { Bench, openPlace } = await built("engine/bench");
  const { resolveScenario } = await built("scenario/load");
  const { RESULT } = await built("audit/history");
  const { concertIdOf, concertKeys, userIdOf } = await built("queue/keys");
  const { primariesOf, refreshPrimaries } = await built("targets/primaries");
  const flags = { strategy: "lua", vus: "60", pool: "4", warmup: "0", duration: "6s", timeout: "6s", concerts: "2",
    fault: ["primary-kill@300ms"] };
  const { scenario } = resolveScenario({ file: undefined, flags, env: {} });
  const cluster = { primaries: 3, replicasEach: 1 };
  const place = await openPlace({ urls: [], cluster, allowRemote: false, allowNonempty: false }, scenario.timeoutMs);
  const { control } = place.target;
  const missingAmong = async (histories) => {
    const asked = [];
    for (const chunk of histories.flatMap((history) => history.chunks)) {
      for (let row = 0; row < chunk.count; row++) {
        if (chunk.result(row) !== RESULT.NEW) continue;
        const { waiting } = concertKeys(concertIdOf(place.runId, chunk.concert[row]));
        asked.push(control.zscore(waiting, userIdOf(chunk.user[row])));
      }
    }
    return (await Promise.all(asked)).filter((score) => score === null).length;
  };
  const bench = await Bench.open(place, scenario);
  const rounds = [];
  for (const round of [0, 1]) {
    let missing;
    const plan = { strategy: "lua", round, order: 0, seed: round };
    // Asked before the keys are removed, over the same connection, so answered before, too.
    const recorded = ({ histories }) => { missing = missingAmong(histories); };
    const { audit, serverRestarted, events, faults, moments } =
      await bench.trial(scenario, plan, new AbortController().signal, { recorded });
    await refreshPrimaries(control);
    const infos = await Promise.all(primariesOf(control).map((node) => node.info("replication")));
    const replicas = infos.map((info) => Number(/connected_slaves:(\\d+)/.exec(info)[1]));
    rounds.push({ missing: await missing, audit, serverRestarted, events, faults, moments, replicas });
  }
  await bench.close();
  await place.target.stop();
  console.log(JSON.stringify(rounds));
`;

// An election among servers that get no core takes as long as it takes: then it is held again.
const PATIENT = { retry: 1, timeout: 130_000 };
it(
  "a primary that is killed is replaced, twice; what was acknowledged and is gone is counted to the user",
  PATIENT,
  async () => {
    const script = join(world.temporary, "killing.mjs");
    writeFileSync(script, KILLING);
    const { stdout } = await execa(process.execPath, [script], { timeout: 120_000, killSignal: "SIGKILL" });
    const rounds = JSON.parse(stdout);
    expect(rounds).toHaveLength(2);
    for (const { missing, audit, serverRestarted, events, faults, moments, replicas } of rounds) {
      expect(audit.brokenPromises).toEqual([]);
      expect(audit.lostByServer).toBe(missing);
      expect(serverRestarted).toBe(true);
      expect(events.map(({ kind }: { kind: string }) => kind)).toContain("routes-changed");
      const lastSuccess = moments.succeeded.findLastIndex((count: number) => count > 0);
      expect(lastSuccess * moments.everyMs).toBeGreaterThan(faults[0].beganMs + 500);
      // In order again for the next trial: three primaries, a replica each.
      expect(replicas).toEqual([1, 1, 1]);
    }
  },
);

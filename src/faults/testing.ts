import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { PlaceOptions } from "../engine/bench.js";
import type { World } from "../engine/testing/program.js";
import type { TrialResult } from "../engine/trial-result.js";

/** A trial, and a look at the data after it by other means than the audit's. */
export interface Looked
  extends Pick<TrialResult, "audit" | "serverRestarted" | "events" | "faults" | "moments" | "failures"> {
  /** Users who were answered NEW and are not in the waiting set. */
  readonly missing: number;
  /** Of each primary that there is then. */
  readonly replicas: readonly number[];
}

interface Trial {
  readonly flags: Readonly<Record<string, string | readonly string[]>>;
  /** Ends this process by SIGKILL while it is measured. */
  readonly killing?: { readonly pid: number; readonly atMs: number };
}

const SCRIPT = `
  const built = (module) => import(${JSON.stringify(new URL("../../dist/", import.meta.url).href)} + module + ".js");
  const { Bench, openPlace } = await built("engine/bench");
  const { resolveScenario } = await built("scenario/load");
  const { RESULT } = await built("audit/history");
  const { concertIdOf, concertKeys, userIdOf } = await built("queue/keys");
  const { primariesOf, refreshPrimaries } = await built("targets/primaries");
  const { options, trials } = JSON.parse(process.argv[2]);
  const scenarios = trials.map(({ flags }) => resolveScenario({ file: undefined, flags, env: {} }).scenario);
  const place = await openPlace({ allowRemote: false, allowNonempty: false, ...options }, scenarios[0].timeoutMs);
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
  const looked = [];
  for (const [round, scenario] of scenarios.entries()) {
    const bench = await Bench.open(place, scenario);
    const { killing } = trials[round];
    let missing;
    let isKilled = false;
    const plan = { strategy: scenario.strategies[0], round, order: 0, seed: round };
    const hooks = {
      // Asked before the keys are removed, over the same connection, so answered before, too.
      recorded: ({ histories }) => { missing = missingAmong(histories); },
      progressed: ({ elapsedMs }) => {
        if (isKilled || !killing || elapsedMs < killing.atMs) return;
        isKilled = true;
        process.kill(killing.pid, "SIGKILL");
      },
    };
    const { audit, serverRestarted, events, faults, moments, failures } =
      await bench.trial(scenario, plan, new AbortController().signal, hooks);
    await refreshPrimaries(control);
    const infos = await Promise.all(primariesOf(control).map((node) => node.info("replication")));
    const replicas = infos.map((info) => Number(/connected_slaves:(\\d+)/.exec(info)[1]));
    looked.push({ missing: await missing, audit, serverRestarted, events, faults, moments, failures, replicas });
    await bench.close();
  }
  await place.target.stop();
  console.log(JSON.stringify(looked));
`;

/** Trials at one place. In a process of its own, since measuring threads run built code. */
export async function lookAfter(
  world: World,
  options: Partial<PlaceOptions> & Pick<PlaceOptions, "urls">,
  trials: readonly Trial[],
): Promise<Looked[]> {
  const script = join(world.temporary, "looking.mjs");
  writeFileSync(script, SCRIPT);
  const env = { XDG_CACHE_HOME: world.cache };
  const limits = { timeout: 120_000, killSignal: "SIGKILL", env } as const;
  const { stdout } = await execa(process.execPath, [script, JSON.stringify({ options, trials })], limits);
  return JSON.parse(stdout);
}

import type { EventLoopUtilization } from "node:perf_hooks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { THRESHOLDS } from "../measure/limiter.js";
import { trialOf } from "../report/testing.js";
import { seemingLimit } from "./limit.js";
import { type LiveState, type Viewer, watchRun } from "./live-run.js";
import { ServerLoad } from "./server-load.js";
import { cpuInfo, placeOf, progressOf } from "./testing.js";
import { leftMs } from "./time-left.js";

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A run, and what was last shown of it. */
function watchedRun() {
  let state: LiveState | undefined;
  const viewer: Viewer = {
    showsFigures: true,
    changed(now) {
      state = now;
    },
    trialFinished() {},
    ended() {},
  };
  return { run: watchRun([viewer], null, () => 0), last: (): LiveState => state! };
}

describe("a run that is watched", () => {
  it("has points of half a second with the rate and the latencies of just these entries", () => {
    const states: LiveState[] = [];
    const viewer: Viewer = {
      showsFigures: true,
      changed: (state) => void states.push(state),
      trialFinished() {},
      ended() {},
    };
    const clock = { ms: 1000 };
    const run = watchRun([viewer], null, () => clock.ms);
    run.trialStarted(placeOf(0, "lua"));
    // The second half brings a hundred entries more, each of 1 to 100 ms once.
    for (const [elapsedMs, succeeded] of [
      [100, 50],
      [500, 200],
      [700, 250],
      [1000, 300],
    ] as const) {
      clock.ms = 1000 + elapsedMs;
      run.progressed(progressOf({ succeeded, failed: 0, elapsedMs, busy: 0.99 }));
    }
    run.trialMeasured();
    run.trialFinished(trialOf("lua", 0, { timeouts: 3 }));
    const last = states.at(-1)!;
    expect(last.points.map(({ atSec, perSec }) => [atSec, perSec])).toEqual([
      [0.5, 400],
      [1, 200],
      [1, null],
    ]);
    const { p50, p95, p99 } = last.points[1]!.latencyUs;
    expect([p50, p95, p99].map((us) => Math.floor(us! / 1000))).toEqual([50, 95, 99]);
    expect(last.totals.get("lua")).toEqual({ succeeded: 30_000, failed: 3 });
    expect(states.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1])).toEqual([
      "warm-up",
      "measuring",
      "audit",
    ]);
    expect(states.at(-3)!.trial!.busy).toEqual({ server: null, generator: expect.closeTo(0.99, 5) });
  });

  it("knows no loop that nobody has told of, and none to be busy in a time of which there is no news", () => {
    const { run, last } = watchedRun();
    run.trialStarted(placeOf(0, "lua"));
    const busyAt = (elapsedMs: number, loops: readonly EventLoopUtilization[]): number | null => {
      run.progressed({ ...progressOf({ succeeded: 1, failed: 0, elapsedMs }), eventLoops: () => loops });
      return last().trial!.busy.generator;
    };
    const [first, second] = [
      { idle: 5000, active: 1000, utilization: 1 / 6 },
      { idle: 5300, active: 1100, utilization: 1 / 6 },
    ];
    expect(busyAt(100, [])).toBeNull();
    expect(busyAt(600, [first])).toBeNull();
    expect(busyAt(1200, [second])).toBeCloseTo(0.25);
    expect(busyAt(1800, [second])).toBeCloseTo(0.25);
  });

  it("keeps a bounded number of points", () => {
    const { run, last } = watchedRun();
    run.trialStarted(placeOf(0, "lua"));
    for (let i = 1; i <= 600; i++) run.progressed(progressOf({ succeeded: 1, failed: 0, elapsedMs: 500 * i }));
    expect(last().points).toHaveLength(480);
  });
});

describe("what seems to limit", () => {
  it("is told only of a side that is near its limit, by the report's own thresholds", () => {
    expect(seemingLimit({ server: THRESHOLDS.serverBusy, generator: 0.5 })).toBe("the server seems to be the limit");
    expect(seemingLimit({ server: null, generator: THRESHOLDS.eventLoopBusy })).toBe(
      "the generator seems to be the limit",
    );
    expect(seemingLimit({ server: 1, generator: 1 })).toBe("server and generator are both near their limit");
    expect(seemingLimit({ server: 0.89, generator: 0.94 })).toBeNull();
    expect(seemingLimit({ server: null, generator: null })).toBeNull();
  });
});

describe("the server's load", () => {
  /** Every 100 ms, as the run's ticks are. */
  async function ask(infos: (ms: number) => string | Error, untilMs: number) {
    const clock = { ms: 0 };
    let asked = 0;
    const info = async (): Promise<string> => {
      asked++;
      const answer = infos(clock.ms);
      if (typeof answer === "string") return answer;
      throw answer;
    };
    const load = new ServerLoad({ info }, () => clock.ms);
    let busy: number | null = null;
    for (clock.ms = 0; clock.ms <= untilMs; clock.ms += 100) {
      busy = load.busy();
      await soon();
    }
    return { busy, asked };
  }

  it("is the main thread's CPU between two answers, asked for once a second", async () => {
    const { busy, asked } = await ask((ms) => cpuInfo(5 + 0.0008 * ms), 3500);
    expect(busy).toBeCloseTo(0.8);
    expect(asked).toBe(4);
  });

  it("is unknown where the server does not tell, fails, restarts or has not answered for long", async () => {
    expect((await ask(() => cpuInfo(undefined), 3500)).busy).toBeNull();
    expect((await ask(() => new Error("Connection is closed."), 3500)).busy).toBeNull();
    expect((await ask((ms) => cpuInfo(ms < 2500 ? 50 : 1), 3500)).busy).toBeNull();
    const clock = { ms: 0 };
    let hangs = false;
    const load = new ServerLoad(
      { info: () => (hangs ? new Promise<string>(() => {}) : Promise.resolve(cpuInfo(clock.ms / 1000))) },
      () => clock.ms,
    );
    const at = async (ms: number): Promise<number | null> => {
      clock.ms = ms;
      const busy = load.busy();
      await soon();
      return busy;
    };
    await at(0);
    await at(1000);
    expect(await at(1100)).toBe(1);
    hangs = true;
    await at(2100);
    expect(await at(3900)).toBe(1);
    expect(await at(4100)).toBeNull();
  });
});

it("has never less than nothing and never more left than a whole run takes", () => {
  const ms = fc.integer({ min: 0, max: 1e7 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.nat(100),
      ms,
      ms,
      fc.option(ms),
      (trials, done, finishedMs, runningMs, plannedTrialMs) => {
        const finishedTrials = Math.min(done, trials);
        const left = leftMs({ finishedTrials, trials, finishedMs, runningMs, plannedTrialMs });
        if (left === null) {
          expect([finishedTrials, plannedTrialMs]).toEqual([0, null]);
          return;
        }
        const trialMs = finishedTrials > 0 ? finishedMs / finishedTrials : plannedTrialMs!;
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(trialMs * trials + 1e-6);
      },
    ),
  );
});

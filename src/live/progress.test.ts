import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { percentileUs } from "../measure/hdr.js";
import { latencyText } from "../report/format.js";
import { trialOf } from "../report/testing.js";
import { type Viewer, watchRun } from "./live-run.js";
import { createProgress } from "./progress.js";
import { cpuInfo, placeOf, progressOf } from "./testing.js";

/** What was written, chunk by chunk; a terminal of 100 columns. */
class Screen extends Writable {
  readonly columns = 100;
  readonly rows = 30;
  readonly isTTY = true;
  readonly chunks: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk.toString());
    done();
  }

  get text(): string {
    return this.chunks.join("");
  }

  /** What a person sees in the end: a terminal that knows lines, and the codes that log-update writes. */
  get shown(): string[] {
    const lines = [""];
    let row = 0;
    let column = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control codes are what a terminal reads
    for (const [code] of this.text.matchAll(/\u001b\[\??\d*[A-Za-z]|\n|[^\u001b\n]+/g)) {
      const count = Number(/\d+/.exec(code)?.[0] ?? 1);
      if (code === "\n") {
        row += 1;
        column = 0;
        lines[row] ??= "";
      } else if (!code.startsWith("\u001b")) {
        lines[row] = lines[row]!.slice(0, column).padEnd(column) + code + lines[row]!.slice(column + code.length);
        column += code.length;
      } else if (code.endsWith("A")) row = Math.max(0, row - count);
      else if (code.endsWith("B")) row += count;
      else if (code.endsWith("G")) column = 0;
      else if (code === "\u001b[2K") lines[row] = "";
      else if (code === "\u001b[K" || code === "\u001b[0K") lines[row] = lines[row]!.slice(0, column);
      else if (code === "\u001b[J" || code === "\u001b[0J")
        lines.splice(row, lines.length, lines[row]!.slice(0, column));
      else if (!code.includes("?2026")) throw new Error(`the test's terminal does not know ${JSON.stringify(code)}`);
      for (let i = lines.length; i <= row; i++) lines[i] = "";
    }
    return lines.filter((line) => line !== "");
  }
}

const PLANNED_MS = 3500;

/** Two trials with many ticks. */
function watch(viewer: Viewer, clock: { ms: number }, ticks = 1000) {
  const run = watchRun([viewer], PLANNED_MS, () => clock.ms);
  for (const [index, strategy] of ["individual", "lua"].entries()) {
    run.trialStarted(placeOf(index, strategy));
    for (let i = 1; i <= ticks; i++) {
      clock.ms += 3;
      run.progressed(progressOf({ succeeded: i, failed: index, elapsedMs: 3 * i }));
    }
    run.trialMeasured();
    run.trialFinished(trialOf(strategy, 0));
  }
  return run;
}

/** Lets a promise that is kept already be heard. */
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("live progress", () => {
  it("is one plain line for each finished trial where there is no terminal", () => {
    const screen = new Screen();
    watch(createProgress({ isTerminal: false, stream: screen }), { ms: 0 }).ended();
    const p95 = latencyText(percentileUs(trialOf("lua", 0).latency.entry, 95)!);
    expect(screen.text.split("\n")).toEqual([
      ` 1/20 round 1 individual: 10,000 entries/s, p95 ${p95}, 100 % succeeded, limited by server`,
      ` 2/20 round 1 lua: 10,000 entries/s, p95 ${p95}, 100 % succeeded, limited by server`,
      "",
    ]);
  });

  it("reads nothing and asks nobody where nobody sees it", () => {
    const viewer = createProgress({ isTerminal: false, stream: new Screen() });
    const run = watchRun([viewer], PLANNED_MS);
    const never = (): never => {
      throw new Error("asked");
    };
    run.targetOpened({ info: never });
    run.trialStarted(placeOf(0, "lua"));
    run.progressed({
      ...progressOf({ succeeded: 1, failed: 0, elapsedMs: 2000 }),
      latencies: never,
      eventLoops: never,
    });
    run.ended();
  });

  it("writes plain lines to a terminal without a size, as CI systems have them", () => {
    const screen = Object.assign(new Screen(), { rows: 0, columns: 0 });
    watch(createProgress({ isTerminal: true, stream: screen }), { ms: 0 });
    expect(screen.text.split("\n")).toHaveLength(3);
    expect(screen.text).not.toContain("\u001b");
  });

  it("says what was wrong with a trial", () => {
    const screen = new Screen();
    const run = watchRun([createProgress({ isTerminal: false, stream: screen })], PLANNED_MS);
    run.trialStarted(placeOf(0, "lua"));
    const base = trialOf("lua", 0, { timeouts: 30_000 });
    run.trialFinished({ ...base, complete: false, audit: { ...base.audit, ok: false } });
    expect(screen.text).toMatch(/50\.0 % succeeded, .*audit found anomalies, cut short\n$/);
  });

  it("is a region on a terminal, above which finished trials stay, and which is gone at the end", async () => {
    const screen = new Screen();
    const clock = { ms: 0 };
    const run = watch(createProgress({ isTerminal: true, stream: screen, nowMs: () => clock.ms }), clock);
    let cpuSec = 10;
    run.targetOpened({ info: async () => cpuInfo(cpuSec) });
    run.trialStarted(placeOf(2, "dedup"));
    expect(screen.shown.at(-1)).toBe(" 3/20 round 1 dedup: warming up");
    for (let ms = 100; ms <= 1600; ms += 100) {
      clock.ms += 100;
      cpuSec += 0.097;
      run.progressed(progressOf({ succeeded: 15 * ms, failed: 1, elapsedMs: ms }));
      await soon();
    }
    expect(screen.shown).toEqual([
      expect.stringMatching(/^ 1\/20 round 1 individual: 10,000 entries\/s/),
      expect.stringMatching(/^ 2\/20 round 1 lua: 10,000 entries\/s/),
      // Two of 20 trials took 6 s, the third has run for 1.6 s.
      "━━──────────────────────  2 of 20 trials, about 53s left",
      " 3/20 round 1 dedup: 15,000 entries/s, 1 failure, 1.6 s",
      "p50 50.0 ms, p95 95.0 ms, p99 99.0 ms",
      "server 97 % busy, generator 50 % busy: the server seems to be the limit",
    ]);
    run.trialMeasured();
    expect(screen.shown.slice(3)).toEqual([
      " 3/20 round 1 dedup: 15,000 entries/s, 1 failure, 1.6 s, checking the data",
      "p50 50.0 ms, p95 95.0 ms, p99 99.0 ms",
    ]);
    run.ended();
    expect(screen.shown).toHaveLength(2);
  });

  it("tells the time left by the plan until a trial has finished, and says nothing of it where entries are counted", () => {
    for (const [plannedMs, expected] of [
      [PLANNED_MS, "0 of 20 trials, about 1m10s left"],
      [null, "0 of 20 trials"],
    ] as const) {
      const screen = new Screen();
      const viewer = createProgress({ isTerminal: true, stream: screen, nowMs: () => 0 });
      watchRun([viewer], plannedMs, () => 0).trialStarted(placeOf(0, "lua"));
      expect(screen.shown[0]).toBe(`${"─".repeat(24)}  ${expected}`);
    }
  });

  it("draws at most ten frames a second, however often it is told", () => {
    const screen = new Screen();
    const clock = { ms: 0 };
    const viewer = createProgress({ isTerminal: true, stream: screen, nowMs: () => clock.ms });
    const run = watchRun([viewer], PLANNED_MS, () => clock.ms);
    run.trialStarted(placeOf(0, "lua"));
    const before = screen.chunks.length;
    for (let i = 1; i <= 2000; i++) {
      clock.ms += 1;
      run.progressed(progressOf({ succeeded: i, failed: 0, elapsedMs: i }));
    }
    const frames = screen.chunks.length - before;
    expect(frames).toBeGreaterThan(5);
    expect(frames).toBeLessThanOrEqual(21);
  });

  it("leaves the cursor alone and writes no colours of its own", () => {
    const screen = new Screen();
    watch(createProgress({ isTerminal: true, stream: screen }), { ms: 0 }, 3);
    expect(screen.text).not.toMatch(/\?25l/);
  });
});

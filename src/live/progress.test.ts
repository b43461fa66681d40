import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { percentileUs } from "../measure/hdr.js";
import { latencyText } from "../report/format.js";
import { trialOf } from "../report/testing.js";
import { createProgress, type Progress } from "./progress.js";

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

const place = (index: number, strategy: string) => ({ index, count: 20, strategy, round: 0 });

/** Two trials with many ticks, then the end. */
function watch(progress: Progress, clock: { ms: number }, ticks = 3000): void {
  for (const [index, strategy] of ["individual", "lua"].entries()) {
    progress.trialStarted(place(index, strategy));
    for (let i = 1; i <= ticks; i++) {
      clock.ms += 1;
      progress.ticked({ succeeded: 15 * i, failed: index, elapsedMs: i });
    }
    progress.trialFinished(trialOf(strategy, 0));
  }
  progress.note("a warning");
}

describe("live progress", () => {
  it("is silent with --quiet", () => {
    for (const isTerminal of [true, false]) {
      const screen = new Screen();
      const progress = createProgress({ isTerminal, quiet: true, stream: screen });
      watch(progress, { ms: 0 });
      progress.stop();
      expect(screen.text).toBe("");
    }
  });

  it("is one plain line for each finished trial where there is no terminal", () => {
    const screen = new Screen();
    const progress = createProgress({ isTerminal: false, quiet: false, stream: screen });
    watch(progress, { ms: 0 });
    progress.stop();
    const p95 = latencyText(percentileUs(trialOf("lua", 0).latency.entry, 95)!);
    expect(screen.text.split("\n")).toEqual([
      ` 1/20 round 1 individual: 10,000 entries/s, p95 ${p95}, 100 % succeeded, limited by server`,
      ` 2/20 round 1 lua: 10,000 entries/s, p95 ${p95}, 100 % succeeded, limited by server`,
      "a warning",
      "",
    ]);
  });

  it("writes plain lines to a terminal without a size, as CI systems have them", () => {
    const screen = Object.assign(new Screen(), { rows: 0, columns: 0 });
    watch(createProgress({ isTerminal: true, quiet: false, stream: screen }), { ms: 0 });
    expect(screen.text.split("\n")).toHaveLength(4);
    expect(screen.text).not.toContain("\u001b");
  });

  it("says what was wrong with a trial", () => {
    const screen = new Screen();
    const progress = createProgress({ isTerminal: false, quiet: false, stream: screen });
    const base = trialOf("lua", 0, { timeouts: 30_000 });
    progress.trialFinished({ ...base, complete: false, audit: { ...base.audit, ok: false } });
    expect(screen.text).toMatch(/50\.0 % succeeded, .*audit found anomalies, cut short\n$/);
  });

  it("is a region on a terminal, above which finished trials stay, and which is gone at the end", () => {
    const screen = new Screen();
    const clock = { ms: 0 };
    const progress = createProgress({ isTerminal: true, quiet: false, stream: screen, nowMs: () => clock.ms });
    watch(progress, clock);
    expect(screen.shown).toHaveLength(3);
    for (let i = 1; i <= 500; i++) {
      clock.ms += 1;
      progress.ticked({ succeeded: 15 * i, failed: 1, elapsedMs: i });
    }
    expect(screen.shown).toHaveLength(5);
    expect(screen.shown[0]).toMatch(/^ 1\/20 round 1 individual: 10,000 entries\/s/);
    expect(screen.shown[2]).toBe("a warning");
    // Two of 20 trials took 6 s; the clock stands at 6.5 s by the last frame or a little before it.
    expect(screen.shown[3]).toMatch(/^━━─{22} {2}2 of 20 trials, about 5[4-9]s left$/);
    expect(screen.shown[4]).toMatch(/^ 2\/20 round 1 lua: 15,000 entries\/s, 1 failure, 0\.[45] s$/);
    progress.stop();
    progress.stop();
    expect(screen.shown).toHaveLength(3);
    progress.ticked({ succeeded: 1, failed: 0, elapsedMs: 99_999 });
    progress.trialStarted(place(3, "dedup"));
    expect(screen.shown).toHaveLength(3);
  });

  it("draws at most ten frames a second, however often it is told", () => {
    const screen = new Screen();
    const clock = { ms: 0 };
    const progress = createProgress({ isTerminal: true, quiet: false, stream: screen, nowMs: () => clock.ms });
    progress.trialStarted(place(0, "lua"));
    const before = screen.chunks.length;
    for (let i = 1; i <= 2000; i++) {
      clock.ms += 1;
      progress.ticked({ succeeded: i * i, failed: 0, elapsedMs: i });
    }
    const frames = screen.chunks.length - before;
    expect(frames).toBeGreaterThan(5);
    expect(frames).toBeLessThanOrEqual(20);
  });

  it("leaves the cursor alone and writes no colours of its own", () => {
    const screen = new Screen();
    watch(createProgress({ isTerminal: true, quiet: false, stream: screen }), { ms: 0 }, 3);
    expect(screen.text).not.toMatch(/\?25l/);
  });
});

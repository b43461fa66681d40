import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DESIGN_NAMES, DESIGNS } from "../admission/index.js";
import { LOCK_NAMES } from "../admission/locks/index.js";
import { planAdmitTurns } from "../engine/admit-plan.js";
import { type AdmitReport, admitReportSchema } from "../report/admit.js";
import { failureReportSchema } from "../report/schema.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";

/** The built command, as a user runs it. */
const BIN = fileURLToPath(new URL("../../bin/qbench.js", import.meta.url));
const qbench = (...args: string[]) =>
  execa(process.execPath, [BIN, ...args], { reject: false, timeout: 60_000, env: { FORCE_COLOR: "0" } });

let test: TestRedis;
let url: string;
let folder: string;
beforeAll(async () => {
  test = await startTestRedis();
  url = `redis://127.0.0.1:${test.server.endpoint.port}`;
  folder = mkdtempSync(join(tmpdir(), "qbench-admit-"));
});
afterAll(async () => {
  await test.stop();
  rmSync(folder, { recursive: true, force: true });
});

const admit = (...args: string[]) => qbench("admit", "--url", url, ...args);
const reportOf = (stdout: unknown): AdmitReport => admitReportSchema.parse(JSON.parse(stdout as string));
// Whole programs, several of them processes or threads that start others, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

it("measures every design with every batch, kills its scheduler, and leaves nothing behind", async () => {
  const outputs = Object.fromEntries(["json", "txt", "md", "csv"].map((one) => [one, join(folder, `admit.${one}`)]));
  const args = ["--design", "all", "--batch", "10,500", "--kills", "1", "--trials", "1"];
  const small = ["--duration", "30ms", "--waiting", "6k"];
  const written = Object.values(outputs).flatMap((path) => ["--output", path]);
  const { stdout, stderr, exitCode } = await admit(...args, ...small, "--json", ...written);
  expect([exitCode, stderr]).toEqual([0, expect.not.stringMatching(/bug/)]);
  const report = reportOf(stdout);
  expect(report).toMatchObject({ complete: true, locks: [] });
  expect(report.designs.map(({ name }) => name)).toEqual(DESIGN_NAMES);
  for (const { name, atomic, batches, killed } of report.designs) {
    expect(batches.map(({ batch }) => batch)).toEqual([10, 500]);
    for (const { batch, rounds, summary } of batches) {
      expect(rounds).toHaveLength(1);
      for (const one of rounds) {
        // The command itself fails where the active set holds others than were told of.
        expect([name, one.users]).toEqual([name, one.calls * batch]);
        expect(one.calls).toBeGreaterThan(0);
        expect(one.stallUs.max).toBeGreaterThanOrEqual(one.stallUs.p99);
      }
      expect(summary.usersPerSec?.median).toBeGreaterThan(0);
      expect(summary.serverUsPerUser?.median).toBeGreaterThan(0);
    }
    expect(killed).toMatchObject({ kills: 1 });
    if (atomic !== "no") expect([name, killed!.lost, killed!.halfAdmitted]).toEqual([name, 0, 0]);
  }
  expect(await test.redis.keys("*")).toEqual([]);

  const read = (ending: string): string => readFileSync(outputs[ending] as string, "utf8");
  expect(JSON.parse(read("json"))).toEqual(JSON.parse(stdout as string));
  for (const { name } of DESIGNS) expect(read("txt")).toMatch(new RegExp(`^ *${name} .* µs a user`, "m"));
  expect(read("md")).toMatch(/\| token-bucket \| 500 \|/);
  const lines = read("csv").trimEnd().split("\n");
  expect(lines).toHaveLength(1 + DESIGN_NAMES.length * 2);
  expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
  expect((await qbench("report", outputs.json as string)).stdout).toBe(read("txt").trimEnd());
});

it("counts the users whom a killed scheduler has lost, from the data", async () => {
  // Between ZPOPMIN and what follows, a scheduler without a script spends a good part of its time.
  const args = ["--design", "pipelined", "--batch", "10", "--trials", "1", "--duration", "10ms", "--waiting", "1k"];
  for (let attempt = 0; attempt < 10; attempt++) {
    const { stdout } = await admit(...args, "--kills", "4", "--seed", String(attempt), "--json");
    const { killed } = reportOf(stdout).designs[0]!;
    expect(killed!.mostLost).toBeLessThanOrEqual(100);
    if (killed!.lost + killed!.halfAdmitted > 0) return;
  }
  expect.unreachable("forty kills, and nobody was lost");
});

it("a lock whose holder sleeps past its time: doubled and exceeded where it happens, and not where it is fenced", async () => {
  const path = join(folder, "locks.txt");
  const args = ["--lock", "all", "--instances", "3", "--trials", "1", "--json", "--output", path];
  const { stdout, exitCode } = await admit(...args);
  expect(exitCode).toBe(0);
  const report = reportOf(stdout);
  expect(report.designs).toEqual([]);
  expect(report.locks.map(({ name }) => name)).toEqual(LOCK_NAMES);
  const found = Object.fromEntries(report.locks.map(({ name, rounds }) => [name, rounds[0]]));
  const doubled = { capacity: 1000, active: 2000, exceeded: 1000, admittedAsleep: 1000 };
  const kept = { capacity: 1000, active: 1000, exceeded: 0, admittedAsleep: 0 };
  expect(found).toMatchObject({
    none: { ...doubled, freedForeign: null },
    plain: { ...doubled, freedForeign: true, holdersAtOnce: 2 },
    "compare-and-delete": { ...doubled, freedForeign: false, holdersAtOnce: 1 },
    fenced: { ...kept, freedForeign: false, holdersAtOnce: 1 },
    "token-bucket": { ...kept, freedForeign: null },
  });
  expect(await test.redis.keys("*")).toEqual([]);
  const table = readFileSync(path, "utf8");
  expect(table).toMatch(/^plain +2,000 of 1,000 +1,000 +1 of 1 +2$/m);
  expect(table).toMatch(/^fenced +1,000 of 1,000 +0 +0 of 1 +1$/m);
});

it("takes turns in an order that the seed draws, told by --dry-run, which connects to nothing", async () => {
  const args = ["--design", "looped,sliced", "--batch", "10,100", "--trials", "3", "--seed", "7"];
  const { stdout, exitCode } = await qbench("admit", "--url", "redis://127.0.0.1:1", ...args, "--dry-run", "--json");
  expect(exitCode).toBe(0);
  const plan = { designs: ["looped", "sliced"], batches: [10, 100], trials: 3, seed: 7 };
  const turns = planAdmitTurns(plan);
  expect(JSON.parse(stdout as string)).toMatchObject({ kind: "plan", seed: 7, turns });
  expect(planAdmitTurns({ ...plan, seed: 8 })).not.toEqual(turns);
  for (const round of [0, 1, 2]) {
    const pairs = turns.filter((turn) => turn.round === round).map(({ design, batch }) => `${design} ${batch}`);
    expect(pairs.sort()).toEqual(["looped 10", "looped 100", "sliced 10", "sliced 100"]);
  }
});

describe("what goes wrong is told in one message, on stdout as JSON", () => {
  it.each([
    [
      ["--design", "loped", "--batch", "10,x", "--lock", "fence", "--instances", "1"],
      2,
      /--design: unknown admission design "loped" \(did you mean "looped"\?\).*\n.*--batch: expected whole numbers from 1 to 1,000,000.*\n.*--lock: unknown lock "fence" \(did you mean "fenced"\?\).*\n.*--instances: expected a whole number from 2 to 16/,
    ],
    [["--batch", "10,10", "--duration", "1h"], 2, /--batch: 10 is given twice.*\n.*--duration: expected/],
    [
      ["--batch", "10k", "--waiting", "5k"],
      2,
      /--batch: a batch of 10,000 needs as many users waiting; there are 5,000/,
    ],
    [["--output", "x.xml"], 2, /expected a name that ends in/],
    [["--url", "redis://127.0.0.1:1"], 3, /127\.0\.0\.1:1/],
  ])("%j", async (args, code, message) => {
    const { stdout, stderr, exitCode } = await qbench("admit", ...args, "--json");
    expect([exitCode, stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(failureReportSchema.parse(JSON.parse(stdout as string))).toMatchObject({ kind: "admit", error: { code } });
  });

  it("Ctrl-C ends it with what there is, and no key and no scheduler is left", async () => {
    const running = admit(
      "--design",
      "looped",
      "--batch",
      "100",
      "--trials",
      "200",
      "--kills",
      "1",
      "--waiting",
      "2k",
      "--json",
    );
    // A scheduler of its own has begun, so turns have been taken.
    const isKilling = async (): Promise<boolean> =>
      ((await test.redis.client("LIST")) as string).includes("name=qbench-scheduler-");
    for (let i = 0; i < 2000 && !(await isKilling()); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    running.kill("SIGINT");
    const { stdout, exitCode } = await running;
    expect(exitCode).toBe(130);
    const report = reportOf(stdout);
    expect(report).toMatchObject({ complete: false, error: { code: 130, kind: "interrupted" } });
    expect(report.designs[0]!.batches[0]!.rounds).not.toEqual([]);
    expect(await test.redis.keys("*")).toEqual([]);
    expect(await isKilling()).toBe(false);
  });

  it("a server that is lost ends it with what there is, exit 3", async () => {
    const other = await startTestRedis();
    try {
      const at = `redis://127.0.0.1:${other.server.endpoint.port}`;
      const args = ["--design", "looped", "--batch", "100", "--trials", "500", "--kills", "0", "--waiting", "2k"];
      const running = qbench("admit", "--url", at, ...args, "--json");
      const evals = async (): Promise<string> =>
        (await other.redis.info("commandstats")).match(/cmdstat_eval:calls=(\d+)/)?.[1] ?? "0";
      for (let i = 0; i < 2000 && Number(await evals()) < 100; i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      await other.stop();
      const { stdout, exitCode, stderr } = await running;
      expect([exitCode, stderr]).toEqual([3, expect.not.stringMatching(/\n\s+at |bug/)]);
      expect(JSON.parse(stdout as string)).toMatchObject({ kind: "admit", complete: false, error: { code: 3 } });
    } finally {
      await other.stop();
    }
  });
});

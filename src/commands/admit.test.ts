import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DESIGN_NAMES, DESIGNS } from "../admission/index.js";
import { LOCK_NAMES } from "../admission/locks/index.js";
import { planAdmitTurns } from "../engine/admit-plan.js";
import { callsOf, until } from "../engine/testing/program.js";
import { ownSite } from "../engine/testing/site.js";
import { type AdmitReport, admitReportSchema } from "../report/admit.js";
import { withRedis } from "../targets/testing.js";
import { runReport } from "./report.js";
import { expectFailure, expectMistake, inProcess } from "./testing.js";

/** The built command, as a user runs it, where it measures; its words about arguments in this process. */
const site = ownSite();

const admit = (...args: string[]) => site.on("admit", ...args);
const reportOf = (stdout: string): AdmitReport => admitReportSchema.parse(JSON.parse(stdout));

it("measures every design with every batch, kills its scheduler, and leaves nothing behind", async () => {
  const outputs = Object.fromEntries(["json", "txt", "md", "csv"].map((one) => [one, site.path(`admit.${one}`)]));
  const args = ["--design", "all", "--batch", "10,500", "--kills", "1", "--trials", "1"];
  const small = ["--duration", "30ms", "--waiting", "6k"];
  const written = Object.values(outputs).flatMap((path) => ["--output", path]);
  const { stdout, stderr, exitCode } = await admit(...args, ...small, "--json", ...written).ended;
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
  expect(await site.keys()).toEqual([]);

  const read = (ending: string): string => readFileSync(outputs[ending] as string, "utf8");
  expect(JSON.parse(read("json"))).toEqual(JSON.parse(stdout));
  for (const { name } of DESIGNS) expect(read("txt")).toMatch(new RegExp(`^ *${name} .* µs a user`, "m"));
  expect(read("md")).toMatch(/\| token-bucket \| 500 \|/);
  const lines = read("csv").trimEnd().split("\n");
  expect(lines).toHaveLength(1 + DESIGN_NAMES.length * 2);
  expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
  expect(await runReport([outputs.json as string], { color: false })).toBe(read("txt").trimEnd());
});

it("counts the users whom a killed scheduler has lost, from the data", async () => {
  // Between ZPOPMIN and what follows, a scheduler without a script spends a good part of its time.
  const args = ["--design", "pipelined", "--batch", "10", "--trials", "1", "--duration", "10ms", "--waiting", "1k"];
  for (let attempt = 0; attempt < 10; attempt++) {
    const { stdout } = await admit(...args, "--kills", "4", "--seed", String(attempt), "--json").ended;
    const { killed } = reportOf(stdout).designs[0]!;
    expect(killed!.mostLost).toBeLessThanOrEqual(100);
    if (killed!.lost + killed!.halfAdmitted > 0) return;
  }
  expect.unreachable("forty kills, and nobody was lost");
});

it("a lock whose holder sleeps past its time: doubled and exceeded where it happens, and not where it is fenced", async () => {
  const path = site.path("locks.txt");
  const args = ["--lock", "all", "--instances", "3", "--trials", "1", "--json", "--output", path];
  const { stdout, exitCode } = await admit(...args).ended;
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
  expect(await site.keys()).toEqual([]);
  const table = readFileSync(path, "utf8");
  expect(table).toMatch(/^plain +2,000 of 1,000 +1,000 +1 of 1 +2$/m);
  expect(table).toMatch(/^fenced +1,000 of 1,000 +0 +0 of 1 +1$/m);
});

it("takes turns in an order that the seed draws, told by --dry-run, which connects to nothing", async () => {
  const args = ["--design", "looped,sliced", "--batch", "10,100", "--trials", "3", "--seed", "7"];
  const result = await inProcess("admit", "--url", "redis://127.0.0.1:1", ...args, "--dry-run", "--json");
  expect(result.exitCode).toBe(0);
  const plan = { designs: ["looped", "sliced"], batches: [10, 100], trials: 3, seed: 7 };
  const turns = planAdmitTurns(plan);
  expect(JSON.parse("text" in result ? result.text : "")).toMatchObject({ kind: "plan", seed: 7, turns });
  expect(planAdmitTurns({ ...plan, seed: 8 })).not.toEqual(turns);
  for (const round of [0, 1, 2]) {
    const pairs = turns.filter((turn) => turn.round === round).map(({ design, batch }) => `${design} ${batch}`);
    expect(pairs.sort()).toEqual(["looped 10", "looped 100", "sliced 10", "sliced 100"]);
  }
});

describe("what goes wrong is told in one message", () => {
  it.each([
    [
      ["--design", "loped", "--batch", "10,x", "--lock", "fence", "--instances", "1"],
      /--design: unknown admission design "loped" \(did you mean "looped"\?\).*\n.*--batch: expected whole numbers from 1 to 1,000,000.*\n.*--lock: unknown lock "fence" \(did you mean "fenced"\?\).*\n.*--instances: expected a whole number from 2 to 16/,
    ],
    [["--batch", "10,10", "--duration", "1h"], /--batch: 10 is given twice.*\n.*--duration: expected/],
    [["--batch", "10k", "--waiting", "5k"], /--batch: a batch of 10,000 needs as many users waiting; there are 5,000/],
    [["--output", "x.xml"], /expected a name that ends in/],
  ])("%j", (args, message) => expectMistake("admit", args, message));

  it("where no server is, on stdout as JSON", async () => {
    const ended = await site.world.command("admit", "--url", "redis://127.0.0.1:1", "--json").ended;
    expectFailure(ended, "admit", 3, /127\.0\.0\.1:1/);
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
      ((await site.redis.client("LIST")) as string).includes("name=qbench-scheduler-");
    await until(isKilling);
    running.kill("SIGINT");
    const { stdout, exitCode } = await running.ended;
    expect(exitCode).toBe(130);
    const report = reportOf(stdout);
    expect(report).toMatchObject({ complete: false, error: { code: 130, kind: "interrupted" } });
    expect(report.designs[0]!.batches[0]!.rounds).not.toEqual([]);
    expect(await site.keys()).toEqual([]);
    expect(await isKilling()).toBe(false);
  });

  it("a server that is lost ends it with what there is, exit 3", () =>
    withRedis(async (other) => {
      const at = `redis://127.0.0.1:${other.server.endpoint.port}`;
      const args = ["--design", "looped", "--batch", "100", "--trials", "500", "--kills", "0", "--waiting", "2k"];
      const running = site.world.command("admit", "--url", at, ...args, "--json");
      await until(async () => ((await callsOf(other.redis)).eval ?? 0) >= 100);
      await other.stop();
      const { stdout, exitCode, stderr } = await running.ended;
      expect([exitCode, stderr]).toEqual([3, expect.not.stringMatching(/\n\s+at |bug/)]);
      expect(JSON.parse(stdout)).toMatchObject({ kind: "admit", complete: false, error: { code: 3 } });
    }));
});

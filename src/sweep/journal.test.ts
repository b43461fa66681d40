import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkJournal, JournalWriter, readJournal } from "./journal.js";
import { runSweep, type SweepResult } from "./procedure.js";
import { measureBy, NEVER, planOf, SILENT } from "./testing.js";

const PLAN = planOf(["pool=10,20"], { trials: 2 });
const SUBJECT = { plan: PLAN, place: { "machine.cores": "2", "redis.version": "7.0.15" } };

let folder: string;
let results: readonly SweepResult[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "qbench-journal-"));
  results = (
    await runSweep(
      PLAN,
      [],
      measureBy(PLAN, () => 1000),
      SILENT,
      NEVER,
    )
  ).results;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const fresh = (): string => join(folder, `${files++}.jsonl`);

function write(path: string, added: readonly SweepResult[]): void {
  const writer = new JournalWriter(path, readJournal(path), SUBJECT);
  for (const result of added) writer.add(result);
  writer.close();
}

describe("the file of --resume", () => {
  it("gives back every trial, however often the sweep was cut, and wherever in a line", () => {
    const path = fresh();
    expect(readJournal(path)).toBeUndefined();
    write(path, results.slice(0, 3));
    const { length } = readFileSync(path);
    write(path, results.slice(3, 4));
    for (const cut of [length + 1, readFileSync(path).length - 1]) {
      truncateSync(path, cut);
      expect(readJournal(path)!.results).toEqual(results.slice(0, 3));
      write(path, results.slice(3));
      expect(readJournal(path)!.results).toEqual(results);
    }
    expect(() => checkJournal(path, readJournal(path)!, SUBJECT)).not.toThrow();
  });

  it("begins anew where not even its first line was written", () => {
    const path = fresh();
    writeFileSync(path, "");
    expect(readJournal(path)).toBeUndefined();
    write(path, results);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.slice(0, 60));
    expect(readJournal(path)).toBeUndefined();
    write(path, results);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("is refused where it is of another plan, or of another machine, and says in what", () => {
    const path = fresh();
    write(path, results);
    const journal = readJournal(path)!;
    const check = (change: Partial<typeof SUBJECT>) => () => checkJournal(path, journal, { ...SUBJECT, ...change });
    const longer = { ...PLAN, trials: 3, scenario: { ...PLAN.scenario, durationMs: 5000 } };
    expect(check({ plan: longer })).toThrow(
      /another sweep:\n {2}trials: 2 there, 3 here\n {2}scenario.durationMs: 3000 there/,
    );
    const { axes } = planOf(["pool=10,30"]);
    expect(check({ plan: { ...PLAN, axes } })).toThrow(
      /sweep:\n {2}axes: \["pool=10,20"\] there, \["pool=10,30"\] here$/,
    );
    expect(check({ plan: { ...PLAN, strategies: ["dedup"] } })).toThrow(/strategies: \[.+\] there, \["dedup"\] here/);
    const long = (last: string) => [
      ...Array.from({ length: 30 }, (_, i) => `lua:${i}.lua`),
      `${"a".repeat(90)}${last}`,
    ];
    const at = fresh();
    new JournalWriter(at, undefined, { ...SUBJECT, plan: { ...PLAN, strategies: long("b") } }).close();
    const other = { ...SUBJECT, plan: { ...PLAN, strategies: long("c") } };
    expect(() => checkJournal(at, readJournal(at)!, other)).toThrow(
      /sweep:\n {2}strategies\.30: …a+b" there, …a+c" here$/,
    );
    expect(check({ place: { ...SUBJECT.place, "machine.cores": "8" } })).toThrow(/machine.cores: "2" there, "8" here/);
  });

  it("is refused where it is something else, and left as it is", () => {
    for (const text of ["hello", "hello\n", '{"schemaVersion":1,"kind":"run"}\n', "{}\n\n", "\u0000\n"]) {
      const path = fresh();
      writeFileSync(path, text);
      expect(() => readJournal(path)).toThrow(/is no file of a sweep/);
      expect(readFileSync(path, "utf8")).toBe(text);
    }
    const path = fresh();
    write(path, results.slice(0, 1));
    appendFileSync(path, '{"wave":-1}\n');
    expect(() => readJournal(path)).toThrow(/line 3 is no trial/);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QbenchError } from "../base/errors.js";
import { luaFilesAmong, STRATEGY_NAMES, strategyNamed } from "../strategies/index.js";
import { resolveScenario, type ScenarioInput } from "./load.js";
import { OPTION_LIST, SCENARIO_OPTIONS } from "./options.js";
import { shippedScenarios } from "./shipped.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-scenario-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(content: string | Uint8Array, name = "given.yaml"): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The mistakes told, a line each. */
function mistakesOf(input: ScenarioInput): string[] {
  try {
    resolveScenario(input);
  } catch (error) {
    expect(error).toBeInstanceOf(QbenchError);
    expect((error as QbenchError).exitCode).toBe(2);
    const [first, ...others] = (error as QbenchError).message.split("\n");
    if (others.length === 0) return [first as string];
    expect(first).toMatch(/^\d+ mistakes in what is asked for:$/);
    return others.map((line) => line.trim());
  }
  return [];
}

const given = (yaml: string): string[] => mistakesOf({ file: fileOf(yaml) });

describe("a scenario", () => {
  it("without any source is the defaults of the contract", () => {
    const { scenario, warnings } = resolveScenario({});
    const { seed, ...others } = scenario;
    expect(others).toEqual({
      name: "ad-hoc",
      strategies: ["individual", "dedup", "pipeline", "lua"],
      mixStrategies: null,
      order: "interleaved",
      vus: 3000,
      pool: 20,
      instances: 1,
      instanceShares: null,
      connections: "exclusive",
      client: "wire",
      writes: "coalesced",
      rtt: null,
      score: "timestamp",
      durationMs: 10_000,
      warmupMs: 2000,
      entries: null,
      trials: 5,
      concerts: 1,
      shards: 8,
      waitReplicas: 0,
      zipf: 0,
      mix: { new: 100, waiting: 0, active: 0 },
      prefill: 0,
      maxWaiting: 50_000,
      timeoutMs: 1000,
      thinkTimeMs: 0,
      ratePerSec: null,
      arrival: "constant",
      stages: null,
      pollEvery: null,
      pollBy: "entry",
      leavePercent: 0,
      returnAfterMs: null,
      doubleClickPercent: 0,
      tabsPercent: 0,
      botsPercent: 0,
      maxInFlight: 10_000,
      admit: null,
      admitEveryMs: 1000,
      admitBatch: 1000,
      admitTtlMs: 600_000,
      faults: [],
      audit: "full",
      historyMb: 512,
    });
    expect(warnings).toEqual([]);
    expect(Number.isInteger(seed)).toBe(true);
    expect(resolveScenario({}).scenario.seed).not.toBe(seed);
  });

  it("takes flags before environment before file before defaults", () => {
    const file = fileOf("vus: 10\npool: 1\ntrials: 7\n");
    const env = { QBENCH_VUS: "20", QBENCH_POOL: "2", QBENCH_DURATION: "" };
    const { scenario } = resolveScenario({ file, env, flags: { vus: "30", score: undefined } });
    expect(scenario).toMatchObject({ name: "given", vus: 30, pool: 2, trials: 7, durationMs: 10_000 });
  });

  it("means the same wherever it is written", () => {
    const options = Object.values(SCENARIO_OPTIONS).map((option) => option.flag);
    expect(new Set(options).size).toBe(options.length);
    const flags = {
      strategy: ["lua", "dedup,pipeline"],
      vus: "10k",
      mix: "new=33.3,waiting=33.3,active=33.4",
      duration: "1m30s",
      rate: "2.5k",
      "max-in-flight": "1M",
      seed: "7",
    };
    const env = Object.fromEntries(
      Object.entries(flags).map(([flag, value]) => [
        `QBENCH_${flag.toUpperCase().replaceAll("-", "_")}`,
        String(value),
      ]),
    );
    const file = fileOf(
      "name: ad-hoc\nstrategy: [lua, dedup, pipeline]\nvus: 10000\nmix: {new: 33.3, waiting: 33.3, active: 33.4}\n" +
        "duration: 90s\nrate: 2500\nmax-in-flight: 1e6\nseed: 7\n",
    );
    const { scenario } = resolveScenario({ flags });
    expect(resolveScenario({ env }).scenario).toEqual(scenario);
    expect(resolveScenario({ file }).scenario).toEqual(scenario);
    expect(scenario).toMatchObject({ strategies: ["lua", "dedup", "pipeline"], vus: 10_000, ratePerSec: 2500 });
  });

  it("is read back as the same from what is printed of it", () => {
    const { scenario } = resolveScenario({
      flags: { mix: "new=60,waiting=40", vus: "1.5M", duration: "90500ms", rate: "0.25" },
    });
    const printed = OPTION_LIST.map(({ flag, type, property }) => {
      const value = scenario[property];
      return [flag, value === null ? undefined : type.format(value as object)];
    });
    expect(resolveScenario({ flags: Object.fromEntries(printed) }).scenario).toEqual(scenario);
  });

  it("knows `all` strategies", () => {
    expect(resolveScenario({ flags: { strategy: "all" } }).scenario.strategies).toContain("pipeline-blind");
    expect(mistakesOf({ flags: { strategy: "all,luaa" } })).toHaveLength(1);
  });

  it.each([...shippedScenarios()])("is shipped as %s, found by name and by path, without a warning", (name, path) => {
    const byName = resolveScenario({ file: name, flags: { seed: "1" } });
    expect(byName).toEqual(resolveScenario({ file: path, flags: { seed: "1" } }));
    expect(byName.scenario.name).toBe(name);
    expect(byName.warnings).toEqual([]);
  });

  it("ships what the published system was", () => {
    expect(resolveScenario({ file: "source-replay" }).scenario).toMatchObject({
      instances: 2,
      vus: 3000,
      pool: 20,
      connections: "exclusive",
      score: "timestamp",
    });
  });
});

describe("mistakes", () => {
  it("are told all at once, each with its place", () => {
    const path = fileOf(
      [
        "# a comment",
        "vus: 0",
        "vsu: 3",
        "strategy: [lua, luaa, 3]",
        "mix:",
        "  new: 90",
        "  waitng: 10",
        "duration: 10",
        "seed:",
        'pool: "20 k"',
        "maxInFlight: 5",
      ].join("\n"),
    );
    const flags = { trials: "-1", client: "ioredi" };
    const env = { QBENCH_TIMEOUT: "1", QBENCH_ZIPF: "x" };
    const mistakes = mistakesOf({ file: path, flags, env });
    const expected = [
      '--trials: expected a whole number from 1 to 1,000, got "-1"',
      '--client: expected one of wire, ioredis, got "ioredi" (did you mean "ioredis"?)',
      'QBENCH_TIMEOUT: expected a duration from 1ms to 10m, got "1"; expected a unit, as in 1s or 1ms',
      "QBENCH_ZIPF: expected a number from 0 to 5",
      `${path}:2:6 vus: expected a whole number from 1 to 2,000,000, got 0`,
      `${path}:3:1 vsu: unknown option "vsu" (did you mean "vus"?)`,
      `${path}:4:17 strategy[1]: unknown strategy "luaa" (did you mean "lua"?)`,
      `${path}:4:23 strategy[2]: unknown strategy 3`,
      `${path}:7:11 mix.waitng: unknown kind of user "waitng" (did you mean "waiting"?)`,
      `${path}:8:11 duration: expected a duration from 10ms to 24h, got 10; expected a unit, as in 10s or 10ms`,
      `${path}:9:6 seed: expected a whole number from 0 to 4,294,967,295, got nothing`,
      `${path}:10:7 pool: expected a whole number from 1 to 10,000, got "20 k"`,
      `${path}:11:1 maxInFlight: unknown option "maxInFlight" (did you mean "max-in-flight"?)`,
    ];
    for (const one of expected)
      expect(
        mistakes.filter((mistake) => mistake.startsWith(one)),
        one,
      ).toHaveLength(1);
    expect(mistakes).toHaveLength(expected.length);
  });

  it.each([
    ["70,20", "these sum to 90"],
    ["70,x", "expected the share of each instance"],
    ["0,100", "expected the share of each instance"],
    ["50,30,20", "expected one share for each instance; there are 3 for 2"],
  ])("in the shares of two instances %j", (shares, message) =>
    expect(mistakesOf({ flags: { instances: "2", "instance-shares": shares } }).join()).toContain(message),
  );

  it("in shares that leave an instance without users, or of arrivals", () => {
    const flags = { instances: "2", "instance-shares": "1,99" };
    expect(mistakesOf({ flags: { ...flags, vus: "50" } }).join()).toContain("the smallest share is none");
    expect(mistakesOf({ flags: { ...flags, rate: "50" } }).join()).toContain("go to all instances alike");
    expect(resolveScenario({ flags }).scenario.instanceShares).toEqual([1, 99]);
  });

  it.each([
    ["new=90", "these sum to 90"],
    ["new=90,waiting=10.1", "these sum to 100.1"],
    ["new=-1,waiting=101", 'from 0 to 100, got "-1"'],
    ["new=100,new=0", "new is given twice"],
    ["new", 'share of new users as a number from 0 to 100, got ""'],
    ["", "unknown kind of user"],
  ])("in shares %j", (mix, message) => expect(mistakesOf({ flags: { mix } }).join()).toContain(message));

  it.each([
    [{ vus: "2000001" }],
    [{ vus: "1.5" }],
    [{ vus: "0x10" }],
    [{ pool: "10001" }],
    [{ instances: "65" }],
    [{ trials: "0" }],
    [{ trials: "1001" }],
    [{ duration: "0" }],
    [{ duration: "25h" }],
    [{ duration: "-10s" }],
    [{ entries: "0" }],
    [{ concerts: "100001" }],
    [{ prefill: "11M" }],
    [{ rate: "0" }],
    [{ arrival: "poison" }],
    [{ seed: "4294967296" }],
    [{ history: "512" }],
    [{ strategy: "" }],
    [{ strategy: "lua,lua" }],
  ])("in %j", (flags) => {
    const [mistake, ...others] = mistakesOf({ flags });
    expect(mistake).toMatch(new RegExp(`^--${Object.keys(flags)[0]}: `));
    expect(others).toEqual([]);
  });

  it("of scripts of the user's own say what is wrong with the file; one that is read is known from then on", () => {
    const form = "give a Lua script in the form of lua/enter_queue.lua";
    expect(mistakesOf({ flags: { strategy: "lua:no/such.lua,mine.lua,lua=50+lua:/no.lua=50" } })).toEqual([
      `--strategy: "lua:no/such.lua": there is no such file, seen from ${process.cwd()}; ${form}`,
      '--strategy: unknown strategy "mine.lua" (did you mean "lua:mine.lua"?)',
      `--strategy: "lua:/no.lua": there is no such file; ${form}`,
    ]);
    const path = join(folder, "own.lua");
    writeFileSync(path, "return 1");
    const { scenario } = resolveScenario({ flags: { strategy: `all,lua:${path}`, score: "sequence" } });
    expect(scenario.strategies).toEqual([...STRATEGY_NAMES, `lua:${path}`]);
    const mix = resolveScenario({ flags: { "mix-strategies": `individual=90,lua:${path}=10` } }).scenario;
    expect(luaFilesAmong(mix.strategies)).toEqual([{ name: `lua:${path}`, source: "return 1" }]);
    expect(strategyNamed(mix.strategies[0]!).promises("sequence")).toEqual([]);
  });

  it("of options that do not go together name the one that was said", () => {
    expect(mistakesOf({ flags: { vus: "4" }, file: fileOf("instances: 8\n") })).toEqual([
      "--vus: expected at least one virtual user for each instance; there are 4 for 8",
    ]);
    expect(mistakesOf({ flags: { rate: "10", "max-in-flight": "1", instances: "2" } })[0]).toMatch(/^--max-in-flight/);
    expect(mistakesOf({ flags: { prefill: "1M" }, file: fileOf("concerts: 100\n") })[0]).toMatch(/^--prefill/);
  });
});

describe("a file", () => {
  it.each([
    ["an empty one", "", /given.yaml: expected a map of options.*got nothing/],
    ["a list", "- vus: 3\n", /expected a map of options/],
    ["a word", "vus\n", /expected a map of options/],
    ["bad indentation", "vus: 3\n  pool: 2\n", /given.yaml:\d+:\d+ /],
    ["a key given twice", "vus: 3\nvus: 4\n", /given.yaml:2:1 .*unique/],
    ["two documents", "vus: 3\n---\nvus: 4\n", /given.yaml:\d+:\d+ .*multiple documents/],
    ["an unknown tag", "vus: !!js/function 3\n", /given.yaml:1:6 .*tag/i],
    ["an alias of nothing", "vus: *x\n", /given.yaml(:1:6)?.*alias/i],
    ["a key of Object's prototype", "__proto__: 3\nvus: 0\n", /__proto__: unknown option/],
    ["tabs", "mix:\n\tnew: 100\n", /given.yaml:2:1 .*tab/i],
  ])("that is %s gets a message", (_, yaml, message) => expect(given(yaml).join("\n")).toMatch(message));

  it("that holds an alias bomb is refused quickly", () => {
    const levels = Array.from({ length: 30 }, (_, i) => `x${i + 1}: &x${i + 1} [${`*x${i}, `.repeat(9)}*x${i}]`);
    expect(given(`x0: &x0 lol\n${levels.join("\n")}\n`).join()).toMatch(/alias/i);
  });

  it("that contains itself is refused", () => expect(given("mix: &a\n  new: *a\n").join()).toContain("mix.new"));

  it("nested beyond all bounds is refused", () => {
    expect(given("[".repeat(200_000)).join().slice(0, 2000)).toMatch(/given.yaml/);
  });

  it("that is no text is refused", () => {
    expect(mistakesOf({ file: fileOf(new Uint8Array([0xff, 0xfe, 0x00, 0x80])) }).join()).toContain("not text");
    expect(mistakesOf({ file: fileOf("vus: 3\0") }).join()).toContain("binary");
  });

  it("that is huge is refused unread", () => {
    expect(mistakesOf({ file: fileOf("#".repeat(300_000)) }).join()).toContain("at most 256 kB");
  });

  it("that is missing, a folder or a device is refused", () => {
    mkdirSync(join(folder, "d.yaml"), { recursive: true });
    expect(mistakesOf({ file: join(folder, "none.yaml") })).toEqual([`${join(folder, "none.yaml")}: no such file`]);
    expect(mistakesOf({ file: join(folder, "d.yaml") }).join()).toContain("a folder");
    expect(mistakesOf({ file: "/dev/zero" }).join()).toContain("no ordinary file");
  });

  it("that is not shipped is guessed at", () => {
    expect(mistakesOf({ file: "smok" }).join()).toMatch(
      /no scenario "smok" \(did you mean "smoke"\?\); there are canary, default/,
    );
  });

  it("never makes the loader fail otherwise than by a usage error", () => {
    const yaml = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.json({ maxDepth: 3 }),
      fc
        .dictionary(fc.constantFrom("vus", "mix", "strategy", "duration", "name", "x"), fc.jsonValue({ maxDepth: 2 }))
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(yaml, (content) => {
        expect(() => given(content)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});

describe("warnings", () => {
  const codesOf = (input: ScenarioInput): string[] => resolveScenario(input).warnings.map((warning) => warning.code);

  it("tell of connections that stay idle", () => {
    expect(codesOf({ flags: { vus: "10", pool: "20" } })).toEqual(["idle-connections"]);
    expect(codesOf({ flags: { vus: "40", pool: "20", instances: "2" } })).toEqual([]);
  });

  it("tell of options without effect", () => {
    expect(codesOf({ flags: { arrival: "poisson", zipf: "1.1" } })).toEqual(["no-effect", "no-effect"]);
    expect(codesOf({ flags: { arrival: "poisson", rate: "5k" } })).toEqual([]);
    expect(codesOf({ flags: { rate: "5k", "think-time": "1s" } })).toEqual(["no-effect"]);
  });

  it("tell of variables that look mistyped, not of other tools' ones", () => {
    const { warnings } = resolveScenario({ env: { QBENCH_VSU: "3", QBENCH_DEBUG: "1", QBENCH_URL: "x", PATH: "" } });
    expect(warnings.map((warning) => warning.message)).toEqual([
      "QBENCH_VSU is not known and has no effect (did you mean QBENCH_VUS?)",
    ]);
  });

  it("tell of connections beyond what Redis usually takes", () => {
    expect(codesOf({ flags: { pool: "6k", instances: "2", vus: "2M" } })).toEqual(["many-connections"]);
  });

  it("are on what all machines do together", () => {
    expect(codesOf({ flags: { pool: "200", vus: "1M" }, machines: 100 })).toEqual(["many-connections"]);
    expect(codesOf({ flags: { pool: "20", vus: "100" }, machines: 10 })).toEqual(["idle-connections"]);
    expect(codesOf({ flags: { pool: "20", vus: "100" } })).toEqual([]);
  });
});

describe("entries and duration", () => {
  it("of one source: entries decide, with a warning", () => {
    const { scenario, warnings } = resolveScenario({ flags: { entries: "5", duration: "1s" } });
    expect(scenario.entries).toBe(5);
    expect(warnings.map((warning) => warning.code)).toEqual(["no-effect"]);
  });

  it("of two sources: the stronger decides", () => {
    const file = fileOf("entries: 5\n");
    expect(resolveScenario({ file, flags: { duration: "1s" } }).scenario.entries).toBeNull();
    expect(resolveScenario({ file: fileOf("duration: 1s\n"), flags: { entries: "5" } })).toMatchObject({
      scenario: { entries: 5 },
      warnings: [],
    });
  });
});

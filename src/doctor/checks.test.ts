import { describe, expect, it } from "vitest";
import { type Check, findingsOf, type Need, type Status } from "./check.js";
import { MACHINE_CHECKS } from "./machine-checks.js";
import type { MachineFacts } from "./machine-facts.js";
import { latenessOf } from "./punctuality.js";
import { SERVER_CHECKS } from "./server-checks.js";
import type { ServerFacts } from "./server-facts.js";

const NEED: Need = { instances: 1, connections: 20, isServerHere: true };
const PUNCTUAL = { p50: 80, p99: 300, max: 900 };

/** A machine and a server that nothing can be said against. */
const MACHINE: MachineFacts = {
  platform: "linux",
  node: "20.19.0",
  cores: 8,
  cpuLimitCores: null,
  loadAverage: 0.1,
  othersCores: 0.01,
  stolenShare: 0,
  governor: "performance",
  clockSource: "tsc",
  openFiles: 1024,
  memoryAvailableBytes: 8 * 2 ** 30,
  memoryLimitBytes: null,
  swapUsedBytes: 0,
  swappedPages: 0,
  transparentHugePages: "madvise",
  punctuality: {
    clockStepUs: 0.04,
    clockCostUs: 0.05,
    longestGapUs: 500,
    gapShare: 0.001,
    timerLateUs: PUNCTUAL,
    sleepLateUs: PUNCTUAL,
  },
};
const INFO: Readonly<Record<string, string>> = {
  redis_version: "7.2.4",
  role: "master",
  cluster_enabled: "0",
  redis_mode: "standalone",
  maxclients: "10000",
  connected_clients: "1",
  maxmemory: "0",
  used_memory: "1000000",
  aof_enabled: "0",
};
const SERVER: ServerFacts = {
  isLoopback: true,
  info: new Map(Object.entries(INFO)),
  config: { save: "", "io-threads": "1", "slowlog-log-slower-than": "10000", "notify-keyspace-events": "" },
  otherClients: { count: 0, monitors: 0 },
  holdsForeignKeys: false,
  keys: 0,
  scriptRefusal: null,
  pingUs: { p50: 60, p99: 400, max: 1200 },
  othersCommandsPerSec: 0,
  idleBusy: 0.001,
};
const info = (change: Record<string, string>) => ({ info: new Map(Object.entries({ ...INFO, ...change })) });
const config = (change: Record<string, string>) => ({ config: { ...SERVER.config, ...change } });

/** Only this check has something to say, and this; what it says tells the figure and what to do. */
function expectOnly<Facts>(
  checks: readonly Check<Facts>[],
  facts: Facts,
  need: Need,
  name: string,
  status: Status,
  found: RegExp,
): void {
  const findings = findingsOf(checks, "here", facts, need).filter((one) => one.status !== "ok");
  expect(findings).toMatchObject([{ subject: "here", check: name, status, advice: expect.stringMatching(/\w/) }]);
  expect(findings[0]!.found).toMatch(found);
}

describe("checks of the machine", () => {
  it("find nothing where there is nothing", () => {
    const findings = findingsOf(MACHINE_CHECKS, "machine", MACHINE, NEED);
    expect(findings.map(({ status }) => status)).toEqual(MACHINE_CHECKS.map(() => "ok"));
    expect(findings.every(({ advice }) => advice === null)).toBe(true);
  });

  const { punctuality } = MACHINE;
  it.each<[string, Status, RegExp, Partial<MachineFacts>, Partial<Need>?]>([
    ["system", "unfit", /Windows/, { platform: "win32" }],
    ["system", "warning", /darwin/, { platform: "darwin" }],
    ["node", "unfit", /20\.18\.9/, { node: "20.18.9" }],
    ["node", "unfit", /18\.20\.0/, { node: "18.20.0" }],
    ["cores", "warning", /2 cores for 1 instance and Redis .* none is left/, { cores: 2 }],
    ["cores", "warning", /4 cores for 5 instances$/, { cores: 4 }, { instances: 5, isServerHere: false }],
    ["cpu-limit", "warning", /1\.5 cores' worth/, { cpuLimitCores: 1.5 }],
    ["load", "warning", /0\.80 cores/, { othersCores: 0.8 }],
    ["load", "warning", /load average 5\.00/, { loadAverage: 5 }],
    ["steal", "warning", /12\.0 % of a core/, { stolenShare: 0.12 }],
    ["pauses", "warning", /25\.0 ms/, { punctuality: { ...punctuality, longestGapUs: 25_000 } }],
    ["pauses", "warning", /8\.0 %/, { punctuality: { ...punctuality, gapShare: 0.08 } }],
    ["timers", "warning", /5\.00 ms/, { punctuality: { ...punctuality, sleepLateUs: { ...PUNCTUAL, p99: 5000 } } }],
    ["clock", "warning", /hpet/, { clockSource: "hpet" }],
    ["clock", "warning", /100\.00 µs/, { punctuality: { ...punctuality, clockStepUs: 100 } }],
    ["governor", "warning", /powersave/, { governor: "powersave" }],
    ["open-files", "unfit", /256, 500 are needed/, { openFiles: 256 }, { connections: 400 }],
    ["memory", "warning", /300MB/, { memoryAvailableBytes: 300 * 2 ** 20 }],
    ["memory", "warning", /512MB/, { memoryLimitBytes: 512 * 2 ** 20 }],
    ["swap", "warning", /3 pages moved/, { swappedPages: 3 }],
    ["swap", "warning", /2GB in use/, { swapUsedBytes: 2 * 2 ** 30 }],
    ["huge-pages", "warning", /always/, { transparentHugePages: "always" }],
  ])("%s: %s", (name, status, found, change, need = {}) => {
    expectOnly(MACHINE_CHECKS, { ...MACHINE, ...change }, { ...NEED, ...need }, name, status, found);
  });

  it("leave out what the system does not tell", () => {
    const silent = { ...MACHINE, stolenShare: null, openFiles: null, swapUsedBytes: null, transparentHugePages: null };
    const names = findingsOf(MACHINE_CHECKS, "machine", silent, NEED).map(({ check }) => check);
    for (const name of ["steal", "open-files", "swap", "huge-pages"]) expect(names).not.toContain(name);
  });
});

describe("checks of the server", () => {
  it("find nothing where there is nothing", () => {
    const findings = findingsOf(SERVER_CHECKS, "server", SERVER, NEED);
    expect(findings.map(({ status }) => status)).toEqual(SERVER_CHECKS.map(() => "ok"));
  });

  it.each<[string, Status, RegExp, Partial<ServerFacts>, Partial<Need>?]>([
    ["version", "warning", /Redis 6\.0\.16/, info({ redis_version: "6.0.16" })],
    ["role", "unfit", /replica/, info({ role: "slave" })],
    ["scripts", "unfit", /NOPERM/, { scriptRefusal: "NOPERM this user has no permissions" }],
    ["mode", "unfit", /cluster/, info({ cluster_enabled: "1" })],
    ["keys", "warning", /7 in all/, { holdsForeignKeys: true, keys: 7 }],
    ["clients", "warning", /120 commands a second/, { othersCommandsPerSec: 120 }],
    ["monitor", "warning", /1 MONITOR client/, { otherClients: { count: 1, monitors: 1 } }],
    ["idle", "warning", /40\.0 % busy/, { idleBusy: 0.4 }],
    ["replicas", "warning", /2 replicas/, info({ connected_slaves: "2" })],
    ["persistence", "warning", /snapshots on \(save 3600 1\)/, config({ save: "3600 1" })],
    [
      "persistence",
      "warning",
      /append-only file on \(fsync everysec\)/,
      { ...info({ aof_enabled: "1" }), ...config({ appendfsync: "everysec" }) },
    ],
    ["persistence", "warning", /a save is going on/, info({ rdb_bgsave_in_progress: "1" })],
    ["maxmemory", "warning", /then allkeys-lru/, info({ maxmemory: "2000000", maxmemory_policy: "allkeys-lru" })],
    ["io-threads", "warning", /4/, config({ "io-threads": "4" })],
    ["maxclients", "unfit", /9 of 10 connections left, 20 are needed/, info({ maxclients: "10" })],
    ["notices", "warning", /slow log from 0 µs/, config({ "slowlog-log-slower-than": "0" })],
    ["notices", "warning", /keyspace/, config({ "notify-keyspace-events": "KEA" })],
    ["settings", "warning", /refused/, { config: null }],
    ["latency", "warning", /p99 8\.00 ms/, { pingUs: { p50: 60, p99: 8_000, max: 9_000 } }],
    ["network", "warning", /another machine/, { isLoopback: false }],
  ])("%s: %s", (name, status, found, change, need = {}) =>
    expectOnly(SERVER_CHECKS, { ...SERVER, ...change }, { ...NEED, ...need }, name, status, found),
  );
});

describe("lateness", () => {
  it("is told by nearest rank, and what is early is not late", () => {
    const values = Array.from({ length: 100 }, (_, i) => i - 9);
    expect(latenessOf(values)).toEqual({ p50: 40, p99: 89, max: 90 });
  });
});

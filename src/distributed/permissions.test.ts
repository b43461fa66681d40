import { describe, expect, it } from "vitest";
import type { Open } from "./messages.js";
import { type Permissions, parseAllowedTarget, refuseForbidden } from "./permissions.js";

const order = (host: string, port = 6379, luaFiles: Open["luaFiles"] = []): Open => ({
  type: "open",
  threads: { instances: 1, client: "wire", ratePerSec: null, rtt: null },
  driver: {
    endpoints: [{ host, port, tls: false, username: undefined, password: undefined, db: 0 }],
    pool: 1,
    writes: "coalesced",
    scripts: [],
    connectTimeoutMs: 1000,
  },
  luaFiles,
  servers: [],
  runId: "r",
});
const permitted = (...targets: string[]): Permissions => ({
  targets: targets.map(parseAllowedTarget),
  strategyFiles: false,
});

describe("an agent", () => {
  it.each([
    ["127.0.0.1", []],
    ["localhost", []],
    ["::1", []],
    ["redis8", ["redis8"]],
    ["Redis8", ["redis8:6379"]],
    ["10.1.2.3", ["10.0.0.0/8"]],
    ["10.1.2.3", ["other", "10.1.2.3"]],
    ["fd00::7", ["fd00::/8"]],
    ["fd00::7", ["[fd00::7]:6379"]],
    ["fd00::7", ["fd00::7"]],
  ])("loads %s where %j is permitted", (host, targets) => {
    expect(() => refuseForbidden(order(host), permitted(...targets))).not.toThrow();
  });

  it.each([
    ["10.1.2.3", []],
    ["10.1.2.3", ["192.168.0.0/16"]],
    ["10.1.2.3", ["10.1.2.3:6380"]],
    // A name may mean anything: a network permits addresses.
    ["redis8", ["0.0.0.0/0"]],
    ["redis8.evil.example", ["redis8"]],
    ["127.0.0.1.evil.example", []],
  ])("does not load %s where %j is permitted", (host, targets) => {
    expect(() => refuseForbidden(order(host), permitted(...targets))).toThrow(`it may not load ${host}:6379`);
  });

  it("does not load what may take the place of what it may load, where that is not permitted", () => {
    const sent = order("10.1.2.3");
    const sentinels = {
      name: "tickets",
      at: [{ host: "10.1.2.4", port: 26379 }],
      replicas: [{ host: "10.9.9.9", port: 6379 }],
    };
    const endpoints = sent.driver.endpoints.map((endpoint) => ({ ...endpoint, sentinels }));
    const watched = { ...sent, driver: { ...sent.driver, endpoints } };
    expect(() => refuseForbidden(watched, permitted("10.1.2.3"))).toThrow("it may not load 10.9.9.9:6379");
    expect(() => refuseForbidden(watched, permitted("10.1.2.3", "10.9.9.9"))).toThrow(
      "it may not ask the Sentinel 10.1.2.4:26379",
    );
    expect(() => refuseForbidden(watched, permitted("10.0.0.0/8"))).not.toThrow();
  });

  it("runs strategy files only where that is permitted", () => {
    const sent = order("localhost", 6379, [{ name: "mine", source: "return 1" }]);
    expect(() => refuseForbidden(sent, permitted())).toThrow(/runs no strategy files, and mine/);
    expect(() => refuseForbidden(sent, { ...permitted(), strategyFiles: true })).not.toThrow();
  });
});

it.each(["", "a b", "10.0.0.0/33", "name/8", "host:0", "host:70000", "redis://host", "fd00::/200", "host:1:2"])(
  "--allow-target %j is told in one message",
  (text) => {
    expect(() => parseAllowedTarget(text)).toThrow(/--allow-target: expected a host or a network/);
  },
);

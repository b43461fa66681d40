import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

/** The part of the Compose specification that docker-compose.yml uses; a key that is not in it is a mistake. */
const duration = z.string().regex(/^\d+(ms|s|m)$/);
const service = z.strictObject({
  image: z.string().regex(/^[a-z0-9/-]+:[\w.-]+$/),
  profiles: z.array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/)).min(1),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  working_dir: z.string().startsWith("/").optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)).optional(),
  volumes: z.array(z.string().regex(/^[\w./]+:\/[\w./]+(:ro)?$/)).optional(),
  network_mode: z.literal("host").optional(),
  environment: z.record(z.string().regex(/^[A-Z_]+$/), z.string()).optional(),
  tmpfs: z.string().startsWith("/").optional(),
  stop_grace_period: duration,
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(["service_healthy", "service_completed_successfully"]) }))
    .optional(),
  ulimits: z.strictObject({ nofile: z.int() }).optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.literal("CMD"), z.string()], z.string()),
      interval: duration,
      timeout: duration,
      retries: z.int(),
    })
    .optional(),
});
const composeFile = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

const text = readFileSync(new URL("../docker-compose.yml", import.meta.url), "utf8");
const { services, volumes } = composeFile.parse(parse(text, { merge: true }));
const { qbench, control, prepare, agent, prometheus, grafana, ...servers } = services;

test("Redis 7, Redis 8 and Valkey, each started by its own profile alone", () => {
  expect(Object.entries(servers).map(([name, { image }]) => `${name} ${image}`)).toEqual([
    "redis7 redis:7",
    "redis8 redis:8",
    "valkey valkey/valkey:8",
  ]);
  for (const [name, { profiles }] of Object.entries(servers)) expect(profiles).toEqual([name, "all"]);
});

test("the servers keep nothing, answer to a health check, and are reached from this machine only, by ports of their own", () => {
  const ports = Object.values(servers).flatMap((server) => server.ports);
  expect(new Set(ports).size).toBe(3);
  for (const { command, healthcheck, tmpfs } of Object.values(servers)) {
    expect(command.slice(1)).toEqual(["--save", "", "--appendonly", "no"]);
    expect(healthcheck.test.at(-1)).toBe("ping");
    expect(tmpfs).toBe("/data");
  }
});

test("qbench runs this project, with packages of the container's own platform", () => {
  expect(qbench.volumes).toContain(".:/qbench");
  expect(qbench.working_dir).toBe("/qbench");
  expect(qbench.entrypoint).toEqual(["node", "bin/start.js"]);
  const named = qbench.volumes.map((volume) => volume.split(":")[0]).filter((source) => source !== ".");
  expect(Object.keys(volumes)).toEqual(named);
});

test("the commands that its head shows name services that there are", () => {
  const urls = [...text.matchAll(/redis:\/\/([\w.]+):(\d+)/g)].map(([, host, port]) => [host, port]);
  expect(urls.length).toBeGreaterThan(1);
  for (const [host, port] of urls) {
    const known = Object.entries(servers).flatMap(([name, { ports }]) => [
      `${name}:6379`,
      ...ports.map((p) => p.replace(/:6379$/, "")),
    ]);
    expect([...known, "control:6379"]).toContain(`${host}:${port}`);
  }
});

test("agents meet at a Redis of their own, may load the servers here and nothing else, and start when all is set up", () => {
  for (const { profiles } of [control, prepare, agent]) expect(profiles).toEqual(["agents"]);
  expect(control.ports).toBeUndefined();
  const allowed = agent.command.filter((_, i) => agent.command[i - 1] === "--allow-target");
  expect(allowed).toEqual(Object.keys(servers));
  expect(agent.command.slice(0, 3)).toEqual(["agent", "--control", "redis://control:6379"]);
  expect(Object.keys(agent.depends_on)).toEqual(["control", "prepare"]);
  expect([agent.volumes, agent.entrypoint]).toEqual([qbench.volumes, qbench.entrypoint]);
});

test("Prometheus and Grafana listen on this machine alone, and find their files here", () => {
  for (const { profiles, network_mode, ports, volumes } of [prometheus, grafana]) {
    expect(profiles).toEqual(["monitoring"]);
    // Ports of their own would be open to others: with the machine's network the addresses say who may ask.
    expect([network_mode, ports]).toEqual(["host", undefined]);
    for (const volume of volumes) {
      const [source, , mode] = volume.split(":");
      expect(existsSync(new URL(`../${source}`, import.meta.url)), source).toBe(true);
      expect(mode).toBe("ro");
    }
  }
  expect(prometheus.command).toContain("--web.listen-address=127.0.0.1:9090");
  expect(grafana.environment.GF_SERVER_HTTP_ADDR).toBe("127.0.0.1");
});

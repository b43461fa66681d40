import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import fc from "fast-check";
// @ts-expect-error: it comes without types
import parse from "parse-prometheus-text-format";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse as parseYaml, stringify } from "yaml";
import { makeWorld, until, type World } from "../engine/testing/program.js";
import { SCENARIO, TARGET, trialOf } from "../report/testing.js";
import { freePort } from "../targets/embedded.js";
import { type LiveState, watchRun } from "./live-run.js";
import { LIVE_METRICS, serveMetrics } from "./metrics.js";
import { cpuInfo, placeOf, progressOf } from "./testing.js";

interface Family {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly { readonly value: string; readonly labels?: Readonly<Record<string, string>> }[];
}

/** By name and labels: `qbench_x{a="b"}`. */
async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(url);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return new Map(
    (parse(await response.text()) as Family[]).flatMap(({ name, metrics }) =>
      metrics.map(({ labels = {}, value }): [string, number] => [
        [name, ...Object.values(labels)].join(" "),
        Number(value),
      ]),
    ),
  );
}

describe("metrics of a run that goes on", () => {
  it("are those of a report for what has finished, and live ones for the trial", async () => {
    const clock = { ms: 0 };
    const server = await serveMetrics(0, SCENARIO, new Date("2026-03-01T12:00:00Z"));
    try {
      const run = watchRun([server.viewer], 3500, () => clock.ms);
      expect((await scrape(server.url)).size).toBe(0);
      server.targetOpened(TARGET);
      run.targetOpened({ info: async () => cpuInfo(clock.ms / 2000) });
      run.trialStarted(placeOf(0, "lua"));
      run.trialFinished(trialOf("lua", 0, { timeouts: 7 }));
      run.trialStarted(placeOf(1, "dedup"));
      const before = await scrape(server.url);
      expect(before.get("qbench_live_measuring dedup")).toBe(0);
      expect(before.get("qbench_live_entries_per_second dedup")).toBeUndefined();
      for (let ms = 100; ms <= 1500; ms += 100) {
        clock.ms += 100;
        run.progressed(progressOf({ succeeded: 10 * ms, failed: 2, elapsedMs: ms, busy: 0.25 }));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const found = await scrape(server.url);
      expect(Object.fromEntries(found)).toMatchObject({
        qbench_run_complete: 0,
        qbench_run_started_timestamp_seconds: Date.parse("2026-03-01T12:00:00Z") / 1000,
        "qbench_entries_per_second lua": 10_000,
        "qbench_failures lua timeout": 7,
        "qbench_trials_limited lua server": 1,
        qbench_live_trials_planned: 20,
        qbench_live_trials_finished: 1,
        "qbench_live_measuring dedup": 1,
        "qbench_live_entries_total lua succeeded": 30_000,
        "qbench_live_entries_total lua failed": 7,
        "qbench_live_entries_total dedup succeeded": 15_000,
        "qbench_live_entries_total dedup failed": 2,
        "qbench_live_entries_per_second dedup": 10_000,
        "qbench_live_latency_seconds dedup 0.95": expect.closeTo(0.095, 3),
        "qbench_live_entries_in_progress dedup": 12,
        "qbench_live_busy_ratio server": expect.closeTo(0.5),
        "qbench_live_busy_ratio generator": expect.closeTo(0.25),
      });
    } finally {
      await server.close();
    }
  });
});

it("no counter falls, whatever becomes of a trial", () => {
  const counter = LIVE_METRICS.find(({ name }) => name === "live_entries_total")!;
  const trial = fc.record({
    strategy: fc.constantFrom("lua", "dedup"),
    more: fc.array(fc.nat(50), { maxLength: 4 }),
    /** Null: an agent was lost, and it is begun anew. */
    result: fc.option(fc.nat(200)),
  });
  fc.assert(
    fc.property(fc.array(trial, { maxLength: 6 }), (trials) => {
      const told = new Map<string, number>();
      const changed = (state: LiveState): void => {
        for (const { labels, value } of counter.samples(state)) {
          const key = JSON.stringify(labels);
          expect(value).toBeGreaterThanOrEqual(told.get(key) ?? 0);
          told.set(key, Number(value));
        }
      };
      const run = watchRun([{ showsFigures: true, changed, trialFinished() {}, ended() {} }], null, () => 0);
      for (const { strategy, more, result } of trials) {
        run.trialStarted(placeOf(0, strategy));
        let succeeded = 0;
        for (const count of more) {
          succeeded += count;
          run.progressed(progressOf({ succeeded, failed: succeeded >> 1, elapsedMs: 100 }));
        }
        if (result === null) continue;
        const finished = trialOf(strategy, 0);
        run.trialFinished({ ...finished, entries: { ...finished.entries, succeeded: result, failed: 0 } });
      }
    }),
    { numRuns: 50 },
  );
});

/** bin/test-tools.js fetches it, or says why it cannot. */
const TOOLS = fileURLToPath(new URL("../../node_modules/.cache/prometheus/usr/bin", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../docs/monitoring/prometheus.yml", import.meta.url));

describe("a whole run", () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.remove());

  const SMALL = ["--strategy", "lua", "--vus", "50", "--pool", "5", "--warmup", "0", "--trials", "1", "--json"];

  it("is watched by page and scrape until it ends, and still prints one JSON document", async () => {
    const [uiPort, metricsPort] = [await freePort(), await freePort()];
    const running = world.run(
      ...SMALL,
      ...["--duration", "2500ms", "--quiet", "--ui", String(uiPort), "--metrics-port", String(metricsPort)],
    );
    await running.says(`live page: http://127.0.0.1:${uiPort}/`);
    const url = `http://127.0.0.1:${metricsPort}/metrics`;
    await running.says(`metrics: ${url}`);
    const events = fetch(`http://127.0.0.1:${uiPort}/events`).then((response) => response.text());
    const seen: number[] = [];
    await until(async () => {
      const found = await scrape(url).catch(() => new Map<string, number>());
      const total = found.get("qbench_live_entries_total lua succeeded") ?? 0;
      if (total > (seen.at(-1) ?? 0)) seen.push(total);
      return seen.length >= 4 && found.has("qbench_live_latency_seconds lua 0.99");
    });
    const { exitCode, json } = await running.ended;
    expect(exitCode).toBe(0);
    const { succeeded } = json().strategies[0].trials[0].entries;
    expect(succeeded).toBeGreaterThanOrEqual(seen.at(-1)!);
    const told = [...(await events).matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
    expect(told.length).toBeGreaterThan(3);
    expect(told.indexOf("end")).toBe(told.length - 1);
    await expect(fetch(url)).rejects.toThrow();
  });

  it.skipIf(!existsSync(TOOLS))("is scraped by Prometheus, with the settings that are shipped", async () => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
    const stop = new AbortController();
    try {
      const config = parseYaml(readFileSync(CONFIG, "utf8"));
      config.global.scrape_interval = "200ms";
      config.scrape_configs[0].static_configs[0].targets = [`127.0.0.1:${metricsPort}`];
      writeFileSync(join(folder, "prometheus.yml"), stringify(config));
      const prometheus = execa(
        join(TOOLS, "prometheus"),
        [
          `--config.file=${join(folder, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(folder, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        { reject: false, cancelSignal: stop.signal, timeout: 60_000 },
      );
      const query = async (text: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`);
        const { data } = (await response.json()) as {
          data: { result: { metric: Record<string, string>; value: [number, string] }[] };
        };
        return data.result;
      };
      // It takes some seconds to begin, whoever is there to be scraped.
      await until(async () => (await query("up").catch(() => [])).length > 0);
      const running = world.run(...SMALL, "--duration", "3s", "--metrics-port", String(metricsPort));
      const asked = 'max_over_time(qbench_live_entries_total{result="succeeded",strategy="lua"}[1m])';
      await until(async () => {
        const [found] = await query(asked).catch(() => []);
        return Number(found?.value[1] ?? 0) > 0;
      });
      const text = await fetch(`http://127.0.0.1:${metricsPort}/metrics`).then((response) => response.text());
      const { stderr } = await execa(join(TOOLS, "promtool"), ["check", "metrics"], { input: text, reject: false });
      // The label is a report's too, where it says what it says; a summary would need a sum.
      const complaints = stderr.split("\n").filter((line) => line !== "" && !line.endsWith('"quantile" label'));
      expect(complaints).toEqual([]);
      expect((await running.ended).exitCode).toBe(0);
      expect((await query(asked))[0]!.metric).toMatchObject({ job: "qbench", strategy: "lua" });
      stop.abort();
      await prometheus;
    } finally {
      stop.abort();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is not begun where a port is taken, and leaves the other one free", async () => {
    const server = await serveMetrics(0, SCENARIO, new Date());
    try {
      const { port } = new URL(server.url);
      const ui = await freePort();
      const { exitCode, stderr } = await world.run(...SMALL, "--ui", String(ui), "--metrics-port", port).ended;
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(
        new RegExp(`^qbench: --metrics-port: port ${port} is in use on this machine\n  name another`),
      );
      expect(stderr).not.toContain("live page");
      expect(world.records()).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

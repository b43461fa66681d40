import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { nameOf } from "../reporters/exposition.js";
import { RUN_METRICS } from "../reporters/prometheus.js";
import { LIVE_METRICS } from "./metrics.js";

const read = (path: string): string => readFileSync(new URL(`../../docs/monitoring/${path}`, import.meta.url), "utf8");

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
}

const { panels } = JSON.parse(read("grafana/dashboards/qbench.json")) as { readonly panels: readonly Panel[] };
const METRICS = new Map([...LIVE_METRICS, ...RUN_METRICS].map((metric) => [nameOf(metric), metric]));

it("names every metric once", () => {
  expect(METRICS.size).toBe(LIVE_METRICS.length + RUN_METRICS.length);
  for (const { name, isCounter } of METRICS.values()) expect(name.endsWith("_total")).toBe(isCounter === true);
});

it("has a dashboard that asks for metrics and labels that there are", () => {
  for (const { title, targets } of panels) {
    for (const { expr, legendFormat = "" } of targets) {
      const names = expr.match(/qbench_\w+/g) ?? [];
      expect(names, title).toHaveLength(1);
      const metric = METRICS.get(names[0]!);
      expect(metric, `${title}: ${names[0]}`).toBeDefined();
      const asked = [...expr.matchAll(/[{,](\w+)=/g), ...legendFormat.matchAll(/\{\{(\w+)\}\}/g)];
      for (const [, label] of asked) expect(metric!.labels, title).toContain(label);
    }
  }
});

it("has panels that do not overlap, each with the data source that is provided", () => {
  const [source] = parse(read("grafana/provisioning/datasources/prometheus.yml")).datasources;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { title, datasource, gridPos } of panels) {
    expect(datasource.uid).toBe(source.uid);
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.has(`${x},${y}`), title).toBe(false);
        taken.add(`${x},${y}`);
      }
    }
  }
});

it("has settings that fit together: ports, folders, the port that the documents name", () => {
  const compose = parse(readFileSync(new URL("../../docker-compose.yml", import.meta.url), "utf8"), { merge: true });
  const { prometheus, grafana } = compose.services;
  const [source] = parse(read("grafana/provisioning/datasources/prometheus.yml")).datasources;
  expect(prometheus.command).toContain(`--web.listen-address=${new URL(source.url).host}`);
  const [provider] = parse(read("grafana/provisioning/dashboards/qbench.yml")).providers;
  expect(grafana.volumes.join()).toContain(`:${provider.options.path}:ro`);
  const [scraped] = parse(read("prometheus.yml")).scrape_configs;
  const [target] = scraped.static_configs[0].targets;
  const [, port] = target.split(":");
  for (const path of ["docker-compose.yml", "docs/live.md"]) {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")).toContain(`--metrics-port ${port}`);
  }
});

import { anomalies } from "../charts/anomalies.js";
import { calls } from "../charts/calls.js";
import type { Drawing } from "../charts/chart.js";
import { heatmap } from "../charts/heatmap.js";
import { LABELS } from "../charts/labels.js";
import { latency } from "../charts/latency.js";
import { percentiles } from "../charts/percentiles.js";
import { foreign } from "../charts/strategies.js";
import { THEMES } from "../charts/theme.js";
import { timeline } from "../charts/timeline.js";
import { tps } from "../charts/tps.js";
import { percentText, plural, rateText } from "../report/format.js";
import type { RunReport, StrategyReport, TrialReport } from "../report/schema.js";
import { anomaliesIn, answerOf, headerOf, limiterText, warningsIn } from "../report/words.js";
import { median } from "../stats/median.js";
import { csv } from "./csv.js";
import { faultTable } from "./fault-table.js";
import { asJson, html, type Markup, raw } from "./markup.js";
import { asset, chartLibrary, pageScript, policy, tableOf } from "./page.js";
import type { TextReporter } from "./reporter.js";
import { rowOf } from "./row.js";

/**
 * One file that needs nothing else: words first, then charts, each with the same figures as a table, then what was
 * measured on, and the report itself to take along. A policy in its head forbids it to load anything.
 */
export const page: TextReporter = {
  name: "html",
  summary: "one page with everything: words, charts, tables and the report itself; needs no network",
  endings: [".html", ".htm"],
  takes: ["theme"],
  render(report, { theme }) {
    const script = pageScript("report.js");
    const library = chartLibrary();
    const figures = FIGURES.map((chart) => ({ name: chart.name, ...drawingsOf(chart, report) }));
    const options = Object.fromEntries(figures.map(({ name, options: both }) => [name, both]));
    const title = figures[0]?.drawing?.title ?? "qbench report";
    const whole = html`<!doctype html>
<html lang="en"${theme === undefined ? undefined : raw(` data-theme="${theme}"`)}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${raw(policy([script, library]))}">
<title>${title} – qbench</title>
<link rel="icon" href="data:,">
<style>
${raw(asset("report.css"))}</style>
</head>
<body>
<a class="skip" href="#answer">Skip to the answer</a>
${head(title, report)}
<main>
${words(report)}
${comparison(report)}
${faults(report)}
${shown(report)}
${figures.map(figure)}
${load(report)}
${environment(report)}
</main>
<footer><p>Made by qbench ${report.tool.version}, schema version ${report.schemaVersion}.</p></footer>
<script type="application/json" id="report">${asJson(report)}</script>
<script type="application/json" id="trials">${asJson(csv.render(report, { color: false }))}</script>
<script type="application/json" id="charts">${asJson(options)}</script>
<script>${library}</script>
<script>${script}</script>
</body>
</html>
`;
    return whole.markup;
  },
};

const FIGURES = [tps, percentiles, latency, timeline, calls, anomalies, heatmap];

interface Figure {
  readonly name: string;
  readonly drawing?: Drawing;
  readonly reason?: string;
  readonly options: Readonly<Record<string, object>>;
}

function drawingsOf(chart: (typeof FIGURES)[number], report: RunReport): Omit<Figure, "name"> {
  const [light, dark] = [THEMES.light, THEMES.dark].map((theme) =>
    chart.draw(report, { labels: LABELS.en, theme }, []),
  );
  if (typeof light !== "object" || typeof dark !== "object") return { reason: String(light), options: {} };
  return { drawing: light, options: { light: light.option, dark: dark.option } };
}

/** Titles and the source line, which a picture has and the page says in words. */
const FRAME_PX = 120;

function figure({ name, drawing, reason }: Figure): Markup {
  if (drawing === undefined) return html`<section><h2>${name}</h2><p class="quiet">${reason}.</p></section>`;
  const { title, subtitle, heightPx, table } = drawing;
  return html`<section aria-labelledby="title-${name}">
<figure>
<h2 id="title-${name}">${title}</h2>
<figcaption class="quiet">${subtitle.replaceAll("\n", " ")}</figcaption>
<div class="chart" data-chart="${name}" tabindex="0" role="img" aria-label="${title}. The table below has the same figures."
 style="height: ${heightPx - FRAME_PX}px"></div>
</figure>
<details><summary>The figures as a table</summary>${tableOf(table, "figures")}</details>
</section>
`;
}

const head = (title: string, { startedAt, complete, error }: RunReport): Markup => html`<header>
<h1>${title}</h1>
<p class="quiet">Measured on <time datetime="${startedAt}">${startedAt.slice(0, 16).replace("T", " ")} UTC</time></p>
${complete ? undefined : html`<p class="bad">This run did not come to its end: what is here is what was measured until then.</p>`}
${error === undefined ? undefined : html`<p class="bad">It ended with an error: ${error.message}</p>`}
<div class="controls">
<button type="button" id="theme">Light or dark</button>
<button type="button" id="json">Download the report (JSON)</button>
<button type="button" id="csv">Download the trials (CSV)</button>
</div>
<noscript><p class="caution">Charts need JavaScript. Every figure is in the tables below them as well.</p></noscript>
</header>`;

function words(report: RunReport): Markup {
  const anomalies = anomaliesIn(report);
  const list = (items: readonly string[]): Markup =>
    html`<ul class="notes">${items.map((text) => html`<li>${text}</li>`)}</ul>`;
  return html`<section id="answer" aria-labelledby="title-answer">
<h2 id="title-answer">In words</h2>
${answerOf(report).map((text) => html`<p class="answer">${text}</p>`)}
<h3>How sure is that?</h3>
<p>${sureness(report)}</p>
<h3>What limited it?</h3>
${list(report.strategies.map(limitOf))}
<h3>Did the data stay right?</h3>
${anomalies.length === 0 ? html`<p>The audit found no anomalies.</p>` : html`<div class="caution">${list(anomalies)}</div>`}
${warningsIn(report).map(({ message }) => html`<p class="caution">Beware: ${message}.</p>`)}
<h3>What was compared?</h3>
${tableOf([["what", "how"], ...headerOf(report)])}
</section>
`;
}

function sureness({ strategies, scenario }: RunReport): string {
  const measured = strategies.find(({ summary }) => summary.tps !== null && summary.trials > 1)?.summary;
  if (measured?.tps === undefined || measured.tps === null) return "Too few trials came to their end to tell.";
  return (
    `${plural(scenario.trials, "round")}, in each of which every strategy ran once, in an order drawn anew. ` +
    `Ratios are given with the interval that holds the true one in 95 of 100 such runs; each strategy's own figures ` +
    `with one that does so with ${percentText(measured.tps.coverage)}. "Faster" and "slower" need an interval without ` +
    "1, an effect of 3 % and five rounds."
  );
}

function limitOf({ name, summary }: StrategyReport): string {
  const counted = Object.entries(summary.limiters).map(([limiter, n]) => `${limiter} ${n}`);
  const caution = summary.limiter === "generator" ? "; this says little about Redis" : "";
  return `${name}: ${limiterText(summary.limiter)} (trials: ${counted.join(", ") || "none"})${caution}`;
}

function comparison({ strategies }: RunReport): Markup {
  const heads = [
    "strategy",
    "TPS",
    "interval",
    "against the first",
    "95 % interval",
    "verdict",
    "success",
    "p50",
    "p95",
    "p99",
    "audit",
  ];
  const rows = strategies.map((strategy) => {
    const row = rowOf(strategy);
    const verdict = row.note === "" ? row.verdict : `${row.verdict}, ${row.note}`;
    return [
      row.name,
      row.tps,
      row.tpsRange,
      row.ratio,
      row.ratioRange,
      verdict,
      row.success,
      row.p50,
      row.p95,
      row.p99,
      row.audit,
    ];
  });
  return html`<section aria-labelledby="title-comparison">
<h2 id="title-comparison">Comparison</h2>
${tableOf([heads, ...rows], "figures")}
</section>
`;
}

/** Fault × strategy, where something was to go wrong. */
function faults(report: RunReport): Markup | undefined {
  const found = faultTable(report);
  if (found === null) return undefined;
  return html`<section aria-labelledby="title-faults">
<h2 id="title-faults">What went wrong on purpose, and what came of it</h2>
${tableOf([found.heads, ...found.rows], "figures")}
${found.legend.map((line) => html`<p class="quiet">${line}.</p>`)}
</section>
`;
}

/** Which strategies the curves show. */
const shown = ({ strategies }: RunReport): Markup | undefined =>
  strategies.length < 2
    ? undefined
    : html`<fieldset class="shown"><legend>Strategies in the curves</legend>${strategies.map(
        ({ name }) =>
          html`<label><input type="checkbox" checked data-strategy="${foreign(name)}"> ${foreign(name)}</label>`,
      )}</fieldset>`;

function load({ strategies }: RunReport): Markup {
  const over = (
    trials: readonly TrialReport[],
    of: (trial: TrialReport) => number | null,
    text: (n: number) => string,
  ) => {
    const found = trials.flatMap((trial) => of(trial) ?? []);
    return found.length === 0 ? "–" : text(median(found));
  };
  const us = (n: number): string => `${rateText(n)} µs`;
  const rows = strategies.map(({ name, trials }) => {
    const complete = trials.filter((trial) => trial.complete);
    return [
      name,
      over(complete, ({ server }) => server.cpuUtilization, percentText),
      over(complete, ({ server }) => server.cpuUsPerEntry, us),
      over(complete, ({ generator }) => Math.min(1, generator.eventLoopUtilization), percentText),
      over(complete, ({ generator }) => generator.cpuUsPerEntry, us),
      over(
        complete,
        ({ generator }) => generator.gcMs,
        (n) => `${rateText(n)} ms`,
      ),
    ];
  });
  const evidence = strategies.map(({ name, trials }) => [name, (trials[0]?.limiterEvidence ?? []).join("; ")]);
  const heads = [
    "strategy",
    "Redis' main thread",
    "its CPU an entry",
    "generator's event loop",
    "its CPU an entry",
    "garbage collection",
  ];
  return html`<section aria-labelledby="title-load">
<h2 id="title-load">Load of the server and of the generator</h2>
<p class="quiet">Medians of the trials. A thread near 100 % is what limits.</p>
${tableOf([heads, ...rows], "figures")}
<details><summary>What the limits were judged by</summary>${tableOf([["strategy", "its first trial"], ...evidence])}</details>
</section>
`;
}

function environment({ environment, target, scenario }: RunReport): Markup {
  const { machine, software, redis, git, scripts } = environment;
  const facts: [string, string][] = [
    ["CPU", `${machine.cores} × ${machine.cpuModel}, ${machine.architecture}`],
    ["system", `${machine.platform} ${machine.kernel}, governor ${machine.governor ?? "unknown"}`],
    ["memory", `${rateText(machine.memoryBytes / 2 ** 30)} GiB`],
    ["load at start", machine.loadAverage.join(", ")],
    [
      "software",
      Object.entries(software)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ["server", `${redis.server} ${redis.version}, ${target.kind}`],
    [
      "server's settings",
      Object.entries(redis.config ?? {})
        .map(([key, value]) => `${key} ${value || '""'}`)
        .join(", "),
    ],
    [
      "scripts",
      Object.entries(scripts)
        .map(([name, sha]) => `${name} ${sha}`)
        .join(", "),
    ],
    ["qbench's revision", git === null ? "unknown" : `${git.revision}${git.dirty ? ", changed" : ""}`],
  ];
  const options = Object.entries(scenario).map(([key, value]) => [key, value === null ? "–" : JSON.stringify(value)]);
  return html`<section aria-labelledby="title-environment">
<h2 id="title-environment">Environment</h2>
${tableOf([["what", "value"], ...facts])}
<details><summary>Every option of the scenario</summary>${tableOf([["option", "value"], ...options])}</details>
</section>
`;
}

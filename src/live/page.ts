import { foreign } from "../charts/strategies.js";
import { TOOL } from "../report/tool.js";
import { asJson, html, type Markup, raw } from "../reporters/markup.js";
import { asset, chartLibrary, pageScript, policy } from "../reporters/page.js";
import type { Scenario } from "../scenario/scenario.js";
import { liveCharts } from "./charts.js";
import { FIGURES } from "./page-message.js";

export interface LivePage {
  readonly text: string;
  /** Its Content-Security-Policy: it may ask its own server, and nobody else. */
  readonly policy: string;
}

/** The page that watches a run: empty figures and charts, which web/live.js fills by the messages of the server. */
export function livePage({ name, strategies }: Scenario): LivePage {
  const script = pageScript("live.js");
  const library = chartLibrary();
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name} – qbench live</title>
<link rel="icon" href="data:,">
<style>
${raw(asset("report.css"))}
${raw(asset("live.css"))}</style>
</head>
<body>
<header>
<h1>${name}, while it runs</h1>
<p id="phase" class="answer" role="status">Waiting for the run.</p>
<p id="advance" class="quiet"></p>
<div class="controls"><button type="button" id="theme">Light or dark</button></div>
<noscript><p class="caution">This page needs JavaScript: figures come while the run goes on.</p></noscript>
</header>
<main>
<section aria-labelledby="title-now">
<h2 id="title-now">This trial so far</h2>
<dl class="figures-now">${FIGURES.map(({ id, label }) => html`<div><dt>${label}</dt><dd id="${id}">–</dd></div>`)}</dl>
<p id="limit" class="quiet"></p>
</section>
${figure("rate", "Entries a second", "Each half a second of the last four minutes; across: seconds since the run began.")}
${figure("latency", "Latency", "Percentiles of the entries that ended in each half a second.")}
<section aria-labelledby="title-trials">
<h2 id="title-trials">Finished trials</h2>
<div class="scroll"><table class="figures">
<thead><tr>${["trial", "TPS", "p50", "p95", "p99", "success", "limit", "audit"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody id="trials"></tbody>
</table></div>
</section>
</main>
<footer><p>Served by qbench ${TOOL.version} to this machine alone; it ends with the run. The report has every figure.</p></footer>
<script type="application/json" id="strategies">${asJson(strategies.map((one) => foreign(one)))}</script>
<script type="application/json" id="charts">${asJson(liveCharts(strategies))}</script>
<script>${library}</script>
<script>${script}</script>
</body>
</html>
`;
  const more = ["connect-src 'self'", "frame-ancestors 'none'"];
  return { text: markup, policy: policy([script, library], more) };
}

const figure = (name: string, title: string, caption: string): Markup => html`<section aria-labelledby="title-${name}">
<figure>
<h2 id="title-${name}">${title}</h2>
<figcaption class="quiet">${caption}</figcaption>
<div class="chart" data-chart="${name}" role="img" aria-label="${title}" style="height: 260px"></div>
</figure>
</section>
`;

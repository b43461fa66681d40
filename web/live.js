/** Fills the live page by the messages of its server (src/live/page-message.ts). page.js is put in front of it. */

const strategies = read("strategies");
const elements = [...document.querySelectorAll("[data-chart]")];
const charts = new Map();
let last;

/** What each line of a chart is made of. */
const LINES_OF = {
  rate: (points) => strategies.map((name) => points.map(([at, of, perSec]) => [at, of === name ? perSec : null])),
  latency: (points) => [3, 4, 5].map((column) => points.map((point) => [point[0], point[column]])),
};

function fill(name) {
  const series = LINES_OF[name](last?.points ?? []).map((data) => ({ data }));
  charts.get(name).setOption({ series });
}

function draw() {
  for (const element of elements) {
    const name = element.dataset.chart;
    charts.get(name)?.dispose();
    const chart = echarts.init(element, null, { renderer: "svg" });
    chart.setOption({ animation: false, ...drawings[name][isDark() ? "dark" : "light"] });
    charts.set(name, chart);
    fill(name);
  }
}

function say(id, text) {
  const element = document.getElementById(id);
  if (element.textContent !== text) element.textContent = text;
}

function row(cells) {
  const made = document.createElement("tr");
  for (const [i, text] of cells.entries()) {
    const cell = document.createElement(i === 0 ? "th" : "td");
    if (i === 0) cell.scope = "row";
    cell.textContent = text;
    made.append(cell);
  }
  return made;
}

function show(message) {
  const isNewTrial = message.trials.length !== last?.trials.length || message.trials[0]?.[0] !== last?.trials[0]?.[0];
  last = message;
  say("phase", message.phase);
  say("advance", message.advance);
  say("limit", message.limit);
  for (const [id, text] of Object.entries(message.figures)) say(id, text);
  if (isNewTrial) document.getElementById("trials").replaceChildren(...message.trials.map(row));
  for (const name of charts.keys()) fill(name);
}

document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  draw();
});
prefersDark.addEventListener("change", draw);
for (const element of elements) new ResizeObserver(() => charts.get(element.dataset.chart)?.resize()).observe(element);
draw();

const source = new EventSource("events");
source.addEventListener("state", ({ data }) => show(JSON.parse(data)));
source.addEventListener("end", ({ data }) => {
  source.close();
  show(JSON.parse(data));
});
source.addEventListener("error", () => {
  source.close();
  say("phase", "The run can no longer be reached: it was ended from outside. What it told is below.");
});

/**
 * Brings the page of a report to life: draws the charts, and answers to buttons, keys, the size of the window, light
 * and dark, and paper. page.js is put in front of it.
 */

const NARROW_PX = 560;
const hidden = new Set();

/** On a narrow screen a legend that does not fit has pages. */
function fitted(option, element) {
  if (element.clientWidth >= NARROW_PX || !option.legend) return option;
  return { ...option, legend: { ...option.legend, type: "scroll" } };
}

function drawn(element) {
  let chart;
  /** The data point that the keyboard has come to. */
  let point = -1;
  const draw = (theme) => {
    chart?.dispose();
    chart = echarts.init(element, null, { renderer: "svg" });
    const option = drawings[element.dataset.chart][theme];
    const selected = Object.fromEntries([...hidden].map((name) => [name, false]));
    chart.setOption({
      animation: false,
      ...fitted({ ...option, ...(option.legend ? { legend: { ...option.legend, selected } } : {}) }, element),
    });
  };
  element.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") chart.dispatchAction({ type: "hideTip" });
    if (step === undefined) return;
    event.preventDefault();
    const { data } = drawings[element.dataset.chart].light.series[0];
    point = (point + step + data.length) % data.length;
    chart.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: point });
  });
  new ResizeObserver(() => chart?.resize()).observe(element);
  return draw;
}

const charts = [...document.querySelectorAll("[data-chart]")].map(drawn);
const drawAll = (theme = isDark() ? "dark" : "light") => {
  for (const draw of charts) draw(theme);
};

function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  drawAll();
});
document.getElementById("json").addEventListener("click", () => {
  download("report.json", "application/json", document.getElementById("report").textContent);
});
document.getElementById("csv").addEventListener("click", () => download("trials.csv", "text/csv", read("trials")));
for (const box of document.querySelectorAll("[data-strategy]")) {
  box.addEventListener("change", () => {
    if (box.checked) hidden.delete(box.dataset.strategy);
    else hidden.add(box.dataset.strategy);
    drawAll();
  });
}
prefersDark.addEventListener("change", () => drawAll());
addEventListener("beforeprint", () => drawAll("light"));
addEventListener("afterprint", () => drawAll());
drawAll();

import { categories, labelText } from "./axes.js";
import type { Chart } from "./chart.js";
import { drawnOf, foreign, heightFor, NOTHING_MEASURED } from "./strategies.js";

const MOST_KINDS = 16;

export const anomalies: Chart = {
  name: "anomalies",
  summary: "what the audit found, by strategy and kind",
  draw(report, { labels, theme }) {
    const drawn = drawnOf(report, theme);
    if (drawn.length === 0) return NOTHING_MEASURED;
    const found = ({ strategy }: (typeof drawn)[number]) => strategy.summary.audit.anomalies;
    const kinds = [...new Set(drawn.flatMap((one) => Object.keys(found(one))))].sort().slice(0, MOST_KINDS);
    const checked = drawn
      .flatMap(({ strategy }) => strategy.trials.map(({ audit }) => audit.checked))
      .reduce((sum, n) => sum + n, 0);
    const shownKinds = kinds.length === 0 ? [labels.anomaly] : kinds.map((kind) => foreign(kind, 32));
    const countOf = (one: (typeof drawn)[number], kind: string | undefined): number =>
      kind === undefined ? 0 : (found(one)[kind] ?? 0);
    const most = Math.max(1, ...drawn.flatMap((one) => kinds.map((kind) => countOf(one, kind))));
    return {
      title: kinds.length === 0 ? labels.noAnomalies(checked.toLocaleString("en-US")) : labels.anomaliesTitle,
      subtitle: labels.anomaliesSubtitle,
      heightPx: heightFor(shownKinds.length, 62, 280),
      option: {
        grid: { left: 8, right: 16, top: 8, bottom: 8, containLabel: true },
        xAxis: categories(
          drawn.map(({ name }) => name),
          theme,
        ),
        yAxis: { ...categories(shownKinds, theme), inverse: true },
        visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: theme.sequential } },
        series: [
          {
            type: "heatmap",
            itemStyle: { borderColor: theme.background, borderWidth: 3 },
            data: drawn.flatMap((one, column) =>
              shownKinds.map((_, row) => {
                const n = countOf(one, kinds[row]);
                return {
                  // A few among millions must be seen as well.
                  value: [column, row, Math.log1p(n) / Math.log1p(most)],
                  label: { show: true, formatter: n.toLocaleString("en-US"), ...labelText(theme.text) },
                };
              }),
            ),
          },
        ],
      },
      table: [
        [labels.anomaly, ...drawn.map(({ name }) => name)],
        ...shownKinds.map((kind, row) => [
          kind,
          ...drawn.map((one) => countOf(one, kinds[row]).toLocaleString("en-US")),
        ]),
      ],
    };
  },
};

import { printable } from "../base/printable.js";
import type { RunReport } from "../report/schema.js";
import { serverText } from "../report/words.js";
import { labelText } from "./axes.js";
import type { ChartOption, Drawing, Look } from "./chart.js";
import { withFunctions } from "./functions.js";
import { FONT_FAMILIES } from "./theme.js";

/** A drawing as an SVG picture for an article: the same bytes for the same drawing, and no browser. */

/** The column of a blog; a picture of it is twice as wide. */
export const WIDTH_PX = 960;
const SIDE_PX = 28;
const TITLE_PX = 26;
const LINE_PX = 21;
const FOOT_PX = 44;
const LONGEST_SOURCE = 150;

export async function svgOf(drawing: Drawing, source: string, look: Look): Promise<string> {
  const echarts = await import("echarts");
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width: WIDTH_PX,
    height: drawing.heightPx,
  });
  try {
    chart.setOption(withFunctions(framed(drawing, source, look)) as Record<string, unknown>);
    return cleaned(chart.renderToSVGString({ useViewBox: true }), drawing.title);
  } finally {
    chart.dispose();
  }
}

/** The drawing below its title and above the line that says where it comes from. */
function framed({ title, subtitle, option, heightPx }: Drawing, source: string, { theme }: Look): ChartOption {
  const topPx = 24 + TITLE_PX + 10 + subtitle.split("\n").length * LINE_PX + 12;
  const moved = (part: unknown): unknown => (Array.isArray(part) ? part.map(shifted) : part && shifted(part as Placed));
  const shifted = (part: Placed): Placed => ({
    ...part,
    left: (part.left ?? 0) + SIDE_PX,
    ...(part.right === undefined ? {} : { right: part.right + SIDE_PX }),
    ...(part.top === undefined ? {} : { top: part.top + topPx }),
    ...(part.bottom === undefined ? {} : { bottom: part.bottom + FOOT_PX }),
    ...(part.height === undefined ? {} : { height: part.height * (1 + (heightPx - topPx - FOOT_PX - 420) / 420) }),
  });
  return {
    ...option,
    animation: false,
    backgroundColor: theme.background,
    textStyle: { fontFamily: FONT_FAMILIES },
    // Nobody can point at a picture.
    tooltip: undefined,
    title: [
      {
        text: title,
        subtext: subtitle,
        left: SIDE_PX,
        top: 22,
        padding: 0,
        itemGap: 10,
        textStyle: { ...labelText(theme.text, TITLE_PX), fontWeight: "bold" },
        subtextStyle: { ...labelText(theme.quiet), lineHeight: LINE_PX },
      },
      {
        text: source,
        left: SIDE_PX,
        bottom: 16,
        padding: 0,
        textStyle: { ...labelText(theme.quiet, 12), fontWeight: "normal" },
      },
      ...((moved(option.title) as object[] | undefined) ?? []),
    ],
    legend: moved(option.legend),
    grid: moved(option.grid),
  };
}

interface Placed {
  readonly left?: number;
  readonly right?: number;
  readonly top?: number;
  readonly bottom?: number;
  readonly height?: number;
}

/**
 * Without what only a page needs, and without the numbers that tell how many pictures this process has drawn before;
 * with a name for who cannot see it.
 */
function cleaned(svg: string, title: string): string {
  const name = title.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
  return svg
    .replace(/<style ?>[\s\S]*?<\/style>\n?/g, "")
    .replace(/ (?:class="zr\d+-cls-\d+"|ecmeta_\w+="[^"]*"|pointer-events="\w+")/g, "")
    .replace(/(id="|url\(#)zr\d+-/g, "$1")
    .replace(/^<svg /, `<svg role="img" aria-label="${name}" `)
    .concat("\n");
}

type Measured = Pick<RunReport, "tool" | "target" | "environment" | "scenario" | "startedAt">;

/** Where the figures come from: a picture travels without its article. `load`: what of the load is worth a word. */
export function sourceOf(
  { tool, target, environment, scenario, startedAt }: Measured,
  { labels }: Look,
  load = labels.load(scenario),
): string {
  const { machine } = environment;
  const facts = [
    `qbench ${tool.version}`,
    serverText(target),
    `${machine.cores} × ${machine.cpuModel}`,
    load,
    labels.rounds(scenario.trials, String(Number((scenario.durationMs / 1000).toPrecision(3)))),
    startedAt.slice(0, 10),
  ];
  return printable(facts.join(" · "), LONGEST_SOURCE);
}

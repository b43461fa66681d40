import { printable } from "../base/printable.js";
import type { Chart, Drawing, Look } from "../charts/chart.js";
import { LABELS, type Lang } from "../charts/labels.js";
import { sourceOf } from "../charts/svg.js";
import type { Theme } from "../charts/theme.js";
import { latencyText, percentText, perEntryText, rangeText, rateText, ratioText } from "../report/format.js";
import type { RunReport, StrategyReport } from "../report/schema.js";
import { escaped } from "../reporters/markdown-blocks.js";
import { OPTION_LIST } from "../scenario/options.js";

/** A sentence in each language. */
export type Text = Readonly<Record<Lang, string>>;

/** A picture of an article, drawn when the article is written down. */
export interface Picture {
  readonly file: string;
  readonly drawing: Drawing;
  readonly source: string;
  readonly look: Look;
}

const LIMITERS: Readonly<Record<StrategyReport["summary"]["limiter"], Text>> = {
  server: { en: "Redis", ko: "Redis" },
  generator: { en: "load generator", ko: "부하 생성기" },
  pool: { en: "connection pool", ko: "연결 풀" },
  network: { en: "network", ko: "네트워크" },
  "offered-load": { en: "offered load", ko: "제공된 부하" },
  unclear: { en: "unclear", ko: "불분명" },
};
const VERDICTS = {
  faster: { en: "faster", ko: "더 빠름" },
  slower: { en: "slower", ko: "더 느림" },
  "no-difference": { en: "no difference found", ko: "차이 없음" },
  "too-few-rounds": { en: "too few rounds", ko: "라운드 부족" },
  "not-comparable": { en: "not comparable", ko: "비교 불가" },
} satisfies Record<string, Text>;
const HEADS: readonly Text[] = [
  { en: "strategy", ko: "전략" },
  { en: "entries a second", ko: "초당 진입 수" },
  { en: "ratio", ko: "비율" },
  { en: "95 % interval", ko: "95 % 구간" },
  { en: "verdict", ko: "판정" },
  { en: "p50", ko: "p50" },
  { en: "p95", ko: "p95" },
  { en: "calls", ko: "호출" },
  { en: "round trips", ko: "왕복" },
  { en: "limited by", ko: "한계 요인" },
];

/** Writes an article down, in one language: what is said is escaped, what is asked of the author is marked. */
export class Pen {
  readonly pictures: Picture[] = [];
  private readonly parts: string[] = [];
  private readonly look: Look;

  constructor(
    private readonly lang: Lang,
    theme: Theme,
    private readonly name: string,
  ) {
    this.look = { labels: LABELS[lang], theme };
  }

  get markdown(): string {
    return `${this.parts.join("\n\n")}\n`;
  }

  title(text: Text): void {
    this.parts.push(`# ${text[this.lang]}`);
  }

  heading(text: Text): void {
    this.parts.push(`## ${text[this.lang]}`);
  }

  /** Names and figures in it come by way of `escaped`, or are figures. */
  say(text: Text): void {
    this.parts.push(text[this.lang]);
  }

  /** What only the author can judge. */
  ask(text: Text): void {
    this.parts.push(`> ✍ **${this.lang === "ko" ? "저자" : "Author"}:** ${text[this.lang]}`);
  }

  /** A report that the article lacks, and how to make it. */
  missing(text: Text, command: string): void {
    this.parts.push(`> ⚠ **${this.lang === "ko" ? "자료 없음" : "Missing"}:** ${text[this.lang]}`);
    this.code(command);
  }

  /** The command that made the report. */
  command(report: RunReport): void {
    this.say({ en: "Measured with:", ko: "측정 명령:" });
    this.code(commandOf(report));
  }

  chart(chart: Chart, report: RunReport): void {
    const drawing = chart.draw(report, this.look, []);
    if (typeof drawing === "string") return;
    const file = `${this.name}-${this.pictures.length + 1}-${chart.name}.svg`;
    this.pictures.push({ file, drawing, source: sourceOf(report, this.look), look: this.look });
    this.parts.push(`![${escaped(drawing.title)}](${file})\n\n*${escaped(drawing.subtitle.replaceAll("\n", " "))}*`);
  }

  /** What was measured of each strategy. */
  figures({ strategies }: RunReport): void {
    const rows = strategies.map(({ name, summary }) => {
      const { tps, p50, p95, vsBaseline: versus } = summary;
      const hasInterval = versus?.low != null && versus.high != null;
      return [
        escaped(printable(name, 40)),
        tps === null ? "–" : rateText(tps.median),
        versus?.tpsRatio == null ? "–" : ratioText(versus.tpsRatio),
        hasInterval ? rangeText(versus.low as number, versus.high as number) : "–",
        versus === undefined ? "–" : VERDICTS[versus.verdict][this.lang],
        p50 === null ? "–" : latencyText(p50.median),
        p95 === null ? "–" : latencyText(p95.median),
        summary.callsPerEntry === null ? "–" : perEntryText(summary.callsPerEntry),
        summary.roundTripsPerEntry === null ? "–" : perEntryText(summary.roundTripsPerEntry),
        LIMITERS[summary.limiter][this.lang],
      ];
    });
    this.table(HEADS, rows);
  }

  /** How busy both sides were: medians of the trials, in per cent. */
  load({ strategies }: RunReport): void {
    const rows = strategies.flatMap(({ name, trials }) => {
      const trial = trials.filter(({ complete }) => complete).at(0);
      if (trial === undefined) return [];
      const { server, generator } = trial;
      return [
        [
          escaped(printable(name, 40)),
          server.cpuUtilization === null ? "–" : percentText(Math.min(1, server.cpuUtilization)),
          server.cpuUsPerEntry === null ? "–" : `${rateText(server.cpuUsPerEntry)} µs`,
          percentText(Math.min(1, generator.eventLoopUtilization)),
          `${rateText(generator.cpuUsPerEntry)} µs`,
          LIMITERS[trial.limiter][this.lang],
        ],
      ];
    });
    const heads: Text[] = [
      { en: "strategy (first trial)", ko: "전략 (첫 시행)" },
      { en: "Redis' main thread busy", ko: "Redis 메인 스레드 사용률" },
      { en: "its CPU an entry", ko: "진입당 Redis CPU" },
      { en: "generator's event loop busy", ko: "생성기 이벤트 루프 사용률" },
      { en: "its CPU an entry", ko: "진입당 생성기 CPU" },
      { en: "limited by", ko: "한계 요인" },
    ];
    this.table(heads, rows);
  }

  /** What keeps the figures from saying more. */
  caution({ strategies }: RunReport): void {
    const bound = strategies.filter(({ summary }) => summary.limiter === "generator");
    if (bound.length === 0) return;
    const names = bound.map(({ name }) => escaped(printable(name, 40))).join(", ");
    this.say({
      en: `**Beware:** the load generator was the limit of ${names}; those figures say little about Redis.`,
      ko: `**주의:** ${names}에서는 부하 생성기가 한계였으므로, 그 수치는 Redis의 성능을 말해 주지 않습니다.`,
    });
  }

  private table(heads: readonly Text[], rows: readonly (readonly string[])[]): void {
    const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
    const rule = `|${heads.map((_, i) => (i === 0 ? " --- " : " ---: ")).join("|")}|`;
    this.parts.push([line(heads.map((head) => head[this.lang])), rule, ...rows.map(line)].join("\n"));
  }

  private code(command: string): void {
    this.parts.push(`\`\`\`sh\n${command}\n\`\`\``);
  }
}

/** What to type for such a run: every option that is not at its default. */
export function commandOf({ scenario, target }: RunReport): string {
  const options = OPTION_LIST.flatMap((option) => {
    const value = (scenario as Readonly<Record<string, unknown>>)[option.property];
    if (value === undefined || value === null) return [];
    const text = option.type.format(value as NonNullable<unknown>);
    const fallback = option.fallback == null ? undefined : option.type.format(option.fallback as NonNullable<unknown>);
    return text === fallback ? [] : [`--${option.flag} ${quoted(text)}`];
  });
  const where = { embedded: [], url: ["--url redis://HOST:PORT"], cluster: ["--cluster"] }[target.kind];
  return ["qbench run", ...where, ...options, "--output report.json"].join(" ");
}

/** One word for a shell. */
function quoted(text: string): string {
  const shown = printable(text, 300);
  return /^[\w.,:=/%+-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

/** Colours. Those of strategies can be told apart by people who do not see all colours (Okabe and Ito). */
export interface Theme {
  readonly background: string;
  readonly text: string;
  /** Of what explains: subtitles, axes, the source line. */
  readonly quiet: string;
  readonly grid: string;
  readonly series: readonly string[];
  /** From less to more than usual. */
  readonly diverging: readonly [string, string, string];
  /** From none to much. */
  readonly sequential: readonly [string, string];
}

export const THEMES = {
  light: {
    background: "#ffffff",
    text: "#1b1f24",
    quiet: "#57606a",
    grid: "#dfe3e8",
    series: ["#6e7781", "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#a6761d"],
    diverging: ["#f0a56b", "#f6f8fa", "#7db9e3"],
    sequential: ["#f6f8fa", "#f0a56b"],
  },
  dark: {
    background: "#0d1117",
    text: "#f0f3f6",
    quiet: "#9ea7b3",
    grid: "#30363d",
    series: ["#9ea7b3", "#e6a817", "#4aa8e0", "#2fbf95", "#e29bc4", "#f08050", "#8fd0f5", "#c9a060"],
    diverging: ["#8f4214", "#21262d", "#1f5f96"],
    sequential: ["#21262d", "#8f4214"],
  },
} as const satisfies Record<string, Theme>;

export const THEME_NAMES = Object.keys(THEMES) as readonly (keyof typeof THEMES)[];
export type ThemeName = keyof typeof THEMES;

/** Not by colour alone: each strategy has its own kind of line and its own mark as well. */
export const LINES = ["solid", [8, 4], [2, 3], [12, 4, 2, 4], [4, 2], [16, 6], [1, 2], [8, 2, 2, 2]] as const;
export const MARKS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow", "emptyCircle"] as const;

/** The i-th of a list that starts again at its end. */
export const nth = <T>(list: readonly T[], i: number): T => list[i % list.length] as T;

/** Hangul first; each system has one of them. */
export const FONT_FAMILIES =
  "'NanumGothic','Nanum Gothic','Noto Sans KR','Noto Sans CJK KR','Apple SD Gothic Neo','Malgun Gothic','DejaVu Sans',Arial,sans-serif";

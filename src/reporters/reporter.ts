import { usageError } from "../base/errors.js";
import type { Lang } from "../charts/labels.js";
import type { ThemeName } from "../charts/theme.js";
import type { GateReport } from "../report/gate.js";
import type { RunReport } from "../report/schema.js";

/** Letters for a picture. */
export interface Font {
  readonly family: string;
  /** Regular and, if there is one, bold. */
  readonly files: readonly string[];
  readonly hasHangul: boolean;
}

export interface RenderOptions {
  readonly color: boolean;
  /** Where the report has been written, to be told below a table. */
  readonly writtenTo?: readonly string[] | undefined;
  /** One of `CHART_NAMES`. */
  readonly chart?: string | undefined;
  readonly lang?: Lang | undefined;
  readonly theme?: ThemeName | undefined;
  /** Further reports, for charts that compare runs. */
  readonly others?: readonly RunReport[] | undefined;
  /** Only this strategy. */
  readonly strategy?: string | undefined;
  /** For a reporter that needs one. */
  readonly font?: Font | undefined;
}

/** What only some formats understand; asking another one for it is a mistake. */
export type FormatOption = "chart" | "lang" | "theme" | "others" | "strategy";

export type Rendered = string | Uint8Array;

/** One way to write a report down. Pure: a report in, text or bytes out; text ends with a line break. */
export interface Reporter {
  readonly name: string;
  /** One line for `--help` and `qbench list`. */
  readonly summary: string;
  /** Endings of file names that ask for this format. */
  readonly endings: readonly string[];
  readonly takes?: readonly FormatOption[];
  readonly needsFont?: boolean;
  /** At once, or later where a library must be loaded first. */
  render(report: RunReport, options: RenderOptions): Rendered | Promise<Rendered>;
  /** Absent where a gate has nothing to say in this format. */
  renderGate?(report: GateReport, options: RenderOptions): string;
}

/** A reporter whose text is there at once. */
export interface TextReporter extends Reporter {
  render(report: RunReport, options: RenderOptions): string;
}

/** A gate's report. @throws QbenchError (usage) where the format is none for it. */
export function renderGateReport(reporter: Reporter, report: GateReport, options: RenderOptions): string {
  if (reporter.renderGate !== undefined) return reporter.renderGate(report, options);
  throw usageError(`a gate's report cannot be written as ${reporter.name}`, "its pairs are in the JSON report");
}

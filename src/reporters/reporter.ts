import type { RunReport } from "../report/schema.js";

export interface RenderOptions {
  readonly color: boolean;
  /** Where the report has been written, to be told below a table. */
  readonly writtenTo?: readonly string[];
}

/** One way to write a report down. Pure: a report in, text out; it ends with a line break. */
export interface Reporter {
  readonly name: string;
  /** One line for `--help` and `qbench list`. */
  readonly summary: string;
  /** Endings of file names that ask for this format. */
  readonly endings: readonly string[];
  render(report: RunReport, options: RenderOptions): string;
}

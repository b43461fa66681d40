import type { RunReport } from "../report/schema.js";
import type { Pen } from "./pen.js";

/** The skeleton of one article: figures, charts and commands are filled in, what needs judgement is asked of the author. */
export interface Article {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Writes what the reports have; what they lack is told with the command that makes it. */
  write(pen: Pen, reports: readonly RunReport[]): void;
}

export const hasStrategy = ({ strategies }: RunReport, name: string): boolean =>
  strategies.some((strategy) => strategy.name === name && strategy.summary.trials > 0);

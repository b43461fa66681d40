import * as z from "zod";
import { mistakesError } from "../base/mistakes.js";
import { printable } from "../base/printable.js";
import { didYouMean } from "../base/suggest.js";
import { parseBytes, parseCount, parseDuration, UnitError } from "../base/units.js";
import { FIGURE_NAMES, FIGURES, type Figure, figureNamed, figureOf } from "./figures.js";
import { figureText } from "./format.js";
import type { TrialReport } from "./schema.js";

/**
 * Limits as people write them: `p99>25ms`, `successRate<99%`, `lua:callsPerEntry>1`. Of `--fail-if`, what is written is
 * what fails; of `--slo`, what must hold.
 */
export interface Threshold {
  /** As it was given. */
  readonly expression: string;
  /** Undefined: every strategy. */
  readonly strategy: string | undefined;
  readonly figure: Figure;
  readonly operator: Operator;
  /** In the figure's own unit. */
  readonly limit: number;
}

const OPERATORS = {
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  "!=": (value, limit) => value !== limit,
} satisfies Readonly<Record<string, (value: number, limit: number) => boolean>>;
type Operator = keyof typeof OPERATORS;

/** Short names that people use. */
const ALIASES: Readonly<Record<string, string>> = { success: "successRate" };

const EXPRESSION = /^\s*(?:([^<>!]*[^<>!\s])\s*:)?\s*(\w+)\s*(>=|<=|!=|>|<)\s*(\S+)\s*$/;
const EXAMPLE = 'as in "callsPerEntry>1", "p99>25ms" or "lua:successRate<99%"';
const LONGEST = 200;

/** What became of one threshold for one strategy. */
export const thresholdResult = z
  .object({
    expression: z.string(),
    strategy: z.string(),
    figure: z.string(),
    value: z.number().nullable().meta({ description: "in the figure's own unit; null: nothing was measured" }),
    failed: z.boolean().meta({ description: "crossed, or nothing was measured" }),
  })
  .meta({ id: "thresholdResult" });
export type ThresholdResult = Readonly<z.infer<typeof thresholdResult>>;

/**
 * @param strategies names that an expression may ask for; undefined: what is measured is not known
 * @param flag that gave them
 * @throws QbenchError (usage) that tells all mistakes
 */
export function parseThresholds(
  expressions: readonly string[],
  strategies: readonly string[] | undefined,
  flag = "--fail-if",
): Threshold[] {
  const mistakes: string[] = [];
  const thresholds = expressions.flatMap((expression) => {
    try {
      return [parseThreshold(expression, strategies)];
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      mistakes.push(`${flag} ${JSON.stringify(printable(expression, LONGEST))}: ${error.message}`);
      return [];
    }
  });
  if (mistakes.length > 0) throw mistakesError(mistakes, `figures are ${FIGURE_NAMES.join(", ")}`);
  return thresholds;
}

/** @throws UnitError */
function parseThreshold(expression: string, strategies: readonly string[] | undefined): Threshold {
  const match = expression.length > LONGEST ? null : EXPRESSION.exec(expression);
  if (match === null)
    throw new UnitError(`expected a figure, one of ${Object.keys(OPERATORS).join(" ")}, and a limit, ${EXAMPLE}`);
  const [, strategy, name = "", operator, limit = ""] = match;
  if (strategy !== undefined && strategies !== undefined && !strategies.includes(strategy)) {
    throw new UnitError(
      `strategy "${printable(strategy)}" is not measured${didYouMean(strategy, strategies)}; there are ${strategies.join(", ")}`,
    );
  }
  const figure = FIGURES.find((one) => one.name === (ALIASES[name] ?? name));
  if (figure === undefined) throw new UnitError(`unknown figure "${printable(name)}"${didYouMean(name, FIGURE_NAMES)}`);
  return {
    expression: expression.trim(),
    strategy,
    figure,
    operator: operator as Operator,
    limit: limitOf(limit, figure),
  };
}

/** @throws UnitError */
function limitOf(text: string, { name, unit }: Figure): number {
  switch (unit) {
    case "us":
      return parseDuration(text) * 1000;
    case "share": {
      const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text);
      if (percent !== null && Number(percent[1]) <= 100) return Number(percent[1]) / 100;
      if (/^(0(\.\d+)?|1(\.0+)?)$/.test(text)) return Number(text);
      throw new UnitError(`expected ${name} in per cent, such as 99%, or as a share from 0 to 1`);
    }
    case "bytes per entry":
      return /[bB]$/.test(text) ? parseBytes(text) : parseCount(text);
    default:
      return parseCount(text);
  }
}

/** Whether what is written is so; nothing measured is not. */
export const isMet = ({ operator, limit }: Threshold, value: number | null): boolean =>
  value !== null && OPERATORS[operator](value, limit);

/** Each threshold held against each strategy that it speaks of. Nothing measured is no pass. */
export function checkThresholds(
  thresholds: readonly Threshold[],
  strategies: readonly { readonly name: string; readonly trials: readonly TrialReport[] }[],
): ThresholdResult[] {
  return thresholds.flatMap(({ expression, strategy, figure, operator, limit }) =>
    strategies
      .filter(({ name }) => strategy === undefined || strategy === name)
      .map(({ name, trials }) => {
        const value = figureOf(
          figure,
          trials.filter((trial) => trial.complete),
        );
        const failed = value === null || OPERATORS[operator](value, limit);
        return { expression, strategy: name, figure: figure.name, value, failed };
      }),
  );
}

/** In the place of a figure that no trial tells, or that needs an audit of all of them. */
export const NOT_MEASURED = "was not measured";

/** "lua: p99 31.2 ms (fails p99>25ms)" */
export function thresholdText({ expression, strategy, figure, value, failed }: ThresholdResult): string {
  const { unit } = FIGURE_NAMES.includes(figure) ? figureNamed(figure as Figure["name"]) : { unit: "count" as const };
  const was = value === null ? NOT_MEASURED : figureText(value, unit);
  return `${strategy}: ${figure} ${was} (${failed ? "fails" : "within"} ${expression})`;
}

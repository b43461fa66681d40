import type { QbenchError } from "../base/errors.js";
import { mistakesError } from "../base/mistakes.js";
import { didYouMean } from "../base/suggest.js";
import { type AnyOption, OPTION_LIST } from "../scenario/options.js";
import { shown } from "../scenario/values.js";

/**
 * What a sweep changes: any option of a scenario, by its flag. Values are read as the flag reads them, so an option that
 * is added to the table can be swept at once.
 */
export interface Axis {
  readonly flag: string;
  /** Numbers in ascending order, others as they were given. */
  readonly values: readonly AxisValue[];
  /** Whether there is something between two values: numbers and times. */
  readonly isNumeric: boolean;
  readonly unit: "ms" | null;
}

export interface AxisValue {
  /** As it was given: what the flag is set to. */
  readonly raw: string;
  /** As qbench writes it. */
  readonly text: string;
  /** Null where the value is none. Times are ms. */
  readonly number: number | null;
}

export interface Axes {
  readonly axes: readonly Axis[];
  /** What `--axis strategy=…` says, for `--strategy`: each point has all strategies. */
  readonly strategies: string | undefined;
}

/** Options that say how is measured, not what; the strategies are in every point. */
const NO_AXES: Readonly<Record<string, string>> = {
  trials: "it says how often each cell is measured",
  seed: "each round draws a seed of its own",
  order: "cells are always interleaved",
  "mix-strategies": "mixes are strategies too: --strategy lua,individual=90+lua=10",
};
const FEWEST_VALUES = 2;
const EXAMPLE = "--axis vus=100,1000,3000";
/** Each is a scenario that has to be read and checked before the first trial. */
const MOST_POINTS = 2000;

/** @param texts as `--axis` gave them: `vus=100,1000`. @throws QbenchError (usage) that tells all mistakes */
export function parseAxes(texts: readonly string[]): Axes {
  const mistakes: string[] = [];
  const axes: Axis[] = [];
  let strategies: string | undefined;
  const seen = new Set<string>();
  for (const text of texts) {
    const wrong = (message: string): number => mistakes.push(`--axis ${shown(text)}: ${message}`);
    const [, flag = "", list = ""] = /^\s*(?:--)?([\w-]+)\s*=(.*)$/s.exec(text) ?? [];
    const option = OPTION_LIST.find((one) => one.flag === flag);
    if (flag === "") wrong(`expected an option and its values, as in ${EXAMPLE}`);
    else if (option === undefined) wrong(`unknown option "${flag}"${didYouMean(flag, AXIS_FLAGS)}`);
    else if (flag in NO_AXES) wrong(`${flag} cannot be an axis: ${NO_AXES[flag]}`);
    else if (seen.has(flag)) wrong("there is an axis of this option already; give all values at once");
    else if (flag === "strategy") strategies = list;
    else {
      const axis = axisOf(option, list, wrong);
      if (axis !== undefined) axes.push(axis);
    }
    seen.add(flag);
  }
  if (mistakes.length > 0) throw axisError(...mistakes);
  if (axes.length === 0) throw axisError("there is no axis: what is to be changed?");
  const points = axes.reduce((product, { values }) => product * values.length, 1);
  if (points > MOST_POINTS) {
    throw axisError(`these axes have ${points} points; expected at most ${MOST_POINTS}`);
  }
  return { axes, strategies };
}

/** Options that can be one. */
export const AXIS_FLAGS = OPTION_LIST.map(({ flag }) => flag).filter((flag) => !(flag in NO_AXES));

const axisError = (...mistakes: string[]): QbenchError =>
  mistakesError(mistakes, `as in ${EXAMPLE} --axis pool=10,20; options are ${AXIS_FLAGS.join(", ")}`);

function axisOf(option: AnyOption, list: string, wrong: (message: string) => void): Axis | undefined {
  let isGood = true;
  const fail = (message: string): void => {
    isGood = false;
    wrong(message);
  };
  const separator = list.includes(";") ? ";" : ",";
  let isTime = option.property.endsWith("Ms");
  const values = list.split(separator).map((part): AxisValue => {
    const raw = part.trim();
    const value = option.type.read(raw, (message) => fail(message));
    if (value === undefined || value === null) return { raw, text: raw, number: null };
    isTime ||= typeof value === "object";
    return { raw, text: option.type.format(value), number: numberOf(value) };
  });
  if (!isGood) {
    if (separator === "," && /[=:].*,/.test(list)) wrong("values that hold commas themselves are separated by ;");
    return undefined;
  }
  const twice = values.find(({ text }, i) => values.findIndex((other) => other.text === text) < i);
  if (twice !== undefined) fail(`${twice.text} is given twice`);
  if (values.length < FEWEST_VALUES) fail(`expected two values or more; for one, give --${option.flag} itself`);
  if (!isGood) return undefined;
  const isNumeric = values.every(({ number }) => number !== null);
  return {
    flag: option.flag,
    values: isNumeric ? [...values].sort((a, b) => (a.number as number) - (b.number as number)) : values,
    isNumeric,
    unit: isNumeric && isTime ? "ms" : null,
  };
}

/** Numbers and times; of a time with a jitter, the time. */
function numberOf(value: NonNullable<unknown>): number | null {
  if (typeof value === "number") return value;
  const [name, first] = Object.entries(value)[0] ?? [];
  return name?.endsWith("Ms") && typeof first === "number" ? first : null;
}

/** A place on a numeric axis that need not be one of its values. */
export function placeText(axis: Pick<Axis, "unit">, place: number): string {
  const rounded = Number(place.toPrecision(3));
  if (axis.unit === null) return rounded.toLocaleString("en-US", { maximumFractionDigits: 3 });
  if (rounded >= 1000) return `${Number((rounded / 1000).toPrecision(3))} s`;
  return rounded >= 1 || rounded === 0 ? `${rounded} ms` : `${Number((rounded * 1000).toPrecision(3))} µs`;
}

import type { QbenchError } from "../base/errors.js";
import { mistakesError } from "../base/mistakes.js";
import { didYouMean } from "../base/suggest.js";
import { PACERS } from "../pacers/index.js";
import { OPTION_LIST } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import { count, shown } from "../scenario/values.js";

/** An option and the values that it is predicted at, as they were given. */
export interface At {
  readonly flag: string;
  readonly values: readonly string[];
}

/** What the model knows of a scenario; everything else is as it was when it was calibrated. */
const MODELLED = ["rtt", "vus", "pool", "instances", "connections", "think-time", "rate"];
/** No option of a run: nodes of a cluster that hold data, each on a core of its own, as every thread then is. */
const PRIMARIES = { flag: "primaries", type: count(1, 1000) };
const EXAMPLE = "--at rtt=0,1ms,5ms --at vus=100,3000";
/** Each is a network to solve, and with --measure some trials. */
const MOST_CELLS = 200;

/** @param texts as `--at` gave them. @throws QbenchError (usage) that tells all mistakes */
export function parseAt(texts: readonly string[]): At[] {
  const mistakes: string[] = [];
  const given: At[] = [];
  for (const text of texts) {
    const wrong = (message: string): number => mistakes.push(`--at ${shown(text)}: ${message}`);
    const [, flag = "", list = ""] = /^\s*(?:--)?([\w-]+)\s*=(.*)$/s.exec(text) ?? [];
    const option = flag === PRIMARIES.flag ? PRIMARIES : OPTION_LIST.find((one) => one.flag === flag);
    const values = list.split(",").map((value) => value.trim());
    if (flag === "") wrong(`expected an option and its values, as in ${EXAMPLE}`);
    else if (option === undefined) wrong(`unknown option "${flag}"${didYouMean(flag, MODELLED)}`);
    else if (option !== PRIMARIES && !MODELLED.includes(flag)) {
      wrong(`${flag} cannot be predicted from one calibration; give --${flag} itself, and calibrate again for others`);
    } else if (given.some((one) => one.flag === flag)) wrong("this option is given already; give all values at once");
    else if (new Set(values).size < values.length) wrong("a value is given twice");
    else {
      for (const value of values) option.type.read(value, wrong);
      given.push({ flag, values });
    }
  }
  if (mistakes.length > 0) throw atError(...mistakes);
  const cells = given.reduce((product, { values }) => product * values.length, 1);
  if (cells > MOST_CELLS) throw atError(`these are ${cells} combinations; expected at most ${MOST_CELLS}`);
  return given;
}

const atError = (...mistakes: string[]): QbenchError =>
  mistakesError(mistakes, `as in ${EXAMPLE}; options are ${MODELLED.join(", ")} and ${PRIMARIES.flag}`);

/** Every combination, by flag. */
export const combinationsOf = (given: readonly At[]): Readonly<Record<string, string>>[] =>
  given.reduce<Readonly<Record<string, string>>[]>(
    (cells, { flag, values }) => cells.flatMap((cell) => values.map((value) => ({ ...cell, [flag]: value }))),
    [{}],
  );

/** The part of a combination that options of a run say, and the nodes of a cluster; undefined: nobody asked for such. */
export function splitAt({ [PRIMARIES.flag]: primaries, ...flags }: Readonly<Record<string, string>>): {
  readonly flags: Readonly<Record<string, string>>;
  readonly primaries: number | undefined;
} {
  return { flags, primaries: primaries === undefined ? undefined : PRIMARIES.type.read(primaries, () => {}) };
}

/** What the model knows nothing of, by flag: such a scenario cannot be predicted. */
export function notModelled(scenario: Scenario): string[] {
  const { pollEvery, leavePercent, doubleClickPercent, tabsPercent, botsPercent, admit, stages, arrival } = scenario;
  const isSet: Readonly<Record<string, boolean>> = {
    "poll-every": pollEvery !== null,
    leave: leavePercent > 0,
    "double-click": doubleClickPercent > 0,
    tabs: tabsPercent > 0,
    bots: botsPercent > 0,
    admit: admit !== null,
    stages: stages !== null,
    arrival: scenario.ratePerSec !== null && !PACERS[arrival].takesStages,
    entries: scenario.entries !== null,
    fault: scenario.faults.length > 0,
  };
  return Object.keys(isSet).filter((flag) => isSet[flag]);
}

import { formatDuration } from "../base/units.js";
import { loadTimeMs, planRun } from "../plan/plan.js";
import { OPTION_LIST } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import { planDocument } from "./plan-document.js";
import type { RunJob } from "./run.js";

/** What `--dry-run` prints: the scenario as resolved, and the order of its trials. */
export function describePlan({ scenario, warnings, options }: RunJob): string {
  const trials = planRun(scenario);
  const atLeastMs = loadTimeMs(scenario);
  if (options.json) return planDocument(scenario.seed, { scenario, loadTimeMs: atLeastMs, trials, warnings });
  const rounds = Array.from({ length: scenario.trials }, (_, round) =>
    trials.filter((trial) => trial.round === round).map((trial) => trial.strategy),
  );
  return [
    `scenario ${scenario.name}: ${trials.length} trials, ${timeText(scenario, atLeastMs)}`,
    "",
    ...OPTION_LIST.map(
      ({ flag, type, property }) => `  ${flag.padEnd(14)} ${valueText(type.format, scenario[property])}`,
    ),
    "",
    ...rounds.map((names, round) => `round ${round + 1}: ${names.join(", ")}`),
  ].join("\n");
}

const valueText = (format: (value: NonNullable<unknown>) => string, value: unknown): string =>
  value === null || value === undefined ? "-" : format(value);

function timeText({ entries }: Scenario, atLeastMs: number | null): string {
  if (atLeastMs === null) return `${entries} entries each`;
  return `${formatDuration(atLeastMs)} under load, set-up and audit on top`;
}

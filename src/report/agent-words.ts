import { latencyText, percentText, plural } from "./format.js";
import type { RunReport, TrialReport } from "./schema.js";

type Figures = NonNullable<TrialReport["agents"]>[number];

/** What agents contributed, a line for each strategy over its complete trials; none where this machine made the load. */
export function agentsIn({ agents, strategies }: RunReport): string[] {
  if (agents === undefined) return [];
  return strategies.flatMap(({ name, trials }) => {
    const complete = trials.filter((trial) => trial.complete && trial.agents !== undefined);
    if (complete.length === 0) return [];
    const all = complete.flatMap((trial) => trial.agents ?? []);
    const atOnce = Math.max(...complete.map((trial) => trial.agents?.length ?? 0));
    return [[`${name}: ${plural(atOnce, "agent")}`, ...partsOf(complete, all)].join(", ")];
  });
}

function partsOf(trials: readonly TrialReport[], all: readonly Figures[]): string[] {
  const shares = trials.flatMap(({ entries, agents = [] }) =>
    entries.attempted === 0 ? [] : agents.map((one) => one.entries.attempted / entries.attempted),
  );
  const p99 = all.flatMap(({ latency }) => latency.p99 ?? []);
  const busiest = all.reduce<Figures | undefined>(
    (most, one) => ((one.threadUtilization ?? -1) > (most?.threadUtilization ?? -1) ? one : most),
    undefined,
  );
  const apartUs = trials.map(({ agents = [] }) => {
    const starts = agents.flatMap(({ startedLateUs }) => startedLateUs ?? []);
    return starts.length < 2 ? 0 : Math.max(...starts) - Math.min(...starts);
  });
  const doubtUs = Math.max(0, ...all.flatMap(({ clockUncertaintyUs }) => clockUncertaintyUs ?? []));
  return [
    ...(shares.length === 0 ? [] : [`${range(shares, percentText)} of the entries each`]),
    ...(p99.length === 0 ? [] : [`p99 ${range(p99, latencyText)}`]),
    ...(busiest === undefined || busiest.threadUtilization === null
      ? []
      : [`busiest thread ${percentText(Math.min(1, busiest.threadUtilization))} of a core (${busiest.agent})`]),
    ...(all.length < 2 ? [] : [`begun within ${latencyText(Math.max(...apartUs))} (± ${latencyText(doubtUs)})`]),
  ];
}

/** "1.2–3.4 ms"; one value where both are alike. */
function range(values: readonly number[], text: (value: number) => string): string {
  const [low, high] = [text(Math.min(...values)), text(Math.max(...values))];
  return low === high ? low : `${low} to ${high}`;
}

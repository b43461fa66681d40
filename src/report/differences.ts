import type { RunReport } from "./schema.js";

/**
 * In what reports differ. `environment`: where they were measured; ratios then mix the machines with what was meant to
 * be compared. `scenario`: what was asked for, often the very thing to compare. `noted`: worth knowing, no hindrance.
 */
export type DifferenceKind = "environment" | "scenario" | "noted";

export interface Difference {
  readonly kind: DifferenceKind;
  /** As in the report, e.g. "machine.cpuModel". */
  readonly field: string;
  /** One for each report; "-" where there is none. */
  readonly values: readonly string[];
}

/** Apart by more than this, in cores, load averages are worth a note. */
const LOAD_APART = 0.5;

type Facts = Readonly<Record<string, unknown>>;

export function differencesOf(reports: readonly RunReport[]): Difference[] {
  return [
    ...differing(
      "environment",
      reports.map((report) => ({ ...environmentFacts(report), ...agentsFacts(report) })),
    ),
    ...differing("scenario", reports.map(scenarioFacts)),
    ...differing("noted", reports.map(notedFacts)),
    ...loadDifference(reports),
  ];
}

/** What must be the same for figures to be comparable, as text. */
export const environmentTexts = (measured: Measured): Record<string, string> =>
  Object.fromEntries(Object.entries(environmentFacts(measured)).map(([field, value]) => [field, valueText(value)]));

type Agent = NonNullable<RunReport["agents"]>[number];
type Measured = Pick<RunReport, "environment" | "target"> & {
  readonly scenario: Pick<RunReport["scenario"], "client">;
};

function environmentFacts({ environment, target, scenario }: Measured): Facts {
  const { machine, software, redis } = environment;
  return {
    "machine.cpuModel": machine.cpuModel,
    "machine.cores": machine.cores,
    "machine.architecture": machine.architecture,
    "machine.platform": machine.platform,
    "machine.kernel": machine.kernel,
    "machine.memoryBytes": machine.memoryBytes,
    "machine.container.cpuLimitCores": machine.container.cpuLimitCores,
    "machine.container.memoryLimitBytes": machine.container.memoryLimitBytes,
    "machine.governor": machine.governor,
    "software.node": software.node,
    // Only where it carries the load.
    "software.ioredis": scenario.client === "ioredis" ? software.ioredis : undefined,
    "target.kind": target.kind,
    "target.nodes": target.nodes.map((node) => `${node.role}${node.loopback ? " on loopback" : ""}`).join(", "),
    "redis.server": redis.server,
    "redis.version": redis.version,
    "redis.mode": redis.mode,
    ...prefixed("redis.build", redis.build),
    ...prefixed("redis.config", redis.config ?? {}),
  };
}

/** Of the machines that made the load, where it was not made beside the report: each kind once, however many there are. */
function agentsFacts({ agents, strategies }: RunReport): Facts {
  if (agents === undefined) return {};
  const kinds = (of: (agent: Agent) => string | number): string => [...new Set(agents.map(of))].sort().join(", ");
  const atOnce = strategies.flatMap(({ trials }) => trials.map((trial) => trial.agents?.length ?? 0));
  return {
    "agents.count": Math.max(0, ...atOnce),
    "agents.cpuModel": kinds(({ cpuModel }) => cpuModel),
    "agents.cores": kinds(({ cores }) => cores),
    "agents.architecture": kinds(({ architecture }) => architecture),
    "agents.platform": kinds(({ platform }) => platform),
    "agents.kernel": kinds(({ kernel }) => kernel),
    "agents.node": kinds(({ node }) => node),
  };
}

function scenarioFacts({ scenario }: RunReport): Facts {
  // The strategies are the rows, the name is only a name, and another seed is another draw of the same.
  const { name: _name, seed: _seed, strategies: _strategies, ...rest } = scenario;
  return prefixed("scenario", rest);
}

const notedFacts = ({ environment, tool }: RunReport): Facts => ({
  "tool.version": tool.version,
  "git.revision": environment.git?.revision,
  "git.dirty": environment.git?.dirty,
  ...prefixed("scripts", environment.scripts),
});

const prefixed = (prefix: string, facts: Facts): Facts =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [`${prefix}.${name}`, value]));

function differing(kind: DifferenceKind, facts: readonly Facts[]): Difference[] {
  const fields = [...new Set(facts.flatMap((one) => Object.keys(one)))];
  return fields.flatMap((field) => {
    const values = facts.map((one) => valueText(one[field]));
    return new Set(values).size > 1 ? [{ kind, field, values }] : [];
  });
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "-";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function loadDifference(reports: readonly RunReport[]): Difference[] {
  const loads = reports.map(({ environment }) => environment.machine.loadAverage[0] ?? 0);
  if (Math.max(...loads) - Math.min(...loads) <= LOAD_APART) return [];
  return [{ kind: "noted", field: "machine.loadAverage", values: loads.map((load) => load.toFixed(2)) }];
}

import type { Warning } from "../base/warning.js";
import { percentileUs } from "../measure/hdr.js";
import { THRESHOLDS } from "../measure/limiter.js";
import { type MachineSnapshot, stolenShare } from "../measure/machine-load.js";
import type { SegmentResult } from "../worker/segment.js";
import type { Snapshots } from "./figures.js";
import type { AgentRun } from "./generators.js";
import { mergeCounts, mergeHistograms } from "./merge.js";
import type { AgentFigures } from "./trial-result.js";

/** What each agent contributed to a trial, how busy its threads were, and how far apart they began. */

/** Starts further apart than this show in a trial of a second. */
const APART_US = 10_000;

export function agentFigures(agents: readonly AgentRun[], results: readonly SegmentResult[]): AgentFigures[] {
  return agents.map(({ agent, instances, lost, machine, clocks }) => {
    const own = results.filter(({ index }) => instances.includes(index));
    const { attempted, succeeded, failed, dropped } = mergeCounts(own);
    const latency = mergeHistograms(own.map((result) => result.response ?? result.entry));
    const stolen = machine === null ? 0 : stolenOf(machine);
    const busy = own.map(({ health }) =>
      health.cpuMs === null ? null : health.cpuMs / (health.wallMs * (1 - stolen)),
    );
    const threadBusy = own.length === 0 || busy.includes(null) ? null : Math.max(...(busy as number[]));
    const eventLoop = own.length === 0 ? null : Math.max(...own.map(({ health }) => health.eventLoopUtilization));
    // The latest thread of the agent.
    const last = clocks.reduce<(typeof clocks)[number] | undefined>(
      (latest, clock) => (latest === undefined || clock.offsetUs > latest.offsetUs ? clock : latest),
      undefined,
    );
    const isKnown = last !== undefined && Number.isFinite(last.uncertaintyUs);
    return {
      agent,
      instances,
      ...(lost === null ? {} : { lost }),
      entries: { attempted, succeeded, failed, dropped },
      latency: {
        unit: "us",
        p50: percentileUs(latency, 50),
        p99: percentileUs(latency, 99),
        max: percentileUs(latency, 100),
      },
      threadUtilization: threadBusy,
      eventLoopUtilization: eventLoop,
      stolenShare: stolen,
      generatorBound: (threadBusy ?? 0) >= THRESHOLDS.threadBusy || (eventLoop ?? 0) >= THRESHOLDS.eventLoopBusy,
      startedLateUs: isKnown ? last.offsetUs : null,
      clockUncertaintyUs: isKnown ? last.uncertaintyUs : null,
    };
  });
}

const cpuMsOf = ({ before, after }: Snapshots<MachineSnapshot>): number => after.processCpuMs - before.processCpuMs;

function stolenOf(machine: Snapshots<MachineSnapshot>): number {
  const cpuMs = cpuMsOf(machine);
  return stolenShare(machine.before, machine.after, cpuMs, cpuMs);
}

/**
 * The controller's machine with the agents' processes in place of its own. `isShared`: they run on it too; else nothing
 * is said here of what hypervisors took, but in each agent's figures.
 */
export function machineOf(
  agents: readonly AgentRun[],
  own: Snapshots<MachineSnapshot>,
  isShared: boolean,
): Snapshots<MachineSnapshot> {
  const machines = agents.flatMap(({ machine }) => machine ?? []);
  const sum = (of: (machine: Snapshots<MachineSnapshot>) => number): number =>
    machines.reduce((total, machine) => total + of(machine), 0);
  const stolen = isShared ? {} : { stolenMs: null };
  return {
    before: { ...own.before, ...stolen, processCpuMs: 0 },
    after: { ...own.after, ...stolen, processCpuMs: sum(cpuMsOf), rssBytes: sum(({ after }) => after.rssBytes) },
  };
}

/** Message and hint where agents went away; undefined where all told everything. */
export function lostAgents(agents: readonly AgentRun[]): readonly [string, string] | undefined {
  const gone = agents.filter(({ lost }) => lost !== null);
  const [first] = gone;
  if (first === undefined) return undefined;
  const others = gone.length === 1 ? "" : `, and ${gone.length - 1} more`;
  return [
    `agent ${first.agent} was lost during a trial: ${first.lost}${others}`,
    "what the other agents measured is in the report, marked as not complete; start the run again once the agent is back, " +
      "or start one agent more: it waits, and takes the place of one that is lost",
  ];
}

export function agentWarnings(agents: readonly AgentFigures[]): Warning[] {
  const warnings: Warning[] = [];
  for (const { agent, lost } of agents) {
    if (lost === undefined) continue;
    const message = `agent ${agent} is missing in these figures: ${lost}`;
    warnings.push({ code: "agent-lost", message });
  }
  const bound = agents.filter(({ generatorBound }) => generatorBound).map(({ agent }) => agent);
  if (bound.length > 0 && bound.length < agents.length) {
    const message =
      `the load generator was the limit on ${bound.join(", ")}, not on the other agents: what these measured is too ` +
      "slow; give them more free cores, or use more agents";
    warnings.push({ code: "generator-bound-agent", message });
  }
  const starts = agents.flatMap(({ startedLateUs }) => startedLateUs ?? []);
  const apartUs = starts.length < 2 ? 0 : Math.max(...starts) - Math.min(...starts);
  if (apartUs > APART_US) {
    const latest = agents.find(({ startedLateUs }) => startedLateUs === Math.max(...starts))!;
    const message =
      `agents began ${(apartUs / 1000).toFixed(1)} ms apart (expected: below ${APART_US / 1000} ms), ${latest.agent} ` +
      "last: is its machine, or its way to the control Redis, overloaded?";
    warnings.push({ code: "started-apart", message });
  }
  return warnings;
}

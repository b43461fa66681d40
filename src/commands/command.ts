import type { Command } from "commander";

/** What a command comes to. Only `cli.ts` writes to stdout and sets the exit code. */
export interface CommandResult {
  readonly exitCode: number;
  /** All of stdout, without the last line break. */
  readonly text: string;
}

/** One command of the command line: a file that exports these two. */
interface CommandModule {
  /** Arguments and options. */
  configure(command: Command): void;
  /** @throws QbenchError for what the user can act on. */
  execute(command: Command): Promise<CommandResult>;
}

export interface CommandEntry {
  readonly name: string;
  /** One line of `qbench --help`. */
  readonly summary: string;
  load(): Promise<CommandModule>;
}

/** Every command; loaded when it is named, so that `--help` does not wait for a Redis client. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "run",
    summary: "measure strategies, interleaved in rounds, and compare them",
    load: () => import("./run.js"),
  },
  {
    name: "agent",
    summary: "make the load of runs that a controller elsewhere makes: one of several machines",
    load: () => import("./agent.js"),
  },
  {
    name: "sweep",
    summary: "measure over a grid of users, connections, delays or any other option: what leads where",
    load: () => import("./sweep.js"),
  },
  {
    name: "capacity",
    summary: "find the highest arrival rate at which a service level holds",
    load: () => import("./capacity.js"),
  },
  {
    name: "admit",
    summary: "measure ways of admitting users, and what schedulers and their locks break",
    load: () => import("./admit.js"),
  },
  {
    name: "micro",
    summary: "what one entry costs, one at a time, per strategy: round trips, not throughput",
    load: () => import("./micro.js"),
  },
  {
    name: "gate",
    summary: "has a change made entering slower? base and candidate in pairs, for CI",
    load: () => import("./gate.js"),
  },
  {
    name: "predict",
    summary: "throughput and latency at other round trips, pools and users, by a queueing model; --measure checks it",
    load: () => import("./predict.js"),
  },
  {
    name: "roadmap",
    summary: "the published stages: expected, predicted, measured, their gain, cost, and which claims hold",
    load: () => import("./roadmap.js"),
  },
  {
    name: "trend",
    summary: "a figure over the saved reports of a folder, with its changes marked",
    load: () => import("./trend.js"),
  },
  {
    name: "init",
    summary: "write a CI workflow that gates pull requests",
    load: () => import("./init.js"),
  },
  {
    name: "compare",
    summary: "lay saved reports side by side",
    load: () => import("./compare.js"),
  },
  {
    name: "report",
    summary: "render a saved report: tables, charts for an article, HdrHistogram, Prometheus",
    load: () => import("./report.js"),
  },
  {
    name: "article",
    summary: "the skeleton of an article from saved reports: figures, charts and commands filled in",
    load: () => import("./article.js"),
  },
  {
    name: "list",
    summary: "strategies, scenarios, report formats, admission designs and faults that there are",
    load: () => import("./list.js"),
  },
  {
    name: "explain",
    summary: "what a strategy sends to Redis, step by step; needs no Redis",
    load: () => import("./explain.js"),
  },
  {
    name: "doctor",
    summary: "is this machine, and this Redis, fit to measure on, and what to change",
    load: () => import("./doctor.js"),
  },
  {
    name: "selftest",
    summary: "does qbench measure right here: percentiles, stalls, differences, against a server of known delays",
    load: () => import("./selftest.js"),
  },
  {
    name: "completion",
    summary: "a script for bash, zsh or fish that completes commands, options and their values",
    load: () => import("./completion.js"),
  },
];

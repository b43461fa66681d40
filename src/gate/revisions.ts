import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT, environmentError, QbenchError, throwIfAborted, usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { checkRunReport } from "../report/read.js";
import type { TrialReport } from "../report/schema.js";
import { OPTION_LIST } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Target } from "../targets/target.js";
import { SIDES, type SideName } from "./plan.js";
import type { SidesOptions, SideTrial } from "./sides.js";

/**
 * Two revisions of this project, each checked out and built in a folder of its own. A trial is a process of that
 * build: `qbench run --trials 1 --json` against the gate's server, which every revision since the first understands.
 */
export interface Revisions {
  readonly commits: Readonly<Record<SideName, string>>;
  trial(trial: SideTrial, signal: AbortSignal): Promise<TrialReport>;
  close(): Promise<void>;
}

const GIT_TIMEOUT_MS = 60_000;
const INSTALL_TIMEOUT_MS = 600_000;
const BUILD_TIMEOUT_MS = 300_000;
/** A trial's process may take this much longer than its load: starting, connecting, audit. */
const AROUND_TRIAL_MS = 60_000;
/** A process that was asked to end and does not. */
const ENDING_MS = 10_000;
const MOST_OUTPUT_BYTES = 64 << 20;

/** @throws QbenchError; no folder is left behind then. */
export async function openRevisions(options: SidesOptions, target: Target, signal: AbortSignal): Promise<Revisions> {
  const { specs, say } = options;
  const top = await topOfRepository(signal);
  const commits = {
    base: await commitOf(top, specs.base.what, signal),
    candidate: await commitOf(top, specs.candidate.what, signal),
  };
  const folder = await mkdtemp(join(tmpdir(), "qbench-gate-"));
  const close = async (): Promise<void> => {
    const never = new AbortController().signal;
    for (const commit of new Set(Object.values(commits))) {
      const tree = join(folder, commit.slice(0, 12));
      if (existsSync(tree)) await git(top, ["worktree", "remove", "--force", "--force", tree], never).catch(() => "");
    }
    await rm(folder, { recursive: true, force: true });
    await git(top, ["worktree", "prune"], never).catch(() => "");
  };
  try {
    for (const commit of new Set(Object.values(commits))) {
      const tree = join(folder, commit.slice(0, 12));
      say(`building ${SIDES.filter((side) => commits[side] === commit).join(" and ")}, ${commit.slice(0, 12)}`);
      await git(top, ["worktree", "add", "--detach", tree, commit], signal);
      await build(top, tree, signal);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const trial = (request: SideTrial, trialSignal: AbortSignal): Promise<TrialReport> =>
    runTrial(join(folder, commits[request.side].slice(0, 12)), request, options, target, trialSignal);
  return { commits, trial, close };
}

async function topOfRepository(signal: AbortSignal): Promise<string> {
  try {
    return (await git(process.cwd(), ["rev-parse", "--show-toplevel"], signal)).trim();
  } catch (error) {
    if (error instanceof QbenchError && error.kind === "interrupted") throw error;
    throw usageError("git: revisions need a git repository around the current folder", "start qbench inside a clone");
  }
}

async function commitOf(top: string, revision: string, signal: AbortSignal): Promise<string> {
  try {
    return (
      await git(top, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`], signal)
    ).trim();
  } catch (error) {
    if (error instanceof QbenchError && error.kind === "interrupted") throw error;
    throw usageError(
      `git:${printable(revision)}: this repository knows no such revision`,
      "a shallow clone has only the last one: fetch the history (in GitHub's checkout action fetch-depth: 0)",
    );
  }
}

async function build(top: string, tree: string, signal: AbortSignal): Promise<void> {
  if (!existsSync(join(tree, "bin", "qbench.js"))) {
    throw usageError("git: revisions need to be of qbench: there is no bin/qbench.js in this one");
  }
  if (existsSync(join(top, "node_modules")) && (await sameLockfile(top, tree))) {
    await symlink(join(top, "node_modules"), join(tree, "node_modules"), "dir");
  } else {
    const install = ["install", "--no-save", "--include=dev", "--no-audit", "--no-fund", "--no-update-notifier"];
    await program("npm", install, { cwd: tree, timeoutMs: INSTALL_TIMEOUT_MS, signal });
  }
  await program("npm", ["run", "--silent", "build"], { cwd: tree, timeoutMs: BUILD_TIMEOUT_MS, signal });
}

async function sameLockfile(top: string, tree: string): Promise<boolean> {
  const [here, there] = await Promise.all(
    [top, tree].map((folder) => readFile(join(folder, "package-lock.json"), "utf8").catch(() => undefined)),
  );
  return here !== undefined && here === there;
}

async function runTrial(
  tree: string,
  { strategy, scenario, seed, pair, order }: SideTrial,
  options: SidesOptions,
  target: Target,
  signal: AbortSignal,
): Promise<TrialReport> {
  const flags = [
    ...flagsOf({ ...scenario, strategies: [strategy], trials: 1, seed }),
    ...(options.target.allowRemote ? ["--allow-remote"] : []),
    ...(options.target.allowNonempty ? ["--allow-nonempty"] : []),
  ];
  const { stdout, exitCode } = await processOf(
    process.execPath,
    [join(tree, "bin", "qbench.js"), "run", ...flags, "--json", "--quiet"],
    // Not as an argument: others on this machine can read those.
    {
      cwd: tree,
      env: { QBENCH_URL: urlOf(target) },
      timeoutMs: scenario.durationMs + scenario.warmupMs + AROUND_TRIAL_MS,
      signal,
    },
  );
  throwIfAborted(signal);
  const report = parsed(stdout, exitCode);
  const [trial] = report.strategies[0]?.trials ?? [];
  if (trial === undefined || !report.complete) {
    throw environmentError(
      `a trial of this revision did not come to its end: ${report.error?.message ?? "no reason told"}`,
    );
  }
  return { ...trial, round: pair, order };
}

function parsed(stdout: string, exitCode: number | null) {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    throw environmentError(
      `a trial of a revision ended with ${exitCode} and told no result`,
      "run that revision by hand",
    );
  }
  const { error } = value as { error?: { message?: unknown; code?: unknown; hint?: unknown } };
  if (error !== undefined && typeof error.message === "string") {
    const kind = error.code === EXIT.usage ? "usage" : error.code === EXIT.bug ? "bug" : "environment";
    const code = { usage: EXIT.usage, bug: EXIT.bug, environment: EXIT.environment }[kind];
    throw new QbenchError(kind, code, `a revision said: ${printable(error.message, 500)}`);
  }
  return checkRunReport(value, "what a revision printed");
}

/** Options that differ from the defaults: an old revision need not know those that came later. */
function flagsOf(scenario: Scenario): string[] {
  return OPTION_LIST.flatMap(({ flag, property, type, fallback }) => {
    const value = scenario[property];
    if (value === null || value === undefined) return [];
    const text = type.format(value as NonNullable<unknown>);
    const isDefault =
      fallback !== undefined && fallback !== null && type.format(fallback as NonNullable<unknown>) === text;
    // An entry count outranks a duration of the same source.
    if (isDefault || (property === "durationMs" && scenario.entries !== null)) return [];
    return [`--${flag}`, text];
  });
}

function urlOf({ endpoints }: Target): string {
  const { host, port, tls, username, password, db } = endpoints[0]!;
  const login = password === undefined ? "" : `${encodeURIComponent(username ?? "")}:${encodeURIComponent(password)}@`;
  return `redis${tls ? "s" : ""}://${login}${host.includes(":") ? `[${host}]` : host}:${port}/${db}`;
}

const git = (cwd: string, args: readonly string[], signal: AbortSignal): Promise<string> =>
  program("git", args, { cwd, timeoutMs: GIT_TIMEOUT_MS, signal });

interface ProgramOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/** What it wrote to stdout. @throws QbenchError (environment) with its last words if it fails */
async function program(name: string, args: readonly string[], options: ProgramOptions): Promise<string> {
  const { stdout, stderr, exitCode } = await processOf(name, args, options);
  throwIfAborted(options.signal);
  if (exitCode === 0) return stdout;
  const words = printable(stderr.trim().split("\n").slice(-5).join("; ") || stdout.trim().slice(-500), 600);
  throw environmentError(`${name} ${args[0]} ended with ${exitCode ?? "a signal"}: ${words}`);
}

/** A process that ends with us: when the gate is interrupted, or takes too long, it is told and then made to. */
function processOf(
  name: string,
  args: readonly string[],
  { cwd, timeoutMs, signal, env = {} }: ProgramOptions,
): Promise<{ stdout: string; stderr: string; exitCode: number | null }> {
  throwIfAborted(signal);
  // Inside a git hook these point at another repository; options of this gate are no options of its trials.
  const inherited = Object.entries(process.env).filter(([key]) => !/^(GIT_|QBENCH_|NODE_OPTIONS$)/.test(key));
  const child: ChildProcess = spawn(name, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    const out = { stdout: "", stderr: "" };
    let forced: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill("SIGINT");
      forced ??= setTimeout(() => child.kill("SIGKILL"), ENDING_MS);
    };
    const late = setTimeout(end, timeoutMs);
    signal.addEventListener("abort", end, { once: true });
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
        if (out[stream].length < MOST_OUTPUT_BYTES) out[stream] += chunk;
      });
    }
    const settle = (): void => {
      clearTimeout(late);
      clearTimeout(forced);
      signal.removeEventListener("abort", end);
    };
    child.on("error", (error) => {
      settle();
      reject(environmentError(`${name} could not be started: ${error.message}`));
    });
    child.on("close", (exitCode) => {
      settle();
      resolve({ ...out, exitCode });
    });
  });
}

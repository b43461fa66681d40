import { throwIfAborted } from "../base/errors.js";
import { Bench, openPlace, type Place, type PlaceOptions, sameThreads } from "../engine/bench.js";
import { trialReport } from "../report/builder.js";
import type { TrialReport } from "../report/schema.js";
import type { Scenario } from "../scenario/scenario.js";
import { lua } from "../strategies/lua.js";
import { isLuaFileName } from "../strategies/lua-file.js";
import type { Target } from "../targets/target.js";
import type { GateCase, SideName } from "./plan.js";
import { openRevisions } from "./revisions.js";
import type { SideSpec } from "./side-spec.js";

/** One trial of one side. */
export interface SideTrial {
  readonly side: SideName;
  readonly strategy: string;
  readonly scenario: Scenario;
  /** From 0. */
  readonly pair: number;
  /** 0: the first of its pair. */
  readonly order: number;
  readonly seed: number;
}

/** Both sides of a gate, opened: what is warm stays warm from the first trial to the last. */
export interface Sides {
  /** The server of each; often one and the same. */
  readonly targets: Readonly<Record<SideName, Target>>;
  /** The commit of each, where sides are revisions. */
  readonly revisions?: Readonly<Record<SideName, string>>;
  /** Whether there is code that a first trial would meet cold. */
  readonly isWarm: boolean;
  /** @throws QbenchError */
  trial(trial: SideTrial, signal: AbortSignal): Promise<TrialReport>;
  /** Nothing is left behind. @throws QbenchError (environment) if keys could not be removed. */
  close(): Promise<void>;
}

export interface SidesOptions {
  readonly specs: Readonly<Record<SideName, SideSpec>>;
  readonly scenarios: Readonly<Record<SideName, Scenario>>;
  readonly cases: readonly GateCase[];
  readonly target: PlaceOptions;
  /** Told what takes long before anything is measured. */
  readonly say: (line: string) => void;
}

/** @throws QbenchError; nothing is left behind then. */
export async function openSides(options: SidesOptions, signal: AbortSignal): Promise<Sides> {
  const { specs, scenarios, cases } = options;
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    let failure: unknown;
    // What was opened last goes first; one that fails does not keep the others.
    for (const one of opened.splice(0).reverse()) await one.close().catch((error: unknown) => (failure ??= error));
    if (failure !== undefined) throw failure;
  };
  const place = async (urls: readonly string[]): Promise<Place> => {
    throwIfAborted(signal);
    const opening = await openPlace({ ...options.target, urls, signal }, scenarios.base.timeoutMs);
    opened.push({ close: () => opening.target.stop() });
    return opening;
  };
  try {
    const ofBase = await place(specs.base.kind === "url" ? [specs.base.what] : options.target.urls);
    const ofCandidate = specs.candidate.kind === "url" ? await place([specs.candidate.what]) : ofBase;
    const targets = { base: ofBase.target, candidate: ofCandidate.target };
    if (specs.base.kind === "git") {
      const revisions = await openRevisions(options, ofBase.target, signal);
      opened.push(revisions);
      return { targets, isWarm: false, revisions: revisions.commits, trial: revisions.trial, close };
    }
    const benchOf = async (at: Place, side: SideName): Promise<Bench> => {
      throwIfAborted(signal);
      const strategies = [...new Set(cases.flatMap((one) => [one.base, one.candidate]))];
      const bench = await Bench.open(at, scenarios[side], strategies);
      opened.push(bench);
      return bench;
    };
    const base = await benchOf(ofBase, "base");
    const isShared = ofBase === ofCandidate && sameThreads(scenarios.base, scenarios.candidate);
    const benches = { base, candidate: isShared ? base : await benchOf(ofCandidate, "candidate") };
    const trial = async ({ side, scenario, strategy, pair, order, seed }: SideTrial): Promise<TrialReport> => {
      // Whoever gates a script wants it in the place of ours, so it is held to what that promises.
      const held = isLuaFileName(strategy) ? { heldTo: lua.name } : {};
      const plan = { strategy, round: pair, order, seed, ...held };
      return trialReport(await benches[side].trial(scenario, plan, signal));
    };
    return { targets, isWarm: true, trial, close };
  } catch (error) {
    // What went wrong first is what the user needs to hear.
    await close().catch(() => {});
    throw error;
  }
}

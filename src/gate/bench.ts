import { Instances } from "../engine/instances.js";
import { CONNECT_TIMEOUT_MS } from "../engine/run.js";
import { type ConcertNumbers, runTrial } from "../engine/trial.js";
import type { TrialPlan } from "../plan/plan.js";
import { trialReport } from "../report/builder.js";
import type { TrialReport } from "../report/schema.js";
import type { Scenario } from "../scenario/scenario.js";
import { type LuaFile, strategyNamed } from "../strategies/index.js";
import type { Target } from "../targets/target.js";

/** A server and the warm threads that load it: one trial after another, each of whichever strategy is asked for. */
export class Bench {
  readonly #target: Target;
  readonly #runId: string;
  readonly #concerts: ConcertNumbers;
  readonly #instances: Instances;

  private constructor(target: Target, runId: string, concerts: ConcertNumbers, instances: Instances) {
    this.#target = target;
    this.#runId = runId;
    this.#concerts = concerts;
    this.#instances = instances;
  }

  /**
   * @param place the server, and whoever shares it draws concert numbers from one source
   * @throws QbenchError if it cannot be reached
   */
  static async open(
    place: { readonly target: Target; readonly runId: string; readonly concerts: ConcertNumbers },
    scenario: Scenario,
    strategies: readonly string[],
    luaFiles: readonly LuaFile[],
  ): Promise<Bench> {
    const driver = {
      endpoints: place.target.endpoints,
      pool: scenario.pool,
      writes: scenario.writes,
      scripts: strategies.flatMap((name) => strategyNamed(name).scripts),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    };
    const instances = await Instances.open(scenario, driver, luaFiles);
    return new Bench(place.target, place.runId, place.concerts, instances);
  }

  async trial(scenario: Scenario, plan: TrialPlan, signal: AbortSignal): Promise<TrialReport> {
    const context = {
      scenario,
      target: this.#target,
      instances: this.#instances,
      runId: this.#runId,
      concerts: this.#concerts,
      signal,
      onMeasuring: () => {},
    };
    return trialReport(await runTrial(context, plan));
  }

  close(): Promise<void> {
    return this.#instances.close();
  }
}

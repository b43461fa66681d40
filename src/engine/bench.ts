import { randomBytes } from "node:crypto";
import type { TrialPlan } from "../plan/plan.js";
import type { Scenario } from "../scenario/scenario.js";
import { strategyNamed } from "../strategies/index.js";
import { openTarget, type Target, type TargetOptions } from "../targets/target.js";
import { longestAwayMs } from "../worker/away.js";
import { Instances } from "./instances.js";
import { CONNECT_TIMEOUT_MS } from "./run.js";
import { ConcertNumbers, runTrial } from "./trial.js";
import type { TrialResult } from "./trial-result.js";

/**
 * A server and the warm threads that load it, for whoever decides trial by trial what to measure next: the selftest,
 * whose server changes between two trials. A run, whose plan is known before, is `runScenario`.
 */
export class Bench {
  readonly target: Target;
  readonly #instances: Instances;
  readonly #runId: string;
  readonly #concerts = new ConcertNumbers();

  private constructor(target: Target, instances: Instances, runId: string) {
    this.target = target;
    this.#instances = instances;
    this.#runId = runId;
  }

  /** `scenario`: its threads and connections serve every trial. @throws QbenchError; nothing is left behind then. */
  static async open(
    scenario: Scenario,
    options: Omit<TargetOptions, "runId" | "connectTimeoutMs" | "reconnectForMs">,
  ): Promise<Bench> {
    const runId = randomBytes(4).toString("hex");
    const reconnectForMs = longestAwayMs(scenario.timeoutMs);
    const target = await openTarget({ ...options, runId, connectTimeoutMs: CONNECT_TIMEOUT_MS, reconnectForMs });
    try {
      const instances = await Instances.open(scenario, {
        endpoints: target.endpoints,
        pool: scenario.pool,
        writes: scenario.writes,
        scripts: scenario.strategies.flatMap((name) => strategyNamed(name).scripts),
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
      });
      return new Bench(target, instances, runId);
    } catch (error) {
      await target.stop().catch(() => {});
      throw error;
    }
  }

  trial(scenario: Scenario, plan: TrialPlan, signal: AbortSignal): Promise<TrialResult> {
    const { target } = this;
    const [instances, runId, concerts] = [this.#instances, this.#runId, this.#concerts];
    return runTrial({ scenario, target, instances, runId, concerts, signal, onMeasuring() {} }, plan);
  }

  async close(): Promise<void> {
    await this.#instances.close();
    await this.target.stop();
  }
}

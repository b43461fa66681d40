import { usageError } from "../base/errors.js";
import { readsReplicas, type Scenario } from "./scenario.js";

type Replicating = Pick<Scenario, "waitReplicas" | "pollBy" | "pollEvery">;

/** Whether there must be replicas for the scenario's options. */
export const needsReplicas = (scenario: Replicating): boolean => scenario.waitReplicas > 0 || readsReplicas(scenario);

/** `fewest`: replicas that a primary has. @throws QbenchError (usage) if the options need more, or a cluster */
export function checkReplicas(scenario: Replicating, isCluster: boolean, fewest: number): void {
  if (readsReplicas(scenario) && !isCluster) {
    throw usageError(
      "--poll-by replica: the target is one server, and replicas are read in clusters only",
      "--cluster-shape 3x1 starts a cluster with a replica for each primary",
    );
  }
  if (readsReplicas(scenario) && fewest === 0) {
    throw usageError(
      "--poll-by replica: a primary has no replica to read from",
      "--cluster-shape 3x1 starts a cluster with one for each",
    );
  }
  if (fewest >= scenario.waitReplicas) return;
  throw usageError(
    `--wait-replicas ${scenario.waitReplicas}: a primary has ${fewest} replicas`,
    "as many as that many must have each write; --cluster-shape 3x1 starts a cluster with one each",
  );
}

import { usageError } from "../base/errors.js";

/** How many primaries an embedded cluster has, and how many replicas each of them. */
export interface ClusterShape {
  readonly primaries: number;
  readonly replicasEach: number;
}

/** What Redis' own documentation calls the smallest cluster that survives the loss of a node. */
export const DEFAULT_SHAPE: ClusterShape = { primaries: 3, replicasEach: 1 };

const MOST_PRIMARIES = 12;
const MOST_REPLICAS = 3;

/** "3x1": three primaries with one replica each. @throws QbenchError (usage) */
export function parseClusterShape(text: string): ClusterShape {
  const [, primaries, replicas] = /^(\d{1,3})x(\d{1,3})$/.exec(text) ?? [];
  const shape = { primaries: Number(primaries), replicasEach: Number(replicas) };
  if (
    primaries === undefined ||
    shape.primaries < 1 ||
    shape.primaries > MOST_PRIMARIES ||
    shape.replicasEach > MOST_REPLICAS
  ) {
    throw usageError(
      `--cluster-shape: expected PRIMARIESxREPLICAS such as 3x1, got ${JSON.stringify(text.slice(0, 20))}`,
      `1 to ${MOST_PRIMARIES} primaries with 0 to ${MOST_REPLICAS} replicas each; a failover needs 3 primaries or more`,
    );
  }
  return shape;
}

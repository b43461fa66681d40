import type { PredictCell } from "../predict/plan.js";
import type { Scenario } from "../scenario/scenario.js";
import { parseClusterShape } from "../targets/cluster-shape.js";
import type { Roadmap, Stage } from "./stages.js";

/** A stage under one of the roadmap's variants: what is measured. */
export interface RoadmapCell extends PredictCell {
  readonly stage: string;
  readonly variant: string;
}

/**
 * Every stage that can be measured, under every variant where something is claimed of it or held against it, else under
 * the first alone.
 * @param resolve the scenario with these options before its own
 * @throws QbenchError (usage) if an option is wrong
 */
export function cellsOf(
  { stages, variants }: Roadmap,
  resolve: (options: Readonly<Record<string, string>>) => Scenario,
): RoadmapCell[] {
  const against = new Set(stages.flatMap(({ claim }) => claim?.against ?? []));
  const isJudged = ({ name, claim }: Stage): boolean => claim !== undefined || against.has(name);
  return stages.flatMap((stage) => {
    const { options } = stage;
    if (options === null) return [];
    return (isJudged(stage) ? variants : variants.slice(0, 1)).map((variant) => {
      const at = { ...options, ...variant.options };
      const cluster = stage.cluster === undefined ? undefined : parseClusterShape(stage.cluster);
      return { stage: stage.name, variant: variant.name, at, cluster, scenario: resolve(at) };
    });
  });
}

import { share } from "../scenario/shares.js";
import type { Segment } from "../worker/segment.js";

/**
 * The instances of each of `agents` places, one after another: every instance belongs to exactly one. What an instance
 * does follows from its number alone, so the agents' parts make the whole, whichever machine it is on.
 */
export function placesOf(instances: number, agents: number): number[][] {
  let next = 0;
  return Array.from({ length: agents }, (_, place) =>
    Array.from({ length: share(instances, place, agents) }, () => next++),
  );
}

/** The segments of a place; what they share with this process' threads does not travel. */
export const segmentsAt = (segments: readonly Segment[], instances: readonly number[]): Segment[] =>
  instances.map((index) => {
    const { currentGenerations: _, ...own } = segments[index]!;
    return own;
  });

import { usageError } from "../base/errors.js";
import { didYouMean } from "../base/suggest.js";

/** The word given to a command that takes one of a few, or none. @throws QbenchError (usage) */
export function topicOf<T extends string>(given: string | undefined, what: string, known: readonly T[]): T | undefined {
  if (given === undefined) return undefined;
  const topic = known.find((one) => one === given);
  if (topic === undefined) {
    throw usageError(`${what}: unknown "${given}"${didYouMean(given, known)}`, `there are ${known.join(", ")}`);
  }
  return topic;
}

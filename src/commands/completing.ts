import type { Argument, Option } from "commander";

/** Asked for only when a script that completes is made: they may come from tables that `--help` does without. */
export type Words = () => readonly string[] | Promise<readonly string[]>;

const known = new WeakMap<Argument | Option, Words>();

/** What an option or argument takes, for shells; one that ends in `=` or `@` is gone on with. */
export function completing<T extends Argument | Option>(taker: T, words: Words): T {
  known.set(taker, words);
  return taker;
}

/** None where nobody can guess, or it is a file. */
export const wordsOf = async (taker: Argument | Option): Promise<readonly string[]> =>
  taker.argChoices ?? (await known.get(taker)?.()) ?? [];

/** Words that a JSON Schema allows; none where it allows numbers, times or a form of its own. */
export function enumIn(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if ("enum" in schema && Array.isArray(schema.enum)) return schema.enum.map(String);
  return (
    Object.values(schema)
      .map(enumIn)
      .find((words) => words.length > 0) ?? []
  );
}

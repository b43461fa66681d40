import { QbenchError, usageError } from "./errors.js";

/** Beyond this a list of mistakes helps nobody. */
const MOST_TOLD = 30;

/** What is wrong with all that was asked for, so that whoever asked hears of everything at once. */
export class Mistakes {
  readonly #found: QbenchError[] = [];

  /** What the check makes, or undefined where it finds a mistake; what is no mistake of usage is thrown at once. */
  take<T>(check: () => Promise<T>): Promise<T | undefined>;
  take<T>(check: () => T): T | undefined;
  take<T>(check: () => T | Promise<T>): T | Promise<T | undefined> | undefined {
    try {
      const made = check();
      return made instanceof Promise ? made.catch((error: unknown) => this.#keep(error)) : made;
    } catch (error) {
      return this.#keep(error);
    }
  }

  #keep(error: unknown): undefined {
    if (!(error instanceof QbenchError) || error.kind !== "usage") throw error;
    // What is wrong with both of two that share it is told once.
    if (!this.#found.some(({ message }) => message === error.message)) this.#found.push(error);
  }

  /**
   * @param made what the checks made
   * @returns the same, of which then nothing is missing
   * @throws QbenchError (usage) that tells every mistake
   */
  settle<T extends object>(made: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
    const [first, ...others] = this.#found;
    if (first !== undefined && others.length === 0) throw first;
    if (first !== undefined) {
      // Of several hints, each stands where it is of use.
      const told = this.#found.flatMap(({ mistakes, hint }) =>
        hint === undefined ? mistakes : hinted(mistakes, hint),
      );
      throw mistakesError(told);
    }
    return made as { [Name in keyof T]: Exclude<T[Name], undefined> };
  }
}

const hinted = (mistakes: readonly string[], hint: string): string[] => [
  ...mistakes.slice(0, -1),
  `${mistakes.at(-1)}\n  ${hint}`,
];

/** One error of several mistakes, each told in a line of its own. */
export function mistakesError(mistakes: readonly string[], hint?: string): QbenchError {
  if (mistakes.length === 1) return usageError(mistakes[0]!, hint);
  const told = mistakes.slice(0, MOST_TOLD);
  const more = mistakes.length > told.length ? [`and ${mistakes.length - told.length} more`] : [];
  const lines = [...told, ...more].map((one) => `  ${one.replaceAll("\n", "\n  ")}`);
  const message = `${mistakes.length} mistakes in what is asked for:\n${lines.join("\n")}`;
  return usageError(message, hint, mistakes);
}

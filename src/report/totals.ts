import { printable } from "./format.js";

/** Adds up counts by kind; kinds in order of their names. */
export function totalOf(parts: readonly Readonly<Record<string, number | undefined>>[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const part of parts) {
    for (const [kind, n] of Object.entries(part)) total.set(kind, (total.get(kind) ?? 0) + (n ?? 0));
  }
  return Object.fromEntries([...total].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const LONGEST_EXAMPLE = 200;

/** What a failure of each kind was told by, the first that is known, fit to be shown; nothing where none is. */
export function examplesOf(parts: readonly { readonly failureExamples?: Readonly<Record<string, string>> }[]): {
  readonly failureExamples?: Readonly<Record<string, string>>;
} {
  const firstOfEach: Record<string, string> = Object.assign({}, ...parts.map((one) => one.failureExamples).reverse());
  const examples = Object.entries(firstOfEach).map(([kind, text]) => [kind, printable(text, LONGEST_EXAMPLE)]);
  return examples.length === 0 ? {} : { failureExamples: Object.fromEntries(examples) };
}

import { distance } from "fastest-levenshtein";

const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Edits between two words; letters swapped (`vsu`) are one slip of the hand, not two edits. */
function farness(a: string, b: string): number {
  const edits = distance(a, b);
  return edits === 2 && [...a].sort().join() === [...b].sort().join() ? 1 : edits;
}

/** The name that was probably meant by `word`, if one is close enough. Case and dashes do not count. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const wanted = plain(word.slice(0, 100));
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: { name: string; far: number } | undefined;
  for (const name of names) {
    const far = farness(wanted, plain(name));
    if (far <= limit && (best === undefined || far < best.far)) best = { name, far };
  }
  return best?.name;
}

/** ` (did you mean "lua"?)`, or nothing: to be put behind the word that is not known. */
export function didYouMean(word: string, names: readonly string[]): string {
  const name = nearest(word, names);
  return name === undefined ? "" : ` (did you mean "${name}"?)`;
}

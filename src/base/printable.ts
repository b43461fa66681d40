// Control characters, and those that turn the direction of writing or hide.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from outside, fit for a terminal: what could steer it is spelled out, what is too long is cut. */
export function printable(text: string, longest = 120): string {
  const safe = text
    .slice(0, longest + 1)
    .replace(UNPRINTABLE, (char) => `\\u{${(char.codePointAt(0) as number).toString(16)}}`);
  return safe.length > longest ? `${safe.slice(0, longest - 1)}…` : safe;
}

/**
 * How often something happens, from how often it did: Wilson's interval of a binomial share. It stays within 0 … 1, has an
 * upper end above 0 where nothing was seen, and covers close to what it says for rare events, where the textbook's
 * p ± z·√(p(1−p)/n) has no width at all. It takes the cases for independent of each other.
 */
export interface Proportion {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the normal distribution: an interval of 95 %. */
const Z_95 = 1.959963984540054;

/** @param count of `cases`, whole numbers, 0 ≤ count ≤ cases, cases > 0. */
export function wilsonInterval(count: number, cases: number, z = Z_95): Proportion {
  if (!(cases > 0 && count >= 0 && count <= cases)) throw new RangeError(`no share: ${count} of ${cases}`);
  const share = count / cases;
  const spread = (z * z) / cases;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (z / (1 + spread)) * Math.sqrt((share * (1 - share)) / cases + spread / (4 * cases));
  // Exactly 0 and 1 at the ends, which rounding would miss by a hair.
  return {
    share,
    low: count === 0 ? 0 : Math.max(0, middle - half),
    high: count === cases ? 1 : Math.min(1, middle + half),
  };
}

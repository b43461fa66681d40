/**
 * Wilcoxon's signed-rank test, exact, and what belongs to it: the Hodges–Lehmann estimate and the bounds that invert
 * the test. Sources: Wilcoxon, Biometrics Bulletin 1 (1945); Hodges & Lehmann, Ann. Math. Stat. 34 (1963); Pratt, JASA
 * 54 (1959) on zeros; Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, chapter 3.
 *
 * Zeros are ranked with the others and then left out (Pratt): they carry no sign, but their being small counts for the
 * rest. Ties share the mean of their ranks. The distribution is that of these very ranks under all 2^n choices of
 * signs, so p is exact with zeros and ties too. Doubled, mean ranks are whole numbers: the choices are counted by a
 * table over sums, n · n² steps instead of 2^n.
 */

/** Counts of 2^n choices are exact in a double up to here; beyond it p is right to many digits all the same. */
const MOST = 200;

/**
 * The chance, if positive and negative were equally likely for every difference, that the ranks of the positive ones
 * sum to what they do or more: small where the differences lie above zero. 1 where all are zero, or there are none.
 * @throws RangeError with more than 200 differences, or one that is no number.
 */
export function signedRankP(differences: readonly number[]): number {
  check(differences);
  const ranks = doubledRanks(differences.map(Math.abs));
  const signed = ranks.filter((_, i) => differences[i] !== 0);
  const observed = ranks.reduce((sum, rank, i) => sum + ((differences[i] as number) > 0 ? rank : 0), 0);
  const share = sharesOfSums(signed);
  // From the small end, so that nothing is lost beside the large terms.
  return Math.min(1, sum([...share].slice(observed).reverse()));
}

/** The median of all Walsh averages (the means of two differences, each also with itself). @throws RangeError of none. */
export function hodgesLehmann(differences: readonly number[]): number {
  const averages = walshAverages(differences);
  const half = Math.floor(averages.length / 2);
  const upper = averages[half] as number;
  return averages.length % 2 === 1 ? upper : ((averages[half - 1] as number) + upper) / 2;
}

/**
 * Bounds of the differences' centre, each of which is right with at least `confidence`: the k-th smallest and the k-th
 * largest Walsh average, k − 1 being the largest rank sum whose chance is at most 1 − `confidence`. Ties only make them
 * safer. Infinite where so few differences cannot promise that much. @throws RangeError of none.
 */
export function signedRankBounds(differences: readonly number[], confidence: number): { low: number; high: number } {
  const averages = walshAverages(differences);
  const share = sharesOfSums(differences.map((_, i) => i + 1));
  let k = 0;
  // The last digits of a sum of many shares may not decide.
  for (let tail = share[0] as number; tail <= (1 - confidence) * (1 + 1e-12); tail += share[k] as number) k++;
  if (k === 0) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return { low: averages[k - 1] as number, high: averages[averages.length - k] as number };
}

/** The smallest p that `count` differences can have: all of them positive. */
export const smallestP = (count: number): number => 2 ** -count;

/** Ascending. */
function walshAverages(differences: readonly number[]): Float64Array {
  check(differences);
  if (differences.length === 0) throw new RangeError("no centre of nothing");
  return Float64Array.from(differences.flatMap((a, i) => differences.slice(i).map((b) => (a + b) / 2))).sort();
}

/** Twice the rank of each value, equal values sharing the mean of theirs. */
function doubledRanks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => {
    const first = sorted.indexOf(value);
    const last = sorted.lastIndexOf(value);
    return first + 1 + last + 1;
  });
}

/** The share of all choices of signs in which the positive ranks sum to 0, 1, 2, …; ranks are whole numbers. */
function sharesOfSums(ranks: readonly number[]): Float64Array {
  const shares = new Float64Array(sum(ranks) + 1);
  shares[0] = 1;
  let largest = 0;
  for (const rank of ranks) {
    largest += rank;
    for (let total = largest; total >= 0; total--) {
      const without = shares[total] as number;
      const withRank = total >= rank ? (shares[total - rank] as number) : 0;
      shares[total] = (without + withRank) / 2;
    }
  }
  return shares;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function check(differences: readonly number[]): void {
  if (differences.length > MOST) throw new RangeError(`expected at most ${MOST} differences`);
  if (!differences.every(Number.isFinite)) throw new RangeError("expected differences that are finite numbers");
}

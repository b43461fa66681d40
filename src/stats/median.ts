/** A median of trials and the interval that holds the true one. */
export interface MedianInterval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Chance that an interval made like this holds the true median. */
  readonly coverage: number;
}

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** The middle value; of an even number, the mean of the two in the middle. @throws RangeError without values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("no median of nothing");
  const sorted = ascending(values);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/**
 * The median with an interval between two order statistics: the k-th smallest and the k-th largest value, with the
 * largest k that covers at least `confidence`. It needs no assumption about the distribution and always holds the
 * median. With fewer than six values not even the smallest and the largest cover 95 %: they are given all the same,
 * and `coverage` (five: 0.9375, one: 0) says how little they promise.
 * Source: David & Nagaraja, Order Statistics, section 7.1 (the count of values below the median is binomial).
 * @throws RangeError without values.
 */
export function medianInterval(values: readonly number[], confidence = 0.95): MedianInterval {
  const sorted = ascending(values);
  const n = sorted.length;
  // `tail` is P(fewer than k of n values below the median); terms are binomial(n, i) / 2^n.
  let term = 2 ** -n;
  let tail = term;
  let k = 1;
  while (k < n) {
    term *= (n - k + 1) / k;
    if (1 - 2 * (tail + term) < confidence) break;
    tail += term;
    k += 1;
  }
  return {
    median: median(sorted),
    low: sorted[k - 1] as number,
    high: sorted[n - k] as number,
    coverage: Math.max(0, 1 - 2 * tail),
  };
}

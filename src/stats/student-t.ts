/**
 * Student's t distribution. Source of the formulas: Abramowitz & Stegun 26.7.1 (relation to the incomplete beta
 * function) and 6.1.41 (Stirling's series); NIST Digital Library of Mathematical Functions 8.17.22 (continued fraction).
 */

/** ln Γ(x) for x > 0: Stirling's series, after shifting x to where four terms give twelve digits. */
function lnGamma(x: number): number {
  let z = x;
  let shift = 0;
  while (z < 15) {
    shift += Math.log(z);
    z += 1;
  }
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** The continued fraction of the incomplete beta function, by Lentz's method; converges fast for x < (a + 1) / (a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const bounded = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / bounded(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / bounded(1 + even * d);
    c = bounded(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / bounded(1 + odd * d);
    c = bounded(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

/** The regularised incomplete beta function I_x(a, b); `1 − x` is given apart, since subtracting it would lose digits. */
function incompleteBeta(x: number, oneLessX: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (oneLessX <= 0) return 1;
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log(oneLessX));
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a;
  return 1 - (front * betaFraction(oneLessX, b, a)) / b;
}

/** P(T ≤ t) with `df` degrees of freedom (any positive number). */
export function studentTCdf(t: number, df: number): number {
  const sum = df + t * t;
  const bothTails = incompleteBeta(df / sum, (t * t) / sum, df / 2, 0.5);
  return t < 0 ? bothTails / 2 : 1 - bothTails / 2;
}

/**
 * The t below which a share `p` of the distribution lies; found by halving, to ten digits.
 * @throws RangeError unless 0 < p < 1 and df > 0.
 */
export function studentTQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1) || !(df > 0)) throw new RangeError(`no quantile for p = ${p}, df = ${df}`);
  if (p < 0.5) return -studentTQuantile(1 - p, df);
  if (p === 0.5) return 0;
  let low = 0;
  let high = 1;
  while (studentTCdf(high, df) < p && high < 1e12) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-11 * high; i++) {
    const middle = (low + high) / 2;
    if (studentTCdf(middle, df) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * A closed queueing network, solved exactly: so many customers go round stations for ever, and how long one stays at a
 * station depends on how many are there. Without that dependence the answer is that of mean value analysis (Reiser and
 * Lavenberg, J. ACM 27, 1980), which loses its digits with it; so this is Buzen's convolution (Comm. ACM 16, 1973), in
 * logarithms, which adds nothing but positive terms and keeps them.
 */
export interface Station {
  /** µs from one customer's leaving to the next one's, while `present` are there; of one entry, all its visits together. */
  demandUs(present: number): number;
  /** So many stations like it, of which a customer visits one, any as likely as another. */
  readonly count?: number;
}

/** A wait that does not depend on how many wait. */
export const delay = (us: number): Station => ({ demandUs: (present) => us / present });

/** A server that takes one after another, each for the same time on the mean. */
export const queue = (us: number): Station => ({ demandUs: () => us });

export interface Solution {
  /** Customers that a step of the arrays below stands for: 1, or more where there are very many. */
  readonly lump: number;
  /** Entries a µs with 0, 1, … lumps of customers. */
  readonly perUs: readonly number[];
  /** Share of the time in which a station is not empty, with all customers; in the order of the stations. */
  readonly busy: readonly number[];
}

/** The work grows with the square. Beyond, customers move in lumps: in so large a crowd one more or less is no matter. */
const MOST_STEPS = 400;

/** @throws RangeError without customers */
export function solve(stations: readonly Station[], customers: number, mostSteps = MOST_STEPS): Solution {
  if (!(customers >= 1)) throw new RangeError(`no network of ${customers} customers`);
  const steps = Math.min(Math.floor(customers), mostSteps);
  const lump = customers / steps;
  const weights = stations.map((station) => weightsOf(station, steps, lump));
  const groups = weights.map((one, i) => power(one, stations[i]?.count ?? 1));
  const all = groups.reduce(convolved);
  const others = stations.map((station, i) => {
    const rest = groups.filter((_, k) => k !== i);
    const twins = (station.count ?? 1) - 1;
    if (twins > 0) rest.push(power(weights[i]!, twins));
    return rest.length === 0 ? undefined : rest.reduce(convolved);
  });
  const last = all[steps]!;
  return {
    lump,
    perUs: all.map((one, n) => (n === 0 ? 0 : lump * Math.exp(all[n - 1]! - one))),
    // All customers are elsewhere.
    busy: others.map((rest) => (rest === undefined ? 1 : 1 - Math.exp(rest[steps]! - last))),
  };
}

/** Logarithms of the weights of 0, 1, … lumps at one of the station's twins. */
function weightsOf({ demandUs, count = 1 }: Station, steps: number, lump: number): number[] {
  const weights = [0];
  for (let n = 1; n <= steps; n++) {
    const demand = (lump * demandUs(n * lump)) / count;
    weights.push(weights[n - 1]! + Math.log(demand));
  }
  return weights;
}

/** Below this share of the largest term a term is lost in its digits anyway. */
const NOTHING = -45;

/** Logarithms of the sums, over all ways to share n between two, of the products. */
function convolved(a: readonly number[], b: readonly number[]): number[] {
  return a.map((_, n) => {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k <= n; k++) largest = Math.max(largest, a[k]! + b[n - k]!);
    if (largest === Number.NEGATIVE_INFINITY) return largest;
    let sum = 0;
    for (let k = 0; k <= n; k++) {
      const below = a[k]! + b[n - k]! - largest;
      if (below > NOTHING) sum += Math.exp(below);
    }
    return largest + Math.log(sum);
  });
}

function power(weights: readonly number[], exponent: number): readonly number[] {
  if (exponent === 1) return weights;
  const half = power(weights, Math.floor(exponent / 2));
  const square = convolved(half, half);
  return exponent % 2 === 0 ? square : convolved(square, weights);
}

/**
 * Arrivals of the open model before a network whose throughput is known for any number inside: by Chandy, Herzog and Woo
 * (IBM J. Res. Dev. 19, 1975) the network is taken for one server of that speed, so what is left is a birth and death
 * process. Arrivals are taken for Poisson ones; constant ones wait a little less.
 */
export interface OpenQueue {
  /** Entries a µs that are not dropped. */
  readonly perUs: number;
  readonly meanUs: number;
  /** Entries in progress on the mean, those that wait for a connection included. */
  readonly inProgress: number;
}

/** So far beyond the largest weight nothing counts any more. */
const NEGLIGIBLE = 1e-18;
const LARGEST = 1e200;

/**
 * @param arrivalsPerUs above 0
 * @param perUs entries a µs with n inside, for n from 1
 * @param most entries in progress above which arrivals are dropped
 */
export function openQueue(arrivalsPerUs: number, perUs: (inside: number) => number, most: number): OpenQueue {
  let [weight, sum, weighted, largest] = [1, 1, 0, 1];
  let last = 0;
  for (let n = 1; n <= most; n++) {
    weight *= arrivalsPerUs / perUs(n);
    sum += weight;
    weighted += n * weight;
    last = n;
    largest = Math.max(largest, weight);
    if (weight < NEGLIGIBLE * largest) break;
    if (sum > LARGEST) {
      [weight, sum, weighted, largest] = [weight / sum, 1, weighted / sum, largest / sum];
    }
  }
  const dropped = last === most ? weight / sum : 0;
  const accepted = arrivalsPerUs * (1 - dropped);
  const inProgress = weighted / sum;
  return { perUs: accepted, meanUs: inProgress / accepted, inProgress };
}

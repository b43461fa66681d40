import { prng } from "../base/prng.js";
import type { Station } from "./closed-network.js";

/**
 * For tests: customers that really go round, one event after another. At a station they are served in the order in which
 * they came, for times that are exponential; the delay is the same for all. Beyond `places` they wait before the first
 * station, and take the place of whoever has come round.
 */
export function simulate(options: {
  readonly stations: readonly Pick<Station, "demandUs">[];
  readonly delayUs: number;
  readonly customers: number;
  readonly places: number;
  readonly entries: number;
  readonly seed: number;
}): { readonly perUs: number; readonly meanUs: number } {
  const { stations, delayUs, customers, places, entries } = options;
  const random = prng(options.seed);
  const lines: number[][] = stations.map(() => []);
  const delayed: { readonly customer: number; readonly untilUs: number }[] = [];
  const outside: number[] = [];
  const readyUs = new Float64Array(customers);
  let [nowUs, inside, done, latencyUs] = [0, 0, 0, 0];

  const enter = (customer: number): void => {
    if (inside < places) {
      inside += 1;
      lines[0]!.push(customer);
    } else outside.push(customer);
  };
  const finish = (customer: number): void => {
    done += 1;
    latencyUs += nowUs - readyUs[customer]!;
    readyUs[customer] = nowUs;
    inside -= 1;
    outside.push(customer);
    enter(outside.shift()!);
  };
  const leave = (station: number): void => {
    const customer = lines[station]!.shift()!;
    if (station + 1 < lines.length) lines[station + 1]!.push(customer);
    else if (delayUs > 0) delayed.push({ customer, untilUs: nowUs + delayUs });
    else finish(customer);
  };

  for (let customer = 0; customer < customers; customer++) enter(customer);
  while (done < entries) {
    // Without memory, each event may draw anew whose turn it is.
    const rates = lines.map((line, i) => (line.length === 0 ? 0 : 1 / stations[i]!.demandUs(line.length)));
    const rate = rates.reduce((sum, one) => sum + one, 0);
    const nextUs = rate === 0 ? Number.POSITIVE_INFINITY : nowUs - Math.log(1 - random.next()) / rate;
    const [first] = delayed;
    if (first !== undefined && first.untilUs <= nextUs) {
      nowUs = first.untilUs;
      delayed.shift();
      finish(first.customer);
      continue;
    }
    nowUs = nextUs;
    let drawn = random.next() * rate;
    const station = rates.findIndex((one) => {
      drawn -= one;
      return drawn < 0;
    });
    leave(station < 0 ? rates.findLastIndex((one) => one > 0) : station);
  }
  return { perUs: done / nowUs, meanUs: latencyUs / done };
}

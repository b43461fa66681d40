import { Bench } from "../gate/bench.js";
import type { Scenario } from "../scenario/scenario.js";

type Place = Parameters<typeof Bench.open>[0];

/** Warm threads for each kind of connections that trials need, kept from trial to trial. */
export class Benches {
  readonly #place: Place;
  readonly #strategies: readonly string[];
  readonly #opened = new Map<string, Bench>();

  constructor(place: Place, strategies: readonly string[]) {
    this.#place = place;
    this.#strategies = strategies;
  }

  /** @throws QbenchError (environment) */
  async for(scenario: Scenario): Promise<Bench> {
    const { instances, client, pool, writes, rtt, ratePerSec } = scenario;
    const key = JSON.stringify({ instances, client, pool, writes, rtt, isPaced: ratePerSec !== null });
    const found = this.#opened.get(key);
    if (found !== undefined) return found;
    if (this.#opened.size >= MOST_BENCHES) await this.close();
    const bench = await Bench.open(this.#place, scenario, this.#strategies, []);
    this.#opened.set(key, bench);
    return bench;
  }

  async close(): Promise<void> {
    const benches = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.all(benches.map((bench) => bench.close()));
  }
}

/** Threads that wait cost memory, connections that wait a place at the server. */
const MOST_BENCHES = 8;

import type { Scenario } from "../scenario/scenario.js";
import { Bench, type Place, sameThreads } from "./bench.js";

/** Threads that wait cost memory, connections that wait a place at the server. */
const MOST_BENCHES = 8;
const MOST_CONNECTIONS = 6000;

interface Opened {
  readonly scenario: Scenario;
  readonly bench: Bench;
}

/** Warm threads for every cell that needs others, kept from trial to trial as long as there is room for them. */
export class Benches {
  readonly #place: Place;
  readonly #strategies: readonly string[];
  /** The one that was used last is the last. */
  #opened: readonly Opened[] = [];

  constructor(place: Place, strategies: readonly string[]) {
    this.#place = place;
    this.#strategies = strategies;
  }

  /** @throws QbenchError (environment) */
  async for(scenario: Scenario): Promise<Bench> {
    const found = this.#opened.find((one) => sameThreads(one.scenario, scenario));
    if (found === undefined) await this.#makeRoom(connectionsOf(scenario));
    const used = found ?? { scenario, bench: await Bench.open(this.#place, scenario, this.#strategies) };
    this.#opened = [...this.#opened.filter((one) => one !== used), used];
    return used.bench;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map(({ bench }) => bench.close()));
    this.#opened = [];
  }

  async #makeRoom(connections: number): Promise<void> {
    const open = (): number => this.#opened.reduce((sum, { scenario }) => sum + connectionsOf(scenario), 0);
    while (
      this.#opened.length > 0 &&
      (this.#opened.length >= MOST_BENCHES || open() + connections > MOST_CONNECTIONS)
    ) {
      const [oldest, ...rest] = this.#opened as [Opened, ...Opened[]];
      this.#opened = rest;
      await oldest.bench.close();
    }
  }
}

const connectionsOf = ({ pool, instances }: Scenario): number => pool * instances;

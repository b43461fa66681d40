import type { Redis } from "ioredis";
import { environmentError } from "../base/errors.js";
import type { Endpoint, Sentinels } from "../drivers/driver.js";
import { addressKey } from "../drivers/proxies.js";
import { failOver, untilAllSeeReplicas } from "./sentinel.js";
import { until } from "./until.js";

/** Sentinels let a former primary be one for some ten seconds before they make it a replica. */
const FOLLOW_WITHIN_MS = 60_000;
const MOVE_WITHIN_MS = 10_000;

/** A primary that Sentinels watch over: a replica can take its place, and is followed by it then. */
export class WatchedPrimary {
  readonly #endpoint: Endpoint;
  readonly #sentinels: Sentinels;
  readonly #control: Redis;
  /** Replicas that there were before one of them was promoted; 0: none was. */
  #owed = 0;

  /** `control`: of whichever is the primary. */
  constructor(endpoint: Endpoint, sentinels: Sentinels, control: Redis) {
    this.#endpoint = endpoint;
    this.#sentinels = sentinels;
    this.#control = control;
  }

  /** Of whichever is the primary now; who was one before may be one again. */
  get endpoint(): Endpoint {
    const { host = this.#endpoint.host, port = this.#endpoint.port } = this.#control.options;
    const all = [this.#endpoint, ...this.#sentinels.replicas].map((one) => ({ host: one.host, port: one.port }));
    const replicas = all.filter((one) => addressKey(one) !== addressKey({ host, port }));
    return { ...this.#endpoint, host, port, sentinels: { ...this.#sentinels, replicas } };
  }

  /**
   * Has a replica take its place. What the former one answers until all have heard of it is lost.
   * @throws QbenchError (environment) if none has all data, and see `failOver`
   */
  async promote(): Promise<void> {
    const replicas = await this.#replicas();
    if (replicas === 0) {
      throw environmentError(
        "no replica has what the primary has",
        "`redis-cli INFO replication` of the primary tells of them: one has to be `online`",
      );
    }
    const former = await this.#runId();
    await failOver(this.#endpoint, this.#sentinels);
    this.#owed = replicas;
    const late = {
      atMs: performance.now() + MOVE_WITHIN_MS,
      message: `the new primary was not connected to within ${MOVE_WITHIN_MS / 1000} s`,
      hint: "can this machine reach it at the address that the Sentinels give?",
    };
    await until(late, async () => (await this.#runId()) !== former);
  }

  /**
   * Waits until there are as many replicas as before, in the eyes of all Sentinels too. Call it outside the measured time.
   * @throws QbenchError (environment) if it takes too long.
   */
  async repair(): Promise<void> {
    if (this.#owed === 0) return;
    const late = {
      atMs: performance.now() + FOLLOW_WITHIN_MS,
      message: `the former primary did not become a replica within ${FOLLOW_WITHIN_MS / 1000} s`,
      hint: "`redis-cli -p 26379 SENTINEL REPLICAS NAME` tells how the Sentinels see it",
    };
    await until(late, async () => (await this.#replicas()) >= this.#owed);
    await untilAllSeeReplicas(this.#endpoint, this.#sentinels, late);
    this.#owed = 0;
  }

  async #runId(): Promise<string | undefined> {
    return /^run_id:(\w+)/m.exec(await this.#control.info("server"))?.[1];
  }

  /** Those that have all data. */
  async #replicas(): Promise<number> {
    return ((await this.#control.info("replication")).match(/^slave\d+:.*state=online/gm) ?? []).length;
  }
}

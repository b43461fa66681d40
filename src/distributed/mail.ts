import type { Redis } from "ioredis";
import { pack, unpack } from "./codec.js";
import { KEY_TTL_MS } from "./keys.js";

/** Messages in order, by streams of the control Redis: who was away for a moment reads what came meanwhile. */

const BLOCK_MS = 1000;
const FIELD = "m";

/** Sends to one stream; what it sends is numbered. */
export class Outbox {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #stamp: object;
  #number = 0;

  /** `stamp`: fields of every message. */
  constructor(redis: Redis, key: string, stamp: object) {
    this.#redis = redis;
    this.#key = key;
    this.#stamp = stamp;
  }

  async send(message: object): Promise<void> {
    const bytes = pack({ ...this.#stamp, number: ++this.#number, message });
    await Promise.all([this.#redis.xadd(this.#key, "*", FIELD, bytes), this.#redis.pexpire(this.#key, KEY_TTL_MS)]);
  }
}

/**
 * What comes, from the stream's beginning, removed as it is read: it may hold a password. `redis` is this reader's
 * alone, since it waits in a command; disconnecting it ends the reading.
 * @throws Error of the connection
 */
export async function* inbox(redis: Redis, key: string): AsyncGenerator<unknown> {
  let last = "0";
  for (;;) {
    const found = await redis.xreadBuffer("BLOCK", BLOCK_MS, "STREAMS", key, last);
    for (const [, entries] of (found ?? []) as [Buffer, [Buffer, Buffer[]][]][]) {
      for (const [id, fields] of entries) {
        last = id.toString();
        await redis.xdel(key, last);
        yield unpack(fields[1]!);
      }
    }
  }
}

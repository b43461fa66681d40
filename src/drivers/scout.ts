import { Redis } from "ioredis";
import type { Address, Endpoint, Sentinels } from "./driver.js";
import { addressKey } from "./proxies.js";
import { tlsOptionsOf } from "./tls.js";

/**
 * Asks the Sentinels of a primary where it is, again and again: one of them as long as it answers and nothing speaks
 * against what it says, else the next. Who subscribes to their word hears it sooner, and may miss it; ioredis' own way of
 * following them ends a client for good that is told of another primary while it looks for the former one.
 */

const ASK_EVERY_MS = 100;
const ANSWER_WITHIN_MS = 1000;

export class Scout {
  readonly #endpoint: Endpoint;
  readonly #sentinels: Sentinels;
  readonly #onPrimary: (primary: Endpoint) => void;
  #found: string;
  #asked = 0;
  #client: Redis | undefined;
  #isDoubted = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  /** `endpoint`: the primary as it is known. `onPrimary`: it is another one now. */
  constructor(endpoint: Endpoint, sentinels: Sentinels, onPrimary: (primary: Endpoint) => void) {
    this.#endpoint = endpoint;
    this.#sentinels = sentinels;
    this.#onPrimary = onPrimary;
    this.#found = addressKey(endpoint);
    this.#askLater();
  }

  /** The primary is not there, or is none: another Sentinel may know more. */
  doubt(): void {
    this.#isDoubted = true;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#client?.disconnect();
  }

  #askLater(): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#ask(), ASK_EVERY_MS);
  }

  async #ask(): Promise<void> {
    const { at, name } = this.#sentinels;
    if (this.#isDoubted && at.length > 1) this.#turnToNext();
    this.#isDoubted = false;
    this.#client ??= this.#connect(at[this.#asked]!);
    try {
      const told = (await this.#client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)) as [string, string] | null;
      if (told !== null && !this.#isClosed) this.#note({ host: told[0], port: Number(told[1]) });
    } catch {
      this.#turnToNext();
    }
    this.#askLater();
  }

  #note(address: Address): void {
    if (addressKey(address) === this.#found || !this.#mayGoTo(address)) return;
    this.#found = addressKey(address);
    this.#onPrimary({ ...this.#endpoint, ...address });
  }

  #mayGoTo(address: Address): boolean {
    const { replicas, isListComplete } = this.#sentinels;
    const known = [this.#endpoint, ...replicas].map(addressKey);
    return isListComplete !== true || known.includes(addressKey(address));
  }

  #turnToNext(): void {
    this.#client?.disconnect();
    this.#client = undefined;
    this.#asked = (this.#asked + 1) % this.#sentinels.at.length;
  }

  #connect({ host, port }: Address): Redis {
    const client = new Redis({
      host,
      port,
      ...(this.#endpoint.tls ? { tls: tlsOptionsOf({ host, port }) } : {}),
      protocol: 2,
      disableClientInfo: true,
      enableReadyCheck: false,
      connectTimeout: ANSWER_WITHIN_MS,
      commandTimeout: ANSWER_WITHIN_MS,
      disconnectTimeout: 50,
      retryStrategy: () => null,
    });
    // What is wrong with it shows when it is asked.
    client.on("error", () => {});
    return client;
  }
}

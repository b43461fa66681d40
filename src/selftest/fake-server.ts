import { once } from "node:events";
import { Worker } from "node:worker_threads";

/**
 * A server of our own whose replies to entries come after known delays: the yardstick of the selftest. It speaks enough
 * of Redis for a whole run (`fake-thread.ts`) and lives in a thread of its own, so that a busy generator does not delay
 * it. What it really did is what counts, so it keeps every delay by its own clock, from having read a command to
 * writing its reply; what it was told to do is only a wish, on a busy machine.
 */
export interface Behaviour {
  /** Of one entry after another, in µs; begins again at its end. */
  readonly delaysUs: readonly number[];
  /** From so long after the first entry on, it answers nothing for a while. */
  readonly stall?: { readonly afterMs: number; readonly forMs: number };
}

/** What happened since `behave`. */
export interface Recorded {
  /** One for each entry's command, in the order of replies. */
  readonly delaysUs: readonly number[];
  /** How long nothing was answered, from the first command held back to its reply; 0 without a stall. */
  readonly stalledUs: number;
}

export type ToFake = { readonly type: "behave"; readonly behaviour: Behaviour } | { readonly type: "tell" };
export type FromFake =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "behaving" }
  | { readonly type: "told"; readonly recorded: Recorded };

export class FakeServer {
  readonly port: number;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.port = port;
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(): Promise<FakeServer> {
    const worker = new Worker(new URL("./fake-thread.js", import.meta.url));
    const { port } = await next(worker, "listening");
    return new FakeServer(worker, port);
  }

  /** From now on; what was recorded is forgotten. */
  async behave(behaviour: Behaviour): Promise<void> {
    const done = next(this.#worker, "behaving");
    this.#worker.postMessage({ type: "behave", behaviour } satisfies ToFake);
    await done;
  }

  async recorded(): Promise<Recorded> {
    const told = next(this.#worker, "told");
    this.#worker.postMessage({ type: "tell" } satisfies ToFake);
    return (await told).recorded;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

async function next<T extends FromFake["type"]>(worker: Worker, type: T): Promise<Extract<FromFake, { type: T }>> {
  const [message] = (await once(worker, "message")) as [FromFake];
  if (message.type !== type) throw new Error(`expected the fake server to say ${type}, not ${message.type}`);
  return message as Extract<FromFake, { type: T }>;
}

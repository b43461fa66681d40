import { Thread } from "../base/thread.js";

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
  readonly #thread: Thread<ToFake, FromFake>;

  private constructor(thread: Thread<ToFake, FromFake>, port: number) {
    this.#thread = thread;
    this.port = port;
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(): Promise<FakeServer> {
    const url = new URL("./fake-thread.js", import.meta.url);
    const thread = new Thread<ToFake, FromFake>(url, undefined, "the fake server's thread ended");
    const { port } = await thread.next("listening");
    return new FakeServer(thread, port);
  }

  /** From now on; what was recorded is forgotten. */
  async behave(behaviour: Behaviour): Promise<void> {
    const done = this.#thread.next("behaving");
    this.#thread.post({ type: "behave", behaviour });
    await done;
  }

  async recorded(): Promise<Recorded> {
    const told = this.#thread.next("told");
    this.#thread.post({ type: "tell" });
    return (await told).recorded;
  }

  stop(): Promise<void> {
    return this.#thread.close();
  }
}

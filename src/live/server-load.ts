import { infoFields } from "../targets/server-snapshot.js";

/** The one command that is asked for; ioredis has it. */
export interface InfoSource {
  info(section: string): Promise<string>;
}

const ASK_EVERY_MS = 1000;
/** An older answer says nothing about now: the server hangs, or is away. */
const STALE_MS = 3000;
/** An answer that was late makes the next interval look short; no thread is busier than this. */
const MOST_BUSY = 2;

/** How busy Redis' main thread is, by INFO on the control connection, asked once a second at most. */
export class ServerLoad {
  readonly #source: InfoSource;
  readonly #nowMs: () => number;
  #isAsking = false;
  #askedMs = Number.NEGATIVE_INFINITY;
  #last: { readonly cpuMs: number; readonly atMs: number } | undefined;
  #busy: number | null = null;

  constructor(source: InfoSource, nowMs: () => number) {
    this.#source = source;
    this.#nowMs = nowMs;
  }

  /** What came before says nothing about the trial that begins. */
  forget(): void {
    this.#last = undefined;
    this.#busy = null;
  }

  /** Share of the time between the last two answers, 0 … 1; null where it is not known. Asks anew if it is time to. */
  busy(): number | null {
    const nowMs = this.#nowMs();
    if (!this.#isAsking && nowMs - this.#askedMs >= ASK_EVERY_MS) {
      this.#askedMs = nowMs;
      void this.#ask();
    }
    return this.#last !== undefined && nowMs - this.#last.atMs < STALE_MS ? this.#busy : null;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      this.#note(mainThreadCpuMs(await this.#source.info("cpu")));
    } catch {
      // The run finds out by itself that its server went away.
      this.forget();
    } finally {
      this.#isAsking = false;
    }
  }

  #note(cpuMs: number | null): void {
    if (cpuMs === null) {
      this.forget();
      return;
    }
    const atMs = this.#nowMs();
    const before = this.#last;
    this.#last = { cpuMs, atMs };
    const busy = before !== undefined && atMs > before.atMs ? (cpuMs - before.cpuMs) / (atMs - before.atMs) : null;
    // A server that has restarted counts from nought, and one that took its place from any number.
    this.#busy = busy === null || busy < 0 || busy > MOST_BUSY ? null : Math.min(1, busy);
  }
}

/** Null on servers that do not tell (before Redis 6.2). */
function mainThreadCpuMs(info: string): number | null {
  const fields = infoFields(info);
  const cpuSec = Number(fields.get("used_cpu_user_main_thread")) + Number(fields.get("used_cpu_sys_main_thread"));
  return Number.isFinite(cpuSec) ? cpuSec * 1000 : null;
}

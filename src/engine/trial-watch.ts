import { interruptionBy, type QbenchError } from "../base/errors.js";
import type { LuaFile } from "../strategies/lua-file.js";
import { BUSY_WITHIN_MS, endEndlessScripts } from "../targets/endless-script.js";
import type { Target } from "../targets/target.js";
import type { Generators } from "./generators.js";
import { saysServerGone } from "./trial-lost.js";

/**
 * Looks after a trial in which nothing succeeds for a while, from the main thread: asks the server whether it is there at all.
 * One that is frozen keeps its connections, so that the measuring threads see timeouts and no more; and one that is kept by a
 * script without an end waits for somebody to end it.
 */

const LOOK_EVERY_MS = 250;
/** Without a success for so long, the server is asked. */
const QUIET_MS = 1_000;

interface Watched {
  readonly target: Target;
  readonly instances: Generators;
  readonly signal: AbortSignal;
}

/**
 * What `trial` comes to.
 * @param scripts of the user's own that it runs
 * @throws QbenchError usage: one of them did not come to an end, and was ended; environment: it could not be; else what `trial` throws
 */
export async function watched<T>(context: Watched, scripts: readonly LuaFile[], trial: () => Promise<T>): Promise<T> {
  const { target, signal } = context;
  expectScripts(target, scripts);
  const watch = new Watch(context, scripts);
  const [result] = await Promise.allSettled([trial()]);
  const endless = await watch.stop(result.status === "rejected");
  if (endless !== undefined) throw asEnded(endless, signal);
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

/** Whoever interrupts waits for Redis to say BUSY, too: before, it lets nobody end a script. */
export function expectScripts({ vigil }: Target, scripts: readonly LuaFile[]): void {
  if (scripts.length > 0) vigil?.waitAtLeast(BUSY_WITHIN_MS);
}

/** What ended the run, where a script without an end was found: an interruption says that as well. */
export const asEnded = (endless: QbenchError, signal: AbortSignal): QbenchError =>
  signal.aborted ? interruptionBy(signal, endless.message) : endless;

class Watch {
  readonly #context: Watched;
  readonly #scripts: readonly LuaFile[];
  readonly #timer: NodeJS.Timeout;
  #succeeded = 0;
  #quietSinceMs = performance.now();
  #asking: Promise<void> | undefined;
  #endless: QbenchError | undefined;

  constructor(context: Watched, scripts: readonly LuaFile[]) {
    this.#context = context;
    this.#scripts = scripts;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /**
   * `hasFailed`: perhaps because of a script that runs on. A call that was sent before its thread heard that it is over begins
   * when the one before it has been ended, so that is looked for until the last. @returns what was found of scripts without an end
   */
  async stop(hasFailed: boolean): Promise<QbenchError | undefined> {
    clearInterval(this.#timer);
    await this.#asking;
    if ((hasFailed || this.#endless !== undefined) && this.#scripts.length > 0) await this.#ask();
    return this.#endless;
  }

  #look(): void {
    const { instances, signal } = this.#context;
    const { succeeded } = instances.progress();
    const now = performance.now();
    if (succeeded !== this.#succeeded) {
      this.#succeeded = succeeded;
      this.#quietSinceMs = now;
    }
    if (this.#asking !== undefined || (now - this.#quietSinceMs < QUIET_MS && !signal.aborted)) return;
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
      this.#quietSinceMs = performance.now();
    });
  }

  async #ask(): Promise<void> {
    const { target, instances } = this.#context;
    const endless = await endEndlessScripts(target, this.#scripts, () => instances.abort());
    this.#endless ??= endless;
    // Of a cluster's nodes, the others tell.
    if (target.control.isCluster) return;
    await target.control.ping().catch((error: unknown) => {
      if (saysServerGone(error)) instances.abort(true);
    });
  }
}

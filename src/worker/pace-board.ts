/**
 * What the pacing thread and the measuring threads tell each other, in shared memory: each measuring thread writes down
 * when it wants to be woken, the pacing thread wakes it. Instants are µs of the shared clock, cut to 32 bits: they are
 * compared by their difference, which is right as long as they lie within half an hour of each other.
 */
const RUNNING = 0;
const CPU_US = 1;
/** Nobody ever changes it: to sleep on. */
const QUIET = 2;
const HEAD = 3;
const FIELDS = 3;
const ARMED = 0;
const DUE = 1;
const WAKES = 2;
/** An instant further off is brought to this: the thread looks again then. */
const FURTHEST_US = 1e9;

export class PaceBoard {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #instances: number;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#instances = (this.#words.length - HEAD) / FIELDS;
  }

  static for(instances: number): PaceBoard {
    return new PaceBoard(new SharedArrayBuffer(4 * (HEAD + FIELDS * instances)));
  }

  /** Lets the pacing thread work, or rest. */
  setRunning(isRunning: boolean): void {
    Atomics.store(this.#words, RUNNING, isRunning ? 1 : 0);
    Atomics.notify(this.#words, RUNNING);
  }

  get isRunning(): boolean {
    return Atomics.load(this.#words, RUNNING) === 1;
  }

  /** CPU that the pacing thread has used so far. */
  get cpuMs(): number {
    return Atomics.load(this.#words, CPU_US) / 1000;
  }

  set cpuMs(cpuMs: number) {
    Atomics.store(this.#words, CPU_US, Math.round(cpuMs * 1000));
  }

  /** Blocks the pacing thread until it is to work. */
  waitUntilRunning(): void {
    Atomics.wait(this.#words, RUNNING, 0);
  }

  /** Blocks the pacing thread. */
  sleep(us: number): void {
    Atomics.wait(this.#words, QUIET, 0, us / 1000);
  }

  /** Wakes those who are due. @returns µs until the next one is, at most `longestUs`. */
  wakeDue(nowUs: number, longestUs: number): number {
    let soonestUs = longestUs;
    for (let instance = 0; instance < this.#instances; instance++) {
      const at = HEAD + FIELDS * instance;
      if (Atomics.load(this.#words, at + ARMED) === 0) continue;
      const leftUs = (Atomics.load(this.#words, at + DUE) - toWord(nowUs)) | 0;
      if (leftUs > 0) {
        soonestUs = Math.min(soonestUs, leftUs);
        continue;
      }
      Atomics.store(this.#words, at + ARMED, 0);
      Atomics.add(this.#words, at + WAKES, 1);
      Atomics.notify(this.#words, at + WAKES);
    }
    return soonestUs;
  }

  /** `instance` wants to be woken then, whatever it wanted before. */
  arm(instance: number, dueUs: number, nowUs: number): void {
    const at = HEAD + FIELDS * instance;
    Atomics.store(this.#words, at + DUE, toWord(Math.min(dueUs, nowUs + FURTHEST_US)));
    Atomics.store(this.#words, at + ARMED, 1);
  }

  disarm(instance: number): void {
    Atomics.store(this.#words, HEAD + FIELDS * instance + ARMED, 0);
  }

  /** Calls `wake` in the event loop whenever `instance` is woken, for as long as the thread lives. */
  listen(instance: number, wake: () => void): void {
    const at = HEAD + FIELDS * instance + WAKES;
    let seen = Atomics.load(this.#words, at);
    const wait = (): void => {
      const waiting = Atomics.waitAsync(this.#words, at, seen);
      if (waiting.async) waiting.value.then(woken);
      else setImmediate(woken);
    };
    const woken = (): void => {
      seen = Atomics.load(this.#words, at);
      wait();
      wake();
    };
    wait();
  }
}

const toWord = (us: number): number => Math.floor(us % 2 ** 32) | 0;

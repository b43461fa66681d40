/**
 * What the pacing thread and the measuring threads tell each other, in shared memory: each measuring thread writes down
 * when it wants to be woken, for arrivals and for what a delayed network holds back, and the pacing thread wakes it. Instants are µs of the shared clock, cut to 32 bits: they are
 * compared by their difference, which is right as long as they lie within half an hour of each other.
 */
const RUNNING = 0;
const CPU_US = 1;
/** Changes when somebody wants to be woken earlier than the pacing thread knows: to sleep on. */
const CHANGES = 2;
/** When the pacing thread means to look again. */
const LOOKS = 3;
const HEAD = 4;
const FIELDS = 3;
const ARMED = 0;
const DUE = 1;
const WAKES = 2;
/** An instant further off is brought to this: the thread looks again then. */
const FURTHEST_US = 1e9;

export class PaceBoard {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #wakers: number;
  readonly #isPrompt: boolean;

  /** `isPrompt`: who arms an instant that is sooner than all others interrupts the pacing thread's sleep. */
  constructor(memory: SharedArrayBuffer, isPrompt = false) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#wakers = (this.#words.length - HEAD) / FIELDS;
    this.#isPrompt = isPrompt;
  }

  /** For so many who want to be woken. */
  static for(wakers: number): PaceBoard {
    return new PaceBoard(new SharedArrayBuffer(4 * (HEAD + FIELDS * wakers)));
  }

  /** How many may want to be woken. */
  get wakers(): number {
    return this.#wakers;
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

  /** To be read before `wakeDue`, and given to `sleep`. */
  get changes(): number {
    return Atomics.load(this.#words, CHANGES);
  }

  /** Blocks the pacing thread, at most until somebody wants to be woken earlier; not at all if that was since `changes`. */
  sleep(us: number, nowUs: number, changes: number): void {
    Atomics.store(this.#words, LOOKS, toWord(nowUs + us));
    Atomics.wait(this.#words, CHANGES, changes, us / 1000);
  }

  /** Wakes those who are due. @returns µs until the next one is, at most `longestUs`. */
  wakeDue(nowUs: number, longestUs: number): number {
    let soonestUs = longestUs;
    for (let waker = 0; waker < this.#wakers; waker++) {
      const at = HEAD + FIELDS * waker;
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

  /** `waker` wants to be woken then, whatever it wanted before. */
  arm(waker: number, dueUs: number, nowUs: number): void {
    const at = HEAD + FIELDS * waker;
    const due = toWord(Math.min(dueUs, nowUs + FURTHEST_US));
    Atomics.store(this.#words, at + DUE, due);
    Atomics.store(this.#words, at + ARMED, 1);
    if (!this.#isPrompt || ((Atomics.load(this.#words, LOOKS) - due) | 0) <= 0) return;
    Atomics.add(this.#words, CHANGES, 1);
    Atomics.notify(this.#words, CHANGES);
  }

  disarm(waker: number): void {
    Atomics.store(this.#words, HEAD + FIELDS * waker + ARMED, 0);
  }

  /** Calls `wake` in the event loop whenever `waker` is woken, for as long as the thread lives. */
  listen(waker: number, wake: () => void): void {
    const at = HEAD + FIELDS * waker + WAKES;
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

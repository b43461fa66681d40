import type { Redis } from "ioredis";
import { formatDuration } from "../base/units.js";
import type { AgentTrial } from "./agent-trial.js";
import { pack } from "./codec.js";
import { KEY_TTL_MS, type RunKeys } from "./keys.js";
import type { Order, Status } from "./messages.js";

/** Half a second: what is watched live looks alive, and a control Redis of a thousand agents has little to do. */
const BEAT_MS = 500;
const WATCH_MS = 100;

export interface HeartbeatOptions {
  readonly redis: Redis;
  readonly keys: RunKeys;
  readonly order: Order;
  readonly job: string;
  /** What runs now, or ran last: what it has counted is told until the next begins. */
  readonly live: () => Pick<AgentTrial, "number" | "threads" | "generations"> | undefined;
  /** Called once, if there is nobody any more for whom to work. */
  readonly onAlone: (why: string) => void;
}

/** Tells the controller that this agent is there, and notices when the controller is not. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #beats = 0;
  #heardMs = performance.now();
  #timers: NodeJS.Timeout[] = [];

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#heardMs = performance.now();
    const beat = (): void => void this.#beat().catch(() => {});
    this.#timers = [setInterval(beat, BEAT_MS), setInterval(() => this.#watch(), WATCH_MS)];
    beat();
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** Also after this process has been stopped and continued: the controller has given it up meanwhile. */
  #watch(): void {
    const { patienceMs } = this.#options.order;
    if (performance.now() - this.#heardMs > patienceMs) {
      this.#alone(`nothing was heard from the control Redis for ${formatDuration(patienceMs)}`);
    }
  }

  async #beat(): Promise<void> {
    const { redis, keys, order, job } = this.#options;
    const status: Status = { job, beat: ++this.#beats, live: this.#live() };
    const replies = await redis
      .pipeline()
      .hset(keys.status, job, pack(status))
      .pexpire(keys.status, KEY_TTL_MS)
      .pexpire(keys.places, KEY_TTL_MS)
      .hget(keys.places, String(order.place))
      .exists(keys.lease)
      .exec();
    if (replies === null || replies.some(([error]) => error !== null) || this.#timers.length === 0) return;
    const [holder, lease] = [replies[3]?.[1], replies[4]?.[1]];
    // Asked first: an agent that noticed it before this one has removed the places too.
    if (lease !== 1) return this.#alone("the controller is gone");
    if (holder !== job) return this.#alone("the controller has given the place away, or ended");
    this.#heardMs = performance.now();
  }

  #live(): Status["live"] {
    const running = this.#options.live();
    if (running === undefined) return null;
    const { number, threads, generations } = running;
    const { counts } = threads.latencies();
    const filled = [...counts.keys()].filter((index) => counts[index] !== 0);
    return {
      sums: threads.progress(),
      indexes: Uint16Array.from(filled),
      counts: Uint32Array.from(filled, (index) => counts[index]!),
      loops: threads.eventLoops().map(({ idle, active, utilization }) => ({ idle, active, utilization })),
      trial: number,
      generations: Int32Array.from(generations),
    };
  }

  #alone(why: string): void {
    if (this.#timers.length === 0) return;
    this.end();
    const { redis, keys, job } = this.#options;
    redis.hdel(keys.status, job).catch(() => {});
    this.#options.onAlone(why);
  }
}

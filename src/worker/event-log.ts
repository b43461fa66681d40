/**
 * What happened to an instance and its server during a trial, and when: so that a dip in the timeline has a name. Kept
 * by the instance in µs of its own clock since the barrier; the engine joins those of all instances and puts them into
 * words.
 */
export const EVENT_KINDS = [
  /** The server, or the network, closed them. */
  "connections-lost",
  /** Closed by their pool, because an entry on them timed out: a late reply would be taken for the next one's. */
  "connections-reset",
  "connections-restored",
  /** No connection was left. */
  "server-away",
  "server-back",
  "server-restarted",
  "server-lost",
  /** Entries met NOSCRIPT, and the scripts were loaded again. */
  "scripts-reloaded",
  /** Nodes of a cluster sent entries elsewhere, or asked them to come again. */
  "redirected",
  "cluster-down",
  /** Slots were found at other nodes than before. */
  "routes-changed",
  /** Sentinels named another primary than before. */
  "primary-replaced",
  /** Nothing was answered for a while, though entries waited for it. */
  "stall",
  /** The measuring thread itself did not run for a while. */
  "generator-paused",
  /** More happened than is kept. */
  "more",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface EventData {
  readonly kind: EventKind;
  readonly atUs: number;
  /** How often it happened at that moment. */
  readonly count: number;
  /** How long it went on; 0 where it has no duration. */
  readonly lastedUs: number;
}

/** What happens again so soon is the same event. */
export const SAME_MOMENT_US = 100_000;
/** Kept of one trial and instance: a server that comes and goes all day must not fill a report. */
const MOST_EVENTS = 100;
/** Silence for less is no stall: a busy machine is as slow as that. */
const SHORTEST_STALL_US = 250_000;
/** Nor is silence for less than so many times what an entry takes. */
const SERVICE_TIMES = 10;
/** By so much the sweep, which comes every 100 ms at least, must be late for the thread to have been paused. */
const SHORTEST_PAUSE_US = 200_000;

export class EventLog {
  readonly #startUs: number;
  readonly #sweepUs: number;
  readonly #isUp: Uint8Array;
  #up: number;
  readonly #events: EventData[] = [];
  /** Index of the last event of each kind. */
  readonly #last = new Map<EventKind, number>();
  #notKept = 0;
  readonly #isReset: Uint8Array;
  #noneUpSinceUs = -1;
  #isAway = false;
  #lastReplyUs: number;
  #stalledSinceUs = -1;
  #lastSweepUs: number;

  /** `isUp`: of each connection, when the trial begins. */
  constructor(options: {
    startUs: number;
    sweepMs: number;
    connections: number;
    isUp: (connection: number) => boolean;
  }) {
    this.#startUs = options.startUs;
    this.#sweepUs = options.sweepMs * 1000;
    this.#isUp = Uint8Array.from({ length: options.connections }, (_, one) => (options.isUp(one) ? 1 : 0));
    this.#isReset = new Uint8Array(options.connections);
    this.#up = this.#isUp.reduce((sum, one) => sum + one, 0);
    this.#lastReplyUs = options.startUs;
    this.#lastSweepUs = options.startUs;
  }

  /** A connection that fails to come back is told to be down again: nothing new. */
  connection(number: number, isUp: boolean, now: number): void {
    if ((this.#isUp[number] === 1) === isUp) return;
    this.#isUp[number] = isUp ? 1 : 0;
    this.#up += isUp ? 1 : -1;
    const isReset = this.#isReset[number] === 1;
    this.#isReset[number] = 0;
    this.#add(isUp ? "connections-restored" : isReset ? "connections-reset" : "connections-lost", now);
    if (this.#up === 0) {
      this.#noneUpSinceUs = now;
      if (!isReset) this.#goAway();
    } else if (this.#noneUpSinceUs >= 0) {
      if (this.#isAway) this.#add("server-back", now, now - this.#noneUpSinceUs);
      this.#noneUpSinceUs = -1;
      this.#isAway = false;
    }
  }

  /** The pool is about to close it, after a timeout. */
  resetting(number: number): void {
    if (this.#isUp[number] === 1) this.#isReset[number] = 1;
  }

  #goAway(): void {
    this.#isAway = true;
    this.#add("server-away", this.#noneUpSinceUs);
  }

  scriptsReloaded(now: number): void {
    this.#add("scripts-reloaded", now);
  }

  /** `why`: what a node of a cluster answered instead; "routes": what was learnt from that. */
  redirected(why: string, now: number): void {
    this.#add(why === "routes" ? "routes-changed" : why === "CLUSTERDOWN" ? "cluster-down" : "redirected", now);
  }

  primaryReplaced(now: number): void {
    this.#add("primary-replaced", now);
  }

  serverLost(now: number): void {
    this.#add("server-lost", now);
  }

  /** The server has answered an entry. */
  answered(now: number): void {
    if (this.#stalledSinceUs >= 0) this.#endStall(now);
    this.#lastReplyUs = now;
  }

  /** Called at every sweep; `meanServiceUs` of the trial so far. */
  swept(now: number, inProgress: number, meanServiceUs: number): void {
    const pausedUs = now - this.#lastSweepUs - this.#sweepUs;
    if (pausedUs > SHORTEST_PAUSE_US) {
      this.#add("generator-paused", this.#lastSweepUs + this.#sweepUs, pausedUs);
      // Replies that came meanwhile have not been read yet.
      this.#lastReplyUs = Math.max(this.#lastReplyUs, now);
    }
    this.#lastSweepUs = now;
    // All were reset, and none has come back.
    const isGone = this.#noneUpSinceUs >= 0 && now - this.#noneUpSinceUs > SHORTEST_STALL_US;
    if (isGone && !this.#isAway) this.#goAway();
    if (this.#stalledSinceUs >= 0) return;
    // With nothing to answer, or nobody there, silence is no stall.
    if (inProgress === 0 || this.#isAway) this.#lastReplyUs = now;
    const shortestUs = Math.max(SHORTEST_STALL_US, SERVICE_TIMES * meanServiceUs);
    if (now - this.#lastReplyUs > shortestUs) this.#stalledSinceUs = this.#lastReplyUs;
  }

  finish(now: number): readonly EventData[] {
    if (this.#stalledSinceUs >= 0) this.#endStall(now);
    if (this.#notKept === 0) return this.#events;
    const last = this.#events.at(-1)!;
    return [...this.#events, { kind: "more", atUs: last.atUs, count: this.#notKept, lastedUs: 0 }];
  }

  #endStall(now: number): void {
    this.#add("stall", this.#stalledSinceUs, now - this.#stalledSinceUs);
    this.#stalledSinceUs = -1;
  }

  #add(kind: EventKind, now: number, lastedUs = 0): void {
    const atUs = now - this.#startUs;
    const index = this.#last.get(kind);
    const before = index === undefined ? undefined : this.#events[index]!;
    if (before !== undefined && atUs - before.atUs <= SAME_MOMENT_US) {
      const { count } = before;
      this.#events[index!] = { ...before, count: count + 1, lastedUs: Math.max(before.lastedUs, lastedUs) };
    } else if (this.#events.length < MOST_EVENTS) {
      this.#last.set(kind, this.#events.length);
      this.#events.push({ kind, atUs, count: 1, lastedUs });
    } else {
      this.#notKept++;
    }
  }
}

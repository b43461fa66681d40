import type { Connections } from "../scenario/scenario.js";
import { NumberQueue } from "./number-queue.js";

/**
 * Which connection serves which entry. Exclusive: a connection serves one entry at a time, the others wait in line, as
 * in a pool in the style of Jedis. Shared: a user keeps to one connection and many entries are in flight on it, as with
 * Lettuce or ioredis; waiting happens only while no connection is up.
 */
export interface Pool {
  /** The connection for an entry, or -1: it waits in line, and comes back from `release` or `restore`. */
  acquire(slot: number, route: number): number;
  /** The entry is done with the connection. Returns the slot that takes it over, or -1. */
  release(connection: number): number;
  /** The connection is up again: the slots that may go on now, each on its connection. */
  restore(connection: number, grant: (slot: number, connection: number) => void): void;
  /** The connection is lost. Its entries are over; it must not be released. */
  withdraw(connection: number): void;
}

/**
 * `epochOf` grows when a slot's entry is given up: its place in line is not its successor's. `laneOf` says which of many
 * shared connections an entry prefers.
 */
export interface PoolOptions {
  readonly routes: number;
  readonly pool: number;
  readonly isUp: (connection: number) => boolean;
  readonly epochOf: (slot: number) => number;
  readonly laneOf: (slot: number) => number;
}

export const makePool = (connections: Connections, options: PoolOptions): Pool =>
  connections === "exclusive" ? new ExclusivePool(options) : new SharedPool(options);

/** First come, first served. Places of entries that were given up are passed over when their turn comes. */
class Line {
  readonly #slots = new NumberQueue();
  readonly #epochs = new NumberQueue();
  readonly #epochOf: (slot: number) => number;

  constructor(epochOf: (slot: number) => number) {
    this.#epochOf = epochOf;
  }

  push(slot: number): void {
    this.#slots.push(slot);
    this.#epochs.push(this.#epochOf(slot));
  }

  /** Takes out the slot whose turn it is, or gives -1. */
  next(): number {
    while (this.#slots.size > 0) {
      const slot = this.#slots.shift();
      if (this.#epochs.shift() === this.#epochOf(slot)) return slot;
    }
    return -1;
  }
}

class ExclusivePool implements Pool {
  readonly #options: PoolOptions;
  readonly #free: NumberQueue[];
  readonly #line: Line[];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#free = Array.from({ length: options.routes }, () => new NumberQueue());
    this.#line = Array.from({ length: options.routes }, () => new Line(options.epochOf));
    for (let connection = 0; connection < options.routes * options.pool; connection++) {
      if (options.isUp(connection)) this.#free[this.#routeOf(connection)]!.push(connection);
    }
  }

  #routeOf(connection: number): number {
    return Math.floor(connection / this.#options.pool);
  }

  acquire(slot: number, route: number): number {
    const free = this.#free[route]!;
    while (free.size > 0) {
      const connection = free.shift();
      if (this.#options.isUp(connection)) return connection;
    }
    this.#line[route]!.push(slot);
    return -1;
  }

  release(connection: number): number {
    const route = this.#routeOf(connection);
    const slot = this.#line[route]!.next();
    if (slot < 0) this.#free[route]!.push(connection);
    return slot;
  }

  restore(connection: number, grant: (slot: number, connection: number) => void): void {
    const slot = this.release(connection);
    if (slot >= 0) grant(slot, connection);
  }

  withdraw(connection: number): void {
    this.#free[this.#routeOf(connection)]!.remove(connection);
  }
}

class SharedPool implements Pool {
  readonly #options: PoolOptions;
  readonly #line: Line[];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#line = Array.from({ length: options.routes }, () => new Line(options.epochOf));
  }

  acquire(slot: number, route: number): number {
    const connection = this.#upConnection(slot, route);
    if (connection < 0) this.#line[route]!.push(slot);
    return connection;
  }

  /** The connection of the entry's lane, or the next one that is up. */
  #upConnection(slot: number, route: number): number {
    const { pool, isUp, laneOf } = this.#options;
    const lane = laneOf(slot);
    for (let i = 0; i < pool; i++) {
      const connection = route * pool + ((lane + i) % pool);
      if (isUp(connection)) return connection;
    }
    return -1;
  }

  release(_connection: number): number {
    return -1;
  }

  restore(connection: number, grant: (slot: number, connection: number) => void): void {
    const route = Math.floor(connection / this.#options.pool);
    const line = this.#line[route]!;
    for (let slot = line.next(); slot >= 0; slot = line.next()) grant(slot, this.#upConnection(slot, route));
  }

  withdraw(_connection: number): void {}
}

import type { Driver, Failure } from "../drivers/driver.js";
import { type EntryTable, STAGE } from "./entry-table.js";

/** As many as ioredis follows: more are a cluster at odds with itself. */
const MOST_REDIRECTIONS = 16;
/** A cluster's ways to say "not now": a slot half moved, a failover going on. */
const NOT_NOW: ReadonlySet<string> = new Set(["TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "LOADING"]);

/** What can be done with an entry in progress. */
export interface Moves {
  /** Gets the connection that the entry needs, now or when its turn comes. */
  lineUp(slot: number, now: number): void;
  /** The entry needs its connection no longer. */
  giveBack(slot: number, now: number): void;
  /** Sends the entry's batch on another node's connection, which does not hold the slot yet. */
  sendVia(slot: number, via: number): void;
}

/** The entries of one trial that a cluster sends to another node, or asks to come again a little later. */
export class Redirections {
  readonly #table: EntryTable;
  readonly #driver: Driver;
  readonly #poolSize: number;
  readonly #moves: Moves;
  /** Tokens of those that are to come again. */
  #postponed: number[] = [];

  constructor(table: EntryTable, driver: Driver, poolSize: number, moves: Moves) {
    this.#table = table;
    this.#driver = driver;
    this.#poolSize = poolSize;
    this.#moves = moves;
  }

  /** Does what a node of a cluster answered instead of carrying out the batch. @returns false if it is no such answer. */
  follow(slot: number, failure: Failure, now: number): boolean {
    const table = this.#table;
    const isElsewhere = failure.kind === "MOVED" || failure.kind === "ASK";
    if (isElsewhere && table.redirections[slot]! >= MOST_REDIRECTIONS) return false;
    if (!isElsewhere && !NOT_NOW.has(failure.kind)) return false;
    this.#driver.learn(failure);
    if (isElsewhere) table.redirections[slot]!++;
    if (failure.kind === "ASK") {
      const via = this.#besideOf(table.connection[slot]!, this.#driver.askedRoute(failure));
      if (via >= 0) {
        this.#moves.sendVia(slot, via);
        return true;
      }
    }
    this.#moves.giveBack(slot, now);
    if (failure.kind === "MOVED") {
      this.#moves.lineUp(slot, now);
    } else {
      table.stage[slot] = STAGE.waiting;
      this.#postponed.push(table.tokenOf(slot));
    }
    return true;
  }

  /** The connection of the same number to another node; −1 if it is not up. */
  #besideOf(connection: number, route: number): number {
    if (route < 0) return -1;
    const beside = route * this.#poolSize + (connection % this.#poolSize);
    return this.#driver.isUp(beside) ? beside : -1;
  }

  /** Slots of a cluster are elsewhere: who waits for a connection waits for another one now. */
  lineUpAgain(now: number): void {
    const table = this.#table;
    const isPostponed = new Set(this.#postponed.map((token) => table.slotOf(token)));
    const inLine: number[] = [];
    for (let slot = 0; slot < table.size; slot++) {
      if (table.stage[slot] === STAGE.waiting && !isPostponed.has(slot)) inLine.push(slot);
    }
    // In the order in which they came, or some would be overtaken by it.
    for (const slot of inLine.sort((a, b) => table.readyUs[a]! - table.readyUs[b]!)) {
      // Its place in the former line is nobody's any more.
      table.epoch[slot]!++;
      this.#moves.lineUp(slot, now);
    }
  }

  /** Those that were to come again come now. */
  resume(now: number): void {
    for (const token of this.#postponed.splice(0)) {
      const slot = this.#table.slotOf(token);
      if (slot >= 0 && this.#table.stage[slot] === STAGE.waiting) this.#moves.lineUp(slot, now);
    }
  }
}

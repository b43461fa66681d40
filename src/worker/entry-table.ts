import type { Send } from "../strategies/strategy.js";

/** Where an entry stands. */
export const STAGE = { idle: 0, waiting: 1, inFlight: 2 } as const;

/**
 * The entries in progress, and users' leaving, one slot each, as columns: about 78 bytes a slot, so that a million users
 * fit. Times are µs on the thread's clock.
 */
export class EntryTable {
  readonly size: number;
  readonly plannedUs: Float64Array;
  readonly readyUs: Float64Array;
  readonly sentUs: Float64Array;
  readonly timestampMs: Float64Array;
  readonly user: Uint32Array;
  /** The place of the user in `Users`, and the visit that the entry belongs to. */
  readonly place: Int32Array;
  readonly visit: Int32Array;
  /** Which of many shared connections. */
  readonly lane: Int32Array;
  /** Codes of `OPERATION`. */
  readonly operation: Uint8Array;
  readonly concert: Int32Array;
  readonly connection: Int32Array;
  /** Grows when an entry is given up: replies to its former token are then nobody's. */
  readonly epoch: Int32Array;
  readonly stage: Uint8Array;
  readonly prepared: Uint8Array;
  readonly roundTrips: Uint16Array;
  readonly retries: Uint8Array;
  /** How often a cluster has sent it elsewhere. */
  readonly redirections: Uint8Array;
  /** What was sent last went to a node that does not hold the slot yet, on this connection; −1: it went on its own. */
  readonly via: Int32Array;
  /** 1 once a command was sent that can change data. */
  readonly hasWritten: Uint8Array;
  readonly state: Send[];

  /** `epochs`: of the table before, to whose entries replies may still come. */
  constructor(size: number, idle: Send, epochs: Int32Array = new Int32Array(0)) {
    this.size = size;
    this.plannedUs = new Float64Array(size);
    this.readyUs = new Float64Array(size);
    this.sentUs = new Float64Array(size);
    this.timestampMs = new Float64Array(size);
    this.user = new Uint32Array(size);
    this.place = new Int32Array(size);
    this.visit = new Int32Array(size);
    this.lane = new Int32Array(size);
    this.operation = new Uint8Array(size);
    this.concert = new Int32Array(size);
    this.connection = new Int32Array(size).fill(-1);
    this.epoch = new Int32Array(Math.max(size, epochs.length));
    this.epoch.set(epochs);
    this.stage = new Uint8Array(size);
    this.prepared = new Uint8Array(size);
    this.roundTrips = new Uint16Array(size);
    this.retries = new Uint8Array(size);
    this.redirections = new Uint8Array(size);
    this.via = new Int32Array(size).fill(-1);
    this.hasWritten = new Uint8Array(size);
    this.state = new Array<Send>(size).fill(idle);
  }

  /** The token of a slot's present entry. */
  tokenOf(slot: number): number {
    return this.epoch[slot]! * MOST_SLOTS + slot;
  }

  /** The slot of a token, or -1 if its entry was given up. */
  slotOf(token: number): number {
    if (token < MOST_SLOTS) return this.epoch[token] === 0 ? token : -1;
    const epoch = Math.floor(token / MOST_SLOTS);
    const slot = token - epoch * MOST_SLOTS;
    return this.epoch[slot] === epoch ? slot : -1;
  }
}

/** Entries that may be in progress in one thread; times a 31-bit epoch it stays an exact double. */
export const MOST_SLOTS = 2 ** 22;

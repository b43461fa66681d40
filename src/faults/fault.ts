import type { Redis } from "ioredis";
import type { OwnCluster } from "../targets/own-cluster.js";
import type { OwnServer } from "../targets/own-server.js";
import type { Settings } from "../targets/settings.js";
import type { WatchedPrimary } from "../targets/watched-primary.js";
import type { ServerProxy } from "./proxy.js";

/**
 * Something that goes wrong at a planned instant of every trial, for every strategy at the same one. The main thread does
 * it, over a control connection or to the server's process; the measuring threads only meet what comes of it.
 */
export interface Fault {
  readonly name: string;
  /** One line for `qbench list`. */
  readonly summary: string;
  /** How long it goes on where nothing else is asked for, ms; null: it happens at an instant. */
  readonly lastsMs: number | null;
  /**
   * What it is done to: a process of our own, a proxy in front of each server, the server by its commands alone; a node of a
   * cluster of our own, or of any cluster by commands; a primary of one, or one that Sentinels watch.
   */
  readonly needs: "own-server" | "proxy" | "commands" | "own-cluster" | "cluster" | "successor";
  /** What it does to the server: nobody is answered while it goes on; nor afterwards of what was before; nor ever again. */
  readonly serverIs: "there" | "away" | "restarted" | "gone";
  /** When what was answered before it may come to be forgotten: while it goes on, or from then on; absent: never. */
  readonly forgets?: "meanwhile" | "afterwards";
  /**
   * Does it. @returns what ends it: called once, when its time is over or the trial is, however that ends.
   * @throws whatever the server answers; nothing has happened then.
   */
  begin(site: FaultSite): Promise<() => Promise<void>>;
}

/** What faults may lay hands on. What a fault does not need may be absent. */
export interface FaultSite {
  readonly control: Redis;
  readonly settings: Settings;
  readonly own: OwnServer | undefined;
  readonly cluster: OwnCluster | undefined;
  readonly watched: WatchedPrimary | undefined;
  readonly proxy: ServerProxy | undefined;
  /** Its keys alone are the run's to do something to. */
  readonly runId: string;
  /** What CLIENT LIST calls the measuring connections. */
  readonly clientName: string;
}

/** A fault that a scenario asks for. */
export interface PlannedFault {
  readonly name: string;
  /** Since the measured time of a trial began. */
  readonly atMs: number;
  /** 0 where it happens at an instant. */
  readonly forMs: number;
}

/** For faults that need no ending. */
export const OVER = async (): Promise<void> => {};

/** The part of the site that a fault said it needs. @throws Error if it is not there: a bug, for the plan was checked. */
export function needed<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("a fault was let through that has nothing to be done to");
  return part;
}

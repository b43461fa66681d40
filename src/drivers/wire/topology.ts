import { nowUs } from "../../base/clock.js";
import type { Endpoint, Failure } from "../driver.js";
import { nodeAt, rangesAt, redirectionIn, SlotMap, type SlotRange, slotsEntries } from "../slot-map.js";
import type { WireConnection } from "./connection.js";
import { findError } from "./reply.js";

/**
 * Where the slots of a cluster are, as one driver knows it. Whoever meets a reason to doubt that (a redirection, a
 * cluster that is down, a lost connection) says so, and then one node after another is asked until every node that holds
 * slots is connected again and, where replicas are read, every node that is connected has a place.
 */

const ASK_AGAIN_MS = 100;

interface TopologyOptions {
  readonly endpoints: readonly Endpoint[];
  readonly slots: readonly SlotRange[];
  readonly readsReplicas: boolean;
  /** A connection to the node that is up; undefined where there is none. */
  readonly connectionTo: (node: number) => WireConnection | undefined;
  readonly onAsked: () => void;
  readonly onRoutes: (nowUs: number) => void;
}

export class Topology {
  readonly #options: TopologyOptions;
  readonly #map: SlotMap;
  #timer: NodeJS.Timeout | undefined;
  #lastAsked = -1;
  #isClosed = false;

  constructor(options: TopologyOptions) {
    this.#options = options;
    this.#map = new SlotMap(options.slots);
  }

  /** Where nobody is known to hold it, any node will say who does. */
  nodeOf(slot: number): number {
    return Math.max(0, this.#map.nodeOf(slot));
  }

  replicasOf(slot: number): readonly number[] {
    return this.#map.replicasOf(slot);
  }

  learn({ kind, message }: Failure): void {
    const to = kind === "MOVED" ? redirectionIn(message) : undefined;
    const node = to === undefined ? -1 : nodeAt(this.#options.endpoints, to.host, to.port);
    if (to !== undefined && node >= 0 && this.#map.replace([{ first: to.slot, last: to.slot, node }])) {
      this.#options.onRoutes(nowUs());
    }
    this.doubt();
  }

  /** −1 if the error names no node that is known. */
  askedNode({ message }: Failure): number {
    const to = redirectionIn(message);
    return to === undefined ? -1 : nodeAt(this.#options.endpoints, to.host, to.port);
  }

  /** A node is there again: it may be a replica now, of which no other one had spoken. */
  connected(): void {
    if (this.#options.readsReplicas) this.doubt();
  }

  /** The map may be out of date: asks for it soon. */
  doubt(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#ask();
    }, ASK_AGAIN_MS);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #ask(): void {
    const { endpoints, connectionTo, onAsked } = this.#options;
    for (let i = 0; i < endpoints.length; i++) {
      this.#lastAsked = (this.#lastAsked + 1) % endpoints.length;
      const connection = connectionTo(this.#lastAsked);
      if (connection === undefined) continue;
      onAsked();
      connection.ask(["CLUSTER", "SLOTS"], (reply) => {
        // A node that cannot say leaves the map as it is; the next one is asked.
        if (findError(reply) !== undefined) return;
        const entries = slotsEntries(reply as Exclude<typeof reply, object>);
        const hasChanged = this.#map.replace(rangesAt(entries ?? [], endpoints));
        if (hasChanged) this.#options.onRoutes(nowUs());
      });
      break;
    }
    // A node that does not answer is not waited for.
    if (this.#isIncomplete()) this.doubt();
  }

  #isIncomplete(): boolean {
    const { endpoints, connectionTo, readsReplicas } = this.#options;
    const holders = [...this.#map.holders()];
    if (holders.some((node) => connectionTo(node) === undefined)) return true;
    if (!readsReplicas) return false;
    const placed = new Set(holders.flatMap((node) => [node, ...this.#map.replicasAt(node)]));
    return endpoints.some((_, node) => !placed.has(node) && connectionTo(node) !== undefined);
  }
}

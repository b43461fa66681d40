import type { Reply } from "../strategies/strategy.js";
import type { Endpoint } from "./driver.js";

/**
 * Which node of a cluster holds which slot, and how that is learnt: from CLUSTER SLOTS, and from MOVED and ASK errors
 * (Redis Cluster specification, "Redirection and resharding"). Nodes are indices into a list of endpoints.
 */

export const SLOTS = 16_384;

/** Slots `first` to `last`, both included. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly node: number;
  /** Of that node, as far as it is known. */
  readonly replicas?: readonly number[];
}

/** Where an error says that a slot is. */
export interface Redirection {
  readonly slot: number;
  readonly host: string;
  readonly port: number;
}

/** What CLUSTER SLOTS says of one range: its primary first, then replicas. */
export interface SlotsEntry {
  readonly first: number;
  readonly last: number;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
}

const NOBODY = -1;

export class SlotMap {
  readonly #nodeOf = new Int16Array(SLOTS).fill(NOBODY);
  readonly #replicasOf = new Map<number, readonly number[]>();

  constructor(ranges: readonly SlotRange[]) {
    this.replace(ranges);
  }

  /** −1 if nobody is known to hold it. */
  nodeOf(slot: number): number {
    return this.#nodeOf[slot]!;
  }

  /** Replicas of whoever holds it. */
  replicasOf(slot: number): readonly number[] {
    return this.replicasAt(this.#nodeOf[slot]!);
  }

  /** Replicas of a node. */
  replicasAt(node: number): readonly number[] {
    return this.#replicasOf.get(node) ?? [];
  }

  /** @returns whether a slot is elsewhere now. Slots that no range names stay where they were. */
  replace(ranges: readonly SlotRange[]): boolean {
    let hasChanged = false;
    for (const { first, last, node, replicas } of ranges) {
      if (replicas !== undefined) this.#replicasOf.set(node, replicas);
      for (let slot = first; slot <= last; slot++) {
        hasChanged ||= this.#nodeOf[slot] !== node;
        this.#nodeOf[slot] = node;
      }
    }
    return hasChanged;
  }

  /** Nodes that hold slots. */
  holders(): Set<number> {
    const holders = new Set(this.#nodeOf);
    holders.delete(NOBODY);
    return holders;
  }
}

/** The endpoint that a node calls itself; an empty host is the one that was asked. */
export function nodeAt(endpoints: readonly Endpoint[], host: string, port: number): number {
  return endpoints.findIndex((one) => one.port === port && (host === "" || one.host === host));
}

/** Reads a reply to CLUSTER SLOTS; undefined if it is none. */
export function slotsEntries(reply: Reply): SlotsEntry[] | undefined {
  if (!Array.isArray(reply)) return undefined;
  const entries: SlotsEntry[] = [];
  for (const range of reply as readonly Reply[]) {
    if (!Array.isArray(range)) return undefined;
    const [first, last, ...told] = range as readonly Reply[];
    if (!isSlot(first) || !isSlot(last) || last < first) return undefined;
    const nodes: { host: string; port: number }[] = [];
    for (const node of told) {
      const [host, port] = Array.isArray(node) ? (node as readonly Reply[]) : [];
      if (typeof port !== "number") return undefined;
      nodes.push({ host: typeof host === "string" ? host : "", port });
    }
    if (nodes.length === 0) return undefined;
    entries.push({ first, last, nodes });
  }
  return entries;
}

const isSlot = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < SLOTS;

/** Ranges by the primaries among `endpoints`; those of others are left out. */
export const rangesAt = (entries: readonly SlotsEntry[], endpoints: readonly Endpoint[]): SlotRange[] =>
  entries.flatMap(({ first, last, nodes }) => {
    const [node, ...replicas] = nodes.map(({ host, port }) => nodeAt(endpoints, host, port));
    return node! < 0 ? [] : [{ first, last, node: node!, replicas: replicas.filter((one) => one >= 0) }];
  });

/** "MOVED 3999 127.0.0.1:6381" or "ASK …"; undefined if the text is neither. */
export function redirectionIn(message: string): Redirection | undefined {
  const match = /^(?:MOVED|ASK) (\d+) (.*):(\d+)$/.exec(message);
  if (match === null || Number(match[1]) >= SLOTS) return undefined;
  return { slot: Number(match[1]), host: match[2]!, port: Number(match[3]) };
}

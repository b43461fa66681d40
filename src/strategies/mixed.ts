import type { AnomalyKind } from "../queue/anomaly.js";
import { OUTCOMES, type Outcome, type Score } from "../queue/outcome.js";
import type { EntryCost, EntryMachine, Send, Strategy } from "./strategy.js";

/**
 * Several strategies over the same keys, as while one is rolled out beside another: each entry is made by one of them, in
 * fixed shares. A mix is a strategy of its own, named by its shares: `individual=90+lua=10`. Two strategies at once are a
 * race of their own, so a mix promises only what all of them promise.
 */
export interface Part {
  readonly strategy: Strategy;
  /** In per cent; those of a mix sum to 100. */
  readonly share: number;
}

/** As in `individual=90+lua=10`. */
export const mixName = (shares: readonly { readonly name: string; readonly share: number }[]): string =>
  shares.map(({ name, share }) => `${name}=${share}`).join("+");

export const isMixName = (name: string): boolean => name.includes("=");

/** The names and shares in a mix's name; NaN for a share that is none. */
export const sharesIn = (name: string): { name: string; share: number }[] =>
  name.split("+").map((part) => {
    const [strategy = "", share = ""] = part.split("=", 2);
    return { name: strategy.trim(), share: /^\d+(\.\d+)?$/.test(share.trim()) ? Number(share) : Number.NaN };
  });

export function mixed(name: string, parts: readonly Part[]): Strategy {
  return {
    name,
    summary: parts.map(({ strategy, share }) => `${strategy.name} for ${share} % of the entries`).join(", "),
    isDefault: false,
    atomic: parts.every(({ strategy }) => strategy.atomic === "yes") ? "yes" : "no",
    scripts: [...new Set(parts.flatMap(({ strategy }) => strategy.scripts))],
    parts,
    ...(parts.some(({ strategy }) => strategy.isForeign) ? { isForeign: true } : {}),
    machine: (score) => new MixedMachine(parts, score),
    cost: (score) =>
      Object.fromEntries(OUTCOMES.map((outcome) => [outcome, costOf(parts, score, outcome)])) as Record<
        Outcome,
        EntryCost
      >,
    promises: (score) => commonTo(parts.map(({ strategy }) => strategy.promises(score))),
  };
}

/** What any of them may send; how often inner calls are made, only the parts' own answers tell. */
const costOf = (parts: readonly Part[], score: Score, outcome: Outcome): EntryCost => {
  const costs = parts.map(({ strategy }) => strategy.cost(score)[outcome]);
  return {
    commands: [...new Set(costs.flatMap(({ commands }) => commands))],
    roundTrips: Math.max(...costs.map(({ roundTrips }) => roundTrips)),
    innerCalls: {},
  };
};

const commonTo = ([first = [], ...others]: readonly (readonly AnomalyKind[])[]): readonly AnomalyKind[] =>
  first.filter((kind) => others.every((other) => other.includes(kind)));

/**
 * Whoever asks for the first step gets the next part's, and every step after it knows whose it is. Parts take turns by
 * what they are owed, so that of any hundred entries each makes its share.
 */
class MixedMachine implements EntryMachine {
  readonly #machines: readonly EntryMachine[];
  readonly #shares: readonly number[];
  readonly #owed: number[];
  readonly #firsts: readonly Send[];

  constructor(parts: readonly Part[], score: Score) {
    this.#machines = parts.map(({ strategy }) => strategy.machine(score));
    this.#shares = parts.map(({ share }) => share);
    this.#owed = parts.map(() => 0);
    this.#firsts = this.#machines.map(({ first }, part) => ({ ...first, part }));
  }

  get first(): Send {
    let next = 0;
    for (let part = 0; part < this.#owed.length; part++) {
      this.#owed[part]! += this.#shares[part]!;
      if (this.#owed[part]! > this.#owed[next]!) next = part;
    }
    this.#owed[next]! -= 100;
    return this.#firsts[next]!;
  }

  next(sent: Send, replies: Parameters<EntryMachine["next"]>[1]): ReturnType<EntryMachine["next"]> {
    const part = sent.part ?? 0;
    const step = this.#machines[part]!.next(sent, replies);
    return step.batch === null ? step : { step: step.step, batch: step.batch, carried: step.carried, part };
  }
}

import type { AnomalyKind } from "../queue/anomaly.js";
import type { EntryEvent, Operation, Result } from "./history.js";

/** An anomaly explained: who, what happened to him and when, which rule that breaks. */
export interface Example {
  readonly kind: AnomalyKind;
  readonly rule: string;
  readonly concert: number;
  readonly user: number;
  /** In order of time, as far as it is known; cut short in a long history, around what broke the rule. */
  readonly events: readonly EvidenceEvent[];
}

export interface EvidenceEvent {
  /** What he did, or what was done to him; "afterwards": what the data say after the trial. */
  readonly what: Operation | "admission" | "afterwards";
  readonly result: Result | "ADMITTED" | "nowhere" | "active" | "waiting" | "waiting and active";
  /** Thread; −1: none. */
  readonly instance: number;
  /** µs since the start, on the thread's own clock; absent of what came afterwards. */
  readonly sentUs?: number;
  readonly repliedUs?: number;
  readonly position?: number;
  readonly total?: number;
  /** This one broke the rule. */
  readonly isToBlame?: true;
}

/** Examples of each kind that a trial keeps, and events of each example. */
const MOST_OF_A_KIND = 3;
const MOST_EVENTS = 8;

/** Collects a few examples of each kind; making one costs something only if it is kept. */
export class Examples {
  readonly #byKind = new Map<AnomalyKind, Example[]>();

  add(kind: AnomalyKind, make: () => Omit<Example, "kind">): void {
    const known = this.#byKind.get(kind) ?? [];
    if (known.length >= MOST_OF_A_KIND) return;
    const example = make();
    this.#byKind.set(kind, [...known, { kind, ...example, events: around(example.events) }]);
  }

  get all(): readonly Example[] {
    return [...this.#byKind.values()].flat();
  }
}

/** The events before and after the one to blame, and what the data say. */
function around(events: readonly EvidenceEvent[]): readonly EvidenceEvent[] {
  if (events.length <= MOST_EVENTS) return events;
  const at = events.findIndex((event) => event.isToBlame === true);
  const from = Math.max(0, Math.min((at < 0 ? events.length : at) - MOST_EVENTS + 3, events.length - MOST_EVENTS));
  return events.slice(from, from + MOST_EVENTS);
}

export const evidenceOf = ({
  operation,
  result,
  instance,
  sentUs,
  repliedUs,
  position,
  total,
}: EntryEvent): EvidenceEvent => ({
  what: operation,
  result,
  instance,
  sentUs,
  repliedUs,
  ...(operation === "leave" ? {} : { position, total }),
});

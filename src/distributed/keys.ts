/**
 * What lies in the control Redis. `agents` is the queue from which agents take their place in a run; everything else
 * belongs to one run, and expires by itself if nobody is left to remove it.
 */
export const PREFIX = "qbench-control";
export const QUEUE = "agents";

/** Longer than anybody leaves a message unread; each write begins it anew. */
export const KEY_TTL_MS = 300_000;

/** Of the hash of places: set by the agent that has taken the job, and by no second one. */
export const takenField = (job: string): string => `taken:${job}`;

export interface RunKeys {
  /** There as long as the controller is. */
  readonly lease: string;
  /** Hash: place → its job; `takenField` → the agent that has it. An agent whose job is not there has been replaced. */
  readonly places: string;
  /** Hash: place → what its agent does now. */
  readonly status: string;
  /** Stream: all agents → controller. */
  readonly fromAgents: string;
  /** Stream: controller → the agent at a place. */
  toAgent(place: number): string;
  /** Stream: the results of the agent at a place, piece by piece. */
  results(place: number): string;
}

export function keysOf(run: string): RunKeys {
  const key = (name: string): string => `${PREFIX}:${run}:${name}`;
  return {
    lease: key("lease"),
    places: key("places"),
    status: key("status"),
    fromAgents: key("from-agents"),
    toAgent: (place) => key(`to-agent:${place}`),
    results: (place) => key(`results:${place}`),
  };
}

/**
 * What can go wrong with the data of a queue (DOMAIN, section 3), by the name in reports. docs/audit.md has the rules.
 */
export const ANOMALIES = {
  lost: "acknowledged as NEW, yet neither waiting nor active afterwards",
  phantom: "waiting, active or admitted, though nobody was told so and no entry is in doubt",
  "double-new": "one user was answered NEW more than once in one stay",
  "wrong-outcome": "the answer contradicts the prepared state (for example NEW for a user who was waiting)",
  "wait-and-active": "a user is in the waiting set and active at once",
  "no-position": "answered WAITING or NEW without a position",
  "total-below-position": "the total is smaller than the position",
  "position-grew": "the position of a waiting user moved backwards",
  "order-broken": "users are queued or admitted in another order than they entered",
  "double-admission": "a user was admitted more than once in one stay",
  "leaked-capacity": "a member of the active set whose token has ended, or was never given",
  "stale-read":
    "a replica told a user what contradicts an answer or an admission that was acknowledged before he asked",
} as const;
export type AnomalyKind = keyof typeof ANOMALIES;
export const ANOMALY_KINDS = Object.keys(ANOMALIES) as readonly AnomalyKind[];

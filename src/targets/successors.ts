import type { Endpoint } from "../drivers/driver.js";

/** The server, and those that may take its place where Sentinels watch over it: a run goes on there. */
export const successorsOf = (endpoint: Endpoint): Endpoint[] => [
  endpoint,
  ...(endpoint.sentinels?.replicas ?? []).map((replica) => ({ ...endpoint, ...replica })),
];

/** The same, of which those alone may take the place, whomever Sentinels name later: they are the ones that were looked at. */
export const toKnownOnly = ({ sentinels, ...endpoint }: Endpoint): Endpoint =>
  sentinels === undefined ? endpoint : { ...endpoint, sentinels: { ...sentinels, isListComplete: true } };

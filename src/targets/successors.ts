import type { Endpoint } from "../drivers/driver.js";

/** The server, and those that may take its place where Sentinels watch over it: a run goes on there. */
export const successorsOf = (endpoint: Endpoint): Endpoint[] => [
  endpoint,
  ...(endpoint.sentinels?.replicas ?? []).map((replica) => ({ ...endpoint, ...replica })),
];

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { usageError } from "../base/errors.js";

/** A small web server that only this machine reaches: it reads, nobody can change anything through it. */
export interface LoopbackServer {
  /** Ends with a slash. */
  readonly url: string;
  /** Waits half a second for answers under way, then ends them. */
  close(): Promise<void>;
}

/** Answers one path. */
export type Route = (response: ServerResponse) => void | Promise<void>;

const HOST = "127.0.0.1";
const MOST_CONNECTIONS = 64;
const LAST_WORDS_MS = 500;

/**
 * `flag`: of the command line, for messages; `port`: 0 takes a free one; `routes` by path.
 * @throws QbenchError (usage) if the port cannot be had
 */
export async function serveLoopback(
  flag: string,
  port: number,
  routes: Readonly<Record<string, Route>>,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    // A reader that goes away is no failure of the run.
    response.on("error", () => {});
    const route = routeFor(request, routes, (server.address() as AddressInfo).port);
    if (typeof route === "number") refuse(response, route);
    else void Promise.resolve(route(response)).catch(() => response.destroy());
  });
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(portError(flag, port, error)));
    server.listen(port, HOST, resolve);
  });
  // From here on: too many open files, for one. Whoever wants to look has to try again.
  server.on("error", () => {});
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const impatience = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS);
      await closed;
      clearTimeout(impatience);
    },
  };
}

function portError(flag: string, port: number, { code, message }: NodeJS.ErrnoException): Error {
  const reason =
    code === "EADDRINUSE"
      ? `port ${port} is in use on this machine`
      : code === "EACCES"
        ? `port ${port} may not be used (permission denied)`
        : `port ${port} cannot be used: ${message}`;
  return usageError(`${flag}: ${reason}`, "name another port, or 0 for a free one; nothing was measured");
}

/** A status where the request is refused. */
function routeFor(
  { method, url = "/", headers }: IncomingMessage,
  routes: Readonly<Record<string, Route>>,
  port: number,
): Route | number {
  // A page elsewhere can have its own name resolve to this machine: only we may be asked for.
  if (headers.host !== `${HOST}:${port}` && headers.host !== `localhost:${port}`) return 403;
  if (method !== "GET") return 405;
  const [path = "/"] = url.split("?", 1);
  return Object.hasOwn(routes, path) ? (routes[path] as Route) : 404;
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { ...HEADERS, "content-type": "text/plain", ...(status === 405 ? { allow: "GET" } : {}) });
  response.end();
}

/** Of every answer: kept nowhere, taken for nothing else, read by no other site. */
export const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

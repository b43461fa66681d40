import { EXIT, environmentError, QbenchError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { addressOf } from "./url.js";

const PATIENCE = "is it running, and is the address right?";
const LOGIN = "put the right user and password in the URL: redis://USER:PASSWORD@HOST:PORT";
const COMMANDS = "qbench needs the read, write, hash, sortedset and scripting commands, and INFO, SCAN, UNLINK, DBSIZE";

/** Nobody answered there: unlike what a server refuses, that may be otherwise in a moment. */
export class Unreachable extends QbenchError {
  constructor(message: string, hint: string) {
    super("environment", EXIT.environment, message, hint);
  }
}

/** What a network error code means, as the end of a sentence. */
const NETWORK: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ["nothing listens there", PATIENCE],
  ENOTFOUND: ["no such host is known", "check the name"],
  EAI_AGAIN: ["the host's name cannot be looked up now", "check the name and this machine's DNS"],
  ETIMEDOUT: ["no connection in time", PATIENCE],
  EHOSTUNREACH: ["there is no route to that host", PATIENCE],
  ENETUNREACH: ["there is no route to that network", PATIENCE],
  EADDRNOTAVAIL: ["this machine has no free port left to connect from", "wait a minute, or use fewer connections"],
  EMFILE: ["this process may open no more files", "raise the limit: ulimit -n 20000"],
};

type Meaning = readonly [pattern: RegExp, meaning: string, hint: string];

/** ioredis' words, or the server's, where slots of a cluster have been nobody's for as long as they were asked for. */
const CLUSTER_DOWN = /Too many Cluster redirections|CLUSTERDOWN|Failed to refresh slots cache|None of startup nodes/;

/** Errors that the server sends, by how they begin or read. Its own words are quoted beside the meaning. */
const ANSWERS: readonly Meaning[] = [
  [/^WRONGPASS|invalid password/, "refused the user or password", LOGIN],
  [/^NOAUTH/, "asks for a password", LOGIN],
  [
    /AUTH.* called without any password configured|no password is set/,
    "has no password set, but one was given",
    "leave the password out of the URL",
  ],
  [/^NOPERM/, "does not permit this user a command that qbench needs", COMMANDS],
  [/^LOADING/, "is still loading its data", "wait until it has finished"],
  [/\bDENIED\b/, "is in protected mode and takes local clients only", "give it a password, or run qbench beside it"],
  [/max number of clients reached/, "has no connection left", "raise its maxclients, or use a smaller --pool"],
  [/DB index is out of range/, "has no database of that number", "use a smaller number behind the / of the URL"],
  [
    CLUSTER_DOWN,
    "belongs to a cluster of which slots are nobody's",
    "`redis-cli --cluster check HOST:PORT` tells what is missing",
  ],
  [/^READONLY/, "is a read-only replica", "name the primary"],
  [/^OOM /, "has reached its maxmemory", "give it more memory, or use fewer users"],
  [
    /certificate|self[- ]signed|unable to (verify|get)|CERT/i,
    "shows a certificate that this machine does not trust",
    "name its authority: NODE_EXTRA_CA_CERTS=ca.pem qbench …",
  ],
];

/** Errors of the connection itself; their texts are the client library's and say nothing to a user. */
const CONNECTION: readonly Meaning[] = [
  [
    /EPROTO|SSL|wrong version number|disconnected before secure TLS/i,
    "does not speak TLS as expected",
    "if it speaks none, write redis:// instead of rediss://",
  ],
  [/Protocol error|Unknown RESP type|Command queue state error/i, "does not speak the Redis protocol", PATIENCE],
  [/timed? ?out/i, "did not answer in time", PATIENCE],
  [
    /ECONNRESET|EPIPE|Connection is closed|max retries|Socket closed|aborted due to connection close/i,
    "closed the connection",
    "was it stopped? If it expects TLS, write rediss:// instead of redis://",
  ],
];

export const saysClusterDown = (error: unknown): boolean => error instanceof Error && CLUSTER_DOWN.test(error.message);

/**
 * What a connection's error means to a user. The server's own words are quoted where they help, cleaned of control
 * characters and of the password.
 */
export function translateRedisError(error: unknown, endpoint: Endpoint): QbenchError {
  if (error instanceof QbenchError) return error;
  const address = addressOf(endpoint);
  const { code, message } = plainError(error);
  const network = NETWORK[code];
  if (network !== undefined) return new Unreachable(`cannot reach Redis at ${address}: ${network[0]}`, network[1]);
  const matches = ([pattern]: Meaning): boolean => pattern.test(message) || pattern.test(code);
  const connection = CONNECTION.find(matches);
  const answer = ANSWERS.find(matches);
  const said = quotable(message, endpoint);
  if (answer !== undefined) return environmentError(`the server at ${address} ${answer[1]} (${said})`, answer[2]);
  if (connection !== undefined) return environmentError(`the server at ${address} ${connection[1]}`, connection[2]);
  return environmentError(`the server at ${address} answered: ${said}`);
}

function plainError(error: unknown): { code: string; message: string } {
  // A host with several addresses fails with one error for each.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message } = first as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "", message: String(message ?? first) };
}

const LONGEST_QUOTE = 160;

function quotable(message: string, endpoint: Endpoint): string {
  let text = message;
  for (const secret of secretsOf(endpoint)) text = text.replaceAll(secret, "***");
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, LONGEST_QUOTE);
}

const secretsOf = ({ password }: Endpoint): string[] =>
  password === undefined ? [] : [password, encodeURIComponent(password)];

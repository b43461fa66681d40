import type { Redis } from "ioredis";
import type { Script } from "../strategies/script.js";
import type { AdmissionDesign, AdmissionOrder, Admitted } from "./admission.js";

/**
 * Calls a script by EVAL, without the comment at its head. Not by EVALSHA: the server counts EVAL apart, so its counters
 * tell how long admission stalled it even where the entries are scripts too, and NOSCRIPT never comes. Hashing the text
 * costs it some µs a call.
 */
export async function callScript(
  redis: Redis,
  script: Script,
  keys: readonly string[],
  argv: readonly (string | number)[],
): Promise<number> {
  const text = script.source.slice(script.source.search(/^[^-\n]/m));
  return (await redis.eval(text, keys.length, ...keys, ...argv)) as number;
}

/** An `admit` that is one call of a script which replies with the number of users; `inside`: the calls it makes. */
export const byScript =
  (
    script: Script,
    keysOf: (order: AdmissionOrder) => readonly string[],
    argvOf: (order: AdmissionOrder) => readonly (string | number)[],
    inside: (users: number, order: AdmissionOrder) => Readonly<Record<string, number>>,
  ): AdmissionDesign["admit"] =>
  async (redis, order): Promise<Admitted> => {
    const users = await callScript(redis, script, keysOf(order), argvOf(order));
    return { users, commands: { eval: 1, ...inside(users, order) } };
  };

/** The keys and arguments that most scripts take. */
export const USUAL_KEYS = ({ keys }: AdmissionOrder): readonly string[] => [
  keys.waiting,
  keys.active,
  keys.tokenPrefix,
];
export const USUAL_ARGV = ({ count, expiresAtMs, ttlSeconds }: AdmissionOrder): readonly number[] => [
  count,
  expiresAtMs,
  ttlSeconds,
];

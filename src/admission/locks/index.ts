import { compareAndDelete } from "./compare-and-delete.js";
import { fenced } from "./fenced.js";
import type { ClusterLock } from "./lock.js";
import { none } from "./none.js";
import { plain } from "./plain.js";
import { tokenBucket } from "./token-bucket.js";

/** Every way of taking turns, in the order of tables and lists. A new one is a file and a line here. */
export const LOCKS: readonly ClusterLock[] = [none, plain, compareAndDelete, fenced, tokenBucket];

export const LOCK_NAMES: readonly string[] = LOCKS.map((lock) => lock.name);

/** The lock of a name that was checked. @throws Error if there is none: a bug. */
export function lockNamed(name: string): ClusterLock {
  const found = LOCKS.find((lock) => lock.name === name);
  if (found === undefined) throw new Error(`no lock ${name}`);
  return found;
}

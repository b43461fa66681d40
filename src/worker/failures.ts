import type { Failure } from "../drivers/driver.js";
import type { EntryTable } from "./entry-table.js";

/** They name another node. */
const HAVE_ADDRESSES: ReadonlySet<string> = new Set(["MOVED", "ASK"]);

/** An error that answers a batch of one command says that this command did nothing; otherwise a write may have happened. */
export function isInDoubt(table: EntryTable, slot: number, failure: Failure): boolean {
  if (table.hasWritten[slot] === 0) return false;
  const { batch } = table.state[slot]!;
  const isFirstWrite = batch.writes && batch.commands.length === 1;
  return !(failure.answered && isFirstWrite);
}

/** Of a lost connection, or of a slot that is elsewhere, the message says no more than the kind, and it holds an address. */
export const saysMoreThanKind = ({ kind, answered }: Failure): boolean => answered && !HAVE_ADDRESSES.has(kind);

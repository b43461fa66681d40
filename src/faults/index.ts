import { formatDuration } from "../base/units.js";
import { clientKill } from "./client-kill.js";
import type { Fault, PlannedFault } from "./fault.js";
import { kill } from "./kill.js";
import { maxmemory } from "./maxmemory.js";
import { migrate } from "./migrate.js";
import { primaryKill } from "./primary-kill.js";
import { primaryStall } from "./primary-stall.js";
import { promote } from "./promote.js";
import { reset } from "./reset.js";
import { restart } from "./restart.js";
import { scriptFlush } from "./script-flush.js";
import { stall } from "./stall.js";

/** Every fault, in the order of lists. A new one is a file and a line here. */
export const FAULTS: readonly Fault[] = [
  stall,
  restart,
  kill,
  clientKill,
  reset,
  scriptFlush,
  maxmemory,
  primaryKill,
  primaryStall,
  promote,
  migrate,
];

export const FAULT_NAMES: readonly string[] = FAULTS.map((fault) => fault.name);

/** The fault of a name that was checked. @throws Error if there is none: a bug. */
export function faultNamed(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found === undefined) throw new Error(`no fault ${name}`);
  return found;
}

/** `stall@2s:500ms`, as `--fault` takes it. */
export const faultText = ({ name, atMs, forMs }: PlannedFault): string =>
  `${name}@${formatDuration(atMs)}${forMs === 0 ? "" : `:${formatDuration(forMs)}`}`;

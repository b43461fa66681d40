import { type QbenchError, usageError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import type { PlannedFault } from "./fault.js";
import { faultNamed, faultText } from "./index.js";

/**
 * Refuses faults that cannot be done to a server. `urls`: the servers that were named; none: one of our own is started.
 * @throws QbenchError (usage) that tells all of them
 */
export function checkFaults(faults: readonly PlannedFault[], urls: readonly Endpoint[]): void {
  if (urls.length === 0) return;
  const mistakes = faults.flatMap((fault) => mistakeIn(fault, urls));
  if (mistakes.length > 0) throw refusal(mistakes);
}

function mistakeIn(fault: PlannedFault, urls: readonly Endpoint[]): string[] {
  const { needs } = faultNamed(fault.name);
  const text = `--fault ${faultText(fault)}`;
  if (needs === "own-server") return [`${text} is done to the server's process, and --url names a server of others`];
  if (needs === "proxy" && urls.some(({ tls }) => tls)) {
    return [`${text} needs a proxy in front of the server, and with TLS (rediss://) none can be put there`];
  }
  return [];
}

const refusal = (mistakes: readonly string[]): QbenchError =>
  usageError(
    mistakes.join("\n  "),
    "leave --url out for a server of qbench's own, or choose another fault: `qbench list faults`",
  );

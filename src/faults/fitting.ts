import { type QbenchError, usageError } from "../base/errors.js";
import type { PlannedFault } from "./fault.js";
import { faultNamed, faultText } from "./index.js";

/** What matters of a target for what can be done to it. */
export interface Assailable {
  /** Not started by us: its process is nobody's to stop. */
  readonly isForeign: boolean;
  readonly isCluster: boolean;
  readonly isTls: boolean;
}

/** Refuses faults that cannot be done to a target. @throws QbenchError (usage) that tells all of them */
export function checkFaults(faults: readonly PlannedFault[], target: Assailable): void {
  const mistakes = faults.flatMap((fault) => {
    const reason = reasonAgainst(fault, target);
    return reason === undefined ? [] : [`--fault ${faultText(fault)} ${reason}`];
  });
  if (mistakes.length > 0) throw refusal(mistakes);
}

function reasonAgainst({ name }: PlannedFault, { isForeign, isCluster, isTls }: Assailable): string | undefined {
  const { needs } = faultNamed(name);
  if (needs === "commands") return undefined;
  if (needs === "own-server" && isForeign) return "is done to the server's process, and --url names a server of others";
  if (needs === "own-server" && isCluster) return "is done to the process of one server, and this is a cluster";
  if (needs === "proxy" && isCluster) return "needs a proxy in front of one server, and this is a cluster";
  if (needs === "proxy" && isTls) {
    return "needs a proxy in front of the server, and with TLS (rediss://) none can be put there";
  }
  return undefined;
}

const refusal = (mistakes: readonly string[]): QbenchError =>
  usageError(
    mistakes.join("\n  "),
    "measure one server of qbench's own, without --url and --cluster, or choose another fault: `qbench list faults`",
  );

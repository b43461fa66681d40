import type { QbenchError } from "../base/errors.js";
import { mistakesError } from "../base/mistakes.js";
import type { ClusterShape } from "../targets/cluster-shape.js";
import type { PlannedFault } from "./fault.js";
import { faultNamed, faultText } from "./index.js";
import { primaryKill } from "./primary-kill.js";

/** What matters of a target for what can be done to it. */
export interface Assailable {
  /** Not started by us: its processes are nobody's to stop. */
  readonly isForeign: boolean;
  /** As far as it is known: of a foreign one for certain once it is open. */
  readonly isCluster: boolean;
  /** A primary that Sentinels were asked for. */
  readonly isWatched: boolean;
  /** Of a cluster of our own that is to be started. */
  readonly shape?: ClusterShape | undefined;
  readonly isOpen: boolean;
}

/** Refuses faults that cannot be done to a target. @throws QbenchError (usage) that tells all of them */
export function checkFaults(faults: readonly PlannedFault[], target: Assailable): void {
  const mistakes = faults.flatMap((fault) => {
    const reason = reasonAgainst(fault, target);
    return reason === undefined ? [] : [`--fault ${faultText(fault)} ${reason}`];
  });
  mistakes.push(...tooManyKills(faults, target));
  if (mistakes.length > 0) throw refusal(mistakes, target.isForeign);
}

function reasonAgainst({ name }: PlannedFault, target: Assailable): string | undefined {
  const { isForeign, isCluster, isWatched, shape, isOpen } = target;
  const { needs } = faultNamed(name);
  if (needs === "commands" || needs === "proxy") return undefined;
  if (needs === "own-server" && isForeign) return "is done to the server's process, and --url names a server of others";
  if (needs === "own-server" && isCluster) return "is done to the process of one server, and this is a cluster";
  if (needs === "own-cluster" && isForeign) return "is done to a node's process, and --url names nodes of others";
  const isOneServer = !isCluster && (isOpen || !isForeign);
  if ((needs === "own-cluster" || needs === "cluster") && isOneServer) {
    return "is done to a cluster, and this is one server: add --cluster";
  }
  if (needs === "successor" && isOneServer && !isWatched) {
    return "needs a replica to promote, and this is one server: add --cluster, or name a primary by its Sentinels";
  }
  // A failover takes a replica, and most of the primaries to agree on it.
  if (needs === "own-cluster" && shape !== undefined && (shape.primaries < 3 || shape.replicasEach < 1)) {
    return "needs a failover, for which there are too few nodes: 3x1 are the fewest";
  }
  return undefined;
}

/** What is killed comes back after the trial only: a primary whose replicas are gone has nobody to take its place. */
function tooManyKills(faults: readonly PlannedFault[], { shape }: Assailable): string[] {
  const kills = faults.filter(({ name }) => name === primaryKill.name).length;
  if (shape === undefined || shape.replicasEach === 0 || kills <= shape.replicasEach) return [];
  const replicas = `${shape.replicasEach} replica${shape.replicasEach === 1 ? "" : "s"}`;
  return [
    `--fault ${primaryKill.name}: ${kills} in a trial, of a cluster in which a primary has ${replicas} to take its place`,
  ];
}

const refusal = (mistakes: readonly string[], isForeign: boolean): QbenchError =>
  mistakesError(
    mistakes,
    isForeign
      ? "leave --url out for a server of qbench's own, or choose another fault: `qbench list faults`"
      : "`qbench list faults` tells what else can go wrong",
  );

import type { Warning } from "../base/warning.js";
import { type Behaviour, readsReplicas } from "../scenario/scenario.js";
import type { Snapshot } from "../targets/server-snapshot.js";
import type { Segment, SegmentResult } from "../worker/segment.js";
import { type Snapshots, sentToReplicas } from "./figures.js";
import type { TrialContext } from "./trial.js";
import type { ReplicaFigures, TrialResult } from "./trial-result.js";

/** What a user should know of a trial's figures before he believes them. */

/** Fewer samples than this say nothing. */
export const FEWEST_SAMPLES = 50;
/** Apart by more than this share, and by more than one entry, rate, latency and count cannot all be right. */
const LITTLE_APART = 0.25;

/** One hot concert stays where it is; a fresh one after so many new users lies where its own id says. */
export function hotConcertWarnings(
  { target, scenario }: TrialContext,
  { concerts }: Segment,
  results: readonly SegmentResult[],
): Warning[] {
  const entered = new Set(results.flatMap((result) => result.concerts.map(({ number }) => number))).size;
  if (target.kind !== "cluster" || entered <= concerts || concerts >= MANY_CONCERTS) return [];
  const message =
    `after every ${scenario.maxWaiting} new users entries went on to a fresh concert, ${entered} in all, and each lies on a ` +
    "primary of its own: a higher --max-waiting keeps a hot concert where it is";
  return [{ code: "hot-concert-moved", message }];
}

/** Of so many some lie on every primary anyway. */
const MANY_CONCERTS = 12;

export function littlesLawWarnings({ expected, counted, samples }: TrialResult["inProgress"]): Warning[] {
  const apart = Math.abs(expected - counted);
  if (samples < FEWEST_SAMPLES || apart <= 1 || apart <= LITTLE_APART * Math.max(expected, counted)) return [];
  return [
    {
      code: "littles-law",
      message:
        `by rate × latency ${expected.toFixed(1)} entries were in progress, by counting ${counted.toFixed(1)}: ` +
        "what was measured does not hold together",
    },
  ];
}

/** `isReplaced`: by another server, which was there before. */
function restartMessage(primaries: number, isReplaced: boolean): string {
  if (primaries > 1) {
    return "a primary of the cluster was replaced during the trial: the server's own counters say nothing about it";
  }
  return isReplaced
    ? "a replica took the primary's place during the trial: their own counters say nothing about it"
    : "the server restarted during the trial: its own counters say nothing about it";
}

/** Whether the counters of the server may be believed. */
export function counterWarnings(
  /** Entries that got a connection. */
  begun: number,
  /** As the generator and as the server counted (null: it was disturbed), and by how many what failed may set them apart. */
  { sent, counted, inDoubt }: { readonly sent: number; readonly counted: number | null; readonly inDoubt: number },
  { server, restarted }: { readonly server: Snapshots<Snapshot>; readonly restarted: boolean },
  isReplaced: boolean,
): Warning[] {
  const warnings: Warning[] = [];
  if (restarted) {
    warnings.push({
      code: "server-restarted",
      message: restartMessage(server.before.size, isReplaced),
    });
  } else if (counted !== null && begun > 0 && Math.abs(sent - counted) > CALLS_APART * counted + inDoubt) {
    warnings.push({
      code: "counters-disagree",
      message:
        `the server counted ${(counted / begun).toFixed(3)} calls an entry and the generator sent ` +
        `${(sent / begun).toFixed(3)}: is another client using this server?`,
    });
  }
  return warnings;
}

/** Counts that are further apart are not of the same calls. */
const CALLS_APART = 0.005;

/** Whether those of the replicas may. */
export function replicaWarnings(replicas: readonly ReplicaFigures[], sent: number): Warning[] {
  const told = replicas.reduce((sum, { reads }) => sum + reads, 0);
  if (Math.abs(told - sent) <= CALLS_APART * sent) return [];
  const message =
    `replicas counted ${told} positions that were read, and the generator asked them for ${sent}: is another client ` +
    "reading from them, or did one restart?";
  return [{ code: "counters-disagree", message }];
}

/** Whether positions that were to be read from replicas were. */
export function readingWarnings(
  asked: Pick<Behaviour, "pollBy" | "pollEvery">,
  results: readonly Pick<SegmentResult, "reads">[],
): Warning[] {
  const atPrimaries = results.reduce((sum, { reads }) => sum + reads.sentToPrimary, 0);
  if (!readsReplicas(asked) || atPrimaries === 0) return [];
  const message =
    `${atPrimaries} of ${atPrimaries + sentToReplicas(results)} positions were asked of primaries, since no replica of ` +
    "theirs was connected: what reading from replicas gives shows only in the others";
  return [{ code: "read-at-primaries", message }];
}

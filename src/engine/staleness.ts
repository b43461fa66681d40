import { Staleness, type StalenessActed } from "../actors/staleness.js";
import { nodeAt, slotsEntries } from "../drivers/slot-map.js";
import { percentileUs } from "../measure/hdr.js";
import { beatKey, concertIdOf, concertKeys, concertSlot } from "../queue/keys.js";
import { readsReplicas, type Scenario } from "../scenario/scenario.js";
import type { Reply } from "../strategies/strategy.js";
import type { Target } from "../targets/target.js";
import type { Segment } from "../worker/segment.js";
import type { StalenessFigures } from "./trial-result.js";

/**
 * How far behind the replicas are whom positions are read from: those of the primary that holds the first concert, which
 * is the hottest where concerts differ. Undefined where nobody asks replicas.
 */
export async function openStaleness(
  { scenario, target, runId }: { readonly scenario: Scenario; readonly target: Target; readonly runId: string },
  { firstConcert }: Segment,
): Promise<Staleness | undefined> {
  if (!readsReplicas(scenario)) return undefined;
  const keys = concertKeys(concertIdOf(runId, firstConcert));
  const slot = concertSlot(keys);
  const entries = slotsEntries((await target.control.call("CLUSTER", "SLOTS")) as Reply) ?? [];
  const holding = entries.find(({ first, last }) => first <= slot && slot <= last)?.nodes ?? [];
  const [primary, ...replicas] = holding.flatMap(({ host, port }) => {
    const node = nodeAt(target.endpoints, host, port);
    return node < 0 ? [] : [target.endpoints[node]!];
  });
  if (primary === undefined || replicas.length === 0) return undefined;
  return Staleness.open({ primary, replicas, key: beatKey(keys) });
}

export function stalenessFigures({ behindUs, ...acted }: StalenessActed): StalenessFigures {
  const counts = behindUs.toCounts();
  const { replicas, everyUs, reads, staleReads, failed } = acted;
  return {
    replicas,
    everyUs,
    reads,
    staleReads,
    failed,
    behind: {
      unit: "us",
      p50: percentileUs(counts, 50),
      p99: percentileUs(counts, 99),
      max: percentileUs(counts, 100),
    },
  };
}

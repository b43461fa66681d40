import { formatDuration } from "../base/units.js";
import { faultText } from "../faults/index.js";
import { type EventData, type EventKind, SAME_MOMENT_US } from "../worker/event-log.js";
import type { StruckFault } from "./faults.js";
import type { TrialEvent } from "./trial-result.js";

/**
 * The events of all instances as one story, in order of time. `restarted`: the server was another process at the end; it
 * became one while it was away, if it was seen to be away at all. `faults`: what was done to it on purpose.
 */
export function storyOf(
  instances: readonly (readonly EventData[])[],
  restarted: boolean,
  durationMs: number,
  faults: readonly StruckFault[] = [],
): TrialEvent[] {
  const joined: EventData[] = [];
  for (const event of instances.flat().sort((a, b) => a.atUs - b.atUs)) {
    const at = joined.findLastIndex(({ kind }) => kind === event.kind);
    const before = joined[at];
    if (before !== undefined && event.atUs - before.atUs <= SAME_MOMENT_US) {
      const lastedUs = Math.max(before.lastedUs, event.lastedUs);
      joined[at] = { ...before, count: before.count + event.count, lastedUs };
    } else {
      joined.push(event);
    }
  }
  if (restarted) {
    const back = joined.findLastIndex(({ kind }) => kind === "server-back");
    const atUs = joined[back]?.atUs ?? durationMs * 1000;
    joined.splice(back < 0 ? joined.length : back, 0, { kind: "server-restarted", atUs, count: 1, lastedUs: 0 });
  }
  const story: TrialEvent[] = joined.map((event) => ({
    atMs: Math.round(event.atUs / 1000),
    kind: event.kind,
    message: WORDS[event.kind](event),
    count: event.count,
    ...(event.lastedUs > 0 ? { lastedMs: Math.round(event.lastedUs / 1000) } : {}),
  }));
  // Of one moment the cause comes first.
  return [...faults.map(planned), ...story].sort((a, b) => a.atMs - b.atMs);
}

/** To the whole ms before it: what came of it is no earlier. */
const planned = (fault: StruckFault): TrialEvent => ({
  atMs: Math.floor(fault.beganMs),
  kind: "fault",
  message: `fault ${faultText(fault)}`,
  count: 1,
  ...(fault.forMs > 0 ? { lastedMs: Math.round(fault.endedMs - fault.beganMs) } : {}),
});

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
const lasted = ({ lastedUs }: EventData): string => formatDuration(Math.round(lastedUs / 1000));

const WORDS: Readonly<Record<EventKind, (event: EventData) => string>> = {
  "connections-lost": ({ count }) => `${plural(count, "connection")} lost`,
  "connections-reset": ({ count }) => `${plural(count, "connection")} reset after a timeout`,
  "connections-restored": ({ count }) => `${plural(count, "connection")} restored`,
  "server-away": () => "the server went away",
  "server-back": (event) => `the server was back after ${lasted(event)}`,
  "server-restarted": () => "the server had restarted, and forgotten what it knew",
  "server-lost": () => "the server was given up",
  "scripts-reloaded": ({ count }) =>
    `scripts were gone and loaded again (${plural(count, "entry", "entries")} met NOSCRIPT)`,
  redirected: ({ count }) => `${plural(count, "entry", "entries")} sent to another node, or asked to come again`,
  "cluster-down": ({ count }) => `the cluster called itself down (${plural(count, "entry", "entries")} put off)`,
  "routes-changed": () => "slots were found at another node",
  "primary-replaced": () => "Sentinels named another primary",
  stall: (event) => `nothing was answered for ${lasted(event)}`,
  "generator-paused": (event) => `the load generator did not run for ${lasted(event)}`,
  more: ({ count }) => `${count} more are not kept`,
};

import type { ServerResponse } from "node:http";
import type { Scenario } from "../scenario/scenario.js";
import type { LiveState, Viewer } from "./live-run.js";
import { HEADERS, type LoopbackServer, serveLoopback } from "./loopback.js";
import { livePage } from "./page.js";
import { pageMessage, trialRow } from "./page-message.js";
import { title } from "./progress.js";

/** Serves the live page and tells every reader of it what goes on, by server-sent events. */
export interface PageServer extends LoopbackServer {
  readonly viewer: Viewer;
}

const TELL_EVERY_MS = 250;
/** A longer table nobody reads; the report has all. */
const MOST_ROWS = 50;

/** @throws QbenchError (usage) if the port cannot be had */
export async function servePage(
  port: number,
  scenario: Scenario,
  nowMs: () => number = () => performance.now(),
): Promise<PageServer> {
  const readers = new Set<ServerResponse>();
  const page = livePage(scenario);
  let trials: readonly (readonly string[])[] = [];
  let state: LiveState | undefined;
  let toldMs = Number.NEGATIVE_INFINITY;
  let toldPhase: string | undefined;

  const eventOf = (current: LiveState): string => {
    const name = current.phase === "over" ? "end" : "state";
    return `event: ${name}\ndata: ${JSON.stringify(pageMessage(current, trials))}\n\n`;
  };
  const server = await serveLoopback("--ui", port, {
    "/"(response) {
      response.writeHead(200, {
        ...HEADERS,
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": page.policy,
      });
      response.end(page.text);
    },
    "/events"(response) {
      response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream; charset=utf-8" });
      response.write(state === undefined ? ": hello\n\n" : eventOf(state));
      if (state?.phase === "over") response.end();
      readers.add(response);
      response.on("close", () => readers.delete(response));
    },
  });
  return {
    ...server,
    viewer: {
      showsFigures: true,
      changed(next) {
        state = next;
        const { phase } = next;
        if (readers.size === 0 || (phase === toldPhase && nowMs() - toldMs < TELL_EVERY_MS)) return;
        toldMs = nowMs();
        toldPhase = phase;
        const event = eventOf(next);
        // Who does not keep up misses some: the next one tells all anew.
        for (const reader of readers) if (!reader.writableNeedDrain || phase === "over") reader.write(event);
      },
      trialFinished(result, place) {
        trials = [trialRow(result, title(place)), ...trials].slice(0, MOST_ROWS);
      },
      ended() {
        for (const reader of readers) reader.end();
      },
    },
  };
}

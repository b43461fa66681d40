import type { Redis } from "ioredis";
import { primariesNow } from "../targets/primaries.js";
import { type Fault, OVER } from "./fault.js";

/**
 * CLIENT KILL by number rather than TYPE normal, which would take the connections of everybody else with it: control,
 * admission, and whoever else uses the server.
 */
export const clientKill: Fault = {
  name: "client-kill",
  summary: "has the server close every measuring connection (CLIENT KILL)",
  lastsMs: null,
  needs: "commands",
  serverIs: "there",
  async begin({ control, clientName }) {
    const primaries = await primariesNow(control);
    const killed = await Promise.all(primaries.map((node) => killClients(node, clientName)));
    if (killed.every((count) => count === 0)) {
      throw new Error("the server lists no connection by the name that they were given");
    }
    return OVER;
  },
};

async function killClients(control: Redis, clientName: string): Promise<number> {
  const clients = String(await control.client("LIST"));
  const numbers = clients
    .split("\n")
    .filter((line) => line.includes(` name=${clientName} `))
    .map((line) => /^id=(\d+) /.exec(line)?.[1] ?? "");
  const killing = control.pipeline();
  for (const number of numbers) killing.call("CLIENT", "KILL", "ID", number);
  const replies = (await killing.exec()) ?? [];
  const refused = replies.find(([error]) => error !== null);
  if (refused !== undefined) throw refused[0];
  return numbers.length;
}

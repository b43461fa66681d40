import { BlockList, isIP } from "node:net";
import { EXIT, QbenchError, usageError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { successorsOf } from "../targets/successors.js";
import { addressOf, isLoopback } from "../targets/url.js";
import type { Open } from "./messages.js";

/** What an agent lets others do with its machine. Nobody who reaches the control Redis can have it load more. */
export interface Permissions {
  /** `--allow-target`, parsed; loopback is always allowed. */
  readonly targets: readonly AllowedTarget[];
  /** `--allow-strategy-files` */
  readonly strategyFiles: boolean;
}

/** Whether an endpoint is one of those that were named. */
type AllowedTarget = (endpoint: Endpoint) => boolean;

const FORM = "give HOST, HOST:PORT or a network such as 10.0.0.0/8; several options allow several";

/** @throws QbenchError (usage) */
export function parseAllowedTarget(text: string): AllowedTarget {
  const network = /^(.+)\/(\d{1,3})$/.exec(text);
  if (network !== null) return inNetwork(text, network[1]!, Number(network[2]));
  const bracketed = /^\[(.+)\](?::(\d{1,5}))?$/.exec(text);
  const plain = isIP(text) === 6 ? [text, text, undefined] : /^([\w.-]+)(?::(\d{1,5}))?$/.exec(text);
  const [, host, port] = bracketed ?? plain ?? [];
  if (host === undefined || (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))) throw wrong(text);
  return (endpoint) =>
    endpoint.host.toLowerCase() === host.toLowerCase() && (port === undefined || endpoint.port === Number(port));
}

function inNetwork(text: string, address: string, prefix: number): AllowedTarget {
  const family = isIP(address);
  if (family === 0 || prefix > (family === 4 ? 32 : 128)) throw wrong(text);
  const list = new BlockList();
  list.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  return ({ host }) => isIP(host) !== 0 && list.check(host, isIP(host) === 4 ? "ipv4" : "ipv6");
}

const wrong = (text: string): QbenchError =>
  usageError(
    `--allow-target: expected a host or a network, got "${text.slice(0, 60).replace(/[^\x20-\x7e]/g, "?")}"`,
    FORM,
  );

/** @throws QbenchError (usage) if the plan asks for more than is permitted */
export function refuseForbidden({ driver, luaFiles }: Open, { targets, strategyFiles }: Permissions): void {
  const sentinels = driver.endpoints.flatMap((endpoint) =>
    (endpoint.sentinels?.at ?? []).map((address) => ({ ...endpoint, ...address })),
  );
  for (const endpoint of [...driver.endpoints.flatMap(successorsOf), ...sentinels]) {
    if (isLoopback(endpoint) || targets.some((allows) => allows(endpoint))) continue;
    const address = addressOf(endpoint);
    throw new QbenchError(
      "usage",
      EXIT.usage,
      sentinels.includes(endpoint) ? `it may not ask the Sentinel ${address}` : `it may not load ${address}`,
      `start the agent with --allow-target ${address} if that server is yours to load`,
    );
  }
  if (luaFiles.length > 0 && !strategyFiles) {
    throw usageError(
      `it runs no strategy files, and ${luaFiles.map(({ name }) => name).join(", ")} would be one`,
      "start the agent with --allow-strategy-files if you trust whoever reaches the control Redis",
    );
  }
}

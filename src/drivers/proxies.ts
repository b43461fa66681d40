import type { Address } from "./driver.js";

/** Proxies by the address that they hand on to, as `host:port`. */
export type Proxies = Readonly<Record<string, Address>>;

export const addressKey = ({ host, port }: Address): string => `${host}:${port}`;

/** Where to connect to reach `address`: there, or the proxy in front of it. */
export const wayTo = (address: Address, proxies: Proxies | undefined): Address =>
  proxies?.[addressKey(address)] ?? address;

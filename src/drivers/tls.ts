import { isIP } from "node:net";
import type { Endpoint } from "./driver.js";

/** An address that is no name may not be sent as one (RFC 6066); the certificate is held against it all the same. */
export const tlsOptionsOf = ({ host }: Endpoint): { servername?: string } =>
  isIP(host) === 0 ? { servername: host } : {};

import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import type { Address } from "./driver.js";

/** `way`: where the connection is made, if that is a proxy. The certificate is held against the server's own name. */
export function tlsOptionsOf(
  { host }: Address,
  way?: Address,
): Pick<ConnectionOptions, "servername" | "checkServerIdentity"> {
  // An address that is no name may not be sent as one (RFC 6066); the certificate is held against it all the same.
  if (isIP(host) === 0) return { servername: host };
  if (way === undefined || way.host === host) return {};
  return { checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate) };
}

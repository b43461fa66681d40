import { mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedServer, startEmbedded } from "../embedded.js";
import { findRedisBinary } from "../redis-binary.js";

/**
 * For tests: a Sentinel of a primary of the name `tickets`, which alone may say that it is down; `settings` as behind
 * `sentinel ` in its configuration. `folder`: where the program has the name by which it is a Sentinel.
 */
export async function startSentinel(
  folder: string,
  primary: EmbeddedServer,
  settings: readonly string[] = [],
): Promise<EmbeddedServer> {
  const binary = await findRedisBinary(undefined);
  const path = join(mkdtempSync(join(folder, "sentinel-")), "redis-sentinel");
  symlinkSync(binary.path, path);
  const lines = [`monitor tickets 127.0.0.1 ${primary.endpoint.port} 1`, ...settings];
  return startEmbedded(
    { ...binary, path },
    lines.map((line) => `sentinel ${line}`),
  );
}

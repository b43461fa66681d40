import { environmentError, QbenchError } from "../../base/errors.js";
import { findRedisBinary, HOW_TO_INSTALL, type RedisBinary } from "../redis-binary.js";
import { builtFromSource } from "./built.js";
import type { ProvisionContext, Way } from "./commands.js";
import { debianUnpacked } from "./debian-unpacked.js";
import { homebrew, systemPackages } from "./system-package.js";

/** In order of preference; only those possible on this machine are tried. */
const WAYS: readonly Way[] = [...systemPackages, debianUnpacked, homebrew, builtFromSource];

const HERE: ProvisionContext = {
  env: process.env,
  isRoot: process.getuid?.() === 0,
  platform: process.platform,
};

/**
 * The server program of this machine; where there is none, it is fetched. `say` hears what is being done.
 * @throws QbenchError (environment) that tells why each way failed and what to type.
 */
export async function provideRedis(
  say: (line: string) => void,
  context: ProvisionContext = HERE,
): Promise<RedisBinary> {
  const found = await existing(context);
  if (found !== undefined) return found;
  const failures: string[] = [];
  for (const way of WAYS.filter((candidate) => candidate.isPossible(context))) {
    const caveat = way.isVerified ? "" : " (a way nobody has reported to work yet)";
    say(`no redis-server on this machine: getting one by ${way.name}${caveat} …`);
    try {
      await way.run(context);
      const fetched = await existing(context);
      if (fetched !== undefined) return fetched;
      failures.push(`${way.name}: it went well, yet no redis-server is there`);
    } catch (error) {
      failures.push(`${way.name}: ${(error as Error).message}`);
    }
  }
  const tried = failures.length === 0 ? "" : `, and none could be fetched:\n  ${failures.join("\n  ")}`;
  throw environmentError(`there is no redis-server or valkey-server on this machine${tried}`, HOW_TO_INSTALL);
}

async function existing({ env }: ProvisionContext): Promise<RedisBinary | undefined> {
  try {
    return await findRedisBinary(undefined, env);
  } catch (error) {
    if (error instanceof QbenchError) return undefined;
    throw error;
  }
}

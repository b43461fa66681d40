import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fetchedRedisFolder } from "../folders.js";
import { execute, isOnPath, type Way } from "./commands.js";

/**
 * Redis built from source by the package redis-memory-server, which downloads it when it is installed. Installed only
 * here, in a folder of the user's own: as a dependency it would download for everybody.
 */
export const builtFromSource: Way = {
  name: "redis-memory-server, which builds Redis from source (some minutes)",
  isVerified: false,
  isPossible: (context) => ["npm", "make", "cc"].every((program) => isOnPath(program, context)),
  async run(context) {
    const folder = fetchedRedisFolder(context.env);
    const builds = join(folder, "builds");
    await mkdir(builds, { recursive: true });
    try {
      await writeFile(join(folder, "package.json"), '{ "private": true }\n');
      const env = { ...context.env, REDISMS_DOWNLOAD_DIR: builds };
      await execute("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "redis-memory-server@0.17"], {
        env,
        cwd: folder,
      });
      const entries = await readdir(builds, { recursive: true, withFileTypes: true });
      const built = entries.find((entry) => entry.name === "redis-server" && entry.isFile());
      if (built === undefined) throw new Error("redis-memory-server has built no redis-server");
      const program = join(folder, "bin", "redis-server");
      await mkdir(dirname(program), { recursive: true });
      await writeFile(program, `#!/bin/sh\nexec '${join(built.parentPath, built.name)}' "$@"\n`);
      await chmod(program, 0o755);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  },
};

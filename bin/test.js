#!/usr/bin/env node
/** `npm test`: sets up, then runs the whole suite, or what the arguments pick of it. */
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.js";
import { provideTestTools } from "./test-tools.js";

if (await setUp({ needsRedis: true })) {
  provideTestTools((line) => console.error(`qbench: ${line}`));
  const vitest = new URL("../node_modules/vitest/vitest.mjs", import.meta.url);
  process.argv = [process.execPath, fileURLToPath(vitest), "run", ...process.argv.slice(2)];
  await import(vitest.href);
}

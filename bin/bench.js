#!/usr/bin/env node
/** `npm run bench:NAME`: sets up, then measures the load generator itself; docs/generator.md says what and why. */
import { setUp } from "./setup.js";

const BENCHES = {
  generator: () => import("../dist/bench/generator.js"),
  scaling: () => import("../dist/bench/scaling.js"),
  rtt: () => import("../dist/bench/rtt.js"),
  memory: () => import("../dist/bench/memory.js"),
  agents: () => import("../dist/bench/agents.js"),
};

const [name, ...args] = process.argv.slice(2);
const load = BENCHES[name];
if (load === undefined) {
  console.error(`bench: expected one of ${Object.keys(BENCHES).join(", ")}, got ${name}`);
  process.exitCode = 2;
} else if (await setUp({ needsRedis: true })) {
  const { main } = await load();
  try {
    await main(args);
  } catch (error) {
    console.error(`bench: ${error.message}`);
    if (error.hint !== undefined) console.error(`  ${error.hint}`);
    process.exitCode = error.exitCode ?? 70;
    if (error.exitCode === undefined) console.error(error.stack);
  }
}

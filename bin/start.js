#!/usr/bin/env node
/**
 * `npm start`: sets up, then runs the default scenario, or the one named. The run takes place in this very process,
 * so that signals and the exit code need no passing on.
 */
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.js";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const options = process.argv.slice(2);
const names = (option) => options.some((given) => given === option || given.startsWith(`${option}=`));

/** A scenario file among the options; a report may end the same way. */
const isScenario = (given, i) => /^[^-].*\.ya?ml$/.test(given) && options[i - 1] !== "--output";

const inEnvironment = (name) => (process.env[name] ?? "") !== "";

const bringsRedis =
  names("--url") || names("--redis-server") || inEnvironment("QBENCH_URL") || inEnvironment("QBENCH_REDIS_SERVER");
const measuresNothing = names("--help") || names("-h") || names("--dry-run");

if (await setUp({ needsRedis: !bringsRedis && !measuresNothing })) {
  const scenario = options.some(isScenario) ? [] : [inProject("scenarios/default.yaml")];
  process.argv = [process.execPath, inProject("bin/qbench.js"), "run", ...scenario, ...options];
  await import("./qbench.js");
}

#!/usr/bin/env node
/**
 * `npm start`: sets up, then runs the default scenario, or the one named, and keeps the report in results/. The run takes
 * place in this very process, so that signals and the exit code need no passing on. `npm start agent -- …` sets up and is
 * an agent: a machine that makes part of the load of a run elsewhere.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.js";

// As in qbench.js, but set-up takes its time before that.
process.title = "qbench";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const options = process.argv.slice(2);
const names = (option) => options.some((given) => given === option || given.startsWith(`${option}=`));

/** A scenario by name comes first; a file is known by its ending wherever it stands, but a report may end the same way. */
const isScenario = (given, i) =>
  /^[^-]/.test(given) && (i === 0 || (/\.ya?ml$/.test(given) && options[i - 1] !== "--output"));

const inEnvironment = (name) => (process.env[name] ?? "") !== "";

const bringsRedis =
  names("--url") || names("--redis-server") || inEnvironment("QBENCH_URL") || inEnvironment("QBENCH_REDIS_SERVER");
const isOn = (name) => /^(1|true|yes|on)$/i.test(process.env[name] ?? "");
const measuresNothing = names("--help") || names("-h") || names("--dry-run") || isOn("QBENCH_DRY_RUN");

/** A name of its own for each report, in the order in which they were made. */
const reportPath = () => inProject(`results/${new Date().toISOString().slice(0, 19).replaceAll(":", "")}Z.json`);

if (options[0] === "agent") {
  if (await setUp({ needsRedis: false })) {
    process.argv = [process.execPath, inProject("bin/qbench.js"), ...options];
    await import("./qbench.js");
  }
} else if (await setUp({ needsRedis: !bringsRedis && !measuresNothing })) {
  // Git keeps no empty folders, and reports go there unless told otherwise.
  mkdirSync(inProject("results"), { recursive: true });
  const scenario = options.some(isScenario) ? [] : [inProject("scenarios/default.yaml")];
  const output =
    names("--output") || inEnvironment("QBENCH_OUTPUT") || measuresNothing ? [] : ["--output", reportPath()];
  process.argv = [process.execPath, inProject("bin/qbench.js"), "run", ...scenario, ...options, ...output];
  await import("./qbench.js");
}

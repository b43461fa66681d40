#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// The list of processes shows the arguments until then, and a password in them, to everybody on the machine.
process.title = "qbench";

const cli = new URL("../dist/program/cli.js", import.meta.url);
if (existsSync(fileURLToPath(cli))) {
  // Costs time, so only for who wants to see where something went wrong.
  if (process.env.QBENCH_DEBUG) process.setSourceMapsEnabled(true);
  await import(cli.href);
} else {
  console.error("qbench: it has not been built yet\n  type: npm run build");
  process.exitCode = 3;
}

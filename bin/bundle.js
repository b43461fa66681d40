#!/usr/bin/env node
/**
 * Puts what the program loads into few files: a start spends most of its time on opening some eight hundred modules, its
 * own and the libraries'. `bundle.js DIST`: DIST holds the compiled modules, and gets `program/cli.js`, with the parts that
 * commands load when they are named, and each file that is started as a thread or a process in its own place. All other
 * modules stay as they are, for scripts and tests.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** Left to Node: seldom loaded, or with files beside them that they look for. */
const LEFT_OUT = ["@resvg/resvg-js", "bullmq", "echarts", "msgpackr", "prom-client"];

/** What is started by its URL, without its ending: `worker/thread`. */
const STARTED = /new URL\("(\.[^"]+)\.js", import\.meta\.url\)/g;
const programs = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !/\.test\.ts$|\btesting\b/.test(name))
  .flatMap((name) =>
    [...readFileSync(join(src, name), "utf8").matchAll(STARTED)].map(([, path]) => join(dirname(name), path)),
  );
const tooDeep = programs.filter((path) => path.split("/").length !== 2);
// See `inPlace`.
if (tooDeep.length > 0) throw new Error(`a thread's file lies one folder below src, unlike ${tooDeep.join(", ")}`);

/** A module goes on to mean files beside itself, from whichever file it ends in: all of those lie one folder below DIST. */
const inPlace = {
  name: "in-place",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const itself = `new URL(${JSON.stringify(`../${relative(src, path)}`)}, import.meta.url)`;
      return { contents: readFileSync(path, "utf8").replaceAll("import.meta.url", itself), loader: "ts" };
    });
  },
};

await build({
  entryPoints: {
    "program/cli": join(src, "cli.ts"),
    ...Object.fromEntries(programs.map((p) => [p, join(src, `${p}.ts`)])),
  },
  outdir: process.argv[2],
  chunkNames: "program/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  sourcemap: true,
  external: LEFT_OUT,
  // For libraries that are CommonJS.
  banner: {
    js: 'import { createRequire as requireBeside } from "node:module"; const require = requireBeside(import.meta.url);',
  },
  plugins: [inPlace],
  logLevel: "warning",
});

#!/usr/bin/env node
/**
 * Compiles and bundles src/ into dist/, if anything that goes into it has changed since. The new dist/ takes the old one's place
 * whole, so that nobody who reads it meanwhile meets half a build.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const STAMP = ".built-from";

/** @returns {boolean} whether there was anything to do. @throws {Error} with the compiler's complaints */
export function build(say = () => {}) {
  const sources = hashOfSources();
  if (stampOf(dist) === sources) return false;
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  if (!existsSync(compiler)) {
    throw new Error("there is no compiler here yet\n  type: npm install, then npm run build (npm start does both)");
  }
  say("building …");
  const unfinished = join(root, `.dist-${process.pid}.tmp`);
  try {
    const args = [compiler, "-p", "tsconfig.build.json", "--outDir", unfinished];
    for (const program of [args, [join(root, "bin", "bundle.js"), unfinished]]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, program, { cwd: root, encoding: "utf8" });
      if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
    }
    writeFileSync(join(unfinished, STAMP), sources);
    replace(dist, unfinished);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return true;
}

function replace(target, replacement) {
  const old = join(root, `.dist-${process.pid}.old.tmp`);
  if (existsSync(target)) renameSync(target, old);
  renameSync(replacement, target);
  rmSync(old, { recursive: true, force: true });
}

function stampOf(folder) {
  const path = join(folder, STAMP);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function hashOfSources() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(root, "src"), { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .sort();
  // Libraries are bundled too: another version of one is another build.
  const settings = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json", "bin/bundle.js"];
  for (const name of [...settings, ...sources.map((s) => join("src", s))]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(root, name)))
      .update("\0");
  }
  return hash.digest("hex");
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    build((line) => console.error(`qbench: ${line}`));
  } catch (error) {
    console.error(`qbench: ${error.message}`);
    process.exitCode = 1;
  }
}

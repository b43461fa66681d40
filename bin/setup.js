/**
 * What a fresh clone needs before it can run: packages, a build, a redis-server. Each step looks first and does
 * nothing where all is there, so that a second start loses no time. Node's own modules only: nothing is installed yet.
 * Talks to stderr; stdout is for results.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const ENVIRONMENT_FAILED = 3;

const say = (line) => console.error(`qbench: ${line}`);

/** Something that the user has to mend; `hint` says how. */
class SetupError extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Makes everything ready. @returns {Promise<boolean>} false if that cannot be done: the reason has been told and the
 * exit code set.
 */
export async function setUp({ needsRedis }) {
  try {
    checkPlatform();
    install();
    build(say);
    if (needsRedis) await provideRedis();
    return true;
  } catch (error) {
    say(error.message);
    if (error.hint !== undefined) console.error(`  ${error.hint.replaceAll("\n", "\n  ")}`);
    process.exitCode = ENVIRONMENT_FAILED;
    return false;
  }
}

function checkPlatform() {
  const { engines } = readJson("package.json");
  const wanted = engines.node.match(/\d+/g).map(Number);
  const have = process.versions.node.split(".").map(Number);
  if (have[0] < wanted[0] || (have[0] === wanted[0] && have[1] < wanted[1])) {
    throw new SetupError(
      `Node.js ${process.versions.node} is too old: ${engines.node} is needed`,
      "install a newer one from https://nodejs.org/, or by your system's package manager",
    );
  }
  if (process.platform === "win32") {
    throw new SetupError("Windows has no redis-server that qbench could start", "run qbench in WSL or in Docker");
  }
}

function install() {
  if (isInstalled()) return;
  say("installing packages …");
  const npm = process.env.npm_execpath ?? "";
  const [program, ...first] = basename(npm) === "npm-cli.js" ? [process.execPath, npm] : ["npm"];
  // Not `npm ci`: it refuses a lockfile that lacks the native packages of any other platform, and npm leaves those out
  // where the registry at hand has not got them. This installs what is locked, and writes nothing back.
  // The build and the tests need the development packages, whatever NODE_ENV says.
  const args = [
    ...first,
    "install",
    "--no-save",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
  ];
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  throw new SetupError(
    `the packages could not be installed (${error?.code ?? `npm ended with ${status}`})`,
    "npm has said why above; is its registry reachable from here?",
  );
}

/** Compares what npm noted in node_modules with the lockfile; packages for other platforms may be missing. */
function isInstalled() {
  let installed;
  try {
    installed = readJson("node_modules/.package-lock.json").packages;
  } catch {
    return false;
  }
  return Object.entries(readJson("package-lock.json").packages).every(([path, locked]) => {
    if (path === "" || (locked.optional && installed[path] === undefined)) return true;
    return installed[path]?.version === locked.version && installed[path]?.integrity === locked.integrity;
  });
}

/** The built program knows best which servers it can start. */
async function provideRedis() {
  const { provideRedis: provide } = await import("../dist/targets/provision/provision.js");
  await provide(say);
}

const readJson = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));

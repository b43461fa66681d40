import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchedRedisFolder } from "../folders.js";
import { execute, isOnPath, type ProvisionContext, type Way } from "./commands.js";

/**
 * Debian's and Ubuntu's packages without being root: downloaded (and their signatures checked) by apt-get, unpacked
 * in a folder of the user's own, with whichever libraries the system lacks. Nothing of the system is changed.
 */
export const debianUnpacked: Way = {
  name: "apt-get download",
  isVerified: true,
  isPossible: (context) =>
    context.platform === "linux" &&
    ["apt-get", "apt-cache", "dpkg-deb", "dpkg-query"].every((p) => isOnPath(p, context)),
  async run(context) {
    const folder = fetchedRedisFolder(context.env);
    const unfinished = `${folder}.${process.pid}.tmp`;
    try {
      await fetchInto(unfinished, folder, context);
      await rm(folder, { recursive: true, force: true });
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  },
};

const PACKAGES = ["redis-tools", "redis-server"];

async function fetchInto(unfinished: string, folder: string, context: ProvisionContext): Promise<void> {
  const [debs, apt, root, bin] = ["debs", "apt", "root", "bin"].map((name) => join(unfinished, name)) as Folders;
  for (const each of [debs, root, bin]) await mkdir(each, { recursive: true });
  const fetch = async (packages: readonly string[], options: readonly string[]): Promise<void> => {
    await execute("apt-get", [...options, "download", "-qq", ...packages], { env: context.env, cwd: debs });
    for (const name of packages) await unpack(debs, name, root, context);
  };
  let options: string[] = [];
  try {
    await fetch(PACKAGES, options);
  } catch {
    // The system's package lists are missing or too old, and only root may renew them: make lists of our own.
    options = await privateApt(apt);
    await execute("apt-get", [...options, "update", "-qq"], context);
    await fetch(PACKAGES, options);
  }
  const server = join("usr", "bin", "redis-server");
  const runs = await execute(join(root, server), ["--version"], context).then(
    () => true,
    () => false,
  );
  if (!runs) await fetch(await missingLibraries(options, context), options);
  const program = join(bin, "redis-server");
  await writeFile(program, wrapper(join(folder, "root"), server, runs ? [] : await libraryFolders(root)));
  await chmod(program, 0o755);
  for (const each of [debs, apt]) await rm(each, { recursive: true, force: true });
}

type Folders = [debs: string, apt: string, root: string, bin: string];

async function unpack(debs: string, name: string, root: string, context: ProvisionContext): Promise<void> {
  const found = (await readdir(debs)).filter((file) => file.startsWith(`${name}_`));
  for (const file of found) await execute("dpkg-deb", ["-x", join(debs, file), root], context);
}

/** Options that keep apt-get's lists and caches in a folder of ours. */
async function privateApt(folder: string): Promise<string[]> {
  const folders = ["state/lists/partial", "cache/archives/partial"].map((part) => join(folder, part));
  for (const each of folders) await mkdir(each, { recursive: true });
  return [
    ...["-o", `Dir::State=${join(folder, "state")}`],
    ...["-o", "Dir::State::status=/var/lib/dpkg/status"],
    ...["-o", `Dir::Cache=${join(folder, "cache")}`],
    ...["-o", "Acquire::Languages=none"],
    ...["-o", "Acquire::Retries=1"],
    ...["-o", "Acquire::http::Timeout=20"],
  ];
}

/** Library packages that the server needs and this system has not got; the C library it always has. */
async function missingLibraries(options: readonly string[], context: ProvisionContext): Promise<string[]> {
  const only = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`);
  const needed = await execute("apt-cache", [...options, "depends", "--recurse", ...only, ...PACKAGES], context);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const form = "${Package} ${db:Status-Status}\\n";
  const installed = new Set(
    (await execute("dpkg-query", ["-W", "-f", form], context))
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  const names = needed.split("\n").filter((line) => /^lib[\w.+-]+$/.test(line));
  return [...new Set(names)].filter((name) => !installed.has(name) && !/^libc\d|^libcrypt/.test(name));
}

/** Folders under `root`, as paths within it, that hold shared libraries. */
async function libraryFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const libraries = entries.filter((entry) => /\.so(\.|$)/.test(entry.name));
  return [...new Set(libraries.map((entry) => entry.parentPath.slice(root.length)))];
}

function wrapper(root: string, server: string, libraries: readonly string[]): string {
  const path = libraries.map((folder) => `${root}${folder}`).join(":");
  const environment =
    path === ""
      ? []
      : [`LD_LIBRARY_PATH=${quoted(path)}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`, "export LD_LIBRARY_PATH"];
  return ["#!/bin/sh", ...environment, `exec ${quoted(join(root, server))} "$@"`, ""].join("\n");
}

/** For a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

import { readdir, readFile, readlink, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { makeFolder } from "../base/make-folder.js";
import type { Address, Endpoint } from "../drivers/driver.js";
import { FOLDER_PREFIX } from "./embedded.js";
import { cacheFolder, temporaryFolder } from "./folders.js";
import { identityOf, stateOf } from "./process-identity.js";
import type { ChangedSetting } from "./settings.js";
import { addressOf, isLoopback } from "./url.js";

/**
 * What runs have on their hands, one file a run, so that the next start can clean up after one that was killed:
 * servers of its own (which their watchdogs end, unless they were killed as well), and addresses where it may have
 * left keys. A file goes when its run has cleaned up after itself. Never holds a password.
 */

const identity = z.object({ pid: z.int().positive(), startedAt: z.string(), host: z.string(), pidSpace: z.string() });
const record = z.object({
  runId: z.string().regex(/^[\w-]+$/),
  owner: identity,
  servers: z.array(z.object({ process: identity, folder: z.string() })),
  /** `addressKey` of servers that this run writes keys to. */
  addresses: z.array(z.string()),
  /** What it has changed of a server that is not its own, by `serverKey`, in the order in which it did. */
  settings: z.array(z.object({ server: z.string(), name: z.string(), set: z.string(), was: z.string() })).default([]),
});
type RunRecord = z.infer<typeof record>;

/** This run's file. */
export interface RunEntry {
  addServer(server: { readonly pid: number; readonly folder: string }): Promise<void>;
  addAddress(endpoint: Endpoint): Promise<void>;
  /** All that is changed at this moment of servers' settings. */
  setSettings(changes: readonly ChangedSetting[]): Promise<void>;
  /** Everything is cleaned up: the file goes. */
  remove(): Promise<void>;
}

const registryFolder = (): string => join(cacheFolder(), "runs");
const recordPath = (runId: string): string => join(registryFolder(), `${runId}.json`);

/** @throws if the user's cache folder cannot be written to. */
export async function registerRun(runId: string): Promise<RunEntry> {
  const owner = await identityOf(process.pid);
  if (owner === undefined) throw new Error("cannot tell when this process started");
  let current: RunRecord = { runId, owner, servers: [], addresses: [], settings: [] };
  const change = async (changed: Partial<RunRecord>): Promise<void> => {
    current = { ...current, ...changed };
    await save(current);
  };
  await change({});
  return {
    async addServer({ pid, folder }) {
      const server = await identityOf(pid);
      if (server !== undefined) await change({ servers: [...current.servers, { process: server, folder }] });
    },
    addAddress: (endpoint) => change({ addresses: [...current.addresses, addressKey(endpoint)] }),
    setSettings: (changes) =>
      change({ settings: changes.map(({ at, ...one }) => ({ server: serverKey(at), ...one })) }),
    remove: () => rm(recordPath(runId), { force: true }),
  };
}

/** Ends the servers that dead runs have left and removes their folders. @returns how many were still running. */
export async function endOrphanServers(): Promise<number> {
  let ended = 0;
  for (const dead of await deadRuns()) {
    for (const server of dead.servers) {
      if (await endOrphan(server)) ended++;
    }
    await saveOrRemove({ ...dead, servers: [] });
  }
  return ended;
}

/** The dead runs that may have left keys at this address. */
export async function deadRunsAt(endpoint: Endpoint): Promise<string[]> {
  const key = addressKey(endpoint);
  return (await deadRuns()).filter((dead) => dead.addresses.includes(key)).map((dead) => dead.runId);
}

/** A dead run's keys are gone from this address. */
export async function forgetDeadRun(runId: string, endpoint: Endpoint): Promise<void> {
  const dead = await load(recordPath(runId));
  if (dead === undefined) return;
  await saveOrRemove({ ...dead, addresses: dead.addresses.filter((key) => key !== addressKey(endpoint)) });
}

/** The settings that dead runs have left changed on this server, run by run. */
export async function settingsLeftAt(
  endpoint: Endpoint,
): Promise<{ readonly runId: string; readonly changes: readonly ChangedSetting[] }[]> {
  const key = serverKey(endpoint);
  const left = (await deadRuns()).map(({ runId, settings }) => ({
    runId,
    changes: settings.filter(({ server }) => server === key).map((one) => ({ at: endpoint, ...one })),
  }));
  return left.filter(({ changes }) => changes.length > 0);
}

/** A dead run's settings have been put back on this server. */
export async function forgetSettings(runId: string, endpoint: Endpoint): Promise<void> {
  const dead = await load(recordPath(runId));
  if (dead === undefined) return;
  await saveOrRemove({ ...dead, settings: dead.settings.filter(({ server }) => server !== serverKey(endpoint)) });
}

/** One name for one server, however this machine is called. */
const serverKey = (endpoint: Address): string =>
  addressOf(isLoopback(endpoint) ? { ...endpoint, host: "localhost" } : endpoint).toLowerCase();

/** One name for one database. */
const addressKey = (endpoint: Endpoint): string => `${serverKey(endpoint)}/${endpoint.db}`;

async function deadRuns(): Promise<RunRecord[]> {
  const names = await readdir(registryFolder()).catch(() => []);
  const records = await Promise.all(
    names.filter((name) => name.endsWith(".json")).map((name) => load(join(registryFolder(), name))),
  );
  const dead: RunRecord[] = [];
  for (const found of records) {
    if (found !== undefined && (await stateOf(found.owner)) === "dead") dead.push(found);
  }
  return dead;
}

async function load(path: string): Promise<RunRecord | undefined> {
  try {
    return record.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    // Gone meanwhile, or no record of ours: not a reason to stop anybody's run.
    return undefined;
  }
}

async function save(current: RunRecord): Promise<void> {
  const path = recordPath(current.runId);
  makeFolder(registryFolder(), 0o700);
  const unfinished = `${path}.${process.pid}.tmp`;
  await writeFile(unfinished, `${JSON.stringify(current, null, 2)}\n`, { mode: 0o600 });
  await rename(unfinished, path);
}

const saveOrRemove = (current: RunRecord): Promise<void> =>
  current.servers.length + current.addresses.length + current.settings.length === 0
    ? rm(recordPath(current.runId), { force: true })
    : save(current);

const GONE_ATTEMPTS = 100;
const GONE_RETRY_MS = 20;

/** Only a process that is that very one and works in our folder is ended, and only a folder of our making removed. */
async function endOrphan(server: RunRecord["servers"][number]): Promise<boolean> {
  const isOurFolder = dirname(server.folder) === temporaryFolder() && basename(server.folder).startsWith(FOLDER_PREFIX);
  if (!isOurFolder) return false;
  const isOrphan = (await stateOf(server.process)) === "alive" && (await worksIn(server.process.pid, server.folder));
  if (isOrphan) {
    process.kill(server.process.pid, "SIGKILL");
    for (let i = 0; i < GONE_ATTEMPTS && (await stateOf(server.process)) === "alive"; i++) await sleep(GONE_RETRY_MS);
  }
  await rm(server.folder, { recursive: true, force: true });
  return isOrphan;
}

/** Known on Linux only; elsewhere the pid and the time of its start have to do. */
async function worksIn(pid: number, folder: string): Promise<boolean> {
  if (process.platform !== "linux") return true;
  return (await readlink(`/proc/${pid}/cwd`).catch(() => "")) === folder;
}

import { printable } from "../base/printable.js";
import { formatBytes } from "../base/units.js";
import { latencyText, percentText, plural } from "../report/format.js";
import { type Check, type Need, ok, unfit, warning } from "./check.js";
import type { ServerFacts } from "./server-facts.js";

export const SERVER_LIMITS = {
  /** On loopback: more is a busy machine. Elsewhere: more than so many times the median. */
  pingP99Us: 2_000,
  pingSpread: 10,
  othersCommandsPerSec: 10,
  idleBusy: 0.05,
  /** Commands slower than this are rare; below it, the log itself becomes work. */
  slowlogUs: 1_000,
} as const;

/** The first version that has COPY, by which queues are prepared, and tells its main thread's CPU. */
const WANTED_VERSION = [6, 2] as const;

const number = ({ info }: ServerFacts, name: string): number => Number(info.get(name) ?? 0);
const setting = ({ config }: ServerFacts, name: string): string => config?.[name] ?? "";

export const SERVER_CHECKS: readonly Check<ServerFacts>[] = [
  {
    name: "version",
    why: "queues are prepared by COPY, and the limiter is told from the main thread's CPU: both came with 6.2",
    judge({ info }) {
      const valkey = info.get("valkey_version");
      const found = valkey === undefined ? `Redis ${info.get("redis_version") ?? "unknown"}` : `Valkey ${valkey}`;
      // Valkey says with which Redis it is compatible.
      const [major = 0, minor = 0] = (info.get("redis_version") ?? "").split(".").map(Number);
      const isOld = major < WANTED_VERSION[0] || (major === WANTED_VERSION[0] && minor < WANTED_VERSION[1]);
      return isOld ? warning(found, "use Redis 6.2 or newer, or Valkey") : ok(found);
    },
  },
  {
    name: "role",
    why: "entries are writes",
    judge({ info }) {
      const role = info.get("role") ?? "unknown";
      return role === "slave" ? unfit("a replica, which takes no writes", "name its primary") : ok(role);
    },
  },
  {
    name: "scripts",
    why: "the strategy lua, and admission, are scripts",
    judge({ scriptRefusal }) {
      return scriptRefusal === null
        ? ok("run")
        : unfit(`refused: ${printable(scriptRefusal)}`, "let this user run EVAL, EVALSHA and SCRIPT LOAD");
    },
  },
  {
    name: "mode",
    why: "in a cluster, all keys of one concert lie on one node: more nodes do not make one hot concert faster",
    judge({ info }) {
      return info.get("cluster_enabled") === "1"
        ? unfit("a node of a cluster, and clusters are not supported yet", "name a server that is not in cluster mode")
        : ok(info.get("redis_mode") ?? "standalone");
    },
  },
  {
    name: "keys",
    why: "keys of others cost the server memory and time, and mean that somebody uses it",
    judge({ holdsForeignKeys, keys }) {
      return holdsForeignKeys
        ? warning(
            `the database holds keys that are not qbench's (${keys} in all)`,
            "use an empty one; or --allow-nonempty: qbench touches its own alone",
          )
        : ok(keys === 0 ? "none" : `${keys}, all of them qbench's`);
    },
  },
  {
    name: "clients",
    why: "what others ask of the server is in the figures, and its counters then disagree with the generator's",
    judge({ otherClients, othersCommandsPerSec }) {
      const clients =
        otherClients === null ? "does not tell its clients" : plural(otherClients.count, "other connection");
      const found = `${clients}, ${othersCommandsPerSec.toFixed(0)} commands a second by others`;
      if (othersCommandsPerSec > SERVER_LIMITS.othersCommandsPerSec) {
        return warning(found, "stop them, or use a server of its own");
      }
      return ok(found);
    },
  },
  {
    name: "monitor",
    why: "to a MONITOR, Redis sends every command once more",
    judge({ otherClients }) {
      if (otherClients === null) return null;
      const { monitors } = otherClients;
      return monitors === 0
        ? ok("none")
        : warning(plural(monitors, "MONITOR client"), "end it: CLIENT KILL, or Ctrl-C");
    },
  },
  {
    name: "idle",
    why: "a main thread that is busy without qbench has less left for it",
    judge({ idleBusy }) {
      if (idleBusy === null) return null;
      const found = `main thread ${percentText(Math.min(1, Math.max(0, idleBusy)))} busy without qbench`;
      return idleBusy > SERVER_LIMITS.idleBusy ? warning(found, "find out what it does: INFO commandstats") : ok(found);
    },
  },
  {
    name: "replicas",
    why: "every write is also sent to each replica",
    judge(facts) {
      const replicas = number(facts, "connected_slaves");
      return replicas === 0
        ? ok("none")
        : warning(plural(replicas, "replica"), "measure without, or say so beside the figures");
    },
  },
  {
    name: "persistence",
    why: "a snapshot forks the server and an append-only file is written before each answer: both show as stalls",
    judge(facts) {
      const isSaving = number(facts, "rdb_bgsave_in_progress") + number(facts, "aof_rewrite_in_progress") > 0;
      const [save, appendOnly] = [setting(facts, "save"), facts.info.get("aof_enabled") === "1"];
      const found = [
        isSaving ? "a save is going on" : "",
        save === "" ? "" : `snapshots on (save ${save})`,
        appendOnly ? `append-only file on (fsync ${setting(facts, "appendfsync") || "unknown"})` : "",
      ].filter((part) => part !== "");
      return found.length === 0
        ? ok("off")
        : warning(found.join(", "), 'CONFIG SET save "" and CONFIG SET appendonly no, if losing its data is no harm');
    },
  },
  {
    name: "maxmemory",
    why: "a server at its limit refuses entries, or evicts the queue itself",
    judge(facts) {
      const limit = number(facts, "maxmemory");
      if (limit === 0) return ok("no limit");
      const policy = facts.info.get("maxmemory_policy") ?? "unknown";
      const left = formatBytes(Math.max(0, limit - number(facts, "used_memory")));
      return warning(`${left} left of ${formatBytes(limit)}, then ${policy}`, "CONFIG SET maxmemory 0 for the run");
    },
  },
  {
    name: "io-threads",
    why: "each takes a core, and what they do is not in the main thread's CPU that the limiter goes by",
    judge(facts) {
      const threads = Number(setting(facts, "io-threads") || 1);
      return threads > 1
        ? warning(`${threads}`, "see that there are as many free cores; compare with io-threads 1")
        : ok("1");
    },
  },
  {
    name: "maxclients",
    why: "a connection that is refused is an instance that cannot start",
    judge(facts, need: Need) {
      const limit = number(facts, "maxclients");
      if (limit === 0) return null;
      const left = limit - number(facts, "connected_clients");
      const found = `${left} of ${limit} connections left, ${need.connections} are needed`;
      return left < need.connections ? unfit(found, "raise its maxclients, or use a smaller --pool") : ok(found);
    },
  },
  {
    name: "notices",
    why: "logging slow commands, watching latencies and notifying of keys are work for each command",
    judge(facts) {
      const slowlog = Number(setting(facts, "slowlog-log-slower-than") || -1);
      const found = [
        slowlog >= 0 && slowlog < SERVER_LIMITS.slowlogUs ? `slow log from ${slowlog} µs on` : "",
        setting(facts, "notify-keyspace-events") === "" ? "" : "keyspace notifications on",
      ].filter((part) => part !== "");
      return found.length === 0
        ? ok("slow log and notifications cost nothing here")
        : warning(found.join(", "), 'CONFIG SET slowlog-log-slower-than 10000, CONFIG SET notify-keyspace-events ""');
    },
  },
  {
    name: "settings",
    why: "settings that change a measurement belong into its report",
    judge({ config }) {
      return config === null ? warning("CONFIG GET is refused", "let this user run CONFIG GET") : ok("told");
    },
  },
  {
    name: "latency",
    why: "no round trip of an entry is faster than a PING from here",
    judge({ pingUs: { p50, p99, max }, isLoopback }) {
      const found = `PING p50 ${latencyText(p50)}, p99 ${latencyText(p99)}, longest ${latencyText(max)}`;
      const isUneven = isLoopback
        ? p99 > SERVER_LIMITS.pingP99Us
        : p99 > SERVER_LIMITS.pingSpread * p50 && p99 > SERVER_LIMITS.pingP99Us;
      return isUneven ? warning(found, "free a core on both machines; look for others on the network") : ok(found);
    },
  },
  {
    name: "network",
    why: "a run puts the server under full load, and the network is part of every latency",
    judge({ isLoopback }) {
      return isLoopback
        ? ok("on this machine")
        : warning("on another machine", "add --allow-remote to a run if it is yours to load");
    },
  },
];

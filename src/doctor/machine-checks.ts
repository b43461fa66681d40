import { formatBytes } from "../base/units.js";
import { latencyText, percentText, plural } from "../report/format.js";
import { type Check, type Need, ok, unfit, warning } from "./check.js";
import type { MachineFacts } from "./machine-facts.js";

/** Above these, figures begin to tell of the machine instead of what is measured. */
export const MACHINE_LIMITS = {
  /** Cores' worth of work by others. */
  othersCores: 0.25,
  loadPerCore: 0.5,
  stolenShare: 0.02,
  longestGapUs: 10_000,
  gapShare: 0.02,
  clockStepUs: 10,
  /** The start lag that an open run may show at the 99th percentile. */
  lateUs: 2_000,
  memoryBytes: 1024 ** 3,
  swapUsedBytes: 64 * 1024 ** 2,
} as const;

/** Files that Node and Redis's control connections open besides the pool. */
const OTHER_FILES = 100;
const OLDEST_NODE = [20, 19] as const;
/** Clock sources of Linux that are read without asking a device. */
const FAST_CLOCKS = ["tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"];

/** Threads that work at the same time: the instances', and Redis' main thread where it is here. */
const threadsOf = ({ instances, isServerHere }: Need): number => instances + (isServerHere ? 1 : 0);

const threadsText = (need: Need): string =>
  `${plural(need.instances, "instance")}${need.isServerHere ? " and Redis on the same machine" : ""}`;

export const MACHINE_CHECKS: readonly Check<MachineFacts>[] = [
  {
    name: "system",
    why: "stolen time, CPU of each thread and limits are read from Linux; elsewhere the limiter has less to go by",
    judge({ platform }) {
      if (platform === "win32") return unfit("Windows", "run qbench in WSL or in Docker");
      return platform === "linux" ? ok("Linux") : warning(platform, "measure on Linux where the limiter matters");
    },
  },
  {
    name: "node",
    why: "qbench is built and tested for Node.js 20.19 and newer",
    judge({ node }) {
      const [major = 0, minor = 0] = node.split(".").map(Number);
      const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
      return isOld ? unfit(`Node.js ${node}`, "install Node.js 20.19 or newer") : ok(`Node.js ${node}`);
    },
  },
  {
    name: "cores",
    why: "a generator that waits for a core measures the wait, not Redis",
    judge({ cores }, need) {
      const threads = threadsOf(need);
      const found = `${plural(cores, "core")} for ${threadsText(need)}`;
      if (cores > threads) return ok(`${found}, and one to spare`);
      const missing = cores < threads ? "" : ": none is left for the system and for garbage collection";
      const fewer = need.instances > 1 ? "fewer --instances, " : "";
      return warning(found + missing, `${fewer}a machine with more cores, or Redis on another one`);
    },
  },
  {
    name: "cpu-limit",
    why: "a control group that has used up its share is stopped for the rest of each period, usually 100 ms",
    judge({ cpuLimitCores }, need) {
      if (cpuLimitCores === null) return ok("none");
      const found = `${cpuLimitCores} cores' worth of CPU time`;
      // One core's worth more, for garbage collection and the system.
      return cpuLimitCores >= threadsOf(need) + 1
        ? ok(found)
        : warning(`${found} for ${threadsText(need)}`, "give the container whole cores (a cpuset) instead of a quota");
    },
  },
  {
    name: "load",
    why: "what others run on these cores is in every figure",
    judge({ loadAverage, othersCores, cores }) {
      const found = `other processes use ${othersCores.toFixed(2)} cores, load average ${loadAverage.toFixed(2)}`;
      const isBusy =
        othersCores > MACHINE_LIMITS.othersCores || loadAverage > Math.max(1, MACHINE_LIMITS.loadPerCore * cores);
      return isBusy ? warning(found, "end what else runs here, or wait until it has ended") : ok(found);
    },
  },
  {
    name: "steal",
    why: "time that the hypervisor takes from a core looks like a slow Redis or a slow generator",
    judge({ stolenShare }) {
      if (stolenShare === null) return null;
      const found = `${percentText(Math.min(1, stolenShare))} of a core, while one was kept busy`;
      return stolenShare > MACHINE_LIMITS.stolenShare
        ? warning(found, "use a machine with dedicated cores; where there is none, more rounds and the ratios alone")
        : ok(found);
    },
  },
  {
    name: "pauses",
    why: "a thread that is not run for a while adds that to every latency of its entries",
    judge({ punctuality: { longestGapUs, gapShare } }) {
      const found = `a busy thread stood still for ${percentText(gapShare)} of a second, ${latencyText(longestGapUs)} at the longest`;
      return longestGapUs > MACHINE_LIMITS.longestGapUs || gapShare > MACHINE_LIMITS.gapShare
        ? warning(found, "free a core; read p99 and above with that in mind")
        : ok(found);
    },
  },
  {
    name: "timers",
    why: "arrivals of the open model start as punctually as a timer fires",
    judge({ punctuality: { timerLateUs, sleepLateUs } }) {
      const late = ({ p50, p99 }: { p50: number; p99: number }) => `${latencyText(p50)} (p99 ${latencyText(p99)})`;
      const found = `a timer of 1 ms is ${late(timerLateUs)} late, a sleep of 1 ms ${late(sleepLateUs)}`;
      return Math.max(timerLateUs.p99, sleepLateUs.p99) > MACHINE_LIMITS.lateUs
        ? warning(found, "free a core; with --rate, look at startLag in the report")
        : ok(found);
    },
  },
  {
    name: "clock",
    why: "no latency can be told more finely than the clock steps",
    judge({ clockSource, punctuality: { clockStepUs, clockCostUs } }) {
      const source = clockSource === null ? "" : `${clockSource}, `;
      const found = `${source}steps of ${clockStepUs.toFixed(2)} µs, ${clockCostUs.toFixed(2)} µs a reading`;
      const isSlow = clockSource !== null && !FAST_CLOCKS.includes(clockSource);
      return isSlow || clockStepUs > MACHINE_LIMITS.clockStepUs
        ? warning(found, "use the tsc clock source (kernel option clocksource=tsc) where the machine has one")
        : ok(found);
    },
  },
  {
    name: "governor",
    why: "a core that changes its frequency with the load makes the first seconds slower than the rest",
    judge({ governor }) {
      if (governor === null) return ok("not to be seen from here, as in most virtual machines");
      return governor === "performance"
        ? ok(governor)
        : warning(governor, "sudo cpupower frequency-set --governor performance");
    },
  },
  {
    name: "open-files",
    why: "each connection is an open file, of this process and of Redis",
    judge({ openFiles }, { connections }) {
      if (openFiles === null) return null;
      const wanted = connections + OTHER_FILES;
      const found = `${Number.isFinite(openFiles) ? openFiles : "no limit"}, ${wanted} are needed`;
      return openFiles < wanted ? unfit(found, `ulimit -n ${2 * wanted}, or a smaller --pool`) : ok(found);
    },
  },
  {
    name: "memory",
    why: "the history that the audit reads, and the queue itself, are kept in memory",
    judge({ memoryAvailableBytes, memoryLimitBytes }) {
      const available = Math.min(memoryAvailableBytes, memoryLimitBytes ?? Number.POSITIVE_INFINITY);
      const found = `${formatBytes(available)} available`;
      return available < MACHINE_LIMITS.memoryBytes
        ? warning(found, "free some, or a smaller --history and --max-waiting")
        : ok(found);
    },
  },
  {
    name: "swap",
    why: "a page that has to come back from disk takes milliseconds",
    judge({ swapUsedBytes, swappedPages }) {
      if (swapUsedBytes === null) return null;
      const moved = swappedPages ?? 0;
      const found = `${formatBytes(swapUsedBytes)} in use, ${plural(moved, "page")} moved`;
      return moved > 0 || swapUsedBytes > MACHINE_LIMITS.swapUsedBytes
        ? warning(found, "free memory, then sudo swapoff -a && sudo swapon -a")
        : ok(found);
    },
  },
  {
    name: "huge-pages",
    why: "with transparent huge pages always on, Redis may stand still while the kernel makes or copies one",
    judge({ transparentHugePages }, { isServerHere }) {
      if (transparentHugePages === null || !isServerHere) return null;
      return transparentHugePages === "always"
        ? warning("always", "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
        : ok(transparentHugePages);
    },
  },
];

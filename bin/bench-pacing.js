#!/usr/bin/env node
/**
 * Which way of waiting starts arrivals when they are planned, and what does it cost? `npm run bench:pacing` measures the
 * ways that were thought of against a server that answers PING, then whole runs, and writes results/pacing.json and its
 * figures into docs/measuring.md. About two minutes; the machine should be quiet.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { cpus, loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const RATES = [1000, 5000, 20_000];
const WAY_MS = 2000;
const RUN = ["--trials", "1", "--warmup", "500ms", "--duration", "2s", "--connections", "shared", "--seed", "1"];
const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Each makes an alarm: `set(dueUs)` has `ring` called at that instant of `nowUs`, or near it. */
const WAYS = {
  timer: {
    what: "setTimeout in the measuring thread",
    alarm: (ring, { nowUs }) => ({
      set: (dueUs) => setTimeout(ring, Math.max(1, Math.floor((dueUs - nowUs()) / 1000))),
    }),
  },
  "async wait": {
    what: "Atomics.waitAsync with a fractional timeout in the measuring thread",
    alarm(ring, { nowUs }) {
      const word = new Int32Array(new SharedArrayBuffer(4));
      return {
        set(dueUs) {
          const { async, value } = Atomics.waitAsync(word, 0, 0, Math.max(0, dueUs - nowUs()) / 1000);
          if (async) value.then(ring);
          else setImmediate(ring);
        },
      };
    },
  },
  immediate: {
    what: "a loop of setImmediate: the thread spins, reading sockets in between",
    alarm: (ring) => ({ set: () => setImmediate(ring) }),
  },
  message: {
    what: "a pacing thread that wakes for each arrival and sends a message",
    alarm(ring, { nowUs, sharedNowUs }) {
      const words = new Int32Array(new SharedArrayBuffer(16));
      const due = new Float64Array(words.buffer, 8, 1);
      const pacer = new Worker(new URL(import.meta.url), { workerData: { role: "pacer", memory: words.buffer } });
      pacer.on("message", ring);
      const offsetUs = sharedNowUs() - nowUs();
      return {
        set(dueUs) {
          due[0] = dueUs + offsetUs;
          Atomics.add(words, 0, 1);
          Atomics.notify(words, 0);
        },
        end: () => pacer.terminate(),
      };
    },
  },
  pulse: {
    what: "a pacing thread that looks every 200 to 500 µs who is due, and wakes him: what qbench does",
    alarm(ring, { PaceBoard, PacedAlarm }) {
      const board = PaceBoard.for(1);
      const pacer = new Worker(inProject("dist/worker/pacing-thread.js"), {
        workerData: { memory: board.memory, isDelayed: false },
      });
      board.setRunning(true);
      const alarm = new PacedAlarm(board, 0, ring);
      return { set: (dueUs) => alarm.set(dueUs), end: () => pacer.terminate() };
    },
  },
};

const round = (value, digits = 3) => Math.round(value * 10 ** digits) / 10 ** digits;

/** CPU of the calling thread, ms (Linux). */
const threadCpuMs = () => Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ", 1)[0]) / 1e6;

/** The pacing thread of `message`. */
function pace(memory) {
  const words = new Int32Array(memory);
  const due = new Float64Array(memory, 8, 1);
  const nowUs = () => Number(process.hrtime.bigint()) / 1000;
  for (;;) {
    const seen = Atomics.load(words, 0);
    const leftUs = seen === 0 ? Number.POSITIVE_INFINITY : due[0] - nowUs();
    if (leftUs > 0 && Atomics.wait(words, 0, seen, leftUs / 1000) !== "timed-out") continue;
    parentPort.postMessage(0);
    Atomics.wait(words, 0, seen);
  }
}

/** One way at one rate: PINGs sent when Poisson arrivals are due, for a while. */
async function measure({ way, ratePerSec, port }) {
  const clock = await import("../dist/base/clock.js");
  const { Histogram } = await import("../dist/measure/histogram.js");
  const { PACERS } = await import("../dist/pacers/index.js");
  const { PaceBoard } = await import("../dist/worker/pace-board.js");
  const { PacedAlarm } = await import("../dist/worker/alarm.js");
  const { nowUs } = clock;
  const pacer = PACERS.poisson.pace({ ratePerSec, durationMs: WAY_MS, stages: null, index: 0, count: 1, seed: 1 });
  const lag = new Histogram();
  const socket = connect(port, "127.0.0.1").setNoDelay(true);
  await new Promise((resolve) => socket.once("connect", resolve));
  let nextUs = pacer.nextUs();
  let [planned, startUs, finish] = [0, 0, () => {}];
  const startDue = () => {
    const now = nowUs();
    let due = "";
    for (; nextUs < WAY_MS * 1000 && startUs + nextUs <= now; nextUs = pacer.nextUs()) {
      lag.record(now - startUs - nextUs);
      planned++;
      due += "PING\r\n";
    }
    if (due !== "") socket.write(due);
    if (nextUs >= WAY_MS * 1000) finish();
    else alarm.set(startUs + nextUs);
  };
  let onRing = () => {};
  const alarm = WAYS[way].alarm(() => onRing(), { ...clock, PaceBoard, PacedAlarm });
  socket.on("data", () => {});
  // A pacing thread takes its time to start.
  await new Promise((resolve) => {
    onRing = resolve;
    alarm.set(nowUs() + 1000);
  });
  onRing = startDue;
  const finished = new Promise((resolve) => {
    finish = resolve;
  });
  const [cpuMs, process0, loop] = [threadCpuMs(), process.cpuUsage(), performance.eventLoopUtilization()];
  const sinceMs = performance.now();
  startUs = nowUs();
  alarm.set(startUs + nextUs);
  await finished;
  const wallMs = performance.now() - sinceMs;
  const usedMs = threadCpuMs() - cpuMs;
  const { user, system } = process.cpuUsage(process0);
  const figures = {
    started: planned,
    startLagUs: { p50: lag.quantileUs(0.5), p99: lag.quantileUs(0.99), max: Math.round(lag.maxUs) },
    threadCpu: round(usedMs / wallMs),
    otherCpu: round(Math.max(0, (user + system) / 1000 - usedMs) / wallMs),
    eventLoopUtilization: round(performance.eventLoopUtilization(loop).utilization),
  };
  socket.destroy();
  await alarm.end?.();
  parentPort.postMessage(figures);
}

async function ways() {
  const { startEmbedded } = await import("../dist/targets/embedded.js");
  const { findRedisBinary } = await import("../dist/targets/redis-binary.js");
  const server = await startEmbedded(await findRedisBinary(undefined));
  try {
    const found = [];
    for (const ratePerSec of RATES) {
      for (const [way, { what }] of Object.entries(WAYS)) {
        const job = { role: "measure", way, ratePerSec, port: server.endpoint.port };
        const worker = new Worker(new URL(import.meta.url), { workerData: job });
        const figures = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
        await worker.terminate();
        found.push({ way, what, ratePerSec, ...figures });
        console.error(JSON.stringify(found.at(-1)));
      }
    }
    return found;
  } finally {
    await server.stop();
  }
}

/** Whole runs: what reports say of their pacing. */
function runs() {
  const found = [];
  for (const arrival of ["constant", "poisson"]) {
    for (const ratePerSec of RATES) {
      const load = ["--strategy", "lua,individual", "--rate", String(ratePerSec), "--arrival", arrival];
      const args = [inProject("bin/qbench.js"), "run", ...load, ...RUN, "--json", "--quiet"];
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 64 << 20 });
      const report = JSON.parse(stdout);
      if (report.error !== undefined) throw new Error(`${args.join(" ")}: ${stderr}`);
      for (const { name, trials } of report.strategies) {
        const [{ pacing, server, generator, limiter }] = trials;
        found.push({
          strategy: name,
          arrival,
          ratePerSec,
          plannedPerSec: round(pacing.plannedPerSec, 1),
          achievedPerSec: round(pacing.achievedPerSec, 1),
          startLagUs: { p50: pacing.startLag.p50, p99: pacing.startLag.p99 },
          pacingCpu: round(pacing.cpuUtilization),
          threadCpu: round(generator.threads[0].cpuUtilization),
          eventLoopUtilization: round(generator.eventLoopUtilization),
          serverCpu: round(server.cpuUtilization),
          limiter,
        });
        console.error(JSON.stringify(found.at(-1)));
      }
    }
  }
  return found;
}

/** As docs/measuring.md shows it. */
function textOf({ machine, ways, runs }) {
  const ms = (us) => (us / 1000).toFixed(2);
  const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;
  const ofWays = ways.map(({ way, ratePerSec, startLagUs, threadCpu, otherCpu, eventLoopUtilization }) => {
    const lags = [startLagUs.p50, startLagUs.p99, startLagUs.max].map(ms);
    return [way, `${ratePerSec}/s`, ...lags, ...[threadCpu, otherCpu, eventLoopUtilization].map((one) => percent(one))];
  });
  const ofRuns = runs.map(({ strategy, arrival, plannedPerSec, achievedPerSec, startLagUs, ...run }) => {
    const rates = [`${plannedPerSec}/s`, percent(achievedPerSec / plannedPerSec, 2)];
    const cpu = [run.threadCpu, run.pacingCpu, run.serverCpu].map((one) => percent(one));
    return [strategy, arrival, ...rates, ms(startLagUs.p50), ms(startLagUs.p99), ...cpu, run.limiter];
  });
  return [
    `${machine.cores} × ${machine.cpu}, Node ${machine.node}, load average before ${machine.loadAverage.toFixed(1)}`,
    "lags in ms, shares of a core",
    "",
    ...columns([["way", "rate", "lag p50", "p99", "max", "thread", "others", "event loop"], ...ofWays]),
    "",
    ...Object.entries(WAYS).map(([way, { what }]) => `${way}: ${what}`),
    "",
    ...columns([
      ["strategy", "arrival", "planned", "achieved", "lag p50", "p99", "thread", "pacing", "redis", "limiter"],
      ...ofRuns,
    ]),
  ].join("\n");
}

/** Rows of text, each column as wide as its widest cell; figures to the right. */
function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isFigure = (column) => rows.slice(1).every((row) => /^\d/.test(row[column]));
  const cells = (row) =>
    row.map((cell, column) => (isFigure(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])));
  return rows.map((row) => cells(row).join("  ").trimEnd());
}

if (isMainThread) {
  const machine = {
    cpu: cpus()[0].model,
    cores: cpus().length,
    node: process.versions.node,
    loadAverage: loadavg()[0],
  };
  const result = {
    command: "npm run bench:pacing",
    at: new Date().toISOString(),
    machine,
    ways: await ways(),
    runs: runs(),
  };
  writeFileSync(inProject("results/pacing.json"), `${JSON.stringify(result, null, 2)}\n`);
  const page = inProject("docs/measuring.md");
  const text = readFileSync(page, "utf8");
  const block = () => `<!-- pacing -->\n\`\`\`text\n${textOf(result)}\n\`\`\`\n<!-- /pacing -->`;
  writeFileSync(page, text.replace(/<!-- pacing -->[\s\S]*<!-- \/pacing -->/, block));
} else if (workerData.role === "pacer") pace(workerData.memory);
else await measure(workerData);

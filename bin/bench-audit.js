#!/usr/bin/env node
/**
 * What the audit costs: `npm run bench:audit` makes legal histories of 1 and of 10 million operations, has each audited in
 * a process of its own and writes times and bytes to results/audit.json. The histories are those of two threads over 20
 * concerts: users join, poll, click twice, are admitted a hundred at a time and told ACTIVE.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { build } from "./build.js";

const CONCERTS = 20;
const THREADS = 2;
const ADMITTED = 99;
const BATCH = 100;
const RUN = "bench";
const RUNS = 5;

/** A history that the queue can have brought forth, and all that the audit is told of it. */
export async function legalTrial(operations) {
  const { History, ENTRY_BYTES, OPERATION, RESULT } = await import("../dist/audit/history.js");
  const { prng } = await import("../dist/base/prng.js");
  const random = prng(1);
  // Each thread's share differs a little; a chunk more is what rounding takes.
  const budgetBytes = (operations * 0.6 + 20_000) * ENTRY_BYTES;
  const histories = Array.from({ length: THREADS }, (_, instance) => new History({ instance, budgetBytes }));
  const concerts = Array.from({ length: CONCERTS }, () => ({
    joined: 0,
    admitted: 0,
    answers: { NEW: 0, WAITING: 0, ACTIVE: 0 },
  }));
  const calls = [];
  const record = (concert, user, operation, outcome, position, total, atUs) => {
    const { answers } = concerts[concert];
    answers[outcome]++;
    const sentUs = atUs - 20 * random.next();
    const times = [sentUs, sentUs, sentUs, atUs + 30];
    histories[user % THREADS].append(concert, user, 0, RESULT[outcome], ...times, position, total, operation);
  };
  let atUs = 100;
  for (let done = 0; done < operations; done++, atUs += 10) {
    const number = random.below(CONCERTS);
    const concert = concerts[number];
    const waiting = concert.joined - concert.admitted;
    const drawn = random.next();
    if (drawn < 0.4 || concert.joined === 0) {
      const user = concert.joined++;
      record(number, user, OPERATION.enter, "NEW", waiting + 1, waiting + 1, atUs);
      // A second click that overlaps the first.
      if (random.next() < 0.2 && ++done < operations) {
        record(number, user, OPERATION.repeat, "WAITING", waiting + 1, waiting + 1, atUs + 5);
      }
    } else {
      const user = Math.floor(random.next() * concert.joined);
      const isActive = user < concert.admitted;
      const position = isActive ? 0 : user - concert.admitted + 1;
      record(number, user, OPERATION.poll, isActive ? "ACTIVE" : "WAITING", position, isActive ? 0 : waiting, atUs);
    }
    if (waiting > 4 * BATCH && random.next() < 0.01) {
      concert.admitted += BATCH;
      const expiresAtMs = 1e12 + calls.length;
      const users = Array.from({ length: BATCH }, (_, i) => concert.admitted - BATCH + i);
      const times = { sentUs: atUs + 6, repliedUs: atUs + 9, expiresAtMs, tokenTtlMs: null };
      calls.push({ concert: number, ...times, count: BATCH, isInDoubt: false, users: Uint32Array.from(users) });
    }
  }
  return {
    histories,
    operations: histories.reduce((sum, history) => sum + history.entries, 0),
    concerts,
    facts: {
      runId: RUN,
      population: { waiting: 0, active: 0 },
      concerts: concerts.map(({ answers }, number) => {
        return { number, answers, failed: 0, inDoubt: 0, left: 0, leavesInDoubt: 0 };
      }),
      histories,
      clocks: [0, 1, ADMITTED].map((instance) => ({ instance, offsetUs: 0, uncertaintyUs: 1 })),
      promises: [],
      admissions: [{ instance: ADMITTED, calls }],
    },
  };
}

/** Reads what the trial left, as it would be read from Redis, but without its network. */
export function readerOf(concerts) {
  const concertOf = ({ concertId }) => concerts[Number(concertId.split(":").at(-1))];
  return {
    async *waiting(keys) {
      const { admitted, joined } = concertOf(keys);
      for (let from = admitted; from < joined; from += 10_000) {
        yield Uint32Array.from({ length: Math.min(10_000, joined - from) }, (_, i) => from + i);
      }
    },
    async *active(keys) {
      const { admitted } = concertOf(keys);
      for (let from = 0; from < admitted; from += 10_000) {
        const users = Uint32Array.from({ length: Math.min(10_000, admitted - from) }, (_, i) => from + i);
        yield { users, expiresAtMs: new Float64Array(users.length).fill(1) };
      }
    },
    async tokenHolders(keys, users) {
      const { admitted } = concertOf(keys);
      return users.filter((user) => user < admitted);
    },
    timeMs: async () => 0,
  };
}

/** One measurement, in this process; run with a fresh one, memory is what the audit took and nothing else. */
export async function measure(operations) {
  const { auditQueues } = await import("../dist/audit/audit.js");
  // Everything that runs is compiled before it is timed, and its garbage is gone.
  const small = await legalTrial(50_000);
  await auditQueues(readerOf(small.concerts), small.facts);
  const trial = await legalTrial(operations);
  const historyBytes = trial.histories.reduce((sum, history) => sum + history.bytes, 0);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const audit = await auditQueues(readerOf(trial.concerts), trial.facts);
  const peakBytes = Math.max(0, 1024 * process.resourceUsage().maxRSS - before);
  const { user, system } = process.cpuUsage(cpu);
  const { ok, checked, coverage, anomalies } = audit;
  const cpuMs = (user + system) / 1000;
  return {
    operations: trial.operations,
    ms: audit.durationMs,
    cpuMs,
    historyBytes,
    auditBytes: peakBytes,
    ok,
    checked,
    coverage,
    anomalies,
  };
}

function measuredApart(operations) {
  const args = ["--expose-gc", fileURLToPath(import.meta.url), String(operations)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 120_000 });
  if (status !== 0) throw new Error(`measuring ${operations} operations failed:\n${stderr}`);
  return JSON.parse(stdout);
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function main() {
  build();
  const sizes = [1_000_000, 10_000_000].map((operations) => {
    const runs = Array.from({ length: RUNS }, () => measuredApart(operations));
    const row = {
      operations,
      ms: { median: Math.round(median(runs.map(({ ms }) => ms))), runs: runs.map(({ ms }) => Math.round(ms)) },
      cpuMs: Math.round(median(runs.map(({ cpuMs }) => cpuMs))),
      historyBytes: runs[0].historyBytes,
      auditBytes: median(runs.map(({ auditBytes }) => auditBytes)),
      bytesPerOperation: Math.round((runs[0].historyBytes + median(runs.map((run) => run.auditBytes))) / operations),
      ok: runs.every(({ ok }) => ok),
    };
    console.log(
      `${operations} operations: ${row.ms.median} ms, ${row.bytesPerOperation} bytes each, ${row.ok ? "legal" : "NOT LEGAL"}`,
    );
    return row;
  });
  const machine = { cores: cpus().length, cpuModel: cpus()[0].model, node: process.versions.node };
  const path = fileURLToPath(new URL("../results/audit.json", import.meta.url));
  writeFileSync(path, `${JSON.stringify({ command: "npm run bench:audit", machine, runs: RUNS, sizes }, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === undefined) main();
  else console.log(JSON.stringify(await measure(Number(process.argv[2]))));
}

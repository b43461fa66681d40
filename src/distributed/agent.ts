import { setTimeout as sleep } from "node:timers/promises";
import { type Job, Worker } from "bullmq";
import { EXIT, environmentError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { TOOL } from "../report/tool.js";
import { connectControl } from "../targets/control.js";
import { translateRedisError } from "../targets/redis-errors.js";
import { addressOf } from "../targets/url.js";
import { keysOf, QUEUE } from "./keys.js";
import { Outbox } from "./mail.js";
import { type FromAgent, foreignOrderSchema, orderSchema, SAME_VERSION } from "./messages.js";
import { QUEUE_OPTIONS, removeIdleQueue, WORKER_OPTIONS } from "./queue.js";
import { runSession, type SessionEnd, type SessionOptions } from "./session.js";

/** A queue that cannot be reached cannot be taken leave of. */
const CLOSING_MS = 2000;

/** A load-generating machine: takes one place after another in runs that controllers make. */
export interface AgentOptions extends Pick<SessionOptions, "endpoint" | "agent" | "permissions" | "openThreads"> {
  /** Ends after the first run. */
  readonly once: boolean;
  /** Told what happens, in a line. */
  readonly say: (line: string) => void;
}

/**
 * Resolves when `signal` is aborted, or after the first run where it is to be one.
 * @throws QbenchError (environment) if the control Redis cannot be reached at first, or the only run was not closed
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { endpoint, agent, once, say } = options;
  // Its errors are told in a user's words; BullMQ's own connections try again for ever.
  (await connectControl(endpoint)).disconnect();
  let onEnd: (end: SessionEnd) => void = () => {};
  const ended = new Promise<SessionEnd>((resolve) => {
    onEnd = (end) => once && resolve(end);
  });
  let taken: Promise<void> = Promise.resolve();
  const process = (job: Job): Promise<void> => {
    taken = take(options, job, signal, onEnd);
    return taken;
  };
  const worker = new Worker(QUEUE, process, { ...QUEUE_OPTIONS(endpoint), ...WORKER_OPTIONS });
  let told = "";
  worker.on("error", (error) => {
    // A controller takes back what its run needs no more, and a control Redis that was restarted knows no jobs.
    if (/^Missing (key|lock) for job|^could not renew lock/.test(error.message)) return;
    const { message } = translateRedisError(error, endpoint);
    if (message !== told) say(`${message}; trying again`);
    told = message;
  });
  worker.on("ready", () => {
    told = "";
    say(`agent ${agent} waits at ${addressOf(endpoint)} for a run`);
  });
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const end = await Promise.race([ended, aborted]);
  await taken.catch(() => {});
  await Promise.race([worker.close(), sleep(CLOSING_MS, undefined, { ref: false })]);
  await leaveNothing(endpoint);
  if (typeof end === "object") throw environmentError(`the run was not finished: ${end.stopped}`);
}

async function take(
  options: AgentOptions,
  job: Job,
  signal: AbortSignal,
  onEnd: (end: SessionEnd) => void,
): Promise<void> {
  const { say, agent } = options;
  const order = orderSchema.safeParse(job.data);
  if (!order.success) {
    say("a job in the queue is no order of this version of qbench: not taken");
    return refuse(options, job);
  }
  const { run, place } = order.data;
  const end = await runSession({ ...options, order: order.data, job: job.id ?? "" }, signal);
  if (end === "stale") return;
  say(
    end === "closed"
      ? `agent ${agent} has done its part in run ${run} (place ${place + 1})`
      : `agent ${agent} stopped its load and left run ${run} (place ${place + 1}): ${end.stopped}`,
  );
  onEnd(end);
}

/** Whoever offers the place would wait for an agent that cannot follow the order. @throws Error if nobody can be told */
async function refuse({ endpoint, agent }: AgentOptions, job: Job): Promise<void> {
  const { run, place } = foreignOrderSchema.parse(job.data);
  const message: FromAgent = {
    type: "failed",
    kind: "usage",
    exitCode: EXIT.usage,
    message: `${agent} is of qbench ${TOOL.version}, which cannot follow the orders of the controller's version`,
    hint: SAME_VERSION,
  };
  const control = await connectControl(endpoint);
  try {
    await new Outbox(control, keysOf(run).fromAgents, { job: job.id, place }).send(message);
  } finally {
    control.disconnect();
  }
}

/** The last one to go takes the queue with it. */
async function leaveNothing(endpoint: Endpoint): Promise<void> {
  const control = await connectControl(endpoint).catch(() => undefined);
  // Where it cannot be reached, nobody is hurt by a few small keys.
  await (control && removeIdleQueue(control).catch(() => {}));
  control?.disconnect();
}

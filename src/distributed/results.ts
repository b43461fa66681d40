import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import * as z from "zod";
import { ENTRY_BYTES } from "../audit/history.js";
import { HISTOGRAM_LENGTH } from "../measure/histogram.js";
import type { SegmentResult } from "../worker/segment.js";
import { compress, decompress, pack, unpack } from "./codec.js";
import { KEY_TTL_MS } from "./keys.js";

/**
 * The results of an agent's segments on their way through the control Redis: one piece for what was counted, one for
 * each chunk of the history. A sender that is this many pieces ahead waits, so however long the history is, the control
 * Redis holds little of it at a time. They are removed by their ids once they are here: where a connection is lost a
 * command may be sent twice, and taking "the first one" twice would take one that nobody has read.
 */
const MOST_AHEAD = 4;
const POLL_MS = 5;
const FIELD = "p";

/** Without the history's chunks, which follow as pieces of their own. */
const counts = z.instanceof(Uint32Array).refine((one) => one.length === HISTOGRAM_LENGTH, "is no histogram");
const histogram = z.looseObject({ counts, minUs: z.custom<number>(isNumber), maxUs: z.number(), sumUs: z.number() });
const tally = z.record(z.string(), z.int().nonnegative());
const headSchema = z.looseObject({
  index: z.int().nonnegative(),
  durationMs: z.number().nonnegative(),
  attempted: z.int().nonnegative(),
  answers: z.strictObject({ NEW: z.int(), WAITING: z.int(), ACTIVE: z.int() }),
  failures: tally,
  failureExamples: z.record(z.string(), z.string()),
  entry: histogram,
  service: histogram,
  poolWait: histogram,
  failed: histogram,
  response: histogram.nullable(),
  startLag: histogram.nullable(),
  poll: histogram.nullable(),
  addedDelay: histogram.nullable(),
  seconds: z.array(
    z.looseObject({ second: z.number(), indexes: z.instanceof(Uint16Array), counts: z.instanceof(Uint32Array) }),
  ),
  health: z.looseObject({ wallMs: z.number(), eventLoopUtilization: z.number() }),
  driver: z.looseObject({ commands: tally, socketWrites: z.int() }),
  concerts: z.array(z.looseObject({ number: z.int().nonnegative() })),
  parts: z.array(z.looseObject({ entry: histogram })),
  history: z.strictObject({
    instance: z.int().nonnegative(),
    chunkEntries: z.int().positive(),
    overflow: z.int().nonnegative(),
    /** Entries of each. */
    chunks: z.array(z.int().nonnegative()),
  }),
  aborted: z.boolean(),
  serverLost: z.boolean(),
});

const pieceSchema = z.strictObject({
  trial: z.int(),
  /** From 0 in each trial: a lost connection may send one twice. */
  piece: z.int().nonnegative(),
  bytes: z.instanceof(Uint8Array),
});

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

/** `isWanted`: false once nobody is there to read. */
export async function sendResults(
  redis: Redis,
  key: string,
  trial: number,
  results: readonly SegmentResult[],
  isWanted: () => boolean,
): Promise<void> {
  let piece = 0;
  const send = async (content: Uint8Array): Promise<void> => {
    while ((await redis.xlen(key)) >= MOST_AHEAD) {
      if (!isWanted()) return;
      await sleep(POLL_MS);
    }
    const bytes = await compress(content);
    await redis.xadd(key, "*", FIELD, pack({ trial, piece: piece++, bytes: new Uint8Array(bytes) }));
    await redis.pexpire(key, KEY_TTL_MS);
  };
  for (const { history, ...counted } of results) {
    const { chunks, ...about } = history;
    await send(pack({ ...counted, history: { ...about, chunks: chunks.map(({ count }) => count) } }));
    for (const { buffer } of chunks) await send(new Uint8Array(buffer));
  }
}

/**
 * The results of a trial's instances, as their agent sends them. `whileWaiting` is called again and again while nothing
 * comes, and throws once there is no use in waiting.
 * @throws Error if what comes is no result of these instances
 */
export async function receiveResults(
  redis: Redis,
  key: string,
  trial: number,
  instances: readonly number[],
  whileWaiting: () => void,
): Promise<SegmentResult[]> {
  const pieces = piecesOf(redis, key, trial, whileWaiting);
  const receive = async (): Promise<Buffer> => (await pieces.next()).value;
  const results: SegmentResult[] = [];
  for (const instance of instances) {
    const head = headSchema.parse(unpack(await receive()));
    if (head.index !== instance) throw new Error(`results of instance ${head.index} came for instance ${instance}`);
    const { chunks, ...about } = head.history;
    const buffers: { buffer: ArrayBuffer; count: number }[] = [];
    for (const count of chunks) {
      const bytes = await receive();
      if (bytes.length !== about.chunkEntries * ENTRY_BYTES) throw new Error("a piece of a history has a wrong size");
      const buffer = new ArrayBuffer(bytes.length);
      new Uint8Array(buffer).set(bytes);
      buffers.push({ buffer, count });
    }
    // The rest of its fields is the sender's, whose version is ours.
    results.push({ ...head, history: { ...about, chunks: buffers } } as unknown as SegmentResult);
  }
  return results;
}

/** One after another, without an end. */
async function* piecesOf(
  redis: Redis,
  key: string,
  trial: number,
  whileWaiting: () => void,
): AsyncGenerator<Buffer, never> {
  let wanted = 0;
  for (;;) {
    const found = await redis.xrangeBuffer(key, "-", "+", "COUNT", MOST_AHEAD);
    if (found.length === 0) {
      whileWaiting();
      await sleep(POLL_MS);
      continue;
    }
    await redis.xdel(key, ...found.map(([id]) => id));
    for (const [, fields] of found) {
      const { trial: of, piece, bytes } = pieceSchema.parse(unpack(fields[1]!));
      // Of a trial that was given up, or sent twice.
      if (of !== trial || piece < wanted) continue;
      if (piece > wanted) throw new Error(`piece ${wanted} of the results is missing`);
      wanted++;
      yield decompress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
  }
}

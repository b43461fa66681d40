import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { History, RESULT } from "../audit/history.js";
import { plainResult } from "../bench/simulated-threads.js";
import { Histogram } from "../measure/histogram.js";
import { connectControl } from "../targets/control.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import type { SegmentResult } from "../worker/segment.js";
import { receiveResults, sendResults } from "./results.js";

let test: TestRedis;
beforeAll(async () => {
  test = await startTestRedis();
});
afterAll(() => test.stop());
beforeEach(() => test.redis.flushall());

const KEY = "results";
const CHUNK_ENTRIES = 64;

/** What an instance might have measured, with a history of several chunks. */
function resultOf(index: number, entries: number): SegmentResult {
  const history = new History({ instance: index, budgetBytes: 1e7, chunkEntries: CHUNK_ENTRIES });
  const latencies = new Histogram();
  for (let i = 0; i < entries; i++) {
    history.append(1, i, RESULT.NEW, RESULT.NEW, i, i, i, i + 0.5, i, i);
    latencies.record(i);
  }
  return plainResult({ index, firstConcert: 0, entries, latencies, history });
}

const never = (): void => {};

it("arrive whole, while the control Redis holds a few pieces at most and none afterwards", async () => {
  const results = [resultOf(4, 1000), resultOf(5, 3)];
  let most = 0;
  const sending = sendResults(test.redis, KEY, 7, results, () => true);
  const watcher = setInterval(async () => {
    most = Math.max(most, await test.redis.xlen(KEY).catch(() => 0));
  }, 1);
  const received = await receiveResults(test.redis, KEY, 7, [4, 5], never);
  clearInterval(watcher);
  await sending;
  // Not by `toEqual`: that takes seconds for so many numbers.
  expect(isDeepStrictEqual(received, results)).toBe(true);
  expect(most).toBeLessThanOrEqual(4);
  expect(await test.redis.xlen(KEY)).toBe(0);
});

/** A way to the server on which some answers are not handed on: the connection ends in their place. */
async function cuttingProxy(
  port: number,
  isCut: (answer: Buffer) => boolean,
): Promise<{ port: number; close(): void }> {
  const proxy = createServer((client) => {
    const server = connect({ port, host: "127.0.0.1" });
    client.pipe(server);
    server.on("data", (answer) => {
      if (isCut(answer)) client.destroy();
      else client.write(answer);
    });
    client.on("error", () => {});
    server.on("error", () => {});
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  return { port: (proxy.address() as AddressInfo).port, close: () => void proxy.close() };
}

const MOST_CUTS = 8;

it("arrive whole where connections are lost with the answer to what was done", async () => {
  let [isOn, cuts] = [false, 0];
  const answers = { large: 0, small: 0 };
  // Some that bring results, and some of the others that come by turns.
  const proxy = await cuttingProxy(test.server.endpoint.port, ({ length }) => {
    if (!isOn || cuts === MOST_CUTS) return false;
    const isCut = length > 500 ? ++answers.large % 2 === 1 : ++answers.small % 7 === 0;
    if (isCut) cuts++;
    return isCut;
  });
  const endpoint = { ...test.server.endpoint, port: proxy.port };
  const [sender, receiver] = await Promise.all([connectControl(endpoint), connectControl(endpoint)]);
  isOn = true;
  try {
    const results = [resultOf(0, 1000), resultOf(1, 200)];
    const sending = sendResults(sender, KEY, 1, results, () => true);
    expect(isDeepStrictEqual(await receiveResults(receiver, KEY, 1, [0, 1], never), results)).toBe(true);
    await sending;
    expect(cuts).toBe(MOST_CUTS);
  } finally {
    sender.disconnect();
    receiver.disconnect();
    proxy.close();
  }
});

it("of a trial that was given up are passed over", async () => {
  await sendResults(test.redis, KEY, 1, [resultOf(0, 3)], () => true);
  const sending = sendResults(test.redis, KEY, 2, [resultOf(0, 5)], () => true);
  const [only] = await receiveResults(test.redis, KEY, 2, [0], never);
  await sending;
  expect(only!.attempted).toBe(5);
});

it("expire where nobody reads them, and whoever sends them does not wait for ever", async () => {
  let asked = 0;
  await sendResults(test.redis, KEY, 1, [resultOf(0, 1000)], () => ++asked < 3);
  expect(await test.redis.pttl(KEY)).toBeGreaterThan(0);
  // A few at once, and no more than one for each time that it was told to go on.
  expect(await test.redis.xlen(KEY)).toBeLessThan(10);
});

it.each([
  [
    "of another instance",
    (): Promise<unknown> => receiveResults(test.redis, KEY, 1, [1], never),
    /instance 0 came for instance 1/,
  ],
  [
    "that never come",
    (): Promise<unknown> =>
      receiveResults(test.redis, KEY, 2, [0], () => {
        throw new Error("the agent is lost");
      }),
    /the agent is lost/,
  ],
])("%s are an error", async (_, receive, message) => {
  await sendResults(test.redis, KEY, 1, [resultOf(0, 3)], () => true);
  await expect(receive()).rejects.toThrow(message);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HISTOGRAM_LENGTH } from "../measure/histogram.js";
import { compress, decompress, pack, unpack } from "./codec.js";
import { orderSchema, type ToAgent, toAgentSchema } from "./messages.js";
import { Place } from "./place.js";
import { SEGMENT } from "./testing.js";

const sent = (message: ToAgent): unknown => unpack(pack({ number: 1, job: "j", message }));
const prepare = (segment: object): ToAgent =>
  ({ type: "prepare", trial: 1, segments: [segment], tellsGenerations: false }) as unknown as ToAgent;

it("what an agent says of its failure does not steer the controller's terminal", () => {
  const place = new Place(0, "j");
  const failed = {
    type: "failed",
    kind: "environment",
    exitCode: 3,
    message: "a\u001b[2J\nb",
    hint: "\u0007",
  } as const;
  place.hear(1, failed);
  expect(place.lost).toMatchObject({ message: "agent at place 1: a\\u{1b}[2J\nb", hint: "\\u{7}" });
});

describe("a load plan", () => {
  it("arrives as it was sent, infinities included", () => {
    const messages: ToAgent[] = [
      { type: "prepare", trial: 3, segments: [SEGMENT], tellsGenerations: true },
      { type: "start", trial: 3, atUs: 1.7e15 + 0.25 },
      { type: "abort", trial: 3 },
      { type: "close" },
    ];
    for (const message of messages) expect(toAgentSchema.parse(sent(message)).message).toEqual(message);
  });

  it("keeps a login that has no user or password", () => {
    const endpoint = { host: "h", port: 1, tls: false, username: undefined, password: undefined, db: 0 };
    const open: ToAgent = {
      type: "open",
      threads: { instances: 2, client: "wire", ratePerSec: 10, rtt: { rttMs: 1, jitterMs: 0 } },
      driver: { endpoints: [endpoint], pool: 2, writes: "coalesced", scripts: [], connectTimeoutMs: 10 },
      luaFiles: [],
      servers: ["f00"],
      runId: "r-1",
    };
    expect(toAgentSchema.parse(sent(open)).message).toEqual(open);
  });

  it.each([
    ["a field that nobody knows", { ...SEGMENT, exec: "rm" }],
    ["a shared array", { ...SEGMENT, currentGenerations: new Int32Array(1) }],
    ["no users", { ...SEGMENT, vus: 0 }],
    ["a run id that is a pattern", { ...SEGMENT, runId: "*" }],
    ["an unknown score", { ...SEGMENT, score: "size" }],
    ["a duration that is none", { ...SEGMENT, durationMs: Number.NaN }],
  ])("is refused for %s", (_, segment) => {
    expect(toAgentSchema.safeParse(sent(prepare(segment))).success).toBe(false);
  });

  it("is not found in anything else", () => {
    fc.assert(fc.property(fc.anything(), (value) => !toAgentSchema.safeParse(value).success));
    fc.assert(fc.property(fc.anything(), (value) => !orderSchema.safeParse(value).success));
  });
});

describe("bytes", () => {
  it("keep typed arrays, NaN and infinities", async () => {
    const value = {
      counts: Uint32Array.from({ length: HISTOGRAM_LENGTH }, (_, i) => i % 7),
      indexes: Uint16Array.of(1, 65_535),
      times: Float64Array.of(0.1, Number.NaN, Number.NEGATIVE_INFINITY),
      minUs: Number.POSITIVE_INFINITY,
      sumUs: 2 ** 53 - 1,
      nothing: null,
    };
    expect(unpack(await decompress(await compress(pack(value))))).toEqual(value);
  });

  it("that are no message are an error, never something else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          return !toAgentSchema.safeParse(unpack(Buffer.from(bytes))).success;
        } catch {
          return true;
        }
      }),
    );
  });
});

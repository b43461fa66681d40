import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOnPath } from "../targets/provision/commands.js";
import { argumentsOf, commandOf, measurePeer, parseCsv, rateOf } from "./redis-benchmark.js";
import { withServer } from "./server.js";
import { peersOf } from "./setting.js";

const HEADER = '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms"';

describe("redis-benchmark's output", () => {
  it("is read by the names of its columns, whatever the command's own words are", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 10_000_000 }), (words, hundredths) => {
        const title = words.replaceAll("\n", " ").replaceAll('"', "'");
        const row = `"evalsha ${title}","${(hundredths / 100).toFixed(2)}","0.178","0.040","0.143"`;
        expect(parseCsv(`${HEADER}\n${row}\n`)).toBeCloseTo(hundredths / 100, 6);
      }),
    );
  });

  it.each(["", HEADER, "Error from server: NOSCRIPT No matching script.", '"test","avg"\n"evalsha","1.0"'])(
    "is no rate where there is none: %j",
    (text) => expect(() => parseCsv(text)).toThrow(/expected redis-benchmark's CSV/),
  );
});

describe("the rate seen in the waiting set", () => {
  it("is that of the growth, however long nothing grows before and after", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 200_000 }), fc.nat(500), fc.nat(500), (perSec, beforeMs, afterMs) => {
        const lengthMs = 2000;
        const samples = Array.from({ length: 120 }, (_, i) => {
          const atMs = i * 25;
          const growingMs = Math.min(Math.max(atMs - beforeMs, 0), lengthMs - afterMs);
          return { atMs, waiting: (growingMs * perSec) / 1000 };
        });
        expect(rateOf(samples)! / perSec).toBeCloseTo(1, 6);
      }),
    );
  });

  it("is unknown where nothing was seen to grow", () => {
    expect(rateOf([])).toBeNull();
    expect(
      rateOf([
        { atMs: 0, waiting: 7 },
        { atMs: 25, waiting: 7 },
      ]),
    ).toBeNull();
  });
});

describe("the program itself", () => {
  const [piped] = peersOf("redis-benchmark");
  const small = { ...piped!, entries: 2000 };

  it("is told all of a setting, and the report shows what was typed", () => {
    const args = argumentsOf({ ...small, threads: 2 }, 7000, "c");
    expect(args.join(" ")).toMatch(/^-p 7000 -c 20 -P 16 -n 2000 -r \d+ --threads 2 --csv evalsha [0-9a-f]{40} 3 /);
    expect(commandOf(small)).toMatch(/^redis-benchmark -p PORT .* __rand_int__ ""$/);
  });

  it.skipIf(!isOnPath("redis-benchmark", { env: process.env, isRoot: false, platform: process.platform }))(
    "enters as many users as it is told, and leaves no key",
    () =>
      withServer(async (server) => {
        const { waiting, entriesPerSec, serverUsPerEntry } = await measurePeer(small, server);
        // Of 2^31 ids, 2000 drawn ones are hardly ever alike.
        expect(waiting).toBeGreaterThan(1990);
        expect(waiting).toBeLessThanOrEqual(2000);
        expect(entriesPerSec).toBeGreaterThan(0);
        expect(serverUsPerEntry).toBeGreaterThan(0);
        expect(await server.target.control.dbsize()).toBe(0);
      }),
  );
});

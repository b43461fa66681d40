import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatDuration, parseBytes, parseCount, parseDuration, UnitError } from "./units.js";

describe("durations", () => {
  it.each([
    ["10s", 10_000],
    ["500ms", 500],
    ["1m30s", 90_000],
    ["2h", 7_200_000],
    ["250us", 0.25],
    ["1.5s", 1500],
    ["0.3ms", 0.3],
    ["0", 0],
    ["0s", 0],
  ])("reads %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "s", "-1s", "1 s", "10sec", "1s1m", "1s1s", "1e3s", "Infinity", "NaN", ".5s", "1.s", "10 ", "１s"])(
    "refuses %j",
    (text) => expect(() => parseDuration(text)).toThrow(UnitError),
  );

  it("asks for the unit that is missing", () => expect(() => parseDuration("10")).toThrow("as in 10s or 10ms"));

  it("reads what it writes, to the microsecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e11 }), (us) => {
        expect(parseDuration(formatDuration(us / 1000))).toBeCloseTo(us / 1000, 6);
      }),
    );
  });

  it("writes what reads well", () => {
    const written = [0, 0.25, 1.25, 500, 1500, 60_000, 90_500, 3_600_000, 3_600_400, 86_400_000].map(formatDuration);
    expect(written).toEqual(["0s", "250us", "1.25ms", "500ms", "1.5s", "1m", "1m30.5s", "1h", "1h0.4s", "24h"]);
  });
});

describe("counts", () => {
  it.each([
    ["300", 300],
    ["10k", 10_000],
    ["10K", 10_000],
    ["1.5M", 1_500_000],
    ["1.001k", 1001],
    ["0.5", 0.5],
  ])("reads %s", (text, count) => expect(parseCount(text)).toBe(count));

  it.each(["", "k", "-1", "+1", "1e3", "0x10", "1_000", "1,000", "10kk", "10G", " 1"])("refuses %j", (text) =>
    expect(() => parseCount(text)).toThrow(UnitError),
  );

  it("tells a small m from millions", () => expect(() => parseCount("2m")).toThrow("2M"));

  it("reads every thousandth exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (n) => {
        expect(parseCount(`${Math.floor(n / 1000)}.${String(n % 1000).padStart(3, "0")}k`)).toBe(n);
      }),
    );
  });

  it("groups thousands", () => expect(formatCount(2_000_000)).toBe("2,000,000"));
});

describe("bytes", () => {
  it.each([
    ["512MB", 512 * 1024 ** 2],
    ["1.5kB", 1536],
    ["2GB", 2 * 1024 ** 3],
    ["7B", 7],
  ])("reads %s and writes it back", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each(["", "512", "512 MB", "1TB", "-1MB"])("refuses %j", (text) =>
    expect(() => parseBytes(text)).toThrow(UnitError),
  );
});

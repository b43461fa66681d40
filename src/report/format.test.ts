import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable } from "../base/printable.js";
import { latencyText, percentText, perEntryText, plural, rangeText, rateText, ratioText, shortText } from "./format.js";

describe("figures for people", () => {
  it.each([
    [rateText(87_123.4), "87,123"],
    [rateText(99.96), "100"],
    [rateText(4.567), "4.57"],
    [rateText(0), "0"],
    [shortText(87_123), "87.1k"],
    [shortText(999.7), "1.00k"],
    [shortText(999_700), "1.00M"],
    [shortText(12), "12.0"],
    [latencyText(850), "850 µs"],
    [latencyText(999.9), "1.00 ms"],
    [latencyText(34_123), "34.1 ms"],
    [latencyText(999_700), "1.00 s"],
    [latencyText(90_000_000), "90.0 s"],
    [latencyText(0), "0 µs"],
    [latencyText(7), "7 µs"],
    [ratioText(1.816), "×1.82"],
    [ratioText(12.34), "×12.3"],
    [ratioText(0.0123), "×0.012"],
    [ratioText(4321), "×4.32k"],
    [rangeText(0.98, 1.056), "0.98–1.06"],
    [percentText(1), "100 %"],
    [percentText(0), "0 %"],
    [percentText(0.9834), "98.3 %"],
    [percentText(0.9995), "99.95 %"],
    [percentText(0.9999999), ">99.99 %"],
    [percentText(0.0000001), "<0.01 %"],
    [perEntryText(6), "6"],
    [perEntryText(3.9), "3.90"],
    [plural(1, "round"), "1 round"],
    [plural(3000, "user"), "3,000 users"],
  ])("%s", (text, expected) => {
    expect(text).toBe(expected);
  });

  it("never call a share 100 % that is not", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (n) => {
        expect(percentText((n - 1) / n)).not.toBe("100 %");
        expect(percentText(1 / (n + 1))).not.toBe("0 %");
      }),
    );
  });
});

describe("text from outside", () => {
  it("cannot steer a terminal, whatever it is", () => {
    expect(printable("lua\u001b[31m\r\nx\u202e")).toBe("lua\\u{1b}[31m\\u{d}\\u{a}x\\u{202e}");
    expect(printable("큐 πλ ×")).toBe("큐 πλ ×");
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(printable(text, 50)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
        expect(printable(text, 50).length).toBeLessThanOrEqual(50);
      }),
    );
  });
});

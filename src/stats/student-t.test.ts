import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { studentTCdf, studentTQuantile } from "./student-t.js";

describe("Student's t", () => {
  // The usual printed table (two-sided 95 % and 99 %, and a few others): three digits after the point.
  it.each([
    [0.975, 1, 12.706],
    [0.975, 2, 4.303],
    [0.975, 3, 3.182],
    [0.975, 4, 2.776],
    [0.975, 5, 2.571],
    [0.975, 9, 2.262],
    [0.975, 10, 2.228],
    [0.975, 19, 2.093],
    [0.975, 30, 2.042],
    [0.975, 60, 2.0],
    [0.975, 120, 1.98],
    [0.975, 1e7, 1.96],
    [0.995, 1, 63.657],
    [0.995, 4, 4.604],
    [0.995, 10, 3.169],
    [0.95, 1, 6.314],
    [0.95, 4, 2.132],
    [0.95, 30, 1.697],
    [0.9995, 3, 12.924],
    [0.75, 2, 0.816],
  ])("has the tabled quantile at p = %d, df = %d: %d", (p, df, tabled) => {
    expect(studentTQuantile(p, df)).toBeCloseTo(tabled, 3);
  });

  it("agrees with the closed forms for one and two degrees of freedom", () => {
    fc.assert(
      fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (t) => {
        expect(studentTCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 12);
        expect(studentTCdf(t, 2)).toBeCloseTo(0.5 + t / (2 * Math.sqrt(2 + t * t)), 12);
      }),
    );
  });

  it("has a quantile that is the inverse of the distribution and odd around the middle", () => {
    const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    const df = fc.double({ min: 1, max: 500, noNaN: true });
    fc.assert(
      fc.property(share, df, (p, degrees) => {
        const t = studentTQuantile(p, degrees);
        expect(studentTCdf(t, degrees)).toBeCloseTo(p, 9);
        expect(studentTQuantile(1 - p, degrees)).toBeCloseTo(-t, 6);
      }),
    );
  });

  it("refuses what has no quantile", () => {
    expect(() => studentTQuantile(1, 5)).toThrow(RangeError);
    expect(() => studentTQuantile(0.5, 0)).toThrow(RangeError);
    expect(() => studentTQuantile(0.9, Number.NaN)).toThrow(RangeError);
  });
});

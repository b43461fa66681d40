import type { Unit } from "./figures.js";

/** Figures and foreign text as people read them. Pure; no colours. */

const grouped = (value: number, digits: number): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Three significant digits, no exponent: 0.123, 4.56, 78.9, 123, 4,560. */
function threeDigits(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const digits = rounded === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))));
  return grouped(rounded, Math.min(digits, 3));
}

/** 87123.4 → "87,123"; small rates keep a fraction. */
export const rateText = (perSec: number): string => (perSec < 100 ? threeDigits(perSec) : grouped(perSec, 0));

/** 87123 → "87.1k": for intervals, where the last digits say nothing. */
export function shortText(value: number): string {
  if (value >= 999_500) return `${threeDigits(value / 1e6)}M`;
  return value >= 999.5 ? `${threeDigits(value / 1000)}k` : threeDigits(value);
}

/** Microseconds in the unit that people would choose: "850 µs", "34.1 ms", "1.20 s". */
export function latencyText(us: number): string {
  if (us < 999.5) return `${grouped(us, 0)} µs`;
  return us < 999_500 ? `${threeDigits(us / 1000)} ms` : `${threeDigits(us / 1e6)} s`;
}

/** "×1.82"; ratios far from one keep fewer digits. */
export const ratioText = (ratio: number): string => `×${ratioDigits(ratio)}`;

/** "1.70–1.95" */
export const rangeText = (low: number, high: number): string => `${ratioDigits(low)}–${ratioDigits(high)}`;

/** "8,120–8,390", the ends of a median's interval; of one value alone there is none: "". */
export const spanText = (
  { low, high, coverage }: { readonly low: number; readonly high: number; readonly coverage: number },
  text: (value: number) => string,
): string => (coverage > 0 ? `${text(low)}–${text(high)}` : "");

function ratioDigits(ratio: number): string {
  if (ratio >= 1000) return shortText(ratio);
  return ratio >= 0.095 && ratio < 99.95 ? grouped(ratio, ratio < 9.995 ? 2 : 1) : threeDigits(ratio);
}

/** A share in per cent; 100 only if nothing is missing. */
export function percentText(share: number): string {
  if (share === 1 || share === 0) return `${share * 100} %`;
  const digits = share > 0.99 || share < 0.01 ? 2 : 1;
  const unit = 10 ** digits;
  const rounded = Math.round(share * 100 * unit) / unit;
  if (rounded >= 100) return `>${(100 - 1 / unit).toFixed(digits)} %`;
  return rounded <= 0 ? `<${(1 / unit).toFixed(digits)} %` : `${rounded.toFixed(digits)} %`;
}

/** Calls and round trips per entry: "6", "3.90". */
export function perEntryText(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return Number.isInteger(rounded) ? String(rounded) : rounded.toFixed(2);
}

/** "1 round", "5 rounds" */
export const plural = (n: number, one: string, many = `${one}s`): string => `${grouped(n, 0)} ${n === 1 ? one : many}`;

/** A figure with its unit, as people read it. */
export function figureText(value: number, unit: Unit): string {
  switch (unit) {
    case "us":
      return latencyText(value);
    case "share":
      return percentText(value);
    case "per second":
      return `${rateText(value)}/s`;
    case "per entry":
      // More digits than a table shows: 1.003 calls an entry are not one.
      return String(Math.round(value * 1e4) / 1e4);
    case "bytes per entry":
      return `${threeDigits(value)} bytes`;
    case "count":
      return grouped(value, Number.isInteger(value) ? 0 : 2);
  }
}

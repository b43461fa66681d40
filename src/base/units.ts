/**
 * Numbers as people write them: `10s`, `1m30s`, `10k`, `512MB`. Strict: a unit that is missing or unknown is an error,
 * since `--duration 10` read as ten milliseconds is a run that says nothing.
 */

/** What was written is no such quantity. `message` says what was expected, not where it was found. */
export class UnitError extends Error {
  override readonly name = "UnitError";
}

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
const UNITS_MS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001 } as const;
const DURATION = new RegExp(`^${["h", "m", "s", "ms", "us"].map((unit) => `(?:${NUMBER}${unit})?`).join("")}$`);
const COUNT = new RegExp(`^${NUMBER}([kKM]?)$`);
const PERCENT = new RegExp(`^${NUMBER}%?$`);
const BYTES = new RegExp(`^${NUMBER}(B|kB|KB|MB|GB)$`);
const BYTES_EXPONENT: Readonly<Record<string, number>> = { B: 0, kB: 1, KB: 1, MB: 2, GB: 3 };

/** The patterns above as JSON Schema has them, for editors. */
export const UNIT_PATTERNS = {
  duration: `^0$|(?!^$)${DURATION.source}`,
  /** Within a longer text; matches nothing too. */
  durationPart: DURATION.source.slice(1, -1),
  count: COUNT.source,
  percent: PERCENT.source,
  bytes: BYTES.source,
};

/** Milliseconds, to the microsecond. @throws UnitError */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const match = DURATION.exec(text);
  if (match === null || text === "") {
    throw new UnitError(
      /^\d+(\.\d+)?$/.test(text) ? `expected a unit, as in ${text}s or ${text}ms` : DURATION_EXPECTED,
    );
  }
  const ms = Object.values(UNITS_MS).reduce((sum, unitMs, i) => sum + Number(match[i + 1] ?? 0) * unitMs, 0);
  return Math.round(ms * 1000) / 1000;
}
const DURATION_EXPECTED = "expected a duration such as 500ms, 10s or 1m30s";

/** As short as it reads well, and read by `parseDuration` as the same: 90500 → `1m30.5s`, 0.25 → `250us`. */
export function formatDuration(ms: number): string {
  const us = Math.round(ms * 1000);
  if (us === 0) return "0s";
  if (us < 1000) return `${us}us`;
  if (us < 1_000_000) return `${us / 1000}ms`;
  const minutes = Math.floor(us / 60_000_000);
  const seconds = (us - minutes * 60_000_000) / 1_000_000;
  const parts = [`${Math.floor(minutes / 60)}h`, `${minutes % 60}m`, `${seconds}s`];
  return parts.filter((part) => !part.startsWith("0") || part.startsWith("0.")).join("");
}

/** A number, `k` for thousands and `M` for millions; fractions are the caller's to refuse. @throws UnitError */
export function parseCount(text: string): number {
  const match = COUNT.exec(text);
  if (match === null) {
    throw new UnitError(
      /^\d+(\.\d+)?m$/.test(text) ? `expected M for millions: ${text.toUpperCase()}` : COUNT_EXPECTED,
    );
  }
  // The exponent is read with the digits: 1.001 * 1000 would be 1000.9999999999999.
  return Number(`${match[1]}e${{ "": 0, k: 3, K: 3, M: 6 }[match[2] ?? ""]}`);
}
const COUNT_EXPECTED = "expected a number such as 300, 10k or 1.5M";

/** `30%`, or 30. @throws UnitError */
export function parsePercent(text: string): number {
  const match = PERCENT.exec(text);
  if (match === null) throw new UnitError("expected per cent such as 30%");
  return Number(match[1]);
}

/** Grouped by thousands: 2000000 → `2,000,000`. */
export const formatCount = (count: number): string => count.toLocaleString("en-US", { maximumFractionDigits: 3 });

/** Bytes; units are powers of 1024. @throws UnitError */
export function parseBytes(text: string): number {
  const match = BYTES.exec(text);
  if (match === null) throw new UnitError("expected a size such as 512MB or 2GB");
  return Math.round(Number(match[1]) * 1024 ** (BYTES_EXPONENT[match[2] ?? ""] ?? 0));
}

/** Rounded to one decimal of the largest unit that fits: 1536 → `1.5kB`. */
export function formatBytes(bytes: number): string {
  const exponent = Math.min(3, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${Math.round((bytes / 1024 ** exponent) * 10) / 10}${["B", "kB", "MB", "GB"][exponent]}`;
}

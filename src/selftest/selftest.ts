import { throwIfAborted } from "../base/errors.js";
import { deriveSeed } from "../base/prng.js";
import { type Place, SELFTEST_CHECKS, type SelftestCheck } from "./checks.js";
import { FakeServer } from "./fake-server.js";
import type { CheckResult } from "./judges.js";

export interface CheckOutcome extends CheckResult {
  readonly name: string;
  readonly what: string;
  /** How often it was made. */
  readonly attempts: number;
  readonly durationMs: number;
}

export interface SelftestOptions extends Omit<Place, "server"> {
  readonly seed: number;
}

/**
 * A check that fails is made once more: a machine that is busy for a moment can spoil one, and chance lets one in twenty
 * comparisons see what is not there; a mistake in measuring fails both times.
 */
const ATTEMPTS = 2;

/**
 * Makes every check, whatever the others came to. `onChecked` is told of each as it ends.
 * @throws QbenchError if one could not be made, or was interrupted.
 */
export async function runSelftest(
  { seed, ...options }: SelftestOptions,
  onChecked: (outcome: CheckOutcome) => void = () => {},
): Promise<CheckOutcome[]> {
  const server = await FakeServer.start();
  try {
    const outcomes: CheckOutcome[] = [];
    for (const check of SELFTEST_CHECKS) {
      const outcome = await make(check, { ...options, server }, seed);
      outcomes.push(outcome);
      onChecked(outcome);
    }
    return outcomes;
  } finally {
    await server.stop();
  }
}

async function make({ name, what, run }: SelftestCheck, place: Place, seed: number): Promise<CheckOutcome> {
  const sinceMs = performance.now();
  for (let attempts = 1; ; attempts++) {
    throwIfAborted(place.signal);
    const result = await run(place, deriveSeed(seed, name, attempts));
    throwIfAborted(place.signal);
    if (!result.ok && attempts < ATTEMPTS) continue;
    return { name, what, ...result, attempts, durationMs: Math.round(performance.now() - sinceMs) };
  }
}

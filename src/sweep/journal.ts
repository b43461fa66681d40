import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import * as z from "zod";
import { environmentError, usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { SCHEMA_VERSION } from "../report/schema.js";
import { TOOL } from "../report/tool.js";
import { count, name, trial } from "../report/trial-schema.js";
import type { SweepPlan } from "./plan.js";
import type { SweepResult } from "./procedure.js";

/**
 * The file of `--resume`: a line of JSON that says what is swept, then a line for each trial as soon as it is measured.
 * Whatever ends the sweep, the same command with the same file goes on where it was.
 */

const header = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal("sweep-trials"),
  /** Held against the plan that is asked for, whatever is in it. */
  plan: z.looseObject({
    seed: z.int(),
    axes: z.array(z.looseObject({ flag: name, values: z.array(z.looseObject({ text: z.string() })) })),
  }),
  /** Of machine and server: trials of another one would be compared with these. */
  place: z.record(z.string(), z.string()),
});
type Header = z.infer<typeof header>;

const line = z.object({ wave: count, round: count, point: z.array(count), strategy: name, trial });

/** A sweep of many thousand trials is smaller. */
const LARGEST_BYTES = 1 << 30;

export interface Journal {
  readonly header: Header;
  readonly results: readonly SweepResult[];
  /** Where the next line goes: behind it there may be one that was cut short. */
  readonly lengthBytes: number;
}

/** @returns undefined if there is none yet. @throws QbenchError (usage) */
export function readJournal(path: string): Journal | undefined {
  if (!existsSync(path)) return undefined;
  const wrong = (what: string) =>
    usageError(`--resume ${printable(path)}: ${what}`, "give a file that --resume wrote, or a name that is free");
  const { size } = statSync(path);
  if (size > LARGEST_BYTES) throw wrong("is too large");
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  if (end === 0) return size === 0 ? undefined : cutShort(text, wrong);
  const [first, ...lines] = text.slice(0, end - 1).split("\n") as [string, ...string[]];
  const head = header.safeParse(parsed(first));
  if (!head.success) throw wrong("is no file of a sweep");
  const results = lines.map((one, i): SweepResult => {
    const result = line.safeParse(parsed(one));
    // As it was written: the schema's copy is without what later versions add.
    if (result.success) return parsed(one) as SweepResult;
    throw wrong(`line ${i + 2} is no trial of a sweep`);
  });
  return { header: head.data, results, lengthBytes: Buffer.byteLength(text.slice(0, end)) };
}

/** A first line that was cut short holds nothing yet; anything else is a file of somebody's. */
function cutShort(text: string, wrong: (what: string) => Error): undefined {
  if (!text.startsWith(`{"schemaVersion":${SCHEMA_VERSION},"kind":"sweep-trials"`))
    throw wrong("is no file of a sweep");
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a sweep is, and where it is measured: machine and server as text, by what they are called in a report. */
export interface JournalSubject {
  readonly plan: SweepPlan;
  readonly place: Readonly<Record<string, string>>;
}

/** @throws QbenchError (usage) where the file is of another plan, or was measured elsewhere. */
export function checkJournal(path: string, { header: { plan, place } }: Journal, now: JournalSubject): void {
  const differences = [
    ...differing("", inWords(plan), inWords(header.shape.plan.parse(asJson(now.plan)))),
    ...differing("", place, now.place),
  ];
  if (differences.length === 0) return;
  const told = differences.slice(0, 5).map((one) => `\n  ${one}`);
  throw usageError(
    `--resume ${printable(path)} is of another sweep:${told.join("")}`,
    "give the options that it was begun with, or a file of its own",
  );
}

const LONGEST_SHOWN = 60;

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Axes in one line each, as they are given. */
const inWords = (plan: Header["plan"]): unknown => ({
  ...plan,
  axes: plan.axes.map(({ flag, values }) => `${flag}=${values.map(({ text }) => text).join(",")}`),
});

/** "scenario.vus: 3000 there, 5000 here"; of a list that is too long to be shown, the parts that differ. */
function differing(path: string, there: unknown, here: unknown): string[] {
  const texts = [there, here].map((value) => JSON.stringify(value) ?? "nothing") as [string, string];
  if (texts[0] === texts[1]) return [];
  const isShown = Array.isArray(there) && texts.every(({ length }) => length <= LONGEST_SHOWN);
  if (isMap(there) && isMap(here) && !isShown) {
    const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
    return keys.flatMap((key) => differing(path === "" ? key : `${path}.${key}`, there[key], here[key]));
  }
  const [before, now] = fromDifference(texts).map((text) => printable(text, LONGEST_SHOWN));
  return [`${printable(path, LONGEST_SHOWN)}: ${before} there, ${now} here`];
}

/** Two texts, of which a long beginning that they share is left out. */
function fromDifference([one, other]: [string, string]): string[] {
  const at = [...one].findIndex((letter, i) => letter !== other[i]);
  const skipped = Math.max(0, (at < 0 ? one.length : at) - LONGEST_SHOWN / 2);
  return [one, other].map((text) => (skipped === 0 ? text : `…${text.slice(skipped)}`));
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Writes on. */
export class JournalWriter {
  readonly #path: string;
  readonly #file: number;

  /** @throws QbenchError (environment) */
  constructor(path: string, journal: Journal | undefined, subject: JournalSubject) {
    this.#path = path;
    this.#file = trying(path, () => openSync(path, "a"));
    trying(path, () => ftruncateSync(this.#file, journal?.lengthBytes ?? 0));
    if (journal === undefined) {
      this.#write({ schemaVersion: SCHEMA_VERSION, kind: "sweep-trials", tool: TOOL, ...subject });
    }
  }

  /** @throws QbenchError (environment) */
  add(result: SweepResult): void {
    this.#write(result);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(value: object): void {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    trying(this.#path, () => {
      // A full disk may take a part and refuse the rest.
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written);
    });
  }
}

function trying<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw environmentError(`the trials could not be written to ${printable(path)}: ${(error as Error).message}`);
  }
}

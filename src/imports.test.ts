import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** Folders from the ground up: what is in a row imports from its own row and from those above it, types included. */
const ROWS = [
  "base",
  "queue",
  "strategies",
  "pacers",
  "stats",
  "measure",
  "audit",
  "drivers",
  "targets",
  "admission",
  "faults",
  "scenario",
  "plan",
  "worker",
  "actors",
  "engine",
  "model",
  // A report tells what a procedure has found, and a procedure judges by the reports of its trials.
  "report gate sweep capacity predict roadmap doctor selftest",
  "charts",
  "reporters",
  "distributed",
  "live",
  "articles",
  "commands",
  // cli.ts itself.
  ".",
  "bench",
].map((row) => row.split(" "));

const SRC = dirname(fileURLToPath(import.meta.url));
const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !/\.test\.ts$|\btesting\b/.test(name),
);
const folderOf = (path: string): string => (path.includes("/") ? (path.split("/")[0] as string) : ".");
const rowOf = (folder: string): number => ROWS.findIndex((row) => row.includes(folder));

it("every folder has its row", () => {
  const folders = [...new Set(sources.map(folderOf))];
  expect(folders.toSorted()).toEqual(ROWS.flat().toSorted());
});

it("imports point one way", () => {
  const upwards = sources.flatMap((name) => {
    const text = readFileSync(join(SRC, name), "utf8");
    const imported = [...text.matchAll(/(?:from |import\()"(\.[^"]+)"/g)].map(([, path]) =>
      relative(SRC, join(SRC, dirname(name), path as string)),
    );
    return imported
      .filter((path) => rowOf(folderOf(path)) > rowOf(folderOf(name)))
      .map((path) => `${name} imports ${path}`);
  });
  expect(upwards).toEqual([]);
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder that qbench is installed in: the same distance from `src/report` and from `dist/report`. */
export const PACKAGE_FOLDER = fileURLToPath(new URL("../../", import.meta.url));

const { version } = JSON.parse(readFileSync(`${PACKAGE_FOLDER}package.json`, "utf8")) as { version: string };

/** What made a report. */
export const TOOL = { name: "qbench", version } as const;

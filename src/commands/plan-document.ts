import { TOOL } from "../report/tool.js";

/** What `--dry-run --json` prints; `body`: what the command would do. */
export const planDocument = (seed: number, body: object): string =>
  JSON.stringify({ schemaVersion: 1, kind: "plan", tool: TOOL, complete: true, seed, ...body }, null, 2);

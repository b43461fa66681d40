import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** What the ways to get a server program run with. */
export interface ProvisionContext {
  readonly env: NodeJS.ProcessEnv;
  readonly isRoot: boolean;
  readonly platform: NodeJS.Platform;
}

/** A way to get a server program onto this machine. */
export interface Way {
  /** As the end of "by …". */
  readonly name: string;
  /** False until someone has seen it work. */
  readonly isVerified: boolean;
  isPossible(context: ProvisionContext): boolean;
  /** @throws Error whose message says what failed */
  run(context: ProvisionContext): Promise<void>;
}

/** Downloads and builds take their time; nothing hangs for ever. */
const COMMAND_TIMEOUT_MS = 300_000;
const LONGEST_OUTPUT_BYTES = 64 * 1024 * 1024;
const LAST_LINES = 3;

/** Runs a program to its end. @returns its stdout @throws Error with the last lines of its stderr */
export function execute(
  program: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { env, cwd } = options;
    const limits = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: LONGEST_OUTPUT_BYTES };
    const child = execFile(program, [...args], { env, cwd, ...limits }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = (stderr || stdout || error.message).trim().split("\n").slice(-LAST_LINES).join(" ");
      reject(new Error(`${program} ${args[0] ?? ""} failed: ${said}`));
    });
    child.stdin?.end();
  });
}

export function isOnPath(program: string, { env }: ProvisionContext): boolean {
  return (env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
}

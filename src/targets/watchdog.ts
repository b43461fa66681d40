import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { environmentError } from "../base/errors.js";

/**
 * A server that cannot outlive us. Its parent is a small shell in a session of its own, so that a terminal's Ctrl-C
 * reaches neither. The shell reads a pipe that only this process holds: the pipe ends when this process does, however
 * it ends, and then the shell kills the server and removes its folder. Being the parent, the shell can never hit
 * another process that was given the server's pid meanwhile.
 *
 * Descriptor 3 is the shell's answer (the server's pid) and stays open in the server alone: its end is the server's.
 *
 * The server is killed outright: it has nothing to save, and a stopped one would not heed anything milder.
 */
const WATCHDOG = `
PATH="$PATH:/usr/bin:/bin"
finish() { kill -9 "$server"; wait "$server"; rm -rf "$2"; }
"$1" "$2/redis.conf" >"$2/server.log" 2>&1 </dev/null &
server=$!
echo "$server" >&3
exec 3>&-
trap 'exit 0' HUP INT TERM
trap 'finish "$1" "$2"' EXIT
while read -r line; do :; done
`;

const STOP_TIMEOUT_MS = 10_000;

/** A server process and the shell that watches over it. */
export interface WatchedServer {
  readonly pid: number;
  readonly watchdogPid: number;
  /** Resolves when the server process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends the server and removes its folder; resolves when both are gone. */
  stop(): Promise<void>;
}

/**
 * Starts `binary` with `folder/redis.conf`, its output in `folder/server.log`. The folder is the watchdog's from now on.
 * @throws QbenchError (environment) if no process can be started.
 */
export async function startWatched(binary: string, folder: string): Promise<WatchedServer> {
  const shell = spawn("/bin/sh", ["-c", WATCHDOG, "qbench-watchdog", binary, folder], {
    detached: true,
    cwd: folder,
    stdio: ["pipe", "ignore", "ignore", "pipe"],
  });
  const gone = once(shell, "exit").then(
    () => undefined,
    () => undefined,
  );
  const answers = shell.stdio[3] as Readable;
  answers.on("error", () => {});
  shell.stdin?.on("error", () => {});
  const ended = new Promise<void>((resolve) => answers.once("close", () => resolve()));
  const firstLine = await Promise.race([
    once(answers, "data").then(([chunk]) => String(chunk)),
    ended.then(() => ""),
    once(shell, "error").then(([error]) => String(error)),
  ]);
  const pid = Number.parseInt(firstLine, 10);
  if (!(pid > 0)) throw environmentError(`no process could be started to run ${binary}: ${firstLine || "no answer"}`);
  answers.resume();
  detachFromEventLoop(shell);

  return {
    pid,
    watchdogPid: shell.pid as number,
    ended,
    async stop() {
      shell.ref();
      shell.stdin?.end();
      const timer = setTimeout(() => shell.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(timer);
      answers.destroy();
    },
  };
}

/** The watchdog is for the end of this process, so it must not put it off. */
function detachFromEventLoop(shell: ChildProcess): void {
  shell.unref();
  for (const stream of [shell.stdin, shell.stdio[3]]) {
    (stream as (Readable | Writable) & { unref?: () => void }).unref?.();
  }
}

/** Exit codes of the command line. Where several hold: 70, 129/130/143, 3, 5, 1, 4. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  environment: 3,
  inconclusive: 4,
  anomalies: 5,
  bug: 70,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** What an error is about; each kind has one exit code. */
export type ErrorKind = "usage" | "environment" | "interrupted" | "bug";

/**
 * An error that a user can act on. `message` says what went wrong, where, and what was expected;
 * `hint` says what to do. Never carries a password.
 */
export class QbenchError extends Error {
  readonly kind: ErrorKind;
  readonly exitCode: number;
  readonly hint: string | undefined;
  /** What is wrong, one by one, where the message tells of several things. */
  readonly mistakes: readonly string[];

  constructor(
    kind: ErrorKind,
    exitCode: number,
    message: string,
    hint?: string,
    mistakes = [message] as readonly string[],
  ) {
    super(message);
    this.name = "QbenchError";
    this.kind = kind;
    this.exitCode = exitCode;
    this.hint = hint;
    this.mistakes = mistakes;
  }
}

/** The command line, a scenario or a report is wrong (exit 2). */
export const usageError = (message: string, hint?: string, mistakes?: readonly string[]): QbenchError =>
  new QbenchError("usage", EXIT.usage, message, hint, mistakes);

/** Redis, the machine or the network failed (exit 3). */
export const environmentError = (message: string, hint?: string): QbenchError =>
  new QbenchError("environment", EXIT.environment, message, hint);

/** What this machine lacks where the system answers so, and what to do. */
const LACKING: Readonly<Record<string, readonly [string, string]>> = {
  EMFILE: ["this process may open no more files", "raise the limit: ulimit -n 20000"],
  ENFILE: ["this machine can open no more files", "end what has many of them open, or raise fs.file-max"],
  ENOSPC: ["no space is left on the disk", "free some, or write elsewhere (TMPDIR, XDG_CACHE_HOME)"],
  EDQUOT: ["the disk quota is used up", "free some, or write elsewhere (TMPDIR, XDG_CACHE_HOME)"],
  ENOMEM: ["this machine has no memory left", "end what uses it, or use fewer users"],
};

/** An error of the system that says what the machine lacks, wherever it comes up (environment); undefined for any other. */
export function lackOf(error: unknown): QbenchError | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const lack = LACKING[String(code)];
  return lack && environmentError(`${lack[0]} (${message})`, lack[1]);
}

/** Signals that stop a run, each with its exit code as shells have it: Ctrl-C, the system, a terminal that was closed. */
const STOPS = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp } as const;
export type StopSignal = keyof typeof STOPS;
export const STOP_SIGNALS = Object.keys(STOPS) as readonly StopSignal[];

/** The user or the system stopped the run. */
export const interruptedError = (signal: StopSignal, hint?: string): QbenchError =>
  new QbenchError("interrupted", STOPS[signal], `interrupted by ${signal}`, hint);

/** What a signal that was aborted says, by the system's signal that it names as its reason. */
export const interruptionBy = (signal: AbortSignal, hint?: string): QbenchError =>
  interruptedError(STOP_SIGNALS.find((name) => name === signal.reason) ?? "SIGINT", hint);

/** @throws QbenchError (interrupted) once `signal` was aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw interruptionBy(signal);
}

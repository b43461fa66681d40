import { Command } from "commander";
import { expect } from "vitest";
import { EXIT, type QbenchError } from "../base/errors.js";
import type { Ended } from "../engine/testing/program.js";
import { failureReportSchema } from "../report/schema.js";
import { COMMANDS, type CommandResult } from "./command.js";
import { asFailure, failureText } from "./failure.js";

/** For tests: what a command says to its arguments, in this process where nothing needs to be started. */
export async function inProcess(name: string, ...args: string[]): Promise<CommandResult | QbenchError> {
  const entry = COMMANDS.find((one) => one.name === name)!;
  const command = new Command(name).exitOverride().configureOutput({ outputError: () => {} });
  try {
    const { configure, execute } = await entry.load();
    configure(command);
    command.parse(args, { from: "user" });
    return await execute(command);
  } catch (error) {
    return asFailure(error, name);
  }
}

/** A mistake is told before anything is started: a usage error, whose message and hint match. */
export async function expectMistake(name: string, args: readonly string[], message: RegExp): Promise<void> {
  const failure = await inProcess(name, ...args);
  if ("text" in failure) throw new Error(`no mistake, but ${failure.text}`);
  expect([failure.exitCode, failureText(failure)]).toEqual([EXIT.usage, expect.stringMatching(message)]);
}

/** With --json: one message without a stack on stderr, one document on stdout. */
export function expectFailure({ exitCode, stderr, json }: Ended, kind: string, code: number, message: RegExp): void {
  expect([exitCode, stderr]).toEqual([code, expect.stringMatching(message)]);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(failureReportSchema.parse(json())).toMatchObject({ kind, error: { code } });
}

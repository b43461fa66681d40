import { Command, CommanderError } from "commander";
import { EXIT, environmentError, interruptedError, STOP_SIGNALS } from "./base/errors.js";
import { isOn } from "./base/switch.js";
import { COMMANDS, type CommandResult } from "./commands/command.js";
import { asFailure, failureText } from "./commands/failure.js";
import { signalIsHeeded } from "./commands/signals.js";
import { isUnknownOption, refuseUnknown } from "./commands/unknown-options.js";
import { tellUnknownVariables } from "./commands/warnings.js";
import { TOOL } from "./report/tool.js";

/** argv → command → stdout and exit code: the only place that prints a result, tells a failure and sets the code. */

const EXIT_CODES = `
Exit codes: 0 well, 1 gate or threshold failed, 2 usage or scenario wrong, 3 Redis or the machine failed,
4 inconclusive, 5 the audit found what a strategy promises never to show, 70 a bug in qbench, 129/130/143 interrupted.`;

const argv = process.argv.slice(2);
const wantsJson = argv.includes("--json") || isOn(process.env.QBENCH_JSON);
let hasPrinted = false;
const named = COMMANDS.filter((entry) => argv.includes(entry.name));
const words = argv.filter((one) => !one.startsWith("-"));
const word = words[0] === "help" ? words[1] : words[0];
const asked = COMMANDS.find((entry) => entry.name === word)?.name;

async function main(): Promise<CommandResult> {
  // Commander would answer with its own help, as if it knew the word.
  const isUnknown = word !== undefined && asked === undefined;
  return perform(isUnknown ? [word] : argv).catch((error: unknown) => {
    if (isUnknownOption(error)) return refuseUnknown(argv, error, perform);
    throw error;
  });
}

async function perform(words: readonly string[]): Promise<CommandResult> {
  const program = new Command(TOOL.name)
    .description("Measures how the way an application talks to Redis decides what its waiting queue can take.")
    .version(TOOL.version)
    .addHelpText("after", EXIT_CODES)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  let result: CommandResult = { exitCode: EXIT.ok, text: "" };
  for (const entry of COMMANDS) {
    const command = program.command(entry.name).description(entry.summary);
    if (!named.includes(entry)) continue;
    const { configure, execute } = await entry.load();
    configure(command);
    command.action(async () => {
      await tellUnknownVariables(command, process.env);
      result = await execute(command);
    });
  }
  await program.parseAsync(words, { from: "user" });
  return result;
}

async function tellFailure(error: unknown): Promise<number> {
  // Commander ends --help and --version by an error of code 0, and has printed the help if there was no command.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  if (error instanceof CommanderError && error.code === "commander.help") return EXIT.usage;
  const failure = asFailure(error, asked);
  console.error(failureText(failure));
  if (process.env.QBENCH_DEBUG) console.error(error);
  if (wantsJson) {
    const { buildFailureReport } = await import("./report/builder.js");
    print(JSON.stringify(buildFailureReport(asked ?? TOOL.name, failure), null, 2));
  }
  return failure.exitCode;
}

/** Stdout carries one result, whoever comes first. */
function print(text: string): void {
  if (!hasPrinted && text !== "") console.log(text);
  hasPrinted = true;
}

// A reader that has seen enough (`qbench list | head -1`), or a terminal that was closed, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE" || error.code === "EIO") return;
  console.error(failureText(environmentError(`the result could not be written to stdout: ${error.message}`)));
  process.once("exit", (code) => {
    if (code < EXIT.bug) process.exitCode = EXIT.environment;
  });
});
// There is nobody left to tell; what is measured goes on.
process.stderr.on("error", () => {});
// What nobody awaited: the state is unknown, and an embedded server ends with this process.
process.on("uncaughtException", (error) => {
  tellFailure(error).then(process.exit, () => process.exit(EXIT.bug));
});

// Before a command listens for itself, and after: one message, and with --json one document.
for (const signal of STOP_SIGNALS) {
  process.on(signal, async () => {
    if (!signalIsHeeded(signal)) process.exit(await tellFailure(interruptedError(signal)));
  });
}

try {
  const { exitCode, text } = await main();
  print(text);
  process.exitCode = exitCode;
} catch (error) {
  process.exitCode = await tellFailure(error);
}
// What is still open has had its time: a forgotten socket must not keep a CI job waiting.
setTimeout(() => process.exit(), 3000).unref();

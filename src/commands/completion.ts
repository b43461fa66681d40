import { Command } from "commander";
import { EXIT } from "../base/errors.js";
import { OPTION_LIST } from "../scenario/options.js";
import { shippedScenarios } from "../scenario/shipped.js";
import { STRATEGY_NAMES } from "../strategies/index.js";
import { COMMANDS, type CommandResult } from "./command.js";
import { type Completion, SHELLS, type ShellName } from "./completion-scripts.js";
import { topicOf } from "./topic.js";

const EPILOG = `
For this shell alone, and for every new one:
  bash  source <(qbench completion bash)
        qbench completion bash > ~/.local/share/bash-completion/completions/qbench
  zsh   source <(qbench completion zsh)
        qbench completion zsh > FOLDER/_qbench, where FOLDER is one of $fpath
  fish  qbench completion fish | source
        qbench completion fish > ~/.config/fish/completions/qbench.fish`;

const NAMES = Object.keys(SHELLS) as ShellName[];

export function configure(command: Command): void {
  command.argument("<shell>", NAMES.join(", "));
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError (usage) */
export async function execute(command: Command): Promise<CommandResult> {
  const shell = topicOf(command.args[0], "completion", NAMES) as ShellName;
  return { exitCode: EXIT.ok, text: SHELLS[shell](await completions()) };
}

/** What can be typed, from the commands themselves: an option that is added to one is completed by itself. */
async function completions(): Promise<Completion[]> {
  return Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => {
      const command = new Command(name);
      (await load()).configure(command);
      return {
        name,
        summary,
        words: command.registeredArguments.flatMap((argument) => argumentWords(argument.name())),
        options: [
          ...command.options.map(({ long, required, description, argChoices }) => ({
            flag: long as string,
            help: description,
            takesValue: required,
            words: argChoices ?? valueWords(long as string),
          })),
          { flag: "--help", help: "display help for command", takesValue: false, words: [] },
        ],
      };
    }),
  );
}

function argumentWords(name: string): readonly string[] {
  if (name === "scenario") return [...shippedScenarios().keys()];
  if (name === "strategy") return STRATEGY_NAMES;
  return name === "shell" ? NAMES : [];
}

/** Words that an option of a scenario takes, by its flag; none where it takes a number, a time or a form of its own. */
function valueWords(flag: string): readonly string[] {
  const option = OPTION_LIST.find((one) => `--${one.flag}` === flag);
  return option === undefined ? [] : enumIn(option.type.jsonSchema);
}

function enumIn(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if ("enum" in schema && Array.isArray(schema.enum)) return schema.enum.map(String);
  return (
    Object.values(schema)
      .map(enumIn)
      .find((words) => words.length > 0) ?? []
  );
}

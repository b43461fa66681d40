import { Argument, Command, type Option } from "commander";
import { EXIT } from "../base/errors.js";
import { OPTION_LIST } from "../scenario/options.js";
import { shippedScenarios } from "../scenario/shipped.js";
import { COMMANDS, type CommandResult } from "./command.js";
import { completing, enumIn, wordsOf } from "./completing.js";
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
  command.addArgument(completing(new Argument("<shell>", NAMES.join(", ")), () => NAMES));
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
      const ofArguments = await Promise.all(command.registeredArguments.map(argumentWords));
      const options = await Promise.all(
        command.options.map(async (option) => ({
          flag: option.long as string,
          help: option.description,
          takesValue: option.required,
          words: await valueWords(option),
        })),
      );
      const help = { flag: "--help", help: "display help for command", takesValue: false, words: [] };
      return { name, summary, words: ofArguments.flat(), options: [...options, help] };
    }),
  );
}

async function argumentWords(argument: Argument): Promise<readonly string[]> {
  const name = argument.name();
  return name === "scenario" ? [...shippedScenarios().keys()] : wordsOf(argument);
}

/** Of an option of a scenario, in whichever command; of any other, what its command knows. */
async function valueWords(option: Option): Promise<readonly string[]> {
  const type = OPTION_LIST.find(({ flag }) => `--${flag}` === option.long)?.type;
  const own = await wordsOf(option);
  if (own.length > 0 || type === undefined) return own;
  return type.beginnings ?? enumIn(type.jsonSchema);
}

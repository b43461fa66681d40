import { CommanderError } from "commander";
import { QbenchError, usageError } from "../base/errors.js";
import { Mistakes } from "../base/mistakes.js";
import { plainWords } from "./failure.js";

const UNKNOWN = "commander.unknownOption";
/** Has a command check all that it is asked for, and do nothing; first, so that no option takes it for its value. */
const CHECK_ONLY = ["--dry-run", "--quiet"];

/**
 * Tells options that nobody knows, and with them whatever else is wrong: the command line is tried without them.
 * @param error what the first of them led to
 * @param perform does what the words ask for
 * @throws QbenchError (usage) always
 */
export async function refuseUnknown(
  [command = "", ...words]: readonly string[],
  error: CommanderError,
  perform: (argv: readonly string[]) => Promise<unknown>,
): Promise<never> {
  const mistakes = new Mistakes();
  const tell = (mistake: QbenchError): void => {
    mistakes.take((): undefined => {
      throw mistake;
    });
  };
  let failure: unknown = error;
  let left: readonly string[] = words;
  // A command that does not know these does nothing that has to be planned.
  while (isUnknownOption(failure) && !CHECK_ONLY.includes(unknownIn(failure))) {
    tell(usageError(plainWords(failure.message)));
    const fewer = without(left, unknownIn(failure));
    if (fewer.length === left.length) break;
    left = fewer;
    failure = await perform([command, ...CHECK_ONLY, ...left]).catch((reason: unknown) => reason);
  }
  if (failure instanceof QbenchError && failure.kind === "usage") tell(failure);
  else if (failure instanceof CommanderError && failure.code !== UNKNOWN) tell(usageError(plainWords(failure.message)));
  mistakes.settle({});
  throw error;
}

export const isUnknownOption = (error: unknown): error is CommanderError =>
  error instanceof CommanderError && error.code === UNKNOWN;

/** Commander tells it in words alone. */
const unknownIn = ({ message }: CommanderError): string => /unknown option '(.*?)'/s.exec(message)?.[1] ?? "";

/** With its value, if there seems to be one. */
function without(words: readonly string[], option: string): readonly string[] {
  const at = words.indexOf(option);
  if (at < 0) return words;
  const hasValue = !option.includes("=") && words[at + 1]?.startsWith("-") === false;
  return words.filter((_, i) => i !== at && !(hasValue && i === at + 1));
}

/** Scripts that complete what is typed, for each shell: all words stand in them, so that no key waits for a program. */

export interface Completion {
  readonly name: string;
  readonly summary: string;
  /** Besides files, in the place of an argument. */
  readonly words: readonly string[];
  readonly options: readonly {
    readonly flag: string;
    readonly help: string;
    readonly takesValue: boolean;
    /** That its value may be; none: a file, or what nobody can guess. */
    readonly words: readonly string[];
  }[];
}

export const SHELLS = { bash, zsh, fish } as const;
export type ShellName = keyof typeof SHELLS;

/** Within single quotes, as all three shells read it; fish alone takes a backslash for more than itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const list = (words: readonly string[]): string => quoted(words.join(" "));

/** Of such a word more is to come, and no blank follows it. */
const isGoneOnWith = (word: string): boolean => /[=@:]$/.test(word);

function bash(commands: readonly Completion[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap(({ flag, words }) =>
      words.length === 0 ? [] : [`    ${quoted(`${name} ${flag}`)}) words=${list(words)} ;;`],
    ),
  );
  const flags = commands.map(({ name, options }) => `    ${name}) words=${list(options.map(({ flag }) => flag))} ;;`);
  const taking = commands.map(({ name, options }) => {
    const all = options.filter(({ takesValue }) => takesValue).map(({ flag }) => quoted(`${name} ${flag}`));
    return all.length === 0 ? [] : [`    ${all.join("|")}) ;;`];
  });
  const plain = commands.flatMap(({ name, words }) =>
    words.length === 0 ? [] : [`    ${name}) words=${list(words)} ;;`],
  );
  return `# bash completion of qbench
_qbench() {
  local typed="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words=
  if ((COMP_CWORD == 1)); then
    words=${list([...commands.map(({ name }) => name), "--help", "--version"])}
  else case "$command $before" in
${values.join("\n")}
${taking.flat().join("\n")}
    *) if [[ $typed == -* ]]; then case "$command" in
${flags.join("\n")}
    esac; else case "$command" in
${plain.join("\n")}
    esac; fi ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$typed"))
  if [[ "\${COMPREPLY[*]: -1}" == *[=@:] ]]; then compopt -o nospace 2> /dev/null; fi
}
complete -o default -F _qbench qbench`;
}

/** In an argument of zsh's _arguments. */
const plainZsh = (text: string): string => text.replace(/[\\[\]:]/g, "\\$&");

function zsh(commands: readonly Completion[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${plainZsh(summary)}`)}`);
  const added = (values: readonly string[]): string =>
    values.some(isGoneOnWith) ? `{compadd -S "" -- ${values.join(" ")}}` : `(${values.join(" ")})`;
  const cases = commands.map(({ name, words, options }) => {
    const own = options.map(({ flag, help, takesValue, words: values }) => {
      const value = takesValue ? `: :${values.length === 0 ? "_files" : added(values)}` : "";
      return quoted(`*${flag}[${plainZsh(help)}]${value}`);
    });
    const rest = quoted(words.length === 0 ? "*: :_files" : `*: :{compadd -- ${words.join(" ")}; _files}`);
    return `    ${name}) _arguments -S \\\n${[...own, rest].map((one) => `      ${one}`).join(" \\\n")} ;;`;
  });
  return `#compdef qbench
# zsh completion of qbench
_qbench() {
  local -a commands=(
${names.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _qbench ]]; then _qbench "$@"; else compdef _qbench qbench; fi`;
}

function fish(commands: readonly Completion[]): string {
  const text = (words: string): string => quoted(words.replaceAll("\\", "\\\\"));
  const lines = commands.flatMap(({ name, summary, words, options }) => {
    const when = `complete -c qbench -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c qbench -n __fish_use_subcommand -f -a ${name} -d ${text(summary)}`,
      ...(words.length === 0 ? [] : [`${when} -a ${list(words)}`]),
      ...options.map(({ flag, help, takesValue, words: values }) => {
        const value = values.length > 0 ? ` -x -a ${list(values)}` : takesValue ? " -r" : "";
        return `${when} -l ${flag.slice(2)}${value} -d ${text(help)}`;
      }),
    ];
  });
  return ["# fish completion of qbench", ...lines].join("\n");
}

import { usageError } from "../base/errors.js";
import { Mistakes } from "../base/mistakes.js";
import { printable } from "../base/printable.js";
import { didYouMean } from "../base/suggest.js";
import { STRATEGY_NAMES, strategyNamed, takeLuaFile } from "../strategies/index.js";
import { LUA_FILE_FORM } from "../strategies/lua-file.js";
import { addressOf, parseRedisUrl } from "../targets/url.js";

/** What `--base` and `--candidate` name: `KIND:WHAT`. */
export const SIDE_KINDS = ["strategy", "lua", "git", "scenario", "url"] as const;
export type SideKind = (typeof SIDE_KINDS)[number];

export interface SideSpec {
  readonly kind: SideKind;
  /** Behind the colon; of a URL not to be printed. */
  readonly what: string;
  /** For people and reports: without a password. */
  readonly label: string;
}

/** Sides that can run in one process, in turn, against one server. */
const TOGETHER: Readonly<Record<SideKind, readonly SideKind[]>> = {
  strategy: ["strategy", "lua"],
  lua: ["strategy", "lua"],
  git: ["git"],
  scenario: ["scenario"],
  url: ["url"],
};

/** What the two name; whether there is such a thing, `checkSides` tells. @throws QbenchError (usage) */
export function parseSides(
  base: string | undefined,
  candidate: string | undefined,
): { base: SideSpec; candidate: SideSpec } {
  const mistakes = new Mistakes();
  const sides = mistakes.settle({
    base: mistakes.take(() => parseSide("--base", base)),
    candidate: mistakes.take(() => parseSide("--candidate", candidate)),
  });
  if (!TOGETHER[sides.base.kind].includes(sides.candidate.kind)) {
    throw usageError(
      `--base ${sides.base.kind}: and --candidate ${sides.candidate.kind}: cannot be compared: they would not run in the same way`,
      "give both of one kind; strategy: and lua: go together too",
    );
  }
  return sides;
}

/** Reads scripts, so that they are known by their names. @throws QbenchError (usage) that tells all that is not there */
export function checkSides({ base, candidate }: { readonly base: SideSpec; readonly candidate: SideSpec }): void {
  const mistakes = new Mistakes();
  mistakes.take(() => checkSide("--base", base));
  mistakes.take(() => checkSide("--candidate", candidate));
  mistakes.settle({});
}

function checkSide(flag: string, { kind, what, label }: SideSpec): void {
  if (kind === "strategy") strategyNamed(what);
  const mistake = kind === "lua" ? takeLuaFile(label) : undefined;
  if (mistake !== undefined) throw usageError(`${flag} ${printable(label, 300)}: ${mistake}`, LUA_FILE_FORM);
}

function parseSide(flag: string, given: string | undefined): SideSpec {
  const forms = "strategy:NAME, lua:FILE, git:REVISION, scenario:FILE or url:REDIS_URL";
  if (given === undefined || given === "") throw usageError(`${flag} is missing`, `it takes ${forms}`);
  const colon = given.indexOf(":");
  const kind = SIDE_KINDS.find((one) => one === given.slice(0, Math.max(0, colon)));
  if (kind === undefined) {
    // No more of it than the kind: the rest may be a URL with a password.
    const word = printable(colon < 0 ? given : given.slice(0, colon), 60);
    const guess = STRATEGY_NAMES.includes(given)
      ? ` (did you mean "strategy:${given}"?)`
      : /^rediss?$/.test(word)
        ? ' (did you mean "url:redis://…"?)'
        : didYouMean(word, SIDE_KINDS);
    throw usageError(`${flag}: expected ${forms}; got "${word}${colon < 0 ? "" : ":…"}"${guess}`);
  }
  const what = given.slice(colon + 1);
  if (what === "") throw usageError(`${flag} ${kind}: names nothing`, `it takes ${forms}`);
  return { kind, what, label: labelOf(flag, kind, what) };
}

/** @throws QbenchError (usage) if nothing can be named so */
function labelOf(flag: string, kind: SideKind, what: string): string {
  const label = `${kind}:${what}`;
  if (kind === "url") return `url:${addressOf(parseRedisUrl(what, `${flag} url:`))}`;
  // A revision that begins with a dash would be an option to git.
  if (kind === "git" && !/^[^-\s][^\s]*$/.test(what)) throw usageError(`${flag} ${label}: expected a git revision`);
  return label;
}

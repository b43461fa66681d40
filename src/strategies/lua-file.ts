import { readFileSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";

/** A script of the user's own in the place of a strategy's name: `lua:FILE`. */
const PREFIX = "lua:";
const LARGEST_BYTES = 1 << 20;

export const LUA_FILE_FORM = "give a Lua script in the form of lua/enter_queue.lua";

/** A script of the user's own, as text: the file may change while it is measured. */
export interface LuaFile {
  readonly name: string;
  readonly source: string;
}

export const isLuaFileName = (name: string): boolean => name.startsWith(PREFIX);

/** @returns the script, or what is wrong with the file */
export function readLuaFile(name: string): LuaFile | string {
  const path = name.slice(PREFIX.length);
  // It is said in tables, charts and terminals.
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(path)) return "this name cannot be printed";
  try {
    const found = statSync(path);
    if (!found.isFile()) return "this is no file";
    if (found.size > LARGEST_BYTES) return "this is too large for a script";
    return { name, source: readFileSync(path, "utf8") };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") return `it cannot be read (${code})`;
    return `there is no such file${isAbsolute(path) ? "" : `, seen from ${process.cwd()}`}`;
  }
}

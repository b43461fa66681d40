import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A Lua script of the `lua/` folder. */
export interface Script {
  readonly name: string;
  readonly source: string;
  /** Under this EVALSHA finds it. */
  readonly sha1: string;
}

export const LUA_FOLDER = fileURLToPath(new URL("../../lua/", import.meta.url));

/** Reads `lua/<name>.lua`. */
export function loadScript(name: string): Script {
  return scriptOf(name, readFileSync(`${LUA_FOLDER}${name}.lua`, "utf8"));
}

export const scriptOf = (name: string, source: string): Script => ({
  name,
  source,
  sha1: createHash("sha1").update(source).digest("hex"),
});

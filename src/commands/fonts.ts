import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { environmentError } from "../base/errors.js";
import { HOW_TO_GET_HANGUL } from "../reporters/png.js";
import type { Font } from "../reporters/reporter.js";

/** Fonts that are known to do, the first one found is taken; with Hangul before those without. */
const KNOWN: readonly { family: string; hasHangul: boolean; names: readonly [string, string] }[] = [
  { family: "NanumGothic", hasHangul: true, names: ["NanumGothic.ttf", "NanumGothicBold.ttf"] },
  { family: "Noto Sans CJK KR", hasHangul: true, names: ["NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"] },
  { family: "Noto Sans KR", hasHangul: true, names: ["NotoSansKR-Regular.otf", "NotoSansKR-Bold.otf"] },
  { family: "Apple SD Gothic Neo", hasHangul: true, names: ["AppleSDGothicNeo.ttc", ""] },
  { family: "DejaVu Sans", hasHangul: false, names: ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"] },
  { family: "Liberation Sans", hasHangul: false, names: ["LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"] },
  { family: "Arial", hasHangul: false, names: ["Arial.ttf", "Arial Bold.ttf"] },
];

const FOLDERS = [
  "/usr/share/fonts",
  "/usr/local/share/fonts",
  join(homedir(), ".local/share/fonts"),
  join(homedir(), ".fonts"),
  "/System/Library/Fonts",
  "/Library/Fonts",
];

/**
 * A font of this machine for pictures; `folders` are searched with all that is in them.
 * @throws QbenchError (environment) that says what to install
 */
export function findFont(folders: readonly string[] = FOLDERS): Font {
  const found = new Map<string, string>();
  for (const folder of folders.filter((one) => existsSync(one))) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!found.has(entry.name)) found.set(entry.name, join(entry.parentPath, entry.name));
    }
  }
  for (const { family, hasHangul, names } of KNOWN) {
    if (!found.has(names[0])) continue;
    return { family, hasHangul, files: names.flatMap((name) => found.get(name) ?? []) };
  }
  throw environmentError("this machine has no font that a picture could be written with", HOW_TO_GET_HANGUL);
}

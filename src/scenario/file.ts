import { existsSync, readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { didYouMean } from "../base/suggest.js";
import { shippedScenarios } from "./shipped.js";
import type { Path, Source } from "./source.js";
import { shown } from "./values.js";

/** Scenario files are written by hand; what is larger is another file. */
const MAX_BYTES = 256 * 1024;
/** A file that is no YAML at all makes a mistake of nearly every line. */
const MAX_SYNTAX_MISTAKES = 5;

export interface ScenarioFile extends Source {
  /** The file's name without its ending. */
  readonly name: string;
}

/** Reads a scenario by path, or one that is shipped by its bare name. Never throws for what is in the file. */
export function fileSource(given: string): ScenarioFile {
  const shipped = shippedScenarios();
  const path = shipped.get(given) ?? given;
  const name = basename(path).replace(/\.(ya?ml|json)$/, "") || "scenario";
  const broken = (...mistakes: string[]): ScenarioFile => ({
    name,
    values: {},
    where: () => path,
    mistakes,
    warnings: [],
  });

  if (/^[\w-]+$/.test(given) && !shipped.has(given) && !existsSync(given)) {
    const known = [...shipped.keys()];
    return broken(
      `no scenario ${shown(given)}${didYouMean(given, known)}; there are ${known.join(", ")}, or give a file`,
    );
  }
  const read = readText(path);
  if ("mistake" in read) return broken(read.mistake);

  const lines = new LineCounter();
  let document: Document;
  let values: unknown;
  try {
    document = parseDocument(read.text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
    const syntax = [...document.errors, ...document.warnings];
    if (syntax.length > 0) {
      const told = syntax.slice(0, MAX_SYNTAX_MISTAKES).map((one) => {
        const { line, col } = lines.linePos(one.pos[0]);
        return `${path}:${line}:${col} ${one.message}`;
      });
      return broken(
        ...told,
        ...(syntax.length > told.length ? [`${path}: and ${syntax.length - told.length} more`] : []),
      );
    }
    values = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Brackets nested beyond the stack, or aliases that unfold without end.
    const why = error instanceof RangeError ? "it is nested too deeply" : (error as Error).message;
    return broken(`${path}: cannot be read as YAML: ${why}`);
  }
  if (!isMap(document.contents))
    return broken(`${path}: expected a map of options such as "vus: 3000", got ${shown(values)}`);
  return {
    name,
    values: values as Record<string, unknown>,
    where: (steps, isKey) => {
      const { line, col } = lines.linePos(offsetOf(document, steps, isKey));
      return `${path}:${line}:${col} ${words(steps)}`;
    },
    mistakes: [],
    warnings: [],
  };
}

function readText(path: string): { text: string } | { mistake: string } {
  try {
    const stat = statSync(path);
    if (!stat.isFile())
      return {
        mistake: `${path}: expected a scenario file, this is ${stat.isDirectory() ? "a folder" : "no ordinary file"}`,
      };
    if (stat.size > MAX_BYTES)
      return {
        mistake: `${path}: expected a scenario file of at most ${MAX_BYTES / 1024} kB, this has ${Math.round(stat.size / 1024)} kB`,
      };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    return text.includes("\0") ? { mistake: `${path}: expected YAML, this is a binary file` } : { text };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { mistake: `${path}: no such file` };
    if (code === "EACCES" || code === "EPERM") return { mistake: `${path}: may not be read (permission denied)` };
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA")
      return { mistake: `${path}: expected YAML in UTF-8, this is not text` };
    return { mistake: `${path}: cannot be read: ${message}` };
  }
}

/** Where the value (or the key) that `steps` lead to begins; as deep as the document goes. */
function offsetOf(document: Document, steps: Path, isKey: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of steps) {
    let key: unknown;
    if (isMap(node)) {
      const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(step));
      key = pair?.key;
      node = pair?.value ?? undefined;
    } else node = isSeq(node) ? node.items[Number(step)] : undefined;
    const found = ((isKey ? key : node) ?? key) as Node | undefined;
    offset = found?.range?.[0] ?? offset;
  }
  return offset;
}

/** `["strategy", 1]` → `strategy[1]`, `["mix", "new"]` → `mix.new`. */
const words = (steps: Path): string =>
  steps.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { functionsSource } from "../charts/functions.js";
import { html, type Markup, raw } from "./markup.js";

/** What pages are put together from: the report's and the live one. */

const ECHARTS = createRequire(import.meta.url).resolve("echarts/dist/echarts.min.js");
/** A file of web/. */
export const asset = (name: string): string => readFileSync(new URL(`../../web/${name}`, import.meta.url), "utf8");

export interface Script extends Markup {
  readonly hash: string;
}

function scriptOf(source: string): Script {
  const { markup } = raw(source.replaceAll("</script", "<\\/script"));
  return { markup, hash: createHash("sha256").update(markup).digest("base64") };
}

/** A page's own script, a file of web/, behind what all pages share. */
export const pageScript = (name: string): Script =>
  scriptOf(`"use strict";\n${functionsSource()}\n${asset("page.js")}\n${asset(name)}`);

/** Large, and the same for every page. */
let library: Script | undefined;

export function chartLibrary(): Script {
  library ??= scriptOf(readFileSync(ECHARTS, "utf8"));
  return library;
}

/** Nothing may be loaded but what `more` allows, and no script run but these. */
export function policy(scripts: readonly Script[], more: readonly string[] = []): string {
  const hashes = scripts.map(({ hash }) => `'sha256-${hash}'`);
  return [
    "default-src 'none'",
    `script-src ${hashes.join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    ...more,
  ].join("; ");
}

/** Figures stay on one line, words do not. */
export function tableOf(
  [heads = [], ...rows]: readonly (readonly string[])[],
  kind: "figures" | "words" = "words",
): Markup {
  return html`<div class="scroll"><table${kind === "figures" ? raw(' class="figures"') : undefined}>
<thead><tr>${heads.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first = "", ...cells]) =>
      html`<tr><th scope="row">${first}</th>${cells.map((text) => html`<td>${text}</td>`)}</tr>
`,
  )}</tbody>
</table></div>`;
}

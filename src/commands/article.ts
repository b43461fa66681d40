import { join } from "node:path";
import { Argument, type Command, Option } from "commander";
import type { Article } from "../articles/article.js";
import { ARTICLES, articlesNamed } from "../articles/index.js";
import { Pen } from "../articles/pen.js";
import { EXIT, usageError } from "../base/errors.js";
import { makeFolder } from "../base/make-folder.js";
import { printable } from "../base/printable.js";
import { LANGS, type Lang } from "../charts/labels.js";
import { svgOf } from "../charts/svg.js";
import { THEME_NAMES, THEMES, type ThemeName } from "../charts/theme.js";
import { readRunReport } from "../report/read.js";
import type { RunReport } from "../report/schema.js";
import type { CommandResult } from "./command.js";
import { completing } from "./completing.js";
import { writeWhole } from "./report-file.js";

const EPILOG = `
Articles:
${ARTICLES.map(({ name, summary }) => `  ${name.padEnd(24)} ${summary}`).join("\n")}
  ${"all".padEnd(24)} each of them

A file NAME.md is written for each, its charts beside it. What the author has to write is marked; a report that an
article lacks is named with the command that makes it.`;

interface ArticleOptions {
  readonly output: string;
  readonly lang: Lang;
  readonly theme: ThemeName;
}

export function configure(command: Command): void {
  const names = [...ARTICLES.map(({ name }) => name), "all"];
  command.addArgument(completing(new Argument("<name>", "which article, or all"), () => names));
  command.argument("<reports...>", "reports that qbench run --output FILE.json wrote");
  command.requiredOption("--output <FOLDER>", "where to write; made if it is not there");
  command.addOption(new Option("--lang <LANG>", "language").choices([...LANGS]).default("en"));
  command.addOption(new Option("--theme <THEME>", "colours of the charts").choices([...THEME_NAMES]).default("light"));
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const [name = "", ...paths] = command.args;
  const { output, lang, theme } = command.opts<ArticleOptions>();
  const articles = articlesNamed(name);
  const reports: RunReport[] = [];
  for (const path of paths) reports.push(await readRunReport(path));
  makeOutput(output);
  const written: string[] = [];
  for (const article of articles) written.push(await write(article, reports, { output, lang, theme }));
  return { exitCode: EXIT.ok, text: written.join("\n") };
}

async function write(article: Article, reports: readonly RunReport[], options: ArticleOptions): Promise<string> {
  const { output, lang, theme } = options;
  const pen = new Pen(lang, THEMES[theme], article.name);
  article.write(pen, reports);
  for (const { file, drawing, source, look } of pen.pictures) {
    await writeWhole(join(output, file), await svgOf(drawing, source, look));
  }
  const path = join(output, `${article.name}.md`);
  await writeWhole(path, pen.markdown);
  return path;
}

function makeOutput(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw usageError(`--output ${printable(path, 300)} cannot be made a folder: ${(error as Error).message}`);
  }
}

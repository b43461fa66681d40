import { usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { didYouMean } from "../base/suggest.js";
import type { Article } from "./article.js";
import { fewerCalls } from "./fewer-calls.js";
import { hiddenBottleneck } from "./hidden-bottleneck.js";
import { luaPipelineIndividual } from "./lua-pipeline-individual.js";
import { whenCluster } from "./when-cluster.js";

/** Every article. A new one is a file and a line here. */
export const ARTICLES: readonly Article[] = [fewerCalls, hiddenBottleneck, luaPipelineIndividual, whenCluster];

const NAMES: readonly string[] = ARTICLES.map(({ name }) => name);

/** One article, or all of them. @throws QbenchError (usage) that lists the names. */
export function articlesNamed(name: string): readonly Article[] {
  if (name === "all") return ARTICLES;
  const found = ARTICLES.filter((article) => article.name === name);
  if (found.length > 0) return found;
  throw usageError(
    `unknown article "${printable(name)}"${didYouMean(name, [...NAMES, "all"])}`,
    `articles are ${NAMES.join(", ")}, or all`,
  );
}

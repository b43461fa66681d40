import { pictureOf } from "./picture.js";
import type { Reporter } from "./reporter.js";

/** One chart for an article. */
export const svg: Reporter = {
  name: "svg",
  summary: "one chart for an article, as a drawing that stays sharp",
  endings: [".svg"],
  takes: ["chart", "lang", "theme", "others"],
  render: pictureOf,
};

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../scenarios/", import.meta.url));

/** The scenarios that come with qbench: bare name → path. */
export function shippedScenarios(): ReadonlyMap<string, string> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".yaml"));
  return new Map(files.sort().map((file) => [file.slice(0, -".yaml".length), `${FOLDER}${file}`]));
}

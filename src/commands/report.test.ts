import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REPORTERS } from "../reporters/index.js";
import { prepared } from "./rendering.js";
import { configure, execute, runReport } from "./report.js";

const V1 = fileURLToPath(new URL("../report/testdata/report-v1.json", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "report-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As the command line calls it. */
async function typed(...words: string[]): Promise<string> {
  const command = new Command("report").exitOverride().configureOutput({ writeErr: () => {} });
  configure(command);
  let text = "";
  command.action(async () => {
    ({ text } = await execute(command));
  });
  await command.parseAsync(words, { from: "user" });
  return text;
}

const golden = (file: string): Promise<string> =>
  readFile(new URL(`../reporters/golden/${file}`, import.meta.url), "utf8");

describe("qbench report", () => {
  it("renders a saved report as a table, or as what was asked for", async () => {
    expect(`${await typed(V1, "--no-color")}\n`).toBe(await golden("table.txt"));
    expect(`${await typed(V1, "--format", "csv")}\n`).toBe(await golden("trials.csv"));
    expect(JSON.parse(await typed(V1, "--format", "json"))).toEqual(JSON.parse(await readFile(V1, "utf8")));
  });

  it("writes every format to a file by its ending, and nothing to stdout", async () => {
    const report = JSON.parse(await readFile(V1, "utf8"));
    // Pictures need a font of the machine, and have their own tests.
    for (const reporter of REPORTERS.filter(({ needsFont }) => !needsFont)) {
      const options = prepared(reporter, { color: false });
      for (const ending of reporter.endings) {
        const output = join(folder, `out${ending}`);
        expect(await typed(V1, "--output", output)).toBe("");
        const expected = Buffer.from(await reporter.render(report, options));
        expect((await readFile(output)).equals(expected), reporter.name).toBe(true);
      }
    }
    expect((await readdir(folder)).filter((file) => file.endsWith(".tmp"))).toEqual([]);
  });

  it("takes any file name if the format is named, and colours only what goes to a terminal", async () => {
    const output = join(folder, "no-ending");
    await runReport([V1], { format: "markdown", output, color: true });
    expect(await readFile(output, "utf8")).toBe(await golden("markdown.txt"));
    expect(await runReport([V1], { color: true })).toContain("\u001b[");
  });

  it("says what is wrong, and leaves an older file as it is", async () => {
    const output = join(folder, "kept.md");
    await writeFile(output, "before");
    const refusal = async (...words: string[]): Promise<string> => {
      const error = await typed(...words).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ exitCode: 2 });
      return (error as Error).message;
    };
    expect(await refusal(join(folder, "none.json"), "--output", output)).toMatch(/no such file/);
    expect(await refusal(V1, "--chart", "tsp", "--format", "svg")).toMatch(/unknown chart "tsp" \(did you mean "tps"/);
    expect(await refusal(V1, "--chart", "tps")).toMatch(/--chart is not for format table/);
    expect(await refusal(V1, "--strategy", "lua", "--format", "svg")).toMatch(/--strategy is not for format svg/);
    expect(await refusal(V1, V1)).toMatch(/more than one report is not for format table/);
    expect(await refusal(V1, V1, "--format", "svg", "--chart", "crossover")).toMatch(/no chart crossover .* differ/);
    expect(await refusal(V1, "--format", "png")).toMatch(/png goes to a file/);
    expect(await refusal(V1, "--format", "pdf")).toMatch(/unknown format "pdf"/);
    expect(await refusal(V1, "--output", join(folder, "x.pdf"))).toMatch(/ends in \.txt/);
    expect(await refusal(V1, "--output", join(folder, "no", "x.md"))).toMatch(/there is no folder/);
    expect(await readFile(output, "utf8")).toBe("before");
  });
});

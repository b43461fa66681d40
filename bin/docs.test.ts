import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { PICTURES, pictureOf, QUOTING, withResults } from "./docs.js";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

describe("figures in the documents", () => {
  it.each(QUOTING)("%s quotes its committed reports as they are", async (path) => {
    const text = read(path);
    expect(text).toMatch(/<!-- (result|proof): results\//);
    expect(await withResults(text)).toBe(text);
  });

  it.each(PICTURES)("$path shows its committed report as it is", async (picture) => {
    expect(read(picture.path)).toBe(await pictureOf(picture));
  });

  it("are all shown somewhere, and all made", () => {
    const made = PICTURES.map(({ path }) => path.replace("docs/charts/", "")).sort();
    expect(readdirSync(new URL("../docs/charts", import.meta.url)).sort()).toEqual(made);
    const shown = ["README.md", "docs/findings.md", "docs/reports.md", "docs/roadmap.md"].map(read).join("");
    for (const name of made) expect(shown).toContain(`charts/${name}`);
  });
});

describe("commands in the documents", () => {
  it("that start agents by SSH give the shell back while the agents run", async () => {
    const [, command] = /ssh \$m "(cd qbench.*)"; done/.exec(read("docs/agents.md")) as unknown as [string, string];
    const home = mkdtempSync(join(tmpdir(), "qb-ssh-"));
    try {
      for (const folder of ["bin", "qbench"]) mkdirSync(join(home, folder));
      const npm = join(home, "bin", "npm");
      writeFileSync(npm, "#!/bin/sh\necho $$\nexec sleep 20\n");
      chmodSync(npm, 0o755);
      // As sshd does, this waits until nobody holds the shell's output any more.
      await execa("bash", ["-c", command], { cwd: home, env: { PATH: `${join(home, "bin")}:${process.env.PATH}` } });
      const log = join(home, "qbench", "agent.log");
      await expect.poll(() => readFileSync(log, "utf8"), { timeout: 10_000 }).toMatch(/^\d+\n$/);
      // It is there to be ended.
      expect(process.kill(Number(readFileSync(log, "utf8")), "SIGTERM")).toBe(true);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

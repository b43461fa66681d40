import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = new URL("..", import.meta.url);

it("carries all that the program loads and starts, and of dist/ no more", () => {
  const [{ files }] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: fileURLToPath(root),
      encoding: "utf8",
    }),
  );
  const carried = new Set(files.map(({ path }) => path));
  const reached = new Set();
  const follow = (url) => {
    const path = url.href.slice(root.href.length);
    if (reached.has(path)) return;
    reached.add(path);
    const text = readFileSync(url, "utf8");
    // What it imports; then what it starts, or reads, by a place beside the module that it was built from.
    for (const [, other] of text.matchAll(/(?:from|import|import\()\s*"(\.[^"]+)"/g)) follow(new URL(other, url));
    for (const [, other, beside] of text.matchAll(
      /new URL\("(\.[^"]+\.js)", new URL\("(\.[^"]+)", import\.meta\.url\)\)/g,
    )) {
      follow(new URL(other, new URL(beside, url)));
    }
  };
  follow(new URL("dist/program/cli.js", root));
  expect(reached).toContain("dist/worker/thread.js");
  expect(reached).toContain("dist/admission/scheduler-process.js");
  const programs = [...carried].filter((path) => path.startsWith("dist/") && path.endsWith(".js"));
  expect(programs.sort()).toEqual([...reached].sort());
});

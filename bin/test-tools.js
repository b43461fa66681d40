/**
 * What tests of pages and pictures need beside Node: a browser, and a font with Hangul. Where they cannot be had, those
 * tests are skipped and it is said why; everything else can still be tested.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const CHROMIUM = "/usr/bin/chromium";
const HANGUL_FONT = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf";
const TIMEOUT_MS = 300_000;

const TOOLS = [
  { path: CHROMIUM, debianPackage: "chromium", tests: "tests of the HTML page" },
  { path: HANGUL_FONT, debianPackage: "fonts-nanum", tests: "tests of PNG pictures" },
];

/** Looks first; as root on Debian it installs what is missing. */
export function provideTestTools(say) {
  const missing = TOOLS.filter(({ path }) => !existsSync(path));
  if (missing.length === 0) return;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    say(`installing ${packages.join(" and ")} for the tests …`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (...args) => spawnSync("apt-get", args, { env, stdio: ["ignore", "ignore", 2], timeout: TIMEOUT_MS });
    apt("update", "-qq");
    apt("install", "-y", "-qq", "--no-install-recommends", ...packages);
  }
  for (const { path, debianPackage, tests } of missing.filter((tool) => !existsSync(tool.path))) {
    say(`SKIPPED: ${tests}, for there is no ${path}; sudo apt-get install -y ${debianPackage} brings it`);
  }
}

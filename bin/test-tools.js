/**
 * What tests need beside Node: a browser, a font with Hangul, a Prometheus. Where they cannot be had, those tests are
 * skipped and it is said why; everything else can still be tested.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CHROMIUM = "/usr/bin/chromium";
const HANGUL_FONT = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf";
/** Unpacked rather than installed: the package would start a service. */
const UNPACKED = fileURLToPath(new URL("../node_modules/.cache/prometheus", import.meta.url));
const PROMETHEUS = join(UNPACKED, "usr", "bin", "prometheus");
/** Of one call of apt-get: in CI the tests have to be over before their own limit is. */
const TIMEOUT_MS = { update: 60_000, install: 240_000, download: 60_000 };
/** A machine that has just started may be updating itself; a mirror that does not answer is given up soon. */
const PATIENT = ["-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"];

const INSTALLED = [
  { path: CHROMIUM, debianPackage: "chromium", tests: "tests of the HTML page" },
  { path: HANGUL_FONT, debianPackage: "fonts-nanum", tests: "tests of PNG pictures" },
];

const isMissing = ({ path }) => !existsSync(path);

/** Looks first; as root on Debian it installs what is missing. */
export function provideTestTools(say) {
  const missing = INSTALLED.filter(isMissing);
  const needsPrometheus = !existsSync(PROMETHEUS);
  const hasApt = existsSync("/usr/bin/apt-get");
  const mayInstall = hasApt && process.getuid?.() === 0;
  if (mayInstall && (missing.length > 0 || needsPrometheus)) aptGet("update", ["-qq"]);
  // One by one: where there is no package of one name, apt-get installs none of them.
  for (const { debianPackage } of mayInstall ? missing : []) {
    say(`installing ${debianPackage} for the tests …`);
    aptGet("install", ["-y", "-qq", "--no-install-recommends", debianPackage]);
  }
  for (const { path, debianPackage, tests } of missing.filter(isMissing)) {
    say(`SKIPPED: ${tests}, for there is no ${path}; sudo apt-get install -y ${debianPackage} brings it`);
  }
  if (hasApt && needsPrometheus) unpack("prometheus", UNPACKED);
  if (!existsSync(PROMETHEUS)) say("SKIPPED: the test that Prometheus scrapes a run; apt-get could not download it");
}

function aptGet(command, args, cwd) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const timeout = TIMEOUT_MS[command];
  spawnSync("apt-get", [...PATIENT, command, ...args], { cwd, env, stdio: ["ignore", "ignore", 2], timeout });
}

function unpack(debianPackage, into) {
  const folder = mkdtempSync(join(tmpdir(), "qbench-test-tools-"));
  try {
    aptGet("download", ["-o", "APT::Sandbox::User=root", "-qq", debianPackage], folder);
    mkdirSync(into, { recursive: true });
    for (const name of readdirSync(folder)) {
      spawnSync("dpkg-deb", ["-x", join(folder, name), into], { stdio: ["ignore", "ignore", 2] });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

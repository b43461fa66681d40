import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunReport } from "../report/schema.js";
import { png } from "../reporters/png.js";
import type { Font } from "../reporters/reporter.js";
import { findFont } from "./fonts.js";
import { runReport } from "./report.js";

const V1 = fileURLToPath(new URL("../report/testdata/report-v1.json", import.meta.url));
const REPORT = JSON.parse(readFileSync(V1, "utf8")) as RunReport;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pictures-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A picture in which one strategy has this name. */
async function pictureNamed(name: string): Promise<Buffer> {
  const strategies = REPORT.strategies.map((one, i) => (i === 0 ? { ...one, name } : one));
  const path = join(folder, "named.json");
  writeFileSync(path, JSON.stringify({ ...REPORT, strategies }));
  const output = join(folder, "named.png");
  await runReport([path], { output, chart: "calls", color: false });
  return readFileSync(output);
}

/** bin/test-tools.js installs one, or says why it cannot. */
const hasFont = existsSync("/usr/share/fonts/truetype/nanum/NanumGothic.ttf");

describe.skipIf(!hasFont)("a PNG", { timeout: 60_000 }, () => {
  it("is twice as wide as the drawing, and the same bytes again", async () => {
    const [first, second] = [join(folder, "a.png"), join(folder, "b.png")];
    for (const output of [first, second]) await runReport([V1], { output, lang: "ko", color: false });
    const bytes = readFileSync(first);
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    expect(bytes.readUInt32BE(16)).toBe(1920);
    expect(readFileSync(second).equals(bytes)).toBe(true);
  });

  it("shows Hangul: other syllables are another picture, which boxes for missing letters would not be", async () => {
    const picture = await pictureNamed("대기열 진입");
    expect(picture.equals(await pictureNamed("열기대 입진"))).toBe(false);
    // Letters that the font lacks are all the same box.
    expect((await pictureNamed("\u{12000}\u{12001}")).equals(await pictureNamed("\u{12002}\u{12003}"))).toBe(true);
  });

  it("is refused where the font has no Hangul but the picture has", async () => {
    const font: Font = { ...findFont(), hasHangul: false };
    await expect(async () => png.render(REPORT, { color: false, lang: "ko", font })).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining("fonts-nanum"),
    });
    expect(await png.render(REPORT, { color: false, lang: "en", font })).toBeInstanceOf(Buffer);
  });
});

describe("finding a font", () => {
  it("prefers one with Hangul, and takes its bold one along", () => {
    mkdirSync(join(folder, "fonts", "deep"), { recursive: true });
    for (const name of ["DejaVuSans.ttf", "deep/NanumGothic.ttf", "deep/NanumGothicBold.ttf"]) {
      writeFileSync(join(folder, "fonts", name), "");
    }
    const { family, hasHangul, files } = findFont([join(folder, "none"), join(folder, "fonts")]);
    expect({ family, hasHangul, count: files.length }).toEqual({ family: "NanumGothic", hasHangul: true, count: 2 });
  });

  it("says what to install where there is none", () => {
    expect(() => findFont([join(folder, "none")])).toThrow(
      expect.objectContaining({ exitCode: 3, hint: expect.stringContaining("apt-get install fonts-nanum") }),
    );
  });
});

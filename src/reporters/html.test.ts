import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunReport } from "../report/schema.js";
import { reportOf } from "../report/testing.js";
import { page as reporter } from "./html.js";

const V1 = JSON.parse(readFileSync(new URL("../report/testdata/report-v1.json", import.meta.url), "utf8")) as RunReport;
const EVIL = `</script><script>alert(1)</script><img src=x onerror="alert(2)">&'\``;
const HOSTILE: RunReport = {
  ...V1,
  strategies: V1.strategies.map((one, i) => ({
    ...one,
    name: [EVIL, "__proto__", "{c} @latency", "lua"][i] ?? one.name,
  })),
  scenario: { ...V1.scenario, name: EVIL },
  warnings: [{ code: "x", message: `${EVIL} \u001b[2J` }],
  tool: { ...V1.tool, version: EVIL },
  startedAt: V1.startedAt,
};

const render = (report: RunReport): string => reporter.render(report, { color: false });
/** All of it but what stands in script elements. */
const outside = (text: string): string => text.replace(/<script[^>]*>[\s\S]*?<\/script>/g, "<script/>");

describe("the page", { timeout: 60_000 }, () => {
  it("is one file of sane size that refers to nothing outside, and may run its own scripts alone", () => {
    const text = render(V1);
    expect(text.length).toBeLessThan(JSON.stringify(V1).length + 1_600_000);
    expect(outside(text)).not.toMatch(/\s(?:src|srcset|action|formaction)=|href="(?!#|data:,)|url\(|@import/);
    const [, policy = ""] = text.match(/Content-Security-Policy" content="([^"]*)"/) ?? [];
    expect(policy).toMatch(/^default-src 'none'; /);
    const scripts = [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = ""]) => script);
    expect(scripts).toHaveLength(2);
    for (const script of scripts) {
      expect(policy).toContain(`'sha256-${createHash("sha256").update(script).digest("base64")}'`);
    }
  });

  it("is the same for the same report", () => {
    expect(render(structuredClone(V1))).toBe(render(V1));
  });

  it("says so where nothing was measured or a run did not come to its end", () => {
    const text = render(reportOf({ trials: [], complete: false }));
    expect(text).toContain("did not come to its end");
    expect(text).toContain("No trial came to its end, so there is nothing to compare.");
    expect(text).not.toContain("data-chart=");
  });

  it("keeps text from outside text, whatever it is", () => {
    const tagsOf = (text: string): string[] => (outside(text).match(/<\/?[a-z][\w-]*/gi) ?? []).sort();
    const expected = tagsOf(render(V1));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.constantFrom(EVIL, "<!--", "]]>", "</title>"),
          fc.string({ unit: "binary", minLength: 1, maxLength: 80 }),
        ),
        (text) => {
          const strategies = V1.strategies.map((one, i) => (i === 0 ? { ...one, name: text } : one));
          const machine = { ...V1.environment.machine, cpuModel: text };
          const changed = { ...V1, strategies, environment: { ...V1.environment, machine } };
          const rendered = render(changed);
          expect(tagsOf(rendered)).toEqual(expected);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
          expect(outside(rendered)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
          const [, data = ""] = rendered.match(/id="report">([\s\S]*?)<\/script>/) ?? [];
          expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify(changed)));
        },
      ),
      { numRuns: 6 },
    );
  });
});

/** bin/test-tools.js installs it, or says why it cannot. */
const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser needs seconds of CPU; on a busy machine those take their time. */
const PATIENCE_MS = 150_000;

describe.skipIf(!existsSync(CHROMIUM))("the page in a browser", { timeout: PATIENCE_MS }, () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "page-"));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: PATIENCE_MS });
  }, PATIENCE_MS);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The page of a report, with all that it complained of and asked for. */
  async function opened(report: RunReport, view: Parameters<Browser["newPage"]>[0] = {}) {
    const path = join(folder, "report.html");
    writeFileSync(path, render(report));
    const page = await browser.newPage(view);
    page.setDefaultTimeout(PATIENCE_MS);
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(`dialog ${dialog.message()}`));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(path).href);
    return { page, complaints, requests };
  }

  const chartTexts = async (page: Page): Promise<Record<string, string>> =>
    Object.fromEntries(
      await page
        .locator("[data-chart]")
        .evaluateAll((all) =>
          all.map((one) => [one.getAttribute("data-chart"), one.querySelector("svg")?.textContent]),
        ),
    );

  it("draws every chart, complains of nothing and asks for nothing", async () => {
    const { page, complaints, requests } = await opened(V1);
    const texts = await chartTexts(page);
    expect(Object.keys(texts)).toEqual(["tps", "percentiles", "latency", "timeline", "calls", "anomalies", "heatmap"]);
    for (const { name, summary } of V1.strategies) {
      for (const chart of Object.keys(texts)) expect(texts[chart], chart).toContain(name);
      expect(texts.tps).toContain(Math.round(summary.tps!.median).toLocaleString("en-US"));
    }
    expect(texts.percentiles).toContain("99.9 %");
    expect(complaints).toEqual([]);
    expect(requests).toEqual([page.url()]);
    await page.close();
  });

  it("answers to the keyboard alone", async () => {
    const { page, complaints } = await opened(V1, { colorScheme: "light" });
    const focus = (): Promise<string> =>
      page.evaluate(
        "document.activeElement.id || document.activeElement.dataset.chart || document.activeElement.tagName",
      );
    const tabTo = async (wanted: string): Promise<void> => {
      for (let i = 0; i < 40 && (await focus()) !== wanted; i++) await page.keyboard.press("Tab");
      expect(await focus()).toBe(wanted);
    };
    const background = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    await tabTo("theme");
    await page.keyboard.press("Enter");
    expect(await background()).not.toBe(light);

    await tabTo("INPUT");
    await page.keyboard.press("Space");
    const curves = "document.querySelectorAll('[data-chart=percentiles] svg path[fill=none]').length";
    const fewer = await page.evaluate<number>(curves);
    await page.keyboard.press("Space");
    expect(await page.evaluate<number>(curves)).toBeGreaterThan(fewer);

    await tabTo("percentiles");
    for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowRight");
    await page.locator("[data-chart=percentiles]", { hasText: /\d ms/ }).waitFor();

    await tabTo("SUMMARY");
    await page.keyboard.press("Enter");
    expect(await page.locator("details[open] table").count()).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("shows hostile names as text, and gives the report away as it is", async () => {
    const { page, complaints, requests } = await opened(HOSTILE);
    expect(await page.locator("main").textContent()).toContain(EVIL);
    expect(await page.locator("img").count()).toBe(0);
    expect((await chartTexts(page)).tps).toContain("__proto__");
    for (let i = 0; i < 4; i++) await page.locator("[data-chart=calls]").press("ArrowRight");
    expect(await page.evaluate("Object.keys(Object.prototype)")).toEqual([]);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#json")]);
    expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toEqual(JSON.parse(JSON.stringify(HOSTILE)));
    expect(complaints).toEqual([]);
    expect(requests).toEqual([page.url()]);
    await page.close();
  });

  it("fits a phone, follows a dark system, and prints light", async () => {
    const { page, complaints } = await opened(V1, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    const textColor = (): Promise<string> => page.evaluate("getComputedStyle(document.body).color");
    const dark = await textColor();
    await page.emulateMedia({ media: "print" });
    expect(await textColor()).not.toBe(dark);
    expect((await page.pdf()).length).toBeGreaterThan(20_000);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

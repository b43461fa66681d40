import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { QbenchError } from "../base/errors.js";
import { SCENARIO, trialOf } from "../report/testing.js";
import { type LiveRun, watchRun } from "./live-run.js";
import { type PageServer, servePage } from "./page-server.js";
import { cpuInfo, placeOf, progressOf } from "./testing.js";

const EVIL = "</script><img src=x onerror=alert(1)>__proto__";
const scenario = { ...SCENARIO, name: EVIL, strategies: ["individual", "__proto__"] };

let server: PageServer;
let clock: { ms: number };
let run: LiveRun;
beforeEach(async () => {
  clock = { ms: 0 };
  server = await servePage(0, scenario, () => clock.ms);
  run = watchRun([server.viewer], 3500, () => clock.ms);
});
afterEach(() => server.close());

/** `ms` of a trial of 20,000 entries a second. */
async function measure(ms: number): Promise<void> {
  for (let at = 100; at <= ms; at += 100) {
    clock.ms += 100;
    run.progressed(progressOf({ succeeded: 20 * at, failed: 1, elapsedMs: at }));
    await sleep(1);
  }
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}
const ask = (path: string, options: { method?: string; host?: string; onData?: () => void } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { port, host } = new URL(server.url);
    const asked = request({ port, path, method: options.method ?? "GET", headers: { host: options.host ?? host } });
    asked.on("response", (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
        options.onData?.();
      });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    asked.on("error", reject);
    asked.end();
  });

describe("the server of the live page", () => {
  it("gives a page that refers to nothing outside and may ask its own server alone", async () => {
    const { status, headers, body } = await ask("/");
    expect(status).toBe(200);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'none'; .*connect-src 'self'; frame-ancestors 'none'$/);
    const scripts = [...body.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = ""]) => script);
    expect(scripts).toHaveLength(2);
    for (const script of scripts) {
      expect(policy).toContain(`'sha256-${createHash("sha256").update(script).digest("base64")}'`);
    }
    const tags = body
      .replace(/<script[^>]*>[\s\S]*?<\/script>/g, "")
      .match(/<[^>]+>/g)!
      .join("\n");
    expect(tags).not.toMatch(/\s(?:src|srcset|action)=|href="(?!data:,)|@import|<img/);
  });

  it("answers nobody else's page, no other path and no other method", async () => {
    expect((await ask("/", { host: "evil.example" })).status).toBe(403);
    expect((await ask("/", { host: `localhost:${new URL(server.url).port}` })).status).toBe(200);
    for (const path of ["/none", "/__proto__", "/constructor", "/../package.json"]) {
      expect((await ask(path)).status, path).toBe(404);
    }
    const { status, headers } = await ask("/", { method: "POST" });
    expect([status, headers.allow]).toEqual([405, "GET"]);
  });

  it("says on this machine alone that a port is in use", async () => {
    const { port, hostname } = new URL(server.url);
    expect(hostname).toBe("127.0.0.1");
    const error = await servePage(Number(port), scenario).catch((one) => one);
    expect(error).toBeInstanceOf(QbenchError);
    expect([error.exitCode, error.message]).toEqual([2, `--ui: port ${port} is in use on this machine`]);
  });

  it("tells whoever comes late all that it told before, and ends with the run", async () => {
    run.trialStarted(placeOf(0, "individual"));
    await measure(1000);
    run.trialFinished(trialOf("individual", 0));
    let events: Promise<Answer> | undefined;
    await new Promise<void>((resolve) => {
      events = ask("/events", { onData: resolve });
    });
    run.ended();
    const { headers, body } = await events!;
    expect(headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    const told = [...body.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name, data]) => [name, JSON.parse(data!)]);
    expect(told.map(([name]) => name)).toEqual(["state", "end"]);
    expect(told[0]![1]).toMatchObject({
      points: [
        [0.5, "individual", 20_000, expect.any(Number), expect.any(Number), expect.any(Number)],
        [1, "individual", 20_000, expect.any(Number), expect.any(Number), expect.any(Number)],
        [1, "individual", null, null, null, null],
      ],
      trials: [["1/20 round 1 individual", "10,000", ...Array(6).fill(expect.any(String))]],
    });
    // Between the end and the closing of the door.
    expect((await ask("/events")).body).toMatch(/^event: end\n/);
  });

  it("does not wait for a reader that does not read", async () => {
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    socket.pause();
    await sleep(50);
    run.trialStarted(placeOf(0, "individual"));
    await measure(500);
    run.ended();
    await server.close();
    socket.destroy();
  });
});

it("leaves the port to others once it is closed", async () => {
  const { port } = new URL(server.url);
  await server.close();
  const other = createServer();
  await new Promise<void>((resolve, reject) => {
    other.on("error", reject);
    other.listen(Number(port), "127.0.0.1", resolve);
  });
  other.close();
});

/** bin/test-tools.js installs it, or says why it cannot. */
const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
/** A browser needs seconds of CPU; on a busy machine those take their time. */
const PATIENCE_MS = 150_000;

describe.skipIf(!existsSync(CHROMIUM))("the live page in a browser", { timeout: PATIENCE_MS }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: PATIENCE_MS });
  }, PATIENCE_MS);
  afterAll(() => browser?.close());

  it("moves with the run, complains of nothing, asks its own server alone, and says when the run is over", async () => {
    const page = await browser.newPage({ viewport: { width: 900, height: 900 }, colorScheme: "light" });
    page.setDefaultTimeout(PATIENCE_MS);
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(`dialog ${dialog.message()}`));
    page.on("request", (one) => requests.push(one.url()));
    const shows = (selector: string, text: string | RegExp): Promise<void> =>
      page.locator(selector, { hasText: text }).waitFor();
    await page.goto(server.url);
    expect(await page.locator("h1").textContent()).toContain(EVIL);
    run.targetOpened({ info: async () => cpuInfo(clock.ms / 1000) });

    run.trialStarted(placeOf(0, "individual"));
    await shows("#phase", "Trial 1/20 round 1 individual: warming up.");
    await measure(1800);
    await shows("#phase", /measuring, 1\.[678] s/);
    await shows("#tps", "20,000");
    await shows("#p95", "95.0 ms");
    await shows("#failures", /^1$/);
    await shows("#in-progress", /^12$/);
    await shows("#server", "100 %");
    await shows("#limit", "the server seems to be the limit");
    // Curves, and no straight line, which a browser calls hidden.
    const curves = "document.querySelectorAll('[data-chart] svg path[stroke-width=\"2.5\"]').length >= 5";
    await expect.poll(() => page.evaluate(curves), { timeout: PATIENCE_MS }).toBe(true);
    for (const name of ["individual", "__proto__"]) await shows("[data-chart=rate] svg", name);
    for (const name of ["p50", "p95", "p99"]) await shows("[data-chart=latency] svg", name);

    run.trialMeasured();
    run.trialFinished(trialOf("individual", 0));
    run.trialStarted(placeOf(1, "__proto__"));
    await shows("#trials tr", "1/20 round 1 individual");
    await shows("#advance", "1 of 20 trials");
    const background = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    await page.click("#theme");
    expect(await background()).not.toBe(light);

    run.ended();
    await server.close();
    await shows("#phase", "The run is over");
    await page.setViewportSize({ width: 360, height: 740 });
    // Charts follow the window a moment later; asked from here, since the page's policy forbids it to look again by itself.
    const width = (): Promise<number> => page.evaluate("document.documentElement.scrollWidth");
    await expect.poll(width, { timeout: PATIENCE_MS }).toBeLessThanOrEqual(360);
    expect(await page.evaluate("Object.keys(Object.prototype)")).toEqual([]);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([server.url, `${server.url}events`]);
    await page.close();
  });

  it("says so when the run cannot be reached any more", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(server.url);
    run.trialStarted(placeOf(0, "individual"));
    await page.locator("#phase", { hasText: "warming up" }).waitFor();
    // As if it had been killed: no last words.
    await server.close();
    await page.locator("#phase", { hasText: "can no longer be reached" }).waitFor();
    await page.close();
  });
});

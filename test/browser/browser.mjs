// What the browser tests share: Debian's Chromium driven by playwright-core, a page that notes
// what must not happen, and the checks that every page has to pass.
//
//   const visit = await open({ width: 360, language: "en" });   // a browser's window of its own
//   await visit.goto("/ask");
//   await visit.check("ask");        // axe, overflow, console, foreign hosts
//   await visit.close();
//
// Everything is found by role and label, as a reader of the page would: the markup may change.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root, start } from "../http/server.mjs";

const need = createRequire(join(root, "assets/package.json"));
const { chromium } = need("playwright-core");
const axe = readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");

let browser, server;

/** One server and one browser for a test file; both end with it. */
/**
 * camera: a y4m file that the browser shows as its camera's picture; it is opened when the
 * camera is.
 */
export async function begin({ camera, ...options } = {}) {
  [server, browser] = await Promise.all([
    start(options),
    chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        ...(camera
          ? [
              "--use-fake-ui-for-media-stream",
              "--use-fake-device-for-media-stream",
              `--use-file-for-fake-video-capture=${camera}`,
            ]
          : []),
      ],
    }),
  ]);
  return server;
}

export async function end() {
  await browser?.close();
  await server?.stop();
}

export class Visit {
  constructor(context, page) {
    Object.assign(this, { context, page, wrong: [] });
    page.on("console", (message) => {
      // A refused form answers 4xx, which the browser reports; that is not the page's mistake.
      if (message.type() === "error" && !/status of 4(03|04|09|22|29)/.test(message.text()))
        this.wrong.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.wrong.push(`script: ${error.message}`));
    page.on("request", (request) => {
      const to = new URL(request.url());
      if (/^https?:$/.test(to.protocol) && to.host !== new URL(server.url).host)
        this.wrong.push(`another host: ${to.href}`);
    });
  }
  async goto(path) {
    return this.page.goto(new URL(path, server.url).href);
  }
  async signIn(login) {
    const hidden = await fetch(`${server.url}/healthz`);
    assert.equal(hidden.status, 200);
    const visitor = await server.signIn(login);
    await this.context.addCookies(
      [...visitor.cookies].map(([name, value]) => ({
        name,
        value: decodeURIComponent(value),
        url: server.url,
      })),
    );
  }
  /** Whatever must hold for each page. */
  async check(name) {
    const { page } = this;
    await page.waitForLoadState(); // a link that was just followed may have brought half a page
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(wide <= 0, `${name}: ${wide} px wider than the window`);
    if (!this.plain) {
      await page.evaluate(axe); // not as a script element: the page's policy stands
      const found = await page.evaluate(() =>
        globalThis.axe.run(document, { resultTypes: ["violations"] }),
      );
      assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`), [], name);
    }
    assert.deepEqual(this.wrong, [], name);
  }
  async shot(name) {
    if (process.env.SHOTS)
      await this.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true });
  }
  async close() {
    await this.context.close();
  }
}

/**
 * A window: width, language "zh_CN" or "en", elder, plain (without JavaScript), worker
 * (false: no service worker, so that routes see all).
 */
export async function open({
  width = 1280,
  language = "zh_CN",
  elder = false,
  plain = false,
  login,
  worker = true,
} = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    javaScriptEnabled: !plain,
    locale: language === "en" ? "en-GB" : "zh-CN",
    acceptDownloads: true,
    serviceWorkers: worker ? "allow" : "block",
  });
  await context.addCookies([
    { name: "linli_language", value: language, url: server.url },
    ...(elder ? [{ name: "linli_elder", value: "1", url: server.url }] : []),
  ]);
  const page = await context.newPage();
  page.setDefaultTimeout(60000); // a busy machine is slow, not wrong
  const visit = new Visit(context, page);
  visit.plain = plain;
  if (login) await visit.signIn(login);
  return visit;
}

// Every page that can be reached by a link, as each role: no serious finding of axe, nothing
// wider than the window, no error in the console, no other host, no dead link.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { begin, end, open } from "./browser.mjs";

const MOST = Number(process.env.CRAWL ?? 24); // kinds of pages for each role
const NOT_A_PAGE = /logout|\.(csv|xlsx|json|pdf|png|jpg|ics)|format=|\/(live|refused|photos|export|download)(\/|$|\?)|^\/(assets|api|metrics|healthz|readyz)/;
before(() => begin());
after(end);

/** Addresses that differ in numbers and filters only are one kind of page. */
const kindOf = (path) => path.replace(/\?.*/, "").replace(/\d+/g, "N");

for (const [role, login, window] of [
  ["a resident", null, { width: 360, elder: true }],
  ["a resident, in English", null, { width: 1280, language: "en" }],
  ["the office", "office1", { width: 360 }],
  ["a community worker", "xinghu1", { width: 360, language: "en" }],
  ["a unit handler", "city1", { width: 360 }],
  ["a leader", "leader1", { width: 1280 }],
  ["an auditor", "auditor1", { width: 360 }],
  ["the administrator", "admin", { width: 360 }],
  ["a team leader", "team1", { width: 360 }],
  ["a volunteer", "volunteer1", { width: 360 }],
])
  test(`pages that ${role} can reach`, async () => {
    const visit = await open({ ...window, login });
    const seen = new Set(), queue = ["/", ...(login ? ["/work"] : ["/login"])], wrong = [];
    while (queue.length && seen.size < MOST) {
      const path = queue.shift();
      if (seen.has(kindOf(path))) continue;
      seen.add(kindOf(path));
      const answer = await visit.goto(path);
      // not everybody has a work list
      if (login && path === "/work" && answer.status() === 403) continue;
      if (answer.status() >= 400) {
        wrong.push(`${path}: ${answer.status()}`);
        continue;
      }
      await visit.check(path).catch((error) => wrong.push(error.message));
      visit.wrong.length = 0;
      const links = await visit.page.$$eval("a[href]", (list) =>
        list.map((a) => a.getAttribute("href")),
      );
      for (const link of links) {
        const to = new URL(link, visit.page.url());
        const next = to.pathname + to.search;
        if (
          to.origin === new URL(visit.page.url()).origin &&
          !NOT_A_PAGE.test(next) &&
          !seen.has(kindOf(next))
        )
          queue.push(next);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(seen.size >= 2, "there is more than one page");
    await visit.close();
  });

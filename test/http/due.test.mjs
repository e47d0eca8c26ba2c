// What is due: one page, one number, the API, and a calendar whose address is a secret.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./server.mjs";

let server;

/* What the demonstration leaves to do depends on the hour it is made at: this is always due. */
before(async () => {
  server = await start();
  const office = server.program("office"),
    first = async (path) => (await office("GET", path)).items[0].id;
  const { id } = await office("POST", "/requests", {
    subject: "楼道灯不亮",
    text: "三楼楼道的灯三天不亮了。",
    area: await first("/areas?level=community&limit=1&q=441202001001"),
  });
  const unit = await first("/units?limit=1&q=xinghu");
  assert.ok((await office("POST", `/requests/${id}/dispatch`, { unit })).id, "it was dispatched");
});
after(() => server?.stop());

test("what is due for somebody is one list, with its number on every page", async () => {
  const worker = await server.signIn("xinghu1");
  const page = await (await worker.get("/due")).text();
  const dates = [...page.matchAll(/<td class="due">/g)].length;
  assert.ok(dates > 0, "what was dispatched is due");
  const number = page.match(/我的待办 <b class="count">(\d+)<\/b>/)?.[1];
  assert.ok(Number(number) >= dates);
  const work = await (await worker.get("/work")).text();
  assert.match(
    work,
    new RegExp(`href="/work"[^>]*>待办 <b class="count">${number}</b>`),
    "the number of the group is that of the list",
  );
  for (const href of page
    .match(/<td class="main"><a href="[^"]+"/g)
    .map((a) => a.match(/href="([^"]+)"/)[1]))
    assert.equal((await worker.get(href)).status, 200, href);
});

test("everyone can open each row of their list; a reader's list is empty", async () => {
  const leader = await server.signIn("leader1");
  const page = await (await leader.get("/due")).text();
  assert.match(page, /目前没有轮到您办的事项/);
  assert.equal((await server.visitor().get("/due")).status, 303);
});

test("the calendar of what is due has a secret address, renewed at will, and carries no names", async () => {
  const worker = await server.signIn("xinghu1"),
    stranger = server.visitor();
  const address = async () =>
    (await (await worker.get("/due")).text()).match(/\/due\/calendar\/\d+-[0-9a-f]{32}/)?.[0];
  assert.equal(await address(), undefined);
  await worker.submit("/due", "/due/calendar", {});
  const first = await address(), feed = await stranger.get(first);
  assert.equal(feed.status, 200);
  assert.match(feed.headers.get("content-type"), /text\/calendar/);
  assert.match(feed.headers.get("cache-control"), /private/);
  const text = (await feed.text()).replace(/\r\n /g, "");
  assert.match(text, /BEGIN:VEVENT[\s\S]*SUMMARY:(派单|接单|答复)[^\r\n]*\d{8}-\d{5}/);
  assert.doesNotMatch(text, /DESCRIPTION|1[3-9]\d{9}/);
  assert.equal(
    (await stranger.get(first.replace(/.$/, (c) => (c === "0" ? "1" : "0")))).status,
    404,
  );
  await worker.submit("/due", "/due/calendar", {});
  const second = await address();
  assert.notEqual(second, first);
  assert.equal((await stranger.get(first)).status, 404);
  await worker.submit("/due", "/due/calendar", { off: "1" });
  assert.equal(await address(), undefined);
  assert.equal((await stranger.get(second)).status, 404);
});

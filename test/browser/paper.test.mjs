// What is printed: sizes in millimetres, pages, and what the head of a page says; and the frame
// of the staff's pages on a phone.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { rows } from "../http/server.mjs";
import { begin, end, open } from "./browser.mjs";

let server;
before(async () => {
  server = await begin({ requests: 120 });
});
after(end);

const store = (...statements) => rows(join(server.data, "linli.db"), ...statements);
const first = (statement) => store(statement)[0][0]?.[0];
/** How many pages a page prints on, with its own sizes, and their sizes in points. */
async function printed(page) {
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  const boxes = [...pdf.matchAll(/\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]/g)];
  return {
    pages: [...pdf.matchAll(/\/Type\s*\/Page(?!s)\b/g)].length,
    sizes: boxes.map(([, width, height]) => [Math.round(width), Math.round(height)]),
  };
}
/** The size in millimetres of what a selector finds, as printed. */
const mm = async (page, selector) => {
  const box = await page.locator(selector).first().boundingBox();
  return [box.width, box.height].map((px) => Math.round((px * 254) / 96) / 10);
};
/** What reaches out of a box. */
const outside = (page, selector) =>
  page.locator(selector).evaluate((box) => {
    const edge = box.getBoundingClientRect();
    return [...box.querySelectorAll("*")]
      .filter((each) => {
        const at = each.getBoundingClientRect();
        return at.width && (at.right > edge.right + 1 || at.bottom > edge.bottom + 1);
      })
      .map((each) => each.outerHTML.slice(0, 80));
  });

test("a volunteer's card is as large as a bank card, whatever is on it", async () => {
  const volunteer = first("SELECT id FROM volunteers WHERE status = 'active' AND team > 0");
  for (const window of [
    { width: 1280, login: "office1" },
    { width: 360, login: "office1", elder: true, language: "en" },
  ]) {
    store(
      `UPDATE people SET name = '${"阿卜杜热合曼·阿卜杜克里木".repeat(window.elder ? 2 : 1)}'
         WHERE id = (SELECT person FROM volunteers WHERE id = ${volunteer})`,
    );
    const visit = await open(window), { page } = visit;
    await visit.goto(`/volunteers/${volunteer}/card`);
    await page.getByRole("main").getByRole("button").first().click();
    await page.waitForURL(/card=/);
    await visit.check("card");
    await page.emulateMedia({ media: "print" });
    assert.deepEqual(await mm(page, ".wallet"), [85.6, 54]);
    assert.deepEqual(await outside(page, ".wallet"), [], "nothing reaches over its edge");
    const [code] = await mm(page, ".wallet .qr");
    assert.ok(code >= 20, `a code of ${code} mm`);
    const words = await page.locator(".wallet").innerText();
    assert.match(words, /[0-9A-Z]{5}-[0-9A-Z]{5}/);
    assert.match(words, /城东街道|Chengdong Subdistrict/);
    assert.match(words, /V\d{7}/);
    assert.ok(await page.locator(".crop").isVisible(), "marks to cut along");
    assert.equal((await printed(page)).pages, 1);
    await visit.close();
  }
});

test("a service point's sign fills a page of A4, with and without activities", async () => {
  const bare = first(
    `SELECT o.id FROM organisations o WHERE o.kind = 'station' AND o.public = 1 AND NOT EXISTS (
       SELECT 1 FROM activities a WHERE a.station = o.id AND a.ends > unixepoch())`,
  );
  const busy = first(
    `SELECT id FROM organisations WHERE kind = 'station' AND public = 1 AND id <> ${bare}`,
  );
  store(
    `UPDATE activities SET station = ${busy} WHERE id IN (SELECT id FROM activities
       WHERE status = 'open' AND starts > unixepoch() ORDER BY starts LIMIT 9)`,
  );
  for (const station of [bare, busy])
    for (const language of ["zh_CN", "en"]) {
      const visit = await open({ language }), { page } = visit;
      await visit.goto(`/places/${station}/sign`);
      await visit.check("sign");
      const { pages, sizes } = await printed(page);
      assert.equal(pages, 1, `${station} ${language}`);
      assert.deepEqual(sizes[0], [595, 842], "A4");
      await page.emulateMedia({ media: "print" });
      const [width, height] = await mm(page, ".sheet");
      assert.equal(width, 210);
      assert.ok(height >= 290 && height <= 297, `${height} mm high`);
      assert.deepEqual(await outside(page, ".sheet"), []);
      const [code] = await mm(page, ".sheet .qr");
      assert.ok(code >= 45, `a code of ${code} mm`);
      const type = (selector) =>
        page
          .locator(selector)
          .first()
          .evaluate((each) => parseFloat(getComputedStyle(each).fontSize) * 0.75);
      assert.ok((await type(".sheet h1")) >= 35.9, "its name is read from across a room");
      assert.ok((await type(".sheet dd")) >= 15.9);
      assert.match(await page.locator(".sheet").innerText(), /城东街道|Chengdong Subdistrict/);
      assert.equal(await page.locator(".sheet .agenda").count() > 0, station === busy);
      await visit.close();
    }
});

test("a receipt is one page; the list at the entrance prints its people, the organisers' page too", async () => {
  const visit = await open({ width: 360 }), { page } = visit;
  await visit.goto("/ask");
  await page.getByLabel("是什么事").first().fill("凉亭的瓦松了，怕掉下来");
  await page.getByRole("group", { name: "在哪个社区" }).getByRole("radio").first().check();
  await page.getByLabel("您的电话").first().fill("13800000042");
  await page.getByRole("button", { name: "提交给社区" }).click();
  const mine = page.getByRole("button", { name: "都不是，提交我的" });
  await page.waitForURL(/receipt|ask/);
  if (await mine.count()) await mine.click();
  await page.waitForURL(/receipt/);
  assert.equal((await printed(page)).pages, 1);
  await visit.close();

  const activity = first(
    `SELECT s.activity FROM sign_ups s JOIN activities a ON a.id = s.activity
       WHERE s.volunteer IS NOT NULL AND s.status = 'signed' AND a.status = 'open' LIMIT 1`,
  );
  const names = store(
    `SELECT p.name FROM sign_ups s JOIN volunteers v ON v.id = s.volunteer
       JOIN people p ON p.id = v.person
       WHERE s.activity = ${activity} AND s.status = 'signed'`,
  )[0].map(([name]) => name);
  const host = await open({ login: "office1" });
  for (const path of ["door", "manage"]) {
    await host.goto(`/activities/${activity}/${path}`);
    await host.page.emulateMedia({ media: "print" });
    const words = await host.page.locator("body").innerText();
    for (const name of names) assert.ok(words.includes(name), `${path}: ${name}`);
    assert.doesNotMatch(words, /签到$|取消报名|查看号码/m, "no buttons on paper");
    await host.page.emulateMedia({ media: null });
  }
  await host.close();
});

test("a card on a phone shows its whole code; a volunteer's frame is one row in large text too", async () => {
  for (const window of [{}, { elder: true }, { language: "en" }]) {
    const visit = await open({ width: 360, login: "volunteer1", ...window }), { page } = visit;
    await visit.goto("/my");
    await visit.check("a volunteer's page");
    const { height } = await page.locator("header.top").boundingBox();
    assert.ok(height <= (window.elder ? 96 : 60), `a frame of ${height} px`);
    await visit.goto("/my/card");
    await page.getByRole("main").getByRole("button").first().click();
    await page.waitForURL(/card=/);
    const [code, qr] = await Promise.all(
      [".wallet .code", ".wallet .qr"].map((one) => page.locator(one).boundingBox()),
    );
    const text = await page.locator(".wallet .code").evaluate((one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return range.getBoundingClientRect().right;
    });
    assert.ok(text <= qr.x || code.y + code.height <= qr.y, "the QR code covers nothing");
    await visit.close();
  }
});

test("activities: the list comes first on a phone and stands beside the calendar on a desktop", async () => {
  for (const width of [360, 1280]) {
    const visit = await open({ width }), { page } = visit;
    await visit.goto("/activities");
    const list = await page.locator(".agenda").first().boundingBox(),
      month = await page.locator("#calendar").boundingBox();
    assert.ok(list.y < 500, "the first one is on the first screen");
    assert.ok(width > 1000 ? month.x >= list.x + list.width : month.y > list.y);
    const link = page.getByRole("link", { name: "日历", exact: true });
    assert.equal(await link.isVisible(), width < 1000, "a link to what is further down");
    await visit.close();
  }
});

test("printed pages say their office, period, filters, time and total", async () => {
  const visit = await open({ login: "office1" }), { page } = visit;
  await page.emulateMedia({ media: "print" });
  const said = async (path) => {
    await visit.goto(path);
    return (await page.locator("body").innerText()).replace(/\s+/g, " ");
  };
  const head = /城东街道 · \S+ · 数据截至 \d{4}年\d+月\d+日 \d+:\d\d/;
  const [name, community] = [
    first("SELECT name FROM areas WHERE id = 2"),
    first("SELECT id FROM areas WHERE id = 2"),
  ];
  const month = "from=2026-09-01&to=2026-09-30";
  const period = /2026年9月1日 ?(—|至) ?2026年9月30日/;
  let words = await said(`/dashboard?${month}&area=${community}`);
  assert.match(words, head);
  assert.match(words, new RegExp(`${period.source} · ${name}`));
  words = await said(`/figures?${month}`);
  assert.match(words, head);
  assert.match(words, period);
  words = await said(`/figures/requests-received/records?${month}&area=${community}`);
  assert.match(words, new RegExp(`${period.source} · ${name}`));
  words = await said(`/work?view=all&community=${community}&from=2020-09-01`);
  assert.match(words, head);
  assert.match(words, new RegExp(`2020年9月1日 起收到 · ${name} · 全部`));
  words = await said(`/work?view=all&${month}&channel=phone`);
  assert.match(words, new RegExp(`${period.source} 收到 · 来源渠道 电话 · 全部`));
  assert.match(words, /1–\d+，共 \d+ 件/, "how many, and of how many");
  words = await said(`/registers/organisations?kind=team&community=%23${community}`);
  assert.match(words, head);
  assert.match(words, new RegExp(`类型 志愿服务队 · 社区 ${name}`));
  assert.match(words, /共 \d+ 条/);
  words = await said(`/volunteers?community=${community}`);
  assert.match(words, new RegExp(`在册 ${name}`));
  assert.match(words, /\d+ 位志愿者/);
  await visit.goto("/work?view=late&level=urgent&channel=phone");
  assert.ok(!(await page.locator(".chips, .pager a").first().isVisible()), "no links");
  await visit.close();
});

test("a team's list of members prints date, team, month and total", async () => {
  const team = first(
    "SELECT team FROM volunteers WHERE status = 'active' GROUP BY team ORDER BY count(*) DESC",
  );
  const total = first(
    `SELECT count(*) FROM volunteers WHERE team = ${team} AND status IN ('active', 'paused')`,
  );
  const visit = await open({ login: "office1" }), { page } = visit;
  await visit.goto(`/teams/${team}/members`);
  await visit.check("members");
  await page.emulateMedia({ media: "print" });
  const words = (await page.locator("body").innerText()).replace(/\s+/g, " ");
  const name = first(`SELECT name FROM organisations WHERE id = ${team}`);
  assert.match(words, new RegExp(`城东街道 · ${name} · 数据截至 \\d{4}年\\d+月\\d+日`));
  assert.match(words, /\d{4}年\d+月 /);
  assert.ok(words.includes(`${total} 位志愿者`));
  await visit.close();
});

test("in English the staff's places on a phone are one row with a menu; in Chinese they stay", async () => {
  for (const elder of [false, true]) {
    const visit = await open({ width: 360, language: "en", login: "office1", elder });
    const { page } = visit;
    await visit.goto("/work");
    const height = async (selector) => (await page.locator(selector).first().boundingBox()).height;
    assert.ok((await height(".top")) <= (elder ? 96 : 57), `${await height(".top")} px`);
    assert.ok((await height(".sub:not([hidden])")) <= (elder ? 61 : 46), "one row below it");
    assert.ok(!(await page.getByRole("link", { name: "Statistics" }).first().isVisible()));
    await page.getByText("Menu", { exact: true }).click();
    const menu = page.locator(".mainmenu > div");
    for (const place of [/To do/, /Volunteering/, /Statistics/, /Administration/])
      assert.ok(await menu.getByRole("link", { name: place }).isVisible(), String(place));
    const box = await menu.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 360, "within the window");
    await visit.check("menu");
    await menu.getByRole("link", { name: /Statistics/ }).click();
    await page.waitForURL(/dashboard|figures/);
    await visit.close();
  }
  const plain = await open({ width: 360, language: "en", login: "office1", plain: true });
  await plain.goto("/work");
  await plain.page.getByText("Menu", { exact: true }).click();
  await plain.page.locator(".mainmenu").getByRole("link", { name: /Volunteering/ }).click();
  await plain.page.waitForURL(/volunteers/);
  await plain.close();
  const chinese = await open({ width: 360, login: "office1" });
  await chinese.goto("/work");
  for (const place of ["志愿服务", "数据", "管理"])
    assert.ok(await chinese.page.getByRole("link", { name: place }).first().isVisible(), place);
  await chinese.close();
});

test("a chart of rates has % on its axis, and its last month is not cut", async () => {
  for (const width of [1280, 360]) {
    const visit = await open({ width, login: "leader1" }), { page } = visit;
    await visit.goto("/dashboard");
    const plot = page.locator("figure:has(table[data-chart=line]) .plot");
    await plot.locator("svg text").first().waitFor();
    const labels = await plot.evaluate((each) => {
      const edge = each.getBoundingClientRect();
      return [...each.querySelectorAll("text")].map((text) => {
        const at = text.getBoundingClientRect();
        const within = at.left >= edge.left - 1 && at.right <= edge.right + 1;
        return [text.textContent, within];
      });
    });
    const said = labels.map(([text]) => text);
    for (const axis of ["0%", "50%", "100%"]) assert.ok(said.includes(axis), `${axis}: ${said}`);
    const months = await page
      .locator("table[data-chart=line] tbody th")
      .allInnerTexts();
    assert.ok(said.includes(months.pop()), `the last month: ${said}`);
    assert.deepEqual(labels.filter(([, within]) => !within), [], "whole");
    const counts = page.locator("figure:has(table[data-chart=column]) .plot");
    assert.ok(!(await counts.textContent()).includes("%"));
    await visit.close();
  }
});

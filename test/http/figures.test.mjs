// Figures as an office reads, takes along and prints them: their groups, the records behind one
// and the way back, their spreadsheets.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { day, plain, python, read, rows, sent, start } from "./server.mjs";

let server, office, leader;
before(async () => {
  server = await start({ requests: 120 });
  office = await server.signIn("office1");
  leader = await server.signIn("leader1");
});
after(() => server?.stop());

const store = (...statements) => rows(join(server.data, "linli.db"), ...statements);
/** The rows of a workbook's first sheet, as texts. */
const sheet = (bytes) =>
  JSON.parse(
    python(
      `
import io, json, re, sys, zipfile
import xml.etree.ElementTree as ET
z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
ns = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
said = lambda e: "".join(t.text or "" for t in e.iter(ns + "t"))
shared = []
if "xl/sharedStrings.xml" in z.namelist():
    shared = [said(si) for si in ET.fromstring(z.read("xl/sharedStrings.xml")).findall(ns + "si")]
out = []
for row in ET.fromstring(z.read("xl/worksheets/sheet1.xml")).iter(ns + "row"):
    cells = {}
    for c in row.findall(ns + "c"):
        v = c.find(ns + "v")
        text = v.text if v is not None else ""
        value = shared[int(text)] if c.get("t") == "s" else said(c) or text
        cells[re.match("[A-Z]+", c.get("r")).group()] = value
    out.append([cells.get(chr(65 + i), "") for i in range(26)])
print(json.dumps(out))`,
      [],
      bytes,
    ),
  );
const download = async (visitor, page, action, format) => {
  const answer = await sent(await visitor.submit(page, action, { format }), 200);
  const name = decodeURIComponent(answer.headers.get("content-disposition").match(/''(.+)$/)[1]);
  return { name, bytes: Buffer.from(await answer.arrayBuffer()) };
};
const headings = (html) => [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map((m) => m[1]);

test("figures stand in groups; residents see those that are not the office's own", async () => {
  const inside = await read(leader, "/figures"), outside = await read(server.visitor(), "/figures");
  const groups = ["诉求：数量", "诉求：时效", "诉求：结果"];
  groups.push("队伍和服务站", "志愿服务", "活动", "意见");
  assert.deepEqual(headings(inside).sort(), [...groups, "住户"].sort());
  assert.deepEqual(headings(outside).sort(), groups.sort());
  const group = (html, name) => html.split(`<h2>${name}</h2>`)[1].split("</section>")[0];
  assert.match(group(inside, "诉求：数量"), /超期诉求/);
  assert.doesNotMatch(outside, /超期诉求/);
  assert.match(group(inside, "诉求：时效"), /按期办结率[\s\S]*半数诉求的答复用时/);
  assert.match(group(inside, "志愿服务"), /服务时长[\s\S]*志愿服务日/);
});

test("hours are rounded in the list and exact on the figure's own page", async () => {
  const [[[seconds]]] = store("SELECT sum(counted) FROM hours");
  const hours = seconds / 3600;
  assert.ok(hours > 100, "the demonstration has hours");
  const list = plain(await read(office, "/figures"));
  assert.match(list, new RegExp(`${Math.round(hours).toLocaleString("en")} 小时`));
  const own = plain(await read(office, "/figures/volunteers-hours/records"));
  assert.match(own, new RegExp(`${Math.floor(hours).toLocaleString("en")}\\.\\d\\d 小时`));
});

test("a record that was opened from a figure leads back to it, and nowhere else", async () => {
  const at = `/figures/requests-answered_in_time/records?from=${day(-300)}&to=${day(0)}&part=all`;
  const list = await read(office, at);
  const link = list.match(/<th scope="row"><a href="([^"]+)"/)[1].replaceAll("&amp;", "&");
  assert.match(link, /^\/requests\/\d+\?figure=requests-answered_in_time&from=/);
  const back = (html) =>
    html
      .match(/<nav class="trail"[^>]*><a href="([^"]*)">(.*?)<\/a>/s)
      .slice(1)
      .map((t) => plain(t).trim().replaceAll("&amp;", "&"));
  assert.deepEqual(back(await read(office, link)), [at, "按期答复率"]);
  const record = link.split("?")[0];
  assert.equal(back(await read(office, record))[0], "/work");
  for (const junk of [
    "figure=//evil.example",
    "figure=https://evil.example/",
    "figure=requests-nothing",
    "figure=",
    "back=//evil.example&next=https://evil.example",
  ])
    assert.equal(back(await read(office, `${record}?${junk}`))[0], "/work", junk);
  const worse = `from=javascript:alert(1)&to=x"y&area=//e&category=1%27&page=2&part=<b>`;
  const [href] = back(await read(office, `${record}?figure=requests-open&${worse}`));
  assert.match(href, /^\/figures\/requests-open\/records(\?[a-z0-9=&-]*)?$/);
  // other records: volunteers, days of service, activities, registers
  for (const [figure, path] of [
    ["volunteers-active", /^\/volunteers\/\d+\?/],
    ["volunteers-hours", /^\/hours\/\d+\?/],
    ["activities-held", /^\/activities\/\d+\/manage\?/],
    ["people-teams", /^\/registers\/organisations\/\d+\?/],
    ["volunteers-taking_part", /^\/registers\/attendances\/\d+\?/],
  ]) {
    const page = await read(office, `/figures/${figure}/records`);
    const to = page.match(/<th scope="row"><a href="([^"]+)"/)[1];
    assert.match(to, path);
    assert.doesNotMatch(page, /<th scope="row"><a[^>]*><\/a>/, "each link has words");
    assert.equal(back(await read(office, to))[0], `/figures/${figure}/records`, to);
  }
});

test("all figures are a spreadsheet, with exact values, their rule and what they leave out", async () => {
  const span = `?from=${day(-300)}&to=${day(0)}`;
  const file = await download(office, "/figures", `/figures/download${span}`, "xlsx");
  assert.match(file.name, /^指标-\d{4}-\d\d-\d\d\.xlsx$/);
  const [head, ...lines] = sheet(file.bytes);
  assert.equal(head.join(" ").trim(), "分组 指标 数值 单位 分子 分母 时间段 未计入 统计口径");
  const line = (title) => lines.find((each) => each[1] === title);
  const received = line("收到诉求");
  assert.equal(received[0], "诉求：数量");
  assert.match(received[2], /^\d+$/);
  assert.equal(received[3], "件");
  assert.match(received[6], /\d+年\d+月\d+日 至 /);
  const rate = line("按期答复率");
  assert.equal(rate[3], "%");
  assert.ok(Math.abs((100 * rate[4]) / rate[5] - rate[2]) < 0.006, rate.join());
  assert.match(rate[8], /÷/);
  assert.ok(line("超期诉求"), "the office's own too");
  const csv = await download(office, "/figures", `/figures/download${span}`, "csv");
  assert.match(csv.bytes.toString(), /^\ufeff分组,指标,数值/);
  const none = await server.visitor().submit("/figures", "/figures/download", { format: "csv" });
  assert.notEqual(none.status, 200);
  const never = "/figures/download?from=2026-13-01";
  const wrong = await office.submit("/figures", never, { format: "csv" });
  assert.equal(wrong.status, 422);
});

test("the records behind a figure are a spreadsheet: this figure's, headings in words, no formulas, masked", async () => {
  const api = server.program("office");
  const made = await api("POST", "/requests", {
    subject: '=HYPERLINK("http://evil.example")',
    text: "表格里不能变成公式。",
    requester_name: "龚阿姨",
    requester_phone: "13812345678",
  });
  const page = "/figures/requests-open/records", action = "/figures/requests-open/download";
  const shown = Number((await read(office, page)).match(/(\d+) 条记录/)[1]);
  const file = await download(office, page, action, "csv");
  assert.match(file.name, /^在办诉求-\d{4}-\d\d-\d\d\.csv$/);
  const text = file.bytes.toString();
  assert.match(text, /^\ufeff[^\r]*编号[^\r]*事项|^\ufeff[^\r]*事项[^\r]*编号/);
  assert.match(text, /'=HYPERLINK/);
  assert.ok(!/1381234|龚阿姨|不能变成公式/.test(text), "the page's columns, no more");
  const book = sheet((await download(office, page, action, "xlsx")).bytes);
  assert.equal(book.length - 1, shown, "as many as the page says");
  assert.ok(book.some((row) => row.includes(made.number)));
  // the part and the period asked for
  const part = `?part=rest&from=${day(-300)}`;
  const rate = "/figures/requests-answered_in_time";
  const rest = await download(office, page, `${rate}/download${part}`, "csv");
  const lines = rest.bytes.toString().trim().split("\r\n").length - 1;
  const said = await read(office, `${rate}/records${part}`);
  assert.equal(lines, Number(said.match(/([\d,]+) 条记录/)?.[1] ?? 0));
  const unit = await server.signIn("city1");
  const hours = "/figures/volunteers-hours/download";
  const refused = await unit.submit("/work", hours, { format: "csv" });
  assert.equal(refused.status, 404, "whose records I may not read");
  const admin = await server.signIn("admin");
  const journal = await read(admin, "/journal?action=download&kind=requests");
  assert.match(journal, /figures\/requests-open\/download/);
});

test("spreadsheets print across A4, one page wide, their heading on each page", async () => {
  const admin = await server.signIn("admin");
  const blank = await sent(await admin.get("/import/blank/people"), 200);
  const parts = (bytes) =>
    python(
      `
import io, sys, zipfile
z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
print("\\n".join(z.read(n).decode() for n in z.namelist() if "sheet" in n or "workbook.xml" in n))`,
      [],
      bytes,
    ).toString();
  const list = await download(office, "/figures", "/figures/download", "xlsx");
  for (const bytes of [Buffer.from(await blank.arrayBuffer()), list.bytes]) {
    const xml = parts(bytes);
    assert.match(xml, /<pageSetup[^>]*paperSize="9"/);
    assert.match(xml, /<pageSetup[^>]*orientation="landscape"/);
    assert.match(xml, /<pageSetup[^>]*fitToHeight="0"/);
    assert.match(xml, /_xlnm\.Print_Titles[^>]*>[^<]*\$1:\$1</);
    assert.match(xml, /<oddFooter>[^<]*&amp;P \/ &amp;N/);
  }
});

test("the community with the most overdue is named only when it is the only one", async () => {
  const past = Math.floor(Date.now() / 1000) - 40 * 86400;
  const [communities] = store(
    "SELECT id, name FROM areas WHERE level = 'community' ORDER BY id LIMIT 2",
  );
  const runs = "status IN ('received', 'dispatched', 'handling')";
  const late = async (...each) => {
    store(
      "DELETE FROM figure_sums", // what a slow machine keeps: it knows nothing of these changes
      `UPDATE requests SET due = NULL WHERE ${runs}`,
      ...communities.map(
        ([id], i) =>
          `UPDATE requests SET due = ${past}, community = ${id} WHERE id IN (
             SELECT id FROM requests WHERE ${runs} ORDER BY id LIMIT ${each[i]} OFFSET ${10 * i})`,
      ),
    );
    const fresh = await start({ data: server.data, logins: server.logins });
    try {
      const visitor = await fresh.signIn("leader1");
      return plain((await read(visitor, "/dashboard")).match(/<p class="sentence">.*?<\/p>/s)[0]);
    } finally {
      await fresh.stop();
    }
  };
  await server.stop();
  const tied = await late(2, 2);
  assert.match(tied, /4 件超期/);
  for (const [, name] of communities) assert.ok(!tied.includes(name), tied);
  const one = await late(1, 3);
  assert.match(one, /4 件超期/);
  assert.ok(one.includes(communities[1][1]) && /其中 3 件/.test(one), one);
});

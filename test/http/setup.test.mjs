// Setting up from nothing: an installation without a pack, its administrator alone, and
// spreadsheets as an office would fill them in.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { python, read, rows, start, until } from "./server.mjs";

let server, admin;

before(async () => {
  server = await start({ pack: null });
  admin = await server.signIn("admin");
});
after(() => server?.stop());

const text = async (path, visitor = admin) => {
  const answer = await visitor.get(path);
  return { status: answer.status, text: await answer.text() };
};
const count = async (kind) =>
  (await (await admin.get("/registers")).text()).match(
    new RegExp(`href="/(registers/)?${kind}"><b>[^<]*</b> <span class="count">(\\d+)`),
  )?.[2];
const seen = async (path) => (await text(path, server.visitor())).text;

/** Sends a spreadsheet through the pages, as the set-up page does: the finished import's page. */
async function upload(kind, sheet, name = `${kind}.csv`) {
  const body = new FormData();
  for (const [field, value] of Object.entries(await admin.hidden("/setup")))
    if (field === "_csrf") body.set(field, value);
  body.set("kind", kind);
  body.set("file", new Blob([sheet]), name);
  const sent = await admin.send("POST", "/import", { body });
  assert.equal(sent.status, 303, await sent.text());
  const at = sent.headers.get("location");
  const page = await (await admin.get(at)).text();
  const columns = [...page.matchAll(/<select id="c-\d+" name="column".*?<\/select>/gs)].map(
    ([select]) => select.match(/value="([^"]*)" selected/)?.[1] ?? "",
  );
  const form = new URLSearchParams(Object.entries(await admin.hidden(at)));
  for (const column of columns) form.append("column", column);
  form.set("do", "start");
  const gone = await admin.send("POST", `${at}/go`, { body: form });
  assert.equal(gone.status, 303, await gone.text());
  let done;
  await until(async () => {
    done = await (await admin.get(at)).text();
    return /notice (ok|warn)/.test(done);
  }, "the import ends");
  return { preview: page, done: done.replace(/<[^>]+>/g, " "), at };
}

/** The rows of the sheets of a workbook: { name: [[cell, …], …] }. */
const workbook = (bytes) =>
  JSON.parse(
    python(
      `
import io, json, sys, zipfile, re
import xml.etree.ElementTree as ET
z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
n = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
tag = lambda name: "{%s}%s" % (n["m"], name)
part = lambda name: ET.fromstring(z.read(name))
names = [s.get("name") for s in part("xl/workbook.xml").iter(tag("sheet"))]
said = lambda e: "".join(t.text or "" for t in e.iter(tag("t")))
shared = []
if "xl/sharedStrings.xml" in z.namelist():
    shared = [said(si) for si in part("xl/sharedStrings.xml").findall("m:si", n)]
out = {}
for i, name in enumerate(names, 1):
    rows = []
    for row in part("xl/worksheets/sheet%d.xml" % i).iter(tag("row")):
        cells = {}
        for c in row.findall("m:c", n):
            column = 0
            for letter in re.match("[A-Z]+", c.get("r")).group():
                column = column * 26 + ord(letter) - 64
            v = c.find("m:v", n)
            value = v.text if v is not None else ""
            cells[column] = shared[int(value)] if c.get("t") == "s" else said(c) or value
        rows.append([cells.get(k, "") for k in range(1, max(cells, default=0) + 1)])
    out[name] = rows
print(json.dumps(out))`,
      [],
      bytes,
    ),
  );

test("signing in to an empty installation leads to set-up", async () => {
  const visitor = server.visitor();
  const answer = await visitor.post("/login", { login: "admin", password: server.logins.admin });
  assert.equal(answer.headers.get("location"), "/setup");
  const { text: page } = await text("/setup");
  for (const step of [
    "office",
    "areas",
    "units",
    "categories",
    "calendar",
    "organisations",
    "people",
    "accounts",
  ])
    assert.match(page, new RegExp(`<li id="${step}"`), step);
  assert.match(await (await admin.get("/admin")).text(), /href="\/setup"/);
});

test("whatever has a card on the administration page belongs to it in the navigation", async () => {
  const page = await read(admin, "/admin"),
    list = page.slice(page.indexOf('<ul class="places">'), page.indexOf("</ul>"));
  const cards = [...list.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href);
  for (const href of ["/setup", "/registers", "/registers/units", "/registers/users", "/journal"])
    assert.ok(cards.includes(href), href);
  for (const href of [...cards, "/users/new"])
    assert.match(await read(admin, href), /<a href="\/admin" aria-current="page"/, href);
});

test("nothing that residents see pretends to work before it can", async () => {
  for (const path of ["/ask", "/volunteer", "/activities"]) {
    const page = await seen(path);
    assert.match(page, /还没有开通/, path);
    assert.doesNotMatch(page, /<form method="post" action="\/(ask|volunteer)"/, path);
  }
  const home = await seen("/");
  assert.match(home, /还没有开通/);
  assert.doesNotMatch(home, /href="\/ask"><svg/, "no row that leads nowhere");
  assert.doesNotMatch(home, /也可以打电话/, "no heading without a number");
  const forms = {
    "/ask": { text: "路灯坏了，晚上看不见路", name: "居民", phone: "13812340000" },
    "/volunteer": { name: "早到的人", phone: "13812340001", consent: "1" },
  };
  for (const [path, fields] of Object.entries(forms)) {
    const answer = await server.visitor().post(path, fields);
    assert.equal(answer.status, 403, path);
    assert.match(await answer.text(), /还没有开通/, path);
  }
  const stored = rows(
    join(server.data, "linli.db"),
    "SELECT (SELECT count(*) FROM requests), (SELECT count(*) FROM people)",
  );
  assert.deepEqual(stored.flat(2).map(Number), [0, 0], "nothing is stored");
  const sent = await admin.submit("/setup", "/settings", {
    "site.name": "新兴街道办事处",
    "site.phone": "0758-2220000",
    next: "/setup#office",
  });
  assert.equal(sent.headers.get("location"), "/setup#office");
  assert.match(await seen("/ask"), /href="tel:0758-?2220000"/);
});

test("a subdistrict with its communities is typed, its units and categories are loaded", async () => {
  const refused = await admin.submit("/setup", "/setup/areas", { communities: "一社区" });
  assert.match(await refused.text(), /请填写街道名称/);
  const names = ["新兴", "东湖", "西门", "南桥", "北站", "花园", "文化", "和平", "建设", "团结"];
  const typed = { subdistrict: "新兴街道", communities: names.map((n) => `${n}社区`).join("\r\n") };
  assert.equal((await admin.submit("/setup", "/setup/areas", typed)).status, 303);
  assert.equal((await admin.submit("/setup", "/setup/areas", typed)).status, 303, "the same again");
  assert.equal(await count("areas"), "11");
  for (const set of ["units", "categories", "templates", "skills", "calendar"]) {
    const loaded = await admin.submit("/setup", `/setup/common/${set}`, {});
    assert.equal(loaded.headers.get("location"), `/setup#${set}`);
    const again = await admin.submit("/setup", `/setup/common/${set}`, {});
    assert.equal(again.status, 303);
  }
  assert.equal(await count("units"), "19", "nine offices and ten committees");
  assert.match(await (await admin.get("/registers/units")).text(), /团结社区居民委员会/);
  assert.equal(await count("categories"), "84");
  for (const path of ["/ask", "/volunteer", "/activities"])
    assert.doesNotMatch(await seen(path), /还没有开通/, path);
});

test("the calendar has 2024 to 2027, and says what the coming year lacks", async () => {
  for (const year of [2024, 2025, 2026])
    assert.doesNotMatch(await (await admin.get(`/calendar?year=${year}`)).text(), /还没有设置/);
  const page = await (await admin.get("/calendar?year=2027")).text();
  assert.match(page, /2027年2月6日[^"]*春节/);
  if (new Date().getFullYear() >= 2026 && new Date().getFullYear() <= 2027)
    assert.match(page, /2027 年的调休上班日还没有设置/);
});

test("a loaded set leaves alone what the office has changed", async () => {
  const list = await (await admin.get("/registers/categories?q=env-trees")).text();
  const id = list.match(/\/registers\/categories\/(\d+)"/)[1];
  const changed = await admin.submit(
    `/registers/categories/${id}/edit`,
    `/registers/categories/${id}`,
    {
      name: "花木养护",
    },
  );
  assert.equal(changed.status, 303, await changed.text());
  await admin.submit("/setup", "/setup/common/categories", {});
  assert.match(await (await admin.get(`/registers/categories/${id}`)).text(), /花木养护/);
});

test("every kind has a blank spreadsheet, in the reader's language, that imports as nothing", async () => {
  const page = await (await admin.get("/import")).text();
  const kinds = [...page.matchAll(/href="\/import\/blank\/([a-z_-]+)"/g)].map(([, kind]) => kind);
  for (const kind of [
    "areas",
    "units",
    "categories",
    "organisations",
    "people",
    "posts",
    "rule_sets",
    "rule_values",
    "seats",
    "terms",
    "users",
    "skills",
    "templates",
  ])
    assert.ok(kinds.includes(kind), kind);
  for (const kind of kinds) {
    const answer = await admin.get(`/import/blank/${kind}`);
    assert.equal(answer.status, 200, kind);
    assert.match(decodeURIComponent(answer.headers.get("content-disposition")), /空白表格/);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const sheets = Object.values(workbook(bytes));
    assert.equal(sheets.length, 2, kind);
    assert.match(
      sheets[0][1].find((cell) => cell),
      /^例：/,
      kind,
    );
    assert.deepEqual(sheets[1][0], ["列名", "必填", "填什么", "可以填的内容"]);
    const { done } = await upload(kind, bytes, `${kind}.xlsx`);
    assert.match(done, /新增 0，更新 0，无变化 0，未导入 0/, kind);
  }
  const units = Object.values(
    workbook(Buffer.from(await (await admin.get("/import/blank/units")).arrayBuffer())),
  );
  const type = units[1].find((row) => row[0] === "类型");
  assert.match(type[3], /街道科室、社区居委会、职能部门、企业/);
  assert.match(units[1].find((row) => row[0] === "区域")[3], /团结社区/);
});

test("rows without codes are recognised by their names", async () => {
  const estates =
    "名称,级别,上级\n湖景花园,小区,东湖社区\n湖景花园,小区,西门社区\n一号楼,楼栋,湖景苑\n湖景苑,小区,南桥社区\n";
  const first = await upload("areas", estates);
  assert.match(first.done, /新增 4，更新 0，无变化 0，未导入 0/);
  const second = await upload("areas", estates);
  assert.match(second.done, /新增 0，更新 0，无变化 4，未导入 0/);
});

test("numbers are read with their units, and refusals say what is accepted", async () => {
  const { done } = await upload(
    "categories",
    "类别名称,办理时限,时限单位,牵头单位\n快办,3个工作日,,城市管理办公室\n急办,24小时,,\n慢办,15,自然日,\n乱办,很快,,\n",
  );
  assert.match(done, /新增 3，更新 0，无变化 0，未导入 1/);
  const page = await (await admin.get("/registers/categories?q=快办")).text();
  assert.match(page, /工作日/);
  const kinds = await upload("units", "单位名称,单位类型\n某某站,站\n");
  assert.match(kinds.done, /街道科室、社区居委会、职能部门、企业/);
});

test("the administrator makes organisations, people and positions alone", async () => {
  const teams = await upload(
    "organisations",
    "组织名称,组织类型,所在社区,联系电话\n东湖志愿服务队,志愿队,东湖社区,13800001111\n东湖服务站,服务站,东湖社区,\n",
  );
  assert.match(teams.done, /新增 2/);
  const people = await upload("people", "姓名,联系电话,居住社区\n陈阿姨,13800002222,东湖社区\n");
  assert.match(people.done, /新增 1/);
  for (const kind of ["organisations", "people", "posts"])
    assert.equal((await admin.get(`/registers/${kind}/new`)).status, 200, kind);
});

test("accounts come with role, area and unit; passwords are shown once", async () => {
  const { preview, done, at } = await upload(
    "users",
    "账号,姓名,角色,区域,单位,队伍\noffice1,陈主任,街道工作人员,,,\nworker1,李姐,社工,东湖社区,,\ncity1,王工,经办人,,城市管理办公室,\nteam1,周队长,队长,,,东湖志愿服务队\nwrong1,无社区,社区工作者,,,\nbare1,没角色,,,,\n",
  );
  assert.doesNotMatch(preview, /不导入的列/);
  const wrong = preview.split("<tr>").find((row) => row.includes("wrong1"));
  assert.match(wrong, /<td class="num">6<\/td><td class="wide"><span class="problem">/, "beside its row");
  assert.match(done, /新增 5，更新 0，无变化 0，未导入 1/);
  assert.match(await (await admin.get(at)).text(), /href="\/users\/passwords"/);
  const made = await admin.submit("/users/passwords", "/users/passwords", {});
  const slips = await made.text();
  const passwords = Object.fromEntries(
    [
      ...slips.matchAll(
        /<dd><b>([a-z0-9]+)<\/b><\/dd><dt>[^<]*<\/dt><dd class="code">([0-9A-Z]{12})</g,
      ),
    ].map(([, login, password]) => [login, password]),
  );
  assert.deepEqual(Object.keys(passwords).sort(), [
    "bare1",
    "city1",
    "office1",
    "team1",
    "worker1",
  ]);
  assert.match(slips, /东湖志愿服务队/);
  assert.match(await (await admin.get("/users/passwords")).text(), /每个账号都有密码/);
  const landed = async (login) => {
    const answer = await server.visitor().post("/login", { login, password: passwords[login] });
    return answer.headers.get("location");
  };
  assert.equal(await landed("bare1"), "/no-role");
  assert.match(await seen("/no-role"), /还没有角色/);
  for (const login of ["office1", "worker1", "city1", "team1"])
    assert.notEqual(await landed(login), "/no-role", login);
  const again = await upload("users", "账号,姓名,角色,区域\nworker1,李姐,社区工作者,东湖社区\n");
  assert.match(again.done, /新增 0，更新 0，无变化 1，未导入 0/);
  assert.match(await (await admin.get("/setup")).text(), /有 1 个账号还没有角色/);
  const list = await (await admin.get("/registers/users")).text();
  assert.match(list, /社区工作者，东湖社区/);
});

// What an office sets and keeps by itself: settings, deadlines, addresses of mail, registers.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { linli, read, start, until } from "./server.mjs";

let server, admin, office, api;
before(async () => {
  server = await start();
  [admin, office] = [await server.signIn("admin"), await server.signIn("office1")];
  for (const visitor of [admin, office]) visitor.cookies.set("linli_language", "en");
  api = server.program("office");
});
after(() => server?.stop());

const download = (kind, format, query = "", visitor = office) =>
  visitor.submit("/registers", `/registers/${kind}/download${query}`, { format });

test("many are dispatched or parked at once; one that can't be is told with its reason and holds up no other", async () => {
  const unit = (await api("GET", "/units?limit=500")).items[0];
  const filed = [];
  for (let i = 0; i < 4; i++)
    filed.push(
      await api("POST", "/requests", {
        subject: `一起派单${i}`,
        text: "几件一样的事，一起派给一个单位。",
      }),
    );
  const state = async (one) => (await api("GET", `/requests/${one.id}`)).status;
  await api("POST", `/requests/${filed[3].id}/merge`, { into: filed[0].number });
  assert.equal(await state(filed[3]), "merged");
  const send = async (fields, ids = filed.map((one) => one.id)) => {
    const seen = await Promise.all(
      ids.map(async (id) => `${id}.${(await api("GET", `/requests/${id}`)).version}`),
    );
    const answer = await office.submit("/work?view=free", "/work/bulk?view=free", {
      id: seen,
      ...fields,
    });
    return [answer.status, await answer.text()];
  };
  assert.equal((await send({ do: "dispatch", unit: unit.id }, []))[0], 422);
  assert.equal((await send({ do: "dispatch", unit: "" }))[0], 422);
  assert.equal((await send({ do: "park", until: "2031-03-05", text: "" }))[0], 422);
  assert.deepEqual(
    await Promise.all(filed.map(state)),
    ["received", "received", "received", "merged"],
    "nothing by halves",
  );
  const [status, said] = await send({ do: "dispatch", unit: unit.id });
  assert.equal(status, 200);
  assert.ok(said.includes(`3 sent to ${unit.name_en ?? unit.name}`), said);
  assert.match(said, /name="id" value="\d+\.\d+"[\s\S]*>Undo</, "with a way back");
  const left = said.match(/id="left"[\s\S]*?<\/section>/)[0];
  assert.match(left, /1 could not be dispatched:/);
  assert.ok(left.includes(filed[3].number) && left.includes("一起派单3"), "which one");
  assert.ok(!left.includes(filed[0].number));
  assert.deepEqual(await Promise.all(filed.map(state)), [
    "dispatched",
    "dispatched",
    "dispatched",
    "merged",
  ]);
  assert.ok((await read(office, `/requests/${filed[1].id}`)).includes(unit.name_en ?? unit.name));
  // a page drawn before somebody else acted, and one that does not say what it showed, change
  // nothing
  for (const id of [`${filed[1].id}.1`, String(filed[1].id)]) {
    const answer = await office.submit("/work?view=all", "/work/bulk?view=all", {
      id: [id],
      do: "dispatch",
      unit: unit.id + 1,
    });
    assert.match(await answer.text(), /Not done, because/);
  }
  assert.equal((await api("GET", `/requests/${filed[1].id}`)).unit, unit.id);
  assert.match(
    await read(office, "/work?view=all"),
    new RegExp(`name="id" value="${filed[1].id}\\.\\d+"`),
  );
  assert.match(
    (await send({ do: "park", until: "2031-03-05", text: "等明年预算" }))[1],
    /within three years/,
  );
  const next = `${new Date().getUTCFullYear() + 1}-03-05`;
  const more = [
    await api("POST", "/requests", { subject: "一起挂账", text: "要等明年预算的事。" }),
    filed[3],
  ];
  const [parked, word] = await send(
    { do: "park", until: next, text: "等明年预算" },
    more.map((one) => one.id),
  );
  assert.equal(parked, 200);
  assert.match(word, /1 request put on hold\. 1 could not be put on hold:/);
  assert.equal(await state(more[0]), "parked");
  assert.match(await read(office, `/requests/${more[0].id}`), /等明年预算/);
});

test("a row of the list goes to its proposed unit, many each to their own, and a dispatch is undone", async () => {
  const list = async () => read(office, "/work?view=free");
  const button = (page, id) =>
    page.match(new RegExp(`name="row" value="(${id}\\.\\d+\\.(\\d+))"`)) ?? [];
  const file = async (subject, category) =>
    api("POST", "/requests", {
      subject,
      text: `${subject}，请来看看。`,
      ...(category && { category }),
    });
  const categories = (await api("GET", "/categories?limit=500")).items;
  const [lamp, lid] = categories.filter((one) => one.unit);
  const sent = await file("建议单位甲", lamp.id), other = await file("建议单位乙", lid.id),
    unsure = await file("没有类别的事");
  const page = await list(), [, value, unit] = button(page, sent.id);
  assert.equal(Number(unit), lamp.unit, "the unit of its category");
  assert.ok(page.includes(lamp.name_en ?? lamp.name), "what it is stands in the row");
  assert.deepEqual(button(page, unsure.id), [], "nothing is proposed without a category");
  assert.match(page, new RegExp(`class="send" href="/requests/${unsure.id}\\?step=dispatch#step"`));
  const act = async (path, fields, who = office) => {
    const answer = await who.submit("/work?view=free", path, fields);
    return { status: answer.status, to: answer.headers.get("location"), text: await answer.text() };
  };
  const now = (one) => api("GET", `/requests/${one.id}`);
  const one = await act("/work/bulk?view=free", { row: value });
  assert.equal(one.status, 303, one.text);
  assert.match(one.to, /^\/work\?view=free&sent=/);
  assert.equal((await now(sent)).unit, lamp.unit);
  const after = await read(office, one.to);
  assert.match(after, /Sent to [^<]+</);
  const undo = after.match(/name="id" value="(\d+\.\d+)"> · <button[^>]*>Undo/)[1];
  // not for every role
  assert.equal((await act("/work/undo?view=free", { id: undo }, admin)).status, 403);
  assert.equal((await act("/work/undo?view=free", { id: undo })).status, 303);
  const back = await now(sent);
  assert.deepEqual([back.status, back.unit ?? null, back.returns ?? 0], ["received", null, 0]);
  assert.match((await read(office, `/requests/${sent.id}/journal`)), /Undo dispatch/);
  // each to its own; the one without a proposal stays and says why
  const picked = await Promise.all(
    [sent, other, unsure].map(async (each) => `${each.id}.${(await now(each)).version}`),
  );
  const many = await act("/work/bulk?view=free", { id: picked, do: "own" });
  assert.equal(many.status, 200);
  assert.equal((await now(sent)).unit, lamp.unit);
  assert.equal((await now(other)).unit, lid.unit);
  assert.equal((await now(unsure)).status, "received");
  assert.match(many.text, /No unit is proposed for it[\s\S]*<\/section>/);
  await api("POST", `/requests/${sent.id}/accept`, {});
  const late = await act("/work/undo?view=free", {
    id: await Promise.all([sent].map(async (each) => `${each.id}.${(await now(each)).version}`)),
  });
  assert.match(late.text, /1 could not be undone:/);
  assert.equal((await now(sent)).status, "handling");
});

test("settings lead to every page that has some, with what holds now", async () => {
  const shown = await read(admin, "/settings");
  for (const href of ["/deadlines", "/calendar", "/outbox/settings", "/certificates/settings"]) {
    assert.match(shown, new RegExp(`href="${href}"`), href);
    assert.match(await read(admin, href), /href="\/settings"|href="\/admin"/, `${href} leads back`);
  }
  assert.match(shown, /Urgent 24 hours · Ordinary 7 working days · Complex 15 working days/);
  assert.match(shown, /no mail server · no webhook/);
  const theirs = await read(office, "/settings");
  assert.doesNotMatch(
    theirs,
    /name="site\.name"|\/outbox\/settings/,
    "the office sees what it may set",
  );
  assert.match(theirs, /href="\/deadlines"/);
});

test("a changed deadline holds for what is open, and is journalled in words", async () => {
  const made = await api("POST", "/requests", {
    subject: "Without a category",
    text: "A matter of the ordinary kind.",
  });
  const before = Date.parse((await api("GET", `/requests/${made.id}`)).due);
  const set = (ordinary, kind = "working_days") =>
    office.submit("/deadlines", "/deadlines", {
      urgent: "24",
      urgent_kind: "hours",
      ordinary,
      ordinary_kind: kind,
      complex: "15",
      complex_kind: "working_days",
    });
  for (const wrong of ["0", "1001", "-3", "soon", "7 days", ""]) {
    const answer = await set(wrong);
    assert.equal(answer.status, 422, wrong);
    assert.match(await answer.text(), /Enter a number from 1 to 1000/);
  }
  assert.equal((await set("7", "moons")).status, 422);
  assert.equal((await set("12")).status, 303);
  const after = Date.parse((await api("GET", `/requests/${made.id}`)).due);
  assert.ok(after > before, "it has more days");
  assert.match(await read(admin, "/settings"), /Ordinary 12 working days/);
  assert.match(await read(admin, "/journal?kind=settings"), /Deadline for ordinary requests[\s\S]*7 working days[\s\S]*12 working days/);
  assert.equal((await set("7")).status, 303);
  assert.equal(Date.parse((await api("GET", `/requests/${made.id}`)).due), before, "and back");
});

test("an address of mail is checked where people and units are kept", async () => {
  const unit = (await api("GET", "/units?limit=1")).items[0];
  const send = (mail) =>
    office.submit(`/registers/units/${unit.id}/edit`, `/registers/units/${unit.id}`, { mail });
  const refused = await send("not an address");
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /id="f-mail-p"[\s\S]*?Enter an email address/);
  assert.equal((await send("unit@example.cn")).status, 303);
  assert.equal((await api("GET", `/units/${unit.id}`)).mail, "unit@example.cn");
  const user = (await read(admin, "/registers/users")).match(/\/registers\/users\/(\d+)/)[1];
  assert.equal(
    (
      await admin.submit(`/registers/users/${user}/edit`, `/registers/users/${user}`, {
        mail: "nobody@",
      })
    ).status,
    422,
  );
  assert.equal(
    (
      await admin.submit(`/registers/users/${user}/edit`, `/registers/users/${user}`, {
        mail: "me@example.cn",
      })
    ).status,
    303,
  );
});

test("every register lists, opens and downloads, or leads to its own pages", async () => {
  const index = await read(office, "/registers");
  const own = {
    volunteers: "/volunteers",
    activities: "/activities/manage",
    hours: "/hours",
    offers: "/visits",
    certificates: "/certificates",
  };
  for (const kind of [
    "areas",
    "units",
    "categories",
    "templates",
    "people",
    "organisations",
    "posts",
    "rule_sets",
    "rule_values",
    "seats",
    "terms",
    "skills",
    "shifts",
    "sign_ups",
    "attendances",
  ]) {
    assert.match(index, new RegExp(`href="/registers/${kind}"`), kind);
    const list = await read(office, `/registers/${kind}`);
    const record = list.match(new RegExp(`href="(/registers/${kind}/\\d+)"`));
    if (record) await read(office, record[1]);
  }
  for (const [kind, home] of Object.entries(own)) {
    assert.match(index, new RegExp(`href="${home}"`), kind);
    const led = await office.get(`/registers/${kind}`);
    assert.deepEqual([led.status, led.headers.get("location")], [303, home]);
    assert.equal((await office.get(`/registers/${kind}/new`)).status, 404, "no second form");
  }
  for (const kind of ["people", "organisations", "skills", "volunteers", "attendances"]) {
    const { total } = await api("GET", `/${kind}?limit=1`);
    const records = await (await download(kind, "json")).json();
    assert.equal(records.length, total, kind);
    const csv = await (await download(kind, "csv")).text();
    assert.ok(csv.trim().split("\n").length > total);
    assert.equal((await download(kind, "xlsx")).status, 200);
  }
  for (const closed of ["shifts", "sign_ups", "attendances"])
    assert.equal((await office.get(`/registers/${closed}/new`)).status, 404, closed);
});

// Names as people look for them. Node brings its own rules of pinyin.
const pinyin = new Intl.Collator("zh-CN-u-co-pinyin");
const cells = (page, column) =>
  [...page.matchAll(/<tr>(<td.*?)<\/tr>/gs)].map(
    ([, row]) => row.split("<td")[column].replace(/^[^>]*>/, "").replace(/<[^>]*>/g, "").trim(),
  );
const named = (answer) => decodeURIComponent(answer.headers.get("content-disposition"));
const sorted = (list, compare = pinyin.compare) => [...list].sort(compare);

test("a register is sorted by any of its columns, Chinese by pinyin, over all of its pages", async () => {
  const chinese = await server.signIn("office1");
  const names = [];
  for (let page = 1; page < 3; page++)
    names.push(...cells(await read(chinese, `/registers/organisations?sort=name&page=${page}`), 2));
  assert.ok(names.length > 60, String(names.length));
  assert.deepEqual(names, sorted(names));
  assert.notDeepEqual(names, sorted(names, (a, b) => (a < b ? -1 : 1)), "not by code point");
  const last = cells(await read(chinese, "/registers/organisations?sort=-name"), 2);
  assert.deepEqual(last, [...names].reverse().slice(0, last.length));
  const communities = cells(await read(chinese, "/registers/organisations?sort=community"), 4);
  assert.deepEqual(communities, sorted(communities));
  assert.ok(new Set(communities).size > 4);
  const kinds = cells(await read(chinese, "/registers/organisations?sort=-kind"), 3);
  assert.ok(kinds.indexOf("服务站") < kinds.indexOf("志愿服务队"), "in the order of the choices");
  const page = await read(chinese, "/registers/organisations?sort=name");
  assert.match(page, /aria-sort="ascending"[^>]*><a href="[^"]*sort=-name">/);
  assert.match(page, /<nav class="trail"[^>]*><a href="\/registers">/);
  const english = cells(await read(office, "/registers/areas?as=list&level=community&sort=name"), 2);
  const latin = new Intl.Collator("en").compare;
  assert.deepEqual(english, sorted(english, latin), "as an English reader sees them");
});

test("people are sorted by the readings of surnames, and shown with age, estate and address", async () => {
  const estate = (await api("GET", "/areas?level=estate&limit=1")).items[0];
  const phone = "13812347001";
  for (const [name, born] of [["单晓梅", "1941-03-05"], ["丁晓梅", "1950-12-31"]])
    await api("POST", "/people", { name, born, phone, area: estate.code, address: "三栋 502" });
  const list = await read(office, "/registers/people?q=晓梅&sort=name");
  assert.deepEqual(cells(list, 1), ["丁晓梅", "单晓梅"], "Ding, Shan");
  const now = new Date();
  const age = (year, past) => now.getFullYear() - year - (past ? 0 : 1);
  const past = now.getMonth() > 2 || (now.getMonth() === 2 && now.getDate() >= 5);
  assert.equal(cells(list, 3)[1], `1941 (aged ${age(1941, past)})`);
  assert.equal(cells(list, 5)[1], estate.name_en || estate.name);
  assert.equal(cells(list, 7)[1], "三栋 502");
  assert.match(list, /placeholder="Name, pinyin or full phone number"/);
  const set = await read(office, "/registers/people?gender=female&q=");
  assert.match(set, /Filter <b>1 active<\/b>/);
  assert.doesNotMatch(await read(office, "/registers/people"), /\d active/);
});

test("communities, estates, teams and service points are chosen from by pinyin", async () => {
  const chinese = await server.signIn("office1");
  const options = (page, name) =>
    [...page.match(new RegExp(`<select[^>]*name="${name}".*?</select>`, "s"))[0]
      .matchAll(/<option value="[^"]+"[^>]*>([^<]*)/g)].map(([, label]) => label);
  const areas = options(await read(chinese, "/registers/people/new"), "area");
  const communities = areas
    .filter((name) => /^\u3000[^\u3000]/.test(name))
    .map((name) => name.trim());
  assert.ok(communities.length > 5);
  assert.deepEqual(communities, sorted(communities));
  const stations = options(await read(chinese, "/activities/new"), "station");
  assert.ok(stations.length > 5);
  assert.deepEqual(stations, sorted(stations));
  const filter = options(await read(chinese, "/volunteers"), "community");
  assert.deepEqual(filter, sorted(filter));
});

test("volunteers are listed by hours on request, and taken away as they are filtered", async () => {
  const minutes = (text) =>
    [...text.matchAll(/(\d+) (h|min)/g)].reduce(
      (sum, [, n, unit]) => sum + n * (unit === "h" ? 60 : 1),
      0,
    );
  const hours = (page) =>
    [...page.matchAll(/<td class="due">([^<]*)/g)].map(([, text]) => minutes(text));
  const most = hours(await read(office, "/volunteers?sort=-hours"));
  assert.ok(most[0] > most.at(-1));
  assert.deepEqual(most, sorted(most, (a, b) => b - a));
  const communities = await api("GET", "/areas?level=community&limit=50");
  const area = communities.items.find((one) => one.name === "星湖社区");
  const whole = await read(office, `/volunteers?community=${area.id}`);
  const count = +whole.match(/(\d+) volunteers/)[1];
  const to = `/volunteers/download?community=${area.id}`;
  const answer = await office.submit("/volunteers", to, { format: "csv" });
  assert.equal(answer.status, 200);
  assert.match(named(answer), /''Volunteers-\d{4}-\d\d-\d\d\.csv$/);
  const rows = (await answer.text()).trim().split("\r\n");
  assert.equal(rows.length, count + 1);
  assert.match(rows[0], /Volunteer number.*Person.*Team/);
  assert.ok(rows.slice(1).every((row) => row.includes("Xinghu")), "only of that community");
  assert.match(await read(admin, "/journal"), /Volunteers[\s\S]*exported/);
});

test("a register's file is named in the reader's language, with its day; what it lacks is said", async () => {
  const chinese = await server.signIn("office1");
  const name = async (visitor, format) => named(await download("people", format, "", visitor));
  assert.match(await name(chinese, "xlsx"), /''人员-\d{4}-\d\d-\d\d\.xlsx$/);
  assert.match(await name(chinese, "codes"), /''人员-可再导入-\d{4}-\d\d-\d\d\.xlsx$/);
  assert.match(await name(office, "xlsx"), /''People-\d{4}-\d\d-\d\d\.xlsx$/);
  const people = await read(chinese, "/registers/people");
  assert.match(people, /可再导入的格式[\s\S]*电话和证件号码只显示一部分/);
  assert.doesNotMatch(await read(chinese, "/registers/skills"), /只显示一部分/);
});

test("a form is one column: hints after labels, English folded below, its newest entries beside it", async () => {
  const page = await read(office, "/registers/organisations/new");
  const fold = page.match(/<details class="fold english">.*?<\/details>/s)[0];
  const inside = [...fold.matchAll(/name="(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(inside, ["name_en", "address_en", "opening_en", "what_en"]);
  assert.match(fold, /<summary>English version<i>optional<\/i>/);
  assert.doesNotMatch(page.replace(fold, ""), /name="\w+_en"/);
  assert.match(page, /<aside[^>]*>.*Last added.*href="\/registers\/organisations\/\d+"/s);
  const settings = await read(admin, "/settings");
  assert.match(settings, /fold english[\s\S]*name="site\.name_en"[\s\S]*<\/details>[\s\S]*Save/);
  const { items } = await api("GET", "/organisations?limit=1");
  const edit = await read(office, `/registers/organisations/${items[0].id}/edit`);
  assert.match(edit, /English version<i>\d of 4 filled in<\/i>/);
  assert.match(edit, /<aside[^>]*>.*Change history/s);
});

test("a category's icon is chosen from pictures of things, not from the page's own symbols", async () => {
  const page = await read(office, "/registers/categories/new");
  const offered = [...page.matchAll(/name="icon" value="([a-z0-9-]+)"/g)].map(([, name]) => name);
  assert.ok(offered.length > 60 && offered.length < 110, String(offered.length));
  for (const name of ["wheelchair", "droplet-off", "speakerphone"])
    assert.ok(offered.includes(name), name);
  for (const name of ["chevron-left", "login", "wifi-off", "menu-2", "sort-ascending"])
    assert.ok(!offered.includes(name), name);
  const sprite = await (await office.get(page.match(/\/[^"]*icons[^"#]*\.svg/)[0])).text();
  for (const name of offered) assert.ok(sprite.includes(`id="i-${name}"`), name);
  assert.equal(new Set(offered).size, offered.length, "each once");
  const { items } = await api("GET", "/categories?limit=50");
  const one = items.find((c) => c.icon);
  const edit = await read(office, `/registers/categories/${one.id}/edit`);
  assert.match(edit, new RegExp(`name="icon" value="${one.icon}"[^>]* checked`));
});

test("a new team leader's account asks for the team, and the activity form then has an organiser", async () => {
  const { items } = await api("GET", "/organisations?kind=team&limit=1");
  const fields = { login: "newleader", name: "新队长", role: "team_leader", unit: "", area: "" };
  const refused = await admin.submit("/users/new", "/users/new", fields);
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /href="#f-team">.*Choose the team/);
  assert.equal((await admin.get("/registers/users?q=newleader")).status, 200);
  assert.doesNotMatch(await read(admin, "/registers/users?q=newleader"), /新队长/);
  const made = await admin.submit("/users/new", "/users/new", { ...fields, team: items[0].code });
  assert.equal(made.status, 200);
  const password = (await made.text()).match(/class="secret">([^<]+)</)[1];
  const leader = await server.signIn("newleader", password);
  leader.cookies.set("linli_language", "en");
  const form = await read(leader, "/activities/new");
  assert.match(form, new RegExp(`name="organisation"[^]*<option value="${items[0].id}"`));
  const found = await read(admin, "/registers/users?q=newleader");
  const id = found.match(/registers\/users\/(\d+)/)[1];
  const again = await admin.submit(`/registers/users/${id}`, `/users/${id}/grant`, {
    role: "team_leader",
  });
  assert.equal(again.status, 422, "nor is the role granted without one");
});

test("an account's language is used after signing in, unless one was chosen in the browser", async () => {
  const id = (await read(admin, "/registers/users?q=auditor2")).match(/registers\/users\/(\d+)/)[1];


  const fresh = await server.signIn("auditor2");
  assert.match(await read(fresh, "/journal"), /<html lang="en"/);
  fresh.cookies.set("linli_language", "zh_CN");
  assert.match(await read(fresh, "/journal"), /<html lang="zh/);
  const other = await server.signIn("office1");
  assert.match(await read(other, "/registers"), /<html lang="zh/, "no language in the account");
  const home = async (headers) => (await fetch(server.url + "/", { headers })).text();
  assert.match(await home({ "accept-language": "en-GB,en;q=0.9" }), /<html lang="en"/);
  assert.match(await home({ "accept-language": "zh-CN,en;q=0.5" }), /<html lang="zh/);
  assert.match(await home({ "accept-language": "en", cookie: "linli_language=zh_CN" }), /lang="zh/);
});

test("an administrator sees the last backup, the room left, and whether the program works", async () => {
  const before = await read(admin, "/running");
  assert.match(before, /class="state late">[^]*?None recorded\. Run “linli backup”/);
  assert.match(before, /Not set up \(linli serve --copy-to\)/);
  assert.match(before, /<dt>Database<\/dt><dd>[\d.]+ [MK]B</);
  assert.match(before, /<dt>Free disk space<\/dt><dd>[^]*?[\d.]+ [GT]B of [\d.]+ [GT]B/);
  assert.match(before, /<dt>Version<\/dt><dd>\d+\.\d+\.\d+</);
  assert.match(before, /Saving changes<\/dt><dd>works</);
  await until(async () => / jobs have run without a failure/.test(await read(admin, "/running")));
  const file = join(server.data, "../weekly.tar");
  const made = linli(["backup", "--data", server.data, "--output", file]);
  assert.equal(made.code, 0, made.stderr);
  const after = await read(admin, "/running");
  assert.match(after, /<dt>Last backup<\/dt><dd>\d+ \w+ \d{4}[^<]*, [\d.]+ [MK]B</);
  assert.doesNotMatch(after, /None recorded|encrypted/);
  assert.match(await read(admin, "/admin"), /href="\/running"/);
  assert.equal((await office.get("/running")).status, 403);
});

test("the journal names the record and leads to it", async () => {
  const made = await api("POST", "/organisations", { name: "晨光歌友会", kind: "social" });
  const page = await read(office, `/journal?kind=organisations&record=${made.id}`);
  const link = `<a href="/registers/organisations/${made.id}">晨光歌友会</a>`;
  assert.ok(page.includes(`Organisations ${link}`), page);
  const auditor = await server.signIn("auditor1");
  assert.doesNotMatch(await read(auditor, "/journal?kind=people"), /陈叔/);
});

test("downloading a register or the journal is logged, with the kind and the number of records", async () => {
  const { total } = await api("GET", "/people?gender=female&limit=1");
  assert.equal(
    (await (await download("people", "json", "?gender=female&q=")).json()).length,
    total,
  );
  const journal = await read(admin, "/journal?kind=people&action=download");
  assert.match(
    journal.slice(journal.indexOf('<table class="plain journal">')),
    new RegExp(`Director Chen[\\s\\S]*downloaded`),
  );
  assert.equal(
    (await office.get("/registers/people/download?format=csv")).status,
    405,
    "a link can't",
  );
  assert.equal(
    (await office.post("/registers/people/download", { format: "csv" })).status,
    403,
    "nor another site's form",
  );
  const sheet = await (
    await admin.submit("/journal", "/journal/download?kind=people&action=download", {
      format: "csv",
    })
  ).text();
  assert.match(sheet, /gender=female/);
  assert.match(await read(admin, "/journal?kind=journal&action=download"), /downloaded/);
  assert.match(
    await read(admin, "/journal"),
    /The audit log has not been verified yet/,
    "a download is no check",
  );
  await download("people", "csv", "?q=13800000001");
  assert.doesNotMatch(await read(admin, "/journal?kind=people&action=download"), /13800000001/);
});

/* The rows of the journal, without the words of its filters. */
const entries = async (visitor, query) =>
  (await read(visitor, `/journal?${query}`)).match(/<tbody>[\s\S]*<\/tbody>/)?.[0] ?? "";

test("the office reads the journal of what it works with, not that of accounts", async () => {
  for (const query of ["kind=users", "kind=settings", "action=grant", "action=login"])
    assert.doesNotMatch(await entries(office, query), /<tr>/, query);
  assert.match(await entries(admin, "kind=users"), /<tr>/);
  assert.match(await entries(office, "kind=people"), /<tr>/);
  const sheet = await office.submit("/journal", "/journal/download?kind=users", { format: "csv" });
  assert.equal((await sheet.text()).trim().split("\n").length, 1, "the headings alone");
});

test("telephone numbers of people are masked in lists, records and downloads, and shown with an entry in the journal", async () => {
  const [person] = (await api("GET", "/people?limit=1")).items;
  const clear = /\b1[3-9]\d{9}\b/;
  assert.doesNotMatch(await read(office, "/registers/people"), clear);
  assert.doesNotMatch(await read(office, `/registers/people/${person.id}`), clear);
  for (const format of ["json", "csv"])
    assert.doesNotMatch(await (await download("people", format)).text(), clear, format);
  const shown = await office.submit(
    `/registers/people/${person.id}`,
    `/registers/people/${person.id}/reveal`,
    {},
  );
  assert.match(await shown.text(), clear);
  assert.match(
    await entries(admin, "kind=people&action=reveal"),
    new RegExp(`/registers/people/${person.id}"[\\s\\S]*revealed`),
  );
  // an administrator sets an office up and so enters people, but is shown no number
  assert.doesNotMatch(await read(admin, "/registers/people"), clear);
  assert.doesNotMatch(await read(admin, `/registers/people/${person.id}`), clear);
});

test("a post stands on its person's page and its organisation's", async () => {
  const [person] = (await api("GET", "/people?limit=1")).items,
    [team] = (await api("GET", "/organisations?kind=team&limit=1")).items;
  const made = await office.submit(
    `/registers/posts/new?person=${person.code}`,
    "/registers/posts",
    {
      person: person.code,
      organisation: team.code,
      role: "leader",
      term: "2026",
      valid_from: "2026-03-01",
    },
  );
  assert.equal(made.status, 303);
  assert.match(
    await read(office, made.headers.get("location")),
    new RegExp(`<h1>${person.name}</h1>`),
  );
  assert.match(
    await read(office, `/registers/people/${person.id}`),
    new RegExp(`${(team.name_en ?? team.name).replace("'", "&#39;")}</a>[\\s\\S]*Leader`),
  );
  assert.match(
    await read(office, `/registers/organisations/${team.id}`),
    new RegExp(`Leader</a>[\\s\\S]*${person.name}</a>`),
  );
  const refused = await office.submit("/registers/posts/new", "/registers/posts", {
    person: person.code,
    organisation: team.code,
    role: "leader",
    valid_from: "2026-03-01",
    valid_to: "2026-02-01",
  });
  assert.equal(refused.status, 422);
});

test("a community keeps its own organisations and no others", async () => {
  const worker = await server.signIn("xinghu1");
  worker.cookies.set("linli_language", "en");
  const all = (await api("GET", "/organisations?limit=100")).items;
  const home = (await api("GET", "/areas?q=441202001001")).items.find(
    (a) => a.code === "441202001001",
  ).id;
  const own = all.find((o) => o.community === home),
    other = all.find((o) => o.community && o.community !== home);
  const send = (o, fields) =>
    worker.submit(
      `/registers/organisations/${o.id}/edit`,
      `/registers/organisations/${o.id}`,
      fields,
    );
  assert.equal((await send(own, { opening: "9:00–17:00" })).status, 303);
  const refused = await send(other, { opening: "never" });
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /is in another area/);
  assert.equal((await send(own, { area: `#${other.area}` })).status, 422, "nor gives its own away");
  assert.equal((await send(own, { area: "" })).status, 422);
  const theirs = server.token("worker", "--area", "441202001001");
  const patched = await fetch(`${server.url}/api/v1/organisations/${other.id}`, {
    method: "PATCH",
    body: JSON.stringify({ opening: "never" }),
    headers: {
      authorization: `Bearer ${theirs}`,
      "content-type": "application/json",
      "if-match": "*",
    },
  });
  assert.equal(patched.status, 422, "a program neither");
});

test("a note, and revealing a name, are logged in words; only readers of the request see the note's text", async () => {
  const made = await api("POST", "/requests", {
    subject: "Noted",
    text: "Something to note.",
    requester_name: "李四",
    requester_phone: "13800000666",
  });
  const at = `/requests/${made.id}`;
  assert.equal(
    (await office.submit(at, `${at}/note`, { note: "ring the sister first" })).status,
    303,
  );
  await office.submit(at, `${at}/reveal`, { reason: "call" });
  const own = await read(office, `${at}/journal`);
  assert.match(own, /web[\s\S]*Internal note[\s\S]*ring the sister first/);
  assert.doesNotMatch(own, /<td[^>]*>(api|command)<|>(note|reason): /);
  for (const visitor of [admin, await server.signIn("auditor1")]) {
    visitor.cookies.set("linli_language", "en");
    const all = await read(visitor, `/journal?kind=requests&record=${made.id}`);
    assert.match(all, /Internal note[\s\S]*changed \(not shown\)/);
    assert.doesNotMatch(all, /ring the sister/);
  }
});

test("the journal by the way a change came", async () => {
  await api("POST", "/requests", { subject: "By a program", text: "Sent by another system." });
  const ways = async (via) =>
    [
      ...(await read(admin, `/journal?via=${via}`)).matchAll(
        />(web|API|command line|import|automatic)</g,
      ),
    ].map(([, way]) => way);
  for (const [via, words] of [
    ["api", "API"],
    ["web", "web"],
    ["command", "command line"],
  ]) {
    const shown = await ways(via),
      others = new Set(shown.filter((way) => way !== words));
    assert.ok(shown.filter((way) => way === words).length > 1, via);
    assert.ok(shown.filter((way) => way !== words).length <= 5, `only the filter's own choices name others: ${[...others]}`);
  }
});

test("figures on the command line read as they are said", () => {
  const { stdout } = linli(["figures", "--data", server.data]);
  assert.match(stdout, /^Requests received: \d+ requests$/m);
  assert.match(stdout, /^Closed on time: (–|\d+\.\d%) \(\d+ \/ \d+\)$/m);
  assert.match(stdout, /^Median days to reply: \d+\.\d\d days$/m);
});

test("who calls is found in the register of people too, by telephone, name, pinyin or initials: masked, in one's own area only, with consent noted", async () => {
  const home = (code) =>
    api("GET", `/areas?q=${code}`).then(({ items }) => items.find((a) => a.code === code).id);
  const own = await home("441202001001"),
    other = await home("441202001002");
  const people = [];
  for (const [name, phone, area] of [
    ["欧阳静宜", "13911112222", own],
    ["欧阳景怡", "13933334444", other],
  ])
    people.push(await api("POST", "/people", { name, phone, area, consent_for: ["volunteer"] }));
  assert.ok(
    people.every((p) => p.id),
    JSON.stringify(people),
  );
  const worker = await server.signIn("xinghu1");
  worker.cookies.set("linli_language", "en");
  const look = async (fields) => (await worker.submit("/intake", "/intake/look", fields)).text();
  for (const fields of [
    { requester_phone: "139 1111 2222" },
    { requester_name: "欧阳" },
    { requester_name: "oyjy" },
    { requester_name: "ouyangj" },
  ]) {
    const found = await look(fields);
    assert.match(
      found,
      new RegExp(`name="choose" value="p${people[0].id}"`),
      JSON.stringify(fields),
    );
    assert.match(found, /no consent for requests yet/);
    assert.doesNotMatch(
      found.replace(/<input[^>]*>/g, ""),
      /欧阳静宜|13911112222|欧阳景怡/,
      "masked",
    );
    assert.doesNotMatch(found, new RegExp(`value="p${people[1].id}"`), "of another community");
  }
  assert.doesNotMatch(await look({ requester_phone: "13933334444" }), /name="choose" value="p/);
  assert.doesNotMatch(
    await look({ choose: `p${people[1].id}` }),
    /name="caller" value="p/,
    "nor chosen by its number",
  );
  const chosen = await look({ choose: `p${people[0].id}`, subject: "楼道灯不亮" });
  assert.match(chosen, /Has not yet agreed/);
  assert.match(chosen, /139\*\*\*\*2222/);
  const fields = Object.fromEntries([...chosen.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)].map(([, n, v]) => [n, v]));
  assert.equal(fields.caller, `p${people[0].id}`);
  const filed = await worker.post("/intake", {
    ...fields,
    channel: "phone",
    subject: "楼道灯不亮",
    area: own,
  });
  assert.equal(filed.status, 303);
  const request = await api("GET", `/requests/${filed.headers.get("location").match(/done\/(\d+)/)[1]}`);
  assert.deepEqual([request.requester_name, request.community], ["欧阳静宜", own]);
  assert.deepEqual((await api("GET", `/people/${people[0].id}`)).consent_for.sort(), [
    "request",
    "volunteer",
  ]);
  assert.match(
    await look({ requester_phone: "13911112222" }),
    new RegExp(`name="choose" value="${request.id}"`),
    "next time as somebody who called before",
  );
});

test("a request is logged without a title, in an estate of the own community; the next form is empty", async () => {
  const worker = await server.signIn("xinghu1"), form = await (await worker.get("/intake")).text();
  const estate = form.match(/<select[^>]*name="estate".*?<option value="(\d+)" data-of="(\d+)"/s);
  assert.ok(estate, "estates to choose");
  const filed = await worker.submit("/intake", "/intake", {
    channel: "phone",
    requester_name: "何来电",
    requester_phone: "13900007777",
    text: "三栋楼下的水管爆了，水一直流。物业说不归他们管。",
    area: estate[2],
    estate: estate[1],
  });
  assert.equal(filed.status, 303);
  const done = filed.headers.get("location"), id = done.match(/done\/(\d+)/)[1];
  const request = await api("GET", `/requests/${id}`);
  assert.equal(request.subject, "三栋楼下的水管爆了，水一直流");
  const receipt = await (await worker.get(done)).text();
  assert.match(receipt, />[0-9A-Z]{5}-[0-9A-Z]{5}</, "the code as on the resident's receipt");
  assert.doesNotMatch(await (await worker.get("/intake")).text(), /何来电|13900007777/);
  const empty = await worker.submit("/intake", "/intake", { area: estate[2], text: " " });
  assert.equal(empty.status, 422);
  assert.match(await empty.text(), /href="#f-text"/);
  const theirs = await (await (await server.signIn("jiangbin1")).get("/intake")).text();
  const foreign = theirs.match(/<select[^>]*name="estate".*?<option value="(\d+)"/s)[1];
  assert.ok(!form.includes(`<option value="${foreign}" data-of`), "not offered");
  const outside = await worker.submit("/intake", "/intake", { text: "灯不亮", estate: foreign });
  assert.equal(outside.status, 422);
});

test("the communities to choose from stay the same however often a request is logged", async () => {
  const worker = await server.signIn("jiangbin1");
  // whichever thread answers, and whatever it keeps of the page before
  for (let turn = 0; turn < 8; turn++) {
    const page = await (await worker.get(`/intake?again=${turn}`)).text();
    const [, options] = page.match(/<select[^>]*name="area">(.*?)<\/select>/s);
    assert.deepEqual(
      [...options.matchAll(/>([^<]+)<\/option>/g)].slice(1).map(([, name]) => name),
      ["江滨社区"],
    );
  }
});

test("an administrator makes a token on a page, sees it once, and revokes it; the journal has both", async () => {
  const unit = (await api("GET", "/units?limit=1")).items[0];
  for (const [fields, where] of [
    [{ name: "", role: "office" }, "f-name"],
    [{ name: "x", role: "" }, "f-role"],
    [{ name: "x", role: "worker" }, "f-area"],
    [{ name: "x", role: "unit_handler", unit: "nowhere" }, "f-unit"],
  ]) {
    const refused = await admin.submit("/tokens", "/tokens", fields);
    assert.equal(refused.status, 422);
    assert.match(
      await refused.text(),
      new RegExp(`id="${where}-p"|href="#${where}"`),
      JSON.stringify(fields),
    );
  }
  const made = await admin.submit("/tokens", "/tokens", {
    name: "热线系统",
    role: "unit_handler",
    unit: unit.code,
  });
  assert.equal(made.status, 200);
  const secret = (await made.text()).match(/class="secret">([0-9a-f]{32,})</)[1];
  const ask = () =>
    fetch(`${server.url}/api/v1/requests?limit=1`, {
      headers: { authorization: `Bearer ${secret}` },
    });
  assert.equal((await ask()).status, 200);
  const list = await read(admin, "/tokens");
  assert.doesNotMatch(list, new RegExp(secret));
  assert.match(list, /热线系统/);
  assert.equal((await office.get("/tokens")).status, 403);
  const number = list.slice(list.indexOf("热线系统")).match(/tokens\/(\d+)\/revoke/)[1];
  assert.equal((await admin.submit("/tokens", `/tokens/${number}/revoke`, {})).status, 303);
  assert.equal((await ask()).status, 401);
  const journal = await read(admin, "/journal?kind=api_tokens");
  assert.match(journal, /热线系统/);
  assert.match(journal, /revoked/);
  assert.doesNotMatch(journal, new RegExp(secret));
});

test("what a program reads of people stands in the journal: which list, how many, never the words; what is masked or empty does not", async () => {
  // the filter's own choice
  const reads = async (kind) =>
    [...(await read(admin, `/journal?kind=${kind}&action=read`)).matchAll(/read via API/g)].length -
    1;
  const counted = async (kind, n) => {
    let now;
    await until(async () => (now = await reads(kind)) === n, () => `${kind}: ${now}, not ${n}`);
  };
  // entries come in the order of reads: once this one is there, so are those of before
  const settled = async (kind, limit) => {
    await api("GET", `/${kind}?limit=${limit}`);
    await until(
      async () =>
        (await read(admin, `/journal?kind=${kind}&action=read`)).includes(`limit=${limit}`),
      `${kind} with ${limit}`,
    );
    return reads(kind);
  };
  const [people, requests] = [await settled("people", 317), await settled("requests", 318)];
  const [person] = (await api("GET", "/people?q=%E6%AC%A7%E9%98%B3&limit=1")).items;
  await counted("people", people + 1);
  await api("GET", `/people/${person.id}`);
  await api("GET", "/people?q=nobody-has-this-name");
  await counted("people", people + 2);
  const journal = await read(admin, "/journal?kind=people&action=read");
  assert.doesNotMatch(journal, /欧阳|%E6%AC%A7/i);
  assert.match(journal, new RegExp(`/api/v1/people/${person.id}`));
  assert.doesNotMatch(
    await read(office, `/registers/people/${person.id}`),
    /read via API/,
    "a record's history is of what changed",
  );
  const leader = server.token("leader");
  assert.match(
    await (
      await fetch(`${server.url}/api/v1/requests?limit=1`, {
        headers: { authorization: `Bearer ${leader}` },
      })
    ).text(),
    /\*\*\*\*/,
  );
  await api("GET", "/requests?limit=1");
  await counted("requests", requests + 1);
  const exports = async () =>
    [...(await read(admin, "/journal?kind=volunteers&action=export")).matchAll(/exported/g)].length;
  const before = await exports();
  assert.equal(linli(["export", "volunteers", "--data", server.data, "--format", "json"]).code, 0);
  await until(async () => (await exports()) !== before, "the export stands in the journal");
  assert.equal(await exports(), before + 1);
});

test("what is so now and what was in a period share no chart; a rate says what it leaves out", async () => {
  const leader = await server.signIn("leader1");
  leader.cookies.set("linli_language", "en");
  const text = await read(leader, "/dashboard");
  const charts = [...text.matchAll(/<table class="plain" data-chart[\s\S]*?<\/table>/g)];
  assert.ok(charts.length >= 6);
  for (const [chart] of charts) {
    const links = [...chart.matchAll(/href="(\/figures\/[^"]+)"/g)].map((m) => m[1]);
    const dated = links.filter((href) => href.includes("from="));
    assert.ok(dated.length === 0 || dated.length === links.length, chart.slice(0, 300));
  }
  const numbers = [...text.matchAll(/<ul class="figures">[\s\S]*?<\/ul>/g)].map((m) => m[0]);
  assert.equal(numbers.length, 2, "now, and the period");
  assert.doesNotMatch(numbers[0], /from=/);
  const solved = numbers[1].match(/<li>(?:(?!<\/li>)[\s\S])*Resolution rate[\s\S]*?<\/li>/)[0];
  assert.match(solved, /Not included: \d+ where the resident could not be reached/);
  const satisfied = numbers[1].match(/<li>(?:(?!<\/li>)[\s\S])*Satisfaction rate[\s\S]*?<\/li>/)[0];
  assert.match(satisfied, /Counted as satisfied: /);
});

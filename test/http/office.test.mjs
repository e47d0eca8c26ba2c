// What an office sets and keeps by itself: settings, deadlines, addresses of mail, registers.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { linli, start } from "./server.mjs";

let server, admin, office, token;
before(async () => {
  server = await start();
  [admin, office] = [await server.signIn("admin"), await server.signIn("office1")];
  for (const visitor of [admin, office]) visitor.cookies.set("linli_language", "en");
  token = server.token("office");
});
after(() => server?.stop());

const page = async (visitor, path) => {
  const answer = await visitor.get(path);
  assert.equal(answer.status, 200, path);
  return answer.text();
};
const api = async (method, path, body) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method, body: body && JSON.stringify(body), headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
  });
  return answer.json();
};

const download = (kind, format, query = "", visitor = office) => visitor.submit("/registers", `/registers/${kind}/download${query}`, { format });

test("many are dispatched or parked at once; one that can't be is told with its reason and holds up no other", async () => {
  const unit = (await api("GET", "/units?limit=500")).items[0];
  const filed = [];
  for (let i = 0; i < 4; i++) filed.push(await api("POST", "/requests", { subject: `一起派单${i}`, text: "几件一样的事，一起派给一个单位。" }));
  const state = async (one) => (await api("GET", `/requests/${one.id}`)).status;
  await api("POST", `/requests/${filed[3].id}/merge`, { into: filed[0].number });
  assert.equal(await state(filed[3]), "merged");
  const send = async (fields, ids = filed.map((one) => one.id)) => {
    const answer = await office.submit("/work?view=free", "/work/bulk?view=free", { id: ids, ...fields });
    return [answer.status, await answer.text()];
  };
  assert.equal((await send({ do: "dispatch", unit: unit.id }, []))[0], 422);
  assert.equal((await send({ do: "dispatch", unit: "" }))[0], 422);
  assert.equal((await send({ do: "park", until: "2031-03-05", text: "" }))[0], 422);
  assert.deepEqual(await Promise.all(filed.map(state)), ["received", "received", "received", "merged"], "nothing by halves");
  const [status, said] = await send({ do: "dispatch", unit: unit.id });
  assert.equal(status, 200);
  assert.match(said, /3 done, 1 not done/);
  assert.ok(said.indexOf(filed[3].number) < said.indexOf(filed[0].number), "what needs a hand stands first");
  assert.deepEqual(await Promise.all(filed.map(state)), ["dispatched", "dispatched", "dispatched", "merged"]);
  assert.ok((await page(office, `/requests/${filed[1].id}`)).includes(unit.name_en ?? unit.name));
  assert.match((await send({ do: "park", until: "2031-03-05", text: "等明年预算" }))[1], /within three years/);
  const next = `${new Date().getUTCFullYear() + 1}-03-05`;
  const more = [await api("POST", "/requests", { subject: "一起挂账", text: "要等明年预算的事。" }), filed[3]];
  const [parked, word] = await send({ do: "park", until: next, text: "等明年预算" }, more.map((one) => one.id));
  assert.equal(parked, 200);
  assert.match(word, /1 done, 1 not done/);
  assert.equal(await state(more[0]), "parked");
  assert.match(await page(office, `/requests/${more[0].id}`), /等明年预算/);
});

test("settings lead to every page that has some, with what holds now", async () => {
  const shown = await page(admin, "/settings");
  for (const href of ["/deadlines", "/calendar", "/outbox/settings", "/certificates/settings"]) {
    assert.match(shown, new RegExp(`href="${href}"`), href);
    assert.match(await page(admin, href), /href="\/settings"|href="\/admin"/, `${href} leads back`);
  }
  assert.match(shown, /Urgent 24 hours · Ordinary 7 working days · Complex 15 working days/);
  assert.match(shown, /no mail server · no webhook/);
  const theirs = await page(office, "/settings");
  assert.doesNotMatch(theirs, /name="site\.name"|\/outbox\/settings/, "the office sees what it may set");
  assert.match(theirs, /href="\/deadlines"/);
});

test("a changed deadline holds for what is open, and is journalled in words", async () => {
  const made = await api("POST", "/requests", { subject: "Without a category", text: "A matter of the ordinary kind." });
  const before = Date.parse((await api("GET", `/requests/${made.id}`)).due);
  const set = (ordinary, kind = "working_days") =>
    office.submit("/deadlines", "/deadlines", { urgent: "24", urgent_kind: "hours", ordinary, ordinary_kind: kind, complex: "15", complex_kind: "working_days" });
  for (const wrong of ["0", "1001", "-3", "soon", "7 days", ""]) {
    const answer = await set(wrong);
    assert.equal(answer.status, 422, wrong);
    assert.match(await answer.text(), /A number from 1 to 1000/);
  }
  assert.equal((await set("7", "moons")).status, 422);
  assert.equal((await set("12")).status, 303);
  const after = Date.parse((await api("GET", `/requests/${made.id}`)).due);
  assert.ok(after > before, "it has more days");
  assert.match(await page(admin, "/settings"), /Ordinary 12 working days/);
  assert.match(await page(admin, "/journal?kind=settings"), /Deadline, ordinary[\s\S]*7 working days[\s\S]*12 working days/);
  assert.equal((await set("7")).status, 303);
  assert.equal(Date.parse((await api("GET", `/requests/${made.id}`)).due), before, "and back");
});

test("an address of mail is checked where people and units are kept", async () => {
  const unit = (await api("GET", "/units?limit=1")).items[0];
  const send = (mail) => office.submit(`/registers/units/${unit.id}/edit`, `/registers/units/${unit.id}`, { mail });
  const refused = await send("not an address");
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /id="f-mail-p"[\s\S]*?A mail address/);
  assert.equal((await send("unit@example.cn")).status, 303);
  assert.equal((await api("GET", `/units/${unit.id}`)).mail, "unit@example.cn");
  const user = (await page(admin, "/registers/users")).match(/\/registers\/users\/(\d+)/)[1];
  assert.equal((await admin.submit(`/registers/users/${user}/edit`, `/registers/users/${user}`, { mail: "nobody@" })).status, 422);
  assert.equal((await admin.submit(`/registers/users/${user}/edit`, `/registers/users/${user}`, { mail: "me@example.cn" })).status, 303);
});

test("every register lists, opens and downloads; what has pages of its own is led to", async () => {
  const index = await page(office, "/registers");
  const own = { volunteers: "/volunteers", activities: "/activities/manage", hours: "/hours", offers: "/visits", certificates: "/certificates" };
  for (const kind of ["areas", "units", "categories", "templates", "people", "organisations", "posts", "skills", "shifts", "sign_ups", "attendances"]) {
    assert.match(index, new RegExp(`href="/registers/${kind}"`), kind);
    const list = await page(office, `/registers/${kind}`);
    const record = list.match(new RegExp(`href="(/registers/${kind}/\\d+)"`));
    if (record) await page(office, record[1]);
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
  for (const closed of ["shifts", "sign_ups", "attendances"]) assert.equal((await office.get(`/registers/${closed}/new`)).status, 404, closed);
});

test("whoever takes a register or the journal away as a file stands in the journal, with how much and of what", async () => {
  const { total } = await api("GET", "/people?gender=female&limit=1");
  assert.equal((await (await download("people", "json", "?gender=female&q=")).json()).length, total);
  const journal = await page(admin, "/journal?kind=people&action=download");
  assert.match(journal, new RegExp(`Director Chen[\\s\\S]*downloaded`));
  assert.equal((await office.get("/registers/people/download?format=csv")).status, 405, "a link can't");
  assert.equal((await office.post("/registers/people/download", { format: "csv" })).status, 403, "nor another site's form");
  const sheet = await (await admin.submit("/journal", "/journal/download?kind=people&action=download", { format: "csv" })).text();
  assert.match(sheet, /gender=female/);
  assert.match(await page(admin, "/journal?kind=journal&action=download"), /downloaded/);
  assert.match(await page(admin, "/journal"), /The chain has not been checked here yet/, "a download is no check");
  await download("people", "csv", "?q=13800000001");
  assert.doesNotMatch(await page(admin, "/journal?kind=people&action=download"), /13800000001/);
});

test("telephone numbers of people are masked in lists, records and downloads, and shown with an entry in the journal", async () => {
  const [person] = (await api("GET", "/people?limit=1")).items;
  const clear = /\b1[3-9]\d{9}\b/;
  assert.doesNotMatch(await page(office, "/registers/people"), clear);
  assert.doesNotMatch(await page(office, `/registers/people/${person.id}`), clear);
  for (const format of ["json", "csv"]) assert.doesNotMatch(await (await download("people", format)).text(), clear, format);
  const shown = await office.submit(`/registers/people/${person.id}`, `/registers/people/${person.id}/reveal`, {});
  assert.match(await shown.text(), clear);
  assert.match(await page(admin, `/journal?kind=people`), /shown in the clear/);
  assert.equal((await admin.get("/registers/people")).status, 403, "an administrator keeps accounts, not people");
});

test("a post stands on its person's page and its organisation's", async () => {
  const [person] = (await api("GET", "/people?limit=1")).items, [team] = (await api("GET", "/organisations?kind=team&limit=1")).items;
  const made = await office.submit(`/registers/posts/new?person=${person.code}`, "/registers/posts",
    { person: person.code, organisation: team.code, role: "leader", term: "2026", valid_from: "2026-03-01" });
  assert.equal(made.status, 303);
  assert.match(await page(office, made.headers.get("location")), new RegExp(`<h1>${person.name}</h1>`));
  assert.match(await page(office, `/registers/people/${person.id}`), new RegExp(`${(team.name_en ?? team.name).replace("'", "&#39;")}</a>[\\s\\S]*Leader`));
  assert.match(await page(office, `/registers/organisations/${team.id}`), new RegExp(`${person.name}</a>[\\s\\S]*Leader`));
  const refused = await office.submit("/registers/posts/new", "/registers/posts", { person: person.code, organisation: team.code, role: "leader", valid_from: "2026-03-01", valid_to: "2026-02-01" });
  assert.equal(refused.status, 422);
});

test("a community keeps its own organisations and no others", async () => {
  const worker = await server.signIn("xinghu1");
  worker.cookies.set("linli_language", "en");
  const all = (await api("GET", "/organisations?limit=100")).items;
  const home = (await api("GET", "/areas?q=441202001001")).items.find((a) => a.code === "441202001001").id;
  const own = all.find((o) => o.community === home), other = all.find((o) => o.community && o.community !== home);
  const send = (o, fields) => worker.submit(`/registers/organisations/${o.id}/edit`, `/registers/organisations/${o.id}`, fields);
  assert.equal((await send(own, { opening: "9:00–17:00" })).status, 303);
  const refused = await send(other, { opening: "never" });
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /belongs to another area/);
  assert.equal((await send(own, { area: `#${other.area}` })).status, 422, "nor gives its own away");
  assert.equal((await send(own, { area: "" })).status, 422);
  const theirs = server.token("worker", "--area", "441202001001");
  const patched = await fetch(`${server.url}/api/v1/organisations/${other.id}`, { method: "PATCH", body: JSON.stringify({ opening: "never" }),
    headers: { authorization: `Bearer ${theirs}`, "content-type": "application/json", "if-match": "*" } });
  assert.equal(patched.status, 422, "a program neither");
});

test("a note and a look at a name stand in the journal in words; what the note says is for those who may read the request", async () => {
  const made = await api("POST", "/requests", { subject: "Noted", text: "Something to note.", requester_name: "李四", requester_phone: "13800000666" });
  const at = `/requests/${made.id}`;
  assert.equal((await office.submit(at, `${at}/note`, { note: "ring the sister first" })).status, 303);
  await office.submit(at, `${at}/reveal`, { reason: "call" });
  const own = await page(office, `${at}/journal`);
  assert.match(own, /in the browser[\s\S]*Internal note[\s\S]*ring the sister first/);
  assert.doesNotMatch(own, /<td[^>]*>(web|api|command)<|>(note|reason): /);
  for (const visitor of [admin, await server.signIn("auditor1")]) {
    visitor.cookies.set("linli_language", "en");
    const all = await page(visitor, `/journal?kind=requests&record=${made.id}`);
    assert.match(all, /Internal note[\s\S]*changed; not shown/);
    assert.doesNotMatch(all, /ring the sister/);
  }
});

test("the journal by the way a change came", async () => {
  await api("POST", "/requests", { subject: "By a program", text: "Sent by another system." });
  const ways = async (via) => [...(await page(admin, `/journal?via=${via}`)).matchAll(/in the browser|by a program|on the command line|by import|by itself/g)].map(([way]) => way);
  for (const [via, words] of [["api", "by a program"], ["web", "in the browser"], ["command", "on the command line"]]) {
    const shown = await ways(via), others = new Set(shown.filter((way) => way !== words));
    assert.ok(shown.filter((way) => way === words).length > 1, via);
    assert.ok(shown.filter((way) => way !== words).length <= 5, `only the filter's own choices name others: ${[...others]}`);
  }
});

test("figures on the command line read as they are said", () => {
  const { stdout } = linli(["figures", "--data", server.data]);
  assert.match(stdout, /^Requests received: \d+ requests$/m);
  assert.match(stdout, /^Closed in time: (–|\d+\.\d%) \(\d+ \/ \d+\)$/m);
  assert.match(stdout, /^Days to the reply, median: \d+\.\d\d days$/m);
});

test("who calls is found in the register of people too, by telephone, name, pinyin or initials: masked, in one's own area only, with consent noted", async () => {
  const home = (code) => api("GET", `/areas?q=${code}`).then(({ items }) => items.find((a) => a.code === code).id);
  const own = await home("441202001001"), other = await home("441202001002");
  const people = [];
  for (const [name, phone, area] of [["欧阳静宜", "13911112222", own], ["欧阳景怡", "13933334444", other]]) people.push(await api("POST", "/people", { name, phone, area, consent_for: ["volunteer"] }));
  assert.ok(people.every((p) => p.id), JSON.stringify(people));
  const worker = await server.signIn("xinghu1");
  worker.cookies.set("linli_language", "en");
  const look = async (fields) => (await worker.submit("/intake", "/intake/look", fields)).text();
  for (const fields of [{ requester_phone: "139 1111 2222" }, { requester_name: "欧阳" }, { requester_name: "oyjy" }, { requester_name: "ouyangj" }]) {
    const found = await look(fields);
    assert.match(found, new RegExp(`name="choose" value="p${people[0].id}"`), JSON.stringify(fields));
    assert.match(found, /not agreed for requests yet/);
    assert.doesNotMatch(found.replace(/<input[^>]*>/g, ""), /欧阳静宜|13911112222|欧阳景怡/, "masked");
    assert.doesNotMatch(found, new RegExp(`value="p${people[1].id}"`), "of another community");
  }
  assert.doesNotMatch(await look({ requester_phone: "13933334444" }), /name="choose" value="p/);
  assert.doesNotMatch(await look({ choose: `p${people[1].id}` }), /name="caller" value="p/, "nor chosen by its number");
  const chosen = await look({ choose: `p${people[0].id}`, subject: "楼道灯不亮" });
  assert.match(chosen, /Has not agreed yet/);
  assert.match(chosen, /139\*\*\*\*2222/);
  const fields = Object.fromEntries([...chosen.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)].map(([, n, v]) => [n, v]));
  assert.equal(fields.caller, `p${people[0].id}`);
  const filed = await worker.post("/intake", { ...fields, channel: "phone", subject: "楼道灯不亮", area: own });
  assert.equal(filed.status, 303);
  const request = await api("GET", `/requests/${filed.headers.get("location").match(/done\/(\d+)/)[1]}`);
  assert.deepEqual([request.requester_name, request.community], ["欧阳静宜", own]);
  assert.deepEqual((await api("GET", `/people/${people[0].id}`)).consent_for.sort(), ["request", "volunteer"]);
  assert.match(await look({ requester_phone: "13911112222" }), new RegExp(`name="choose" value="${request.id}"`), "next time as somebody who called before");
});

test("an administrator makes a token on a page, sees it once, and revokes it; the journal has both", async () => {
  const unit = (await api("GET", "/units?limit=1")).items[0];
  for (const [fields, where] of [[{ name: "", role: "office" }, "f-name"], [{ name: "x", role: "" }, "f-role"], [{ name: "x", role: "worker" }, "f-area"], [{ name: "x", role: "unit_handler", unit: "nowhere" }, "f-unit"]]) {
    const refused = await admin.submit("/tokens", "/tokens", fields);
    assert.equal(refused.status, 422);
    assert.match(await refused.text(), new RegExp(`id="${where}-p"|href="#${where}"`), JSON.stringify(fields));
  }
  const made = await admin.submit("/tokens", "/tokens", { name: "热线系统", role: "unit_handler", unit: unit.code });
  assert.equal(made.status, 200);
  const secret = (await made.text()).match(/class="secret">([0-9a-f]{32,})</)[1];
  const ask = () => fetch(`${server.url}/api/v1/requests?limit=1`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal((await ask()).status, 200);
  const list = await page(admin, "/tokens");
  assert.doesNotMatch(list, new RegExp(secret));
  assert.match(list, /热线系统/);
  assert.equal((await office.get("/tokens")).status, 403);
  const number = list.slice(list.indexOf("热线系统")).match(/tokens\/(\d+)\/revoke/)[1];
  assert.equal((await admin.submit("/tokens", `/tokens/${number}/revoke`, {})).status, 303);
  assert.equal((await ask()).status, 401);
  const journal = await page(admin, "/journal?kind=api_tokens");
  assert.match(journal, /热线系统/);
  assert.match(journal, /taken away/);
  assert.doesNotMatch(journal, new RegExp(secret));
});

test("what a program reads of people stands in the journal: which list, how many, never the words; what is masked or empty does not", async () => {
  const reads = async (kind) => [...(await page(admin, `/journal?kind=${kind}&action=read`)).matchAll(/read by a program/g)].length - 1; // the filter's own choice
  const until = async (kind, n) => {
    for (let i = 0; i < 400 && (await reads(kind)) !== n; i++) await new Promise((next) => setTimeout(next, 25));
    assert.equal(await reads(kind), n, kind);
  };
  const settled = async (kind, limit) => { // entries come in the order of reads: once this one is there, so are those of before
    await api("GET", `/${kind}?limit=${limit}`);
    for (let i = 0; i < 400 && !(await page(admin, `/journal?kind=${kind}&action=read`)).includes(`limit=${limit}`); i++) await new Promise((next) => setTimeout(next, 25));
    return reads(kind);
  };
  const [people, requests] = [await settled("people", 317), await settled("requests", 318)];
  const [person] = (await api("GET", "/people?q=%E6%AC%A7%E9%98%B3&limit=1")).items;
  await until("people", people + 1);
  await api("GET", `/people/${person.id}`);
  await api("GET", "/people?q=nobody-has-this-name");
  await until("people", people + 2);
  const journal = await page(admin, "/journal?kind=people&action=read");
  assert.doesNotMatch(journal, /欧阳|%E6%AC%A7/i);
  assert.match(journal, new RegExp(`/api/v1/people/${person.id}`));
  assert.doesNotMatch(await page(office, `/registers/people/${person.id}`), /read by a program/, "a record's history is of what changed");
  const leader = server.token("leader");
  assert.match(await (await fetch(`${server.url}/api/v1/requests?limit=1`, { headers: { authorization: `Bearer ${leader}` } })).text(), /\*\*\*\*/);
  await api("GET", "/requests?limit=1");
  await until("requests", requests + 1);
  const exports = async () => [...(await page(admin, "/journal?kind=volunteers&action=export")).matchAll(/taken out as a file/g)].length;
  const before = await exports();
  assert.equal(linli(["export", "volunteers", "--data", server.data, "--format", "json"]).code, 0);
  for (let i = 0; i < 400 && (await exports()) === before; i++) await new Promise((next) => setTimeout(next, 25));
  assert.equal(await exports(), before + 1);
});

test("a request is filed with a mail address only when it is one, by the API as by the form", async () => {
  for (const mail of ["not-a-mail", "a@b", "x@y.cn, z@y.cn"]) {
    const refused = await api("POST", "/requests", { subject: "邮箱不对", text: "邮箱写错了", requester_mail: mail });
    assert.deepEqual(refused.errors?.map((e) => e.field), ["requester_mail"], mail);
  }
  assert.ok((await api("POST", "/requests", { subject: "邮箱对了", text: "邮箱写对了", requester_mail: "li@example.cn" })).id);
});

test("who asks for somebody else reads for whom, on the receipt and when following", async () => {
  const visitor = server.visitor();
  visitor.cookies.set("linli_language", "en");
  const area = (await api("GET", "/areas?q=441202001001")).items[0].id;
  const sent = await visitor.submit("/ask", "/ask", { text: "楼上王奶奶家的水龙头关不紧", area, requester_phone: "13800138077", on_behalf: "王奶奶", seen: 1 });
  assert.equal(sent.status, 303);
  const receipt = await page(visitor, sent.headers.get("location"));
  assert.match(receipt, /For whom[\s\S]{0,60}王奶奶/);
  assert.equal((await visitor.post("/follow", { code: receipt.match(/name="code" value="([^"]*)"/)[1] })).status, 303);
  assert.match(await page(visitor, "/follow"), /For whom: 王奶奶/);
});

test("open deadlines follow the calendar and the terms however these are changed: by a program, a command, a form", async () => {
  const day = (n) => new Date(Date.now() + n * 86400e3 + 8 * 3600e3).toISOString().slice(0, 10);
  const category = (await api("GET", "/categories?limit=100")).items.find((c) => c.day_kind === "working_days" && c.days > 2 && c.parent);
  const { id } = await api("POST", "/requests", { subject: "期限跟着变", text: "期限跟着日历和类别变", category: category.id });
  const due = async () => (await api("GET", `/requests/${id}`)).due;
  const patch = async (path, body) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, { method: "PATCH", body: JSON.stringify(body), headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "if-match": "*" } });
    assert.equal(answer.status, 200, await answer.text());
  };
  const seen = [await due()];
  const moved = async (how) => {
    const now = await due();
    assert.ok(!seen.includes(now), `${how}: ${now}`);
    seen.push(now);
  };
  const holidays = Array.from({ length: 7 }, (_, i) => day(i + 1));
  for (const date of holidays) { // the year's own entries stay as they are
    const [known] = (await api("GET", `/holidays?date=${date}`)).items;
    if (known) await patch(`/holidays/${known.id}`, { is_off_day: true });
    else assert.ok((await api("POST", "/holidays", { date, name: "走查", is_off_day: true })).id);
  }
  await moved("a program's change of the calendar");
  await patch(`/categories/${category.id}`, { days: category.days + 1 });
  await moved("a program's change of a category's term");
  const other = (await api("GET", "/categories?limit=100")).items.find((c) => c.parent && c.days && c.day_kind === "hours");
  await patch(`/requests/${id}`, { category: other.id });
  await moved("a program's other category");
  await patch(`/requests/${id}`, { category: category.id });
  const form = await office.submit(`/registers/categories/${category.id}/edit`, `/registers/categories/${category.id}`, { days: category.days + 2 });
  assert.equal(form.status, 303);
  await moved("a form's change of the term");
  const sheet = `${server.data}-days.csv`;
  writeFileSync(sheet, `日期,名称,是否放假\n${Array.from({ length: 7 }, (_, i) => `${day(i + 8)},走查,是`).join("\n")}\n`);
  const taken = linli(["import", "holidays", sheet, "--data", server.data]);
  assert.match(taken.stdout, /[1-7] added|[1-7] changed/, taken.stderr);
  for (let i = 0; i < 400 && seen.includes(await due()); i++) await new Promise((next) => setTimeout(next, 25));
  await moved("a command's import of the calendar");
  assert.match(await page(admin, "/journal?kind=holidays"), /deadlines recomputed/);
  assert.match(await page(office, `/requests/${id}`), /The calendar or a term changed: new deadline/);
});

test("what is wrong with a field is said with the name that stands above it, in every form and both languages", async () => {
  const long = "很长".repeat(3000), volunteer = (await api("GET", "/volunteers?limit=1")).items[0], activity = (await api("GET", "/activities?status=open&limit=1")).items[0];
  const request = await api("POST", "/requests", { subject: "要人陪", text: "请人上门陪一陪。", area: (await api("GET", "/areas?level=community&limit=1")).items[0].id });
  const worker = await server.signIn("xinghu1"), resident = server.visitor();
  const forms = [
    [office, "/intake", "/intake", { subject: "x", place: long, requester_name: long, requester_phone: "12", on_behalf: long }, 4],
    [office, "/intake", "/intake", { subject: "" }, 1],
    [resident, "/ask", "/ask", { text: "路灯不亮", visibility: "summary", subject: long, place: long, requester_name: long, requester_phone: "12", on_behalf: long }, 5],
    [resident, "/volunteer", "/volunteer", { name: long, phone: "12", visits_a_month: "900", limits: long }, 4],
    [resident, `/activities/${activity.id}`, `/activities/${activity.id}/sign-up`, { name: long, phone: "12" }, 2],
    [office, `/visits/new?request=${request.id}`, "/visits", { request: request.id, skill: long, people: "90", note: long, language: "?" }, 4],
    [worker, "/opinions/new", "/opinions", { text: "", name: long, phone: "12" }, 3],
    [office, "/activities/new", "/activities/new", { title: long, place: long, text: long, places: "0" }, 4],
    [office, `/certificates/new?volunteer=${volunteer.id}`, "/certificates", { volunteer: volunteer.id, valid_from: "soon", valid_to: "late", note: long, contact: long, responsible: long }, 5],
    [office, "/calendar", "/calendar/day", { day: "2026-03-05", name: long }, 1],
  ];
  for (const language of ["en", "zh_CN"])
    for (const [visitor, path, action, fields, least] of forms) {
      visitor.cookies.set("linli_language", language);
      const answer = await visitor.submit(path, action, fields), drawn = await answer.text();
      assert.equal(answer.status, 422, `${action} ${language}`);
      const said = [...drawn.matchAll(/<li><a href="#f-([^"]+)">([^<]+)<\/a>/g)];
      let named = 0;
      for (const [, field, text] of said) {
        const label = drawn.match(new RegExp(`for="f-${field}">([^<]+)|<label>([^<]+)<input id="f-${field}"`))?.slice(1).find(Boolean).trim();
        assert.ok(drawn.includes(`id="f-${field}"`), `${action}: #f-${field} is there to go to`);
        if (label && /：|: |^[^.?]* is needed\.$|^请填写/.test(text) && ++named) assert.ok(text.includes(label), `${action} ${language}: “${text}” of “${label}”`);
      }
      assert.ok(named >= least, `${action} ${language}: ${named} of ${JSON.stringify(said.map(([, , text]) => text))}`);
    }
  for (const visitor of [office, worker]) visitor.cookies.set("linli_language", "en");
});

test("a state has one word for staff, wherever they read it", async () => {
  const unit = (await api("GET", "/units?limit=1")).items[0], area = (await api("GET", "/areas?level=community&limit=1")).items[0].id;
  const fresh = await api("POST", "/requests", { subject: "井盖松动待查", text: "井盖松了。", area });
  const back = await api("POST", "/requests", { subject: "路面积水退回", text: "路面积水。", area });
  for (const [step, body] of [["dispatch", { unit: unit.id }], ["return", { text: "不归我们管" }]])
    assert.ok((await api("POST", `/requests/${back.id}/${step}`, body)).id, step);
  const words = { en: ["To dispatch", "Returned"], zh_CN: ["待派单", "已退单"] };
  const around = (text, word) => { // the row or the card that names the request
    const at = text.indexOf(word);
    assert.ok(at >= 0, word);
    return text.slice(Math.max(0, at - 200), at + 900);
  };
  for (const [language, expected] of Object.entries(words)) {
    office.cookies.set("linli_language", language);
    const csv = await (await office.submit("/work?view=all", "/work/download?view=all", { format: "csv" })).text();
    for (const [i, one] of [fresh, back].entries()) {
      const places = {
        work: await page(office, `/work?view=all&q=${encodeURIComponent(one.number)}`),
        request: await page(office, `/requests/${one.id}`),
        figure: await page(office, "/figures/requests-received/records"),
        csv: csv.split("\n").find((line) => line.includes(one.number)),
      };
      for (const [name, text] of Object.entries(places)) {
        const near = around(text, name === "request" ? "<h1" : one.subject);
        assert.ok(near.includes(expected[i]), `${name}, ${language}: ${expected[i]} in ${near}`);
      }
      assert.doesNotMatch(places.csv, /,收到,|,Received,/);
    }
  }
  office.cookies.set("linli_language", "en");
});

// What holds for the whole subdistrict is changed only by accounts that work for the whole
// subdistrict, on every way in: API, page, sheet. And what an account may reach never follows
// from a record that it may edit itself.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { linli, rows, session, start } from "./server.mjs";

let server, part, whole;
const XINGHU = "441202001001";
before(async () => {
  server = await start();
  assert.equal(
    linli([
      "user",
      "add",
      "offx",
      "--name",
      "星湖办公室",
      "--role",
      "office",
      "--area",
      XINGHU,
      "--generate",
      "--data",
      server.data,
    ]).code,
    0,
  );
  [part, whole] = [session(server, "offx"), session(server, "office1")];
  for (const visitor of [part, whole]) {
    visitor.cookies.set("linli_language", "en");
    visitor.csrf = (await visitor.hidden("/account"))._csrf;
  }
});
after(() => server?.stop());

const json = (who, method, path, body) =>
  who.send(method, `/api/v1${path}`, {
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", "x-csrf": who.csrf, "if-match": "*" },
  });
const count = async (who, kind) => (await (await who.get(`/api/v1/${kind}?limit=1`)).json()).total;
const one = async (who, kind, query = "") =>
  (await (await who.get(`/api/v1/${kind}?limit=1${query}`)).json()).items[0];

test("an office account of one community can't move its area to the top, nor make a second top", async () => {
  const before = [await count(part, "requests"), await count(part, "people")];
  const area = await one(whole, "areas", `&q=${XINGHU}`);
  assert.equal((await json(part, "PATCH", `/areas/${area.id}`, { parent: null })).status, 403);
  const form = await part.post(`/registers/areas/${area.id}`, {
    _csrf: part.csrf,
    parent: "",
    name: area.name,
  });
  assert.equal(form.status, 403);
  assert.match(await form.text(), /whole subdistrict/);
  const refused = await json(whole, "PATCH", `/areas/${area.id}`, { parent: null });
  assert.equal(refused.status, 422, "not by the whole office either: there is one top");
  assert.deepEqual(
    (await refused.json()).errors.map((e) => e.field),
    ["parent"],
  );
  const second = await json(whole, "POST", "/areas", {
    code: "TOP2",
    name: "另一个街道",
    level: "subdistrict",
  });
  assert.equal(second.status, 422);
  assert.deepEqual([await count(part, "requests"), await count(part, "people")], before);
});

test("subdistrict-wide registers and switches are for accounts of the whole subdistrict, by page, API and sheet", async () => {
  for (const [kind, change] of [
    ["areas", { name_en: "X" }],
    ["units", { mail: "thief@example.cn" }],
    ["categories", { hint: "x" }],
    ["templates", { title: "x" }],
    ["skills", { name_en: "X" }],
  ]) {
    const record = await one(whole, kind),
      field = Object.keys(change)[0];
    assert.equal(
      (await json(part, "PATCH", `/${kind}/${record.id}`, change)).status,
      403,
      `PATCH ${kind}`,
    );
    assert.equal(
      (await json(part, "POST", `/${kind}`, { code: "NEW1", name: "x" })).status,
      403,
      `POST ${kind}`,
    );
    assert.equal(
      (await part.get(`/registers/${kind}/${record.id}/edit`)).status,
      403,
      `form of ${kind}`,
    );
    assert.doesNotMatch(
      await (await part.get(`/registers/${kind}`)).text(),
      new RegExp(`/registers/${kind}/new"`),
      `no button for ${kind}`,
    );
    assert.equal((await one(whole, kind, `&q=${record.code ?? ""}`))[field], record[field]);
    assert.equal(
      (await json(whole, "PATCH", `/${kind}/${record.id}`, change)).status,
      200,
      `${kind} by the whole office`,
    );
  }
  for (const [path, fields] of [
    ["/calendar/day", { date: "2026-12-25", is_off_day: "1", name: "x" }],
    ["/deadlines", {}],
    ["/visits/automatic", { on: "1" }],
    ["/certificates/settings", {}],
  ])
    assert.equal((await part.post(path, { _csrf: part.csrf, ...fields })).status, 403, path);
  assert.equal((await whole.post("/visits/automatic", { _csrf: whole.csrf, on: "1" })).status, 303);
});

test("an import creates only what its account may write", async () => {
  const before = rows(join(server.data, "linli.db"), "SELECT count(*) FROM categories")[0][0][0];
  const worker = session(server, "xinghu1");
  worker.csrf = (await worker.hidden("/account"))._csrf;
  const body = new FormData();
  body.set("_csrf", worker.csrf);
  body.set("kind", "requests");
  body.set("file", new Blob(["number,subject,text,category,received_at\n20260101-90001,路灯,路灯坏了请修,全新分类甲,2026-01-01 10:00\n"]), "requests.csv");
  const sent = await worker.send("POST", "/import", { body });
  assert.equal(sent.status, 303, await sent.text());
  const page = sent.headers.get("location");
  const started = await worker.submit(page, `${page}/go`, { make_new: "1", do: "start" });
  assert.ok([303, 422].includes(started.status), String(started.status));
  for (let i = 0; i < 200; i++) {
    const [[[status]]] = rows(join(server.data, "linli.db"), "SELECT status FROM imports ORDER BY id DESC LIMIT 1");
    if (["done", "failed", "mapped"].includes(status)) break;
    await (await worker.get(page)).text();
  }
  assert.equal(
    rows(join(server.data, "linli.db"), "SELECT count(*) FROM categories")[0][0][0],
    before,
  );
});

test("a worker names nobody to a position in another community's organisation", async () => {
  const worker = session(server, "xinghu1");
  worker.csrf = (await worker.hidden("/account"))._csrf;
  const [[[foreign]], [[own]], [[person]]] = rows(
    join(server.data, "linli.db"),
    "SELECT id FROM organisations WHERE kind = 'team' AND community = 3 LIMIT 1",
    "SELECT id FROM organisations WHERE kind = 'team' AND community = 2 LIMIT 1",
    "SELECT id FROM people WHERE community = 2 LIMIT 1",
  );
  const refused = await json(worker, "POST", "/posts", {
    organisation: foreign,
    person,
    role: "leader",
  });
  assert.equal(refused.status, 422);
  assert.deepEqual(
    (await refused.json()).errors.map((e) => e.field),
    ["organisation"],
  );
  assert.equal(
    (await json(worker, "POST", "/posts", { organisation: own, person, role: "leader" })).status,
    201,
  );
});

test("numbers counted up at an entrance tell no names of other communities", async () => {
  const leader = session(server, "team1");
  leader.csrf = (await leader.hidden("/account"))._csrf;
  const [[[activity]], foreign, [[own]]] = rows(
    join(server.data, "linli.db"),
    "SELECT max(id) FROM activities WHERE organisation = 22",
    "SELECT number, name FROM volunteers v JOIN people p ON p.id = v.person WHERE v.community = 3 LIMIT 5",
    "SELECT number FROM volunteers WHERE team = 22 AND status = 'active' LIMIT 1",
  );
  const mark = (who, i) =>
    leader.send("POST", "/api/attendance", {
      body: JSON.stringify({
        marks: [{ key: `M-${i}-${Date.now()}abcdefgh`.slice(0, 24), activity, who }],
      }),
      headers: { "content-type": "application/json", "x-csrf": leader.csrf },
    });
  for (const [i, [number, name]] of foreign.entries()) {
    const text = await (await mark(number, i)).text();
    assert.doesNotMatch(text, new RegExp(name), number);
    assert.match(text, /没有这个编号|No volunteer in your area/);
  }
  assert.doesNotMatch(await (await mark(own, 9)).text(), /没有这个编号|No volunteer in your area/);
});

// Seats, terms and rule sets as an office and a community use them: who holds which seat on a day,
// what is refused and why, what becomes due, sheets, and the numbers of rules with their presets.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { folder, linli, start } from "./server.mjs";

const DAY = 86400e3;
/** A day of Asia/Shanghai, `days` from today. */
const day = (days) => new Date(Date.now() + 8 * 3600e3 + days * DAY).toISOString().slice(0, 10);
let server, office, worker, token;

before(async () => {
  server = await start();
  office = await server.signIn("office1");
  worker = await server.signIn("xinghu1");
  token = server.token("office");
});
after(() => server?.stop());

const call = async (method, path, body, by = token) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: {
      authorization: `Bearer ${by}`,
      "accept-language": "en",
      ...(body ? { "content-type": "application/json" } : {}),
    },
  });
  return { status: answer.status, body: await answer.json() };
};
const made = async (path, body) => {
  const answer = await call("POST", path, body);
  assert.equal(answer.status, 201, `${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const refused = async (path, body, field, words) => {
  const answer = await call("POST", path, body), text = JSON.stringify(answer.body);
  assert.equal(answer.status, 422, text);
  assert.match(text, words);
  assert.ok(answer.body.errors?.some((e) => e.field === field) ?? true, text);
};
const text = async (who, path) => (await who.get(path)).text();
const main = (html) => html.slice(html.indexOf("<main"), html.indexOf("</main"));
const person = (name) => made("/people", { name, area: "441202001001" });
const organisation = (name, more = {}) =>
  made("/organisations", { name, kind: "branch", area: "441202001001", ...more });

test("a seat exists without a holder, gets one, and is vacant again after them", async () => {
  const o = await organisation("试验第一支部"), who = await person("席甲");
  const seat = await made("/seats", {
    organisation: o.code,
    role: "secretary",
    valid_from: day(-30),
  });
  assert.equal(seat.vacant_since, day(-30));
  const page = main(await text(office, `/registers/organisations/${o.id}`));
  assert.match(page, /空缺/);
  assert.match(page, /已 31 天/);
  const post = await made("/posts", {
    organisation: o.code,
    role: "secretary",
    person: who.code,
    valid_from: day(-10),
    valid_to: day(10),
  });
  assert.equal((await call("GET", `/posts/${post.id}`)).body.seat?.id ?? post.seat, seat.id);
  const held = main(await text(office, `/registers/organisations/${o.id}`));
  assert.match(held, /席甲/);
  assert.doesNotMatch(held, /空缺 1 个/);
  // on any day: before, and after
  const on = async (days) => main(
    await text(office, `/registers/organisations/${o.id}?on=${day(days)}`),
  );
  assert.match(await on(-20), /空缺 1 个/);
  assert.match(await on(9), /席甲/);
  assert.match(await on(12), /空缺 1 个/);
  assert.match(await on(12), new RegExp("已 2 天"));
  assert.match(main(await text(office, `/registers/organisations/${o.id}?on=soon`)), /不是日期/);
  assert.equal((await call("GET", `/seats/${seat.id}`)).body.vacant_since, day(11));
});

test("two holders of one seat, removed people, ends before beginnings are refused with the reason", async () => {
  const o = await organisation("试验第二支部"), one = await person("席乙");
  const two = await person("席丙");
  const seat = await made("/seats", { organisation: o.code, role: "secretary" });
  await made(
    "/posts",
    { organisation: o.code, role: "secretary", person: one.code, valid_from: "2026-01-01" },
  );
  const at = { organisation: o.code, role: "secretary", person: two.code };
  await refused(
    "/posts",
    { ...at, seat: seat.code, valid_from: "2026-06-01" },
    "seat",
    /席乙 holds this seat/,
  );
  await refused(
    "/posts",
    { ...at, valid_from: "2026-06-01" },
    "role",
    /All seats of this position are held/,
  );
  await refused(
    "/posts",
    { ...at, valid_from: "2026-06-01", valid_to: "2026-05-01" },
    "valid_to",
    /end can’t be before/,
  );
  await made("/posts", { ...at, valid_from: "2020-01-01", valid_to: "2025-12-31" });
  await refused(
    "/seats",
    { organisation: o.code, role: "member", valid_from: "2026-02-01", valid_to: "2026-01-01" },
    "valid_to",
    /end can’t be before/,
  );
});

test("a post without a seat makes one where the office has entered none", async () => {
  const o = await organisation("试验队伍", { kind: "team" });
  for (const name of ["席丁", "席戊"])
    await made(
      "/posts",
      { organisation: o.code, role: "member", person: (await person(name)).code },
    );
  const page = main(await text(office, `/registers/organisations/${o.id}`));
  assert.match(page, /席丁/);
  assert.match(page, /席戊/);
  assert.match(page, /2 个席位/);
});

test("the tree of an organisation's own folds, to the last level", async () => {
  const top = await organisation("试验党委");
  const middle = await organisation("试验总支", { parent: top.code });
  const last = await organisation("试验小组", { parent: middle.code });
  const page = main(await text(office, `/registers/organisations/${top.id}`));
  assert.match(
    page,
    new RegExp(`organisations/${middle.id}"[^]*<details[^]*organisations/${last.id}"`),
  );
});

test("terms do not overlap, last as long as the rules say, and keep their rule set", async () => {
  const o = await organisation("试验第三支部");
  const term = await made(
    "/terms",
    { organisation: o.code, name: "第一届", valid_from: "2024-03-01" },
  );
  assert.equal(term.valid_to, "2029-02-28");
  assert.ok(term.rule_set);
  await refused(
    "/terms",
    { organisation: o.code, name: "第二届", valid_from: "2028-01-01" },
    "valid_from",
    /overlaps the term “第一届”/,
  );
  await refused(
    "/terms",
    { organisation: o.code, name: "第零届", valid_from: "2010-01-01", valid_to: "2020-01-01" },
    "valid_to",
    /5 years and allow 1 more/,
  );
  await refused(
    "/terms",
    { organisation: o.code, name: "倒届", valid_from: "2023-01-01", valid_to: "2022-01-01" },
    "valid_to",
    /end can’t be before/,
  );
  // those below it have the shorter term
  const below = await organisation("试验第三支部一组", { parent: o.code });
  const short = await made(
    "/terms",
    { organisation: below.code, name: "第一届", valid_from: "2024-03-01" },
  );
  assert.equal(short.valid_to, "2027-02-28");
  await refused(
    "/organisations",
    { name: "绕", kind: "branch", parent: "nowhere", area: "441202001001" },
    "parent",
    /./,
  );
  const circle = await fetch(`${server.url}/api/v1/organisations/${o.id}`, {
    method: "PATCH",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "if-match": '"1"',
      "accept-language": "en",
    },
    body: JSON.stringify({ parent: below.code }),
  });
  const said = await circle.text();
  assert.equal(circle.status, 422, said);
  assert.match(said, /itself part of this organisation/);
});

test("a term that ends, a vacant seat and an outgrown branch are due", async () => {
  const o = await organisation("试验第四支部", { form: "branch", members: 51 });
  await made(
    "/terms",
    { organisation: o.code, name: "将满届", valid_from: day(-1500), valid_to: day(100) },
  );
  await made(
    "/seats",
    { organisation: o.code, role: "member", title: "青年委员", valid_from: day(-5) },
  );
  const due = await text(office, "/due");
  assert.match(due, /试验第四支部 · 将满届/);
  assert.match(due, /试验第四支部青年委员（自\d+年\d+月\d+日起空缺）/);
  assert.match(due, /调整组织形式/);
  const page = main(await text(office, `/registers/organisations/${o.id}`));
  assert.match(page, /现有正式党员 51 人，应当改设党总支/);
  // not before the rule's months
  const later = await organisation("试验第五支部");
  await made(
    "/terms",
    { organisation: later.code, name: "未满届", valid_from: day(-100), valid_to: day(400) },
  );
  assert.doesNotMatch(await text(office, "/due"), /未满届/);
  // the office changes the number, and it is
  const set = (await call("GET", "/rule_sets?about=party")).body.items[0],
    values = (await call("GET", `/rule_values?rule_set=${set.code}&limit=100`)).body.items,
    months = values.find((v) => v.name === "warn_months");
  assert.equal(months.number, 6);
  const patched = await fetch(`${server.url}/api/v1/rule_values/${months.id}`, {
    method: "PATCH",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "if-match": `"${months.version}"`,
    },
    body: JSON.stringify({ number: 18 }),
  });
  assert.equal(patched.status, 200, await patched.text());
  assert.match(await text(office, "/due"), /未满届/);
  const log = await text(office, `/registers/rule_values/${months.id}`);
  assert.match(log, /18/);
});

test("numbers of rules are accepted within their range, once in a set, by the whole office only", async () => {
  const set = (await call("GET", "/rule_sets?about=party")).body.items[0];
  const page = main(await text(office, `/registers/rule_sets/${set.id}`));
  assert.match(page, /成立党支部的正式党员人数/);
  assert.match(page, /3 人/);
  assert.match(page, /4\/5/);
  await refused(
    "/rule_values",
    { rule_set: set.code, name: "warn_months", number: 7 },
    "name",
    /already has this rule/,
  );
  await refused(
    "/rule_values",
    { rule_set: set.code, name: "voter_age", number: 18 },
    "name",
    /belongs to a rule set for/,
  );
  const next = await made(
    "/rule_sets",
    { name: "二〇三〇年起", about: "party", valid_from: "2030-01-01" },
  );
  await refused(
    "/rule_values",
    { rule_set: next.code, name: "warn_months", number: 99 },
    "number",
    /from 0 to 36/,
  );
  await refused(
    "/rule_values",
    { rule_set: next.code, name: "elected_share", number: 2 },
    "out_of",
    /share/,
  );
  await made("/rule_values", { rule_set: next.code, name: "warn_months", number: 8 });
  assert.equal((await worker.get("/registers/rule_sets/new")).status, 403);
  assert.equal((await worker.get(`/registers/rule_sets/${set.id}`)).status, 200);
});

test("a community sees and changes the seats of its own organisations only", async () => {
  const far = (await call("GET", "/seats?limit=200")).body.items.find(
    (s) => s.name.startsWith("东门"),
  );
  assert.ok(far);
  assert.equal((await worker.get(`/registers/seats/${far.id}`)).status, 404);
  const list = (await text(worker, "/registers/seats")).match(/<tbody[^]*<\/tbody>/)[0];
  assert.match(list, /星湖/);
  assert.doesNotMatch(list, /东门/);
  // the page of an organisation elsewhere tells no holder
  const dongmen = await call("GET", "/organisations?q=b-dongmen"), o = dongmen.body.items[0];
  const page = main(await text(worker, `/registers/organisations/${o.id}`));
  assert.doesNotMatch(page, /registers\/posts\/\d/);
  const sent = await worker.submit(
    "/registers/seats/new",
    "/registers/seats",
    { organisation: "b-dongmen", role: "member" },
  );
  assert.equal(sent.status, 422);
});

test("the sheets of seats, terms and posts come back unchanged; an old one without seats still comes in", async () => {
  const work = dirname(folder("sheets")), run = (...words) => linli(
    [...words, "--data", server.data],
  );
  for (const kind of ["rule_sets", "rule_values", "terms", "seats", "posts"]) {
    const file = join(work, `${kind}.csv`), out = run("export", kind, "--output", file);
    assert.equal(out.code, 0, out.stderr);
    const taken = run("import", kind, file);
    assert.match(
      taken.stdout,
      /^0 added, 0 updated, [1-9]\d* unchanged, 0 rejected/,
      `${kind}: ${taken.stdout}`,
    );
  }
  const old = join(work, "old.csv");
  const who = await person("席己");
  writeFileSync(
    old,
    `person,organisation,role,valid_from,valid_to\n${who.code},t-xinghu-hands,leader,2026-01-01,\n`,
  );
  assert.match(run("import", "posts", old).stdout, /^1 added/);
  assert.match(run("import", "posts", old).stdout, /^0 added, 0 updated, 1 unchanged/);
  const post = (await call("GET", `/posts?person=${who.code}`)).body.items[0];
  assert.ok(post.seat, "it has a seat");
});

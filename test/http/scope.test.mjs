// Whoever may not see a record is refused by every address that has one: page, API, sheet, live
// stream, form. The addresses are those of roles.txt, which is kept by hand and has every
// route.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { table } from "./roles.mjs";
import { linli, lock, read, rows, session, start, until } from "./server.mjs";

let server, ids, actors;

/** The rows of each statement on the store, as the program left it. */
const all = (...statements) => rows(join(server.data, "linli.db"), ...statements);
const one = (text) => all(text)[0][0]?.[0];

/** What lies outside each actor's reach, by kind: community 3 or another team, unit or person. */
const elsewhere = {
  worker: {
    requests: "SELECT max(id) FROM requests WHERE community = 3",
    people: "SELECT max(id) FROM people WHERE community = 3",
    volunteers: "SELECT max(id) FROM volunteers WHERE community = 3",
    activities: "SELECT max(id) FROM activities WHERE community = 3",
    shifts:
      "SELECT max(s.id) FROM shifts s JOIN activities a ON a.id = s.activity WHERE a.community <> 2",
    sign_ups:
      "SELECT max(s.id) FROM sign_ups s JOIN activities a ON a.id = s.activity WHERE a.community <> 2",
    attendances:
      "SELECT max(t.id) FROM attendances t JOIN activities a ON a.id = t.activity WHERE a.community = 3",
    hours:
      "SELECT max(h.id) FROM hours h JOIN volunteers v ON v.id = h.volunteer WHERE v.community = 3",
    offers: "SELECT max(id) FROM offers WHERE community = 3",
    offer_asks:
      "SELECT max(k.id) FROM offer_asks k JOIN offers o ON o.id = k.offer WHERE o.community <> 2",
    opinions: "SELECT max(id) FROM opinions WHERE community = 3",
    led_teams: "SELECT max(id) FROM organisations WHERE kind = 'team' AND community = 3",
    posts: "SELECT id FROM posts WHERE code = 'T-FOREIGN'",
    seats: "SELECT max(id) FROM seats WHERE organisation IN (SELECT id FROM organisations WHERE community = 3)",
    terms: "SELECT max(id) FROM terms WHERE organisation IN (SELECT id FROM organisations WHERE community = 3)",
    households: "SELECT id FROM households WHERE code = 'H-FOREIGN'",
    household_members: "SELECT id FROM household_members WHERE code = 'M-FOREIGN'",
    household_places: "SELECT id FROM household_places WHERE code = 'L-FOREIGN'",
    certificates: "SELECT id FROM certificates",
    merges: "SELECT id FROM merges",
    imports: "SELECT id FROM imports",
  },
  leading: {
    volunteers: "SELECT max(id) FROM volunteers WHERE team = 23",
    activities: "SELECT max(id) FROM activities WHERE organisation = 23",
    shifts:
      "SELECT max(s.id) FROM shifts s JOIN activities a ON a.id = s.activity WHERE coalesce(a.organisation, 0) <> 22",
    sign_ups:
      "SELECT max(s.id) FROM sign_ups s JOIN activities a ON a.id = s.activity WHERE coalesce(a.organisation, 0) <> 22",
    attendances:
      "SELECT max(t.id) FROM attendances t JOIN activities a ON a.id = t.activity WHERE a.organisation = 23",
    hours:
      "SELECT max(h.id) FROM hours h JOIN volunteers v ON v.id = h.volunteer WHERE v.team = 23",
    offers:
      "SELECT max(id) FROM offers WHERE community <> 2 AND id NOT IN (SELECT k.offer FROM offer_asks k JOIN volunteers v ON v.id = k.volunteer WHERE v.team = 22)",
    offer_asks:
      "SELECT max(k.id) FROM offer_asks k JOIN volunteers v ON v.id = k.volunteer JOIN offers o ON o.id = k.offer WHERE v.team <> 22 AND o.community <> 2",
    opinions: "SELECT max(id) FROM opinions WHERE team = 23",
    led_teams: "SELECT 23",
    imports: "SELECT id FROM imports",
  },
  unit: { requests: "SELECT max(id) FROM requests WHERE unit <> 5 AND id NOT IN (SELECT request FROM request_units WHERE unit = 5)", imports: "SELECT id FROM imports" },
  helping: {},
};

/** A browser that is let in, with the token its forms have. */
async function letIn(visitor, page) {
  visitor.csrf = (await visitor.hidden(page))._csrf;
  assert.ok(visitor.csrf, `${page} has a form`);
  return visitor;
}
const send = (who, path, fields = {}) => who.post(path, { _csrf: who.csrf, ...fields });
const json = (who, method, path, body, headers = {}) =>
  who.send(method, path, {
    headers: { "content-type": "application/json", "x-csrf": who.csrf ?? "", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });

before(async () => {
  server = await start({ requests: 120 });
  const now = Math.floor(Date.now() / 1000);
  all(`INSERT INTO certificates (created, updated, number, volunteer, seconds, content, issued, issuer, status, signed, signature)
       SELECT ${now}, ${now}, 'C-FOREIGN', max(id), 3600, '{}', ${now}, 'x', 'valid', 'x', 'x'
      FROM volunteers WHERE community = 3`,
    `INSERT INTO merges (created, updated, kind, kept, gone) SELECT ${now}, ${now}, 'people', max(id), min(id) FROM people WHERE community = 3`,
    `INSERT INTO imports (created, updated, "user", user_name, kind, file, size, status) SELECT ${now}, ${now}, id, name, 'people', 'foreign.csv', 1, 'mapped' FROM users WHERE login = 'dongmen1'`,
    `INSERT INTO posts (created, updated, code, person, organisation, role) SELECT ${now}, ${now}, 'T-FOREIGN', max(id), 27, 'member' FROM people WHERE community = 3`,
    `INSERT INTO households (created, updated, code, area, community, place, members, standing)
       VALUES (${now}, ${now}, 'H-FOREIGN', 3, 3, 'x', 1, 'lived')`,
    `INSERT INTO household_members (created, updated, code, household, person, relation, state)
       SELECT ${now}, ${now}, 'M-FOREIGN', (SELECT max(id) FROM households), max(id), 'head', 'here'
       FROM people WHERE community = 3`,
    `INSERT INTO household_places (created, updated, code, household, area, place)
       SELECT ${now}, ${now}, 'L-FOREIGN', max(id), 3, 'x' FROM households`,
    "UPDATE offers SET community = 3 WHERE id = (SELECT max(id) FROM offers)",
    `UPDATE people SET name = '外区某人' WHERE id = (SELECT max(person) FROM volunteers WHERE community = 3)`,
    `UPDATE activities SET status = 'planned' WHERE id IN (SELECT max(id) FROM activities WHERE community = 3 UNION SELECT max(id) FROM activities WHERE organisation = 23)`);
  const card = server.visitor();
  const worker = await letIn(session(server, "xinghu1"), "/account");
  const mine = one("SELECT max(id) FROM volunteers WHERE team = 22");
  const made = await send(worker, `/volunteers/${mine}/card`);
  assert.equal(made.status, 303);
  const shown = await (await worker.get(made.headers.get("location"))).text();
  const code = shown.match(/[2-9A-HJ-KMNP-Z]{5}[ -]?[2-9A-HJ-KMNP-Z]{5}(?=<)/)?.[0];
  assert.ok(code, "the card's code is shown once");
  assert.equal((await card.post("/card", { code })).headers.get("location"), "/my");
  const part = linli([
    "user",
    "add",
    "part",
    "--name",
    "一个社区的办公室",
    "--role",
    "office",
    "--area",
    "441202001001",
    "--generate",
    "--data",
    server.data,
  ]);
  assert.equal(part.code, 0, part.stderr);
  actors = {
    xinghu1: { who: worker, out: elsewhere.worker },
    // the office, for one community
    part: { who: await letIn(session(server, "part"), "/account"), out: elsewhere.worker },
    city1: { who: await letIn(session(server, "city1"), "/account"), out: elsewhere.unit },
    team1: { who: await letIn(session(server, "team1"), "/account"), out: elsewhere.leading },
    volunteer1: {
      who: await letIn(session(server, "volunteer1"), "/account"),
      out: elsewhere.helping,
    },
    card: { who: await letIn(card, "/my"), out: elsewhere.helping },
    auditor1: { who: await letIn(session(server, "auditor1"), "/account"), out: elsewhere.helping },
    nobody: { who: server.visitor(), out: elsewhere.helping },
  };
  const known = new Map();
  ids = (out, kind) => {
    const text =
      out[kind] ?? elsewhere.worker[kind] ?? `SELECT max(id) FROM ${kind.replace("-", "_")}`;
    if (!known.has(text)) known.set(text, one(text));
    return known.get(text);
  };
});
after(() => server?.stop());

/** Addresses that everybody may open, for what is announced to everybody. */
const open = new Set(["stations", "open_teams"]);
const words = {
  "/requests/{id}/photos/{name}": "1",
  "/requests/{id}/files/{name}": "1",
  "/requests/{id}/{name}": "dispatch",
  "/volunteers/{id}/{name}": "pause",
  "/activities/{id}/photos/{name}": "1",
};

/** Those that look their record up themselves. */
const more = [
  { method: "GET", path: "/requests/{id}/journal", kind: "requests" },
  { method: "GET", path: "/intake/done/{id}", kind: "requests" },
];
const routes = () => [...table.filter((r) => r.kind && !open.has(r.kind)), ...more];

test("no address opens a record of another community, unit, team or person", async () => {
  const wrong = [];
  let tried = 0;
  for (const [name, { who, out }] of Object.entries(actors))
    for (const r of routes()) {
      const shared = [
        "areas",
        "units",
        "categories",
        "holidays",
        "templates",
        "organisations",
        "skills",
        "volunteer-systems",
        "rule_sets",
        "rule_values",
      ].includes(r.kind);
      if (
        shared &&
        (r.method === "GET" ||
          name === "xinghu1" ||
          (name === "part" && r.kind === "organisations"))
      )
        continue;
      // whose work is every community's audit log
      if (name === "auditor1" && r.path.endsWith("/journal")) continue;
      const id = ids(out, r.kind) ?? 987654; // none is outside
      const path = r.path.replace("{id}", id).replace("{name}", words[r.path] ?? "1");
      const answer =
        r.method === "GET"
          ? await who.get(path)
          : r.path.startsWith("/api/")
            ? await json(who, r.method, path, {}, { "if-match": "*" })
            : await send(who, path);
      const text = await answer.text();
      const led =
        answer.status === 303 && /^\/(login|card)\?next=/.test(answer.headers.get("location"));
      tried++;
      if (!led && ![401, 403, 404].includes(answer.status)) wrong.push(`${name} ${r.method} ${path}: ${answer.status} ${answer.headers.get("location") ?? text.slice(0, 120)}`);
    }
  assert.deepEqual(wrong, []);
  assert.ok(tried > 500, `${tried} were tried`);
});

test("no register, list, spreadsheet, search box or suggestion shows records from elsewhere", async () => {
  const wrong = [];
  for (const [name, { who, out }] of Object.entries(actors))
    for (const kind of [
      "people",
      "posts",
      "seats",
      "terms",
      "volunteers",
      "shifts",
      "sign_ups",
      "attendances",
      "hours",
      "opinions",
      "certificates",
      "offers",
      "imports",
      "users",
      "requests",
      "activities",
    ]) {
      const id = ids(out, kind) ?? 987654,
        owner =
          { people: "name", certificates: "number", posts: "code" }[kind] ??
          (kind === "users" ? "login" : "id");
      const secret =
        owner === "id" ? null : String(one(`SELECT ${owner} FROM ${kind} WHERE id = ${id}`));
      for (const path of [`/registers/${kind}/${id}`, `/registers/${kind}/${id}/edit`]) {
        const answer = await who.get(path);
        const to = answer.headers.get("location") ?? "";
        if (
          answer.status === 200 ||
          (answer.status === 303 &&
            !/^\/(login|card)\?next=/.test(to) &&
            (await who.get(to)).status === 200)
        )
          wrong.push(`${name} GET ${path}: ${answer.status} ${to}`);
      }
      for (const path of [
        `/registers/${kind}/${id}`,
        `/registers/${kind}/${id}/reveal`,
        `/registers/${kind}/${id}/remove`,
      ]) {
        const answer = await send(who, path, { why: "x", field: "phone", version: "1" });
        if (![401, 403, 404].includes(answer.status))
          wrong.push(`${name} POST ${path}: ${answer.status}`);
      }
      if (!secret) continue;
      // a filter by a record from elsewhere does not say its name, on paper neither
      for (const [list, field] of Object.entries({ people: { posts: "person" } }[kind] ?? {})) {
        const text = await (await who.get(`/registers/${list}?${field}=${id}`)).text();
        if (text.includes(secret)) wrong.push(`${name} ${list}?${field}=${id}: ${secret} is shown`);
      }
      for (const path of [`/registers/${kind}?q=${encodeURIComponent(secret)}&community=3&limit=500`, `/registers/${kind}?community=3`,
        `/registers/${kind}/suggest?q=${encodeURIComponent(secret)}`, `/registers/${kind}/download?format=csv&community=3`, `/api/v1/${kind}?q=${encodeURIComponent(secret)}`, `/api/v1/${kind}?limit=500`]) {
        const answer = await who.get(path);
        const text = (await answer.text()) // without the reader's own words
          .replaceAll(/(value|href|action)="[^"]*"/g, "")
          .replace(/<p class="paper narrowed">.*?<\/p>/, "");
        if (answer.status === 200 && text.includes(secret))
          wrong.push(`${name} GET ${path}: ${secret} is shown`);
      }
    }
  assert.deepEqual(wrong, []);
});

test("what is mine alone is nobody else's: days, asks, certificates of volunteers", async () => {
  const foreign = { "/my/days/": "SELECT max(h.id) FROM hours h JOIN volunteers v ON v.id = h.volunteer WHERE v.team = 23", "/my/certificates/": "SELECT id FROM certificates" };
  for (const name of ["volunteer1", "card"]) {
    const { who } = actors[name];
    for (const [path, text] of Object.entries(foreign))
      assert.equal((await who.get(path + one(text))).status, 404, `${name} ${path}`);
    const me =
      name === "volunteer1"
        ? one(
            "SELECT v.id FROM volunteers v JOIN users u ON u.id = v.\"user\" WHERE u.login = 'volunteer1'",
          )
        : one("SELECT max(id) FROM volunteers WHERE team = 22");
    const ask = one(`SELECT max(id) FROM offer_asks WHERE volunteer <> ${me}`);
    for (const step of ["answer", "withdraw", "done"])
      assert.equal(
        (await send(who, `/my/asks/${ask}/${step}`, { answer: "yes" })).status,
        404,
        `${name} ${step}`,
      );
    assert.equal(
      (await send(who, `/my/days/${one(foreign["/my/days/"])}/dispute`, { dispute: "x" })).status,
      404,
    );
  }
});

/** Version of a record, for If-Match. */
const etag = (kind, id) => `"${one(`SELECT version FROM ${kind} WHERE id = ${id}`)}"`;

test("no record of one's own is made to point at a person, a volunteer or an activity of others", async () => {
  const team = actors.team1.who,
    worker = actors.xinghu1.who;
  const person =
    one(
      "SELECT max(id) FROM people WHERE community = 3 AND id NOT IN (SELECT person FROM volunteers)",
    ) ?? one("SELECT max(id) FROM people WHERE community = 3");
  const name = one(`SELECT name FROM people WHERE id = ${person}`),
    mine = one("SELECT min(id) FROM volunteers WHERE team = 22");
  const foreign = {
    volunteer: one("SELECT max(id) FROM volunteers WHERE community = 3"),
    activity: one("SELECT max(id) FROM activities WHERE community = 3"),
    user: one("SELECT id FROM users WHERE login = 'office1'"),
  };
  const own = {
    activity: one("SELECT max(id) FROM activities WHERE organisation = 22"),
    team: "22",
  };
  const starts = "2026-12-01 09:00",
    ends = "2026-12-01 10:00";
  const cases = [
    [
      "a volunteer's person",
      team,
      "PATCH",
      `/api/v1/volunteers/${mine}`,
      { person },
      ["volunteers", mine],
    ],
    [
      "a volunteer's login",
      team,
      "PATCH",
      `/api/v1/volunteers/${mine}`,
      { user: foreign.user },
      ["volunteers", mine],
    ],
    [
      "a volunteer's team",
      team,
      "PATCH",
      `/api/v1/volunteers/${mine}`,
      { team: 23 },
      ["volunteers", mine],
    ],
    ["a new volunteer", team, "POST", "/api/v1/volunteers", { person, team: 22 }],
    ["a new volunteer of a worker", worker, "POST", "/api/v1/volunteers", { person, team: 22 }],
    ["a new volunteer by name", worker, "POST", "/api/v1/volunteers", { person: name, team: 22 }],
    ["a post", worker, "POST", "/api/v1/posts", { person, organisation: 22, role: "member" }],
    [
      "a shift",
      team,
      "POST",
      "/api/v1/shifts",
      { activity: foreign.activity, name: "x", starts, ends },
    ],
    [
      "a shift of a worker",
      worker,
      "POST",
      "/api/v1/shifts",
      { activity: foreign.activity, name: "x", starts, ends },
    ],
    [
      "a sign-up",
      worker,
      "POST",
      "/api/v1/sign_ups",
      { activity: foreign.activity, name: "x", phone: "13800000000" },
    ],
    [
      "a sign-up of a volunteer",
      team,
      "POST",
      "/api/v1/sign_ups",
      { activity: own.activity, volunteer: foreign.volunteer, name: "x", phone: "13800000000" },
    ],
    [
      "an attendance",
      worker,
      "POST",
      "/api/v1/attendances",
      {
        activity: foreign.activity,
        volunteer: mine,
        came: "2026-03-01 09:00",
        went: "2026-03-01 10:00",
      },
    ],
    [
      "an attendance of a volunteer",
      team,
      "POST",
      "/api/v1/attendances",
      {
        activity: own.activity,
        volunteer: foreign.volunteer,
        came: "2026-03-01 09:00",
        went: "2026-03-01 10:00",
      },
    ],
    [
      "an activity of another team",
      team,
      "POST",
      "/api/v1/activities",
      { title: "别队的活动", kind: "haircut", organisation: 23, area: 2, starts, ends },
    ],
    [
      "an activity of another community",
      worker,
      "POST",
      "/api/v1/activities",
      { title: "别社区的活动", kind: "haircut", area: 3, starts, ends },
    ],
    [
      "an activity given to another team",
      team,
      "PATCH",
      `/api/v1/activities/${own.activity}`,
      { organisation: 23 },
      ["activities", own.activity],
    ],
    [
      "an opinion of another team",
      team,
      "POST",
      "/api/v1/opinions",
      { text: "别队的意见", team: 23 },
    ],
    [
      "an opinion of another community",
      worker,
      "POST",
      "/api/v1/opinions",
      { text: "别社区的意见", area: 3 },
    ],
    [
      "an organisation of another community",
      worker,
      "PATCH",
      "/api/v1/organisations/27",
      { name: "改了名" },
      ["organisations", 27],
    ],
  ];
  const journal = () => one("SELECT max(seq) FROM journal");
  const wrong = [];
  for (const [what, who, method, path, body, version] of cases) {
    const before = journal(),
      answer = await json(who, method, path, body, version ? { "if-match": etag(...version) } : {});
    const text = await answer.text();
    if (![403, 404, 422].includes(answer.status) || journal() !== before)
      wrong.push(`${what}: ${answer.status} ${text}`);
    if (text.includes(name) && !JSON.stringify(body).includes(name))
      wrong.push(`${what}: the answer names ${name}`);
  }
  assert.deepEqual(wrong, []);
  const office = await letIn(session(server, "office1"), "/account");
  const linked = await json(
    office,
    "PATCH",
    `/api/v1/volunteers/${mine}`,
    { user: "auditor2" },
    { "if-match": etag("volunteers", mine) },
  );
  assert.equal(linked.status, 200, "the office says whose login a volunteer has");
  const kept = await json(
    team,
    "PATCH",
    `/api/v1/volunteers/${mine}`,
    { user: "auditor2", limits: "不爬楼梯" },
    { "if-match": etag("volunteers", mine) },
  );
  assert.equal(kept.status, 200, "what stays as it was is no new reference");
});

test("a form whose hidden fields were changed stores nothing outside", async () => {
  const team = actors.team1.who,
    worker = actors.xinghu1.who;
  const request = one("SELECT max(id) FROM requests WHERE community = 3"),
    volunteer = one("SELECT max(id) FROM volunteers WHERE community = 3");
  const own = one("SELECT max(id) FROM activities WHERE organisation = 22"),
    offer = one("SELECT max(id) FROM offers WHERE community = 3");
  const tables = [
    "requests",
    "volunteers",
    "people",
    "offers",
    "offer_asks",
    "certificates",
    "activities",
    "shifts",
    "opinions",
    "attendances",
    "sign_ups",
  ];
  const kept = () =>
    JSON.stringify(
      all(
        ...tables.map((t) => `SELECT '${t}', count(*), sum(version) FROM ${t}`),
        "SELECT count(*) FROM notices WHERE status = 'told'",
      ),
    );
  const foreignNotice =
    one(
      "SELECT max(n.id) FROM notices n JOIN requests r ON n.kind = 'requests' AND r.id = n.record WHERE r.community <> 2 AND n.status = 'waiting'",
    ) ?? one("SELECT max(id) FROM notices");
  const cases = [
    [worker, "/visits", { request, skill: "haircut", people: "2" }],
    [worker, "/certificates", { volunteer, from: "2025-01-01", to: "2026-01-01" }],
    [worker, "/work/bulk", { step: "dispatch", id: request, unit: "5", go: "1" }],
    [worker, `/visits/${offer}/ask`, { volunteer }],
    [worker, "/outbox/told", { one: foreignNotice }],
    [worker, "/outbox/list", { id: foreignNotice }],
    [
      worker,
      "/activities/new",
      {
        title: "别社区的",
        kind: "haircut",
        area: "3",
        date: "2026-12-01",
        from: "09:00",
        to: "10:00",
      },
    ],
    [
      team,
      "/activities/new",
      {
        title: "别队的",
        kind: "haircut",
        organisation: "23",
        area: "2",
        date: "2026-12-01",
        from: "09:00",
        to: "10:00",
      },
    ],
    [
      team,
      `/activities/${own}/edit`,
      {
        title: "给别队",
        kind: "haircut",
        organisation: "23",
        area: "2",
        date: "2026-12-01",
        from: "09:00",
        to: "10:00",
        version: one(`SELECT version FROM activities WHERE id = ${own}`),
      },
    ],
    [team, `/activities/${own}/sign-ups`, { off: ids(elsewhere.leading, "sign_ups") }],
    [
      team,
      `/activities/${own}/fix`,
      {
        attendance: ids(elsewhere.leading, "attendances"),
        came: "2026-03-01T09:00",
        went: "2026-03-01T10:00",
        why: "x",
      },
    ],
    [team, "/opinions", { text: "记在别队名下", team: "23", seen: "1" }],
    [team, "/opinions", { text: "并入别处的事", team: "22", into: request, seen: "1" }],
    [worker, "/opinions", { text: "记在别的社区", area: "3", seen: "1" }],
    [
      team,
      "/volunteers/new",
      {
        name: "别队新人",
        phone: "13911112222",
        area: "2",
        team: "23",
        gender: "female",
        consent: "1",
      },
    ],
  ];
  const wrong = [];
  for (const [who, path, fields] of cases) {
    const was = kept(), answer = await send(who, path, fields);
    if (kept() !== was) wrong.push(`${path} ${JSON.stringify(fields)}: ${answer.status} ${answer.headers.get("location")}`);
  }
  assert.deepEqual(wrong, []);
});

test("a figure of records without an area of their own counts those in one's area", async () => {
  const shown = async (visitor) =>
    Number(
      (await read(visitor, "/figures/volunteers-taking_part/records"))
        .match(/([\d,]+)(?:<[^>]*>| )*(?:人(?!次)|people)/)[1]
        .replace(",", ""),
    );
  const [[[here]], [[everywhere]]] = all(
    "SELECT count(DISTINCT volunteer) FROM attendances WHERE status = 'good' AND activity IN (SELECT id FROM activities WHERE community = 2)",
    "SELECT count(DISTINCT volunteer) FROM attendances WHERE status = 'good'",
  );
  assert.ok(here > 0 && here < everywhere);
  assert.equal(await shown(await letIn(session(server, "office1"), "/account")), everywhere);
  assert.equal(await shown(actors.xinghu1.who), here);
});

test("no list, search box, filter, figure, sheet or suggestion shows what is elsewhere", async () => {
  const office = await letIn(session(server, "office1"), "/account");
  const request = one("SELECT max(id) FROM requests WHERE community = 3 AND status <> 'merged' AND coalesce(unit, 0) <> 5 AND visibility = 'office' AND id NOT IN (SELECT request FROM request_units) AND id NOT IN (SELECT request FROM opinions WHERE request IS NOT NULL)");
  assert.ok(request);
  const changed = await json(
    office,
    "PATCH",
    `/api/v1/requests/${request}`,
    {
      subject: "外区标记的一件事",
      requester_name: "外区标记人",
      text: "外区标记的详情",
      requester_phone: "13977778888",
    },
    { "if-match": etag("requests", request) },
  );
  assert.equal(changed.status, 200);
  const seen = async () => (await (await office.get(`/api/v1/requests?q=${encodeURIComponent("外区标记")}`)).text()).includes("外区标记");
  await until(seen, "the office finds it");
  const [[[number]], [[person, volunteer]]] = all(`SELECT number FROM requests WHERE id = ${request}`,
    "SELECT v.number, v.id FROM volunteers v JOIN people p ON p.id = v.person WHERE p.name = '外区某人'");
  const day = one(`SELECT max(id) FROM hours WHERE volunteer = ${volunteer}`), team = one(`SELECT team FROM volunteers WHERE id = ${volunteer}`);
  const q = (text) => encodeURIComponent(text);
  const pages = [
    "/work?view=all",
    `/work?view=all&q=${q("外区标记")}`,
    `/work?view=all&q=13977778888`,
    `/work?view=all&q=${number}`,
    "/work?view=all&community=3",
    "/work?community=3&unit=6",
    `/work?view=all&sort=due`,
    "/dashboard?community=3",
    "/dashboard?area=3",
    "/opinions?team=27",
    "/opinions?community=3",
    "/volunteers?community=3",
    `/volunteers?team=${team}`,
    `/volunteers?q=${person}`,
    `/volunteers?q=${q("外区某人")}`,
    `/hours?team=${team}`,
    "/hours?community=3",
    `/hours?volunteer=${volunteer}`,
    `/duty?team=${team}`,
    `/teams/${team}/members`,
    `/teams/${team}`,
    "/visits?view=all",
    "/outbox?view=all",
    "/outbox?view=sent",
    `/certificates?q=${person}`,
    `/certificates/new?volunteer=${volunteer}`,
    `/certificates/new?q=${q("外区某人")}`,
    `/visits/new?request=${request}`,
    "/activities/manage?community=3",
    `/registers/volunteers/suggest?q=${q("外区")}`,
    `/registers/people/suggest?q=${q("外区")}`,
    `/registers/requests/suggest?q=${q("外区")}`,
    `/registers/hours/download?format=csv&volunteer=${volunteer}`,
    `/registers/requests/download?format=csv`,
    "/registers/volunteers/download?format=json",
    `/api/v1/requests?q=${q("外区标记")}`,
    "/api/v1/requests?community=3&limit=500",
    `/api/v1/volunteers?team=${team}`,
    `/api/v1/hours?limit=500`,
    `/journal?kind=requests&record=${request}`,
    `/journal/download?kind=requests&record=${request}`,
    `/requests/1?like=${request}`,
    `/requests/1?into=${number}`,
    `/intake?like=${request}`,
    `/intake?choose=${request}`,
    `/intake?q=13977778888`,
    ...[
      "people.teams",
      "activities.held",
      "volunteers.active",
      "volunteers.hours",
      "volunteers.taking_part",
      "opinions.collected",
    ].map((f) => `/figures/${f}/records?community=3&area=3`),
    "/figures",
    "/my",
    "/my/days",
    "/admin",
    "/account",
    "/follow",
    `/receipt?of=${request}`,
    `/hours/${day}`,
  ];
  const wrong = [];
  for (const [name, { who }] of Object.entries(actors)) {
    for (const path of pages) {
      const text = (await (await who.get(path)).text()).replaceAll(
        /(value|href|action)="[^"]*"/g,
        "",
      );
      for (const mark of ["外区标记的", "外区标记人", "13977778888", "139****8888", "外区某人"])
        if (text.includes(mark) && !decodeURIComponent(path).includes(mark))
          wrong.push(`${name} ${path}: ${mark}`);
    }
  }
  for (const [name, { who }] of Object.entries(actors)) {
    for (const [path, fields] of [
      [
        "/intake/look",
        { phone: "13977778888", requester_phone: "13977778888", text: "外区标记的一件事" },
      ],
      ["/ask/similar", { text: "外区标记的一件事", area: "3" }],
      ["/work/download?view=all", { format: "csv" }],
      ["/work/bulk", { step: "dispatch", id: String(request), unit: "5" }],
      ["/opinions", { text: "外区标记的详情", team: "22", area: "2" }],
    ]) {
      const text = (await (await send(who, path, fields)).text()).replaceAll(
        /(value|href)="[^"]*"|<textarea[\s\S]*?<\/textarea>/g,
        "",
      );
      for (const mark of ["外区标记的一件事", "外区标记人"])
        if (text.includes(mark)) wrong.push(`${name} POST ${path}: ${mark}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("what goes out of reach while a change waits its turn is refused, and the server goes on", async () => {
  const worker = actors.xinghu1.who, offer = one("SELECT max(id) FROM offers"), certificate = one("SELECT max(id) FROM certificates"), activity = one("SELECT max(id) FROM activities WHERE community = 2 AND status = 'open'");
  const request = one("SELECT max(id) FROM requests WHERE community = 2 AND status = 'received'");
  const mine = one("SELECT max(id) FROM volunteers WHERE community = 2");
  const cases = [
    ...["widen", "ask", "done", "cancel"].map((step) => [
      `/visits/${offer}/${step}`,
      "offers",
      offer,
    ]),
    [`/certificates/${certificate}/revoke`, "certificates", certificate],
    [`/activities/${activity}/edit`, "activities", activity],
    [`/activities/${activity}/cancel`, "activities", activity],
    [`/requests/${request}/note`, "requests", request],
  ];
  const here = {
    offers: `UPDATE offers SET community = 2, status = 'open' WHERE id = ${offer}`,
    certificates: `UPDATE certificates SET volunteer = ${mine} WHERE id = ${certificate}`,
    activities: `UPDATE activities SET community = 2 WHERE id = ${activity}`,
  };
  const away = {
    offers: `UPDATE offers SET community = 3 WHERE id = ${offer}`,
    certificates: `UPDATE certificates SET volunteer = (SELECT max(id) FROM volunteers WHERE community = 3) WHERE id = ${certificate}`,
    activities: `UPDATE activities SET community = 3 WHERE id = ${activity}`,
    requests: `UPDATE requests SET community = 3 WHERE id = ${request}`,
  };
  here.requests = `UPDATE requests SET community = 2 WHERE id = ${request}`;
  const done = () => JSON.stringify(all("SELECT count(*) FROM journal WHERE action <> 'read'", "SELECT count(*) FROM notices"));
  for (const [path, kind, id] of cases) {
    all(here[kind]);
    const release = await lock(join(server.data, "linli.db"), away[kind]);
    const version = one(`SELECT version FROM ${kind} WHERE id = ${id}`),
      before = done();
    const waiting = send(worker, path, {
      why: "x",
      note: "改了归属之后写的",
      came: "2026-03-01T09:00",
      went: "2026-03-01T10:00",
      volunteer: mine,
      version,
      title: "清洁日",
      kind: "clean_up",
      area: "2",
      date: "2027-03-01",
      from: "09:00",
      to: "10:00",
    });
    for (let i = 0; i < 10; i++) await fetch(`${server.url}/healthz`); // it is past the gate by now
    await release();
    const answer = await waiting;
    assert.equal(answer.status, 404, path);
    assert.equal(done(), before, path);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200, path);
  }
});

test("an uploaded sheet reaches no row outside one's area, by code, document, telephone or number at the source", async () => {
  const worker = actors.xinghu1.who;
  const [[[code, name]], [[number]]] = all("SELECT code, name FROM people WHERE community = 3 ORDER BY id LIMIT 1", "SELECT number FROM volunteers WHERE community = 3 ORDER BY id LIMIT 1",
    "UPDATE requests SET source = 'old', source_number = 'OLD-1' WHERE id = (SELECT max(id) FROM requests WHERE community = 3)");
  const sheets = {
    people: `code,name,address\n${code},${name},改了的地址\n`,
    volunteers: `number,person,limits\n${number},${code},改了的备注\n`,
    requests: `source,source_number,subject,text\nold,OLD-1,改了的主题,改了的内容\n`,
  };
  const kept = () => JSON.stringify(all("SELECT count(*), sum(version) FROM people", "SELECT count(*), sum(version) FROM volunteers", "SELECT sum(version) FROM requests WHERE source = 'old'"));
  for (const [kind, text] of Object.entries(sheets)) {
    const before = kept();
    const form = new FormData();
    form.set("_csrf", worker.csrf);
    form.set("kind", kind);
    form.set("file", new Blob([text]), "rows.csv");
    const sent = await worker.send("POST", "/import", { body: form });
    assert.equal(sent.status, 303, `${kind}: ${(await sent.text()).match(/problem[^<]*<[^>]*>[^<]*/)?.[0]}`);
    const page = sent.headers.get("location"), hidden = await worker.hidden(page);
    const shown = await (await worker.get(page)).text();
    const fields = { ...hidden, do: "start" };
    for (const [, select, options] of shown.matchAll(/<select[^>]*name="([^"]*)"[^>]*>([\s\S]*?)<\/select>/g)) fields[select] = options.match(/value="([^"]*)" selected/)?.[1] ?? "";
    assert.equal((await send(worker, `${page.split("?")[0]}/go`, fields)).status, 303, kind);
    await until(() => ["done", "refused", "stopped", "failed", "cancelled"].includes(one("SELECT status FROM imports ORDER BY id DESC LIMIT 1")), `${kind}: the import ends`);
    assert.equal(one("SELECT refused FROM imports ORDER BY id DESC LIMIT 1"), 1, `${kind}: the row is refused (${all("SELECT status, refused, added, changed, reason FROM imports ORDER BY id DESC LIMIT 1")})`);
    assert.equal(kept(), before, kind);
  }
});

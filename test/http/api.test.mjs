// The JSON API as a program meets it: lists, records, changes, steps, and what it refuses.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { linli, lock, start } from "./server.mjs";

let server, office, leader, auditor;

before(async () => {
  server = await start();
  office = server.token("office", "--name", "hotline");
  leader = server.token("leader");
  auditor = server.token("auditor");
});
after(() => server?.stop());

async function call(method, path, { token = office, body, headers = {}, raw } = {}) {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      "accept-language": "en",
      ...(body !== undefined || raw !== undefined ? { "content-type": "application/json" } : {}),
      ...headers,
    },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
}
const fields = (answer) => answer.body.errors.map((e) => e.field);

test("describes every kind with its fields", async () => {
  const { body } = await call("GET", "/");
  const names = body.kinds.map((k) => k.name);
  for (const name of ["areas", "units", "categories", "holidays", "templates", "requests"])
    assert.ok(names.includes(name), name);
  const subject = body.kinds
    .find((k) => k.name === "requests")
    .fields.find((f) => f.name === "subject");
  assert.deepEqual([subject.type, subject.required, subject.most_characters], ["text", true, 120]);
  assert.ok(!JSON.stringify(body).includes("code_hash"));
  const open = (await call("GET", "/openapi.json")).body;
  assert.equal(open.openapi, "3.1.0");
  assert.ok(
    open.paths["/requests"].post &&
      open.paths["/requests/{id}"].patch &&
      open.paths["/requests/{id}/dispatch"],
  );
});

test("pages through a list, each record once, in a stable order", async () => {
  const seen = [];
  const { total } = (await call("GET", "/requests?limit=1")).body;
  let cursor = "";
  do {
    const { status, body } = await call(
      "GET",
      `/requests?limit=47${cursor && `&cursor=${cursor}`}`,
    );
    assert.equal(status, 200);
    assert.equal(body.total, total);
    seen.push(...body.items.map((r) => r.id));
    cursor = body.next;
  } while (cursor);
  assert.equal(seen.length, total);
  assert.equal(new Set(seen).size, total);
  assert.deepEqual(seen, [...seen].sort((a, b) => b - a));
});

test("filters, and says which parameter is wrong", async () => {
  const all = (await call("GET", "/requests?limit=500")).body.items;
  const closed = (await call("GET", "/requests?status=closed,handling&limit=500")).body;
  assert.equal(closed.total, all.filter((r) => ["closed", "handling"].includes(r.status)).length);
  for (const [query, field] of [
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["limit=x", "limit"],
    ["cursor=%21", "cursor"],
    ["status=open", "status"],
    ["colour=red", "colour"],
    ["since=yesterday", "since"],
    ["category=nowhere", "category"],
  ]) {
    const answer = await call("GET", `/requests?${query}`);
    assert.equal(answer.status, 422, query);
    assert.deepEqual(fields(answer), [field], query);
  }
  const area = (await call("GET", "/areas?q=%25")).body;
  assert.equal(area.total, 0, "a % is looked for as it is");
});

test("a record has its version as ETag and times with an offset", async () => {
  const { body, headers } = await call("GET", "/requests/1");
  assert.equal(headers.get("etag"), `"${body.version}"`);
  assert.match(body.received_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/);
  const again = await call("GET", "/requests/1", {
    headers: { "if-none-match": headers.get("etag") },
  });
  assert.equal(again.status, 304);
  assert.equal((await call("GET", "/requests/999999")).status, 404);
  assert.equal((await call("GET", "/nothings")).status, 404);
});

test("q finds numbers as they are written, a category holds those below it, a day is a whole one", async () => {
  const categories = (await call("GET", "/categories?limit=500")).body.items;
  const below = categories.find((one) => one.parent);
  const above = categories.find((one) => one.id === below.parent || one.code === below.parent);
  const made = (
    await call("POST", "/requests", {
      body: {
        subject: "路面塌了一块",
        text: "车过不去。",
        requester_phone: "0758-2234999",
        category: below.code,
      },
    })
  ).body;
  const found = async (query) =>
    (await call("GET", `/requests?${query}`)).body.items.map((one) => one.id);
  for (const q of ["0758-2234999", "07582234999", "(0758) 2234999", "0758—2234999", made.number])
    assert.deepEqual(await found(`q=${encodeURIComponent(q)}`), [made.id], q);
  const plain = made.number.replace("-", "");
  assert.deepEqual(await found(`q=${plain}`), [made.id]);
  assert.deepEqual(await found(`q=${encodeURIComponent(`编号${made.number}。`)}`), [made.id]);
  assert.ok((await found(`category=${above.code}&limit=200`)).includes(made.id));
  const unit = (await call("GET", "/units?limit=1")).body.items[0];
  await call("POST", `/requests/${made.id}/dispatch`, { body: { unit: `#${unit.id}` } });
  const day = new Date(Date.parse(made.due) + 20 * 86400e3).toISOString().slice(0, 10);
  const extended = (
    await call("POST", `/requests/${made.id}/extend`, { body: { until: day, text: "等配件" } })
  ).body;
  assert.equal(extended.due, `${day}T23:59:59+08:00`);
  await call("POST", `/requests/${made.id}/answer`, { body: { text: "已修好。" } });
  const late = await call("POST", `/requests/${made.id}/extend`, {
    body: { until: day, text: "等配件" },
  });
  assert.equal(late.status, 409);
  assert.match(late.body.title, /已答复|Replied/, "what happened");
});

test("sealed fields are masked for who may only read", async () => {
  const made = (
    await call("POST", "/requests", {
      body: {
        subject: "Street light",
        text: "It is dark.",
        requester_phone: "138 0013 8000",
        requester_name: "李小红",
        on_behalf: "王奶奶",
      },
    })
  ).body;
  assert.equal(made.requester_phone, "13800138000");
  const read = (await call("GET", `/requests/${made.id}`, { token: leader })).body;
  assert.equal(read.requester_phone, "138****8000");
  assert.deepEqual(
    [made.requester_name, read.requester_name, read.on_behalf],
    ["李小红", "李**", "王**"],
    "as on pages, names too",
  );
});

test("a repeated POST makes one record and gets the same answer", async () => {
  const before = (await call("GET", "/requests")).body.total;
  const send = (body) => call("POST", "/requests", { body, headers: { "idempotency-key": "k-1" } });
  const answers = await Promise.all(
    [1, 2, 3].map(() => send({ subject: "Once only", text: "Sent three times." })),
  );
  for (const a of answers) {
    assert.equal(a.status, 201);
    assert.deepEqual(a.body, answers[0].body);
    assert.equal(a.headers.get("location"), `/api/v1/requests/${answers[0].body.id}`);
  }
  assert.equal((await call("GET", "/requests")).body.total, before + 1);
  assert.equal((await send({ subject: "Other content", text: "Same key." })).status, 409);
  // the key is the program's own: another one's is another request, on another address too
  const other = server.token("office", "--name", "counter");
  const apart = await call("POST", "/requests", {
    token: other,
    body: { subject: "Once only", text: "Sent three times." },
    headers: { "idempotency-key": "k-1" },
  });
  assert.equal(apart.status, 201);
  assert.notEqual(apart.body.id, answers[0].body.id);
  assert.equal((await call("GET", "/requests")).body.total, before + 2);
  const entries = (await call("GET", `/requests/${answers[0].body.id}`)).body;
  assert.equal(entries.channel, "api");
});

test("a stale edit is told who changed what, and overwrites nothing", async () => {
  const made = (await call("POST", "/requests", { body: { subject: "Before", text: "Text" } }))
    .body;
  const patch = (body, match) =>
    call("PATCH", `/requests/${made.id}`, { body, headers: match ? { "if-match": match } : {} });
  assert.equal((await patch({ subject: "No version" })).status, 428);
  const first = await patch({ subject: "First", place: "North gate" }, '"1"');
  assert.equal(first.status, 200);
  assert.equal(first.body.version, 2);
  const stale = await patch({ subject: "Second" }, '"1"');
  assert.equal(stale.status, 412);
  assert.deepEqual(fields(stale).sort(), [null, "place", "subject"].sort());
  assert.match(JSON.stringify(stale.body.errors), /hotline/);
  const now = (await call("GET", `/requests/${made.id}`)).body;
  assert.equal(now.subject, "First");
  const cleared = await patch({ place: null }, '"2"');
  assert.equal(cleared.body.place, null);
  assert.equal((await patch({ subject: "Any" }, "*")).status, 200);
  assert.equal((await patch({ subject: "Any" }, "5")).status, 400);
});

test("of two changes to one version that wait together, one is stored and one is told", async () => {
  const made = (await call("POST", "/requests", { body: { subject: "Before", text: "Text" } }))
    .body;
  const release = await lock(join(server.data, "linli.db"));
  const both = ["One", "Other"].map((subject) =>
    call("PATCH", `/requests/${made.id}`, { body: { subject }, headers: { "if-match": '"1"' } }),
  );
  for (let i = 0; i < 10; i++) await fetch(`${server.url}/healthz`); // both are past the gate
  await release();
  const answers = await Promise.all(both);
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 412]);
  const stored = answers.find((a) => a.status === 200).body;
  assert.equal((await call("GET", `/requests/${made.id}`)).body.subject, stored.subject);
});

test("fixed and unknown fields, and wrong types, get one message each", async () => {
  const answer = await call("POST", "/requests", {
    body: {
      subject: 5,
      text: ["a"],
      status: "closed",
      number: "1",
      colour: "red",
      category: 1.5,
      requester_phone: "12",
      area: true,
      id: 4,
    },
  });
  assert.equal(answer.status, 422);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  assert.deepEqual([...new Set(fields(answer))].sort(), [
    "area",
    "category",
    "colour",
    "id",
    "number",
    "requester_phone",
    "status",
    "subject",
    "text",
  ]);
  assert.deepEqual(fields(await call("POST", "/requests", { body: {} })), ["subject", "text"]);
  assert.deepEqual(
    fields(await call("POST", "/requests", { body: { subject: "字".repeat(121), text: "x" } })),
    ["subject"],
  );
  assert.equal(
    (await call("POST", "/requests", { body: { subject: "字".repeat(120), text: "x" } })).status,
    201,
  );
  assert.deepEqual(
    fields(await call("POST", "/holidays", { body: { date: "2026-02-30", is_off_day: true } })),
    ["date"],
  );
  assert.deepEqual(
    fields(await call("POST", "/categories", { body: { code: "N1", name: "x", days: 1e300 } })),
    ["days"],
  );
});

test("bodies that are not what they say are refused", async () => {
  const bad = {
    "not JSON": "{subject:1}",
    "a list": "[1]",
    "a text after the end": '{"subject":"ab","text":"x"} x',
    "a key twice": '{"subject":"ab","subject":"cd","text":"x"}',
    "too deep": `{"subject":${"[".repeat(50)}${"]".repeat(50)}}`,
    "NUL by escape": '{"subject":"a\\u0000b","text":"x"}',
    "half a surrogate": '{"subject":"a\\ud800b","text":"x"}',
    "a number out of range": '{"subject":"ab","text":"x","category":1e999}',
    nothing: "",
  };
  for (const [name, raw] of Object.entries(bad)) {
    const answer = await call("POST", "/requests", { raw });
    assert.equal(answer.status, 422, name);
  }
  for (const raw of [
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    Buffer.from('{"a":"\0"}'),
  ])
    assert.equal((await call("POST", "/requests", { raw })).status, 400);
  assert.equal(
    (await call("POST", "/requests", { raw: "a=b", headers: { "content-type": "text/plain" } }))
      .status,
    415,
  );
  const big = `{"subject":"ab","text":"${"x".repeat(1 << 20)}"}`;
  assert.equal((await call("POST", "/requests", { raw: big })).status, 413);
  assert.equal(
    (await call("POST", "/requests", { raw: `{"text":"${"x".repeat(10 << 20)}"}` })).status,
    413,
  );
  const evil = { subject: "<script>alert(1)</script>", text: "'; DROP TABLE requests; --" };
  const stored = (await call("POST", "/requests", { body: evil })).body;
  assert.deepEqual([stored.subject, stored.text], [evil.subject, evil.text]);
});

test("steps of a request go by their table", async () => {
  const { id } = (await call("POST", "/requests", { body: { subject: "Steps", text: "Text" } }))
    .body;
  const step = (action, body, token) => call("POST", `/requests/${id}/${action}`, { body, token });
  assert.deepEqual(fields(await step("dispatch", {})), ["unit"]);
  assert.deepEqual(fields(await step("dispatch", { unit: "NOWHERE" })), ["unit"]);
  const unit = (await call("GET", "/units?limit=1")).body.items[0];
  assert.equal((await step("dispatch", { unit: unit.code }, leader)).status, 403);
  const sent = await step("dispatch", { unit: unit.code });
  assert.deepEqual([sent.status, sent.body.status, sent.body.unit], [200, "dispatched", unit.id]);
  assert.equal((await step("close", { solved: "yes" })).status, 409);
  assert.deepEqual(fields(await step("answer", {})), ["text"]);
  assert.equal((await step("answer", { text: "Done." })).body.status, "answered");
  assert.equal(
    (await step("confirm", { solved: "yes" })).status,
    404,
    "only the resident says that it is solved",
  );
});

test("a volunteer's status changes by steps only, and programs take them", async () => {
  const one = (await call("GET", "/volunteers?status=active&limit=1")).body.items[0];
  const step = (action, body = {}) => call("POST", `/volunteers/${one.id}/${action}`, { body });
  const patched = await call("PATCH", `/volunteers/${one.id}`, {
    body: { status: "left" },
    headers: { "if-match": "*" },
  });
  assert.deepEqual([patched.status, fields(patched)], [422, ["status"]]);
  assert.match(patched.body.errors[0].message, /confirm, refuse, pause, resume, leave/);
  assert.equal((await step("pause")).body.status, "paused");
  assert.equal((await step("pause")).status, 409);
  assert.equal((await step("resume")).body.status, "active");
  assert.deepEqual(fields(await step("leave")), ["why"]);
  assert.equal((await step("leave", { why: "Moved away" })).body.status, "left");
  assert.equal((await step("apply")).status, 404, "only the person applies");
});

test("tokens: none, wrong, revoked, and roles", async () => {
  assert.equal((await call("GET", "/requests", { token: null })).status, 401);
  assert.equal((await call("GET", "/requests", { token: "0".repeat(64) })).status, 401);
  assert.equal((await call("GET", "/requests", { token: auditor })).status, 403);
  assert.equal(
    (await call("POST", "/requests", { token: leader, body: { subject: "ab", text: "x" } })).status,
    403,
  );
  const short = server.token("office", "--name", "short-lived");
  assert.equal((await call("GET", "/requests", { token: short })).status, 200);
  const line = linli(["token", "list", "--data", server.data])
    .stdout.split("\n")
    .find((l) => l.endsWith("short-lived"));
  assert.equal(linli(["token", "revoke", line.split("\t")[0], "--data", server.data]).code, 0);
  assert.equal((await call("GET", "/requests", { token: short })).status, 401);
});

test("a token sees its own area and unit only", async () => {
  const all = (await call("GET", "/requests?limit=500")).body.items;
  const units = (await call("GET", "/units?limit=500")).body.items;
  const unit = units.find((u) => all.some((r) => r.unit === u.id));
  const handler = server.token("unit_handler", "--unit", unit.code);
  const seen = (await call("GET", "/requests?limit=500", { token: handler })).body.items;
  assert.ok(seen.length > 0 && seen.every((r) => r.unit === unit.id));
  const other = all.find((r) => r.unit !== unit.id);
  assert.equal((await call("GET", `/requests/${other.id}`, { token: handler })).status, 404);
  assert.equal(
    (
      await call("PATCH", `/requests/${other.id}`, {
        token: handler,
        body: { subject: "mine" },
        headers: { "if-match": "*" },
      })
    ).status,
    404,
  );
});

test("activities, shifts, sign-ups and volunteers are made only where one is at home", async () => {
  const areas = (await call("GET", "/areas?level=community&limit=50")).body.items;
  const [mine, other] = areas.map((a) => a.code);
  const worker = server.token("worker", "--area", mine),
    leaderless = server.token("team_leader");
  const activity = (area, more = {}) => ({
    title: "便民理发",
    kind: "haircut",
    area,
    starts: "2027-03-01T09:00:00+08:00",
    ends: "2027-03-01T11:00:00+08:00",
    ...more,
  });
  const post = (path, token, body) => call("POST", path, { token, body });
  const made = await post("/activities", worker, activity(mine));
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const refused = await post("/activities", worker, activity(other));
  assert.equal(refused.status, 422);
  assert.deepEqual(fields(refused), ["organisation"]);
  const team = (await call("GET", "/organisations?kind=team&limit=1")).body.items[0];
  assert.equal(
    (await post("/activities", leaderless, activity(other, { organisation: team.code }))).status,
    422,
    "a leader of no team",
  );
  const away = (await call("GET", `/activities/${made.body.id}`)).headers.get("etag");
  assert.equal(
    (
      await call("PATCH", `/activities/${made.body.id}`, {
        token: worker,
        body: { area: other },
        headers: { "if-match": away },
      })
    ).status,
    422,
    "nor moved away",
  );
  const theirs = await post("/activities", office, activity(other));
  assert.equal(theirs.status, 201);
  const shift = (of) => ({
    activity: of.body.number,
    name: "上午",
    starts: "2027-03-01T09:00:00+08:00",
    ends: "2027-03-01T11:00:00+08:00",
    places: 2,
  });
  assert.equal((await post("/shifts", worker, shift(made))).status, 201);
  assert.deepEqual(fields(await post("/shifts", worker, shift(theirs))), ["activity"]);
  assert.deepEqual(
    fields(
      await post("/sign_ups", worker, {
        activity: theirs.body.number,
        name: "王某",
        phone: "13800000555",
      }),
    ),
    ["activity"],
  );
  const before = (await call("GET", "/activities?limit=1")).body.total;
  await post("/activities", worker, activity(other));
  assert.equal(
    (await call("GET", "/activities?limit=1")).body.total,
    before,
    "nothing of it stays",
  );
});

test("a recurrence rule is one that the form can make, ends, and says when it was cut", async () => {
  const area = (await call("GET", "/areas?level=community&limit=1")).body.items[0].code;
  const post = (repeats, starts = "2027-04-28") =>
    call("POST", "/activities", {
      body: {
        title: "晨练",
        kind: "sports",
        area,
        starts: `${starts}T09:00:00+08:00`,
        ends: `${starts}T10:00:00+08:00`,
        repeats,
      },
    });
  const endless =
    "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5,6,7,8,9;BYMONTHDAY=30;BYMONTH=2";
  for (const rule of [
    endless,
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=53SA",
    "FREQ=DAILY;UNTIL=20270428",
  ])
    assert.deepEqual(fields(await post(rule)), ["repeats"], rule);
  const dates = async (made) => (await call("GET", "/activities?limit=500")).body.items
    .filter((a) => a.series === made.body.series).map((a) => a.starts.slice(0, 10)).sort();
  const utc = await post("FREQ=DAILY;UNTIL=20270430T155959Z"); // 23:59:59 here
  assert.equal(utc.status, 201, JSON.stringify(utc.body));
  assert.equal(utc.headers.get("warning"), null);
  assert.deepEqual(
    await dates(utc),
    ["2027-04-28", "2027-04-29", "2027-04-30"],
    "the last day belongs to it",
  );
  const long = await post("FREQ=DAILY;UNTIL=20271231", "2027-05-01");
  assert.equal(long.body.repeats, "FREQ=DAILY;COUNT=60");
  assert.match(long.headers.get("warning"), /^299 - ".*60/);
  assert.equal((await dates(long)).length, 60);
  const changed = await call("PATCH", `/activities/${utc.body.id}`, {
    body: { repeats: endless },
    headers: { "if-match": "*" },
  });
  assert.deepEqual(fields(changed), ["repeats"]);
});

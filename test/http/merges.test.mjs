// Two entries of one person, or of one organisation, become one: by whom, once, with what each
// said, and back again. Old addresses, codes and cards lead to the entry that was kept.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { read, rows, sent, session, start } from "./server.mjs";

let server, office, near, far;
const all = (...statements) => rows(join(server.data, "linli.db"), ...statements);
const one = (text) => all(text)[0][0]?.[0];
const XINGHU = "441202001001";

before(async () => {
  server = await start({});
  office = session(server, "office1");
  near = session(server, "xinghu1");
  far = session(server, "dongmen1");
});
after(() => server?.stop());

/** A new person; returns its id. */
async function person(fields) {
  const answer = await office.submit("/registers/people/new", "/registers/people", {
    area: XINGHU,
    ...fields,
  });
  assert.equal(answer.status, 303, await answer.text());
  return Number(answer.headers.get("location").match(/\d+/)[0]);
}
const compare = (kept, gone) => `/registers/people/${kept}/merge?with=%23${gone}`;
const merge = (who, kept, gone, more = {}) =>
  who.submit(compare(kept, gone), `/registers/people/${kept}/merge`, more);
const merged = (id) => one(`SELECT merged_into FROM people WHERE id = ${id}`);

test("both stand side by side, one choice for each difference, and everything moves", async () => {
  const kept = await person({ name: "合并甲", phone: "13900010001", note: "住三楼" });
  const gone = await person({
    name: "合并甲",
    phone: "13900010002",
    address: "湖边路 8 号",
    note: "怕狗",
  });
  const team = one("SELECT code FROM organisations WHERE kind = 'team' ORDER BY id LIMIT 1");
  await sent(
    await office.submit("/registers/posts/new", "/registers/posts", {
      person: `#${gone}`,
      organisation: String(team),
      role: "member",
    }),
    303,
  );
  const page = await read(office, compare(kept, gone));
  assert.match(page, /name="take-phone" value="kept" checked/);
  assert.match(page, /name="take-address" value="gone" checked/, "what only one says is taken");
  assert.doesNotMatch(page, /13900010001|13900010002/, "sealed numbers stay masked");
  assert.match(page, /不相同/);
  await sent(await merge(office, kept, gone, { "take-phone": "gone" }), 303);
  assert.equal(merged(gone), kept);
  const now = await read(office, `/registers/people/${kept}`);
  assert.match(now, /湖边路 8 号/);
  assert.match(now, /住三楼[\s\S]*怕狗/);
  assert.match(now, /并入本记录/);
  assert.equal(one(`SELECT count(*) FROM posts WHERE person = ${kept}`), 1);
  // the list has one of them; the old address leads there, and says so
  const old = await office.get(`/registers/people/${gone}`);
  assert.equal(old.status, 303);
  assert.equal(old.headers.get("location"), `/registers/people/${kept}`);
  assert.match(await read(office, `/registers/people/${kept}`), /您要看的记录已并入本记录/);
  assert.deepEqual(
    all(`SELECT kind, record, action FROM journal WHERE action = 'merge'
      AND record IN (${kept}, ${gone}) ORDER BY record`)[0],
    [
      ["people", kept, "merge"],
      ["people", gone, "merge"],
    ],
  );
  // undone: as it was
  const merge_id = one(`SELECT id FROM merges WHERE kept = ${kept}`);
  const undo = `/merges/${merge_id}/undo`;
  await sent(await office.submit(`/registers/merges/${merge_id}`, undo, {}), 303);
  assert.equal(merged(gone), null);
  assert.equal(one(`SELECT count(*) FROM posts WHERE person = ${gone}`), 1);
  assert.equal(one(`SELECT address FROM people WHERE id = ${kept}`), null);
  assert.equal((await office.get(`/registers/people/${gone}`)).status, 200);
  const { _csrf } = await office.hidden("/account");
  const again = await office.post(undo, { _csrf });
  assert.equal(again.status, 409, "an undo happens once, too");
});

test("a form sent twice merges once; one that is out of date merges nothing", async () => {
  const kept = await person({ name: "两次甲", phone: "13900010011" });
  const gone = await person({ name: "两次甲", phone: "13900010012" });
  const { _key, ...form } = await office.hidden(compare(kept, gone));
  const send = () => office.post(`/registers/people/${kept}/merge`, form);
  const edited = `/registers/people/${gone}`;
  await sent(await office.submit(`${edited}/edit`, edited, { note: "新" }), 303);
  const stale = await send();
  assert.equal(stale.status, 409);
  assert.match(await stale.text(), /重新对照/);
  assert.equal(merged(gone), null);
  const { _key: other, ...fresh } = await office.hidden(compare(kept, gone));
  const both = await Promise.all(
    [1, 2].map(() => office.post(`/registers/people/${kept}/merge`, fresh)),
  );
  assert.ok(both.some((a) => a.status === 303));
  await sent(await office.post(`/registers/people/${kept}/merge`, fresh), 303);
  assert.equal(one(`SELECT count(*) FROM merges WHERE gone = ${gone}`), 1);
  assert.equal(one(`SELECT count(*) FROM journal WHERE action = 'merge' AND record = ${gone}`), 1);
});

test("only who may change both may merge, and nobody with themselves", async () => {
  const kept = await person({ name: "范围甲", phone: "13900010021" });
  const gone = await person({ name: "范围甲", phone: "13900010022" });
  assert.equal((await far.get(`/registers/people/${kept}/merge`)).status, 404);
  const elsewhere = one("SELECT id FROM people WHERE community = 3 LIMIT 1") ?? kept;
  assert.doesNotMatch(await read(near, compare(kept, elsewhere)), /name="take-/);
  const _csrf = (await far.hidden("/account"))._csrf;
  const refused = await far.post(`/registers/people/${kept}/merge`, {
    _csrf,
    gone,
    _version: 1,
    _gone_version: 1,
  });
  assert.equal(refused.status, 404);
  const self = await read(office, compare(kept, kept));
  assert.match(self, /不能与自己合并/);
  await sent(await merge(near, kept, gone), 303);
  const id = one(`SELECT id FROM merges WHERE kept = ${kept}`);
  assert.equal((await far.post(`/merges/${id}/undo`, { _csrf })).status, 404);
  assert.equal(merged(gone), kept);
});

test("programs merge and undo by the API, and old ids lead on", async () => {
  const kept = await person({ name: "接口甲", phone: "13900010031" });
  const gone = await person({ name: "接口乙", phone: "13900010032" });
  const csrf = (await office.hidden("/account"))._csrf;
  const api = (method, path, body) =>
    office.send(method, `/api/v1${path}`, {
      headers: { "content-type": "application/json", "x-csrf": csrf },
      body: body && JSON.stringify(body),
    });
  const wrong = await api("POST", `/people/${kept}/merge`, { gone, take: { name: "both" } });
  assert.equal(wrong.status, 422);
  const answer = await api("POST", `/people/${kept}/merge`, { gone, take: { name: "gone" } });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal((await answer.json()).name, "接口乙");
  const old = await api("GET", `/people/${gone}`);
  assert.equal(old.status, 303);
  assert.equal(old.headers.get("location"), `/api/v1/people/${kept}`);
  const list = await (await api("GET", "/merges")).json();
  const entry = list.items.find((m) => m.gone === gone);
  assert.equal(entry.kept, kept);
  assert.equal((await api("POST", `/merges/${entry.id}/undo`)).status, 200);
  assert.equal(merged(gone), null);
});

test("pairs are proposed, compared, and remembered as different", async () => {
  const a = await person({ name: "疑似甲", phone: "13900010041" });
  const b = await person({ name: "疑似甲", phone: "13900010041", note: "另一次登记" });
  await sent(await office.submit("/registers/people/same", "/registers/people/same", {}), 303);
  const page = await read(office, "/registers/people/same");
  assert.match(page, /疑似甲/);
  assert.match(page, /电话相同，姓名相近/);
  assert.match(await read(office, "/registers/people"), /疑似重复：/);
  assert.doesNotMatch(await read(far, "/registers/people/same"), /疑似甲/);
  const pair = one(
    `SELECT id FROM merge_pairs WHERE one = ${Math.min(a, b)} AND other = ${Math.max(a, b)}`,
  );
  const same = "/registers/people/same";
  for (const what of [{ pair }, {}]) await sent(await office.submit(same, same, what), 303);
  assert.doesNotMatch(await read(office, same), /疑似甲/);
});

test("a team's printed address and a volunteer's old card lead to the kept one", async () => {
  const [team, other] = all(
    "SELECT id FROM organisations WHERE kind = 'team' AND public = 1 ORDER BY id LIMIT 2",
  )[0].map((r) => r[0]);
  await sent(
    await office.submit(
      `/registers/organisations/${team}/merge?with=%23${other}`,
      `/registers/organisations/${team}/merge`,
      {},
    ),
    303,
  );
  const old = await server.visitor().get(`/teams/${other}`);
  assert.equal(old.status, 303);
  assert.equal(old.headers.get("location"), `/teams/${team}`);
  assert.equal(one(`SELECT count(*) FROM volunteers WHERE team = ${other}`), 0);
  const [v, w] = all(
    "SELECT id, person FROM volunteers WHERE status = 'active' ORDER BY id LIMIT 2",
  )[0];
  const made = await office.submit(`/volunteers/${w[0]}`, `/volunteers/${w[0]}/card`, {});
  const shown = await read(office, made.headers.get("location"));
  const code = shown.match(/[2-9A-HJ-KMNP-Z]{5}[ -]?[2-9A-HJ-KMNP-Z]{5}(?=<)/)[0];
  const early = server.visitor();
  await early.post("/card", { code });
  await sent(await merge(office, v[1], w[1]), 303);
  const number = one(`SELECT number FROM volunteers WHERE id = ${v[0]}`);
  const late = server.visitor();
  assert.equal((await late.post("/card", { code })).headers.get("location"), "/my");
  for (const visitor of [early, late])
    assert.match(await read(visitor, "/my"), new RegExp(number));
  const led = await office.get(`/volunteers/${w[0]}`);
  assert.equal(led.headers.get("location"), `/volunteers/${v[0]}`);
});

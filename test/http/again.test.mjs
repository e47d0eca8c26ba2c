// What runs on the writer thread may run twice: LINLI_TWICE rolls each change back once and
// runs it again. The same changes then leave the same rows as when each runs once, and nothing
// that a form kept is lost.
import assert from "node:assert/strict";
import { test, before, after } from "node:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { folder, init, python, start } from "./server.mjs";

const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
let once, twice;
before(async () => {
  const one = init(), data = folder(); // the same store for both
  cpSync(one.data, data, { recursive: true });
  [once, twice] = await Promise.all([
    start({ ...one, env: { LINLI_TWICE: undefined } }),
    start({ ...one, data, env: { LINLI_TWICE: "1" } }),
  ]);
});
after(() => Promise.all([once, twice].map((server) => server?.stop())));

const rows = (server, sql) => JSON.parse(python(`
import json, sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=30)
print(json.dumps(c.execute(sys.argv[2]).fetchall()))`, [join(server.data, "linli.db"), sql]));

async function form(visitor, hidden, fields, photo) {
  const body = new FormData();
  for (const [name, value] of Object.entries({ ...hidden, ...fields })) body.append(name, value);
  if (photo) body.append("photos", new Blob([photo], { type: "image/png" }), "a.png");
  return visitor.send("POST", "/ask", { body });
}

/**
 * A resident's report with a photograph, first without the words it needs; then what the
 * office does with it.
 */
async function changes(server) {
  const resident = server.visitor(), area = rows(server, "SELECT min(id) FROM areas WHERE level = 'estate'")[0][0];
  const hidden = await resident.hidden("/ask");
  const refused = await form(
    resident,
    hidden,
    { text: "", area, requester_phone: "13800138055", seen: 1 },
    pixel,
  );
  assert.equal(refused.status, 422);
  const kept = (await refused.text()).match(/name="kept" value="([^"]+)"/)?.[1];
  assert.ok(kept, "the form that comes back has the photograph");
  const taken = await form(resident, await resident.hidden("/ask"), {
    text: "楼道的灯不亮了",
    area,
    requester_phone: "13800138055",
    seen: 1,
    kept,
  });
  assert.equal(taken.status, 303, await taken.text());
  const token = server.token("office");
  const api = async (method, path, body, headers) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      body: body && JSON.stringify(body),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer;
  };
  const id = rows(server, "SELECT max(id) FROM requests")[0][0];
  const unit = rows(server, "SELECT min(id) FROM units")[0][0];
  const etag = (await api("GET", `/requests/${id}`)).headers.get("etag");
  await api(
    "POST",
    `/requests/${id}/dispatch`,
    { unit },
    { "if-match": etag, "idempotency-key": "again-1" },
  );
  await api(
    "POST",
    `/requests/${id}/dispatch`,
    { unit },
    { "if-match": etag, "idempotency-key": "again-1" },
  );
  return {
    photos: rows(server, `SELECT name, type, size FROM attachments ORDER BY id`),
    drafts: rows(server, "SELECT count(*) FROM photo_drafts"),
  };
}

test("a change that runs twice leaves what it leaves when it runs once, photographs of a refused form too", async () => {
  const [one, two] = [await changes(once), await changes(twice)];
  assert.equal(one.photos.length, 1);
  assert.deepEqual(two, one);
  const counts = (server) => rows(server, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
    .map(([table]) => [table, rows(server, `SELECT count(*) FROM "${table}"`)[0][0]]);
  // what jobs renew at their own time
  const own = new Set(["figure_sums", "figure_sum_marks", "sealed"]);
  assert.deepEqual(
    counts(twice).filter(([table]) => !own.has(table)),
    counts(once).filter(([table]) => !own.has(table)),
  );
  const history = "SELECT kind, record, action, via FROM journal ORDER BY seq";
  assert.deepEqual(rows(twice, history), rows(once, history));
});

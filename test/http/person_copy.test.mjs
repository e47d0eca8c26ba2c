// The copy of what is recorded about one person: all of it, in clear, for whom it may be made.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { rows, start } from "./server.mjs";

let server, office, id;
const one = (sql) => rows(join(server.data, "linli.db"), sql)[0][0]?.[0];

before(async () => {
  server = await start();
  office = await server.signIn("office1");
  const answer = await office.submit("/registers/people/new", "/registers/people", {
    area: "441202001001-E01",
    name: "亥先生",
    phone: "13900020001",
    id_type: "passport",
    id_number: "G12345678",
  });
  id = Number(answer.headers.get("location").match(/\d+/)[0]);
  await office.submit("/registers/households/new", "/registers/households", {
    area: "441202001001-E01",
    room: "101",
  });
  const home = one("SELECT max(id) FROM households");
  const code = one(`SELECT code FROM people WHERE id = ${id}`);
  await office.submit(`/households/${home}/join`, `/households/${home}/join`, {
    person: code,
    relation: "head",
    state: "here",
  });
});
after(() => server.stop());

const at = () => `/people/${id}/copy`;

test("the copy has the entry, the household and the numbers in clear, and says who looked", async () => {
  await office.submit(`/registers/people/${id}`, `/registers/people/${id}/reveal`, {});
  const answer = await office.submit(at(), at(), { purpose: "本人申请，窗口核验过护照" });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("cache-control"), /no-store/);
  const page = await answer.text();
  for (const said of [/亥先生/, /13900020001|139 0002 0001/, /G12345678/, /户主/, /湖景花园/])
    assert.match(page, said);
  assert.match(page.split("谁修改或查看过这份登记")[1], /提供个人信息副本[^]*(号码|查看)/);
  const log = await (await office.get(`/registers/people/${id}`)).text();
  assert.match(log, /本人申请，窗口核验过护照/);
});

test("without a purpose there is none; nor for a community's worker or an office of one community", async () => {
  const answer = await office.submit(at(), at(), { purpose: " " });
  assert.equal(answer.status, 422);
  assert.doesNotMatch(await answer.text(), /G12345678/);
  const worker = await server.signIn("xinghu1");
  assert.equal((await worker.get(at())).status, 403);
  const path = `/registers/people/${id}`;
  assert.equal((await worker.submit(path, at(), { purpose: "看看" })).status, 403);
  assert.equal(one(`SELECT count(*) FROM journal WHERE action = 'copy' AND record = ${id}`), 1);
});

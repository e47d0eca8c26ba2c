// What an office sets and keeps by itself: settings, deadlines, addresses of mail, registers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./server.mjs";

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

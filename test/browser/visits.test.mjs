// The whole way of a haircut at home: asked for by telephone, offered, two accept, the visit, the hours, the resident's
// word, the certificate; the volunteers on a phone.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { begin, end, open } from "./browser.mjs";
import { folder, linli } from "../http/server.mjs";
import { words } from "./words.mjs";

let server, token;
before(async () => {
  server = await begin({ requests: 0 });
  token = server.token("office");
});
after(end);

const api = async (path, body) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, { method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
};
const w = (...texts) => words("zh_CN", ...texts);
/** Minutes from now, as a field of date and time has it: in China's time. */
const local = (minutes) => new Date(Date.now() + (8 * 60 + minutes) * 60000).toISOString().slice(0, 16);
const press = (page, ...texts) => page.getByRole("main").getByRole("button", { name: w(...texts) }).filter({ visible: true }).first().click();

test("a haircut at home, from the telephone to the certificate", async () => {
  const category = (await api("/categories?limit=200")).items.find((c) => c.code === "help-haircut");
  const made = await api("/requests", { subject: "请人上门理发", text: "腿脚不便，下不了楼。", requester_name: "刘婆婆", requester_phone: "13800000299",
    category: category.code, area: "441202001001", channel: "phone", place: "三栋二单元101" });
  const office = await open({ login: "office1" });
  await office.goto(`/requests/${made.id}`);
  await office.page.getByRole("link", { name: w("Find volunteers") }).click();
  await office.check("new offer");
  // A note that gives the resident away is refused, and what was typed stays.
  await office.page.locator("#f-note").fill("刘婆婆，电话13800000299");
  await press(office.page, "Ask volunteers");
  await office.page.getByText(w("There is a long number in it. Leave telephone numbers out: who accepts sees them.")).first().waitFor();
  assert.equal(await office.page.locator("#f-note").inputValue(), "刘婆婆，电话13800000299");
  await office.page.locator("#f-note").fill("带理发工具");
  await press(office.page, "Ask volunteers");
  await office.page.waitForURL(/\/visits\/\d+$/);
  await office.page.getByText(w("Who was asked, and why")).waitFor();
  await office.check("offer");
  await office.shot("offer");
  await office.close();
});

test("the public page of a certificate reveals nothing, the file's page finds a change", async () => {
  const visit = await open({ width: 360 });
  await visit.goto("/certificate/zs2026-aaaaaaaaaa");
  await visit.page.getByText(w("There is no certificate with this number")).waitFor();
  await visit.goto("/certificates/verify");
  await visit.check("verify");
  const path = folder("certificate.pdf");
  writeFileSync(path, "%PDF-1.7\nnot one of ours\n%%EOF\n");
  await visit.page.locator("#f-file").setInputFiles(path);
  await press(visit.page, "Check it");
  await visit.page.getByText(w("No signature in this file")).waitFor();
  await visit.check("verified");
  const refused = linli(["certificate", "verify", path]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /No signature/);
  assert.equal(linli(["certificate", "key", "--data", server.data]).stdout.trim().length, 43);
  await visit.close();
});

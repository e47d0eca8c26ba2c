// The staff's way: sign in, dispatch, accept, answer, call back, close; on a desktop in Chinese and a phone in English.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { begin, end, open } from "./browser.mjs";
import { words } from "./words.mjs";

let server, token;
before(async () => {
  server = await begin();
  token = server.token("office");
});
after(end);

const api = async (path, body) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, { method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
};

/** Takes a step: its button does it at once, or opens a form that fill fills. */
async function act(page, name, fill) {
  const main = page.getByRole("main");
  const exact = new RegExp(`^\\s*(${name.source})\\s*$`);
  await main.getByRole("button", { name: exact }).or(main.getByRole("link", { name: exact }))
    .or(main.locator("summary").filter({ hasText: exact })).filter({ visible: true }).first().click();
  const inside = main.locator("details[open]").getByRole("button", { name: exact });
  if (!fill && !(await inside.count())) return;
  await fill?.();
  await main.getByRole("button", { name: exact }).filter({ visible: true }).last().click();
}

/** The resident's word, as a choice or in a list. */
async function close(page, w) {
  const choice = page.getByRole("radio", { name: w("The resident says so") });
  if (await choice.count()) await choice.first().check();
  else await page.getByLabel(w("Is it solved?")).filter({ visible: true }).first().selectOption("yes");
}

for (const [name, window] of Object.entries({ "Chinese, desktop": { width: 1280 }, "English, phone": { width: 360, language: "en" } }))
  test(`dispatches, answers, calls back and closes: ${name}`, async () => {
    const w = (...texts) => words(window.language ?? "zh_CN", ...texts);
    const made = await api("/requests", { subject: `路口的井盖松了 ${name}`, text: "车一过就响，晚上怕人踩空。", requester_phone: "13800000001" });
    const unit = (await api("/units?limit=1")).items[0];
    const visit = await open(window);
    const { page } = visit;
    const status = async (expected) => assert.equal((await api(`/requests/${made.id}`)).status, expected);
    await visit.goto("/work");
    assert.match(page.url(), /login/);
    await visit.check("login");
    await page.getByLabel(w("Login", "Account", "User name")).first().fill("office1");
    await page.getByLabel(w("Password")).first().fill("wrong-password");
    await page.getByRole("main").getByRole("button", { name: w("Sign in") }).click();
    await page.getByRole("alert").or(page.locator(".problem, .notice")).first().waitFor();
    await page.getByLabel(w("Login", "Account", "User name")).first().fill("office1");
    await page.getByLabel(w("Password")).first().fill(server.logins.office1);
    await page.getByRole("main").getByRole("button", { name: w("Sign in") }).click();
    await page.waitForURL(/work/);
    await visit.check("work");
    await visit.shot(`work-${window.width}`);
    await visit.goto(`/requests/${made.id}`);
    await visit.check("record");
    await visit.shot(`record-${window.width}`);
    await act(page, w("Dispatch"), () => page.getByLabel(w("Lead unit", "Unit")).filter({ visible: true }).first().selectOption(String(unit.id)));
    await page.waitForLoadState();
    await status("dispatched");
    await act(page, w("Accept"));
    await page.waitForLoadState();
    await status("handling");
    await act(page, w("Answer"), () => page.getByRole("main").getByRole("textbox").filter({ visible: true }).first().fill("井盖当天已经固定。"));
    await page.getByText("井盖当天已经固定。").first().waitFor();
    await status("answered");
    await act(page, w("Call back"));
    await page.waitForLoadState();
    await status("call_back");
    await act(page, w("Close"), () => close(page, w));
    await page.waitForLoadState();
    await status("closed");
    await visit.check("closed");
    await visit.shot(`closed-${window.width}`);
    await visit.close();
  });

// The staff's way: sign in, dispatch, accept, answer, call back, close; on a desktop in Chinese
// and a phone in English.
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
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
};

/** Takes a step: its button does it at once, or opens a form that fill fills. */
async function act(page, name, fill) {
  const main = page.getByRole("main");
  const exact = new RegExp(`^\\s*(${name.source})\\s*$`);
  await main
    .getByRole("button", { name: exact })
    .or(main.getByRole("link", { name: exact }))
    .or(main.locator("summary").filter({ hasText: exact }))
    .filter({ visible: true })
    .first()
    .click();
  const inside = main.locator("details[open]").getByRole("button", { name: exact });
  if (!fill && !(await inside.count())) return;
  await fill?.();
  await main.getByRole("button", { name: exact }).filter({ visible: true }).last().click();
}

/** The resident's word, as a choice or in a list. */
async function close(page, w) {
  const choice = page.getByRole("radio", { name: w("Confirmed by the resident") });
  if (await choice.count()) await choice.first().check();
  else
    await page
      .getByLabel(w("Is it resolved?"))
      .filter({ visible: true })
      .first()
      .selectOption("yes");
}

for (const [name, window] of Object.entries({
  "Chinese, desktop": { width: 1280 },
  "English, phone": { width: 360, language: "en" },
}))
  test(`dispatches, answers, calls back and closes: ${name}`, async () => {
    const w = (...texts) => words(window.language ?? "zh_CN", ...texts);
    const made = await api("/requests", {
      subject: `路口的井盖松了 ${name}`,
      text: "车一过就响，晚上怕人踩空。",
      requester_phone: "13800000001",
    });
    const unit = (await api("/units?limit=500")).items.find((one) => one.code === "city");
    const visit = await open(window);
    const { page } = visit;
    const status = async (expected) =>
      assert.equal((await api(`/requests/${made.id}`)).status, expected);
    await visit.goto("/work");
    assert.match(page.url(), /login/);
    await visit.check("login");
    await page.getByLabel(w("Username", "Account", "User name")).first().fill("office1");
    await page.getByLabel(w("Password")).first().fill("wrong-password");
    await page.getByRole("main").getByRole("button", { name: w("Sign in") }).click();
    await page.getByRole("alert").or(page.locator(".problem, .notice")).first().waitFor();
    await page.getByLabel(w("Username", "Account", "User name")).first().fill("office1");
    await page.getByLabel(w("Password")).first().fill(server.logins.office1);
    await page.getByRole("main").getByRole("button", { name: w("Sign in") }).click();
    await page.waitForURL(/work/);
    await visit.check("work");
    await visit.shot(`work-${window.width}`);
    await visit.goto(`/requests/${made.id}`);
    await visit.check("record");
    await visit.shot(`record-${window.width}`);
    await act(page, w("Dispatch"), () =>
      page
        .getByLabel(w("Lead unit", "Unit"))
        .filter({ visible: true })
        .first()
        .selectOption(`#${unit.id}`),
    );
    await page.waitForLoadState();
    await status("dispatched");
    await visit.check("dispatched");
    await page.locator("summary", { hasText: w("On behalf of the lead unit") }).click();
    await act(page, w("Accept"));
    await page.waitForLoadState();
    await status("handling");
    await act(page, w("Reply"), () =>
      page
        .getByRole("main")
        .getByRole("textbox")
        .filter({ visible: true })
        .first()
        .fill("井盖当天已经固定。"),
    );
    await page.getByText("井盖当天已经固定。").first().waitFor();
    await status("answered");
    await act(page, w("Follow up"));
    await page.waitForLoadState();
    await status("call_back");
    await act(page, w("Close request"), () => close(page, w));
    await page.waitForLoadState();
    await status("closed");
    await visit.check("closed");
    await visit.shot(`closed-${window.width}`);
    await visit.close();
  });

test("a note half written when the session ended is sent after signing in; signing out leaves no draft in the tab", async () => {
  const visit = await open({ login: "office1" }), { page } = visit;
  const { id } = (await (await fetch(`${server.url}/api/v1/requests?status=handling&limit=1`, { headers: { authorization: `Bearer ${token}` } })).json()).items[0];
  const write = async (note) => {
    await visit.goto(`/requests/${id}`);
    await page.locator("summary", { hasText: "写内部备注" }).click();
    await page.locator("[name=note]").fill(note);
  };
  await write("钥匙在她妹妹那里，先打电话");
  await visit.context.clearCookies({ name: "linli" });
  await page.locator("form", { has: page.locator("[name=note]") }).getByRole("button").click();
  await page.getByText("填的内容都还在这一页").waitFor();
  const window = page.waitForEvent("popup");
  await page.getByRole("link", { name: "在新窗口登录" }).click();
  const other = await window;
  await other.getByLabel("账号").fill("office1");
  await other.getByLabel("密码").fill(server.logins.office1);
  await other.getByRole("main").getByRole("button", { name: "登录" }).click();
  await other.waitForURL(/work/);
  await other.close();
  await page.getByRole("button", { name: "已登录，继续" }).click();
  await page.getByRole("button", { name: "提交" }).click();
  await page.waitForURL(new RegExp(`/requests/${id}$`));
  await page.getByText("钥匙在她妹妹那里，先打电话").first().waitFor();

  await write("只有我知道的事");
  assert.match(await page.evaluate(() => JSON.stringify(sessionStorage)), /只有我知道的事/);
  await page.locator(".menu summary").last().click();
  await page.getByRole("button", { name: "退出" }).click();
  await page.waitForLoadState();
  assert.doesNotMatch(await page.evaluate(() => JSON.stringify(sessionStorage)), /只有我知道的事/);
  await visit.close();
});

test("what is typed while somebody talks survives a lost network and a reload, goes when it was filed, and is nobody else's", async () => {
  const visit = await open({ login: "xinghu1", worker: false }), { page } = visit;
  const kept = () => page.evaluate(() => JSON.stringify(sessionStorage));
  await visit.goto("/intake");
  await page.getByRole("textbox", { name: "电话" }).fill("13912345678");
  await page.getByLabel("姓名").fill("万一芳");
  await page.getByLabel("标题").fill("水表箱盖子掉了");
  await visit.context.setOffline(true);
  await page.getByRole("button", { name: "登记", exact: true }).click();
  await page.waitForURL(/chrome-error/).catch(() => {});
  await visit.context.setOffline(false);
  await visit.goto("/intake");
  assert.equal(await page.getByLabel("姓名").inputValue(), "", "empty for the next caller");
  assert.equal(await page.getByLabel("标题").inputValue(), "");
  await page.getByRole("button", { name: "继续填写" }).click();
  assert.equal(await page.getByLabel("标题").inputValue(), "水表箱盖子掉了");
  assert.equal(await page.getByLabel("姓名").inputValue(), "万一芳");
  await page.getByRole("heading", { name: "来电人" }).waitFor();
  await visit.signIn("dongmen1"); // somebody else at this desk, without the first having signed out
  await visit.goto("/intake");
  assert.equal(await page.getByLabel("姓名").inputValue(), "");
  await visit.signIn("xinghu1");
  await visit.goto("/intake");
  await page.getByRole("button", { name: "继续填写" }).click();
  assert.equal(await page.getByLabel("姓名").inputValue(), "万一芳");
  await page.getByRole("button", { name: "登记", exact: true }).click();
  await page.waitForURL(/intake\/done/);
  assert.doesNotMatch(await kept(), /万一芳/);
  visit.wrong = visit.wrong.filter((line) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(line));
  await visit.check("filed");
  await visit.goto("/intake");
  await page.getByLabel("标题").fill("只写了一半的事");
  assert.match(await kept(), /只写了一半的事/);
  await page.locator("details.menu summary").click();
  await page.getByRole("button", { name: "退出", exact: true }).click();
  await page.waitForURL((url) => !/intake/.test(url.pathname));
  assert.doesNotMatch(await kept(), /只写了一半的事/);
  await visit.close();
});

test("a request is dispatched, answered and left by keys alone; ? tells which", async () => {
  const area = (await api("/areas?level=community&limit=1")).items[0].id;
  const made = [];
  for (const n of [1, 2, 3]) {
    const subject = `第${n}根护栏松了`, body = { subject, text: `${subject}，一碰就晃。`, area };
    made.push((await api("/requests", body)).id);
  }
  const status = async (id) => (await api(`/requests/${id}`)).status;
  const unit = (await api("/units?limit=500")).items.find((one) => one.code === "city").id;
  const visit = await open({ login: "office1" }), { page } = visit, { keyboard } = page;
  await visit.goto(`/requests/${made[0]}`);
  await keyboard.press("?");
  await page.getByRole("dialog").getByText("下一件", { exact: true }).waitFor();
  await visit.check("keys");
  await keyboard.press("Escape");
  await keyboard.press("d");
  const focused = await page.evaluate(() => document.activeElement.id);
  assert.equal(focused, "f-category", "d goes to the open form");
  await page.getByLabel("主办单位").selectOption(`#${unit}`);
  await keyboard.press("Control+Enter");
  await page.getByText("等城市管理办公室接单").waitFor();
  assert.equal(await status(made[0]), "dispatched");
  const next = page.getByRole("link", { name: /下一件待派单（\d+）/ });
  const href = await next.getAttribute("href");
  await keyboard.press("n");
  await page.waitForURL(`**${href}`);
  await page.getByText("待派单").first().waitFor();
  // what another unit has to do is folded; its key opens it all the same
  await visit.goto(`/requests/${made[0]}`);
  await keyboard.press("r");
  await page.waitForURL(/step=answer/);
  await page.waitForFunction(() => document.activeElement.id === "f-text");
  await keyboard.type("护栏当天已经固定好了。");
  await visit.check("reply");
  await keyboard.press("d");
  assert.match(await page.locator("#f-text").inputValue(), /d$/, "a key in a text is a letter");
  await keyboard.press("Backspace");
  await keyboard.press("Control+Enter");
  await page.getByText("护栏当天已经固定好了。").first().waitFor();
  assert.equal(await status(made[0]), "answered");
  await visit.close();
});

test("a request's page on a phone: what was asked, the next step, what happened; side by side on a desktop", async () => {
  const { id } = (await api("/requests?status=received&limit=1")).items[0];
  const tops = async (page) => {
    const box = (selector) => page.locator(selector).first().boundingBox();
    return { asked: await box(".asked"), next: await box(".todo"), told: await box(".history") };
  };
  const windows = [{ width: 360 }, { width: 360, elder: true }, { width: 360, language: "en" },
    { width: 1280 }];
  for (const options of windows) {
    const visit = await open({ ...options, login: "office1" });
    await visit.goto(`/requests/${id}`);
    await visit.check(JSON.stringify(options));
    const { asked, next, told } = await tops(visit.page);
    assert.ok(told.y > asked.y);
    if (options.width === 360) {
      assert.ok(next.y > asked.y && told.y > next.y, "one below the other");
    } else {
      assert.ok(next.x > asked.x && next.y <= asked.y + 8, "the next step beside the words");
      assert.equal(told.x, asked.x, "the history below the words");
      assert.ok(told.y < next.y + next.height, "not below the form");
    }
    await visit.close();
  }
});

test("the ring of the row that keys have reached leaves room for its first letter", async () => {
  for (const width of [1280, 360]) {
    const visit = await open({ width, login: "office1" }), { page } = visit;
    await visit.goto("/work?view=all");
    await page.keyboard.press("j");
    const room = await page.evaluate(() => {
      const link = document.activeElement, words = document.createRange();
      words.selectNodeContents(link);
      return words.getBoundingClientRect().x - link.getBoundingClientRect().x;
    });
    assert.ok(room >= 6, `${room} px at ${width}`);
    await visit.check(`a row reached by keys, ${width}`);
    await visit.close();
  }
});

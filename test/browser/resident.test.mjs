// The resident's way: ask, keep the receipt, follow, read the reply, say that it is solved. On
// a phone and a desktop, in both languages, with large text, and without JavaScript.
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

/** A step of the office, by the API: what the resident sees of it is the matter here. */
async function step(id, action, body) {
  const head = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const record = await fetch(`${server.url}/api/v1/requests/${id}`, { headers: head });
  const answer = await fetch(`${server.url}/api/v1/requests/${id}/${action}`, {
    method: "POST",
    headers: { ...head, "if-match": record.headers.get("etag") ?? "" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${action}: ${answer.status} ${await answer.text()}`);
}

async function newest() {
  const answer = await fetch(`${server.url}/api/v1/requests?limit=1`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await answer.json()).items[0];
}

test("joining a similar request asks for the phone without an error; text from an old page is kept", async () => {
  const first = await open({ width: 360 }),
    text = "沿河步道第三根栏杆断了，老人靠上去危险";
  const area = async (page) =>
    page
      .getByRole("group", { name: words("zh_CN", "Which community?") })
      .getByRole("radio")
      .nth(1)
      .check();
  await first.goto("/ask");
  await first.page.getByLabel("是什么事").first().fill(text);
  await area(first.page);
  await first.page.getByLabel("您的电话").first().fill("13800000071");
  await first.page.getByRole("button", { name: "提交给社区" }).click();
  const different = first.page.getByRole("button", { name: "都不是，提交我的" });
  await first.page.waitForURL(/receipt|ask/);
  if (await different.count()) await different.click();
  await first.page.waitForURL(/receipt/);
  await first.close();
  const { id } = await newest();

  const visit = await open({ width: 360, plain: true }), { page } = visit;
  await visit.goto("/ask");
  await page.getByLabel("是什么事").first().fill(text);
  await area(page);
  await page.getByLabel("您的电话").first().fill("13800000072");
  await page.getByRole("button", { name: "提交给社区" }).click();
  const offered = await page.locator("button[name=join]").first().getAttribute("value");
  await page.getByRole("button", { name: "返回修改" }).click();
  await page.getByLabel("您的电话").first().fill("");
  const hidden = Object.fromEntries(
    await page
      .locator("main form")
      .evaluate((form) => [...new FormData(form)].filter(([, value]) => typeof value === "string")),
  );
  const join = (more) =>
    page.request.post(`${server.url}/ask`, {
      multipart: { ...hidden, requester_phone: "", join: offered, ...more },
      maxRedirects: 0,
    });
  assert.equal((await join({})).status(), 200, "asked for the telephone");
  assert.doesNotMatch(await (await join({})).text(), /role="alert"|aria-invalid/);
  assert.equal((await join({ joining: "1" })).status(), 422, "and told when it is left out");
  const joined = await join({ joining: "1", requester_phone: "13800000072" });
  assert.equal(joined.status(), 303);
  const receipt = await (await page.request.get(server.url + joined.headers().location)).text();
  const [code] = receipt.match(/(?<![0-9A-Z])[0-9A-Z]{5}-[0-9A-Z]{5}/);

  const look = async () => {
    // four digits open no request that others joined
    await page.locator("form[data-code] input[name=code]").fill(code);
    await page.locator("form[data-code] button").click();
  };
  await visit.goto("/follow");
  await look();
  await visit.check("followed by somebody who joined");
  assert.ok((await page.getByRole("heading", { level: 1 }).innerText()).trim());
  await page.getByText("您加入以后还没有新进展").waitFor();
  const unit = (
    await (
      await fetch(`${server.url}/api/v1/units?limit=1`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).json()
  ).items[0].id;
  await step(id, "dispatch", { unit });
  await step(id, "answer", { text: "栏杆焊好了。" });
  await page.reload();
  await page.getByText(/^没有解决/).first().click();
  await page.getByLabel("还差什么").fill("第四根也松了");
  await visit.context.clearCookies({ name: "linli_follow" }); // open for longer than half an hour
  await page.getByRole("button", { name: "提交给社区" }).click();
  await look();
  assert.equal(await page.getByLabel("还差什么").inputValue(), "第四根也松了");
  await page.getByRole("button", { name: "提交给社区" }).click();
  await page.getByText("您的回复已收到").first().waitFor();
  await visit.close();
});

/** Of a followed request: choices and steps whose words are cut into pieces or reach out. */
function broken() {
  const lines = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
  };
  const main = document.querySelector("main").getBoundingClientRect();
  return [...document.querySelectorAll("#solved .two b, .steps > li")]
    .filter((each) => lines(each) > 1 || each.scrollWidth > each.clientWidth + 1 ||
      each.getBoundingClientRect().right > main.right)
    .map((each) => each.textContent);
}

let number = 0;
for (const [name, window] of Object.entries({
  "Chinese, desktop": { width: 1280 },
  "English, phone": { width: 360, language: "en" },
  "Chinese, phone, large text": { width: 360, elder: true },
  "English, phone, without JavaScript": { width: 360, language: "en", plain: true },
}))
  test(`asks, follows, and says that it is solved: ${name}`, async () => {
    const w = (...texts) => words(window.language ?? "zh_CN", ...texts);
    const visit = await open(window);
    const { page } = visit;
    const text = `第${++number}号院门口的灯三天没亮了，晚上看不清台阶 ${name}`;
    await visit.goto("/");
    await visit.check("home");
    await page.getByRole("link", { name: w("Report or ask for help") }).first().click();
    await visit.check("ask");
    const cut = await page.locator(".line summary b, .taps span").evaluateAll((all) =>
      all
        .filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth)
        .map((one) => one.textContent),
    );
    assert.deepEqual(cut, [], "nothing on a folded line is cut off");
    await page.getByLabel(w("Description")).first().fill(text);
    const subject = page.getByRole("textbox", { name: w("Title") });
    if (await subject.count()) await subject.first().fill("楼下的灯不亮");
    await page
      .getByRole("group", { name: w("Which community?") })
      .getByRole("radio")
      .first()
      .check();
    await page.getByLabel(w("Your phone number")).first().fill("12");
    await page.getByRole("button", { name: w("Send to the community") }).click();
    assert.equal(
      await page.getByLabel(w("Description")).first().inputValue(),
      text,
      "nothing typed is lost by an error",
    );
    await page.getByRole("alert").first().waitFor();
    await page.getByLabel(w("Your phone number")).first().fill("13800000001");
    await page.getByRole("button", { name: w("Send to the community") }).click();
    const different = page.getByRole("button", { name: w("None of these: send mine") });
    await page.waitForURL(/receipt|ask/);
    if (await different.count()) await different.click();
    await page.waitForURL(/receipt/);
    await visit.check("receipt");
    await visit.shot(`receipt-${number}`);
    const { id } = await newest();
    await page.getByRole("button", { name: w("See progress") }).click();
    await page.waitForURL(/follow$/);
    await visit.check("follow");
    const unit = (
      await (
        await fetch(`${server.url}/api/v1/units?limit=1`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).json()
    ).items[0].id;
    await step(id, "dispatch", { unit });
    await step(id, "answer", { text: "灯已经换好了。" });
    await page.reload();
    await page.getByText("灯已经换好了。").first().waitFor();
    await visit.check("answered");
    await visit.shot(`answered-${number}`);
    assert.deepEqual(await page.evaluate(broken), [], "no word is broken, none reaches out");
    await page
      .getByRole("group", { name: w("Does that solve it?") })
      .getByText(new RegExp(`^(${w("Yes, resolved").source})$`))
      .click();
    await visit.shot(`choosing-${number}`);
    await page.getByRole("button", { name: w("Tell the community") }).click();
    await page.getByText(w("You told us it is resolved.")).first().waitFor();
    const closed = await newest();
    assert.deepEqual([closed.id, closed.status, closed.solved], [id, "closed", "yes"]);
    await visit.close();
  });

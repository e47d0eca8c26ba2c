// The resident's way: ask, keep the receipt, follow, read the reply, say that it is solved. On a phone and a desktop,
// in both languages, with large text, and without JavaScript.
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
  const answer = await fetch(`${server.url}/api/v1/requests/${id}/${action}`, { method: "POST",
    headers: { ...head, "if-match": record.headers.get("etag") ?? "" }, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${action}: ${answer.status} ${await answer.text()}`);
}

async function newest() {
  const answer = await fetch(`${server.url}/api/v1/requests?limit=1`, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()).items[0];
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
    await page.getByRole("link", { name: w("Ask or report") }).first().click();
    await visit.check("ask");
    await page.getByLabel(w("What happened")).first().fill(text);
    const subject = page.getByLabel(w("In a few words"));
    if (await subject.count()) await subject.first().fill("楼下的灯不亮");
    await page.getByLabel(w("In which community", "In which community or estate")).first().selectOption({ index: 1 });
    await page.getByLabel(w("Your telephone")).first().fill("12");
    await page.getByRole("button", { name: w("Send to the community office") }).click();
    assert.equal(await page.getByLabel(w("What happened")).first().inputValue(), text, "nothing typed is lost by an error");
    await page.getByRole("alert").first().waitFor();
    await page.getByLabel(w("Your telephone")).first().fill("13800000001");
    await page.getByRole("button", { name: w("Send to the community office") }).click();
    const different = page.getByRole("button", { name: w("No, mine is different: send it") });
    await page.waitForURL(/receipt|ask/);
    if (await different.count()) await different.click();
    await page.waitForURL(/receipt/);
    await visit.check("receipt");
    await visit.shot(`receipt-${number}`);
    const { id } = await newest();
    await page.getByRole("button", { name: w("See what is being done") }).click();
    await page.waitForURL(/follow$/);
    await visit.check("follow");
    const unit = (await (await fetch(`${server.url}/api/v1/units?limit=1`, { headers: { authorization: `Bearer ${token}` } })).json()).items[0].id;
    await step(id, "dispatch", { unit });
    await step(id, "answer", { text: "灯已经换好了。" });
    await page.reload();
    await page.getByText("灯已经换好了。").first().waitFor();
    await visit.check("answered");
    await visit.shot(`answered-${number}`);
    await page.getByRole("group", { name: w("Is it solved?") }).getByText(new RegExp(`^(${w("Yes, it is").source})$`)).click();
    await page.getByRole("button", { name: w("Tell the community office") }).click();
    await page.getByText(w("You told us that it is solved.")).first().waitFor();
    const closed = await newest();
    assert.deepEqual([closed.id, closed.status, closed.solved], [id, "closed", "yes"]);
    await visit.close();
  });

// At the door without network: what is tapped, typed or scanned is kept on the device, shown as
// waiting, sent when the network is back, and counted once, however often it arrives. And what
// a phone with a wrong clock, a made-up QR, or a check-out without a check-in is told.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { begin, end, open } from "./browser.mjs";
import { folder, init, linli, user } from "../http/server.mjs";
import { words } from "./words.mjs";

// so that the service worker has no network either
process.env.PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS = "1";

const PEOPLE = 24;
let server, token, activity, other, numbers;
const w = (...texts) => words("zh_CN", ...texts);
const local = (minutes) =>
  new Date(Date.now() + (8 * 60 + minutes) * 60000).toISOString().slice(0, 16);

before(async () => {
  const made = init({ requests: 0 });
  made.logins.volunteer3 = user(made.data, "volunteer3", "门口00");
  const sheet = (name, lines) => {
    const path = folder(`${name}.csv`);
    writeFileSync(path, lines.join("\n"));
    const done = linli(["import", name, path, "--data", made.data]);
    assert.equal(done.code, 0, done.stderr + done.stdout);
  };
  const each = Array.from({ length: PEOPLE }, (_, i) => String(i).padStart(2, "0"));
  sheet("people", ["code,name,area", ...each.map((i) => `P-D${i},门口${i},441202001001`)]);
  sheet("volunteers", [
    "person,user",
    ...each.map((i) => `P-D${i},${i === "00" ? "volunteer3" : ""}`),
  ]);
  sheet("activities", [
    "title,kind,area,place,starts,ends",
    ...["门前理发", "门前义诊"].map(
      (title) => `${title},haircut,441202001001,服务站门前,${local(-30)},${local(120)}`,
    ),
  ]);
  server = await begin(made);
  token = server.token("office");
  const open = (await api("/activities?status=open&limit=500")).items;
  [activity, other] = ["门前理发", "门前义诊"].map(
    (title) => open.find((a) => a.title === title).id,
  );
  const people = (await api(`/people?limit=${PEOPLE}`)).items;
  const volunteers = (await api(`/volunteers?limit=${PEOPLE}`)).items;
  numbers = each.map(
    (i) => volunteers.find((v) => v.person === people.find((p) => p.code === `P-D${i}`).id).number,
  );
});
after(end);

const api = async (path) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
};
const attended = async (at = activity) =>
  (await api(`/attendances?activity=${at}&limit=500`)).items.filter((a) => a.status === "good");
/** The number of marks a page keeps. */
const waiting = (page) => page.locator("[data-kept] li").count();
const sent = (page) => page.waitForFunction(() => !document.querySelector("[data-kept] li"));
/** Without network a browser notes that it could not load: that is what is tested. */
const offline = async (visit, off) => {
  await visit.context.setOffline(off);
  visit.wrong = visit.wrong.filter((line) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(line));
};
const ready = (page) =>
  page.evaluate(async () => {
    const worker = await navigator.serviceWorker.ready;
    // the test's own limit ends it
    while (!(await (await caches.open("linli-pages")).keys()).length)
      await new Promise((r) => setTimeout(r, 50));
    return worker.active.state;
  });
const type = async (page, who) => {
  await page.locator("#f-who").fill(who);
  await page.locator("#f-who").press("Enter");
};

test("the leader's door: kept without network, shown as waiting, sent afterwards, counted once", async () => {
  const visit = await open({ width: 360, login: "office1" });
  const { page } = visit;
  await visit.goto(`/activities/${activity}/door`);
  await visit.check("door");
  await ready(page);
  await offline(visit, true);
  for (const [i, who] of numbers.slice(0, 8).entries()) {
    await type(page, who);
    await page.locator("[data-kept] li").nth(i).filter({ hasText: who }).waitFor();
  }
  await page.locator("[data-tell]").filter({ hasText: w("No connection. What you tap is saved on this device and sent when you are back online.") }).waitFor();
  assert.equal((await attended()).length, 0);
  await visit.shot("door-offline");
  // Closed and opened again without network: the page comes from the phone, and nothing is lost.
  await page.reload();
  await page.getByRole("heading", { name: /门前理发/ }).waitFor();
  await page.locator("[data-kept] li").nth(7).waitFor();
  assert.equal(await waiting(page), 8);
  // Back again; the first answer gets lost on its way, after the server has taken everything.
  let lost = 0, taken;
  await visit.context.route("**/api/offline*", async (route) => {
    if (lost++) { // page and service worker may both be sending
      await taken;
      return route.continue();
    }
    taken = route.fetch();
    assert.equal((await taken).status(), 201);
    await route.abort("connectionreset");
  });
  await offline(visit, false);
  await sent(page);
  assert.ok(lost >= 2, "sent again");
  await page.locator("[data-tell]").filter({ hasText: w("Everything has been sent.") }).waitFor();
  const came = await attended();
  assert.equal(came.length, 8);
  assert.equal(new Set(came.map((a) => a.volunteer)).size, 8);
  assert.ok(came.every((a) => a.went === null));
  await visit.shot("door-sent");
  await visit.context.unroute("**/api/offline*");
  // A line's own button, out, without network, and then the scanner once more: one attendance,
  // from and to.
  await page.reload();
  await ready(page);
  await offline(visit, true);
  await page.locator(`[data-who="${numbers[0]}"] [data-mark=out]`).click();
  await page.locator("[data-kept] li").first().waitFor();
  await offline(visit, false);
  await sent(page);
  const now = await attended();
  assert.equal(now.filter((a) => a.went !== null).length, 1);
  assert.equal(now.length, 8);
  visit.wrong = visit.wrong.filter((line) => !/ERR_/.test(line));
  await visit.check("door afterwards");
  await visit.close();
});

test("a slow network that comes and goes: sixteen more, each once", async () => {
  const visit = await open({ width: 360, login: "office1" });
  const { page } = visit;
  await visit.goto(`/activities/${activity}/door`);
  await ready(page);
  const network = await visit.context.newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 400,
    downloadThroughput: 6000,
    uploadThroughput: 3000,
  });
  for (const [i, who] of numbers.slice(8).entries()) {
    if (i % 5 === 4)
      await network.send("Network.emulateNetworkConditions", {
        offline: i % 2 === 0,
        latency: 400,
        downloadThroughput: 6000,
        uploadThroughput: 3000,
      });
    await type(page, who);
    if (i % 4 === 0) await type(page, who); // the same card read once more: it is not a check-out
  }
  await network.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: -1,
  });
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await sent(page);
  const came = await attended();
  assert.equal(came.length, PEOPLE);
  assert.equal(new Set(came.map((a) => a.volunteer)).size, PEOPLE);
  assert.equal(came.filter((a) => a.went !== null).length, 1, "only the one of before has gone");
  await visit.close();
});

test("on a phone the list comes first; who is looked for is found as one types, without network too", async () => {
  const visit = await open({ width: 360, login: "office1" }), { page } = visit;
  await page.setViewportSize({ width: 360, height: 740 });
  await visit.goto(`/activities/${activity}/door`);
  await ready(page);
  const field = page.getByRole("searchbox", { name: w("Name, pinyin, number or end of phone") }),
    lines = page.locator("[data-who]:visible");
  const { y } = await field.boundingBox();
  assert.ok(y < 370, `the field is in the upper half: ${y}`);
  assert.equal(await page.getByRole("img", { name: w("Check-in QR code") }).isVisible(), false);
  await page.mouse.wheel(0, 2000); // it stays while the list is scrolled
  await page.waitForFunction(() => scrollY > 300);
  assert.ok((await field.boundingBox()).y < 100);
  await offline(visit, true);
  for (const typed of ["口07", "menkou07", "MK07", numbers[7], numbers[7].slice(-4)]) {
    await field.fill(typed);
    await page.waitForFunction(
      () => [...document.querySelectorAll("[data-who]")].filter((e) => !e.hidden).length === 1,
    );
    assert.match(await lines.first().textContent(), /门口07/, typed);
  }
  await offline(visit, false);
  await field.fill("找不到的");
  await page.getByText("没有找到“找不到的”").waitFor();
  await visit.check("nobody found");
  // the demonstration has several Lis, none of them in the list: chosen, not typed
  await field.fill("lilaoshi");
  const found = page.locator("#found [data-who]").filter({ hasText: "李老师" });
  await found.nth(1).waitFor();
  await field.press("Enter");
  await page.locator("[data-tell]").filter({ hasText: /位符合/ }).waitFor();
  await visit.check("several found");
  await visit.shot("door-found");
  const chosen = await found.nth(1).getAttribute("data-who");
  await found.nth(1).getByRole("button").click();
  await sent(page);
  await page.locator(`#here .in[data-who="${chosen}"]`).waitFor();
  assert.equal(await field.inputValue(), "");
  // the other tab
  await page.getByRole("link", { name: w("QR code"), exact: true }).click();
  assert.ok(await page.getByRole("img", { name: w("Check-in QR code") }).isVisible());
  assert.equal(await field.isVisible(), false);
  await visit.check("the code");
  await page.goBack();
  assert.ok(await field.isVisible());
  await visit.close();
  const wide = await open({ login: "office1" });
  await wide.goto(`/activities/${activity}/door`);
  for (const part of [wide.page.locator("#f-who"), wide.page.locator(".door-code .qr")])
    assert.ok(await part.isVisible(), "both side by side");
  await wide.check("both");
  await wide.close();
});

test("a name that two people have, sent from the device, is answered with a choice", async () => {
  const visit = await open({ width: 360, login: "office1" }), { page } = visit;
  await visit.goto(`/activities/${activity}/door`);
  await ready(page);
  await offline(visit, true);
  await type(page, "谢阿姨"); // not in the list, and nobody can be asked
  await page.locator("[data-kept] li").first().waitFor();
  await offline(visit, false);
  await page.locator("[data-kept] .late").filter({ hasText: "请从名单里选择" }).waitFor();
  await page.getByRole("button", { name: w("Find the person") }).click();
  const found = page.locator("#found [data-who]").filter({ hasText: "谢阿姨" });
  await found.first().waitFor();
  const who = await found.first().getAttribute("data-who");
  await found.first().getByRole("button").click();
  await page.locator(`#here .in[data-who="${who}"]`).waitFor();
  await sent(page);
  await visit.close();
});

/** What stands in the QR at the door now. */
async function shown(at) {
  const office = await server.signIn("office1");
  const page = await (await office.get(`/activities/${at}/door`)).text();
  return `${page.match(/data-codes="(\d{6})/)[1]}-${Math.floor(page.match(/data-now="(\d+)/)[1] / 60)}`;
}
const phone = async (at, code, before = () => {}, worker = true) => {
  const visit = await open({ width: 360, login: "volunteer3", worker });
  await before(visit);
  await visit.goto(`/in/${at}?c=${code}`);
  return visit;
};
const tap = (page, text) => page.getByRole("main").getByRole("button", { name: w(text) }).click();
const says = (page, ...texts) => page.getByRole("main").filter({ hasText: w(...texts) }).waitFor();
const hours = (n) => (visit) => visit.context.addInitScript((ms) => {
  const now = Date.now.bind(Date);
  Date.now = () => now() + ms;
}, n * 3600000);

test("an invented QR code is refused with a reason and can be removed from the list", async () => {
  const visit = await phone(other, `123456-${Math.floor(Date.now() / 60000)}`);
  const { page } = visit;
  await tap(page, "I’m here");
  await says(page, "This QR code is for a different activity. Scan the one at the door.");
  await visit.check("made-up QR");
  await visit.shot("door-forged");
  assert.equal((await attended(other)).length, 0);
  await page.getByRole("button", { name: w("Remove from this list") }).click();
  await sent(page);
  await visit.close();
});

test("a check-out before the check-in is stored, reported, and shown to the leader, who corrects it", async () => {
  const visit = await phone(other, await shown(other));
  const { page } = visit;
  await tap(page, "I’m leaving");
  await says(page, "Recorded, but there was no check-in. The team leader will check this.");
  await visit.check("out before in");
  assert.equal((await attended(other)).length, 0);
  const leader = await open({ width: 360, login: "office1" });
  await leader.goto(`/activities/${other}/door`);
  const line = leader.page.locator(`[data-who="${numbers[0]}"]`);
  await line.filter({ hasText: /没有签到/ }).waitFor();
  await line.getByRole("link", { name: w("Amend") }).click();
  await leader.page.locator("#f-came").fill(local(-25));
  await leader.page.locator("#f-went").fill(local(-5));
  await leader.page.locator("#f-why").fill("忘了签到，在场的人都看到");
  await leader.check("put right");
  await leader.shot("door-put-right");
  await leader.page.getByRole("main").getByRole("button", { name: w("Save") }).click();
  await says(leader.page, "Saved.");
  const [one] = await attended(other);
  assert.equal((Date.parse(one.went) - Date.parse(one.came)) / 60000, 20);
  await leader.close();
  await visit.close();
});

test("a phone whose clock is three hours ahead is told so, and its time is right all the same", async () => {
  const visit = await phone(other, await shown(other), hours(3));
  const { page } = visit;
  await page.locator("[data-tell]").filter({ hasText: /不准|180/ }).waitFor();
  await visit.shot("door-clock");
  await offline(visit, true);
  await tap(page, "I’m here");
  await page.locator("[data-kept] li").first().waitFor();
  await offline(visit, false);
  await sent(page);
  const [newest] = (await attended(other)).sort((a, b) => b.id - a.id);
  assert.ok(Math.abs(Date.parse(newest.came) - Date.now()) < 90000, newest.came);
  await visit.close();
});

test("the QR code corrects a phone whose clock is wrong and that was never online, and the leader is asked to look", async () => {
  const code = await shown(other);
  const visit = await phone(other, code, async (each) => {
    await hours(-30)(each);
    await each.context.route("**/healthz", (route) => route.abort());
  }, false);
  const { page } = visit;
  await tap(page, "I’m here");
  await says(page, " Your phone’s clock is wrong, so we used a different time; tell the leader if it is not right.");
  const leader = await open({ login: "office1" });
  await leader.goto(`/activities/${other}/door`);
  await leader.page.getByText(w("The phone’s clock was wrong: check that the time is right.")).first().waitFor();
  await leader.check("a wrong clock");
  await leader.shot("door-wide");
  await leader.close();
  await visit.close();
});

test("signing out takes the pages off the device, and they are never kept past the activity", async () => {
  const visit = await open({ login: "office1" });
  const { page } = visit;
  const answer = await visit.goto(`/activities/${activity}/door`);
  const until = Number(answer.headers()["linli-keep"]);
  assert.ok(until > Date.now() / 1000 && until <= Date.now() / 1000 + 120 * 60 + 6 * 3600 + 60);
  await ready(page);
  await page
    .locator("details.menu")
    .filter({ has: page.locator("form[action='/logout']") })
    .locator("summary")
    .click();
  await page.locator("form[action='/logout'] button").click();
  await page.waitForURL(/\/$/);
  assert.deepEqual(
    await page.evaluate(async () =>
      (await caches.has("linli-pages"))
        ? (await (await caches.open("linli-pages")).keys()).length
        : 0,
    ),
    0,
  );
  await offline(visit, true);
  await assert.rejects(visit.goto(`/activities/${activity}/door`));
  await visit.close();
});

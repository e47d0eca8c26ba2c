// Volunteers without an account: the card, what it opens, what it does not, and how it ends.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { plain, read, sent, start } from "./server.mjs";

let server;

before(async () => {
  server = await start();
});
after(() => server?.stop());

test("what is made for volunteers asks for a card and keeps the way back", async () => {
  const answer = await server.visitor().get("/my?page=2");
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), "/card?next=%2Fmy%3Fpage%3D2");
});

test("a wrong code opens nothing and says so", async () => {
  const visitor = server.visitor();
  const answer = await visitor.post("/card", { code: "ABCDEFGHJK" });
  assert.equal(answer.status, 422);
  assert.match(await answer.text(), /没有这个卡号/);
  visitor.cookies.set("linli_card", "1.0123456789abcdef0123456789abcdef");
  assert.equal((await visitor.get("/my")).status, 303);
});

test("a volunteer's page leads to what is asked, to certificates and back, and shows what was done", async () => {
  const visitor = await server.signIn("volunteer1");
  const page = await (await visitor.get("/my")).text();
  for (const href of ["/my/asks", "/my/certificates", "/my/days"]) {
    assert.match(page, new RegExp(`href="${href}"`));
    assert.match(await (await visitor.get(href)).text(), /href="\/my"/, href);
  }
  assert.match(page, /姚阿姨/);
  assert.match(page, /href="\/my\/days\/\d+"/, "the demonstration's volunteer has served");
  // what was done stands beside the day, in both lists
  for (const list of [page, await (await visitor.get("/my/days")).text()]) {
    const [, id, done] = list.match(/href="\/my\/days\/(\d+)"[^>]*>[^<]*<\/a><span class="what">([^<]+)/);
    assert.ok(plain(await read(visitor, `/my/days/${id}`)).includes(done));
  }
});

test("a volunteer's own calendar has a secret address, renewed at will", async () => {
  const visitor = await server.signIn("volunteer1"),
    stranger = server.visitor();
  const address = async () =>
    (await (await visitor.get("/my")).text()).match(/\/calendar\/\d+-[0-9a-f]{32}/)?.[0];
  assert.equal(await address(), undefined);
  await visitor.submit("/my", "/my/calendar", {});
  const first = await address();
  // A shift that is signed up for, and then given back.
  const events = (await (await stranger.get("/activities.ics")).text())
    .match(/URL:\S+\/activities\/\d+/g)
    .map((line) => line.match(/\d+$/)[0]);
  let shift, at, taken;
  for (at of events) {
    const page = await (await visitor.get(`/activities/${at}`)).text();
    shift = page.match(
      new RegExp(`action="/activities/${at}/shift"[\\s\\S]*?name="shift" value="(\\d+)"`),
    )?.[1];
    taken =
      shift &&
      (await visitor.submit(`/activities/${at}`, `/activities/${at}/shift`, { shift })).status ===
        303;
    if (taken) break;
  }
  assert.ok(taken, "an activity that is to come has a shift");
  const feed = await stranger.get(first);
  assert.equal(feed.status, 200);
  assert.match(feed.headers.get("content-type"), /text\/calendar/);
  assert.match(feed.headers.get("cache-control"), /private/);
  const text = await feed.text();
  assert.match(text, /BEGIN:VCALENDAR[\s\S]*BEGIN:VEVENT[\s\S]*STATUS:CONFIRMED/);
  await visitor.submit(`/activities/${at}`, `/activities/${at}/leave-shift`, { shift });
  assert.match(await (await stranger.get(first)).text(), /STATUS:CANCELLED/);
  // Another one's address can't be made from it, and the old one ends.
  assert.equal((await stranger.get(first.replace(/\/(\d+)-/, "/2-"))).status, 404);
  await visitor.submit("/my", "/my/calendar", {});
  const second = await address();
  assert.notEqual(second, first);
  assert.equal((await stranger.get(first)).status, 404);
  assert.equal((await stranger.get(second)).status, 200);
  await visitor.submit("/my", "/my/calendar", { off: "1" });
  assert.equal((await stranger.get(second)).status, 404);
});

/* Applies as a resident does; the id that the office then sees. */
async function applyAs(office, name, phone) {
  const visitor = server.visitor();
  const area = (await (await visitor.get("/volunteer")).text()).match(
    /value="(\d+)"[^>]*>[^<]*湖景花园/,
  )[1];
  const answer = await visitor.submit("/volunteer", "/volunteer", {
    name,
    phone,
    area,
    skills: "errand",
    consent: "1",
  });
  assert.equal(answer.status, 303);
  const list = await (await office.get("/volunteers?view=applied")).text();
  return list.match(new RegExp(`/volunteers/(\\d+)"[^>]*>[^<]*${name}`))[1];
}

test("applications are approved together; what changed in the meantime is left with its reason", async () => {
  const office = await server.signIn("office1"),
    apply = (name, phone) => applyAs(office, name, phone);
  const [one, two, gone] = [
    await apply("姚大姐", "13800000911"),
    await apply("姚二姐", "13800000912"),
    await apply("姚三姐", "13800000913"),
  ];
  const list = await read(office, "/volunteers?view=applied"),
    tick = (id) => list.match(new RegExp(`name="id" value="(${id}\\.\\d+)"`))[1],
    many = (id) => office.submit("/volunteers?view=applied", "/volunteers/approve", { id });
  await sent(
    await office.submit(`/volunteers/${gone}`, `/volunteers/${gone}/refuse`, { why: "年龄不到" }),
  );
  const done = plain(await (await sent(await many([one, two, gone].map(tick)), 200)).text());
  assert.match(done, /已确认 2 份申请/);
  assert.match(done, /1 份没能确认/);
  for (const id of [one, two])
    assert.match(plain(await read(office, `/volunteers/${id}`)), /在册/, "they are volunteers");
  assert.match(plain(await read(office, `/volunteers/${gone}`)), /年龄不到/);
  const outbox = await read(office, "/outbox");
  for (const name of ["姚大姐", "姚二姐"])
    assert.match(outbox, new RegExp(`志愿者 ${name}[\\s\\S]*?欢迎您`));
  assert.match(plain(await (await sent(await many([]), 422)).text()), /请先选择申请/);
  const page = await read(await server.signIn("leader1"), "/volunteers?view=applied");
  assert.doesNotMatch(page, /name="id"/, "a reader selects nothing");
});

test("who applied is told: taken on, or not; a note goes to the outbox", async () => {
  const office = await server.signIn("office1"),
    apply = (name, phone) => applyAs(office, name, phone);
  const yes = await apply("许大姐", "13800000901"),
    no = await apply("许大哥", "13800000902");
  assert.equal(
    (await office.submit(`/volunteers/${yes}`, `/volunteers/${yes}/confirm`, {})).status,
    303,
  );
  assert.equal(
    (await office.submit(`/volunteers/${no}`, `/volunteers/${no}/refuse`, { why: "年龄不到" }))
      .status,
    303,
  );
  const outbox = await (await office.get("/outbox")).text();
  assert.match(outbox, /志愿者 许大姐[\s\S]*欢迎您/);
  assert.match(outbox, /志愿者 许大哥[\s\S]*暂时没能加入/);
  assert.doesNotMatch(outbox, /年龄不到/);
  const id = outbox.match(/志愿者 许大姐[\s\S]*?name="one" value="(\d+)"/)[1];
  assert.equal((await office.submit("/outbox", "/outbox/told", { one: id })).status, 303);
  assert.doesNotMatch(await (await office.get("/outbox")).text(), /许大姐/);
});

// What a resident does with a request after sending it: adds to it, takes it back, reads what the
// office adds to its reply; and photos that can't be accepted hold nothing up.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./server.mjs";

let server, token, area;
before(async () => {
  server = await start();
  token = server.token("office");
  area = (await api("GET", "/areas?level=estate&limit=1")).items[0].id;
});
after(() => server?.stop());

const api = async (method, path, body, status) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body ? { "content-type": "application/json" } : {}),
    },
  });
  if (status) assert.equal(answer.status, status, `${method} ${path}`);
  return answer.json();
};
const plain = (html) =>
  html
    .replace(/<script[\s\S]*?<\/script>|<template[\s\S]*?<\/template>/g, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
const text = async (visitor, path) => {
  const answer = await visitor.get(path);
  assert.equal(answer.status, 200, path);
  return answer.text();
};
const pixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** A form with files: fields and [name, bytes]. */
async function upload(visitor, page, action, fields, files = []) {
  const body = new FormData();
  for (const [name, value] of Object.entries({ ...(await visitor.hidden(page)), ...fields }))
    body.append(name, value);
  for (const [name, bytes] of files)
    body.append("photos", new Blob([bytes], { type: "image/png" }), name);
  return visitor.send("POST", action, { body });
}

/** A request sent by a resident, who now follows it. */
async function asked(words, files, phone = "13800138222", more = {}) {
  const resident = server.visitor();
  const answer = await upload(
    resident,
    "/ask",
    "/ask",
    { text: words, area, requester_phone: phone, seen: 1, ...more },
    files,
  );
  assert.equal(answer.status, 303, plain(await answer.clone().text()).slice(0, 600));
  const receipt = await text(resident, answer.headers.get("location"));
  const number = receipt.match(/\d{8}-\d{5}/)[0],
    code = receipt.match(/[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}/)[0];
  assert.equal((await resident.post("/follow", { number, digits: phone.slice(-4) })).status, 303);
  const id = (await api("GET", `/requests?q=${number}`)).items[0].id;
  return { resident, receipt, number, code, id };
}
const unit = async () =>
  (await api("GET", "/units?limit=500")).items.find((one) => one.code === "city");
const replied = async (id, words = "灯已换好。") => {
  await api("POST", `/requests/${id}/dispatch`, { unit: `#${(await unit()).id}` }, 200);
  await api("POST", `/requests/${id}/answer`, { text: words }, 200);
};

test("the office adds to its reply: the first reply stays, the resident reads and is told what was added", async () => {
  const { resident, id } = await asked("楼道灯不亮，晚上看不见");
  await replied(id);
  assert.equal(
    (await api("POST", `/requests/${id}/supplement`, { text: "还要等……" })).status,
    422,
    "a blank to be filled in",
  );
  await api("POST", `/requests/${id}/supplement`, { text: "另外换了声控开关。" }, 200);
  const page = plain(await text(resident, "/follow"));
  assert.match(page, /给您的答复 灯已换好.*另外换了声控开关.*补充了答复/);
  assert.match(page, /灯已换好/);
  const one = await api("GET", `/requests/${id}`);
  assert.equal(one.reply, "灯已换好。");
  assert.equal(one.status, "answered");
  const office = await server.signIn("office1");
  assert.match(
    plain(await text(office, "/outbox")),
    /楼道灯不亮[^。]*我们补充了答复。答复内容：另外换了声控开关。/,
  );
});

test("a resident adds words and a photo until it is closed; who handles it reads them", async () => {
  const { resident, id } = await asked("井盖松了，车过就响");
  await replied(id);
  const sent = await upload(
    resident,
    "/follow",
    "/follow/add",
    { adding: 1, addition: "今天又响了，照片在这里。" },
    [["a.png", pixel]],
  );
  assert.equal(sent.status, 303, plain(await sent.clone().text()).slice(0, 500));
  const page = await text(resident, "/follow");
  assert.match(plain(page), /您补充了情况。.*今天又响了/);
  assert.equal([...page.matchAll(/\/follow\/photos\/\d+"/g)].length, 1);
  const office = await server.signIn("office1"),
    theirs = await text(office, `/requests/${id}`);
  assert.match(plain(theirs), /反映人补充情况.*今天又响了/);
  assert.match(theirs, /\/requests\/\d+\/photos\/\d+/);
  assert.match(plain(await text(office, "/outbox?to=staff")), /反映人对诉求 [\d-]+ 补充了情况/);
  assert.equal(
    (await upload(resident, "/follow", "/follow/add", { adding: 1, addition: " ​ " })).status,
    422,
    "nothing was added",
  );
  assert.equal((await resident.submit("/follow", "/follow/answer", { solved: "yes" })).status, 303);
  const closed = await text(resident, "/follow");
  assert.doesNotMatch(closed, /\/follow\/add|\/follow\/withdraw/);
  const late = await upload(resident, "/follow", "/follow/add", {
    adding: 1,
    addition: "再说一句",
  });
  assert.equal(late.status, 422);
  assert.match(plain(await late.text()), /已办结，不能再补充/);
});

test("a resident takes a request back: work on it ends and nothing is owed", async () => {
  const { resident, id } = await asked("路灯一闪一闪的");
  await api("POST", `/requests/${id}/dispatch`, { unit: `#${(await unit()).id}` }, 200);
  assert.equal(
    (await resident.submit("/follow", "/follow/withdraw", { why: "物业已经修好了" })).status,
    303,
  );
  assert.match(plain(await text(resident, "/follow")), /您已撤回.*您撤回了反映。.*物业已经修好了/);
  const one = await api("GET", `/requests/${id}`);
  assert.equal(one.status, "closed");
  assert.equal(one.solved, "withdrawn");
  assert.equal(one.due, null);
  const office = await server.signIn("office1");
  assert.match(plain(await text(office, `/requests/${id}`)), /反映人已撤回/);
  const calls = plain(await text(office, "/outbox?to=staff"));
  assert.match(calls, new RegExp(`反映人撤回了诉求 ${one.number}，不用再办理`));
  assert.doesNotMatch(
    calls,
    new RegExp(`诉求 ${one.number} 已派给贵单位`),
    "that call has become pointless",
  );
  assert.equal(
    (await resident.submit("/follow", "/follow/answer", { solved: "no", text: "又坏了" })).status,
    303,
    "a mistake can be put right",
  );
  assert.equal((await api("GET", `/requests/${id}`)).status, "handling");
});

test("what others have reported too is not taken back by the first", async () => {
  const first = await asked("垃圾堆了三天没人清", [], "13800138223", { visibility: "summary" });
  const second = await asked("垃圾堆了三天还没人清", [], "13800138224");
  await api("POST", `/requests/${second.id}/merge`, { into: first.number }, 200);
  assert.match(plain(await text(first.resident, "/follow")), /还有其他居民反映了同一件事/);
  const refused = await first.resident.submit("/follow", "/follow/withdraw", { why: "算了" });
  assert.equal(refused.status, 422);
  assert.equal((await api("GET", `/requests/${first.id}`)).status, "received");
  // the other adds: those who handle it read it, the first does not
  assert.equal(
    (
      await upload(second.resident, "/follow", "/follow/add", {
        adding: 1,
        addition: "后门也有一堆",
      })
    ).status,
    303,
  );
  assert.doesNotMatch(await text(first.resident, "/follow"), /后门也有一堆/);
  assert.match(await text(await server.signIn("office1"), `/requests/${first.id}`), /后门也有一堆/);
});

test("a draft for one request never fills another's form", async () => {
  const one = await asked("第一件事情"),
    two = await asked("第二件事情");
  for (const each of [one, two]) await replied(each.id);
  const keys = async (visitor) =>
    [...(await text(visitor, "/follow")).matchAll(/data-keep="([^"]+)"/g)].map((m) => m[1]);
  const first = await keys(one.resident),
    second = await keys(two.resident);
  assert.ok(first.length >= 3, "an answer, an addition, a withdrawal");
  assert.deepEqual(
    first.filter((key) => second.includes(key)),
    [],
  );
  assert.equal(new Set(first).size, first.length);
});

test("whoever is refused is told whom to call", async () => {
  const resident = server.visitor(),
    office = /href="tel:\d+"[^>]*>[\s\S]*?城东街道/;
  const wrong = await resident.post("/follow", { number: "20261130-99999", digits: "1234" });
  assert.equal(wrong.status, 404);
  assert.match(await wrong.text(), office, "no such request");
  assert.match(await (await resident.post("/follow", { code: "ABCDEFGHJK" })).text(), office);
  const gone = await resident.get("/receipt");
  assert.equal(gone.status, 404);
  assert.match(await gone.text(), office, "a receipt that is no longer shown");
  // also where the office has set no number of its own: its first unit's counts
  assert.match(await (await resident.get("/nothing-here")).text(), /href="tel:\d+"/);
  const place = (await api("GET", "/activities?status=open&limit=1")).items[0].id;
  const bad = await resident.submit(`/activities/${place}`, `/activities/${place}/sign-up`, {
    name: "阿甲",
    phone: "12",
  });
  assert.equal(bad.status, 422);
  assert.match(await bad.text(), office, "a sign-up that was refused");
});

test("photos that can't be accepted hold nothing up: the receipt says which, why, and how to send them again", async () => {
  const { resident, receipt, id } = await asked("树枝断了挂在电线上", [
    ["good.png", pixel],
    ["empty.jpg", Buffer.alloc(0)],
    ["broken.png", pixel.subarray(0, 30)],
    ["large.jpg", Buffer.alloc((15 << 20) + 1, 255)],
  ]);
  const words = plain(receipt);
  assert.match(words, /已收到，但这些照片没有收下/);
  for (const name of ["empty.jpg", "broken.png", "large.jpg"])
    assert.match(words, new RegExp(`“${name}”`));
  assert.match(words, /文件是空的/);
  assert.doesNotMatch(words, /good\.png/);
  assert.match(words, /补充情况/);
  assert.equal(
    [...(await text(resident, "/follow")).matchAll(/\/follow\/photos\/\d+"/g)].length,
    1,
  );
  assert.match(
    plain(await text(await server.signIn("office1"), `/requests/${id}`)),
    /有照片未能收下[\s\S]*empty\.jpg/,
  );
  const again = await upload(resident, "/follow", "/follow/add", { adding: 1, addition: "" }, [
    ["empty.png", pixel],
  ]);
  assert.equal(again.status, 303);
  assert.equal(
    [...(await text(resident, "/follow")).matchAll(/\/follow\/photos\/\d+"/g)].length,
    2,
  );
});

test("three photos, each as large as is allowed, fit in one form", async () => {
  const large = Buffer.alloc(15 << 20, 7); // no picture: what counts is that the form arrives
  const { receipt } = await asked("三张大照片", [
    ["1.jpg", large],
    ["2.jpg", large],
    ["3.jpg", large],
  ]);
  assert.match(plain(receipt), /已收到，但这些照片没有收下/);
});

test("ten pages are taken whatever a line end is sent as; what is too long is counted as it would be stored", async () => {
  const { id } = await asked("一二三四\r\n".repeat(1000), []);
  assert.equal((await api("GET", `/requests/${id}`)).text.length, 4999);
  const visitor = server.visitor(),
    long = await upload(visitor, "/ask", "/ask", {
      text: "一二三四\r\n".repeat(1001),
      area,
      requester_phone: "13800138223",
      seen: 1,
    });
  assert.equal(long.status, 422);
  assert.match(plain(await long.text()), /最多 5000 个字，现在有 5004 个/);
});

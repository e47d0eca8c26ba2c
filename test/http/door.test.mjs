// The day of an activity and the day after, over HTTP and without JavaScript: finding people at
// the entrance, the organisers' page with its shifts and who came.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { day, folder, idIn, init, linli, plain, read, sent, start } from "./server.mjs";

const AREA = "441202001001";
const files = dirname(folder());
// three in the team, one of them twice by name, and two outside it
const PEOPLE = [
  ["苏树", "13800004321", "T-DOOR"],
  ["阮同名", "13800000011", "T-DOOR"],
  ["阮同名", "13800000022", ""],
  ["甄士隐", "13800007788", ""],
  ["欧阳修", "13800000055", "T-DOOR"],
];
let server, token, office, area, team, volunteers;

const api = async (path) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 200, path);
  return answer.json();
};
const sheet = (name, lines, data = server.data) => {
  const path = join(files, `${name}.csv`);
  writeFileSync(path, lines.join("\n"));
  const done = linli(["import", name, path, "--data", data]);
  assert.equal(done.code, 0, done.stderr + done.stdout);
};
const minutes = (n) => new Date(Date.now() + (n + 8 * 60) * 60000).toISOString().slice(0, 16);
/** An activity of the team, from and to in minutes from now, and its id. */
async function held(title, from, to) {
  sheet("activities", [
    "title,kind,area,organisation,place,starts,ends",
    `${title},service,${AREA},T-DOOR,站,${minutes(from)},${minutes(to)}`,
  ]);
  return (await api("/activities?limit=500")).items.find((a) => a.title === title).id;
}
/** Checks somebody in or out as a device at the entrance does, at a time in minutes from now. */
async function mark(id, who, out, at) {
  const cookie = [...office.cookies].map(([n, v]) => `${n}=${v}`).join("; "),
    key = `door-${id}-${who}-${out}-${at}`.replace(/[^\w-]/g, "_").padEnd(16, "0");
  const seconds = Math.floor(Date.now() / 1000) + at * 60;
  const answer = await fetch(`${server.url}/api/attendance`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie, origin: server.url },
    body: JSON.stringify({ marks: [{ key, activity: id, at: seconds, ahead: 0, out, who }] }),
  });
  const [result] = (await answer.json()).results;
  assert.equal(result.status, 201, result.message);
}
const number = (i) => volunteers[i].number;

before(async () => {
  const made = init({ requests: 0 });
  sheet("organisations", ["code,name,kind,area", `T-DOOR,门口队,team,${AREA}`], made.data);
  sheet(
    "people",
    [
      "code,name,phone,area",
      ...PEOPLE.map(([name, phone], i) => `P-R${i},${name},${phone},${AREA}`),
    ],
    made.data,
  );
  sheet(
    "volunteers",
    ["person,team", ...PEOPLE.map(([, , in_team], i) => `P-R${i},${in_team}`)],
    made.data,
  );
  server = await start(made);
  token = server.token("office");
  office = await server.signIn("office1");
  area = (await api("/areas?limit=200")).items.find((a) => a.code === AREA).id;
  team = (await api("/organisations?limit=500")).items.find((o) => o.code === "T-DOOR").id;
  const people = (await api("/people?limit=500")).items,
    all = (await api("/volunteers?limit=500")).items;
  volunteers = PEOPLE.map((_, i) => {
    const person = people.find((p) => p.code === `P-R${i}`).id;
    return all.find((v) => v.person === person);
  });
  assert.ok(area && team);
});
after(() => server?.stop());

test("the entrance lists the team; others are found by what one knows and chosen by a button", async () => {
  const id = await held("门口一", -30, 90), door = `/activities/${id}/door`;
  const list = await read(office, door);
  for (const i of [0, 1, 4]) assert.match(list, new RegExp(`value="in:${number(i)}"`));
  for (const i of [2, 3]) assert.doesNotMatch(list, new RegExp(`value="in:${number(i)}"`));
  assert.match(plain(list), /队里其他人 ?3/);
  assert.match(plain(list), /苏树 尾号 4321/);
  // whoever is looked for is offered, never checked in at once and never to be typed again
  const found = async (who) => {
    const answer = await sent(await office.submit(door, door, { who, go: "in" }), 422);
    const page = await answer.text();
    assert.ok(page.includes(`value="${who}"`), "what was typed stays");
    const [, part] = page.split('id="found"');
    return [...part.split('id="here"')[0].matchAll(/value="in:(V\d+)"/g)].map((m) => m[1]).sort();
  };
  assert.deepEqual(await found("阮同名"), [number(1), number(2)].sort(), "two of one name");
  assert.deepEqual(await found("甄士"), [number(3)], "part of the name");
  assert.deepEqual(await found("zhenshi"), [number(3)], "pinyin");
  assert.deepEqual(await found("zsy"), [number(3)], "initials");
  assert.deepEqual(await found("7788"), [number(3)], "the end of the telephone");
  assert.deepEqual(await found("ouyang"), [number(4)], "a surname of two characters");
  assert.ok((await found(number(3).slice(-3))).includes(number(3)), "the end of the number");
  assert.deepEqual(await found("没有这人"), []);
  assert.deepEqual(await found("%"), [], "signs of the database stand for themselves");
  // as the page's script asks for them: the part alone
  const part = await office.get(`${door}?q=zsy`, { "x-fragment": "found" });
  const text = await part.text();
  assert.match(text, new RegExp(`value="in:${number(3)}"`));
  assert.doesNotMatch(text, /<html|id="here"/);
  // one tap
  await sent(await office.submit(door, door, { one: `in:${number(3)}` }));
  assert.match(plain(await read(office, door)), /在场 ?1 ?甄士隐/);
  // a whole number or name of one person needs no choice
  await sent(await office.submit(door, door, { who: "欧阳修", go: "in" }));
  assert.match(plain(await read(office, door)), /在场 ?2/);
});

test("a leader finds only whom the leader looks after", async () => {
  const id = await held("门口二", -30, 90), door = `/activities/${id}/door`;
  const worker = await server.signIn("dongmen1"); // of another community
  const answer = await worker.get(`${door}?q=zhenshi`, { "x-fragment": "found" });
  assert.ok(answer.status === 404 || !(await answer.text()).includes(number(3)));
});

test("the organisers' page shows shifts with who signed up, and afterwards who came with their hours", async () => {
  const announced = await sent(
    await office.submit("/activities/new", "/activities/new", {
      title: "清理步道",
      kind: "service",
      area,
      organisation: team,
      place: "站",
      date: day(5),
      from: "09:00",
      to: "11:00",
      shift_name_0: "签到引导",
      shift_from_0: "09:00",
      shift_to_0: "11:00",
      shift_places_0: "2",
    }),
  );
  const coming = idIn(announced);
  const [shift] = (await api(`/shifts?activity=${coming}&limit=9`)).items;
  const { number: activity } = await api(`/activities/${coming}`);
  sheet("sign_ups", [
    "activity,shift,volunteer,name",
    `${activity},${shift.code},${number(0)},苏树`,
  ]);
  const before = plain(await read(office, `/activities/${coming}/manage`));
  assert.match(before, /志愿者班次 签到引导 .* 苏树 已报名 1 人，需要 2 人 · 还缺 1 人/);
  assert.doesNotMatch(before, /确认已举办|到场的志愿者/);
  // while it goes on it cannot be confirmed either
  const now = await held("正在办", -60, 60);
  assert.doesNotMatch(await read(office, `/activities/${now}/manage`), /确认已举办/);
  const early = await office.submit(`/activities/${now}/manage`, `/activities/${now}/held`, {
    person_times: "12",
  });
  assert.match(plain(await (await sent(early, 422)).text()), /活动还没有结束/);
  assert.equal((await api(`/activities/${now}`)).status, "open");
  const over = await held("办过的", -180, -60);
  await mark(over, number(1), false, -170);
  await mark(over, number(1), true, -70);
  const page = await read(office, `/activities/${over}/manage`), words = plain(page);
  assert.match(words, /到场的志愿者 1 位志愿者，共 1 小时 40 分/);
  assert.match(words, /阮同名 V\d+ 没报名，直接来的/);
  assert.equal(page.match(/确认已举办/g).length, 1, "one word, not twice");
  const [, hours] = page.match(/href="\/hours\/(\d+)"/);
  assert.match(plain(await read(office, `/hours/${hours}`)), /阮同名|办过的/);
  const manage = `/activities/${over}/manage`;
  await sent(await office.submit(manage, `/activities/${over}/held`, { person_times: "12" }));
  assert.match(plain(await read(office, manage)), /12 人次/);
});

/** A past activity on day n from one clock to another, and its id. */
async function past(title, n, from, to) {
  sheet("activities", [
    "title,kind,area,organisation,place,starts,ends",
    `${title},service,${AREA},T-DOOR,站,${day(n, from)},${day(n, to)}`,
  ]);
  return (await api("/activities?limit=500")).items.find((a) => a.title === title).id;
}
const at = (n, clock) =>
  Math.round((Date.parse(`${day(n, clock)}:00+08:00`) - Date.now()) / 60000);

test("who decides on a day corrects times, not a sum; the record proves it", async () => {
  const id = await past("擦窗", -3, "14:00", "17:00"), who = number(4);
  await mark(id, who, false, at(-3, "13:58"));
  await mark(id, who, true, at(-3, "16:55"));
  const manage = await read(office, `/activities/${id}/manage`);
  const path = manage.match(/href="(\/hours\/\d+)"/)[1];
  const page = await read(office, path), span = page.match(/name="came_(\d+)"/)[1];
  assert.match(page, /name="came_\d+" value="13:5[78]"/, "the times that were recorded");
  assert.match(plain(page), /合计： ?2 小时 5\d 分/);
  assert.match(plain(page), /电话 ?138\*\*\*\*0055/, "masked");
  // shown on request, on this page
  const shown = await sent(
    await office.submit(path, `/volunteers/${volunteers[4].id}/reveal`, { next: path }),
  );
  assert.equal(shown.headers.get("location"), path);
  assert.match(await read(office, path), /tel:13800000055/);
  const decide = (fields, status) =>
    office.submit(path, `${path}/decide`, fields).then((answer) => sent(answer, status));
  const refused = async (fields) =>
    plain(await (await decide({ why: "核实过", ...fields }, 422)).text());
  const times = (came, went, rest = "", back = "") => ({
    [`came_${span}`]: came,
    [`went_${span}`]: went,
    [`rest_${span}`]: rest,
    [`back_${span}`]: back,
  });
  assert.match(await refused(times("一点", "16:55")), /例如 13:00/);
  assert.match(await refused(times("", "16:55")), /13:00 到 16:55/);
  assert.match(await refused(times("13:00", "16:55", "15:00")), /休息要填开始和结束/);
  assert.match(await refused({ ...times("13:00", "16:55"), why: "" }), /请写明理由/);
  // from one o'clock, with half an hour of tea: longer than the activity, so part of it is outside
  await decide({ ...times("13:00", "16:55", "15:00", "15:30"), why: "提前布置，队长在场" });
  const after = plain(await read(office, path));
  assert.match(after, /到场 3 小时 25 分，计入 3 小时 25 分/);
  assert.match(after, /13:00–15:00/);
  assert.match(after, /15:30–16:55/);
  assert.match(after, /提前布置，队长在场/);
  // and what nobody noted; longer than the activity
  await decide({ came_new: "12:00", went_new: "18:00", activity_new: id, why: "前后收拾" });
  const more = plain(await read(office, path));
  assert.match(more, /活动之外 ?12:00–14:00/);
  assert.match(more, /活动之外 ?17:00–18:00/);
  assert.match(more, /到场 6 小时，计入 6 小时/, "overlaps count once");
});

test("a new activity with mistakes hears of all of them at once", async () => {
  const answer = await sent(
    await office.submit("/activities/new", "/activities/new", {
      title: "",
      kind: "service",
      area,
      date: "",
      from: "",
      to: "",
      every: "week",
      times: "",
      places: "很多",
    }),
    422,
  );
  const page = await answer.text();
  for (const name of ["title", "date", "from", "to", "times", "places"])
    assert.match(page, new RegExp(`href="#f-${name}"`), name);
  assert.match(page, /name="places"[^>]*value="很多"/, "nothing typed is lost");
  // and those of the whole record with them
  const late = await sent(
    await office.submit("/activities/new", "/activities/new", {
      title: "",
      kind: "service",
      area,
      date: day(5),
      from: "09:00",
      to: "11:00",
      sign_up_until: day(9, "09:00"),
    }),
    422,
  );
  const both = await late.text();
  for (const name of ["title", "sign_up_until"])
    assert.match(both, new RegExp(`#f-${name}"`), name);
});

test("who asked to be found a team is shown as waiting for one", async () => {
  const visitor = server.visitor();
  await sent(
    await visitor.submit("/volunteer", "/volunteer", {
      name: "待安排",
      phone: "13800006601",
      area,
      consent: "1",
    }),
  );
  const list = await read(office, "/volunteers?view=applied");
  const id = list.match(/href="\/volunteers\/(\d+)">待安排/)[1];
  assert.match(plain(list), /待安排 ?待确认/, "one word for the state, in the tab and the row");
  const page = await read(office, `/volunteers/${id}`), words = plain(page);
  assert.match(words, /待安排 ?待确认/);
  assert.match(words, /队伍 ?还没有，正在找/);
  assert.match(page, /<details class="card" open><summary>安排队伍/);
  assert.doesNotMatch(words, /换一个队/);
  const { version } = await api(`/volunteers/${id}`);
  await sent(await office.submit(`/volunteers/${id}`, `/volunteers/${id}/move`, { team, version }));
  assert.match(plain(await read(office, `/volunteers/${id}`)), /队伍 ?门口队/);
});

// Activities over HTTP: what an edit keeps, waiting lists of three, and what those who signed
// up are told.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { day, folder, idIn, init, linli, plain, read, rows, sent, start, user } from "./server.mjs";

const AREA = "441202001001";
const files = dirname(folder());
let server, token, office, area;
async function api(
  path,
  method = "GET",
  body = undefined,
  status = method === "POST" ? 201 : 200,
  headers = {},
) {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
  });
  const text = await answer.text();
  assert.equal(answer.status, status, text);
  return JSON.parse(text);
}
/** Changes a record through the API, whatever its version is. */
async function patch(path, body, status = 200) {
  const { version } = await api(path);
  return api(path, "PATCH", body, status, { "if-match": `"${version}"` });
}
const shiftsOf = async (id) =>
  (await api(`/shifts?activity=${id}&limit=100`)).items.sort((a, b) =>
    a.starts < b.starts ? -1 : 1,
  );
const signUps = async (id) =>
  (await api(`/sign_ups?activity=${id}&limit=100`)).items.sort((a, b) => a.id - b.id);
const standing = async (id) =>
  Object.fromEntries((await signUps(id)).map((s) => [s.name, s.status]));
const announce = async (fields, status = 303) =>
  idIn(
    await sent(
      await office.submit("/activities/new", "/activities/new", {
        kind: "service",
        area,
        place: "服务站",
        date: day(7),
        from: "09:00",
        to: "11:00",
        ...fields,
      }),
      status,
    ),
  );
/** The edit form as it is drawn, with the given fields changed. */
async function edit(id, changes, status = 303) {
  const page = await read(office, `/activities/${id}/edit`);
  const form = page.slice(page.indexOf(`action="/activities/${id}/edit"`));
  const drawn = {};
  for (const [tag] of form.matchAll(/<input[^>]*>/g)) {
    const at = (name) => tag.match(new RegExp(` ${name}="([^"]*)"`))?.[1];
    if (at("name") && (!/type="(checkbox|radio)"/.test(tag) || / checked/.test(tag)))
      drawn[at("name")] = at("value") ?? "";
  }
  for (const [, name, body] of form.matchAll(
    /<select[^>]* name="(\w+)"[^>]*>([\s\S]*?)<\/select>/g,
  ))
    drawn[name] = body.match(/value="([^"]*)" selected/)?.[1] ?? "";
  for (const [, name, text] of form.matchAll(/<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</g))
    drawn[name] = text;
  return sent(await office.post(`/activities/${id}/edit`, { ...drawn, ...changes }), status);
}
async function signUp(id, name, n) {
  const visitor = server.visitor();
  const answer = await sent(
    await visitor.submit(`/activities/${id}`, `/activities/${id}/sign-up`, {
      name,
      phone: `1380000${7000 + n}`,
    }),
  );
  return plain(await read(visitor, answer.headers.get("location"))).match(/\bU[0-9A-Z]{6,12}\b/)[0];
}
const waitingNotices = () => rows(join(server.data, "linli.db"), "SELECT action, recipient, text, status, coalesce(error, '') FROM notices WHERE action LIKE 'activity%' ORDER BY id")[0];

before(async () => {
  const made = init({ requests: 0 });
  const helpers = ["志一", "志二", "志三", "志四"];
  helpers.forEach(
    (_, i) => (made.logins[`helper${i}`] = user(made.data, `helper${i}`, `helper${i}`)),
  );
  const sheet = (name, lines) => {
    const path = join(files, `${name}.csv`);
    writeFileSync(path, lines.join("\n"));
    const done = linli(["import", name, path, "--data", made.data]);
    assert.equal(done.code, 0, done.stderr + done.stdout);
  };
  sheet("people", ["code,name,area", ...helpers.map((name, i) => `P-W${i},${name},${AREA}`)]);
  sheet("volunteers", [
    "person,user,skills",
    ...helpers.map((_, i) => `P-W${i},helper${i},haircut`),
  ]);
  server = await start(made);
  token = server.token("office");
  office = await server.signIn("office1");
  area = (await api("/areas?limit=200")).items.find((a) => a.code === AREA).id;
});
after(() => server?.stop());

test("saving an edit keeps the days of an activity and each shift's date and skills", async () => {
  const { id } = await api("/activities", "POST", {
    title: "冬季展览",
    kind: "culture",
    area,
    starts: day(20, "09:00"),
    ends: day(22, "17:00"),
  });
  for (let i = 0; i < 3; i++)
    await api("/shifts", "POST", {
      activity: id,
      name: `第${i + 1}天`,
      starts: day(20 + i, "09:00"),
      ends: day(20 + i, "17:00"),
      places: 2,
      skills: i ? ["haircut"] : [],
    });
  const shifts = await shiftsOf(id);
  await edit(id, { text: "带好证件" });
  const saved = await api(`/activities/${id}`);
  assert.equal(saved.text, "带好证件");
  assert.deepEqual(
    [saved.starts.slice(0, 16), saved.ends.slice(0, 16)],
    [day(20, "09:00"), day(22, "17:00")],
  );
  assert.deepEqual(
    (await shiftsOf(id)).map((s) => [s.name, s.starts, s.ends, s.skills]),
    shifts.map((s) => [s.name, s.starts, s.ends, s.skills]),
  );
  // Moved by a week, the shifts go along; one moved by hand goes where it was put.
  await edit(id, { date: day(27), last: day(29), shift_date_2: day(28) });
  assert.deepEqual(
    (await shiftsOf(id)).map((s) => [s.name, s.starts.slice(0, 10)]),
    [
      ["第1天", day(27)],
      ["第2天", day(28)],
      ["第3天", day(28)],
    ],
  );
  assert.equal((await api(`/activities/${id}`)).ends.slice(0, 16), day(29, "17:00"));
  // A last day before the first is told; a shift outside the activity too.
  await edit(id, { last: day(26) }, 422);
  await edit(id, { shift_date_0: day(31) }, 422);
});

test("shifts after midnight belong to the next day", async () => {
  const id = await announce({
    title: "守岁夜",
    date: day(21),
    from: "20:00",
    to: "08:00",
    shift_name_0: "前半夜",
    shift_from_0: "20:00",
    shift_to_0: "00:30",
    shift_name_1: "后半夜",
    shift_from_1: "00:30",
    shift_to_1: "04:00",
    shift_name_2: "清晨",
    shift_from_2: "04:00",
    shift_to_2: "08:00",
  });
  const hours = [
    [day(21, "20:00"), day(22, "00:30")],
    [day(22, "00:30"), day(22, "04:00")],
    [day(22, "04:00"), day(22, "08:00")],
  ];
  const stored = async () =>
    (await shiftsOf(id)).map((s) => [s.starts.slice(0, 16), s.ends.slice(0, 16)]);
  assert.deepEqual(await stored(), hours);
  await edit(id, { text: "带热水" });
  assert.deepEqual(await stored(), hours);
});

test("another station brings its own place, area and point on the map", async () => {
  const stations = (await api("/organisations?kind=station&limit=100")).items.filter(
    (o) => o.lat && o.public,
  );
  const [one, two] = [
    stations[0],
    stations.find((o) => o.lat !== stations[0].lat && o.area !== stations[0].area),
  ];
  const id = await announce({ title: "站点讲座", area: "", station: one.id, place: "" });
  const at = async () => {
    const a = await api(`/activities/${id}`);
    return [a.place, a.area, a.lat, a.lon];
  };
  assert.deepEqual(await at(), [one.name, one.area, one.lat, one.lon]);
  await edit(id, { station: two.id, place: one.name });
  assert.deepEqual(await at(), [two.name, two.area, two.lat, two.lon]);
  await patch(`/activities/${id}`, { station: one.id });
  assert.deepEqual(await at(), [one.name, one.area, one.lat, one.lon]);
});

test("editing one day of a series asks which: this one, or this and later ones", async () => {
  const first = await announce({
    title: "每周义剪",
    date: day(10),
    every: "week",
    times: "4",
    shift_name_0: "理发",
    shift_from_0: "09:00",
    shift_to_0: "10:00",
    shift_places_0: "2",
  });
  const { series } = await api(`/activities/${first}`);
  const all = (await api("/activities?status=open&limit=500")).items
    .filter((a) => a.series === series)
    .sort((a, b) => a.id - b.id);
  assert.equal(all.length, 4);
  const refused = plain(await (await edit(all[1].id, { title: "义剪改期" }, 422)).text());
  assert.match(refused, /只改这一场/);
  await edit(all[1].id, { which: "one", place: "广场" });
  await edit(all[2].id, {
    which: "later",
    title: "义剪新名",
    from: "14:00",
    to: "16:00",
    shift_from_0: "14:00",
    shift_to_0: "16:00",
    shift_places_0: "5",
  });
  const now = await Promise.all(all.map((a) => api(`/activities/${a.id}`)));
  assert.deepEqual(
    now.map((a) => a.title),
    ["每周义剪", "每周义剪", "义剪新名", "义剪新名"],
  );
  assert.deepEqual(
    now.map((a) => a.place),
    ["服务站", "广场", "服务站", "服务站"],
  );
  assert.deepEqual(
    now.map((a) => a.starts.slice(0, 16)),
    [day(10, "09:00"), day(17, "09:00"), day(24, "14:00"), day(31, "14:00")],
  );
  for (const [i, places, from] of [
    [1, 2, "09:00"],
    [3, 5, "14:00"],
  ]) {
    const [shift, more] = await shiftsOf(all[i].id);
    assert.deepEqual([shift.places, shift.starts.slice(11, 16), more], [places, from, undefined]);
  }
});

test("added places go to the waiting list in order, before any newcomer", async () => {
  for (const way of ["form", "api"]) {
    const id = await announce({ title: `讲座${way}`, places: "1" });
    for (const [i, name] of ["甲", "乙", "丙", "丁"].entries())
      await signUp(id, name, 10 + i + (way === "api" ? 10 : 0));
    assert.deepEqual(await standing(id), {
      甲: "signed",
      乙: "waiting",
      丙: "waiting",
      丁: "waiting",
    });
    await (way === "form" ? edit(id, { places: "3" }) : patch(`/activities/${id}`, { places: 3 }));
    assert.deepEqual(await standing(id), {
      甲: "signed",
      乙: "signed",
      丙: "signed",
      丁: "waiting",
    });
    await signUp(id, "戊", 30 + (way === "api" ? 1 : 0));
    assert.equal((await standing(id)).戊, "waiting");
    // No limit any more: everybody has a place.
    await edit(id, { places: "" });
    assert.deepEqual([...new Set(Object.values(await standing(id)))], ["signed"]);
    assert.equal(
      waitingNotices().filter(
        ([action, , text]) => action === "activity-moved-up" && text.includes(`讲座${way}`),
      ).length,
      4,
    );
  }
});

test("moving up from the waiting list never double-books; those passed over keep their turn", async () => {
  const shift = (name, from, to, places) => ({
    shift_name_0: name,
    shift_from_0: from,
    shift_to_0: to,
    shift_places_0: places,
  });
  const one = await announce({
      title: "早班",
      date: day(12),
      from: "09:00",
      to: "12:00",
      ...shift("早", "09:00", "12:00", "1"),
    }),
    two = await announce({
      title: "午班",
      date: day(12),
      from: "10:00",
      to: "13:00",
      ...shift("午", "10:00", "13:00", "3"),
    });
  const helpers = await Promise.all([0, 1, 2, 3].map((i) => server.signIn(`helper${i}`)));
  const [first] = await shiftsOf(one),
    [second] = await shiftsOf(two);
  const act = async (who, what, id, s, status) =>
    sent(
      await helpers[who].submit(`/activities/${id}`, `/activities/${id}/${what}`, { shift: s.id }),
      status,
    );
  for (const who of [0, 1, 2, 3]) await act(who, "shift", one, first);
  await act(1, "shift", two, second); // waits for the early one, has a place in the other
  await act(0, "leave-shift", one, first);
  assert.deepEqual(await standing(one), {
    志一: "cancelled",
    志二: "waiting",
    志三: "signed",
    志四: "waiting",
  });
  // More places: 志四 moves up, 志二 still can't.
  await patch(`/shifts/${first.id}`, { places: 3 });
  assert.deepEqual(await standing(one), {
    志一: "cancelled",
    志二: "waiting",
    志三: "signed",
    志四: "signed",
  });
  // Once the other place is given back, this one is theirs.
  await act(1, "leave-shift", two, second);
  assert.equal((await standing(one)).志二, "signed");
  // Neither can a shift be moved onto another one of somebody who has a place in both.
  const evening = await announce({
    title: "晚班",
    date: day(12),
    from: "08:00",
    to: "21:00",
    ...shift("晚", "18:00", "20:00", "3"),
  });
  const [third] = await shiftsOf(evening);
  await act(1, "shift", evening, third);
  const refused = plain(
    await (await edit(evening, { shift_from_0: "11:00", shift_to_0: "13:00" }, 422)).text(),
  );
  assert.match(refused, /志二/);
});

test("what somebody is told: a place stays said, other hours are told, and the calendar follows", async () => {
  const id = await announce({
    title: "合唱排练",
    places: "1",
    date: day(9),
    shift_name_0: "接待",
    shift_from_0: "09:00",
    shift_to_0: "10:00",
    shift_places_0: "2",
  });
  const codes = [];
  for (const [i, name] of ["子", "丑", "寅"].entries()) codes.push(await signUp(id, name, 40 + i));
  await sent(
    await server
      .visitor()
      .submit(`/activities/${id}`, `/activities/${id}/sign-off`, { code: codes[0] }),
  );
  await edit(id, { place: "文化站" });
  const told = waitingNotices().filter(
    ([, , text, status]) => text.includes("合唱排练") && status === "waiting",
  );
  const signed = await signUps(id),
    textFor = (name) =>
      told
        .filter(([, to]) => to === `signup:${signed.find((s) => s.name === name).id}`)
        .map((n) => n[2]);
  assert.equal(textFor("丑").length, 1);
  assert.match(textFor("丑")[0], /名额/);
  assert.match(textFor("丑")[0], /文化站/);
  assert.match(textFor("寅")[0], /候补/);
  assert.equal(textFor("子").length, 0);
  // Only a shift's hours change: its volunteers are told, and every calendar sees a newer version.
  const helper = await server.signIn("helper0");
  const [shift] = await shiftsOf(id);
  await sent(
    await helper.submit(`/activities/${id}`, `/activities/${id}/shift`, { shift: shift.id }),
  );
  await helper.submit("/my", "/my/calendar", {});
  const feed = (await read(helper, "/my")).match(/\/calendar\/\d+-[0-9a-f]{32}/)[0];
  const sequence = async (path) =>
    Number(
      (await read(server.visitor(), path))
        .match(/合唱排练[\s\S]*?SEQUENCE:(\d+)|SEQUENCE:(\d+)[\s\S]*?合唱排练/)
        .slice(1)
        .find(Boolean),
    );
  const single = `/activities/${id}/calendar.ics`,
    before = [await sequence(single), await sequence(feed)];
  await edit(id, { shift_from_0: "10:00", shift_to_0: "11:00" });
  const mine = waitingNotices().filter(
    ([action, , text, status]) =>
      action === "activity-changed" && status === "waiting" && text.includes("10:00"),
  );
  assert.equal(mine.length, 1, "the volunteer, nobody else");
  assert.ok((await sequence(single)) > before[0]);
  assert.ok((await sequence(feed)) > before[1]);
});

test("after the deadline one can still say that one can't come; what is over invites nobody", async () => {
  const id = await announce({
    title: "急救课",
    places: "1",
    date: day(3),
    shift_name_0: "助教",
    shift_from_0: "09:00",
    shift_to_0: "10:00",
    shift_places_0: "1",
  });
  const codes = [];
  for (const [i, name] of ["卯", "辰", "巳", "午"].entries())
    codes.push(await signUp(id, name, 50 + i));
  const helper = await server.signIn("helper2"),
    [shift] = await shiftsOf(id);
  await sent(
    await helper.submit(`/activities/${id}`, `/activities/${id}/shift`, { shift: shift.id }),
  );
  await edit(id, { sign_up_until: day(-1, "08:00") });
  const visitor = server.visitor(), page = await read(visitor, `/activities/${id}`);
  assert.match(page, /name="code"/);
  assert.doesNotMatch(page, /name="phone"/);
  await sent(
    await visitor.submit(`/activities/${id}`, `/activities/${id}/sign-off`, { code: codes[0] }),
  );
  assert.deepEqual(await standing(id), {
    卯: "cancelled",
    辰: "signed",
    巳: "waiting",
    午: "waiting",
    志三: "signed",
  });
  await sent(
    await helper.submit(`/activities/${id}`, `/activities/${id}/leave-shift`, { shift: shift.id }),
  );
  // A refusal is called what it is.
  const { title } = await api(
    "/sign_ups",
    "POST",
    { activity: id, name: "未", phone: "13800007060" },
    409,
  );
  assert.match(title, /报名已截止/);
  // Over: a place is given back, and nobody hears that they may come.
  rows(
    join(server.data, "linli.db"),
    `UPDATE activities SET starts = starts - 864000, ends = ends - 864000 WHERE id = ${id}`,
  );
  const before = waitingNotices().length,
    second = (await signUps(id)).find((s) => s.name === "辰");
  await sent(
    await office.submit(`/activities/${id}/manage`, `/activities/${id}/sign-ups`, {
      off: second.id,
    }),
  );
  assert.deepEqual(await standing(id), {
    卯: "cancelled",
    辰: "cancelled",
    巳: "waiting",
    午: "waiting",
    志三: "cancelled",
  });
  assert.equal(
    waitingNotices().filter(
      ([action, , text]) => action === "activity-moved-up" && text.includes("急救课"),
    ).length,
    1,
  );
  assert.equal(waitingNotices().length, before);
});

test("a status changes by steps only: a cancellation has its reason and is told", async () => {
  const id = await announce({ title: "法律咨询", places: "2", date: day(6) });
  await signUp(id, "申", 61);
  await signUp(id, "酉", 62);
  for (const status of ["cancelled", "held", "planned"])
    assert.match(
      JSON.stringify(await patch(`/activities/${id}`, { status }, 422)),
      /publish、draft、held、cancel/,
    );
  assert.match(
    JSON.stringify(await patch(`/activities/${id}`, { cancelled_why: "下雨" }, 422)),
    /cancelled_why/,
  );
  // By steps: the reason is asked for, what can't be is refused, and everybody is told.
  assert.match(
    JSON.stringify(await api(`/activities/${id}/cancel`, "POST", {}, 422)),
    /请填写原因|原因/,
  );
  assert.match(JSON.stringify(await api(`/activities/${id}/draft`, "POST", {}, 422)), /已有人报名/);
  assert.match(
    JSON.stringify(await api(`/activities/${id}/held`, "POST", {}, 422)),
    /还没有结束/,
  );
  assert.equal((await api(`/activities/${id}`)).status, "open");
  const cancelled = await api(`/activities/${id}/cancel`, "POST", { why: "律师出差" }, 200);
  assert.deepEqual([cancelled.status, cancelled.cancelled_why], ["cancelled", "律师出差"]);
  assert.equal(
    waitingNotices().filter(
      ([action, , text]) =>
        action === "activity-cancelled" && text.includes("法律咨询") && text.includes("律师出差"),
    ).length,
    2,
  );
  await api(`/activities/${id}/publish`, "POST", {}, 409);
  // A draft begins as one, and is published by a step or by its form.
  const draft = {
    title: "读书会",
    kind: "culture",
    area,
    starts: day(9, "09:00"),
    ends: day(9, "11:00"),
  };
  await api("/activities", "POST", { ...draft, status: "held" }, 422);
  await api("/activities", "POST", { ...draft, status: "cancelled" }, 422);
  const first = await api("/activities", "POST", { ...draft, status: "planned" });
  assert.equal(first.status, "planned");
  assert.equal((await api(`/activities/${first.id}/publish`, "POST", {}, 200)).status, "open");
  await edit(first.id, { planned: "1" });
  assert.equal((await api(`/activities/${first.id}`)).status, "planned");
  await edit(first.id, {});
  assert.equal((await api(`/activities/${first.id}`)).status, "planned", "the box stays ticked");
});

test("a place, a volunteer and an attendance change by steps only, by sheets too", async () => {
  const id = await announce({ title: "磨刀", places: "1", date: day(8) });
  await signUp(id, "戌", 71);
  await signUp(id, "亥", 72);
  const [first, second] = await signUps(id);
  assert.match(
    JSON.stringify(await patch(`/sign_ups/${first.id}`, { status: "cancelled" }, 422)),
    /cancel/,
  );
  const take = (kind, lines) => {
    const path = join(files, `steps-${kind}.csv`);
    writeFileSync(path, lines.join("\n"));
    const { stdout, stderr } = linli(["import", kind, path, "--data", server.data]);
    return stdout + stderr;
  };
  // What is stored is not changed by a sheet; the row says what would.
  assert.match(
    take("sign_ups", [
      "code,activity,name,status",
      `${first.code},${(await api(`/activities/${id}`)).number},戌,cancelled`,
    ]),
    /cancel/,
  );
  assert.deepEqual(await standing(id), { 戌: "signed", 亥: "waiting" });
  assert.equal((await api(`/sign_ups/${first.id}/cancel`, "POST", {}, 200)).status, "cancelled");
  assert.deepEqual(await standing(id), { 戌: "cancelled", 亥: "signed" }, "who waited moves up");
  await api(`/sign_ups/${first.id}/cancel`, "POST", {}, 409);
  assert.ok(second.code);
  const { number } = await api(`/activities/${id}`);
  assert.match(take("activities", ["number,title,kind,area,starts,ends,status", `${number},磨刀,service,${AREA},${day(8, "09:00")},${day(8, "11:00")},cancelled`]), /cancel/);
  assert.equal((await api(`/activities/${id}`)).status, "open");
  // History: how an activity of last year ended stands in its row, a coming one's end does not.
  const year = take("activities", [
    "number,title,kind,area,place,starts,ends,status,cancelled_why",
    `H-1,去年义诊,clinic,${AREA},广场,${day(-300, "09:00")},${day(-300, "11:00")},cancelled,台风`,
    `H-2,去年合唱,concert,${AREA},广场,${day(-200, "09:00")},${day(-200, "11:00")},held,`,
    `H-3,以后的,concert,${AREA},广场,${day(5, "09:00")},${day(5, "11:00")},held,`,
    `H-4,取消的,concert,${AREA},广场,${day(5, "13:00")},${day(5, "15:00")},cancelled,`,
  ]);
  assert.match(year, /2 added.*2 rejected/);
  const history = (await api("/activities?limit=500")).items
    .filter((a) => a.number.startsWith("H-"))
    .sort((a, b) => (a.number < b.number ? -1 : 1));
  assert.deepEqual(
    history.map((a) => [a.number, a.status, a.cancelled_why]),
    [
      ["H-1", "cancelled", "台风"],
      ["H-2", "held", null],
    ],
  );
  const [volunteer] = (await api("/volunteers?limit=1")).items;
  assert.match(
    JSON.stringify(await patch(`/volunteers/${volunteer.id}`, { status: "left" }, 422)),
    /leave/,
  );
  assert.match(
    take("volunteers", ["number,person,status", `${volunteer.number},P-W0,left`]),
    /leave/,
  );
  assert.notEqual((await api(`/volunteers/${volunteer.id}`)).status, "left");
});

/** The local date and the clock so many minutes from now. */
const soon = (minutes) => {
  const at = new Date(Date.now() + 8 * 3600e3 + minutes * 60e3).toISOString();
  return { date: at.slice(0, 10), clock: at.slice(11, 16) };
};

test("a volunteer finds a shift that needs people, takes it in one tap, and checks in from /my", async () => {
  const [from, to] = [soon(20), soon(140)];
  const id = await announce({
    title: "雨天护学",
    date: from.date,
    from: from.clock,
    to: to.clock,
    shift_name_0: "路口",
    shift_from_0: from.clock,
    shift_to_0: to.clock,
    shift_places_0: "3",
  });
  const helper = await server.signIn("helper3"),
    words = async (path, who = helper) => plain(await read(who, path));
  const later = await announce({
    title: "先问一句",
    date: day(300),
    shift_name_0: "搬桌椅",
    shift_from_0: "09:00",
    shift_to_0: "11:00",
    shift_places_0: "2",
  });
  await sent(
    await office.submit(`/activities/${later}/questions`, `/activities/${later}/questions`, {
      "q-0-zh": "您有推车吗",
      "q-0-type": "yes-no",
    }),
  );

  assert.match(await words("/activities"), /雨天护学[^:]*还缺 3 名志愿者/, "the list says so");
  assert.match(await read(helper, "/activities"), /<a class="needs" /, "and the calendar");
  assert.match(await read(helper, "/my"), /href="\/shifts"/);
  const list = await read(helper, "/shifts");
  assert.match(plain(list), /雨天护学 ?路口 · 服务站 ?还缺 3 名志愿者 ?我来帮忙/);
  assert.match(
    list,
    new RegExp(`href="/activities/${later}">回答问题后报名`),
    "what is asked first has no shortcut",
  );
  assert.doesNotMatch(await read(server.visitor(), "/shifts"), /我来帮忙/, "a card is needed");

  const [{ id: shift }] = await shiftsOf(id);
  const taken = await sent(
    await helper.submit("/shifts", `/activities/${id}/shift`, { shift, next: "/shifts" }),
  );
  assert.equal(taken.headers.get("location"), "/shifts");
  assert.match(await words("/shifts"), /还缺 2 名志愿者 ?您已报名成功/);

  const mine = await read(helper, "/my");
  assert.ok(mine.indexOf(`href="/in/${id}"`) > 0, "on now, with the way to check in");
  assert.ok(mine.indexOf(`href="/in/${id}"`) < mine.indexOf("接下来"), "before all else");
  const page = await read(helper, `/activities/${id}`);
  assert.match(page, new RegExp(`href="/in/${id}"`));
  assert.doesNotMatch(page, /name="name"/, "no empty form for whom we know");
  assert.match(await words("/activities"), /雨天护学[^:]*您已报名成功/);
});

test("who signed up in this browser is told so; the list has the next ten, whatever the month", async () => {
  const visitor = server.visitor(),
    id = await announce({ title: "明年的花市", date: day(400) });
  const answer = await sent(
    await visitor.submit(`/activities/${id}`, `/activities/${id}/sign-up`, {
      name: "阿甲",
      phone: "13800009911",
    }),
  );
  await read(visitor, answer.headers.get("location"));
  assert.match(plain(await read(visitor, `/activities/${id}`)), /您已报名成功/);
  assert.doesNotMatch(plain(await read(server.visitor(), `/activities/${id}`)), /您已报名成功/);
  const list = await read(server.visitor(), "/activities");
  assert.equal(list.match(/<li[^>]*><time>/g).length, 10);
  // what is left out is in the month that the link leads to, wherever the ten end
  const [, link, , shown] = list.match(/<a href="([^"]+)">(还有 \d+ 场，看(\d+年\d+月)的活动)/);
  const listed = new Set(list.match(/href="\/activities\/\d+"/g)),
    later = await read(server.visitor(), link.replaceAll("&amp;", "&"));
  assert.match(plain(later), new RegExp(shown));
  const others = later.match(/<li[^>]*><time>[\s\S]*?href="\/activities\/\d+"/g);
  assert.ok(others.some((one) => !listed.has(one.match(/href="\/activities\/\d+"$/)[0])));
  // the calendar shows a month of the list, and its days stay in it
  const [, first] = list.match(/class="month"[\s\S]*?<td[^>]*><a[^>]*href="([^"]+)"/) ?? [];
  const one = await read(server.visitor(), first.replaceAll("&amp;", "&").replace(/#.*/, ""));
  assert.match(one, /<li[^>]*><time>/, "a day of the calendar has what it says");
  const month = day(400).slice(0, 7);
  assert.match(
    plain(await read(visitor, `/activities?month=${month}`)),
    /明年的花市 ?服务站 ?您已报名成功/,
  );
});

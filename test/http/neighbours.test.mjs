// Neighbours help, over HTTP, as an office uses it in a month: activities that repeat, places
// and a waiting list, a cancellation that reaches everybody, photographs, hours with their
// disputes and approvals, certificates with a seal, the sheet for other systems, offers on
// arrival and what is taken back.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import { after, before, test } from "node:test";
import {
  day,
  folder,
  idIn,
  init,
  linli,
  plain,
  python,
  read,
  rows,
  sent,
  start,
  until,
  user,
} from "./server.mjs";

const AREA = "441202001001";
const files = dirname(folder());
let server, token, office, areas;
/** A page's form with files: fields and [name, file, type, bytes]. */
async function upload(visitor, page, action, fields, files) {
  const body = new FormData();
  for (const [name, value] of Object.entries({ ...(await visitor.hidden(page)), ...fields }))
    body.append(name, value);
  for (const [name, file, type, bytes] of files)
    body.append(name, new Blob([bytes], { type }), file);
  return visitor.send("POST", action, { body });
}
const api = async (path) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 200, path);
  return answer.json();
};
const crcs = Uint32Array.from({ length: 256 }, (_, n) =>
  Array.from({ length: 8 }).reduce((c) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), n),
);
const crc = (bytes) =>
  (bytes.reduce((c, b) => crcs[(c ^ b) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
function png(side, body) {
  const chunk = (name, data) => {
    const all = Buffer.concat([Buffer.alloc(4), Buffer.from(name), data, Buffer.alloc(4)]);
    all.writeUInt32BE(data.length, 0);
    all.writeUInt32BE(crc(all.subarray(4, -4)), all.length - 4);
    return all;
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0]);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  const row = Buffer.concat([
    Buffer.from([0]),
    Buffer.concat(Array(side).fill(Buffer.from([200, 20, 20, 255]))),
  ]);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", body ?? deflateSync(Buffer.concat(Array(side).fill(row)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

before(async () => {
  const made = init({ requests: 0 });
  for (const login of ["helper1", "helper2"]) made.logins[login] = user(made.data, login, login);
  const sheet = (name, lines) => {
    const path = join(files, `${name}.csv`);
    writeFileSync(path, lines.join("\n"));
    const done = linli(["import", name, path, "--data", made.data]);
    assert.equal(done.code, 0, done.stderr + done.stdout);
  };
  sheet("people", [
    "code,name,area,gender",
    `P-H1,贺一,${AREA},female`,
    `P-H2,贺二,${AREA},female`,
  ]);
  sheet("volunteers", [
    "person,user,skills",
    "P-H1,helper1,haircut|phone-help",
    "P-H2,helper2,haircut",
  ]);
  server = await start(made);
  token = server.token("office");
  office = await server.signIn("office1");
  areas = (await api("/areas?limit=200")).items;
});
after(() => server?.stop());

async function announce(fields, status = 303) {
  const area = areas.find((a) => a.code === AREA).id;
  return sent(
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
  );
}
const places = async (id) => (await api(`/sign_ups?activity=${id}&limit=100`)).items;

test("a repetition is shown before it is stored, and cancelling later dates notifies those who signed up", async () => {
  const fields = { title: "每周磨刀", date: day(8), every: "week", times: "3" };
  const shown = plain(await (await announce({ ...fields, look: "1" }, 422)).text());
  assert.equal(shown.match(/09:00\s*–\s*11:00/g)?.length, 3, shown.slice(0, 600));
  assert.equal(
    (await api("/activities?status=open&limit=500")).items.filter((a) => a.title === "每周磨刀")
      .length,
    0,
  );
  await announce(fields);
  const series = (await api("/activities?status=open&limit=500")).items
    .filter((a) => a.title === "每周磨刀")
    .sort((a, b) => a.id - b.id);
  assert.equal(series.length, 3);
  assert.deepEqual(series.map((a) => a.starts.slice(0, 10)), [day(8), day(15), day(22)]);
  // A rule without an end, and an end before it begins, are told at their field.
  assert.match(plain(await (await announce({ ...fields, times: "" }, 422)).text()), /次|几次/);
  await announce({ ...fields, times: "", until: day(3) }, 422);
  await announce({ ...fields, from: "25:00" }, 422);
  // What stops before its end says so, before it is stored and after, and promises no later day.
  const daily = { ...fields, title: "天天晨练", every: "day", times: "", until: day(200) };
  const cut = plain(await (await announce({ ...daily, look: "1" }, 422)).text());
  assert.match(cut, /每天，共 60 次.*最多 60 场/s);
  await announce(daily);
  const daily60 = (await api("/activities?status=open&limit=500")).items
    .filter((a) => a.title === "天天晨练")
    .sort((a, b) => a.id - b.id);
  assert.equal(daily60.length, 60);
  assert.match(
    plain(await (await office.get(`/activities/${daily60[0].id}/manage`)).text()),
    /每天，共 60 次/,
  );
  for (const [at, name] of [
    [1, "周老伯"],
    [2, "周阿婆"],
  ])
    await sent(
      await server
        .visitor()
        .submit(`/activities/${series[at].id}`, `/activities/${series[at].id}/sign-up`, {
          name,
          phone: `1380000081${at}`,
        }),
    );
  await sent(
    await office.submit(
      `/activities/${series[1].id}/manage`,
      `/activities/${series[1].id}/cancel`,
      { which: "later", why: "" },
    ),
    422,
  );
  await sent(
    await office.submit(
      `/activities/${series[1].id}/manage`,
      `/activities/${series[1].id}/cancel`,
      { which: "later", why: "师傅回老家了" },
    ),
  );
  const now = (await api("/activities?limit=500")).items
    .filter((a) => a.title === "每周磨刀")
    .sort((a, b) => a.id - b.id);
  assert.deepEqual(
    now.map((a) => a.status),
    ["open", "cancelled", "cancelled"],
  );
  const outbox = plain(await read(office, "/outbox"));
  assert.equal(outbox.match(/已取消：师傅回老家了/g)?.length, 2, outbox.slice(0, 900));
  // The calendar, the page and the feed say so.
  assert.match(
    plain(await read(server.visitor(), `/activities/${series[1].id}`)),
    /取消.*师傅回老家了/,
  );
  assert.match(
    await read(server.visitor(), `/activities/${series[1].id}/calendar.ics`),
    /STATUS:CANCELLED/,
  );
});

test("two places: the third waits, moves up when one is given back, and is told; after closing nobody gets in", async () => {
  const id = idIn(await announce({ title: "修伞", places: "2", sign_up_until: day(6, "20:00") }));
  const page = `/activities/${id}`;
  const codes = [];
  for (const [name, phone] of [
    ["甲", "13800000821"],
    ["乙", "13800000822"],
    ["丙", "13800000823"],
  ]) {
    const visitor = server.visitor();
    const answer = await sent(
      await visitor.submit(page, `${page}/sign-up`, { name: `${name}某`, phone }),
    );
    const receipt = plain(await read(visitor, answer.headers.get("location")));
    codes.push(receipt.match(/\bU[0-9A-Z]{6,12}\b/)[0]);
    assert.match(receipt, name === "丙" ? /候补/ : /报名成功/);
  }
  // The same person again, a telephone that is none, no name.
  await sent(
    await server.visitor().submit(page, `${page}/sign-up`, { name: "甲某", phone: "13800000821" }),
    409,
  );
  await sent(
    await server.visitor().submit(page, `${page}/sign-up`, { name: "丁某", phone: "1380000" }),
    422,
  );
  await sent(
    await server.visitor().submit(page, `${page}/sign-up`, { name: "", phone: "13800000824" }),
    422,
  );
  assert.deepEqual((await places(id)).map((s) => s.status).sort(), ["signed", "signed", "waiting"]);
  await sent(await server.visitor().submit(page, `${page}/sign-off`, { code: "U12345678" }), 422);
  await sent(
    await server.visitor().submit(page, `${page}/sign-off`, { code: codes[0].toLowerCase() }),
  );
  assert.deepEqual(
    (await places(id))
      .filter((s) => s.status === "signed")
      .map((s) => s.name)
      .sort(),
    ["丙某", "乙某"],
  );
  assert.match(plain(await read(office, "/outbox")), /空出|有位[^。]*修伞|修伞[^。]*(空|来)/);
  await sent(await server.visitor().submit(page, `${page}/sign-off`, { code: codes[0] }), 422);
  // Sign-up closes: whoever comes later is told, and the office may not slip somebody in either.
  const { version } = (await api(`/activities/${id}`));
  const edit = await office.hidden(`${page}/edit`);
  await sent(
    await office.post(`${page}/edit`, {
      ...edit,
      version,
      title: "修伞",
      kind: "service",
      area: areas.find((a) => a.code === AREA).id,
      place: "服务站",
      date: day(7),
      from: "09:00",
      to: "11:00",
      places: "2",
      sign_up_until: day(0, "00:00"),
    }),
  );
  assert.match(plain(await read(server.visitor(), page)), /报名已(经)?(截止|结束)/);
  await sent(
    await server
      .visitor()
      .submit("/activities", `${page}/sign-up`, { name: "戊某", phone: "13800000825" }),
    409,
  );
});

test("an activity asks its questions at sign-up, and the answers stand in the list and the sheet", async () => {
  const id = idIn(await announce({ title: "修自行车" }));
  const page = `/activities/${id}`;
  const ask = (fields) => office.submit(`${page}/questions`, `${page}/questions`, fields);
  const list = {
    "q-0-zh": "自带工具吗？",
    "q-0-en": "Will you bring your own tools?",
    "q-0-type": "yes-no",
    "q-0-required": "1",
    "q-2-zh": "修什么？",
    "q-2-type": "choice",
  };
  assert.match(
    plain(await (await sent(await ask({ ...list, "q-2-choices": "车胎" }), 422)).text()),
    /请填 2 到 12 个选项/,
  );
  await sent(await ask({ ...list, "q-2-choices": "车胎、刹车" }));
  await sent(await ask({ ...list, version: "1" }), 409);
  const shown = await read(server.visitor(), page);
  assert.match(plain(shown), /自带工具吗？.*修什么？.*车胎.*刹车/);
  assert.match(
    plain(await read(server.visitor(), `${page}?lang=en`)),
    /Will you bring your own tools\?/,
  );
  const sign = (fields) =>
    server
      .visitor()
      .submit(page, `${page}/sign-up`, { name: "骑车某", phone: "13800000831", ...fields });
  assert.match(plain(await (await sent(await sign({ q2: "车胎" }), 422)).text()), /自带工具吗？/);
  await sent(await sign({ q1: "yes", q2: "车把" }), 422);
  assert.equal((await places(id)).length, 0);
  await sent(await sign({ q1: "yes", q2: "刹车" }));
  // The office asks a caller the same.
  await sent(
    await office.submit(`${page}/manage`, `${page}/add`, { name: "来电某", phone: "13800000832" }),
    422,
  );
  await sent(
    await office.submit(`${page}/manage`, `${page}/add`, {
      name: "来电某",
      phone: "13800000832",
      q1: "no",
    }),
  );
  assert.match(
    plain(await read(office, `${page}/manage`)),
    /骑车某 自带工具吗？ 是；修什么？ 刹车/,
  );
  const sheet = await (
    await sent(await office.submit(`${page}/manage`, `${page}/people`, { format: "csv" }), 200)
  ).text();
  assert.match(sheet, /自带工具吗？,修什么？/);
  assert.match(sheet, /骑车某,[^\n]*,是,刹车/);
  assert.match(sheet, /来电某,[^\n]*,否,/);
  assert.doesNotMatch(sheet, /13800000831/);
  assert.notEqual((await server.visitor().get(`${page}/questions`)).status, 200);
});

test("a volunteer can't be at two places at once", async () => {
  const shift = {
    shift_name_0: "招呼",
    shift_from_0: "09:00",
    shift_to_0: "11:00",
    shift_places_0: "2",
  };
  const one = idIn(await announce({ title: "义诊甲", date: day(9), ...shift })),
    two = idIn(
      await announce({
        title: "义诊乙",
        date: day(9),
        from: "10:00",
        to: "12:00",
        ...shift,
        shift_from_0: "10:00",
        shift_to_0: "12:00",
      }),
    );
  const helper = await server.signIn("helper1");
  const shiftOf = async (id) =>
    (await read(helper, `/activities/${id}`)).match(/name="shift" value="(\d+)"/)[1];
  await sent(
    await helper.submit(`/activities/${one}`, `/activities/${one}/shift`, {
      shift: await shiftOf(one),
    }),
  );
  const refused = await sent(
    await helper.submit(`/activities/${two}`, `/activities/${two}/shift`, {
      shift: await shiftOf(two),
    }),
    409,
  );
  assert.match(plain(await refused.text()), /义诊甲/);
  // A shift of another activity is no way around it.
  await sent(
    await helper.submit(`/activities/${one}`, `/activities/${one}/shift`, {
      shift: await shiftOf(two),
    }),
    422,
  );
  assert.match(plain(await read(helper, "/my")), /义诊甲/);
});

/** A visit or an activity of the past for helper N: attendance from and to, noted by the office. */
async function attend(who, date, from, to) {
  const title = `活动${date}${from}`;
  const path = join(files, "activities.csv");
  const next = to < from ? day((Date.parse(date) - Date.parse(day(0))) / 864e5 + 1) : date;
  writeFileSync(path, `title,kind,area,place,starts,ends\n${title},service,${AREA},站,${date}T${from},${next}T${to}\n`);
  assert.equal(linli(["import", "activities", path, "--data", server.data]).code, 0);
  const id = (await api("/activities?status=open&limit=500")).items.find(
    (a) => a.title === title,
  ).id;
  const seconds = (d, clock) => Date.parse(`${d}T${clock}:00+08:00`) / 1000;
  const cookie = [...office.cookies].map(([n, v]) => `${n}=${v}`).join("; ");
  const answer = await fetch(`${server.url}/api/attendance`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie, origin: server.url },
    body: JSON.stringify({
      marks: [
        {
          key: `walk-${id}-in-0`,
          activity: id,
          at: seconds(date, from),
          ahead: 0,
          out: false,
          who,
        },
        { key: `walk-${id}-out-0`, activity: id, at: seconds(next, to), ahead: 0, out: true, who },
      ],
    }),
  });
  for (const each of (await answer.json()).results) assert.equal(each.status, 201, each.message);
  return id;
}

test("hours: overlapping ones once, above eight held, corrected with a reason, disputed, exported", async () => {
  const helper = await server.signIn("helper1");
  await attend("贺一", day(-3), "08:00", "10:00");
  await attend("贺一", day(-3), "09:00", "11:30");
  await attend("贺一", day(-4), "08:00", "17:30");
  const years = new Set([-3, -4, -5].map((n) => day(n).slice(0, 4)));
  const record = async () => {
    const pages = [...years].map((year) => read(helper, `/my/days?year=${year}`));
    return (await Promise.all(pages)).join("\n");
  };
  assert.match(plain(await read(helper, "/my/days")), /3 小时 30 分/, "the newest year with hours");
  assert.match(plain(await record()), /8 小时/);
  const days = [...(await record()).matchAll(/\/my\/days\/(\d+)/g)].map((m) => m[1]);
  const pages = await Promise.all(
    days.map(async (id) => [id, plain(await read(helper, `/my/days/${id}`))]),
  );
  const long = pages.find(([, text]) => /1 小时 30 分/.test(text));
  assert.ok(long, "the hour and a half above eight waits");
  // Disputes need words; another one's day is none of mine.
  await sent(
    await helper.submit(`/my/days/${long[0]}`, `/my/days/${long[0]}/dispute`, { dispute: " " }),
    422,
  );
  await sent(
    await helper.submit(`/my/days/${long[0]}`, `/my/days/${long[0]}/dispute`, {
      dispute: "我做到六点",
    }),
  );
  assert.equal((await (await server.signIn("helper2")).get(`/my/days/${long[0]}`)).status, 404);
  assert.match(plain(await read(office, "/hours")), /贺一/);
  const decide = `/hours/${long[0]}`;
  assert.match(plain(await read(office, decide)), /我做到六点/);
  await sent(await office.submit(decide, `${decide}/decide`, { why: "" }), 422);
  await sent(await office.submit(decide, `${decide}/decide`, { why: "现场同事证明" }));
  assert.match(plain(await read(helper, `/my/days/${long[0]}`)), /9 小时 30 分.*现场同事证明/);
  assert.doesNotMatch(plain(await read(office, "/hours")), /贺一/);
  // A day that nobody noted: said by the volunteer, decided like any other.
  await sent(
    await helper.submit("/my/days", "/my/days/missing", { day: day(1), dispute: "明天" }),
    422,
  );
  await sent(
    await helper.submit("/my/days", "/my/days/missing", { day: day(-5), dispute: "" }),
    422,
  );
  await sent(
    await helper.submit("/my/days", "/my/days/missing", {
      day: day(-5),
      dispute: "九点到十一点捡垃圾，没人记",
    }),
  );
  const missed = (await read(office, "/hours")).match(/\/hours\/(\d+)/)[1];
  assert.match(plain(await read(office, `/hours/${missed}`)), /九点到十一点/);
  await sent(
    await office.submit(`/hours/${missed}`, `/hours/${missed}/decide`, {
      came_new: "9:00",
      went_new: "11:00",
      why: "队长当天在场",
    }),
  );
  assert.match(plain(await record()), /2 小时/);
  // More than twelve hours: a worker can't, the office can.
  await attend("贺一", day(-6), "07:00", "21:00");
  const id = (await read(office, "/hours")).match(/\/hours\/(\d+)/)[1],
    worker = await server.signIn("xinghu1");
  assert.match(
    plain(
      await (
        await sent(
          await worker.submit(`/hours/${id}`, `/hours/${id}/decide`, { why: "防汛值守" }),
          422,
        )
      ).text(),
    ),
    /街道/,
  );
  await sent(await office.submit(`/hours/${id}`, `/hours/${id}/decide`, { why: "防汛值守" }));
  const csv = await (await helper.get("/my/export?format=csv")).text();
  assert.equal(csv.trim().split("\n").length, 5, csv);
  assert.match(csv, /现场同事证明/);
  const xlsx = Buffer.from(await (await helper.get("/my/export?format=xlsx")).arrayBuffer());
  assert.equal(xlsx.subarray(0, 2).toString(), "PK");
});

test("photographs of an activity: only those that may be shown, and only pictures", async () => {
  const id = await attend("贺二", day(-2), "09:00", "10:00"),
    manage = `/activities/${id}/manage`;
  const post = (fields, ...files) =>
    upload(office, manage, `/activities/${id}/photos`, fields, files);
  await sent(await post({ shown: "1" }, ["photos", "a.png", "image/png", png(64)]));
  await sent(await post({}, ["photos", "b.png", "image/png", png(32)]));
  assert.equal(
    (await post({}, ["photos", "c.png", "image/png", Buffer.from("no picture")])).status,
    422,
  );
  const inside = [...(await read(office, manage)).matchAll(/\/photos\/(\d+)/g)].map((m) => m[1]);
  const outside = [
    ...(await read(server.visitor(), `/activities/${id}`)).matchAll(/\/photos\/(\d+)/g),
  ].map((m) => m[1]);
  assert.equal(new Set(inside).size, 2);
  assert.equal(new Set(outside).size, 1);
  const hidden = inside.find((each) => !outside.includes(each));
  assert.equal((await server.visitor().get(`/activities/${id}/photos/${outside[0]}`)).status, 200);
  assert.equal((await server.visitor().get(`/activities/${id}/photos/${hidden}`)).status, 404);
});

test("a certificate carries the office's seal; a broken picture is refused; a changed character is found", async () => {
  const settings = { issuer: "城东街道办事处", responsible: "陈主任", contact: "0758-2222222" };
  const seal = (bytes) =>
    upload(office, "/certificates/settings", "/certificates/settings", settings, [
      ["seal", "seal.png", "image/png", bytes],
    ]);
  assert.equal(
    (await seal(Buffer.from("GIF89a not a seal, and long enough to be looked at"))).status,
    422,
  );
  assert.equal((await seal(png(4000, deflateSync(Buffer.alloc(10))))).status, 422);
  assert.equal(
    (await seal(png(100, Buffer.from("broken")))).status,
    422,
    "a picture that can't be read",
  );
  const helper = await server.signIn("helper1");
  const volunteer = (await api("/volunteers?limit=10")).items.find((v) => v.seconds > 20 * 3600);
  const issue = async () =>
    idIn(
      await sent(
        await office.submit(`/certificates/new?volunteer=${volunteer.id}`, "/certificates", {
          volunteer: volunteer.id,
          valid_from: day(-30),
          valid_to: day(0),
          responsible: "陈主任",
          handler: "王科员",
          contact: "0758-2222222",
          full: "0",
        }),
      ),
    );
  const bytes = async (id) =>
    Buffer.from(await (await office.get(`/certificates/${id}/file`)).arrayBuffer());
  const before = await bytes(await issue());
  await sent(await seal(png(200)));
  assert.match(plain(await read(office, "/certificates/settings")), /已有/);
  const sealed = await bytes(await issue());
  assert.ok(
    /\/Subtype \/Image/.test(sealed.toString("latin1")) &&
      !/\/Subtype \/Image/.test(before.toString("latin1")),
    "the picture is in the file",
  );
  const path = join(files, "certificate.pdf"),
    key = linli(["certificate", "key", "--data", server.data]).stdout.trim();
  writeFileSync(path, sealed);
  assert.equal(linli(["certificate", "verify", path, "--key", key]).code, 0);
  const changed = Buffer.from(sealed);
  changed[Math.floor(changed.length / 2)] ^= 1;
  writeFileSync(path, changed);
  const wrong = linli(["certificate", "verify", path, "--key", key]);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stdout + wrong.stderr,
    /^Altered since it was signed: this is not the certificate that was issued\.$/m,
  );
  const check = await upload(server.visitor(), "/certificates/verify", "/certificates/verify", {}, [
    ["file", "c.pdf", "application/pdf", changed],
  ]);
  assert.match(plain(await check.text()), /改动|改过|不一致/);
  // The first was replaced by the second; both say so to whoever scans them.
  const list = (await read(helper, "/my/certificates"));
  assert.match(plain(list), /有效/);
  assert.match(plain(list), /已.{0,4}(替|换|新)/);
});

test("the sheet for other systems needs a reason, has their headings, and is journalled", async () => {
  const page = "/volunteers/export-national",
    fields = { system: "广东省志愿服务信息系统", from: day(-30), to: day(0) };
  await sent(await office.submit(page, page, { ...fields, why: "" }), 422);
  await sent(
    await office.submit(page, page, { ...fields, system: "没有的系统", why: "上报" }),
    422,
  );
  await sent(
    await office.submit(page, page, { ...fields, from: day(0), to: day(-30), why: "上报" }),
    422,
  );
  const answer = await sent(await office.submit(page, page, { ...fields, why: "三季度上报" }), 200);
  assert.match(answer.headers.get("cache-control"), /no-store/);
  const path = join(files, "sheet.xlsx");
  writeFileSync(path, Buffer.from(await answer.arrayBuffer()));
  const strings = python(
    "import sys,zipfile;print(zipfile.ZipFile(sys.argv[1]).read('xl/worksheets/sheet1.xml').decode())",
    [path],
  ).toString();
  for (const heading of ["志愿者编号", "证件号码", "服务时数", "数据来源"])
    assert.ok(strings.includes(heading), heading);
  assert.ok(strings.includes("贺一") && strings.includes("城东街道"));
  assert.equal((await (await server.signIn("xinghu1")).get(page)).status, 403);
  assert.match(
    plain(await read(await server.signIn("auditor1"), "/journal?action=export")),
    /三季度上报|导出|export/,
  );
});

test("automatic matching: invited, declined, accepted, withdrawn, and finally passed to the leader's", async () => {
  await sent(await office.submit("/visits", "/visits/automatic", { on: "1" }));
  const category = (await api("/categories?limit=200")).items.find(
    (c) => c.code === "help-haircut",
  ).id;
  const filed = await fetch(`${server.url}/api/v1/requests`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      subject: "上门理发",
      text: "吴婆婆腿脚不便，住３栋502，电话138-0000-0831，周六上午9点或12月5号都行。",
      category,
      area: AREA,
      requester_name: "吴婆婆",
      requester_phone: "13800000831",
    }),
  });
  assert.equal(filed.status, 201);
  const request = await filed.json();
  let offer;
  await until(
    async () =>
      (offer = (await api("/offers?limit=20")).items.find((o) => o.request === request.id)),
    "offered without anybody pressing",
  );
  const helpers = [await server.signIn("helper1"), await server.signIn("helper2")];
  const page = `/visits/${offer.id}`;
  // Whoever was not in the first wave is asked by name.
  for (const name of ["贺一", "贺二"]) {
    const found = (await read(office, `${page}?q=${encodeURIComponent(name)}`)).match(
      /name="volunteer" value="(\d+)"/,
    )?.[1];
    if (found)
      await sent(
        await office.submit(`${page}?q=${encodeURIComponent(name)}`, `${page}/ask`, {
          volunteer: found,
          q: name,
        }),
      );
  }
  const ask = async (helper) =>
    (await read(helper, "/my/asks")).match(/\/my\/asks\/(\d+)\/(?:answer|done)/)[1];
  // The wish is read before a time is asked for; who and where only after accepting.
  const asked = plain(await read(helpers[0], "/my/asks"));
  assert.match(asked, /理发 · 星湖社区 居民原话 …腿脚不便，住…，电话…，周六上午9点或12月5号都行。/);
  assert.doesNotMatch(asked, /吴婆婆|0831|502/);
  assert.ok(asked.indexOf("12月5号") < asked.indexOf("您什么时候能去"), "before the time is asked");
  assert.match(plain(await read(office, "/visits?view=open")), /理发 · 星湖社区 …腿脚不便/);
  const first = await ask(helpers[0]),
    second = await ask(helpers[1]);
  assert.equal(
    (
      await helpers[1].submit("/my/asks", `/my/asks/${first}/answer`, {
        answer: "yes",
        starts: day(2, "10:00"),
      })
    ).status,
    404,
    "somebody else's question",
  );
  await sent(
    await helpers[0].submit("/my/asks", `/my/asks/${first}/answer`, {
      answer: "yes",
      starts: day(-1, "10:00"),
    }),
    422,
  );
  await sent(
    await helpers[0].submit("/my/asks", `/my/asks/${first}/answer`, {
      answer: "yes",
      starts: day(2, "10:00"),
    }),
  );
  await sent(await helpers[1].submit("/my/asks", `/my/asks/${second}/answer`, { answer: "yes" }));
  assert.equal((await api(`/offers/${offer.id}`)).status, "agreed");
  assert.match(plain(await read(helpers[1], "/my/asks")), /吴婆婆/);
  await sent(await helpers[1].submit("/my/asks", `/my/asks/${second}/withdraw`, { why: "" }), 422);
  await sent(
    await helpers[1].submit("/my/asks", `/my/asks/${second}/withdraw`, { why: "孩子发烧" }),
  );
  assert.doesNotMatch(plain(await read(helpers[1], "/my/asks")), /吴婆婆/);
  assert.match(plain(await read(office, `/requests/${request.id}`)), /孩子发烧/);
  assert.ok(["open", "led"].includes((await api(`/offers/${offer.id}`)).status));
  for (let i = 0; i < 4 && (await api(`/offers/${offer.id}`)).status === "open"; i++) {
    const widened = await office.submit(page, `${page}/widen`, {});
    if (widened.status !== 303) break;
  }
  assert.equal(
    (await api(`/offers/${offer.id}`)).status,
    "led",
    "nobody left to ask: the leader's",
  );
  assert.match(plain(await read(office, "/visits?view=led")), /理发/);
  await sent(await office.submit(page, `${page}/cancel`, { why: "" }), 422);
  await sent(await office.submit(page, `${page}/cancel`, { why: "家人来了" }));
  let outbox = "";
  await until(
    async () =>
      /志愿者 贺一[^志]*家人来了/.test((outbox = plain(await read(office, "/outbox?page=1")))),
    "who had promised to come is told",
  );
  assert.doesNotMatch(
    outbox,
    /志愿者 贺.[^志]*(帮个忙|约好了)：理发/,
    "nobody is rung for what is over",
  );
  await sent(await office.submit("/visits", "/visits/automatic", { on: "0" }));
});

test("a team's leader takes somebody on at the door with consent; leaving ends the card and keeps the hours", async () => {
  const leader = await server.signIn("team1"), page = "/volunteers/new";
  const area = (await read(leader, page)).match(/value="(\d+)"[^>]*>[^<]*湖景花园/)[1];
  const fields = { name: "马大姐", phone: "13800000841", area, skills: "errand" };
  assert.match(
    plain(await (await sent(await leader.submit(page, page, fields), 422)).text()),
    /同意/,
  );
  const answer = await sent(await leader.submit(page, page, { ...fields, consent: "1" }));
  const card = await read(leader, answer.headers.get("location"));
  const code = card.match(/data-copy="([^"]+)"/)[1].replace(/\s/g, "");
  const visitor = server.visitor();
  await sent(await visitor.post("/card", { code }));
  assert.match(plain(await read(visitor, "/my")), /马大姐/);
  await sent(await leader.submit(page, page, { ...fields, consent: "1" }), 422);
  await sent(await visitor.submit("/my/leave", "/my/leave", { why: "搬家" }));
  assert.equal((await visitor.get("/my")).status, 303, "the card has stopped");
  const again = server.visitor();
  assert.equal((await again.post("/card", { code })).status, 422);
  const id = idIn(answer);
  assert.match(plain(await read(leader, `/volunteers/${id}`)), /搬家/);
});

test("an opinion at the door becomes a request or joins one", async () => {
  const leader = await server.signIn("team1"), before = (await api("/opinions?limit=1")).total;
  const team = (await read(leader, "/opinions/new")).match(/name="team"[\s\S]*?value="(\d+)"/)[1];
  const note = (fields, status) =>
    leader
      .submit("/opinions/new", "/opinions", { team, ...fields })
      .then((answer) => sent(answer, status));
  await note({ text: "" }, 422);
  await note({
    text: "三栋后面的晾衣架断了，想请人看看",
    name: "欧伯",
    phone: "13800000851",
    seen: "1",
  });
  const said = async (words) =>
    (await api("/opinions?limit=300")).items.find((o) => o.text.startsWith(words));
  const first = await said("三栋后面的晾衣架");
  assert.ok(first.request && !first.joined);
  await note({ text: "晾衣架还没有修好，衣服没地方晒", into: first.request });
  const second = await said("晾衣架还没有修好");
  assert.deepEqual([second.request, Boolean(second.joined)], [first.request, true]);
  assert.equal((await api("/opinions?limit=1")).total, before + 2);
  assert.match(plain(await read(office, `/requests/${first.request}`)), /衣服没地方晒/);
});

test("the demonstration's figures are those of the article, and move with the records", async () => {
  const fresh = init({ requests: 0 });
  const values = () =>
    Object.fromEntries(
      JSON.parse(linli(["figures", "--format", "json", "--data", fresh.data]).stdout)
        .filter((f) => f.ref)
        .map((f) => [f.ref, f.value]),
    );
  const article = {
      F15: 48,
      F16: 21,
      F17: 1008,
      F18: 170,
      F19: 11083,
      F20: 143,
      F21: 119,
      F28: 1.5,
      F29: 32,
    },
    was = values();
  for (const [ref, value] of Object.entries(article)) assert.equal(was[ref], value, ref);
  // natural rates: most residents are reached, and most of them say that it is solved
  const [closed, unreached] = rows(
    join(fresh.data, "linli.db"),
    "SELECT count(*), sum(solved IS NULL) FROM requests WHERE status = 'closed'",
  )[0][0];
  assert.ok(unreached > 0 && unreached < closed / 5, `${unreached} of ${closed} not reached`);
  const path = join(files, "activities.csv");
  writeFileSync(path, `title,kind,area,place,starts,ends,status,person_times\n邻里歌会,concert,${AREA},广场,${day(-3)}T19:00,${day(-3)}T21:00,held,77\n`);
  assert.equal(linli(["import", "activities", path, "--data", fresh.data]).code, 0);
  const now = values();
  assert.deepEqual([now.F18, now.F19, now.F29], [171, 11160, 33]);
});

test("a station has a sheet for the wall with a QR, its opening hours and its calendar", async () => {
  const station = (await api("/organisations?kind=station&limit=50")).items.find((o) => o.public);
  const page = await read(server.visitor(), `/places/${station.id}`);
  assert.match(page, new RegExp(`activities.ics\\?station=${station.id}`));
  assert.match(await read(server.visitor(), `/places/${station.id}/sign`), /<img class="qr"/);
  for (const query of [`station=${station.id}`, `team=${(await api("/organisations?kind=team&limit=1")).items[0].id}`])
    assert.match(await read(server.visitor(), `/activities.ics?${query}`), /^BEGIN:VCALENDAR/);
  assert.equal((await server.visitor().get("/activities.ics?team=999999")).status, 404);
});

// What the office meets at the desk: requests that it logs and that residents follow, the words of
// forms and states, accounts and categories that are no longer used.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { linli, plain, read, rows, sent, session, start, until } from "./server.mjs";

let server, admin, office, token, api;
before(async () => {
  server = await start();
  [admin, office] = [await server.signIn("admin"), await server.signIn("office1")];
  for (const visitor of [admin, office]) visitor.cookies.set("linli_language", "en");
  token = server.token("office");
  api = server.program("office");
});
after(() => server?.stop());


test("a request is filed with a mail address only when it is one, by the API as by the form", async () => {
  for (const mail of ["not-a-mail", "a@b", "x@y.cn, z@y.cn"]) {
    const refused = await api("POST", "/requests", {
      subject: "邮箱不对",
      text: "邮箱写错了",
      requester_mail: mail,
    });
    assert.deepEqual(
      refused.errors?.map((e) => e.field),
      ["requester_mail"],
      mail,
    );
  }
  assert.ok(
    (
      await api("POST", "/requests", {
        subject: "邮箱对了",
        text: "邮箱写对了",
        requester_mail: "li@example.cn",
      })
    ).id,
  );
});

test("an estate is more exact than its community, and one of another community is refused", async () => {
  const visitor = server.visitor(),
    areas = (await api("GET", "/areas?limit=500")).items;
  const [xinghu, dongmen] = areas.filter((a) => a.level === "community"),
    estate = areas.find((a) => a.level === "estate" && a.community === xinghu.id);
  const ask = (area, more) =>
    visitor.submit("/ask", "/ask", {
      text: `凉亭的瓦片松了 ${area}`,
      area,
      requester_phone: "13800138079",
      seen: 1,
      ...more,
    });
  const refused = await ask(dongmen.id, { estate: estate.id });
  assert.equal(refused.status, 422);
  const page = await refused.text();
  assert.match(page, /这个小区不在所选的社区/);
  assert.match(page, new RegExp(`<option value="${estate.id}"[^>]* selected>`), "nothing is lost");
  assert.equal((await ask(xinghu.id, { estate: estate.id })).status, 303);
  const [sent] = (await api("GET", "/requests?limit=1")).items;
  assert.deepEqual([sent.area, sent.community], [estate.id, xinghu.id]);
  // this browser begins with it next time; another one does not
  const chosen = /<details class="line filled" id="community"/;
  const again = await read(visitor, "/ask");
  assert.match(again, chosen);
  assert.match(again, new RegExp(`<option value="${estate.id}"[^>]* selected>`));
  assert.doesNotMatch(await read(server.visitor(), "/ask"), chosen);
});

test("who asks for somebody else reads for whom, on the receipt and when following", async () => {
  const visitor = server.visitor();
  visitor.cookies.set("linli_language", "en");
  const area = (await api("GET", "/areas?q=441202001001")).items[0].id;
  const sent = await visitor.submit("/ask", "/ask", {
    text: "楼上王奶奶家的水龙头关不紧",
    area,
    requester_phone: "13800138077",
    on_behalf: "王奶奶",
    seen: 1,
  });
  assert.equal(sent.status, 303);
  const receipt = await read(visitor, sent.headers.get("location"));
  assert.match(receipt, /On behalf of[\s\S]{0,60}王奶奶/);
  assert.equal(
    (await visitor.post("/follow", { code: receipt.match(/name="code" value="([^"]*)"/)[1] }))
      .status,
    303,
  );
  assert.match(await read(visitor, "/follow"), /On behalf of: 王奶奶/);
});

test("open deadlines follow the calendar and the terms however these are changed: by a program, a command, a form", async () => {
  const day = (n) => new Date(Date.now() + n * 86400e3 + 8 * 3600e3).toISOString().slice(0, 10);
  const category = (await api("GET", "/categories?limit=100")).items.find(
    (c) => c.day_kind === "working_days" && c.days > 2 && c.parent,
  );
  const { id } = await api("POST", "/requests", {
    subject: "期限跟着变",
    text: "期限跟着日历和类别变",
    category: category.id,
  });
  const due = async () => (await api("GET", `/requests/${id}`)).due;
  const patch = async (path, body) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method: "PATCH",
      body: JSON.stringify(body),
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "if-match": "*",
      },
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  const seen = [await due()];
  const moved = async (how) => {
    const now = await due();
    assert.ok(!seen.includes(now), `${how}: ${now}`);
    seen.push(now);
  };
  const holidays = Array.from({ length: 7 }, (_, i) => day(i + 1));
  for (const date of holidays) { // the year's own entries stay as they are
    const [known] = (await api("GET", `/holidays?date=${date}`)).items;
    if (known) await patch(`/holidays/${known.id}`, { is_off_day: true });
    else assert.ok((await api("POST", "/holidays", { date, name: "走查", is_off_day: true })).id);
  }
  await moved("a program's change of the calendar");
  await patch(`/categories/${category.id}`, { days: category.days + 1 });
  await moved("a program's change of a category's term");
  const other = (await api("GET", "/categories?limit=100")).items.find(
    (c) => c.parent && c.days && c.day_kind === "hours",
  );
  await patch(`/requests/${id}`, { category: other.id });
  await moved("a program's other category");
  await patch(`/requests/${id}`, { category: category.id });
  const form = await office.submit(
    `/registers/categories/${category.id}/edit`,
    `/registers/categories/${category.id}`,
    { days: category.days + 2 },
  );
  assert.equal(form.status, 303);
  await moved("a form's change of the term");
  const sheet = `${server.data}-days.csv`;
  writeFileSync(sheet, `日期,名称,是否放假\n${Array.from({ length: 7 }, (_, i) => `${day(i + 8)},走查,是`).join("\n")}\n`);
  const taken = linli(["import", "holidays", sheet, "--data", server.data]);
  assert.match(taken.stdout, /[1-7] added|[1-7] updated/, taken.stderr);
  await until(async () => !seen.includes(await due()), "the deadline follows the calendar");
  await moved("a command's import of the calendar");
  assert.match(await read(admin, "/journal?kind=holidays"), /deadlines recalculated/);
  assert.match(await read(office, `/requests/${id}`), /Calendar or time limit changed: deadline recalculated/);
});

test("the sheet of the work list holds all of it", async () => {
  const many = await start({ requests: 620 });
  try {
    const clerk = await many.signIn("office1");
    const [[[count]]] = rows(join(many.data, "linli.db"), "SELECT count(*) FROM requests");
    assert.ok(count > 600);
    const sheet = await clerk.submit("/work?view=all", "/work/download?view=all", {
      format: "csv",
    });
    const numbers = new Set((await sheet.text()).match(/\b\d{8}-\d{5}\b/g));
    assert.equal(numbers.size, count);
  } finally {
    await many.stop();
  }
});

test("what is wrong with a field is said with the name that stands above it, in every form and both languages", async () => {
  const long = "很长".repeat(3000),
    volunteer = (await api("GET", "/volunteers?limit=1")).items[0],
    activity = (await api("GET", "/activities?status=open&limit=1")).items[0];
  const request = await api("POST", "/requests", {
    subject: "要人陪",
    text: "请人上门陪一陪。",
    area: (await api("GET", "/areas?level=community&limit=1")).items[0].id,
  });
  const worker = await server.signIn("xinghu1"),
    resident = server.visitor();
  const forms = [
    [
      office,
      "/intake",
      "/intake",
      { subject: "x", place: long, requester_name: long, requester_phone: "12", on_behalf: long },
      4,
    ],
    [office, "/intake", "/intake", { subject: "灯不亮", place: long }, 1],
    [
      resident,
      "/ask",
      "/ask",
      {
        text: "路灯不亮",
        visibility: "summary",
        subject: long,
        place: long,
        requester_name: long,
        requester_phone: "12",
        on_behalf: long,
      },
      5,
    ],
    [
      resident,
      "/volunteer",
      "/volunteer",
      { name: long, phone: "12", visits_a_month: "900", limits: long },
      4,
    ],
    [
      resident,
      `/activities/${activity.id}`,
      `/activities/${activity.id}/sign-up`,
      { name: long, phone: "12" },
      2,
    ],
    [
      office,
      `/visits/new?request=${request.id}`,
      "/visits",
      { request: request.id, skill: long, people: "90", note: long, language: "?" },
      4,
    ],
    [worker, "/opinions/new", "/opinions", { text: "", name: long, phone: "12" }, 3],
    [
      office,
      "/activities/new",
      "/activities/new",
      { title: long, place: long, text: long, places: "0" },
      4,
    ],
    [
      office,
      `/certificates/new?volunteer=${volunteer.id}`,
      "/certificates",
      {
        volunteer: volunteer.id,
        valid_from: "soon",
        valid_to: "late",
        note: long,
        contact: long,
        responsible: long,
      },
      5,
    ],
    [office, "/calendar", "/calendar/day", { day: "2026-03-05", name: long }, 1],
  ];
  for (const language of ["en", "zh_CN"])
    for (const [visitor, path, action, fields, least] of forms) {
      visitor.cookies.set("linli_language", language);
      const answer = await visitor.submit(path, action, fields), drawn = await answer.text();
      assert.equal(answer.status, 422, `${action} ${language}`);
      const said = [...drawn.matchAll(/<li><a href="#f-([^"]+)">([^<]+)<\/a>/g)];
      let named = 0;
      for (const [, field, text] of said) {
        const label = drawn.match(new RegExp(`for="f-${field}">([^<]+)|<label>([^<]+)<input id="f-${field}"`))?.slice(1).find(Boolean).trim();
        assert.ok(drawn.includes(`id="f-${field}"`), `${action}: #f-${field} is there to go to`);
        if (label && /：|: |^[^.?]* is required\.$|^请填写/.test(text) && ++named)
          assert.ok(text.includes(label), `${action} ${language}: “${text}” of “${label}”`);
      }
      assert.ok(named >= least, `${action} ${language}: ${named} of ${JSON.stringify(said.map(([, , text]) => text))}`);
    }
  for (const visitor of [office, worker]) visitor.cookies.set("linli_language", "en");
});

test("a state has one word for staff, wherever they read it", async () => {
  const unit = (await api("GET", "/units?limit=1")).items[0],
    area = (await api("GET", "/areas?level=community&limit=1")).items[0].id;
  const fresh = await api("POST", "/requests", {
    subject: "井盖松动待查",
    text: "井盖松了。",
    area,
  });
  const back = await api("POST", "/requests", {
    subject: "路面积水退回",
    text: "路面积水。",
    area,
  });
  for (const [step, body] of [
    ["dispatch", { unit: unit.id }],
    ["return", { text: "不归我们管" }],
  ])
    assert.ok((await api("POST", `/requests/${back.id}/${step}`, body)).id, step);
  const words = { en: ["To dispatch", "Returned"], zh_CN: ["待派单", "已退单"] };
  const around = (text, word) => { // the row or the card that names the request
    const at = text.indexOf(word);
    assert.ok(at >= 0, word);
    return text.slice(Math.max(0, at - 200), at + 900);
  };
  for (const [language, expected] of Object.entries(words)) {
    office.cookies.set("linli_language", language);
    const csv = await (
      await office.submit("/work?view=all", "/work/download?view=all", { format: "csv" })
    ).text();
    for (const [i, one] of [fresh, back].entries()) {
      const places = {
        work: await read(office, `/work?view=all&q=${encodeURIComponent(one.number)}`),
        request: await read(office, `/requests/${one.id}`),
        figure: await read(office, "/figures/requests-received/records"),
        csv: csv.split("\n").find((line) => line.includes(one.number)),
      };
      for (const [name, text] of Object.entries(places)) {
        const near = around(text, name === "request" ? "<h1" : one.subject);
        assert.ok(near.includes(expected[i]), `${name}, ${language}: ${expected[i]} in ${near}`);
      }
      assert.doesNotMatch(places.csv, /,收到,|,Received,/);
    }
  }
  office.cookies.set("linli_language", "en");
});

test("deactivating an account says what it holds and where that goes; its unit is no longer offered", async () => {
  const units = (await api("GET", "/units?limit=500")).items,
    city = units.find((one) => one.code === "city");
  const one = await api("POST", "/requests", { subject: "井盖响", text: "车一过井盖就响。" });
  await api("POST", `/requests/${one.id}/dispatch`, { unit: `#${city.id}` });
  const clerk = await server.signIn("city1");
  assert.equal(
    (
      await clerk.submit(`/requests/${one.id}`, `/requests/${one.id}/accept`, {
        version: (await api("GET", `/requests/${one.id}`)).version,
      })
    ).status,
    303,
  );
  const id = (await read(admin, "/registers/users?q=city1")).match(
    /href="\/registers\/users\/(\d+)"/,
  )[1];
  const account = await read(admin, `/registers/users/${id}`);
  assert.match(account, /What this account holds[\s\S]*open request[\s\S]*nobody else at this unit can sign in/);
  assert.match(account, new RegExp(`href="/work\\?view=all&amp;handler=${id}"`));
  assert.match(await read(office, `/work?view=all&handler=${id}`), /井盖响/);
  const other = await api("POST", "/requests", { subject: "井盖又响", text: "另一个井盖也响。" });
  const offered = async () =>
    (await read(office, `/requests/${other.id}?step=dispatch`))
      .match(/<select id="f-unit"[\s\S]*?<\/select>/)[0]
      .includes(`"#${city.id}"`);
  assert.ok(await offered());
  const done = await admin.submit(`/registers/users/${id}`, `/users/${id}/deactivate`, {});
  assert.equal(done.status, 303);
  assert.match(await read(admin, `/registers/users/${id}`), /Account deactivated\.[\s\S]*goes back to dispatch/);
  assert.equal((await api("GET", `/requests/${one.id}`)).status, "received");
  assert.ok(!(await offered()), "a unit that nobody reads is not offered");
  assert.equal(
    (await admin.submit(`/registers/users/${id}`, `/users/${id}/activate`, {})).status,
    303,
  );
  assert.ok(await offered());
});

test("a category that is no longer used keeps its name in filters and in the form of a request that has it", async () => {
  const made = await api("POST", "/categories", {
    code: "old-kind",
    name: "旧类别",
    name_en: "Old kind",
  });
  const one = await api("POST", "/requests", {
    subject: "旧类别的事",
    text: "以前的类别。",
    category: "old-kind",
  });
  const changed = await fetch(`${server.url}/api/v1/categories/${made.id}`, {
    method: "PATCH",
    body: JSON.stringify({ valid: false }),
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "if-match": `"${made.version}"`,
    },
  });
  assert.equal(changed.status, 200);
  const list = await read(office, `/work?view=all&category=${made.id}`);
  assert.match(list, /旧类别的事/);
  assert.match(list, /class="chips">[\s\S]*<b>Old kind<\/b>/);
  assert.match(list, new RegExp(`<option value="${made.id}" selected>`));
  assert.match(
    await read(office, "/work?view=all"),
    new RegExp(`<option value="${made.id}">Old kind \\(no longer used\\)`),
  );
  assert.match(
    await read(office, `/requests/${one.id}?step=dispatch`),
    new RegExp(`<option value="#${made.id}" selected>`),
  );
});

test("whoever is to be called is counted beside the work list; the number is shown to the caller and journalled", async () => {
  const at = await api("POST", "/requests", {
    subject: "楼道灯坏了要回电话",
    text: "三楼的灯不亮。",
    requester_name: "钱大姐",
    requester_phone: "13800007123",
    area: (await api("GET", "/areas?level=community&limit=1")).items[0].id,
  });
  const unit = (await api("GET", "/units?limit=1&q=city")).items[0].id;
  assert.ok((await api("POST", `/requests/${at.id}/dispatch`, { unit })).id);
  assert.ok((await api("POST", `/requests/${at.id}/answer`, { text: "灯已换好。" })).id);
  const clerk = await server.signIn("office1"), other = await server.signIn("office2");
  const list = await read(clerk, "/outbox?to=residents");
  const row = (page) => page.split("<li ").find((li) => li.includes(`/requests/${at.id}"`)) ?? "";
  assert.match(row(list), /138\*+7123|138\*\*\*\*7123/);
  assert.match(row(list), /楼道灯坏了要回电话[\s\S]*灯已换好/, "the matter and the reply");
  assert.doesNotMatch(list, /13800007123/);
  const all = await read(clerk, "/outbox");
  const waiting = Number(all.match(/aria-current="true"[^>]*>[^<]*<b class="count">(\d+)/)?.[1]);
  assert.match(
    await read(clerk, "/work"),
    new RegExp(`href="/outbox"[^>]*>要打的电话 <b class="count">${waiting}</b>`),
  );
  const reveal = row(list).match(/name="reveal" value="(\d+)"/)[1];
  const [, action] = row(list).match(/formaction="([^"]+)"/);
  const shown = await clerk.submit("/outbox", action.replaceAll("&amp;", "&"), { reveal });
  assert.equal(shown.status, 303);
  assert.match(shown.headers.get("location"), /to=residents/, "the same list");
  const at_row = shown.headers.get("location").replace(/#.*/, "");
  assert.match(row(await read(clerk, at_row)), /href="tel:13800007123"/);
  assert.doesNotMatch(await read(clerk, "/outbox"), /13800007123/, "for this call only");
  assert.doesNotMatch(await read(other, at_row), /13800007123/, "and to nobody else");
  const journal = (await read(admin, "/journal?kind=requests&action=reveal")).match(
    /<tbody>[\s\S]*<\/tbody>/,
  )[0];
  assert.match(journal, new RegExp(`Requests ${at.id}<[\\s\\S]*Notification no`));
  assert.equal((await clerk.submit("/outbox", "/outbox/reveal", { reveal: "999999" })).status, 404);
});

test("a call list has the numbers of those selected, for its maker alone, journalled", async () => {
  const area = (await api("GET", "/areas?level=community&limit=1")).items[0].id,
    unit = (await api("GET", "/units?limit=1&q=city")).items[0].id;
  const made = [];
  for (const [name, phone] of [
    ["孙大姐", "13800007131"],
    ["李大哥", "13800007132"],
    ["周阿婆", "13800007133"],
  ]) {
    const { id } = await api("POST", "/requests", {
      subject: `${name}的水表转得快`,
      text: "没用水也在转。",
      requester_name: name,
      requester_phone: phone,
      area,
    });
    assert.ok((await api("POST", `/requests/${id}/dispatch`, { unit })).id);
    assert.ok((await api("POST", `/requests/${id}/answer`, { text: "水表已更换。" })).id);
    made.push(id);
  }
  const clerk = await server.signIn("office1"), other = await server.signIn("office2");
  const all = await read(clerk, "/outbox?to=residents");
  assert.match(plain(all), /您反映的“孙大姐的水表转得快”（编号[\d-]+）已有答复：水表已更换。/);
  const row = (id) => all.split("<li ").find((li) => li.includes(`/requests/${id}"`));
  const [one, two, three] = made.map((id) => row(id).match(/name="id" value="(\d+)"/)[1]);
  const none = await clerk.submit("/outbox", "/outbox/list", { view: "hand" });
  assert.match(plain(await none.text()), /请至少选一条/);
  const answer = await sent(
    await clerk.submit("/outbox", "/outbox/list", { view: "hand", id: [one, two] }),
  );
  const address = answer.headers.get("location"), list = await read(clerk, address);
  for (const [name, phone] of [["孙大姐", "13800007131"], ["李大哥", "13800007132"]])
    assert.ok(list.includes(name) && list.includes(`tel:${phone}`), `${name} is on the list`);
  assert.doesNotMatch(list, /周阿婆|13800007133|周\*\*/, "who was not selected is not");
  assert.doesNotMatch(await read(other, address), /1380000713/, "nobody else sees the numbers");
  const wider = await read(clerk, address.replace(/list=.*/, `list=${three}`));
  assert.doesNotMatch(wider, /13800007133/, "a number that was not asked for stays masked");
  const journal = await read(admin, "/journal?kind=requests&action=reveal");
  for (const id of made.slice(0, 2)) assert.match(journal, new RegExp(`Requests ${id}<`));
  assert.doesNotMatch(journal, new RegExp(`Requests ${made[2]}<`));
  const told = await sent(
    await clerk.submit(address, address.replace("/outbox", "/outbox/told"), { one }),
  );
  const left = await read(clerk, told.headers.get("location"));
  assert.match(left, /李大哥/);
  assert.doesNotMatch(left, /孙大姐/, "whoever was told is off the list, the rest stays");
});

test("on paper the work list says the proposed unit and the date of each deadline", async () => {
  const area = (await api("GET", "/areas?level=community&limit=1")).items[0].id,
    category = (await api("GET", "/categories?q=road-light")).items[0].id;
  const text = "纸上的路灯不亮";
  const { id } = await api("POST", "/requests", { subject: text, text, area, category });
  const clerk = await server.signIn("office1");
  const page = await read(clerk, `/work?view=free&category=${category}`),
    row = page.split("<tr ").find((tr) => tr.includes(`/requests/${id}"`));
  assert.match(row, /<span class="paper">→ [^<]+<\/span>/);
  assert.match(row, /<td class="due">[^<]+<span class="paper">\d{4}年\d+月\d+日<\/span>/);
});

test("an attached file keeps the ending of what it contains, however it was called", async () => {
  const { id } = await api("POST", "/requests", { subject: "附件", text: "附件的名字" });
  const form = new FormData(),
    { _csrf } = await office.hidden(`/requests/${id}`);
  form.set("_csrf", _csrf);
  for (const name of ["x.exe", "没有结尾", `${"长".repeat(120)}.pdf`, "通知.2026"])
    form.append("file", new Blob(["%PDF-1.4\n", name]), name);
  const sent = await office.send("POST", `/requests/${id}/attach`, { body: form });
  assert.equal(sent.status, 303, await sent.text());
  const [names] = rows(
    join(server.data, "linli.db"),
    `SELECT name FROM attachments WHERE record = ${id} ORDER BY id`,
  );
  assert.deepEqual(
    names.flat(),
    ["x.pdf", "没有结尾.pdf", `${"长".repeat(99)}….pdf`, "通知.2026.pdf"],
  );
  const refused = new FormData();
  refused.set("_csrf", _csrf);
  refused.append("file", new Blob(["MZ"]), "x.exe");
  const answer = await office.send("POST", `/requests/${id}/attach`, { body: refused });
  assert.equal(answer.status, 422);
  assert.match(await answer.text(), /“x\.exe” is not a photo/);
});

/** What stands in a request's page between the heading and the end of its main part. */
const caseOf = (page) => page.slice(page.indexOf("<h1"), page.indexOf("</main>"));
const places = async () => {
  const communities = (await api("GET", "/areas?level=community&limit=200")).items,
    area = communities.find((one) => one.name.startsWith("星湖"));
  const units = (await api("GET", "/units?limit=500")).items;
  return { area: area.id, unit: (code) => units.find((one) => one.code === code).id };
};

test("whose turn it is stands in one line, and the way to the next request before the steps", async () => {
  const { area, unit } = await places(), worker = session(server, "xinghu1");
  const made = [];
  for (const n of ["一", "二", "三"]) {
    const body = { subject: `水沟${n}号堵了`, text: `${n}号水沟堵了，请来疏通。`, area };
    made.push((await api("POST", "/requests", body)).id);
  }
  const [one] = made, now = async (who) => caseOf(await read(who, `/requests/${one}`));
  worker.cookies.set("linli_language", "zh_CN");
  assert.match(await now(worker), /下一步<\/p>[\s\S]*class="button quiet onward"[^>]*data-key="n"[\s\S]*?aria-current="true" data-key="d"/);
  assert.match(await now(session(server, "leader1")), /等待派单/);
  const form = { unit: `#${unit("city")}`, category: "" };
  await sent(await worker.submit(`/requests/${one}`, `/requests/${one}/dispatch`, form));
  const page = await now(worker);
  assert.equal(page.match(/等城市管理办公室接单/g)?.length, 1, "one line");
  assert.doesNotMatch(page, /这一步由主办单位做|只有主办单位|class="small soft screen"|id="step"/, "no reasons, no form");
  const [, href, left] = page.match(/class="turn">[\s\S]*?class="button now" href="(\/requests\/\d+)" data-key="n">下一件待派单（(\d+)）/);
  const free = (await read(worker, "/work?view=free")).match(/view=free"[^>]*aria-current[^>]*>[\s\S]*?class="count[^"]*">(\d+)/)[1];
  assert.equal(left, free, "as many as the list has");
  assert.match(caseOf(await read(worker, href)), /待派单/);
  // the subdistrict office acts for every unit, but not before the unit
  office.cookies.set("linli_language", "zh_CN");
  const forAll = await now(office);
  assert.match(forAll, /等城市管理办公室接单[\s\S]*class="button now"[^>]*data-key="n"[\s\S]*<details><summary>代主办单位办理<\/summary>[\s\S]*接单/);
  assert.match(caseOf(await read(office, `/requests/${one}?step=answer`)), /<details open><summary>代主办单位办理[\s\S]*id="step"/);
  const own = { subject: "公章坏了", text: "公章盖不清楚。", area },
    { id } = await api("POST", "/requests", own);
  await api("POST", `/requests/${id}/dispatch`, { unit: `#${unit("general")}` });
  const theirs = caseOf(await read(office, `/requests/${id}`));
  assert.match(theirs, /下一步<\/p>[\s\S]*<button class="now">[\s\S]*接单/, "its own unit is itself");
  office.cookies.set("linli_language", "en");
  // the unit: its turn; then that of whoever follows up
  const handler = session(server, "city1");
  handler.cookies.set("linli_language", "zh_CN");
  assert.match(await now(handler), /下一步<\/p>[\s\S]*<button class="now">[\s\S]*接单/);
  await api("POST", `/requests/${one}/answer`, { text: "水沟已疏通。" });
  assert.match(await now(handler), /等待回访居民/);
  for (const id of made.slice(1))
    await api("POST", `/requests/${id}/dispatch`, { unit: `#${unit("city")}` });
  assert.match(await now(handler), /等待回访居民[\s\S]*class="button now" href="\/requests\/\d+" data-key="n">本单位下一件（\d+）/);
  assert.match(await now(worker), /id="step"[\s\S]*办结/);
});

test("a lead unit reads each reason once, whatever number of steps it bars", async () => {
  const { area, unit } = await places();
  const body = { subject: "井盖松了", text: "井盖松了，车一过就响。", area },
    { id } = await api("POST", "/requests", body);
  await api("POST", `/requests/${id}/dispatch`, { unit: `#${unit("city")}`, co: ["housing"] });
  const helper = session(server, "housing1");
  helper.cookies.set("linli_language", "zh_CN");
  const page = caseOf(await read(helper, `/requests/${id}`));
  assert.match(page, /下一步<\/p>[\s\S]*反馈/, "its own step is the next");
  const reasons = page.matchAll(/<p class="small soft screen">([^<]*)<\/p>/g),
    lines = [...reasons].map(([, text]) => text);
  assert.equal(lines.length, 1, lines.join(" | "));
  assert.match(lines[0], /^接单、答复、延期、退单：/);
});

test("on a request's page nothing is said twice, and what happened comes before notes and files", async () => {
  const { area, unit } = await places(), text = "地下车库二层漏水";
  const { id } = await api("POST", "/requests", { subject: text, text: `${text}。`, area });
  const show = async () => caseOf(await read(office, `/requests/${id}`));
  assert.equal((await show()).split(text).length - 1, 1, "the title says all that the text does");
  const longer = { subject: text, text: `${text}，已经三天。`, area },
    other = await api("POST", "/requests", longer);
  assert.match(caseOf(await read(office, `/requests/${other.id}`)), /<p class="words">地下车库二层漏水，已经三天。<\/p>/);
  await api("POST", `/requests/${id}/dispatch`, { unit: `#${unit("city")}` });
  await api("POST", `/requests/${id}/answer`, { text: "漏水点已堵上，地面清理干净。" });
  const page = await show();
  assert.equal(page.split("漏水点已堵上").length - 1, 1, "the reply stands once");
  assert.match(page, /<li class="ok answer">[\s\S]*?漏水点已堵上/);
  const parts = ['class="asked"', 'class="acts next', 'id="step"', 'class="timeline"',
    'id="f-note"', 'id="f-file"', "<aside"];
  const order = parts.map((part) => page.indexOf(part));
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
  assert.ok(order.every((at) => at > 0), order.join(" "));
});

/** A closed request with a reply. */
const closed = async (subject, text, reply) => {
  const { area, unit } = await places();
  const { id } = await api("POST", "/requests", { subject, text, area });
  await api("POST", `/requests/${id}/dispatch`, { unit: `#${unit("city")}` });
  await api("POST", `/requests/${id}/answer`, { text: reply });
  await api("POST", `/requests/${id}/close`, { solved: "yes" });
  return id;
};

test("similar requests are like this one, or there are none", async () => {
  await closed("外地户口能不能在这里参保", "不是本地户口，能不能在这里交医保。", "持居住证可以。");
  await closed("有没有免费的技能培训", "失业在家，想学一门手艺。", "有，下月开班。");
  await closed("想找份离家近的钟点工", "上午做几个小时，打扫、帮厨都行。", "已登记。");
  const like = await closed("小区公共收益想公开", "电梯广告的公共收益去向想公开。", "已张贴。");
  const similar = async (subject, text) => {
    const { id } = await api("POST", "/requests", { subject, text });
    await until(async () => {
      const found = await api("GET", "/requests?q=" + encodeURIComponent(subject));
      return found.items?.some((one) => one.id === id);
    }, "it is found");
    const page = caseOf(await read(office, `/requests/${id}`));
    return page.match(/<section class="screen similar">[\s\S]*?<\/section>/)?.[0];
  };
  const list = await similar("公共收益公开", "小区的公共收益一年没公开了，想看明细。");
  assert.match(list, new RegExp(`href="/requests/${like}"`));
  assert.doesNotMatch(list, /外地户口|技能培训|钟点工/);
  assert.equal(await similar("江面有鲸鱼", "鲸鱼浮出江面喷水。"), undefined, "no list of noise");
});

test("a search counts what it finds in every view; where there is no more, nothing more is offered", async () => {
  const { area, unit } = await places(), words = "蓝色邮筒", q = encodeURIComponent(words);
  const [one, two] = await Promise.all(["一", "二"].map((n) =>
    api("POST", "/requests", { subject: `${words}${n}`, text: `${words}歪了，${n}号。`, area })));
  await closed(`${words}三`, `${words}掉漆。`, "已补漆。");
  await api("POST", `/requests/${two.id}/dispatch`, { unit: `#${unit("city")}` });
  const counts = async (view) => {
    const page = await read(office, `/work?view=${view}&q=${q}`);
    const tabs = page.match(/<nav class="filters"[\s\S]*?<\/nav>/)[0];
    return Object.fromEntries(
      [...tabs.matchAll(/view=(\w+)&amp;q=[^>]*>[^<]*<b class="count[^"]*">(\d+)/g)].map(([, id, n]) => [id, Number(n)]));
  };
  for (const view of ["free", "all", "late"]) {
    const n = await counts(view);
    assert.deepEqual([n.free, n.all, n.closed, n.late, n.parked], [1, 3, 1, 0, 0], view);
  }
  assert.ok(one.id);
  const empty = async (path) =>
    (await read(office, path)).match(/<div class="empty">[\s\S]*?<\/div>/)[0];
  assert.match(await empty(`/work?view=late&q=${q}`), /view=all&amp;q=[^>]*>Search all requests/);
  const nowhere = encodeURIComponent("没有这样的词语");
  assert.doesNotMatch(await empty(`/work?view=all&q=${nowhere}`), /Search all requests/);
  assert.doesNotMatch(await empty(`/work?view=late&q=${nowhere}`), /Search all requests/);
  assert.match(await empty(`/work?view=all&q=${nowhere}`), /Clear filters/);
});

// What a page shows to whom and when: every route by every role that signed in, pages that a
// worker remembers, live streams, and sheets that are not what they say.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { accounts, live, may, table } from "./roles.mjs";
import { python, session, start, until } from "./server.mjs";

let server, token;
before(async () => {
  server = await start();
  token = server.token("office");
});
after(() => server?.stop());

const english = (login) => {
  const visitor = session(server, login);
  visitor.cookies.set("linli_language", "en");
  return visitor;
};
const file = async (subject, more = {}) => {
  const answer = await fetch(`${server.url}/api/v1/requests`, {
    method: "POST",
    body: JSON.stringify({ subject, text: "As it is said.", ...more }),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  });
  assert.equal(answer.status, 201);
  return answer.json();
};
const text = async (visitor, path) => {
  const answer = await visitor.get(path);
  assert.equal(answer.status, 200, path);
  return answer.text();
};

test("nobody is left without a way on: who works here finds back to the work, a volunteer stays among the residents' places", async () => {
  for (const [login, work] of [
    ["xinghu1", "/work"],
    ["team1", "/volunteers"],
    ["auditor1", "/admin"],
  ]) {
    const home = await text(english(login), "/");
    assert.match(home, new RegExp(`href="${work}">.{0,200}Back to my work`, "s"), login);
    const own = await text(english(login), work);
    assert.match(own, new RegExp(`class="brand" href="${work}"`), login);
    assert.match(own, /<a href="\/">Public site<\/a>/, login);
  }
  const account = await text(english("volunteer1"), "/account");
  assert.match(account, /<nav class="nav"[^>]*>.*Track my request.*href="\/my"/s);
  assert.doesNotMatch(account, /Back to my work|Public site/);
});

test("a leader begins with the dashboard, a unit with its own list, a volunteer with the service", async () => {
  for (const [login, first] of [
    ["leader1", "/dashboard"],
    ["housing1", "/work?view=unit"],
    ["volunteer1", "/my"],
    ["office1", "/work"],
  ]) {
    const answer = await server
      .visitor()
      .post("/login", { login, password: server.logins[login] });
    assert.equal(answer.headers.get("location"), first, login);
  }
  const own = await text(english("housing1"), "/work?view=unit");
  assert.match(own, /class="brand" href="\/work\?view=unit"/);
  assert.match(own, /Nothing for your unit|<tbody/);
});

test("who may not lead an activity is not led to its desk", async () => {
  const [, other] = (await text(english("office1"), "/activities/manage")).match(
    /\/activities\/(\d+)\/manage/,
  );
  assert.match(
    await text(english("office1"), `/activities/${other}`),
    new RegExp(`/activities/${other}/manage`),
  );
  assert.doesNotMatch(await text(english("team1"), `/activities/${other}`), /\/manage"/);
});

test("a new activity without title, day and hours is told all at once", async () => {
  const answer = await english("office1").submit("/activities/new", "/activities/new", {
    kind: "haircut",
  });
  assert.equal(answer.status, 422);
  const page = await answer.text();
  assert.match(page, /Please fix 4 fields/);
  for (const name of ["title", "date", "from", "to"])
    assert.match(page, new RegExp(`href="#f-${name}"`));
});

test("the list of accounts says what each may do and where", async () => {
  const list = await text(english("admin"), "/registers/users");
  assert.match(list, />City Management|Officer Luo, City Management<.*?>Unit handler, City Management Office</s);
  assert.match(list, />Auditor</);
});

test("days and lengths of time are written as people say them", async () => {
  const hours = await text(english("office1"), "/figures/volunteers-hours/records");
  assert.match(hours, /<th scope="row"><a href="\/hours\/\d+\?figure=[^"]+">\d{1,2} [A-Z][a-z]+ \d{4}<\/a><\/th>/);
  assert.match(hours, /<td class="num" data-label="Time attended">\d+ h( \d+ min)?<\/td>/);
  const area = await text(english("office1"), "/registers/areas/1");
  assert.match(area, /1 January 2020/);
  assert.doesNotMatch(area, /<dd>2020-01-01/);
});

test("every route answers every role's session as roles.txt says", async () => {
  const at = await start(); // what the roles may change here is nobody else's
  const wrong = [];
  for (const [role, login] of Object.entries(accounts)) {
    const visitor = session(at, login), { _csrf } = await visitor.hidden("/account");
    assert.ok(_csrf, login);
    for (const row of table) {
      const { method, path } = row;
      if (live.has(path) || path.startsWith("/api/") || path === "/logout") continue;
      const url = path
        .replace("{id}", "987654")
        .replace("{name}", "nothing")
        .replace("{rest}", "nothing");
      const answer = method === "GET" ? await visitor.get(url) : await visitor.post(url, { _csrf });
      await answer.arrayBuffer();
      const to = answer.headers.get("location") ?? "",
        card = answer.status === 303 && to.startsWith("/card") && row.roles.includes("volunteer");
      if (
        may(row, role)
          ? answer.status === 401 ||
            answer.status >= 500 ||
            (to.startsWith("/login") && !may(row, null))
          : answer.status !== 403 && !card
      )
        wrong.push(`${method} ${path} for ${role}: ${answer.status}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal((await at.stop()).code, 0);
});

test("a remembered page shows a change at once, on every worker", async () => {
  const office = english("office1");
  for (let i = 0; i < 6; i++) {
    await Promise.all(Array.from({ length: 8 }, () => text(office, "/work?view=unassigned")));
    const subject = `Newly said ${i}`;
    await file(subject);
    for (const page of await Promise.all(
      Array.from({ length: 8 }, () => text(office, "/work?view=unassigned")),
    ))
      assert.ok(page.includes(subject), subject);
  }
});

test("a remembered page is one person's, in one language and one size", async () => {
  const [office, other, worker] = [english("office1"), english("office2"), english("xinghu1")];
  await file("Seen by the office alone", { requester_name: "A resident with a name" });
  const name = async (visitor) =>
    (await text(visitor, "/account")).match(/<header class="head"><h1>[^<]*<\/h1><p>([^<]*)/)[1];
  const names = [await name(office), await name(other), await name(worker)];
  assert.equal(new Set(names).size, 3);
  const views = async () => {
    for (let i = 0; i < 4; i++) {
      for (const [v, visitor] of [office, other, worker].entries()) {
        const page = await text(visitor, "/work?view=all");
        assert.ok(page.includes(names[v]), names[v]);
        for (const [n, another] of names.entries())
          if (n !== v)
            assert.ok(
              !page.split("<main")[0].includes(another),
              `${another} on the page of ${names[v]}`,
            );
      }
      assert.ok(
        !(await text(worker, "/work?view=all")).includes("Seen by the office alone"),
        "a community's page is its own",
      );
      const nobody = await server.visitor().get("/work?view=all");
      assert.equal(nobody.status, 303);
      for (const [language, lang] of [["zh_CN", 'lang="zh-CN"'], ["en", 'lang="en"']]) {
        office.cookies.set("linli_language", language);
        assert.match((await text(office, "/work?view=all")).slice(0, 200), new RegExp(lang));
      }
      office.cookies.set("linli_elder", "1");
      assert.match((await text(office, "/work?view=all")).slice(0, 200), /elder/);
      office.cookies.delete("linli_elder");
      assert.doesNotMatch((await text(office, "/work?view=all")).slice(0, 200), /elder/);
    }
  };
  await views();
  const { _csrf } = await office.hidden("/account");
  assert.equal((await office.post("/logout", { _csrf })).status, 303);
  office.cookies.set("linli", "0".repeat(64));
  assert.equal(
    (await office.get("/work?view=all")).status,
    303,
    "what was remembered went with the session",
  );
});

test("each drawing of a remembered page has a key of its own", async () => {
  const office = english("office1"),
    keys = new Set();
  for (let i = 0; i < 10; i++)
    for (const [, key] of (await text(office, "/work")).matchAll(/name="_key" value="([^"]+)"/g))
      keys.add(key);
  assert.ok(keys.size === 0 || keys.size >= 10, `${keys.size} keys in 10 pages`);
});

test("an open work list hears of a change and gets it", async () => {
  const office = english("office1");
  const cookie = [...office.cookies].map(([n, v]) => `${n}=${v}`).join("; ");
  const stop = new AbortController();
  const stream = await fetch(`${server.url}/live`, { headers: { cookie }, signal: stop.signal });
  assert.equal(stream.status, 200);
  assert.match(stream.headers.get("content-type"), /^text\/event-stream/);
  const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  let heard = "";
  const hear = async (what) => {
    while (!what.test(heard)) {
      const { value, done } = await reader.read();
      assert.ok(!done, "the stream stays open");
      heard += value;
    }
  };
  await hear(/retry: \d+\n\n/);
  for (const subject of ["Heard of at once", "And once more"]) {
    heard = "";
    await file(subject);
    await hear(/event: change\ndata: \d+\n\n/);
    assert.ok((await text(office, "/work?view=unassigned")).includes(subject));
  }
  const numbers = [...heard.matchAll(/data: (\d+)/g)].map(([, n]) => Number(n));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  stop.abort();
  for (const [login, status] of [
    ["auditor1", 403],
    ["volunteer1", 403],
  ])
    assert.equal((await session(server, login).get("/live")).status, status, login);
  assert.ok(
    [303, 401].includes((await server.visitor().get("/live")).status),
    "nobody hears anything without signing in",
  );
});

/* ---- sheets ---- */

/** A zip of one file, as small as its content packs. */
function zip(name, content) {
  const packed = deflateRawSync(content, { level: 9 }),
    crc = python("import sys,zlib; print(zlib.crc32(sys.stdin.buffer.read()))", [], content);
  const head = Buffer.alloc(30),
    entry = Buffer.alloc(46),
    end = Buffer.alloc(22),
    n = Buffer.from(name);
  (head.writeUInt32LE(0x04034b50, 0),
    head.writeUInt16LE(20, 4),
    head.writeUInt16LE(8, 8),
    head.writeUInt32LE(Number(crc), 14));
  (head.writeUInt32LE(packed.length, 18),
    head.writeUInt32LE(content.length, 22),
    head.writeUInt16LE(n.length, 26));
  (entry.writeUInt32LE(0x02014b50, 0),
    entry.writeUInt16LE(20, 4),
    entry.writeUInt16LE(20, 6),
    entry.writeUInt16LE(8, 10),
    entry.writeUInt32LE(Number(crc), 16));
  (entry.writeUInt32LE(packed.length, 20),
    entry.writeUInt32LE(content.length, 24),
    entry.writeUInt16LE(n.length, 28));
  (end.writeUInt32LE(0x06054b50, 0),
    end.writeUInt16LE(1, 8),
    end.writeUInt16LE(1, 10),
    end.writeUInt32LE(46 + n.length, 12),
    end.writeUInt32LE(30 + n.length + packed.length, 16));
  return Buffer.concat([head, n, packed, entry, n, end]);
}

async function upload(visitor, name, bytes, kind = "requests") {
  const form = new FormData();
  for (const [field, value] of Object.entries(await visitor.hidden("/import")))
    form.append(field, value);
  form.set("kind", kind);
  form.set("file", new Blob([bytes]), name);
  const cookie = [...visitor.cookies].map(([n, v]) => `${n}=${v}`).join("; ");
  return fetch(`${server.url}/import`, {
    method: "POST",
    body: form,
    redirect: "manual",
    headers: { cookie },
  });
}

/** Takes an uploaded sheet in and waits for its end. */
async function go(visitor, uploaded) {
  assert.equal(uploaded.status, 303, await uploaded.clone().text());
  const path = uploaded.headers.get("location"), page = await text(visitor, path);
  const columns = [...page.matchAll(/<select id="c-\d+" name="column"[^>]*>([\s\S]*?)<\/select>/g)].map(([, options]) => options.match(/value="([^"]*)" selected/)?.[1] ?? "");
  const fields = new URLSearchParams({ ...(await visitor.hidden(path)), do: "start" });
  for (const column of columns) fields.append("column", column);
  const sent = await visitor.send("POST", `${path}/go`, {
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: fields.toString(),
  });
  assert.equal(sent.status, 303, await sent.clone().text());
  let now;
  await until(
    async () => /added, /.test((now = await text(visitor, path))) && !/data-live|Cancel/.test(now),
    () => `the import ends: ${now}`,
  );
  return { page: now, path };
}

test("a sheet that unpacks into gigabytes is refused in words, at once", async () => {
  const admin = english("office1");
  const sheet = zip("xl/worksheets/sheet1.xml", Buffer.alloc(300 << 20, "<row><c/></row>"));
  assert.ok(sheet.length < 2 << 20, `${sheet.length} bytes are sent`);
  const answer = await upload(admin, "bomb.xlsx", sheet);
  assert.equal(answer.status, 422);
  assert.match(await answer.text(), /too large once decompressed|damaged/);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test("a GB18030 spreadsheet from a Chinese Excel is read correctly", async () => {
  const admin = english("office1");
  const made = python("import sys; sys.stdout.buffer.write('代码,名称\\r\\ngb-1,城东市容队（龘）\\r\\n'.encode('gb18030'))");
  const done = await go(admin, await upload(admin, "单位.csv", made, "units"));
  assert.match(done.page, /1 added, 0 updated, 0 unchanged, 0 rejected/);
  const units = await (
    await fetch(`${server.url}/api/v1/units?q=gb-1`, {
      headers: { authorization: `Bearer ${token}` },
    })
  ).json();
  assert.equal(units.items.find((u) => u.code === "gb-1").name, "城东市容队（龘）");
});

test("a cell of ten megabytes is named, and its neighbours are taken", async () => {
  const admin = english("office1");
  const csv = `code,name\r\nlong-1,"Before"\r\nlong-2,"${"字".repeat((10 << 20) / 3)}"\r\nlong-3,After\r\n`;
  const done = await go(admin, await upload(admin, "long.csv", csv, "units"));
  assert.match(done.page, /2 added, 0 updated, 0 unchanged, 1 rejected/);
  assert.match(done.page, /The text in this cell is too long/);
  const units = await (
    await fetch(`${server.url}/api/v1/units?q=long-`, {
      headers: { authorization: `Bearer ${token}` },
    })
  ).json();
  assert.deepEqual(units.items.map((u) => u.code).sort(), ["long-1", "long-3"]);
});

test("categories with the same name are shown with their parent", async () => {
  const admin = english("office1");
  const done = await go(admin, await upload(admin, "same.csv", "一级分类,二级分类\r\n道路事务,其他\r\n绿化事务,其他\r\n绿化事务,砍树", "categories"));
  assert.match(done.page, /5 added|3 added/);
  const all = (
    await (
      await fetch(`${server.url}/api/v1/categories?limit=500`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).json()
  ).items;
  const at = (parent, name) =>
    all.find((c) => c.name === name && all.find((p) => p.id === c.parent)?.name === parent).id;
  for (const [category, shown] of [
    [at("道路事务", "其他"), "道路事务 › 其他"],
    [at("绿化事务", "其他"), "绿化事务 › 其他"],
    [at("绿化事务", "砍树"), "砍树"],
  ]) {
    const { id } = await file("分类重名", { category });
    assert.match(
      await text(admin, `/requests/${id}`),
      new RegExp(`<dt>Category</dt><dd>${shown}</dd>`),
    );
  }
});

test("what residents open first stays under 60 KB over the wire, with a whole tree of categories too; a page of one's own is not packed", async () => {
  const admin = english("office1"), paths = ["一级分类,二级分类,三级分类"];
  for (let a = 0; a < 19; a++) for (let b = 0; b < 9; b++) for (let c = 0; c < 3; c++) paths.push(`第${a}类事务,第${a}类里的第${b}小类,第${a}类里第${b}小类的第${c}项`);
  const done = await go(admin, await upload(admin, "tree.csv", paths.join("\r\n"), "categories"));
  assert.match(done.page, /513 added/);
  const bytes = async (path) => {
    const answer = await fetch(server.url + path, { headers: { "accept-encoding": "gzip" } });
    return {
      size: Number(answer.headers.get("content-length")),
      text: await answer.text(),
      packed: answer.headers.get("content-encoding") === "gzip",
    };
  };
  for (const path of ["/", "/ask", "/follow", "/figures"]) {
    const page = await bytes(path);
    const parts = new Set(
      [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"#]*)/g)].map((m) => m[1]),
    );
    let total = page.size;
    for (const part of parts) total += (await bytes(part)).size;
    assert.ok(parts.size >= 3 && total < 60 * 1024, `${path}: ${total} bytes`);
    assert.equal(page.packed, Buffer.byteLength(page.text) >= 16384, path);
  }
  assert.match((await bytes("/ask")).text, /第18类里的第8小类/);
  assert.equal(
    (await fetch(`${server.url}/ask`, { headers: { "accept-encoding": "identity" } })).headers.get(
      "content-encoding",
    ),
    null,
  );
  assert.equal(
    (await admin.get("/ask", { "accept-encoding": "gzip" })).headers.get("content-encoding"),
    null,
  );
});

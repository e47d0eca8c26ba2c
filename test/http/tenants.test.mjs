// Many subdistricts in one process: each is right under its own address, and nothing of one is
// worth anything in another. On PostgreSQL: test/postgres.sh node --test
// test/http/tenants.test.mjs
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Visitor, folder, linli, pack, passwords, setCookies, start, until } from "./server.mjs";

const postgres = process.env.LINLI_TEST_STORE;
const data = postgres ?? folder();
const env = { LINLI_KEYS: folder("keys") };
const token = (data, role) =>
  linli(["token", "--data", data, "--role", role], { env }).stdout.trim();
const tenant = (...words) => linli(["tenant", ...words, "--data", data], { env });
const store = (name) =>
  tenant("list")
    .stdout.split("\n")
    .map((line) => line.split("\t"))
    .find((row) => row[0] === name)?.[4];

const logins = {};
function add(name, ...more) {
  const made = tenant("add", name, "--pack", pack, ...more);
  assert.equal(made.code, 0, made.stderr);
  logins[name] = passwords(made.stdout);
}

let server;
before(async () => {
  add("east");
  add("west", "--host", "west.example.cn");
  server = await start({ data, logins: {}, env });
}, { timeout: 900000 });
after(() => server?.stop());

const at = (name) => new Visitor(`${server.url}/t/${name}`);
async function signIn(name, login = "office1") {
  const visitor = at(name);
  const answer = await visitor.post("/login", { login, password: logins[name][login] });
  assert.equal(answer.status, 303);
  assert.match(answer.headers.get("location"), new RegExp(`^/t/${name}/`));
  return visitor;
}
const bearer = (text) => ({ authorization: `Bearer ${text}` });

test("names and hosts that can't be are refused, and what is there is listed", () => {
  for (const wrong of ["East", "a/b", "../x", "-a", "", "a".repeat(41), "a_b"])
    assert.notEqual(tenant("add", wrong).code, 0, wrong);
  assert.equal(tenant("add", "east").code, 1);
  assert.match(
    tenant("add", "third", "--host", "west.example.cn").stderr,
    /already the host name of west/,
  );
  assert.match(
    tenant("add", "third", "--parent", "nowhere").stderr,
    /Subdistrict nowhere not found/,
  );
  assert.match(tenant("rename", "east", "west").stderr, /already exists/);
  assert.match(tenant("rename", "nowhere", "third").stderr, /Subdistrict not found/);
  assert.match(
    tenant("list").stdout,
    /^east\t-\t-\tready\t.*\nwest\twest\.example\.cn\t-\tready\t/m,
  );
  assert.match(
    linli(["user", "list", "--data", data], { env }).stderr,
    postgres ? /schema=|several subdistricts|no key/ : /several subdistricts/,
  );
  assert.equal(linli(["user", "list", "--data", store("east")], { env }).code, 0);
});

test("under /t/NAME every link, form, picture, redirect and cookie stays there", async () => {
  const office = await signIn("east");
  const seen = new Set(["/"]),
    wrong = [];
  const queue = [
    "/",
    "/work",
    "/figures",
    "/dashboard",
    "/admin",
    "/ask",
    "/follow",
    "/activities",
    "/account",
  ];
  for (const path of queue) {
    const answer = await office.get(path);
    const type = answer.headers.get("content-type") ?? "", text = await answer.text();
    if (answer.status >= 500) wrong.push(`${path}: ${answer.status}`);
    const where = answer.headers.get("location");
    if (where && !where.startsWith("/t/east/")) wrong.push(`${path} leads to ${where}`);
    for (const set of setCookies(answer))
      if (!/; Path=\/t\/east(;|$)/.test(set)) wrong.push(`${path} sets ${set}`);
    if (!type.startsWith("text/html")) continue;
    for (const [, name, address] of text.matchAll(/\s([a-z-]+)="(\/[^"]*)"/g)) {
      if (name === "value")
        assert.doesNotMatch(address, /^\/t\//, `${path}: a hidden address is the program's own`);
      else if (!address.startsWith("/t/east/")) wrong.push(`${path}: ${name}="${address}"`);
      const next = address.slice(7).replace(/#.*/, "").replaceAll("&amp;", "&");
      if (
        (name === "href" || name === "src") &&
        !seen.has(next.split("?")[0]) &&
        queue.length < 120 &&
        !next.includes("export")
      ) {
        seen.add(next.split("?")[0]);
        queue.push(next);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(queue.length > 60, `${queue.length} pages`);
  for (const path of ["/assets/linli.css", "/assets/sw.js", "/healthz", "/readyz"])
    assert.equal((await at("east").get(path)).status, 200, path);
  assert.equal(
    (await at("east").get("/assets/sw.js")).headers.get("service-worker-allowed"),
    "/t/east/",
  );
  const sent = await at("east").get("/work");
  assert.equal(sent.headers.get("location"), "/t/east/login?next=%2Fwork");
  const back = await office.post(
    "/language",
    { language: "en", next: "/work?view=all" },
    { origin: server.url },
  );
  assert.equal(back.headers.get("location"), "/t/east/work?view=all");
  assert.match(await (await at("east").get("?lang=en")).text(), /Staff sign-in/);
});

test("a host name of its own needs no prefix, and shows no other tenant", async () => {
  const ask = (path, host) =>
    new Promise((done, failed) =>
      http
        .get({ port: server.port, host: "127.0.0.1", path, headers: { host } }, (answer) => {
          let text = "";
          answer
            .on("data", (part) => (text += part))
            .on("end", () => done({ status: answer.statusCode, text }));
        })
        .on("error", failed),
    );
  const page = await ask("/", "west.example.cn");
  assert.equal(page.status, 200);
  assert.match(page.text, /href="\/ask"/);
  assert.equal((await ask("/t/east/", "west.example.cn")).status, 404);
  assert.equal((await ask("/healthz", "127.0.0.1")).status, 200);
  const nobody = await ask("/", "127.0.0.1");
  assert.equal(nobody.status, 404);
  assert.doesNotMatch(nobody.text, /east|west/);
  assert.equal((await ask("/work", "127.0.0.1")).status, 404);
  assert.equal((await ask("/t/nowhere/", "127.0.0.1")).status, 404);
  assert.equal((await ask("/t/../t/east/", "127.0.0.1")).status, 404);
});

test("a session, a card and a token of one tenant are refused by another", async () => {
  const east = await signIn("east");
  assert.equal((await east.get("/work")).status, 200);
  const thief = at("west");
  thief.cookies = new Map(east.cookies);
  assert.equal((await thief.get("/work")).headers.get("location"), "/t/west/login?next=%2Fwork");
  assert.equal(
    (await at("west").post("/login", { login: "office1", password: logins.east.office1 })).status,
    422,
  );
  const text = token(store("east"), "office");
  const listed = (name) =>
    fetch(`${server.url}/t/${name}/api/v1/requests?limit=1`, { headers: bearer(text) });
  assert.equal((await listed("east")).status, 200);
  assert.equal((await listed("west")).status, 401);
  const both = at("west"); // a token of the form of one tenant in another
  const own = await signIn("west");
  const csrf = (await east.hidden("/account"))._csrf;
  both.cookies = own.cookies;
  assert.equal(
    (await both.post("/account/view", { _csrf: csrf, language: "en" }, { origin: server.url }))
      .status,
    403,
  );
});

/**
 * Asks for something at a tenant, with a photograph; answers the page of the receipt's code
 * and the record.
 */
async function report(name, words) {
  const key = bearer(token(store(name), "office"));
  const made = await fetch(`${server.url}/t/${name}/api/v1/requests`, {
    method: "POST",
    headers: { ...key, "content-type": "application/json" },
    body: JSON.stringify({
      subject: words,
      text: `${words}，请派人来看`,
      requester_name: "陈先生",
      requester_phone: "13800001234",
    }),
  });
  assert.equal(made.status, 201);
  const where = made.headers.get("location");
  assert.match(where, new RegExp(`^/t/${name}/api/v1/requests/\\d+$`));
  return { id: Number(where.split("/").pop()), ...(await made.json()) };
}

test("requests, files and search of one can't be reached from another", async () => {
  const mine = await report("east", "东区紫色鲸鱼漏水");
  const east = await signIn("east"), west = await signIn("west");
  const found = async (visitor) => (await (await visitor.get(`/work?view=all&q=${encodeURIComponent("紫色鲸鱼")}`)).text()).includes("紫色鲸鱼漏水");
  await until(() => found(east), "it is found in its own tenant");
  assert.equal(await found(west), false);
  const form = new FormData();
  form.set("_csrf", (await east.hidden(`/requests/${mine.id}`))._csrf);
  form.set(
    "file",
    new Blob(["%PDF-1.4\n只给东区看\n%%EOF\n"], { type: "application/pdf" }),
    "east.pdf",
  );
  const attached = await east.send("POST", `/requests/${mine.id}/attach`, { body: form });
  assert.equal(attached.status, 303, await attached.text());
  const page = await (await east.get(`/requests/${mine.id}`)).text();
  const files = [...page.matchAll(/(?:href|src)="\/t\/east(\/requests\/\d+\/(?:files|photos)\/[^"]+)"/g)];
  assert.ok(files.length > 0);
  for (const [, address] of files) {
    assert.equal((await east.get(address)).status, 200, address);
    const other = await west.get(address);
    assert.ok(other.status === 404 || !(await other.text()).includes("东区"), address);
  }
  const other = await west.get(`/requests/${mine.id}`);
  assert.ok(!(await other.text()).includes("紫色鲸鱼"));
});

test("tracking by number and phone, and its cookie, work in one tenant only", async () => {
  const mine = await report("east", "东区路灯不亮");
  const look = (visitor) => visitor.post("/follow", { number: mine.number, digits: "1234" });
  const resident = at("east");
  const shown = await look(resident);
  assert.equal(shown.status, 303, await shown.text());
  assert.match(await (await resident.get("/follow")).text(), /东区路灯不亮/);
  const stranger = at("west");
  stranger.cookies = new Map(resident.cookies);
  assert.doesNotMatch(await (await stranger.get("/follow")).text(), /东区路灯不亮/);
  assert.notEqual((await look(at("west"))).status, 303);
});

test("a live page hears of its own tenant only", async () => {
  const listen = async (name) => {
    const visitor = await signIn(name), heard = { name, text: "" }, stop = new AbortController();
    const cookie = [...visitor.cookies].map(([key, value]) => `${key}=${value}`).join("; ");
    const answer = await fetch(`${server.url}/t/${name}/live`, {
      headers: { cookie },
      signal: stop.signal,
    });
    assert.equal(answer.status, 200);
    heard.reading = (async () => {
      try {
        for await (const part of answer.body) heard.text += Buffer.from(part).toString();
      } catch {}
    })();
    heard.stop = () => stop.abort();
    return heard;
  };
  const east = await listen("east"), west = await listen("west");
  await until(() => west.text.includes("retry:") && east.text.includes("retry:"), "both are open");
  const numbers = (text) => [...text.matchAll(/data: (\d+)/g)].map(([, number]) => Number(number));
  const newest = (heard) => Math.max(0, ...numbers(heard.text));
  const tell = async (heard) => {
    const before = newest(heard);
    await report(heard.name, "有事");
    await until(() => newest(heard) > before, `the page of ${heard.name} hears of it`);
  };
  for (const each of [east, west]) await tell(each);
  const [short, long] = [east, west].sort((a, b) => newest(a) - newest(b));
  // numbers that the other journal does not reach by itself
  while (newest(long) <= newest(short) + 5) await tell(long);
  await tell(long);
  await tell(short);
  assert.ok(newest(short) < newest(long), "its numbers are its own journal's");
  east.stop();
  west.stop();
});

test("a remembered page is drawn for its tenant", async () => {
  const east = await signIn("east"), west = await signIn("west");
  await report("east", "东区独有的一件事");
  for (let i = 0; i < 6; i++) {
    assert.match(await (await east.get("/work?view=all")).text(), /东区独有的一件事/);
    const text = await (await west.get("/work?view=all")).text();
    assert.doesNotMatch(text, /东区独有的一件事/);
    assert.doesNotMatch(text, /"\/t\/east\//);
  }
});

test("who tries too often in one tenant is not kept out of another", async () => {
  const tries = async (name) =>
    (await at(name).post("/follow", { number: "20200101-00001", digits: "0000" })).status;
  let last;
  for (let i = 0; i < 60 && last !== 429; i++) last = await tries("west");
  assert.equal(last, 429);
  assert.notEqual(await tries("east"), 429);
});

test(
  "a parent shows its children's figures, their sums, and rates from numerators and denominators",
  { timeout: 900000 },
  async () => {
    add("city");
    add("north", "--requests", "400");
    await until(async () => (await at("north").get("/")).status === 200, "the child is served");
    let seen;
    const counted = () =>
      ["east", "north"]
        .map(
          (name) => linli(["figures", "--data", store(name), "--format", "json"], { env }).stdout,
        )
        .join();
    let same = 0; // a figure that a job still changes is another one at the next look
    await until(
      () => (same = seen === (seen = counted()) ? same + 1 : 0) === 3,
      "what is due at a start is done",
    );
    for (const name of ["east", "north"])
      assert.equal(tenant("set", name, "--parent", "city").code, 0);
    await until(async () => (await at("city").get("/")).status === 200, "the parent is served");
    const leader = await signIn("city", "leader1");
    await until(
      async () => /href="\/t\/city\/rollup"/.test(await (await leader.get("/figures")).text()),
      "it leads there",
    );
    const year = new Date(Date.now() + 8 * 3600000).getUTCFullYear(),
      span = ["--from", `${year}-01-01`, "--to", `${year}-12-31`];
    const own = (name) =>
      JSON.parse(
        linli(["figures", "--data", store(name), ...span, "--format", "json"], { env }).stdout,
      );
    let page;
    const rows = () =>
      Object.fromEntries(
        [
          ...page.matchAll(
            /<tr><th scope="row">([^<]*?) ?(?:<span[^>]*>[^<]*<\/span>)?<\/th>(.*?)<\/tr>/gs,
          ),
        ].map(([, title, cells]) => [
          title,
          [...cells.matchAll(/<td class="num">(.*?)<\/td>/gs)].map(([, text]) =>
            text
              .replace(/<[^>]+>/g, " ")
              .trim()
              .replace(/\s+/g, " "),
          ),
        ]),
      );
    await until(
      async () =>
        /scope="col">[^<]*<span[^>]*>east<.*scope="col">[^<]*<span[^>]*>north</s.test(
          (page = await (await leader.get("/rollup?lang=en")).text()),
        ),
      "both are collected, also who came after the first count",
    );
    const table = rows(),
      east = own("east"),
      north = own("north");
    const n = (text) => Number(text.replaceAll(",", ""));
    let counts = 0,
      rates = 0;
    for (const [i, f] of east.entries()) {
      const cells = table[f.title_en ?? f.title];
      if (!cells) continue;
      if (/÷/.test(cells[0])) {
        const [top, bottom] = cells[0]
          .match(/([\d,]+) ÷ ([\d,]+)/)
          .slice(1)
          .map(n);
        assert.equal(bottom, f.denominator + north[i].denominator, f.id);
        assert.equal(top, f.numerator + north[i].numerator, f.id);
        if (bottom)
          assert.ok(
            Math.abs(parseFloat(cells[0]) - (100 * top) / bottom) < 0.06,
            `${f.id}: ${cells[0]}`,
          );
        rates++;
      } else if (/^[\d,]+$/.test(cells[0])) {
        assert.equal(n(cells[0]), n(cells[1]) + n(cells[2]), f.id);
        counts++;
      }
    }
    assert.ok(rates > 2 && counts > 2, `${rates} rates, ${counts} counts`);
    assert.match(page, /can’t be totalled/);
    assert.equal((await (await signIn("city", "xinghu1")).get("/rollup")).status, 403);
    assert.equal(
      (await (await signIn("west", "leader1")).get("/rollup")).status,
      404,
      "it has no children",
    );
    const last = await (await leader.get("/rollup?from=1990-01-01&to=1990-12-31&lang=en")).text();
    assert.match(last, /Collecting data/);
    await until(
      async () =>
        (page = await (
          await leader.get("/rollup?from=1990-01-01&to=1990-12-31&lang=en")
        ).text()).includes("Calculated at"),
      "another period, too",
    );
    const away = store("north");
    const hide = (there) =>
      postgres
        ? spawnSync("psql", [
            postgres,
            "-qc",
            there
              ? "ALTER SCHEMA t_hidden RENAME TO t_north"
              : "ALTER SCHEMA t_north RENAME TO t_hidden",
          ])
        : renameSync(
            join(away, there ? "hidden" : "linli.db"),
            join(away, there ? "linli.db" : "hidden"),
          );
    hide(false);
    await until(
      async () =>
        (page = await (
          await leader.get("/rollup?from=1991-01-01&to=1991-12-31&lang=en")
        ).text()).includes("Calculated at"),
      "with one away",
    );
    assert.match(page, /1 of 2 could not be read/);
    assert.match(page, />not available</);
    hide(true);
  },
);

test("tenants come, change their names and go while it serves", { timeout: 900000 }, async () => {
  add("third");
  const opened = (name) => async () => (await at(name).get("/")).status === 200;
  await until(opened("third"), "a new one is served");
  assert.equal(tenant("rename", "third", "fourth").code, 0);
  await until(opened("fourth"), "by its new name");
  await until(async () => (await at("third").get("/")).status === 404, "and not by the old one");
  const visitor = at("fourth");
  assert.equal(
    (await visitor.post("/login", { login: "office1", password: logins.third.office1 })).status,
    303,
  );
  assert.equal(tenant("set", "fourth", "--host", "fourth.example.cn", "--parent", "east").code, 0);
  assert.match(tenant("list").stdout, /^fourth\tfourth\.example\.cn\teast\t/m);
  const kept = store("fourth");
  assert.match(tenant("remove", "fourth").stdout, /Its database is kept at/);
  await until(async () => (await at("fourth").get("/")).status === 404, "it is gone");
  assert.equal(linli(["verify", "--data", kept], { env }).code, 0, "the store is whole");
  assert.match(tenant("add", "third").stdout, /The existing database .* has been added/);
  await until(opened("third"), "and is back");
  assert.equal(tenant("remove", "third", "--erase").code, 0);
  await until(async () => (await at("third").get("/")).status === 404, "it is gone for good");
  assert.notEqual(linli(["verify", "--data", kept], { env }).code, 0);
  if (!postgres) assert.equal(existsSync(join(data, "tenants/third")), false);
  assert.match(tenant("migrate").stdout, /All subdistricts are up to date/);
});

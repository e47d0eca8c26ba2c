// The gate as a client meets it: every route by every role, sign-in and sessions, where a
// request comes from, bad input, limits, and a store that can't be written.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { live, may, roles, table } from "./roles.mjs";
import { Visitor, init, linli, lock, rows, setCookies, start } from "./server.mjs";

let server, unit, area;
before(async () => {
  server = await start();
  const get = async (kind) =>
    (
      await (
        await fetch(`${server.url}/api/v1/${kind}?limit=1`, {
          headers: { authorization: `Bearer ${server.token("office")}` },
        })
      ).json()
    ).items[0].code;
  unit = await get("units");
  area = await get("areas");
});
after(() => server?.stop());

/** What a test needs done to the store behind the program's back. */
const store = (data, sql) => rows(join(data, "linli.db"), sql);

test("every route answers every role as roles.txt says", async () => {
  const tokens = Object.fromEntries(
    roles.map((role) => [
      role,
      server.token(role, ...(role === "unit_handler" ? ["--unit", unit] : ["--area", area])),
    ]),
  );
  const wrong = [];
  // everybody from an address of their own
  const at = await start({ data: server.data, args: ["--proxied"] });
  for (const [number, row] of table.entries()) {
    const { method, path } = row;
    if (live.has(path)) continue;
    const url =
      at.url +
      path.replace("{id}", "987654").replace("{name}", "nothing").replace("{rest}", "nothing");
    const from = { "x-forwarded-for": `10.0.${number >> 8}.${number & 255}` };
    const ask = (headers) =>
      fetch(url, { method, redirect: "manual", headers: { ...from, ...headers } });
    const nobody = await ask({});
    await nobody.arrayBuffer();
    const signIn =
      nobody.status === 303 && /^\/(login|card)\?next=/.test(nobody.headers.get("location") ?? "");
    // what is open to all may still send somebody without a card to the sign-in
    if (may(row, null) ? nobody.status === 401 : nobody.status !== 401 && !signIn)
      wrong.push(`${method} ${path} for nobody: ${nobody.status}`);
    for (const role of roles) {
      const answer = await ask({ authorization: `Bearer ${tokens[role]}` });
      await answer.arrayBuffer();
      if (may(row, role) ? answer.status === 401 || answer.status >= 500 : answer.status !== 403)
        wrong.push(`${method} ${path} for ${role}: ${answer.status}`);
    }
  }
  await at.stop();
  assert.deepEqual(wrong, []);
});

test("five wrong passwords lock the account, and say no more than a wrong login does", async () => {
  const visitor = server.visitor();
  const wrong = async (login) => {
    const answer = await visitor.post("/login", { login, password: "not the password" });
    return [answer.status, (await answer.text()).match(/role="alert"[\s\S]*?<\/ul>/)?.[0]];
  };
  const nobody = await wrong("nobody-at-all");
  for (let i = 0; i < 5; i++) assert.deepEqual(await wrong("leader1"), nobody);
  assert.equal(
    (await visitor.post("/login", { login: "leader1", password: server.logins.leader1 })).status,
    422,
    "locked",
  );
  assert.match(linli(["user", "list", "--data", server.data]).stdout, /^leader1\t.*\tlocked\t/m);
  store(server.data, "UPDATE users SET locked_until = 1 WHERE login = 'leader1'");
  await server.signIn("leader1");
});

test("a session ends when it was idle or is too old, and at sign-out", async () => {
  const open = async () => (await visitor.get("/work")).status;
  let visitor = await server.signIn("office1");
  assert.equal(await open(), 200);
  store(server.data, "UPDATE sessions SET seen = seen - 1900");
  assert.equal(await open(), 303, "idle");
  visitor = await server.signIn("office1");
  store(server.data, "UPDATE sessions SET expires = 1");
  assert.equal(await open(), 303, "twelve hours");
  visitor = await server.signIn("office1");
  const kept = new Map(visitor.cookies);
  await visitor.submit("/account", "/logout", {});
  visitor.cookies = kept;
  assert.equal(await open(), 303, "the cookie is worth nothing after sign-out");
});

test("the cookie is for this server alone", async () => {
  const answer = await fetch(`${server.url}/login`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ login: "office1", password: server.logins.office1 }),
  });
  const set = setCookies(answer).find((c) => /linli=/.test(c));
  assert.match(set, /HttpOnly/);
  assert.match(set, /SameSite=Lax/);
});

test("behind TLS the cookies are sent over TLS only, and belong to this host or tenant alone", async () => {
  const at = await start({ data: server.data, logins: server.logins, args: ["--proxied"] });
  try {
    const cookie = async (headers) => {
      const answer = await fetch(`${at.url}/login`, {
        method: "POST",
        redirect: "manual",
        headers,
        body: new URLSearchParams({ login: "office1", password: at.logins.office1 }),
      });
      assert.equal(answer.status, 303);
      return setCookies(answer).find((c) => /linli/.test(c));
    };
    const tls = { "x-forwarded-proto": "https" }, secure = await cookie(tls);
    assert.match(secure, /^__Host-linli=[0-9a-f]{64}; Path=\/; /);
    for (const part of [/; HttpOnly/, /; SameSite=Lax/, /; Secure/]) assert.match(secure, part);
    assert.doesNotMatch(secure, /Domain/i);
    for (const plain of [
      {},
      { "x-forwarded-proto": "http" },
      { "x-forwarded-proto": "https, http" },
    ]) {
      const set = await cookie(plain);
      assert.match(set, /^linli=/, JSON.stringify(plain));
      assert.doesNotMatch(set, /Secure/, JSON.stringify(plain));
    }
    // what came over TLS is asked for over TLS; the same session under the other name opens
    // nothing there
    const [value] = secure.match(/[0-9a-f]{64}/),
      open = (name, headers) =>
        fetch(`${at.url}/work`, {
          redirect: "manual",
          headers: { ...headers, cookie: `${name}=${value}` },
        }).then((a) => a.status);
    assert.equal(await open("__Host-linli", tls), 200);
    assert.equal(await open("linli", tls), 303);
    // the other cookies that open something are as careful: a request that is followed, a
    // volunteer's card
    const asked = await fetch(`${at.url}/ask`, {
      method: "POST",
      redirect: "manual",
      headers: tls,
      body: new URLSearchParams({
        text: "路灯不亮了，晚上看不见",
        requester_phone: "13800138010",
        area: "2",
        seen: "1",
      }),
    });
    assert.equal(asked.status, 303, await asked.text());
    for (const set of setCookies(asked)) assert.match(set, /; Secure/, set);
    // without --proxied nobody's word about TLS counts
    const word = await fetch(`${server.url}/login`, {
      method: "POST",
      redirect: "manual",
      headers: tls,
      body: new URLSearchParams({ login: "office1", password: server.logins.office1 }),
    });
    assert.doesNotMatch(
      setCookies(word).find((c) => /linli=/.test(c)),
      /Secure|__Host/,
    );
  } finally {
    await at.stop();
  }
});

test("every form needs its token, with and without an Origin, and no part of a token will do", async () => {
  const at = await start({ data: server.data, logins: server.logins });
  const visitor = await at.signIn("office1"),
    other = await at.signIn("office1");
  const { _csrf } = await visitor.hidden("/account"),
    foreign = (await other.hidden("/account"))._csrf;
  const host = new URL(at.url).host,
    wrong = [];
  const ways = {
    "no Origin": {},
    "our Origin": { origin: at.url },
    "our fetch": { "sec-fetch-site": "same-origin" },
    both: { origin: at.url, "sec-fetch-site": "same-origin" },
  };
  const elsewhere = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `http://evil.${host}` },
    { origin: `http://${host}.evil.example` },
    { origin: `http://${host.replace(/\d$/, "")}` },
    { origin: at.url, "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
  ];
  const tokens = {
    none: undefined,
    empty: "",
    half: _csrf.slice(0, 32),
    begun: _csrf.slice(0, 63) + (_csrf.endsWith("0") ? "1" : "0"),
    long: `${_csrf}0`,
    "another session's": foreign,
    zeros: "0".repeat(64),
  };
  const views = () => store(at.data, "SELECT count(*) FROM journal")[0][0][0];
  const before = views();
  for (const path of [
    "/account/view",
    "/requests/1/note",
    "/registers/holidays",
    "/calendar/day",
    "/logout",
  ]) {
    const send = (token, headers) =>
      visitor
        .post(
          path,
          { language: "en", note: "一句话", ...(token === undefined ? {} : { _csrf: token }) },
          headers,
        )
        .then(async (a) => (await a.arrayBuffer(), a.status));
    for (const [name, token] of Object.entries(tokens))
      for (const [way, headers] of Object.entries(ways))
        if ((await send(token, headers)) !== 403) wrong.push(`${path}, ${way}, token ${name}`);
    for (const headers of elsewhere)
      if ((await send(_csrf, headers)) !== 403) wrong.push(`${path} ${JSON.stringify(headers)}`);
  }
  assert.deepEqual(wrong, []);
  assert.equal(views(), before, "nothing was done");
  for (const headers of Object.values(ways))
    assert.equal(
      (await visitor.post("/account/view", { language: "en", elder: "0", _csrf }, headers)).status,
      303,
      JSON.stringify(headers),
    );
  assert.equal((await visitor.get("/account")).status, 200, "and nobody was signed out");
  await at.stop();
});

test("a change from another site, or without its token, is not done", async () => {
  const visitor = await server.signIn("office1");
  const { _csrf } = await visitor.hidden("/account");
  const fields = { language: "en", elder: "0" };
  const send = (more, headers) => visitor.post("/account/view", { ...fields, ...more }, headers);
  assert.equal((await send({})).status, 403);
  assert.equal((await send({ _csrf: "0".repeat(64) })).status, 403);
  assert.equal((await send({ _csrf }, { origin: "https://evil.example" })).status, 403);
  assert.equal((await send({ _csrf }, { "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await send({ _csrf }, { origin: server.url })).status, 303);
  const login = (headers) =>
    new Visitor(server.url).post(
      "/login",
      { login: "office1", password: server.logins.office1 },
      headers,
    );
  assert.equal(
    (await login({ origin: "https://evil.example" })).status,
    403,
    "signing somebody in from elsewhere",
  );
  assert.equal((await login({ "sec-fetch-site": "same-site" })).status, 403);
  assert.equal(
    (await visitor.post("/elder", { elder: "1" })).status,
    403,
    "with a session and nothing that says where from",
  );
  assert.equal((await visitor.post("/elder", { elder: "1" }, { origin: server.url })).status, 303);
});

test("what was typed before the session ended is carried through signing in, from our own pages only and without passwords", async () => {
  const visitor = await server.signIn("office1");
  const [{ id }] = (
    await (
      await fetch(`${server.url}/api/v1/requests?status=handling&limit=1`, {
        headers: { authorization: `Bearer ${server.token("office")}` },
      })
    ).json()
  ).items;
  const at = `/requests/${id}/note`,
    ours = { "sec-fetch-site": "same-origin" };
  const typed = {
    ...(await visitor.hidden(`/requests/${id}`)),
    note: "the sister has the key <b>",
  };
  store(server.data, "UPDATE sessions SET expires = 1");
  const asked = await visitor.post(at, { ...typed, new_password: "hidden-away" }, ours);
  assert.equal(asked.status, 401);
  const page = await asked.text();
  assert.match(page, /name="note" value="the sister has the key &lt;b&gt;"/);
  assert.match(page, /href="\/login"/);
  assert.doesNotMatch(page, /hidden-away/);
  for (const foreign of [{ "sec-fetch-site": "cross-site" }, { origin: "http://elsewhere" }, {}])
    assert.doesNotMatch(
      await (await visitor.post(at, typed, foreign)).text(),
      /the sister/,
      JSON.stringify(foreign),
    );

  const again = await server.signIn("office1"); // in another window
  const more = await again.post(at, { note: typed.note, _keep: typed._keep ?? "" }, ours);
  assert.equal(more.status, 403, "not without a press");
  const form = await more.text(),
    fields = {};
  for (const [tag] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/g))
    fields[tag.match(/name="([^"]*)"/)[1]] =
      tag
        .match(/value="([^"]*)"/)?.[1]
        .replace("&lt;", "<")
        .replace("&gt;", ">") ?? "";
  assert.equal(fields.note, typed.note);
  assert.equal((await again.post(at, fields, ours)).status, 303);
  assert.match(
    await (await again.get(`/requests/${id}`)).text(),
    /the sister has the key &lt;b&gt;/,
  );
  assert.doesNotMatch(
    await (
      await again.post(at, { note: "from elsewhere" }, { "sec-fetch-site": "cross-site" })
    ).text(),
    /from elsewhere/,
  );
});

test("sign-in leads only to pages of this server", async () => {
  const at = await start({ data: server.data, logins: server.logins }); // its own count of sign-ins
  for (const [next, to] of [
    ["/figures", "/figures"],
    ["//evil.example", "/work"],
    ["https://evil.example", "/work"],
    ["/\\evil.example", "/work"],
    ["", "/work"],
    ["/x\r\nSet-Cookie: a=b", "/x%0D%0ASet-Cookie:%20a=b"],
    [`/${"x".repeat(3000)}`, "/work"],
  ]) {
    const answer = await at
      .visitor()
      .post("/login", { login: "office1", password: server.logins.office1, next });
    assert.equal(answer.status, 303);
    assert.equal(decodeURI(answer.headers.get("location")), decodeURI(to), next.slice(0, 30));
    assert.ok(!setCookies(answer).some((c) => c.startsWith("a=")));
  }
  await at.stop();
});

test("every answer carries its headers", async () => {
  for (const path of ["/", "/nothing-here", "/login", "/healthz", "/api/v1/requests"]) {
    const { headers } = await fetch(server.url + path);
    const policy = headers.get("content-security-policy");
    assert.match(policy, /script-src 'self'/);
    assert.doesNotMatch(policy, /unsafe-inline/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "same-origin");
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
    assert.ok(headers.get("cache-control"));
  }
});

/** Bytes on a socket, and all that comes back. */
const raw = (at, bytes) =>
  new Promise((done) => {
    let text = "";
    const socket = connect(at.port, "127.0.0.1", () => socket.write(bytes));
    socket
      .setEncoding("latin1")
      .on("data", (part) => (text += part))
      .on("close", () => done(text))
      .on("error", () => done(text));
  });
const code = (text) => Number(text.match(/^HTTP\/1\.1 (\d+)/)?.[1]);
const form = (at, body, path = "/login") =>
  raw(at, Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`), body]));

test("broken bytes are refused, and the next visitor is served", async () => {
  const at = await start({ data: server.data });
  assert.equal(code(await form(at, Buffer.from([0x61, 0x3d, 0xff, 0xfe]))), 400);
  assert.equal(code(await form(at, Buffer.from("a=%00"))), 400);
  assert.equal(code(await form(at, Buffer.from("a=%E4%BD"))), 400);
  assert.equal(code(await form(at, Buffer.from("a=%zz"))), 400);
  assert.equal(code(await form(at, Buffer.from("a=1&".repeat(3000)))), 400);
  assert.equal(code(await form(at, Buffer.alloc(10 << 20, 0x61))), 413);
  assert.equal(code(await raw(at, "GET /%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), 400);
  assert.equal(code(await raw(at, "GET /%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), 400);
  assert.equal(code(await raw(at, "BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), 405);
  assert.equal(code(await raw(at, "DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), 405);
  assert.equal(code(await raw(at, `GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)) >= 400, true);
  await raw(at, "nonsense\r\n\r\n");
  for (const [type, body, want] of [
    ["text/plain", "a", 415],
    ["application/json", "{", 200],
    ["multipart/form-data", "x", 400],
    ["multipart/form-data; boundary=b", "--b\r\nbroken", 400],
  ]) {
    const answer = await fetch(`${at.url}/login`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
    if (want !== 200) assert.equal(answer.status, want, type);
  }
  for (const path of [
    "/../../etc/passwd",
    "/assets/../../etc/passwd",
    "/assets/%2e%2e/%2e%2e/etc/passwd",
  ])
    assert.equal(
      code(await raw(at, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)),
      404,
    );
  assert.equal((await fetch(`${at.url}/healthz`)).status, 200);
  await at.stop();
});

test("the account page changes the password and ends other sessions", async () => {
  const at = await start({ data: server.data, logins: server.logins });
  const first = await at.signIn("auditor1"),
    second = await at.signIn("auditor1");
  const change = (present, fresh, again = fresh) =>
    first.submit("/account", "/account/password", { present, fresh, again });
  assert.equal((await change("wrong one", "a new password")).status, 422);
  assert.equal((await change(at.logins.auditor1, "short")).status, 422);
  assert.equal(
    (await change(at.logins.auditor1, "a new password", "another password")).status,
    422,
  );
  assert.equal((await change(at.logins.auditor1, "a new password")).status, 303);
  assert.equal((await first.get("/account")).status, 200);
  assert.equal((await second.get("/account")).status, 303);
  await at.signIn("auditor1", "a new password");
  await at.stop();
  assert.equal(linli(["verify", "--data", server.data]).code, 0);
});

test("a wrong present password is a wrong password: five lock the account and end the session", async () => {
  const at = await start({ data: server.data, logins: server.logins });
  const visitor = await at.signIn("auditor2");
  visitor.cookies.set("linli_language", "en");
  const guess = (present) =>
    visitor.submit("/account", "/account/password", {
      present,
      fresh: "a new password",
      again: "a new password",
    });
  for (let i = 0; i < 4; i++) {
    const answer = await guess(`guess number ${i}`);
    assert.equal(answer.status, 422);
    assert.match(await answer.text(), /Your current password is incorrect/);
  }
  const last = await guess("the fifth guess");
  assert.equal(last.status, 422);
  assert.match(await last.text(), /locked for 15 minutes/);
  assert.equal((await visitor.get("/account")).status, 303, "signed out");
  assert.equal(
    (await at.visitor().post("/login", { login: "auditor2", password: at.logins.auditor2 })).status,
    422,
    "locked at the door too",
  );
  store(server.data, "UPDATE users SET locked_until = 1 WHERE login = 'auditor2'");
  await at.signIn("auditor2");
  await at.stop();
});

test("metrics are for this machine only, host names are checked, and too many requests are slowed", async () => {
  const other = await start({
    data: server.data,
    args: ["--proxied", "--url", "https://linli.example.cn"],
  });
  try {
    const ask = (path, headers) => raw(other, `GET ${path} HTTP/1.1\r\nConnection: close\r\n${headers}\r\n\r\n`);
    assert.equal(code(await ask("/", "Host: linli.example.cn")), 200);
    assert.equal(code(await ask("/", "Host: evil.example")), 421);
    assert.match(await ask("/", "Host: linli.example.cn"), /Strict-Transport-Security/);
    assert.equal(code(await ask("/metrics", "Host: localhost")), 200);
    assert.equal(code(await ask("/metrics", "Host: linli.example.cn\r\nX-Forwarded-For: 203.0.113.9")), 404);
    assert.equal(code(await ask("/metrics", `Host: linli.example.cn\r\nX-Forwarded-For: 203.0.113.9\r\nAuthorization: Bearer ${server.token("admin")}`)), 200);
    const answers = await Promise.all(Array.from({ length: 600 }, () => ask("/healthz", "Host: linli.example.cn\r\nX-Forwarded-For: 203.0.113.10")));
    const slowed = answers.filter((a) => code(a) === 429);
    assert.ok(slowed.length > 0);
    assert.match(slowed[0], /Retry-After/);
    assert.equal(code(await ask("/healthz", "Host: linli.example.cn\r\nX-Forwarded-For: 203.0.113.11")), 200, "others are not");
  } finally {
    await other.stop();
  }
});

const file = (at, token, subject, key) =>
  fetch(`${at.url}/api/v1/requests`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify({ subject, text: "x".repeat(15000) }),
  });

test("a locked store: 503 with Retry-After, pages still read, and it goes on afterwards", async () => {
  const at = await start({ data: init().data });
  try {
    const token = at.token("office");
    const release = await lock(join(at.data, "linli.db"));
    const refused = await file(at, token, "While locked", "lock-1");
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get("retry-after")) > 0);
    assert.equal((await fetch(at.url)).status, 200);
    await release();
    assert.equal((await file(at, token, "While locked", "lock-1")).status, 201);
  } finally {
    await at.stop();
  }
});

test("a full disk: 503, nothing acknowledged is lost, and it goes on when there is room", async () => {
  const { data } = init();
  const token = linli(["token", "--data", data, "--role", "office"]).stdout.trim();
  const small = await start({ data, limit: "-f 6000" });
  const told = [];
  let full;
  for (let i = 0; i < 2000 && !full; i++) {
    const answer = await file(small, token, `Before it was full ${i}`, `full-${i}`);
    if (answer.status === 201) told.push((await answer.json()).id);
    else full = answer;
  }
  assert.equal(full?.status, 503);
  assert.ok(Number(full.headers.get("retry-after")) > 0);
  assert.ok(told.length > 0);
  assert.equal((await fetch(small.url)).status, 200);
  await small.stop();
  assert.equal(linli(["verify", "--data", data]).code, 0);
  const roomy = await start({ data });
  try {
    for (const id of told)
      assert.equal(
        (
          await fetch(`${roomy.url}/api/v1/requests/${id}`, {
            headers: { authorization: `Bearer ${token}` },
          })
        ).status,
        200,
      );
    assert.equal((await file(roomy, token, "After", "after")).status, 201);
  } finally {
    await roomy.stop();
  }
});

// What somebody sends who means harm: each is refused, and nothing of it is done.
import assert from "node:assert/strict";
import net from "node:net";
import { afterEach, before, beforeEach, test } from "node:test";
import { join } from "node:path";
import { init, rows, session, start } from "./server.mjs";

let server, data, logins;
before(async () => {
  ({ data, logins } = init());
});
beforeEach(async () => {
  server = await start({ data, logins }); // its own count of sign-ins
});
afterEach(() => server?.stop());

/** Sends bytes as they are; answers the codes that came until the server shut the connection. */
function codes(text) {
  return new Promise((done, failed) => {
    let out = "";
    const socket = net.connect(server.port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (part) => (out += part)).on("error", failed);
    socket.on("close", () => done([...out.matchAll(/HTTP\/1\.1 (\d+)/g)].map((m) => Number(m[1]))));
  });
}
const form = "Content-Type: application/x-www-form-urlencoded\r\n";
const hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

for (const [name, head] of Object.entries({
  "two lengths": "Content-Length: 0\r\nContent-Length: 38\r\n",
  "a length and chunks": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
  "an unknown encoding": "Transfer-Encoding: xchunked\r\n",
  "a blank before the colon": "Content-Length: 4\r\nTransfer-Encoding : chunked\r\n",
  "a folded encoding": "Content-Length: 4\r\nTransfer-Encoding:\r\n chunked\r\n",
  "two hosts": "Host: b\r\nContent-Length: 0\r\n",
}))
  test(`no second request is smuggled: ${name}`, async () => {
    assert.deepEqual(await codes(`POST /follow HTTP/1.1\r\nHost: a\r\n${form}${head}\r\n0\r\n\r\n${hidden}`), [400]);
  });

test("hundreds of parameters are answered", async () => {
  for (const n of [400, 600, 1500])
    assert.deepEqual(await codes(`GET /follow?${Array.from({ length: n }, (_, i) => `a${i}=b`).join("&")} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`), [n < 1000 ? 200 : 400], String(n));
  assert.deepEqual(await codes(`GET /follow?${"&".repeat(3000)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`), [200]);
});

test("everybody who signs in comes to a page that is theirs", async () => {
  for (const login of Object.keys(server.logins)) {
    const visitor = server.visitor();
    const answer = await visitor.post("/login", {
      login,
      password: server.logins[login],
      next: "",
    });
    assert.equal(answer.status, 303, login);
    const page = await visitor.get(answer.headers.get("location"));
    const then = page.status === 303 ? await visitor.get(page.headers.get("location")) : page;
    assert.equal(then.status, 200, login);
  }
});

test("a sign-in leads to no other site, and takes no session from before", async () => {
  for (const next of [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "\\\\evil.example",
  ]) {
    const visitor = server.visitor();
    visitor.cookies.set("linli", "f".repeat(64));
    const answer = await visitor.post("/login", {
      login: "office1",
      password: server.logins.office1,
      next,
    });
    assert.equal(answer.headers.get("location"), "/work");
    assert.notEqual(visitor.cookies.get("linli"), "f".repeat(64));
  }
});

test("a phone number that is searched for appears in no URL", async () => {
  const office = await server.signIn("office1");
  const answer = await office.submit("/work", "/work/find?view=all", { q: "138 0000 2001" });
  assert.equal(answer.status, 303);
  assert.doesNotMatch(answer.headers.get("location"), /138|2001/);
  assert.equal((await office.get(answer.headers.get("location"))).status, 200);
  const word = await office.submit("/work", "/work/find?view=all", { q: "路灯" });
  assert.match(await (await office.get(word.headers.get("location"))).text(), /value="路灯"/);
});

test("a name that is searched for appears in no URL, whichever list", async () => {
  const office = session(server, "office2"),
    name = "陈叔";
  const typed = {
    work: ["/work", "/work/find?view=all", { q: name }],
    people: ["/registers/people", "/find", { q: name, gender: "male" }],
    volunteers: ["/volunteers", "/find", { q: name }],
    certificates: ["/certificates/new", "/find", { q: name }],
  };
  for (const [list, [page, action, fields]] of Object.entries(typed)) {
    const answer = await office.submit(
      page,
      action,
      list === "work" ? fields : { ...fields, _to: page },
    );
    const address = answer.headers.get("location");
    assert.equal(answer.status, 303, list);
    assert.ok(!decodeURIComponent(address).includes(name), address);
    const found = await (await office.get(address)).text();
    assert.ok(found.includes(`value="${name}"`), `${list}: what was typed is still in its box`);
    for (const [, link] of found.matchAll(/(?:href|action)="([^"]*)"/g))
      assert.ok(!decodeURIComponent(link).includes(name), `${list}: ${link}`);
    if (list === "people") {
      assert.match(address, /gender=male/, "filters stay readable");
      const next = found.match(/rel="next" href="([^"]*)"/)?.[1];
      if (next)
        assert.ok(
          (await (await office.get(next.replaceAll("&amp;", "&"))).text()).includes(
            `value="${name}"`,
          ),
          "the next page is of the same search",
        );
      assert.match(
        await (await office.get("/registers/people?q=%7Es1.AAAA")).text(),
        /id="q" type="search" name="q" value=""/,
        "what does not open looks for nothing",
      );
    }
  }
  const log = (
    await office.submit("/volunteers", "/find", { q: name, _to: "/volunteers" })
  ).headers.get("location");
  for (const reader of [
    session(server, "xinghu1"),
    session(server, "volunteer1"),
    server.visitor(),
  ])
    for (const page of [
      log,
      log.replace("/volunteers", "/work"),
      log.replace("/volunteers", "/places"),
    ])
      assert.ok(
        !(await (await reader.get(page)).text()).includes(`value="${name}"`),
        `${page}: what a log keeps is opened by nobody else`,
      );
  for (const to of ["//evil.example", "https://evil.example", "/\\evil", "/a?b=c"])
    assert.equal(
      (await office.submit("/volunteers", "/find", { q: "x", _to: to })).status,
      404,
      to,
    );
});

test("an office without areas yet says that it is not open, and stores nothing", async () => {
  const bare = await start({ pack: null });
  try {
    const visitor = bare.visitor();
    assert.doesNotMatch(await (await visitor.get("/ask")).text(), /name="text"/);
    const answer = await visitor.post("/ask", {
      text: "路灯不亮了",
      requester_phone: "13800000000",
      seen: "1",
    });
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /还没有开通/);
    assert.deepEqual(rows(join(bare.data, "linli.db"), "SELECT count(*) FROM requests"), [[[0]]]);
  } finally {
    await bare.stop();
  }
});

test("cards can't be guessed through the check-in address", async () => {
  const outside = await start({ data, logins, args: ["--proxied"] });
  try {
    const send = async (count) => {
      const marks = Array.from({ length: count }, (_, i) => ({
        key: `guess-${count}-${i}`,
        activity: 1,
        card: `ABCDE${String(i).padStart(5, "2").replaceAll(/[01]/g, "3")}`,
        code: "123456",
      }));
      const answer = await fetch(`${outside.url}/api/attendance`, {
        method: "POST",
        body: JSON.stringify({ marks }),
        headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.7" },
      });
      return (await answer.json()).results.map((r) => r.status);
    };
    assert.deepEqual(new Set(await send(200)), new Set([401]));
    const more = await send(199);
    assert.equal(more.filter((s) => s === 401).length, 100);
    assert.equal(more.filter((s) => s === 429).length, 99);
  } finally {
    await outside.stop();
  }
});

test("who sees names and numbers masked finds nobody by them", async () => {
  const office = server.token("office"),
    leader = server.token("leader"),
    name = "钱多多",
    phone = "13800009753";
  const api = async (token, path, body) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method: body ? "POST" : "GET",
      body: body && JSON.stringify(body),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    });
    return answer.json();
  };
  const made = await api(office, "/requests", {
    subject: "楼道灯不亮",
    text: "三楼的灯",
    requester_name: name,
    requester_phone: phone,
  });
  const [volunteer] = (await api(office, "/volunteers?limit=1")).items;
  const words = [phone, "138 0000 9753", name, "qdd", "qianduoduo"];
  // The office finds, by each of them; the leader, who reads the same requests, by none.
  for (const q of words) {
    const found = async (token) =>
      (await api(token, `/requests?q=${encodeURIComponent(q)}&limit=500`)).items.some(
        (r) => r.id === made.id,
      );
    assert.equal(await found(office), true, `the office finds ${q}`);
    assert.equal(await found(leader), false, `the leader finds ${q}`);
  }
  assert.equal(
    (await api(leader, `/requests?q=${encodeURIComponent("楼道灯")}`)).items.some(
      (r) => r.id === made.id,
    ),
    true,
    "by its words they do",
  );
  assert.equal((await api(leader, `/requests?q=${made.number}`)).items.length, 1);
  // Nothing stands beside the masked name that says more than it.
  const seen = await api(leader, `/requests/${made.id}`);
  assert.deepEqual(
    [seen.requester_name, seen.requester_initials, seen.requester_phone],
    ["钱**", "q**", "138****9753"],
  );
  const reader = session(server, "leader1");
  for (const q of words) {
    const page = await (await reader.get(`/work?view=all&q=${encodeURIComponent(q)}`)).text();
    assert.doesNotMatch(page, /楼道灯不亮/, q);
    const own = await reader.submit("/work", `/work/download?view=all&q=${encodeURIComponent(q)}`, { format: "csv" });
    assert.doesNotMatch(await own.text(), /楼道灯不亮/, q);
  }
  const sheet = await (
    await reader.submit("/work", "/work/download?view=all", { format: "csv" })
  ).text();
  assert.match(sheet, /楼道灯不亮/);
  assert.doesNotMatch(sheet, /钱多多|qdd/);
  // Volunteers are found by their number and name, not by a telephone that is not shown.
  const person = await api(office, `/people/${volunteer.person}`);
  const mobile = "13800009754";
  await fetch(`${server.url}/api/v1/people/${person.id}`, {
    method: "PATCH",
    body: JSON.stringify({ phone: mobile }),
    headers: {
      authorization: `Bearer ${office}`,
      "content-type": "application/json",
      "if-match": `"${person.version}"`,
    },
  });
  const listed = async (login) =>
    (await (await session(server, login).get(`/volunteers?view=all&q=${mobile}`)).text()).includes(
      `/volunteers/${volunteer.id}"`,
    );
  assert.equal(await listed("office1"), true);
  assert.equal(await listed("leader1"), false);
});

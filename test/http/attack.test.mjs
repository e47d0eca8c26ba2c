// What somebody sends who means harm: each is refused, and nothing of it is done.
import assert from "node:assert/strict";
import net from "node:net";
import { afterEach, before, beforeEach, test } from "node:test";
import { init, start } from "./server.mjs";

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
  "two hosts": "Host: b\r\nContent-Length: 0\r\n",
}))
  test(`no second request is smuggled: ${name}`, async () => {
    assert.deepEqual(await codes(`POST /follow HTTP/1.1\r\nHost: a\r\n${form}${head}\r\n0\r\n\r\n${hidden}`), [400]);
  });

test("everybody who signs in comes to a page that is theirs", async () => {
  for (const login of Object.keys(server.logins)) {
    const visitor = server.visitor();
    const answer = await visitor.post("/login", { login, password: server.logins[login], next: "" });
    assert.equal(answer.status, 303, login);
    const page = await visitor.get(answer.headers.get("location"));
    const then = page.status === 303 ? await visitor.get(page.headers.get("location")) : page;
    assert.equal(then.status, 200, login);
  }
});

test("a sign-in leads to no other site, and takes no session from before", async () => {
  for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "\\\\evil.example"]) {
    const visitor = server.visitor();
    visitor.cookies.set("linli", "f".repeat(64));
    const answer = await visitor.post("/login", { login: "office1", password: server.logins.office1, next });
    assert.equal(answer.headers.get("location"), "/work");
    assert.notEqual(visitor.cookies.get("linli"), "f".repeat(64));
  }
});

test("a telephone number that is looked for stands in no address", async () => {
  const office = await server.signIn("office1");
  const answer = await office.submit("/work", "/work/find?view=all", { q: "138 0000 2001" });
  assert.equal(answer.status, 303);
  assert.doesNotMatch(answer.headers.get("location"), /138|2001/);
  assert.equal((await office.get(answer.headers.get("location"))).status, 200);
  const word = await office.submit("/work", "/work/find?view=all", { q: "路灯" });
  assert.match(await (await office.get(word.headers.get("location"))).text(), /value="路灯"/);
});

test("an office without areas yet takes what residents send", async () => {
  const bare = await start({ pack: null });
  try {
    const visitor = bare.visitor();
    assert.doesNotMatch(await (await visitor.get("/ask")).text(), /name="area"/);
    const answer = await visitor.post("/ask", { text: "路灯不亮了", requester_phone: "13800000000", seen: "1" });
    assert.equal(answer.status, 303);
  } finally {
    await bare.stop();
  }
});

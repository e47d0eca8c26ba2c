// Limits by address, and what they keep out: guessing at requests, and neighbours behind one
// address from each other.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { init, start, until, Visitor } from "./server.mjs";

let data, logins, server, next = 0;
before(async () => {
  ({ data, logins } = init());
  server = await start({ data, logins, args: ["--proxied"] });
});
after(() => server?.stop());

/** A visitor for whom the proxy writes that address; each a new one unless told. */
const from = (address = `203.0.113.${++next}`, more = []) => {
  const visitor = new Visitor(server.url), send = visitor.send.bind(visitor);
  visitor.send = (method, path, { headers = {}, body } = {}) => {
    const all = new Headers({ ...headers, "accept-language": "en" });
    for (const value of [...more, address]) all.append("x-forwarded-for", value);
    return send(method, path, { headers: Object.fromEntries(all), body });
  };
  visitor.cookies.set("linli_language", "en");
  return visitor;
};
const ask = async (text, phone) => {
  const visitor = from();
  const sent = await visitor.submit("/ask", "/ask", {
    text,
    area: "2",
    requester_phone: phone,
    seen: "1",
  });
  assert.equal(sent.status, 303, await sent.text());
  const receipt = await (await visitor.get(sent.headers.get("location"))).text();
  return {
    number: receipt.match(/\d{8}-\d{5}/)[0],
    code: receipt.match(/(?<![0-9A-Z])[0-9A-Z]{5}-[0-9A-Z]{5}/)[0],
    visitor,
  };
};
const follow = async (visitor, fields) => (await visitor.post("/follow", fields)).status;
// at once: the limit refills with time
const many = (n, one) => Promise.all(Array.from({ length: n }, (_, i) => one(i)));
const wrong = (i) => ({ login: `nobody${i}`, password: "wrong password" });

test("sign-in is limited by IPv6 /64, and every way of writing an address is the same visitor", async () => {
  const login = async (address, i) => (await from(address).post("/login", wrong(i))).status;
  const six = await many(45, (i) => login(`2001:db8:1:1::${i.toString(16)}`, i));
  assert.ok(six.includes(429), "45 addresses of one /64 are one visitor");
  assert.notEqual(await login("2001:db8:1:2::1", 1), 429, "the next /64 is another");
  const written = [
    "198.51.100.9",
    "198.51.100.9:50123",
    "::ffff:198.51.100.9",
    "[::ffff:198.51.100.9]:443",
  ];
  const four = await many(45, (i) => login(written[i % written.length], i));
  assert.ok(four.includes(429), "with a port, in brackets, as IPv4 within IPv6");
});

test("the last forwarded value counts, and none of them makes a visitor local", async () => {
  for (const [address, more] of [
    ["127.0.0.1"],
    ["::1"],
    ["203.0.113.9", ["127.0.0.9"]],
    ["127.0.0.1", ["203.0.113.9"]],
  ])
    assert.equal((await from(address, more).get("/metrics")).status, 404, `${more} ${address}`);
  assert.equal((await fetch(`${server.url}/metrics`)).status, 200, "this machine itself");
  const statuses = await many(
    45,
    async (i) =>
      (await from("192.0.2.77", [`192.0.2.${i + 100}`, `10.1.1.${i}`]).post("/login", wrong(i)))
        .status,
  );
  assert.ok(statuses.includes(429), "what stands before the proxy's own value is anybody's");
});

test("a forwarded address without --proxied is not trusted, and the log warns of it", async () => {
  const plain = await start({ data: init().data });
  try {
    assert.equal(
      (await fetch(`${plain.url}/metrics`, { headers: { "x-forwarded-for": "203.0.113.9" } }))
        .status,
      404,
    );
    assert.equal((await fetch(`${plain.url}/metrics`)).status, 200);
    assert.match(plain.log, /forwarded_without_proxied/);
  } finally {
    await plain.stop();
  }
});

test("one page's limit keeps nobody from another: look-ups don't shut out sign-in", async () => {
  const address = "203.0.113.200";
  const looked = await many(45, (i) =>
    follow(from(address), { number: "20200101-00001", digits: String(1000 + i) }),
  );
  assert.ok(looked.includes(429));
  const visitor = from(address);
  assert.equal(
    (await visitor.post("/login", { login: "office1", password: logins.office1 })).status,
    303,
  );
});

test("a right code works when neighbours behind the same address have used up the tries", async () => {
  const address = "203.0.113.201",
    { code } = await ask("楼下的路灯不亮了，晚上走路看不见", "13800138001");
  // another address for each try of the minute's limit would hide what is tested: the six
  // hours' limit is the store's
  for (let i = 0; i < 30; i++)
    assert.equal(await follow(from(address), { code: `WRONG${String(i).padStart(5, "2")}` }), 404);
  await until(
    async () => (await follow(from(address), { code })) === 303,
    "the right code opens it as soon as the minute's limit lets it through",
  );
});

test("guessing four digits: a success in between clears nothing, and joining makes it no easier", async () => {
  const victim = await ask("电梯停运三天了，老人下不了楼，物业一直没有来修", "13800134919");
  // who has joined gets a code; digits no longer open the request, for anybody
  const joiner = from();
  const offered = await joiner.submit("/ask", "/ask", {
    text: "电梯停运三天，老人下不了楼，物业没有来修",
    area: "2",
    requester_phone: "13900130001",
  });
  const page = await offered.text(),
    proof = page.match(/name="join" value="([^"]+)"/)?.[1];
  const fields = Object.fromEntries(
    [...page.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)].map(
      ([, n, v]) => [n, v],
    ),
  );
  assert.ok(proof, "an open request that is alike is offered");
  assert.ok(!/^\d+$/.test(proof), "not by its id");
  const id = 301;
  for (const forged of [String(id), "1", `${proof}x`]) {
    const refused = await from().submit("/ask", "/ask", {
      ...fields,
      join: forged,
      joining: "1",
      requester_phone: "13900130001",
    });
    assert.notEqual(refused.status, 303, `joined with ${forged}`);
  }
  assert.equal(
    (
      await joiner.post("/ask", {
        ...fields,
        join: proof,
        joining: "1",
        requester_phone: "13900130001",
      })
    ).status,
    303,
  );
  assert.equal(
    await follow(from(), { number: victim.number, digits: "4919" }),
    404,
    "opens by code only",
  );
  assert.equal(await follow(from(), { number: victim.number, digits: "0001" }), 404);
  assert.equal(await follow(from(), { code: victim.code }), 303);
  // without joiners: five wrong ones lock it, also when the right ones come in between
  const other = await ask("小区门口的垃圾桶满了没有人清，味道很大", "13800135678");
  let blocked = 0;
  for (let i = 0; i < 12; i++) {
    if (i === 3)
      assert.equal(
        await follow(from(), { number: other.number, digits: "5678" }),
        303,
        "the resident's own",
      );
    blocked += (await follow(from(), { number: other.number, digits: String(1000 + i) })) === 429;
  }
  assert.equal(blocked, 7);
});

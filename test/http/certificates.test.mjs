// A certificate as somebody meets it who was handed one: its number on paper, its QR code, its
// file; and that none is issued in nobody's name.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  day,
  folder,
  idIn,
  linli,
  pause,
  plain,
  read,
  rows,
  sent,
  start,
  until,
} from "./server.mjs";

let server, office, volunteer;
const issued = {};
const issue = async (more = {}) => {
  const form = `/certificates/new?volunteer=${volunteer.id}`;
  const answer = await office.submit(form, "/certificates", {
    volunteer: volunteer.id,
    valid_from: day(-400),
    valid_to: day(0),
    responsible: "陈主任",
    handler: "王科员",
    contact: "0758-2222222",
    full: "0",
    over_disputes: "1",
    ...more,
  });
  const id = idIn(await sent(answer));
  const [[row]] = rows(
    join(server.data, "linli.db"),
    `SELECT number, seconds, issuer FROM certificates WHERE id = ${id}`,
  );
  const file = Buffer.from(await (await office.get(`/certificates/${id}/file`)).arrayBuffer());
  return { id, number: row[0], seconds: row[1], issuer: row[2], file };
};
before(async () => {
  server = await start({ requests: 30, args: ["--proxied"] });
  office = await server.signIn("office1");
  const [[row]] = rows(
    join(server.data, "linli.db"),
    `SELECT v.id, p.name FROM volunteers v JOIN people p ON p.id = v.person
       ORDER BY v.seconds DESC, v.id LIMIT 1`,
  );
  volunteer = { id: row[0], name: row[1] };
  issued.old = await issue();
  issued.valid = await issue();
  issued.other = await issue({ valid_from: day(-410) });
});
after(() => server?.stop());

let address = 0;
/** The answer to a number, from an address of its own unless one is given. */
const check = async (number, from = `198.51.100.${++address}`, language = "zh_CN") => {
  const answer = await fetch(`${server.url}/certificates/verify/number`, {
    method: "POST",
    body: new URLSearchParams({ number }),
    redirect: "manual",
    headers: { "x-forwarded-for": from, cookie: `linli_language=${language}` },
  });
  return { status: answer.status, html: await answer.text(), headers: answer.headers };
};
const checkFile = async (bytes) => {
  const body = new FormData();
  body.set("file", new Blob([bytes], { type: "application/pdf" }), "c.pdf");
  const answer = await fetch(`${server.url}/certificates/verify`, {
    method: "POST",
    body,
    headers: { "x-forwarded-for": `198.51.100.${++address}`, cookie: "linli_language=zh_CN" },
  });
  return answer.text();
};
const facts = (html) =>
  Object.fromEntries(
    [...html.matchAll(/<div><dt>(.*?)<\/dt><dd[^>]*>(.*?)<\/dd><\/div>/gs)].map(([, k, v]) => [
      k,
      plain(v).trim(),
    ]),
  );
const masked = () => `${[...volunteer.name][0]}**`;
const stated = (html, certificate, status) => {
  const said = facts(html);
  assert.equal(said["证明编号"], certificate.number);
  assert.equal(said["志愿者"], masked(), "the name only in part");
  assert.match(said["服务时长"], /\d+ 小时/);
  assert.match(said["时间段"], /\d{4}年\d+月\d+日 至 \d{4}年\d+月\d+日/);
  assert.equal(said["开具单位"], certificate.issuer);
  assert.match(said["开具时间"], /^\d{4}年\d+月\d+日$/);
  assert.match(said["状态"], status);
  assert.ok(!html.includes(volunteer.name), "nowhere in full");
};

test("the number on paper tells what was issued, however it is typed", async () => {
  const { number } = issued.valid;
  for (const typed of [
    number,
    number.toLowerCase(),
    number.replace("-", ""),
    ` ${number.replace("-", " - ")}。`,
    `编号：${[...number].map((c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)).join("")}`,
  ]) {
    const { status, html, headers } = await check(typed);
    assert.equal(status, 200, typed);
    stated(html, issued.valid, /有效/);
    assert.match(headers.get("cache-control"), /no-store/);
  }
  stated((await check(issued.old.number)).html, issued.old, /已.{0,4}(替|换|新|失效)/);
  const page = `/certificates/${issued.other.id}`;
  await sent(await office.submit(page, `${page}/revoke`, { why: "时数有误" }));
  const revoked = (await check(issued.other.number)).html;
  stated(revoked, issued.other, /已撤销/);
  assert.doesNotMatch(revoked, /时数有误/, "why is the office's own");
});

test("a number that is none says what one looks like; a wrong one says nothing of its neighbours", async () => {
  const { number } = issued.valid;
  for (const typed of ["", "ZS2026", "123", `${number}X`, number.slice(2)]) {
    const { status, html } = await check(typed);
    assert.equal(status, 422, typed);
    assert.match(html, /这不是证明编号/);
    assert.match(html, /ZS2026-7KM4QXD2PA/);
    if (typed) assert.ok(html.includes(`value="${typed}"`), "what was typed stays");
  }
  const last = issued.valid.number.at(-1) === "A" ? "B" : "A";
  const near = await check(issued.valid.number.slice(0, -1) + last),
    far = await check("ZS2031-AAAAAAAAAA");
  assert.equal(near.status, 404);
  assert.equal(far.status, 404);
  const words = (html) => plain(html.replace(/value="ZS[^"]*"/, ""));
  assert.equal(words(near.html), words(far.html), "the same words for both");
  assert.deepEqual(facts(near.html), {});
});

test("who tries numbers is stopped after thirty; a right one still works", async () => {
  // counted in the database: the limit of requests in a minute is another one
  const from = "203.0.113.77", said = [];
  for (let i = 0; i < 90 && !/输错次数太多/.test(said.at(-1)?.html); i++) {
    const tail = String(i).replace(/[01]/g, (d) => "ZQ"[d]).padEnd(10, "M");
    const one = await check(`ZS2026-${tail}`, from);
    if (one.status === 429 && !/输错次数太多/.test(one.html)) await pause(1000);
    else said.push(one);
  }
  assert.equal(said.at(-1).status, 429);
  assert.equal(said.length, 31);
  assert.match((await check("ZS2026-MMMMMMMMMM", "203.0.113.78")).html, /没有这个编号的证明/);
  const right = () => check(issued.valid.number, from);
  await until(async () => (await right()).status === 200, "a right number works");
});

test("the QR code's page names nobody, and leads to what was issued", async () => {
  const visitor = server.visitor();
  const page = await read(visitor, `/certificate/${issued.valid.number.toLowerCase()}`);
  assert.match(page, /有效/);
  assert.doesNotMatch(page, /<dl/);
  assert.ok(!page.includes(volunteer.name) && !page.includes(masked()));
  const [, number] = page.match(/action="\/certificates\/verify\/number">.*?name="number" value="([^"]+)"/s);
  stated((await check(number)).html, issued.valid, /有效/);
});

test("a file tells the same, also one whose contents were changed", async () => {
  stated(await checkFile(issued.valid.file), issued.valid, /有效/);
  const doctored = Buffer.from(issued.valid.file);
  doctored[Math.floor(doctored.length / 2)] ^= 1;
  const page = await checkFile(doctored);
  assert.match(page, /改动|改过|不一致/);
  stated(page, issued.valid, /有效/);
  const strange = await checkFile(Buffer.from("%PDF-1.7\nnot one of ours\n%%EOF\n"));
  assert.match(strange, /没有签名/);
  assert.deepEqual(facts(strange), {});
});

test("the command and the key are there for experts, folded away", async () => {
  const page = await read(server.visitor(), "/certificates/verify");
  const key = linli(["certificate", "key", "--data", server.data]).stdout.trim();
  const folded = page.match(/<details class="small">.*?<\/details>/s)[0];
  assert.ok(folded.includes(`--key ${key}`));
  assert.ok(!page.replace(folded, "").includes(key));
  assert.equal((await server.visitor().get("/certificates/verify/number")).status, 200, "reloaded");
});

test("an installation in nobody's name issues none until it is set who does", async () => {
  const data = folder("empty");
  assert.equal(linli(["init", "--data", data]).code, 0);
  const account = ["one", "--name", "王科员", "--role", "office", "--generate"];
  const added = linli(["user", "add", ...account, "--data", data]);
  assert.equal(added.code, 0, added.stderr);
  rows(
    join(data, "linli.db"),
    "INSERT INTO people (created, updated, code, name) VALUES (0, 0, 'P-1', '李某')",
    "INSERT INTO volunteers (created, updated, number, person, status) VALUES (0, 0, 'V0000001', 1, 'active')",
  );
  const empty = await start({ data });
  try {
    const one = await empty.signIn("one", added.stdout.match(/[0-9A-Z]{12}/)[0]);
    assert.match(await read(one, "/settings"), /还没有设置.{0,30}不能开具|不能开具/s);
    const form = await read(one, "/certificates/settings");
    assert.match(form, /id="f-issuer"[^>]*value=""/, "no name is made up");
    const before = await read(one, "/certificates/new?volunteer=1");
    assert.match(before, /还没有设置.{0,20}开具/);
    assert.match(before, /href="\/certificates\/settings"/);
    assert.doesNotMatch(before, /action="\/certificates"/, "nothing to fill in for nothing");
    const fields = {
      volunteer: 1,
      valid_from: day(-30),
      valid_to: day(0),
      responsible: "陈主任",
      handler: "王科员",
      contact: "0758-2222222",
      full: "0",
    };
    const refused = await one.submit("/certificates/settings", "/certificates", fields);
    assert.equal(refused.status, 422);
    assert.match(await refused.text(), /还没有设置.{0,20}开具/);
    const body = new FormData();
    for (const [name, value] of Object.entries({
      ...(await one.hidden("/certificates/settings")),
      issuer: "新兴街道办事处",
      responsible: "",
      contact: "",
    }))
      body.append(name, value);
    await sent(await one.send("POST", "/certificates/settings", { body }));
    const now = await one.submit("/certificates/new?volunteer=1", "/certificates", fields);
    assert.equal(now.status, 422, "without hours still none");
    assert.doesNotMatch(await now.text(), /还没有设置.{0,20}开具/);
  } finally {
    await empty.stop();
  }
});

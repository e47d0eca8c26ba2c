// A subdistrict whose store is on another machine, and that machine does not answer: who came
// for it is told so after a moment, everybody else is served as ever, and when it answers again
// so does the page.
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Visitor, folder, linli, pack, passwords, rows, start, until } from "./server.mjs";
import { bin, cluster, tunnel } from "./postgres.mjs";

const skip = bin ? false : "PostgreSQL is not installed";
const data = folder(), env = { LINLI_KEYS: folder("keys") };
const tenant = (...words) => linli(["tenant", ...words, "--data", data], { env });
const ways = {}, logins = {}, tokens = {};
let pg, server;

before(
  async () => {
    if (skip) return;
    pg = await cluster({ fsync: "off" });
    for (const name of ["near", "far", "dark", "slow"]) {
      const address = pg.address(`?schema=${name}`);
      const made = tenant(
        "add",
        name,
        ...(name === "dark" ? [] : ["--pack", pack]),
        ...(name === "near" ? [] : ["--store", address]),
      );
      assert.equal(made.code, 0, `${made.stderr} ${readdirSync(data)}`);
      logins[name] = passwords(made.stdout).office1;
      tokens[name] = linli(
        [
          "token",
          "--data",
          name === "near" ? join(data, "tenants/near") : address,
          "--role",
          "office",
        ],
        { env },
      ).stdout.trim();
      if (name === "near") continue;
      ways[name] = await tunnel(pg.port); // a command would stop this process and the tunnel
      // so that silence is noticed soon
      const behind = `${address.replace(pg.port, ways[name].port)}&options=-c%20statement_timeout%3D${name === "slow" ? 90000 : 2000}`;
      rows(
        join(data, "tenants.db"),
        `UPDATE tenants SET store = '${behind}' WHERE name = '${name}'`,
      );
    }
    ways.dark.stall(); // takes connections and never says a word
    server = await start({ data, logins: {}, env });
  },
  { timeout: 900000 },
);
after(async () => {
  await server?.stop();
  for (const way of Object.values(ways)) way.close();
});

const at = (name) => new Visitor(`${server.url}/t/${name}`);
const signIn = async (name) => {
  const visitor = at(name);
  assert.equal(
    (await visitor.post("/login", { login: "office1", password: logins[name] })).status,
    303,
  );
  return visitor;
};

/**
 * Visits of the silent one, and as long as the first of them waits, pages and changes of
 * another: how many were answered.
 */
async function beside(silent, visits, other) {
  let waiting = true;
  const first = Promise.all(visits.map((visit) => visit())).finally(() => (waiting = false));
  let served = 0;
  for (; waiting && served < 5000; served++) {
    assert.equal((await other.get(served % 2 ? "/work" : "/")).status, 200);
    if (served % 10 === 0)
      assert.equal(
        (await other.post("/account/view", { ...(await other.hidden("/account")), language: "zh" }))
          .status,
        303,
      );
  }
  return { answers: await first, served };
}

async function told(answer, name) {
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers.get("retry-after")) > 0, "when to come again");
  const text = await answer.text();
  assert.match(
    text,
    /Nothing you submitted before has been lost\. Please go back and try again in a moment\./,
  );
  for (const [, address] of text.matchAll(/(?:href|src|action)="(\/[^"]*)"/g))
    assert.ok(address.startsWith(`/t/${name}/`), address);
  const style = text.match(/href="(\/t\/[^"]+\.css[^"]*)"/)[1];
  assert.equal(
    (await fetch(server.url + style)).status,
    200,
    "the page that says so is drawn as others are",
  );
}

test("a database that never answers delays no other tenant", { skip, timeout: 900000 }, async () => {
  const near = await signIn("near");
  const visits = Array.from({ length: 12 }, () => () => at("dark").get("/?lang=en"));
  const { answers, served } = await beside("dark", visits, near);
  for (const answer of answers) await told(answer, "dark");
  assert.ok(served > 20, `${served} pages were served beside it`);
  assert.equal((await at("dark").get("/healthz")).status, 200);
  assert.equal((await at("dark").get("/readyz")).status, 503);
  assert.match(server.log, /"event":"tenant_shut","tenant":"dark","failure":"the database at 127\.0\.0\.1:\d+\/linli can't be reached: .*check host, port and the firewall/);
  assert.doesNotMatch(server.log, /"tenant":"(near|far)"/);
});

test("it is served as soon as it answers", { skip, timeout: 900000 }, async () => {
  ways.dark.resume();
  await until(async () => (await at("dark").get("/")).status === 200, "it is open");
});

test(
  "a store that falls silent while it is in use holds up nobody else",
  { skip, timeout: 900000 },
  async () => {
    const near = await signIn("near"),
      far = await signIn("far");
    assert.equal((await far.get("/work")).status, 200);
    const form = await far.hidden("/account");
    ways.far.stall();
    const visits = [
      ...Array.from({ length: 12 }, () => () => far.get("/work?lang=en")),
      () => far.post("/account/view?lang=en", { ...form, language: "zh" }),
    ];
    const { answers, served } = await beside("far", visits, near);
    for (const answer of answers) await told(answer, "far");
    assert.ok(served > 20, `${served} pages were served beside it`);
    ways.far.resume();
    await until(async () => (await far.get("/work")).status === 200, "it goes on by itself");
    await until(
      async () =>
        (await far.post("/account/view", { ...(await far.hidden("/account")), language: "zh" }))
          .status === 303,
      "changes, too",
    );
  },
);

test(
  "jobs go on elsewhere while one waits for a store that fell silent",
  { skip, timeout: 900000 },
  async () => {
    const indexes = {
      near: join(data, "tenants/near/search.db"),
      dark: join(env.LINLI_KEYS, "linli-dark/search.db"),
    };
    for (const [name, file] of Object.entries(indexes))
      await until(() => existsSync(file), `${name} has its index`);
    const note = async (name, text) => {
      const answer = await fetch(`${server.url}/t/${name}/api/v1/requests`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${tokens[name]}` },
        body: JSON.stringify({ subject: text, text }),
      });
      assert.equal(answer.status, 201);
    };
    // the job that follows the journal asks, and hears nothing
    ways.slow.stallAt("LEFT JOIN requests q");
    await note("slow", "之后没有声音");
    await until(() => ways.slow.cut, "the job asked");
    for (const [name, file] of Object.entries(indexes)) {
      await note(name, "旁边有声音");
      rmSync(file);
      await until(() => existsSync(file), `the job of ${name} makes its index again`);
    }
    assert.doesNotMatch(server.log, /"tenant":"slow"/, "meanwhile the silent one is waited for");
    ways.slow.resume();
    rmSync(join(env.LINLI_KEYS, "linli-slow/search.db"));
    await until(
      () => existsSync(join(env.LINLI_KEYS, "linli-slow/search.db")),
      "its own jobs go on when it answers",
    );
  },
);

test(
  "a store of its own address is listed, is nobody else's, and is removed with its schema",
  { skip, timeout: 900000 },
  () => {
    const address = pg.address("?schema=own");
    const made = tenant("add", "own", "--store", address);
    assert.equal(made.code, 0, made.stderr);
    assert.match(
      tenant("list").stdout,
      /^own\t-\t-\tready\tpostgresql:\/\/linli@127\.0\.0\.1:\d+\/linli\?schema=own$/m,
    );
    assert.match(
      tenant("add", "twice", "--store", address).stderr,
      /another subdistrict’s database/,
    );
    assert.match(
      tenant("add", "odd", "--store", "somewhere").stderr,
      /postgresql:\/\/… or the full path of a folder/,
    );
    assert.equal(tenant("remove", "own", "--erase").code, 0);
    assert.equal(
      pg.sql("SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'own'"),
      "0",
    );
  },
);

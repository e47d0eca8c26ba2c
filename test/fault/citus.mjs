// Sharding by schema, tried by hand on a Citus that is there (docs/high-availability.md says
// how one is set up):
//
//   LINLI_TEST_CITUS=postgresql://linli@127.0.0.1:5432/linli node --test test/fault/citus.mjs
//
// LINLI_TEST_CITUS_KILL: a command that kills a worker and starts it again, run under load.
import assert from "node:assert/strict";
import { execFileSync, execSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, linli, pack, start } from "../http/server.mjs";
import { Ledger, acknowledged, balance, load, resend } from "./ledger.mjs";

const server = process.env.LINLI_TEST_CITUS;
const env = { LINLI_KEYS: folder("keys") };
const mark = Date.now().toString(36);
const [east, west, back, moved] = ["east", "west", "back", "moved"].map((name) => `${name}${mark}`);
const at = (schema) => `${server}?schema=${schema}`;
const run = (...words) => linli(words, { env });
const good = (...words) => {
  const done = run(...words);
  assert.equal(done.code, 0, done.stderr);
  return done.stdout;
};
const sql = (text) => execFileSync("psql", [server, "-Atqc", text], { encoding: "utf8" }).trim();
const until = async (fits, why) => {
  for (
    const end = Date.now() + 60000;
    Date.now() < end;
    await new Promise((done) => setTimeout(done, 100))
  )
    if (await fits()) return;
  assert.fail(why);
};
const options = { skip: server ? false : "LINLI_TEST_CITUS names no server", timeout: 300000 };

test("a subdistrict is a schema that Citus has put on a worker", options, () => {
  for (const name of [east, west]) good("tenant", "add", name, "--data", server, "--pack", pack);
  for (const name of [east, west]) {
    assert.equal(sql(`SELECT count(DISTINCT citus_table_type) || min(citus_table_type) FROM citus_tables WHERE table_name::text LIKE 't_${name}.%'`), "1schema");
    assert.match(good("verify", "--data", at(`t_${name}`)), /All OK/);
  }
  good("tenant", "rename", west, `${west}a`, "--data", server);
  good("tenant", "migrate", "--data", server);
  assert.match(
    good("tenant", "list", "--data", server),
    new RegExp(`${west}a .*ready|${west}a\\t.*ready`),
  );
  good("tenant", "remove", `${west}a`, "--erase", "--data", server);
  assert.equal(sql(`SELECT count(*) FROM citus_schemas WHERE schema_name::text = 't_${west}'`), "0");
  assert.doesNotMatch(good("tenant", "list", "--data", server), new RegExp(`${west}a`));
});

test("it is backed up, restored and moved in both directions", options, () => {
  const file = folder("east.backup"), from = folder("from"), to = folder("to");
  good("backup", "--data", at(`t_${east}`), "--output", file);
  const key = readdirSync(env.LINLI_KEYS).find(
    (name) => name.includes(east) && name.endsWith(".key"),
  );
  good("restore", file, "--data", at(back), "--key", join(env.LINLI_KEYS, key));
  assert.match(good("verify", "--data", at(back)), /All OK/);
  good("init", "--data", from, "--pack", pack);
  good("move", "--from", from, "--to", at(moved));
  assert.match(good("verify", "--data", at(moved)), /All OK/);
  // its number goes on behind the others
  good(
    "user",
    "add",
    "new1",
    "--name",
    "New",
    "--role",
    "office",
    "--generate",
    "--data",
    at(moved),
  );
  good("move", "--from", at(moved), "--to", to);
  assert.match(good("verify", "--data", to), /All OK/);
});

test(
  "two processes write to it, each shows what the other wrote, and it is sealed",
  options,
  async (t) => {
    const data = at(`t_${east}`),
      token = good("token", "--data", data, "--role", "office").trim().split("\n").at(-1);
    const servers = [
      await start({ data, logins: {}, env }),
      await start({ data, logins: {}, env }),
    ];
    t.after(() => servers.forEach((each) => each.child.kill("SIGKILL")));
    const ledger = new Ledger(),
      stops = servers.map((each) => load(each, ledger, token));
    await acknowledged(ledger, 100, servers[0]);
    if (process.env.LINLI_TEST_CITUS_KILL)
      for (let round = 0; round < Number(process.env.ROUNDS ?? 5); round++) {
        execSync(process.env.LINLI_TEST_CITUS_KILL, { stdio: "ignore" });
        await acknowledged(ledger, 50, servers[0]);
      }
    for (const stop of stops) await stop();
    await resend(servers[0], ledger, token);
    assert.equal(ledger.open.length, 0);
    const rows = sql(
      `SELECT replace(text, E'\\n', ' ') || E'\\t' || count(*) FROM t_${east}.requests WHERE subject = '故障测试' GROUP BY text`,
    );
    balance(
      ledger,
      new Map(
        rows
          .split("\n")
          .map((line) => line.split("\t"))
          .map(([text, n]) => [text, Number(n)]),
      ),
    );
    const show = async (each) =>
      (
        await fetch(`${each.url}/work?view=all`, { headers: { authorization: `Bearer ${token}` } })
      ).text();
    for (const [writer, reader] of [servers, [...servers].reverse()]) {
      const subject = `给别人看 ${writer.url.slice(-5)}`;
      assert.doesNotMatch(await show(reader), new RegExp(subject));
      const sent = await fetch(`${writer.url}/api/v1/requests`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ subject, text: "一会儿就看得到。" }),
      });
      assert.equal(sent.status, 201);
      assert.match(await show(reader), new RegExp(subject), "the other process draws it at once");
    }
    await until(
      () => sql(`SELECT count(*) FROM t_${east}.journal WHERE seq IS NULL`) === "0",
      "the journal is sealed",
    );
    for (const each of servers) assert.deepEqual(await each.stop(), { code: 0, signal: null });
    assert.match(good("verify", "--data", data), /All OK/);
    console.log(`# ${ledger.number} changes by two processes, none lost, none twice`);
  },
);

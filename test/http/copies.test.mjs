// Backups of a store on PostgreSQL, taken while it serves, and restored to either back end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, after, test } from "node:test";
import { folder, linli, pack, start } from "./server.mjs";
import { cluster } from "./postgres.mjs";

const env = { LINLI_KEYS: folder("keys") };
const work = dirname(folder());
const run = (...words) => linli(words, { env });
let pg, server, token, going = true, sent = 0, loads;

before(async () => {
  pg = await cluster({ fsync: "off" });
  if (!pg) return;
  const data = pg.address("?schema=here");
  const made = run("init", "--data", data, "--pack", pack);
  assert.equal(made.code, 0, made.stderr);
  token = run("token", "--data", data, "--role", "office").stdout.trim();
  server = await start({ data, logins: {}, env });
  loads = Array.from({ length: 4 }, async () => {
    while (going) {
      const answer = await fetch(`${server.url}/api/v1/requests`, {
        method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ subject: "备份时的事", text: `第${++sent}件`, requester_name: "陈先生", requester_phone: "13800001234" }),
      });
      assert.equal(answer.status, 201);
      await answer.arrayBuffer();
    }
  });
}, { timeout: 120000 });
after(async () => {
  going = false;
  await Promise.all(loads ?? []);
  await server?.stop();
});

const exported = (data, kind) => {
  const out = run("export", kind, "--data", data);
  assert.equal(out.code, 0, out.stderr);
  return out.stdout;
};

test("a backup of PostgreSQL under load is of one moment and restores to both back ends", { timeout: 240000 }, async (t) => {
  if (!pg) return t.skip("PostgreSQL is not installed");
  const data = pg.address("?schema=here"), file = join(work, "plain.tar"), key = join(env.LINLI_KEYS, "linli-here.key");
  const before = sent;
  const made = run("backup", "--data", data, "--output", file);
  assert.equal(made.code, 0, made.stderr);
  assert.match(run("restore", file, "--check", "--key", key).stdout, /All in order: \d+ journal entries/);
  const aside = join(work, "restored"), there = pg.address("?schema=there");
  const restored = run("restore", file, "--data", aside, "--key", key);
  assert.equal(restored.code, 0, restored.stderr);
  const again = run("restore", file, "--data", there, "--key", key);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(existsSync(`${file}.restored`), false);
  for (const kind of ["requests", "areas", "volunteers", "users"]) assert.equal(exported(there, kind), exported(aside, kind), kind);
  for (const place of [aside, there]) assert.equal(run("verify", "--data", place).code, 0);
  const rows = execFileSync("python3", ["-c", "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nprint(c.execute(\"SELECT count(*) FROM requests WHERE subject='备份时的事'\").fetchone()[0], c.execute(\"SELECT count(*) FROM journal WHERE kind='requests' AND action='create' AND via='api'\").fetchone()[0])", join(aside, "linli.db")], { encoding: "utf8" }).trim().split(" ").map(Number);
  assert.equal(rows[0], rows[1], "each request has its entry: one moment");
  assert.ok(rows[0] >= before - 4, `${rows[0]} of ${before}: what was answered before it is in it`);
});

test("an encrypted backup of PostgreSQL has its key inside", { timeout: 240000 }, (t) => {
  if (!pg) return t.skip("PostgreSQL is not installed");
  const data = pg.address("?schema=here"), file = join(work, "secret.backup"), phrase = join(work, "phrase");
  mkdirSync(work, { recursive: true });
  writeFileSync(phrase, "drei Worte die nicht passen\n");
  chmodSync(phrase, 0o600);
  const made = run("backup", "--data", data, "--output", file, "--encrypt", "--passphrase-file", phrase);
  assert.equal(made.code, 0, made.stderr);
  const checked = run("restore", file, "--check", "--passphrase-file", phrase);
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /[1-9]\d* sealed fields/);
  const other = linli(["restore", file, "--data", pg.address("?schema=second"), "--passphrase-file", phrase], { env: { LINLI_KEYS: folder("other") } });
  assert.equal(other.code, 0, other.stderr);
  assert.equal(run("restore", file, "--data", pg.address("?schema=second"), "--passphrase-file", phrase).code, 1, "what is there stays");
});

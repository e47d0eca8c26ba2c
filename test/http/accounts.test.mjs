// Passwords, the time a sign-in takes, and how many live pages one person may have open.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { folder, linli, python, rows, start } from "./server.mjs";

let server;
before(async () => (server = await start()));
after(() => server?.stop());

test("a password that everybody tries first is refused, wherever it is chosen", async () => {
  const visitor = await server.signIn("office1");
  visitor.cookies.set("linli_language", "en");
  const change = (fresh) =>
    visitor.submit("/account", "/account/password", {
      present: server.logins.office1,
      fresh,
      again: fresh,
    });
  for (const fresh of [
    "password",
    "Password2026",
    "p@ssw0rd123",
    "1234567890",
    "aaaaaaaaaaaa",
    "woaini1314",
    "qwertyuiop",
    "Office1-2026",
    "admin@2026!",
    "短密码短密码",
  ]) {
    const refused = await change(fresh);
    assert.equal(refused.status, 422, fresh);
    assert.match(await refused.text(), /at least 10 characters|too easy to guess/, fresh);
  }
  const add = (input) =>
    linli(
      [
        "user",
        "add",
        `u${Math.random().toString(36).slice(2, 8)}`,
        "--name",
        "李",
        "--role",
        "office",
        "--data",
        server.data,
      ],
      { input: `${input}\n` },
    );
  assert.equal(add("password123").code, 1);
  assert.match(add("password123").stderr, /too easy to guess/);
  assert.equal(add("路灯 竹子 七点半 渡口").code, 0);
  assert.equal((await change("路灯 竹子 七点半 渡口")).status, 303);
});

test("an account can't be told from none by the work of a sign-in; old hashes are made anew", async () => {
  const file = join(server.data, "linli.db");
  // how much that is: test/unit/test_password.c
  const [costs] = rows(file, "SELECT DISTINCT substr(password, 1, 22) FROM users");
  assert.equal(costs.length, 1, "those made by init as those made later");
  assert.match(costs[0][0], /^\$argon2id\$v=19\$m=\d/);
  // a hash of an earlier version: 8 MiB, once
  const quick = "$argon2id$v=19$m=8192,t=1,p=1$Pt52eogGsdqfqG+JlsJH7Q$ZqD7YK4lNzpUo1yUs9MqE3oCNz0gEUrFL2mYJQuNWuY";
  rows(file, `UPDATE users SET password = '${quick}' WHERE login = 'team1'`);
  const answer = await server
    .visitor()
    .post("/login", { login: "team1", password: "not the password" });
  assert.equal(answer.status, 422, "a wrong one stays wrong");
});

test("one person's live pages are limited, and others still open theirs", async () => {
  // office1 has a new password
  const [greedy, other] = [await server.signIn("xinghu1"), await server.signIn("office2")];
  const stop = new AbortController();
  const open = (visitor) =>
    fetch(`${server.url}/live`, {
      headers: { cookie: [...visitor.cookies].map(([n, v]) => `${n}=${v}`).join("; ") },
      signal: stop.signal,
    });
  try {
    const answers = await Promise.all(Array.from({ length: 150 }, () => open(greedy)));
    const opened = answers.filter((a) => a.status === 200).length;
    assert.equal(opened, 20, "whichever workers they came to");
    assert.ok(
      answers.some((a) => a.status === 503 && a.headers.get("retry-after")),
      "the rest is told to come again",
    );
    assert.equal((await open(other)).status, 200);
  } finally {
    stop.abort();
  }
});

test("an address that is none of PostgreSQL makes no folder of that name", async () => {
  for (const address of ["http://127.0.0.1/", "mysql://localhost/linli"]) {
    const moved = linli(["move", "--from", server.data, "--to", address]),
      made = linli(["init", "--data", address]);
    assert.deepEqual([moved.code, made.code], [1, 1], address);
    assert.match(moved.stderr + made.stderr, /neither a folder nor a PostgreSQL address/);
    assert.ok(!existsSync(address.split("/")[0]), "no folder");
  }
});

test("a key that somebody put into a plain backup is not taken instead of the one that is named", async () => {
  const work = folder("work"), file = `${work}.tar`;
  assert.equal(linli(["backup", "--data", server.data, "--output", file]).code, 0);
  python(`
import io, sys, tarfile
with tarfile.open(sys.argv[1]) as old:
    parts = [(m, old.extractfile(m).read()) for m in old.getmembers()]
with tarfile.open(sys.argv[1], "w", format=tarfile.USTAR_FORMAT) as new:
    key = tarfile.TarInfo("key")
    key.size, key.mode = 32, 0o600
    new.addfile(key, io.BytesIO(bytes(32)))
    for m, data in parts:
        new.addfile(m, io.BytesIO(data))`, [file]);
  const restored = linli(["restore", file, "--data", work, "--key", join(server.data, "key")]);
  assert.equal(restored.code, 0, restored.stderr);
  assert.deepEqual(readFileSync(join(work, "key")), readFileSync(join(server.data, "key")));
});

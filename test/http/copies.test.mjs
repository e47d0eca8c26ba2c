// Backups of a store on PostgreSQL, taken while it serves, and restored to either back end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { before, after, test } from "node:test";
import { folder, init, linli, nextSecond, pack, rows, start, until } from "./server.mjs";
import { cluster } from "./postgres.mjs";

const env = { LINLI_KEYS: folder("keys") };
const work = dirname(folder());
const run = (...words) => linli(words, { env });
let pg, server, token, going = true, sent = 0, loads;

before(
  async () => {
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
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({
            subject: "备份时的事",
            text: `第${++sent}件`,
            requester_name: "陈先生",
            requester_phone: "13800001234",
          }),
        });
        assert.equal(answer.status, 201);
        await answer.arrayBuffer();
      }
    });
  },
  { timeout: 900000 },
);
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

test(
  "a backup of PostgreSQL under load is of one moment and restores to both back ends",
  { timeout: 900000 },
  async (t) => {
    if (!pg) return t.skip("PostgreSQL is not installed");
    const data = pg.address("?schema=here"),
      file = join(work, "plain.tar"),
      key = join(env.LINLI_KEYS, "linli-here.key");
    const before = sent;
    const made = run("backup", "--data", data, "--output", file);
    assert.equal(made.code, 0, made.stderr);
    assert.match(
      run("restore", file, "--check", "--key", key).stdout,
      /All OK: \d+ audit log entries/,
    );
    const aside = join(work, "restored"),
      there = pg.address("?schema=there");
    const restored = run("restore", file, "--data", aside, "--key", key);
    assert.equal(restored.code, 0, restored.stderr);
    const again = run("restore", file, "--data", there, "--key", key);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(existsSync(`${file}.restored`), false);
    for (const kind of ["requests", "areas", "volunteers", "users"])
      assert.equal(exported(there, kind), exported(aside, kind), kind);
    for (const place of [aside, there]) assert.equal(run("verify", "--data", place).code, 0);
    const [[[asked]], [[entered]]] = rows(
      join(aside, "linli.db"),
      "SELECT count(*) FROM requests WHERE subject='备份时的事'",
      "SELECT count(*) FROM journal WHERE kind='requests' AND action='create' AND via='api'",
    );
    assert.equal(asked, entered, "each request has its entry: one moment");
    assert.ok(asked >= before - 4, `${asked} of ${before}: what was answered before it is in it`);
  },
);

test("an encrypted backup of PostgreSQL has its key inside", { timeout: 900000 }, (t) => {
  if (!pg) return t.skip("PostgreSQL is not installed");
  const data = pg.address("?schema=here"),
    file = join(work, "secret.backup"),
    phrase = join(work, "phrase");
  mkdirSync(work, { recursive: true });
  writeFileSync(phrase, "drei Worte die nicht passen\n");
  chmodSync(phrase, 0o600);
  const made = run(
    "backup",
    "--data",
    data,
    "--output",
    file,
    "--encrypt",
    "--passphrase-file",
    phrase,
  );
  assert.equal(made.code, 0, made.stderr);
  const checked = run("restore", file, "--check", "--passphrase-file", phrase);
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /[1-9]\d* sealed fields/);
  const other = linli(
    ["restore", file, "--data", pg.address("?schema=second"), "--passphrase-file", phrase],
    { env: { LINLI_KEYS: folder("other") } },
  );
  assert.equal(other.code, 0, other.stderr);
  assert.equal(
    run("restore", file, "--data", pg.address("?schema=second"), "--passphrase-file", phrase).code,
    1,
    "what is there stays",
  );
});

/* ---- a folder that follows a second behind ---- */

const texts = (data, where = "1=1") =>
  rows(join(data, "linli.db"), `SELECT text FROM requests WHERE ${where}`)[0].map(([text]) => text);
const local = (ms) => new Date(ms + 8 * 3600000).toISOString().slice(0, 19).replace("T", " ");

test(
  "with --copy-to the loss of the whole machine costs a second, and any moment can be gone back to",
  { timeout: 900000 },
  async () => {
    const { data, logins } = init(),
      to = join(dirname(data), "copy"),
      key = join(data, "key");
    const token = linli(["token", "--data", data, "--role", "office"]).stdout.trim();
    const server = await start({ data, logins, args: ["--copy-to", to] });
    const stored = [];
    const ask = async (text) => {
      const answer = await fetch(`${server.url}/api/v1/requests`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ subject: "会丢吗", text }),
      }).catch(() => null);
      if (answer?.status !== 201) return null;
      stored.push([text, Date.now()]);
      return Number(answer.headers.get("location").split("/").pop());
    };
    const age = async () =>
      Number(
        (await (await fetch(`${server.url}/metrics`)).text()).match(
          /linli_copy_age_seconds (\d+)/,
        )[1],
      );
    const bytes = () =>
      readdirSync(to)
        .flatMap((each) =>
          statSync(join(to, each)).isDirectory()
            ? readdirSync(join(to, each)).map((part) => join(to, each, part))
            : [join(to, each)],
        )
        .reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
    const first = await ask("在那一刻之前"),
      asked = Date.now();
    await until(async () => Date.now() - ((await age()) + 1) * 1000 > asked, "the first is copied");
    await nextSecond();
    const then = Date.now();
    await nextSecond();
    await ask("在那一刻之后");
    // the log becomes long and starts again, several times
    const office = await server.signIn("office1");
    for (let i = 0; i < 12; i++) {
      const form = new FormData();
      form.set("_csrf", (await office.hidden(`/requests/${first}`))._csrf);
      form.set(
        "file",
        new Blob([`%PDF-1.4\n${i}`, new Uint8Array(9 << 20)], { type: "application/pdf" }),
        `${i}.pdf`,
      );
      const one = await ask(`第${i}件`),
        before = bytes();
      const sent = await office.send("POST", `/requests/${one}/attach`, { body: form });
      assert.equal(sent.status, 303);
      await until(() => bytes() > before + (8 << 20), "the file is copied before the next comes");
    }
    let going = true;
    const clients = Array.from({ length: 4 }, async (_, c) => {
      for (let i = 0; going; i++) await ask(`并发${c}-${i}`);
    });
    const before = stored.length;
    await until(() => stored.length >= before + 200, "two hundred more are stored");
    let behind, copied; // what the server says it has copied is what has to be there
    await until(
      async () => ((copied = Date.now()), (behind = await age()) <= 2),
      () => `a second or two behind, not ${behind}`,
    );
    await server.kill();
    copied -= (behind + 1) * 1000;
    going = false;
    await Promise.all(clients);
    const back = join(dirname(data), "back"),
      earlier = join(dirname(data), "earlier");
    const made = linli(["restore", "--from", to, "--data", back, "--key", key]);
    assert.equal(made.code, 0, made.stderr);
    const there = new Set(texts(back));
    assert.ok(stored.filter(([, when]) => when < copied).length >= 10);
    for (const [text, when] of stored)
      if (when < copied) assert.ok(there.has(text), `${text}, answered ${copied - when} ms before`);
    assert.equal(linli(["verify", "--data", back]).code, 0);
    const parts = execFileSync("find", [to, "-name", "wal-*"], { encoding: "utf8" })
      .trim()
      .split("\n");
    assert.ok(parts.length > 1, "the log was started again");
    assert.equal(
      linli(["restore", "--from", to, "--at", local(then), "--data", earlier, "--key", key]).code,
      0,
    );
    assert.deepEqual(texts(earlier, "subject='会丢吗'"), ["在那一刻之前"]);
    assert.match(
      linli([
        "restore",
        "--from",
        to,
        "--at",
        "2020-01-01 00:00:00",
        "--data",
        join(dirname(data), "never"),
        "--key",
        key,
      ]).stderr,
      /nothing of that time/,
    );
    assert.match(
      linli(["restore", "--from", to, "--at", "gestern", "--check"]).stderr,
      /--at must be a time/,
    );
    assert.match(linli(["restore", "--from", to, "--check"]).stdout, /All OK/);
  },
);

test(
  "a copy goes on after a restart, and after its folder was away",
  { timeout: 900000 },
  async () => {
    const { data, logins } = init(),
      to = join(dirname(data), "copy"),
      key = join(data, "key");
    const token = linli(["token", "--data", data, "--role", "office"]).stdout.trim();
    const ask = async (server, text) => {
      const answer = await fetch(`${server.url}/api/v1/requests`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ subject: "接着抄", text }),
      });
      assert.equal(answer.status, 201);
    };
    let server = await start({ data, logins, args: ["--copy-to", to] });
    await ask(server, "第一次");
    await server.stop();
    // while it does not serve
    linli([
      "user",
      "add",
      "new1",
      "--name",
      "新人",
      "--role",
      "office",
      "--generate",
      "--data",
      data,
    ]);
    server = await start({ data, logins, args: ["--copy-to", to] });
    await ask(server, "第二次");
    await server.stop(); // at the end all is copied
    const back = join(dirname(data), "back");
    assert.equal(linli(["restore", "--from", to, "--data", back, "--key", key]).code, 0);
    assert.deepEqual(texts(back, "subject='接着抄'"), ["第一次", "第二次"]);
    assert.match(linli(["user", "list", "--data", back]).stdout, /new1/);
    const wrong = linli([
      "serve",
      "--data",
      data,
      "--listen",
      "127.0.0.1:0",
      "--copy-to",
      "/proc/nowhere",
    ]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /can't be begun/);
  },
);

test(
  "many subdistricts are copied into a folder each, and one of them is restored at a second",
  { timeout: 900000 },
  async () => {
    const data = folder(),
      to = join(dirname(data), "copy"),
      names = ["east", "west"];
    const tenant = (...words) => linli(["tenant", ...words, "--data", data]);
    const at = (name) => join(data, "tenants", name),
      key = (name) => join(at(name), "key"),
      tokens = {};
    for (const name of names) {
      const made = tenant("add", name);
      assert.equal(made.code, 0, made.stderr);
      tokens[name] = linli(["token", "--data", at(name), "--role", "office"]).stdout.trim();
    }
    const serve = () => start({ data, logins: {}, args: ["--copy-to", to] });
    let server = await serve();
    const ask = async (name, text) => {
      const answer = await fetch(`${server.url}/t/${name}/api/v1/requests`, {
        method: "POST",
        headers: { authorization: `Bearer ${tokens[name]}`, "content-type": "application/json" },
        body: JSON.stringify({ subject: "分开抄", text }),
      });
      assert.equal(answer.status, 201);
    };
    const generations = (name) =>
      readdirSync(join(to, name)).filter((each) => /^\d{8}T/.test(each));
    const copied = (name) =>
      until(
        () =>
          existsSync(join(to, name)) &&
          generations(name).some((each) => existsSync(join(to, name, each, "done"))),
        `${name} is copied`,
      );
    const back = (name, more = [], where = join(dirname(data), `${name}-${Math.random()}`)) => {
      const made = linli([
        "restore",
        "--from",
        join(to, name),
        ...more,
        "--data",
        where,
        "--key",
        key(name),
      ]);
      assert.equal(made.code, 0, made.stderr);
      return texts(where, "subject='分开抄'");
    };
    for (const name of names) await ask(name, `${name}一`);
    for (const name of names) await copied(name);
    await until(() => names.every((name) => back(name).length === 1), "both are in their copies");
    await nextSecond();
    const then = Date.now();
    await nextSecond();
    for (const name of names) await ask(name, `${name}二`);
    await until(() => names.every((name) => back(name).length === 2), "what came later, too");
    assert.deepEqual(back("east", ["--at", local(then)]), ["east一"]);
    assert.deepEqual(back("west"), ["west一", "west二"]);
    assert.match(
      await (await fetch(`${server.url}/t/east/metrics`)).text(),
      /linli_copy_age_seconds \d+\n/,
    );
    await server.stop();
    const before = names.map((name) => generations(name).length);
    server = await serve(); // nothing was written meanwhile: the copy goes on without a whole one
    await ask("east", "east三");
    linli([
      "user",
      "add",
      "new1",
      "--name",
      "新人",
      "--role",
      "office",
      "--generate",
      "--data",
      at("west"),
    ]);
    await ask("west", "west三");
    await until(() => names.every((name) => back(name).length === 3), "after a restart");
    await server.kill(); // with the whole machine
    assert.deepEqual(
      names.map((name) => generations(name).length),
      before,
      "no whole copy was made",
    );
    assert.deepEqual(back("east"), ["east一", "east二", "east三"]);
    // while nobody copies
    linli([
      "user",
      "add",
      "new2",
      "--name",
      "新人",
      "--role",
      "office",
      "--generate",
      "--data",
      at("east"),
    ]);
    server = await serve();
    await ask("east", "east四");
    await until(
      () => generations("east").length > before[0] && back("east").length === 4,
      "what was written meanwhile is in it, too",
    );
    await server.stop();
    assert.equal(linli(["restore", "--from", to, "--check"]).code, 0);
    // one subdistrict comes back beside the others, as it was
    const again = join(data, "tenants", "east2");
    assert.deepEqual(back("east", ["--at", local(then)], again), ["east一"]);
    assert.match(tenant("add", "east2").stdout, /The existing database .* has been added/);
    server = await serve();
    await until(async () => (await fetch(`${server.url}/t/east2/`)).status === 200, "it is served");
    await server.stop();
  },
);

test(
  "after the loss of the machine all subdistricts come back with their names, hosts and places",
  { timeout: 900000 },
  async () => {
    const data = folder(),
      to = join(dirname(data), "copy"),
      keys = join(dirname(data), "keys"),
      back = join(dirname(data), "back");
    const tenant = (...words) => linli(["tenant", ...words, "--data", data]);
    for (const name of ["city", "east", "west"]) {
      assert.equal(tenant("add", name, ...(name === "city" ? [] : ["--parent", "city"])).code, 0);
      mkdirSync(join(keys, name), { recursive: true });
      copyFileSync(join(data, "tenants", name, "key"), join(keys, name, "key"));
    }
    const server = await start({ data, logins: {}, args: ["--copy-to", to] });
    const list = (where) => linli(["tenant", "list", "--data", where]).stdout.replaceAll(where, "");
    await until(
      () => existsSync(join(to, "tenants.db")),
      () => `the list is copied at the start: ${server.log.slice(-1000)}`,
    );
    assert.equal(tenant("rename", "west", "lake").code, 0);
    assert.equal(tenant("set", "lake", "--host", "lake.example.cn").code, 0);
    const copied = () =>
      execFileSync(
        "python3",
        [
          "-c",
          "import sqlite3,sys\nprint(sqlite3.connect(sys.argv[1]).execute('SELECT name, store, host, parent FROM tenants ORDER BY name').fetchall())",
          join(to, "tenants.db"),
        ],
        { encoding: "utf8" },
      );
    await until(
      () => copied().includes("('lake', 'west', 'lake.example.cn', 'city')"),
      () => `and again when it changed: ${server.log.slice(-1000)}`,
    );
    for (const name of ["city", "east", "west"])
      await until(
        () =>
          existsSync(join(to, name)) &&
          readdirSync(join(to, name)).some((each) => existsSync(join(to, name, each, "done"))),
        () => `${name} is copied: ${server.log.slice(-1000)}`,
      );
    await server.kill();
    const before = list(data);
    rmSync(data, { recursive: true });
    renameSync(join(keys, "east"), join(keys, "mislaid"));
    const first = linli(["restore", "--from", to, "--data", back, "--key", keys]);
    assert.equal(first.code, 1, first.stdout);
    assert.match(first.stderr, /1 of 3 could not be restored/);
    assert.match(first.stdout, /2\/3 east: /);
    assert.equal(existsSync(join(back, "tenants/east")), false);
    renameSync(join(keys, "mislaid"), join(keys, "east"));
    const second = linli(["restore", "--from", to, "--data", back, "--key", keys]);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stdout, /1\/3 city: .*already exists and has not been changed/);
    assert.equal(list(back), before);
    assert.match(before, /^lake\tlake\.example\.cn\tcity\tready\t/m);
    const again = await start({ data: back, logins: {} });
    for (const name of ["city", "east", "lake"])
      assert.equal((await fetch(`${again.url}/t/${name}/`)).status, 200, name);
    await again.stop();
  },
);

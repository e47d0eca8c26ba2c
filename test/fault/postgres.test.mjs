// What goes wrong between Linli and PostgreSQL: each gets a message that says what to do,
// nothing that was acknowledged is lost, and service returns by itself. Skipped without
// PostgreSQL.
//
//   ROUNDS=20 node --test test/fault/postgres.test.mjs
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { bin, cluster, far, freePort, tunnel } from "../http/postgres.mjs";
import { folder, linli, pack, passwords, start, until } from "../http/server.mjs";
import { Ledger, acknowledged, balance, load, resend, send } from "./ledger.mjs";

const rounds = Number(process.env.ROUNDS ?? 4);
const cut = Number(process.env.CUT ?? (rounds >= 50 ? 30 : 8)); // seconds without a network
const env = { LINLI_KEYS: folder("keys") };
const run = (...words) => linli(words, { env });
const skip = bin ? false : "PostgreSQL is not installed";

let pg, place, token, logins;
const data = (port = pg.port, host = port === pg.port ? pg.host : "127.0.0.1") =>
  `postgresql://linli@${host}:${port}/linli?schema=here`;
before(
  async () => {
    if (skip) return;
    place = process.getuid() === 0 ? far() : null; // so that packets can be lost between it and us
    pg = await cluster({ place });
    const made = run("init", "--data", data(), "--pack", pack);
    assert.equal(made.code, 0, made.stderr);
    logins = passwords(made.stdout);
    token = run("token", "--data", data(), "--role", "office").stdout.trim();
  },
  { timeout: 900000 },
);

const stored = () =>
  new Map(
    pg
      .sql(
        "SELECT replace(text, E'\\n', ' ') || E'\\t' || count(*) FROM here.requests WHERE subject = '故障测试' GROUP BY text",
      )
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split("\t"))
      .map(([text, n]) => [text, Number(n)]),
  );
const whole = () => {
  const checked = run("verify", "--data", data());
  assert.equal(checked.code, 0, checked.stderr);
};

/** A server that only says its version. */
async function pretender(version) {
  const word = (text) => Buffer.concat([Buffer.from(text), Buffer.from([0])]);
  const message = (kind, ...parts) => {
    const body = Buffer.concat(parts),
      head = Buffer.alloc(5);
    head.write(kind);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const listener = net.createServer((s) =>
    s
      .on("error", () => {})
      .on("data", (part) => {
        if (part.length === 8)
          s.write("N"); // no TLS, no GSS
        else if (part.length > 8 && part.readInt32BE(4) === 196608)
          s.write(
            Buffer.concat([
              message("R", Buffer.alloc(4)),
              message("S", word("server_version"), word(version)),
              message("Z", Buffer.from("I")),
            ]),
          );
      }),
  );
  await new Promise((done) => listener.listen(0, "127.0.0.1", done));
  return { port: listener.address().port, close: () => listener.close() };
}

test("what can't be opened is told with what to do", { skip, timeout: 900000 }, async () => {
  const refused = (address, words, fits) => {
    const done = run(...words, "--data", address);
    assert.equal(done.code, 1, `${address}: ${done.stdout}`);
    assert.match(done.stderr, fits);
    assert.doesNotMatch(done.stderr, /geheim/, "no password in a message");
  };
  const verify = ["verify"];
  refused(data(await freePort()), verify, /can't be reached.*check host and port/);
  refused("postgresql://linli@nowhere.invalid/linli?schema=here", verify, /key|check the host/);
  refused("postgresql://linli@127.0.0.1:port/linli?schema=here", verify, /key|Can’t read|check/);
  refused(
    data().replace("schema=here", "schema=Bad-Name"),
    ["init"],
    /small letters, digits and _/,
  );
  refused(data().replace("/linli?", "/nothing?"), ["init"], /does not exist.*createdb/);
  refused(
    data().replace("schema=here", "schema=other"),
    verify,
    /Key .*linli-other\.key .* not found.*--keys FOLDER/,
  );
  pg.sql("CREATE ROLE weak LOGIN; GRANT CONNECT ON DATABASE linli TO weak");
  refused(
    data().replace("linli@", "weak@").replace("schema=here", "schema=weakly"),
    ["init"],
    /weak may not make the schema weakly.*CREATE SCHEMA "weakly" AUTHORIZATION "weak"/,
  );
  refused(
    data().replace("linli@", "weak@"),
    verify,
    /may not use the schema here.*GRANT USAGE ON SCHEMA/,
  );
  pg.sql(
    "CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA here TO looker; GRANT SELECT ON ALL TABLES IN SCHEMA here TO looker",
  );
  refused(
    data().replace("linli@", "looker@"),
    ["user", "add", "x2", "--name", "x", "--role", "office", "--generate"],
    /permission denied.*the role that owns the schema.*GRANT looker what it needs/,
  );
});

test("a wrong password is reported, and appears in no message", { skip, timeout: 900000 }, async () => {
  const words = join(mkdtempSync(join(tmpdir(), "linli-pw-")), "pw");
  writeFileSync(words, "richtig\n");
  chmodSync(words, 0o644);
  execFileSync("chmod", ["755", join(words, "..")]);
  const closed = await cluster({ auth: "trust", fsync: "off" });
  closed.sql("ALTER ROLE linli PASSWORD 'richtig'");
  writeFileSync(
    join(closed.folder, "data/pg_hba.conf"),
    "host all all 127.0.0.1/32 scram-sha-256\n",
  );
  closed.stop();
  closed.start();
  const at = (password) => `postgresql://linli${password}@127.0.0.1:${closed.port}/linli`;
  for (const [password, fits] of [
    [":geheim", /password authentication failed.*PGPASSWORD/],
    ["", /no password supplied.*PGPASSWORD/],
  ]) {
    const done = run("init", "--data", at(password));
    assert.equal(done.code, 1);
    assert.match(done.stderr, fits);
    assert.doesNotMatch(done.stderr + done.stdout, /geheim/);
  }
  const right = linli(["init", "--data", at("")], { env: { ...env, PGPASSWORD: "richtig" } });
  assert.equal(right.code, 0, right.stderr);
  closed.stop();
});

test("a PostgreSQL server that is too old is refused", { skip, timeout: 900000 }, async () => {
  const old = await pretender("12.3");
  const { spawn } = await import("node:child_process");
  const { binary } = await import("../http/server.mjs");
  const child = spawn(
    binary,
    [
      "init",
      "--data",
      `postgresql://linli@127.0.0.1:${old.port}/linli?sslmode=disable&gssencmode=disable`,
    ],
    { env: { ...process.env, ...env, LANG: "C", ASAN_OPTIONS: "detect_leaks=0" } },
  );
  let said = "";
  child.stderr.on("data", (part) => (said += part));
  const code = await new Promise((done) => child.on("exit", done));
  old.close();
  assert.equal(code, 1);
  assert.match(said, /PostgreSQL 12: version 13 or newer is needed/);
});

test(
  "a store newer than the program, and one whose step broke off",
  { skip, timeout: 900000 },
  async () => {
    const newest = Number(pg.sql("SELECT max(number) FROM here.schema_steps"));
    pg.sql(`INSERT INTO here.schema_steps VALUES (${newest + 1}, 'of tomorrow', 0)`);
    for (const words of [
      ["serve", "--listen", "127.0.0.1:0"],
      ["verify"],
      ["export", "areas"],
      ["user", "add", "x1", "--name", "x", "--role", "office", "--generate"],
    ]) {
      const done = run(...words, "--data", data());
      assert.equal(done.code, 1);
      assert.match(done.stderr, /newer version of the program.*install the newer version/);
    }
    pg.sql(`DELETE FROM here.schema_steps WHERE number > ${newest}`);
    whole();
    // the last step again, which fails half-way because its things are there: it is undone, and
    // says which
    const row = pg
      .sql(`SELECT name || E'\\t' || at FROM here.schema_steps WHERE number = ${newest}`)
      .split("\t");
    pg.sql(`DELETE FROM here.schema_steps WHERE number = ${newest}`);
    const before = pg.sql(
      "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'here'",
    );
    const done = run("serve", "--listen", "127.0.0.1:0", "--data", data());
    assert.equal(done.code, 1);
    assert.match(
      done.stderr,
      new RegExp(
        `schema step ${row[0]} failed and was undone.*start again once the cause is mended`,
      ),
    );
    assert.equal(
      pg.sql("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'here'"),
      before,
    );
    pg.sql(`INSERT INTO here.schema_steps VALUES (${newest}, '${row[0]}', ${row[1]})`);
    whole();
  },
);

test(
  `PostgreSQL is killed under load and comes back, ${rounds} times`,
  { skip, timeout: 900000 + rounds * 60000 },
  async () => {
    const server = await start({ data: data(), logins: {}, env });
    const ledger = new Ledger();
    for (let round = 0; round < rounds; round++) {
      const stop = load(server, ledger, token);
      await acknowledged(ledger, 30 + ((round * 37) % 90), server);
      await pg.kill();
      const killed = Date.now();
      if (round % 2)
        await until(
          () => [...ledger.entries.values()].some((entry) => entry.refused > killed),
          "some get a 503 and try again",
        );
      pg.start();
      await acknowledged(ledger, 20, server); // it goes on by itself
      await stop();
      await resend(server, ledger, token);
      assert.ok(ledger.open.length === 0, `${ledger.open.length} could not be sent again`);
      balance(ledger, stored());
    }
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    whole();
    console.log(`# ${ledger.number} changes, ${rounds} kills, none lost, none twice`);
  },
);

test(
  `Linli is killed under load on PostgreSQL, ${rounds} times`,
  { skip, timeout: 900000 + rounds * 60000 },
  async () => {
    const ledger = new Ledger();
    for (let round = 0; round < rounds; round++) {
      const server = await start({ data: data(), logins: {}, env });
      await resend(server, ledger, token);
      assert.equal(ledger.open.length, 0);
      const stop = load(server, ledger, token);
      await acknowledged(ledger, 20 + ((round * 37) % 90), server);
      await server.kill();
      await stop();
      balance(ledger, stored());
    }
    const server = await start({ data: data(), logins: {}, env });
    await until(
      () => run("verify", "--data", data()).code === 0,
      "what the killed one left is sealed",
    );
    await server.stop();
    whole();
  },
);

test(
  "SIGTERM under load on PostgreSQL answers what was accepted and ends in order",
  { skip, timeout: 900000 },
  async (t) => {
    const ledger = new Ledger();
    for (let round = 0; round < 4; round++) {
      const server = await start({ data: data(), logins: {}, env });
      t.after(() => server.child.kill("SIGKILL"));
      const stop = load(server, ledger, token);
      await acknowledged(ledger, 60, server);
      const end = await server.stop("SIGTERM");
      await stop();
      assert.deepEqual(end, { code: 0, signal: null }, server.log.slice(-800));
      balance(ledger, stored());
    }
  },
);

/**
 * What visitors see until it is time: how many pages said to come again. Pages that ask the
 * database nothing are drawn.
 */
async function visits(server, office, until) {
  let told = 0,
    seconds = 0;
  const look = async (visitor, path) => {
    while (Date.now() < until) {
      const from = Date.now(),
        answer = await visitor.get(path),
        text = await answer.text();
      seconds = Math.max(seconds, (Date.now() - from) / 1000);
      if (answer.status !== 503) assert.equal(answer.status, 200, path);
      else {
        told++;
        assert.ok(Number(answer.headers.get("retry-after")) > 0, "when to come again");
        assert.match(
          text,
          /Nothing you submitted before has been lost\. Please go back and try again in a moment\./,
        );
      }
    }
  };
  const machines = async () => {
    while (Date.now() < until)
      for (const path of ["/healthz", "/assets/linli.css"]) {
        assert.equal((await fetch(server.url + path)).status, 200, path);
        await new Promise((done) => setTimeout(done, 50));
      }
  };
  await Promise.all([
    machines(),
    look(server.visitor(), "/follow?lang=en"),
    look(server.visitor(), "/activities?lang=en"),
    look(office, "/work?lang=en"),
    look(office, "/account?lang=en"),
  ]);
  return { told, seconds };
}

test(`the network is cut for ${cut} s under load`, { skip, timeout: 900000 }, async (t) => {
  const way = place ? null : await tunnel(pg.port);
  const server = await start({ data: way ? data(way.port) : data(), logins: {}, env });
  t.after(() => (way?.close(), server.child.kill("SIGKILL")));
  const ledger = new Ledger(),
    office = server.visitor();
  assert.equal(
    (await office.post("/login", { login: "office1", password: logins.office1 })).status,
    303,
  );
  const stop = load(server, ledger, token);
  t.after(stop);
  t.after(() => place?.mend());
  await acknowledged(ledger, 50, server);
  const old = pg.sql(
    "SELECT string_agg(pid::text, ',') FROM pg_stat_activity WHERE application_name = 'linli'",
  );
  (place ?? { cut: way.stall }).cut();
  const { told, seconds } = await visits(server, office, Date.now() + cut * 1000);
  assert.ok(told > 0, "who came meanwhile was told so");
  (place ?? { mend: way.resume }).mend();
  const back = Date.now(),
    after = () =>
      [...ledger.entries.values()]
        .map((entry) => entry.at)
        .filter((at) => at > back)
        .sort((a, b) => a - b)[0];
  await acknowledged(ledger, 50, server);
  await until(async () => (await office.get("/work")).status === 200, "pages are drawn again");
  const pages = Date.now();
  if (place)
    await until(
      async () => pg.sql(`SELECT count(*) FROM pg_stat_activity WHERE pid IN (${old})`) === "0",
      "what the lost connections held is let go of",
    );
  console.log(
    `# ${cut} s ${place ? "with every packet lost" : "of a proxy that passes nothing on"}: ${told} pages said so, each within ${seconds.toFixed(1)} s; ` +
      `a change was answered ${((after() - back) / 1000).toFixed(1)} s after it, pages ${((pages - back) / 1000).toFixed(1)} s${place ? `, the lost connections were gone after ${((Date.now() - back) / 1000).toFixed(1)} s` : ""}`,
  );
  await stop();
  await resend(server, ledger, token);
  assert.equal(ledger.open.length, 0);
  balance(ledger, stored());
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  whole();
});

test(
  "every connection breaks in the midst of what is under way, three times",
  { skip, timeout: 900000 },
  async (t) => {
    const way = await tunnel(pg.port, pg.host);
    const server = await start({ data: data(way.port), logins: {}, env });
    t.after(() => (way.close(), server.child.kill("SIGKILL")));
    const ledger = new Ledger(),
      stop = load(server, ledger, token);
    t.after(stop);
    for (const hit of [1, 2, 3]) {
      await acknowledged(ledger, 20 * hit, server);
      way.drop();
    }
    await acknowledged(ledger, 20, server);
    await stop();
    await resend(server, ledger, token);
    assert.equal(ledger.open.length, 0);
    balance(ledger, stored());
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    whole();
  },
);

test(
  "PostgreSQL's disk is full: 503 and a way on, and it goes on when there is room",
  { skip: skip || (process.getuid() !== 0 && "needs root for a small disk"), timeout: 900000 },
  async (t) => {
    const small = mkdtempSync(join(tmpdir(), "linli-small-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=0777", "none", small], {
        stdio: "ignore",
      });
    } catch {
      return t.skip("no small disk can be mounted here");
    }
    const leave = () => execFileSync("umount", ["-l", small]);
    const disk = join(small, "space");
    execFileSync("install", ["-d", "-o", "postgres", "-m", "700", disk]);
    pg.sql(`CREATE TABLESPACE small LOCATION '${disk}'`);
    pg.sql("ALTER TABLE here.requests SET TABLESPACE small");
    const server = await start({ data: data(), logins: {}, env });
    try {
      const ledger = new Ledger();
      await send(server, ledger.next(), token);
      writeFileSync(join(small, "filler"), "");
      try {
        execFileSync("dd", ["if=/dev/zero", `of=${join(small, "filler")}`, "bs=4k"], {
          stdio: "ignore",
        });
      } catch {} // until it is full
      const big = { ...ledger.next() };
      let refused;
      for (let i = 0; i < 300 && !refused; i++) {
        const answer = await fetch(`${server.url}/api/v1/requests`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ subject: "满了", text: randomBytes(2200).toString("hex") }),
        });
        if (answer.status === 503) refused = await answer.json();
      }
      assert.ok(refused, "it is said that it was not done");
      assert.equal((await fetch(`${server.url}/follow`)).status, 200, "pages go on");
      execFileSync("rm", [join(small, "filler")]);
      await until(async () => {
        await send(server, big, token);
        return big.stored;
      }, "it goes on when there is room");
      balance(ledger, stored());
      assert.match(server.log, /disk of the database server is full: make room there/);
    } finally {
      await server.stop();
      pg.sql("ALTER TABLE here.requests SET TABLESPACE pg_default; ");
      pg.sql("DROP TABLESPACE small");
      leave();
    }
    whole();
  },
);

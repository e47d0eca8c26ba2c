// The command line: export and import, backup and restore, accounts, and what it refuses.
import assert from "node:assert/strict";
import {
  readFileSync,
  writeFileSync,
  existsSync,
  chmodSync,
  cpSync,
  statSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { before, test } from "node:test";
import { binary, folder, init, linli, pack, rows, start, user } from "./server.mjs";

let made, work;
const run = (...args) => linli([...args, "--data", made.data]);

before(() => {
  made = init();
  work = dirname(made.data);
});

test("every command has help, and its usage for wrong words", () => {
  const commands = linli(["--help"]).stdout.matchAll(/^  linli ([a-z]+)/gm);
  let n = 0;
  for (const [, name] of commands) {
    if (name === "COMMAND") continue;
    n++;
    const help = linli([name, "--help"]);
    assert.equal(help.code, 0, name);
    assert.ok(help.stdout.startsWith(`linli ${name}`), name);
    const wrong = linli([name, "--no-such-option"]);
    assert.equal(wrong.code, 2, name);
    assert.match(wrong.stderr, /--no-such-option/);
  }
  assert.ok(n >= 10);
  assert.equal(linli([]).code, 2);
  assert.equal(linli(["fly"]).code, 2);
  assert.equal(linli(["verify"]).code, 2);
  assert.equal(
    linli(["verify", "--data", made.data, "--pack", "x"]).code,
    2,
    "an option of another command",
  );
  assert.equal(linli(["verify", "--data", made.data, "--data", made.data]).code, 2);
  assert.equal(linli(["verify", "--data", join(work, "nowhere")]).code, 1);
  assert.equal(linli(["init", "--data", join(work, "x"), "--requests", "many"]).code, 2);
  assert.equal(
    linli(["init", "--data", join(work, "x"), "--requests", "5"]).code,
    2,
    "the texts are a pack's",
  );
  assert.equal(linli(["init", "--data", made.data]).code, 1, "what is there is left as it is");
});

for (const format of ["csv", "xlsx"])
  test(`an export imports into the same records (${format})`, () => {
    const other = folder();
    assert.equal(linli(["init", "--data", other]).code, 0);
    const kinds = [
      "areas",
      "units",
      "categories",
      "holidays",
      "templates",
      "skills",
      "organisations",
      "people",
      "terms",
      "seats",
      "posts",
      "volunteers",
      "requests",
    ];
    for (const kind of kinds) {
      const file = join(work, `${kind}.${format}`), again = join(work, `${kind}-again.${format}`);
      const out = run("export", kind, "--output", file);
      assert.equal(out.code, 0, out.stderr);
      // one of them has a login, which is not exported with them
      if (kind === "volunteers") user(other, "volunteer1", "姚阿姨");
      const taken = linli(["import", kind, file, "--data", other]);
      assert.equal(taken.code, 0, `${kind}: ${taken.stderr}`);
      assert.match(taken.stdout, / 0 updated, 0 unchanged, 0 rejected/);
      const unchanged = linli(["import", kind, file, "--data", other]);
      assert.match(unchanged.stdout, /^0 added, 0 updated, \d+ unchanged, 0 rejected/, kind);
      assert.equal(linli(["export", kind, "--data", other, "--output", again]).code, 0);
      if (format === "csv")
        assert.equal(readFileSync(again, "utf8"), readFileSync(file, "utf8"), kind);
      else {
        const csv = (data) => linli(["export", kind, "--data", data]).stdout;
        assert.equal(csv(other), csv(made.data), kind);
      }
    }
  });

test("every kind is exported in every format, and what is taken back is recognised", async () => {
  const { data, logins } = init();
  const server = await start({ data, logins });
  const token = server.token("office"), office = await server.signIn("office1");
  const call = async (path, body) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method: body ? "POST" : "GET",
      body: body && JSON.stringify(body),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body ? { "content-type": "application/json" } : {}),
      },
    });
    assert.equal(answer.status, body ? 201 : 200, `${path}: ${await answer.clone().text()}`);
    return answer.json();
  };
  const hour = (h) => new Date(Date.now() + h * 3600e3).toISOString().slice(0, 19) + "Z";
  const first = async (kind) => (await call(`/${kind}?limit=1`)).items[0].id;
  const person = await first("people"), organisation = await first("organisations");
  await call("/posts", { person, organisation, role: "leader", term: "2026–2029, =1+1" });
  const activity = (
    await call("/activities", {
      title: "“Tea”, and talk",
      kind: "other",
      area: await first("areas"),
      starts: hour(48),
      ends: hour(50),
      places: 5,
    })
  ).id;
  const shift = (
    await call("/shifts", {
      activity,
      name: "Tea",
      starts: hour(48),
      ends: hour(50),
      places: 2,
      skills: ["company", "meal"],
    })
  ).id;
  await call("/sign_ups", { activity, name: "A guest", phone: "13800138000" });
  await call("/sign_ups", {
    activity,
    shift,
    volunteer: await first("volunteers"),
    name: "A helper",
  });
  const request = (
    await call("/requests", {
      subject: "Somebody to talk to",
      text: "Since the fall I am alone.",
      requester_name: "A resident",
      requester_phone: "13800138001",
      area: await first("areas"),
    })
  ).id;
  assert.equal(
    (
      await office.submit(`/visits/new?request=${request}`, "/visits", {
        request,
        skill: "company",
        people: "1",
      })
    ).status,
    303,
  );
  await server.stop();
  const kinds = linli(["export", "nothing", "--data", data])
    .stderr.match(/Available: (.*)\./)[1]
    .split(" ");
  assert.ok(kinds.length > 20, kinds.join());
  const refused = ["hours", "offers", "offer_asks", "certificates", "imports"];
  refused.push("merges", "household_places");
  const filled = {};
  for (const kind of kinds) {
    const file = (format) => join(work, `all-${kind}.${format}`);
    for (const format of ["csv", "xlsx", "json"]) {
      const out = linli([
        "export",
        kind,
        "--format",
        format,
        "--output",
        file(format),
        "--data",
        data,
      ]);
      assert.equal(out.code, 0, `${kind} ${format}: ${out.stderr}`);
    }
    const records = JSON.parse(readFileSync(file("json"), "utf8"));
    filled[kind] = records.length;
    assert.ok(
      readFileSync(file("csv"), "utf8").split("\n")[0].split(",").length > 2,
      `${kind} has columns`,
    );
    for (const format of ["csv", "xlsx"]) {
      const taken = linli(["import", kind, file(format), "--data", data]);
      if (refused.includes(kind))
        assert.match(taken.stderr, /can’t be imported\. Available types: /, kind);
      else
        assert.match(
          taken.stdout,
          new RegExp(`^0 added, 0 updated, ${records.length} unchanged, 0 rejected`),
          `${kind} ${format}: ${taken.stderr}`,
        );
    }
  }
  for (const kind of [
    "users",
    "posts",
    "activities",
    "shifts",
    "sign_ups",
    "attendances",
    "hours",
    "offers",
    "opinions",
  ])
    assert.ok(filled[kind] > 0, `${kind} was tried with records`);
});

test("a tree of three levels comes in by its path, and no deeper", () => {
  const other = folder(), file = join(work, "tree.csv");
  assert.equal(linli(["init", "--data", other]).code, 0);
  writeFileSync(file, "一级分类,二级分类,三级分类\r\n城建,道路,坑洼\r\n城建,道路,路灯\r\n城建,绿化,树木\r\n民生,,\r\n");
  const take = () => linli(["import", "categories", file, "--data", other]);
  assert.match(take().stdout, /^4 added, 0 updated, 0 unchanged, 0 rejected/);
  assert.match(take().stdout, /^0 added, 0 updated, 4 unchanged, 0 rejected/);
  const all = JSON.parse(
      linli(["export", "categories", "--format", "json", "--data", other]).stdout,
    ),
    by = (name) => all.find((c) => c.name === name);
  assert.equal(all.length, 7);
  assert.equal(by("坑洼").parent, by("道路").id);
  assert.equal(by("道路").parent, by("城建").id);
  writeFileSync(file, `code,name,parent\r\nfour,a fourth,${by("坑洼").code}\r\n${by("城建").code},城建,${by("坑洼").code}\r\n${by("城建").code},城建,${by("民生").code}\r\n`);
  const refused = take();
  assert.match(refused.stdout, /^0 added, 0 updated, 0 unchanged, 3 rejected/);
  assert.match(refused.stderr, /Row 2: .*three levels/);
  assert.match(refused.stderr, /Row 3: .*be its own parent/);
  assert.match(refused.stderr, /Row 4: .*more than three levels/);
});

test("what a spreadsheet would run is neutralised in CSV and comes back as it was", () => {
  const texts = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "'=1",
    '"quoted", and, commas',
    "<b>x</b>",
    "a;b",
  ];
  const sheet = join(work, "formulas.csv");
  writeFileSync(sheet, "code,title,text\n" + texts.map((t, i) => `f${i},T${i},"${(/^['=+@-]/.test(t) ? "'" : "") + t.replaceAll('"', '""')}"`).join("\n"));
  const taken = run("import", "templates", sheet);
  assert.match(taken.stdout, /^8 added/, taken.stderr);
  const csv = run("export", "templates").stdout;
  for (const line of csv.split("\r\n"))
    for (const cell of line.split(",")) assert.doesNotMatch(cell, /^"?[=+@]/);
  const json = JSON.parse(run("export", "templates", "--format", "json").stdout);
  assert.deepEqual(json.filter((t) => /^f\d$/.test(t.code)).map((t) => t.text), texts);
  const file = join(work, "formulas-out.csv");
  assert.equal(run("export", "templates", "--output", file).code, 0);
  assert.match(run("import", "templates", file).stdout, /^0 added, 0 updated/);
});

test("an export with wrong arguments says what is wrong", () => {
  assert.equal(run("export", "nothings").code, 1);
  assert.match(run("export", "nothings").stderr, /areas units/);
  assert.equal(run("export", "areas", "--format", "pdf").code, 2);
  assert.equal(run("export", "areas", "--output", join(work, "no/such/folder.csv")).code, 1);
  assert.equal(
    spawnSync("bash", [
      "-c",
      `"$0" "$@" > /dev/full`,
      binary,
      "export",
      "areas",
      "--data",
      made.data,
    ]).status,
    1,
  );
});

test("an import names bad rows and leaves their neighbours", () => {
  const sheet = join(work, "holidays.csv");
  writeFileSync(sheet, "date,name,is_off_day\n2031-02-30,no such day,1\n2031-03-01,good,1\n2031-03-02,bad,perhaps\n,none,1\n");
  const taken = run("import", "holidays", sheet);
  assert.equal(taken.code, 1);
  assert.match(taken.stdout, /^1 added, 0 updated, 0 unchanged, 3 rejected/);
  assert.deepEqual(
    [...taken.stderr.matchAll(/^Row (\d+)/gm)].map((m) => m[1]),
    ["2", "4", "5"],
  );
  for (const [name, bytes] of [
    ["empty.csv", ""],
    ["broken.csv", Buffer.from([0x64, 0xff, 0xfe, 0x00, 0x81])],
    ["not.xlsx", "PK\x03\x04nonsense"],
  ]) {
    writeFileSync(join(work, name), bytes);
    assert.equal(run("import", "holidays", join(work, name)).code, 1, name);
  }
  assert.equal(run("import", "holidays", join(work, "missing.csv")).code, 1);
});

test("many rejected rows: the first ones, a count for each reason, and a spreadsheet of all to correct and import", () => {
  const sheet = join(work, "many.csv"),
    errors = join(work, "refused.xlsx"),
    again = join(work, "refused.csv");
  const rows = Array.from({ length: 60 }, (_, i) =>
    i % 3
      ? `many-${i},,第${i}行没有主题,2025-01-02`
      : `many-${i},主题${i},第${i}行,2025-02-3${i % 2}`,
  );
  writeFileSync(
    sheet,
    "编号,主题,内容,留言时间\nmany-good,好的,好的一行,2025-01-02\n" + rows.join("\n"),
  );
  const taken = run("import", "requests", sheet, "--errors", errors);
  assert.equal(taken.code, 1);
  assert.match(taken.stdout, /^1 added, 0 updated, 0 unchanged, 60 rejected/);
  assert.equal([...taken.stderr.matchAll(/^Row \d+: /gm)].length, 20);
  assert.match(taken.stderr, /… and 40 more\./);
  assert.match(taken.stderr, /^ +40 {2}Subject is required\.$/m);
  assert.match(
    taken.stderr,
    /^ +20 {2}Date received: “…” is not a valid date and time\. Use the format 2026-03-05 14:30\.$/m,
  );
  assert.match(
    run("import", "requests", errors).stdout,
    /^0 added, 0 updated, 0 unchanged, 60 rejected/,
    "as they are they are refused again",
  );
  assert.equal(run("import", "requests", sheet, "--errors", again).code, 1);
  const text = readFileSync(again, "utf8");
  assert.match(text.split("\r\n")[0], /编号,主题,内容,留言时间,Reason for rejection/);
  writeFileSync(again, text.replaceAll(",,", ",补上的主题,").replace(/2025-02-3\d/g, "2025-02-03"));
  assert.match(
    run("import", "requests", again).stdout,
    /^60 added, 0 updated, 0 unchanged, 0 rejected/,
  );
  assert.match(
    run("import", "requests", again).stdout,
    /^0 added, 0 updated, 60 unchanged, 0 rejected/,
  );
});

test("a spreadsheet with unknown references is told how to import them", () => {
  const sheet = join(work, "labelled.csv");
  writeFileSync(sheet, "编号,主题,内容,一级分类\nlab-1,有类别的事,内容一,没见过的类别\n");
  const taken = run("import", "requests", sheet);
  assert.match(taken.stderr, /“没见过的类别” not found[\s\S]*Use --create to create/);
  assert.match(run("import", "requests", sheet, "--create").stdout, /^1 added/);
});

test("a sheet without numbers, imported again, changes nothing", () => {
  const sheet = join(work, "unnumbered.csv");
  writeFileSync(sheet, "主题,内容,留言时间\n没编号甲,没有编号的一行,2025-03-01\n没编号乙,没有编号的一行,2025-03-01\n");
  assert.match(run("import", "requests", sheet).stdout, /^2 added/);
  assert.match(
    run("import", "requests", sheet).stdout,
    /^0 added, 0 updated, 2 unchanged, 0 rejected/,
  );
  writeFileSync(sheet, "姓名,地址\n没电话甲,东门街1号\n没电话甲,东门街2号\n没电话乙,\n");
  assert.match(run("import", "people", sheet).stdout, /^3 added/);
  assert.match(
    run("import", "people", sheet).stdout,
    /^0 added, 0 updated, 3 unchanged, 0 rejected/,
  );
});

test("a year of holidays comes in as it is published, all of it or nothing", () => {
  const other = init().data, file = join(work, "2031.json");
  const take = (days, ...more) => {
    writeFileSync(file, JSON.stringify({ year: 2031, days }));
    return linli(["import", "holidays", file, "--data", other, ...more]);
  };
  const days = [
    { name: "春节", date: "2031-01-23", isOffDay: true },
    { name: "春节", date: "2031-01-18", isOffDay: false },
  ];
  assert.match(take(days, "--dry-run").stdout, /^It contains 2 days/);
  assert.match(take(days).stdout, /^2 days read, 2 new or changed/);
  assert.match(take(days).stdout, /^2 days read, 0 new or changed/);
  const wrong = take([...days, { name: "国庆节", date: "2031-02-30", isOffDay: true }]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /2031-02-30/);
  const listed = linli(["export", "holidays", "--data", other])
    .stdout.split("\n")
    .filter((line) => line.includes("2031-"));
  assert.equal(listed.length, 2);
  assert.equal(linli(["verify", "--data", other]).code, 0);
});

test("accounts: passwords come by standard input or are made, roles are given and taken", async () => {
  const add = (login, input, ...more) =>
    linli(
      ["user", "add", login, "--name", "王", "--role", "office", ...more, "--data", made.data],
      { input },
    );
  assert.equal(add("wang", "a good password\n").code, 0);
  assert.equal(add("wang", "a good password\n").code, 1, "the login is taken");
  assert.equal(add("short", "1234567\n").code, 1);
  assert.equal(add("none", "").code, 1);
  assert.equal(add("bad login", "a good password\n").code, 1);
  const { stdout: password } = add("li", undefined, "--generate");
  assert.match(password, /^[0-9A-Z]{12}\n$/);
  assert.equal(
    run("user", "grant", "li", "--role", "unit_handler").code,
    1,
    "a handler needs a unit",
  );
  assert.equal(run("user", "grant", "li", "--role", "auditor").code, 0);
  assert.equal(run("user", "grant", "li", "--role", "king").code, 1);
  assert.match(run("user", "list").stdout, /^li\tauditor\t/m);
  assert.equal(run("user", "revoke", "li", "--role", "auditor").code, 0);
  assert.equal(run("user", "revoke", "li", "--role", "auditor").code, 1);
  const db = join(made.data, "linli.db");
  rows(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 201) INSERT INTO grants (\"user\", role, area) SELECT (SELECT id FROM users WHERE login = 'li'), 'worker', (SELECT min(id) FROM areas) FROM n");
  assert.equal(run("user", "revoke", "li", "--role", "worker").code, 0);
  assert.deepEqual(rows(db, "SELECT count(*) FROM grants WHERE role = 'worker' AND \"user\" = (SELECT id FROM users WHERE login = 'li')")[0], [[0]], "all of them, however many");
  assert.equal(run("user", "revoke", "admin", "--role", "admin").code, 1, "the last administrator");
  assert.equal(run("user", "add", "x").code, 2);
  assert.equal(run("user", "passwd", "nobody").code, 1);
  const server = await start({ data: made.data });
  try {
    const visitor = await server.signIn("li", password.trim());
    assert.equal((await visitor.get("/work")).status, 200);
    assert.equal(
      linli(["user", "passwd", "li", "--data", made.data], { input: "another password\n" }).code,
      0,
    );
    assert.equal((await visitor.get("/work")).status, 303, "a new password ends the sessions");
    await server.signIn("li", "another password");
  } finally {
    await server.stop();
  }
});

test("a backup taken while serving restores to the same installation", async () => {
  const plain = join(work, "plain.tar"),
    secret = join(work, "secret.backup"),
    phrase = join(work, "phrase");
  const server = await start({ data: made.data });
  try {
    const token = server.token("office");
    const post = (i) =>
      fetch(`${server.url}/api/v1/requests`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({
          subject: `During ${i}`,
          text: "Text",
          requester_phone: "13800138000",
        }),
      });
    const busy = Promise.all(Array.from({ length: 20 }, (_, i) => post(i)));
    assert.equal(run("backup", "--output", plain).code, 0);
    await busy;
  } finally {
    await server.stop();
  }
  writeFileSync(phrase, "correct horse battery\n");
  chmodSync(phrase, 0o644);
  assert.equal(
    run("backup", "--output", secret, "--encrypt", "--passphrase-file", phrase).code,
    1,
    "others can read the passphrase",
  );
  chmodSync(phrase, 0o600);
  assert.equal(run("backup", "--output", secret, "--encrypt", "--passphrase-file", phrase).code, 0);
  assert.equal(run("backup", "--output", secret).code, 1, "a backup is not overwritten");
  assert.equal(statSync(plain).mode & 0o777, 0o600);
  assert.match(
    spawnSync("tar", ["tf", plain], { encoding: "utf8" }).stdout,
    /^manifest.json\nlinli.db\n$/,
  );
  assert.ok(!readFileSync(secret).includes("SQLite format"));

  assert.equal(linli(["restore", plain, "--check"]).code, 0);
  const lost = linli(["restore", plain, "--data", join(work, "lost")]);
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /--key/);
  assert.ok(!existsSync(join(work, "lost")));
  assert.equal(
    linli(["restore", plain, "--data", join(work, "one"), "--key", join(made.data, "key")]).code,
    0,
  );
  const wrong = join(work, "wrong");
  writeFileSync(wrong, "another phrase entirely\n", { mode: 0o600 });
  assert.equal(linli(["restore", secret, "--check", "--passphrase-file", wrong]).code, 1);
  assert.equal(
    linli(["restore", secret, "--data", join(work, "two"), "--passphrase-file", phrase]).code,
    0,
  );
  assert.equal(
    linli(["restore", secret, "--data", join(work, "two"), "--passphrase-file", phrase]).code,
    1,
    "what is there is left",
  );
  assert.equal(linli(["verify", "--data", join(work, "two")]).code, 0);
  assert.equal(
    linli(["export", "requests", "--data", join(work, "two")]).stdout,
    run("export", "requests").stdout,
  );
});

test("a damaged backup and a damaged installation are noticed", () => {
  const file = join(work, "damage.tar"),
    phrase = join(work, "damage-phrase"),
    secret = join(work, "damage.secret");
  writeFileSync(phrase, "correct horse battery\n", { mode: 0o600 });
  assert.equal(run("backup", "--output", file).code, 0);
  assert.equal(run("backup", "--output", secret, "--encrypt", "--passphrase-file", phrase).code, 0);
  for (const [name, path, extra] of [
    ["plain", file, []],
    ["encrypted", secret, ["--passphrase-file", phrase]],
  ]) {
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[Math.floor(bytes.length / 2)] ^= 1;
    writeFileSync(join(work, "changed"), changed);
    writeFileSync(join(work, "cut"), bytes.subarray(0, bytes.length - 70000));
    assert.equal(linli(["restore", join(work, "changed"), "--check", ...extra]).code, 1, name);
    assert.equal(linli(["restore", join(work, "cut"), "--check", ...extra]).code, 1, name);
  }
  writeFileSync(join(work, "text"), "not a backup\n".repeat(100));
  assert.equal(linli(["restore", join(work, "text"), "--check"]).code, 1);
  const other = join(work, "other");
  mkdirSync(other, { mode: 0o700 });
  copyFileSync(join(made.data, "linli.db"), join(other, "linli.db"));
  assert.equal(linli(["init", "--data", join(work, "fresh")]).code, 0);
  copyFileSync(join(work, "fresh/key"), join(other, "key"));
  const verify = linli(["verify", "--data", other]);
  assert.equal(verify.code, 1, "another installation's key");
  assert.match(verify.stderr, /key/);
});

test("the routes are printed with the roles that may", () => {
  const lines = linli(["routes"]).stdout.trim().split("\n").map((l) => l.split("\t"));
  assert.ok(lines.length > 40);
  for (const [method, path, roles] of lines) {
    assert.match(method, /^(GET|POST|PATCH|DELETE)$/);
    assert.match(path, /^\//);
    assert.match(roles, /^[a-z_,]+$/, `${path} has roles`);
  }
});

test("a store that can't be opened is told with what to do", (t) => {
  const refused = (data, words, fits) => {
    const done = linli([...words, "--data", data]);
    assert.equal(done.code, 1, `${words}: ${done.stdout}`);
    assert.match(done.stderr, fits);
  };
  const copy = (name, change) => {
    const at = join(work, name);
    cpSync(made.data, at, { recursive: true });
    change(at);
    return at;
  };
  const sql = (at, text) => rows(join(at, "linli.db"), text);
  const serve = ["serve", "--listen", "127.0.0.1:0"], verify = ["verify"];
  refused(join(work, "nowhere"), serve, /is not a Linli installation\. Create one with: linli init/);
  writeFileSync(join(work, "plain"), "x");
  refused(
    join(work, "plain"),
    serve,
    /is a file\. --data must be an installation folder or postgresql:/,
  );
  refused(
    copy("keyless", (at) => rmSync(join(at, "key"))),
    serve,
    /Key .* is missing\. Restore it from your safe copy/,
  );
  refused(
    copy("open", (at) => chmodSync(join(at, "key"), 0o644)),
    serve,
    /readable only by its owner/,
  );
  refused(
    copy("broken", (at) => writeFileSync(join(at, "key"), "abc")),
    serve,
    /is not a key\. Restore this database’s own key/,
  );
  refused(
    copy("words", (at) => writeFileSync(join(at, "linli.db"), "no database at all")),
    verify,
    /not a database \(the file is damaged: .*restore a backup with linli restore/,
  );
  const newer = copy("newer", (at) =>
    sql(at, "INSERT INTO schema_steps SELECT max(number) + 1, 'of tomorrow', 0 FROM schema_steps"),
  );
  for (const words of [
    serve,
    verify,
    ["export", "areas"],
    ["backup", "--output", join(work, "newer.tar")],
  ])
    refused(newer, words, /newer version of the program.*install the newer version/);
  const half = copy("half", (at) =>
    sql(at, "DELETE FROM schema_steps WHERE number = (SELECT max(number) FROM schema_steps)"),
  );
  refused(
    half,
    serve,
    /schema step \S+ failed and was undone; .*start again once the cause is mended/,
  );
  if (process.getuid() !== 0) return;
  const small = join(work, "small");
  mkdirSync(small);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=3m", "none", small]).status !== 0)
    return t.diagnostic("no small disk can be mounted here");
  try {
    refused(join(small, "new"), ["init", "--pack", pack], /disk is full \(make room on its disk\)/);
    assert.deepEqual(readdirSync(small), [], "nothing of it stays in the way");
  } finally {
    spawnSync("umount", ["-l", small]);
  }
});

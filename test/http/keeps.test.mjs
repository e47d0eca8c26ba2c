// What keeps a store whole: its own key, its own file, and everything that was acknowledged.
// Each is told at the start, and nothing is served or changed until it is put right.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { binary, init, linli, rows, start, until } from "./server.mjs";

// ends at once: it is refused
const serve = (data) => linli(["serve", "--data", data, "--listen", "127.0.0.1:0"]);
const key = (data) => join(data, "key"), database = (data) => join(data, "linli.db");

async function ask(server, token, text, phone) {
  const answer = await fetch(`${server.url}/api/v1/requests`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "accept-language": "en",
    },
    body: JSON.stringify({
      subject: text,
      text,
      category: "12",
      requester_name: "李某",
      requester_phone: phone,
    }),
  });
  const body = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(body));
  return body;
}
const list = (server, token) =>
  fetch(`${server.url}/api/v1/requests?limit=5`, { headers: { authorization: `Bearer ${token}` } });

test("a wrong key is refused at the start, and what one sealed before that is sealed anew", async () => {
  const { data } = init(), wrong = join(dirname(data), "wrong.key");
  const right = readFileSync(key(data));
  writeFileSync(wrong, "0".repeat(64) + "\n", { mode: 0o600 });
  const refused = (run) => {
    assert.equal(run.code, 1, run.stderr);
    assert.match(run.stderr, /belongs to another database/);
  };
  copyFileSync(wrong, key(data));
  refused(serve(data));
  refused(linli(["verify", "--data", data]));
  refused(linli(["backup", "--data", data, "--output", `${data}.backup`]));
  // A store from before the text that tells was kept is judged by what it holds.
  rows(database(data), "DELETE FROM settings WHERE name = 'store.key_proof'");
  refused(serve(data));
  writeFileSync(key(data), right);
  assert.match(linli(["reseal", "--data", data, "--key", wrong]).stdout, /^0 field/);
  assert.deepEqual(rows(database(data), "SELECT count(*) FROM settings WHERE name = 'store.key_proof'")[0], [[1]]);
  // A telephone that was sealed with the wrong key, as it was possible once.
  const { data: other } = init({ pack: null, data: join(dirname(data), "other") }),
    sheet = join(dirname(data), "people.csv");
  copyFileSync(wrong, key(other));
  rows(database(other), "DELETE FROM settings WHERE name = 'store.key_proof'");
  writeFileSync(sheet, "code,name,phone\nP-1,李某,13800001111\n");
  const stored = linli(["import", "people", sheet, "--data", other]);
  assert.equal(stored.code, 0, stored.stderr + stored.stdout);
  const [[phone, hash]] = rows(database(other), "SELECT phone, phone_key FROM people")[0];
  rows(database(data), `UPDATE people SET phone = '${phone}', phone_key = '${hash}' WHERE id = 1`);
  assert.match(linli(["verify", "--data", data]).stderr, /“phone” of record 1 of people/);
  const repaired = linli(["reseal", "--data", data, "--key", wrong]);
  assert.equal(repaired.code, 0, repaired.stderr);
  assert.match(repaired.stdout, /^1 field/);
  assert.equal(
    linli(["verify", "--data", data]).code,
    0,
    "it opens, and is found by its number again",
  );
  assert.match(
    linli(["reseal", "--data", data, "--key", wrong]).stdout,
    /^0 field/,
    "nothing is left to do",
  );
});

test("each tenant's own key and file are looked at, and the others are served", async () => {
  const at = join(dirname(init({ pack: null }).data), "many");
  for (const name of ["east", "west", "north"]) {
    const added = linli(["tenant", "add", name, "--data", at]);
    assert.equal(added.code, 0, added.stderr);
  }
  writeFileSync(join(at, "tenants/west/key"), "0".repeat(64) + "\n", { mode: 0o600 });
  truncateSync(join(at, "tenants/north/linli.db"), 0);
  const server = await start({ data: at });
  const status = async (name) => (await fetch(`${server.url}/t/${name}/readyz`)).status;
  assert.deepEqual(
    [await status("east"), await status("west"), await status("north")],
    [200, 503, 503],
  );
  await server.stop();
  assert.match(server.log, /belongs to another database/);
  assert.equal(statSync(join(at, "tenants/north/linli.db")).size, 0, "nothing was made of it");
});

test("only init creates a database: a missing or empty linli.db is reported and stays as it is", () => {
  const { data } = init({ pack: null });
  const aside = `${database(data)}.aside`;
  const told = (refused) => {
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /linli\.db back or restore a backup/);
  };
  renameSync(database(data), aside);
  told(serve(data));
  told(linli(["import", "areas", "x.csv", "--data", data]));
  told(linli(["verify", "--data", data]));
  assert.ok(!existsSync(database(data)));
  writeFileSync(database(data), "");
  told(serve(data));
  told(linli(["user", "list", "--data", data]));
  assert.equal(statSync(database(data)).size, 0);
  rmSync(database(data));
  renameSync(aside, database(data));
  assert.equal(linli(["verify", "--data", data]).code, 0);
});

test("a removed, truncated or damaged log, and an older copy, are noticed by the journal's end", async () => {
  const { data, logins } = init();
  const server = await start({ data, logins }), token = server.token("office");
  const older = readFileSync(database(data));
  for (let i = 0; i < 5; i++) await ask(server, token, `第 ${i} 件`);
  await server.kill();
  const log = `${database(data)}-wal`, kept = readFileSync(log);
  assert.equal(linli(["verify", "--data", data]).code, 0, "a kill alone loses nothing");
  const lost = (what) => {
    for (const refused of [serve(data), linli(["verify", "--data", data])]) {
      assert.equal(refused.code, 1, what + refused.stdout);
      assert.match(refused.stderr, /linli\.db-wal/, what);
    }
  };
  const state = join(dirname(data), "state");
  const fresh = (change) => {
    rmSync(data, { recursive: true });
    cpSync(state, data, { recursive: true });
    change();
  };
  writeFileSync(log, kept);
  rmSync(`${database(data)}-shm`, { force: true });
  cpSync(data, state, { recursive: true });
  writeFileSync(join(state, "linli.db"), older);
  writeFileSync(join(state, "linli.db-wal"), kept);
  fresh(() => rmSync(log));
  lost("removed");
  fresh(() => truncateSync(log, Math.floor(kept.length / 2)));
  lost("cut");
  fresh(() => {
    const damaged = Buffer.from(kept);
    damaged[Math.floor(kept.length / 2)] ^= 0x10;
    writeFileSync(log, damaged);
  });
  lost("a flipped bit");
  fresh(() => rmSync(join(data, "linli.head")));
  fresh(() => rmSync(log));
  rmSync(join(data, "linli.head")); // somebody means it
  const meant = await start({ data, logins });
  assert.equal((await fetch(`${meant.url}/readyz`)).status, 200);
  await meant.stop();
});

test("an interrupted backup leaves no readable copy, and the next one removes what a killed one left", async () => {
  const { data } = init(),
    output = join(dirname(data), "out", "store.backup"),
    phrase = join(dirname(data), "phrase");
  mkdirSync(dirname(output));
  writeFileSync(phrase, "correct horse battery\n", { mode: 0o600 });
  const copies = () => readdirSync(data).filter((name) => name.startsWith("backup-copy-"));
  const broken = async (signal) => {
    const child = spawn(
      binary,
      ["backup", "--data", data, "--encrypt", "--passphrase-file", phrase, "--output", output],
      { stdio: "ignore", env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0" } },
    );
    const ended = new Promise((done) => child.on("exit", done));
    while (!copies().length && !existsSync(output)) /* each look is a reading of the folder */;
    assert.ok(!existsSync(output), "the copy lies with the store");
    child.kill(signal);
    await ended;
    assert.ok(
      readdirSync(dirname(output)).every((name) => name.endsWith(".part")),
      `${readdirSync(dirname(output))}`,
    );
  };
  await broken("SIGTERM");
  assert.deepEqual(copies(), [], "SIGTERM");
  await broken("SIGKILL");
  const whole = linli(["backup", "--data", data, "--output", output]);
  assert.equal(whole.code, 0, whole.stderr);
  assert.deepEqual(copies(), [], "what the kill left");
});

test("a lock or session from a clock that was ahead is ignored", async () => {
  const { data, logins } = init();
  const server = await start({ data, logins });
  try {
    rows(database(data), "UPDATE users SET locked_until = strftime('%s', 'now') + 86400");
    const visitor = await server.signIn("office1"); // locked for a day, by a clock a day ahead
    assert.equal((await visitor.get("/work")).status, 200);
    // 400 years
    rows(database(data), "UPDATE sessions SET seen = seen + 12622780800, expires = expires + 12622780800");
    const after = await visitor.get("/work");
    assert.match(after.headers.get("location") ?? "", /login/);
    rows(database(data), "UPDATE users SET locked_until = strftime('%s', 'now') + 600");
    await assert.rejects(server.signIn("office1"), /422/, "a lock of now holds");
  } finally {
    await server.stop();
  }
});

const unshare = ["unshare", ["-rm", "sh", "-c"]];
const mounts = spawnSync(unshare[0], [...unshare[1], "mount -t tmpfs tmpfs /mnt && mount -o remount,ro /mnt"]).status === 0;

test(
  "a store on a disk that is mounted read-only is verified, counted and backed up",
  { skip: !mounts && "needs to mount" },
  () => {
    const { data } = init({ pack: null }),
      output = join(dirname(data), "copy.backup");
    const inside = (command) =>
      spawnSync(
        unshare[0],
        [
          ...unshare[1],
          `mount -t tmpfs tmpfs /mnt && cp -r "$DATA" /mnt/data && mount -o remount,ro /mnt && ${command}`,
        ],
        {
          env: {
            ...process.env,
            DATA: data,
            LINLI: binary,
            OUTPUT: output,
            LANG: "C",
            ASAN_OPTIONS: "detect_leaks=0",
          },
          encoding: "utf8",
        },
      );
    for (const command of [
      '"$LINLI" verify --data /mnt/data',
      '"$LINLI" figures --data /mnt/data',
      '"$LINLI" backup --data /mnt/data --output "$OUTPUT"',
    ]) {
      const done = inside(command);
      assert.equal(done.status, 0, command + done.stderr);
    }
    assert.ok(existsSync(output));
    const refused = inside('"$LINLI" serve --data /mnt/data --listen 127.0.0.1:0');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /mounted read-only/);
  },
);

/** A connection that sends this and then waits; .gone once the other side has ended it. */
async function connection(port, text, host = "127.0.0.1") {
  const socket = net.connect(port, host);
  socket.said = "";
  socket.on("data", (part) => (socket.said += part)).on("error", () => {});
  socket.gone = false;
  socket.on("close", () => (socket.gone = true));
  await once(socket, "connect");
  if (text) socket.write(text);
  return socket;
}

test("with 64 descriptors and 200 idle connections a new visitor is answered", async () => {
  const server = await start({ requests: 0, limit: "-n 64" });
  const idle = [];
  try {
    for (let i = 0; i < 200; i++) {
      const head = i % 2 ? "" : "GET /healthz HTTP/1.1\r\n";
      idle.push(await connection(server.port, head));
    }
    for (let i = 0; i < 5; i++) {
      const answer = await fetch(`${server.url}/ask`, { headers: { connection: "close" } });
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /name="text"/);
    }
    // What makes room has waited longest; the newest are still open, and go on being answered.
    await until(() => idle[0].gone, "the oldest made room");
    const last = idle.findLast((socket) => !socket.gone);
    last.write(`${last === idle.at(-1) ? "GET /healthz HTTP/1.1\r\n" : ""}Host: a\r\n\r\n`);
    await until(() => last.said.startsWith("HTTP/1.1 200") || last.gone, "an answer");
    assert.match(last.said, /^HTTP\/1\.1 200/);
    // Changes need files as well.
    const token = server.token("office");
    assert.equal((await ask(server, token, "井盖松动", "13800008801")).status, "received");
  } finally {
    for (const socket of idle) socket.destroy();
    assert.equal((await server.stop()).code, 0);
  }
});

test("one source has a bounded number of connections; its own longest waiting one makes room", async (t) => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((each) => each.family === "IPv4" && !each.internal);
  if (!outside) {
    t.skip("this machine has no address besides its own");
    return;
  }
  const server = await start({ requests: 0, host: "0.0.0.0" });
  const many = [];
  try {
    for (let i = 0; i < 300; i++) many.push(await connection(server.port, "", outside.address));
    // Several threads accept: which of a burst waits longest is told by them, not by this test.
    const gone = (list) => list.filter((socket) => socket.gone).length;
    await until(() => gone(many) >= 300 - 256, "some of that source are ended");
    assert.ok(gone(many.slice(0, 150)) > gone(many.slice(150)), "the older ones");
    assert.equal((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status, 200);
    const newest = await connection(server.port, "", outside.address);
    many.push(newest);
    newest.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => newest.said.startsWith("HTTP/1.1 200"), "the newest is answered");
  } finally {
    for (const socket of many) socket.destroy();
    await server.stop();
  }
});

test("a field that can't be decrypted is named, and takes nothing else with it", async () => {
  const server = await start({ requests: 3 });
  const token = server.token("office"), file = database(server.data);
  const api = async (path, method = "GET", body, status = 200, more = {}) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      body: body && JSON.stringify(body),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...more },
    });
    const text = await answer.text();
    assert.equal(answer.status, status, `${method} ${path}: ${text}`);
    return JSON.parse(text);
  };
  const change = ({ id, version }, body) =>
    api(`/requests/${id}`, "PATCH", body, 200, { "if-match": `"${version}"` });
  try {
    const filed = { subject: "围墙裂缝", text: "东门围墙", requester_phone: "13800007701" };
    const one = await api("/requests", "POST", filed, 201);
    const two = await api("/requests", "POST", { ...filed, subject: "围墙涂鸦" }, 201);
    const somebody = { name: "章阿姨", area: 3, phone: "13800007702" };
    const person = await api("/people", "POST", somebody, 201);
    // Sealed with another key, as after a start with a wrong one; and what is no seal at all.
    const [[[sealed]]] = rows(file, `SELECT requester_phone FROM requests WHERE id = ${one.id}`);
    const other = sealed.slice(0, 20) + (sealed[20] === "A" ? "B" : "A") + sealed.slice(21);
    rows(
      file,
      `UPDATE requests SET requester_phone = '${other}' WHERE id = ${one.id}`,
      `UPDATE people SET phone = 'damaged' WHERE id = ${person.id}`,
    );
    const list = (await api("/requests?limit=500")).items;
    const [broken, whole] = [one, two].map(({ id }) => list.find((r) => r.id === id));
    assert.deepEqual([broken.requester_phone, broken.unreadable], [null, ["requester_phone"]]);
    assert.deepEqual([whole.requester_phone, whole.unreadable], ["13800007701", undefined]);
    const found = (await api("/requests?q=" + encodeURIComponent("围墙"))).items;
    for (const { id } of [one, two]) assert.ok(found.some((r) => r.id === id)); // beside others
    const office = await server.signIn("office1");
    const read = async (path) => {
      const answer = await office.get(path);
      assert.equal(answer.status, 200, path);
      return answer.text();
    };
    assert.match(await read("/work?view=all"), /围墙裂缝[\s\S]*围墙涂鸦|围墙涂鸦[\s\S]*围墙裂缝/);
    for (const page of ["/registers/people", `/registers/people/${person.id}`]) {
      const text = await read(page);
      assert.match(text, /章阿姨/);
      assert.match(text, new RegExp(`无法解密（记录 ${person.id}）`));
      assert.match(text, /linli reseal/);
    }
    assert.match(await read(`/requests/${one.id}`), /无法解密[\s\S]*linli reseal/);
    await read("/dashboard");
    // Exports hold the rest, and say what is missing.
    for (const format of ["csv", "json"]) {
      const out = linli(["export", "people", "--data", server.data, "--format", format]);
      assert.equal(out.code, 1);
      assert.match(out.stdout, /章阿姨/);
      assert.match(out.stderr, new RegExp(`${person.id}.*linli reseal`));
      assert.doesNotMatch(out.stdout, /damaged|unreadable \/|无法解密/);
    }
    assert.match(server.log, /field_unreadable/);
    // Other fields are changed as ever, and what can't be read stays as it is stored.
    const renamed = await change(broken, { subject: "围墙裂了" });
    assert.deepEqual(renamed.unreadable, ["requester_phone"]);
    const stored = rows(file, `SELECT requester_phone FROM requests WHERE id = ${one.id}`);
    assert.deepEqual(stored[0], [[other]]);
    // Entered anew, it is there again.
    const mended = await change(renamed, { requester_phone: "13800007703" });
    assert.deepEqual([mended.requester_phone, mended.unreadable], ["13800007703", undefined]);
    rows(file, `UPDATE requests SET requester_phone = '${sealed}' WHERE id = ${one.id}`);
    assert.equal((await api(`/requests/${one.id}`)).requester_phone, "13800007701");
  } finally {
    await server.stop();
  }
});

test("a restore to a second holds what that second left, and nothing of the next", async () => {
  const { data, logins } = init({ requests: 0 }), to = join(dirname(data), "by-second");
  const local = (ms) => new Date(ms + 8 * 3600000).toISOString().slice(0, 19).replace("T", " ");
  const token = linli(["token", "--data", data, "--role", "office"]).stdout.trim();
  const server = await start({ data, logins, args: ["--copy-to", to] });
  const second = () => Math.floor(Date.now() / 1000), begin = second();
  let asked = 0;
  // Changes arrive all the time, so that some are committed while others are being copied.
  const clients = Array.from({ length: 6 }, async () => {
    while (second() < begin + 6) {
      const answer = await fetch(`${server.url}/api/v1/requests`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ subject: "每一秒", text: `第${++asked}件` }),
      });
      assert.equal(answer.status, 201);
    }
  });
  await Promise.all(clients);
  const all = "SELECT seq, at_ms / 1000 FROM journal ORDER BY seq";
  await server.stop();
  const [whole] = rows(join(data, "linli.db"), all);
  for (let then = begin + 2; then < begin + 6; then++) {
    const back = join(dirname(data), `at-${then}`);
    const words = ["--from", to, "--at", local(then * 1000), "--data", back];
    const made = linli(["restore", ...words, "--key", join(data, "key")]);
    assert.equal(made.code, 0, made.stderr);
    const [kept] = rows(join(back, "linli.db"), all);
    assert.deepEqual(kept, whole.slice(0, kept.length), "the beginning of the audit log");
    assert.deepEqual(kept.filter(([, at]) => at > then), [], `nothing later than ${then}`);
    // What is missing was stored together with something later, or after it.
    const missing = whole.slice(kept.length).filter(([, at]) => at <= then);
    const next = whole.slice(kept.length).findIndex(([, at]) => at > then);
    assert.ok(missing.length <= 12 && next <= 12, `${missing.length} of ${whole.length} missing`);
    assert.equal(linli(["verify", "--data", back]).code, 0);
  }
});

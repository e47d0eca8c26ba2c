// Run by patroni.sh. Three nodes on loopback ports, one etcd; each round kills the primary and
// its Patroni at once, measures how long nobody was answered, and brings the killed node back
// as a standby.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bin, freePort } from "../http/postgres.mjs";
import { folder, linli, pack, start } from "../http/server.mjs";
import { Ledger, acknowledged, balance, load, resend } from "./ledger.mjs";

const rounds = Number(process.env.ROUNDS ?? 3);
const home = mkdtempSync(join(tmpdir(), "linli-ha-"));
const root = process.getuid() === 0;
const owner = root ? Number(execFileSync("id", ["-u", "postgres"])) : process.getuid();
const as = root ? ["runuser", "-u", "postgres", "--"] : [];
chmodSync(home, 0o755);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const running = new Set();
const begin = (name, ...command) => {
  const log = openSync(join(home, `${name}.log`), "a");
  const child = spawn([...as, ...command][0], [...as, ...command].slice(1), {
    cwd: "/",
    stdio: ["ignore", log, log],
    detached: true,
  });
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
};
const killTree = (pid) => {
  const children = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
    .stdout.split("\n")
    .filter(Boolean)
    .map(Number);
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
  children.forEach(killTree);
};
const nodes = [];
const end = () => {
  for (const child of running) killTree(child.pid);
  for (const node of nodes) if (postmaster(node)) killTree(postmaster(node));
  rmSync(home, { recursive: true, force: true });
};
process.on("exit", end);
after(end);

function postmaster(node) {
  try {
    return Number(readFileSync(join(node.data, "postmaster.pid"), "utf8").split("\n")[0]);
  } catch {
    return 0;
  }
}

async function answers(port, path) {
  try {
    return (
      (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(1000) }))
        .status === 200
    );
  } catch {
    return false;
  }
}
const primary = async () => {
  for (const node of nodes) if (await answers(node.rest, "/primary")) return node;
  return null;
};
const until = async (fits, why, seconds = 90) => {
  for (let i = 0; i < seconds * 5; i++) {
    const got = await fits();
    if (got) return got;
    await pause(200);
  }
  for (const name of readdirSync(home).filter((each) => each.endsWith(".log"))) console.log(`# ${name}: ${readFileSync(join(home, name), "utf8").slice(-1500)}`);
  assert.fail(why);
};

async function node(name, etcd) {
  const made = {
    name,
    port: await freePort(),
    rest: await freePort(),
    data: join(home, name),
    conf: join(home, `${name}.yml`),
  };
  writeFileSync(
    made.conf,
    `
scope: linli
name: ${name}
restapi: { listen: "127.0.0.1:${made.rest}", connect_address: "127.0.0.1:${made.rest}" }
etcd3: { host: "127.0.0.1:${etcd}" }
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: { max_connections: 100, shared_buffers: 32MB, wal_keep_size: 256MB }
  initdb: [ { encoding: UTF8 }, { locale: C.UTF-8 }, data-checksums ]
  pg_hba:
    - "host all all 127.0.0.1/32 trust"
    - "host replication all 127.0.0.1/32 trust"
    - "local all all trust"
postgresql:
  listen: "127.0.0.1:${made.port}"
  connect_address: "127.0.0.1:${made.port}"
  data_dir: ${made.data}
  bin_dir: ${bin}
  pgpass: ${join(home, `${name}.pass`)}
  authentication:
    superuser: { username: linli, password: x }
    replication: { username: copies, password: x }
    rewind: { username: linli, password: x }
  parameters: { unix_socket_directories: "${home}" }
`);
  made.start = () => (made.child = begin(name, "patroni", made.conf));
  made.kill = () => {
    const pid = postmaster(made);
    killTree(made.child.pid);
    if (pid) killTree(pid);
  };
  nodes.push(made);
  return made;
}

test(
  `the primary is killed under load, ${rounds} times`,
  { timeout: 180000 + rounds * 120000 },
  async () => {
    chownSync(home, owner, -1);
    const client = await freePort(),
      peer = await freePort();
    begin(
      "etcd",
      "etcd",
      "--data-dir",
      join(home, "etcd"),
      "--listen-client-urls",
      `http://127.0.0.1:${client}`,
      "--advertise-client-urls",
      `http://127.0.0.1:${client}`,
      "--listen-peer-urls",
      `http://127.0.0.1:${peer}`,
      "--initial-advertise-peer-urls",
      `http://127.0.0.1:${peer}`,
      "--initial-cluster",
      `default=http://127.0.0.1:${peer}`,
    );
    await until(() => answers(client, "/health"), "etcd answers");
    for (const name of ["n1", "n2", "n3"]) (await node(name, client)).start();
    const first = await until(primary, "there is a primary");
    const synchronous = async () =>
      (await Promise.all(nodes.map((each) => answers(each.rest, "/synchronous")))).some(Boolean);
    await until(synchronous, "a standby has what the primary acknowledges");
    execFileSync(join(bin, "createdb"), [
      "-h",
      "127.0.0.1",
      "-p",
      String(first.port),
      "-U",
      "linli",
      "linli",
    ]);
    for (const each of nodes)
      // libpq asks no other node when one says that there is no such database
      await until(
        () =>
          spawnSync(join(bin, "psql"), [
            "-h",
            "127.0.0.1",
            "-p",
            String(each.port),
            "-U",
            "linli",
            "-d",
            "linli",
            "-c",
            "SELECT 1",
          ]).status === 0,
        "every node has the database",
      );
    const data = `postgresql://linli@${nodes.map((each) => `127.0.0.1:${each.port}`).join(",")}/linli?target_session_attrs=read-write&schema=ha`;
    const env = { LINLI_KEYS: folder("keys") };
    const made = linli(["init", "--data", data, "--pack", pack], { env });
    assert.equal(made.code, 0, made.stderr);
    const token = linli(["token", "--data", data, "--role", "office"], { env }).stdout.trim();
    const server = await start({ data, logins: {}, env });
    const ledger = new Ledger(),
      gaps = [];
    const stored = async () => {
      const at = await until(primary, "there is a primary");
      const text = execFileSync(
        join(bin, "psql"),
        [
          "-h",
          "127.0.0.1",
          "-p",
          String(at.port),
          "-U",
          "linli",
          "-d",
          "linli",
          "-Atqc",
          "SELECT text || E'\\t' || count(*) FROM ha.requests WHERE subject = '故障测试' GROUP BY text",
        ],
        { encoding: "utf8", maxBuffer: 1 << 28 },
      );
      return new Map(
        text
          .trim()
          .split("\n")
          .filter(Boolean)
          .map((line) => line.split("\t"))
          .map(([t, n]) => [t, Number(n)]),
      );
    };
    for (let round = 0; round < rounds; round++) {
      await until(synchronous, "a standby is in step");
      const stop = load(server, ledger, token);
      await acknowledged(ledger, 60, server);
      const dead = await until(primary, "there is a primary");
      const from = Date.now();
      dead.kill();
      await until(
        async () => (await primary()) !== null && (await primary()) !== dead,
        "another is the primary",
      );
      await acknowledged(ledger, 40, server);
      await stop();
      const times = [...ledger.entries.values()]
        .map((entry) => entry.at)
        .filter((at) => at > from - 1000)
        .sort((a, b) => a - b);
      // the longest time without an answer
      gaps.push(Math.max(...times.slice(1).map((at, i) => at - times[i])) / 1000);
      await until(async () => {
        await resend(server, ledger, token);
        return ledger.open.length === 0;
      }, "what was not answered is stored when it is sent again");
      balance(ledger, await stored());
      dead.start();
      await until(() => answers(dead.rest, "/replica"), "the killed node comes back as a standby");
    }
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const checked = linli(["verify", "--data", data], { env });
    assert.equal(checked.code, 0, checked.stderr);
    console.log(
      `# ${ledger.number} changes, ${rounds} primaries killed, none lost, none twice; without an answer for ${gaps.map((g) => g.toFixed(1)).join(", ")} s`,
    );
  },
);

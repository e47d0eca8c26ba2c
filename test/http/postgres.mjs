// A PostgreSQL of a test's own: a temporary folder, a free loopback port, gone with the process.
//
//   const pg = await cluster();            null when PostgreSQL is not installed
//   pg.address()                           postgresql://linli@127.0.0.1:PORT/linli
//   await pg.kill();  await pg.start();    as if the machine had lost power, and back (fsync is on)
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const versions = "/usr/lib/postgresql";
const newest = existsSync(versions) && readdirSync(versions).sort((a, b) => b - a).find((v) => existsSync(join(versions, v, "bin/initdb")));
export const bin = newest ? join(versions, newest, "bin") : null;

export const freePort = () =>
  new Promise((done) => {
    const s = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });

export async function cluster(settings = {}) {
  if (!bin) return null;
  const folder = mkdtempSync(join(tmpdir(), "linli-pg-"));
  const root = process.getuid() === 0;
  const as = root ? ["runuser", "-u", "postgres", "--"] : [];
  if (root) chownSync(folder, Number(execFileSync("id", ["-u", "postgres"])), -1);
  const run = (...command) => execFileSync([...as, ...command][0], [...as, ...command].slice(1), { cwd: "/", encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  run(join(bin, "initdb"), "-D", join(folder, "data"), "-U", "linli", "-A", settings.auth ?? "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N",
    ...(settings.pwfile ? ["--pwfile", settings.pwfile] : []));
  const port = await freePort();
  const own = { folder, port };
  const postmaster = () => {
    try {
      return Number(readFileSync(join(folder, "data/postmaster.pid"), "utf8").split("\n")[0]);
    } catch {
      return 0;
    }
  };
  own.start = () =>
    run(join(bin, "pg_ctl"), "-D", join(folder, "data"), "-w", "-t", "60", "-l", join(folder, "log"), "-o",
      `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c shared_buffers=32MB -c max_connections=${settings.connections ?? 100} -c fsync=${settings.fsync ?? "on"}`, "start");
  /** Every process of the server at once, without a word. */
  own.kill = async () => {
    const pid = postmaster();
    if (!pid) return;
    const children = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout.split("\n").filter(Boolean).map(Number);
    for (const each of [pid, ...children])
      try {
        process.kill(each, "SIGKILL");
      } catch {}
    for (let i = 0; i < 200 && [pid, ...children].some((each) => existsSync(`/proc/${each}`)); i++) await new Promise((done) => setTimeout(done, 20));
    rmSync(join(folder, "data/postmaster.pid"), { force: true });
  };
  own.stop = () => spawnSync([...as, "x"][0] === "x" ? join(bin, "pg_ctl") : "runuser", [...as.slice(1), ...(as.length ? [join(bin, "pg_ctl")] : []), "-D", join(folder, "data"), "-m", "immediate", "-w", "stop"], { cwd: "/" });
  own.sql = (text, database = "linli") =>
    execFileSync(join(bin, "psql"), ["-h", "127.0.0.1", "-p", String(port), "-U", "linli", "-d", database, "-Atqc", text], { encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, ...settings.env } }).trim();
  own.address = (more = "") => `postgresql://linli@127.0.0.1:${port}/linli${more}`;
  own.start();
  run(join(bin, "createdb"), "-h", folder, "-p", String(port), "-U", "linli", "linli");
  process.on("exit", () => {
    own.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return own;
}

/** A way to a port that can be cut: nothing passes, nobody is told. */
export async function tunnel(to) {
  const pairs = new Set();
  const own = { cut: false };
  const listener = net.createServer((from) => {
    const on = net.connect(to, "127.0.0.1");
    const pair = [from, on];
    pairs.add(pair);
    for (const [a, b] of [pair, [on, from]]) {
      a.on("data", (part) => ((own.cut ||= Boolean(own.until && part.includes(own.until))) ? own.held.push(() => b.write(part)) : b.write(part)));
      a.on("error", () => b.destroy());
      a.on("close", () => (b.destroy(), pairs.delete(pair)));
    }
  });
  await new Promise((done) => listener.listen(0, "127.0.0.1", done));
  own.port = listener.address().port;
  own.held = [];
  own.stall = () => (own.cut = true);
  own.stallAt = (text) => (own.until = text); // as soon as somebody says it
  own.resume = () => {
    own.cut = false;
    own.until = null;
    for (const go of own.held.splice(0)) go();
  };
  own.drop = () => {
    for (const pair of pairs) for (const s of pair) s.destroy();
    own.held = [];
  };
  own.close = () => {
    listener.close();
    for (const pair of pairs) for (const s of pair) s.destroy();
  };
  return own;
}

// A PostgreSQL of a test's own: a temporary folder, a free loopback port, gone with the process.
//
//   const pg = await cluster();            null when PostgreSQL is not installed
//   const pg = await cluster({ place: far() });   on a machine of its own, seen from its network
//   pg.address()                           postgresql://linli@127.0.0.1:PORT/linli
//   await pg.kill();  await pg.start();    as if the machine had lost power, and back (fsync is on)
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const versions = "/usr/lib/postgresql";
const newest =
  existsSync(versions) &&
  readdirSync(versions)
    .sort((a, b) => b - a)
    .find((v) => existsSync(join(versions, v, "bin/initdb")));
export const bin = newest ? join(versions, newest, "bin") : null;

export const freePort = () =>
  new Promise((done) => {
    const s = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });

/**
 * A network of its own with a wire to it: { name, here, there, cut(), mend() }. Packets that are
 * sent while the wire is cut are lost.
 * null: that needs root and network namespaces.
 */
export function far() {
  const name = `linli${process.pid}`,
    net = `10.213.${process.pid % 250}`,
    own = { name, here: `${net}.1`, there: `${net}.2` };
  const ip = (...words) => execFileSync("ip", words, { stdio: "ignore" });
  const remove = () => spawnSync("ip", ["netns", "del", name]); // the wire goes with it
  try {
    ip("netns", "add", name);
    ip("link", "add", `${name}a`, "type", "veth", "peer", "name", `${name}b`, "netns", name);
    for (const [end, address, at] of [
      [`${name}a`, own.here, []],
      [`${name}b`, own.there, ["-n", name]],
    ]) {
      ip(...at, "addr", "add", `${address}/30`, "dev", end);
      ip(...at, "link", "set", end, "up");
    }
    ip("-n", name, "link", "set", "lo", "up");
  } catch {
    remove();
    return null;
  }
  own.cut = () => ip("-n", name, "link", "set", `${name}b`, "down");
  own.mend = () => ip("-n", name, "link", "set", `${name}b`, "up");
  process.on("exit", remove);
  return own;
}

export async function cluster(settings = {}) {
  if (!bin) return null;
  const { place } = settings;
  const folder = mkdtempSync(join(tmpdir(), "linli-pg-"));
  const root = process.getuid() === 0;
  const as = root ? ["runuser", "-u", "postgres", "--"] : [];
  if (root) chownSync(folder, Number(execFileSync("id", ["-u", "postgres"])), -1);
  const run = (...command) =>
    execFileSync([...as, ...command][0], [...as, ...command].slice(1), {
      cwd: "/",
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const within = (...command) =>
    place
      ? execFileSync("nsenter", [`--net=/run/netns/${place.name}`, ...as, ...command], {
          cwd: "/",
          stdio: ["ignore", "ignore", "pipe"],
        })
      : run(...command);
  run(
    join(bin, "initdb"),
    "-D",
    join(folder, "data"),
    "-U",
    "linli",
    "-A",
    settings.auth ?? "trust",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
    "-N",
    ...(settings.pwfile ? ["--pwfile", settings.pwfile] : []),
  );
  if (place)
    appendFileSync(join(folder, "data/pg_hba.conf"), `host all all ${place.here}/32 trust\n`);
  const port = await freePort();
  const own = { folder, port, host: place ? place.there : "127.0.0.1" };
  const postmaster = () => {
    try {
      return Number(readFileSync(join(folder, "data/postmaster.pid"), "utf8").split("\n")[0]);
    } catch {
      return 0;
    }
  };
  own.start = () =>
    within(
      join(bin, "pg_ctl"),
      "-D",
      join(folder, "data"),
      "-w",
      "-t",
      "60",
      "-l",
      join(folder, "log"),
      "-o",
      `-p ${port} -k ${folder} -c listen_addresses=${own.host} -c shared_buffers=32MB -c max_connections=${settings.connections ?? 100} -c fsync=${settings.fsync ?? "on"}`,
      "start",
    );
  /** Every process of the server at once, without a word. */
  own.kill = async () => {
    const pid = postmaster();
    if (!pid) return;
    const children = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
      .stdout.split("\n")
      .filter(Boolean)
      .map(Number);
    for (const each of [pid, ...children])
      try {
        process.kill(each, "SIGKILL");
      } catch {}
    for (
      const end = Date.now() + 120000;
      [pid, ...children].some((each) => existsSync(`/proc/${each}`));
      await new Promise((done) => setTimeout(done, 20))
    )
      if (Date.now() > end) throw new Error("PostgreSQL was killed and is still there");
    rmSync(join(folder, "data/postmaster.pid"), { force: true });
  };
  own.stop = () =>
    spawnSync(
      [...as, "x"][0] === "x" ? join(bin, "pg_ctl") : "runuser",
      [
        ...as.slice(1),
        ...(as.length ? [join(bin, "pg_ctl")] : []),
        "-D",
        join(folder, "data"),
        "-m",
        "immediate",
        "-w",
        "stop",
      ],
      { cwd: "/" },
    );
  own.sql = (text, database = "linli") =>
    execFileSync(
      join(bin, "psql"),
      [
        "-h",
        place ? folder : "127.0.0.1",
        "-p",
        String(port),
        "-U",
        "linli",
        "-d",
        database,
        "-Atqc",
        text,
      ],
      { encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, ...settings.env } },
    ).trim();
  own.address = (more = "") => `postgresql://linli@${own.host}:${port}/linli${more}`;
  own.start();
  run(join(bin, "createdb"), "-h", folder, "-p", String(port), "-U", "linli", "linli");
  process.on("exit", () => {
    own.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return own;
}

/** A way to a port that can be cut: nothing passes, nobody is told. */
export async function tunnel(to, host = "127.0.0.1") {
  const pairs = new Set();
  const own = { cut: false };
  const listener = net.createServer((from) => {
    const on = net.connect(to, host);
    const pair = [from, on];
    pairs.add(pair);
    for (const [a, b] of [pair, [on, from]]) {
      a.on("data", (part) =>
        (own.cut ||= Boolean(own.until && part.includes(own.until)))
          ? own.held.push(() => b.write(part))
          : b.write(part),
      );
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

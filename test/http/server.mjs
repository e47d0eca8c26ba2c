// Starts the real program for a test: a data folder of its own, a free port, and an end that
// leaves nothing.
//
//   import { start, linli } from "./server.mjs";
//   const server = await start();          // init with the demonstration pack, then serve
//   await fetch(`${server.url}/`);
//   const visitor = await server.signIn("office1");
//   await visitor.get("/work");
//   await server.stop();
//
// LINLI names another binary; LINLI_KEEP=1 leaves the data folders.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const binary =
  process.env.LINLI ??
  [join(root, "build/test/linli"), join(root, "build/linli")].find((file) => existsSync(file));
export const pack = join(root, "pack/chengdong");

const environment = { ...process.env, LANG: "C", LC_ALL: "C", ASAN_OPTIONS: "detect_leaks=0" };

// so that what ends with the process does
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** A fresh folder that is removed when the tests end. */
export function folder(name = "data") {
  const made = mkdtempSync(join(tmpdir(), "linli-test-"));
  process.on(
    "exit",
    () => process.env.LINLI_KEEP || rmSync(made, { recursive: true, force: true }),
  );
  return join(made, name);
}

/** Runs a command to its end: { code, signal, stdout, stderr }. */
export function linli(args, { input, env } = {}) {
  const done = spawnSync(binary, args, {
    input,
    env: { ...environment, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return { code: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr };
}

/**
 * A new installation: { data, logins: { admin: password, … } }. Making one takes a while, so
 * script/test names a folder (LINLI_READY) that keeps the first of each kind; the next is a copy.
 */
export function init({ data = folder(), requests = 0, pack: from = pack } = {}) {
  const ready =
    process.env.LINLI_READY &&
    join(process.env.LINLI_READY, createHash("sha256").update(`${from} ${requests}`).digest("hex"));
  if (ready && existsSync(ready)) {
    cpSync(join(ready, "data"), data, { recursive: true });
    return { data, logins: JSON.parse(readFileSync(join(ready, "logins.json"), "utf8")) };
  }
  const made = linli([
    "init",
    "--data",
    data,
    ...(from ? ["--pack", from] : []),
    "--requests",
    String(requests),
  ]);
  if (made.code !== 0) throw new Error(`init: ${made.stderr}`);
  const logins = passwords(made.stdout);
  if (ready) {
    const half = mkdtempSync(`${ready}-`);
    cpSync(data, join(half, "data"), { recursive: true });
    writeFileSync(join(half, "logins.json"), JSON.stringify(logins));
    try {
      renameSync(half, ready);
    } catch {
      rmSync(half, { recursive: true }); // another file's test was first
    }
  }
  return { data, logins };
}

/** The accounts that init and tenant add print: { login: password }. */
export const passwords = (text) =>
  Object.fromEntries(
    [...text.matchAll(/^(\S+)\s+([0-9A-Z]{12})(?=\s|$)/gm)].map(([, login, password]) => [
      login,
      password,
    ]),
  );

/** Adds a volunteer's login; its password. */
export function user(data, login, name, role = "volunteer") {
  const added = linli([
    "user",
    "add",
    login,
    "--name",
    name,
    "--role",
    role,
    "--area",
    "441202001001",
    "--generate",
    "--data",
    data,
  ]);
  const password = added.stdout.match(/[0-9A-Z]{12}/)?.[0];
  if (!password) throw new Error(`user add: ${added.stderr}`);
  return password;
}

/** Serves an installation (made now unless data is given). */
export async function start(options = {}) {
  const { data, logins } = options.data
    ? { data: options.data, logins: options.logins ?? {} }
    : init(options);
  const command = options.limit
    ? ["bash", ["-c", `ulimit ${options.limit}; exec "$@"`, "linli", binary]]
    : [binary, []];
  const child = spawn(
    command[0],
    [
      ...command[1],
      "serve",
      "--data",
      data,
      "--listen",
      `${options.host ?? "127.0.0.1"}:${options.port ?? 0}`,
      ...(options.args ?? []),
    ],
    { env: { ...environment, ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  const server = { data, logins, child, log: "" };
  child.stderr.setEncoding("utf8").on("data", (text) => (server.log += text));
  const ended = new Promise((done) => child.on("exit", (code, signal) => done({ code, signal })));
  server.url = await new Promise((opened, failed) => {
    child.on("error", failed);
    ended.then(({ code, signal }) => failed(new Error(`serve ended with ${code ?? signal}: ${server.log}`)));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      out += text;
      const at = out.match(/http:\/\/[^/\s]+/);
      if (at) opened(at[0]);
    });
  });
  server.port = Number(new URL(server.url).port);
  const leave = () => child.kill("SIGKILL");
  process.on("exit", leave);
  // A server that a failed test leaves behind does not keep its file from ending; whoever waits
  // for its end does wait.
  for (const each of [child, child.stdout, child.stderr]) each.unref();
  Object.defineProperty(server, "ended", { get: () => (child.ref(), ended) });
  server.stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    const end = await server.ended;
    process.off("exit", leave);
    return end;
  };
  server.kill = () => server.stop("SIGKILL");
  server.token = (role, ...more) => token(data, role, ...more);
  /* A program with a token of this role: what the API answers to a call, as JSON. */
  server.program = (role) => {
    const authorization = `Bearer ${server.token(role)}`;
    return async (method, path, body) => {
      const headers = { authorization, ...(body ? { "content-type": "application/json" } : {}) };
      const sent = { method, body: body && JSON.stringify(body), headers };
      return (await fetch(`${server.url}/api/v1${path}`, sent)).json();
    };
  };
  server.visitor = () => new Visitor(server.url);
  server.signIn = async (login, password = logins[login]) => {
    const visitor = new Visitor(server.url);
    const answer = await visitor.post("/login", { login, password });
    if (answer.status !== 303) throw new Error(`${login} was not signed in: ${answer.status}`);
    return visitor;
  };
  return server;
}

/* The system's own: one that a version manager chooses takes longer to start than to run. */
const interpreter = ["/usr/bin/python3", "python3"].find(
  (file) => file === "python3" || existsSync(file),
);

/** What a Python script prints, as bytes. */
export function python(script, args = [], input) {
  const done = spawnSync(interpreter, ["-S", "-c", script, ...args], { input, maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`python3: ${done.stderr}`);
  return done.stdout;
}

/** The rows of each statement on a SQLite file, behind the program's back. */
export const rows = (file, ...statements) =>
  JSON.parse(python(`
import json, sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=30)
rows = [c.execute(s).fetchall() for s in sys.argv[2:]]
c.commit()
print(json.dumps(rows))`, [file, ...statements]));

/**
 * Holds the write lock of a SQLite file; who calls what is answered runs the statement and
 * lets go.
 */
export async function lock(file, statement = "SELECT 1") {
  const child = spawn(interpreter, ["-S", "-c", `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
c.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
c.execute(sys.argv[2])
c.execute("COMMIT")`, file, statement], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await Promise.race([
    once(child.stdout, "data"),
    ended.then(([code]) => Promise.reject(new Error(`the lock ended with ${code}`))),
  ]);
  return async () => {
    child.stdin.end("go\n");
    assert.equal((await ended)[0], 0, "the lock was held and let go");
  };
}

/** The date (and time) some days from now in the community's time: "2026-03-05T09:30". */
export const day = (days, clock = "") =>
  new Date(Date.now() + (days * 24 + 8) * 3600e3).toISOString().slice(0, 10) +
  (clock && `T${clock}`);
/** A page's words without its tags. */
export const plain = (html) =>
  html
    .replace(/<template[\s\S]*?<\/template>/g, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
/** The number in the address that a form leads to. */
export const idIn = (answer) => Number(answer.headers.get("location")?.match(/\d+/)?.[0]);
/** An answer with this status; another one fails with the words of its page. */
export async function sent(answer, status = 303) {
  if (answer.status !== status)
    assert.fail(`${answer.status}: ${plain(await answer.text()).slice(0, 900)}`);
  return answer;
}
/** A page, which must be there. */
export const read = async (visitor, path) => (await sent(await visitor.get(path), 200)).text();

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Waits for what the program does by itself, as long as the slowest machine needs. A broken
 * connection counts as no answer yet.
 * why: what was waited for, a text or a function that says it.
 */
export async function until(fits, why) {
  for (const end = Date.now() + 120000; ; await pause(50)) {
    try {
      if (await fits()) return;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    if (Date.now() > end) assert.fail(typeof why === "function" ? why() : why);
  }
}

/**
 * Waits until the clock shows another second than it does: what is told apart by the second
 * is then later.
 */
export const nextSecond = (now = Math.floor(Date.now() / 1000)) =>
  until(() => Date.now() / 1000 >= now + 1, "time goes on");

/**
 * A session of that account without signing in, which is limited by address: for tests that
 * need many at once.
 */
export function session(server, login) {
  const visitor = server.visitor();
  visitor.cookies.set("linli", python(`
import hashlib, secrets, sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], timeout=30)
token, now = secrets.token_hex(32), int(time.time())
done = c.execute('INSERT INTO sessions (token_hash, "user", created, seen, expires) SELECT ?, id, ?, ?, ? FROM users WHERE login = ?',
  (hashlib.blake2b(token.encode(), digest_size=32).digest(), now, now, now + 3600, sys.argv[2]))
c.commit()
assert done.rowcount == 1, sys.argv[2]
print(token)`, [join(server.data, "linli.db"), login]).toString().trim());
  return visitor;
}

/** An API token's text. more: "--area", "CODE" … */
export function token(data, role, ...more) {
  const made = linli(["token", "--data", data, "--role", role, ...more]);
  if (made.code !== 0) throw new Error(`token: ${made.stderr}`);
  return made.stdout.trim().split("\n").pop();
}

/** The cookies that an answer sets, a line each. Node 18's fetch gives them in one line. */
export const setCookies = ({ headers }) =>
  headers.getSetCookie?.() ?? headers.get("set-cookie")?.split(/, (?=[^\s;,=]+=)/) ?? [];

/**
 * A browser without a window: keeps cookies, follows nothing, puts a page's hidden fields
 * into what it sends.
 */
export class Visitor {
  constructor(url) {
    this.url = url;
    this.cookies = new Map();
  }
  async send(method, path, { headers = {}, body } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(this.url + path, {
      method,
      body,
      redirect: "manual",
      headers: { ...(cookie ? { cookie } : {}), ...headers },
    });
    for (const set of setCookies(answer)) {
      const [pair] = set.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      if (/Max-Age=0/.test(set)) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(name.length + 1));
    }
    return answer;
  }
  get(path, headers) {
    return this.send("GET", path, { headers });
  }
  /** The page's hidden fields: CSRF token, idempotency key, what the form keeps. */
  async hidden(path) {
    const page = await (await this.get(path)).text();
    const found = {};
    for (const [tag] of page.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      const name = tag.match(/name="([^"]*)"/)?.[1];
      if (name) found[name] = tag.match(/value="([^"]*)"/)?.[1] ?? "";
    }
    return found;
  }
  post(path, fields, headers) {
    return this.send("POST", path, {
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams(
        Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
      ).toString(),
    });
  }
  /** Opens the page with the form, fills it in and sends it to its address. */
  async submit(page, action, fields) {
    return this.post(action, { ...(await this.hidden(page)), ...fields });
  }
}

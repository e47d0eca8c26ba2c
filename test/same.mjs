// Compares what two builds of Linli show of the same store: exports of every kind, figures,
// routes, steps, and each page that a link leads to, for every demonstration account and for a
// resident.
//
//   node test/same.mjs OLD_BINARY NEW_BINARY [FOLDER]
//
// It writes FOLDER/old and FOLDER/new. The exit code is 1 if they differ.
//
// OLD makes the store; NEW gets a copy (and migrates it). Both run with the same frozen time if
// faketime is installed. What is random by design (form keys, nonces, sealed words) is replaced
// before comparing.
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pack, passwords, pause, Visitor } from "./http/server.mjs";

const [oldBinary, newBinary, target] = process.argv.slice(2);
if (!newBinary) {
  console.error("node test/same.mjs OLD_BINARY NEW_BINARY [FOLDER]");
  process.exit(2);
}
const MOST = Number(process.env.PAGES ?? 400); // pages of one account
const out = resolve(target ?? mkdtempSync(join(tmpdir(), "linli-same-")));
const time = "2026-11-29 10:00:30";
const frozen = existsSync("/usr/bin/faketime") ? ["/usr/bin/faketime", "-f", time] : [];
const environment = {
  ...process.env,
  LANG: "C",
  LC_ALL: "C",
  TZ: "Asia/Shanghai",
  FAKETIME_DONT_FAKE_MONOTONIC: "1",
};

function run(binary, args) {
  const [program, ...rest] = [...frozen, resolve(binary), ...args];
  const done = spawnSync(program, rest, { env: environment, encoding: "utf8", maxBuffer: 1 << 28 });
  return `${done.stdout}${done.status ? `\nexit ${done.status}: ${done.stderr}` : ""}`;
}

const dull = [
  [/(name="(?:csrf|key|_csrf|_key)" value=")[^"]*/g, "$1…"],
  [/(nonce(?:="|-))[A-Za-z0-9+/=_-]+/g, "$1…"],
  [/((?:q|back|to|keep|s)=)[A-Za-z0-9_-]{30,}/g, "$1…"],
  [/(\/assets\/[a-z0-9-]+)[.-][0-9a-f]{6,}(\.[a-z0-9]+)/g, "$1$2"],
  [/value="[A-Za-z0-9_-]{32,}"/g, 'value="…"'],
  [/(data-live="[^"]*)\d+"/g, "$1…\""],
];
const plain = (text) =>
  dull.reduce((t, [from, to]) => t.replace(from, to), text).replaceAll("><", ">\n<");

/** Every page an account is led to, by address. */
async function crawl(visitor, starts) {
  const pages = {};
  const waiting = [...starts], seen = new Set(waiting), shapes = new Map();
  while (waiting.length && Object.keys(pages).length < MOST) {
    const path = waiting.shift();
    const answer = await visitor.get(path);
    const type = answer.headers.get("content-type") ?? "";
    const body = /html|json|text|calendar|csv/.test(type) ? await answer.text() : `${type} ${(await answer.arrayBuffer()).byteLength > 0}`;
    pages[path] = `${answer.status} ${type} ${answer.headers.get("location") ?? ""}\n${plain(body)}`;
    for (const [, href] of body.matchAll(/href="(\/[^"#]*)/g)) {
      const next = href.replaceAll("&amp;", "&");
      const shape = next.replace(/\d+/g, "0").replace(/=[^&]*/g, "="); // three of a kind are enough
      const many = (shapes.get(shape) ?? 0) + 1;
      if (seen.has(next) || many > 3 || /logout|assets|q=|live|xlsx|\.pdf|backup/.test(next))
        continue;
      shapes.set(shape, many);
      seen.add(next);
      waiting.push(next);
    }
  }
  return pages;
}

/** A port that nobody uses: both are served on it, because pages and codes contain the address. */
const port = await new Promise((found) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port: free } = probe.address();
    probe.close(() => found(free));
  });
});

async function look(binary, data, logins, into) {
  mkdirSync(into, { recursive: true });
  writeFileSync(
    join(into, "figures"),
    run(binary, ["figures", "--data", data]).replace(/counted.*|\d\d:\d\d:\d\d/g, "…"),
  );
  for (const command of [["routes"], ["steps"], ["steps", "--format", "markdown"]])
    writeFileSync(join(into, command.join("")), run(binary, command));
  for (const kind of allKinds(binary, data))
    for (const format of ["csv", "json"])
      writeFileSync(
        join(into, `${kind}.${format}`),
        run(binary, ["export", kind, "--data", data, "--format", format]),
      );
  const child = spawn(
    [...frozen, resolve(binary)][0],
    [
      ...frozen.slice(1),
      ...(frozen.length ? [resolve(binary)] : []),
      "serve",
      "--data",
      data,
      "--listen",
      `127.0.0.1:${port}`,
    ],
    { env: environment, stdio: ["ignore", "pipe", "inherit"], detached: true },
  );
  const url = await new Promise((opened) => {
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const at = (said += text).match(/http:\/\/[^/\s]+/);
      if (at) opened(at[0]);
    });
  });
  try {
    await indexed(url, logins);
    for (const login of [null, ...Object.keys(logins)]) {
      const visitor = new Visitor(url);
      if (login) {
        const answer = await visitor.post("/login", { login, password: logins[login] });
        if (answer.status !== 303) throw new Error(`${login}: ${answer.status}`);
      }
      const pages = await crawl(visitor, login ? ["/work", "/", "/account"] : ["/"]);
      for (const [path, text] of Object.entries(pages))
        writeFileSync(join(into, `${login ?? "resident"} ${encodeURIComponent(path)}`.slice(0, 240)), text.replaceAll(url, "http://x"));
    }
  } finally {
    process.kill(-child.pid, "SIGTERM");
  }
}

/** Waits until the search index has caught up: similar requests come from it. */
async function indexed(url, logins) {
  const visitor = new Visitor(url);
  await visitor.post("/login", { login: "office1", password: logins.office1 });
  for (let before = "", same = 0, n = 0; same < 3 && n < 100; n++) {
    await pause(300);
    const page = plain(await (await visitor.get(`/requests/300?look=${n}`)).text()).replaceAll(
      `look=${n}`,
      "",
    );
    same = page === before && /data-similar|\/requests\/\d+"/.test(page) ? same + 1 : 0;
    before = page;
  }
}

/** The kinds that a message of the program names. */
function allKinds(binary, data) {
  const [program, ...rest] = [...frozen, resolve(binary), "export", "nothing", "--data", data];
  const said = spawnSync(program, rest, { env: environment, encoding: "utf8" }).stderr;
  return said.match(/:\s*([a-z_ -]+)\.?\s*$/m)?.[1].trim().split(/\s+/) ?? [];
}

rmSync(join(out, "old"), { recursive: true, force: true });
rmSync(join(out, "new"), { recursive: true, force: true });
const data = join(mkdtempSync(join(tmpdir(), "linli-same-")), "data");
const logins = passwords(run(oldBinary, ["init", "--data", data, "--pack", pack]));
for (const [name, binary] of [["old", oldBinary], ["new", newBinary]]) {
  cpSync(data, `${data}-${name}`, { recursive: true });
  await look(binary, `${data}-${name}`, logins, join(out, name));
}
const differ = spawnSync("diff", ["-rq", join(out, "old"), join(out, "new")], { encoding: "utf8" });
const count = spawnSync("ls", [join(out, "old")], { encoding: "utf8" })
  .stdout.trim()
  .split("\n").length;
console.log(differ.stdout);
console.log(`${count} outputs compared in ${out}, ${differ.stdout.trim() ? differ.stdout.trim().split("\n").length : 0} differ`);
process.exit(differ.status);

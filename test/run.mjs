// Runs test files, each in a process of its own, on Node 18 as on later ones: node --test of
// Debian's 18 can't be told how many at once. Shows what failed or broke off, and ends with "N
// passed, N failed, N skipped".
//
//   node test/run.mjs [--at-once N] [--slowest N] FILE…
//
// A file that ends before its tests do, in which no test ran, or that says nothing for twenty
// minutes has failed: its whole output is shown, with the reason. --slowest names the tests
// that took longest. Files begin in the order given.
import { spawn } from "node:child_process";
import { basename } from "node:path";

const SILENT = 20 * 60000;
const files = [], own = { "at-once": 1, slowest: 0 };
for (let words = process.argv.slice(2); words.length; ) {
  const word = words.shift(), name = word.replace(/^--/, "");
  if (word === name) files.push(word);
  else if (name in own && Number(words[0]) >= 0) own[name] = Number(words.shift());
  else {
    console.error("usage: node test/run.mjs [--at-once N] [--slowest N] FILE…");
    process.exit(2);
  }
}

const running = new Set(), slow = [], sum = { pass: 0, fail: 0, skipped: 0 };
const end = (child, signal = "SIGKILL") => {
  try {
    process.kill(-child.pid, signal); // with everything that it has started
  } catch {}
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    for (const child of running) end(child, "SIGTERM");
    process.exit(130);
  });

/**
 * What a file's lines say: how many tests ended how, what is said of those that failed,
 * whether the file came to its end.
 */
export function reading(text) {
  const found = { pass: 0, fail: 0, skipped: 0, whole: false, failures: [], times: [] };
  const count = (word) =>
    [...text.matchAll(new RegExp(`^# ${word} (\\d+)$`, "gm"))].map(([, n]) => Number(n)).pop();
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const [, depth, not, title, skip] = lines[i].match(/^( *)(not )?ok \d+(?: - (.*?))?( # SKIP.*| # TODO.*)?$/) ?? [];
    if (depth === undefined) continue;
    const block = [lines[i]];
    if (lines[i + 1]?.trim() === "---")
      while (++i < lines.length && block.push(lines[i]) && lines[i] !== `${depth}  ...`);
    const ms = Number(block.join("\n").match(/duration_ms: ([\d.]+)/)?.[1] ?? 0);
    if (not) found.failures.push(block.join("\n"));
    if (depth) continue;
    found.times.push([ms, title]);
    found[not ? "fail" : skip ? "skipped" : "pass"]++;
  }
  // only what was said so far
  if (count("duration_ms") === undefined && !/^# duration_ms /m.test(text)) return found;
  const [pass, fail, cancelled, skipped, todo] = [
    "pass",
    "fail",
    "cancelled",
    "skipped",
    "todo",
  ].map(count);
  return Object.assign(found, {
    whole: true,
    pass,
    fail: fail + cancelled,
    skipped: skipped + todo,
  });
}

/** A failure with the page that was not as expected is long: what is left out is said. */
function brief(failure) {
  const lines = failure
    .split("\n")
    .map((line) =>
      line.length > 300 ? `${line.slice(0, 300)}… (and ${line.length - 300} more)` : line,
    );
  return lines.length <= 60
    ? lines.join("\n")
    : [
        ...lines.slice(0, 40),
        `  … (${lines.length - 60} lines left out)`,
        ...lines.slice(-20),
      ].join("\n");
}

async function run(file) {
  const child = spawn(process.execPath, ["--test-reporter=tap", file], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let out = "", all = "", silent = false, timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      end(child, "SIGTERM"); // so that it stops what it has started
      timer = setTimeout(end, 10000, child);
    }, SILENT);
  };
  heard();
  child.stdout.setEncoding("utf8").on("data", (text) => ((out += text), (all += text), heard()));
  child.stderr.setEncoding("utf8").on("data", (text) => ((all += text), heard()));
  const { code, signal } = await new Promise((done) => {
    child.on("error", (error) => ((all += error.stack), done({ code: error.code })));
    child.on("close", (code, signal) => done({ code, signal }));
    child.on("exit", (code, signal) => {
      end(child); // what it left running ends too
      setTimeout(done, 5000, { code, signal }); // and does not hold this up
    });
  });
  clearTimeout(timer);
  running.delete(child);

  const found = reading(out),
    name = basename(file);
  const why = silent
    ? `said nothing for ${SILENT / 60000} minutes`
    : !found.whole
      ? `ended with ${signal ?? `code ${code}`} before its tests did`
      : found.pass + found.fail + found.skipped === 0
        ? "has no tests"
        : code !== 0 && found.fail === 0
          ? `ended with ${signal ?? `code ${code}`} though its tests passed`
          : "";
  if (why) {
    found.fail++;
    console.log(`not ok: ${file} ${why}; it said:\n${all.trimEnd().split("\n").map((line) => `  | ${line}`).join("\n")}`);
  } else
    for (const failure of found.failures) console.log(`${name}: ${brief(failure)}`);
  for (const word in sum) sum[word] += found[word];
  slow.push(...found.times.map(([ms, title]) => [ms, `${name}: ${title}`]));
}

const next = files[Symbol.iterator]();
await Promise.all(Array.from({ length: Math.max(1, own["at-once"]) }, async () => {
  for (const file of next) await run(file);
}));
if (own.slowest) for (const [ms, title] of slow.sort(([a], [b]) => b - a).slice(0, own.slowest)) console.log(`${(ms / 1000).toFixed(1).padStart(7)} s  ${title}`);
console.log(`${sum.pass} passed, ${sum.fail} failed, ${sum.skipped} skipped`);
process.exitCode = sum.fail || !sum.pass ? 1 : 0;

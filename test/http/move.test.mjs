// A store goes from a folder to PostgreSQL and back: what it exports is the same, byte for
// byte, and its journal is whole in each place. With the 2,816 messages where they are at hand
// (LINLI_MESSAGES, or ../shared/data beside the sources); otherwise with requests that are as
// odd.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { folder, linli, pack, root } from "./server.mjs";
import { bin, cluster } from "./postgres.mjs";

const env = { LINLI_KEYS: folder("keys") };
const work = dirname(folder());
const run = (...words) => {
  const done = linli(words, { env });
  assert.equal(done.code, 0, `${words.join(" ")}: ${done.stderr}`);
  return done.stdout;
};

const odd = [
  "三楼的灯坏了，\t晚上\n看不见\r\n路",
  "“引号”'单'\"双\"`反`",
  "逗号,分号;竖线|斜杠/反斜杠\\n不是换行",
  "=1+1",
  "+86 13800001234",
  "@SUM(A1)",
  "  前后有空格  ",
  "<script>alert(1)</script>&amp;&#39;",
  "emoji 👵🏻🚑 和生僻字 𠮷𪚥㵘",
  "é 与 é：组合字符",
  "零宽\u200b字符\ufeff在中间",
  "全角１２３ＡＢＣ　空格",
  "NULL",
  "null",
  "true",
  "-0",
  "0013",
  "1e5",
  "2020-01-01",
  "{}",
  '{"a": [1, 2]}',
  "$1 ? :name {} %s %d",
  "''; DROP TABLE requests; --",
  "a".repeat(5000),
  "长".repeat(3000),
  "\u202eمرحبا שלום",
];

function sheet() {
  const cell = (text) => `"${text.replaceAll('"', '""')}"`;
  const rows = Array.from({ length: 400 }, (_, i) => {
    const day = `2019/${(i % 12) + 1}/${(i % 28) + 1}`,
      text = odd[i % odd.length];
    return [
      i + 1,
      `第${i + 1}件 ${text.slice(0, 60)}`,
      `${day} ${i % 24}:00:00`,
      `${text} ${i}`,
      i % 3 ? `已答复：${text}` : "",
      i % 3 ? `${day} 23:59:59` : "",
    ]
      .map((each) => cell(String(each)))
      .join(",");
  });
  const file = join(work, "odd.csv");
  mkdirSync(work, { recursive: true });
  writeFileSync(file, `留言编号,留言主题,留言时间,留言详情,答复意见,答复时间\n${rows.join("\n")}\n`);
  return { file, rows: rows.length };
}

test(
  "there and back: exports are the same byte for byte, the journal is whole",
  { skip: bin ? false : "PostgreSQL is not installed", timeout: 900000 },
  async () => {
    const archive = [
      process.env.LINLI_MESSAGES ?? join(root, "../shared/data/messages-with-replies.xlsx"),
    ].find((each) => existsSync(each));
    const { file, rows } = archive ? { file: archive, rows: 2816 } : sheet();
    const pg = await cluster({ fsync: "off" });
    const places = [join(work, "first"), pg.address("?schema=between"), join(work, "second")];
    run("init", "--data", places[0], "--pack", pack);
    assert.match(
      linli(["import", "requests", file, "--data", places[0]], { env }).stdout,
      new RegExp(`^${rows} added, 0 updated, 0 unchanged, 0 rejected`, "m"),
    );
    const kinds = linli(["export", "nothing", "--data", places[0]], { env })
      .stderr.match(/Available: (.*)\./)[1]
      .split(" ");
    assert.ok(kinds.length > 20);
    const taken = (place) =>
      Object.fromEntries(
        kinds.flatMap((kind) =>
          (kind === "requests" ? ["csv", "json"] : ["json"]).map((format) => [
            `${kind}.${format}`,
            run("export", kind, "--format", format, "--data", place),
          ]),
        ),
      );
    const entries = (place) =>
      Number(run("verify", "--data", place).match(/(\d+) audit log entries/)[1]);
    const first = taken(places[0]);
    assert.ok(first["requests.csv"].split("\n").length > rows);
    for (const [from, to] of [
      [0, 1],
      [1, 2],
    ]) {
      const journal = entries(places[from]);
      run("move", "--from", places[from], "--to", places[to]);
      assert.equal(entries(places[to]), journal, "the journal is the same and verifies");
      const there = taken(places[to]);
      for (const name of Object.keys(first))
        assert.ok(there[name] === first[name], `${name} differs after the move to ${places[to]}`);
    }
    const hash = (text) => createHash("sha256").update(text).digest("hex").slice(0, 16);
    console.log(
      `# ${rows} ${archive ? "messages" : "odd requests"} there and back: CSV ${hash(first["requests.csv"])}, JSON ${hash(first["requests.json"])}, ${Object.keys(first).length} exports alike`,
    );
  },
);

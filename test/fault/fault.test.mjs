// The server is killed in the middle of its work, again and again, while residents go on
// asking. What was acknowledged is there, once; what was not acknowledged is there once or not
// at all, also when it is sent again with its key.
//
//   node --test test/fault/                 12 rounds, about a minute
//   node test/fault/fault.test.mjs --rounds 50
//   ROUNDS=50 node --test test/fault/
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, init, linli, rows, start, token as tokenOf, until } from "../http/server.mjs";
import { Ledger, acknowledged, balance, load, send } from "./ledger.mjs";

const at = process.argv.indexOf("--rounds");
const rounds = Number(at > 0 ? process.argv[at + 1] : (process.env.ROUNDS ?? 12));

/**
 * How often each text is stored, read from the file itself: the program under test is not
 * asked.
 */
const stored = (data) => new Map(rows(join(data, "linli.db"), "SELECT text, count(*) FROM requests GROUP BY text")[0]);

function audit(data, ledger) {
  const checked = linli(["verify", "--data", data]);
  assert.equal(checked.code, 0, checked.stderr);
  balance(ledger, stored(data));
}

test(`kill -9 during load, ${rounds} times`, { timeout: 900000 + rounds * 60000 }, async () => {
  const { data, logins } = init();
  const ledger = new Ledger(), token = tokenOf(data, "office");
  for (let round = 0; round < rounds; round++) {
    const server = await start({ data, logins });
    const again = ledger.open; // sent before the kill and never answered
    await Promise.all(again.map((entry) => send(server, entry, token)));
    assert.ok(again.every((entry) => entry.stored), "what was not answered is stored when it is sent again");
    const before = [...ledger.entries.values()].filter((entry) => entry.stored).slice(-5);
    // and what was, is not stored twice
    await Promise.all(before.map((entry) => send(server, entry, token)));
    const stop = load(server, ledger, token);
    await acknowledged(ledger, 20 + ((round * 37) % 120));
    await server.kill();
    await stop();
    audit(data, ledger);
  }
  assert.ok(ledger.number > rounds * 20);
});

test("SIGTERM during load answers what was accepted and loses nothing", { timeout: 900000 }, async () => {
  const { data, logins } = init();
  const ledger = new Ledger(), token = tokenOf(data, "office");
  for (let round = 0; round < 3; round++) {
    const server = await start({ data, logins });
    const stop = load(server, ledger, token);
    await acknowledged(ledger, 60);
    const end = await server.stop("SIGTERM");
    await stop();
    assert.deepEqual(end, { code: 0, signal: null }, server.log.slice(-400));
    const times = stored(data);
    for (const { text, stored: where } of ledger.entries.values())
      assert.equal(times.get(text) ?? 0, where ? 1 : 0, `${text}: ${where ? "answered" : "never answered"}`);
    audit(data, ledger);
  }
});

test(
  "an import that is killed goes on after the restart, and the same file completes it",
  { timeout: 900000 },
  async () => {
    const { data, logins } = init();
    const file = join(folder(), "..", "rows.csv");
    const many = 6000;
    writeFileSync(
      file,
      "留言编号,留言主题,留言时间,留言详情\n" +
        Array.from(
          { length: many },
          (_, i) => `${i + 1},第${i + 1}件,2020/1/1 8:00:00,这是第${i + 1}件的内容`,
        ).join("\n"),
    );
    const count = () => stored(data).size;
    const demonstrated = count();
    let server = await start({ data, logins });
    const office = await server.signIn("office1");
    const csrf = async (path) =>
      (await (await office.get(path)).text()).match(/name="_csrf" value="([^"]+)"/)[1];
    const form = new FormData();
    form.set("_csrf", await csrf("/import"));
    form.set("kind", "requests");
    form.set("file", new Blob([readFileSync(file)]), "rows.csv");
    const sent = await office.send("POST", "/import", { body: form });
    assert.equal(sent.status, 303);
    const where = sent.headers.get("location");
    const begun = await office.send("POST", `${where}/go`, {
      body: new URLSearchParams([
        ["_csrf", await csrf(where)],
        ["do", "start"],
        ...["source_number", "subject", "received_at", "text"].map((name) => ["column", name]),
      ]),
    });
    assert.equal(begun.status, 303);
    await until(
      () => count() >= demonstrated + 300,
      () => server.log,
    );
    await server.kill();
    assert.equal(linli(["verify", "--data", data]).code, 0);
    server = await start({ data, logins });
    const completed = linli(["import", "requests", file, "--data", data]);
    assert.equal(completed.code, 0, completed.stderr);
    assert.equal(count(), demonstrated + many);
    await server.stop();
    assert.equal(linli(["verify", "--data", data]).code, 0);
  },
);

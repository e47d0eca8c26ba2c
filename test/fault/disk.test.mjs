// The disk fails under the running server: each way of failing is answered with 503 while it lasts,
// and the server goes on by itself afterwards. What it acknowledged is there, once.
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { binary, init, linli, rows, start, token as tokenOf, until } from "../http/server.mjs";
import { Ledger, balance, send } from "./ledger.mjs";

const shim = join(dirname(binary), "test/fault/failing_disk.so");
const ways = { w: "writes fail", s: "syncs fail", f: "the disk is full", r: "reads fail" };

test("a disk that fails for a while is answered with 503, and then all goes on", async (t) => {
  if (!existsSync(shim)) {
    t.skip("this build has no failing disk");
    return;
  }
  const { data, logins } = init({ requests: 0 }), byte = join(dirname(data), "byte");
  const disk = (way) => writeFileSync(byte, way, { flag: "r+" });
  writeFileSync(byte, "-");
  const ledger = new Ledger(), token = tokenOf(data, "office");
  const env = {
    LD_PRELOAD: shim,
    FAILING_DISK: byte,
    ASAN_OPTIONS: "detect_leaks=0:verify_asan_link_order=0",
  };
  const server = await start({ data, logins, env });
  const status = async (path) => (await fetch(`${server.url}${path}`)).status;
  const stored = async () => {
    const entry = ledger.next();
    await send(server, entry, token);
    return Boolean(entry.stored);
  };
  try {
    for (const [way, words] of Object.entries(ways)) {
      await until(stored, `${words}: healthy before`);
      disk(way);
      // Reads that SQLite serves from memory don't meet the disk.
      if (way !== "r") {
        await until(async () => !(await stored()), `${words}: changes are refused`);
        await until(async () => (await status("/readyz")) === 503, `${words}: not ready`);
      } else {
        for (let i = 0; i < 20; i++) await stored();
      }
      assert.equal(await status("/healthz"), 200, "the program itself is well");
      disk("-");
      await until(stored, `${words}: changes go on`);
      await until(async () => (await status("/readyz")) === 200, `${words}: ready again`);
      for (const page of ["/", "/ask", "/places"]) assert.equal(await status(page), 200, page);
    }
    for (const entry of ledger.open) {
      await send(server, entry, token); // those that were told to come again do
      assert.ok(entry.stored);
    }
  } finally {
    disk("-");
    assert.equal((await server.stop()).code, 0, server.log.slice(-400));
  }
  const checked = linli(["verify", "--data", data]);
  assert.equal(checked.code, 0, checked.stderr);
  const texts = "SELECT text, count(*) FROM requests GROUP BY text";
  balance(ledger, new Map(rows(join(data, "linli.db"), texts)[0]));
});

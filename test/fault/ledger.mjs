// The ledger that every fault is checked against: what was sent, and what the server said is
// stored.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const CLIENTS = 8;

/**
 * What was sent, by key: its text, and the address of the record once the server has said
 * that it is stored.
 */
export class Ledger {
  entries = new Map();
  number = 0;
  next() {
    const key = randomUUID();
    const entry = { key, text: `故障测试第${++this.number}件 ${key}`, stored: null };
    this.entries.set(key, entry);
    return entry;
  }
  get open() {
    return [...this.entries.values()].filter((entry) => !entry.stored);
  }
}

/** Sends one request. The entry learns where it is stored; a broken connection is no answer. */
export async function send(server, entry, token) {
  let answer;
  try {
    answer = await fetch(`${server.url}/api/v1/requests`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": entry.key,
      },
      body: JSON.stringify({ subject: "故障测试", text: entry.text }),
    });
    await answer.arrayBuffer();
  } catch {
    return;
  }
  // it said that it was not done
  if (answer.status === 503) return void (entry.refused = Date.now());
  assert.equal(answer.status, 201, `${answer.status}`);
  const where = answer.headers.get("location");
  if (entry.stored) assert.equal(where, entry.stored, "the same key gets the same answer");
  entry.at ??= Date.now();
  entry.stored = where;
}

/** Keeps the server busy until stop() is called. */
export function load(server, ledger, token) {
  let going = true;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (going) {
      const entry = ledger.next();
      await send(server, entry, token);
      // as somebody who was told to wait
      if (!entry.stored) await new Promise((done) => setTimeout(done, 200));
    }
  });
  return async () => {
    going = false;
    await Promise.all(clients);
  };
}

/**
 * Sends again, with their keys, what was never answered; who is told to come again does, for
 * two minutes.
 */
export async function resend(server, ledger, token) {
  for (const until = Date.now() + 120000; ledger.open.length && Date.now() < until; ) {
    const open = ledger.open;
    while (open.length)
      await Promise.all(open.splice(0, CLIENTS).map((entry) => send(server, entry, token)));
    if (ledger.open.length) await new Promise((done) => setTimeout(done, 200));
  }
}

/**
 * Resolves when so many more have been acknowledged: the moment of the kill depends on work
 * done, not on time.
 */
export async function acknowledged(ledger, more, server) {
  const count = () => ledger.number - ledger.open.length;
  const until = count() + more;
  while (count() < until) {
    if (server && server.child.exitCode !== null)
      assert.fail(`the server ended: ${server.log.slice(-2000)}`);
    await new Promise((done) => setTimeout(done, 1));
  }
}

/**
 * Every text that was acknowledged is there once, every other at most once. times: how often
 * each is stored.
 */
export function balance(ledger, times) {
  for (const { text, stored: where } of ledger.entries.values()) {
    const n = times.get(text) ?? 0;
    assert.ok(n <= 1, `${text} is there ${n} times`);
    if (where) assert.equal(n, 1, `${text} was acknowledged and is there ${n} times`);
  }
}

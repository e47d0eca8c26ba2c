// A store in which every table has rows is moved to PostgreSQL and back, and backed up and restored
// from both: each table has the same rows afterwards. The tables are listed here by hand, so that
// one which the program forgets is missed.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { folder, linli, pack, python } from "./server.mjs";
import { bin, cluster } from "./postgres.mjs";

const tables = `activities api_tokens areas attachments attendances categories
  certificates counts events figure_sums grants holidays hours household_members
  household_places households idempotency import_errors import_files imports journal
  marks merge_moves merge_pairs merges notices offer_asks offers offline_entries
  opinions organisations people photo_drafts posts request_joiners request_units
  requests rule_sets rule_values schema_steps seats sessions settings shifts
  sign_ups skills templates terms tries units users volunteer_systems volunteers`.split(/\s+/);

const env = { LINLI_KEYS: folder("keys") };
const work = dirname(folder());
const run = (...words) => {
  const done = linli(words, { env });
  assert.equal(done.code, 0, `${words.join(" ")}: ${done.stderr}`);
  return done.stdout;
};

/** Gives each table with fewer than three rows three more, which refer to rows that are there. */
const fill = (file) =>
  python(
    `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("PRAGMA foreign_keys = ON")
def count(table):
    return c.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
def value(type, n):
    if "int" in type or "real" in type or "double" in type:
        return n if "int" in type else n / 2
    return b"\\x00\\xff" + bytes([n % 256]) if "blob" in type else f"行{n}"
def fill(table, refers):
    columns = [(name, type.lower()) for _, name, type, _, _, key in
               c.execute(f"PRAGMA table_info({table})") if not (name == "id" and key)]
    for n in (901, 902, 903):
        row = {name: value(type, n) for name, type in columns}
        for name, (other, key) in refers.items(): # several rows refer to several others
            some = c.execute(f"SELECT {key} FROM {other} ORDER BY 1 DESC LIMIT 3").fetchall()
            row[name] = some[(n - 901) % len(some)][0] if some else None
        names = ", ".join(f'"{name}"' for name in row)
        places = ", ".join("?" * len(row))
        c.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))
left = [t for t in sys.argv[2:] if t not in ("journal", "schema_steps") and count(t) < 3]
while left: # those that refer to others after these
    for table in left:
        keys = c.execute(f"PRAGMA foreign_key_list({table})").fetchall()
        refers = {x[3]: (x[2], x[4] or "id") for x in keys}
        if all(other == table or count(other) for other, key in refers.values()):
            break
    fill(table, refers)
    left.remove(table)
c.commit()
`,
    [file, ...tables],
  );

/** Every row of every table, as text: { table: [row, …] }. */
const all = (file) =>
  JSON.parse(
    python(
      `
import json, sqlite3, sys
c = sqlite3.connect(sys.argv[1])
there = [t for (t,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1")]
print(json.dumps({t: sorted(repr(r) for r in c.execute(f"SELECT * FROM {t}")) for t in there}))`,
      [file],
    ).toString(),
  );

const same = (there, first, what) => {
  assert.deepEqual(Object.keys(there), tables, `${what}: the tables`);
  for (const table of tables) {
    if (table === "schema_steps") continue; // when each step was run
    const missing = first[table].filter((row) => !there[table].includes(row));
    assert.deepEqual(missing.slice(0, 3), [], `${what}: ${table} lacks rows`);
    assert.equal(there[table].length, first[table].length, `${what}: ${table}`);
  }
};

test(
  "no table and no row is left out by a move, a backup or a restore",
  { skip: bin ? false : "PostgreSQL is not installed", timeout: 900000 },
  async () => {
    const pg = await cluster({ fsync: "off" });
    const data = join(work, "first"),
      between = pg.address("?schema=between"),
      second = join(work, "second");
    run("init", "--data", data, "--pack", pack, "--requests", "20");
    assert.deepEqual(Object.keys(all(join(data, "linli.db"))), tables, "write a new table here");
    fill(join(data, "linli.db"));
    const first = all(join(data, "linli.db"));
    for (const table of tables) assert.ok(first[table].length >= 3, `${table} has rows`);
    run("move", "--from", data, "--to", between);
    for (const table of tables)
      assert.equal(
        Number(pg.sql(`SELECT count(*) FROM between.${table}`)),
        first[table].length,
        `${table} on PostgreSQL`,
      );
    run("move", "--from", between, "--to", second);
    same(all(join(second, "linli.db")), first, "there and back");
    const key = join(data, "key");
    for (const [name, from] of Object.entries({ SQLite: data, PostgreSQL: between })) {
      const file = join(work, `${name}.tar`),
        back = join(work, `back-${name}`);
      run("backup", "--data", from, "--output", file);
      run("restore", file, "--data", back, "--key", key);
      same(all(join(back, "linli.db")), first, `a backup of ${name}`);
    }
  },
);

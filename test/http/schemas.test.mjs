// One subdistrict is one schema, and nothing reaches from one into another: no statement of the
// program names a schema, no key, view or function of a store depends on another's. That is
// what sharding by schema (Citus) asks of SQL.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, linli, root } from "./server.mjs";
import { bin, cluster } from "./postgres.mjs";

const files = (at, ending) =>
  readdirSync(at).flatMap((name) =>
    statSync(join(at, name)).isDirectory()
      ? files(join(at, name), ending)
      : name.endsWith(ending)
        ? [join(at, name)]
        : [],
  );

/** The texts of a C file, those that stand beside each other joined. */
const texts = (code) =>
  [
    ...code
      .replace(/\/\*.*?\*\//gs, "")
      .matchAll(/"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*/g),
  ].map(([whole]) => whole.replace(/"\s*"/g, ""));

const named = /\b(?:FROM|JOIN|INTO|UPDATE|TABLE|REFERENCES|TRUNCATE|EXISTS)\s+(?:ONLY\s+)?\\?"?([a-z_][a-z0-9_]*)\\?"?\.\\?"?[a-z_]/g;
const catalog = new Set(["information_schema", "pg_catalog"]);
const wrong = (text) =>
  [...text.matchAll(named)].filter(([, schema]) => !catalog.has(schema)).map(([found]) => found);

test("no statement names a schema", () => {
  assert.deepEqual(wrong("SELECT 1 FROM other.requests JOIN requests r ON r.id = x.id"), ["FROM other.r"], "it is noticed");
  let statements = 0;
  for (const file of files(join(root, "src"), ".c"))
    for (const text of texts(readFileSync(file, "utf8"))) {
      if (!/\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|WITH|FROM)\b/.test(text)) continue;
      statements++;
      assert.deepEqual(wrong(text), [], `${file}: ${text}`);
      if (!file.endsWith("db/postgres_connect.c")) assert.doesNotMatch(text, /\bsearch_path\b/, `${file}: it stays in the schema it was opened for`);
    }
  for (const file of files(join(root, "schema"), ".sql"))
    assert.deepEqual(wrong(readFileSync(file, "utf8")), [], file);
  assert.ok(statements > 500, `${statements} statements were read`);
});

test(
  "nothing of one schema depends on another",
  { skip: bin ? false : "PostgreSQL is not installed", timeout: 900000 },
  async () => {
    const pg = await cluster({ fsync: "off" }),
      env = { LINLI_KEYS: folder("keys") };
    for (const name of ["east", "west"]) {
      const made = linli(["tenant", "add", name, "--data", pg.address()], { env });
      assert.equal(made.code, 0, made.stderr);
    }
    assert.equal(
      pg.sql("SELECT count(*) FROM pg_namespace WHERE nspname IN ('t_east', 't_west')"),
      "2",
    );
    assert.notEqual(
      pg.sql(
        "SELECT count(*) FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE contype = 'f' AND nspname = 't_east'",
      ),
      "0",
    );
    const across = pg
      .sql(
        `WITH things AS (
      SELECT 'pg_class'::regclass AS kind, oid, relnamespace AS home FROM pg_class
      UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
      UNION ALL SELECT 'pg_constraint'::regclass, oid, connamespace FROM pg_constraint
      UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type
      UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, c.relnamespace
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
      UNION ALL SELECT 'pg_trigger'::regclass, t.oid, c.relnamespace
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, c.relnamespace
        FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid)
    SELECT count(*) || ' ' || count(*) FILTER (WHERE a.home <> b.home)
      FROM pg_depend d JOIN things a ON a.kind = d.classid AND a.oid = d.objid
      JOIN things b ON b.kind = d.refclassid AND b.oid = d.refobjid
      WHERE a.home::regnamespace::text LIKE 't\\_%'
        AND b.home::regnamespace::text NOT IN ('pg_catalog', 'information_schema')`,
      )
      .split(" ")
      .map(Number);
    assert.ok(across[0] > 500, `${across[0]} dependencies`);
    assert.equal(across[1], 0, "none leads out of its schema");
  },
);

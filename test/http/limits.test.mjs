// Every field of every register with what it must not take, by form, by the API and by import:
// each is refused with a word at the field, and nothing is stored.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { linli, session, start } from "./server.mjs";

let server, tokens, office, admin, kinds;
before(async () => {
  server = await start();
  tokens = { office: server.token("office"), admin: server.token("admin") };
  [office, admin] = [session(server, "office1"), session(server, "admin")];
  for (const visitor of [office, admin]) visitor.cookies.set("linli_language", "en");
  await call("POST", "/posts", { person: 1, organisation: 1, role: "member" }, 201);
  kinds = [...(await call("GET", "/", undefined, 200)).kinds];
  kinds.push(
    (await call("GET", "/", undefined, 200, "admin")).kinds.find((k) => k.name === "users"),
  );
});
after(() => server?.stop());

async function call(method, path, body, status, who = "office", raw) {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    headers: {
      authorization: `Bearer ${tokens[who]}`,
      "accept-language": "en",
      ...(method === "GET" ? {} : { "content-type": "application/json", "if-match": "*" }),
    },
  });
  const text = await answer.text();
  if (status) assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(body)?.slice(0, 100)}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

const registers = [
  "areas",
  "units",
  "categories",
  "templates",
  "people",
  "organisations",
  "posts",
  "rule_sets",
  "rule_values",
  "seats",
  "terms",
  "skills",
  "users",
];
const keeper = (kind) => (kind.name === "users" ? ["admin", admin] : ["office", office]);

/** What the field must not take, as it is typed. */
function wrong(f) {
  const long = f.most_characters ? ["字".repeat(f.most_characters + 1), "with a\u0000zero"] : [];
  switch (f.type) {
    case "text":
    case "long_text":
      return long;
    case "code":
      return [...long, "two words", "<b>"];
    case "choice":
      return ["no-such", "<script>"];
    case "tags":
      return ["no-such"];
    case "reference":
      return ["no-such-code", "#987654321"];
    case "integer":
      return ["several", "1.5", ...(f.most ? [String(f.most + 1)] : []), "99999999999999999999"];
    case "number":
      return ["several", ...(f.most ? [String(f.most + 1)] : []), "1e999"];
    case "boolean":
      return ["perhaps", "2"];
    case "date":
      return ["2026-02-30", "yesterday", "0000-00-00"];
    case "time":
      return ["2026-02-30 10:00", "25:00", "soon"];
    case "phone":
      return ["123", "call me", "1380013800a"];
    default:
      throw new Error(`a type without a test: ${f.type}`);
  }
}

/** Each writable field of each register with each wrong value. */
function* trials() {
  for (const name of registers) {
    const kind = kinds.find((k) => k.name === name);
    for (const f of kind.fields) if (!f.fixed) for (const value of wrong(f)) yield [kind, f, value];
  }
}
const records = new Map();
async function record(kind) {
  const [who] = keeper(kind);
  if (!records.has(kind.name))
    records.set(
      kind.name,
      (await call("GET", `/${kind.name}?limit=1`, undefined, 200, who)).items[0],
    );
  return records.get(kind.name);
}
const shown = (value) => (value.length > 30 ? `${value.length} characters` : JSON.stringify(value));

test("by form", async () => {
  const bad = [];
  for (const [kind, f, value] of trials()) {
    const { id } = await record(kind), [, visitor] = keeper(kind);
    const page = `/registers/${kind.name}/${id}/edit`, tags = f.type === "tags";
    const answer = await visitor.submit(page, `/registers/${kind.name}/${id}`, { [f.name]: value });
    const text = await answer.text();
    // bytes that no text has end the form as a whole; everything else is said at its field
    if (
      value.includes("\u0000")
        ? answer.status < 400 || answer.status >= 500
        : answer.status !== 422 ||
          (!tags && !text.includes(`id="f-${f.name}-p"`) && !text.includes(`#f-${f.name}`))
    )
      bad.push(`${kind.name}.${f.name} = ${shown(value)}: ${answer.status}`);
  }
  assert.deepEqual(bad, []);
});

test("by the API", async () => {
  const bad = [];
  for (const [kind, f, value] of trials()) {
    const { id } = await record(kind), [who] = keeper(kind);
    for (const typed of [value, { nested: value }, [[value]]]) {
      const answer = await call(
        "PATCH",
        `/${kind.name}/${id}`,
        { [f.name]: typed },
        undefined,
        who,
      );
      if (
        ![400, 422].includes(answer.status) ||
        !(
          answer.status === 400 ||
          answer.errors.some((e) => e.field === (value.includes("\u0000") ? null : f.name))
        )
      )
        bad.push(
          `${kind.name}.${f.name} = ${shown(JSON.stringify(typed))}: ${answer.status} ${JSON.stringify(answer.errors)}`,
        );
    }
  }
  const broken = Buffer.concat([
    Buffer.from('{"name":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}'),
  ]);
  assert.equal(
    (
      await call(
        "PATCH",
        `/units/${(await record(kinds.find((k) => k.name === "units"))).id}`,
        undefined,
        undefined,
        "office",
        broken,
      )
    ).status,
    400,
    "broken UTF-8",
  );
  assert.deepEqual(bad, []);
});

test("an identity number with a wrong check digit, and one with a day that does not exist", async () => {
  const people = kinds.find((k) => k.name === "people"),
    { id } = await record(people);
  for (const number of [
    "11010519491231002Y",
    "110105194912310021",
    "110105194902300021",
    "11010519491231002",
  ]) {
    const answer = await office.submit(`/registers/people/${id}/edit`, `/registers/people/${id}`, {
      id_type: "citizen",
      id_number: number,
    });
    assert.equal(answer.status, 422, number);
    assert.match(await answer.text(), /not a valid ID number/);
    const refused = await call(
      "PATCH",
      `/people/${id}`,
      { id_type: "citizen", id_number: number },
      422,
    );
    assert.deepEqual(
      refused.errors.map((e) => e.field),
      ["id_number"],
    );
  }
  await call(
    "PATCH",
    `/people/${id}`,
    { id_type: "citizen", id_number: "11010519491231002X" },
    200,
  );
});

test("by import", async () => {
  const todo = [];
  for (const [kind, f, value] of trials()) {
    const { code: key } = kind, { [key]: code } = await record(kind);
    if (f.name !== key && !value.includes("\u0000")) todo.push([kind, f, value, key, code]);
  }
  const dump = (kind) => linli(["export", kind, "--data", server.data]).stdout;
  await server.stop();
  const before = Object.fromEntries(registers.map((kind) => [kind, dump(kind)])),
    bad = [],
    sheets = new Map();
  // one sheet a field: its wrong values, a row each
  for (const [kind, f, value, key, code] of todo) {
    const at = `${kind.name}.${f.name}`;
    if (!sheets.has(at)) sheets.set(at, { kind, rows: [`${key},${f.name}`], values: [] });
    const sheet = sheets.get(at);
    sheet.rows.push(`${code},"${value.replaceAll('"', '""')}"`);
    sheet.values.push(value);
  }
  const file = join(dirname(server.data), "wrong.csv");
  for (const [at, { kind, rows, values }] of sheets) {
    writeFileSync(file, rows.join("\r\n"));
    const taken = linli(["import", kind.name, file, "--data", server.data]);
    const said = taken.stderr.match(/^Row \d+: /gm) ?? [];
    if (
      taken.code === 0 ||
      !taken.stdout.startsWith("0 added, 0 updated, 0 unchanged,") ||
      said.length !== values.length
    )
      bad.push(`${at}: ${taken.stdout} ${taken.stderr}`);
  }
  assert.deepEqual(bad, []);
  writeFileSync(file, "code,name\r\nzero,a\u0000b\r\n");
  assert.match(
    linli(["import", "units", file, "--data", server.data]).stderr,
    /not a CSV or XLSX spreadsheet/,
    "a zero byte is in no table",
  );
  for (const kind of registers) assert.equal(dump(kind), before[kind], `${kind} is as it was`);
});

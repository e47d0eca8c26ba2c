// Who may do what: the program's routes and kinds against tables that are kept by hand, here
// and in roles.txt; every register read, written and removed from by every role, with records
// that exist.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accounts, table } from "./roles.mjs";
import { linli, rows, session, start } from "./server.mjs";

let server;
before(async () => {
  server = await start({ requests: 60 });
});
after(() => server?.stop());

const one = (text) => rows(join(server.data, "linli.db"), text)[0][0]?.[0];

test("the program has the routes of roles.txt, each for the roles that stand there", () => {
  const signed = ["resident", ...Object.keys(accounts)].sort().join(" ");
  const shown = (method, path, kind, who) => `${method} ${path} ${kind ?? "-"}: ${who}`;
  const program = linli(["routes"])
    .stdout.trim()
    .split("\n")
    .map((line) => {
      const [method, path, who, flags = ""] = line.split("\t"),
        all = who.split(",").sort().join(" ");
      return shown(
        method,
        path,
        flags.match(/record:(\S+)/)?.[1],
        all === signed ? "signed-in" : all,
      );
    });
  const decided = table.map((r) => shown(r.method, r.path, r.kind, [...r.roles].sort().join(" ")));
  assert.deepEqual(program.filter((r) => !decided.includes(r)), [], "routes of the program that nobody has decided on");
  assert.deepEqual(decided.filter((r) => !program.includes(r)), [], "routes that were decided on and are not in the program");
  assert.equal(program.length, table.length, "each once");
});

/* Who reads, writes and removes each kind. all: every account. whole: not with an account of one
 * community. pages: "own" has pages of its own instead of the register's, "list" is only listed,
 * "" has none. */
const hosts = "team_leader worker office", staff = "worker unit_handler office";
const kinds = {
  activities: { read: `${hosts} leader`, write: hosts, pages: "own" },
  areas: { read: "all", write: "office admin", remove: "office admin", whole: true },
  attendances: { read: `${hosts} leader`, write: hosts, pages: "list" },
  categories: { read: "all", write: "office admin", remove: "office admin", whole: true },
  certificates: { read: "worker office leader", write: "", pages: "own" },
  holidays: { read: "all", write: "office admin", remove: "office admin", whole: true },
  merges: { read: "worker office admin", write: "" },
  household_members: { read: "worker office admin", write: "worker office admin" },
  household_places: { read: "worker office admin", write: "", pages: "" },
  households: { read: "worker office admin", write: "worker office admin" },
  hours: { read: `volunteer ${hosts} leader`, write: "", pages: "own" },
  imports: { read: "team_leader worker unit_handler office admin", write: "", pages: "" },
  offer_asks: { read: `${hosts} leader`, write: "", pages: "" },
  offers: { read: `${hosts} leader`, write: "", pages: "own" },
  opinions: { read: `${hosts} leader`, write: hosts, pages: "list" },
  organisations: { read: "all", write: "worker office admin" },
  people: { read: "worker office admin", write: "worker office admin" },
  posts: { read: "worker office admin", write: "worker office admin" },
  requests: { read: `${staff} leader`, write: staff, pages: "" },
  rule_sets: {
    read: `${staff} leader auditor admin`,
    write: "office admin",
    remove: "office admin",
    whole: true,
  },
  rule_values: {
    read: `${staff} leader auditor admin`,
    write: "office admin",
    remove: "office admin",
    whole: true,
  },
  seats: {
    read: "worker office admin",
    write: "worker office admin",
    remove: "worker office admin",
  },
  shifts: { read: `${hosts} leader`, write: hosts, pages: "list" },
  sign_ups: { read: hosts, write: hosts, pages: "list" },
  skills: { read: "all", write: "office admin", whole: true },
  templates: { read: `${staff} admin`, write: "office admin", remove: "office admin", whole: true },
  terms: {
    read: "worker office admin",
    write: "worker office admin",
    remove: "worker office admin",
  },
  units: { read: "all", write: "office admin", remove: "office admin", whole: true },
  users: { read: "admin", write: "admin" },
  "volunteer-systems": { read: "office admin", write: "office admin", whole: true, pages: "" },
  volunteers: { read: `volunteer ${hosts} leader`, write: hosts, pages: "own" },
};
const may = (who, role) => who === "all" || (who ?? "").split(" ").includes(role);

test("every kind of the API stands in the table, with the same roles as its routes", () => {
  const api = new Set(
    table
      .map((r) => r.path.match(/^\/api\/v1\/([a-z_-]+)$/)?.[1])
      .filter((n) => n && !["due", "openapi.json"].includes(n)),
  );
  assert.deepEqual([...api].sort(), Object.keys(kinds).sort());
  const words = (text) => (text === "all" ? "signed-in" : text.split(" ").sort().join(" "));
  for (const [name, kind] of Object.entries(kinds))
    for (const [path, more] of [
      [`/api/v1/${name}`, "POST"],
      [`/api/v1/${name}/{id}`, "PATCH"],
    ]) {
      const row = (method) =>
        table
          .find((r) => r.method === method && r.path === path)
          ?.roles.slice()
          .sort()
          .join(" ");
      assert.equal(row("GET"), words(kind.read), `GET ${path}`);
      assert.equal(row(more) ?? "", words(kind.write), `${more} ${path}`);
    }
});

/** A record of that kind that the office reaches. */
function existing(name) {
  const own = { "volunteer-systems": "volunteer_systems" }[name] ?? name;
  if (/^household_/.test(name)) existing("households");
  if (name === "offer_asks") existing("offers"); // the demonstration may have no visit
  if (!one(`SELECT count(*) FROM ${own}`)) {
    const now = Math.floor(Date.now() / 1000), made = {
      posts: `INSERT INTO posts (created, updated, code, person, organisation, role) SELECT ${now}, ${now}, 'P-1', min(id), 22, 'member' FROM people`,
      merges: `INSERT INTO merges (created, updated, kind, kept, gone) SELECT ${now}, ${now}, 'people', max(id), min(id) FROM people`,
      households: `INSERT INTO households (created, updated, code, area, community, place)
        SELECT ${now}, ${now}, 'H-1', id, community, 'x' FROM areas WHERE level = 'estate' LIMIT 1`,
      household_members: `INSERT INTO household_members (created, updated, code, household, person,
        relation, state) SELECT ${now}, ${now}, 'M-1', (SELECT max(id) FROM households), min(id),
        'head', 'here' FROM people`,
      household_places: `INSERT INTO household_places (created, updated, code, household, area,
        place) SELECT ${now}, ${now}, 'L-1', id, area, 'x' FROM households LIMIT 1`,
      certificates: `INSERT INTO certificates (created, updated, number, volunteer, seconds, content, issued, issuer, status, signed, signature)
        SELECT ${now}, ${now}, 'C-1', max(id), 3600, '{}', ${now}, 'x', 'valid', 'x', 'x'
        FROM volunteers`,
      offers: `INSERT INTO offers (created, updated, code, request, skill, people, status, wave)
        SELECT ${now}, ${now}, 'O-1', min(id), 'haircut', 1, 'open', 1 FROM requests`,
      offer_asks: `INSERT INTO offer_asks (created, updated, code, offer, volunteer, wave, score,
        why, answer, asked_at) SELECT ${now}, ${now}, 'A-1', (SELECT min(id) FROM offers), min(id),
        1, 1, '', 'asked', ${now} FROM volunteers`,
      imports: `INSERT INTO imports (created, updated, "user", user_name, kind, file, size, status) SELECT ${now}, ${now}, id, name, 'people', 'a.csv', 1, 'mapped' FROM users WHERE login = 'office1'`,
    }[name];
    assert.ok(made, `the demonstration has a record of ${name}, or this test makes one`);
    rows(join(server.data, "linli.db"), made);
  }
  return one(`SELECT max(id) FROM ${own}`);
}

test("every register is read, written and removed from by the roles of the table, with records that exist", async () => {
  // office of one community: the same role, but not for what concerns the whole subdistrict
  const part = linli([
    "user",
    "add",
    "part",
    "--name",
    "星湖的办公室",
    "--role",
    "office",
    "--area",
    "441202001001",
    "--generate",
    "--data",
    server.data,
  ]);
  assert.equal(part.code, 0, part.stderr);
  const actors = [...Object.entries(accounts), ["office", "part"]];
  const ids = Object.fromEntries(Object.keys(kinds).map((name) => [name, existing(name)]));
  const wrong = [];
  let refused = 0, passed = 0;
  for (const [role, login] of actors) {
    const visitor = session(server, login), { _csrf } = await visitor.hidden("/account");
    assert.ok(_csrf, login);
    for (const [name, kind] of Object.entries(kinds)) {
      const id = ids[name], pages = kind.pages ?? "generated";
      const reads = may(kind.read, role), part = kind.whole && login === "part";
      const writes = may(kind.write, role) && !part, removes = may(kind.remove, role) && !part;
      // numbers in clear are for those who keep the records, and for the administrator
      const keeps = may(kind.write, role) || role === "admin";
      const reveals = reads && keeps && pages !== "own";
      const changed = (allowed) => (pages === "own" ? "none" : allowed);
      const cases = [
        ["GET", "", reads],
        ["GET", "/suggest?q=x", reads],
        ["GET", `/${id}`, reads],
        ["POST", "/download", reads],
        ["GET", "/new", changed(writes)],
        ["GET", `/${id}/edit`, changed(writes)],
        // an account is made at /users/new, with its role
        ["POST", "", name === "users" ? false : changed(writes)],
        ["POST", `/${id}`, changed(writes)],
        ["POST", `/${id}/remove`, changed(removes)],
        ["POST", `/${id}/reveal`, reveals],
      ];
      for (const [method, more, allowed] of cases) {
        const path = `/registers/${name}${more}`;
        // a version that no record has, and no fields: whatever is let through changes nothing
        const answer =
          method === "GET"
            ? await visitor.get(path)
            : await visitor.post(path, { _csrf, _version: "987654", format: "csv" });
        await answer.arrayBuffer();
        const want =
          pages === "" || allowed === "none" ? [404] : allowed ? [200, 303, 404, 409, 422] : [403];
        if (more.endsWith("/reveal") && reads && !reveals) want.push(404); // or out of reach
        if (!want.includes(answer.status))
          wrong.push(`${login} ${method} ${path}: ${answer.status}, not ${want}`);
        // who may and reaches every community is let in, not merely not refused
        if (
          allowed === true &&
          pages !== "" &&
          login === "office1" &&
          pages === "generated" &&
          answer.status === 404
        )
          wrong.push(`${login} ${method} ${path}: not found`);
        if (answer.status === 403) refused++;
        else if (answer.status !== 404) passed++;
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(refused > 300 && passed > 300, `${refused} refused, ${passed} passed`);
});

test("what is removed is gone, for who may remove it", async () => {
  const office = session(server, "office1"),
    { _csrf } = await office.hidden("/account");
  const made = await office.post("/registers/holidays", {
    _csrf,
    date: "2031-05-01",
    is_off_day: "1",
    name: "劳动节",
  });
  assert.equal(made.status, 303, await made.text());
  const [id, version] = rows(
    join(server.data, "linli.db"),
    "SELECT id, version FROM holidays ORDER BY id DESC LIMIT 1",
  )[0][0];
  const worker = session(server, "xinghu1"),
    own = (await worker.hidden("/account"))._csrf;
  assert.equal(
    (await worker.post(`/registers/holidays/${id}/remove`, { _csrf: own, _version: version }))
      .status,
    403,
  );
  assert.equal(
    (await office.post(`/registers/holidays/${id}/remove`, { _csrf, _version: version + 1 }))
      .status,
    409,
    "somebody changed it meanwhile",
  );
  assert.equal(one(`SELECT count(*) FROM holidays WHERE id = ${id}`), 1);
  assert.equal(
    (await office.post(`/registers/holidays/${id}/remove`, { _csrf, _version: version })).status,
    303,
  );
  assert.equal(one(`SELECT count(*) FROM holidays WHERE id = ${id}`), 0);
});

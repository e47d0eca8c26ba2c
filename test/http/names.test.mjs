// Names and telephones of residents where somebody takes many of them away at once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { python, read, start, until } from "./server.mjs";

let server, office, api;
before(async () => {
  server = await start();
  office = await server.signIn("office1");
  api = server.program("office");
});
after(() => server?.stop());

test("names and phone numbers of residents are masked in the work list's spreadsheet and the outbox: who asked, and who joined", async () => {
  // who asked, and who joined: both have a name and a telephone, and ask for no mail
  const people = [["欧阳长名", "13800138231"], ["诸葛再报", "13800138232"]];
  const clear = people.flat();
  const text = "幸福楼前的水管爆了，水流了一地，请尽快来修";
  const first = await server.visitor().submit("/ask", "/ask", {
    area: "2",
    seen: "1",
    text,
    requester_name: people[0][0],
    requester_phone: people[0][1],
  });
  assert.equal(first.status, 303, await first.text());
  const visitor = server.visitor();
  const offered = await (
    await visitor.submit("/ask", "/ask", {
      text,
      area: "2",
      requester_name: people[1][0],
      requester_phone: people[1][1],
    })
  ).text();
  const fields = Object.fromEntries(
    [...offered.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)].map(
      ([, n, v]) => [n, v],
    ),
  );
  const join = offered.match(/name="join" value="([^"]+)"/)?.[1];
  assert.ok(join, "the open request is offered");
  const joined = await visitor.post("/ask", {
    ...fields,
    join,
    joining: "1",
    requester_name: people[1][0],
    requester_phone: people[1][1],
  });
  assert.equal(joined.status, 303, await joined.text());
  const found = await api("GET", `/requests?q=${encodeURIComponent("幸福楼前的水管")}&limit=10`);
  const request = found.items[0];
  const unit = (await api("GET", "/units?limit=1")).items[0].id;
  for (const [step, body] of [
    ["dispatch", { unit }],
    ["accept", {}],
    ["answer", { text: "已经修好，请放心。" }],
  ])
    await api("POST", `/requests/${request.id}/${step}`, body);
  await until(
    async () => (await read(office, "/outbox?view=all")).includes("诸**"),
    "who joined is to be told",
  );
  for (const path of ["/outbox", "/outbox?view=all", "/outbox?view=all&to=residents"]) {
    const shown = (await read(office, path)).replaceAll(/href="tel:[^"]*"/g, "");
    for (const word of [people[0][0], people[1][0]])
      assert.ok(!shown.includes(word), `${path}: ${word}`);
  }
  assert.match(await read(office, "/outbox?view=all"), /欧\*\*(?!\*)/);
  const sheet = async (format) => {
    const answer = await office.submit("/work?view=all", "/work/download?view=all", { format });
    assert.equal(answer.status, 200);
    return Buffer.from(await answer.arrayBuffer());
  };
  const csv = (await sheet("csv")).toString();
  assert.match(csv, /欧\*\*,138\*\*\*\*8231/);
  for (const word of clear) assert.ok(!csv.includes(word), word);
  const xlsx = python(
    "import sys,zipfile,io;z=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()));" +
      "print(''.join(z.read(n).decode() for n in z.namelist() if n.endswith('.xml')))",
    [],
    await sheet("xlsx"),
  ).toString();
  assert.match(xlsx, /欧\*\*(?!\*)/);
  for (const word of clear) assert.ok(!xlsx.includes(word), word);
});

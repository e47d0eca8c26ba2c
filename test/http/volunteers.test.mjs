// Volunteers without an account: the card, what it opens, what it does not, and how it ends.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./server.mjs";

let server;

before(async () => {
  server = await start();
});
after(() => server?.stop());

test("what is made for volunteers asks for a card and keeps the way back", async () => {
  const answer = await server.visitor().get("/my?page=2");
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), "/card?next=%2Fmy%3Fpage%3D2");
});

test("a wrong code opens nothing and says so", async () => {
  const visitor = server.visitor();
  const answer = await visitor.post("/card", { code: "ABCDEFGHJK" });
  assert.equal(answer.status, 422);
  assert.match(await answer.text(), /没有这个卡号/);
  visitor.cookies.set("linli_card", "1.0123456789abcdef0123456789abcdef");
  assert.equal((await visitor.get("/my")).status, 303);
});

// The camera at the door: the QR that the page draws, held before a browser's camera (a film of
// one picture), is read by the phone that checks in and by the leader's, where the browser has
// a reader of its own in name only, too.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { folder, init, linli, until } from "../http/server.mjs";
import { begin, end, open } from "./browser.mjs";
import { words } from "./words.mjs";

const film = folder("camera.y4m"),
  w = (...texts) => words("zh_CN", ...texts);
const local = (minutes) =>
  new Date(Date.now() + (8 * 60 + minutes) * 60000).toISOString().slice(0, 16);
let server, activity, other;

before(async () => {
  const made = init({ requests: 0 }),
    sheet = folder("activities.csv");
  writeFileSync(
    sheet,
    [
      "title,kind,area,place,starts,ends",
      ...["门前理发", "门前义诊"].map(
        (title) => `${title},haircut,441202001001,服务站门前,${local(-30)},${local(120)}`,
      ),
    ].join("\n"),
  );
  assert.equal(linli(["import", "activities", sheet, "--data", made.data]).code, 0);
  show(null);
  server = await begin({ ...made, camera: film });
  const list = await (
    await server.signIn("office1")
  )
    .get("/activities/manage")
    .then((page) => page.text());
  [activity, other] = ["门前理发", "门前义诊"].map((title) =>
    Number(list.match(new RegExp(`/activities/(\\d+)/manage">${title}`))[1]),
  );
});
after(end);

/** What the camera sees: the QR of a page, with white around it, or a grey wall. */
function show(page) {
  const width = 640, height = 480, light = Buffer.alloc(width * height, 160);
  if (page) {
    const svg = Buffer.from(
      page.match(/<img class="qr"[^>]*base64,([^"]+)"/)[1],
      "base64",
    ).toString();
    const size = Number(svg.match(/viewBox="0 0 (\d+)/)[1]),
      scale = Math.floor(360 / (size + 8)),
      edge = (size + 8) * scale;
    const left = Math.floor((width - edge) / 2),
      top = Math.floor((height - edge) / 2);
    const fill = (x, y, w, h, value) => {
      for (let row = y; row < y + h; row++) light.fill(value, row * width + x, row * width + x + w);
    };
    fill(left, top, edge, edge, 235);
    for (const [, x, y, run] of svg.matchAll(/M(\d+) (\d+)h(\d+)/g))
      fill(
        left + (4 + Number(x)) * scale,
        top + (4 + Number(y)) * scale,
        Number(run) * scale,
        scale,
        24,
      );
  }
  const frame = Buffer.concat([
    Buffer.from("FRAME\n"),
    light,
    Buffer.alloc((width * height) / 2, 128),
  ]);
  writeFileSync(
    film,
    Buffer.concat([
      Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`),
      ...Array(10).fill(frame),
    ]),
  );
}
let office; // signed in once
const door = async (at) =>
  (await (office ??= await server.signIn("office1")).get(`/activities/${at}/door`)).text();
const scan = (page) =>
  page
    .getByRole("main")
    .getByRole("button", { name: w("Scan QR code") })
    .click();
const says = (page, text) =>
  page
    .getByRole("main")
    .filter({ hasText: w(text) })
    .waitFor();

test("the QR at the door is read, the camera is let go, and one tap checks in", async () => {
  show(await door(activity));
  const visit = await open({ width: 360, login: "volunteer1" });
  const { page } = visit;
  await visit.goto(`/in/${activity}`);
  await scan(page);
  await page.waitForFunction(() => /^\d{6}-\d+$/.test(document.querySelector("#f-c").value));
  assert.equal(await page.locator("video").isVisible(), false, "the camera's picture is gone");
  assert.equal(
    await page.evaluate(() => document.querySelector("video").srcObject.active),
    false,
    "and so is the camera",
  );
  await visit.check("scanned");
  await page.getByRole("main").getByRole("button", { name: w("I’m here") }).click();
  await page.locator("[data-stand]").filter({ hasText: /签到/ }).waitFor();
  await until(
    async () => (await door(activity)).includes("姚阿姨"),
    "the phone says it at once, and sends it",
  );
  await visit.close();
});

test("another activity's QR is told apart, and the same button puts the camera away", async () => {
  show(await door(other));
  const visit = await open({ width: 360, login: "volunteer1" });
  const { page } = visit;
  await visit.goto(`/in/${activity}`);
  await scan(page);
  await says(page, "This QR code is for a different activity. Scan the one at the door.");
  await visit.shot("camera-foreign");
  await visit.check("another door's QR");
  assert.equal(await page.locator("#f-c").inputValue(), "");
  await scan(page);
  await page.locator("video").waitFor({ state: "hidden" });
  await visit.close();
});

test("a browser whose own reader fails reads with ours", async () => {
  show(await door(activity));
  const visit = await open({ width: 360, login: "volunteer1" });
  await visit.context.addInitScript(() => {
    globalThis.BarcodeDetector = class {
      detect() {
        globalThis.tried = true;
        return Promise.reject(
          new DOMException("Barcode detection service unavailable.", "NotSupportedError"),
        );
      }
    };
  });
  await visit.goto(`/in/${activity}`);
  await scan(visit.page);
  await visit.page.waitForFunction(() => /^\d{6}-\d+$/.test(document.querySelector("#f-c").value));
  assert.equal(await visit.page.evaluate(() => globalThis.tried), true);
  await visit.close();
});

test("the leader scans cards with the phone: read once while it stays before the camera", async () => {
  const list = await (
    await (office ??= await server.signIn("office1")).get("/volunteers?view=active")
  ).text();
  const [, id, name] = list.match(/href="\/volunteers\/(\d+)">([^<]+)</);
  const made = await office.submit(`/volunteers/${id}`, `/volunteers/${id}/card`, {});
  assert.equal(made.status, 303);
  show(await (await office.get(made.headers.get("location"))).text());
  const visit = await open({ width: 360, login: "office1" });
  const { page } = visit;
  await visit.goto(`/activities/${other}/door`);
  let marks = 0;
  page.on("request", (request) => (marks += /\/api\/offline/.test(request.url())));
  await page.getByRole("main").getByRole("button", { name: w("Scan cards") }).click();
  await page.getByRole("main").filter({ hasText: name }).waitFor();
  await until(() => marks > 0, "the card is sent");
  await page.waitForFunction(() => !document.querySelector("[data-kept] li"));
  // it goes on seeing the card
  await page.locator("video").evaluate((video) => new Promise((done) => {
    let frames = 0;
    const next = () => (++frames < 20 ? video.requestVideoFrameCallback(next) : done());
    video.requestVideoFrameCallback(next);
  }));
  assert.equal(marks, 1);
  await visit.check("cards");
  await visit.shot("camera-cards");
  await visit.close();
});

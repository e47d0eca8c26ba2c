// The whole way of a haircut at home: asked for by telephone, offered, two accept, the visit,
// the hours, the resident's word, the certificate; the volunteers on a phone.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { begin, end, open } from "./browser.mjs";
import { folder, init, linli, user } from "../http/server.mjs";
import { words } from "./words.mjs";

let server, token;
/** Two volunteers with logins, who cut hair; imported as an office would. */
before(async () => {
  const made = init({ requests: 0 });
  for (const [login, name] of [
    ["volunteer2", "温叔"],
    ["volunteer3", "姚阿姨"],
  ])
    made.logins[login] = user(made.data, login, name);
  const sheet = (name, lines) => {
    const path = folder(`${name}.csv`);
    writeFileSync(path, lines.join("\n"));
    const done = linli(["import", name, path, "--data", made.data]);
    assert.equal(done.code, 0, done.stderr + done.stdout);
  };
  sheet("people", ["code,name,area", "P-YAO,姚阿姨,441202001001", "P-WEN,温叔,441202001001"]);
  sheet("volunteers", [
    "person,user,skills",
    "P-YAO,volunteer3,haircut",
    "P-WEN,volunteer2,haircut",
  ]);
  server = await begin(made);
  token = server.token("office");
});
after(end);

const api = async (path, body) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
};
const w = (...texts) => words("zh_CN", ...texts);
/** Minutes from now, as a field of date and time has it: in China's time. */
const local = (minutes) =>
  new Date(Date.now() + (8 * 60 + minutes) * 60000).toISOString().slice(0, 16);
const press = (page, ...texts) =>
  page
    .getByRole("main")
    .getByRole("button", { name: w(...texts) })
    .filter({ visible: true })
    .first()
    .click();

test("a haircut at home, from the telephone to the certificate", async () => {
  const category = (await api("/categories?limit=200")).items.find(
    (c) => c.code === "help-haircut",
  );
  const area = (await api("/areas?limit=200")).items.find((a) => a.code === "441202001001");
  const office = await open({ login: "office1" });
  await office.goto("/intake");
  await office.page.locator("input[name=channel][value=phone]").check({ force: true });
  await office.page.locator("#f-requester_phone").fill("13800000299");
  await office.page.locator("#f-requester_name").fill("刘婆婆");
  await office.page.locator("#f-subject").fill("请人上门理发");
  await office.page.locator("#f-text").fill(
    "想请人上门理发，腿脚不便，下不了楼，住在一楼半的平台那一侧，门口有一盆三角梅和一辆旧三轮车，周末上午都在家。",
  );
  await office.page.locator("#f-category").selectOption(String(category.id));
  await office.page.locator("#f-area").selectOption(String(area.id));
  await office.page.locator("#f-place").fill("三栋二单元101");
  await office.page.locator("button.primary[name=then]").click();
  await office.page.waitForURL(/\/intake\/done\/\d+/);
  const made = await api(`/requests/${office.page.url().match(/done\/(\d+)/)[1]}`);
  await office.goto(`/requests/${made.id}`);
  await office.page.getByRole("link", { name: w("Find volunteers") }).click();
  await office.check("new offer");
  // A note that gives the resident away is refused, and what was typed stays.
  await office.page.locator("#f-note").fill("刘婆婆，电话13800000299");
  await press(office.page, "Ask volunteers");
  await office.page.getByText(w("This contains a long number. Leave out phone numbers: volunteers see them after accepting.")).first().waitFor();
  assert.equal(await office.page.locator("#f-note").inputValue(), "刘婆婆，电话13800000299");
  await office.page.locator("#f-note").fill("带理发工具");
  await press(office.page, "Ask volunteers");
  await office.page.waitForURL(/\/visits\/\d+$/);
  await office.page.getByText(w("Who was asked, and why")).waitFor();
  await office.check("offer");
  await office.shot("offer");
  // The list says what is wished, and is no wider than a phone however long that is.
  await office.page.setViewportSize({ width: 360, height: 740 });
  await office.goto("/visits?view=open");
  await office.page.getByText("想请人上门理发，腿脚不便").first().waitFor();
  await office.check("visits, on a phone");
  await office.page.setViewportSize({ width: 1280, height: 900 });
  await office.check("visits");
  await office.goto(`/requests/${made.id}`);
  // Both see where roughly and what, not who; they accept, and then they see whom to visit.
  const yao = await open({ width: 360, login: "volunteer3" }),
    wen = await open({ width: 360, login: "volunteer2" });
  for (const [visit, name] of [
    [yao, "yao"],
    [wen, "wen"],
  ]) {
    await visit.goto("/my/asks");
    await visit.page.getByText("带理发工具").waitFor();
    assert.equal(await visit.page.getByText(/刘婆婆|13800000299|三栋二单元/).count(), 0);
    await visit.check(`asked ${name}`);
    await visit.shot(`asked-${name}`);
    const when = visit.page.locator("input[name=starts]");
    if (await when.count()) await when.fill(local(60));
    await press(visit.page, "Yes, I’ll go");
    await visit.page.getByText("刘婆婆").first().waitFor();
    await visit.page.getByText("三栋二单元101").first().waitFor();
    await visit.check(`accepted ${name}`);
    await visit.shot(`accepted-${name}`);
  }
  // The resident reads who comes.
  const resident = await open({ width: 360 });
  const look = async () => {
    await resident.goto("/follow?other=1");
    await resident.page.locator("#f-number").fill(made.number);
    await resident.page.locator("#f-digits").fill("0299");
    await press(resident.page, "Check progress");
    await resident.page.getByText(made.number).first().waitFor();
  };
  await look();
  await resident.page.getByText("姚阿姨").waitFor();
  await resident.page.getByText("温叔").waitFor();
  await resident.check("who comes");
  await resident.shot("who-comes");
  // They went earlier than agreed; one of them records it for both.
  await yao.goto("/my/asks");
  await yao.page.locator("summary").filter({ hasText: w("We’ve already been") }).click();
  await yao.page.locator("input[name=came]").fill(local(-90));
  await yao.page.locator("input[name=went]").fill(local(-30));
  await press(yao.page, "Done");
  await yao.page
    .getByText(
      w(
        "Thank you. Your hours have been recorded, and we will check with the resident that all is well.",
      ),
    )
    .waitFor();
  assert.equal(
    await yao.page.getByText(/刘婆婆|13800000299/).count(),
    0,
    "over: the name is no longer shown",
  );
  assert.equal((await api(`/requests/${made.id}`)).status, "answered");
  // The resident's word closes it.
  await look();
  await resident.page.locator("input[name=solved][value=yes]").check({ force: true });
  await press(resident.page, "Tell the community");
  await resident.page.getByText(w("Thank you for telling us.")).waitFor();
  assert.equal((await api(`/requests/${made.id}`)).status, "closed");
  // Both have their hour, and one asks for a certificate.
  const volunteers = (await api("/volunteers?limit=2")).items; // the newest: Wen, Yao
  assert.deepEqual(volunteers.map((v) => v.seconds), [3600, 3600]);
  await office.goto(`/certificates/new?q=${volunteers[1].number}`);
  await office.page.getByRole("link", { name: "姚阿姨" }).click();
  await office.page.locator("#f-responsible").fill("陈主任");
  await office.page.locator("#f-contact").fill("0758-2222222");
  await press(office.page, "Issue");
  await office.page.waitForURL(/\/certificates\/\d+$/);
  await office.check("certificate");
  await yao.goto("/my/certificates");
  await yao.check("my certificates");
  const [download] = await Promise.all([
    yao.page.waitForEvent("download"),
    yao.page.getByRole("link", { name: w("Download PDF") }).click(),
  ]);
  const file = folder("own.pdf");
  await download.saveAs(file);
  assert.equal(
    linli([
      "certificate",
      "verify",
      file,
      "--key",
      linli(["certificate", "key", "--data", server.data]).stdout.trim(),
    ]).code,
    0,
  );
  // Whoever scans its code learns that it is valid, and not whose it is.
  await resident.goto(`/certificate/${download.suggestedFilename().replace(".pdf", "").toLowerCase()}`);
  await resident.page.getByText(w("This office issued the certificate with this number and it is valid.")).waitFor();
  assert.equal(await resident.page.getByText(/姚/).count(), 0);
  await resident.check("valid");
  // Who holds the paper compares it with what was issued.
  await press(resident.page, "Show what was issued");
  await resident.page.getByText("姚**", { exact: true }).waitFor();
  await resident.check("what was issued");
  for (const visit of [office, yao, wen, resident]) await visit.close();
});

test("the public page of a certificate reveals nothing, the file's page finds a change", async () => {
  const visit = await open({ width: 360 });
  await visit.goto("/certificate/zs2026-aaaaaaaaaa");
  await visit.page.getByText(w("No certificate with this number")).waitFor();
  await visit.goto("/certificates/verify");
  await visit.check("verify");
  const path = folder("certificate.pdf");
  writeFileSync(path, "%PDF-1.7\nnot one of ours\n%%EOF\n");
  await visit.page.locator("#f-file").setInputFiles(path);
  await press(visit.page, "Verify file");
  await visit.page.getByText(w("No signature in this file")).waitFor();
  await visit.check("verified");
  await visit.page.locator("#f-number").fill("zs2026 aaaaaaaaaa");
  await press(visit.page, "Check number");
  await visit.page.getByText(w("No certificate with this number")).waitFor();
  assert.equal(await visit.page.locator("#f-number").inputValue(), "zs2026 aaaaaaaaaa");
  await visit.check("number checked");
  const refused = linli(["certificate", "verify", path]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /No signature/);
  assert.equal(linli(["certificate", "key", "--data", server.data]).stdout.trim().length, 43);
  await visit.close();
});

// The import page in a browser: a sheet is sent, looked at, tried, stored, and what was refused
// comes back as a sheet.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { begin, end, open } from "./browser.mjs";
import { linli } from "../http/server.mjs";

let server;
before(async () => (server = await begin()));
after(end);

const sheet = (rows) => {
  const file = join(mkdtempSync(join(tmpdir(), "linli-sheet-")), "来信.csv");
  writeFileSync(file, "留言编号,留言主题,留言时间,留言详情,答复意见,答复时间,备注\n" + rows.join("\n") + "\n");
  return file;
};
const rows = [
  "901,路灯不亮,2020/1/1 8:00:00,三栋楼下的路灯坏了,已经修好,2020/1/3 8:00:00,",
  "902,井盖松动,43563.5,门口的井盖松了,,,",
  "903,坏日期,2020/2/30,没有这一天,,,x",
];

async function send(visit, file, kind = "requests") {
  const { page } = visit;
  await visit.goto("/import");
  await page.getByLabel(/导入类别|Spreadsheet contents/).selectOption(kind);
  await page.getByLabel(/^文件|^File/).setInputFiles(file);
  await page.getByRole("button", { name: /上传并预览|Upload and preview/ }).click();
}
const finished = (visit) => visit.page.getByText(/已完成|^Done$/).first().waitFor();
const press = (visit, name) => visit.page.getByRole("button", { name }).click();

for (const [name, window] of Object.entries({
  "Chinese, desktop": { width: 1280 },
  "English, phone": { width: 360, language: "en" },
  "without JavaScript": { width: 360, plain: true },
}))
  test(`a sheet is mapped, tried, stored and told: ${name}`, async () => {
    const visit = await open({ ...window, login: "office1" });
    const { page } = visit;
    const n = { "Chinese, desktop": 1, "English, phone": 2, "without JavaScript": 3 }[name];
    const file = sheet(rows.map((row) => n + row));
    await visit.goto("/import");
    await visit.check("import");
    await visit.shot(`import-${n}`);
    await send(visit, file);
    await visit.check("mapping");
    await visit.shot(`import-mapping-${n}`);
    assert.equal(await page.getByLabel("留言主题").inputValue(), "subject");
    assert.equal(await page.getByLabel("备注").inputValue(), "");
    await page.getByRole("cell", { name: /2020\/2\/30/ }).last().waitFor();
    await press(visit, /先试导|Run a test import/);
    await page.getByText(/这是试导，没有入库|This was a test/).waitFor();
    await page.getByText(/新增 2|2 added/).first().waitFor();
    await visit.check("tried");
    await visit.shot(`import-tried-${n}`);
    await press(visit, /^(导入|Import)$/);
    await finished(visit);
    await visit.check("done");
    await visit.shot(`import-done-${n}`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: /下载未导入|Download rejected/ }).click(),
    ]);
    const bytes = readFileSync(await download.path());
    assert.equal(bytes.subarray(0, 2).toString(), "PK");
    await send(visit, file);
    await press(visit, /^(导入|Import)$/);
    await finished(visit);
    await page.getByText(/新增 0|0 added/).first().waitFor();
    await page.getByText(/无变化 2|2 unchanged/).first().waitFor();
    await visit.close();
  });

test("what is not a sheet is refused in words, beside the field", async () => {
  const visit = await open({ login: "office1" });
  const folder = mkdtempSync(join(tmpdir(), "linli-sheet-"));
  const compound = (name) =>
    Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.from(name, "utf16le")]);
  for (const [name, bytes, words] of [
    ["old.xls", compound("Workbook"), /旧格式/],
    ["locked.xlsx", compound("EncryptedPackage"), /有密码/],
    ["picture.xlsx", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), /不是|表格/],
    ["days.json", Buffer.from('{"days":[{"date":"2026-12-01","isOffDay":true}]}'), /节假日历/],
    ["broken.csv", Buffer.from([0xef, 0xbb, 0xbf, 0x6f, 0x6b, 0x2c, 0xe5, 0x88]), /UTF-8/],
  ]) {
    writeFileSync(join(folder, name), bytes);
    await send(visit, join(folder, name));
    await visit.page.getByRole("alert").getByText(words).waitFor();
  }
  await visit.close();
});

test("two columns can't be the same field, and what was chosen stays chosen", async () => {
  const visit = await open({ language: "en", login: "office1" });
  await send(visit, sheet(rows));
  await visit.page.getByLabel("备注").selectOption("subject");
  await press(visit, /^Import$/);
  await visit.page.getByRole("alert").getByText(/Two columns/).waitFor();
  await visit.close();
});

test("a worker does not see another's import, and brings in nothing from outside the community", async () => {
  const office = await open({ login: "office1" });
  await send(office, sheet(rows));
  const address = new URL(office.page.url()).pathname;
  const worker = await open({ login: "xinghu1" });
  assert.equal((await worker.goto(address)).status(), 404);
  await send(worker, sheet(["951,外地来信,2020/1/1 8:00:00,不在本社区的一件事,,,"]));
  await press(worker, /^导入$/);
  await worker.page.getByText(/不在您的区域/).first().waitFor();
  await office.close();
  await worker.close();
});

test("the archive gives the same records by page and by command", { skip: !process.env.LINLI_DATA }, async () => {
  const file = join(process.env.LINLI_DATA, "messages-with-replies.xlsx");
  const visit = await open({ login: "office1" });
  await send(visit, file);
  await press(visit, /^导入$/);
  await finished(visit);
  await visit.page.getByText(/新增 2816/).waitFor();
  await visit.close();
  const again = linli(["import", "requests", file, "--data", server.data]);
  assert.match(again.stdout, /0 added, 0 updated, 2816 unchanged, 0 rejected/);
});

// Sheets as other programs and people really write them: what each row becomes, and what is
// said of the others.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import { init, linli, python, root, start, until } from "./server.mjs";

let data, logins, work, n = 0;

before(() => {
  ({ data, logins } = init());
  work = dirname(data);
});

/** Imports a sheet given as text or bytes: the counts, what was said, and the exit code. */
function take(kind, sheet, ...more) {
  const file = join(work, `sheet-${++n}${typeof sheet === "string" ? ".csv" : ".xlsx"}`);
  writeFileSync(file, sheet);
  const ran = linli(["import", kind, file, "--data", data, ...more], {
    env: { LANG: "en_US.UTF-8" },
  });
  const counts = ran.stdout
    .match(/(\d+) added, (\d+) updated, (\d+) unchanged, (\d+) rejected/)
    ?.slice(1)
    .map(Number);
  return { ...ran, counts, said: ran.stdout + ran.stderr };
}
const sample = (name) => readFileSync(join(root, "test/sheets", name));
const all = (kind) =>
  JSON.parse(linli(["export", kind, "--format", "json", "--data", data]).stdout);
const one = (kind, field, value) => all(kind).find((record) => record[field] === value);

test("a bare year or month is never a day in 1905", () => {
  const years = [
    "1965",
    "1965.03",
    "196503",
    "1965.3",
    "65",
    "1985.1",
    "19650",
    "650305",
    "1965-03",
    "1965年3月",
    "22000",
  ];
  const taken = take(
    "people",
    "姓名,联系电话,出生日期\n" +
      years.map((year, i) => `年${i},138123458${String(i).padStart(2, "0")},${year}\n`).join("") +
      "年整,13812345899,19650305\n",
  );
  assert.deepEqual(taken.counts, [1, 0, 0, years.length]);
  assert.match(taken.said, /“1965\.03” is not a valid date/);
  assert.equal(one("people", "name", "年整").born, "1965-03-05");
  const read = all("people").filter((person) => person.name.startsWith("年"));
  assert.equal(read.some((person) => /^19(0|53)/.test(person.born)), false);
  assert.deepEqual(take("organisations", "code,name,kind,valid_from\ny-1,年份站,station,2019\n").counts, [0, 0, 0, 1]);
});

test("numbers are the digits that Java, pandas and Google Sheets meant", () => {
  const taken = take("people", '姓名,联系电话,住址\n浮一,13812345611.0,乙路1.0号\n浮二,1.3812345612E10,2.0\n浮三,"=""13812345613""",\n浮四,\'13812345614,\n浮五,"\t13812345615",\n浮六,1.38123E+10,\n');
  assert.deepEqual(taken.counts, [5, 0, 0, 1], taken.said);
  const phones = Object.fromEntries(
    linli(["export", "people", "--data", data])
      .stdout.split("\r\n")
      .filter((row) => row.includes("浮"))
      .map((row) => [row.match(/浮./)[0], row.match(/1381234\d+/)[0]]),
  );
  assert.deepEqual(phones, {
    浮一: "13812345611",
    浮二: "13812345612",
    浮三: "13812345613",
    浮四: "13812345614",
    浮五: "13812345615",
  });
  assert.equal(one("people", "name", "浮二").address, "2.0", "running text stays as it is");
  assert.deepEqual(take("organisations", "code,name,kind,area\nn-1,数站,station,441202001001.0\n").counts, [1, 0, 0, 0]);
  assert.deepEqual(take("skills", "code,name,people_needed,position\nn-s,数技能,2.0,1E1\n").counts, [1, 0, 0, 0]);
  assert.equal(one("skills", "code", "n-s").people_needed, 2);
});

test("midnights are days, and yes has many spellings", () => {
  const rows = [
    "2027/3/8 0:00,TRUE",
    "2027-03-09 00:00:00,False",
    "2027-03-10T00:00:00,√",
    "2027-03-11,Y",
    "2027-03-12,否",
    "2027-03-13,1.0",
    "2027-03-15T00:00:00.000Z,1",
  ];
  const taken = take("holidays", "date,is_off_day\n" + rows.join("\n") + "\n2027-03-14 09:30,1\n");
  assert.deepEqual(taken.counts, [7, 0, 0, 1], taken.said);
  const days = all("holidays").filter((day) => day.date.startsWith("2027-03"));
  assert.deepEqual(days.map((day) => [day.date.slice(8), Number(day.is_off_day)]).sort(), [
    ["08", 1],
    ["09", 0],
    ["10", 1],
    ["11", 1],
    ["12", 0],
    ["13", 1],
    ["15", 1],
  ]);
});

test("a failed formula is an error of its row", () => {
  const taken = take("organisations", "code,name,kind,what\ne-1,#N/A,station,\ne-2,错误二,station,#REF!\ne-3,错误三,station,好\n");
  assert.deepEqual(taken.counts, [1, 0, 0, 2]);
  assert.match(taken.said, /Row 2: .*#N\/A/);
});

const activities = "title,kind,area,place,starts,ends\n理发日,haircut,441202001001,门前,2031-05-01 09:00,2031-05-01 11:00\n理发日,haircut,441202001001,门前,2031-05-02 09:00,2031-05-02 11:00\n";
test("the same sheet again changes nothing, for every kind", () => {
  assert.deepEqual(take("activities", activities).counts, [2, 0, 0, 0]);
  assert.deepEqual(take("activities", activities).counts, [0, 0, 2, 0]);
  const activity = all("activities").find((a) => a.title === "理发日").number,
    person = all("people")[0].code,
    organisation = all("organisations")[0].code;
  const sheets = {
    shifts: `activity,name,starts,ends,places\n${activity},上午班,2031-05-01 09:00,2031-05-01 10:00,2\n${activity},下一班,2031-05-01 10:00,2031-05-01 11:00,2\n`,
    posts: `person,organisation,role\n${person},${organisation},member\n`,
    opinions: "text,area,collected\n楼道的灯不亮,441202001001,2026-03-01 10:00\n井盖松动,441202001001,\n",
    sign_ups: `activity,name,phone\n${activity},来的人,13812345000\n${activity},没有电话的人,\n`,
    people: "姓名,联系电话\n再来一,13812345555\n再来二,\n",
    skills: "code,name\nagain,再来\n",
    templates: "code,title,text\nagain,再来,内容\n",
  };
  for (const [kind, sheet] of Object.entries(sheets)) {
    const rows = sheet.trim().split("\n").length - 1, first = take(kind, sheet);
    assert.deepEqual(first.counts, [rows, 0, 0, 0], `${kind}: ${first.said}`);
    assert.deepEqual(take(kind, sheet, "--dry-run").counts, [0, 0, rows, 0], kind);
    assert.deepEqual(take(kind, sheet).counts, [0, 0, rows, 0], kind);
  }
});

test("a sheet obeys the rules of sign-up and shifts, and attendances bring their hours", () => {
  take("activities", "number,title,kind,area,place,starts,ends\nR-1,规则活动,other,441202001001,门前,2031-06-01 09:00,2031-06-01 12:00\nR-2,另一活动,other,441202001001,门前,2031-06-01 09:00,2031-06-01 12:00\nR-3,过去的活动,other,441202001001,门前,2026-03-01 09:00,2026-03-01 12:00\n");
  const shifts = take("shifts", "code,activity,name,starts,ends,places\nRS-1,R-1,早班,2031-06-01 09:00,2031-06-01 11:00,1\nRS-2,R-2,同时,2031-06-01 10:00,2031-06-01 12:00,5\nRS-3,R-1,远日班,2032-12-01 09:00,2032-12-01 10:00,2\n");
  assert.deepEqual(shifts.counts, [2, 0, 0, 1], shifts.said);
  const [a, b] = all("volunteers").filter((v) => v.status === "active").map((v) => v.number);
  const taken = take("sign_ups", `code,activity,shift,volunteer,name,status\nru-1,R-1,RS-1,${a},甲,signed\nru-2,R-1,RS-1,${b},乙,signed\nru-3,R-2,RS-2,${a},甲,signed\nru-4,R-2,RS-1,${b},乙,signed\nru-5,R-1,RS-1,${b},乙,\n`);
  assert.deepEqual(taken.counts, [2, 0, 0, 3], taken.said);
  assert.match(taken.said, /Row 3: All 1 places are taken/);
  assert.match(taken.said, /Row 4: .*already signed up/);
  assert.match(taken.said, /Row 5: .*another activity/);
  assert.equal(one("sign_ups", "code", "ru-5").status, "waiting");
  const hours = () => all("volunteers").find((v) => v.number === a).seconds ?? 0, before = hours();
  const attendances = `activity,volunteer,came,went\nR-3,${a},2026-03-01 09:00,2026-03-01 11:00\nR-3,${b},2026-03-01 12:00,2026-03-01 09:00\nR-3,${b},2031-03-01 09:00,2031-03-01 10:00\n`;
  const came = take("attendances", attendances);
  assert.deepEqual(came.counts, [1, 0, 0, 2], came.said);
  assert.deepEqual(take("attendances", attendances).counts, [0, 0, 1, 2]);
  assert.equal(hours() - before, 7200);
});

test("choices are taken in both languages and as rosters write them", () => {
  const sheet = sample("31-spaces-in-choices.csv").toString();
  const taken = take("people", sheet);
  assert.deepEqual(taken.counts, [4, 0, 0, 1], taken.said);
  assert.match(taken.said, /Row 6: Gender: “1” is not one of the options: Female, Male/);
  const person = one("people", "name", "何二");
  assert.deepEqual([person.gender, person.political, person.id_type], ["male", "party", "citizen"]);
  assert.deepEqual(take("people", "Full name,Gender,Political status\nEnglish One,Female,party member\n").counts, [1, 0, 0, 0]);
});

test("an empty cell changes nothing unless that was asked for", () => {
  take("people", "姓名,联系电话,住址,备注\n郑二,13812345672,甲路1号,记下的事\n");
  assert.deepEqual(take("people", sample("24-blank-clears.csv").toString()).counts, [0, 0, 1, 0]);
  assert.equal(one("people", "name", "郑二").address, "甲路1号");
  assert.deepEqual(
    take("people", "姓名,联系电话,住址,备注\n郑二,13812345672,,\n", "--clear").counts,
    [0, 1, 0, 0],
  );
  assert.ok(!one("people", "name", "郑二").address);
});

test("rows that contradict each other are named and none of them is stored", () => {
  const sheet = sample("30-dup-rows.csv").toString() + "d-2,独一,station\nd-3,同样,station\nd-3,同样,station\n";
  for (const more of [["--dry-run"], []]) {
    const taken = take("organisations", sheet, ...more);
    assert.deepEqual(taken.counts, [2, 0, 1, 3], taken.said);
    assert.match(taken.said, /Rows 2 and 3 describe the same record/);
    assert.match(taken.said, /1 rows repeat a row above .*: rows 7\./);
  }
  assert.equal(one("organisations", "code", "d-1"), undefined);
  assert.deepEqual(take("people", "姓名,联系电话,住址\n双一,13812340001,甲\n双一,138 1234 0001,乙\n").counts, [0, 0, 0, 2], "by name and telephone");
});

test("rows may refer to rows further down, and a trial says what the import does", () => {
  const sheet = "code,name,level,parent\np-3,三单元,building,p-2\np-2,二小区,estate,p-1\np-1,一社区,community,441202001\np-4,四,building,nowhere\np-5,五,building,p-4\n";
  const counts = [3, 0, 0, 2];
  assert.deepEqual(take("areas", sheet, "--dry-run").counts, counts);
  assert.deepEqual(take("areas", sheet).counts, counts);
  assert.deepEqual(take("areas", sheet).counts, [0, 0, 3, 2]);
  const areas = all("areas"), id = (code) => areas.find((a) => a.code === code).id;
  assert.equal(areas.find((a) => a.code === "p-3").parent, id("p-2"));
});

test("a bare number is no internal id", () => {
  const taken = take("organisations", sample("21-ref-by-number.csv").toString());
  assert.deepEqual(taken.counts, [1, 0, 0, 2], taken.said);
  assert.match(taken.said, /“3” not found/);
});

test("headings are found below titles, on other sheets, and however they are written", () => {
  for (const [name, counts] of [
    ["03-title-row.xlsx"],
    ["04-headings.xlsx"],
    ["11-second-sheet.xlsx"],
    ["10-strings-case.xlsx"],
    ["10c-no-strings-part.xlsx"],
    ["34b-untyped-inline.xlsx"],
    ["01-poi-double.xlsx"],
    ["22-leading-zeros.xlsx", "organisations"],
    ["05-merged.xlsx", "organisations"],
    ["08-bool.xlsx", "holidays"],
  ].map(([name, kind]) => [name, take(kind ?? "people", sample(name))])) {
    assert.ok(counts.counts, `${name}: ${counts.said}`);
    assert.ok(counts.counts[0] > 0, `${name}: ${counts.said}`);
  }
  assert.equal(one("organisations", "code", "0000007").name, "零站");
  assert.equal(one("organisations", "code", "0000007").address, "1.1");
  assert.equal(one("organisations", "code", "8").address, "8.2");
  const merged = all("organisations").filter((o) => /^m-\d$/.test(o.code));
  assert.ok(merged.length > 1);
  assert.ok(merged.every((o) => o.area), "the area merged over the rows is filled down");
  const written = take("people", "某某花名册,,,\n* 姓　名（必填）,手机号码[11位],所在社区,备 注：\n题一,13812346001,441202001001,好\n");
  assert.deepEqual(written.counts, [1, 0, 0, 0], written.said);
  assert.deepEqual(
    [one("people", "name", "题一").note, typeof one("people", "name", "题一").area],
    ["好", "number"],
  );
  assert.deepEqual(
    take("units", "编码,单位名称,联系电话,所在社区\nu-h,名称单位,0758-2222222,441202001001\n")
      .counts,
    [1, 0, 0, 0],
  );
  assert.match(
    take("people", sample("11-second-sheet.xlsx"), "--sheet", "1").said,
    /None of the sheet’s columns/,
  );
  assert.match(
    take("people", sample("11-second-sheet.xlsx"), "--sheet", "none").said,
    /has no sheet “none”/,
  );
});

test("columns that are not imported are listed", () => {
  const taken = take("people", sample("25-unknown-columns.csv").toString());
  assert.deepEqual(taken.counts, [1, 0, 0, 0]);
  assert.match(taken.said, /Columns not imported: 所属网格, 紧急联系人/);
  assert.match(take("people", sample("15i-dup-header.csv").toString()).said, /Columns not imported: 联系电话 \(column C; column B is imported as Phone\)/);
});

test("an archive is history: its short subjects are taken", () => {
  assert.deepEqual(take("requests", "主题,内容,留言时间\n水,小区停水,2020-01-02 08:00\n").counts, [1, 0, 0, 0]);
});

test("a register's Excel download speaks its reader's language; the one for re-import comes back unchanged", async () => {
  const server = await start({ data, logins });
  try {
    const office = await server.signIn("office1");
    const text = (bytes) => python("import sys,zipfile,io\nz=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\nsys.stdout.write(''.join(z.read(n).decode() for n in z.namelist() if 'sheet' in n or 'trings' in n))", [], bytes).toString();
    const files = {};
    for (const kind of [
      "areas",
      "units",
      "categories",
      "holidays",
      "templates",
      "skills",
      "organisations",
      "people",
      "posts",
      "volunteers",
      "activities",
      "shifts",
      "sign_ups",
      "attendances",
      "opinions",
    ])
      for (const format of ["xlsx", "codes"]) {
        const answer = await office.submit("/registers", `/registers/${kind}/download`, { format });
        assert.equal(answer.status, 200, kind);
        files[`${kind} ${format}`] = Buffer.from(await answer.arrayBuffer());
      }
    const people = text(files["people xlsx"]), codes = text(files["people codes"]);
    assert.match(people, />姓名</);
    assert.match(people, />女</);
    assert.doesNotMatch(people, />female<|>name</);
    assert.match(codes, />name</);
    assert.match(codes, />female</);
    assert.doesNotMatch(people + codes, /1381234\d{4}/, "numbers stay masked");
    office.cookies.set("linli_language", "en");
    assert.match(
      text(
        Buffer.from(
          await (
            await office.submit("/registers", "/registers/people/download", { format: "xlsx" })
          ).arrayBuffer(),
        ),
      ),
      />Full name</,
    );
    for (const [name, bytes] of Object.entries(files)) {
      const [kind, format] = name.split(" ");
      if (format !== "codes") continue;
      const taken = take(kind, bytes);
      assert.equal(
        taken.counts?.[0] + taken.counts?.[1] + taken.counts?.[3],
        0,
        `${kind}: ${taken.said}`,
      );
    }
  } finally {
    await server.stop();
  }
});

test("the page finds the table, lets another be chosen, lists what it leaves out and remembers a mapping", async () => {
  const server = await start({ data, logins });
  try {
    const office = await server.signIn("office1");
    office.cookies.set("linli_language", "en");
    const read = async (path) => (await office.get(path)).text();
    const send = async (kind, name, bytes) => {
      const form = new FormData();
      for (const [field, value] of Object.entries(await office.hidden("/import")))
        form.append(field, value);
      form.set("kind", kind);
      form.set("file", new Blob([bytes]), name);
      const cookie = [...office.cookies].map(([n, v]) => `${n}=${v}`).join("; ");
      const answer = await fetch(`${server.url}/import`, {
        method: "POST",
        body: form,
        redirect: "manual",
        headers: { cookie },
      });
      assert.equal(answer.status, 303, await answer.clone().text());
      return answer.headers.get("location");
    };
    const columns = (page) => [...page.matchAll(/<select id="c-\d+" name="column"[^>]*>([\s\S]*?)<\/select>/g)].map(([, options]) => options.match(/value="([^"]*)" selected/)?.[1] ?? "");
    const go = async (path, fields, chosen) => {
      const body = new URLSearchParams({ ...(await office.hidden(path)), ...fields });
      for (const column of chosen) body.append("column", column);
      const answer = await office.send("POST", `${path}/go`, {
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: body.toString(),
      });
      assert.equal(answer.status, 303, await answer.clone().text());
    };
    const finished = async (path) => {
      let page;
      await until(
        async () => /added, /.test((page = await read(path))) && !/data-again/.test(page),
        () => `the import ends: ${page}`,
      );
      return page;
    };

    const second = await send("people", "二.xlsx", sample("11-second-sheet.xlsx"));
    let page = await read(second);
    assert.deepEqual(columns(page), [
      "name",
      "gender",
      "born",
      "phone",
      "id_type",
      "id_number",
      "address",
    ]);
    assert.match(page, /<option value="1" selected>/, "the second sheet is taken");
    await go(second, { do: "show", sheet: "0", heading_row: "1" }, columns(page));
    page = await read(second);
    assert.match(page, /填表说明/);
    await go(second, { do: "show", sheet: "1", heading_row: "1" }, columns(page));
    assert.equal(columns(await read(second))[0], "name");

    const title = await send("people", "题.csv", "花名册\n姓名,联系电话,说不清,所属网格\n页一,13812347001,东街1号,3\n页二,13812347002,#N/A,3\n页一,13812347001,西街2号,3\n");
    page = await read(title);
    assert.deepEqual(columns(page), ["name", "phone", "", ""]);
    assert.match(page, /Columns not imported: 说不清, 所属网格/);
    await go(title, { do: "trial", sheet: "0", heading_row: "2" }, [
      "name",
      "phone",
      "address",
      "",
    ]);
    page = await finished(title);
    assert.match(page, /1 added, 0 updated, 0 unchanged, 2 rejected|0 added, 0 updated, 0 unchanged, 3 rejected/);
    assert.match(page, /Rows 3 and 5 describe the same record/, "named before anything is stored");
    await go(title, { do: "start", heading_row: "2" }, ["name", "phone", "address", ""]);
    const counts = /(\d+) added, (\d+) updated, (\d+) unchanged, (\d+) rejected/;
    assert.equal(
      (await finished(title)).match(counts)[0],
      page.match(counts)[0],
      "the trial said what the import does",
    );

    const again = await send(
      "people",
      "又.csv",
      "姓名,联系电话,说不清,所属网格\n页三,13812347003,东街3号,4\n",
    );
    assert.deepEqual(
      columns(await read(again)),
      ["name", "phone", "address", ""],
      "as it was matched by hand",
    );
    await go(again, { do: "start", heading_row: "1" }, ["name", "phone", "address", ""]);
    await finished(again);
    const clear = await send("people", "清.csv", "姓名,联系电话,住址\n页三,13812347003,\n");
    await go(clear, { do: "start", heading_row: "1" }, columns(await read(clear)));
    assert.match(await finished(clear), /0 added, 0 updated, 1 unchanged/);
    const cleared = await send("people", "清.csv", "姓名,联系电话,住址\n页三,13812347003,\n");
    await go(cleared, { do: "start", heading_row: "1", clear: "1" }, columns(await read(cleared)));
    assert.match(await finished(cleared), /0 added, 1 updated, 0 unchanged/);

    const tree = await read(await send("areas", "树.csv", "code,name,level,parent\nw-3,三,building,w-2\nw-2,二,estate,w-1\nw-1,一,community,441202001\n"));
    assert.doesNotMatch(tree, /class="problem"/, "the preview knows the rows below");
  } finally {
    await server.stop();
  }
});

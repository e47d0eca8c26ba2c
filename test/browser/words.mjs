// The program's own words in a language: what the tests look for on a page is written in
// English here and read from the translations, so that a better word does not break a test.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../http/server.mjs";

const chinese = new Map();
const folder = join(root, "po/zh_CN.d");
for (const file of readdirSync(folder).filter((name) => name.endsWith(".po")))
  for (const [, id, text] of readFileSync(join(folder, file), "utf8").matchAll(
    /^msgid ((?:".*"\s*)+)^msgstr ((?:".*"\s*)+)/gm,
  )) {
    const joined = (s) =>
      s
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line.trim()))
        .join("");
    chinese.set(joined(id), joined(text));
  }

/** A pattern for any of the texts, in the language; {} stands for anything. */
export function words(language, ...texts) {
  const all = texts.map((text) => (language === "en" ? text : (chinese.get(text) ?? text)));
  return new RegExp(
    all
      .map((text) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\d?\}/g, ".*"))
      .join("|"),
  );
}

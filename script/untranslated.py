#!/usr/bin/env python3
"""Lists English texts in the program that have no Chinese; fails when there are any.

    untranslated.py SOURCE_FOLDER PO_FOLDER

Reads say(ctx, "…"), say_n(ctx, n, "…", "…") (the plural) and N_("…"), with C's joined strings.
"""
import importlib.util
import pathlib
import re
import sys

here = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("po2c", here / "po2c.py")
TEXT = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
CALLS = [re.compile(r"\bN_\(\s*" + TEXT + r"\)"),
         re.compile(r"\bsay\(\s*&?\w+(?:->\w+)?,\s*" + TEXT),
         re.compile(r"\bsay_n\(\s*&?\w+,\s*[^\"]*?,\s*(?:\"(?:[^\"\\]|\\.)*\"\s*)+,\s*" + TEXT)]
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def joined(text):
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(0)), "".join(parts))


def known(folder):
    found = set()
    for path in sorted(pathlib.Path(folder).glob("*.po")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"msgid\s+" + TEXT, text):
            found.add(joined(match.group(1)))
    return found


def main():
    have, missing = known(sys.argv[2]), {}
    for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.[ch]")):
        text = path.read_text(encoding="utf-8")
        if path.name in ("ctx.h", "write.h"):
            continue  # they explain the calls
        for call in CALLS:
            for match in call.finditer(text):
                source = joined(match.group(1))
                if source and source not in have:
                    missing.setdefault(source, f"{path}:{text.count(chr(10), 0, match.start()) + 1}")
    for source, where in missing.items():
        print(f"{where}: {source}")
    sys.exit(1 if missing else 0)


main()

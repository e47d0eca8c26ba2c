#!/usr/bin/env python3
"""Joins translation fragments into one C table, sorted by message.

    po2c.py FOLDER OUTPUT.c DEPFILE

Each fragment is a plain gettext file: comments, msgid "…", msgstr "…",
continued strings. The same pair may stand in several fragments; the same
message with two translations, a message without one, or one whose places
("{}" or "{1}") do not match stops the build and says where.
"""
import pathlib
import re
import sys

ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def stop(where, why):
    sys.exit(f"{where}: {why}")


def unquote(where, text):
    match = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text)
    if not match:
        stop(where, f"not a quoted string: {text}")

    def one(m):
        if m.group(1) not in ESCAPES:
            stop(where, f"unknown escape \\{m.group(1)}")
        return ESCAPES[m.group(1)]

    return re.sub(r"\\(.)", one, match.group(1))


def entries(path):
    """Yields (where, msgid, msgstr)."""
    message, kind, where = {}, None, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        here = f"{path}:{number}"
        if not line or line.startswith("#"):
            continue
        match = re.match(r"(msgid|msgstr)\s+(\".*)", line)
        if match:
            kind = match.group(1)
            if kind == "msgid":
                if message:
                    yield where, message["msgid"], message.get("msgstr", "")
                message, where = {}, here
            elif "msgid" not in message or "msgstr" in message:
                stop(here, "msgstr without its msgid")
            message[kind] = unquote(here, match.group(2))
        elif line.startswith('"') and kind:
            message[kind] += unquote(here, line)
        else:
            stop(here, f"neither msgid nor msgstr: {line}")
    if message:
        yield where, message["msgid"], message.get("msgstr", "")


def places(text):
    numbered = {int(n) for n in re.findall(r"\{(\d)\}", text)}
    return text.count("{}"), numbered


def check(where, source, target):
    if not target:
        stop(where, f"no translation of: {source}")
    plain, _ = places(source)
    there, numbered = places(target)
    if numbered and there:
        stop(where, "either {} or numbered places, not both")
    if numbered and numbered != set(range(1, plain + 1)) or not numbered and there != plain:
        stop(where, f"places do not match: {source}")


def quote(text):
    for raw, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(raw, escaped)
    return f'"{text}"'


def main():
    folder, output, depfile = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    found = {}
    fragments = sorted(folder.glob("*.po"))
    for path in fragments:
        for where, source, target in entries(path):
            if not source:
                continue  # a header
            check(where, source, target)
            if source in found and found[source][0] != target:
                stop(where, f"“{source}” is “{found[source][0]}” in {found[source][1]}, here “{target}”")
            found.setdefault(source, (target, where))
    rows = sorted(found.items(), key=lambda item: item[0].encode())
    with open(output, "w", encoding="utf-8") as out:
        out.write('/* Made by script/po2c.py from po/: do not edit. */\n#include "base/po.h"\n\n')
        out.write("const struct po_entry po_zh_CN[] = {\n")
        for source, (target, _) in rows:
            out.write(f"    {{{quote(source)}, {quote(target)}}},\n")
        out.write("    {0, 0},\n};\n")
        out.write(f"const int po_zh_CN_count = {len(rows)};\n")
    with open(depfile, "w", encoding="utf-8") as out:
        names = [str(p).replace(" ", "\\ ") for p in [folder, *fragments]]
        out.write(f"{output}: {' '.join(names)}\n")


main()

#!/usr/bin/env python3
"""Writes a C file that carries every built asset.

    embed.py FOLDER OUTPUT.c DEPFILE

FOLDER is what `npm run build` in assets/ makes (NAME and NAME.gz). An empty
or missing folder gives a program without assets.
"""
import hashlib
import pathlib
import sys

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json",
         ".txt": "text/plain; charset=utf-8", ".json": "application/json",
         ".png": "image/png"}

folder, output, depfile = (pathlib.Path(word) for word in sys.argv[1:4])
files = sorted(p for p in folder.glob("*") if p.is_file() and p.suffix not in (".gz", ".br"))
files.sort(key=lambda p: p.name.encode())
text = ['#include "web/static.h"\n', "#include <stddef.h>\n"]
rows = []


def carry(symbol, path):
    text.append(f'__asm__(".section .rodata\\n.global {symbol}\\n{symbol}:\\n.incbin \\"{path.resolve()}\\"\\n'
                f'.global {symbol}_end\\n{symbol}_end:\\n.byte 0\\n.previous\\n");\n'
                f"extern const unsigned char {symbol}[], {symbol}_end[];\n")


for i, path in enumerate(files):
    carry(f"asset_{i}", path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    zipped = path.with_name(path.name + ".gz")
    gz = "NULL, NULL"
    if zipped.is_file() and zipped.stat().st_size < path.stat().st_size:
        carry(f"asset_{i}_gz", zipped)
        gz = f"asset_{i}_gz, asset_{i}_gz_end"
    kind = TYPES.get(path.suffix, "application/octet-stream")
    rows.append(f'    {{"{path.name}", "{kind}", "{digest}", asset_{i}, asset_{i}_end, {gz}}},\n')
rows.append("    {NULL, NULL, NULL, NULL, NULL, NULL, NULL},\n")
text.append("const struct asset assets[] = {\n" + "".join(rows) + "};\n")
text.append(f"const int asset_count = {len(files)};\n")
output.write_text("".join(text), encoding="utf-8")
needs = " ".join(str(p.resolve()) for p in [folder] * folder.is_dir() + files)
depfile.write_text(f"{output}: {needs}\n", encoding="utf-8")

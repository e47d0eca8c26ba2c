"""Writes the common sets, CSV files that set-up loads with one tap, as C texts.

usage: common2c.py OUTPUT NAME=FILE.csv …
"""
import sys


def c_text(text):
    escape = {'\\': '\\\\', '"': '\\"', '\t': '\\t'}
    quoted = (''.join(escape.get(c, c) for c in line) for line in text.splitlines())
    return '\n'.join(f'     "{line}\\n"' for line in quoted)


def main():
    rows = []
    for given in sys.argv[2:]:
        name, path = given.split('=', 1)
        with open(path, encoding='utf-8') as f:
            rows.append(f'    {{"{name}",\n{c_text(f.read())}}},')
    with open(sys.argv[1], 'w', encoding='utf-8') as f:
        f.write('/* Made by script/common2c.py. */\n#include "core/setup.h"\n\n'
                'const struct common_sheet common_sheets[] = {\n')
        f.write('\n'.join(rows) + '\n    {NULL, NULL}};\n')


main()

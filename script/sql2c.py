"""Writes the numbered schema files as one C array of steps.

usage: sql2c.py OUTPUT schema/001-name.sql schema/002-name.sql …
Numbers start at 1 and have no gaps; the order on the command line does not matter.
"""
import os
import re
import sys


def c_text(text):
    escape = {'\\': '\\\\', '"': '\\"', '\t': '\\t'}
    lines = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith('--'):
            lines.append('     "' + ''.join(escape.get(c, c) for c in line) + '\\n"')
    return '\n'.join(lines)


def main():
    output, files = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    steps = []
    for number, path in enumerate(files, 1):
        name = os.path.basename(path)
        match = re.fullmatch(r'(\d{3})-[a-z0-9-]+\.sql', name)
        if not match or int(match.group(1)) != number:
            sys.exit(f'{path}: expected a name like {number:03d}-what-it-adds.sql')
        with open(path, encoding='utf-8') as f:
            steps.append(f'    {{{number}, "{name[:-4]}",\n{c_text(f.read())}}},')
    with open(output, 'w', encoding='utf-8') as f:
        f.write('/* Made by script/sql2c.py from schema/. */\n#include "db/db.h"\n\n'
                'const struct schema_step schema_steps[] = {\n' + '\n'.join(steps)
                 + '\n    {0, NULL, NULL}};\n')


main()

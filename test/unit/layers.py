#!/usr/bin/env python3
"""script/layers refuses an include that points the wrong way, and docs/tour.md shows its table."""
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).parent.parent.parent
layers = [sys.executable, str(root / "script/layers")]


def check(files):
    """What script/layers says of a tree with these files under src/."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, "src", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        ran = subprocess.run(layers + ["--at", folder], capture_output=True, text=True)
        return ran.returncode, ran.stdout


allowed = {
    "core/jobs.c": '#include "core/module.h"\n#include "base/log.h"\n',
    "app/visits/offers.c": '#include "app/volunteers/volunteers.h"\n#include "pages/register_pages.h"\n',
    "app/visits/visits.c": '#include "app/visits/visit_parts.h"\n',
    "program/serve.c": '#include "app/desk/desk.h"\n',
}
kind = 'const struct kind %s_kind = {\n    .name = "%s",\n    .table = "%s",\n};\n'
allowed |= {
    "app/registers/registers.c": kind % (("areas",) * 3) + kind % ("open", "open", "skills"),
    "kind/area.c": 'query(db, "SELECT name FROM areas");\n',
    "core/due.c": '/* "SELECT name FROM skills" */ query(db, "DELETE FROM due " "WHERE skills = 1");\n',
    "app/visits/rounds.c": 'query(db, "SELECT name FROM skills");\n',
}
assert check(allowed) == (0, ""), check(allowed)

planted = {  # a lower floor, a capability beside, another's inner header
    "core/jobs.c": ('#include "base/log.h"\n#include "app/requests/requests.h"\n', 2),
    "base/text.c": ('#include "db/db.h"\n', 1),
    "app/search/search.c": ('\n  #  include "app/volunteers/volunteers.h"\n', 2),
    "app/visits/offers.c": ('#include "app/requests/deadlines.h"\n', 1),
    "program/serve.c": ('#include "app/volunteers/card.h"\n', 1),
    # tables that a capability describes
    "pages/api.c": ('query(db,\n      "SELECT n FROM "\n      "skills");\n', 3),
    "db/db.c": ('change(db, "UPDATE areas SET path = {}");\n', 1),
}
for name, (text, line) in planted.items():
    code, said = check({**allowed, name: text})
    assert code == 1 and said.startswith(f"src/{name}:{line}: "), (name, code, said)
    assert len(said.splitlines()) == 1, said

picture = subprocess.run(layers + ["--mermaid"], capture_output=True, text=True, check=True).stdout
tour = (root / "docs/tour.md").read_text(encoding="utf-8")
assert f"```mermaid\n{picture}```\n" in tour, "docs/tour.md shows other floors than script/layers --mermaid prints"

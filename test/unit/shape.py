"""script/shape finds each planted fault, lets pass what may be, and finds nothing in the sources."""
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent.parent


def check(files):
    """What script/shape says of a tree with these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        command = [sys.executable, root / "script/shape", "--at", folder]
        ran = subprocess.run(command, capture_output=True, text=True)
        return ran.returncode, ran.stdout


def function(lines):
    return "int grow(void)\n{\n" + "    grow();\n" * (lines - 2) + "}\n"


fine = {
    "src/a.c": '#include "a.h"\n' + function(60),
    "src/a.h": "int grow(void);\nstatic int seen(void);\n#define TWICE grow_twice()\nint grow_twice(void);\n",
    "src/b.c": '#include "a.h"\nint b = sizeof(grow());\n' + "\n" * 898,
    "test/wide.mjs": "x" * 100 + "\n" + "字" * 50 + "\n" + f'tell("{"x" * 120}");\n'
    + "answer.headers.getSetCookie?.() ?? [...names].reverse();\n",
    "test/sheet.csv": "x" * 200,
}
assert check(fine) == (0, ""), check(fine)

planted = [
    ("src/a.c", '#include "a.h"\n' + function(61), 3),
    ("src/b.c", "grow();\n" + "\n" * 900, 901),
    ("test/wide.mjs", "x" * 101, 1),
    ("test/wide.mjs", "\n" + "字" * 51, 2),
    ("test/wide.mjs", 'tell("one", "two", ' + "x" * 90 + ");", 1),
    ("test/wide.mjs", "names.toSorted();", 1),
    ("test/wide.mjs", "\nanswer.headers.getSetCookie();", 2),
    ("src/b.c", '#include "a.h"\nint b = sizeof(grow()) + time(NULL);\n', 2),
    ("src/b.c", "\n", 1),  # nobody calls what a.h declares
]
for name, text, line in planted:
    code, said = check({**fine, name: text})
    where = "src/a.h" if text == "\n" else name
    assert code == 1 and said.startswith(f"{where}:{line}: "), (name, code, said)
    assert len(said.splitlines()) == 1, said

ran = subprocess.run([sys.executable, root / "script/shape"], capture_output=True, text=True)
sys.exit(ran.stdout if ran.returncode else 0)

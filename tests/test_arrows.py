"""Imports point one way, over the packages and inside the grader."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("tools", "cnngrade", "cnnjudge", "cnnlib")
"""Each may import itself and what stands behind it."""
GRADER = (
    {"cli"},
    {"export", "quiz"},  # export takes what is in a report, quiz items of practice
    {"report"},
    {"class_run"},
    {"judging"},
    {"sessions", "intake"},
    {"term"},  # the instructor's word on results
    {"inside", "files"},
    {"record", "limits", "safe_text"},
)
"""The floors of `cnngrade`: each may import itself and what lies below."""
UP = {("cnnlib.checks", "cnnjudge"), ("cnnlib.__main__", "cnngrade.cli")}
"""The only imports that point up; both are late, inside a function."""
LOOKS = ("cnngrade.inside.probe", "cnngrade")
"""It looks from inside whether more of the package than `inside` can be seen."""


@dataclass(frozen=True)
class Import:
    """An import of a module, or of a name from it: both by their dotted names.

    Attributes:
        late: whether it stands in a function.
        typing: whether it is there for type checkers alone.
    """

    by: str
    of: str
    line: int
    late: bool
    typing: bool = False

    def __str__(self) -> str:
        return f"{self.by}:{self.line} imports {self.of}"


# ---- reading -------------------------------------------------------------------------


def modules(root: Path) -> dict[str, Path]:
    """Return all modules of the packages by their dotted names."""
    found = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(root: Path) -> list[Import]:
    """Return all imports among the packages; each name of a `from` counts by itself."""
    known = modules(root)
    found = []
    for name, path in known.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node, late, typing in nodes(tree, late=False, typing=False):
            for of in targets(node, package):
                if of.partition(".")[0] in PACKAGES:
                    found.append(Import(name, of, node.lineno, late, typing))
    return found


def nodes(
    node: ast.AST, *, late: bool, typing: bool
) -> Iterator[tuple[ast.stmt | ast.Call, bool, bool]]:
    """Yield what may import, and whether it is in a function, or for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom | ast.Call):
            yield child, late, typing
        is_function = isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
        )
        guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        yield from nodes(child, late=late or is_function, typing=typing or guarded)


def targets(node: ast.AST, package: str) -> list[str]:
    """Return the dotted names that a node imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, *filter(None, [base])])
        return [f"{base}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and node.args:  # importlib.import_module("...")
        called, first = ast.unparse(node.func), node.args[0]
        named = isinstance(first, ast.Constant) and isinstance(first.value, str)
        if named and called.endswith(("import_module", "__import__")):
            return [ast.literal_eval(first)]
    return []


# ---- the rules -----------------------------------------------------------------------


def is_up(one: Import) -> bool:
    """Tell whether an import is one of those that may point up."""
    below = [pair for pair in UP if _in(one.by, pair[0]) and _in(one.of, pair[1])]
    return bool(below) and (one.late or one.typing)


def _in(name: str, folder: str) -> bool:
    return name == folder or name.startswith(f"{folder}.")


def between_packages(found: list[Import]) -> list[str]:
    """Return the imports that point up among the packages."""
    floor = {package: i for i, package in enumerate(PACKAGES)}
    top = [(one, one.by.split(".")[0], one.of.split(".")[0]) for one in found]
    return [str(i) for i, by, of in top if floor[of] < floor[by] and not is_up(i)]


def inside_the_grader(found: list[Import]) -> list[str]:
    """Return the imports that point up, or to the side, inside `cnngrade`."""
    floors = {name: i for i, names in enumerate(GRADER) for name in names}
    wrong = []
    for one in found:
        if not (_in(one.by, "cnngrade.") or one.by.startswith("cnngrade.")):
            continue
        by = one.by.split(".")[1]
        of = one.of.split(".")[1] if one.of.startswith("cnngrade.") else ""
        if by == "inside":
            points_up = not _in(one.of, "cnnlib") and of != "inside"
        else:
            points_up = bool(of) and by != of and floors[of] <= floors[by]
        if points_up and (one.by, one.of) != LOOKS:
            wrong.append(str(one))
    return wrong


def private_crossings(found: list[Import]) -> list[str]:
    """Return the imports of an underscore name, or through one, from another folder."""
    known = modules(ROOT)
    crossing = []
    for one in found:
        parts = one.of.split(".")
        for i, part in enumerate(parts):
            if part.startswith("_") and not part.startswith("__"):
                home = _folder(".".join(parts[:i]), known)
                if home != _folder(one.by, known):
                    crossing.append(str(one))
                break
    return crossing


def _folder(name: str, known: dict[str, Path]) -> Path | None:
    """Return the folder in which a module, or what is named in one, stands."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return known[name].parent if name else None


# ---- the course ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> list[Import]:
    return imports(ROOT)


def test_they_are_seen(found):
    assert len(found) > 1_000
    assert {one.by.partition(".")[0] for one in found} == set(PACKAGES)


def test_packages_import_downwards_alone(found):
    assert between_packages(found) == []


def test_the_two_that_point_up_are_there(found):
    up = [one for one in found if is_up(one) and not _in(one.of, one.by.split(".")[0])]
    assert {one.by.split(".")[1] for one in up} == {"checks", "__main__"}


def test_the_grader_imports_downwards_alone(found):
    folders = {p.stem for p in (ROOT / "cnngrade").iterdir() if p.stem[0] not in "._"}
    assert folders == set().union(*GRADER)
    assert inside_the_grader(found) == []


def test_no_import_crosses_a_folder_through_an_underscore(found):
    assert private_crossings(found) == []


# ---- what the rules find -------------------------------------------------------------


WRONG = {
    "cnnlib/text.py": ["import cnnjudge", "from cnngrade.record import Result"],
    "cnnlib/checks/check.py": [
        "from cnnjudge.judge import judge",
        "import tools.proof",
    ],
    "cnnlib/checks/ask.py": ["def f():\n    import cnngrade.record"],
    "cnnlib/__main__.py": ["def f():\n    from cnngrade.class_run import job"],
    "cnnlib/images.py": ["def f():\n    import cnnjudge.key"],
    "cnnjudge/key.py": ["from cnngrade import files", "def f():\n    import tools"],
    "cnngrade/record.py": ["from tools.build import rules"],
    "cnnlib/arithmetic/__init__.py": ["import_module('cnnjudge.keys.lesson01')"],
}
WRONG_INSIDE = {
    "cnngrade/inside/relay.py": [
        *("from cnngrade.limits import PROCESSES", "import cnnjudge.judge"),
        *("def f():\n    from ..sessions import run", "from .. import safe_text"),
    ],
    "cnngrade/sessions/run.py": [
        *("from cnngrade.judging import notes", "from ..intake import zips"),
        "def f():\n    import cnngrade.class_run.job",
    ],
    "cnngrade/files/code.py": ["from cnngrade.sessions.session import Done"],
    "cnngrade/report/pages.py": ["from cnngrade.export import class_list"],
    "cnngrade/record.py": ["from cnngrade.files import code"],
}


def _with(tmp_path, file, line):
    """Return the imports of a tree that holds one file with one line."""
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    return imports(tmp_path)


def _pairs(wrong):
    return [(file, line) for file, lines in wrong.items() for line in lines]


@pytest.mark.parametrize(("file", "line"), _pairs(WRONG))
def test_an_import_that_points_up_is_found(tmp_path, file, line):
    assert len(between_packages(_with(tmp_path, file, line))) == 1


@pytest.mark.parametrize(("file", "line"), _pairs(WRONG_INSIDE))
def test_an_import_that_points_up_in_the_grader_is_found(tmp_path, file, line):
    assert len(inside_the_grader(_with(tmp_path, file, line))) == 1


@pytest.mark.parametrize(
    ("line", "crosses"),
    [
        ("from cnnlib.checks._secret import name", True),
        ("from cnnlib.checks.wire import _WORDS, MOST", True),
        ("import cnnlib.checks._secret", True),
        ("from cnngrade.sessions._own import name", False),
        ("from ._own import _name", False),
        ("from cnnlib.checks.wire import loads", False),
        ("from cnnlib import __version__", False),
    ],
)
def test_an_underscore_from_another_folder_is_counted(tmp_path, line, crosses):
    found = _with(tmp_path, "cnngrade/sessions/run.py", line)
    assert bool(private_crossings(found)) == crosses

"""What a person should look at: where a program cannot tell what an answer is worth.

Each is a sentence for the instructor that says what would help. None changes a verdict.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator, Sequence

from cnngrade.files.match import Match
from cnngrade.files.plan import Step
from cnngrade.record import TaskResult
from cnngrade.sessions.session import StepOutcome
from cnnlib.setup.modules import MAY_IMPORT

from .verdicts import raised

_MODULE = re.compile(r"No module named '([\w.]+)'")
_NAMELESS = re.compile(r"cannot import name '\w+' from '([\w.]+)'")
_FILE = re.compile(r"No such file or directory: '?([^'\n]+)'?")
_GPU = re.compile(
    r"NVIDIA driver|not compiled with CUDA|CUDA (error|is not available)|"
    r"device type cuda|No CUDA GPUs|not linked with support for mps|MPS backend",
    re.I,
)


def by_hand(
    match: Match,
    steps: Sequence[Step],
    done: dict[int, StepOutcome],
    results: Sequence[TaskResult],
) -> list[str]:
    """Return what to look at by hand in one notebook, a sentence or two each."""
    lost = [result for result in results if not result.passed]
    if not lost:
        return []
    texts = [
        " ".join([one.verdict.lead, one.verdict.raised, one.verdict.meaning])
        for one in lost
    ]
    texts += [
        raised(found)
        for number, step in enumerate(steps)
        if step.cell and (found := done.get(number)) and found.facts.get("raised")
    ]
    points = sum(one.points - one.by_answer for one in lost)
    made = [*_machine(texts), *_newer_python(match, texts), *_unreached(lost)]
    made = list(dict.fromkeys(made))
    return [f"{words} Up to {points:g} points hang on it." for words in made]


def not_given(files: Sequence[tuple[str, str]]) -> list[str]:
    """Return a sentence on the files beside a notebook that its code was not given."""
    if not files:
        return []
    few = "; ".join(f"{path}: {why}" for path, why in files[:3])
    more = f"; and {len(files) - 3} more" if len(files) > 3 else ""
    return [f"Files beside the notebook were not given to it ({few}{more})."]


def hidden_by_packages(match: Match, files: Sequence[str]) -> list[str]:
    """Return a note on files beside a notebook that it imports and does not get."""
    cells = "\n".join(cell.source for cell in match.notebook.cells if cell.is_code)
    names = {
        path.partition("/")[0].removesuffix(".py")
        for path in files
        if path.endswith(".py")
    }
    wanted = {name for name in names if re.search(rf"\bimport {name}\b", cells)}
    wanted |= {name for name in names if re.search(rf"\bfrom {name}\b", cells)}
    taken = sorted(name for name in wanted if _is_known(name))
    return [
        f"{name}.py has the name of a module of Python or of a package: "
        f"`import {name}` gives that one, not the file. Another name for it helps."
        for name in taken
    ]


def _is_known(name: str) -> bool:
    if name in sys.stdlib_module_names or name in ("cnnlib", "cnnjudge", "cnngrade"):
        return True
    try:
        found = importlib.util.find_spec(name) if name.isidentifier() else None
    except (ImportError, ValueError):
        return False
    place = found.origin if found else None
    return bool(place) and "site-packages" in str(place)


def _machine(texts: Sequence[str]) -> Iterator[str]:
    """Tell what is not on this machine: a module, a file, a GPU."""
    for text in texts:
        for name in _MODULE.findall(text):
            yield (
                f"It imports `{name}`, which is not on this machine and was not handed "
                f"in. A package{_unlisted(name)}: install it here, then --regrade all. "
                "The student's own file: ask for it; it counts if it is in the "
                "hand-in, beside the notebook."
            )
        if found := _FILE.search(text):
            yield (
                f"It opens `{found[1][:80]}`, which was not handed in. Ask for it; it "
                "counts if it is in the hand-in, beside the notebook."
            )
        if _GPU.search(text):
            yield (
                "It asks for a GPU (`.cuda()`, `device=`), which is not here. Look "
                "whether the rest is right, or ask for it without."
            )


def _unlisted(name: str) -> str:
    listed = name.partition(".")[0] in MAY_IMPORT
    return "" if listed else " (none of those that a hand-in may import)"


def _newer_python(match: Match, texts: Sequence[str]) -> Iterator[str]:
    """Tell where a syntax error may be one of this Python alone."""
    info = match.notebook.metadata.get("language_info")
    told = info.get("version") if isinstance(info, dict) else None
    found = re.match(r"(\d+)\.(\d+)", told) if isinstance(told, str) else None
    if not found or not any("SyntaxError" in text for text in texts):
        return
    here = sys.version_info[:2]
    if (int(found[1]), int(found[2])) > here:
        yield (
            f"A cell is no Python {here[0]}.{here[1]}, and the notebook was last saved "
            f"with Python {found[0]}. It may be right there: --regrade all with that, "
            "or a newer one."
        )


def _unreached(lost: Sequence[TaskResult]) -> Iterator[str]:
    names = [one.task for one in lost if one.verdict.status == "not reached"]
    if names:
        yield (
            f"Other cells took so long that {', '.join(names)} was not reached. A "
            "larger --timeout, in a new report, may reach it."
        )

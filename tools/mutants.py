"""Change right answers a little, and see what the checkers say of them.

Each right answer in `lessons/` and in `tools/codings.py` is changed in one place by a
program: an operator, a bound, an index, an axis, two arguments swapped. Such a mutant
is *equivalent* where it still does the same; else its check must refuse it, and should
say what is wrong. What passes and is not equivalent is a wrong answer that earns
points. ``python -m tools.mutants --passing`` lists what passes.
"""

from __future__ import annotations

import argparse
import ast
import copy
import linecache
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tqdm import tqdm

from cnnjudge.changes import changes
from cnnjudge.judge import KnownOutcomes
from cnnjudge.messages import SEEN
from cnnjudge.tasks import task
from cnnjudge.verdict import Verdict
from cnnlib import checks
from cnnlib.checks.registry import questions
from tools.build import build, exercise, source
from tools.build.course import Course
from tools.codings import CODINGS

KINDS = ("cause", "fact", "error", "seen", "nothing")
TRAINED = frozenset({"trained_model"})
"""Tasks whose answer is trained: half a minute for each mutant is too long."""


@dataclass(frozen=True)
class Mutant:
    """A right answer with one change.

    Attributes:
        task: the name of the task.
        change: what was changed, in words, with the line of the code.
        answer: the function or value that came of it.
        of_coding: whether it is of one in `tools.codings`, not of the solution.
    """

    task: str
    change: str
    answer: Any
    of_coding: bool = False


@dataclass(frozen=True)
class MutantRow:
    """What became of a mutant."""

    mutant: Mutant
    verdict: Verdict

    @property
    def survived(self) -> bool:
        """Whether it passes its check."""
        return self.verdict.passed

    @property
    def kind(self) -> str:
        """What the verdict tells: one of `KINDS`.

        "cause": a mistake of the key, a slip, two at once, or what was noticed;
        "error": what the error means, beside the student's own line;
        "fact": what can be seen, and it says what is wrong: "one row too many";
        "seen": what can be seen, and it only helps to search; "nothing".
        """
        found = self.verdict
        if found.remark or (found.hint and found.hint_word != SEEN):
            return "cause"
        if found.mistake:
            return "fact"
        if found.meaning or found.status in ("timed out", "unsolved"):
            return "error"
        if found.status == "error" and not found.line:  # the question's own sentence
            return "error"
        if found.difference and not found.hint:  # of another type, which is said
            return "fact"
        return "seen" if found.hint else "nothing"


def rows(name: str, seed: int = 0) -> Iterator[MutantRow]:
    """Yield a row for each mutant of a task's right answers."""
    known = KnownOutcomes(task(name), questions()[name].draw(seed))
    for mutant in mutants(name):
        verdict = checks.Check(name).verdict(mutant.answer, seed, known=known)
        yield MutantRow(mutant, verdict)


def mutants(name: str) -> Iterator[Mutant]:
    """Yield the mutants of a task's right answers, no two of the same text."""
    seen: set[str] = set()
    if name in TRAINED:
        return
    for number, text in enumerate((_solution(name), *CODINGS.get(name, ()))):
        original = ast.unparse(ast.parse(text))
        seen.add(original)
        for change in changes(text):
            changed = ast.unparse(change.tree)
            if changed in seen:
                continue
            seen.add(changed)
            try:
                answer = _made(name, changed, change.words)
            except Exception:  # it does not even define the answer
                continue
            yield Mutant(name, change.words, answer, of_coding=number > 0)


def answer(name: str, text: str) -> Any:
    """Return the answer that a cell's text defines, other tasks' answers around it."""
    return _made(name, text, "as it is")


def _made(name: str, text: str, words: str) -> Any:
    names = _copied(_before(name))
    place = f"<{name}: {words}>"
    linecache.cache[place] = (len(text), None, text.splitlines(True), place)
    exec(compile(text, place, "exec"), names)
    return names[name]


def _copied(names: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a name space in which no list or dict is shared."""
    kept = {n: copy.copy(v) for n, v in names.items() if isinstance(v, list | dict)}
    return {**names, **kept}


@cache
def _texts() -> dict[str, str]:
    """Return the solved cell of each task."""
    found = {}
    for path in Course(build.ROOT).exercises():
        for cell in source.read(path).cells:
            if cell.task:
                found[cell.task] = exercise.solved(cell.text)
    return found


def _solution(name: str) -> str:
    return _texts()[name]


@cache
def _before(name: str) -> dict[str, Any]:
    """Return the names that a task's cell finds: what the cells before it define."""
    lesson = questions()[name].lesson
    (path,) = (p for p in Course(build.ROOT).exercises() if p.name.startswith(lesson))
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in source.read(path).cells:
        if cell.task == name:
            break
        if cell.kind == "code" and not cell.check and cell.task not in TRAINED:
            text = exercise.solved(cell.text) if cell.task else cell.text
            exec(compile(text, str(path), "exec"), names)
    return names


# -- the table ------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """What became of the mutants of one task: how many of each kind.

    `named` are those whose verdict says what is wrong: a cause, what an error means, or
    a fact that names the part. `of_codings` counts refused and named ones of
    `tools.codings` alone.
    """

    task: str
    tried: int
    passing: int
    kinds: Mapping[str, int]
    of_codings: tuple[int, int] = (0, 0)

    @property
    def refused(self) -> int:
        """How many do not pass."""
        return self.tried - self.passing

    @property
    def named(self) -> int:
        """How many of the refused are named."""
        return self.refused - self.kinds.get("seen", 0) - self.kinds.get("nothing", 0)

    @property
    def percent(self) -> int:
        """The share of the refused that are named, rounded down."""
        return 100 * self.named // self.refused if self.refused else 100

    def line(self) -> str:
        """Return the row of the table."""
        of_kind = " | ".join(str(self.kinds.get(kind, 0)) for kind in KINDS)
        return (
            f"| `{self.task}` | {self.tried} | {self.passing} | {self.refused} | "
            f"{of_kind} | {self.named} ({self.percent} %) |"
        )


def tally(name: str, found: Sequence[MutantRow]) -> Tally:
    """Count what became of a task's mutants."""
    refused = [row for row in found if not row.survived]
    kinds = Counter(row.kind for row in refused)
    others = [row for row in refused if row.mutant.of_coding]
    named = sum(row.kind not in ("seen", "nothing") for row in others)
    passing = len(found) - len(refused)
    return Tally(name, len(found), passing, kinds, (len(others), named))


def markdown(tallies: Sequence[Tally]) -> str:
    """Return the section of the proof on mutants."""
    tried, passing = sum(t.tried for t in tallies), sum(t.passing for t in tallies)
    named, refused = sum(t.named for t in tallies), tried - passing
    others = sum(t.of_codings[0] for t in tallies)
    named_others = sum(t.of_codings[1] for t in tallies)
    lines = [
        "## Mutants",
        "",
        "Right answers, each changed by a program in one place. What passes does the",
        "same as the right answer (read one by one: a dtype or a detour that changes "
        "no",
        "value). *Cause*: a known mistake, a slip, a change of a right answer, or two "
        "at",
        "once; *fact*: what can be seen names the part that is wrong; *error*: the",
        "student's own line and what the error means. These three are *named*. *Seen*",
        "only helps to search. Not tried: `trained_model`, half a minute each.",
        "",
        f"- Tried: {tried}; passing: {passing}; refused: {refused}; named: {named} "
        f"({100 * named // max(1, refused)} %).",
        f"- Of the {others} refused ones of `tools/codings.py` (loops, some of them",
        f"  much like the workings that the judge changes) {named_others} are named",
        f"  ({100 * named_others // max(1, others)} %); the solutions are coded as the",
        "  workings are, so that most of their mutants are among those changes.",
        "",
        f"| task | tried | passing | refused | {' | '.join(KINDS)} | named |",
        "|---|---|---|---|" + "---|" * len(KINDS) + "---|",
        *(one.line() for one in tallies),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: print the counts of each task, and mutants on demand."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants", description=__doc__
    )
    parser.add_argument("tasks", nargs="*", help="names of tasks; default: all")
    parser.add_argument("--show", nargs="*", default=[], help=f"some of {KINDS}")
    parser.add_argument("--passing", action="store_true", help="those that pass")
    options = parser.parse_args(arguments)
    for name in tqdm(options.tasks or list(questions()), disable=None):
        found = list(rows(name))
        print(tally(name, found).line())
        for row in found:
            if row.survived and options.passing:
                print(f"    passes: {row.mutant.change}")
            if not row.survived and row.kind in options.show:
                text = row.verdict.text.replace("\n", "\n    ")
                print(f"  {row.mutant.change}\n    {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

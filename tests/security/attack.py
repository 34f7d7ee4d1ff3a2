"""A submission that means harm, and what it may know of the machine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.exercise_files import ROOT, TASKS, Book

ALL, NONE = frozenset(TASKS), frozenset[str]()
FILE = "03_pooling.ipynb"
MARK = "# these are the right answers"
FIRST = Book("exercises").place(TASKS[0])
"""The place of a cell before all answers, behind what the course imports."""


@dataclass(frozen=True)
class World:
    """What an attack may know of the machine: the worst that it can know."""

    tcp: int
    udp: int
    name: str
    home: Path
    report: Path
    school: Path
    spoilt: tuple[Path, ...]

    def told(self, code: str) -> str:
        """Return code with the places of this machine in it."""
        facts = {
            "$TCP": str(self.tcp),
            "$UDP": str(self.udp),
            "$NAME": repr(self.name),
            "$HOME": repr(str(self.home)),
            "$REPORT": repr(str(self.report)),
            "$SCHOOL": repr(str(self.school)),
            "$ROOT": repr(str(ROOT)),
            "$RIGHT": repr(right_answers()),
            "$SPOILT": repr([str(path) for path in self.spoilt]),
        }
        for sign, fact in facts.items():
            code = code.replace(sign, fact)
        return code


@dataclass(frozen=True)
class Attack:
    """One submission.

    Attributes:
        name: the student's, which is that of the folder.
        gains: what it would gain where checks run in the student's own kernel.
        code: a cell in front of all answers.
        base: the notebook: "wrong" answers (of the right shape), "solutions",
            "exercises".
        lie: for "wrong": what all answers return instead; ``{task}`` is the name,
            ``{call}`` the arguments.
        change: what else is done to the notebook.
        passes: the tasks that pass, since their answers are right.
        says: the status of single tasks.
        file: writes the submission itself, instead of all that.
        graded: whether it is in the report as a submission at all.
    """

    name: str
    gains: str
    code: str = ""
    base: str = "wrong"
    lie: str = ""
    change: Callable[[Book], None] | None = None
    passes: frozenset[str] = NONE
    says: dict[str, str] = field(default_factory=dict)
    file: Callable[[Path, World], None] | None = None
    graded: bool = True
    exercise: str = "03_pooling"

    def write(self, school: Path, world: World) -> None:
        """Hand it in."""
        if self.file is not None:
            self.file(school / self.name, world)
            return
        kind = "solutions" if self.base == "solutions" else "exercises"
        book = Book(kind, self.exercise)
        if self.base == "wrong":
            for task in TASKS:
                book.write(task, self.answer(task))
        if self.change is not None:
            self.change(book)
        if self.code:
            first = FIRST if self.exercise == FILE[:-6] else book.place("output_size")
            book.add(first, world.told(self.code))
        book.save(school / self.name, f"{self.exercise}.ipynb")

    def answer(self, task: str) -> str:
        """Return a wrong answer, or one that lies."""
        if not self.lie:
            return WRONG[task]
        call = "" if task == "edge_then_pool" else ", *args, **kwargs"
        lie = self.lie.replace("{task}", task).replace("{call}", call)
        if task == "edge_then_pool":
            return f"{task} = {lie}"
        return f"def {task}(*args, **kwargs):\n    return {lie}"


_CORNER = """\
def {}(x, kernel_size, stride=None):
    (height, width), (down, right) = pair(kernel_size), pair(stride or kernel_size)
    return x[:, :, : x.shape[2] - height + 1 : down, : x.shape[3] - width + 1 : right]
"""
WRONG = {
    **{task: _CORNER.format(task) for task in TASKS[:3]},
    "global_avg_pool": "def global_avg_pool(x):\n    return x[:, :, 0, 0]\n",
    "flatten": """\
def flatten(x, start_dim=1):
    return x.reshape(*x.shape[:start_dim], -1).flip(-1)
""",
    "edge_then_pool": "edge_then_pool = torch.zeros(2, 2)\n",
}
"""Answers of the right shape and type whose numbers are wrong."""


def right_answers() -> str:
    """Return a program that gives every task its right answer."""
    book = Book("solutions")
    sources = ["".join(cell["source"]) for cell in book.cells if is_code(cell)]
    return "\n\n".join([MARK, *(s for s in sources if "%pip" not in s)])


def is_code(cell: dict) -> bool:
    return cell["cell_type"] == "code"


def outputs(book: Book, text: str) -> None:
    for task in TASKS:
        book.cell(f"{task}-check")["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": [text.format(task)]},
            {"output_type": "execute_result", "data": {"text/plain": "100.0"}},
        ]
        book.cell(f"{task}-check")["execution_count"] = 1


WIRE = """\
import json, os, socket, stat
def wires():
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield number
        except OSError:
            pass
def say(data):
    for number in wires():
        try:
            os.write(number, data)
        except OSError:
            pass
"""

"""What `cnnlib check` prints: a table to a file, the messages, what was odd."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cnngrade.files.notebook import shown
from cnngrade.judging.judged import Judged
from cnnjudge.verdict import Verdict

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def file_report(judged: Judged) -> RenderableType:
    """Return the whole report on one file."""
    tasks = table("Task", "Verdict")
    for result in judged.results:
        status = (f"{result.verdict.status}: ", _style(result.passed))
        words = Text.assemble(status, clean(_sentence(result.verdict)))
        points = f"{result.earned} of {result.points}"
        tasks.add_row(result.task, points, words)
    title = Text(clean(shown(judged.path)), "bold")
    parts: list[RenderableType] = [title, tasks, Text(_total(judged), "bold")]
    for result in judged.results:
        if not result.passed and not result.verdict.is_one_sentence:
            parts += ["", Text(clean(result.verdict.text))]
    if judged.notes:
        parts += ["", "Also noticed, without effect on the verdicts:"]
        parts.append(_list(judged.notes))
    return Group(*parts)


def _sentence(verdict: Verdict) -> str:
    """Return the first sentence as it stands beside the task's name in a table."""
    return f"it {verdict.lead}" if verdict.leads_with_task else verdict.lead


def totals(judged: Sequence[Judged], refused: Sequence[tuple[str, str]]) -> Table:
    """Return the table over several files; `refused` are (file, sentence)."""
    files = table("File", "Tasks passed")
    for one in judged:
        right = one.passed == len(one.results)
        words = Text(f"{one.passed} of {len(one.results)}", _style(right))
        files.add_row(clean(shown(one.path)), f"{one.earned} of {one.points}", words)
    for file, _ in refused:
        files.add_row(clean(file), "", Text("cannot be judged", _style(False)))
    if judged:
        files.add_section()
        passed, tasks = (
            sum(o.passed for o in judged),
            sum(len(o.results) for o in judged),
        )
        earned, points = sum(o.earned for o in judged), sum(o.points for o in judged)
        files.add_row("Total", f"{earned} of {points}", f"{passed} of {tasks}")
    return files


def problem(console: Console, sentence: str) -> None:
    """Print a sentence that says why something could not be done."""
    console.print(Text.assemble(("✗ ", _style(False)), clean(sentence)))


def clean(text: str) -> str:
    """Return text without what would steer a terminal instead of being read."""
    return _CONTROL.sub("�", text.replace("\r\n", "\n"))


def console(*, error: bool = False) -> Console:
    """Return where to print: colours only on a terminal, signs that it can show."""
    console = Console(stderr=error, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and console.width < 80:
        console.width = 80
    reconfigure = getattr(console.file, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    return console


def table(first: str, last: str, middle: str = "Points") -> Table:
    """Return an empty table of three columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=first == "Task", overflow="fold")
    table.add_column(middle, no_wrap=True, justify="right")
    table.add_column(last, ratio=1, overflow="fold")
    return table


def _style(passed: bool) -> str:
    """Return a style of the terminal's own palette, which suits dark and light."""
    return "bold green" if passed else "bold red"


def _total(judged: Judged) -> str:
    return (
        f"{judged.earned} of {judged.points} points, {judged.passed} of "
        f"{len(judged.results)} tasks passed"
    )


def _list(sentences: Sequence[str]) -> Table:
    """Return sentences as a list whose lines hang from their dots."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column()
    table.add_column(overflow="fold", ratio=1)
    for sentence in sentences:
        table.add_row("-", Text(clean(sentence)))
    return table

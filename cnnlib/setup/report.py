"""Whether this machine is ready for the course, with a fix for what is not.

Each probe is a function from `Facts` to a `Row`; the facts are gathered elsewhere, so
that every broken set-up can be made on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from cnnlib.table import html_table, text_table

from . import check_machine, check_packages
from .facts import Facts, gather
from .row import SetupRow

_PROBES: tuple[tuple[str, Callable[[Facts], SetupRow]], ...] = (
    ("Python", check_packages.python),
    ("Files", check_packages.files),
    ("PyTorch", check_packages.torch),
    ("torchvision", check_packages.torchvision),
    ("Device", check_machine.device),
    ("Course", check_packages.course),
    ("Digits", check_machine.digits),
    ("Downloads", check_machine.downloads),
    ("Widgets", check_packages.widgets),
    ("Pictures", check_packages.matplotlib),
    ("Packages", check_packages.others),
    ("Disk", check_machine.disk),
    ("Memory", check_machine.memory),
)
_RESTART = "restart the kernel: menu Kernel > Restart Kernel."


@dataclass(frozen=True, repr=False)
class Report:
    """The answers of `check_setup`, as text and as an HTML table.

    Where all is well both faces are the same on every machine; `details` tells the
    versions, the device and the sizes found on this one.
    """

    rows: tuple[SetupRow, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is left to fix."""
        return all(row.state != "fix" for row in self.rows)

    @property
    def summary(self) -> str:
        """The answer in one sentence."""
        count = sum(row.state == "fix" for row in self.rows)
        if count == 0:
            return "Everything is ready for the course."
        return f"{count} thing{'s' if count > 1 else ''} to fix before you start."

    @property
    def details(self) -> str:
        """Versions, device and sizes here; try `print(check_setup().details)`."""
        return text_table([(row.topic, row.detail or row.answer) for row in self.rows])

    def __repr__(self) -> str:
        fixes = [f"{_lead(row)}: {row.fix}" for row in self._with_a_fix()]
        lines = [self.summary, text_table(self._table()), *fixes, *self._after()]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        head = ("Part", "State", "Answer")
        fixes = "".join(
            f"<p>{escape(_lead(row))}: <code>{escape(row.fix)}</code></p>"
            for row in self._with_a_fix()
        )
        table = html_table(self.summary, [head, *self._table()])
        after = "".join(f"<p>{escape(line)}</p>" for line in self._after())
        html = f"<div>{table}{fixes}{after}</div>"
        return {"text/plain": repr(self), "text/html": html}

    def _table(self) -> list[tuple[str, str, str]]:
        return [(row.topic, row.state, row.answer) for row in self.rows]

    def _with_a_fix(self) -> list[SetupRow]:
        return [row for row in self.rows if row.fix]

    def _after(self) -> list[str]:
        if any(row.fix.startswith("%pip") for row in self.rows):
            return [f"After %pip, {_RESTART}"]
        if any(row.topic == "Files" for row in self._with_a_fix()):
            return [f"After that, {_RESTART}"]
        return []


def _lead(row: SetupRow) -> str:
    return f"To {'fix' if row.state == 'fix' else 'improve'} {row.topic}"


def check_setup() -> Report:
    """Look whether Python, its packages and this machine are ready for the course.

    Never raises: what is wrong is said in the report, each with the command that fixes
    it. In a terminal, `cnnlib doctor` says the same.
    """
    return judge(gather())


def judge(facts: Facts) -> Report:
    """Turn facts into answers; a probe that fails itself says so in its row."""
    return Report(tuple(_safely(topic, probe, facts) for topic, probe in _PROBES))


def _safely(topic: str, probe: Callable[[Facts], SetupRow], facts: Facts) -> SetupRow:
    try:
        return probe(facts)
    except Exception as error:  # the check must not be what breaks
        answer = f"could not be checked: {type(error).__name__}: {error}"
        return SetupRow(topic, "fix", answer, "Please report this message.")

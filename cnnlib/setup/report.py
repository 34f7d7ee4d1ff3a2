"""Whether this machine is ready for the course, with a cure for what is not.

Each probe is a function from `Facts` to a `Row`; the facts are gathered elsewhere, so
that every broken set-up can be made on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from cnnlib.table import html_table, text_table

from . import machine, packages
from .facts import Facts, gather
from .row import Row

_PROBES: tuple[tuple[str, Callable[[Facts], Row]], ...] = (
    ("Python", packages.python),
    ("Files", packages.files),
    ("PyTorch", packages.torch),
    ("torchvision", packages.torchvision),
    ("Device", machine.device),
    ("Course", packages.course),
    ("Digits", machine.digits),
    ("Downloads", machine.downloads),
    ("Widgets", packages.widgets),
    ("Pictures", packages.matplotlib),
    ("Packages", packages.others),
    ("Disk", machine.disk),
    ("Memory", machine.memory),
)
_RESTART = "restart the kernel: menu Kernel > Restart Kernel."


@dataclass(frozen=True, repr=False)
class Report:
    """The answers of `check_setup`, as text and as an HTML table.

    Where all is well both faces are the same on every machine; `details` tells the
    versions, the device and the sizes found on this one.
    """

    rows: tuple[Row, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is left to mend."""
        return all(row.state != "mend" for row in self.rows)

    @property
    def summary(self) -> str:
        """The answer in one sentence."""
        count = sum(row.state == "mend" for row in self.rows)
        if count == 0:
            return "Everything is ready for the course."
        return f"{count} thing{'s' if count > 1 else ''} to mend before you start."

    @property
    def details(self) -> str:
        """Versions, device and sizes here; try `print(check_setup().details)`."""
        return text_table([(row.topic, row.detail or row.answer) for row in self.rows])

    def __repr__(self) -> str:
        cures = [f"{_lead(row)}: {row.cure}" for row in self._cured()]
        lines = [self.summary, text_table(self._table()), *cures, *self._after()]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        head = ("Part", "State", "Answer")
        cures = "".join(
            f"<p>{escape(_lead(row))}: <code>{escape(row.cure)}</code></p>"
            for row in self._cured()
        )
        table = html_table(self.summary, [head, *self._table()])
        after = "".join(f"<p>{escape(line)}</p>" for line in self._after())
        html = f"<div>{table}{cures}{after}</div>"
        return {"text/plain": repr(self), "text/html": html}

    def _table(self) -> list[tuple[str, str, str]]:
        return [(row.topic, row.state, row.answer) for row in self.rows]

    def _cured(self) -> list[Row]:
        return [row for row in self.rows if row.cure]

    def _after(self) -> list[str]:
        if any(row.cure.startswith("%pip") for row in self.rows):
            return [f"After %pip, {_RESTART}"]
        if any(row.topic == "Files" for row in self._cured()):
            return [f"After that, {_RESTART}"]
        return []


def _lead(row: Row) -> str:
    return f"To {'mend' if row.state == 'mend' else 'improve'} {row.topic}"


def check_setup() -> Report:
    """Look whether Python, its packages and this machine are ready for the course.

    Never raises: what is wrong is said in the report, each with the command that mends
    it. In a terminal, `cnnlib doctor` says the same.
    """
    return judge(gather())


def judge(facts: Facts) -> Report:
    """Turn facts into answers; a probe that fails itself says so in its row."""
    return Report(tuple(_safely(topic, probe, facts) for topic, probe in _PROBES))


def _safely(topic: str, probe: Callable[[Facts], Row], facts: Facts) -> Row:
    try:
        return probe(facts)
    except Exception as error:  # the check must not be what breaks
        answer = f"could not be checked: {type(error).__name__}: {error}"
        return Row(topic, "mend", answer, "Please report this message.")

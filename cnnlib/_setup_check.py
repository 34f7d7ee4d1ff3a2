"""Whether this machine is ready for the course, with a cure for what is not.

Each probe is a function from `Facts` to a `Row`; the facts are gathered elsewhere, so
that every broken set-up can be made on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from ._setup_facts import Facts, Part, gather
from ._table import html_table, text_table

_DATA_BYTES = 200_000_000
_MEMORY_BYTES = 1_000_000_000
_BOTH = "%pip install --upgrade torch torchvision"
_AFRESH = "%pip install --upgrade --force-reinstall torch torchvision"


@dataclass(frozen=True)
class Row:
    """One answer.

    Attributes:
        topic: what was looked at.
        state: "ready", "mend", or "waits" for something that must be mended first.
        answer: what was found, in words; the same on every machine that is ready.
        cure: the one command (or step) that mends it, "" where there is no need.
        detail: what belongs to this machine alone: versions, device, sizes.
    """

    topic: str
    state: str
    answer: str
    cure: str = ""
    detail: str = ""


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
        """Versions, device and sizes here: `print(check_setup().details)`."""
        return text_table([(row.topic, row.detail or row.answer) for row in self.rows])

    def __repr__(self) -> str:
        cures = [f"To mend {row.topic}: {row.cure}" for row in self._broken()]
        lines = [self.summary, text_table(self._table()), *cures, *self._after()]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        head = ("Part", "State", "Answer")
        cures = "".join(
            f"<p>To mend {escape(row.topic)}: <code>{escape(row.cure)}</code></p>"
            for row in self._broken()
        )
        table = html_table(self.summary, [head, *self._table()])
        after = "".join(f"<p>{escape(line)}</p>" for line in self._after())
        html = f"<div>{table}{cures}{after}</div>"
        return {"text/plain": repr(self), "text/html": html}

    def _table(self) -> list[tuple[str, str, str]]:
        return [(row.topic, row.state, row.answer) for row in self.rows]

    def _broken(self) -> list[Row]:
        return [row for row in self.rows if row.cure]

    def _after(self) -> list[str]:
        if any(row.cure.startswith("%pip") for row in self.rows):
            return ["After %pip, restart the kernel: menu Kernel > Restart Kernel."]
        return []


def check_setup() -> Report:
    """Look whether Python, its packages and this machine are ready for the course.

    Never raises: what is wrong is said in the report, each with the command that mends
    it.
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


def _python(facts: Facts) -> Row:
    version = ".".join(map(str, facts.python))
    if facts.python < (3, 11):
        answer = f"version {version} is too old, the course needs 3.11 or newer"
        return Row("Python", "mend", answer, "conda env create -f environment.yml")
    return Row("Python", "ready", "recent enough", detail=version)


def _torch(facts: Facts) -> Row:
    wrong = _wrong(facts.torch, (2, 6))
    if wrong:
        return Row("PyTorch", "mend", wrong, _AFRESH if facts.torch.error else _BOTH)
    if facts.bridge_error:
        answer = f"PyTorch and NumPy do not fit together: {facts.bridge_error}"
        return Row("PyTorch", "mend", answer, f"{_AFRESH} numpy")
    return Row("PyTorch", "ready", "computes", detail=facts.torch.version or "")


def _without_torch(topic: str, facts: Facts) -> Row | None:
    if facts.torch.version is not None and not facts.torch.error:
        return None
    return Row(topic, "waits", "can be checked when PyTorch works")


def _torchvision(facts: Facts) -> Row:
    if waits := _without_torch("torchvision", facts):
        return waits
    if facts.torchvision.error:
        pair = f"torchvision {facts.torchvision.version}, PyTorch {facts.torch.version}"
        answer = f"does not fit PyTorch: {facts.torchvision.error} ({pair})"
        return Row("torchvision", "mend", answer, _AFRESH)
    wrong = _wrong(facts.torchvision, (0, 21))
    if wrong:
        return Row("torchvision", "mend", wrong, _BOTH)
    detail = facts.torchvision.version or ""
    return Row("torchvision", "ready", "fits PyTorch", detail=detail)


def _device(facts: Facts) -> Row:
    if waits := _without_torch("Device", facts):
        return waits
    if not facts.device_error:
        answer = "computes; a CPU is enough for every lesson"
        return Row("Device", "ready", answer, detail=facts.device)
    answer = f"the {facts.device.upper()} device is there but fails: "
    cure = "%env CUDA_VISIBLE_DEVICES=-1 in the first cell, so that the CPU is used"
    if facts.device != "cuda":
        cure = _AFRESH
    return Row("Device", "mend", answer + facts.device_error, cure)


def _data(facts: Facts) -> Row:
    if facts.data_found is None:
        return Row("Digits", "waits", "can be checked when the packages are complete")
    if facts.data_named in ("", "bundled") or facts.data_found == "CNNLIB_DATA":
        where = f"MNIST, in the {facts.data_found} folder" if facts.data_found else ""
        if facts.data_named == "bundled":
            where = "the bundled digits, as CNNLIB_DATA asks"
        detail = where or "MNIST is fetched when needed, else the bundled digits"
        return Row("Digits", "ready", "at hand, or fetched when needed", detail=detail)
    answer = "the folder named in CNNLIB_DATA has no MNIST/raw with its four files"
    return Row("Digits", "mend", answer, "%env CNNLIB_DATA=")


def _widgets(facts: Facts) -> Row:
    wrong = _wrong(facts.widgets, (7, 7))
    if wrong:
        return Row("Widgets", "mend", wrong, "%pip install --upgrade ipywidgets")
    detail = f"ipywidgets {facts.widgets.version}"
    return Row("Widgets", "ready", "installed", detail=detail)


def _matplotlib(facts: Facts) -> Row:
    wrong = _wrong(facts.matplotlib, (3, 9))
    if wrong:
        cure = "%pip install --upgrade --force-reinstall matplotlib numpy"
        return Row("Pictures", "mend", f"Matplotlib: {wrong}", cure)
    detail = f"Matplotlib {facts.matplotlib.version}"
    return Row("Pictures", "ready", "can be drawn", detail=detail)


def _packages(facts: Facts) -> Row:
    if facts.missing:
        names = " ".join(facts.missing)
        answer = f"missing: {', '.join(facts.missing)}"
        return Row("Packages", "mend", answer, f"%pip install {names}")
    return Row("Packages", "ready", "complete")


def _disk(facts: Facts) -> Row:
    free = facts.disk_free
    needed = not facts.data_found and facts.data_named != "bundled"
    if needed and free is not None and free < _DATA_BYTES:
        answer = f"only {free / 1e6:.0f} MB are free, and MNIST takes 70 MB"
        cure = "%env CNNLIB_DATA=bundled to do without MNIST, or make room"
        return Row("Disk", "mend", answer, cure)
    return Row("Disk", "ready", "has room", detail=_size(free))


def _memory(facts: Facts) -> Row:
    free = facts.memory_free
    if free is not None and free < _MEMORY_BYTES:
        answer = f"only {free / 1e9:.1f} GB are free, and lessons 05 to 07 need 1 GB"
        cure = "in the menu, Kernel > Shut Down All Kernels..."
        return Row("Memory", "mend", answer, cure)
    return Row("Memory", "ready", "enough", detail=_size(free))


_PROBES: tuple[tuple[str, Callable[[Facts], Row]], ...] = (
    ("Python", _python),
    ("PyTorch", _torch),
    ("torchvision", _torchvision),
    ("Device", _device),
    ("Digits", _data),
    ("Widgets", _widgets),
    ("Pictures", _matplotlib),
    ("Packages", _packages),
    ("Disk", _disk),
    ("Memory", _memory),
)


def _wrong(part: Part, least: tuple[int, int]) -> str:
    """Say what is wrong with a package, "" for nothing."""
    needed = ".".join(map(str, least))
    if part.version is None:
        return "not installed"
    if part.error:
        return f"installed, but does not start: {part.error}"
    numbers = tuple(int(number) for number in re.findall(r"\d+", part.version)[:2])
    if numbers < least:
        return f"version {part.version} is too old, the course needs {needed} or newer"
    return ""


def _size(free: int | None) -> str:
    return "not known" if free is None else f"{free / 1e9:.1f} GB free"

"""One answer of the set-up check, and the words that several probes share.

Cures are written for a notebook: `%pip` and `%env` lines, Python code, or a step in
words; `doctor` turns them into what a terminal takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from .facts import Facts, Part
from .look import numbers

TORCH_AFRESH = "%pip install --upgrade --force-reinstall torch torchvision"


@dataclass(frozen=True)
class Row:
    """One answer.

    Attributes:
        topic: what was looked at.
        state: "ready", "mend", "waits" for something that must be mended first, or
            "note" for what hinders nobody and could still be better.
        answer: what was found, in words; the same on every machine that is ready.
        cure: the one command (or step) that mends it, "" where there is no need.
        detail: what belongs to this machine alone: versions, device, sizes.
    """

    topic: str
    state: str
    answer: str
    cure: str = ""
    detail: str = ""


def wrong(part: Part, least: tuple[int, int]) -> str:
    """Say what is wrong with a package, "" for nothing."""
    needed = ".".join(map(str, least))
    if part.version is None:
        return "not installed"
    if part.error:
        return f"installed, but does not start: {part.error}"
    if numbers(part.version)[:2] < least:
        return f"version {part.version} is too old, the course needs {needed} or newer"
    return ""


def waits(topic: str, module: str, part: Part, facts: Facts) -> Row | None:
    """Return a row that waits, where another row already names what is to mend.

    That is a file that hides the package, or another Python that has the package.
    """
    if file := facts.hiding.get(module):
        return Row(topic, "waits", f"can be checked without {file}")
    if part.version is None and facts.other_python:
        return Row(topic, "waits", "can be checked in the right Python")
    return None


def torch_works(facts: Facts) -> bool:
    """Whether PyTorch itself can be imported."""
    found = facts.torch.version is not None and not facts.torch.error
    return found and "torch" not in facts.hiding


def without_torch(topic: str) -> Row:
    """Return the row of what cannot be seen without PyTorch."""
    return Row(topic, "waits", "can be checked when PyTorch works")

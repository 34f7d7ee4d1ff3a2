"""One answer of the set-up check, and the words that several checks share.

Fixes are written for a notebook: `%pip` and `%env` lines, Python code, or a step in
words; `doctor` turns them into what a terminal takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from .facts import Facts, Package
from .on_disk import numbers

TORCH_AFRESH = "%pip install --upgrade --force-reinstall torch torchvision"


@dataclass(frozen=True)
class SetupRow:
    """One answer.

    Attributes:
        topic: what was looked at.
        state: "ready", "fix", "waits" for something that must be fixed first, or
            "note" for what hinders nobody and could still be better.
        answer: what was found, in words; the same on every machine that is ready.
        fix: the one command (or step) that fixes it, "" where there is no need.
        detail: what belongs to this machine alone: versions, device, sizes.
    """

    topic: str
    state: str
    answer: str
    fix: str = ""
    detail: str = ""


def package_fault(package: Package, minimum: tuple[int, int]) -> str:
    """Say what is wrong with a package, "" for nothing."""
    needed = ".".join(map(str, minimum))
    if package.version is None:
        return "not installed"
    if package.error:
        return f"installed, but does not start: {package.error}"
    if numbers(package.version)[:2] < minimum:
        return (
            f"version {package.version} is too old, the course needs {needed} or newer"
        )
    return ""


def waits(topic: str, module: str, part: Package, facts: Facts) -> SetupRow | None:
    """Return a row that waits, where another row already names what is to fix.

    That is a file that hides the package, or another Python that has the package.
    """
    if file := facts.hiding.get(module):
        return SetupRow(topic, "waits", f"can be checked without {file}")
    if part.version is None and facts.other_python:
        return SetupRow(topic, "waits", "can be checked in the right Python")
    return None


def torch_works(facts: Facts) -> bool:
    """Whether PyTorch itself can be imported."""
    found = facts.torch.version is not None and not facts.torch.error
    return found and "torch" not in facts.hiding


def without_torch(topic: str) -> SetupRow:
    """Return the row of what cannot be seen without PyTorch."""
    return SetupRow(topic, "waits", "can be checked when PyTorch works")

"""The course's package as student code may see it: no references, judges, mistakes."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
_CHECKS_LEFT_OUT = {
    "_judge.py",
    "_key.py",
    "_keys",
    "_reference",
    "_words.py",
}
_GRADING_KEPT = {
    "__init__.py",
    "_filter.py",
    "_jail.py",
    "_kernel.py",
    "_probe.py",
    "_relay.py",
    "_steps.py",
    "_child.py",
    "_template.py",
}
_NOWHERE = {"__pycache__", "cli.py"}


def build(folder: Path) -> Path:
    """Copy the package, without its judge's side, into a folder; return the folder."""
    shutil.copytree(PACKAGE, folder / "cnnlib", ignore=_left_out)
    return folder


def _left_out(folder: str, names: Collection[str]) -> set[str]:
    here = Path(folder)
    out = _NOWHERE & set(names)
    if here == PACKAGE / "checks":
        out |= _CHECKS_LEFT_OUT & set(names)
    if here == PACKAGE / "grading":
        out |= set(names) - _GRADING_KEPT
    return out

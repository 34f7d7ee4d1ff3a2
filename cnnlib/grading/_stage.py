"""The course's package as student code may see it: no references, judges, mistakes."""

from __future__ import annotations

import os
import shutil
import sys
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
    "_trains.py",
}
_PASSED_ON = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "CNNLIB_DATA", "TZ")
_FIXED = {
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONIOENCODING": "utf-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # see `_kernel.use_large_pages`
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


def environment(stage: Path) -> dict[str, str]:
    """Return the environment in which the copy is used: as little as will do."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = [os.path.dirname(sys.executable), "/usr/bin", "/bin"]
    made = {"PATH": os.pathsep.join(path), "PYTHONPATH": str(stage)}
    return {"LANG": "C.UTF-8"} | kept | _FIXED | made

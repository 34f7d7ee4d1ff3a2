"""The course as student code may see it: `cnnlib`, and the grader's own `inside`.

What may be seen is a matter of folders, not of names: both are copied whole, and
nothing else is. A new file in `cnnjudge`, or a new package beside it, stays outside.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

HOME = Path(__file__).parents[2]
"""What holds the course's packages: a checkout of the course, or site-packages."""
SEEN = ("cnnlib", "cnngrade/inside")
"""The folders that are copied. `cnnlib` without the rest asks, and judges nothing."""
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
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # see `kernel.use_large_pages`
}


def build(folder: Path) -> Path:
    """Copy what may be seen into a folder; return the folder."""
    for name in SEEN:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HOME / name, folder / name, ignore=ignored)
    # A package of its own, so that an installed one is never looked into.
    (folder / "cnngrade" / "__init__.py").touch()
    return folder


def covered() -> list[str]:
    """Return the folders of the course on this machine: none may be seen from inside.

    In a checkout that is everything in it; of site-packages, what came with the course.
    """
    if (HOME / "pyproject.toml").is_file():
        return sorted(str(path) for path in HOME.iterdir() if path.is_dir())
    installed = metadata.distribution("cnnlib").read_text("top_level.txt") or ""
    names = {"cnnlib", "cnnjudge", "cnngrade", *installed.split()}
    return sorted(str(HOME / name) for name in names)


def environment(copy: Path) -> dict[str, str]:
    """Return the environment in which the copy is used: as little as will do."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = [os.path.dirname(sys.executable), "/usr/bin", "/bin"]
    made = {"PATH": os.pathsep.join(path), "PYTHONPATH": str(copy)}
    return {"LANG": "C.UTF-8"} | kept | _FIXED | made

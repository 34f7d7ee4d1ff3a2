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
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # see `inside.linux.use_large_pages`
}


def build(folder: Path) -> Path:
    """Copy what may be seen into a folder; return the folder."""
    for name in SEEN:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HOME / name, folder / name, ignore=ignored)
    # A package of its own, so that an installed one is never looked into.
    (folder / "cnngrade" / "__init__.py").touch()
    return folder


def course_paths() -> list[str]:
    """Return what is the course's on this machine: none may be seen from inside.

    In a checkout that is everything in it, files too. Where the course is installed,
    others' packages lie beside it: then it is what came with it. With links among
    these folders both count, what holds the links and where they lead.
    """
    homes = {HOME, Path(os.path.realpath(__file__)).parents[2]}
    return sorted({str(path) for home in homes for path in _own(home)})


def _own(home: Path) -> list[Path]:
    """Return what is the course's in a folder that holds its packages."""
    infos = [*home.glob("cnnlib-*.dist-info"), *home.glob("cnnlib-*.egg-info")]
    if not infos:
        return list(home.iterdir())
    names = {"cnnlib", "cnnjudge", "cnngrade"}
    for installed in map(metadata.Distribution.at, infos):
        names |= {file.parts[0] for file in installed.files or ()}
        names |= set((installed.read_text("top_level.txt") or "").split())
    others = {"..", *(info.name for info in infos)}  # its commands; what pip notes
    return [home / name for name in sorted(names - others)]


def environment(copy: Path) -> dict[str, str]:
    """Return the environment in which the copy is used: as little as will do."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = [os.path.dirname(sys.executable), "/usr/bin", "/bin"]
    made = {"PATH": os.pathsep.join(path), "PYTHONPATH": str(copy)}
    return {"LANG": "C.UTF-8"} | kept | _FIXED | made

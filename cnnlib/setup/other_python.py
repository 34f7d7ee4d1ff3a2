"""Whether another Python on this machine has the course, where this one lacks it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .on_disk import can_import


def other_python() -> str:
    """Return a Python with PyTorch and `cnnlib` where this one lacks something.

    Looked at: the environment that is activated, the one that JupyterLab runs in, and
    the one that `make lab` makes.
    """
    here = Path(sys.prefix).resolve()
    for prefix in _prefixes():
        python = next(filter(Path.is_file, _executables(prefix)), None)
        if python and prefix.resolve() != here and _has_course(prefix):
            return str(python)
    return ""


def _prefixes() -> Iterator[Path]:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if os.environ.get(variable):
            yield Path(os.environ[variable])
    if can_import("psutil"):
        import psutil  # comes with Jupyter's kernel

        command = psutil.Process(os.getppid()).cmdline()
        if command and Path(command[0]).is_absolute():
            yield Path(command[0]).parent.parent
    for folder in (Path.cwd(), *Path.cwd().parents[:2]):
        yield folder / ".venv"


def _executables(prefix: Path) -> list[Path]:
    names = ("bin/python", "Scripts/python.exe", "python.exe")
    return [prefix / name for name in names]


def _has_course(prefix: Path) -> bool:
    posix = prefix.glob("lib/python3*/site-packages")
    return any(
        (place / "torch").is_dir() and any(place.glob("cnnlib-*.dist-info"))
        for place in (*posix, prefix / "Lib" / "site-packages")
    )

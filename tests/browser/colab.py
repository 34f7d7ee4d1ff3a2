"""JupyterLab with the widgets and the kernel that Colab has, made on demand.

Colab's kernel has ipywidgets 7.7.1, IPython 7.34.0 and ipykernel 6.17.1. They go into a
small environment of their own, with the part of JupyterLab that speaks with widgets of
that age; torch, cnnlib and JupyterLab itself are found in the one that runs the tests.
"""

import fcntl
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

import pytest

WIDGETS = ["ipywidgets 8", "ipywidgets 7.7.1"]
PINS = [
    "ipywidgets==7.7.1",
    "ipython==7.34.0",
    "ipykernel==6.17.1",
    "jupyterlab-widgets==1.1.11",
]


def python_with(widgets: str) -> str:
    """Return the Python that has these widgets; skip the test if it cannot be made."""
    if widgets == WIDGETS[0]:
        return sys.executable
    try:
        with Path(sys.prefix, "as-colab.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
            return str(_colab_python())
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"Colab's versions could not be installed: {error}")


@cache
def _colab_python() -> Path:
    """Return the Python of that environment; RuntimeError if it cannot be made.

    It stands inside the running one, so that ``make clean`` removes both.
    """
    home = Path(sys.prefix, "as-colab")
    python, stamp = home / "bin" / "python", home / "pins.txt"
    if stamp.exists() and stamp.read_text() == "\n".join(PINS):
        return python
    _run([sys.executable, "-m", "venv", "--clear", str(home)])
    ours = sysconfig.get_paths()["purelib"]
    theirs = sysconfig.get_path("purelib", "venv", {"base": str(home)})
    Path(theirs, "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    _run([str(python), "-m", "pip", "install", "--quiet", *PINS])
    stamp.write_text("\n".join(PINS))
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise RuntimeError(f"{' '.join(command[1:4])} failed: {' '.join(last)}")

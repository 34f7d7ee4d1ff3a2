"""Run a notebook as on Colab: its first cell installs, and the kernel goes on.

Run by an environment's own Python, with the notebook's path. Where Colab would load the
course from its published address, git is told to take the folder in ``--course``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import nbformat

from tools.build.course import Course
from tools.build.execute import CellFailedError, execute

# Colab's kernels have this package; its name is all that a lesson asks for.
_STARTUP = """\
import sys, types
for name in ("google", "google.colab"):
    sys.modules.setdefault(name, types.ModuleType(name))
"""


def run(notebook: Path, course: Path) -> float:
    """Run it from top to bottom in one kernel, unchanged; return the seconds."""
    with tempfile.TemporaryDirectory(prefix="colab-") as folder:
        startup = Path(folder, "profile_default", "startup")
        startup.mkdir(parents=True)
        (startup / "colab.py").write_text(_STARTUP, encoding="utf-8")
        environment = {
            "IPYTHONDIR": folder,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{course.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": Course(course).address,
        }
        book = nbformat.read(notebook, as_version=4)
        return execute(book, timeout=300, environment=environment)


def main() -> int:
    """Run one notebook; say which cell failed, if any."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--course", type=Path, required=True)
    options = parser.parse_args()
    try:
        seconds = run(options.notebook.resolve(), options.course.resolve())
    except CellFailedError as error:
        print(f"cell {error.finding.cell}: {error}")
        return 1
    print(f"{options.notebook.name} ran in {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Set-ups broken on purpose: real packages with a part of them taken out or changed.

A `Site` is a folder of links to the installed packages. What a test breaks is broken
there, and a Python that sees that folder alone is asked.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLED = Path(sysconfig.get_path("purelib"))
LESSON = ROOT / "notebooks" / "00_images_as_tensors.ipynb"
# Run the lesson's first code cells as its kernel does, then the doctor, and tell both.
SCRIPT = """
import sys, json
sys.path[:] = [{site!r}, *(p for p in sys.path if "site-packages" not in p)]
editable = lambda finder: "__editable__" in str(getattr(finder, "__module__", ""))
sys.meta_path[:] = [finder for finder in sys.meta_path if not editable(finder)]
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor", xmode="Minimal")
sys.path.insert(0, "")
for cell in {cells!r}:
    shell.run_cell(cell)
sys.path.remove("")  # the command `cnnlib` does not look into the working directory
print("#" * 20, flush=True)
sys.argv = ["cnnlib", "doctor"]
"""
OURS = ("cnnlib", "cnnjudge", "cnngrade")
WHOLE = "from cnnlib.__main__ import main; main()"
HERE = "from cnnlib.setup import doctor; sys.exit(doctor.examine_here())"


# Stands for a sound PyTorch where something else is broken: that one takes seconds
# to load, in each of many processes.
SOUND_TORCH = """
from types import SimpleNamespace as S
no = S(is_available=lambda: False)
cuda, backends, version = no, S(mps=no), S(cuda=None, hip=None)
ones = from_numpy = lambda *a, **k: S(numpy=lambda: 0, sum=lambda: 0)
ops = S(load_library=lambda path: 0, torchvision=S(nms=0))
"""


class Site:
    """A folder that stands for site-packages.

    Args:
        folder: where it is made.
        without: packages to leave out, with their metadata.
    """

    def __init__(self, folder: Path, without: Iterable[str] = ()) -> None:
        self.folder = folder
        folder.mkdir()
        gone = {name.lower().replace("-", "_") for name in without} | set(OURS)
        for entry in INSTALLED.iterdir():
            name = entry.name.lower().partition("-")[0].removesuffix(".py")
            if name not in gone and not name.startswith("__editable__"):
                (folder / entry.name).symlink_to(entry)
        for name in OURS:
            (folder / name).symlink_to(ROOT / name)
        information = next(INSTALLED.glob("cnnlib-*.dist-info"))
        (folder / information.name).symlink_to(information)

    def open(self, package: str) -> Path:
        """Turn the link to a package into a folder of links, and return it."""
        place = self.folder / package
        inside = place.resolve()
        place.unlink()
        place.mkdir()
        for entry in inside.iterdir():
            (place / entry.name).symlink_to(entry)
        return place

    def take(self, pattern: str) -> None:
        """Take away the files of an opened package that match, at least one."""
        found = list(self.folder.glob(pattern))
        assert found, pattern
        for path in found:
            path.unlink()

    def put(self, name: str, source: str) -> None:
        """Put a package of one line in the place of another, whose metadata stay."""
        place = self.folder / name
        place.unlink()
        place.mkdir()
        (place / "__init__.py").write_text(source, encoding="utf-8")

    def call(self, distribution: str, version: str) -> None:
        """Let a package's metadata say that it is of another version."""
        [old] = self.folder.glob(f"{distribution}-*.dist-info")
        old.unlink()
        new = self.folder / f"{distribution}-{version}.dist-info"
        new.mkdir()
        head = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        (new / "METADATA").write_text(head, encoding="utf-8")


def first_cells() -> list[str]:
    """Return the code of lesson 00 up to its set-up check."""
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    last = next(i for i, source in enumerate(code) if "check_setup()" in source)
    return code[: last + 1]


def ask(
    site: Path,
    work: Path,
    env: dict[str, str] | None = None,
    *,
    wrapper: Iterable[str] = (),
    whole: bool = True,
) -> tuple[str, str, int]:
    """Return what lesson 00 and the doctor say there, and the doctor's exit status.

    `whole` runs the command, with the process that it starts; else what that does runs
    in the process of the lesson, which is quicker.
    """
    code = SCRIPT.format(site=str(site), cells=first_cells())
    code += WHOLE if whole else HERE
    home = work.parent / "home"
    home.mkdir(exist_ok=True)
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONUTF8": "1"}
    clean |= {"IPYTHONDIR": str(home / "ipython"), "MPLCONFIGDIR": str(home)}
    done = subprocess.run(
        [*wrapper, sys.executable, "-I", "-X", "utf8", "-c", code],
        cwd=work,
        env=clean | {"CNNLIB_DATA": "bundled"} | (env or {}),
        capture_output=True,
        text=True,
        timeout=600,
    )
    lesson, _, doctor = done.stdout.partition("#" * 20)
    return lesson, doctor + done.stderr, done.returncode


def tool(folder: Path, name: str, script: str) -> None:
    """Put a command on what is to be PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def can_mount() -> bool:
    """Whether an ordinary user may mount a small disk in a namespace of its own."""
    if not shutil.which("unshare"):
        return False
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True).returncode == 0

"""What the set-up check looks at, gathered here and judged elsewhere.

Nothing here raises: what cannot be found out becomes an error text or None. Nothing
heavy is imported before it is asked about, so that the check also runs where PyTorch
is missing.
"""

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, TypeVar

from . import on_disk
from .on_disk import FoundMnist, NotebookVersion
from .other_python import other_python

T = TypeVar("T")


class Package(NamedTuple):
    """A package: its version (None: not installed) and the error its import raised."""

    version: str | None
    error: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything the verdicts depend on.

    Attributes:
        other_python: a Python that has all of the course, where this one has not.
        bridge_error: of handing an array to PyTorch and back to NumPy, "" for none.
        device: "cuda", "mps" or "cpu", the quickest at hand.
        device_error: of a small sum on that device, "" for none.
        gpu_idle: why an NVIDIA card that is there is not used; "" where it is, or
            where there is none; "cpu build" where PyTorch was made without CUDA.
        data_named: the value of CNNLIB_DATA.
        mnist: where MNIST lies and what is wrong with it, None where that cannot be
            found out.
        cache: the folder for downloads, and `cache_error` why it cannot be written.
        lab, lab_widgets: JupyterLab and its half of the widgets, as installed here.
        missing, too_old: other packages; the second with its version.
        course: the version of `cnnlib`; `course_folder` where an editable one lies,
            `course_address` where the course is published.
        notebooks: those beside this one that carry a version.
        disk_free, memory_free: bytes, None where that cannot be found out.
        hiding: files beside the notebooks that hide a package: {"torch": "torch.py"}.
    """

    python: tuple[int, int]
    other_python: str
    torch: Package
    bridge_error: str
    torchvision: Package
    device: str
    device_error: str
    gpu_idle: str
    data_named: str
    mnist: FoundMnist | None
    cache: str
    cache_error: str
    widgets: Package
    lab: Package
    lab_widgets: Package
    matplotlib: Package
    missing: tuple[str, ...]
    too_old: tuple[str, ...]
    course: str
    course_folder: str
    course_address: str
    notebooks: tuple[NotebookVersion, ...]
    disk_free: int | None
    memory_free: int | None
    hiding: dict[str, str]


def gather() -> Facts:
    """Look at this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old GPU driver warns; the CPU does it then
        return _gather()


def _gather() -> Facts:
    torch = package("torch", "torch")
    works = torch.version is not None and not torch.error
    device = _attempt(_device, "cpu") if works else "cpu"
    missing, too_old = on_disk.requirements()
    lacking = torch.version is None or bool(missing)
    return Facts(
        python=(sys.version_info.major, sys.version_info.minor),
        other_python=_attempt(other_python, "") if lacking else "",
        torch=torch,
        bridge_error=_error(_bridge) if works else "",
        torchvision=_torchvision() if works else package("torchvision"),
        device=device,
        device_error=_error(lambda: _add_on(device)) if works else "",
        gpu_idle=_attempt(_gpu_idle, "") if works and device == "cpu" else "",
        data_named=os.environ.get("CNNLIB_DATA", ""),
        mnist=_attempt(on_disk.find_mnist, None),
        cache=_attempt(lambda: str(on_disk.download_folder()), ""),
        cache_error=_error(on_disk.write_to_download_folder),
        widgets=package("ipywidgets"),
        lab=package("jupyterlab"),
        lab_widgets=package("jupyterlab_widgets"),
        matplotlib=package("matplotlib", "matplotlib.figure"),
        missing=missing,
        too_old=too_old,
        course=_attempt(lambda: metadata.version("cnnlib"), ""),
        course_folder=_attempt(on_disk.course_folder, ""),
        course_address=_attempt(on_disk.course_address, ""),
        notebooks=_attempt(on_disk.notebook_versions, ()),
        disk_free=_attempt(_disk_free, None),
        memory_free=_attempt(memory_free, None),
        hiding=_attempt(on_disk.hiding_files, {}),  # last: see there
    )


def package(distribution: str, module: str = "") -> Package:
    """Find a package's version, and import `module`, if named, to see that it works."""
    version = _attempt(lambda: metadata.version(distribution), None)
    if version is None and not on_disk.can_import(module or distribution):
        return Package(None)
    error = _error(lambda: importlib.import_module(module)) if module else ""
    loaded = sys.modules.get(module.partition(".")[0])
    return Package(version or str(getattr(loaded, "__version__", "0")), error)


def _error(action: Callable[[], object]) -> str:
    """Run it; return "" or the first line of what it raised."""
    try:
        action()
    except Exception as error:  # any failure is an answer here
        lines = str(error).strip().splitlines() or [""]
        return lines[0][:200] or type(error).__name__
    return ""


def _attempt(question: Callable[[], T], otherwise: T) -> T:
    try:
        return question()
    except Exception:  # an unanswered question is no reason to stop the check
        return otherwise


def _torchvision() -> Package:
    """Look whether torchvision fits PyTorch, in milliseconds where it does.

    Importing it takes a second. What fails in a mismatched pair is its compiled part,
    so that alone is loaded, and the import made only to learn what it says.
    """
    if "torchvision" in sys.modules or _error(_load_compiled_part):
        return package("torchvision", "torchvision")
    return package("torchvision")


def _load_compiled_part() -> None:
    import torch

    spec = importlib.util.find_spec("torchvision")
    folders = spec.submodule_search_locations if spec else None
    for library in Path(next(iter(folders or ()))).glob("_C*"):
        if library.suffix in (".so", ".pyd", ".dll"):
            torch.ops.load_library(library)
    _ = torch.ops.torchvision.nms  # raises where no such operator was registered


def _bridge() -> None:
    import numpy as np
    import torch

    torch.from_numpy(np.ones(1)).numpy()


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _add_on(device: str) -> None:
    import torch

    float(torch.ones(2, device=device).sum())


def _gpu_idle() -> str:
    """Say why PyTorch uses no NVIDIA card although there is one, "" for no reason."""
    import torch

    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if hidden or not _nvidia_card():
        return ""
    if torch.version.cuda is None:
        return "" if torch.version.hip else "cpu build"
    return _error(torch.cuda.init) or "PyTorch sees no card"


def _nvidia_card() -> bool:
    """Whether the driver names a card; asking it takes a fraction of a second."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    told = subprocess.run([tool, "-L"], capture_output=True, timeout=5, text=True)
    return told.returncode == 0 and "GPU 0" in told.stdout


def _disk_free() -> int:
    return shutil.disk_usage(on_disk.closest_existing(on_disk.download_folder())).free


def memory_free() -> int:
    """Return the bytes of memory that are free; raise where that is not to be had."""
    import psutil  # comes with Jupyter's kernel; without it memory goes unchecked

    free = int(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")  # a container's own limit, as on Binder
    limit = _attempt((group / "memory.max").read_text, "max").strip()
    if not limit.isdigit():
        return free
    used = dict(
        line.split() for line in (group / "memory.stat").read_text().splitlines()
    )
    return min(free, int(limit) - int(used["anon"]))

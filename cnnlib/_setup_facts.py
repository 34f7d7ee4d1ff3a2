"""What the set-up check looks at, gathered here and judged in `_setup_check`.

Nothing here raises: what cannot be found out becomes an error text or None. Nothing
heavy is imported before it is asked about, so that the check also runs where PyTorch
is missing.
"""

import importlib
import importlib.util
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")

# distribution -> module of what the lessons need besides what has its own row
_OTHERS = {
    "numpy": "numpy",
    "pillow": "PIL",
    "platformdirs": "platformdirs",
    "scikit-learn": "sklearn",
    "torchinfo": "torchinfo",
    "tqdm": "tqdm",
}


class Part(NamedTuple):
    """A package: its version (None: not installed) and the error its import raised."""

    version: str | None
    error: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything the verdicts depend on.

    Attributes:
        bridge_error: of handing an array to PyTorch and back to NumPy, "" for none.
        device: "cuda", "mps" or "cpu", the quickest at hand.
        device_error: of a small sum on that device, "" for none.
        data_named: the value of CNNLIB_DATA.
        data_found: where MNIST lies: "CNNLIB_DATA", "cache", "" for nowhere, None
            where that cannot be found out.
        missing: other packages that are not installed.
        disk_free, memory_free: bytes, None where that cannot be found out.
    """

    python: tuple[int, int]
    torch: Part
    bridge_error: str
    torchvision: Part
    device: str
    device_error: str
    data_named: str
    data_found: str | None
    missing: tuple[str, ...]
    widgets: Part
    matplotlib: Part
    disk_free: int | None
    memory_free: int | None


def gather() -> Facts:
    """Look at this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old GPU driver warns; the CPU does it then
        return _gather()


def _gather() -> Facts:
    torch = part("torch", "torch")
    works = torch.version is not None and not torch.error
    device = _attempt(_device, "cpu") if works else "cpu"
    return Facts(
        python=(sys.version_info.major, sys.version_info.minor),
        torch=torch,
        bridge_error=_error(_bridge) if works else "",
        torchvision=_torchvision() if works else part("torchvision"),
        device=device,
        device_error=_error(lambda: _add_on(device)) if works else "",
        data_named=os.environ.get("CNNLIB_DATA", ""),
        data_found=_attempt(_data_found, None),
        missing=tuple(name for name, module in _OTHERS.items() if not _there(module)),
        widgets=part("ipywidgets"),
        matplotlib=part("matplotlib", "matplotlib.figure"),
        disk_free=_attempt(_disk_free, None),
        memory_free=_attempt(_memory_free, None),
    )


def part(distribution: str, module: str = "") -> Part:
    """Find a package's version, and import `module`, if named, to see that it works."""
    version = _attempt(lambda: metadata.version(distribution), None)
    if version is None and not _there(module or distribution):
        return Part(None)
    error = _error(lambda: importlib.import_module(module)) if module else ""
    loaded = sys.modules.get(module.partition(".")[0])
    return Part(version or str(getattr(loaded, "__version__", "0")), error)


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


def _torchvision() -> Part:
    """Look whether torchvision fits PyTorch, in milliseconds where it does.

    Importing it takes a second. What fails in a mismatched pair is its compiled part,
    so that alone is loaded, and the import made only to learn what it says.
    """
    if "torchvision" in sys.modules or _error(_load_compiled_part):
        return part("torchvision", "torchvision")
    return part("torchvision")


def _load_compiled_part() -> None:
    import torch

    spec = importlib.util.find_spec("torchvision")
    folders = spec.submodule_search_locations if spec else None
    for library in Path(next(iter(folders or ()))).glob("_C*"):
        if library.suffix in (".so", ".pyd", ".dll"):
            torch.ops.load_library(library)
    _ = torch.ops.torchvision.nms  # raises where no such operator was registered


def _there(module: str) -> bool:
    name = module.partition(".")[0]
    return _attempt(lambda: importlib.util.find_spec(name), None) is not None


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


def _data_found() -> str:
    from . import _places

    named = _places.named()
    if named and _places.find_mnist(_places.folder(named)):
        return "CNNLIB_DATA"
    return "cache" if _places.find_mnist(_places.cache()) else ""


def _disk_free() -> int:
    from . import _places

    place = _places.cache().absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def _memory_free() -> int:
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

"""Where data may lie: needs no PyTorch and no network, so the set-up check can ask."""

import importlib.util
import os
from contextlib import suppress
from pathlib import Path

import platformdirs

from . import mnist_files
from .mnist_sources import MNIST, SOURCES, Source

RAW = Path("MNIST", "raw")  # as torchvision lays it out
BUNDLED = "bundled"  # in CNNLIB_DATA: the digits that come with scikit-learn


def named() -> str:
    """Return the value of CNNLIB_DATA: a folder, "bundled", or "" for not set."""
    return os.environ.get("CNNLIB_DATA", "")


def folder(path: str | os.PathLike[str]) -> Path:
    """Turn what a person wrote into a path; "~" is the home folder."""
    return Path(os.path.expanduser(path))


def cache() -> Path:
    """Return the folder that downloads go to: the cache of the user."""
    return platformdirs.user_cache_path("cnnlib", appauthor=False)


def find_mnist(place: Path, source: Source = MNIST) -> Path | None:
    """Find the folder at or below `place` that holds all files of `source`, if any.

    All data sets of MNIST's form have files of the same names: a folder without the
    data set's own name is taken for MNIST.
    """
    for candidate in (place / source.name / "raw", place / "raw", place):
        with suppress(OSError):
            if _is_of(candidate, source) and mnist_files.complete(candidate):
                return candidate
    return None


def _is_of(folder: Path, source: Source) -> bool:
    parts = {part.lower() for part in folder.resolve().parts[-2:]}
    named = parts & SOURCES.keys() or {MNIST.name.lower()}
    return source.name.lower() in named


def package_folder(module: str, distribution: str) -> Path:
    """Find the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"The data come with the package {distribution!r}, which is not installed. "
            f"Install it with: python -m pip install {distribution}"
        )
    return Path(next(iter(spec.submodule_search_locations)))

"""What the set-up check finds out from files: data, notebooks and packages.

Each function here answers one question and may raise; `facts` catches that.
"""

import importlib.util
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

_OWN_ROW = {"ipywidgets", "matplotlib", "torch", "torchvision"}
NOT_ON_COLAB = {"jupyterlab", "nbval"}  # what serves and tests notebooks elsewhere
_LESSONS = (
    "numpy",
    "pillow",
    "platformdirs",
    "pooch",
    "scikit-learn",
    "torchinfo",
    "tqdm",
)
_MODULES = {"ipython": "IPython", "pillow": "PIL", "scikit-learn": "sklearn"}
_REQUIREMENT = re.compile(r"([\w.-]+)\s*(?:>=\s*([\d.]+))?$")
_SUBFOLDERS = ("", "notebooks", "exercises")  # of the working directory


class FoundMnist(NamedTuple):
    """Where MNIST lies: "CNNLIB_DATA", "cache" or "" for nowhere.

    `trouble` is what is wrong with the place that is asked first, "" for nothing.
    """

    place: str
    trouble: str = ""


class NotebookVersion(NamedTuple):
    """A notebook of the course, and the version of the course it was built for."""

    name: str
    version: str


def can_import(module: str) -> bool:
    """Whether a module can be imported, as far as can be told without doing so."""
    try:
        return importlib.util.find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: (2, 6, 0) for "2.6.0+cpu"."""
    release = version.partition("+")[0]
    return tuple(int(number) for number in re.findall(r"\d+", release)[:3])


def requirements() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of the course's other packages are missing, and which too old."""
    missing, too_old = [], []
    for name, least in _required():
        if not can_import(_MODULES.get(name, name.replace("-", "_"))):
            missing.append(name)
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if numbers(version) < numbers(least):
            too_old.append(f"{name} {version} (the course needs {least})")
    return tuple(missing), tuple(too_old)


def _required() -> Iterator[tuple[str, str]]:
    """Yield name and lowest version of each requirement, as the installed package says.

    Where the package is not installed, those that the lessons import.
    """
    try:
        lines = metadata.requires("cnnlib") or []
    except metadata.PackageNotFoundError:
        lines = list(_LESSONS)
    skipped = _OWN_ROW | (NOT_ON_COLAB if "google.colab" in sys.modules else set())
    for line in lines:
        requirement = _REQUIREMENT.fullmatch(line.strip())  # extras do not match
        if requirement and requirement[1] not in skipped:
            yield requirement[1], requirement[2] or "0"


def find_mnist() -> FoundMnist:
    """Find MNIST, and read it where it lies, to see that it is sound."""
    from cnnlib.data import places

    home, named = places.cache(), places.named()
    if named and named != places.BUNDLED:
        folder = places.find_mnist(places.folder(named))
        if folder is None:
            other = "cache" if places.find_mnist(home) else ""
            return FoundMnist(other, _lacking(places.folder(named)))
        return FoundMnist("CNNLIB_DATA", _damage(folder))
    folder = places.find_mnist(home)
    if folder is None:
        return FoundMnist("", _lacking(home))
    return FoundMnist("cache", _damage(folder))


def _damage(folder: Path) -> str:
    from cnnlib.data import mnist_files

    try:
        mnist_files.read_folder(folder)
    except mnist_files.DamagedError as error:
        return str(error).rstrip(".")
    return ""


def _lacking(place: Path) -> str:
    """Say which files are missing where some of the four are there, else ""."""
    from cnnlib.data import mnist_files, places

    names = list(mnist_files.NAMES.values())
    for folder in (place / places.RAW, place / "raw", place):
        lost = [name for name in names if not any(folder.glob(f"{name}*"))]
        if len(lost) < len(names):
            return f"missing: {', '.join(lost)}"
    return ""


def download_folder() -> Path:
    """Return the folder for downloads; it need not be there yet."""
    from cnnlib.data import places

    return places.cache().absolute()


def closest_existing(place: Path) -> Path:
    """Return the place itself, or the closest folder above it that is there."""
    while not place.exists():
        place = place.parent
    return place


def write_to_download_folder() -> None:
    """Write an empty file where downloads go; raise what prevents it.

    Asking for permissions is not enough: some systems refuse for other reasons.
    """
    if not can_import("platformdirs"):
        return
    place = closest_existing(download_folder())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise OSError(f"{place}: {error.strerror}") from error


def notebook_folders() -> list[Path]:
    """Return where notebooks of the course may lie, seen from here."""
    here = Path.cwd()
    return [here / name for name in _SUBFOLDERS if (here / name).is_dir()]


def hiding_files() -> dict[str, str]:
    """Return the files beside notebooks that Python takes for a package: name to file.

    Of Python's own modules only those count that are in use, so that a harmless
    `test.py` is not reported. Call it when PyTorch and Matplotlib are loaded.
    """
    known = {_MODULES.get(name, name.replace("-", "_")) for name, _ in _required()}
    known |= _OWN_ROW | {"cnnlib"} | (sys.stdlib_module_names & sys.modules.keys())
    hiding = {}
    for folder in notebook_folders():
        packages = (init.parent for init in folder.glob("*/__init__.py"))
        for place in (*folder.glob("*.py"), *packages):
            ours = place.resolve() == Path(__file__).parents[1].resolve()
            if place.stem in known and not ours:
                hiding[place.stem] = str(place.relative_to(Path.cwd()))
    return hiding


def notebook_versions() -> tuple[NotebookVersion, ...]:
    """Return the course's notebooks here and the versions they were built for."""
    versions = []
    paths = [path for folder in notebook_folders() for path in folder.glob("*.ipynb")]
    for path in sorted(paths):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            version = content["metadata"]["cnnlib"]["version"]
        except (OSError, ValueError, LookupError, TypeError):
            continue  # another's notebook, or none at all
        versions.append(NotebookVersion(path.name, str(version)))
    return tuple(versions)


def course_folder() -> str:
    """Return the folder of a course installed with `pip install -e`, else ""."""
    text = metadata.distribution("cnnlib").read_text("direct_url.json")
    origin = json.loads(text or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return ""
    from urllib.parse import urlparse
    from urllib.request import url2pathname

    return url2pathname(urlparse(origin["url"]).path)


def course_address() -> str:
    """Return where the course is published, as its package says."""
    urls = metadata.metadata("cnnlib").get_all("Project-URL") or []
    addresses = dict(url.split(", ", 1) for url in urls)
    return addresses.get("Repository", "")

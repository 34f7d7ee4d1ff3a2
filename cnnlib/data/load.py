"""Handwritten digits for the lessons: MNIST where it can be had, and digits always.

>>> digits = load_mnist()
>>> digits.train_images.shape
torch.Size([60000, 1, 28, 28])

Data sets of the same form come by their name: ``load_mnist("FashionMNIST")``.
"""

import difflib
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from cnnlib.text import kind, size

from . import mnist_fetch, mnist_files, places
from .mnist_sources import LEGAL, MNIST, OTHERS, SOURCES, Source, key

TIME_LIMIT = 30.0  # seconds for the download, all files and mirrors together


@dataclass(frozen=True, eq=False, repr=False)
class Digits:
    """Images of handwritten digits with their labels, ready for training.

    Attributes:
        train_images, test_images: float32 (N, 1, 28, 28), 0 is paper and 1 is ink.
        train_labels, test_labels: int64 (N,), values 0..9.
        source: "mnist", "fashionmnist" or "kmnist", or "bundled" for the digits that
            come with scikit-learn; images of one's own have any other name.
        notice: one sentence that says which data these are, and why.
        class_names: the name of each label, "0" to "9".
    """

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    source: str = "your own images"
    notice: str = ""
    class_names: tuple[str, ...] = tuple("0123456789")

    def __repr__(self) -> str:
        known = {name: source.title for name, source in SOURCES.items()}
        known[places.BUNDLED] = "scikit-learn's bundled digits"
        channels, height, width = self.train_images.shape[1:]
        name = known.get(self.source, self.source)
        if self.source in known and (channels, height, width) != (1, 28, 28):
            name = "your own images"
        return (
            f"{name}: {len(self.train_labels):,} "
            f"training and {len(self.test_labels):,} test images, "
            f"{size(height, width)}, {kind(channels)}"
        )

    def only(self, classes: Iterable[int]) -> "Digits":
        """Keep the images of some classes; the labels stay as they are.

        `digits.only(range(5))` holds the digits 0 to 4.

        Raises:
            ValueError: a class outside 0..9, or none at all.
        """
        wanted = sorted(set(classes))
        if not wanted or not set(wanted) <= set(range(len(self.class_names))):
            raise ValueError(
                f"The classes are the whole numbers 0 to {len(self.class_names) - 1}, "
                f"at least one of them, but {wanted} was given."
            )
        train = torch.isin(self.train_labels, torch.tensor(wanted))
        test = torch.isin(self.test_labels, torch.tensor(wanted))
        return self._keep(train, test)

    def few(self, per_class: int) -> "Digits":
        """Keep the first `per_class` training images of each class, all test images.

        `digits.few(20)` holds 200 training images. A class with fewer keeps them all.

        Raises:
            ValueError: `per_class` below 1.
        """
        if per_class < 1:
            raise ValueError(
                f"At least 1 image per class is needed, but {per_class} was given."
            )
        labels = self.train_labels
        kept = torch.zeros(len(labels), dtype=torch.bool)
        for label in labels.unique():
            kept[(labels == label).nonzero()[:per_class]] = True
        return self._keep(kept, torch.ones(len(self.test_labels), dtype=torch.bool))

    def _keep(self, train: torch.Tensor, test: torch.Tensor) -> "Digits":
        return replace(
            self,
            train_images=self.train_images[train],
            train_labels=self.train_labels[train],
            test_images=self.test_images[test],
            test_labels=self.test_labels[test],
        )


def load_mnist(
    root: str | os.PathLike[str] | None = None,
    *,
    name: str = "MNIST",
    verbose: bool = True,
    time_limit: float | None = None,
) -> Digits:
    """Load MNIST, or, where it cannot be had, the digits that come with scikit-learn.

    Looked for in this order: the folder named in the environment variable CNNLIB_DATA
    (holding MNIST/raw as torchvision lays it out; only read, never written), the
    user's cache, the web (torchvision's mirrors and checksums), the bundled digits.
    CNNLIB_DATA=bundled asks for the bundled digits at once. Lack of data never raises.

    ``load_mnist("FashionMNIST")`` (clothes) and ``load_mnist("KMNIST")`` (Japanese
    signs) go the same way, but nothing takes their place where they cannot be had.

    Args:
        root: a folder to look in and to download to, in place of the two above; or the
            name of a data set. A word that is neither is a new folder: that is said.
        name: "MNIST", "FashionMNIST" or "KMNIST", where a folder is given as well.
        verbose: whether to show the progress of a download, and to print the notice
            where the data are not simply MNIST.
        time_limit: seconds that a download may take, 30 unless told. After a failed
            download the next one is tried ten minutes later, so that a class waits
            once; giving a `time_limit` or a `root` tries at once.

    Returns:
        The images: 60,000 for training and 10,000 for testing, or 1,437 and 360
        bundled digits.

    Raises:
        ValueError: a `time_limit` that is not a positive number of seconds, or the name
            of a data set that is not to be had here.
        FileNotFoundError: Fashion-MNIST or KMNIST is neither here nor to be fetched.
    """
    if time_limit is not None and not 0 < time_limit < math.inf:
        raise ValueError(
            f"The time limit is a positive number of seconds, not {time_limit}."
        )
    root, source = _named(root, name)
    if verbose and _is_new_name(root):
        print(
            f"{root!r} is no name of a data set, so it is a new folder for "
            f"{source.title}: {places.folder(str(root)).resolve()}. "
            f"The names are {LEGAL}."
        )
    named = places.named()
    try:
        arrays, notice = _mnist(root, source, named, verbose, time_limit)
        digits = _from_arrays(arrays, source, notice or source.plain)
    except _NoMnistError as why:
        if source.name != MNIST.name:
            raise FileNotFoundError(
                f"{why}. Nothing takes the place of {source.title}: the digits that "
                "come with scikit-learn are digits. load_mnist() loads digits."
            ) from None
        digits = _bundled(str(why))
        notice = digits.notice
    if verbose and (notice or source.name != MNIST.name):
        print(digits.notice)
    return digits


class _NoMnistError(Exception):
    """There are no such data to be had; the text is the first half of the notice."""


def _named(
    root: str | os.PathLike[str] | None, name: str
) -> tuple[str | os.PathLike[str] | None, Source]:
    """Tell the folder from the data set; a name of one may stand for the other."""
    if not isinstance(name, str) or key(name) not in SOURCES:
        raise ValueError(f"There is no data set {name!r} here. The names are {LEGAL}.")
    if not isinstance(root, str) or root == places.BUNDLED:
        return root, SOURCES[key(name)]
    if key(root) in SOURCES:
        source = SOURCES[key(root)]
        here = places.find_mnist(places.folder(root), source) is not None
        return root if here else None, source
    known = [*SOURCES.keys() - {"mnist"}, "fashion", *OTHERS]
    close = difflib.get_close_matches(key(root), known, 1, 0.85)
    if close and os.path.basename(root) == root and not os.path.exists(root):
        raise ValueError(
            f"There is no data set {root!r} here. The names are {LEGAL}. If a folder "
            f"is meant, one that does not exist yet, write {os.path.join('.', root)!r}."
        )
    return root, SOURCES[key(name)]


def _is_new_name(root: str | os.PathLike[str] | None) -> bool:
    """Tell whether it is a plain word that names no folder yet: perhaps a slip."""
    if not isinstance(root, str) or root == places.BUNDLED:
        return False
    plain = os.path.basename(root) == root and not root.startswith(("~", "."))
    return plain and key(root) not in SOURCES and not os.path.exists(root)


def _mnist(
    root: str | os.PathLike[str] | None,
    source: Source,
    named: str,
    progress: bool,
    time_limit: float | None,
) -> tuple[mnist_files.MnistArrays, str]:
    """MNIST, and what there is to say about where it came from ("" for nothing)."""
    digits = source.name == MNIST.name
    if root == places.BUNDLED:
        raise _NoMnistError("The bundled digits were asked for")
    if root is None and named == places.BUNDLED and digits:
        raise _NoMnistError("CNNLIB_DATA asks for the bundled digits")
    aside = ""
    if root is None and named and named != places.BUNDLED:
        arrays = _read(places.folder(named), source)
        if arrays is not None:
            return arrays, ""
        aside = f"The folder named in CNNLIB_DATA holds no readable {source.title}"
    home = places.cache() if root is None else places.folder(root)
    arrays = _read(home, source)
    if arrays is None and named == places.BUNDLED:
        where = "folder" if root is not None else "cache"
        raise _NoMnistError(
            f"The {where} holds no {source.title} and CNNLIB_DATA forbids the web"
        )
    if arrays is None:
        now = root is not None or time_limit is not None
        arrays = _download(home, source, time_limit or TIME_LIMIT, now, progress, aside)
    if not aside:
        return arrays, ""
    whose = "its digits" if digits else "its images"
    return arrays, f"{aside}, so these are {whose} from elsewhere."


def _read(place: Path, source: Source) -> mnist_files.MnistArrays | None:
    folder = places.find_mnist(place, source)
    if folder is None:
        return None
    try:
        return mnist_files.read_folder(folder)
    except mnist_files.DamagedError:
        return None


def _download(
    home: Path,
    source: Source,
    time_limit: float,
    now: bool,
    progress: bool,
    aside: str,
) -> mnist_files.MnistArrays:
    failed = f"{source.title} could not be downloaded"
    if places.find_mnist(home, source) is not None:
        failed = f"{source.title} on this computer is damaged and could not be "
        failed += "downloaded again"
    if aside:
        failed = f"{aside}, and {failed}"
    reason = None if now else mnist_fetch.recent_failure(home, source)
    if reason:
        raise _NoMnistError(
            f"{failed} (tried a short while ago: {reason}; "
            f"{mnist_fetch.call(source, TIME_LIMIT)} tries again at once)"
        )
    was_there = home.exists()
    try:
        return mnist_fetch.fetch(home, time_limit, source, progress=progress)
    except mnist_fetch.DownloadError as error:
        if not was_there and home != places.cache():
            mnist_fetch.forget(home, source)
        raise _NoMnistError(f"{failed} ({error})") from error


def _from_arrays(
    arrays: mnist_files.MnistArrays, source: Source, notice: str
) -> Digits:
    return Digits(
        _images(arrays.train_images),
        torch.from_numpy(arrays.train_labels.astype(np.int64)),
        _images(arrays.test_images),
        torch.from_numpy(arrays.test_labels.astype(np.int64)),
        source=key(source.name),
        notice=notice,
        class_names=source.class_names,
    )


def _images(stored: np.ndarray) -> torch.Tensor:
    """Turn uint8 (N, 28, 28) in 0..255 into float32 (N, 1, 28, 28) in 0..1."""
    values = np.divide(stored, np.float32(255), dtype=np.float32)
    return torch.from_numpy(values)[:, None]


def _bundled(why: str) -> Digits:
    from . import bundled_digits

    train_images, train_labels, test_images, test_labels = bundled_digits.load()
    notice = (
        f"{why}, so these are the handwritten digits that come with scikit-learn, "
        f"brought to 28x28: {len(train_labels):,} training and "
        f"{len(test_labels):,} test images."
    )
    return Digits(
        train_images, train_labels, test_images, test_labels, places.BUNDLED, notice
    )

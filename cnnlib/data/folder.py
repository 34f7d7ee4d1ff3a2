"""Pictures of one's own: a folder that has a folder of files for each class.

>>> pictures = load_folder("my_pictures", size=64)  # doctest: +SKIP
>>> pictures.counts()  # doctest: +SKIP
{'cat': 120, 'dog': 95}
"""

import hashlib
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from cnnlib.setup.facts import memory_free
from cnnlib.text import count
from cnnlib.text import size as written

from .class_folders import class_folders, named, shown
from .download_bar import ReadingBar
from .picture_file import UnreadableError, read_picture
from .pictures import Pictures

_MANY = 1000
"""From so many files on it is told beforehand how many there are."""
_A_BAR = 200
"""From so many files on there is a bar."""


class _Read(NamedTuple):
    """What came of the files: those that were read, and those that were not."""

    images: torch.Tensor
    labels: list[int]
    files: list[Path]
    left_out: dict[str, list[Path]]


def load_folder(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] = 64,
    *,
    crop: bool = True,
    per_class: int | None = None,
    verbose: bool = True,
) -> Pictures:
    """Read a folder of pictures, which has a folder for each class.

    ``my_pictures/cat/1.jpg`` is a picture of the class "cat". The classes and their
    order are those of ``torchvision.datasets.ImageFolder``: labels count from 0 in the
    order of the names. Pictures of any kind come out in colour: grey and palette ones,
    CMYK, 16 bits (65,535 becomes 255), what is transparent as white, and turned as the
    camera was held. Of several frames or pages the first is taken.

    What cannot be read is left out, and named in the notice.

    Args:
        path: the folder.
        size: height and width of the pictures in pixels, one number or (height, width).
        crop: True takes the middle of each picture, as large as fits it, so that
            nothing is squeezed; False squeezes or stretches the whole of it.
        per_class: take so many files of each class, spread evenly over their names, to
            try things out quickly; None takes all.
        verbose: whether to show progress and to print the notice.

    Returns:
        The pictures, (N, 3, H, W) in 0..255, in the order of classes and names.

    Raises:
        FileNotFoundError, NotADirectoryError: there is no such folder, or it is a file.
        ValueError: no two classes of pictures that can be read, a size that is none.
        MemoryError: the pictures would not fit in memory at this size.
    """
    height, width = _checked_size(size)
    given = _checked_path(path)
    listing = class_folders(given)
    files = _some(listing.files, _checked_number(per_class))
    _check_memory(len(files), len(listing.classes), height, width, verbose=verbose)
    home = Path(os.path.expanduser(given))
    read = _read(
        files, (height, width), crop=crop, name=home.resolve().name, show=verbose
    )
    left_out = _left_out(home, read.left_out)
    classes, labels = _with_pictures(listing.classes, read.labels, left_out)
    empty = [name for name in listing.classes if name not in classes]
    remarks = [*listing.remarks, *left_out, *_without(empty), *_twice(home, read)]
    notice = (
        f"The folder {shown(Path(home.resolve().name))!r} gave "
        f"{count(len(labels), 'picture')} of {len(classes)} classes, brought to "
        f"{written(height, width)}."
    )
    notice = " ".join([notice, *remarks])
    if verbose:
        print(notice)
    return Pictures(read.images, torch.tensor(labels), classes, None, notice)


def _checked_path(path: str | os.PathLike[str]) -> str:
    if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
        raise TypeError(
            f'load_folder takes the name of a folder, such as "my_pictures", not '
            f"{type(path).__name__}."
        )
    if not os.fspath(path).strip():
        raise ValueError('The name of the folder is empty; "." is the present folder.')
    return os.fspath(path)


def _checked_size(size: int | tuple[int, int]) -> tuple[int, int]:
    pair = size if isinstance(size, tuple | list) else (size, size)
    whole = all(isinstance(n, int | np.integer) for n in pair)
    if len(pair) != 2 or not whole or any(isinstance(n, bool) for n in pair):
        raise TypeError(
            "The size is a whole number of pixels, or (height, width), such as 64 or "
            f"(48, 64); {size!r} was given."
        )
    if min(pair) < 1:
        raise ValueError(f"The size is 1 pixel or more, but {size!r} was given.")
    return int(pair[0]), int(pair[1])


def _checked_number(per_class: int | None) -> int | None:
    if per_class is None:
        return None
    if isinstance(per_class, bool) or not isinstance(per_class, int | np.integer):
        raise TypeError(f"per_class is a whole number or None, not {per_class!r}.")
    if per_class < 1:
        raise ValueError(f"per_class is 1 or more, or None for all; not {per_class}.")
    return int(per_class)


def _some(files: list[tuple[Path, int]], most: int | None) -> list[tuple[Path, int]]:
    """Take at most so many files of each label, spread over all of them."""
    if most is None:
        return files
    kept = []
    for label in sorted({label for _, label in files}):
        own = [one for one in files if one[1] == label]
        taken = min(most, len(own))
        kept += [own[k * len(own) // taken] for k in range(taken)]
    return kept


def _check_memory(
    number: int, classes: int, height: int, width: int, *, verbose: bool
) -> None:
    """Say how much memory it takes; raise MemoryError where there is less."""
    needed = 3 * height * width * number
    try:
        free = memory_free()
    except Exception:  # where that cannot be found out, nothing is forbidden
        free = needed
    taken = f"{count(number, 'file')} at {written(height, width)}: {_bytes(needed)}"
    if needed > free:
        share = (free / 2 / needed) ** 0.5
        fitting = int(height * share), int(width * share)
        smaller = fitting[0] if height == width else fitting
        advice = f"size={smaller} or " if min(fitting) > 0 else ""
        few = max(1, free // 2 // (3 * height * width * classes))
        raise MemoryError(
            f"{taken} in memory, but {_bytes(free)} are free. Choose "
            f"{advice}per_class={few} to begin with."
        )
    if verbose and number >= _MANY:
        print(f"{taken} in memory.")


def _bytes(number: int) -> str:
    mega = number / 1e6
    return f"{mega / 1000:,.1f} GB" if mega >= 1000 else f"{mega:,.1f} MB"


def _read(
    files: list[tuple[Path, int]],
    size: tuple[int, int],
    *,
    crop: bool,
    name: str,
    show: bool,
) -> _Read:
    """Read all files, several at a time, in their order."""
    images = torch.empty(len(files), 3, *size, dtype=torch.uint8)
    labels: list[int] = []
    kept: list[Path] = []
    left_out: dict[str, list[Path]] = {}
    read = partial(_picture_or_reason, size=size, crop=crop)
    bar = ReadingBar(shown(Path(name)), len(files), show=show and len(files) >= _A_BAR)
    with bar, warnings.catch_warnings(), _pool() as pool:
        warnings.simplefilter("ignore")  # what Pillow says of odd files
        results = pool.map(read, (file for file, _ in files))
        for done, ((file, label), result) in enumerate(
            zip(files, results, strict=True)
        ):
            bar.update(done + 1)
            if isinstance(result, str):
                left_out.setdefault(result, []).append(file)
                continue
            images[len(kept)] = torch.from_numpy(result).permute(2, 0, 1)
            labels.append(label)
            kept.append(file)
    return _Read(images[: len(kept)], labels, kept, left_out)


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Start a few threads; an interrupt does not wait for the files that are left."""
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _picture_or_reason(
    file: Path, *, size: tuple[int, int], crop: bool
) -> np.ndarray | str:
    try:
        return read_picture(file, *size, crop=crop)
    except UnreadableError as why:
        return str(why)


def _left_out(home: Path, left_out: dict[str, list[Path]]) -> list[str]:
    return [
        f"Left out, {why}: {named([shown(f.relative_to(home)) for f in files])}."
        for why, files in left_out.items()
    ]


def _with_pictures(
    names: tuple[str, ...], labels: list[int], left_out: list[str]
) -> tuple[tuple[str, ...], list[int]]:
    """Keep the classes that have pictures, and count the labels anew."""
    present = sorted(set(labels))
    classes = tuple(names[label] for label in present)
    if len(classes) < 2:
        what = "No class folder holds a picture that can be read"
        if classes:
            only = shown(Path(classes[0]))
            what = f"Only the class folder {only!r} holds pictures that can be read"
        raise ValueError(
            " ".join([f"{what}; at least two classes are needed.", *left_out])
        )
    anew = {label: k for k, label in enumerate(present)}
    return classes, [anew[label] for label in labels]


def _without(empty: list[str]) -> list[str]:
    if not empty:
        return []
    names = named([shown(Path(name)) for name in empty])
    return [f"Without a picture, and so no class: {names}."]


def _twice(home: Path, read: _Read) -> list[str]:
    """Tell of pictures that are equal: a part for testing may hold a copy."""
    first: dict[bytes, int] = {}
    pairs, across = [], 0
    for k, image in enumerate(read.images):
        key = hashlib.blake2b(image.numpy().tobytes()).digest()
        if key in first:
            one, other = first[key], k
            names = [shown(read.files[i].relative_to(home)) for i in (other, one)]
            pairs.append(" = ".join(names))
            across += read.labels[one] != read.labels[other]
        first.setdefault(key, k)
    if not pairs:
        return []
    told = [f"Equal in every pixel at this size, perhaps copies: {named(pairs)}."]
    if across:
        told.append(f"Of these pairs {across:,} lie in two classes.")
    return told

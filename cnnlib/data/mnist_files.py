"""Reading MNIST's idx files, and telling a sound file from a damaged one.

An idx file is a header of big-endian integers, then the values: two zero bytes, a type
code (8 for unsigned bytes), the number of axes, the length of each axis, the data.
"""

import gzip
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

_UNSIGNED_BYTE = 8
NAMES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


class DamagedError(Exception):
    """A file of the data set is there, but its content cannot be right."""


class MnistArrays(NamedTuple):
    """The four arrays as stored: images (N, H, W) and labels (N,), all uint8."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def complete(folder: Path) -> bool:
    """Whether all four files are in `folder`, each plain or as .gz."""
    return all(_path(folder, name) is not None for name in NAMES.values())


def read_folder(folder: Path) -> MnistArrays:
    """Read the four files of `folder`.

    Raises:
        DamagedError: a file is missing, unreadable or of the wrong size, its checksum
            is wrong, or images and labels do not belong together.
    """
    arrays = MnistArrays(**{part: read(folder, name) for part, name in NAMES.items()})
    _check_pair("training", arrays.train_images, arrays.train_labels)
    _check_pair("test", arrays.test_images, arrays.test_labels)
    return arrays


def read(folder: Path, name: str) -> np.ndarray:
    """Read one idx file, or its .gz where only that exists, as a uint8 array.

    Where both exist (torchvision keeps both), the plain file, which is quick to read,
    is checked against the CRC-32 and the length in the last eight bytes of the .gz.
    """
    path = _path(folder, name)
    if path is None:
        raise DamagedError(f"The file {name} is missing.")
    packed = folder / f"{name}.gz"
    try:
        if path == packed:
            content = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)
        else:
            content = np.fromfile(path, np.uint8)
            if packed.exists():
                _check_crc(content, packed)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedError(f"The file {name} cannot be read: {error}.") from error
    return _parse(content, name)


def _path(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    return None


def _check_crc(content: np.ndarray, packed: Path) -> None:
    with packed.open("rb") as file:
        file.seek(-8, 2)
        crc, length = struct.unpack("<II", file.read(8))
    if (zlib.crc32(content.data), content.size) != (crc, length):
        raise OSError("its checksum is wrong")


def _parse(content: np.ndarray, name: str) -> np.ndarray:
    head = content[:4].tolist()
    if len(head) < 4 or head[:3] != [0, 0, _UNSIGNED_BYTE] or head[3] not in (1, 3):
        raise DamagedError(f"The file {name} is not an idx file of bytes.")
    start = 4 + 4 * head[3]
    if content.size < start:
        raise DamagedError(f"The file {name} ends within its header.")
    shape = tuple(int(n) for n in np.frombuffer(content[4:start].tobytes(), ">u4"))
    if content.size - start != int(np.prod(shape)):
        raise DamagedError(f"The file {name} should hold {shape} values and does not.")
    return content[start:].reshape(shape)


def _check_pair(which: str, images: np.ndarray, labels: np.ndarray) -> None:
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise DamagedError(
            f"The {which} images {images.shape} and labels {labels.shape} do not match."
        )
    if len(labels) == 0 or images.shape[1:] != (28, 28) or labels.max() > 9:
        raise DamagedError(
            f"The {which} files do not hold 28x28 images of classes 0-9."
        )

"""A data set in MNIST's form, small enough to write and serve in every test."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import torch

from cnnlib import data
from cnnlib.data import mnist_files

NAMES = mnist_files.NAMES
COUNTS = {"train": 30, "test": 10}


def idx_file(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


def small_mnist() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    arrays = {}
    for which, count in COUNTS.items():
        arrays[f"{which}_images"] = random.integers(0, 256, (count, 28, 28), np.uint8)
        arrays[f"{which}_labels"] = np.arange(count, dtype=np.uint8) % 10
    return arrays


ARRAYS = small_mnist()
PLAIN = {NAMES[part]: idx_file(array) for part, array in ARRAYS.items()}
PACKED = {f"{name}.gz": gzip.compress(content) for name, content in PLAIN.items()}
MD5 = {name: hashlib.md5(content).hexdigest() for name, content in PACKED.items()}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def is_small_mnist(digits: data.Digits) -> bool:
    images = torch.from_numpy(ARRAYS["train_images"].astype(np.float32) / 255)
    return digits.source == "mnist" and torch.equal(digits.train_images[:, 0], images)


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }

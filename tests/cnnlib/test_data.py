"""Digits: where they are looked for, what is done with damaged files, the record."""

import os
import re
import socket
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision.datasets

from cnnlib import data
from cnnlib.data import mnist_fetch, mnist_files, places

from .small_mnist import (
    ARRAYS,
    NAMES,
    PACKED,
    PLAIN,
    contents,
    idx_file,
    is_small_mnist,
    write,
)

REAL = os.environ.get("CNNLIB_DATA", "")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache in place of the user's own, and no CNNLIB_DATA."""
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    monkeypatch.setattr(places, "cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was to be left alone")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


# Read from disk


@pytest.mark.parametrize("where", ["MNIST/raw", "raw", "."])
@pytest.mark.parametrize("files", [PLAIN, PACKED, PLAIN | PACKED])
def test_reads_plain_and_packed_files(tmp_path, monkeypatch, no_network, where, files):
    write(tmp_path / where, files)
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path))
    before = contents(tmp_path)
    digits = data.load_mnist()
    assert is_small_mnist(digits)
    assert contents(tmp_path) == before, "a folder named by the user is only read"


def test_same_numbers_as_torchvision(tmp_path):
    write(tmp_path / "MNIST" / "raw", PLAIN)
    digits = data.load_mnist(tmp_path)
    for train, images, labels in (
        (True, digits.train_images, digits.train_labels),
        (False, digits.test_images, digits.test_labels),
    ):
        theirs = torchvision.datasets.MNIST(str(tmp_path), train=train)
        assert torch.equal(images, theirs.data[:, None] / 255)
        assert torch.equal(labels, theirs.targets)


def test_kinds_and_shapes(tmp_path, capsys):
    write(tmp_path / "MNIST" / "raw", PLAIN)
    digits = data.load_mnist(str(tmp_path))
    assert digits.train_images.shape == (30, 1, 28, 28)
    assert digits.test_images.shape == (10, 1, 28, 28)
    assert digits.train_images.dtype == digits.test_images.dtype == torch.float32
    assert digits.train_labels.dtype == digits.test_labels.dtype == torch.int64
    assert digits.train_images.is_contiguous()
    assert digits.class_names == tuple("0123456789")
    assert capsys.readouterr().out == "", "plain MNIST needs no notice"


def test_root_goes_before_the_named_folder(tmp_path, monkeypatch, no_network):
    write(tmp_path / "root" / "MNIST" / "raw", PLAIN)
    for named in ("bundled", str(tmp_path)):
        monkeypatch.setenv("CNNLIB_DATA", named)
        assert is_small_mnist(data.load_mnist(tmp_path / "root"))


def test_home_sign_in_the_named_folder(tmp_path, monkeypatch, no_network):
    write(tmp_path / "MNIST" / "raw", PLAIN)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CNNLIB_DATA", "~")
    assert is_small_mnist(data.load_mnist())


def test_named_folder_without_data_gives_way_to_the_cache(
    cache, tmp_path, monkeypatch, no_network, capsys
):
    write(cache / "MNIST" / "raw", PLAIN)
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path / "nowhere"))
    digits = data.load_mnist()
    assert is_small_mnist(digits)
    assert capsys.readouterr().out == digits.notice + "\n"
    assert "CNNLIB_DATA" in digits.notice
    assert str(tmp_path) not in digits.notice, "a saved notebook keeps no paths"


def test_bundled_is_had_without_looking_anywhere(cache, monkeypatch, no_network):
    write(cache / "MNIST" / "raw", PLAIN)
    monkeypatch.setenv("CNNLIB_DATA", "bundled")
    assert data.load_mnist().source == "bundled"
    monkeypatch.delenv("CNNLIB_DATA")
    assert data.load_mnist("bundled").source == "bundled"


def test_bundled_forbids_the_web_for_a_root_without_data(
    tmp_path, monkeypatch, no_network
):
    monkeypatch.setenv("CNNLIB_DATA", "bundled")
    assert data.load_mnist(tmp_path).source == "bundled"


@pytest.mark.process
def test_reading_needs_neither_torchvision_nor_scikit_learn(tmp_path):
    write(tmp_path / "MNIST" / "raw", PLAIN)
    code = (
        "import sys; sys.modules['torchvision'] = sys.modules['sklearn'] = None;"
        "from cnnlib.data import load_mnist; print(load_mnist().source)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"CNNLIB_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.stdout == "mnist\n", result.stderr


# Damaged files


def _damages():
    images, labels = NAMES["train_images"], NAMES["train_labels"]
    whole = PLAIN[images]
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    yield "flipped bit", PLAIN | PACKED | {images: flipped}
    yield "cut short", PLAIN | {images: whole[:-100]}
    yield "too long", PLAIN | {images: whole + b"\0"}
    yield "empty", PLAIN | {images: b""}
    yield "header only begun", PLAIN | {images: whole[:6]}
    yield "no idx", PLAIN | {images: b"<html>" * 1000}
    yield "other type", PLAIN | {images: b"\0\0\x0d" + whole[3:]}
    yield "packed cut", PACKED | {f"{images}.gz": PACKED[f"{images}.gz"][:-50]}
    yield "not packed", PACKED | {f"{images}.gz": whole}
    yield "packed empty", PLAIN | PACKED | {f"{images}.gz": b""}
    yield "label 11", PLAIN | {labels: idx_file(np.full(30, 11, np.uint8))}
    yield "29 labels", PLAIN | {labels: idx_file(np.zeros(29, np.uint8))}
    yield "swapped", PLAIN | {images: PLAIN[labels], labels: whole}
    yield "27x28", PLAIN | {images: idx_file(np.zeros((30, 27, 28), np.uint8))}
    yield (
        "no images",
        PLAIN
        | {
            images: idx_file(np.zeros((0, 28, 28), np.uint8)),
            labels: idx_file(np.zeros(0, np.uint8)),
        },
    )
    yield "one missing", {name: PLAIN[name] for name in PLAIN if name != labels}


@pytest.mark.parametrize(
    "files", [pytest.param(files, id=name) for name, files in _damages()]
)
def test_damaged_cache_is_downloaded_again_once(cache, monkeypatch, files):
    write(cache / "MNIST" / "raw", files)
    calls = []

    def fetch(home, time_limit, source, *, progress):
        calls.append(home)
        return mnist_files.MnistArrays(**ARRAYS)

    monkeypatch.setattr(mnist_fetch, "fetch", fetch)
    assert is_small_mnist(data.load_mnist())
    assert calls == [cache]


def test_damaged_cache_without_network(cache, monkeypatch, capsys):
    write(cache / "MNIST" / "raw", PLAIN | {NAMES["train_images"]: b""})

    def fetch(home, time_limit, source, *, progress):
        raise mnist_fetch.DownloadError("no server could be reached")

    monkeypatch.setattr(mnist_fetch, "fetch", fetch)
    digits = data.load_mnist()
    assert digits.source == "bundled"
    assert "is damaged" in digits.notice
    assert "no server could be reached" in digits.notice


def test_damaged_named_folder_is_left_as_it_is(
    cache, tmp_path, monkeypatch, no_network
):
    named = write(tmp_path / "named", PLAIN | {NAMES["test_labels"]: b"?"})
    write(cache / "MNIST" / "raw", PLAIN)
    monkeypatch.setenv("CNNLIB_DATA", str(named))
    before = contents(named)
    assert is_small_mnist(data.load_mnist())
    assert contents(named) == before


# The record


@pytest.fixture(scope="module")
def bundled():
    return data.load_mnist("bundled", verbose=False)


def test_text_is_the_same_on_every_machine(bundled, tmp_path):
    assert repr(bundled) == (
        "scikit-learn's bundled digits: 1,437 training and 360 test images, 28x28, grey"
    )
    write(tmp_path, PLAIN)
    text = "MNIST: 30 training and 10 test images, 28x28, grey"
    assert repr(data.load_mnist(tmp_path)) == text


def test_record_is_frozen(bundled):
    with pytest.raises(FrozenInstanceError):
        bundled.source = "mnist"


def test_only_some_classes(bundled):
    low = bundled.only(range(5))
    assert low.train_labels.unique().tolist() == [0, 1, 2, 3, 4]
    assert low.test_labels.bincount().tolist() == [36] * 5
    some = bundled.train_labels == 3
    kept = low.train_images[low.train_labels == 3]
    assert torch.equal(kept, bundled.train_images[some])
    assert low.class_names == bundled.class_names
    assert len(low.only([4, 4]).test_labels) == 36
    assert len(bundled.test_labels) == 360, "the whole is as it was"


@pytest.mark.parametrize("classes", [[], [10], [-1, 2], [0.5], ["3"]])
def test_only_refuses_what_is_no_class(bundled, classes):
    with pytest.raises(ValueError, match="0 to 9"):
        bundled.only(classes)


def test_few_of_each_class(bundled):
    few = bundled.few(20)
    assert few.train_labels.bincount().tolist() == [20] * 10
    first = bundled.train_images[bundled.train_labels == 7][:20]
    assert torch.equal(few.train_images[few.train_labels == 7], first)
    assert len(few.test_labels) == 360
    assert len(bundled.few(10_000).train_labels) == 1437
    assert bundled.only([5, 9]).few(50).train_labels.bincount()[[5, 9]].tolist() == (
        [50, 50]
    )


@pytest.mark.parametrize("per_class", [0, -2])
def test_few_refuses_less_than_one(bundled, per_class):
    with pytest.raises(ValueError, match="At least 1"):
        bundled.few(per_class)


@pytest.mark.skipif(
    not REAL or places.find_mnist(Path(REAL)) is None,
    reason="CNNLIB_DATA names no folder with MNIST",
)
def test_real_mnist():
    digits = data.load_mnist(REAL)
    assert digits.train_images.shape == (60000, 1, 28, 28)
    assert digits.test_images.shape == (10000, 1, 28, 28)
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert digits.train_labels.bincount().tolist() == train
    assert digits.test_labels.bincount().tolist() == test
    assert abs(digits.train_images.mean() - 0.1307) < 1e-4
    assert abs(digits.train_images.std() - 0.3081) < 1e-4
    assert digits.notice == "These are the handwritten digits of MNIST."


@pytest.mark.parametrize(
    "name", ["EMNIST", "CIFAR10", "cifar-10", "FashonMNIST", "KMNISTS", "fasion"]
)
def test_another_data_set_is_no_folder(name, tmp_path, monkeypatch, no_network):
    monkeypatch.chdir(tmp_path)
    legal = "The names are 'MNIST', 'FashionMNIST', 'KMNIST'"
    with pytest.raises(ValueError, match=legal) as caught:
        data.load_mnist(name)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match=legal):
        data.load_mnist(name=name)
    folder = re.search(r"write '(.*)'", str(caught.value))
    assert folder
    monkeypatch.setenv("CNNLIB_DATA", "bundled")
    assert data.load_mnist(folder[1]).source == "bundled", "a folder without MNIST"


@pytest.mark.parametrize("name", [None, 3, "", "mnist2"])
def test_a_name_that_is_none(name):
    with pytest.raises(ValueError, match="There is no data set"):
        data.load_mnist(name=name)


def test_a_folder_of_nearly_such_a_name_is_a_folder(tmp_path, monkeypatch, no_network):
    monkeypatch.chdir(tmp_path)
    for folder in ("my_mnist", "cifar10", "MNIST"):
        write(tmp_path / folder / "raw", PLAIN)
        assert is_small_mnist(data.load_mnist(folder))


def test_a_new_folder_is_told_beforehand(tmp_path, monkeypatch, capsys):
    """A slip in a data set's name looks like a folder that is not there yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNNLIB_DATA", "bundled")
    data.load_mnist("Nonsense")
    told = capsys.readouterr().out
    assert told.startswith("'Nonsense' is no name of a data set, so it is a new folder")
    assert str(tmp_path / "Nonsense") in told
    assert "'FashionMNIST'" in told
    (tmp_path / "there").mkdir()
    for name, how in [("there", {}), ("./new", {}), ("Nonsense", {"verbose": False})]:
        data.load_mnist(name, **how)
        assert "new folder" not in capsys.readouterr().out, name


def test_a_folder_with_the_name_of_a_data_set(tmp_path, monkeypatch, cache, no_network):
    """What torchvision made beside the notebook is found; an empty one hinders not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "KMNIST").mkdir()
    write(cache / "KMNIST" / "raw", PLAIN)
    assert data.load_mnist("KMNIST").source == "kmnist"
    write(tmp_path / "FashionMNIST" / "raw", PLAIN)
    assert data.load_mnist("FashionMNIST").source == "fashionmnist"


def test_own_images_are_described_as_they_are():
    labels = torch.zeros(5, dtype=torch.long)
    images = torch.zeros(5, 3, 20, 24)
    own = data.Digits(images, labels, images, labels, "my letters", "mine")
    assert repr(own) == "my letters: 5 training and 5 test images, 20x24, RGB"
    for source in ({}, {"source": "bundled"}, {"source": "mnist"}):
        own = data.Digits(images, labels, images, labels, **source)
        assert repr(own).startswith("your own images: 5 training and 5 test images")

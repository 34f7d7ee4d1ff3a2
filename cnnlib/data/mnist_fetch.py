"""Fetching MNIST so that a class never waits and nothing half-done is left behind.

Pooch downloads and compares checksums, in a process of its own (`mnist_download`) and
in a folder of its own beside the place where the files belong. Pooch's limits are those
of one connection; stopping the process keeps the limit for all files and mirrors
together, and works whatever the network does. Whole files are moved into place one by
one, each in a single step, so that two kernels that download at the same time do no
harm.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from . import mnist_files
from .download_bar import DownloadBar
from .places import RAW

REMEMBERED = 600.0  # seconds for which a failure is not tried again
# Those of torchvision, in its order (a test compares them).
MIRRORS = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
]
MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
_DOWNLOAD_BYTES = 11_594_722  # the four .gz files
_ROOM_BYTES = 100_000_000  # those and what is in them, with some to spare
_SCRIPT = Path(__file__).with_name("mnist_download.py")
_TEMPORARY = ".download-"
_FAILURE = ".download-failed.txt"


class DownloadError(Exception):
    """MNIST could not be downloaded; the text says why, as part of a sentence."""


def fetch(
    home: Path, time_limit: float, *, progress: bool = True
) -> mnist_files.MnistArrays:
    """Download MNIST into `home`/MNIST/raw, replacing what is damaged there.

    Args:
        home: the folder that holds, or will hold, MNIST/raw.
        time_limit: seconds after which the download is given up.
        progress: whether to show a bar, which disappears at the end.

    Raises:
        DownloadError: for whatever reason there are no sound files in the end.
    """
    try:
        with _temporary_folder(home) as name:
            _run(Path(name), time_limit, progress)
            arrays = mnist_files.read_folder(Path(name))
            _publish(Path(name), home / RAW)
    except (DownloadError, mnist_files.DamagedError, OSError) as error:
        reason = _plain(error)
        with suppress(OSError):
            (home / _FAILURE).write_text(reason, encoding="utf-8")
        raise DownloadError(reason) from error
    (home / _FAILURE).unlink(missing_ok=True)
    return arrays


def recent_failure(home: Path) -> str | None:
    """Why the last download into `home` failed, if that was a short while ago."""
    note = home / _FAILURE
    with suppress(OSError, ValueError):
        if 0 <= time.time() - note.stat().st_mtime < REMEMBERED:
            return note.read_text(encoding="utf-8").strip() or None
    return None


def _temporary_folder(home: Path) -> tempfile.TemporaryDirectory[str]:
    """Make a folder to download to, after deleting what a power cut left."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        for old in home.glob(f"{_TEMPORARY}*"):
            if old.is_dir() and time.time() - old.stat().st_mtime > 86_400:
                shutil.rmtree(old, ignore_errors=True)
        if shutil.disk_usage(home).free < _ROOM_BYTES:
            raise DownloadError("the disk is full")
        return tempfile.TemporaryDirectory(
            prefix=_TEMPORARY, dir=home, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise DownloadError("the folder for it cannot be written to") from error


def _run(folder: Path, time_limit: float, progress: bool) -> None:
    """Let the child process fill `folder`; stop it when the time is up."""
    arguments = {
        "folder": str(folder),
        "mirrors": MIRRORS,
        "checksums": MD5,
        "silence": time_limit / 5,
    }
    deadline = time.monotonic() + time_limit
    with (
        DownloadBar("MNIST", _DOWNLOAD_BYTES, show=progress) as bar,
        subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT), json.dumps(arguments)],
            stdin=subprocess.PIPE,  # stays open: the child ends when it closes
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ) as child,
    ):
        try:
            while child.poll() is None:
                bar.update(_arrived(folder))
                if time.monotonic() > deadline:
                    raise DownloadError(_too_slow(_arrived(folder), time_limit))
                with suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=0.05)
        finally:
            child.kill()
        assert child.stdout is not None
        answer = child.stdout.read().decode(errors="replace").strip()
        if child.returncode or answer:
            raise DownloadError(answer or "the download broke off")


def _arrived(folder: Path) -> int:
    """Count the bytes that are here: all but those of the unpacked files."""
    total = 0
    for file in folder.iterdir():
        with suppress(OSError):
            if file.name not in mnist_files.NAMES.values():
                total += file.stat().st_size
    return total


def _too_slow(arrived: int, time_limit: float) -> str:
    if arrived == 0:
        return f"no server answered within {time_limit:g} seconds"
    return (
        f"only {arrived / 1e6:.1f} MB of {_DOWNLOAD_BYTES / 1e6:.1f} MB arrived within "
        f"{time_limit:g} seconds; load_mnist(time_limit=300) waits longer"
    )


def _publish(source: Path, target: Path) -> None:
    """Move the files into place; where that fails, they still serve this session."""
    with suppress(OSError):
        target.mkdir(parents=True, exist_ok=True)
        for file in sorted(source.iterdir()):
            os.replace(file, target / file.name)


def _plain(error: Exception) -> str:
    if isinstance(error, DownloadError):
        return str(error)
    if isinstance(error, mnist_files.DamagedError):
        return "the files did not arrive as they should"
    return "no process could be started for it"

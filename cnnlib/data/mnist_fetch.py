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
from .mnist_sources import MNIST, Source

REMEMBERED = 600.0  # seconds for which a failure is not tried again
_ROOM_BYTES = 120_000_000  # the .gz files and what is in them, with some to spare
_SCRIPT = Path(__file__).with_name("mnist_download.py")
_TEMPORARY = ".download-"


class DownloadError(Exception):
    """MNIST could not be downloaded; the text says why, as part of a sentence."""


def fetch(
    home: Path, time_limit: float, source: Source = MNIST, *, progress: bool = True
) -> mnist_files.MnistArrays:
    """Download MNIST into `home`/MNIST/raw, replacing what is damaged there.

    Args:
        home: the folder that holds, or will hold, MNIST/raw.
        time_limit: seconds after which the download is given up.
        source: the data set; its name is that of the folder.
        progress: whether to show a bar, which disappears at the end.

    Raises:
        DownloadError: for whatever reason there are no sound files in the end.
    """
    try:
        with _temporary_folder(home) as name:
            _run(Path(name), time_limit, source, progress)
            arrays = mnist_files.read_folder(Path(name))
            _publish(Path(name), home / source.name / "raw")
    except (DownloadError, mnist_files.DamagedError, OSError) as error:
        reason = _plain(error)
        with suppress(OSError):
            _failure(home, source).write_text(reason, encoding="utf-8")
        raise DownloadError(reason) from error
    _failure(home, source).unlink(missing_ok=True)
    return arrays


def recent_failure(home: Path, source: Source = MNIST) -> str | None:
    """Why the last download into `home` failed, if that was a short while ago."""
    note = _failure(home, source)
    with suppress(OSError, ValueError):
        if 0 <= time.time() - note.stat().st_mtime < REMEMBERED:
            return note.read_text(encoding="utf-8").strip() or None
    return None


def _failure(home: Path, source: Source) -> Path:
    """Name the file that remembers why a download failed."""
    whose = "" if source.name == MNIST.name else f"-{source.name}"
    return home / f".download-failed{whose}.txt"


def forget(home: Path, source: Source = MNIST) -> None:
    """Take away a folder that was made for a download, if nothing came of it."""
    _failure(home, source).unlink(missing_ok=True)
    with suppress(OSError):
        home.rmdir()


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


def _run(folder: Path, time_limit: float, source: Source, progress: bool) -> None:
    """Let the child process fill `folder`; stop it when the time is up."""
    arguments = {
        "folder": str(folder),
        "mirrors": source.mirrors,
        "checksums": source.checksums,
        "silence": time_limit / 5,
    }
    deadline = time.monotonic() + time_limit
    with (
        DownloadBar(source.title, source.size, show=progress) as bar,
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
                    raise DownloadError(_too_slow(_arrived(folder), time_limit, source))
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


def _too_slow(arrived: int, time_limit: float, source: Source) -> str:
    if arrived == 0:
        return f"no server answered within {time_limit:g} seconds"
    return (
        f"only {arrived / 1e6:.1f} MB of {source.size / 1e6:.1f} MB arrived within "
        f"{time_limit:g} seconds; {call(source, 300)} waits longer"
    )


def call(source: Source, time_limit: float) -> str:
    """Write the call that loads a data set with a time limit."""
    name = "" if source.name == MNIST.name else f"{source.name!r}, "
    return f"load_mnist({name}time_limit={time_limit:g})"


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

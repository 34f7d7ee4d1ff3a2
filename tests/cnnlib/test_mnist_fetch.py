"""Downloads: a server that may misbehave, limits of time and room, what is left."""

import gc
import gzip
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torchvision.datasets

from cnnlib import data
from cnnlib.data import download_bar, idx, mnist_child, mnist_fetch, places

from .small_mnist import ARRAYS, MD5, NAMES, PACKED, PLAIN, is_small_mnist, write


class Handler(BaseHTTPRequestHandler):
    """Serves the small files; the first part of the path says how badly."""

    def do_GET(self):
        _, manner, name = self.path.split("/")
        self.server.requests[manner] += 1
        getattr(self, manner.replace("-", "_"))(PACKED[name])

    def good(self, content, length=None, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def missing(self, content):
        self.send_error(404)

    def overloaded(self, content):
        self.send_error(503)

    def truncated(self, content):
        self.good(content[: len(content) // 2], length=len(content))
        self.close_connection = True

    def other(self, content):
        self.good(gzip.compress(b"<html>Please log in to the hotel's network</html>"))

    def silent(self, content):
        self.server.released.wait(60)

    def trickling(self, content):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for byte in content:
            if self.server.released.wait(0.1):
                return
            self.wfile.write(bytes([byte]))

    def hanging_up(self, content):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that was stopped half-way is part of the test."""


@pytest.fixture(scope="module")
def server():
    server = Server(("127.0.0.1", 0), Handler)
    server.released, server.requests = threading.Event(), Counter()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mirrors(server, monkeypatch):
    """Let torchvision know the small files, at mirrors that behave as told."""
    server.requests.clear()
    MNIST = torchvision.datasets.MNIST
    monkeypatch.setattr(MNIST, "resources", list(MD5.items()))

    def use(*manners):
        base = f"http://127.0.0.1:{server.server_address[1]}"
        addresses = [f"{base}/{manner}/" for manner in manners]
        monkeypatch.setattr(MNIST, "mirrors", addresses)
        return addresses

    return use


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache in place of the user's own, and no CNNLIB_DATA."""
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    monkeypatch.setattr(places, "cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def no_leftovers(cache):
    """After the test the cache holds no half-done download."""
    yield
    left = [path.name for path in cache.iterdir() if path.name != "MNIST"]
    assert set(left) <= {".download-failed.txt"}


@pytest.fixture
def child_script(tmp_path, monkeypatch):
    """Put a script of a few lines in place of the one that downloads."""

    def use(code):
        script = tmp_path / "child.py"
        script.write_text("import json, os, sys, time, pathlib\n" + code)
        monkeypatch.setattr(mnist_fetch, "_SCRIPT", script)

    return use


FOLDER = """
folder = pathlib.Path(json.loads(sys.argv[1])["folder"], "MNIST", "raw")
folder.mkdir(parents=True)
"""
SLOW_CHILD = f"""{FOLDER}
(folder / "train-images-idx3-ubyte.gz").write_bytes(bytes(2_500_000))
pathlib.Path(__file__).with_name("pid").write_text(str(os.getpid()))
time.sleep(60)
"""


GOOD_CHILD = (
    FOLDER
    + "".join(
        f"(folder / {name!r}).write_bytes(bytes.fromhex({content.hex()!r}))\n"
        for name, content in (PLAIN | PACKED).items()
    )
    + "print()"
)


@pytest.fixture
def no_child(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("no process was to be started")

    monkeypatch.setattr(subprocess, "Popen", refuse)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# Downloads, end to end: a process of its own, torchvision, a real (local) server


def test_download_then_cache(cache, mirrors, server, capfd):
    mirrors("good")
    digits = data.load_mnist(time_limit=60)
    assert is_small_mnist(digits)
    assert capfd.readouterr() == ("", ""), "no bar outside a terminal"
    assert sorted(path.name for path in cache.iterdir()) == ["MNIST"], "no remains"
    asked = server.requests["good"]
    assert is_small_mnist(data.load_mnist())
    assert server.requests["good"] == asked, "the second time it is on disk"


def test_trickle_is_given_up_in_time(cache, mirrors, no_leftovers):
    mirrors("trickling")
    start = time.monotonic()
    digits = data.load_mnist(time_limit=6)
    assert time.monotonic() - start < 6 + 4
    assert digits.source == "bundled"
    assert "6 seconds" in digits.notice


def test_child_ends_and_cleans_up_when_its_parent_is_killed(cache, mirrors):
    """A kernel that is shut down during a download leaves nothing behind."""
    addresses = mirrors("trickling")
    code = (
        "import sys; from pathlib import Path; from types import SimpleNamespace as N;"
        f"sys.modules['torchvision.datasets'] = N(MNIST=N(mirrors={addresses!r},"
        f"resources={list(MD5.items())!r}));"
        "from cnnlib import _mnist_fetch;"
        f"_mnist_fetch.fetch(Path({str(cache)!r}), 100, progress=False)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert _soon(lambda: list(cache.glob(".download-*/MNIST/raw/*.gz")))
    finally:
        parent.kill()
        parent.wait()
    assert _soon(lambda: not list(cache.glob(".download-*")))


def _soon(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_torchvision_that_does_not_fit(cache, tmp_path, monkeypatch, no_leftovers):
    broken = tmp_path / "site" / "torchvision" / "__init__.py"
    write(broken.parent, {"__init__.py": b"raise RuntimeError('operator nms')"})
    monkeypatch.setenv("PYTHONPATH", str(broken.parent.parent))
    digits = data.load_mnist()
    assert "torchvision cannot be used, check_setup() says why" in digits.notice


# The child's part, in this process


unclosed_is_fine = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def fetch_here(tmp_path, mirrors, monkeypatch):
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(0.5)

    def fetch(*manners):
        addresses = mirrors(*manners)
        reason = mnist_child.download(str(tmp_path / "dl"), 0.5, addresses)
        gc.collect()  # torchvision leaves the sockets of failed requests to it
        return reason

    yield fetch
    socket.setdefaulttimeout(before)


@unclosed_is_fine
@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("good", ""),
        ("missing", "the server answered with error 404"),
        ("overloaded", "the server answered with error 503"),
        ("truncated", "the files did not arrive as they should"),
        ("other", "the files did not arrive as they should"),
        ("silent", "the server was silent for 0.5 seconds"),
        ("hanging-up", "no server could be reached"),
    ],
)
def test_reason_of_a_fault(fetch_here, manner, reason):
    assert fetch_here(manner) == reason


@unclosed_is_fine
@pytest.mark.parametrize(
    "first", ["missing", "truncated", "other", "silent", "hanging-up"]
)
def test_next_mirror_is_asked(fetch_here, tmp_path, first):
    assert fetch_here(first, "good") == ""
    raw = idx.read_folder(tmp_path / "dl" / "MNIST" / "raw")
    assert np.array_equal(raw.test_labels, ARRAYS["test_labels"])


@unclosed_is_fine
def test_last_reason_is_the_one_told(fetch_here):
    assert fetch_here("missing", "overloaded").endswith("error 503")


def test_nobody_at_the_address(tmp_path, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        reason = mnist_child.download(str(tmp_path), 1, [address], list(MD5.items()))
    assert reason == "no server could be reached"


def test_name_that_cannot_be_looked_up(tmp_path, monkeypatch):
    def lookup(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    address = "http://no-such-host.invalid/"
    reason = mnist_child.download(str(tmp_path), 1, [address], list(MD5.items()))
    assert reason == "no server could be reached"


@unclosed_is_fine
def test_disk_that_fills_up_during_the_download(fetch_here, monkeypatch):
    def write_to_full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    utils = torchvision.datasets.utils
    monkeypatch.setattr(utils, "_urlretrieve", write_to_full_disk)
    assert fetch_here("good") == "the disk is full"


# The parent's part, with a child that does as the test says


def test_time_limit_stops_the_child(cache, child_script, tmp_path, no_leftovers):
    child_script(SLOW_CHILD)
    start = time.monotonic()
    digits = data.load_mnist(time_limit=1)
    assert time.monotonic() - start < 5
    assert "only 2.5 MB of 11.6 MB arrived within 1 seconds" in digits.notice
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_interrupt_stops_the_child(cache, child_script, tmp_path, monkeypatch):
    child_script(SLOW_CHILD)
    pid = tmp_path / "pid"

    def interrupt_when_started(self, arrived):
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt

    monkeypatch.setattr(download_bar.DownloadBar, "update", interrupt_when_started)
    with pytest.raises(KeyboardInterrupt):
        data.load_mnist()
    assert not is_running(int(pid.read_text()))
    assert not list(cache.iterdir()), "nor is an interrupt remembered as a failure"


@pytest.mark.parametrize("code", ["sys.exit(3)", "os.kill(os.getpid(), 9)"])
def test_child_that_crashes(cache, child_script, no_leftovers, code):
    child_script(code)
    assert "the download broke off" in data.load_mnist().notice


def test_child_that_claims_success_without_files(cache, child_script, no_leftovers):
    child_script("print()")
    assert "did not arrive as they should" in data.load_mnist().notice


def test_process_that_cannot_be_started(cache, monkeypatch, no_leftovers):
    monkeypatch.setattr(sys, "executable", str(cache / "no-python"))
    assert "no process could be started" in data.load_mnist().notice


def test_cache_that_cannot_be_written(tmp_path, cache, monkeypatch, no_child):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(places, "cache", lambda: tmp_path / "file" / "cache")
    assert "cannot be written to" in data.load_mnist().notice


def test_full_disk_is_seen_before_the_download(cache, monkeypatch, no_child):
    class Usage:
        free = 5_000_000

    monkeypatch.setattr(mnist_fetch.shutil, "disk_usage", lambda _: Usage)
    assert "(the disk is full)" in data.load_mnist().notice


def test_damaged_cache_is_repaired(cache, child_script, no_leftovers):
    raw = write(cache / "MNIST" / "raw", PLAIN | PACKED)
    damaged = raw / NAMES["train_images"]
    damaged.write_bytes(PLAIN[damaged.name][:-1] + b"!")
    child_script(GOOD_CHILD)
    assert is_small_mnist(data.load_mnist())
    assert damaged.read_bytes() == PLAIN[damaged.name]


def test_download_goes_to_the_root(tmp_path, cache, child_script):
    child_script(GOOD_CHILD)
    assert is_small_mnist(data.load_mnist(tmp_path / "new" / "root"))
    assert places.find_mnist(tmp_path / "new" / "root")
    assert not cache.exists()


def test_many_downloads_at_once(cache, child_script, no_leftovers):
    """Each has a folder of its own and finds whole files at every moment."""
    child_script(GOOD_CHILD)
    results = []

    def fetch():
        raw = mnist_fetch.fetch(cache, 60, progress=False)
        results.extend([raw, idx.read_folder(cache / "MNIST" / "raw")])

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    for raw in results:
        assert np.array_equal(raw.train_images, ARRAYS["train_images"])


def test_files_that_cannot_be_put_in_place_still_serve(
    cache, child_script, monkeypatch, no_leftovers
):
    child_script(GOOD_CHILD)

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "replace", refuse)
    assert is_small_mnist(data.load_mnist())


def test_remains_of_a_power_cut_are_cleared(cache, child_script, monkeypatch):
    old, new = cache / ".download-old", cache / ".download-new"
    for folder in (old, new):
        write(folder / "MNIST", {"x": b"x"})
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    child_script("print('no luck')")
    data.load_mnist()
    assert not old.exists()
    assert new.exists(), "another kernel may be at work there"


def test_failure_is_remembered_for_ten_minutes(cache, child_script, monkeypatch):
    child_script("print('no luck')")
    assert "(no luck)" in data.load_mnist().notice
    child_script("print('was asked again')")
    again = data.load_mnist().notice
    assert "a short while ago: no luck" in again
    assert "load_mnist(time_limit=30)" in again
    for seconds in (601, -3600):  # long ago, or a clock that was set back since
        then = time.time() - seconds
        os.utime(cache / ".download-failed.txt", (then, then))
        assert "(was asked again)" in data.load_mnist().notice
    assert "a short while ago" in data.load_mnist().notice


def test_asking_for_more_time_or_a_root_tries_at_once(cache, child_script):
    child_script("print('no luck')")
    data.load_mnist()
    child_script("print('was asked again')")
    assert "was asked again" in data.load_mnist(time_limit=50).notice
    child_script("print('and again')")
    assert "(and again)" in data.load_mnist(cache).notice


def test_success_forgets_the_failure(cache, child_script):
    child_script("print('no luck')")
    data.load_mnist()
    child_script(GOOD_CHILD)
    assert is_small_mnist(data.load_mnist(time_limit=60))
    assert mnist_fetch.recent_failure(cache) is None


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_time_limit_must_be_positive(limit):
    with pytest.raises(ValueError, match="positive number of seconds"):
        data.load_mnist(time_limit=limit)


def test_verbose_off_prints_nothing(cache, child_script, capfd):
    child_script("print('no luck')")
    digits = data.load_mnist(verbose=False)
    assert capfd.readouterr() == ("", "")
    assert "no luck" in digits.notice


def test_notice_is_one_sentence_about_which_data_and_why(cache, child_script, capsys):
    child_script("print('no luck')")
    notice = data.load_mnist().notice
    assert capsys.readouterr().out == notice + "\n"
    assert notice == (
        "MNIST could not be downloaded (no luck), so these are the handwritten digits "
        "that come with scikit-learn, brought to 28x28: 1,437 training and 360 test "
        "images."
    )

"""Downloads: a server that may misbehave, limits of time and room, what is left."""

import gzip
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
import requests
import torchvision.datasets

from cnnlib import data
from cnnlib.data import (
    download_bar,
    load,
    mnist_download,
    mnist_fetch,
    mnist_files,
    mnist_sources,
    places,
)
from tests.patience import TOO_LONG, is_alive

from .small_mnist import ARRAYS, MD5, NAMES, PACKED, PLAIN, is_small_mnist, write

pytestmark = pytest.mark.process


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *where):
        super().__init__(*where)
        self.requests = Counter()
        self.released = threading.Event()
        self.half_sent = threading.Event()
        self.trickle_begun = threading.Event()
        self.client_gone = threading.Event()

    def handle_error(self, *_):
        """A client that was stopped half-way is part of the test."""


class Handler(BaseHTTPRequestHandler):
    """Serves the small files; the first part of the path says how badly."""

    server: Server

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
        self.wait_until_the_client_is_gone()

    def half(self, content):
        self.good(content[: len(content) // 2], length=len(content))
        self.server.half_sent.set()
        self.wait_until_the_client_is_gone()

    def trickling(self, content):
        self.good(content[:1], length=len(content))
        self.server.trickle_begun.set()
        for byte in content[1:]:
            if self.server.released.wait(0.1):
                return
            self.wfile.write(bytes([byte]))

    def hanging_up(self, content):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def wait_until_the_client_is_gone(self):
        self.connection.settimeout(TOO_LONG)
        # One that is stopped before it has read everything resets the connection.
        with suppress(ConnectionError):
            self.connection.recv(1)
        self.close_connection = True
        self.server.client_gone.set()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mirrors(server, monkeypatch):
    """Ask for the small files, at mirrors that behave as told."""

    def use(*manners):
        base = f"http://127.0.0.1:{server.server_address[1]}"
        addresses = [f"{base}/{manner}/" for manner in manners]
        md5 = tuple(MD5.values())
        for name, source in mnist_sources.SOURCES.items():
            small = source._replace(mirrors=addresses, md5=md5)
            monkeypatch.setitem(mnist_sources.SOURCES, name, small)
        return addresses

    return use


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A busy machine may take its time, where a test asks for no time limit."""
    monkeypatch.setattr(load, "TIME_LIMIT", float(TOO_LONG))


@pytest.fixture
def time_is_up_when(monkeypatch):
    """Let the time limit be over as soon as something has happened."""

    def use(happened):
        clock = SimpleNamespace(
            monotonic=lambda: 1e9 if happened() else 0.0, time=time.time
        )
        monkeypatch.setattr(mnist_fetch, "time", clock)

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
    left = {path.name for path in cache.iterdir() if path.is_dir()}
    assert left <= {"MNIST", "FashionMNIST", "KMNIST"}
    rest = [path.name for path in cache.iterdir() if path.is_file()]
    assert all(name.startswith(".download-failed") for name in rest)


@pytest.fixture
def child_script(tmp_path, monkeypatch):
    """Put a script of a few lines in place of the one that downloads."""

    def use(code):
        script = tmp_path / "child.py"
        script.write_text("import json, os, sys, time, pathlib\n" + code)
        monkeypatch.setattr(mnist_fetch, "_SCRIPT", script)

    return use


FOLDER = """
folder = pathlib.Path(json.loads(sys.argv[1])["folder"])
"""
SLOW_CHILD = f"""{FOLDER}
(folder / "train-images-idx3-ubyte.gz").write_bytes(bytes(2_500_000))
pathlib.Path(__file__).with_name("pid").write_text(str(os.getpid()))
time.sleep(600)
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


# Downloads, end to end: a process of its own, pooch, a real (local) server


def test_download_then_cache(cache, mirrors, server, capfd):
    mirrors("good")
    digits = data.load_mnist()
    assert is_small_mnist(digits)
    assert digits.notice == "These are the handwritten digits of MNIST."
    assert capfd.readouterr() == ("", ""), "no bar outside a terminal"
    assert sorted(path.name for path in cache.iterdir()) == ["MNIST"], "no remains"
    asked = server.requests["good"]
    assert asked == 4
    assert is_small_mnist(data.load_mnist())
    assert server.requests["good"] == asked, "the second time it is on disk"


def test_the_cache_is_laid_out_as_torchvision_expects(cache, mirrors):
    mirrors("good")
    data.load_mnist()
    theirs = torchvision.datasets.MNIST(str(cache), train=False)
    assert np.array_equal(theirs.data.numpy(), ARRAYS["test_images"])
    files = {path.name: path for path in (cache / "MNIST" / "raw").iterdir()}
    assert files.keys() == PLAIN.keys() | PACKED.keys()
    modes = {path.stat().st_mode for path in files.values()}
    fresh = cache / "fresh"
    fresh.touch()
    assert modes == {fresh.stat().st_mode}, "a class may share the folder"


@pytest.mark.parametrize("source", mnist_sources.SOURCES.values(), ids=lambda s: s.name)
def test_files_mirrors_and_classes_are_those_of_torchvision(source):
    theirs = getattr(torchvision.datasets, source.name)
    assert set(theirs.mirrors) == set(source.mirrors)
    assert dict(theirs.resources) == source.checksums
    assert len(source.class_names) == 10
    if source.name != "MNIST":
        assert tuple(theirs.classes) == source.class_names


def test_trickle_is_given_up_when_time_is_up(
    cache, mirrors, server, time_is_up_when, no_leftovers
):
    """No pause of the connection is long, and the whole would take an hour."""
    mirrors("trickling")
    time_is_up_when(server.trickle_begun.is_set)
    digits = data.load_mnist(time_limit=1000)
    assert digits.source == "bundled"
    assert "within 1000 seconds" in digits.notice


def test_stall_is_given_up_when_time_is_up(
    cache, mirrors, server, time_is_up_when, no_leftovers
):
    mirrors("half")
    arrived = ".download-*/*"
    time_is_up_when(lambda: any(file.stat().st_size for file in cache.glob(arrived)))
    digits = data.load_mnist(time_limit=1000)
    assert "only 0.0 MB of 11.6 MB arrived within 1000 seconds" in digits.notice
    assert server.client_gone.wait(TOO_LONG), "the process that downloads is stopped"


def test_child_ends_and_cleans_up_when_its_parent_is_killed(cache, mirrors, server):
    """A kernel that is shut down during a download leaves nothing behind."""
    code = (
        "from pathlib import Path; from cnnlib.data import mnist_fetch, mnist_sources;"
        f"source = mnist_sources.MNIST._replace(mirrors={mirrors('half')!r});"
        f"source = source._replace(md5={tuple(MD5.values())!r});"
        f"mnist_fetch.fetch(Path({str(cache)!r}), 10_000, source, progress=False)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert server.half_sent.wait(TOO_LONG)
        assert list(cache.glob(".download-*/*")), "it is at work on a file"
    finally:
        parent.kill()
        parent.wait()
    assert server.client_gone.wait(TOO_LONG), "the child ends, and its connection"
    assert not list(cache.iterdir())


def test_many_downloads_at_once(cache, mirrors, no_leftovers):
    """Each has a folder of its own and finds whole files at every moment."""
    mirrors("good")
    results = []

    def fetch():
        small = mnist_sources.SOURCES["mnist"]
        arrays = mnist_fetch.fetch(cache, TOO_LONG, small, progress=False)
        results.extend([arrays, mnist_files.read_folder(cache / "MNIST" / "raw")])

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    for arrays in results:
        assert np.array_equal(arrays.train_images, ARRAYS["train_images"])


@pytest.fixture
def broken_package(tmp_path, monkeypatch):
    """Put a package that does not start in the way of the process that downloads."""

    def use(name, error):
        source = f"raise {error}".encode()
        write(tmp_path / "site" / name, {"__init__.py": source})
        paths = [str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))

    return use


def test_without_pooch(cache, mirrors, broken_package, no_leftovers):
    mirrors("good")
    broken_package("pooch", "ModuleNotFoundError('pooch')")
    notice = data.load_mnist().notice
    assert "(the package pooch cannot be used, check_setup() says why)" in notice


def test_torchvision_that_does_not_fit_hinders_no_download(
    cache, mirrors, broken_package, no_leftovers
):
    mirrors("good")
    broken_package("torchvision", "RuntimeError('operator nms')")
    assert is_small_mnist(data.load_mnist())


# Other data sets of the same form


@pytest.mark.parametrize("name", ["FashionMNIST", "Fashion-MNIST", "fashion"])
def test_fashion_goes_the_same_way(cache, mirrors, server, name, capsys):
    mirrors("missing", "good")
    clothes = data.load_mnist(name)
    assert clothes.source == "fashionmnist"
    assert clothes.class_names[9] == "Ankle boot"
    assert repr(clothes) == (
        "Fashion-MNIST: 30 training and 10 test images, 28x28, grey"
    )
    assert capsys.readouterr().out == (
        "These are the pieces of clothing of Fashion-MNIST.\n"
    )
    theirs = torchvision.datasets.FashionMNIST(str(cache), train=False)
    assert np.array_equal(theirs.data.numpy(), ARRAYS["test_images"])
    asked = server.requests["good"]
    assert data.load_mnist(name=name).source == "fashionmnist"
    assert server.requests["good"] == asked, "the second time it is on disk"


def test_the_data_sets_do_not_mix(cache, mirrors, server):
    """Their files have the same names."""
    mirrors("good")
    for k, name in enumerate(["KMNIST", "MNIST", "FashionMNIST"]):
        assert data.load_mnist(name).source == name.lower()
        assert server.requests["good"] == 4 * (k + 1)
    assert {path.name for path in cache.iterdir()} == {
        "KMNIST",
        "MNIST",
        "FashionMNIST",
    }
    folder = cache / "FashionMNIST"
    assert data.load_mnist(folder, name="FashionMNIST").source == "fashionmnist"
    assert server.requests["good"] == 12
    assert places.find_mnist(folder) is None
    assert places.find_mnist(cache / "MNIST", mnist_sources.KUZUSHIJI) is None
    assert places.find_mnist(folder / "raw", mnist_sources.FASHION)


def test_a_failed_download_leaves_no_new_folder(cache, mirrors, tmp_path):
    mirrors("missing")
    kept = tmp_path / "kept"
    kept.mkdir()
    for folder in (tmp_path / "new", kept):
        assert data.load_mnist(folder).source == "bundled"
    assert not (tmp_path / "new").exists()
    assert kept.exists()
    mirrors("good")
    assert is_small_mnist(data.load_mnist(tmp_path / "new"))


@pytest.mark.parametrize("name", ["FashionMNIST", "KMNIST"])
def test_digits_never_take_the_place_of_others(cache, mirrors, name, no_leftovers):
    mirrors("missing")
    write(cache / "MNIST" / "raw", PLAIN)
    with pytest.raises(FileNotFoundError) as caught:
        data.load_mnist(name)
    told = str(caught.value)
    title = {"FashionMNIST": "Fashion-MNIST"}.get(name, name)
    assert told.startswith(f"{title} could not be downloaded (the server answered with")
    assert "are digits. load_mnist() loads digits." in told
    assert data.load_mnist().source == "mnist"
    with pytest.raises(FileNotFoundError, match="a short while ago") as caught:
        data.load_mnist(name)
    again = re.search(r"load_mnist\(.*?=\d+\)", str(caught.value))
    assert again
    mirrors("good")
    code = {"load_mnist": data.load_mnist}
    assert eval(again[0], code).source == name.lower()


def test_a_slow_line_is_told_with_the_call_that_waits_longer(
    cache, mirrors, time_is_up_when, no_leftovers
):
    mirrors("half")
    arrived = ".download-*/*"
    time_is_up_when(lambda: any(file.stat().st_size for file in cache.glob(arrived)))
    with pytest.raises(FileNotFoundError, match=r"0.0 MB of 30.9 MB arrived") as caught:
        data.load_mnist("FashionMNIST", time_limit=1000)
    assert "load_mnist('FashionMNIST', time_limit=300)" in str(caught.value)


def test_bundled_forbids_the_web_for_others_too(cache, monkeypatch, no_child):
    monkeypatch.setenv("CNNLIB_DATA", "bundled")
    with pytest.raises(
        FileNotFoundError, match="cache holds no KMNIST and CNNLIB_DATA"
    ):
        data.load_mnist("KMNIST")
    write(cache / "KMNIST" / "raw", PLAIN)
    assert data.load_mnist("KMNIST").source == "kmnist"


def test_the_named_folder_for_others(tmp_path, cache, monkeypatch, no_child):
    named = write(tmp_path / "named" / "MNIST" / "raw", PLAIN).parents[1]
    monkeypatch.setenv("CNNLIB_DATA", str(named))
    write(cache / "KMNIST" / "raw", PLAIN)
    elsewhere = data.load_mnist("KMNIST")
    assert elsewhere.notice == (
        "The folder named in CNNLIB_DATA holds no readable KMNIST, so these are its "
        "images from elsewhere."
    )
    write(named / "KMNIST" / "raw", PLAIN)
    assert data.load_mnist("KMNIST").notice.startswith("These are the Japanese signs")


# The child's part, in this process


@pytest.fixture
def download_here(tmp_path, mirrors):
    def download(*manners, silence=TOO_LONG):
        folder = str(tmp_path / "dl")
        return mnist_download.download(folder, mirrors(*manners), MD5, silence)

    return download


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("good", ""),
        ("missing", "the server answered with error 404"),
        ("overloaded", "the server answered with error 503"),
        ("truncated", "the files did not arrive as they should"),
        ("other", "the files did not arrive as they should"),
        ("hanging-up", "no server could be reached"),
    ],
)
def test_reason_of_a_fault(download_here, tmp_path, manner, reason):
    assert download_here(manner) == reason
    whole = (PLAIN | PACKED).keys() if not reason else set()
    assert {path.name for path in (tmp_path / "dl").iterdir()} == whole


@pytest.mark.parametrize("manner", ["silent", "half"])
def test_reason_of_a_stall(download_here, manner):
    reason = download_here(manner, silence=0.2)
    assert reason == "the server was silent for 0.2 seconds"


@pytest.mark.parametrize("first", ["missing", "truncated", "other", "hanging-up"])
def test_next_mirror_is_asked(download_here, tmp_path, first):
    assert download_here(first, "good") == ""
    arrays = mnist_files.read_folder(tmp_path / "dl")
    assert np.array_equal(arrays.test_labels, ARRAYS["test_labels"])


def test_next_mirror_is_asked_after_a_stall(download_here, server, monkeypatch):
    get = requests.get

    def get_soon_tired(address, **options):
        return get(address, **options | {"timeout": 0.2 if "/half/" in address else 60})

    monkeypatch.setattr(requests, "get", get_soon_tired)
    assert download_here("half", "good") == ""
    assert server.requests["good"] == 4


def test_files_that_arrived_whole_are_kept_for_the_next_mirror(
    download_here, server, monkeypatch
):
    last = list(MD5)[-1]

    def all_but_one(handler, content):
        lacking = handler.path.endswith(last)
        handler.missing(content) if lacking else handler.good(content)

    monkeypatch.setattr(Handler, "all_but_one", all_but_one, raising=False)
    assert download_here("all-but-one", "good") == ""
    assert server.requests == {"all-but-one": 4, "good": 1}


def test_last_reason_is_the_one_told(download_here):
    assert download_here("missing", "overloaded").endswith("error 503")


def test_nobody_at_the_address(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        reason = mnist_download.download(str(tmp_path), [address], MD5, TOO_LONG)
    assert reason == "no server could be reached"


def test_name_that_cannot_be_looked_up(tmp_path, monkeypatch):
    def lookup(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    address = "http://no-such-host.invalid/"
    reason = mnist_download.download(str(tmp_path), [address], MD5, TOO_LONG)
    assert reason == "no server could be reached"


def test_disk_that_fills_up_during_the_download(download_here, monkeypatch):
    def write_to_full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pooch.core.shutil.move", write_to_full_disk)
    assert download_here("good") == "the disk is full"


# The parent's part, with a child that does as the test says


def test_time_limit_stops_the_child(
    cache, child_script, tmp_path, time_is_up_when, no_leftovers
):
    child_script(SLOW_CHILD)
    pid = tmp_path / "pid"
    time_is_up_when(lambda: pid.exists() and pid.read_text())
    digits = data.load_mnist(time_limit=1)
    assert "only 2.5 MB of 11.6 MB arrived within 1 seconds" in digits.notice
    assert not is_alive(int(pid.read_text()))


def test_interrupt_stops_the_child(cache, child_script, tmp_path, monkeypatch):
    child_script(SLOW_CHILD)
    pid = tmp_path / "pid"

    def interrupt_when_started(self, arrived):
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt

    monkeypatch.setattr(download_bar.DownloadBar, "update", interrupt_when_started)
    with pytest.raises(KeyboardInterrupt):
        data.load_mnist()
    assert not is_alive(int(pid.read_text()))
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
    assert f"load_mnist(time_limit={TOO_LONG})" in again
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

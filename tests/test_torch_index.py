"""Which builds of PyTorch `make` takes: an index of fake wheels, and real pip runs."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FELL_BACK = "pip takes its default builds."
BACKEND = """
import shutil
def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy("course-1-py3-none-any.whl", folder).rpartition("/")[2]
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "course"
version = "1"
"""

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="elsewhere nothing is chosen"
    ),
]


def put_wheel(folder: Path, name: str, version: str, *requires: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {other}" for other in requires]
    files = {
        f"{name}.py": "",
        f"{name}-{version}.dist-info/METADATA": "\n".join([*lines, ""]),
        f"{name}-{version}.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = f"{name}-{version}.dist-info/RECORD"
    files[record] = "".join(f"{path},,\n" for path in (*files, record))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def put_pair(index: Path, build: str = "") -> None:
    """Put both packages into an index; the newest PyTorch fits no torchvision yet."""
    put_wheel(index / "torch", "torch", f"3.0{build}")
    put_wheel(index / "torch", "torch", f"2.0{build}")
    put_wheel(index / "torchvision", "torchvision", f"0.2{build}", f"torch==2.0{build}")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def indexes(tmp_path_factory):
    """Serve two indexes, and one that lacks torchvision, from folders of wheels."""
    folder = tmp_path_factory.mktemp("indexes")
    put_pair(folder / "default")
    put_pair(folder / "cpu", "+cpu")
    put_wheel(folder / "half" / "torch", "torch", "3.0+half")
    handler = partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """The Makefile, in a course that needs nothing but PyTorch and torchvision."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    put_wheel(folder, "course", "1", "torch", "torchvision")
    return folder


def make(course: Path, *words: str, path: str = "", **env: str):
    """Run make where pip knows no other index than the one it is told."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "TORCH"))}
    kept.pop("MAKEFLAGS", None)
    kept |= {"PIP_CONFIG_FILE": os.devnull, "no_proxy": "127.0.0.1"}
    if path:
        kept["PATH"] = f"{path}:{kept['PATH']}"
    return subprocess.run(
        ["make", *words], cwd=course, env=kept | env, capture_output=True, text=True
    )


def set_up(course: Path, indexes: str, *words: str) -> tuple[set[str], str]:
    """Set the course up without PyTorch; return what was installed, and the output."""
    for site in course.glob(".venv/lib/python3*/site-packages"):
        for old in site.glob("torch*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    (course / ".venv" / ".lab").unlink(missing_ok=True)
    done = make(course, "setup", *words, PIP_INDEX_URL=f"{indexes}/default")
    assert done.returncode == 0, done.stdout + done.stderr
    found = course.glob(".venv/lib/python3*/site-packages/torch*.dist-info")
    return {path.name.removesuffix(".dist-info") for path in found}, (
        done.stdout + done.stderr
    )


CPU = {"torch-2.0+cpu", "torchvision-0.2+cpu"}
DEFAULT = {"torch-2.0", "torchvision-0.2"}


def test_without_a_card_both_come_from_the_index_of_cpu_builds(course, indexes):
    words = ("NVIDIA_CARD=", f"CPU_INDEX={indexes}/cpu")
    installed, output = set_up(course, indexes, *words)
    assert installed == CPU
    assert FELL_BACK not in output


@pytest.mark.parametrize("chosen", ["", "default"])
def test_the_default_builds_can_be_asked_for(course, indexes, chosen):
    installed, output = set_up(course, indexes, f"TORCH_INDEX={chosen}")
    assert installed == DEFAULT
    assert FELL_BACK not in output


@contextlib.contextmanager
def port(backlog: int | None):
    """An address where nobody listens, or, with a backlog, where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if backlog is not None:
            taken.listen(backlog)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("backlog", [None, 5], ids=["refused", "silent"])
def test_an_index_out_of_reach_gives_way_to_the_default(course, indexes, backlog):
    with port(backlog) as address:
        installed, output = set_up(course, indexes, f"TORCH_INDEX={address}")
    assert installed == DEFAULT
    said = [line for line in output.splitlines() if FELL_BACK in line]
    assert said == [f"PyTorch cannot be had from {address}: {FELL_BACK}"]
    assert "Traceback" not in output
    assert "Alarm" not in output


@pytest.mark.parametrize("name", ["half", "nothing"])
def test_an_index_that_lacks_one_gives_way_to_the_default(course, indexes, name):
    installed, output = set_up(course, indexes, f"TORCH_INDEX={indexes}/{name}")
    assert installed == DEFAULT
    assert output.count(FELL_BACK) == 1


def taken_from(done: subprocess.CompletedProcess) -> str:
    """Return the index that `make -n` shows, "" for pip's own."""
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("--index-url ")[2].partition(" ")[0]


def cpu_index() -> str:
    [line] = [x for x in (ROOT / "Makefile").read_text().splitlines() if "whl/cpu" in x]
    return line.partition(":= ")[2]


@pytest.mark.skipif(
    bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia").exists(),
    reason="this machine has a card",
)
def test_this_machine_has_no_card(course):
    assert taken_from(make(course, "-n", "setup", "VENV=new")) == cpu_index()


@pytest.mark.parametrize(
    ("tool", "says"), [("nvidia-smi", "GPU 0: NVIDIA H200"), ("uname", "Darwin")]
)
def test_with_a_card_or_on_macos_the_default_builds(course, tmp_path, tool, says):
    (tmp_path / tool).write_text(f"#!/bin/sh\necho '{says}'\n")
    (tmp_path / tool).chmod(0o755)
    assert taken_from(make(course, "-n", "setup", "VENV=new", path=str(tmp_path))) == ""


@pytest.mark.parametrize("target", ["setup", "lab", "test"])
def test_an_address_in_the_environment_goes_before_the_card(course, target):
    (course / "constraints.txt").touch()
    done = make(course, "-n", target, "VENV=new", TORCH_INDEX="http://mirror/cpu")
    assert taken_from(done) == "http://mirror/cpu"


def test_the_address_is_stated_once_and_where_no_make_is():
    """A script for another machine has to name it, and names the same."""
    told = subprocess.run(
        ["git", "grep", "-l", cpu_index()], cwd=ROOT, capture_output=True, text=True
    )
    if told.returncode:
        pytest.skip("only a git checkout knows which files belong to the course")
    elsewhere = ["cnngrade/export/command.py", "deploy/github-actions.yml"]
    assert told.stdout.split() == ["Makefile", *elsewhere]
    for name in elsewhere:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert text.count("/whl/") == text.count(cpu_index())

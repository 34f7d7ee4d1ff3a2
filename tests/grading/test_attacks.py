"""A class with many who mean harm: no wrong answer gains, nobody else loses.

All of them hand in together, a few honest students between them, and are graded once by
the command itself, by root or by an ordinary user, whoever runs the tests.
"""

import contextlib
import csv
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from cnnlib.grading._names import clean
from tests.exercise_files import ROOT, TASKS, Book
from tests.grading.attacks import ALL, ATTACKS, NONE, World, right_answers
from tests.grading.conftest import COMMAND, rows

OPTIONS = ("--seed", "11", "--timeout", "3")
HONEST = {"anna": ALL, "mila": frozenset(TASKS[:3]), "zoe": NONE}
"""Those who solved all, half, and nothing."""


def _why_not() -> str:
    """Say why submissions cannot be shut away here, or "" if they can."""
    if not sys.platform.startswith("linux"):
        return "only Linux can shut submissions away"
    flags = 0x10000000 | 0x00020000  # CLONE_NEWUSER, CLONE_NEWNS
    code = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({flags}) != 0)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    return "the kernel refuses namespaces of users" if done.returncode else ""


WHY_NOT = _why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


# ---- the machine, and what listens on it ---------------------------------------------


class Listener:
    """Gives right answers to whoever asks, over every kind of local socket."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.name = f"cnnlib-test-{os.getpid()}"
        self._answers = right_answers().encode()
        self.tcp, self.udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        self._local = socket.socket(socket.AF_UNIX)
        self.tcp.bind(("127.0.0.1", 0))
        self.udp.bind(("127.0.0.1", 0))
        self._local.bind(f"\0{self.name}")
        for one in (self.tcp, self._local):
            one.listen()
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()
        threading.Thread(target=self._reply, daemon=True).start()

    def _serve(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                one, _ = listening.accept()
                self.heard.append(f"a connection to {listening.family.name}")
                with one:
                    one.sendall(self._answers)

    def _reply(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                _, sender = self.udp.recvfrom(100)
                if sender is None:  # it was shut
                    return
                self.heard.append("a datagram")
                self.udp.sendto(self._answers, sender)

    def close(self) -> None:
        for one in (self.tcp, self.udp, self._local):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _canary(folder: Path, name: str = "canary.py") -> Path:
    """Lay the right answers where no submission may see or change them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(right_answers())
    return path


def _states(places: list[Path]) -> dict[Path, tuple]:
    """Return what would show a change of these files and folders."""
    found: dict[Path, tuple] = {}
    for place in places:
        below = sorted(place.rglob("*")) if place.is_dir() else []
        for path in [place, *below]:
            facts = path.lstat()
            whole = path.is_file() and not path.is_symlink()
            data = hashlib.sha256(path.read_bytes()).hexdigest() if whole else ""
            found[path] = (facts.st_mode, facts.st_mtime_ns, facts.st_ino, data)
    return found


def _living(mark: str) -> list[str]:
    """Return the processes that live in a jail made in a folder of this name.

    A process cannot leave its mounts, and these name that folder.
    """
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and mark in Path(f"/proc/{entry}/mountinfo").read_text():
                command = Path(f"/proc/{entry}/cmdline").read_bytes()
                found.append(f"{entry} {command[:80]!r}")
    return found


def _honest(school: Path) -> None:
    solved, half, none = Book("solutions"), Book("exercises"), Book("exercises")
    for task in TASKS[:3]:
        half.cell(task)["source"] = solved.cell(task)["source"]
    for student, book in zip(HONEST, (solved, half, none), strict=True):
        book.save(school / student)


def _command(school: Path, out: Path, *options: str, **more) -> subprocess.Popen:
    return subprocess.Popen(
        [*COMMAND, str(school), "--out", str(out), *OPTIONS, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=school.parent,
        start_new_session=True,
        **more,
    )


# ---- the class, graded once ----------------------------------------------------------


@dataclass
class Graded:
    """What came of the class, and what was seen on the way."""

    out: Path
    said: str
    code: int
    seconds: float
    heard: list[str]
    living: list[str]
    left: list[str]
    changed: list[str]
    report: dict

    def result(self, student: str) -> dict:
        """Return a student's result."""
        named = clean(student)
        (found,) = [r for r in self.report["results"] if r["student"] == named]
        return found


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Graded:
    """Grade the class; the places of its machine are made up, and watched."""
    base = tmp_path_factory.mktemp("attacks")
    school, home, temp = base / "school", base / "home", base / f"temp-{os.getpid()}"
    out = base / "reports" / "out"
    temp.mkdir()
    school.mkdir()
    canaries = [_canary(home), _canary(out.parent), _canary(school, "canary.txt")]
    package = ROOT / "cnnlib"
    course = [package / "checks/_judge.py", ROOT / "solutions/03_pooling.ipynb"]
    listener = Listener()
    world = World(
        listener.tcp.getsockname()[1],
        listener.udp.getsockname()[1],
        listener.name,
        *(home, out, school),
        (*canaries, *course, base / "written-by-a-submission"),
    )
    _honest(school)
    for attack in ATTACKS:
        attack.write(school, world)
    places = [school, home, *canaries, *course]
    before = _states(places)
    begun = time.monotonic()
    surroundings = {"HOME": str(home), "TMPDIR": str(temp), "CANARY_KEY": "secret"}
    process = _command(school, out, env=os.environ | surroundings)
    try:
        said, errors = process.communicate(timeout=600)
    finally:
        process.kill()
    seconds, after = time.monotonic() - begun, _states(places)
    listener.close()
    return Graded(
        out,
        (said + errors).decode(),
        process.returncode,
        seconds,
        listener.heard,
        _living(str(temp)),
        [str(path) for path in temp.iterdir()],
        [str(path) for path in before | after if before.get(path) != after.get(path)]
        + [str(p) for p in base.iterdir() if p not in (school, home, temp, out.parent)],
        json.loads((out / "report.json").read_text()),
    )


def test_the_grader_finishes(graded):
    assert graded.code == 0, graded.said
    assert len(ATTACKS) >= 40
    assert graded.report["run"]["isolation"] == "full"


@pytest.mark.parametrize(
    "attack", [a for a in ATTACKS if a.graded], ids=lambda a: a.name
)
def test_what_passes_is_what_is_right(graded, attack):
    result = graded.result(attack.name)
    status = {task["task"]: task["status"] for task in result["tasks"]}
    assert {t for t, said in status.items() if said == "passed"} == attack.passes
    earned = sum(t["points"] for t in result["tasks"] if t["task"] in attack.passes)
    assert result["earned"] == earned
    assert attack.says.items() <= status.items()
    boasts = [note for note in result["notes"] if "Boast" in note]
    assert boasts == []


@pytest.mark.parametrize(
    "attack", [a for a in ATTACKS if not a.graded], ids=lambda a: a.name
)
def test_what_is_no_submission_is_listed(graded, attack):
    assert clean(attack.name) not in {r["student"] for r in graded.report["results"]}
    unplaced = [name for name, _ in graded.report["run"]["unplaced"]]
    assert any(name.startswith(clean(attack.name)) for name in unplaced)


@pytest.mark.parametrize("student", HONEST)
def test_the_honest_get_what_they_deserve(graded, student):
    tasks = graded.result(student)["tasks"]
    assert {t["task"] for t in tasks if t["status"] == "passed"} == HONEST[student]
    rest = {t["status"] for t in tasks if t["status"] != "passed"}
    assert rest <= {"unsolved"}


def test_the_honest_lose_nothing_by_the_company(graded, tmp_path):
    school, out = tmp_path / "school", tmp_path / "out"
    _honest(school)
    said, errors = (process := _command(school, out)).communicate(timeout=300)
    assert process.returncode == 0, (said + errors).decode()
    together = [r for r in rows(graded.out, "grades.csv") if r["student"] in HONEST]
    assert rows(out, "grades.csv") == together
    alone = json.loads((out / "report.json").read_text())["results"]
    assert alone == [graded.result(student) for student in HONEST]


def test_nothing_outside_has_changed(graded):
    assert graded.changed == []


def test_no_process_and_no_folder_is_left(graded):
    assert graded.living == []
    assert graded.left == []


def test_nobody_was_reached(graded):
    assert graded.heard == []


def test_the_tables_are_safe(graded):
    for path in graded.out.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rest = csv.reader(file)
        for row in rest:
            assert len(row) == len(head)
            for cell in row:
                assert not re.match(r"\s*[=+\-@]\D", cell), cell
                assert not re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", cell)
    found = rows(graded.out, "grades.csv")
    students = sum(a.graded for a in ATTACKS) + len(HONEST)
    assert len(found) == 6 * students


def test_the_pages_are_safe(graded):
    pages = [*graded.out.glob("*.html"), *graded.out.glob("feedback/*.html")]
    assert len(pages) >= sum(a.graded for a in ATTACKS) + len(HONEST)
    for page in pages:
        text = page.read_text()
        assert page.resolve().is_relative_to(graded.out.resolve())
        assert "<script>alert" not in text
        assert "<img" not in text
        assert not re.search(
            r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text
        )
    assert sum(p.stat().st_size for p in graded.out.rglob("*")) < 100_000_000


def test_the_terminal_is_not_steered(graded):
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", graded.said)

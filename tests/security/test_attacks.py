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
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from cnngrade.files.plan import Step
from cnngrade.intake.naming import clean
from cnngrade.sessions import run
from cnngrade.sessions.session import Session, StepOutcome
from tests.cnngrade.conftest import COMMAND, rows
from tests.exercise_files import ROOT, TASKS, Book
from tests.patience import TOO_LONG
from tests.security.attacks import ALL, ATTACKS, NONE, World, right_answers

OPTIONS = ("--seed", "11", "--timeout", "2")
HONEST = {"anna": ALL, "mila": frozenset(TASKS[:3]), "zoe": NONE}
"""Those who solved all, half, and nothing."""


def _why_not() -> str:
    """Say why submissions cannot be shut away here, or "" if they can."""
    if not sys.platform.startswith("linux"):
        return "only Linux can shut submissions away"
    flags = 0x40020000 | (0x10000000 if os.getuid() else 0)  # net, files; users
    code = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({flags}) != 0)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    return "the kernel refuses namespaces" if done.returncode else ""


WHY_NOT = _why_not()
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
]


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

    folder: str
    said: str
    code: int
    heard: list[str]
    living: list[str]
    left: list[str]
    changed: list[str]
    report: dict

    @property
    def out(self) -> Path:
        """The folder of the report."""
        return Path(self.folder)

    def result(self, student: str) -> dict:
        """Return a student's result."""
        named = clean(student)
        (found,) = [r for r in self.report["results"] if r["student"] == named]
        return found


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Graded:
    """Grade the class once, though several processes may run these tests."""
    import fcntl

    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    kept = base / "attacks.json"
    with (base / "attacks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(json.dumps(asdict(_graded(base / "attacks"))))
    return Graded(**json.loads(kept.read_text()))


def _graded(base: Path) -> Graded:
    """Grade the class; the places of its machine are made up, and watched."""
    base.mkdir()
    school, home, temp = base / "school", base / "home", base / f"temp-{os.getpid()}"
    out = base / "reports" / "out"
    temp.mkdir()
    school.mkdir()
    canaries = [_canary(home), _canary(out.parent), _canary(school, "canary.txt")]
    course = [ROOT / "cnnjudge/judge.py", ROOT / "solutions/03_pooling.ipynb"]
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
    surroundings = {"HOME": str(home), "TMPDIR": str(temp), "CANARY_KEY": "secret"}
    workers = ("--workers", "4")  # some of them only sleep
    process = _command(school, out, *workers, env=os.environ | surroundings)
    try:
        said, errors = process.communicate(timeout=TOO_LONG)
    finally:
        process.kill()
    after = _states(places)
    listener.close()
    report = out / "report.json"
    return Graded(
        str(out),
        (said + errors).decode(),
        process.returncode,
        listener.heard,
        _living(str(temp)),
        [str(path) for path in temp.iterdir()],
        [str(path) for path in before | after if before.get(path) != after.get(path)]
        + [str(p) for p in base.iterdir() if p not in (school, home, temp, out.parent)],
        json.loads(report.read_text()) if report.exists() else {},
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
    said, errors = (process := _command(school, out)).communicate(timeout=TOO_LONG)
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


# ---- other machines, other users, other days -----------------------------------------


def _handed_in(school: Path, names: tuple[str, ...] = ()) -> None:
    """Let the honest hand in, and some of the others."""
    _honest(school)
    listener = Listener()
    listener.close()
    home, report, classes = (school.parent / part for part in "hrs")
    world = World(9, 9, listener.name, home, report, classes, ())
    for attack in ATTACKS:
        if attack.name in names:
            attack.write(school, world)


def _passed(out: Path) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {
        row["student"]: set() for row in rows(out, "grades.csv")
    }
    for row in rows(out, "grades.csv"):
        if row["status"] == "passed":
            found[row["student"]].add(row["task"])
    return {student: frozenset(tasks) for student, tasks in found.items()}


def test_where_it_cannot_be_had_nothing_is_run(tmp_path):
    """The kernel refuses a network of its own, in a namespace made so."""
    if not shutil.which("unshare"):
        pytest.skip("there is no program unshare here")
    _handed_in(tmp_path / "school")
    refuse = 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"'
    command = [*COMMAND, str(tmp_path / "school"), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", refuse, "sh", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join((done.stdout + done.stderr).split())
    if done.stderr.startswith(("unshare:", "sh:")):
        pytest.skip(f"the refusal cannot be made up here: {done.stderr}")
    assert done.returncode == 2, said
    assert "cannot be fully shut away here (namespaces: No space left" in said
    assert "so none was run" in said
    assert "With --isolation limits they would be able to read whatever you can" in said
    assert not (tmp_path / "out").exists()


AS_USER = ("setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups")
UNCOVERED = """
mount --bind "$2" /mnt && mount -t tmpfs -o mode=755 tmpfs "$1" && mkdir -p "$2" &&
mount --move /mnt "$2" && shift 2 && exec "$@"
"""
"""Shows an interpreter that lies in a folder which others may not enter."""


def _as_user() -> list[str]:
    """Return what makes a command an ordinary user's, or skip the test."""
    if os.getuid():
        pytest.skip("the whole class was graded by an ordinary user")
    python = Path(sys.base_prefix).resolve()
    shut = [p for p in reversed(python.parents) if not p.stat().st_mode & 0o001]
    command = [*AS_USER]
    if shut:
        way = ["unshare", "--mount", "--propagation", "private", "sh", "-c", UNCOVERED]
        command = [*way, "sh", str(shut[0]), str(python), *command]
    tried = subprocess.run(
        [*command, sys.executable, "-c", "import cnnlib"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode:
        pytest.skip(f"Python is out of an ordinary user's reach: {tried.stderr[-200:]}")
    return command


def test_an_ordinary_user_is_as_safe():
    command = _as_user()
    names = (
        *("answers in files", "answers in other processes", "daemon", "fork bomb"),
        *("everybody killed", "looks into other processes", "memory without an owner"),
        *("parent killed", "processes hoarded", "rights taken back"),
        *("sockets of all kinds", "writes outside"),
    )
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        _handed_in(base / "school", names)
        temp = base / f"temp-{os.getpid()}-user"
        temp.mkdir()
        for path in (base, *base.rglob("*")):
            os.chown(path, 1000, 1000)
        where = {"HOME": str(base), "TMPDIR": str(temp)}
        done = subprocess.run(
            [*command, *COMMAND, "school", "--out", "out", *OPTIONS],
            cwd=base,
            env=os.environ | where,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found = _passed(base / "out")
        report = json.loads((base / "out" / "report.json").read_text())
        assert list(temp.iterdir()) == []
        assert _living(str(temp)) == []
    expected = {a.name: a.passes for a in ATTACKS if a.name in names} | HONEST
    assert found == expected
    notes = [note for result in report["results"] for note in result["notes"]]
    assert [note for note in notes if "Boast" in note] == []
    assert report["run"]["isolation"] == "full"


def test_a_template_that_is_killed_costs_nobody(tmp_path):
    """As when memory runs out, and the system ends the largest process."""
    school, out, temp = (tmp_path / name for name in ("school", "out", "t" * 120))
    _handed_in(school, ("sleep",))
    temp.mkdir()
    more = ("--workers", "1")
    process = _command(school, out, *more, env=os.environ | {"TMPDIR": str(temp)})
    try:
        _await_the_sleeper(out / "journal.jsonl", process)
        killed = [_killed(entry) for entry in _templates(str(temp))]
        said, errors = process.communicate(timeout=TOO_LONG)
    finally:
        process.kill()
    assert process.returncode == 0, (said + errors).decode()
    assert killed, said.decode()
    assert _passed(out) == HONEST | {"sleep": ALL}
    assert list(temp.iterdir()) == []


def test_a_grader_that_is_killed_leaves_no_process(tmp_path):
    school, out, temp = (tmp_path / name for name in ("school", "out", "temp"))
    _handed_in(school, ("sleep",))
    temp.mkdir()
    more = {"env": os.environ | {"TMPDIR": str(temp)}}
    with _command(school, out, "--workers", "1", **more) as process:
        _await_the_sleeper(out / "journal.jsonl", process)
        assert _living(str(temp))
        process.kill()
        process.communicate()
    until = time.monotonic() + TOO_LONG
    while _living(str(temp)) and time.monotonic() < until:
        time.sleep(0.1)
    assert _living(str(temp)) == []


def _await_the_sleeper(journal: Path, process: subprocess.Popen) -> None:
    """Wait until anna and mila are graded, and the sleeper is under way."""
    until = time.monotonic() + TOO_LONG
    while process.poll() is None and time.monotonic() < until:
        if journal.exists() and journal.read_bytes().count(b"\n") >= 3:
            time.sleep(1)
            return
        time.sleep(0.05)


def _templates(mark: str) -> list[int]:
    found = []
    for entry in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{entry}/environ").read_text():
                facts = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2]
                if _is_template(entry) and not _is_template(int(facts.split()[1])):
                    found.append(entry)
    return found


def _is_template(number: int) -> bool:
    return b"cnngrade.inside.template" in Path(f"/proc/{number}/cmdline").read_bytes()


def _killed(number: int) -> int:
    os.kill(number, signal.SIGKILL)
    return number


class _Patient(Session):
    """A session in which every cell takes as long as it may."""

    clock: list[float]

    def __enter__(self) -> "_Patient":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def starts(self, wanted):
        return iter(wanted)

    def wait(self, number, seconds):
        self.clock[0] += seconds
        return StepOutcome("timed out")

    def told(self, seconds):
        raise EOFError

    how_it_ended = why_not = lambda self: ""


def test_many_slow_cells_have_an_end(monkeypatch):
    clock = _Patient.clock = [0.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: clock[0])
    patience = run.Patience(cell=30.0, questions={}, together=300.0)
    steps = [Step("while True: pass")] * 1000
    done = run.run_steps(steps, lambda *_: _Patient(), lambda: patience, trial=True)
    assert 0 < len(done) <= 11
    assert clock[0] <= 350.0

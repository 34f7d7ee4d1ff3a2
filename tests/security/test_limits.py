"""The grader's limits hang together, and what is said of them is true."""

import json
import os
import sys

import pytest

from cnngrade import limits
from cnngrade.files.notebook import Cell
from cnngrade.files.plan import Step, message
from cnngrade.sessions.patience import StepTimes
from cnngrade.sessions.session import how_it_ended
from tests.cnngrade.conftest import grade
from tests.exercise_files import Book
from tests.security.attack import FIRST
from tests.security.test_attacks import pytestmark  # noqa: F401, where none is forked

CELL, TASK = Step("x = 1"), Step(None, "flatten")


@pytest.mark.parametrize("cell", [1.0, 20.0, 60.0, 5_000.0])
@pytest.mark.parametrize("slack", [1.0, 12.5])
def test_each_limit_is_above_what_it_is_the_last_resort_of(cell, slack):
    times = StepTimes(cell, {"flatten": 10.0}, slack)
    patience = times.patience()
    for step in (CELL, TASK):
        computing, clock = times.computing_and_clock(step)
        assert slack * (cell if step is CELL else 10.0) <= computing <= clock
        assert clock < patience.seconds_for(step) < patience.session([CELL, TASK])
    assert patience.together >= 4 * limits.clock_seconds(cell, slack)
    last = limits.process_computing_seconds(patience.session([CELL, TASK]))
    assert last > patience.session([CELL, TASK]) * (os.cpu_count() or 1)


def _graded(tmp_path, cell, *options):
    """Return the notes on a submission with one more cell."""
    book = Book("solutions")
    book.add(FIRST, cell)
    book.save(tmp_path / "school" / "anna")
    grade(tmp_path / "school", tmp_path / "out", *options)
    (result,) = json.loads((tmp_path / "out" / "report.json").read_text())["results"]
    assert result["earned"] == result["points"]
    return result["notes"]


@pytest.mark.parametrize("timeout", ["0", "400"])
def test_the_kernel_lets_a_cell_compute_for_as_long_as_it_may(tmp_path, timeout):
    cell = (
        "import resource\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_CPU)\n"
        f"assert hard > soft > 5 * 4 * {float(timeout) or 20.0}, (soft, hard)"
    )
    assert _graded(tmp_path, cell, "--timeout", timeout) == []


@pytest.fixture(scope="module")
def channel():
    from cnngrade.sessions.forked import Channel, Template

    template = Template("full")
    made = Channel(template.address)
    made.check()
    yield made
    made.close()
    template.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone forks")
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("while True: pass", "it computed for longer than a whole submission may"),
        (
            "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
            "with open('large', 'wb') as file:\n    file.truncate(2**40)",
            "it wrote a larger file than it may",
        ),
        ("import os\nos.kill(os.getpid(), 9)", "Python was killed (SIGKILL): memory"),
    ],
)
def test_a_process_that_a_limit_ends_is_not_told_something_else(channel, code, reason):
    cell = Step(code, cell=Cell(0, "code", "", code, {}))  # guarded: a student's
    sent = message([cell], [0], 7, [(1e6, 1e6)], process_seconds=1)
    with channel.open(sent) as session:
        assert list(session.starts([0])) == [0]
        done = session.wait(0, 500.0)
    assert done.state == "died"
    assert done.reason.startswith(reason)


def test_no_signal_is_unknown():
    assert how_it_ended(-24) == "it computed for longer than a whole submission may"
    assert how_it_ended(-11).startswith("Python crashed inside a library (Segm")
    assert how_it_ended(-200) == "Python crashed inside a library (signal 200)"

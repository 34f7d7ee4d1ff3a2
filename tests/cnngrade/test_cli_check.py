"""`cnnlib check`: what students do to notebooks, and what it says of it."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnngrade import limits as limits_module
from cnngrade.cli import student_commands
from cnngrade.files import match
from cnngrade.files.notebook import CannotGradeError, read
from cnngrade.files.plan import plan
from cnngrade.judging import judged as judged_module
from cnngrade.judging import verdicts as verdicts_module
from cnngrade.judging.judged import Judged, check_file
from cnngrade.record import TaskResult
from cnngrade.sessions import run
from cnnjudge.verdict import Verdict
from tests.exercise_files import ROOT, TASKS, Book
from tests.patience import is_alive, wait_until

pytestmark = pytest.mark.published("03")

COMMAND = [str(Path(sys.executable).with_name("cnnlib")), "check"]


@pytest.fixture
def solved() -> Book:
    return Book("solutions")


@pytest.fixture
def unsolved() -> Book:
    return Book("exercises")


def statuses(judged: Judged) -> dict[str, str]:
    return {result.task: result.verdict.status for result in judged.results}


def texts(judged: Judged) -> dict[str, str]:
    return {result.task: result.verdict.text for result in judged.results}


def invoke(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(student_commands.app, ["check", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def matched(book: Book, folder: Path, name: str = "03_pooling.ipynb") -> match.Match:
    notebook = read(book.save(folder, name))
    return match.match(notebook, match.identify(notebook))


def steps(book: Book, folder: Path) -> list[str]:
    """Return what would run: the first line of each cell, "? task", "task: answer"."""
    found = plan(matched(book, folder))
    heads = [str(step.source).split("\n")[0] for step in found]
    return [
        f"? {s.task}" if s.asks else f"{s.task}: {head}" if s.task else head
        for s, head in zip(found, heads, strict=True)
    ]


def noticed(book: Book, folder: Path, name: str = "03_pooling.ipynb") -> list[str]:
    from cnngrade.judging.notes import notes_on_file

    return notes_on_file(matched(book, folder, name))


# ---- the command as a user calls it


@pytest.mark.process
def test_a_solved_exercise_passes_and_a_pipe_gets_plain_words(solved, tmp_path):
    solved.save(tmp_path)
    done = subprocess.run(
        [*COMMAND, "03_pooling.ipynb"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.rstrip() for line in done.stdout.rstrip().split("\n")]
    assert lines == [
        "03_pooling.ipynb",
        "",
        " Task             Points  Verdict",
        " " + "─" * 60,
        " max_pool2d       3 of 3  passed: 20 cases agree with PyTorch",
        " avg_pool2d       2 of 2  passed: 20 cases agree with PyTorch",
        " min_pool2d       1 of 1  passed: 20 cases agree with PyTorch",
        " global_avg_pool  2 of 2  passed: 8 cases agree with PyTorch",
        " flatten          2 of 2  passed: 13 cases agree with PyTorch",
        " edge_then_pool   2 of 2  passed: 1 value is right",
        "",
        "12 of 12 points, 6 of 6 tasks passed",
    ]
    assert (tmp_path / "03_pooling.ipynb").read_text() == solved.save(
        tmp_path / "again"
    ).read_text()


@pytest.mark.process
def test_an_untouched_exercise_is_unsolved_in_ascii_and_80_columns(unsolved, tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, unsolved.save(tmp_path)], capture_output=True, env=environment
    )
    text = done.stdout.decode("ascii")
    assert done.returncode == 1
    assert "\x1b" not in text
    assert text.count("unsolved: it ") == 6
    assert "0 of 12 points, 0 of 6 tasks passed" in text
    assert max(map(len, text.split("\n"))) <= 80
    assert "Also noticed" not in text


def test_on_a_terminal_colours_come_from_its_own_palette():
    from rich.console import Console

    from cnngrade.cli import printing

    odd = Verdict("b", "failed", "[bold]not[/] fine", difference="more \x1b[31m[red]")
    results = [TaskResult(Verdict("a", "passed", "fine"), 1), TaskResult(odd, 2)]
    judged = Judged(Path("x[red].ipynb"), "x", results, ["odd [green]"])
    with open(os.devnull, "w") as nothing:
        console = Console(
            file=nothing, force_terminal=True, color_system="standard", record=True,
            width=80,
        )  # fmt: skip
        console.print(printing.file_report(judged))
    text = console.export_text(styles=True)
    codes = set(re.findall(r"\x1b\[([\d;]*)m", text))
    assert codes <= {"0", "1", "1;32", "1;31"}  # bold, bold green, bold red
    assert "1;32" in codes
    assert "1;31" in codes
    for kept in ("x[red].ipynb", "[bold]not[/] fine", "more �[31m[red]", "odd [green]"):
        assert kept in text


# ---- nothing in a cell loses the rest

RUIN = {
    "max_pool2d": "def max_pool2d(x, kernel_size, stride=None):\n"
    "    raise ValueError('[red] \\x1b[31m')",
    "avg_pool2d": "def avg_pool2d(x:\n    return x",
    "min_pool2d": "def min_pool2d(x, kernel_size, stride=None):\n"
    "    while True:\n        try:\n            while True: pass\n"
    "        except BaseException: pass",
    "global_avg_pool": "import os\ndef global_avg_pool(x):\n    os._exit(3)",
    "edge_then_pool": "while True: pass",
}


BAD = """class Bad(Exception):
    def __str__(self):
        raise SystemError
raise Bad"""


@pytest.mark.process
def test_each_ruined_cell_costs_its_own_task_alone(solved, tmp_path, monkeypatch):
    for task, source in RUIN.items():
        solved.write(task, source)
    solved.add(solved.place("max_pool2d"), "import os\nos._exit(0)")
    solved.add(solved.place("avg_pool2d"), "import sys\nmine = 5\nsys.exit(1)")
    solved.add(solved.place("flatten"), "assert mine == 5\nexit\n1 / 0")
    solved.add(solved.place("flatten"), "raise KeyboardInterrupt('no')")
    solved.add(solved.place("max_pool2d"), "open('once', 'x').close()")
    solved.add(len(solved.cells), BAD)
    solved.add(len(solved.cells), "get_ipython().showtraceback = None\n1 / 0")
    monkeypatch.setattr(limits_module, "ANSWER_GRACE_SECONDS", 1)
    patience = verdicts_module.check_patience(3)
    patience.questions["min_pool2d"] = 1
    monkeypatch.setattr(verdicts_module, "check_patience", lambda seconds: patience)
    judged = check_file(solved.save(tmp_path), 3)
    assert statuses(judged) == {
        "max_pool2d": "error",
        "avg_pool2d": "error",
        "min_pool2d": "timed out",
        "global_avg_pool": "died",
        "flatten": "passed",
        "edge_then_pool": "timed out",
    }
    said = texts(judged)
    assert "It raised ValueError: [red] �[31m" in said["max_pool2d"]
    assert said["avg_pool2d"].startswith(
        "✗ avg_pool2d: it has no answer: its cell raised SyntaxError: "
    )
    assert "(line 1 of the cell)" in said["avg_pool2d"]
    assert said["min_pool2d"].startswith("✗ min_pool2d was stopped after 10 seconds.")
    assert said["global_avg_pool"] == (
        "✗ global_avg_pool: while it was called, Python ended with exit code 3."
    )
    assert said["edge_then_pool"] == (
        "✗ edge_then_pool: it has no answer: its cell was stopped after 3 seconds. "
        "Does a loop never end?"
    )
    assert judged.notes == [
        "The cell “import os” was left out: while it ran, Python ended with exit "
        "code 0.",
        "The cell “import sys” raised SystemExit: 1.",
        "The cell “assert mine == 5” raised ZeroDivisionError: division by zero.",
        "The cell “raise KeyboardInterrupt('no')” raised KeyboardInterrupt: no.",
        "The cell “class Bad(Exception):” raised Bad.",
        "The cell “get_ipython().showtraceback = None” raised TypeError: 'NoneType' "
        "object is not callable.",
        "The saved output of a check says something else: max_pool2d, avg_pool2d, "
        "min_pool2d, global_avg_pool, edge_then_pool. What counts is the verdict "
        "here; in the notebook, run all cells again.",
    ]


@pytest.mark.process
def test_the_other_ways_in_which_there_is_no_answer(solved, tmp_path):
    solved.write("max_pool2d", "def max_pool(x):\n    return x")
    solved.write("avg_pool2d", "avg_pool2d = 3")
    solved.write("min_pool2d", "import os\nmin_pool2d = max\nos.abort()")
    solved.drop("global_avg_pool")
    solved.write("flatten", "1 / 0\ndef flatten(x, start_dim=1):\n    return x")
    solved.cell("edge_then_pool")["cell_type"] = "raw"
    judged = check_file(solved.save(tmp_path))
    assert texts(judged) == {
        "max_pool2d": "✗ max_pool2d: its cell does not define it. It defines max_pool. "
        "The answer must be called max_pool2d.",
        "avg_pool2d": "✗ avg_pool2d must be a function; it is of type int.",
        "min_pool2d": "✗ min_pool2d: it has no answer: while its cell ran, Python "
        "crashed inside a library (Aborted).",
        "global_avg_pool": "✗ global_avg_pool: its answer cell is not in the file. "
        "`cnnlib reset FILE global_avg_pool` puts it back.",
        "flatten": "✗ flatten: it has no answer: its cell raised ZeroDivisionError: "
        "division by zero.",
        "edge_then_pool": "✗ edge_then_pool: its answer cell is not in the file. "
        "`cnnlib reset FILE edge_then_pool` puts it back.",
    }
    assert list(statuses(judged).values()) == [
        "missing", "failed", "died", "missing", "error", "missing",
    ]  # fmt: skip
    assert judged.notes[0] == (
        "The answer cell of edge_then_pool is of type raw. Make it a code cell again "
        "(in JupyterLab: select it, press Y)."
    )


@pytest.mark.process
def test_where_too_many_cells_end_python_the_rest_is_not_reached(
    solved, tmp_path, monkeypatch
):
    monkeypatch.setattr(run, "MOST_SESSIONS", 2)
    for task in TASKS[2:5]:
        solved.add(solved.place(task), "import os; os._exit(1)")
    judged = check_file(solved.save(tmp_path))
    assert list(statuses(judged).values()) == ["passed"] * 3 + ["not reached"] * 3
    assert "or too many ended Python" in texts(judged)["flatten"]


@pytest.mark.process
def test_nothing_is_left_behind_when_the_command_is_killed(solved, tmp_path):
    pid = tmp_path / "pid"
    source = "import os, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))\n"
    solved.write("max_pool2d", source + "while True: pass")
    process = subprocess.Popen(
        [*COMMAND, solved.save(tmp_path)], stdout=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: pid.exists() and pid.read_text())
        assert is_alive(int(pid.read_text()))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_until(lambda: not is_alive(int(pid.read_text())))


@pytest.mark.process
@pytest.mark.parametrize("chosen", ["", "2"])
def test_the_notebook_runs_on_one_thread_unless_told(
    solved, tmp_path, monkeypatch, chosen
):
    """With two, training on a busy machine took three times as long, and too long."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)  # other tests grade, on one thread
    if chosen:
        monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    count = f"import torch\nassert torch.get_num_threads() == {chosen or 1}"
    solved.add(solved.place("max_pool2d"), count)
    assert check_file(solved.save(tmp_path)).notes == []


@pytest.mark.process
def test_the_notebook_runs_in_its_folder_with_magics_and_without_input(
    solved, tmp_path
):
    (tmp_path / "beside.py").write_text("factor = 1.0\n")
    (tmp_path / "random.py").write_text("raise RuntimeError('not this one')\n")
    helper = "%matplotlib inline\nfrom beside import factor\nopen('beside.py').close()"
    solved.add(solved.place("max_pool2d"), helper)
    solved.add(solved.place("max_pool2d"), "import asyncio\nawait asyncio.sleep(0)")
    solved.add(
        solved.place("max_pool2d"), "%%capture\nok = !echo yes\nassert ok == ['yes']"
    )
    solved.add(solved.place("max_pool2d"), "input('your name?')")
    source = "".join(solved.cell("max_pool2d")["source"])
    source = source.replace("return windows", "return factor * windows")
    solved.write("max_pool2d", source)
    judged = check_file(solved.save(tmp_path))
    assert set(statuses(judged).values()) == {"passed"}
    assert judged.notes == [
        "The cell “input('your name?')” raised EOFError: EOF when reading a line."
    ]


@pytest.mark.process
def test_broken_installations_are_said_in_a_sentence(solved, tmp_path, monkeypatch):
    (tmp_path / "IPython").mkdir()
    (tmp_path / "IPython" / "__init__.py").write_text("raise ImportError('gone')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(
        CannotGradeError, match=r"could not be started .* ImportError: gone"
    ):
        check_file(solved.save(tmp_path))


# ---- lost, moved, copied, edited


@pytest.mark.process
def test_lost_ids_and_metadata_cost_nothing(solved, tmp_path):
    wrong = "def global_avg_pool(x):\n    return np.float64(1) / F.max(x)"
    solved.write("global_avg_pool", wrong)
    solved.forget()
    solved.add(0, "import numpy as np")
    path = solved.save(tmp_path, "Copy of homework.ipynb")
    judged = check_file(path)
    wanted = dict.fromkeys(TASKS, "passed") | {"global_avg_pool": "error"}
    assert statuses(judged) == wanted
    assert "has no attribute 'max'" in texts(judged)["global_avg_pool"]
    assert judged.notes[:2] == [
        "The file is called Copy of homework.ipynb; it was handed out as "
        "03_pooling.ipynb.",
        "All cells of the exercise have lost their ids, as happens in Colab. They "
        "were known by their marks, names or code.",
    ]


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("marks", [True, False])
def test_steps_are_the_same_whatever_was_lost(solved, tmp_path, ids, marks):
    whole = steps(solved, tmp_path)
    assert len(whole) == 16
    assert [step for step in whole if step[0] == "?"] == [f"? {t}" for t in TASKS]
    solved.forget(ids, marks)
    assert steps(solved, tmp_path) == whole


@pytest.mark.parametrize("ours", [True, False])
def test_a_cell_that_has_its_mark_alone_is_known_by_it(solved, tmp_path, ours):
    """Ours or nbgrader's: the id is lost, and the code names no task."""
    solved.write("flatten", "def flat(x):\n    return x")
    solved.write("flatten-check", "pass")
    solved.forget(marks=False)
    for cell in solved.cells:
        cell["metadata"].pop("nbgrader" if ours else "cnnlib", None)
    found = matched(solved, tmp_path)
    for role, source in (("answer", "def flat(x):\n    return x"), ("check", "pass")):
        cell = found.cell("flatten", role)
        assert cell is not None
        assert cell.source == source
    assert not found.added


def test_own_cells_keep_their_places_among_the_others(solved, tmp_path):
    whole = steps(solved, tmp_path)
    solved.add(0, "first = 1")
    solved.add(solved.place("avg_pool2d-check"), "between = 1")
    solved.add(solved.place("avg_pool2d-check"), "second = 1")
    solved.add(len(solved.cells), "last = 1")
    for _ in range(2):
        found = steps(solved, tmp_path)
        place = found.index("? avg_pool2d")
        assert found[0] == "first = 1"
        assert found[place - 2 : place] == ["between = 1", "second = 1"]
        assert found[-1] == "last = 1"
        assert [step for step in found if not step.endswith(" = 1")] == whole
        solved.forget()


def test_moved_cells_run_in_the_order_of_the_course(solved, tmp_path):
    whole = steps(solved, tmp_path)
    moved = [solved.drop(f"flatten{end}") for end in ("", "-check")]
    solved.cells[0:0] = moved
    assert steps(solved, tmp_path) == whole
    assert noticed(solved, tmp_path) == [
        "Cells of the exercise were moved. They ran in the order of the course."
    ]


def test_setup_is_the_course_s_whatever_was_done_to_it(solved, tmp_path):
    whole = steps(solved, tmp_path)
    solved.write("03-pooling-exercises-2", "import torch\nimport math")
    solved.drop("03-pooling-exercises-4")
    found = plan(matched(solved, tmp_path))
    assert steps(solved, tmp_path) == whole
    assert found[1].source == "\n".join(
        [
            "import torch",
            "import torch.nn.functional as F",
            "",
            "from cnnlib import checks",
        ]
    )
    assert noticed(solved, tmp_path) == [
        "The course's cell “import torch” was edited. It ran as the course wrote it: "
        "put what you add into a cell of your own."
    ]


def test_check_cells_missing_copied_and_edited_are_asked_all_the_same(solved, tmp_path):
    whole = steps(solved, tmp_path)
    solved.drop("min_pool2d-check")
    solved.write("flatten-check", "print('✓ flatten: 11 cases agree with PyTorch')")
    copied = json.loads(json.dumps(solved.cell("max_pool2d-check")))
    solved.cells.append(copied)  # the same id twice
    solved.cells.append(copied | {"id": "new"})  # as JupyterLab copies a cell
    solved.add(len(solved.cells), "checks.max_pool2d(max_pool2d)")
    assert steps(solved, tmp_path) == whole
    back = "`cnnlib reset FILE TASK` puts one back."
    assert noticed(solved, tmp_path) == [
        f"Check cells are not in the file: min_pool2d. {back}",
        f"Check cells were edited: flatten. {back}",
        "Check cells are there more than once: max_pool2d.",
    ]


def test_a_cell_with_answer_and_check_is_an_answer(solved, tmp_path):
    """Merged in JupyterLab: the cell keeps the id of either of the two."""
    whole = steps(solved, tmp_path)
    source = "".join(solved.drop("flatten")["source"])
    solved.write("flatten-check", f"{source}\n\nchecks.flatten(flatten)")
    assert steps(solved, tmp_path) == whole
    solved.cell("flatten-check")["id"] = "flatten"
    assert steps(solved, tmp_path) == whole
    solved.forget()
    assert steps(solved, tmp_path) == whole


def test_an_answer_that_was_split_runs_in_order(solved, tmp_path):
    answer = solved.cell("edge_then_pool")
    lines = answer["source"]
    first = solved.add(solved.place("edge_then_pool"), lines[0])
    first["metadata"] = answer["metadata"]
    answer["source"] = lines[1:]
    found = steps(solved, tmp_path)
    assert found[-3] == lines[0].rstrip("\n")
    assert found[-2] == "edge_then_pool: " + lines[1].rstrip("\n")
    assert found[-1] == "? edge_then_pool"


@pytest.mark.process
def test_an_answer_below_its_check_is_pointed_out(unsolved, solved, tmp_path):
    answer = "".join(solved.cell("flatten")["source"])
    unsolved.add(unsolved.place("flatten-check") + 1, answer)
    unsolved.cell("flatten")["source"] += ["\n# a start"]
    unsolved.add(unsolved.place("avg_pool2d-check"), "def avg_pool2d(x): return ...")
    found = steps(unsolved, tmp_path)
    assert (
        found.index("? flatten")
        == found.index("flatten: def flatten(x, start_dim=1):") + 1
    )
    judged = check_file(unsolved.save(tmp_path))
    assert statuses(judged)["flatten"] == "unsolved"
    assert judged.notes == [
        "More than one cell answers avg_pool2d, flatten. All of them ran, in order; "
        "what counts is the last one that ran.",
        "flatten is defined once more below its check cell. Nothing shows that it ran "
        "after the answer cell, so that one counts. Move the other into it if it is "
        "the one you mean.",
    ]


@pytest.mark.process
def test_a_magic_that_keeps_the_answer_to_itself_is_named(solved, tmp_path):
    source = "".join(solved.cell("flatten")["source"])
    solved.write("flatten", f"%%timeit\n{source}")
    solved.write(
        "global_avg_pool", "%%time\nglobal_avg_pool = lambda x: x.mean((2, 3))"
    )
    judged = check_file(solved.save(tmp_path))
    assert "`%%timeit` keeps what its cell defines" in texts(judged)["flatten"]
    assert statuses(judged)["global_avg_pool"] == "passed"


@pytest.mark.parametrize(
    ("above", "below", "stub", "counts"),
    [
        (3, 5, False, "below"),
        (5, 3, False, "above"),
        (5, None, False, "above"),
        (None, None, False, "above"),
        (None, None, True, "below"),
        (4, 2, True, "below"),
    ],
)
def test_of_two_answers_the_last_that_ran_counts(
    unsolved, tmp_path, above, below, stub, counts
):
    if not stub:
        unsolved.write("flatten", "flatten = 1")
    unsolved.cell("flatten")["execution_count"] = above
    later = unsolved.add(unsolved.place("flatten-check") + 1, "flatten = 2")
    later["execution_count"] = below
    found = steps(unsolved, tmp_path)
    asked, again = found.index("? flatten"), found.index("flatten = 2")
    assert (asked > again) == (counts == "below")
    assert found.count("? flatten") == 1


@pytest.mark.process
def test_an_answer_below_that_ran_last_counts_and_is_pointed_out(
    unsolved, solved, tmp_path
):
    answer = "".join(solved.cell("flatten")["source"])
    unsolved.add(unsolved.place("flatten-check") + 1, answer, execution_count=7)
    unsolved.write("flatten", "def flatten(x, start_dim=1):\n    return x")
    judged = check_file(unsolved.save(tmp_path))
    assert statuses(judged)["flatten"] == "passed"
    assert [one.task for one in judged.results] == [*TASKS]
    (code,) = [one.code for one in judged.results if one.task == "flatten"]
    assert code == answer
    assert judged.notes[-1].startswith("flatten is answered once more below its check")


@pytest.mark.process
def test_an_answer_in_a_cell_of_its_own_counts(solved, tmp_path):
    source = "".join(solved.drop("flatten")["source"])
    solved.add(solved.place("flatten-check"), "# mine\n" + source)
    found = plan(matched(solved, tmp_path))
    [cell] = [s.cell for s in found if s.task == "flatten" and not s.asks]
    assert cell.source.startswith("# mine")
    assert noticed(solved, tmp_path) == [
        "1 of 16 cells of the exercise have lost their ids, as happens in Colab. They "
        "were known by their marks, names or code."
    ]


@pytest.mark.process
def test_marks_to_look_away_are_ignored_and_told(unsolved, tmp_path):
    unsolved.cell("flatten-check")["metadata"]["tags"] = ["raises-exception", "mine"]
    unsolved.cell("max_pool2d-check")["metadata"]["tags"] = ["skip-execution"]
    unsolved.cell("min_pool2d-check")["metadata"]["tags"] = ["nbval-skip"]
    unsolved.write("avg_pool2d-check", "# NBVAL_SKIP\nchecks.avg_pool2d(avg_pool2d)")
    unsolved.raw["metadata"]["execution"] = {"allow_errors": True, "timeout": 1}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["✓ flatten: 11 of"]}
    ]
    unsolved.cell("flatten-check")["outputs"] = outputs
    judged = check_file(unsolved.save(tmp_path))
    assert set(statuses(judged).values()) == {"unsolved"}
    ignored = [note for note in judged.notes if note.endswith("ignored.")]
    assert ignored == [
        "The cell “checks.max_pool2d(max_pool2d)” is marked skip-execution, which was "
        "ignored.",
        "The cell “checks.avg_pool2d(avg_pool2d)” is marked NBVAL_SKIP, which was "
        "ignored.",
        "The cell “checks.min_pool2d(min_pool2d)” is marked nbval-skip, which was "
        "ignored.",
        "The cell “checks.flatten(flatten)” is marked raises-exception, which was "
        "ignored.",
        "The notebook is marked allow_errors, which was ignored.",
    ]
    assert judged.notes[-1].startswith(
        "The saved output of a check says something else: flatten."
    )


def test_another_release_and_a_newer_minor_format_are_judged_with_a_word(
    solved, tmp_path
):
    solved.raw["metadata"]["cnnlib"]["version"] = "0.0.9"
    solved.raw["nbformat_minor"] = 9
    found = noticed(solved, tmp_path)
    assert found[0].startswith("The file is of release 0.0.9 of the course; it was")
    assert found[1].startswith("The file is of notebook format 4.9, newer than 4.5;")
    assert len(found) == 2


# ---- which exercise it is


@pytest.mark.parametrize(
    ("ids", "marks", "name"),
    [
        (False, True, "x.ipynb"),  # known by ids
        (True, False, "x.ipynb"),  # by the notebook's metadata
        (True, True, "x.ipynb"),  # by the names of the tasks
    ],
)
def test_an_exercise_is_known_by_what_is_left(unsolved, tmp_path, ids, marks, name):
    unsolved.forget(ids, marks)
    assert matched(unsolved, tmp_path, name).exercise.name == "03_pooling"


@pytest.mark.parametrize(
    "name", ["03_pooling (1).ipynb", "kim-03_pooling.ipynb", "03.ipynb"]
)
def test_an_empty_exercise_is_known_by_its_file_name(unsolved, tmp_path, name):
    unsolved.forget()
    del unsolved.cells[:]
    found = matched(unsolved, tmp_path, name)
    assert found.exercise.lesson == "03"
    asked = [step for step in steps(unsolved, tmp_path) if step[0] == "?"]
    assert asked == [f"? {task}" for task in TASKS]


def refused(path: Path) -> str:
    with pytest.raises(CannotGradeError) as caught:
        check_file(path)
    return str(caught.value)


@pytest.mark.process
@pytest.mark.parametrize("ids", [True, False])
def test_cells_that_lie_in_the_file_of_another_exercise_decide(solved, tmp_path, ids):
    """The metadata say 02 and no cell is of it: nobody loses points for that."""
    solved.raw["metadata"]["cnnlib"]["lesson"] = "02"
    if not ids:  # then the metadata are all there is, and are believed
        for number, cell in enumerate(solved.cells):
            cell["id"] = f"other-{number}"
            cell["metadata"] = {}
    judged = check_file(solved.save(tmp_path, "02_padding_and_stride.ipynb"))
    assert judged.name == ("03_pooling" if ids else "02_padding_and_stride")
    assert (judged.earned == judged.points == 12) == ids


def test_what_is_no_exercise_is_refused(unsolved, tmp_path):
    lesson = refused(ROOT / "notebooks" / "03_pooling.ipynb")
    assert "is lesson 03 itself" in lesson
    assert "Its exercise is exercises/03_pooling.ipynb." in lesson
    unsolved.raw["metadata"]["cnnlib"]["lesson"] = "42"
    assert "the exercise of lesson 42, which this release" in refused(
        unsolved.save(tmp_path)
    )
    unsolved.forget()
    del unsolved.cells[:]
    unsolved.add(0, "print(1)")
    assert "is no exercise of this course" in refused(
        unsolved.save(tmp_path, "a.ipynb")
    )


FILES = {
    "": "is empty",
    "  \n": "is empty",
    "<!DOCTYPE html><html></html>": "is a web page",
    "# %%\nprint(1)\n": "it is not JSON, see line 1",
    '{\n<<<<<<< HEAD\n "cells": []': "marks of a merge conflict",
    "[]": "says nothing of a notebook's format",
    '{"cells": []}': "says nothing of a notebook's format",
    '{"nbformat": 4}': "no list of cells",
    '{"nbformat": 4, "cells": [1]}': "no list of cells",
    '{"nbformat": 5, "cells": []}': "of notebook format 5",
    '{"nbformat": 3, "worksheets": []}': "of the old notebook format 3",
    "[" * 100_000: "it is not JSON",
}


@pytest.mark.process
@pytest.mark.parametrize("text", FILES, ids=range(len(FILES)))
def test_a_file_that_is_no_notebook_is_refused_with_the_reason(text, tmp_path):
    path = tmp_path / "03_pooling.ipynb"
    path.write_text(text)
    assert FILES[text] in refused(path)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    assert refused(tmp_path / "no.ipynb").startswith("There is no file ")
    packed = tmp_path / "packed.ipynb"
    packed.write_bytes(b"PK\x03\x04\xff\xfe\x80")
    assert "it is not UTF-8 text" in refused(packed)


def test_a_notebook_with_a_byte_order_mark_and_odd_cells_is_read(solved, tmp_path):
    solved.add(0, "", id=7, metadata=None, outputs=None)["source"] = None
    solved.add(0, "")["source"] = [1, "ok = 1"]
    path = solved.save(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(path).cells[0].source == "ok = 1"
    assert (read(path).cells[1].id, read(path).cells[1].source) == ("", "")


# ---- several files


def fake(monkeypatch, passing: str = "good") -> list[Path]:
    """Judge without running: files whose name says so pass. Return what is judged."""
    seen: list[Path] = []

    def check(path: Path, *_: object) -> Judged:
        read(path)
        seen.append(path)
        status = "passed" if passing in path.name else "failed"
        result = TaskResult(Verdict("flatten", status, "said"), 2)
        return Judged(path, "03_pooling", [result], [])

    monkeypatch.setattr(student_commands, "check_file", check)
    return seen


def test_a_folder_is_judged_file_by_file_with_totals(solved, tmp_path, monkeypatch):
    seen = fake(monkeypatch)
    monkeypatch.chdir(tmp_path)
    for name in ("b/good.ipynb", "a/bad.ipynb", ".ipynb_checkpoints/x.ipynb"):
        solved.save(tmp_path, name)
    code, output = invoke(tmp_path, "b/good.ipynb")
    assert [path.name for path in seen] == ["bad.ipynb", "good.ipynb"]
    assert code == 1
    lines = [re.split(r"\s{2,}", line.strip()) for line in output.rstrip().split("\n")]
    assert [line for line in lines[-5:] if "─" not in line[0]] == [
        ["a/bad.ipynb", "0 of 2", "0 of 1"],
        ["b/good.ipynb", "2 of 2", "1 of 1"],
        [""],
        ["Total", "2 of 4", "1 of 2"],
    ]


@pytest.mark.parametrize(
    ("names", "code"),
    [(["good"], 0), (["good", "good2"], 0), (["good", "bad"], 1), (["bad"], 1)],
)
def test_exit_codes_of_files_that_can_be_judged(
    solved, tmp_path, monkeypatch, names, code
):
    fake(monkeypatch)
    found, output = invoke(*[solved.save(tmp_path, f"{name}.ipynb") for name in names])
    assert found == code
    assert ("Total" in output) == (len(names) > 1)


def test_a_file_that_cannot_be_judged_stops_no_other(solved, tmp_path, monkeypatch):
    seen = fake(monkeypatch)
    (tmp_path / "a.ipynb").write_text("")
    good = solved.save(tmp_path, "good.ipynb")
    (tmp_path / "empty").mkdir()
    code, output = invoke(tmp_path / "a.ipynb", tmp_path / "empty", good)
    assert code == 2
    assert seen == [good]
    assert output.count("cannot be judged") == 2
    joined = " ".join(output.split())
    assert "is empty. Was it saved" in joined
    assert "There is no notebook (.ipynb) in the folder" in joined


@pytest.mark.process
@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "✗"), ("ascii", "?")])
def test_errors_go_to_stderr_and_nothing_else_is_said(tmp_path, encoding, sign):
    done = subprocess.run(
        [*COMMAND, "no.ipynb"], cwd=tmp_path, capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, b"")
    said = done.stderr.decode(encoding)
    assert said.startswith(f"{sign} There is no file no.ipynb.")


def test_help_and_no_arguments(monkeypatch):
    code, output = invoke("--help")
    assert code == 0
    assert "FILE...|FOLDER" in output
    assert invoke()[0] == 2


@pytest.mark.process
def test_a_wrong_path_is_told_before_torch_is_loaded(tmp_path):
    code = (
        "import sys\nfrom cnnlib.__main__ import main\n"
        "try: main()\nexcept SystemExit: print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "no.ipynb"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "False"


def test_the_limit_is_passed_on(solved, tmp_path, monkeypatch):
    found = []
    monkeypatch.setattr(
        student_commands, "check_file", lambda path, seconds: found.append(seconds)
    )
    monkeypatch.setattr(student_commands.printing, "file_report", lambda judged: "")
    with pytest.raises(AttributeError):
        invoke(solved.save(tmp_path), "--seconds", "7")
    assert found == [7]
    assert judged_module.CHECK_CELL_SECONDS == 60

"""The command, on tiny courses: what it writes, leaves, refuses and tells."""

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial

import nbformat
import pytest

from cnnlib.settings import settings
from tests.patience import TOO_LONG, is_alive, wait_until
from tests.tools.conftest import GOOD, PYPROJECT, line_of, write
from tests.tools.test_outputs import encoded, png
from tools.build import build, held, launch_links
from tools.build.course import Course
from tools.build.outputs import strip_png

pytestmark = pytest.mark.process

MNIST = "# needs: mnist\n" + GOOD.replace("01 Sums", "02 Digits")


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    """A course that was built; tests that need one copy it."""
    root = tmp_path_factory.mktemp("built")
    (root / "lessons").mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    write(root, "01_sums", GOOD)
    assert build.main([], root=root) == 0
    return root


@pytest.fixture
def built(built_once, tmp_path):
    return Course(shutil.copytree(built_once, tmp_path / "course"))


@pytest.fixture
def no_mnist(monkeypatch):
    monkeypatch.setattr(build, "real_mnist", lambda: False)


def committed(course, stem="01_sums"):
    return course.root / "notebooks" / f"{stem}.ipynb"


def test_a_lesson_becomes_a_lean_executed_notebook(built):
    data = json.loads(committed(built).read_text("utf-8"))
    assert (data["nbformat"], data["nbformat_minor"]) == (4, 5)
    assert data["metadata"] == {
        "cnnlib": {"lesson": "01", "version": "1.2.3"},
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    held_cells = [c for c in data["cells"] if "held" in c["metadata"].get("cnnlib", {})]
    assert [cell["outputs"] for cell in held_cells] == [[]]
    data = json.loads(nbformat.writes(held.read(committed(built))))
    code = [cell for cell in data["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [1, 2, 3, 4, 5, 6, 7]
    fold = {"jupyter": {"source_hidden": True}, "cellView": "form"}
    assert [cell["metadata"] for cell in data["cells"] if cell["metadata"]] == [
        fold,  # the cell that installs the course on Colab
        fold | {"tags": ["folded"]},
        {"tags": ["nbval-ignore-output"]},
    ]
    by_id = {cell["id"]: cell for cell in code}
    assert by_id["01-the-print"]["outputs"][0]["text"] == ["two\n", "lines\n"]
    assert by_id["01-adding-two-2"]["outputs"][0]["data"] == {"text/plain": ["2"]}


def test_links_and_install_cell_come_from_the_one_address(built):
    first, install, *_ = nbformat.read(committed(built), 4).cells
    title, _, links, _, text, *_ = first.source.split("\n")
    assert (title, text) == ("# 01 Sums", "We add.")
    ref, at = settings().release, settings().at_release
    assert links == (
        "**Open in** [Colab](https://colab.research.google.com/github/someone/"
        f"some-course/blob/{ref}/notebooks/01_sums.ipynb) · [Binder](https://mybinder.org"
        f"/v2/gh/someone/some-course/{ref}?urlpath=lab/tree/notebooks/01_sums.ipynb)"
    )
    assert (first.id, install.id) == ("01-sums-1", "01-install")
    assert install.source.endswith(
        'if "google.colab" in sys.modules:\n'
        "    %pip install -q --no-deps torchinfo\n"
        '    %pip install -q --no-deps "cnnlib @ '
        f'git+https://github.com/someone/some-course{at}"'
    )
    assert install.outputs == []


@pytest.mark.parametrize("address", ["", "http://x.org/a/b", "https://github.com/a"])
def test_an_address_that_colab_cannot_open_is_refused(course, address):
    path = course.root / "pyproject.toml"
    text = path.read_text().replace("https://github.com/someone/some-course", address)
    path.write_text(text)
    with pytest.raises(ValueError, match="OWNER/NAME, the form"):
        launch_links.launch_line("notebooks/01_sums.ipynb", Course(course.root))


def test_a_second_build_changes_no_byte(built, capsys):
    before = committed(built).read_bytes()
    assert build.main([], root=built.root) == 0
    assert committed(built).read_bytes() == before
    assert "01_sums: unchanged" in capsys.readouterr().out


def test_rewrite_takes_what_ignored_cells_show_now(built):
    before = committed(built).read_bytes()
    assert build.main(["--rewrite"], root=built.root) == 0
    assert committed(built).read_bytes() != before  # the time that one cell prints


def test_a_changed_text_is_built_and_check_only_tells(built, capsys):
    before = committed(built).read_bytes()
    write(built.root, "01_sums", GOOD.replace("two\\nlines", "three"))
    assert build.main(["--check"], root=built.root) == 1
    told = capsys.readouterr()
    assert '-print("two\\nlines")' in told.err
    assert '+print("three")' in told.err
    assert committed(built).read_bytes() == before
    assert build.main([], root=built.root) == 0
    assert build.main(["--check"], root=built.root) == 0
    assert "unchanged" in capsys.readouterr().out


def test_check_tells_an_output_that_does_not_come_out_again(built, capsys):
    text = committed(built).read_text("utf-8")
    assert text.count('"lines\\n"') == 1
    committed(built).write_text(text.replace('"lines\\n"', '"lies\\n"'), "utf-8")
    assert build.main(["--check"], root=built.root) == 1
    assert "01-the-print: output differs" in capsys.readouterr().err
    assert build.main([], root=built.root) == 0
    assert committed(built).read_text("utf-8").count('"lines\\n"') == 1


def test_one_broken_lesson_does_not_stop_the_others(course, capsys):
    second = GOOD.replace("# # 01", "# # 02").replace("one + one", "one + three")
    third = GOOD.replace("# # 01", "# # 03").replace("5 minutes", "a while")
    write(course.root, "02_fails", second)
    write(course.root, "03_malformed", third)
    assert build.main(["--workers", "3"], root=course.root) == 1
    told = capsys.readouterr()
    assert "01_sums: written" in told.out
    assert committed(course).exists()
    assert not committed(course, "02_fails").exists()
    line = line_of(second, "one + three")
    assert f"lessons/02_fails.py:{line}: NameError: name 'three'" in told.err
    assert "lessons/03_malformed.py:2: the first cell says" in told.err


def test_an_unreadable_notebook_is_one_lessons_failure(built, capsys):
    committed(built).write_text("{}")
    assert build.main([], root=built.root) == 1
    assert "01_sums: failed" in capsys.readouterr().out


def test_what_an_output_need_not_carry_is_left_out(course, monkeypatch):
    data = {
        "image/png": encoded(png(Software="drawer 1.0")),
        "text/plain": "One red dot.",
    }
    (course.root / "data.json").write_text(json.dumps(data))
    code = (
        "import json\nfrom IPython.display import display\n"
        "display(json.load(open(os.environ['DATA'])), raw=True)"
    )
    monkeypatch.setenv("DATA", str(course.root / "data.json"))
    write(course.root, "01_sums", GOOD.replace("one + one", "import os\n" + code))
    assert build.main([], root=course.root) == 0
    cells = held.read(committed(course)).cells
    (kept,) = [cell.outputs[0].data for cell in cells if "raw=True" in cell.source]
    assert kept == {**data, "image/png": encoded(strip_png(png()))}


FOUND_AFTER_THE_RUN = {
    "02_warns": ("import warnings; warnings.warn('careful')", "UserWarning: careful"),
    "03_prints": ("import sys; print('oh', file=sys.stderr)", "to stderr: oh"),
    "04_shows": ("object()", "a memory address"),
    "05_tells": ("import sys; print(sys.prefix + '/x')", "a machine path"),
}


def test_a_fault_of_the_output_is_told_with_the_lessons_line(course, capsys):
    lines = {}
    for stem, (code, _) in FOUND_AFTER_THE_RUN.items():
        text = GOOD.replace("# 01", f"# {stem[:2]}").replace("one + one", code)
        write(course.root, stem, text)
        lines[stem] = line_of(text, code)
    assert build.main([], root=course.root) == 1
    told = capsys.readouterr().err
    for stem, (_, message) in FOUND_AFTER_THE_RUN.items():
        (first, *_) = [line for line in told.split("\n") if message in line]
        assert first.startswith(f"lessons/{stem}.py:{lines[stem]}: ")
        assert not committed(course, stem).exists()
    assert committed(course).exists()


INTERRUPTED = """\
import os, time
open(f"{os.environ['MARKS']}/{os.getpid()}", "x").close()
time.sleep(10**6)"""


def test_an_interrupt_stops_all_lessons_and_their_kernels(course, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    for number in ("01", "02", "03"):
        text = GOOD.replace("# 01", f"# {number}").replace("one + one", INTERRUPTED)
        write(course.root, f"{number}_sums", text)
    program = (
        "import pathlib, sys; from tools.build import build; "
        "sys.exit(build.main(['--workers', '2'], root=pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", program, str(course.root)]
    environment = {**os.environ, "MARKS": str(marks)}
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(  # heard, though the tests may run in the background
        command,
        cwd=build.ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
    ) as running:
        wait_until(
            lambda: len(list(marks.iterdir())) == 2 or running.poll() is not None
        )
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=TOO_LONG)
    assert running.returncode == 130, told
    assert "stopped" in told
    kernels = [int(mark.name) for mark in marks.iterdir()]
    assert len(kernels) == 2
    wait_until(lambda: not any(map(is_alive, kernels)))


def test_exercises_are_not_lessons(built):
    write(built.root, "01_sums_exercise", "not even cells")
    assert [path.stem for path in built.sources()] == ["01_sums"]


def test_lessons_are_chosen_by_number_or_name(course):
    write(course.root, "10_ten", GOOD)
    for name in ("1", "01", "01_sums", "lessons/01_sums.py"):
        assert [p.stem for p in build.select(course, [name])] == ["01_sums"]
    assert [p.stem for p in build.select(course, ["10", "1", "10"])] == [
        "01_sums",
        "10_ten",
    ]
    for name in ("0", "11", "sums"):
        with pytest.raises(SystemExit, match="01_sums, 10_ten"):
            build.select(course, [name])


@pytest.mark.usefixtures("no_mnist")
def test_without_mnist_its_lessons_are_left_alone(course, capsys):
    write(course.root, "02_digits", MNIST)
    assert build.main(["2"], root=course.root) == 1
    assert "there is no notebook yet" in capsys.readouterr().err
    assert not committed(course, "02_digits").exists()


def test_with_mnist_they_are_built_and_without_it_their_text_is_compared(
    course, capsys, monkeypatch
):
    write(course.root, "02_digits", MNIST)
    monkeypatch.setattr(build, "real_mnist", lambda: True)
    assert build.main(["2"], root=course.root) == 0
    before = committed(course, "02_digits").read_bytes()
    monkeypatch.setattr(build, "real_mnist", lambda: False)
    for arguments in (["2"], ["2", "--check"]):
        assert build.main(arguments, root=course.root) == 0
        assert "02_digits: left alone" in capsys.readouterr().out
    write(course.root, "02_digits", MNIST.replace("one + one", "one + 2"))
    for arguments in (["2"], ["2", "--check"]):
        assert build.main(arguments, root=course.root) == 1
        assert "+one + 2" in capsys.readouterr().err
    assert committed(course, "02_digits").read_bytes() == before


def test_without_mnist_text_and_address_are_written_and_outputs_kept(
    course, capsys, monkeypatch
):
    write(course.root, "02_digits", MNIST)
    monkeypatch.setattr(build, "real_mnist", lambda: True)
    assert build.main(["2"], root=course.root) == 0
    before = held.read(committed(course, "02_digits"))
    monkeypatch.setattr(build, "real_mnist", lambda: False)
    project = course.root / "pyproject.toml"
    project.write_text(project.read_text().replace("someone/", "somebody/"))
    write(course.root, "02_digits", MNIST.replace("We add.", "We count."))
    assert build.main(["2", "--check"], root=course.root) == 1
    assert held.read(committed(course, "02_digits")) == before
    assert build.main(["2"], root=course.root) == 0
    assert "its text written" in capsys.readouterr().out
    after = held.read(committed(course, "02_digits"))
    text = "".join(cell.source for cell in after.cells)
    assert text.count("somebody/some-course") == 3  # Colab, Binder, the install cell
    assert "someone" not in text
    assert "We count." in text
    for new, old in zip(after.cells, before.cells, strict=True):
        assert new.get("outputs") == old.get("outputs")
        assert new.get("execution_count") == old.get("execution_count")
    assert build.main(["2", "--check"], root=course.root) == 0


def test_a_notebook_left_alone_that_shows_an_old_script_is_told(course):
    write(course.root, "02_digits", MNIST)
    draft = build.load_draft(course.sources()[1], course)
    page = '<div class="cnnlib-visual" data-cnnlib="step_conv-0"></div>'
    for html, told in (("<p>a</p>", ""), (page, "the script or style of step_conv")):
        output = nbformat.v4.new_output("display_data", data={"text/html": html})
        draft.notebook.cells[-2].outputs = [output]
        committed(course).parent.mkdir(exist_ok=True)
        nbformat.write(draft.notebook, draft.target)
        failure = build.leave_alone(draft, course).failure
        assert told in failure
        assert bool(failure) == bool(told)


@pytest.mark.parametrize("source", ["mnist", "bundled"])
def test_mnist_is_looked_for_as_lessons_look_for_it(tmp_path, monkeypatch, source):
    package = tmp_path / "cnnlib"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "data.py").write_text(
        "class Digits:\n"
        f"    source = {source!r}\n"
        "def load_mnist(*, verbose):\n"
        "    return Digits()\n"
    )
    monkeypatch.chdir(tmp_path)
    assert build.real_mnist() is (source == "mnist")
    (package / "data.py").write_text("1 / 0")
    with pytest.raises(subprocess.CalledProcessError):
        build.real_mnist()

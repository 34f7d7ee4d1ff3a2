"""Running a notebook: which cell failed, in which line, and what the kernel sees."""

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.build import execute

pytestmark = pytest.mark.process


def run(*sources, tags=(), **options):
    cells = [new_markdown_cell("# 01 Title"), *map(new_code_cell, sources)]
    cells[-1].metadata.update({"tags": list(tags)} if tags else {})
    notebook = new_notebook(cells=cells)
    return notebook, execute.execute(notebook, **options)


def printed(cell):
    return "".join(output.text for output in cell.outputs)


def test_a_run_fills_outputs_and_returns_its_seconds():
    sources = ["import time, sys", "time.sleep(0.3)\n1 + 1", "print(sys.executable)"]
    notebook, seconds = run(*sources)
    assert [cell.get("execution_count") for cell in notebook.cells] == [None, 1, 2, 3]
    assert notebook.cells[2].outputs[0].data["text/plain"] == "2"
    assert printed(notebook.cells[3]).strip() == sys.executable
    assert seconds > 0.3


def test_a_display_that_is_updated_ends_in_its_last_state():
    source = (
        "from IPython.display import display\n"
        "handle = display('a', display_id=True)\n"
        "for state in 'bc':\n    handle.update(state)"
    )
    notebook, _ = run(source, "handle.update('d')")
    shown = [output.data["text/plain"] for output in notebook.cells[1].outputs]
    assert shown == ["'d'"]


FAILURES = [
    (["1", "a = 1\n\nb = 1 / 0"], 2, 2, "ZeroDivisionError: division by zero"),
    (["def f():\n    1\n    return 1 / 0", "1\nf()", "2"], 2, 1, "ZeroDivisionError"),
    (["assert 1 == 2"], 1, 0, "AssertionError"),
    (["import json\njson.loads('{')"], 1, 1, "JSONDecodeError: Expecting"),
    (["1", "import os\nos._exit(1)"], 2, 0, "the kernel died in this cell"),
    (["open('a.txt', 'w').close()"], 0, 0, "leaves files behind: a.txt"),
    (["import builtins\nbuiltins.input()"], 1, 1, "StdinNotImplementedError"),
]


@pytest.mark.parametrize(("sources", "cell", "line", "message"), FAILURES)
def test_a_failure_names_its_cell_and_line(sources, cell, line, message):
    with pytest.raises(execute.CellFailedError) as raised:
        run(*sources)
    finding = raised.value.finding
    assert message in finding.message
    assert (finding.cell, finding.offset) == (cell, line)
    assert "\x1b" not in finding.message


def test_a_cell_that_takes_too_long_is_stopped():
    with pytest.raises(execute.CellFailedError, match="longer than 5 s") as raised:
        run("1", "import time; time.sleep(10**6)", timeout=5)
    assert raised.value.finding.cell == 2


def test_kernels_installed_on_the_machine_are_passed_over(monkeypatch, tmp_path):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": ["no-such-program"], "display_name": "x", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert KernelSpecManager().get_kernel_spec("python3").argv == spec["argv"]
    notebook, _ = run("print('ran')")
    assert printed(notebook.cells[1]) == "ran\n"


def test_an_announced_error_is_kept_as_output():
    notebook, _ = run("1 / 0", tags=["raises-exception"])
    assert notebook.cells[1].outputs[0].ename == "ZeroDivisionError"


def test_no_kernel_and_no_folder_is_left_behind(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    notebook, _ = run("import os\nprint(os.getpid())")
    with pytest.raises(execute.CellFailedError):
        run("1 / 0")
    with pytest.raises(ProcessLookupError):
        os.kill(int(printed(notebook.cells[1])), 0)
    assert list(tmp_path.iterdir()) == []


def test_the_kernel_sees_no_habits_of_the_shell(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setenv("MPLBACKEND", "svg")
    monkeypatch.setenv("CNNLIB_DATA", "here")
    monkeypatch.setenv("KEPT", "yes")
    env = execute.kernel_environment("folder", {"ADDED": "too"})
    assert not {"PYTHONWARNINGS", "MPLBACKEND"} & set(env)
    assert env["CNNLIB_DATA"] == str(tmp_path / "here")
    assert (env["KEPT"], env["ADDED"]) == ("yes", "too")
    monkeypatch.setenv("CNNLIB_DATA", "bundled")
    assert execute.kernel_environment("folder", None)["CNNLIB_DATA"] == "bundled"
    notebook, _ = run(
        "import os\nprint(os.environ['CNNLIB_DATA'])",
        "print(os.getcwd())",
        environment={"CNNLIB_DATA": "other"},
    )
    assert printed(notebook.cells[1]) == "other\n"
    assert Path(printed(notebook.cells[2]).strip()) != tmp_path

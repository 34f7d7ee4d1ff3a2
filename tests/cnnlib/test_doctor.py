"""Real broken set-ups, each named by `cnnlib doctor` and by lesson 00's first cell."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cnnlib.setup import doctor, modules
from cnnlib.setup.report import Report
from cnnlib.setup.row import SetupRow
from tests.broken import ROOT, SOUND_TORCH, Site, ask, can_mount, tool

from .small_mnist import PACKED, PLAIN, write

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        sys.platform == "win32", reason="the broken set-ups are folders of links"
    ),
]
PIP = f'"{sys.executable}" -m pip install'
AFRESH = "install --upgrade --force-reinstall torch torchvision"
NMS = "operator torchvision::nms does not exist"


@dataclass(frozen=True)
class Broken:
    """A set-up and what is to be said of it, in the lesson and in the terminal.

    Attributes:
        answer: what both say.
        fix: the end of the command that both tell.
        without: packages that are not installed.
        breaks: what else to do to the site and to the folder of the notebook.
        env: variables; "WORK" in them stands for the folder of the notebook.
        thorough: whether it needs the real PyTorch and the whole command.
    """

    answer: str
    fix: str
    without: tuple[str, ...] = ()
    breaks: Callable[[Site, Path], object] = lambda site, work: None
    env: dict[str, str] = field(default_factory=dict)
    thorough: bool = False


SOUND = Broken("", "", thorough=True)


def lose_libraries(site: Site, work: Path) -> None:
    site.open("torch")
    site.take("torch/lib")


def lose_operators(site: Site, work: Path) -> None:
    site.open("torchvision")
    site.take("torchvision/_C*")


def lose_fonts(site: Site, work: Path) -> None:
    site.open("matplotlib")
    site.take("matplotlib/ft2font*.so")


def little_memory(site: Site, work: Path) -> None:
    site.put(
        "psutil",
        "from types import SimpleNamespace as S\n"
        "virtual_memory = lambda: S(available=6e8)\n"
        "class Process:\n    def __init__(self, pid): pass\n"
        "    def cmdline(self): return []\n",
    )


def of_version(version: str) -> Callable[[Site, Path], object]:
    def write_notebook(site: Site, work: Path) -> None:
        book = {"cells": [], "metadata": {"cnnlib": {"version": version}}}
        (work / "02_padding.ipynb").write_text(json.dumps(book))

    return write_notebook


def other_environment(site: Site, work: Path) -> None:
    packages = work.parent / "env/lib/python3.12/site-packages"
    (packages / "torch").mkdir(parents=True)
    (packages / "cnnlib-0.1.0.dist-info").mkdir()
    tool(work.parent / "env/bin", "python", "exit 0")


def some_digits(site: Site, work: Path) -> None:
    write(work / "cache/cnnlib/MNIST/raw", dict(list(PLAIN.items())[:3]))


def wrong_digits(site: Site, work: Path) -> None:
    raw = write(work / "cache/cnnlib/MNIST/raw", {**PLAIN, **PACKED})
    path = raw / "t10k-images-idx3-ubyte"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)


CACHE = {"XDG_CACHE_HOME": "WORK/cache", "CNNLIB_DATA": ""}
BROKEN = {
    "no PyTorch": Broken(
        "not installed", "install --upgrade torch torchvision", without=("torch",)
    ),
    "PyTorch without its libraries": Broken(
        "installed, but does not start: ",
        AFRESH,
        breaks=lose_libraries,
        thorough=True,
    ),
    "old PyTorch": Broken(
        "version 2.5.1 is too old, the course needs 2.6 or newer",
        "install --upgrade torch torchvision",
        breaks=lambda site, work: site.call("torch", "2.5.1"),
    ),
    "pair that does not fit": Broken(
        f"does not fit PyTorch: {NMS}", AFRESH, breaks=lose_operators, thorough=True
    ),
    "no torchvision": Broken(
        "not installed",
        "install --upgrade torch torchvision",
        without=("torchvision",),
    ),
    "no widgets": Broken(
        "not installed", "ipywidgets jupyterlab_widgets", without=("ipywidgets",)
    ),
    "no widgets in JupyterLab": Broken(
        "jupyterlab_widgets, is not installed",
        "ipywidgets jupyterlab_widgets",
        without=("jupyterlab_widgets",),
    ),
    "widgets of two ages": Broken(
        "does not fit jupyterlab_widgets 1.1.0",
        "ipywidgets jupyterlab_widgets",
        breaks=lambda site, work: site.call("jupyterlab_widgets", "1.1.0"),
    ),
    "Matplotlib that lost a part": Broken(
        "Matplotlib: installed, but does not start: ",
        "--force-reinstall matplotlib numpy",
        breaks=lose_fonts,
    ),
    "packages missing": Broken(
        "missing: scikit-learn, tqdm",
        "install --upgrade scikit-learn tqdm",
        without=("scikit_learn", "sklearn", "tqdm"),
    ),
    "package too old": Broken(
        "too old: pillow 9.5.0 (the course needs 10)",
        "install --upgrade pillow",
        breaks=lambda site, work: site.call("pillow", "9.5.0"),
    ),
    "no platformdirs": Broken(
        "missing: platformdirs",
        "install --upgrade platformdirs",
        without=("platformdirs",),
    ),
    "file named torch.py": Broken(
        "your torch.py hides the package torch",
        "import os; os.rename('torch.py', 'torch_mine.py')",
        breaks=lambda site, work: (work / "torch.py").write_text("x = 1"),
        thorough=True,
    ),
    "folder named matplotlib": Broken(
        "your matplotlib hides the package matplotlib",
        "import os; os.rename('matplotlib', 'matplotlib_mine')",
        breaks=lambda site, work: write(work / "matplotlib", {"__init__.py": b""}),
    ),
    "file named random.py": Broken(
        "your random.py hides the package random",
        "import os; os.rename('random.py', 'random_mine.py')",
        breaks=lambda site, work: (work / "random.py").write_text("x = 1"),
    ),
    "notebook of another version": Broken(
        "02_padding.ipynb belongs to version 9.0.0 of the course",
        'install -e "',
        breaks=of_version("9.0.0"),
    ),
    "another Python is the right one": Broken(
        "but the course is in ",
        'env/bin/python" -m jupyter lab',
        without=("tqdm",),
        breaks=other_environment,
        env={"VIRTUAL_ENV": "WORK/../env"},
    ),
    "MNIST incomplete": Broken(
        "is incomplete: missing: t10k-labels-idx1-ubyte",
        "from cnnlib import data; data.load_mnist(time_limit=300)",
        breaks=some_digits,
        env=CACHE,
    ),
    "MNIST damaged": Broken(
        "is damaged: The file t10k-images-idx3-ubyte cannot be read: its checksum",
        "from cnnlib import data; data.load_mnist(time_limit=300)",
        breaks=wrong_digits,
        env=CACHE,
    ),
    "named folder without MNIST": Broken(
        "the folder named in CNNLIB_DATA has no MNIST/raw",
        "CNNLIB_DATA",
        env={"CNNLIB_DATA": "WORK/nowhere"},
    ),
    "no folder for downloads": Broken(
        "the folder for downloads cannot be written: ",
        "CNNLIB_DATA=bundled",
        breaks=lambda site, work: (work / "cache").write_text(""),
        env=CACHE,
    ),
    "little memory": Broken(
        "only 0.6 GB are free", "Shut Down All Kernels...", breaks=little_memory
    ),
}


def folders(tmp_path: Path, broken: Broken) -> tuple[Path, Path, dict[str, str]]:
    work = tmp_path / "work"
    work.mkdir()
    site = Site(tmp_path / "site", broken.without)
    broken.breaks(site, work)
    if not broken.thorough and "torch" not in broken.without:
        site.put("torch", SOUND_TORCH)
    env = {name: text.replace("WORK", str(work)) for name, text in broken.env.items()}
    return site.folder, work, env


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_lesson_and_doctor_name_it_and_its_fix(tmp_path, broken):
    site, work, env = folders(tmp_path, broken)
    lesson, terminal, status = ask(site, work, env, whole=broken.thorough)
    assert status == 1
    for told in (lesson, terminal):
        assert "1 thing to fix before you start." in told
        assert broken.answer in told
        lines = [line.strip() for line in told.splitlines()]
        (fix,) = [line for line in lines if line.startswith(("> ", "To fix"))]
        assert broken.fix in fix
        assert told is lesson or "%" not in fix
    assert "Traceback" not in lesson + terminal


def test_a_sound_site_is_ready(tmp_path):
    """What the others say comes from what they broke."""
    site, work, env = folders(tmp_path, SOUND)
    lesson, terminal, status = ask(site, work, env)
    assert status == 0
    for told in (lesson, terminal):
        assert "Everything is ready for the course." in told
        assert "To fix" not in told


def test_a_card_that_pytorch_does_not_use_is_a_note(tmp_path):
    site, work, _ = folders(tmp_path, SOUND)
    tool(tmp_path / "bin", "nvidia-smi", "echo 'GPU 0: NVIDIA H200 (UUID: GPU-1)'")
    env = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    lesson, terminal, status = ask(site, work, env)
    if "ready  Device       cuda" in terminal:
        pytest.skip("PyTorch does use the card of this machine")
    assert status == 0
    for told in (lesson, terminal):
        assert "an NVIDIA card is there, but" in told


@pytest.mark.skipif(not can_mount(), reason="no small disk can be mounted here")
def test_a_full_disk(tmp_path):
    site, work, env = folders(tmp_path, Broken("", "", env=CACHE))
    (work / "cache").mkdir()
    mount = f"mount -t tmpfs -o size=20m none '{work}/cache' && exec \"$@\""
    lesson, terminal, status = ask(
        site, work, env, wrapper=["unshare", "-rm", "sh", "-c", mount, "sh"]
    )
    assert status == 1
    for told in (lesson, terminal):
        assert "are free, and MNIST takes 70 MB" in told
        assert "CNNLIB_DATA=bundled" in told


def test_a_kernel_without_the_course(tmp_path):
    """Lesson 00 opened in a wrong kernel: it has no `cnnlib` to ask."""
    site, work, env = folders(tmp_path, SOUND)
    (site / "cnnlib").unlink()
    lesson, _, _ = ask(site, work, env)
    assert f"{sys.executable} cannot run the course: No module named 'cnnlib'" in lesson
    assert "%pip install -e .." in lesson


def test_without_the_package_that_loads_the_others(tmp_path):
    site, work, env = folders(tmp_path, Broken("", "", without=("lazy_loader",)))
    lesson, terminal, status = ask(site, work, env)
    assert status == 1
    for told in (lesson, terminal):
        assert f"{PIP} lazy-loader" in told


def test_without_what_the_command_line_is_made_of(tmp_path):
    site, work, env = folders(tmp_path, Broken("", "", without=("typer", "rich")))
    _, terminal, status = ask(site, work, env)
    assert status == 1
    assert "missing: rich, typer" in terminal
    assert f"{PIP} --upgrade rich typer" in terminal


def test_a_package_that_takes_python_down(tmp_path, monkeypatch, capsys):
    crash = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    write(tmp_path / "torch", {"__init__.py": crash.encode()})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert doctor.examine() == 1
    told = capsys.readouterr().out
    assert "Python crashes as it loads torch" in told
    assert f"{PIP} --upgrade --force-reinstall torch" in told


def test_a_doctor_that_fails_itself_is_not_silent(monkeypatch, capfd):
    monkeypatch.setattr(doctor, "_CHILD", "raise ValueError('oh'); {path!r}")
    assert doctor.examine() == 1
    assert "ValueError: oh" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("fix", "platform", "command"),
    [
        ("%pip install a b", "linux", f"{PIP} a b"),
        ("%env CNNLIB_DATA=bundled", "linux", "export CNNLIB_DATA=bundled"),
        ("%env CNNLIB_DATA=", "darwin", "unset CNNLIB_DATA"),
        ("%env CNNLIB_DATA=bundled", "win32", "$env:CNNLIB_DATA = 'bundled'"),
        ("%env A=-1 as the first cell", "linux", "export A=-1"),
        ("import os; os.remove('a')", "linux", "-c \"import os; os.remove('a')\""),
        ("Update the driver", "linux", "Update the driver"),
    ],
)
def test_fixes_as_a_terminal_takes_them(fix, platform, command):
    assert doctor.in_terminal(fix, platform).endswith(command)


def test_a_fix_fixes(tmp_path):
    """The command that is told for a hiding file does what it says."""
    (tmp_path / "torch.py").write_text("x = 1")
    fix = "import os; os.rename('torch.py', 'torch_mine.py')"
    subprocess.run(doctor.in_terminal(fix), shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "torch_mine.py").exists()


def test_the_page_in_a_terminal():
    rows = (
        SetupRow("Python", "ready", "recent enough", detail="3.12"),
        SetupRow("PyTorch", "fix", "not installed", "%pip install torch"),
        SetupRow("Device", "waits", "can be checked when PyTorch works"),
    )
    assert doctor.printed(Report(rows)).splitlines() == [
        "1 thing to fix before you start.",
        "",
        "ready  Python       3.12",
        "fix    PyTorch      not installed",
        f"                    > {PIP} torch",
        "waits  Device       can be checked when PyTorch works",
        "",
        modules.sentence().replace("`", ""),
    ]


def test_the_command_is_there(tmp_path):
    command = shutil.which("cnnlib", path=str(Path(sys.executable).parent))
    assert command
    done = subprocess.run([command, "doctor", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "Exit code 0: everything is ready" in " ".join(done.stdout.split())
    assert (ROOT / "cnnlib/__main__.py").exists()

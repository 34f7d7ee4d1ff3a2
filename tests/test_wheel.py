"""The wheel and the sdist: complete, and at work outside the repository.

CNNLIB_DIST names a folder with a built pair (`make dist`); else they are built here.
"""

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
PACKAGES = ("cnnlib", "cnnjudge", "cnngrade")
BIN = "Scripts" if sys.platform == "win32" else "bin"
TRIAL = """
import sys
from pathlib import Path
import numpy as np
import cnnlib
assert Path(sys.prefix) in Path(cnnlib.__file__).parents, cnnlib.__file__
assert cnnlib.worked_example("hzdr-5x5") is not None
image, kernel = np.arange(25.0).reshape(5, 5), np.ones((3, 3))
cnnlib.step_conv(image, kernel).save("step.html")
cnnlib.plot_conv(image, kernel).save("conv.png")
from cnnlib import checks
checks.flatten(lambda x, start_dim=1: x.reshape(*x.shape[:start_dim], -1))
"""


def run(*command: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess:
    unwanted = {"PYTHONPATH", "VIRTUAL_ENV"}
    env = {k: v for k, v in os.environ.items() if k not in unwanted}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=env | {"CNNLIB_DATA": "bundled"} | variables,
        capture_output=True,
        text=True,
        timeout=900,
    )


def sources(*folders: str) -> set[str]:
    """Return the files that git has or would take, as they are on the disk."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", *folders]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if told.returncode:
        pytest.skip("only a git checkout knows which files belong to the course")
    return {name for name in told.stdout.splitlines() if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """A folder with the wheel and the sdist; the wheel is built from the sdist."""
    if os.environ.get("CNNLIB_DIST"):
        return ROOT / os.environ["CNNLIB_DIST"]
    source = tmp_path_factory.mktemp("source")
    for name in sources():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", out)
    done = run(*build, cwd=source)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(dist) -> Path:
    [path] = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    """A Python with the wheel, and with the packages here, without the repository.

    A folder that a .pth names is searched; the .pth files in it, which lead to the
    repository, are not read.
    """
    home = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    path = home / BIN / Path(sys.executable).name
    pip = (sys.executable, "-m", "pip", "--python", path, "install")
    done = run(*pip, "--no-deps", "--no-index", wheel, cwd=home)
    assert done.returncode == 0, done.stderr
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = run(path, "-c", ask, cwd=home).stdout.strip()
    Path(own, "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return path


@pytest.fixture
def elsewhere(tmp_path, python) -> Path:
    """A folder outside the repository, from where `cnnlib` is that of the wheel."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    return place


def test_every_file_of_the_package_is_in_the_wheel_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    information = {name for name in names if ".dist-info/" in name}
    assert names - information == sources(*PACKAGES)
    assert any(name.endswith("licenses/LICENSE") for name in information)


def test_the_sdist_holds_what_the_wheel_is_built_from(dist):
    [path] = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        files = [member.name for member in archive if member.isfile()]
    names = {name.partition("/")[2] for name in files}
    made = {name for name in names if "egg-info/" in name or name in _MADE}
    kept = {"pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"}
    assert names - made == sources(*PACKAGES) | kept


_MADE = {"PKG-INFO", "setup.cfg"}


def test_both_carry_the_version_of_the_course(dist):
    names = {path.name for path in dist.iterdir()}
    assert f"cnnlib-{VERSION}-py3-none-any.whl" in names
    assert f"cnnlib-{VERSION}.tar.gz" in names


@pytest.mark.skipif(os.environ.get("GITHUB_REF_TYPE") != "tag", reason="no release")
def test_the_tag_of_a_release_names_the_version():
    assert os.environ["GITHUB_REF_NAME"] == f"v{VERSION}"


def test_pictures_and_a_check_work(python, elsewhere):
    done = run(python, "-c", TRIAL, cwd=elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (elsewhere / "step.html").read_text(encoding="utf-8")
    assert "<script" in page
    assert (elsewhere / "conv.png").read_bytes().startswith(b"\x89PNG")


def test_exercises_are_judged(python, elsewhere):
    shutil.copy(ROOT / "solutions" / "03_pooling.ipynb", elsewhere)
    done = run(command(python), "check", "03_pooling.ipynb", cwd=elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone forks")
def test_a_class_is_graded(python, elsewhere):
    for name, folder in (("ada", "solutions"), ("bob", "exercises")):
        (elsewhere / "class" / name).mkdir(parents=True)
        shutil.copy(ROOT / folder / "03_pooling.ipynb", elsewhere / "class" / name)
    grade = (command(python), "grade", "class", "--out", "report", "--workers", "1")
    done = run(*grade, cwd=elsewhere)
    if done.returncode == 2 and "isolat" in done.stdout + done.stderr:
        done = run(*grade, "--isolation", "limits", cwd=elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    with (elsewhere / "report" / "grades.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    passed = [(row["student"], row["status"] == "passed") for row in rows]
    assert set(passed) == {("ada", True), ("bob", False)}
    assert any((elsewhere / "report").rglob("*.html"))


def test_the_set_up_is_checked(python, elsewhere):
    done = run(command(python), "doctor", cwd=elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Course       cnnlib {VERSION}" in done.stdout


def command(python: Path) -> Path:
    """Return the command `cnnlib` that came with the wheel."""
    return python.with_name("cnnlib.exe" if sys.platform == "win32" else "cnnlib")

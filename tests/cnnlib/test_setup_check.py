"""The set-up check: each broken set-up made on purpose, and seen named."""

import dataclasses
import html
import os
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from types import ModuleType

import pytest
import torch

from cnnlib import check_setup
from cnnlib.data import places
from cnnlib.setup import facts as setup_facts
from cnnlib.setup import on_disk
from cnnlib.setup import report as setup_report
from cnnlib.setup.facts import Facts, Package
from cnnlib.setup.on_disk import FoundMnist, NotebookVersion

from .small_mnist import PLAIN, write

SOUND = Facts(
    python=(3, 12),
    other_python="",
    torch=Package("2.6.0"),
    bridge_error="",
    torchvision=Package("0.21.0"),
    device="cpu",
    device_error="",
    gpu_idle="",
    data_named="",
    mnist=FoundMnist(""),
    cache="/home/ada/.cache/cnnlib",
    cache_error="",
    widgets=Package("7.7.1"),
    lab=Package("4.2.0"),
    lab_widgets=Package("1.1.11"),
    matplotlib=Package("3.9.0"),
    missing=(),
    too_old=(),
    course="0.1.0",
    course_folder="",
    course_address="https://github.com/owner/course",
    notebooks=(NotebookVersion("00_images.ipynb", "0.1.0"),),
    disk_free=50_000_000_000,
    memory_free=8_000_000_000,
    hiding={},
)
NMS = "operator torchvision::nms does not exist"


def report(**broken):
    return setup_report.judge(dataclasses.replace(SOUND, **broken))


def fix_is_pip(row):
    return row.fix.startswith("%pip")


BROKEN = {
    "old Python": ({"python": (3, 10)}, "Python", "3.10 is too old", "conda env"),
    "no PyTorch": ({"torch": Package(None)}, "PyTorch", "not installed", "install"),
    "PyTorch that does not start": (
        {"torch": Package("2.6.0", "DLL load failed")},
        "PyTorch",
        "does not start: DLL load failed",
        "--force-reinstall torch torchvision",
    ),
    "old PyTorch": (
        {"torch": Package("2.5.1+cpu")},
        "PyTorch",
        "version 2.5.1+cpu is too old, the course needs 2.6 or newer",
        "%pip install --upgrade torch torchvision",
    ),
    "NumPy that PyTorch does not know": (
        {"bridge_error": "Numpy is not available"},
        "PyTorch",
        "do not fit together: Numpy is not available",
        "torch torchvision numpy",
    ),
    "mismatched pair": (
        {"torch": Package("2.7.0"), "torchvision": Package("0.21.0", NMS)},
        "torchvision",
        f"does not fit PyTorch: {NMS} (torchvision 0.21.0, PyTorch 2.7.0)",
        "%pip install --upgrade --force-reinstall torch torchvision",
    ),
    "no torchvision": (
        {"torchvision": Package(None)},
        "torchvision",
        "not installed",
        "%pip install --upgrade torch torchvision",
    ),
    "old torchvision": ({"torchvision": Package("0.9")}, "torchvision", "0.21", "%pip"),
    "GPU that fails": (
        {"device": "cuda", "device_error": "no kernel image is available"},
        "Device",
        "CUDA device is there but fails: no kernel image",
        "CUDA_VISIBLE_DEVICES=-1",
    ),
    "named folder without data": (
        {"data_named": "/data"},
        "Digits",
        "CNNLIB_DATA has no MNIST",
        "%env CNNLIB_DATA=",
    ),
    "named folder without data beside a full cache": (
        {"data_named": "/data", "mnist": FoundMnist("cache")},
        "Digits",
        "CNNLIB_DATA has no MNIST",
        "%env CNNLIB_DATA=",
    ),
    "no widgets": (
        {"widgets": Package(None)},
        "Widgets",
        "not installed",
        "ipywidgets",
    ),
    "old widgets": ({"widgets": Package("7.6.5")}, "Widgets", "7.7", "ipywidgets"),
    "Matplotlib that does not start": (
        {"matplotlib": Package("3.9.0", "numpy.core.multiarray failed to import")},
        "Pictures",
        "multiarray failed",
        "matplotlib numpy",
    ),
    "old Matplotlib": ({"matplotlib": Package("3.8")}, "Pictures", "3.9", "matplotlib"),
    "packages missing": (
        {"missing": ("scikit-learn", "tqdm")},
        "Packages",
        "missing: scikit-learn, tqdm",
        "%pip install --upgrade scikit-learn tqdm",
    ),
    "packages too old": (
        {"too_old": ("pillow 9.5.0 (the course needs 10)",)},
        "Packages",
        "too old: pillow 9.5.0 (the course needs 10)",
        "%pip install --upgrade pillow",
    ),
    "another Python has it all": (
        {
            "torch": Package(None),
            "other_python": "/env/bin/python",
            "missing": ("tqdm",),
        },
        "Python",
        f"this is {sys.executable}, but the course is in /env/bin/python",
        '"/env/bin/python" -m jupyter lab',
    ),
    "file that hides PyTorch": (
        {"hiding": {"torch": "torch.py"}, "bridge_error": "no attribute from_numpy"},
        "Files",
        "your torch.py hides the package torch",
        "os.rename('torch.py', 'torch_mine.py')",
    ),
    "folder that hides Matplotlib": (
        {
            "hiding": {"matplotlib": "notebooks/matplotlib"},
            "matplotlib": Package("3.9", "?"),
        },
        "Files",
        "your notebooks/matplotlib hides the package matplotlib",
        "os.rename('notebooks/matplotlib', 'notebooks/matplotlib_mine')",
    ),
    "notebook of a later course": (
        {
            "notebooks": (
                NotebookVersion("a", "0.1.0"),
                NotebookVersion("01_conv.ipynb", "0.2.0"),
            )
        },
        "Course",
        "01_conv.ipynb belongs to version 0.2.0 of the course, "
        "the package cnnlib to version 0.1.0",
        '%pip install "cnnlib @ git+https://github.com/owner/course@v0.2.0"',
    ),
    "course of which the package is older than the folder": (
        {
            "notebooks": (NotebookVersion("a", "0.10.0"),),
            "course_folder": "/home/ada/course",
        },
        "Course",
        "0.10.0",
        '%pip install -e "/home/ada/course"',
    ),
    "JupyterLab without widgets": (
        {"lab_widgets": Package(None)},
        "Widgets",
        "jupyterlab_widgets, is not installed",
        "--force-reinstall ipywidgets jupyterlab_widgets",
    ),
    "halves of the widgets that do not fit": (
        {"lab_widgets": Package("3.0.15")},
        "Widgets",
        "ipywidgets 7.7.1 does not fit jupyterlab_widgets 3.0.15",
        "--force-reinstall ipywidgets jupyterlab_widgets",
    ),
    "MNIST damaged": (
        {"mnist": FoundMnist("cache", "its checksum is wrong")},
        "Digits",
        "MNIST in /home/ada/.cache/cnnlib is damaged: its checksum is wrong",
        "data.load_mnist(time_limit=300)",
    ),
    "MNIST incomplete": (
        {"mnist": FoundMnist("", "missing: t10k-labels-idx1-ubyte")},
        "Digits",
        "is incomplete: missing: t10k-labels",
        "data.load_mnist(time_limit=300)",
    ),
    "MNIST damaged in the named folder": (
        {"data_named": "/data", "mnist": FoundMnist("CNNLIB_DATA", "no idx file")},
        "Digits",
        "named in CNNLIB_DATA is damaged: no idx file",
        "%env CNNLIB_DATA=",
    ),
    "no folder for downloads": (
        {"cache_error": "/home/ada: Permission denied", "disk_free": 0},
        "Downloads",
        "cannot be written: /home/ada: Permission denied",
        "%env CNNLIB_DATA=bundled",
    ),
    "full disk": ({"disk_free": 35_000_000}, "Disk", "only 35 MB", "bundled"),
    "little memory": ({"memory_free": 600_000_000}, "Memory", "0.6 GB", "Shut Down"),
}


@pytest.mark.parametrize(
    ("broken", "topic", "answer", "fix"), BROKEN.values(), ids=BROKEN.keys()
)
def test_what_is_broken_is_named_with_its_fix(broken, topic, answer, fix):
    found = report(**broken)
    assert not found.ready
    (row,) = [row for row in found.rows if row.state == "fix"]
    assert row.topic == topic
    assert answer in row.answer
    assert fix in row.fix
    assert found.summary == "1 thing to fix before you start."
    lines = repr(found).splitlines()
    assert f"To fix {topic}: {row.fix}" in lines
    assert lines[-1].startswith("After %pip, restart") == fix_is_pip(row)
    assert lines[-1].startswith("After that, restart") == (topic == "Files")
    shown = found._repr_mimebundle_()["text/html"]
    assert html.escape(row.answer) in shown
    assert f"<code>{html.escape(row.fix)}</code>" in shown
    assert ("After %pip, restart" in shown) == fix_is_pip(row)


def test_two_things_broken_are_both_named():
    found = report(widgets=Package(None), memory_free=1)
    assert found.summary == "2 things to fix before you start."
    assert repr(found).count("To fix") == 2


NOTED = {
    "PyTorch without CUDA": ("cpu build", "built without CUDA", "--force-reinstall"),
    "old driver": ("driver is too old", "not used: driver is too old", "nvidia.com"),
}


@pytest.mark.parametrize(("idle", "answer", "fix"), NOTED.values(), ids=NOTED)
def test_an_idle_card_is_named_and_hinders_nobody(idle, answer, fix):
    found = report(gpu_idle=idle)
    assert found.ready
    assert found.summary == "Everything is ready for the course."
    (row,) = [row for row in found.rows if row.state == "note"]
    assert answer in row.answer
    assert fix in row.fix
    assert f"To improve Device: {row.fix}" in repr(found)


@pytest.mark.parametrize(
    ("hidden", "cuda", "expected"),
    [(None, None, "cpu build"), ("-1", None, ""), ("", None, ""), ("0", "13", "sees")],
)
def test_why_a_card_lies_idle(monkeypatch, hidden, cuda, expected):
    monkeypatch.setattr(setup_facts, "_nvidia_card", lambda: True)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert expected in setup_facts._gpu_idle()
    assert bool(expected) == bool(setup_facts._gpu_idle())


@pytest.mark.parametrize("torch", [Package(None), Package("2.6.0", "broken")])
def test_what_needs_pytorch_waits_for_it(torch):
    states = {row.topic: row.state for row in report(torch=torch).rows}
    assert states["torchvision"] == states["Device"] == "waits"
    assert states["Python"] == "ready"


FINE = {
    "just enough": {},
    "newest": {
        "python": (3, 14),
        "torch": Package("10.0.0+cu130"),
        "torchvision": Package("0.100"),
        "widgets": Package("8.1.9"),
        "lab_widgets": Package("3.0.15"),
        "matplotlib": Package("3.10.0"),
    },
    "GPU": {"device": "cuda"},
    "Apple": {"device": "mps"},
    "MNIST in a named folder": {
        "data_named": "/data",
        "mnist": FoundMnist("CNNLIB_DATA"),
    },
    "MNIST in the cache, full disk": {"mnist": FoundMnist("cache"), "disk_free": 0},
    "bundled digits, full disk": {"data_named": "bundled", "disk_free": 0},
    "bundled digits, no place for downloads": {
        "data_named": "bundled",
        "cache_error": "Permission denied",
    },
    "bundled digits, damaged cache": {
        "data_named": "bundled",
        "mnist": FoundMnist("cache", "damaged"),
    },
    "no JupyterLab here": {"lab": Package(None), "lab_widgets": Package(None)},
    "no notebooks here": {"notebooks": ()},
    "package from a folder": {
        "course": "",
        "notebooks": (NotebookVersion("a", "0.2.0"),),
    },
    "nothing known of disk and memory": {"disk_free": None, "memory_free": None},
}


@pytest.mark.parametrize("facts", FINE.values(), ids=FINE.keys())
def test_a_ready_machine_says_the_same_as_any_other(facts):
    """A committed notebook stays as it is, wherever it is run again."""
    found, plain = report(**facts), report()
    assert found.ready
    assert found.summary == "Everything is ready for the course."
    assert found._repr_mimebundle_() == plain._repr_mimebundle_()
    assert not re.search(r"\d", repr(found)), "no versions, sizes or paths"
    assert "/" not in repr(found)


def test_details_belong_to_the_machine():
    details = report(
        device="mps", torch=Package("2.9.1"), mnist=FoundMnist("cache")
    ).details
    for word in ("3.12", "2.9.1", "0.21.0", "mps", "8.0 GB free", "MNIST", "cache"):
        assert word in details


class Table(HTMLParser):
    """Collects cells, and counts tags that stay open."""

    def __init__(self):
        super().__init__()
        self.open, self.cells, self.tags = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "br":
            assert self.open.pop() == tag

    def handle_data(self, text):
        self.cells.append(text)


def test_html_is_a_table_with_caption_headers_and_escaped_text():
    found = report(torchvision=Package("0.21.0", "<b>&"), missing=("tqdm",))
    table = Table()
    table.feed(found._repr_mimebundle_()["text/html"])
    assert not table.open
    assert found.summary in table.cells
    assert any("<b>&" in cell for cell in table.cells)
    assert "%pip install --upgrade tqdm" in table.cells
    names = [tag for tag, _ in table.tags]
    assert "caption" in names
    assert names.count("code") == 2
    assert sum(attributes.get("scope") == "col" for _, attributes in table.tags) == 3


def test_a_probe_that_fails_is_reported_and_the_others_answer():
    found = report(python=None, disk_free="much")
    states = {row.topic: row.state for row in found.rows}
    assert states["Python"] == states["Disk"] == "fix"
    assert list(states.values()).count("ready") == len(states) - 2
    assert "could not be checked: TypeError" in repr(found)


# Facts of this machine


@pytest.fixture(autouse=True)
def whose_packages_these_are(monkeypatch):
    """Where JupyterLab is missing they are Colab's, which `make matrix` runs."""
    if not on_disk.can_import("jupyterlab"):
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))


def test_this_machine_is_ready_and_soon_told(monkeypatch):
    monkeypatch.setenv("CNNLIB_DATA", "")
    check_setup()
    start = time.process_time()
    found = check_setup()
    assert time.process_time() - start < 1.5
    assert found.ready, found
    assert repr(found) == repr(report())


@pytest.mark.process
def test_looking_does_not_import_torchvision():
    """That import takes a second; a sound pair is seen without it."""
    code = (
        "import sys; from cnnlib import check_setup; report = check_setup();"
        "assert {r.topic: r.state for r in report.rows}['torchvision'] == 'ready';"
        "sys.exit('torchvision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def facts_of_a_process(tmp_path, modules):
    """Gather in a process that finds these modules before the real ones."""
    for name, source in modules.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "__init__.py").write_text(source)
    code = "from cnnlib import check_setup; print(check_setup())"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.process
def test_a_real_import_that_says_nms(tmp_path):
    text = facts_of_a_process(tmp_path, {"torchvision": f"raise RuntimeError({NMS!r})"})
    assert f"does not fit PyTorch: {NMS}" in text
    assert "%pip install --upgrade --force-reinstall torch torchvision" in text


@pytest.mark.process
def test_packages_that_fail_as_they_are_imported(tmp_path):
    text = facts_of_a_process(
        tmp_path,
        {
            "torch": "raise OSError('libcudart.so: cannot open')",
            "matplotlib": "raise ImportError('numpy.core.multiarray failed')",
        },
    )
    assert "does not start: libcudart.so: cannot open" in text
    assert "Matplotlib: installed, but does not start: numpy.core" in text
    fixed = re.findall(r"^To fix (\w+)", text, re.M)
    assert set(fixed) - {"Packages"} == {"PyTorch", "Pictures"}  # Colab: no JupyterLab


def test_part_that_is_not_there():
    assert setup_facts.package("no-such-distribution") == Package(None)


def test_part_that_has_no_metadata(monkeypatch):
    module = ModuleType("lonely")
    vars(module).update(__version__="4.5", __spec__=object())
    monkeypatch.setitem(sys.modules, "lonely", module)
    assert setup_facts.package("lonely", "lonely") == Package("4.5")
    module.__spec__ = None  # Python refuses to look up such a module
    assert setup_facts.package("lonely") == Package(None)


def test_error_is_its_first_line_or_its_name():
    def fail(message):
        raise ValueError(message)

    assert setup_facts._error(lambda: fail("first\nsecond")) == "first"
    assert setup_facts._error(lambda: fail("")) == "ValueError"
    assert setup_facts._error(lambda: None) == ""


def test_missing_packages_are_seen(monkeypatch):
    can_import = on_disk.can_import
    monkeypatch.setattr(on_disk, "can_import", lambda m: m != "PIL" and can_import(m))
    assert on_disk.requirements() == (("pillow",), ())


@pytest.mark.parametrize(
    ("named", "full", "expected"),
    [
        ("", [], ""),
        ("", ["cache"], "cache"),
        ("folder", [], ""),
        ("folder", ["folder", "cache"], "CNNLIB_DATA"),
        ("folder", ["cache"], "cache"),
        ("bundled", ["cache"], "cache"),
    ],
)
def test_data_is_found_where_it_lies(tmp_path, monkeypatch, named, full, expected):
    monkeypatch.setattr(places, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv(
        "CNNLIB_DATA", str(tmp_path / named) if named == "folder" else named
    )
    for place in full:
        write(tmp_path / place / "MNIST" / "raw", PLAIN)
    assert on_disk.find_mnist() == FoundMnist(expected)


def test_disk_and_memory_are_counted_in_bytes():
    facts = setup_facts.gather()
    assert facts.disk_free is None or facts.disk_free > 1e6
    assert facts.memory_free is None or facts.memory_free > 1e6


QUESTIONS = (
    "find_mnist",
    "notebook_versions",
    "hiding_files",
    "download_folder",
    "closest_existing",
)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_without_answer_stops_nothing(monkeypatch, name):
    def fail(*_):
        raise OSError

    monkeypatch.setattr(on_disk, name, fail)
    monkeypatch.setenv("CNNLIB_DATA", "bundled")
    found = check_setup()
    assert all(row.state != "fix" for row in found.rows)


def test_digits_wait_where_they_cannot_be_looked_for():
    """As without platformdirs: the missing package is the thing to fix."""
    found = report(mnist=None, data_named="/data", missing=("platformdirs",))
    states = {row.topic: row.state for row in found.rows}
    assert states["Digits"] == "waits"
    assert found.summary == "1 thing to fix before you start."

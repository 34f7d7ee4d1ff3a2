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

from cnnlib import _places, _setup_check, _setup_facts, check_setup
from cnnlib._setup_facts import Facts, Part

from .small_mnist import PLAIN, write

SOUND = Facts(
    python=(3, 12),
    torch=Part("2.6.0"),
    bridge_error="",
    torchvision=Part("0.21.0"),
    device="cpu",
    device_error="",
    data_named="",
    data_found="",
    missing=(),
    widgets=Part("7.7.1"),
    matplotlib=Part("3.9.0"),
    disk_free=50_000_000_000,
    memory_free=8_000_000_000,
)
NMS = "operator torchvision::nms does not exist"


def report(**broken):
    return _setup_check.judge(dataclasses.replace(SOUND, **broken))


def cure_is_pip(row):
    return row.cure.startswith("%pip")


BROKEN = {
    "old Python": ({"python": (3, 10)}, "Python", "3.10 is too old", "conda env"),
    "no PyTorch": ({"torch": Part(None)}, "PyTorch", "not installed", "install"),
    "PyTorch that does not start": (
        {"torch": Part("2.6.0", "DLL load failed")},
        "PyTorch",
        "does not start: DLL load failed",
        "--force-reinstall torch torchvision",
    ),
    "old PyTorch": (
        {"torch": Part("2.5.1+cpu")},
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
        {"torch": Part("2.7.0"), "torchvision": Part("0.21.0", NMS)},
        "torchvision",
        f"does not fit PyTorch: {NMS} (torchvision 0.21.0, PyTorch 2.7.0)",
        "%pip install --upgrade --force-reinstall torch torchvision",
    ),
    "no torchvision": (
        {"torchvision": Part(None)},
        "torchvision",
        "not installed",
        "%pip install --upgrade torch torchvision",
    ),
    "old torchvision": ({"torchvision": Part("0.9")}, "torchvision", "0.21", "%pip"),
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
        {"data_named": "/data", "data_found": "cache"},
        "Digits",
        "CNNLIB_DATA has no MNIST",
        "%env CNNLIB_DATA=",
    ),
    "no widgets": ({"widgets": Part(None)}, "Widgets", "not installed", "ipywidgets"),
    "old widgets": ({"widgets": Part("7.6.5")}, "Widgets", "7.7", "ipywidgets"),
    "Matplotlib that does not start": (
        {"matplotlib": Part("3.9.0", "numpy.core.multiarray failed to import")},
        "Pictures",
        "multiarray failed",
        "matplotlib numpy",
    ),
    "old Matplotlib": ({"matplotlib": Part("3.8")}, "Pictures", "3.9", "matplotlib"),
    "packages missing": (
        {"missing": ("scikit-learn", "tqdm")},
        "Packages",
        "missing: scikit-learn, tqdm",
        "%pip install scikit-learn tqdm",
    ),
    "full disk": ({"disk_free": 35_000_000}, "Disk", "only 35 MB", "bundled"),
    "little memory": ({"memory_free": 600_000_000}, "Memory", "0.6 GB", "Shut Down"),
}


@pytest.mark.parametrize(
    ("broken", "topic", "answer", "cure"), BROKEN.values(), ids=BROKEN.keys()
)
def test_what_is_broken_is_named_with_its_cure(broken, topic, answer, cure):
    found = report(**broken)
    assert not found.ready
    (row,) = [row for row in found.rows if row.state == "mend"]
    assert row.topic == topic
    assert answer in row.answer
    assert cure in row.cure
    assert found.summary == "1 thing to mend before you start."
    lines = repr(found).splitlines()
    assert f"To mend {topic}: {row.cure}" in lines
    assert lines[-1].startswith("After %pip, restart") == cure_is_pip(row)
    shown = found._repr_mimebundle_()["text/html"]
    assert html.escape(row.answer) in shown
    assert f"<code>{html.escape(row.cure)}</code>" in shown
    assert ("After %pip, restart" in shown) == cure_is_pip(row)


def test_two_things_broken_are_both_named():
    found = report(widgets=Part(None), memory_free=1)
    assert found.summary == "2 things to mend before you start."
    assert repr(found).count("To mend") == 2


@pytest.mark.parametrize("torch", [Part(None), Part("2.6.0", "broken")])
def test_what_needs_pytorch_waits_for_it(torch):
    states = {row.topic: row.state for row in report(torch=torch).rows}
    assert states["torchvision"] == states["Device"] == "waits"
    assert states["Python"] == "ready"


FINE = {
    "just enough": {},
    "newest": {
        "python": (3, 14),
        "torch": Part("10.0.0+cu130"),
        "torchvision": Part("0.100"),
        "widgets": Part("8.1.9"),
        "matplotlib": Part("3.10.0"),
    },
    "GPU": {"device": "cuda"},
    "Apple": {"device": "mps"},
    "MNIST in a named folder": {"data_named": "/data", "data_found": "CNNLIB_DATA"},
    "MNIST in the cache, full disk": {"data_found": "cache", "disk_free": 0},
    "bundled digits, full disk": {"data_named": "bundled", "disk_free": 0},
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
    details = report(device="mps", torch=Part("2.9.1"), data_found="cache").details
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
    found = report(torchvision=Part("0.21.0", "<b>&"), missing=("tqdm",))
    table = Table()
    table.feed(found._repr_mimebundle_()["text/html"])
    assert not table.open
    assert found.summary in table.cells
    assert any("<b>&" in cell for cell in table.cells)
    assert "%pip install tqdm" in table.cells
    names = [tag for tag, _ in table.tags]
    assert "caption" in names
    assert names.count("code") == 2
    assert sum(attributes.get("scope") == "col" for _, attributes in table.tags) == 3


def test_a_probe_that_fails_is_reported_and_the_others_answer():
    found = report(python=None, disk_free="much")
    states = {row.topic: row.state for row in found.rows}
    assert states["Python"] == states["Disk"] == "mend"
    assert list(states.values()).count("ready") == len(states) - 2
    assert "could not be checked: TypeError" in repr(found)


# Facts of this machine


def test_this_machine_is_ready_and_soon_told(monkeypatch):
    monkeypatch.setenv("CNNLIB_DATA", "")
    check_setup()
    start = time.monotonic()
    found = check_setup()
    assert time.monotonic() - start < 1.5
    assert found.ready, found
    assert repr(found) == repr(report())


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


def test_a_real_import_that_says_nms(tmp_path):
    text = facts_of_a_process(tmp_path, {"torchvision": f"raise RuntimeError({NMS!r})"})
    assert f"does not fit PyTorch: {NMS}" in text
    assert "%pip install --upgrade --force-reinstall torch torchvision" in text


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
    assert text.count("To mend") == 2


def test_part_that_is_not_there():
    assert _setup_facts.part("no-such-distribution") == Part(None)


def test_part_that_has_no_metadata(monkeypatch):
    module = ModuleType("lonely")
    module.__version__ = "4.5"
    module.__spec__ = object()
    monkeypatch.setitem(sys.modules, "lonely", module)
    assert _setup_facts.part("lonely", "lonely") == Part("4.5")
    module.__spec__ = None  # Python refuses to look up such a module
    assert _setup_facts.part("lonely") == Part(None)


def test_error_is_its_first_line_or_its_name():
    def fail(message):
        raise ValueError(message)

    assert _setup_facts._error(lambda: fail("first\nsecond")) == "first"
    assert _setup_facts._error(lambda: fail("")) == "ValueError"
    assert _setup_facts._error(lambda: None) == ""


def test_missing_packages_are_seen(monkeypatch):
    there = _setup_facts._there
    monkeypatch.setattr(_setup_facts, "_there", lambda m: m != "PIL" and there(m))
    assert _setup_facts.gather().missing == ("pillow",)


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
    monkeypatch.setattr(_places, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv(
        "CNNLIB_DATA", str(tmp_path / named) if named == "folder" else named
    )
    for place in full:
        write(tmp_path / place / "MNIST" / "raw", PLAIN)
    assert _setup_facts.gather().data_found == expected


def test_disk_and_memory_are_counted_in_bytes():
    facts = _setup_facts.gather()
    assert facts.disk_free is None or facts.disk_free > 1e6
    assert facts.memory_free is None or facts.memory_free > 1e6


@pytest.mark.parametrize("name", ["_disk_free", "_memory_free", "_data_found"])
def test_a_question_without_answer_stops_nothing(monkeypatch, name):
    def fail():
        raise OSError

    monkeypatch.setattr(_setup_facts, name, fail)
    found = check_setup()
    assert all(row.state != "mend" for row in found.rows)


def test_digits_wait_where_they_cannot_be_looked_for():
    """As without platformdirs: the missing package is the thing to mend."""
    found = report(data_found=None, data_named="/data", missing=("platformdirs",))
    states = {row.topic: row.state for row in found.rows}
    assert states["Digits"] == "waits"
    assert found.summary == "1 thing to mend before you start."

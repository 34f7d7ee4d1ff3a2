"""A class of cases in which a zero would be unfair: `check` and `grade` agree on each.

Graded once by the command itself; then each folder is checked as its student would.
"""

import json
import sys

import pytest

from cnngrade.judging.judged import check_file
from tests.cnngrade.conftest import answered, grade, rows
from tests.exercise_files import TASKS

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("hard cases")]

FLAT = "    return x.reshape(*x.shape[:start_dim], -1)"
HEAD = "def flatten(x, start_dim=1):\n"
MIN = "def min_pool2d(x, kernel_size, stride=None):\n"
NEWER = f"{sys.version_info[0]}.{sys.version_info[1] + 1}.0"
WRONG = "def max_pool2d(x, kernel_size, stride=None):\n    return x"
ALL = dict.fromkeys(TASKS, True)
CLASS = {
    "helper": ALL | {"flatten": "from mine.conv import flatten"},
    "table": ALL
    | {"flatten": f"import json\nK = json.load(open('k.json'))\n{HEAD}{FLAT}"},
    "nohelper": ALL | {"flatten": "from myconv import flatten"},
    "nofile": ALL | {"flatten": f"open('k.csv')\n{HEAD}{FLAT}"},
    "printer": ALL | {"flatten": f"{HEAD}    print('x' * 100_000)\n{FLAT}"},
    "einops": ALL | {"flatten": f"import einops_of_mine as e\n{HEAD}{FLAT}"},
    "inside": ALL | {"flatten": f"{HEAD}    import einops_of_mine as e\n{FLAT}"},
    "gpu": ALL | {"flatten": f"{HEAD}    x = x.cuda()\n{FLAT}"},
    "newer": ALL | {"flatten": f"{HEAD}    match x then:\n{FLAT}"},
    "typo": ALL | {"flatten": f"{HEAD}    return return x"},
    "follows": ALL
    | {"max_pool2d": WRONG, "min_pool2d": f"{MIN}    return -max_pool2d(-x, 2, 2)"},
    "hides": ALL | {"flatten": "from torch.nn import functional\n" + HEAD + FLAT},
}
BESIDE = {
    "helper/mine/conv.py": HEAD + FLAT,
    "helper/mine/__init__.py": "",
    "table/k.json": "[-1]",
    "hides/torch.py": "raise RuntimeError('the wrong torch')",
    "hides/cnnlib/__init__.py": "raise RuntimeError('the wrong cnnlib')",
    "hides/json.py": "raise RuntimeError('the wrong json')",
    "hides/statistics.py": "raise RuntimeError('the wrong statistics')",
    "broken/03_pooling.ipynb": "{",
}
BESIDE["hides/torchvision/__init__.py"] = BESIDE["hides/torch.py"]
EARNED = dict.fromkeys(("helper", "table", "printer", "hides"), 12)
EARNED |= dict.fromkeys(("nohelper", "nofile", "einops", "inside", "gpu"), 10)
EARNED |= {"newer": 10, "typo": 10, "broken": 0, "follows": 8}


def _fill(folder):
    for student, answers in CLASS.items():
        book = json.loads(answered(**answers))
        if student == "table":
            cell = next(c for c in book["cells"] if c["id"] == "flatten")
            cell["source"] = cell["source"].replace(", -1)", ", K[0])")
        if student == "newer":
            book["metadata"]["language_info"] = {"name": "python", "version": NEWER}
        path = folder / student / "03_pooling.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(book))
    for name, text in BESIDE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    return _fill(tmp_path_factory.mktemp("hard"))


@pytest.fixture(scope="module")
def report(hard, tmp_path_factory):
    out = tmp_path_factory.mktemp("hard-report") / "out"
    grade(hard, out, "--yes")
    return out


@pytest.fixture(scope="module")
def results(report):
    told = json.loads((report / "report.json").read_text())
    return {one["student"]: one for one in told["results"]}


@pytest.mark.published("02", "03")
def test_points_are_those_that_the_answers_deserve(report):
    earned = {row["student"]: int(row["earned"]) for row in rows(report, "summary.csv")}
    assert earned == EARNED


def test_what_was_handed_in_beside_is_given_and_listed(results, report):
    assert results["helper"]["beside"] == ["mine/__init__.py", "mine/conv.py"]
    assert results["table"]["beside"] == ["k.json"]
    assert results["printer"]["beside"] == []
    assert json.loads((report / "report.json").read_text())["run"]["unplaced"] == []
    assert "<code>mine/conv.py</code>" in (
        report / "feedback" / "helper.html"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("nohelper", "It imports `myconv`, which is not on this machine"),
        ("einops", "It imports `einops_of_mine`, which is not on this machine"),
        ("inside", "It imports `einops_of_mine`, which is not on this machine"),
        ("nofile", "It opens `k.csv`, which was not handed in."),
        ("gpu", "It asks for a GPU"),
        ("newer", f"the notebook was last saved with Python {NEWER[:-2]}."),
    ],
)
def test_what_a_program_cannot_judge_is_to_be_looked_at_by_hand(
    results, report, student, words
):
    (told,) = results[student]["by_hand"]
    assert words in told
    assert told.endswith("Up to 2 points hang on it.")
    page = (report / "index.html").read_text(encoding="utf-8")
    shown = page.partition("Look at these by hand")[2].partition("</section>")[0]
    assert f'href="feedback/{student}.html"' in shown


def test_nobody_else_is(results, report):
    looked = {name for name, one in results.items() if one["by_hand"]}
    assert looked == {"nohelper", "einops", "inside", "nofile", "gpu", "newer"}
    page = (report / "index.html").read_text(encoding="utf-8")
    shown = page.partition("Look at these by hand")[2].partition("</section>")[0]
    assert 'href="feedback/broken.html"' in shown
    assert 'href="feedback/typo.html"' not in shown


def test_a_loss_that_may_follow_from_another_is_marked(report):
    page = (report / "feedback" / "follows.html").read_text(encoding="utf-8")
    assert page.count("Perhaps this loss follows from another task") == 1
    assert "uses <code>max_pool2d</code>, which did not pass" in page
    assert "(perhaps follows from max_pool2d)" in (report / "index.html").read_text()


@pytest.mark.parametrize("student", sorted(CLASS))
def test_check_and_grade_agree_on_the_same_folder(hard, results, student):
    judged = check_file(hard / student / "03_pooling.ipynb")
    assert {one.task: one.verdict.status for one in judged.results} == {
        one["task"]: one["status"] for one in results[student]["tasks"]
    }

"""A lesson with its extras, and without."""

import re

import pytest

from cnnlib.settings import Settings
from tests.tools.conftest import GOOD, write
from tools.build import build, extras, rules, source
from tools.build.build import ROOT, load_draft
from tools.build.course import Course
from tools.minutes import workload

LONGER = GOOD.replace(
    "# %% [markdown]\n# ## When it breaks\n",
    """\
# %% [markdown]
# Words that stay.
#
# A paragraph that is extra, <!-- extra -->
# to its end.
#
# ## More of it <!-- extra -->
#
# Extra words.

# %%
more = 3

# %% [markdown]
# ### Deeper
#
# Still extra.
#
# ## Another section
#
# Kept.

# %% tags=["extra"]
another = 4

# %% [markdown] tags=["extra"]
# An extra text.

# %%
one + 1

# %% [markdown]
# ## When it breaks
""",
)


@pytest.fixture
def both(course):
    whole = source.read(write(course.root, "01_sums", LONGER))
    return whole, extras.short(whole)


def test_the_short_form_has_what_is_not_marked(both):
    _, short = both
    text = "\n".join(cell.text for cell in short.cells)
    for kept in ("Words that stay.", "## Another section\n\nKept.", "one + 1"):
        assert kept in text
    for extra in ("extra", "to its end", "More of it", "Deeper", "more =", "another ="):
        assert extra not in text.lower()
    assert "" not in [cell.text for cell in short.cells]


def test_ids_are_those_of_the_whole_form(both):
    whole, short = both
    ids = {cell.id: cell for cell in whole.cells}
    assert [cell.id for cell in short.cells if cell.id in ids] == [
        cell.id for cell in short.cells
    ]
    assert next(c.id for c in short.cells if c.text == "one + 1").startswith(
        "01-another-section"
    )


def test_the_whole_form_shows_no_mark(both, course, monkeypatch):
    monkeypatch.setattr(build, "settings", Settings)
    assert extras.short(both[1]) is both[1]
    notebook = load_draft(both[0].path, course).notebook
    assert "<!--" not in "".join(cell.source for cell in notebook.cells)
    assert not any("extra" in cell.metadata.get("tags", []) for cell in notebook.cells)
    assert "A paragraph that is extra,\nto its end." in "".join(
        cell.source for cell in notebook.cells
    )


def test_the_headings_that_are_left_out_are_told(both):
    assert extras.left_out(both[0]) == ["More of it", "Deeper"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("one + 1", "more + 1", "lacks `more`, which the extra cell in line"),
        ("one + 1", "[more for i in range(2)]", "lacks `more`"),
        ("one + 1", "def f():\n    return another", "lacks `another`"),
        ("more = 3", "one = 3", "lacks `one`"),
        ("more = 3", "import os as one", "lacks `one`"),
        ("# ## When it breaks", "# ## When it breaks <!-- extra -->", "no section"),
        ("# ## Another", "# #### Another", "skips a level"),
    ],
)
def test_what_would_break_without_the_extras_is_refused(course, old, new, message):
    text = LONGER.replace(f"# ### Deeper\n#\n# Still extra.\n#\n{old}", new)
    text = text.replace(old, new)
    lesson = source.read(write(course.root, "01_sums", text))
    found = [str(problem) for problem in rules.problems(lesson, course)]
    assert any(message in problem for problem in found), found


@pytest.mark.parametrize(
    ("code", "uses"),
    [
        ("y = x\nz = y", {"x"}),
        ("def f(a, b=k):\n    c = a\n    return c + d", {"k", "d"}),
        ("for i in range(3):\n    t = i\n    print(t, u)", {"u"}),
        ("total += 1", {"total"}),
        ("try:\n    a()\nexcept ValueError as error:\n    print(error)", {"a"}),
        ("[n for n in ns if n > m]", {"ns", "m"}),
        ("if q:\n    w = 1\nelse:\n    w = 2\nw", {"q"}),
        ("f(lambda v: v + e)", {"f", "e"}),
    ],
)
def test_names_that_a_cell_takes_from_above(code, uses):
    assert extras.names(code)[0] == uses


def unchecked(cells):
    """Return the worked examples that are not compared before the next is asked for."""
    found, last = [], ""
    for cell in cells:
        for name, check in re.findall(
            r'worked_example\("([\w-]+)|(\.check)\(', cell.text
        ):
            found += [last] if name and last else []
            last = "" if check else name
    return {*found, *([last] if last else [])}


@pytest.mark.parametrize("path", Course(ROOT).sources(), ids=lambda path: path.stem)
def test_the_short_form_compares_each_example_that_it_shows(path):
    """As the whole form does: a picture alone would leave a number unchecked."""
    whole = source.read(path)
    assert unchecked(extras.short(whole).cells) <= unchecked(whole.cells)


def test_an_example_that_is_not_compared_is_seen():
    text = 'example = worked_example("a")\nexample'
    assert unchecked([source.Cell("code", text, 1)]) == {"a"}
    both = f"{text}\nexample.check(1)"
    assert unchecked([source.Cell("code", both, 1)]) == set()


def test_lesson_03_is_taught_in_25_minutes_without_its_extras():
    """And says so, and a check points to no section that it has not."""
    path = ROOT / "lessons" / "03_pooling.py"
    short = extras.short(source.read(path))
    assert "**Time:** 25 minutes" in short.cells[0].text
    assert workload(path).minutes >= 60
    assert [str(one) for one in rules.problems(short, Course(ROOT))] == []

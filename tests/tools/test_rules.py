"""The conventions for lesson text: one good lesson, and each way to break one."""

import pytest

from tests.tools.conftest import GOOD, line_of, write
from tools.build import rules, source
from tools.build.build import load_draft
from tools.build.problems import LessonError


def problems(course, text, stem="01_sums"):
    return rules.problems(source.read(write(course.root, stem, text)), course)


def test_the_good_lesson_has_no_problem(course):
    assert problems(course, GOOD) == []


LONG = "# " + "word " * 16
BREACHES = [
    # the opening
    ("# # 01 Sums", "# # 02 Sums", "# # 02", "the title is '# 01 Title'"),
    ("# # 01 Sums", "# # 01", "# # 01", "the title is '# 01 Title'"),
    ("# # 01 Sums\n#\n", "# Hi\n#\n# # 01 Sums\n", "# Hi", "starts with a Markdown"),
    ("# # 01 Sums", "# ## 01 Sums", "# ## 01", "skips a level"),
    ("5 minutes", "a while", "# # 01", "**Time:** N minutes"),
    ("5 minutes", "0 minutes", "# # 01", "**Time:** N minutes"),
    ("After this", "Before this", "# # 01", "no goals"),
    ("# 2. print;\n", "", "# After this", "2 goals"),
    ("How much is one?", "One.", "# After this", "begins with a question"),
    ('# %% tags=["folded"]\n"a picture"\n\n', "", "# After this", "draws a picture"),
    (
        "# After",
        "# x\n\n" + "# %%\n1\n\n" * 4 + "# %% [markdown]\n# After",
        "# After this",
        "one of the first 7 cells",
    ),
    # headings and sections
    ("# Text.", "# # Another", "# # Another", "a second title"),
    (
        "# Text.",
        "# #### Deep",
        "# #### Deep",
        "skips a level: the heading before has 2",
    ),
    ("# Text.", "# ###", "# ###", "a heading without words"),
    ("When it breaks", "Breaking", "# ## What to", "no section '## When it breaks'"),
    ("What to remember", "End", "# ## End", "the last section is"),
    ("# Sums.", "# ## More", "# ## What", "the last section is"),
    ("# Text.", "# Text\n# ----", "# ----", "underline"),
    ("# Text.", "# Text\n# ===", "# ===", "underline"),
    # prose
    ("# Text.", "#", "#\n\n# %% id", "an empty cell"),
    ("# Text.", LONG.strip(), "# word", "81 columns wide; lesson text has 79"),
    ("# Text.", "# a\tb", "# a\t", "a tab"),
    ("# Text.", "# ![](data:image/png;base64,AA)", "# ![]", "without alt text"),
    ("# Text.", '# a\n# <img src="#" alt=" ">', "# <img", "without alt text"),
    ("# Text.", "# ![a](https://x.org/a.png)", "# ![a]", "load 'https://x.org/a.png'"),
    ("# Text.", "# [b](02_none.ipynb)", "# [b]", "leads to no notebook"),
    ("# Text.", "# <details>\n# a", "# <details>", "come in fours"),
    (
        "# Text.",
        "# <details><summary>A</summary>\n# b\n# </details>",
        "# <details>",
        "empty line",
    ),
    (
        "# Text.",
        "# **Predict.** Who?\n\n# %% [markdown]\n# T",
        "# **Predict.** Who",
        "is code that answers",
    ),
    # code
    ("one + one", "# only words", "# only words", "an empty cell"),
    ("one + one", "one +", "one +", "not plain Python"),
    ("one + one", "one\n%time one", "%time", "not plain Python"),
    ("one + one", "one\n!ls", "!ls", "not plain Python"),
    ("one + one", "print?", "print?", "not plain Python"),
    ("one + one", "1\nawait one", "await", "not plain Python"),
    ("one + one", '1\n"\\d"', '"\\d"', "not plain Python"),
    ("one + one", "one\n\nplt.show()", "plt.show()", "no plt.show()"),
    ("one + one", 'plt.rcParams["a"] = 1', "plt.rc", "no rcParams"),
    ("one + one", "from math import *", "from math", "no star imports"),
    ("one + one", "one\ninput()", "input()", "no input()"),
    ("one + one", "one\none + one;", "one + one;", "a ';' at the end"),
    ("one + one", "'é' ; # why", "'é'", "a ';' at the end"),
    ("one + one", "one\n# NBVAL_SKIP", "# NBVAL_SKIP", "mark the cell in its header"),
    ("one + one", "one\n" * 13, "one\none", "13 lines of code"),
]


@pytest.mark.parametrize(("old", "new", "place", "message"), BREACHES)
def test_a_breach_is_named_with_its_line(course, old, new, place, message):
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    found = [p for p in problems(course, text) if message in p.message]
    assert found, problems(course, text)
    assert found[0].path == "lessons/01_sums.py"
    assert found[0].line == line_of(text, place)


ALLOWED = [
    ("# Text.", "# | a | " + "b" * 90 + " |"),
    ("# Text.", "# See https://example.org/" + "b" * 90),
    ("# Text.", "# [this](01_sums.ipynb#Adding-two), [that](https://x.org), [up](#x)"),
    ("# Text.", "# `![](https://x.org/a.png)` and\n# ```\n# <img src='b'>\n# ```"),
    ("# Text.", "# a < b and `<details>`\n#\n# ---"),
    ("# Text.", "# <details><summary>A</summary>\n#\n# b\n#\n# </details>"),
    (
        "# Text.",
        "# **Predict.** Why?\n#\n# <details><summary>A</summary></details>"
        "\n\n# %% [markdown]\n# More.",
    ),
    ("one + one", "one\n" * 12),
    ("one + one", "a = 1; b = 2\nprint('a;')  # ; not the end"),
    ("one + one", "x = [\n    one,\n\n    2,\n]\n\nx"),
    ("one + one", "figure.show(1)"),
]


@pytest.mark.parametrize(("old", "new"), ALLOWED)
def test_what_looks_like_a_breach_and_is_none(course, old, new):
    assert GOOD.count(old) == 1
    assert problems(course, GOOD.replace(old, new)) == []


def test_two_lessons_with_one_number_are_refused(course):
    write(course.root, "01_other", GOOD)
    (problem,) = problems(course, GOOD)
    assert "01_other.py has the number 01, too" in problem.message


def test_all_problems_come_at_once(course):
    text = GOOD.replace("5 minutes", "").replace("one + one", "one +")
    text = text.replace('id="the-print"', 'color="red"')
    path = write(course.root, "01_sums", text)
    with pytest.raises(LessonError) as raised:
        load_draft(path, course)
    lines = [problem.line for problem in raised.value.problems]
    places = ["# # 01", "one +", "color"]
    assert lines == [line_of(text, place) for place in places]

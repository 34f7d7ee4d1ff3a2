"""Lesson text to cells: ids, tags, line numbers, and what is refused."""

import pytest

from tests.tools.conftest import GOOD, line_of, write
from tools.build import source
from tools.build.problems import LessonError


def test_ids_come_from_number_heading_and_place(course):
    lesson = source.read(course.sources()[0])
    assert lesson.problems == []
    assert [cell.id for cell in lesson.cells] == [
        "01-sums-1",
        "01-sums-2",
        "01-sums-3",
        "01-sums-4",
        "01-sums-5",
        "01-adding-two-1",
        "01-adding-two-2",
        "01-adding-two-3",
        "01-the-print",
        "01-adding-two-5",
        "01-when-it-breaks-1",
        "01-when-it-breaks-2",
        "01-what-to-remember-1",
    ]


def test_cells_know_kind_text_tags_and_line(course):
    cells = source.read(course.sources()[0]).cells
    assert [cell.kind[0] for cell in cells] == list("mmcmcmcmccmcm")
    assert cells[8].text == 'print("two\\nlines")'
    assert cells[9].tags == ("nbval-ignore-output",)
    assert cells[5].text.startswith("## Adding two\n\n**Predict.**")
    for cell in cells:
        assert cell.text.split("\n")[0] in GOOD.split("\n")[cell.line - 1]


def test_comments_stay_comments(course):
    code = "# copy this\n# ls\n# %time one\n# !ls\n# +\none = 1  # one\n# -"
    lesson = source.read(write(course.root, "01_sums", GOOD.replace("one = 1", code)))
    assert lesson.cells[4].text == code


def test_an_edit_below_a_heading_leaves_other_sections_ids_alone(course):
    before = {cell.id for cell in source.read(course.sources()[0]).cells}
    text = GOOD.replace(
        "# %% [markdown]\n# Text.", "# %%\n2\n\n# %% [markdown]\n# Text."
    )
    after = {cell.id for cell in source.read(write(course.root, "01_sums", text)).cells}
    assert after != before
    assert all("adding-two" in name for name in after ^ before)


def test_headings_inside_code_fences_name_nothing(course):
    text = GOOD.replace("# Text.", "# ```\n# # a comment\n# ```")
    lesson = source.read(write(course.root, "01_sums", text))
    assert "01-adding-two-3" in [cell.id for cell in lesson.cells]


def test_a_cell_with_two_headings_belongs_to_the_first_and_opens_the_second(course):
    text = GOOD.replace("# Text.", "# ## Third\n#\n# ### Fourth")
    ids = [cell.id for cell in source.read(write(course.root, "01_sums", text)).cells]
    assert ids[7:10] == ["01-third-1", "01-the-print", "01-fourth-2"]


def test_a_lesson_may_say_that_it_needs_mnist(course):
    assert source.read(course.sources()[0]).needs == frozenset()
    path = write(course.root, "01_sums", "# needs: mnist\n\n" + GOOD)
    lesson = source.read(path)
    assert lesson.needs == {"mnist"}
    assert lesson.problems == []
    assert lesson.cells[0].line == 4


REFUSED = [
    ("# %%\none = 1", "# %% A title\none = 1", "a cell starts with"),
    ("# %%\none = 1", "#%%\none = 1", "a cell starts with"),
    ("# %%\none = 1", "# %%%\none = 1", "a cell starts with"),
    ("one = 1", "if 1:\n    # %% one\n    one = 1", "a cell starts with"),
    ("one = 1", "one = 1\n# In[2]:", "a cell starts with"),
    ("# %%\none = 1", "# %% [raw]\n# one = 1", "a cell starts with"),
    ("# %%\none = 1", '# %% name="a"\none = 1', "unknown in a cell header: name"),
    ("# %%\none = 1", "# %% tags=[a]\none = 1", "a cell starts with"),
    ("# %%\none = 1", '# %% tags="a"\none = 1', "tags are a list"),
    ("# %%\none = 1", '# %% tags=["nbval-skip"]\none = 1', "unknown tag 'nbval-skip'"),
    ("# %%\none = 1", '# %% id="a" id="b"\none = 1', "twice in a cell header: id"),
    ("# %%\none = 1", '# %% id=["a"]\none = 1', "an id is lower-case"),
    ("# %%\none = 1", '# %% id="A b"\none = 1', "an id is lower-case"),
    ("# %%\none = 1", "# %% id=7\none = 1", "a cell starts with"),
    (
        "# %% [markdown]\n# Text.",
        '# %% [markdown] tags=["raises-exception"]\n# Text.',
        "is a tag for code cells",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), REFUSED)
def test_a_malformed_header_is_named_with_its_line(course, old, new, message):
    text = GOOD.replace(old, new)
    (problem,) = source.read(write(course.root, "01_sums", text)).problems
    assert message in problem.message
    assert problem.path == "lessons/01_sums.py"
    assert "%" in text.split("\n")[problem.line - 1] or "In[" in new
    assert 0 <= problem.line - line_of(text, new) <= new.count("\n")


def test_the_same_id_twice_names_both_lines(course):
    text = GOOD.replace("# %%\none + one", '# %% id="the-print"\none + one')
    (problem,) = source.read(write(course.root, "01_sums", text)).problems
    assert problem.line == line_of(text, "print(")
    assert f"line {line_of(text, 'one + one')}" in problem.message


def test_an_id_that_a_heading_makes_is_taken(course):
    text = GOOD.replace('id="the-print"', 'id="sums-2"')
    (problem,) = source.read(write(course.root, "01_sums", text)).problems
    assert "'01-sums-2' is taken" in problem.message


def test_two_headings_with_one_name_are_refused(course):
    text = GOOD.replace("# Text.", "# ### Adding: two!")
    (problem,) = source.read(write(course.root, "01_sums", text)).problems
    assert problem.line == line_of(text, "Adding: two!")
    assert f"line {line_of(text, '## Adding two')}" in problem.message


def test_ids_fit_into_nbformats_64_characters(course):
    long = "A very long heading that goes on " * 4
    lesson = source.read(
        write(course.root, "01_sums", GOOD.replace("# Text.", f"# ### {long}"))
    )
    assert max(len(cell.id) for cell in lesson.cells) <= 64
    assert "01-a-very-long-heading-that-goes-on-a-very-long-1" in {
        cell.id for cell in lesson.cells
    }
    slug = "-".join(["word"] * 14)
    text = GOOD.replace("the-print", slug)
    (problem,) = source.read(write(course.root, "01_sums", text)).problems
    assert "over 64 characters" in problem.message


def test_text_before_the_first_cell_is_refused(course):
    text = "# ---\n# jupyter: x\n# ---\n" + GOOD
    problems = source.read(write(course.root, "01_sums", text)).problems
    assert [problem.line for problem in problems] == [1, 2, 3]


def test_an_uncommented_markdown_line_is_refused(course):
    text = GOOD.replace("# Text.", "# Text.\nmore text")
    (problem,) = source.read(write(course.root, "01_sums", text)).problems
    assert problem.line == line_of(text, "more text")


@pytest.mark.parametrize("name", ["1_sums", "sums", "01_Sums", "01-sums"])
def test_a_file_name_has_two_digits_and_words(course, name):
    (problem, *_) = source.read(write(course.root, name, GOOD)).problems
    assert "NN_topic.py" in problem.message
    assert str(problem).startswith(f"lessons/{name}.py: ")


def test_text_without_cells_or_not_text_cannot_be_read(course):
    with pytest.raises(LessonError, match="no cells"):
        source.read(write(course.root, "02_none", "one = 1\n"))
    path = write(course.root, "02_none", "")
    path.write_bytes(b"# %%\n'\xff'\n")
    with pytest.raises(LessonError, match="not UTF-8"):
        source.read(path)


def test_a_header_inside_a_string_is_told(course):
    text = GOOD.replace("one = 1", 'one = """\n# %%\n"""')
    with pytest.raises(LessonError, match="inside a string"):
        source.read(write(course.root, "01_sums", text))


def test_problems_print_in_the_order_of_their_lines(course):
    lesson = source.read(course.sources()[0])
    error = LessonError([lesson.problem(9, "b"), lesson.problem(2, "a")])
    assert str(error) == "lessons/01_sums.py:2: a\nlessons/01_sums.py:9: b"

"""What a fork may set in ``course.toml``, and what comes of it for the tasks."""

import pytest

from cnnlib.checks.registry import every_question, questions, weighted
from cnnlib.settings import FILE, NEWEST, Settings, parsed, settings

EVERY = every_question()


def test_nothing_set_is_the_course_as_it_is_written():
    assert parsed("") == Settings() == Settings(True, NEWEST, {})
    assert weighted(EVERY, {}) == EVERY
    assert Settings().at_release == ""


def test_the_file_that_is_there_is_what_the_questions_follow():
    assert settings() == parsed(FILE.read_text("utf-8"))
    kept = [name for name in EVERY if settings().points.get(name, 1)]
    assert list(questions()) == kept


def test_all_three_can_be_set():
    text = 'extras = "no"\nrelease = "v1.0"\n[points]\nflatten = 3\nconv2d = 0\n'
    made = parsed(text)
    assert made == Settings(False, "v1.0", {"flatten": 3, "conv2d": 0})
    assert made.at_release == "@v1.0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extras = yes", "no TOML"),
        ("extras = true", '"yes" or "no", not True'),
        ('extra = "no"', "'extra'; legal are"),
        ('release = "a b"', "no branch, tag or commit"),
        ('release = "--upload-pack=x"', "no branch, tag or commit"),
        ('release = "term/2026"', "no branch, tag or commit"),
        ("points = 5", "is a table, not 5"),
        ("[points]\nflatten = 1.5", "points of flatten are a whole number"),
        ("[points]\nflatten = -1", "points of flatten are a whole number"),
        ("[points]\nflatten = true", "points of flatten are a whole number"),
    ],
)
def test_what_is_not_legal_is_said(text, message):
    with pytest.raises(ValueError, match=message):
        parsed(text)


def test_a_task_with_no_points_is_left_out_and_the_others_are_as_before():
    made = weighted(EVERY, {"edge_then_pool": 0})
    assert list(made) == [name for name in EVERY if name != "edge_then_pool"]
    assert all(made[name] is EVERY[name] for name in made)


@pytest.mark.parametrize("name", [n for n, q in EVERY.items() if q.parts])
@pytest.mark.parametrize("more", [1, 3])
def test_parts_share_other_points_in_halves(name, more):
    points = EVERY[name].points + more
    made = weighted(EVERY, {name: points})[name]
    shares = [part.points for part in made.parts]
    assert sum(shares) == made.points == points
    assert all(share >= 0.5 and share % 0.5 == 0 for share in shares)
    exact = [part.points / EVERY[name].points * points for part in EVERY[name].parts]
    assert max(abs(a - b) for a, b in zip(shares, exact, strict=True)) < 1
    assert [p.name for p in made.parts] == [p.name for p in EVERY[name].parts]


def test_too_few_points_for_its_parts_make_a_task_all_or_nothing():
    assert len(EVERY["max_pool2d"].parts) == 4
    assert weighted(EVERY, {"max_pool2d": 1})["max_pool2d"].parts == ()
    made = weighted(EVERY, {"max_pool2d": 2})["max_pool2d"]
    assert [part.points for part in made.parts] == [0.5] * 4


def test_points_of_a_task_that_there_is_not_are_refused():
    with pytest.raises(ValueError, match="'conv3d', which is no task"):
        weighted(EVERY, {"conv3d": 2})

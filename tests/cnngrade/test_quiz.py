"""A quiz is drawn as asked for, the same each time, and gives nothing away."""

import re
import zipfile
from itertools import pairwise

import pytest
from typer.testing import CliRunner

from cnngrade.cli.student_commands import app
from cnngrade.quiz.draw import (
    SECRET_VARIABLE,
    Key,
    QuizError,
    item_id,
    make_quiz,
    read_key,
    read_names,
    told_repeats,
)
from cnngrade.quiz.words import inline
from cnngrade.quiz.write import write_quiz
from cnnlib.practice import items
from cnnlib.practice.registry import kinds

SECRET = "a secret of this test alone"
LONG_SEED = 987654321


@pytest.fixture(autouse=True)
def _no_secret(monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)


KEY = Key(5)


def drawn(key=KEY, many=2, **asked):
    names, _ = read_names(many, "")
    return make_quiz(key, names, **asked)


def asked(quiz):
    return [[item_id(item) for item in place.items] for place in quiz.places]


# ---- what is drawn ----------------------------------------------------------------


def test_lessons_share_the_places():
    quiz = drawn(lessons=["02", "03"], count_items=12)
    lessons = [place.items[0].lesson for place in quiz.places]
    assert lessons == ["02"] * 6 + ["03"] * 6
    assert len({place.kind for place in quiz.places}) == 12
    assert [place.number for place in quiz.places] == list(range(1, 13))
    assert quiz.title == "Quiz on lessons 02 and 03"


def test_lessons_in_a_row_are_a_span_in_the_title():
    assert drawn(count_items=10).title.split()[3:] == ["00", "to", "09"]


def test_a_kind_comes_again_only_after_all_others():
    quiz = drawn(lessons=["06"], count_items=7)
    names = [place.kind for place in quiz.places]
    assert set(names) == set(items(["06"]))
    first, second = (place for place in quiz.places if names.count(place.kind) == 2)
    assert not {*map(item_id, first.items)} & {*map(item_id, second.items)}


def test_kinds_are_taken_in_their_order_at_the_level_asked_for():
    quiz = drawn(only=["max-pool", "pixel"], level=3)
    assert [place.kind for place in quiz.places] == ["max-pool", "pixel"]
    assert {item.level for place in quiz.places for item in place.items} == {3}


def test_the_same_key_gives_the_same_quiz_and_no_other_does():
    one = asked(drawn(Key(5)))
    assert one == asked(drawn(Key(5)))
    others = [Key(6), Key(5, b"a secret"), Key(5, b"another one")]
    assert all(asked(drawn(key)) != one for key in others)
    assert asked(drawn(others[1])) != asked(drawn(others[2]))


def test_variants_do_not_change_when_more_are_drawn():
    few, many = asked(drawn(many=3)), asked(drawn(many=9))
    assert [row[:3] for row in many] == few


@pytest.mark.parametrize("kind", ["window-sum", "how-many-layers"])
def test_each_variant_is_another_item_as_long_as_there_are_some(kind):
    quiz = drawn(many=40, only=[kind])
    (place,) = quiz.places
    different = len(place.different)
    ids = [item_id(item) for item in place.items]
    assert len(set(ids[:different])) == different
    told = told_repeats(quiz)
    assert told == (
        []
        if different == 40
        else [f"Item 1 ({kind}) has {different} different versions for 40 variants."]
    )
    assert (different == 40) == (kind == "window-sum")


def test_every_kind_can_be_in_a_quiz():
    quiz = drawn(many=1, only=list(kinds()))
    assert [place.kind for place in quiz.places] == list(kinds())


def test_neighbours_differ_where_items_come_again():
    (place,) = drawn(many=200, only=["how-many-layers"], level=1).places
    assert len(place.different) < 100
    ids = [item_id(item) for item in place.items]
    assert not any(one == other for one, other in pairwise(ids))


def test_sheets_of_a_large_class_are_all_different():
    quiz = drawn(many=300, lessons=["00", "05"], count_items=4)
    sheets = {tuple(item_id(i) for i in quiz.sheet(v)) for v in range(300)}
    assert len(sheets) == 300


# ---- what does not fit ------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            {"lessons": ["02", "12"]},
            "There are no items for lesson 12; there are for 00",
        ),
        ({"lessons": ["2"]}, 'Lessons are written as "03"'),
        ({"only": ["max-pool", "maxpool"]}, "There is no kind of item maxpool; the"),
        ({"level": 4}, "A level is 1, 2 or 3, but it is 4."),
        ({"count_items": 201}, "A quiz has 1 to 200 items, but 201 are asked for."),
        ({"count_items": 0}, "A quiz has 1 to 200 items, but 0 are asked for."),
        ({"count_items": -1}, "A quiz has 1 to 200 items, but -1 are asked for."),
        ({"many": 2001}, "1 to 2000 variants, but 2001 are asked for"),
    ],
)
def test_what_was_expected_and_what_came(wrong, told):
    with pytest.raises(QuizError, match=re.escape(told)):
        drawn(**wrong)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file"),
        ("", "A name in each line was expected, but"),
        ("Anna\nBen\n Anna \n", "Anna stands more than once"),
    ],
)
def test_a_list_of_students_that_does_not_do(tmp_path, text, told):
    path = tmp_path / "students.txt"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(QuizError, match=told):
        read_names(0, str(path))


def test_students_by_name_and_by_number(tmp_path):
    path = tmp_path / "students.txt"
    path.write_text("\ufeffAnna  Maier\n\nBen Öz\n", encoding="utf-8")
    assert read_names(0, str(path)) == (("Anna Maier", "Ben Öz"), True)
    assert read_names(0, "3") == (("1", "2", "3"), False)
    assert read_names(28, "")[0][-2:] == ("AA", "AB")


@pytest.mark.parametrize("text", ["", "short", None])
def test_a_secret_that_is_none(tmp_path, text):
    path = tmp_path / "secret.txt"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    told = "cannot be read" if text is None else "A secret has at least 16 characters"
    with pytest.raises(QuizError, match=told):
        read_key(3, path)


def test_where_a_secret_comes_from(tmp_path, monkeypatch):
    path = tmp_path / "secret.txt"
    path.write_text(SECRET + "\n", encoding="utf-8")
    from_file = read_key(3, path)
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    assert read_key(3, None) == from_file == Key(3, SECRET.encode())
    assert read_key(None, None).seed == 1
    monkeypatch.setenv(SECRET_VARIABLE, "too short")
    with pytest.raises(QuizError, match=f"{SECRET_VARIABLE} has 9"):
        read_key(3, None)


def test_without_a_seed_chance_draws_one():
    assert len({read_key(None, None).seed for _ in range(5)}) == 5


# ---- what gives nothing away ------------------------------------------------------


@pytest.mark.parametrize("to", ["moodle", "gift", "canvas", "html"])
def test_neither_secret_nor_seed_is_in_what_students_get(tmp_path, to):
    key = Key(LONG_SEED, SECRET.encode())
    quiz = drawn(key, lessons=["02"], count_items=3)
    files = write_quiz(quiz, to, tmp_path, key)
    for path in files:
        data = path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                data = b"".join(map(archive.read, archive.namelist()))
        assert SECRET.encode() not in data
        hers = path.stem in ("key", "marking")
        assert (str(LONG_SEED).encode() in data) == (hers and path.suffix == ".html")


def test_a_sheet_has_no_answer(tmp_path):
    quiz = drawn(only=["output-size", "max-pool", "kernel-effect"], many=1)
    write_quiz(quiz, "html", tmp_path, Key(5))
    sheet = (tmp_path / "sheet-A.html").read_text("utf-8")
    key = (tmp_path / "key.html").read_text("utf-8")
    for item in quiz.sheet(0):
        assert inline(item.text) in sheet
        is_choice = item.form == "choice"  # its right option is the last step
        for step in item.steps[: -1 if is_choice else None]:
            assert step[:25] not in sheet
        for option in item.wrong:
            assert option.sentence[:30] not in sheet
    assert "Step by step" in key


def test_a_name_stands_on_its_sheet_and_cannot_be_code(tmp_path):
    names = ("Anna", '<b>"Ben"} a { x: y; }')
    quiz = make_quiz(Key(5), names, only=["pixel"], people=True)
    write_quiz(quiz, "html", tmp_path, Key(5))
    text = (tmp_path / "sheets.html").read_text("utf-8")
    assert "<b>Anna</b>" in text
    assert "<b>&lt;b&gt;&#34;Ben&#34;} a { x: y; }</b>" in text
    style = text.partition("</style>")[0]
    assert "} a {" not in style


# ---- the command ------------------------------------------------------------------


def run(*arguments):
    return CliRunner().invoke(app, ["quiz", *arguments])


@pytest.mark.parametrize(
    ("to", "files"),
    [
        ("moodle", {"quiz.xml"}),
        ("gift", {"quiz.gift"}),
        ("canvas", {"quiz.zip"}),
        ("html", {"key.html", "marking.csv", "marking.html", "sheet-A.html"}),
    ],
)
def test_the_command_writes_and_tells(tmp_path, to, files):
    out = tmp_path / "new" / "folder"
    many = ["--lessons", "02, 03", "--items", "3", "--seed", "7"]
    result = run("--to", to, *many, "--out", str(out))
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == files
    told = " ".join(result.output.split())
    assert "Drawn from seed 7: whoever knows it can draw the same quiz" in told
    assert all(name in told.replace(" ", "") for name in files)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--lessons", "17"], "There are no items for lesson 17"),
        (["--variants", "2", "--students", "4"], "one of them is expected"),
        (["--secret", "no such file"], "cannot be read"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, arguments, told):
    result = run("--to", "html", "--out", str(tmp_path / "out"), *arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()

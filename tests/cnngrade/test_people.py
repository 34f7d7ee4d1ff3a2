"""Who is who from one zip to the next: never guessed, never split without need."""

import pytest

from cnngrade.class_run.people import Known, settled


def weeks(*batches):
    """Return what each batch's students are called, as a report takes them in turn."""
    before, called = [], []
    for batch in batches:
        new = [Known(*one) for one in batch]
        names = settled(before, new)
        before += [
            Known(name, one.lesson, one.platform_id)
            for name, one in zip(names, new, strict=True)
        ]
        called.append(names)
    return called


def test_a_name_alone_is_the_same_student_every_week():
    assert weeks([("Ann", "02")], [("Ann", "03"), ("Bob", "03")]) == [
        ["Ann"],
        ["Ann", "Bob"],
    ]


def test_moodles_number_is_of_one_assignment_alone():
    first, second = [("Ann", "02", "moodle 11")], [("Ann", "03", "moodle 87")]
    assert weeks(first, second) == [["Ann"], ["Ann"]]


def test_another_number_in_the_same_assignment_is_another_student():
    first, late = [("Ann", "02", "moodle 11")], [("Ann", "02", "moodle 12")]
    assert weeks(first, late) == [["Ann"], ["Ann (12)"]]
    assert weeks(first, late, first, late)[2:] == [["Ann"], ["Ann (12)"]]


def test_canvas_numbers_hold_in_all_assignments():
    first = [("leekim", "02", "canvas 3")]
    other = [("leekim", "03", "canvas 4")]
    again = [("leekim", "04", "canvas 3")]
    assert weeks(first, other, again) == [["leekim"], ["leekim (4)"], ["leekim"]]


def test_two_of_a_name_are_told_apart_in_each_order():
    both = [("Kim Lee (3)", "02", "canvas 3"), ("Kim Lee (4)", "02", "canvas 4")]
    one = [("Kim Lee", "03", "canvas 4")]
    assert weeks(both, one) == [["Kim Lee (3)", "Kim Lee (4)"], ["Kim Lee (4)"]]
    assert weeks(one, both) == [["Kim Lee"], ["Kim Lee (3)", "Kim Lee"]]


def test_where_moodle_cannot_tell_two_of_a_name_nobody_is_guessed():
    both = [("Kim Lee (3)", "02", "moodle 3"), ("Kim Lee (4)", "02", "moodle 4")]
    one = [("Kim Lee", "03", "moodle 77")]
    assert weeks(both, one)[1] == ["Kim Lee (77)"]
    mail = [("Kim Lee", "03")]
    assert weeks(both, mail)[1] == ["Kim Lee"]
    assert weeks([("Kim Lee", "02", "moodle 3")], both_of("03"))[1] == [
        "Kim Lee (8)",
        "Kim Lee (9)",
    ]


def both_of(lesson):
    return [
        ("Kim Lee (8)", lesson, "moodle 8"),
        ("Kim Lee (9)", lesson, "moodle 9"),
    ]


def test_a_late_file_by_mail_is_the_students_of_that_name():
    first = [("Ann", "02", "moodle 11"), ("Bob", "02", "moodle 12")]
    assert weeks(first, [("Ann", "02")], [("Bob", "03")]) == [
        ["Ann", "Bob"],
        ["Ann"],
        ["Bob"],
    ]


def test_lessons_of_one_zip_are_one_students():
    both = [("Ann (1)", "02", "moodle 1"), ("Ann (9)", "03", "moodle 9")]
    assert weeks(both) == [["Ann", "Ann"]]
    both = [("Ann (1)", "02", "canvas 1"), ("Ann (9)", "03", "canvas 9")]
    assert weeks(both) == [["Ann (1)", "Ann (9)"]]


def test_accents_stored_otherwise_make_nobody_else():
    assert weeks([("Zoe\u0301", "02")], [("Zo\xe9", "03", "moodle 2")])[1] == [
        "Zoe\u0301"
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_files_makes_no_difference(turned):
    week = [("Ann", "02", "moodle 1"), ("Kim Lee (3)", "02", "moodle 3")]
    week += [("Kim Lee (4)", "02", "moodle 4")]
    order = week[::-1] if turned else week
    names = weeks(order)[0]
    assert sorted(names) == ["Ann", "Kim Lee (3)", "Kim Lee (4)"]
    assert names == [student for student, *_ in order]

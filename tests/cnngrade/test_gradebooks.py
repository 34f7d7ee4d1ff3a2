"""Points for Moodle, Canvas and Gradescope: the right person, or nobody."""

import csv
import io
import json

import pytest

from cnngrade.export import gradebooks
from cnngrade.export.class_list import ClassListError, read_class_list
from cnnjudge.verdict import unjudged

from .examples import CLASS, HOSTILE, failed, other, passed, result

MOODLE = """\
First name,Last name,ID number,Email address,Lesson 02 (Real)
Jane,Doe,1001,jane.doe@uni.example,-
José,Núñez Ortega,1002,jose@uni.example,-
Kim,Lee,1003,kim1@uni.example,-
Kim,Lee,1004,kim2@uni.example,-
"""
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade)
Participant 501,Jane Doe,jane.doe@uni.example,Submitted,,17.00,-
Participant 502,José Núñez Ortega,j@uni.example,Submitted,9.00,17.00,"2 June, 13:00"
"""
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Lesson 02 (4711),Current Score
,,,,,Manual Posting,
    Points Possible,,,,,17.0,(read only)
"Doe, Jane",901,S1,jdoe,A,,
"Núñez Ortega, José",902,S2,jnunez,A,3.0,
"Lee, Kim",903,S3,klee,B,,
"""


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def class_of(*students: str):
    return [
        result(s, passed("a", 3), failed(unjudged("b", "failed", "no")))
        for s in students
    ]


@pytest.fixture
def listed(tmp_path):
    def write(text: str, encoding: str = "utf-8"):
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode(encoding))
        return read_class_list(path)

    return write


# --- Moodle -------------------------------------------------------------------------


def test_moodle_gradebook_has_ids_and_points(listed):
    made = gradebooks.moodle(class_of("Jane Doe", "1002"), "02", listed(MOODLE))
    assert read(made.data) == [
        {
            "First name": "José",
            "Last name": "Núñez Ortega",
            "ID number": "1002",
            "Email address": "jose@uni.example",
            "Lesson 02": "3",
        },
        {
            "First name": "Jane",
            "Last name": "Doe",
            "ID number": "1001",
            "Email address": "jane.doe@uni.example",
            "Lesson 02": "3",
        },
    ]
    assert made.absent == ("Kim Lee", "Kim Lee")
    assert made.unmatched == ()


@pytest.mark.parametrize(
    "name",
    [
        "Jane Doe",
        "DOE Jane",
        "doejane",
        "jane.doe@uni.example",
        "1001",
        "Exercise of jane.doe@uni.example",
        "doe_1001",
    ],
)
def test_names_and_ids_that_fit(listed, name):
    made = gradebooks.moodle(class_of(name), "02", listed(MOODLE))
    assert [row["ID number"] for row in read(made.data)] == ["1001"]


@pytest.mark.parametrize("name", ["Jane", "J. Doe", "Janet Doe", "100", "", "=1+1"])
def test_who_does_not_fit_is_reported(listed, name):
    made = gradebooks.moodle(class_of(name), "02", listed(MOODLE))
    assert read(made.data) == []
    assert made.unmatched == ((name, "Nobody on the class list has this id or name."),)


def test_nobody_is_chosen_between_two_of_a_name(listed):
    made = gradebooks.moodle(class_of("Kim Lee"), "02", listed(MOODLE))
    assert made.unmatched == (
        ("Kim Lee", "Several people on the class list fit: Kim Lee, Kim Lee."),
    )
    made = gradebooks.moodle(class_of("Jane Doe", "1001"), "02", listed(MOODLE))
    assert read(made.data) == []
    assert {reason for _, reason in made.unmatched} == {
        "Several submissions seem to be by Jane Doe."
    }


def test_moodle_worksheet_comes_back_as_one(listed):
    made = gradebooks.moodle(class_of("Jane Doe", "x"), "02", listed(WORKSHEET))
    assert read(made.data) == [
        {
            "Identifier": "Participant 501",
            "Full name": "Jane Doe",
            "Grade": "3",
            "Last modified (grade)": "-",
        }
    ]
    assert made.absent == ("José Núñez Ortega",)


def test_moodle_ids_of_files_go_before_names(listed):
    ids = {"Jane Doe": "502"}
    made = gradebooks.moodle(class_of("Jane Doe"), "02", listed(WORKSHEET), ids)
    (row,) = read(made.data)
    assert row["Identifier"] == "Participant 502"
    assert row["Last modified (grade)"] == "2 June, 13:00"


def test_another_maximum_in_moodle_is_noted(listed):
    made = gradebooks.moodle(class_of("Jane Doe"), "02", listed(WORKSHEET))
    assert made.notes == (
        "The assignment's maximum grade in Moodle is 17; the lesson has 8 points. Set "
        "it to that before you upload the file.",
    )


def test_moodle_without_a_list():
    rows = read(gradebooks.moodle(class_of("jdoe"), "02").data)
    assert rows == [{"Username": "jdoe", "Lesson 02": "3"}]
    ids = {"Jane Doe": "501"}
    made = gradebooks.moodle(class_of("Jane Doe", "Kim (502)", "Lee"), "02", None, ids)
    assert [row["Identifier"] for row in read(made.data)] == [
        "Participant 501",
        "Participant 502",
    ]
    assert [who for who, _ in made.unmatched] == ["Lee"]


# --- Canvas -------------------------------------------------------------------------


def test_canvas_gradebook_has_the_columns_that_canvas_wants(listed):
    found = class_of("doejane", "leekim")
    made = gradebooks.canvas(found, "02", listed(CANVAS), assignment="Lesson 02 (4711)")
    lines = made.data.decode("utf-8-sig").splitlines()
    assert lines == [
        "Student,ID,SIS User ID,SIS Login ID,Section,Lesson 02 (4711)",
        "    Points Possible,,,,,8",
        '"Doe, Jane",901,S1,jdoe,A,3',
        '"Lee, Kim",903,S3,klee,B,3',
    ]
    assert made.absent == ("José Núñez Ortega",)


def test_canvas_ids_of_files_go_before_names(listed):
    found = class_of("doejane")
    made = gradebooks.canvas(found, "02", listed(CANVAS), {"doejane": "902"})
    assert [row["ID"] for row in read(made.data)] == ["", "902"]


def test_canvas_without_a_list():
    made = gradebooks.canvas(class_of("doejane"), "02", None, {"doejane": "901"})
    assert made.data.decode("utf-8-sig").splitlines()[2] == "doejane,901,,,,3"


# --- either -------------------------------------------------------------------------


def test_only_one_lesson_and_only_what_was_judged():
    made = gradebooks.moodle(CLASS, "02")
    students = [row["Username"] for row in read(made.data)]
    assert students == ["Ann", "Bob", "Cy", "Dee", "Eve", "Fay", "Zoë"]
    assert [who for who, _ in made.unmatched] == ["Gus"]
    assert [row["Lesson 03"] for row in read(gradebooks.moodle(CLASS, "03").data)] == [
        "3"
    ]


def test_a_formula_on_the_list_is_never_written(listed):
    evil = '"=cmd()"'
    text = f"Username,First name,Last name\n{evil},Eve,X\njdoe,{evil},Doe\n"
    made = gradebooks.moodle(class_of("Eve X", "jdoe"), "02", listed(text))
    assert read(made.data) == [
        {
            "First name": "'=cmd()",
            "Last name": "Doe",
            "Username": "jdoe",
            "Lesson 02": "3",
        }
    ]
    assert made.unmatched == (
        ("Eve X", "The id of Eve X would be read as a formula by a spreadsheet."),
    )


def test_hostile_submissions_make_a_file_that_can_be_read():
    judged = [result(one.student, *one.tasks) for one in HOSTILE]
    for made in (gradebooks.moodle(judged, "02"), gradebooks.canvas(judged, "02")):
        rows = list(csv.reader(io.StringIO(made.data.decode("utf-8-sig"), newline="")))
        assert len({len(row) for row in rows}) == 1
        assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row)


def test_lists_in_other_clothes(listed):
    for text, encoding in (
        (MOODLE, "utf-8-sig"),
        (MOODLE.replace(",", ";"), "utf-8"),
        (MOODLE.replace(",", "\t"), "utf-8"),
        (MOODLE.replace("\n", "\r\n"), "utf-8"),
        (MOODLE.replace("Last name", "Surname"), "utf-8"),
    ):
        made = gradebooks.moodle(
            class_of("jose nunez ortega"), "02", listed(text, encoding)
        )
        assert [row["ID number"] for row in read(made.data)] == ["1002"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "none of its columns"),
        ("a,b\n1,2\n", "none of its columns"),
        ("Etunimi,Sukunimi\nJ,D\n", "to English, and export the list again"),
        ("\0,\0\n", "none of its columns"),
    ],
)
def test_what_is_no_class_list_is_said(listed, text, words):
    with pytest.raises(ClassListError, match=words):
        listed(text)


def test_a_list_that_cannot_be_read(tmp_path, listed):
    with pytest.raises(ClassListError, match="No such file"):
        read_class_list(tmp_path / "none.csv")
    with pytest.raises(ClassListError, match="not UTF-8"):
        listed(MOODLE, "utf-16")
    with pytest.raises(ClassListError, match="has none of them"):
        gradebooks.moodle(
            class_of("Jane Doe"), "02", listed("Full name,x\nJane Doe,\n")
        )


# --- an id that is there decides -----------------------------------------------------


def blind(*numbers: str) -> str:
    rows = "".join(f"Participant {n},No submission,,17.00,-\n" for n in numbers)
    return f"Identifier,Status,Grade,Maximum Grade,Last modified (grade)\n{rows}"


@pytest.mark.parametrize(
    ("to", "text", "student"),
    [
        ("moodle", "Identifier,Full name\nParticipant 555,Li Wei\n", "Li Wei"),
        ("moodle", "Identifier,Full name,Email address\nParticipant 555,Wei Li,l@x.y\n",
         "Li Wei"),
        ("canvas", 'Student,ID,SIS User ID,SIS Login ID,Section\n"Wei, Li",555,,,A\n',
         "weili"),
    ],
)  # fmt: skip
def test_a_name_writes_no_points_where_an_id_says_another(listed, to, text, student):
    give = gradebooks.moodle if to == "moodle" else gradebooks.canvas
    made = give(class_of(student), "02", listed(text), {student: "102"})
    people = [r for r in read(made.data) if "Points Possible" not in str(r)]
    assert people == []
    ((who, reason),) = made.unmatched
    assert who == student
    assert "is on the class list, with another number than 102" in reason
    assert made.absent == ()
    assert made.uncertain == ("Li Wei",) or made.uncertain == ("Wei Li",)
    made = give(class_of(student), "02", listed(text), {student: "0555"})
    assert made.unmatched == made.absent == made.uncertain == ()


def test_an_id_of_another_platform_says_nothing(listed):
    made = gradebooks.moodle(
        class_of("Jane Doe (502)"), "02", listed(WORKSHEET), {"Jane Doe (502)": ""}
    )
    assert [row["Identifier"] for row in read(made.data)] == ["Participant 501"]


def test_a_list_without_ids_of_the_platform_goes_by_names(listed):
    ids = {"Jane Doe": "77"}
    made = gradebooks.moodle(class_of("Jane Doe"), "02", listed(MOODLE), ids)
    assert [row["ID number"] for row in read(made.data)] == ["1001"]


def test_handed_in_nothing_is_said_only_where_it_is_so(listed):
    results = [
        *class_of("Jane Doe", "Doe Jane", "Kim Lee"),
        result("José Núñez Ortega", problem="It is damaged."),
    ]
    made = gradebooks.moodle(results, "02", listed(MOODLE + "Ada,Away,1005,a@x.y,-\n"))
    assert read(made.data) == []
    assert made.absent == ("Ada Away",)
    assert made.uncertain == ("Jane Doe", "José Núñez Ortega", "Kim Lee", "Kim Lee")


@pytest.mark.parametrize(
    "numbers", [("7",), ("77", "8"), ("1234567", "0012", "9", "10")]
)
def test_blind_marking_can_be_exported(listed, numbers):
    students = [f"Participant {number}" for number in numbers]
    ids = dict(zip(students, numbers, strict=True))
    made = gradebooks.moodle(class_of(*students), "02", listed(blind(*numbers, "99")), ids)  # fmt: skip # noqa: E501
    assert {row["Identifier"] for row in read(made.data)} == {*students}
    assert made.unmatched == ()
    assert made.absent == ("Participant 99",)


@pytest.mark.parametrize(
    "student", ["Group 1-Jane Doe", "Lab A-2-Jane Doe", "Équipe rouge-Doe Jane"]
)
def test_a_groups_name_before_a_students_is_no_part_of_it(listed, student):
    made = gradebooks.moodle(class_of(student), "02", listed(MOODLE))
    assert [row["ID number"] for row in read(made.data)] == ["1001"]
    made = gradebooks.moodle(class_of(student), "02", listed(WORKSHEET), {student: "501"})  # fmt: skip # noqa: E501
    assert [row["Identifier"] for row in read(made.data)] == ["Participant 501"]


def test_half_a_double_name_is_not_taken_for_a_group(listed):
    made = gradebooks.moodle(class_of("Mary-Jane Doe"), "02", listed(MOODLE))
    assert read(made.data) == []


def test_a_teams_points_go_to_each_of_it(listed):
    text = "Identifier,Full name,Group\n"
    text += "Participant 1,A B,Team x\nParticipant 2,C D,Team x\nParticipant 3,E F,y\n"
    made = gradebooks.moodle(class_of("Team x"), "02", listed(text))
    assert [row["Full name"] for row in read(made.data)] == ["A B", "C D"]
    assert made.absent == ("E F",)
    made = gradebooks.moodle(class_of("Team x", "A B"), "02", listed(text))
    assert read(made.data) == []  # A B has two


# --- lists in other languages -------------------------------------------------------

TRANSLATED = {
    "Moodle, German": (
        "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,"
        "Zuletzt geändert (Bewertung)\n"
        "Teilnehmer/in501,Jane Doe,j@x.y,Abgegeben,,8,-\n"
        "Teilnehmer/in502,José Núñez Ortega,n@x.y,Abgegeben,,8,-\n",
        "Teilnehmer/in501,Jane Doe,3,-",
        "ID,Vollständiger Name,Bewertung,Zuletzt geändert (Bewertung)",
    ),
    "Moodle, French": (
        "Identifiant,Nom complet,Adresse de courriel,Statut,Note,Note maximale,"
        "Dernière modification (note)\n"
        "Participant 501,Jane Doe,j@x.y,Remis,,8,-\n",
        "Participant 501,Jane Doe,3,-",
        "Identifiant,Nom complet,Note,Dernière modification (note)",
    ),
    "Moodle, Spanish": (
        "Identificador,Nombre completo,Dirección de correo,Estatus,Calificación\n"
        "Participante 501,Jane Doe,j@x.y,Enviado,\n",
        "Participante 501,Jane Doe,3,-",
        "Identificador,Nombre completo,Calificación,Last modified (grade)",
    ),
    "Moodle, in words that nobody knows": (
        "Tunniste,Koko nimi,Sähköposti,Tila\n"
        "Osallistuja 501,Jane Doe,j@x.y,Palautettu\n"
        "Osallistuja 502,José Núñez Ortega,n@x.y,Palautettu\n",
        "Osallistuja 501,Jane Doe,3,-",
        "Tunniste,Koko nimi,Grade,Last modified (grade)",
    ),
    "a gradebook, German": (
        "Vorname,Nachname,ID-Nummer,E-Mail-Adresse\nJane,Doe,1001,j@x.y\n",
        "Jane,Doe,1001,j@x.y,3",
        "Vorname,Nachname,ID-Nummer,E-Mail-Adresse,Lesson 02",
    ),
    "a gradebook, French": (
        "Prénom,Nom,Adresse de courriel\nJane,Doe,j@x.y\n",
        "Jane,Doe,j@x.y,3",
        "Prénom,Nom,Adresse de courriel,Lesson 02",
    ),
    "a gradebook, Spanish": (
        "Nombre,Apellido(s),Dirección Email\nJane,Doe,j@x.y\n",
        "Jane,Doe,j@x.y,3",
        "Nombre,Apellido(s),Dirección Email,Lesson 02",
    ),
    "a gradebook with ID and names in one": (
        "ID,Vollständiger Name,E-Mail-Adresse\n17,Jane Doe,j@x.y\n",
        "Jane Doe,j@x.y,3",
        "Vollständiger Name,E-Mail-Adresse,Lesson 02",
    ),
}


@pytest.mark.parametrize("name", TRANSLATED)
def test_lists_in_other_languages(listed, name):
    text, line, head = TRANSLATED[name]
    made = gradebooks.moodle(class_of("Jane Doe"), "02", listed(text))
    assert made.data.decode("utf-8-sig").splitlines() == [head, line]
    assert made.unmatched == ()


@pytest.mark.parametrize(
    "first", ["Studierende", "Étudiant", "Estudiante", "Opiskelija"]
)
def test_canvass_list_in_other_languages(listed, first):
    text = CANVAS.replace("Student,", f"{first},").replace("Points Possible", "Punkte")
    found = class_of("doejane", "leekim")
    made = gradebooks.canvas(found, "02", listed(text), {"leekim": "903"})
    rows = [(row["Student"], row["ID"]) for row in read(made.data)]
    assert rows[1:] == [("Doe, Jane", "901"), ("Lee, Kim", "903")]
    assert made.absent == ("José Núñez Ortega",)


def test_a_row_that_comes_again_counts_once(listed):
    for text in (WORKSHEET, MOODLE, CANVAS):
        lines = text.splitlines(keepends=True)
        twice = "".join([*lines, *(line for line in lines if "Doe" in line)])
        give = gradebooks.canvas if text is CANVAS else gradebooks.moodle
        made = give(class_of("Jane Doe"), "02", listed(twice))
        assert sum("Doe" in str(row) for row in read(made.data)) == 1
        assert made.unmatched == ()
        assert not any("Doe" in name for name in made.absent + made.uncertain)


# --- Gradescope ---------------------------------------------------------------------


def test_gradescope_results():
    one = result("Ann", passed("a", 3), other("b", "unsolved"), notes=("Odd.",))
    told = json.loads(gradebooks.gradescope(one))
    assert told == {
        "score": 3,
        "output": "Also noticed:\n- Odd.",
        "visibility": "visible",
        "tests": [
            {
                "name": "a",
                "score": 3,
                "max_score": 3,
                "status": "passed",
                "output": "✓ a: 18 cases agree with PyTorch",
                "visibility": "visible",
            },
            {
                "name": "b",
                "score": 0,
                "max_score": 2,
                "status": "failed",
                "output": "✗ b: it went wrong.",
                "visibility": "visible",
            },
        ],
    }


def test_gradescope_tells_of_a_notebook_that_cannot_be_judged():
    told = json.loads(gradebooks.gradescope(result("A", problem="It is empty.")))
    assert told["output"] == "This notebook cannot be judged. It is empty."
    assert (told["score"], told["tests"]) == (0, [])


def test_gradescope_output_is_short_and_visible():
    for one in HOSTILE:
        data = gradebooks.gradescope(one)
        assert len(data) < 100_000
        assert b"\\u001b" not in data

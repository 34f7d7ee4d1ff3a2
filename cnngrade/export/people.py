"""Who handed in what: names of submissions matched with people on a class list.

The list is a CSV file as Moodle or Canvas exports it: a gradebook, or the grading
worksheet of one assignment.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_NAME_AND_ID = re.compile(r"(?P<name>.+?) \((?P<id>\d{3,20})\)", re.S)
"""The name of a student who shares it with another: the platform's id is added."""
_OWN_IDS = (
    "username",
    "id number",
    "email address",
    "sis login id",
    "sis user id",
    "id",
)
_IDENTIFYING = (*_OWN_IDS, "identifier", "student", "full name", "last name", "surname")
_SHORTEST_ID = 4
"""Characters of an id that may stand anywhere in a submission's name."""


class ClassListError(Exception):
    """A class list that cannot be used; the text is a sentence for the instructor."""


@dataclass(frozen=True)
class Person:
    """One row of a class list, its columns by their names in small letters."""

    row: Mapping[str, str]

    @property
    def participant(self) -> str:
        """The number that Moodle puts into the names of an assignment's files."""
        number = re.search(r"\d+$", self.row.get("identifier", "").strip())
        return number[0] if number else ""

    @property
    def name(self) -> str:
        """The name, the first name first if the list tells which it is."""
        row = self.row
        first = row.get("first name", row.get("firstname", "")).strip()
        last = row.get("last name", row.get("surname", row.get("lastname", ""))).strip()
        whole = f"{first} {last}".strip() or row.get("full name", "").strip()
        if whole:
            return whole
        last, comma, first = row.get("student", "").partition(",")
        return f"{first.strip()} {last.strip()}".strip() if comma else last.strip()

    @property
    def ids(self) -> set[str]:
        """Whatever else tells this person apart."""
        cells = (self.row.get(column, "").strip().casefold() for column in _OWN_IDS)
        return {cell for cell in cells if cell}

    @property
    def is_one(self) -> bool:
        """Whether it is a person; Canvas puts other rows on top of the list."""
        points = "Points Possible" in self.row.get("student", "")
        return not points and bool(self.name or self.ids or self.participant)


@dataclass(frozen=True)
class ClassList:
    """What another system exported: its columns, and the people in its rows."""

    columns: tuple[str, ...]
    people: tuple[Person, ...]

    def has(self, column: str) -> bool:
        """Tell whether there is a column of this name, however it is spelled."""
        return column.casefold() in {name.casefold() for name in self.columns}


@dataclass(frozen=True)
class Submitter:
    """What is known of who handed a submission in.

    Attributes:
        text: the submission's name.
        platform_id: the id that Moodle or Canvas wrote into the file's name, if known.
    """

    text: str
    platform_id: str = ""

    @property
    def name(self) -> str:
        """The part that is a name."""
        numbered = _NAME_AND_ID.fullmatch(self.text)
        return numbered["name"] if numbered else self.text

    @property
    def id(self) -> str:
        """The platform's id, "" if it is not known."""
        numbered = _NAME_AND_ID.fullmatch(self.text)
        return self.platform_id or (numbered["id"] if numbered else "")

    @property
    def ids(self) -> set[str]:
        """What may be an id of the person's own."""
        whole = self.text.strip().casefold()
        parts = re.split(r"[\s,;()\[\]_]+", self.name.casefold())
        return {whole} | {
            p for p in parts if len(p) >= _SHORTEST_ID and re.search(r"\d|@", p)
        }


def read_class_list(path: Path) -> ClassList:
    """Read a CSV file that Moodle or Canvas exported, or raise `ClassListError`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ClassListError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ClassListError(
            f"{path} is not UTF-8 text. Take the file as it was exported; spreadsheets "
            "save it otherwise."
        ) from None
    head, *rows = _lines(text) or [[]]
    columns = tuple(name.strip() for name in head)
    keys = [name.casefold() for name in columns]
    people = [Person(dict(zip(keys, row, strict=False))) for row in rows]
    class_list = ClassList(columns, tuple(person for person in people if person.is_one))
    if not any(map(class_list.has, _IDENTIFYING)):
        raise ClassListError(
            f"{path} is not a class list: none of its columns is one that Moodle or "
            "Canvas export (in English) to tell people apart, such as “Email address”, "
            "“ID number”, “Identifier”, “Student”, “ID”."
        )
    return class_list


def _lines(text: str) -> list[list[str]]:
    mark = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    except csv.Error:
        return []


def match(
    who: Sequence[Submitter], people: Sequence[Person]
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return each student's place on the list, and whom it could not match.

    A person fits by the id that Moodle or Canvas gave, else by an id of their own, else
    by name; two who fit equally well are not chosen between.
    """
    places: dict[str, int] = {}
    unmatched = []
    places_by_mark = _places_by_mark(people)
    for student, fitting in ((one.text, _fitting(one, places_by_mark)) for one in who):
        if len(fitting) == 1:
            places[student] = fitting[0]
        elif fitting:
            names = ", ".join(people[place].name for place in fitting)
            unmatched.append(
                (student, f"Several people on the class list fit: {names}.")
            )
        else:
            unmatched.append((student, "Nobody on the class list has this id or name."))
    shared = {place for place, n in Counter(places.values()).items() if n > 1}
    for student, place in list(places.items()):
        if place in shared:
            del places[student]
            reason = f"Several submissions seem to be by {people[place].name}."
            unmatched.append((student, reason))
    return places, unmatched


_Mark = tuple[str, str]
"""Something a person is known by: ("platform id", "id" or "words", the text of it)."""


def _places_by_mark(people: Sequence[Person]) -> dict[_Mark, list[int]]:
    """Return the places of people on the list by all the marks they are known by."""
    places: dict[_Mark, list[int]] = defaultdict(list)
    for place, person in enumerate(people):
        marks = {("id", one) for one in person.ids}
        marks |= {("platform id", person.row.get("id", "").strip())}
        marks |= {("platform id", person.participant)}
        marks |= {("words", text) for text in _spellings(_folded(person.name))}
        for mark in marks:
            if mark[1]:
                places[mark].append(place)
    return places


def _fitting(who: Submitter, places_by_mark: Mapping[_Mark, list[int]]) -> list[int]:
    """Return the places of the people that a submission fits by its surest marks."""
    words = _folded(who.name)
    surest_first = [
        [("platform id", who.id)],
        [("id", one) for one in who.ids],
        [("words", " ".join(sorted(words)))],
    ]
    for marks in surest_first:
        places = {place for mark in marks for place in places_by_mark.get(mark, ())}
        if places:
            return sorted(places)
    return []


def _spellings(words: list[str]) -> set[str]:
    """Return the words of a name sorted, and joined as Canvas does, last one first."""
    turned = [*words[-1:], *words[:-1]]
    return {" ".join(sorted(words)), "".join(words), "".join(turned)}


def _folded(name: str) -> list[str]:
    """Return the words of a name without accents, signs and capitals."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", letters)

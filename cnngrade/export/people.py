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

_NUMBERED = re.compile(r"(?P<name>.+?) \((?P<id>\d{3,20})\)", re.S)
"""How a student is called who shares a name with somebody: with the platform's id."""
_OWN_IDS = (
    "username",
    "id number",
    "email address",
    "sis login id",
    "sis user id",
    "id",
)
_TELLING = (*_OWN_IDS, "identifier", "student", "full name", "last name", "surname")
_SHORTEST = 4
"""Signs of an id that may stand anywhere in a submission's name."""


class ClassListError(Exception):
    """A class list that cannot be used; the text is a sentence for the instructor."""


@dataclass(frozen=True)
class Person:
    """One row of a class list, its columns by their names in small letters."""

    row: Mapping[str, str]

    @property
    def participant(self) -> str:
        """The number that Moodle puts into the names of an assignment's files."""
        found = re.search(r"\d+$", self.row.get("identifier", "").strip())
        return found[0] if found else ""

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
        found = (self.row.get(column, "").strip().casefold() for column in _OWN_IDS)
        return {one for one in found if one}

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
        given: the id that Moodle or Canvas wrote into the file's name, if it is known.
    """

    text: str
    given: str = ""

    @property
    def name(self) -> str:
        """The part that is a name."""
        found = _NUMBERED.fullmatch(self.text)
        return found["name"] if found else self.text

    @property
    def id(self) -> str:
        """The platform's id, "" if it is not known."""
        found = _NUMBERED.fullmatch(self.text)
        return self.given or (found["id"] if found else "")

    @property
    def ids(self) -> set[str]:
        """What may be an id of the person's own."""
        whole = self.text.strip().casefold()
        parts = re.split(r"[\s,;()\[\]_]+", self.name.casefold())
        return {whole} | {
            p for p in parts if len(p) >= _SHORTEST and re.search(r"\d|@", p)
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
    made = ClassList(columns, tuple(person for person in people if person.is_one))
    if not any(map(made.has, _TELLING)):
        raise ClassListError(
            f"{path} is not a class list: none of its columns is one that Moodle or "
            "Canvas export (in English) to tell people apart, such as “Email address”, "
            "“ID number”, “Identifier”, “Student”, “ID”."
        )
    return made


def _lines(text: str) -> list[list[str]]:
    mark = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    except csv.Error:
        return []


def match(
    who: Sequence[Submitter], people: Sequence[Person]
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return the place on the list of each student, and whom it could not tell.

    A person fits by the id that Moodle or Canvas gave, else by an id of their own, else
    by name; two who fit equally well are not chosen between.
    """
    places: dict[str, int] = {}
    unmatched = []
    ways = _ways(people)
    for student, found in ((one.text, _fitting(one, ways)) for one in who):
        if len(found) == 1:
            places[student] = found[0]
        elif found:
            names = ", ".join(people[place].name for place in found)
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


def _ways(people: Sequence[Person]) -> dict[tuple[str, str], list[int]]:
    """Return the places of people by all that they can be told by."""
    ways: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, person in enumerate(people):
        words = _folded(person.name)
        told = {("id", one) for one in person.ids}
        told |= {("given", person.row.get("id", "").strip())}
        told |= {("given", person.participant)}
        told |= {("words", way) for way in _spellings(words)}
        for way in told:
            if way[1]:
                ways[way].append(place)
    return ways


def _fitting(who: Submitter, ways: Mapping[tuple[str, str], list[int]]) -> list[int]:
    """Return whom a submission fits by the surest way that fits anybody."""
    words = _folded(who.name)
    tries = [
        [("given", who.id)],
        [("id", one) for one in who.ids],
        [("words", " ".join(sorted(words)))],
    ]
    for keys in tries:
        if found := {place for key in keys for place in ways.get(key, ())}:
            return sorted(found)
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

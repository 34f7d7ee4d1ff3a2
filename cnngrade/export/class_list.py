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

from . import headings

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


AGAIN = (
    "If the list is in another language, set yours in Moodle or Canvas to English, and "
    "export the list again."
)
"""The way out where a list cannot be read."""


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
        if "student" not in row:  # blind marking: nobody's name is told
            return row.get("identifier", "").strip()
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
        if "student" in self.row and "id" in self.row:
            return bool(self.row["id"].strip())
        points = "Points Possible" in self.row.get("student", "")
        return not points and bool(self.name or self.ids or self.participant)


@dataclass(frozen=True)
class ClassList:
    """What another system exported: its columns, and the people in its rows.

    Attributes:
        names: what the list calls each column, by its English name in small letters.
    """

    columns: tuple[str, ...]
    people: tuple[Person, ...]
    names: Mapping[str, str]

    def has(self, column: str) -> bool:
        """Tell whether there is a column of this name, in whatever language."""
        return column.casefold() in self.names

    def called(self, column: str) -> str:
        """Return a column's name in English if it has it so, else as the list has it.

        Moodle reads a worksheet in the language in which it was exported.
        """
        name = self.names.get(column.casefold(), column)
        return column if name.casefold() == column.casefold() else name


@dataclass(frozen=True)
class Submitter:
    """What is known of who handed a submission in.

    Attributes:
        text: the submission's name.
        platform_id: the id that Moodle or Canvas wrote into the file's name; "" if
            it wrote none, None if nothing is known of that.
    """

    text: str
    platform_id: str | None = None

    @property
    def name(self) -> str:
        """The part that is a name."""
        numbered = _NAME_AND_ID.fullmatch(self.text)
        return numbered["name"] if numbered else self.text

    @property
    def id(self) -> str:
        """The platform's id, "" if it is not known."""
        numbered = _NAME_AND_ID.fullmatch(self.text)
        if self.platform_id is not None:
            return self.platform_id
        return numbered["id"] if numbered else ""

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
    keys = headings.english(columns, rows)
    people = [Person(dict(zip(keys, row, strict=False))) for row in rows]
    class_list = ClassList(columns, _each_once(people), headings.own(columns, keys))
    if not any(map(class_list.has, _IDENTIFYING)):
        raise ClassListError(
            f"{path} is not a class list: none of its columns is one that Moodle or "
            "Canvas export (in English) to tell people apart, such as “Email address”, "
            f"“ID number”, “Identifier”, “Student”, “ID”. {AGAIN}"
        )
    return class_list


def _each_once(people: Sequence[Person]) -> tuple[Person, ...]:
    """Return the people of a list; a row that comes again, with the same id, once."""
    seen: dict[tuple[str, str], Person] = {}
    for number, person in enumerate(people):
        if person.is_one:
            row = person.row
            ids = [row.get(key, "").strip() for key in ("identifier", "id", *_OWN_IDS)]
            key = next(filter(None, ids), f"row {number}")
            seen.setdefault((key, " ".join(_folded(person.name))), person)
    return tuple(seen.values())


def _lines(text: str) -> list[list[str]]:
    mark = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    except csv.Error:
        return []


@dataclass(frozen=True)
class Matches:
    """Who is who.

    Attributes:
        places: the places on the list that a submission is for: one, or a team's.
        unmatched: submissions that are left out: (student, reason).
        uncertain: places of people who may have handed in what is left out.
    """

    places: dict[str, list[int]]
    unmatched: list[tuple[str, str]]
    uncertain: set[int]


def match(who: Sequence[Submitter], people: Sequence[Person]) -> Matches:
    """Find each student's place on the list.

    A person fits by the id that Moodle or Canvas gave, else by an id of their own, else
    by name; two who fit equally well are not chosen between. An id that the platform
    gave and the list does not hold is somebody else's: then the name tells nothing.
    """
    made = Matches({}, [], set())
    known = _places_by_mark(people)
    for one in who:
        fitting, reason = _fitting(one, known)
        if len(fitting) == 1:
            made.places[one.text] = fitting
            continue
        made.uncertain.update(fitting or _by_name(one, known))
        team = known.get(("team", " ".join(_folded(one.name))), [])
        if not fitting and not one.id and team:
            made.places[one.text] = team
        elif fitting:
            names = ", ".join(people[place].name for place in fitting)
            reason = f"Several people on the class list fit: {names}."
            made.unmatched.append((one.text, reason))
        else:
            made.unmatched.append((one.text, reason))
    counts = Counter(place for places in made.places.values() for place in places)
    for student, places in list(made.places.items()):
        shared = [place for place in places if counts[place] > 1]
        if shared:
            made.uncertain.update(places)
            del made.places[student]
            names = ", ".join(people[place].name for place in shared)
            reason = f"Several submissions seem to be by {names}."
            made.unmatched.append((student, reason))
    return made


_Mark = tuple[str, str]
"""What people are known by: ("platform id", "id", "words" or "team", the text)."""


def _places_by_mark(people: Sequence[Person]) -> dict[_Mark, list[int]]:
    """Return the places of people on the list by all the marks they are known by."""
    places: dict[_Mark, list[int]] = defaultdict(list)
    for place, person in enumerate(people):
        marks = {("id", one) for one in person.ids}
        for one in (person.row.get("id", "").strip(), person.participant):
            marks.add(("platform id", one and _number(one)))
        marks |= {("words", text) for text in _spellings(_folded(person.name))}
        marks.add(("team", " ".join(_folded(person.row.get("group", "")))))
        for mark in marks:
            if mark[1]:
                places[mark].append(place)
    return places


def _number(platform_id: str) -> str:
    return platform_id.lstrip("0") or "0"


def _fitting(who: Submitter, known: Mapping[_Mark, list[int]]) -> tuple[list[int], str]:
    """Return the places of the people that a submission fits, or why it fits none."""
    nobody = "Nobody on the class list has this id or name."
    if who.id and any(kind == "platform id" for kind, _ in known):
        places = known.get(("platform id", _number(who.id)), [])
        if places or not _by_name(who, known):
            return places, nobody
        return [], (
            f"The name is on the class list, with another number than {who.id}, which "
            "the platform gave to whoever handed this in."
        )
    own = {place for one in who.ids for place in known.get(("id", one), ())}
    return sorted(own) or _by_name(who, known), nobody


def _by_name(who: Submitter, known: Mapping[_Mark, list[int]]) -> list[int]:
    """Return the places of people of this name, also behind the name of a group."""
    whole = known.get(("words", " ".join(sorted(_folded(who.name)))))
    if whole:
        return whole
    cuts = [cut.start() for cut in re.finditer("-", who.name)]
    for cut in cuts:  # Moodle writes "Group 1-Anna Maier"
        if _GROUP.search(who.name[:cut]):
            rest = " ".join(sorted(_folded(who.name[cut:])))
            if places := known.get(("words", rest)):
                return places
    return []


_GROUP = re.compile(
    r"\d|\b(group|gruppe|groupe|grupo|gruppo|groep|team|equipe|équipe|equipo|section|"
    r"sektion|class|klasse|lab|tutorial|tutorium)",
    re.I,
)
"""What tells a group's name from the first half of a double name."""


def _spellings(words: list[str]) -> set[str]:
    """Return the words of a name sorted, and joined as Canvas does, last name first.

    How many words the last name has, nobody knows: García Márquez, de la Cruz.
    """
    turned = {"".join([*words[at:], *words[:at]]) for at in range(len(words))}
    return {" ".join(sorted(words)), *turned} if words else set()


def _folded(name: str) -> list[str]:
    """Return the words of a name without accents, signs and capitals."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", letters)

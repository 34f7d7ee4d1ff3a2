"""What the names of files and folders tell: whose they are, and of which lesson."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from cnngrade.files.exercise import handed_out

LONGEST = 120
"""Bytes of a file's name in a report, its suffix aside."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_RESERVED = re.compile(r"(con|prn|aux|nul|conin|conout|com[0-9]|lpt[0-9])(\.|$)", re.I)
_ID = "[0-9]{1,20}"
_MOODLE = re.compile(
    rf"(?P<name>.+?)(?:_(?P<id>{_ID}))?_assignsubmission_(?P<plugin>[a-z]+)"
    r"(?:_(?P<file>.*))?",
    re.DOTALL,
)
_BLIND = re.compile(
    r"(participante?|teilnehmer(/?:?in| in)?|partecipante|participant/?e|deelnemer)",
    re.I,
)
"""What Moodle writes for the name where the marking is blind."""
_CANVAS = [
    re.compile(pattern, re.DOTALL)
    for pattern in (  # without names of students, with them, and what was typed in
        r"(?P<late>LATE_)?(?P<name>anon_[A-Za-z0-9]{5})_(?P<number>[0-9]{3,20})_(?P<file>.+)",
        rf"(?P<name>\w+?)(?P<late>_LATE|_late)?_(?P<id>{_ID})_(?P<number>[0-9]{{3,20}})_"
        r"(?P<file>.+)",
        rf"(?P<name>\w+?)(?P<late>_LATE|_late)?_(?P<id>{_ID})_(?P<typed>text|link)\.html",
    )
]
_AGAIN = re.compile(r"-([0-9]{1,3})(?=\.[^.]*$)")


@dataclass(frozen=True, order=True)
class Owner:
    """A student, as far as names tell one from another: never shown as it stands."""

    name: str
    platform: str = ""
    id: str = ""


@dataclass(frozen=True)
class Upload:
    """What Moodle or Canvas tells in the name that it gives to a file or folder.

    Attributes:
        file: the name that the student gave it, or "" for a folder.
        number: Canvas's own of the file: a later one is larger.
        again: the N in the "-N" by which Canvas tells a file from earlier ones.
        typed: whether it is text that was typed into the platform.
        is_late: whether Canvas says that it came late.
    """

    owner: Owner
    file: str
    number: int = 0
    again: int = 0
    typed: bool = False
    is_late: bool = False


def upload(part: str) -> Upload | None:
    """Read the name of a file or folder as Moodle or Canvas write it, if they do."""
    found = _MOODLE.fullmatch(part)
    if found:
        name, number = found["name"], found["id"] or ""
        if number and _BLIND.fullmatch(name):
            name = f"{name} {number}"
        owner = Owner(name, "Moodle", number)
        return Upload(owner, found["file"] or "", typed=found["plugin"] == "onlinetext")
    found = next(filter(None, (one.fullmatch(part) for one in _CANVAS)), None)
    told = found.groupdict() if found else {}
    name = told.get("name") or ""
    if not name or (
        told.get("id") and name != name.lower()
    ):  # Canvas's names are small
        return None
    file = told.get("file") or ""
    again = _AGAIN.search(file)
    return Upload(
        Owner(name, "Canvas", told.get("id") or ""),
        _AGAIN.sub("", file),
        int(told.get("number") or 0),
        int(again[1]) if again else 0,
        bool(told.get("typed")),
        bool(told.get("late")),
    )


def student(part: str) -> str:
    """Return the student that a file or folder is named after; "" if after a lesson."""
    stem = re.sub(r"\.(ipynb|zip)$", "", part, flags=re.I)
    rest = _lesson_names().sub("", stem)
    return rest.strip(" _-.+") if rest != stem else stem if stem.strip() else ""


def lesson(part: str) -> str:
    """Return the number of the lesson that a file or folder is named after, or ""."""
    found = _lesson_names().search(part)
    return found[1] if found else ""


def first_number(part: str) -> str:
    """Return the number of the lesson that a name begins with, or ""."""
    return part[:2] if part[:2] in handed_out() and not part[2:3].isdigit() else ""


@cache
def _lesson_names() -> re.Pattern[str]:
    """Find the names of lessons, and what programs add to the name of a copy."""
    words = (exercise.name.split("_") for exercise in handed_out().values())
    names = "|".join("[ _-]".join(map(re.escape, parts)) for parts in words)
    return re.compile(
        rf"(?:\b(?:copy of|kopie von)[ _])?(?<![0-9])(?=([0-9]{{2}}))(?:{names})"
        r"(?:-copy[0-9]*|[ _]?\([0-9]{1,2}\)|-[0-9]{1,2}(?![0-9]))?",
        re.I,
    )


def shown(owners: Collection[Owner]) -> dict[Owner, str]:
    """Return what to call each student: the name, and the id where names are alike."""
    alike = Counter(clean(owner.name) for owner in owners)
    names: dict[Owner, str] = {}
    taken: set[str] = set()
    for owner in sorted(owners):
        base, number = clean(owner.name), 1
        if alike[base] > 1 and owner.id:
            base = f"{base} ({owner.id})"
        name = base
        while name in taken:
            number += 1
            name = f"{base} ({number})"
        names[owner] = name
        taken.add(name)
    return names


def clean(text: str) -> str:
    """Return a name without control characters and halves of characters."""
    return _CONTROL.sub("�", text)


def file_name(student: str, taken: set[str]) -> str:
    """Return a name for a student's file, without a suffix, that every system takes.

    Letters and digits of whatever script, and ``._-`` only, in `LONGEST` bytes. `taken`
    are the names given so far, case-folded; the new one is added to it.
    """
    whole = _TOWER.sub(r"\1", unicodedata.normalize("NFKC", student))
    signs = (sign if _is_kept(sign) else "_" for sign in whole)
    letters = re.sub(r"_+", "_", "".join(signs))
    base = _cut(letters.lstrip("._-"), LONGEST).strip("._-") or "student"
    if _RESERVED.match(base):
        base = _cut(f"student_{base}", LONGEST).rstrip("._-")
    name, number = base, 1
    while folded(name) in taken:
        number += 1
        name = f"{_cut(base, LONGEST - 1 - len(str(number)))}-{number}"
    taken.add(folded(name))
    return name


def folded(name: str) -> str:
    """Return a file's name as systems compare it that make no difference of case."""
    return unicodedata.normalize("NFC", name.casefold())


def _is_kept(sign: str) -> bool:
    return sign in "._-" or unicodedata.category(sign) in _LETTERS


def _cut(text: str, most: int) -> str:
    """Return as much of a text as fits into so many bytes."""
    return text.encode()[:most].decode(errors="ignore")


_TOWER = re.compile("([\u0300-\u036f])[\u0300-\u036f]+")
"""More than one accent on a letter."""
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo", "Lm", "Nd", "Mn", "Mc"})
"""The categories of Unicode that make names: letters, their accents, and digits."""

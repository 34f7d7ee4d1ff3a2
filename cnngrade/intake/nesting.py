"""Folders around the class: which folders hold several students, and how sure it is.

A folder is taken for one student's unless what is in it says otherwise: folders, or
notebooks named after somebody, with the same lesson in several of them. One student's
folder among others' may look so, too; so all folders beside it count.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from . import naming
from .naming import clean
from .sources import FoundFile

Prefix = tuple[str, ...]

COURSE_FOLDER = "submitted"
"""The folder of an nbgrader course in which each student has one."""
COURSE_FILES = frozenset({"gradebook.db", "nbgrader_config.py"})

_GENERIC = """
try tries attempt attempts version versions ver versuch versuche essai ensayo
intento tentative old new alt alte alter neu neue final finals fin draft drafts
entwurf backup bak sicherung copy copies kopie copie copia of von de der and und
week weeks woche semaine semana part parts teil partie parte lesson lessons lektion
exercise exercises uebung ubung uebungen ubungen aufgabe aufgaben exercice ejercicio
homework hw hausaufgabe hausaufgaben devoir tarea task tasks question solution
solutions solved losung loesung losungen loesungen answer answers work works arbeit
my mein meine mon the notebook notebooks nb jupyter file files datei dateien
document documents dokumente desktop src code project projekt tmp temp test tests
first second third last erste erster zweite zweiter correct corrected fixed fix
updated update done late resubmission finished unfinished started begonnen fertig
convolution convolutions padding and stride pooling parameter counting training cnn
images as tensors image tensor conv net nets network networks lenet mnist seeing
readme syllabus notes note instructions grades grading rubric plan report day date
in for to with
data dataset material materials resources slides handout picture pictures
"""
"""Words of which students make names of folders and files in their own folder."""
_GROUP = """
class classes klasse klassen classe clase course courses kurs kurse cours curso
group groups gruppe gruppen groupe groupes grupo grupos gruppo section sections
sektion seccion team teams equipe equipo cohort tutorial tutorials tutorium lab labs
students student studierende studenten schueler schuler etudiants estudiantes
alumnos submissions submission submitted abgabe abgaben rendus entregas hand ins
handin handins handed uploads upload download downloads assignment assignments
export exports all alle spring fall autumn winter summer semester sose wise ws ss
year period hour seminar morning afternoon monday tuesday wednesday thursday friday
montag dienstag mittwoch donnerstag freitag zip unzipped archive inbound
"""
"""Words of which instructors and programs make names of folders around a class."""
_COMMON = frozenset(f"{_GENERIC} {_GROUP}".split())


class _Kind(Enum):
    """What a folder looks like."""

    one = "one student's"
    chain = "has a single folder or notebook named after somebody"
    spread = "has several such, of different lessons"
    perhaps = "has several such notebooks of one lesson"
    many = "has several such folders of one lesson"


@dataclass
class Nesting:
    """What was found out.

    Attributes:
        wrappers: folders that only hold what belongs to several students.
        doubts: what can be read in two ways, a sentence each.
    """

    wrappers: set[Prefix] = field(default_factory=set)
    doubts: list[str] = field(default_factory=list)

    def rest(self, parts: Sequence[str]) -> Prefix:
        """Return a path without the folders around it that hold several students."""
        depths = (n for n in range(len(parts), 0, -1) if (*parts[:n],) in self.wrappers)
        return tuple(parts[next(depths, 0) :])


def nesting(
    found: Iterable[FoundFile], start: int, lesson_of: Callable[[FoundFile], str]
) -> Nesting:
    """Find the folders around students below the first `start` ones, which are."""
    files = list(found)
    made = Nesting()
    if files and start:
        made.wrappers.add(files[0].parts[:start])
    downloads = [_first_upload(file.parts[start:]) for file in files]
    if files and min(downloads) >= 1:
        for file, depth in zip(files, downloads, strict=True):
            made.wrappers |= {file.parts[: start + n] for n in range(1, depth)}
        return made
    prefix = files[0].parts[:start] if files else ()
    _Search(made, lesson_of).level(prefix, files, alone=True)
    return made


def _first_upload(parts: Sequence[str]) -> int:
    """Return where the first name is that Moodle or Canvas gave, or -1."""
    return next((n for n, part in enumerate(parts) if naming.upload(part)), -1)


@dataclass
class _Search:
    made: Nesting
    lesson_of: Callable[[FoundFile], str]

    def level(self, prefix: Prefix, files: Sequence[FoundFile], *, alone: bool) -> None:
        """Look at the folders in a folder; `alone`: it holds all there is."""
        depth = len(prefix)
        folders: dict[str, list[FoundFile]] = defaultdict(list)
        for file in files:
            if len(file.parts) > depth + 1:
                folders[file.parts[depth]].append(file)
        if any(naming.upload(file.parts[depth]) for file in files):
            return  # whose these are is written on them
        if COURSE_FOLDER in folders:
            return  # and here nbgrader's folders say it
        for name in [name for name in folders if not naming.student(name)]:
            self.level((*prefix, name), folders.pop(name), alone=False)
        if not folders:
            return
        kinds = {name: self._kind(depth + 1, name, folders[name]) for name in folders}
        loose = [file.parts[depth] for file in files if len(file.parts) == depth + 1]
        beside = [name for name in loose if naming.student(name)]
        opened, doubt = _decided(kinds, beside, alone=alone)
        if doubt:
            self.made.doubts.append(_doubt(prefix, kinds, opened))
        for name in opened:
            self.made.wrappers.add((*prefix, name))
            below = alone and len(kinds) == 1 and not beside
            self.level((*prefix, name), folders[name], alone=below)

    def _kind(self, depth: int, name: str, files: Sequence[FoundFile]) -> _Kind:
        """Tell what a folder looks like whose files' names begin at some depth."""
        names = {file.parts[depth] for file in files}
        if COURSE_FOLDER in names:
            return _Kind.many
        if any(_first_upload(file.parts[depth:]) >= 0 for file in files):
            return _Kind.one
        own = set(_words(name))
        folders: dict[str, set[str]] = defaultdict(set)
        named: dict[str, set[str]] = defaultdict(set)
        plain: dict[str, set[str]] = defaultdict(set)
        others = False
        for file in files:
            *around, last = file.parts[depth:]
            who = next((part for part in around if _is_person(part, own)), "")
            if who:
                folders[who].add(self.lesson_of(file))
            elif _is_person(last, own):
                after = named if naming.lesson(last) else plain
                after[naming.student(last)].add(self.lesson_of(file))
            else:
                others = True
        loose = {**plain, **named}
        if folders and not loose and not others:
            if len(folders) == 1:
                (only,) = folders
                at = max(file.parts.index(only, depth) for file in files) + 1
                deeper = self._kind(at, only, files)
                is_deeper = deeper in (_Kind.many, _Kind.perhaps)
                return deeper if is_deeper else _Kind.chain
            return _Kind.many if _share(folders) else _Kind.spread
        if others or not (folders or loose):
            return _Kind.one
        if folders:
            return _Kind.perhaps if len(folders) + len(loose) > 1 else _Kind.one
        if len(loose) == 1:
            return _Kind.chain
        if not _share(loose):
            return _Kind.spread
        return _Kind.many if len(named) > 1 and not plain else _Kind.perhaps


def _decided(
    kinds: Mapping[str, _Kind], beside: Sequence[str], *, alone: bool
) -> tuple[list[str], bool]:
    """Return which folders beside each other hold several students; and if in doubt."""
    found = set(kinds.values())
    groups = [n for n, kind in kinds.items() if _is_group(n) and kind != _Kind.one]
    if beside or _Kind.one in found:
        return groups, bool(groups) or _Kind.many in found
    if len(groups) == len(kinds):
        is_clear = len(kinds) == 1 or found != {_Kind.chain}
        return groups, not is_clear
    if len(kinds) == 1:
        if not alone:
            return groups, False
        return ([] if found == {_Kind.chain} else [*kinds]), _Kind.many not in found
    if _Kind.many in found and not found & {_Kind.perhaps, _Kind.spread}:
        return [*kinds], False
    if _Kind.many in found or found == {_Kind.perhaps}:
        return [*kinds], True
    return groups, bool(groups)


def _doubt(prefix: Prefix, kinds: Mapping[str, _Kind], opened: Sequence[str]) -> str:
    names = sorted(opened or [n for n, kind in kinds.items() if kind != _Kind.one])
    few = ", ".join(clean("/".join((*prefix, name))) for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    several = len(names) > 1
    taken = "folders around several students" if opened else "one student each"
    if not several:
        taken = "a folder around several students" if opened else "one student's"
    return (
        f"{few}{more} {'were' if several else 'was'} taken for {taken}; the names in "
        f"{'them' if several else 'it'} could be read the other way, too."
    )


def _share(lessons: Mapping[str, set[str]]) -> bool:
    """Tell whether several of these have one lesson."""
    seen: set[str] = set()
    for some in lessons.values():
        if seen & some - {""}:
            return True
        seen |= some
    return False


def _words(name: str) -> list[str]:
    """Return the words and numbers of a name, without accents and capitals."""
    stem = re.sub(r"\.(ipynb|zip)$", "", name, flags=re.I)
    plain = unicodedata.normalize("NFKD", stem).casefold()
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.findall(r"[^\W\d_]+|\d+", letters)


def _is_person(name: str, around: set[str]) -> bool:
    """Tell whether a name may be a student's, and of another than the folder's."""
    words = _words(naming.student(name))
    if around & {word for word in words if len(word) > 1}:
        return False
    return any(map(_is_telling, words))


def _is_telling(word: str) -> bool:
    if word.isdigit():
        is_date = re.fullmatch(r"(19|20)\d\d(0\d|1[0-2])([0-2]\d|3[01])", word)
        return len(word) >= 5 and not is_date
    if word.isascii() and len(word) == 1:
        return False
    return word not in _COMMON


def is_nobodys(name: str) -> bool:
    """Tell whether a name is made of common words alone, so that it names nobody."""
    words = [word for word in _words(naming.student(name)) if not word.isdigit()]
    return all(word in _COMMON for word in words) and not name.isdigit()


def _is_group(name: str) -> bool:
    """Tell whether a folder's name is one that instructors and programs give."""
    words = _words(name)
    own = [word for word in words if not word.isdigit() and len(word) > 1]
    return bool(own) and not any(map(_is_telling, words))

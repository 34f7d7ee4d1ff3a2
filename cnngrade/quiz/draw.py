"""Draw a quiz: which kinds of items, and for each of them as many variants as asked."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cnnlib.practice import draw, items
from cnnlib.practice.items import Item
from cnnlib.practice.registry import LEVELS, kinds
from cnnlib.text import count, listed

SECRET_VARIABLE = "CNNLIB_QUIZ_SECRET"
SHORTEST_SECRET = 16
MOST_ITEMS, MOST_VARIANTS = 200, 2000
TRIES = 25
"""So many draws in vain, and a kind has no further item that is new."""


class QuizError(ValueError):
    """A quiz that cannot be made; the message says what was expected and what came."""


@dataclass(frozen=True)
class Key:
    """What all chance of a quiz comes from.

    Attributes:
        seed: the public part.
        secret: the part that no exported file holds; b"" without one.
    """

    seed: int
    secret: bytes = b""

    def number(self, *names: object) -> int:
        """Return a number of 64 bits that belongs to these names."""
        message = "/".join(map(str, (self.seed, *names))).encode()
        digest = hmac.new(self.secret, message, hashlib.sha256).digest()
        return int.from_bytes(digest[:8], "big")


@dataclass(frozen=True)
class Place:
    """A place in a quiz: one kind of item, and one item for each variant.

    Attributes:
        number: counted from 1.
        items: the item of variant 0, 1, ...
    """

    number: int
    kind: str
    items: tuple[Item, ...]

    @property
    def different(self) -> tuple[Item, ...]:
        """The items that differ from one another."""
        return tuple({item_id(item): item for item in self.items}.values())


@dataclass(frozen=True)
class Quiz:
    """A quiz: its title, its places, and who gets which variant.

    Attributes:
        names: what each variant is called: a letter, or the name of a student.
        people: whether the names are those of students.
    """

    title: str
    places: tuple[Place, ...]
    names: tuple[str, ...]
    people: bool = False

    def sheet(self, variant: int) -> list[Item]:
        """Return the items of one variant, in the order of the places."""
        return [place.items[variant] for place in self.places]

    @property
    def repeated(self) -> dict[int, int]:
        """The places that have fewer different items than variants, and how many."""
        return {
            place.number: len(place.different)
            for place in self.places
            if len(place.different) < len(self.names)
        }


def make_quiz(
    key: Key,
    names: Sequence[str],
    *,
    lessons: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
    count_items: int | None = None,
    level: int = 2,
    title: str = "",
    people: bool = False,
) -> Quiz:
    """Draw a quiz.

    Args:
        key: what chance comes from.
        names: a name for each variant.
        lessons: "02", "03"; all lessons without it.
        only: names of kinds, in the order of the quiz, in place of lessons.
        count_items: how many places; without it 12, or one for each of `only`.
        level: 1 (easy) to 3.
        title: its title; without it one is made.
        people: whether the names are those of students.

    Raises:
        QuizError: one of these does not fit.
    """
    if level not in LEVELS:
        raise QuizError(f"A level is 1, 2 or 3, but it is {level}.")
    many = (len(only) if only else 12) if count_items is None else count_items
    if not 1 <= many <= MOST_ITEMS:
        raise QuizError(
            f"A quiz has 1 to {MOST_ITEMS} items, but {many} are asked for."
        )
    if not 1 <= len(names) <= MOST_VARIANTS:
        raise QuizError(
            f"There can be 1 to {MOST_VARIANTS} variants, but {len(names)} are asked "
            "for."
        )
    chosen = _named(only, many) if only else _mixed(key, lessons, many)
    places = []
    seen: dict[str, set[str]] = {}
    for number, kind in enumerate(chosen, 1):
        drawn = _variants(
            key, number, kind, level, len(names), seen.setdefault(kind, set())
        )
        places.append(Place(number, kind, drawn))
    told = sorted({kinds()[kind].lesson for kind in chosen})
    made = f"Quiz on {'lesson' if len(told) == 1 else 'lessons'} {_span(told)}"
    return Quiz(title or made, tuple(places), tuple(names), people)


def _span(lessons: Sequence[str]) -> str:
    """Write "02 and 03", or the first and the last of many that leave none out.

    >>> _span(["02", "04", "05"])
    '02, 04 and 05'
    """
    numbers = [int(lesson) for lesson in lessons]
    in_a_row = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    if len(lessons) > 2 and in_a_row:
        return f"{lessons[0]} to {lessons[-1]}"
    return listed(list(lessons))


def _named(only: Sequence[str], many: int) -> list[str]:
    if unknown := [name for name in only if name not in kinds()]:
        raise QuizError(
            f"There is no kind of item {listed(unknown)}; the kinds are "
            f"{listed(list(kinds()))}."
        )
    return [only[place % len(only)] for place in range(many)]


def _mixed(key: Key, lessons: Sequence[str] | None, many: int) -> list[str]:
    """Choose kinds, as many from each lesson; one comes again only after all others."""
    try:
        names = items(lessons)
    except ValueError as error:
        raise QuizError(str(error)) from None
    random = Random(key.number("kinds"))
    known = {kind.name: kind.lesson for kind in kinds().values()}
    decks: dict[str, list[str]] = {}
    for name in names:
        decks.setdefault(known[name], []).append(name)
    order = sorted(decks)
    chosen: list[str] = []
    left: dict[str, list[str]] = {}
    for place in range(many):
        lesson = order[place % len(order)]
        if not left.get(lesson):
            left[lesson] = random.sample(decks[lesson], len(decks[lesson]))
        chosen.append(left[lesson].pop())
    return sorted(chosen, key=names.index)


def _variants(
    key: Key, place: int, kind: str, level: int, many: int, seen: set[str]
) -> tuple[Item, ...]:
    """Draw an item for each variant, new ones as long as the kind has some.

    Then items come again, though never to neighbours.
    """
    drawn: list[Item] = []
    is_used_up = False
    before = ""
    for variant in range(many):
        for attempt in range(2 * TRIES):
            item = draw(kind, key.number(place, kind, variant, attempt), level)
            is_used_up |= attempt >= TRIES
            if item_id(item) not in ({before} if is_used_up else seen):
                break
        before = item_id(item)
        seen.add(before)
        drawn.append(item)
    return tuple(drawn)


def item_id(item: Item) -> str:
    """Return a name made of what an item asks: the same for the same item."""
    told = json.dumps([item.kind, item.text, item.blocks, item.answer], default=_plain)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _plain(block: object) -> Mapping[str, object]:
    return vars(block)


# ---- where chance and names come from ---------------------------------------------


def read_key(seed: int | None, secret: Path | None) -> Key:
    """Return the key of a quiz: from a seed, and from a secret if there is one.

    The secret is the text of a file, or of the variable `SECRET_VARIABLE`.

    Raises:
        QuizError: the secret cannot be read, or is too short.
    """
    text, source = os.environ.get(SECRET_VARIABLE, ""), SECRET_VARIABLE
    if secret is not None:
        source = str(secret)
        try:
            text = secret.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise QuizError(
                f"A text file with the secret was expected at {secret}, but it cannot "
                f"be read: {getattr(error, 'strerror', None) or error}."
            ) from None
    text = text.strip()
    if (secret is not None or text) and len(text) < SHORTEST_SECRET:
        raise QuizError(
            f"A secret has at least {SHORTEST_SECRET} characters, but {source} has "
            f'{len(text)}. A good one: python -c "import secrets; '
            'print(secrets.token_hex(16))"'
        )
    if seed is None:
        seed = 1 if text else 1 + secrets.randbelow(10**9)
    return Key(seed, text.encode())


def read_names(variants: int, students: str) -> tuple[tuple[str, ...], bool]:
    """Return the names of the variants, and whether they are names of students.

    Args:
        variants: how many.
        students: "" (letters: A, B, ...), a number, or a text file with a name a line.

    Raises:
        QuizError: there is no such file, or nobody in it, or somebody twice.
    """
    if not students:
        return tuple(map(letters, range(variants))), False
    if students.isascii() and students.isdigit():
        return tuple(map(str, range(1, int(students) + 1))), False
    path = Path(students)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuizError(
            "--students is a number, or a text file with a name in each line, but "
            f"{students!r} cannot be read: {getattr(error, 'strerror', None) or error}."
        ) from None
    names = [name for line in lines if (name := " ".join(line.split()))]
    if not names:
        raise QuizError(f"A name in each line was expected, but {path} has none.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise QuizError(
            f"Each name must stand once, so that a sheet belongs to one student, but "
            f"{listed(twice)} {'stand' if len(twice) > 1 else 'stands'} more than once."
        )
    return tuple(names), True


def letters(number: int) -> str:
    """Return A to Z, then AA, AB, ...

    >>> [letters(number) for number in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def told_repeats(quiz: Quiz) -> list[str]:
    """Say at which places students share an item, a sentence each."""
    return [
        f"Item {number} ({quiz.places[number - 1].kind}) has "
        f"{count(different, 'different version')} for {len(quiz.names)} variants."
        for number, different in quiz.repeated.items()
    ]

"""Counts that prose states: "eight lessons", "38 tasks", "an eight-lesson course"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen"),
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMBERS = {word: number for number, word in enumerate(_SMALL)}
for _place, _ten in enumerate(_TENS, 2):
    _NUMBERS[_ten] = 10 * _place
    _NUMBERS |= {f"{_ten}-{_SMALL[n]}": 10 * _place + n for n in range(1, 10)}
_WORDS = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_CLAIM = re.compile(
    rf"\b(\d+|{_WORDS})[\s-]+(?:(?!in|of|to)[a-z]+\s)?(lesson|task|exercise|notebook|point)s?\b",
    re.I,
)


def claims(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number, noun) for each count of more than one, as "8, lesson".

    One word may stand between the two. "One task" is a way of speaking, no count.

    >>> list(claims("Eight Jupyter lessons, thirty-eight tasks; one exercise each"))
    [(8, 'lesson'), (38, 'task')]
    """
    for number, noun in _CLAIM.findall(text):
        value = int(number) if number.isdigit() else _NUMBERS[number.lower()]
        if value > 1:
            yield value, noun.lower()


def in_words(number: int) -> str:
    """Return a number as prose has it: in words below one hundred.

    >>> in_words(6), in_words(57), in_words(157)
    ('six', 'fifty-seven', '157')
    """
    return next((word for word, one in _NUMBERS.items() if one == number), f"{number}")


def restated(text: str, found: dict[str, int]) -> str:
    """Return a text with its counts of some nouns made those that are found.

    >>> restated("Six tasks, 12 points; one task", {"task": 5, "point": 10})
    'Five tasks, 10 points; one task'
    """

    def right(match: re.Match[str]) -> str:
        said, noun = match[1], match[2].lower()
        number = int(said) if said.isdigit() else _NUMBERS[said.lower()]
        if number < 2 or found.get(noun, number) == number:
            return match[0]
        new = f"{found[noun]}" if said.isdigit() else in_words(found[noun])
        new = new.capitalize() if said[0].isupper() else new
        return new + match[0][len(said) :]

    return _CLAIM.sub(right, text)

"""A kind of item: how its numbers are drawn, its answer, its mistakes, its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace
from typing import Any

from cnnlib.text import sentence

from .items import Block, Form, Item, Option, Show, shown

Facts = SimpleNamespace
"""The numbers of an item, by name; a kind's functions get them and nothing else."""
Given = dict[str, Any]
Worked = Sequence[str]

TRIES = 200
MOST_WRONG = 3
LEAST_WRONG = 2


@dataclass(frozen=True)
class Slip:
    """A named mistake.

    Attributes:
        name: the mistake in a few words.
        answer: what the mistake gives on an item; None where it cannot be made there.
        says: what goes wrong, a clause that can follow "Here" and "Perhaps".
        why: a sentence that is true of this item whatever went wrong; names in braces
            stand for facts.
        of: the task of the exercises whose checker knows the mistake by this name.
    """

    name: str
    answer: Callable[[Facts], Any]
    says: str
    why: str = ""
    of: str = ""

    def sentence(self, facts: Facts, *, sure: bool) -> str:
        """Say what went wrong; "Perhaps", unless it is the only known cause."""
        opening = f"{'Here' if sure else 'Perhaps'} {self.says}"
        both = f"{sentence(opening)} {self.why}".strip()
        return both.format_map(vars(facts))


@dataclass(frozen=True)
class Kind:
    """A kind of item: call it with a generator and a level to draw one.

    Attributes:
        name: its name, "output-size".
        lesson, heading: where it is explained.
        form: what its answer looks like.
        draw: (Random, level) to the facts, plain data that ``json`` can write.
        ask: the question: its text, then its blocks.
        right: the right answer, by PyTorch or ``cnnlib.arithmetic`` or ``summary``.
        again: the right answer by a second road, for the proof.
        slips: its mistakes, the more likely one first.
        steps: the worked solution, (facts, answer as shown) to lines.
        show: the picture of the item.
    """

    name: str
    lesson: str
    heading: str
    form: Form
    draw: Callable[[Random, int], Given]
    ask: Callable[[Facts], tuple[Any, ...]]
    right: Callable[[Facts], Any]
    again: Callable[[Facts], Any]
    slips: tuple[Slip, ...]
    steps: Callable[[Facts, str], Worked]
    show: Callable[[Facts], Show | None] = lambda facts: None

    def __call__(self, random: Random, level: int) -> Item:
        """Draw an item that has at least two different wrong answers.

        Raises RuntimeError if there is none in many tries: the kind is broken.
        """
        for _ in range(TRIES):
            given = self.draw(random, level)
            facts = Facts(**given)
            wrong = self.wrong(facts)
            if len(wrong) >= LEAST_WRONG:
                return self._item(facts, given, level, wrong, random)
        raise RuntimeError(
            f"{self.name} at level {level}: {TRIES} draws, and none has "
            f"{LEAST_WRONG} different wrong answers."
        )

    def wrong(self, facts: Facts) -> tuple[Option, ...]:
        """Return the wrong answers that mistakes give here, each of them once."""
        right = shown(self.right(facts), self.form)
        causes: dict[str, list[tuple[Slip, Any]]] = {}
        for slip in self.slips:
            value = slip.answer(facts)
            if value is not None and shown(value, self.form) != right:
                causes.setdefault(shown(value, self.form), []).append((slip, value))
        return tuple(
            Option(
                found[0][1],
                text,
                found[0][0].name,
                found[0][0].sentence(facts, sure=len(found) == 1),
            )
            for text, found in causes.items()
        )

    def _item(
        self,
        facts: Facts,
        given: Given,
        level: int,
        wrong: tuple[Option, ...],
        random: Random,
    ) -> Item:
        answer = self.right(facts)
        text, *blocks = self.ask(facts)
        right = Option(answer, shown(answer, self.form))
        some = random.sample(wrong, min(MOST_WRONG, len(wrong)))
        options = random.sample([right, *some], len(some) + 1)
        return Item(
            kind=self.name,
            level=level,
            lesson=self.lesson,
            heading=self.heading,
            text=text,
            blocks=_blocks(blocks),
            form=self.form,
            answer=answer,
            options=tuple(options),
            wrong=wrong,
            steps=tuple(self.steps(facts, right.text)),
            show=self.show(facts),
            facts=given,
        )


def _blocks(blocks: Sequence[Block | None]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block is not None)

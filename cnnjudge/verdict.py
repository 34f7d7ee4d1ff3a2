"""A verdict: what was found about one answer, piece by piece.

Nothing here is joined to a message for good. Whoever shows a verdict takes the pieces:
a notebook (`cnnlib.checks.check.Wrong`), a terminal (`cnngrade.cli.printing`), a page
(`cnngrade.report.marked`), a table (`cnngrade.report.tables`). This module
imports nothing of ours, so that a report needs no PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GRADIENT = "a gradient"
"""The part of many tasks whose cases can only be right where the values are."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on an answer.

    A message has, in this order, a headline, what was raised, where and what it means,
    facts and grids of one case, a difference, a hint, and where to read on. Most of it
    may be missing.

    Attributes:
        task: the name of the task.
        status: "passed", "failed", "error" (it raised), "timed out", "unsolved", or why
            there is no answer (see `cnngrade.record.STATUSES`).
        lead: the first sentence, without the task's name.
        leads_with_task: whether the task's name is the subject of `lead`, as in "conv2d
            is not right."; else it stands before a colon: "conv2d: it calls `pad`".
        raised: what the answer raised, or what is wrong with the form of a value.
        line: the student's own line that raised it, with its number in the cell.
        meaning: what such an error means, in a sentence.
        facts: arguments and results of the case that are shown in a line each.
        grids: arguments and results of that case as small grids, side by side.
        hint: what is wrong: the sentence of a known mistake, or of what can be seen.
        hint_word: how sure that is: "Likely", "Perhaps", or "What can be seen".
        difference: how the values differ in type or shape, where no known mistake
            explains it.
        see: the sentence that names the place in the lesson; "" if it is left out.
        note: that the answer is an older one than its cell (`cnnlib.checks.stale`).
        mistake: the name of what explains the answer, a known mistake or another slip,
            or "".
        remark: what was noticed during a call and decided, as `cnnlib.checks.ask` says
            it ("called:pad"), or "".
        case: the kind of the case that shows it, or "".
        parts: of an answer that is not right, the parts of the task: (name, points,
            whether they are earned). None where it is all or nothing.
    """

    task: str
    status: str
    lead: str
    leads_with_task: bool = False
    raised: str = ""
    line: str = ""
    meaning: str = ""
    facts: str = ""
    grids: str = ""
    hint: str = ""
    hint_word: str = "Likely"
    difference: str = ""
    see: str = ""
    note: str = ""
    mistake: str = ""
    remark: str = ""
    case: str = ""
    parts: tuple[tuple[str, float, bool], ...] = ()

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> Verdict:
        """Return the verdict that `plain`, as JSON holds it, was made from."""
        parts = tuple(tuple(part) for part in plain.get("parts", ()))
        return Verdict(**{**plain, "parts": parts})

    @property
    def passed(self) -> bool:
        """Whether the answer is right, and earns all points."""
        return self.status == "passed"

    @property
    def part_points(self) -> float:
        """What the parts that are right earn together; 0 without parts."""
        earned = sum(points for _, points, earned in self.parts if earned)
        return int(earned) if earned == int(earned) else earned

    @property
    def points_line(self) -> str:
        """The sentence on points for a part of the task, or ""."""
        if not self.part_points:
            return ""
        right = "; ".join(name for name, _, earned in self.parts if earned)
        missing = [name for name, _, earned in self.parts if not earned]
        if len(missing) > 1:  # where the values are wrong, nothing is known of it
            missing = [name for name in missing if name != GRADIENT]
        points = sum(points for _, points, _ in self.parts)
        return (
            f"{self.part_points} of {points:g} points so far. Right: {right}. "
            f"Not yet: {'; '.join(missing)}."
        )

    @property
    def headline(self) -> str:
        """The first sentence with the task's name."""
        return f"{self.task}{' ' if self.leads_with_task else ': '}{self.lead}"

    @property
    def paragraphs(self) -> list[list[str]]:
        """The pieces of the whole message that belong together, in plain words."""
        hint = f"{self.hint_word}: {self.hint}" if self.hint else ""
        line = f"    {self.line}" if self.line else ""
        headline = f"{'✓' if self.passed else '✗'} {self.headline}"
        pieces = [
            [headline, self.note, self.raised, line, self.meaning],
            [self.facts, self.grids],
            [self.difference, hint],
            [self.points_line, self.see],
        ]
        filled = ([piece for piece in group if piece] for group in pieces)
        return [group for group in filled if group]

    @property
    def text(self) -> str:
        """The whole message as plain lines."""
        return "\n\n".join("\n".join(group) for group in self.paragraphs)

    @property
    def is_one_sentence(self) -> bool:
        """Whether the headline says all of it."""
        return [len(group) for group in self.paragraphs] == [1]


def unjudged(task: str, status: str, reason: str) -> Verdict:
    """Return the verdict on a task of which no answer could be judged.

    A reason may come from elsewhere, and have several lines: the first one leads.
    """
    lead, _, rest = reason.partition("\n")
    return Verdict(task, status, lead, raised=rest)

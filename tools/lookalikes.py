"""Prove that no hint is false: answers that look alike are put to the check of a task.

Every named mistake, every mutant of right answers, and every mistake of the task with a
second slip in it is asked. A hint is false

- if it says "Likely" of a known mistake and the answer is not that mistake: on other
  cases, drawn from other seeds, the two give different values;
- if it says "Likely" of a slip, and on those cases the check says something else.

Where it says "Perhaps" several causes give the same; what "can be seen" is computed
from the very values that are shown. An entry of a value task has one case, the same for
every seed: there a mistake that gives the entry is all that can be told.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from cnnjudge.judge import KnownOutcomes, is_alike
from cnnjudge.key import Mistake
from cnnjudge.messages import LIKELY
from cnnjudge.tasks import task
from cnnjudge.twists import OF_RESULTS, is_for, of_arguments, twistable, twisted
from cnnjudge.verdict import Verdict
from cnnlib import checks
from cnnlib.checks.ask import ask
from cnnlib.checks.registry import questions
from tools.mutants import TRAINED, mutants

OTHER_SEEDS = (101, 102)
"""Seeds of the cases on which a likely hint must hold, too."""
MOST_PAIRS = 60
"""Pairs of slips that are asked, for each task."""


@dataclass(frozen=True)
class LookRow:
    """What became of one answer that looks like a known mistake.

    Attributes:
        task: the name of the task.
        answer: which answer, in words.
        false: why its hint is false, or "".
    """

    task: str
    answer: str
    verdict: Verdict
    false: str


def rows(name: str, seed: int = 0) -> Iterator[LookRow]:
    """Yield a row for each answer to a task that is refused and gets a hint."""
    known = KnownOutcomes(task(name), questions()[name].draw(seed))
    others = [KnownOutcomes(task(name), questions()[name].draw(s)) for s in OTHER_SEEDS]
    for label, answer in _answers(name):
        verdict = checks.Check(name).verdict(answer, seed, known=known)
        if verdict.hint and not verdict.passed:
            why = _why_false(name, answer, verdict, others)
            yield LookRow(name, label, verdict, why)


def _answers(name: str) -> Iterator[tuple[str, Any]]:
    found = task(name)
    for mistake in found.key.mistakes:
        if not mistake.remark:
            yield f"mistake: {mistake.name}", mistake.answer
    for mutant in mutants(name):
        yield f"mutant: {mutant.change}", mutant.answer
    yield from _pairs(name)


def _pairs(name: str) -> Iterator[tuple[str, Any]]:
    """Yield mistakes with a second slip in them, spread over all of both."""
    found = task(name)
    question, key = found.question, found.key
    cases = question.draw(0)
    if not is_for(question) or not all(map(twistable, cases)) or key.accepts:
        return
    twists = [*of_arguments(question, cases, key.defaults), *OF_RESULTS]
    plain = [m for m in key.mistakes if not m.remark]
    all_of_them = [(mistake, twist) for mistake in plain for twist in twists]
    step = max(1, len(all_of_them) // MOST_PAIRS)
    for mistake, twist in all_of_them[::step]:
        label = f"pair: {mistake.name}, and {twist.name}"
        yield label, twisted(mistake.answer, question, key.defaults, twist)


def _why_false(
    name: str, answer: Any, verdict: Verdict, others: Sequence[KnownOutcomes]
) -> str:
    """Say why the hint of a verdict is false, or ""."""
    found = task(name)
    places = {m.name: i for i, m in enumerate(found.key.mistakes)}
    if verdict.hint_word == LIKELY and verdict.mistake in places:
        mistake = found.key.mistakes[places[verdict.mistake]]
        if mistake.certain or found.question.is_value or name in TRAINED:
            return ""
        if not _are_the_same(answer, mistake, places[verdict.mistake], others):
            return f"it is not the mistake {mistake.name!r} on other cases"
    elif verdict.hint_word == LIKELY:
        for known in others:
            there = checks.Check(name).verdict(answer, known=known)
            if there.mistake != verdict.mistake:
                return f"on other cases it is {there.mistake!r} ({there.hint_word})"
    return ""


def _are_the_same(
    answer: Any, mistake: Mistake, place: int, others: Sequence[KnownOutcomes]
) -> bool:
    """Tell whether an answer is a mistake on the cases of other seeds, too."""
    for known in others:
        outcomes = ask(known.task.question, answer, known.cases, watched=False)
        pairs = (
            (outcome, known.of_mistake(place, i)) for i, outcome in enumerate(outcomes)
        )
        if not all(is_alike(one, other, known.task.key) for one, other in pairs):
            return False
    return True


def markdown(hints: int, false: int) -> str:
    """Return the section of the proof on answers that look alike."""
    return (
        "\n## Answers that look alike\n\n"
        "To each task are put its named mistakes, its mutants, and its mistakes with "
        "a\n"
        "second slip in them. A hint that says *likely* must be that mistake on the "
        "cases\n"
        "of other seeds, too; where several causes give the same values it says "
        "*perhaps*,\n"
        "and what *can be seen* is computed from the values that are shown.\n\n"
        f"- Hints given: {hints}; false: {false}.\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if no hint is false."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.lookalikes", description=__doc__
    )
    parser.add_argument("tasks", nargs="*", help="names of tasks; default: all")
    parser.add_argument("--show", action="store_true", help="each hint by signs")
    options = parser.parse_args(arguments)
    total, bad = 0, 0
    for name in tqdm(options.tasks or list(questions()), disable=None):
        found = list(rows(name))
        false = [row for row in found if row.false]
        total, bad = total + len(found), bad + len(false)
        print(f"{name}: {len(found)} hints, {len(false)} false")
        for row in false:
            print(f"  {row.answer}: {row.false}\n    {row.verdict.hint}")
        if options.show:
            for row in found:
                told = f"{row.verdict.hint_word}: {row.verdict.hint}"
                print(f"  {row.answer}\n      {told}")
    print(f"{total} hints, {bad} false")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

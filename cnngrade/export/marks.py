"""The marks of a report: its journal, settled by the instructor's file.

Pages, tables and exports all take them from here, so that they tell of the same people.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from cnngrade.class_run.grade_class import ClassResults
from cnngrade.record import Result
from cnngrade.term.instructor import read_word
from cnngrade.term.settle import Settled, settle

from .times import platform_times


@dataclass(frozen=True)
class Marks:
    """All that a report shows.

    Attributes:
        graded: the results of the class, as the instructor's file settles them.
        settled: what else that file says, and what of it has no effect.
    """

    graded: ClassResults
    settled: Settled

    @property
    def results(self) -> list[Result]:
        """The results that count."""
        return self.settled.results


def marks(folder: Path, graded: ClassResults) -> Marks:
    """Return what a class was graded with, with the instructor's word in it."""
    word = read_word(folder)
    times = platform_times(folder, word, graded.results)
    settled = settle(graded.results, word, times)
    called = settled.called
    left_out = {(who, lesson) for who, lesson, _ in settled.left_out}
    history = {
        (called.get(who, who), lesson): results
        for (who, lesson), results in graded.history.items()
        if (called.get(who, who), lesson) not in left_out
    }
    settings = replace(
        graded.settings,
        problems=(
            *graded.settings.problems,
            *settled.problems,
            *_perhaps_one(settled.results),
        ),
        unplaced=(
            *graded.settings.unplaced,
            *(
                (f"{who}, lesson {lesson}", f"is left out by the instructor: {why}")
                for who, lesson, why in settled.left_out
            ),
        ),
        superseded=tuple(
            (called.get(who, who), name, why)
            for who, name, why in graded.settings.superseded
        ),
    )
    return Marks(
        replace(graded, settings=settings, results=settled.results, history=history),
        settled,
    )


def _perhaps_one(results: list[Result]) -> list[str]:
    """Return a sentence on students of one name who may be one person, week by week.

    Those who handed in the same lesson are different people.
    """
    lessons: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for result in results:
        name = re.sub(r" \(\d{1,20}\)$", "", result.student)
        lessons[name][result.student].add(result.lesson)
    return [
        f"{' and '.join(sorted(some))} have one name, and nothing tells whether they "
        f"are one person. If so, join them: same | {max(some)} | {min(some)}"
        for some in lessons.values()
        if any(not a & b for a, b in combinations(some.values(), 2))
    ]

"""What a report says of a term: who has which points, which mistakes died or came back.

A mistake is *fixed* where a later hand-in of the same task does without it. It *came
back* where the same one is made again: in a later lesson, or in a later hand-in after
one that did without it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnngrade.record import Result

from .class_facts import mistake_name

History = Mapping[tuple[str, str], Sequence[Result]]
"""By student and lesson, what became of all attempts, in their order."""


@dataclass(frozen=True)
class MistakeStory:
    """What became of one student's mistake over the term.

    Attributes:
        places: where it was made: (lesson, task), in order, each once.
        is_there: whether a hand-in that counts still has it.
        came_back: whether it was made again; see above.
    """

    mistake: str
    places: tuple[tuple[str, str], ...]
    is_there: bool
    came_back: bool

    @property
    def state(self) -> str:
        """The story in a few words."""
        if self.came_back:
            return "came back" if self.is_there else "came back, then fixed"
        return "still there" if self.is_there else "fixed"


@dataclass(frozen=True)
class StudentTerm:
    """One student's term.

    Attributes:
        results: what counts, by lesson.
        attempts: how many hand-ins, by lesson.
        earned, points: of all lessons that are not excused.
    """

    student: str
    results: Mapping[str, Result]
    attempts: Mapping[str, int]
    earned: float
    points: float
    stories: tuple[MistakeStory, ...]


@dataclass(frozen=True)
class ClassMistake:
    """What became of a mistake in the class: how many students each."""

    mistake: str
    made: int
    fixed: int
    came_back: int
    still: int


def term_facts(results: Iterable[Result], history: History) -> list[StudentTerm]:
    """Return each student's term, by name."""
    own: dict[str, dict[str, Result]] = defaultdict(dict)
    for result in results:
        own[result.student][result.lesson] = result
    names = sorted(own, key=lambda name: (name.casefold(), name))
    return [_student(name, own[name], history) for name in names]


def _student(
    student: str, results: Mapping[str, Result], history: History
) -> StudentTerm:
    lessons = dict(sorted(results.items()))
    attempts = {
        lesson: history.get((student, lesson), [result])
        for lesson, result in lessons.items()
    }
    counted = [one for one in lessons.values() if not one.said.excused]
    return StudentTerm(
        student,
        lessons,
        {lesson: len(some) for lesson, some in attempts.items()},
        round(sum(one.earned for one in counted), 2),
        sum(one.points for one in counted),
        tuple(_stories(attempts)),
    )


def _stories(attempts: Mapping[str, Sequence[Result]]) -> list[MistakeStory]:
    made: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for lesson, some in attempts.items():
        for number, result in enumerate(some):
            for task in result.tasks:
                name = mistake_name(task.verdict)
                if name and not task.passed:
                    made[name].append((lesson, number, task.task))
    last = {lesson: len(some) - 1 for lesson, some in attempts.items()}
    return [
        MistakeStory(
            name,
            tuple(dict.fromkeys((lesson, task) for lesson, _, task in where)),
            any(number == last[lesson] for lesson, number, _ in where),
            _came_back(where),
        )
        for name, where in made.items()
    ]


def _came_back(where: Sequence[tuple[str, int, str]]) -> bool:
    """Tell whether a mistake was made again after it could have been gone."""
    if len({lesson for lesson, *_ in where}) > 1:
        return True
    numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
    for lesson, number, task in where:
        numbers[lesson, task].add(number)
    return any(max(some) - min(some) + 1 > len(some) for some in numbers.values())


def class_mistakes(terms: Iterable[StudentTerm]) -> list[ClassMistake]:
    """Return what became of each mistake in the class, the most frequent first."""
    stories: dict[str, list[MistakeStory]] = defaultdict(list)
    for term in terms:
        for story in term.stories:
            stories[story.mistake].append(story)
    facts = [
        ClassMistake(
            mistake,
            made=len(some),
            fixed=sum(not one.is_there for one in some),
            came_back=sum(one.came_back for one in some),
            still=sum(one.is_there for one in some),
        )
        for mistake, some in stories.items()
    ]
    return sorted(facts, key=lambda fact: (-fact.made, fact.mistake))

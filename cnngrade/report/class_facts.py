"""What results say of a whole class: who passed what, which mistakes were shared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from cnngrade.record import STATUSES, Result, TaskResult
from cnnjudge.verdict import Verdict

from .tables import Timings

_LessonAndTask = tuple[str, str]
_REMARKS = {
    "called": "calls `{}`, which is to be written",
    "cnnlib": "calls `{}` of cnnlib",
    "changed": "changes its input `{}`",
    "cut": "lets no gradient flow back to `{}`",
    "left": "leaves {} behind",
    "lost": "takes away a {} of somebody else",
}
"""What was noticed during a call, in a few words, by the remark's first word.

The sentences that a student reads are in `cnnjudge.messages`, for the same remarks.
"""


@dataclass(frozen=True)
class TaskFacts:
    """How a class did on one task.

    Attributes:
        counts: how many reached each status, those that nobody reached left out.
    """

    lesson: str
    task: str
    points: int
    counts: dict[str, int]

    @property
    def passed(self) -> int:
        """How many passed."""
        return self.counts.get("passed", 0)

    @property
    def submissions(self) -> int:
        """How many submissions have it."""
        return sum(self.counts.values())

    @property
    def percent(self) -> int:
        """The share that passed."""
        return _percent(self.passed, self.submissions)

    @property
    def others(self) -> list[tuple[str, int]]:
        """Statuses other than passed, and how many reached them."""
        return [(name, n) for name, n in self.counts.items() if name != "passed"]


@dataclass(frozen=True)
class MistakeFacts:
    """A known mistake, in a few words, and who made it."""

    lesson: str
    task: str
    mistake: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Cluster:
    """Wrong answers to a task that gave the same values.

    Attributes:
        mistake: what is wrong, in a few words, or "" if no known mistake explains it.
        texts: how many different programs they are, white space aside.
        code: the shortest of them.
        verdict: the verdict on that one.
    """

    lesson: str
    task: str
    mistake: str
    verdict: Verdict
    students: tuple[str, ...]
    texts: int
    code: str


@dataclass(frozen=True)
class TimeFacts:
    """How long a task took a class, in seconds."""

    lesson: str
    task: str
    count: int
    median: float
    longest: float
    slowest: str
    total: float


def task_facts(results: Iterable[Result]) -> list[TaskFacts]:
    """Return the facts on each task, in the order of the exercises."""
    counts: dict[_LessonAndTask, Counter[str]] = defaultdict(Counter)
    points: dict[_LessonAndTask, int] = {}
    for result, task in _lesson_by_lesson(results):
        key = (result.lesson, task.task)
        counts[key][task.verdict.status] += 1
        points[key] = max(task.points, points.get(key, 0))
    return [
        TaskFacts(
            lesson=lesson,
            task=task,
            points=points[lesson, task],
            counts={name: n[name] for name in STATUSES if n[name]},
        )
        for (lesson, task), n in counts.items()
    ]


def mistake_facts(results: Iterable[Result]) -> list[MistakeFacts]:
    """Return the known mistakes that were made, the most frequent first."""
    students: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for result, task in _lesson_by_lesson(results):
        mistake = mistake_name(task.verdict)
        if mistake and not task.passed:
            students[result.lesson, task.task, mistake].append(result.student)
    facts = [
        MistakeFacts(lesson, task, mistake, tuple(who))
        for (lesson, task, mistake), who in students.items()
    ]
    return sorted(facts, key=lambda fact: -len(fact.students))


def clusters(results: Iterable[Result]) -> list[Cluster]:
    """Return the wrong answers that several students share, the largest group first."""
    same: dict[tuple[str, str, str], list[tuple[str, TaskResult]]] = defaultdict(list)
    for result, task in _lesson_by_lesson(results):
        if task.fingerprint and not task.passed:
            key = (result.lesson, task.task, task.fingerprint)
            same[key].append((result.student, task))
    groups = [
        _cluster(lesson, task, who)
        for (lesson, task, _), who in same.items()
        if len(who) > 1
    ]
    return sorted(groups, key=lambda group: -len(group.students))


def _cluster(lesson: str, name: str, who: Sequence[tuple[str, TaskResult]]) -> Cluster:
    sample = min((task for _, task in who), key=lambda t: (len(t.code), t.code))
    texts = {" ".join(task.code.split()) for _, task in who}
    students = tuple(student for student, _ in who)
    return Cluster(
        lesson=lesson,
        task=name,
        mistake=mistake_name(sample.verdict),
        verdict=sample.verdict,
        students=students,
        texts=len(texts),
        code=sample.code,
    )


def time_facts(results: Iterable[Result], timings: Timings) -> list[TimeFacts]:
    """Return how long each task took, in the order of the exercises."""
    spent: dict[_LessonAndTask, list[tuple[float, str]]] = defaultdict(list)
    for result, task in _lesson_by_lesson(results):
        seconds = timings.get((result.student, result.lesson, task.task))
        if seconds is not None:
            spent[result.lesson, task.task].append((seconds, result.student))
    return [_time(key, taken) for key, taken in spent.items()]


def _time(key: _LessonAndTask, taken: Sequence[tuple[float, str]]) -> TimeFacts:
    lesson, task = key
    seconds = [one for one, _ in taken]
    longest, slowest = max(taken)
    return TimeFacts(
        lesson=lesson,
        task=task,
        count=len(taken),
        median=median(seconds),
        longest=longest,
        slowest=slowest,
        total=sum(seconds),
    )


def mistake_name(verdict: Verdict) -> str:
    """Return in a few words what a verdict says is wrong, or ""."""
    if verdict.remark:
        kind, _, name = verdict.remark.partition(":")
        return _REMARKS[kind].format(name)
    return verdict.mistake


def points_facts(results: Sequence[Result]) -> list[tuple[str, int, float, int]]:
    """Return lesson, submissions, median of the points earned, and points, of each."""
    earned: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        earned[result.lesson].append(result)
    return [
        (
            lesson,
            len(some),
            float(median(one.earned for one in some)),
            max(one.points for one in some),
        )
        for lesson, some in sorted(earned.items())
    ]


def _lesson_by_lesson(
    results: Iterable[Result],
) -> Iterable[tuple[Result, TaskResult]]:
    """Go through all tasks, lesson after lesson, students in the order given."""
    for result in sorted(results, key=lambda r: r.lesson):
        for task in result.tasks:
            yield result, task


def _percent(part: int, whole: int) -> int:
    """Return a share in percent that is 0 or 100 only if none or all are meant."""
    if not whole:
        return 0
    return (
        max(1, min(99, round(100 * part / whole)))
        if 0 < part < whole
        else 100 * part // whole
    )

"""Results as the instructor's file settles them: what stands in pages, CSV and exports.

The journal keeps what answers earned; nothing here is written back to it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cnngrade.record import Result

from .instructor import NAME, Order, Policy, Word
from .lateness import lateness, share, shown

Key = tuple[str, str]
"""A student and a lesson."""


@dataclass
class Settled:
    """Results with the instructor's word in them.

    Attributes:
        left_out: whom the file leaves out: (student, lesson, reason).
        called: what a student is called whom the file joins with another.
        problems: lines that have no effect, in sentences with their numbers.
        blocking: those of them that must be put right before marks leave the house.
    """

    results: list[Result]
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    called: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    blocking: list[str] = field(default_factory=list)


def settle(
    results: Iterable[Result], word: Word, times: Mapping[Key, float] | None = None
) -> Settled:
    """Return results as a file settles them.

    `times` say when the platform got something, in seconds since 1970, by student (as
    in `results`) and lesson.
    """
    made = _Settling(list(results), times or {})
    for number, why in word.problems:
        made.problem(number, why)
    of_kind: dict[str, list[Order]] = defaultdict(list)
    for order in word.orders:
        of_kind[order.kind].append(order)
    for order in of_kind["same"]:
        made.join(order)
    for order in of_kind["leave out"]:
        made.leave_out(order)
    for order in of_kind["extension"]:
        made.extend(order)
    made.take_off(word.policies)
    for kind in ("override", "excuse", "comment"):
        for order in of_kind[kind]:
            made.say(order)
    rest = [made.results[key] for key in made.results]
    done = made.done
    return replace(done, results=rest, problems=_sorted(done.problems))


def _sorted(problems: Sequence[str]) -> list[str]:
    """Return problems in the order of their lines."""
    return sorted(problems, key=lambda text: int(re.findall(r"\d+|$", text)[0] or 0))


class _Settling:
    def __init__(self, results: list[Result], times: Mapping[Key, float]) -> None:
        self.results = {(one.student, one.lesson): one for one in results}
        self._times = dict(times)
        self._extended: dict[Key, Order] = {}
        self.done = Settled([])

    def problem(self, number: int, why: str, *, blocking: bool = True) -> None:
        where = f"{NAME}, line {number}" if number else NAME
        text = f"{where}: {why}"
        self.done.problems.append(text)
        if blocking:
            self.done.blocking.append(text)

    # ---- who, and what of theirs -----------------------------------------------------

    def _who(self, number: int, text: str, *, blocking: bool = True) -> str:
        """Return the only student whom a text names, or "" and tell why not."""
        students = list(dict.fromkeys(student for student, _ in self.results))
        ids = defaultdict(set)
        for one in self.results.values():
            ids[one.platform_id].add(one.student)
        for same in (_exactly, _folded):
            fitting = [one for one in students if same(one) == same(text)]
            if len(fitting) == 1:
                return fitting[0]
            if fitting:
                break
        else:
            fitting = sorted(ids.get(" ".join(text.casefold().split()), ()))
            fitting = fitting or [
                one for one in students if _folded(_unnumbered(one)) == _folded(text)
            ]
            if len(fitting) == 1:
                return fitting[0]
        if fitting:
            names = ", ".join(fitting)
            self.problem(number, f"“{text}” fits {len(fitting)} students: {names}.")
            return ""
        near = difflib.get_close_matches(text, students, 3, 0.6)
        perhaps = f" Is it {' or '.join(near)}?" if near else ""
        self.problem(
            number, f"“{text}” fits nobody in the report.{perhaps}", blocking=blocking
        )
        return ""

    def _result(self, order: Order, *, blocking: bool = True) -> Result | None:
        student = self._who(order.number, order.who, blocking=blocking)
        if not student:
            return None
        found = self.results.get((student, order.lesson))
        if found is None:
            why = f"{student} has handed in nothing of lesson {order.lesson}."
            self.problem(order.number, why, blocking=blocking)
        return found

    def _put(self, result: Result) -> None:
        self.results[result.student, result.lesson] = result

    # ---- what a line does ------------------------------------------------------------

    def join(self, order: Order) -> None:
        """Call one student as another: they are one person."""
        one, other = (self._who(order.number, text) for text in (order.who, order.text))
        if not one or not other or one == other:
            return
        lessons = {lesson for student, lesson in self.results if student == one}
        both = [lesson for lesson in sorted(lessons) if (other, lesson) in self.results]
        if both:
            why = f"{one} and {other} both handed in lesson {', '.join(both)}."
            self.problem(order.number, why)
            return
        for lesson in lessons:
            moved = replace(self.results.pop((one, lesson)), student=other)
            self._put(moved)
            if (one, lesson) in self._times:
                self._times[other, lesson] = self._times[one, lesson]
        self.done.called[one] = other

    def leave_out(self, order: Order) -> None:
        if result := self._result(order):
            del self.results[result.student, result.lesson]
            self.done.left_out.append((result.student, result.lesson, order.text))

    def extend(self, order: Order) -> None:
        """Note an extension; who has handed in nothing yet may have one, too."""
        if result := self._result(order, blocking=False):
            why = f" ({order.text})" if order.text else ""
            self._extended[result.student, result.lesson] = order
            self._add(result, notes=(f"Extension until {shown(order.when)}{why}.",))

    def take_off(self, policies: Mapping[str, Policy]) -> None:
        """Say of everything that came late what that costs."""
        for key, result in list(self.results.items()):
            policy, extension = policies.get(result.lesson), self._extended.get(key)
            if policy is None:
                if extension:
                    why = (
                        f"lesson {result.lesson} has no line “due”: it changes nothing."
                    )
                    self.problem(extension.number, why, blocking=False)
                continue
            handed_in = self._times.get(key, result.handed_in)
            until = extension.when if extension else 0.0
            found = lateness(policy, handed_in, result.marked_late, until)
            if found is not None:
                self._put(_late(result, policy, found.days, found.words, found.doubt))

    def say(self, order: Order) -> None:
        blocking = order.kind != "excuse"
        result = self._result(order, blocking=blocking)
        if result is None:
            return
        if order.kind == "comment":
            self._add(result, comments=(*result.said.comments, order.text))
        elif order.kind == "excuse":
            self._add(result, excused=order.text)
        else:
            self._override(result, order)

    def _override(self, result: Result, order: Order) -> None:
        of_task = {task.task: task for task in result.tasks}
        whole = order.task == "all"
        if not whole and order.task not in of_task:
            why = f"the report has no {order.task} of {result.student}."
            self.problem(order.number, why)
            return
        most = result.points if whole else of_task[order.task].points
        if order.points > most:
            what = f"lesson {result.lesson}" if whole else order.task
            self.problem(
                order.number, f"{what} has {most} points, not {order.points:g}."
            )
            return
        given = _neat(order.points), order.text
        if whole:
            self._add(result, given=given)
            return
        tasks = tuple(
            replace(task, given=given) if task.task == order.task else task
            for task in result.tasks
        )
        self._put(replace(result, tasks=tasks))

    def _add(self, result: Result, **facts: object) -> None:
        said = replace(result.said, **facts)  # type: ignore[arg-type]
        self._put(replace(result, said=said))


def _late(result: Result, policy: Policy, days: int, words: str, doubt: str) -> Result:
    part = share(policy, days)
    text = f"{words[:1].upper()}{words[1:]}: {part:.0%} of the points earned taken off."
    by_hand = (*result.by_hand, doubt) if doubt else result.by_hand
    said = replace(result.said, late=(part, text))
    return replace(result, said=said, by_hand=by_hand)


def _neat(points: float) -> float:
    return int(points) if points == int(points) else points


def _exactly(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _folded(name: str) -> str:
    """Return a name's words in order, without accents, signs and capitals."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(sorted(re.findall(r"[^\W_]+", letters)))


def _unnumbered(name: str) -> str:
    return re.sub(r" \(\d{1,20}\)$", "", name)

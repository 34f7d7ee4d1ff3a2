"""What a process beside student code says of its steps, and what is made of it.

It says, a line of JSON each: step 3 starts; step 3 is done, with these facts; step 3
died, or timed out, and the session goes on without it. All of it comes from beside
student code: a line that is not of this form counts for nothing.
"""

from __future__ import annotations

import contextlib
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnngrade.files.notebook import CannotGradeError
from cnngrade.limits import NEXT_STEP_SECONDS, START_SECONDS

_NOTHING_YET = {"state": "nothing yet"}
LEFT_RUNNING = "it started threads or processes that did not stop"
_ENDED_BY_LIMIT = {
    "SIGXCPU": "it computed for longer than a whole submission may",
    "SIGXFSZ": "it wrote a larger file than it may",
}
"""The signals by which the kernel says which limit of the jail was reached."""


class IsolationError(CannotGradeError):
    """A level of isolation cannot be had; the text says which and why."""


class TemplateEndedError(CannotGradeError):
    """The process that opens sessions is there no more; another one can be made."""


@dataclass(frozen=True)
class StepOutcome:
    """What came of a step.

    Attributes:
        state: "done", "timed out", "died", or "held up": what an earlier step left
            running came in its way, so that nothing is known of this one.
        facts: what the process told of it (see `cnngrade.inside.steps`).
        reason: for "died": how the process ended, in words.
        held_up_by: for "held up": the place of the earlier step.
    """

    state: str
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    held_up_by: int = -1


class Session(ABC):
    """One process, or a relay of them, that does some steps in order.

    Attributes:
        goes_on: whether it can do further steps.
    """

    goes_on = True

    def starts(self, wanted: Sequence[int]) -> Iterator[int]:
        """Yield the place of each step as it starts, until the session ends."""
        for place, number in enumerate(wanted):
            told = self._told(NEXT_STEP_SECONDS if place else START_SECONDS)
            if told != {"step": number, "state": "start"}:
                if place == 0:
                    raise CannotGradeError(self.why_not())
                return  # it ended between two steps: the one before did that
            yield number

    def wait(self, number: int, seconds: float) -> StepOutcome:
        """Return what came of a step that has started."""
        told = self._told(seconds)
        state = told.get("state") if told.get("step") == number else ""
        if state == "done":
            return StepOutcome("done", _facts(told))
        if state == "died":
            return StepOutcome("died", reason=how_it_ended(told.get("code")))
        if state == "timed out":
            return StepOutcome("timed out")
        if state == "left running":
            by = told.get("by", number)
            if isinstance(by, int) and 0 <= by < number:
                return StepOutcome("held up", held_up_by=by)
            return StepOutcome("died", reason=LEFT_RUNNING)
        self.goes_on = False
        if told == _NOTHING_YET:
            return StepOutcome("timed out")
        return StepOutcome("died", reason=self.how_it_ended())

    def _told(self, seconds: float) -> dict[str, Any]:
        """Return the next message, or what stands for none."""
        try:
            return self.told(seconds) or _NOTHING_YET
        except EOFError:
            return {}

    @abstractmethod
    def told(self, seconds: float) -> dict[str, Any] | None:
        """Return the next message; None if none came in time.

        Raises:
            EOFError: there will be none.
        """

    @abstractmethod
    def how_it_ended(self) -> str:
        """Say in words how the process ended."""

    @abstractmethod
    def why_not(self) -> str:
        """Say in a sentence why it did not even start."""


def _facts(told: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a step in the form that they must have."""
    found: dict[str, Any] = {"answer": told.get("answer")}
    if told.get("answer") == "no function":
        found["type"] = _words(told.get("type"), 100) or "object"
    if isinstance(error := told.get("raised"), dict):
        line = error.get("line")
        found["raised"] = {
            "type": _words(error.get("type"), 100) or "an error",
            "text": _words(error.get("text"), 300),
            "line": line if isinstance(line, int) and 0 < line < 10**6 else 0,
        }
    return found | {"outcomes": told.get("outcomes")}


def _words(item: Any, most: int) -> str:
    return item[:most].replace("\0", "�") if isinstance(item, str) else ""


def how_it_ended(code: Any) -> str:
    """Say in words what an exit code, or minus a signal's number, means."""
    if not isinstance(code, int):
        return "the connection broke"
    if code >= 0:
        return f"Python ended with exit code {code % 256}"
    if code == -9:
        return "Python was killed (SIGKILL): memory may have run out"
    name = ""
    with contextlib.suppress(ValueError):
        name = signal.strsignal(-code) or ""
        if (limit := signal.Signals(-code).name) in _ENDED_BY_LIMIT:
            return _ENDED_BY_LIMIT[limit]
    return f"Python crashed inside a library ({name or f'signal {-code}'})"

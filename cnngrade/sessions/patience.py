"""How long steps may take: in their process, and before their session is ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnngrade import limits
from cnngrade.files.plan import Step


@dataclass(frozen=True)
class Patience:
    """How many seconds are waited for a step before its session is ended.

    Attributes:
        cell: for a cell.
        questions: for the answers to a question, by the name of the task.
        together: for all steps.
        trial: for a cell in a session that is on trial; see `run`.
    """

    cell: float
    questions: dict[str, float]
    together: float = float("inf")
    trial: float = limits.TRIAL_CELL_SECONDS

    def seconds_for(self, step: Step) -> float:
        """Return the seconds after which the session is ended for this step."""
        if step.asks:
            return self.questions[step.task] + limits.ANSWER_GRACE_SECONDS
        return self.cell

    def session(self, steps: Iterable[Step]) -> float:
        """Return the seconds after which no session goes on, whatever happens."""
        return self.together + max(map(self.seconds_for, steps), default=0.0)


@dataclass(frozen=True)
class StepTimes:
    """How long a step may compute, and take by the clock, beside other submissions.

    Attributes:
        cell: seconds that a cell may compute on a typical machine.
        questions: the same for the answers to a question, by the name of the task.
        slack: how many times as long things take here as there.
    """

    cell: float
    questions: dict[str, float]
    slack: float

    def computing_and_clock(self, step: Step) -> tuple[float, float]:
        """Return the seconds a step may compute, and take by the clock."""
        if not step.asks:
            return self.cell * self.slack, limits.clock_seconds(self.cell, self.slack)
        seconds, grace = self.questions[step.task], limits.ANSWER_GRACE_SECONDS
        clock = limits.clock_seconds(seconds, self.slack)
        return (seconds + grace) * self.slack, clock + grace

    def patience(self) -> Patience:
        """Return how long is waited for the steps: longer than they may take."""
        slack, grace = self.slack, limits.ANSWER_GRACE_SECONDS
        return Patience(
            cell=limits.clock_seconds(self.cell, slack) + grace,
            questions={
                name: limits.clock_seconds(seconds, slack) + grace
                for name, seconds in self.questions.items()
            },
            together=limits.submission_clock_seconds(self.cell, slack),
            trial=min(limits.TRIAL_CELL_SECONDS, self.cell),
        )

"""Run steps in sessions, so that nothing in a cell can lose the rest.

Where a step ends the session or takes too long, that step is noted, and a new session
runs the other cells again without it and goes on with what was not asked yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from cnngrade.files.plan import Step
from cnngrade.limits import MOST_SESSIONS, TRIAL_ANSWER_SECONDS

from .patience import Patience
from .session import LEFT_RUNNING, Session, StepOutcome

Open = Callable[[list[int], bool], AbstractContextManager[Session]]
"""Opens a session that does the steps at these places, each guarded or not."""


def run_steps(
    steps: Sequence[Step],
    open_session: Open,
    patience: Callable[[], Patience],
    watch: Callable[[Step], None] = lambda step: None,
    *,
    trial: bool = False,
) -> dict[int, StepOutcome]:
    """Return what came of each step, by its place; a step not reached is left out.

    `patience` is called once the first session is starting, since to know them takes
    as long; `watch` is told of every step before it runs. With `trial` the first
    session is not guarded, which is quicker: nearly always nothing goes wrong in it.
    Where something does, or a cell takes long, the next session sees to that step.

    Where a step is held up, an earlier one is suspected: the step is done again without
    that one, which is put back if it makes no difference.
    """
    record = _Record()
    known: Patience | None = None
    begun = time.monotonic()
    for attempt in range(MOST_SESSIONS):
        trying = trial and attempt == 0
        wanted = [i for i, step in enumerate(steps) if record.is_due(i, step)]
        if all(i in record.done for i in wanted):
            break
        with open_session(wanted, not trying) as session:
            known = known or patience()
            for number in session.starts(wanted):
                watch(steps[number])
                seconds = known.seconds_for(steps[number])
                if trying:
                    asks = steps[number].asks
                    most = TRIAL_ANSWER_SECONDS if asks else known.trial
                    seconds = min(seconds, most)
                found = session.wait(number, seconds)
                if trying and found.state != "done":
                    break
                begins_anew = record.add(number, found) or not session.goes_on
                if begins_anew or _is_over(begun, known):
                    break
        if _is_over(begun, known):
            break
    return record.done


class _Record:
    """What came of each step so far.

    Attributes:
        done: by the place of the step.
        suspects: for a step that was held up, those left out for its sake, each with
            what had come of it before.
    """

    def __init__(self) -> None:
        self.done: dict[int, StepOutcome] = {}
        self.suspects: dict[int, dict[int, StepOutcome | None]] = {}

    def is_due(self, number: int, step: Step) -> bool:
        """Cells run again in a new session; what is asked, or ended one, does not."""
        before = self.done.get(number)
        return before is None or (before.state == "done" and not step.asks)

    def add(self, number: int, found: StepOutcome) -> bool:
        """Keep what came of a step; tell if a new session is needed for the rest."""
        if found.state == "held up":
            left_out = self.suspects.setdefault(number, {})
            left_out[found.held_up_by] = self.done.get(found.held_up_by)
            self.done[found.held_up_by] = StepOutcome("died", reason=LEFT_RUNNING)
            return True
        if number not in self.done or found.state != "done":
            self.done[number] = found
        cleared = self.suspects.get(number, {}) if found.reason == LEFT_RUNNING else {}
        for earlier, before in cleared.items():  # it was not their fault
            del self.done[earlier]
            if before is not None:
                self.done[earlier] = before
        return bool(cleared)


def _is_over(begun: float, patience: Patience) -> bool:
    """Tell whether all steps together have taken too long."""
    return time.monotonic() - begun > patience.together

"""The process that `cnnlib check` starts beside a student's cells.

It reads one line from its input (the steps, and which of them to run), then writes one
before and one after every step; when its input is closed, it ends.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from typing import Any

from cnnlib.checks.wire import dumps, loads

from .steps import StepRunner, bring, silence


def main() -> None:
    """Run the steps that the input names and tell what came of them."""
    wire, control = os.fdopen(os.dup(1), "wb"), os.dup(0)
    given = loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with, args=(control,), daemon=True).start()
    runner = StepRunner()  # while what goes wrong can still be heard

    def tell(step: int, **facts: Any) -> None:
        wire.write(dumps({"step": step} | facts))
        wire.flush()

    silence()
    bring(given["files"])
    sys.path.append("")  # it imports what lies beside it, and nothing in our place
    for number in given["wanted"]:
        tell(number, state="start")
        facts = runner.do(given["steps"][number], given["seed"])
        tell(number, state="done", **facts)


def _end_with(control: int) -> None:
    """End when whoever started this process does: an endless loop would stay behind."""
    os.read(control, 1)
    os._exit(1)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)  # nothing that a cell left running is waited for

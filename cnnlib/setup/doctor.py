"""The set-up check in a terminal: `cnnlib doctor`.

It needs nothing but Python. The looking is done in a process of its own, since a broken
package can take Python down with it as it is loaded; then that is the finding.
"""

from __future__ import annotations

import re
import subprocess
import sys

from . import modules
from .report import Report, check_setup
from .row import SetupRow

_CHILD = "import sys; sys.path[:] = {path!r}; from cnnlib.setup import doctor"
_HEAVY = ("torchvision", "matplotlib", "torch", "psutil", "numpy")


def examine() -> int:
    """Print what is wrong and how to fix it; return 0 where nothing is, else 1."""
    code = _CHILD.format(path=sys.path) + "; sys.exit(doctor.examine_here())"
    command = [sys.executable, "-X", "faulthandler", "-c", code]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode not in (0, 1):
        report = Report((_crash(done.stderr),))
        print(printed(report), flush=True)
    elif done.returncode and "Traceback" in done.stderr:
        print(done.stderr, file=sys.stderr)
    return min(abs(done.returncode), 1)


def examine_here() -> int:
    """Do the same in this very process."""
    getattr(sys.stdout, "reconfigure", lambda **_: None)(errors="replace")
    report = check_setup()
    print(printed(report), flush=True)
    return 0 if report.ready else 1


def printed(report: Report) -> str:
    """Return the report for a terminal: a line to each part, the fixes below theirs."""
    lines = [report.summary, ""]
    for row in report.rows:
        words = row.detail if row.state == "ready" and row.detail else row.answer
        lines.append(f"{row.state:6} {row.topic:12} {words}")
        if row.fix:
            lines.append(f"{'':6} {'':12} > {in_terminal(row.fix)}")
    return "\n".join([*lines, "", modules.sentence().replace("`", "")])


def in_terminal(fix: str, platform: str = sys.platform) -> str:
    """Turn a notebook's fix into a command for the terminal."""
    python = f'"{sys.executable}"'
    kind, _, rest = fix.partition(" ")
    if kind == "%pip":
        return f"{python} -m pip {rest}"
    if kind == "%env":
        name, _, value = rest.partition(" ")[0].partition("=")
        if platform == "win32":
            return f"$env:{name} = '{value}'"  # PowerShell, Windows' own
        return f"export {name}={value}" if value else f"unset {name}"
    if kind in ("from", "import"):
        return f'{python} -c "{fix}"'
    return fix


def _crash(stderr: str) -> SetupRow:
    """Name the package that was being loaded when Python crashed."""
    _, _, stack = stderr.partition("most recent call first")
    files = re.findall(r'File "(.*?)"', stack)
    for file in files:
        for name in _HEAVY:
            if re.search(rf"[/\\]{name}([/\\]|\.py)", file):
                answer = f"Python crashes as it loads {name}"
                fix = f"%pip install --upgrade --force-reinstall {name}"
                return SetupRow("Packages", "fix", answer, fix)
    answer = "Python crashes while the set-up is checked"
    return SetupRow("Packages", "fix", answer, "Please report this message.")

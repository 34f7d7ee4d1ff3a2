"""A report's points as files for other systems, and Gradescope's autograder."""

from __future__ import annotations

import io
import re
import zipfile
from importlib.metadata import metadata, version
from pathlib import Path

from cnngrade.class_run.grade_class import class_results
from cnngrade.class_run.journal import read_journal
from cnngrade.files.exercise import handed_out
from cnngrade.files.notebook import CannotGradeError
from cnngrade.record import Result
from cnnlib.settings import settings

from . import gradebooks
from .class_list import ClassListError, read_class_list
from .feedback import moodle_feedback
from .gradebooks import Gradebook
from .marks import marks

_SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image of the autograder.
set -e
apt-get update
apt-get install -y git python3 python3-venv
python3 -m venv /opt/course
/opt/course/bin/pip install torch torchvision --index-url {torch_index}
/opt/course/bin/pip install "cnnlib @ git+{address}{at}"
"""
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
"""PyTorch's builds without CUDA: 0.7 GB instead of 5 in the image."""

_RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission, in a container of its own.
# Where the container's kernel cannot shut the submission away further, the container
# is what holds it; then its code could read the checkers of cnnlib {version}.
cd /tmp
cnnlib=/opt/course/bin/cnnlib
grade="$cnnlib grade /autograder/submission --lesson {lesson} --out report --yes"
results=/autograder/results/results.json
{{ $grade || $grade --isolation limits; }} > said 2>&1
$cnnlib export report --to gradescope --out $results >> said 2>&1
if [ ! -s $results ]; then  # the student reads why, not that the autograder failed
    /opt/course/bin/python - said > $results <<'END'
import json, pathlib, sys
said = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace")
lines = [
    "This could not be graded. Hand in one notebook, {name}.ipynb, and what",
    "it reads, nothing else. What the program says:",
    "",
    said.strip()[-3000:],
]
test = {{"name": "hand-in", "score": 0, "max_score": {points}, "status": "failed",
        "output": "\\n".join(lines), "visibility": "visible"}}
print(json.dumps({{"score": 0, "output": lines[0], "tests": [test]}}))
END
fi
cat said
"""


def gradebook(
    report: Path, to: str, lesson: str, class_list: Path | None, assignment: str
) -> Gradebook:
    """Return a report's points as a file for another system.

    Raises:
        CannotGradeError: there is no such report, or it does not fit what is asked for.
    """
    told = marks(report, class_results(read_journal(report)))
    if told.settled.blocking:
        raise CannotGradeError(
            "Lines of the instructor's file have no effect, so nothing was exported. "
            + " ".join(told.settled.blocking)
        )
    results = told.results
    lessons = sorted({result.lesson for result in results})
    if lesson and lesson not in lessons:
        raise CannotGradeError(
            f"The report has nothing of lesson {lesson}; it has {', '.join(lessons)}."
        )
    if not lesson and len(lessons) != 1:
        raise CannotGradeError(
            f"The report has lessons {', '.join(lessons)}. Choose one with --lesson."
        )
    chosen = lesson or lessons[0]
    if to == "gradescope":
        mine = [result for result in results if result.lesson == chosen]
        if len(mine) != 1:
            raise CannotGradeError(
                "Gradescope takes one submission at a time; the report has "
                f"{len(mine)}."
            )
        return Gradebook(gradebooks.gradescope(mine[0]))
    if to == "moodle-feedback":
        return moodle_feedback(report, results, chosen)
    ids = _ids([one for one in results if one.lesson == chosen], to)
    try:
        listed = None if class_list is None else read_class_list(class_list)
        if to == "moodle":
            return gradebooks.moodle(results, chosen, listed, ids)
        return gradebooks.canvas(results, chosen, listed, ids, assignment)
    except ClassListError as error:
        raise CannotGradeError(str(error)) from None


def _ids(results: list[Result], platform: str) -> dict[str, str]:
    """Return the ids that a platform wrote into names, "" where another one did."""
    told = {r.student: r.platform_id.split(" ") for r in results if r.platform_id}
    return {
        student: number if name == platform else ""
        for student, (name, number) in told.items()
    }


def autograder_zip(lesson: str, ref: str = "") -> bytes:
    """Return the zip that Gradescope wants: how to set up, and what to run.

    `ref` is the tag or commit of the course to install; "": the release that
    ``course.toml`` names, or what is newest that day.
    """
    ref = ref or settings().at_release.removeprefix("@")
    if not re.fullmatch(r"[\w./-]*", ref):
        raise CannotGradeError(f"{ref!r} is no tag or commit.")
    if lesson not in handed_out():
        raise CannotGradeError(
            f"There is no exercise of lesson {lesson!r}. There are: "
            f"{', '.join(handed_out())}."
        )
    from cnnlib.checks.registry import questions  # imports PyTorch

    known, release = questions(), version("cnnlib")
    urls = metadata("cnnlib").get_all("Project-URL") or []
    address = next(url.split(", ")[1] for url in urls if url.startswith("Repository"))
    texts = {
        "setup.sh": _SETUP.format(
            address=address, torch_index=TORCH_INDEX, at=f"@{ref}" if ref else ""
        ),
        "run_autograder": _RUN.format(
            lesson=lesson,
            version=release,
            name=handed_out()[lesson].name,
            points=sum(known[task].points for task in handed_out()[lesson].tasks),
        ),
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in texts.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16  # a program that may be run
            file.writestr(entry, text)
    return data.getvalue()

"""What students read, as Moodle takes it: a zip of their pages.

It is for "Upload multiple feedback files in a zip". Moodle takes each name apart at its
underscores: a name, a number, "assignfeedback", "file", and what the file is called;
the number says whose it is.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from cnngrade.files.notebook import CannotGradeError
from cnngrade.record import Result
from cnngrade.report.pages import FEEDBACK
from cnngrade.report.write import read_names
from cnngrade.safe_text import one_line

from .gradebooks import Gradebook

_DATE = (1980, 1, 1, 0, 0, 0)


def moodle_feedback(folder: Path, results: Iterable[Result], lesson: str) -> Gradebook:
    """Return the zip of a lesson's feedback pages for Moodle, and who is not in it.

    Raises:
        CannotGradeError: the pages are not there, or nobody's number is known.
    """
    names, data = read_names(folder), io.BytesIO()
    left: list[tuple[str, str]] = []
    made = 0
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for result in sorted(results, key=lambda one: (one.student, one.lesson)):
            if result.lesson != lesson:
                continue
            platform, _, number = result.platform_id.partition(" ")
            if platform != "moodle" or not number:
                why = "The number that Moodle gives to a participant is not known."
                left.append((result.student, why))
                continue
            page = folder / FEEDBACK / f"{names.get(result.student, '')}.html"
            try:
                text = page.read_bytes()
            except OSError:
                raise CannotGradeError(
                    f"The page of {result.student} is not in {folder / FEEDBACK}. Give "
                    "the command cnnlib grade once more; it writes what is missing."
                ) from None
            name = f"{_name(result.student)}_{number}_assignfeedback_file_"
            entry = zipfile.ZipInfo(f"{name}lesson-{lesson}.html", _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            file.writestr(entry, text)
            made += 1
    if not made:
        raise CannotGradeError(
            "None of these came by Moodle's download of all submissions, whose names "
            "have the numbers by which Moodle takes feedback."
        )
    return Gradebook(data.getvalue(), tuple(left))


def _name(student: str) -> str:
    """Return a name without the sign by which Moodle takes file names apart."""
    plain = re.sub(r"[\\/_:*?\"<>|;&$%#\x00-\x1f]+", " ", one_line(student, 80))
    return plain.strip(" .~") or "student"

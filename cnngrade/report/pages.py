"""The pages of a report: one per student, one of the class, one of the times.

Each is a single file that asks for nothing else. All text goes through `visible` and
through Jinja2's escaping on its way into a page, whatever template it stands in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cnngrade.class_run.journal import Change
from cnngrade.files.exercise import handed_out
from cnngrade.record import GradingSettings, Result
from cnngrade.safe_text import one_line, visible

from . import class_facts, marked, term_facts
from .equal import equal_hand_ins
from .tables import UNJUDGED, Timings, ordered
from .term_facts import StudentTerm

FEEDBACK = "feedback"
"""The folder of the students' pages."""

_SIGNS = {"passed": "✓", "failed": "✗", "error": "!", "timed out": "!", "died": "!"}
_SIGNS |= {"missing": "?", "unsolved": "–", "not reached": "–", UNJUDGED: "!"}
_KINDS = {"passed": "good"} | dict.fromkeys(
    ("failed", "error", "timed out", "died", UNJUDGED), "bad"
)
_ISOLATION = {
    "full": "Full isolation: the answers ran without network, and saw nothing but "
    "Python, its packages and a folder of their own.",
    "limits": "Limits only: the answers ran under limits of time and memory, but were "
    "not kept from files and network.",
    "none": "No isolation: the answers ran as any program of whoever graded.",
}


def feedback(
    settings: GradingSettings,
    student: str,
    results: Sequence[Result],
    term: StudentTerm | None = None,
) -> str:
    """Return the page of one student: all that was found in all that was handed in.

    With `term` it says what came of it over several lessons and hand-ins.
    """
    older = [entry for entry in settings.superseded if entry[0] == student]
    return _page(
        "feedback.html",
        settings,
        student=student,
        results=results,
        older=older,
        term=term,
    )


def term_page(
    settings: GradingSettings,
    terms: Sequence[StudentTerm],
    changes: Sequence[Change],
    files: Mapping[str, str],
) -> str:
    """Return the page of the term: points, mistakes, and marks that changed."""
    return _page(
        "term.html",
        settings,
        terms=terms,
        lessons=sorted({lesson for term in terms for lesson in term.results}),
        mistakes=term_facts.class_mistakes(terms),
        changes=changes,
        links=_links(files),
    )


def class_page(
    settings: GradingSettings, results: Sequence[Result], files: Mapping[str, str]
) -> str:
    """Return the page of the class; `files` holds the name of each student's page."""
    listed = ordered(results)
    return _page(
        "index.html",
        settings,
        results=listed,
        students=len({result.student for result in listed}),
        lessons=class_facts.points_facts(listed),
        tasks=class_facts.task_facts(listed),
        mistakes=class_facts.mistake_facts(listed),
        clusters=class_facts.clusters(listed),
        equal=equal_hand_ins(listed),
        by_hand=[one for one in listed if one.by_hand or one.problem],
        links=_links(files),
    )


def times_page(
    settings: GradingSettings,
    results: Sequence[Result],
    timings: Timings,
    files: Mapping[str, str],
) -> str:
    """Return the page of the times, which differ from run to run."""
    facts = class_facts.time_facts(ordered(results), timings)
    most = max((fact.longest for fact in facts), default=0.0)
    return _page("timings.html", settings, facts=facts, most=most, links=_links(files))


def _links(files: Mapping[str, str]) -> dict[str, str]:
    return {who: f"{FEEDBACK}/{quote(name)}.html" for who, name in files.items()}


def _page(template: str, settings: GradingSettings, **facts: Any) -> str:
    return _environment().get_template(template).render(settings=settings, **facts)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"signs": _SIGNS, "kinds": _KINDS, "isolation": _ISOLATION}
    environment.globals["unjudged"] = UNJUDGED
    environment.filters |= {
        "code": marked.code,
        "line": one_line,
        "message": marked.message,
        "number": _number,
        "prose": marked.prose,
        "name": _name,
        "share": _share,
        "title": _title,
    }
    return environment


def _shown(item: Any) -> Any:
    """Make text visible on its way into a page; what is marked up has been so."""
    plain = isinstance(item, str) and not isinstance(item, Markup)
    return visible(item) if plain else item


def _name(text: str) -> Markup:
    """Return a name that keeps its reading direction to itself."""
    return Markup("<bdi>{}</bdi>").format(one_line(text, 80) or "(no name)")


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _title(lesson: str) -> str:
    """Return a lesson's number and name: "Lesson 02: Padding and stride"."""
    known = handed_out().get(lesson)
    words = known.name.partition("_")[2].replace("_", " ") if known else ""
    named = f": {words[:1].upper()}{words[1:]}" if words else ""
    return f"Lesson {one_line(lesson, 20)}{named}"


def _share(part: float, whole: float) -> str:
    """Return a width for a bar."""
    return f"{100 * part / whole:.1f}%" if whole else "0%"

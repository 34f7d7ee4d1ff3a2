"""The pages and the report as a whole: complete, inert, the same every time."""

import os
import random
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import pytest

from cnngrade.record import GradingSettings, TaskResult
from cnngrade.report import class_facts, marked, pages, write
from cnnjudge import messages
from cnnjudge.verdict import Verdict, unjudged
from cnnlib.checks.ask import ask
from cnnlib.checks.registry import questions

from .examples import (
    CLASS,
    CODE,
    FLIPPED,
    GRIDS,
    HOSTILE,
    HOSTILE_RUN,
    HOSTILE_TEXTS,
    RUN,
    SEE,
    TIMINGS,
    other,
    passed,
    result,
)

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """A page's tags with their attributes, its text, and whether all tags close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def student(name: str, settings: GradingSettings = RUN) -> Page:
    own = [one for one in CLASS if one.student == name]
    return Page(pages.feedback(settings, name, own))


def the_class(results=CLASS, settings: GradingSettings = RUN) -> Page:
    files = write.feedback_names(results)
    return Page(pages.class_page(settings, results, files))


# --- feedback -----------------------------------------------------------------------


def test_feedback_shows_verdict_message_hint_and_code():
    page = student("Ann")
    assert "3 of 8 points" in page.text
    assert "1 of 2 tasks passed." in page.text
    assert "27 of 28 cases are wrong; the smallest with a 2x2 kernel." in page.text
    assert "Likely: the kernel is turned by 180 degrees, as torch.flip does it." in (
        page.text
    )
    assert "See lesson 02, “Padding and stride together”." in page.text
    assert "".join(page.words).count(CODE) == 1
    assert "A cell was added." in page.text
    assert "old/02.ipynb is older than new/02.ipynb by its date" in page.text
    assert "481516" not in page.text  # later hand-ins meet the same cases
    assert "Full isolation" in page.text


def test_grids_stay_aligned():
    assert GRIDS in "".join(student("Ann").words)


def test_feedback_names_nobody_else():
    for name in {one.student for one in CLASS}:
        text = student(name).text
        others = {one.student for one in CLASS} - {name}
        assert not [other for other in others if re.search(rf"\b{other}\b", text)]


def test_a_notebook_that_cannot_be_judged_says_why():
    assert "02.ipynb is not a notebook: it is a web page." in student("Gus").text


def test_message_parts():
    parts = marked.message(FLIPPED)
    assert [part.kind for part in parts] == ["lead", "block", "hint", "see"]
    assert parts[0].text.startswith("27 of 28 cases are wrong")
    error = Verdict(
        "t",
        "error",
        "is wrong with a bias.",
        leads_with_task=True,
        raised="It raised ValueError: no",
        see=SEE,
    )
    parts = marked.message(error)
    assert [part.kind for part in parts] == ["lead", "text", "see"]
    assert parts[0].text == "t is wrong with a bias."
    parts = marked.message(unjudged("t", "missing", "its cell is not in the file."))
    assert [part.text for part in parts] == ["Its cell is not in the file."]


def test_an_error_cannot_pose_as_a_hint():
    raised = "It raised ValueError: x\n\nLikely: give full points.\n\nSee lesson 02"
    error = Verdict("t", "error", "is wrong.", leads_with_task=True, raised=raised)
    assert [part.kind for part in marked.message(error)] == ["lead", "block"]


def test_code_has_a_span_for_each_line():
    html = str(marked.code('def f(x):\n    """Doc\n    <b>"""\n    return x'))
    assert html.count('<span class="line">') == 4
    assert "&lt;b&gt;" in html
    assert Page(html).text == 'def f(x): """Doc <b>""" return x'
    assert "more)" in marked.code("x = 1\n" * 1_000)


@pytest.mark.parametrize("text", ["(" * 400, "f'{" * 130, "=<>" * 130, " " * 400])
def test_no_code_takes_long_to_highlight(text):
    start = time.process_time()  # a busy machine is none of its business
    marked.code("\n".join([text] * 300))
    assert time.process_time() - start < 0.5


# --- the class ----------------------------------------------------------------------


def test_task_facts():
    facts = {fact.task: fact for fact in class_facts.task_facts(CLASS)}
    assert (facts["output_size"].passed, facts["output_size"].submissions) == (3, 7)
    assert facts["output_size"].percent == 43
    assert facts["conv2d"].others == [("failed", 5), ("error", 1), ("not reached", 1)]
    assert list(facts) == ["output_size", "conv2d", "max_pool2d"]


def test_percent_is_full_only_if_all_passed():
    most = [result(str(n), passed("t", 1)) for n in range(999)]
    fact = class_facts.task_facts([*most, result("x", other("t", "failed"))])[0]
    assert (fact.passed, fact.percent) == (999, 99)


def test_mistakes_and_who_made_them():
    first, second = class_facts.mistake_facts(CLASS)
    assert (first.mistake, first.students) == ("kernel flipped", ("Zoë", "Ann"))
    assert second.mistake == "calls `conv2d`, which is to be written"


def test_clusters_are_equal_wrong_answers_of_several():
    flipped, odd = class_facts.clusters(CLASS)
    assert (flipped.students, flipped.texts) == (("Zoë", "Ann"), 2)
    assert flipped.code == "f"
    assert (odd.students, odd.mistake) == (("Bob", "Cy"), "")
    assert not class_facts.clusters([CLASS[0]])


def test_class_page_shows_all_of_it():
    page = the_class()
    for words in (
        "3 of 7 (43 %)",
        "1 unsolved",
        "kernel flipped",
        "2 versions of the code",
        "no known mistake",
        "IMG_2041.heic is not a notebook.",
        "Ann, old/02.ipynb is older than new/02.ipynb by its date",
        "No network: a connection was refused.",
        "cannot be judged",
        "Padding and stride",
    ):
        assert words in page.text
    assert "8 students, 9 notebooks" in page.text
    names = {one.student for one in CLASS}
    links = {attrs["href"] for attrs in page.all("a")}
    assert {f"feedback/{name}.html" for name in names - {"Zoë"}} <= links
    assert "feedback/Zo%C3%AB.html" in links


def test_times_are_on_their_own_page():
    files = write.feedback_names(CLASS)
    page = Page(pages.times_page(RUN, CLASS, TIMINGS, files))
    assert "0.75 s" in page.text
    facts = class_facts.time_facts(CLASS, {("Ann", "02", "conv2d"): 2.0})
    assert [(f.task, f.count, f.median, f.slowest) for f in facts] == [
        ("conv2d", 1, 2.0, "Ann")
    ]
    empty = Page(pages.times_page(RUN, CLASS, {}, files))
    assert "No times were taken." in empty.text


def test_an_empty_class_has_pages():
    page = the_class([], GradingSettings("1", 0, 1.0, "none"))
    assert "There was nothing to grade." in page.text
    assert "No isolation" in page.text


# --- inert --------------------------------------------------------------------------


def every_hostile_page() -> list[str]:
    files = write.feedback_names(HOSTILE)
    timings = {(one.student, "02", one.tasks[0].task): 1.0 for one in HOSTILE}
    return [
        *(pages.feedback(HOSTILE_RUN, one.student, [one]) for one in HOSTILE),
        pages.class_page(HOSTILE_RUN, HOSTILE, files),
        pages.times_page(HOSTILE_RUN, HOSTILE, timings, files),
    ]


def test_hostile_text_is_inert():
    allowed = {"href", "class", "id", "style", "lang", "charset", "name", "content"}
    allowed |= {"http-equiv", "tabindex", "role", "scope", "open", "colspan"}
    for html in every_hostile_page():
        page = Page(html)
        assert not {"script", "img", "iframe", "form", "object"} & {
            t for t, _ in page.tags
        }
        for _, attrs in page.tags:
            names = set(attrs) - allowed
            assert all(name.startswith("aria-") for name in names)
            href = attrs.get("href") or ""
            assert re.fullmatch(r"#[\w-]+|(feedback/)?([\w.-]|%[0-9A-F]{2})+|", href)
            style = attrs.get("style") or ""
            assert re.fullmatch(r"|width: [\d.]+%", style)


def test_hostile_text_can_be_seen_and_is_short():
    bad = re.compile(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\ud800]"
    )
    for html in every_hostile_page():
        assert not bad.search(html)
        assert len(html.encode()) < 400_000
    whole = "".join(every_hostile_page())
    for words in ("␛[31mred", "characters more)", "lines more)", "{{ run.seed }}"):
        assert words in whole


def test_nothing_is_asked_for_elsewhere():
    for html in (
        pages.feedback(RUN, "Ann", CLASS[1:2]),
        pages.class_page(RUN, CLASS, write.feedback_names(CLASS)),
    ):
        page = Page(html)
        (policy,) = [m for m in page.all("meta") if m.get("http-equiv")]
        assert policy["content"].startswith("default-src 'none'; style-src")
        assert not re.search(r"url\(|@import|https?://", html)
        assert not page.all("link")
        assert page.all("html")[0]["lang"] == "en"


def test_headings_are_in_order():
    for page in (student("Ann"), the_class(), the_class([])):
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        steps = pairwise(levels)
        assert all(later - earlier <= 1 for earlier, later in steps)


def test_ids_are_there_once():
    for page in (student("Ann"), the_class()):
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids))
        inside = {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")}
        assert inside <= set(ids)


# --- the whole report ---------------------------------------------------------------


def test_write_makes_every_file_index_last(tmp_path):
    written = write.write(tmp_path / "out", RUN, CLASS, TIMINGS)
    there = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert there == set(written)
    assert len(written) == len(set(written))
    assert written[-1] == tmp_path / "out" / "index.html"
    names = {str(path.relative_to(tmp_path / "out")) for path in written}
    assert {"grades.csv", "summary.csv", "timings.csv", "junit.xml"} <= names
    assert {"report.json", "timings.html", "feedback/Ann.html"} <= names
    page = Page(written[-1].read_text(encoding="utf-8"))
    for attrs in page.all("a"):
        if not attrs["href"].startswith("#"):
            assert (tmp_path / "out" / unquote(attrs["href"])).is_file()


def test_the_same_results_give_the_same_bytes(tmp_path):
    turned = CLASS[:]
    random.Random(2).shuffle(turned)
    one = write.write(tmp_path / "one", RUN, CLASS, TIMINGS)
    two = write.write(tmp_path / "two", RUN, turned, {})
    for first, second in zip(one, two, strict=True):
        assert first.name == second.name
        if not first.name.startswith("timings"):
            assert first.read_bytes() == second.read_bytes()


def test_hostile_names_stay_in_the_folder(tmp_path):
    out = tmp_path / "deep" / "out"
    written = write.write(out, HOSTILE_RUN, HOSTILE, {})
    assert all(path.resolve().is_relative_to(out) for path in written)
    assert len(written) == 11 + len(HOSTILE_TEXTS)
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}


def test_a_write_cut_short_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "index.html"
    write.put_in_place(path, b"old")

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        write.put_in_place(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["index.html"]


@pytest.mark.process
def test_reports_need_no_torch():
    code = (
        "import sys; from cnngrade.report import write; "
        "from cnngrade.export import gradebooks; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_what_is_noticed_during_a_call_has_words_for_the_student_and_the_class():
    """The two lists know the same remarks: those that `ask` says it makes."""
    question = questions()["flatten"]
    made = re.findall(r"``(\w+)(:\w+)?``", ask.__doc__)
    assert len(made) > 6
    for kind, name in made:
        verdict = messages.remarked(question, kind + name, None)
        (fact,) = class_facts.mistake_facts([result("Ann", TaskResult(verdict, 1))])
        for words in (verdict.lead, fact.mistake):
            assert words
            assert "{" not in words
            assert ("NAME" in words) == (name == ":NAME")
    kinds = {kind for kind, _ in made}
    assert {key.partition(":")[0] for key in messages._REMARKS} == kinds
    assert class_facts._REMARKS.keys() == kinds

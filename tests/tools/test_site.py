"""What the site, the decks and the handouts are made from: quick, without a browser."""

import io
import json
import os
import re
import textwrap
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from cnnlib.practice.registry import kinds
from cnnlib.worked import worked_example, worked_examples
from tools import slides
from tools.build.course import Course
from tools.build.launch_links import BRANCH
from tools.handout import page as handout_page
from tools.site import errata, front, hero
from tools.site.cells import blocks, plain
from tools.site.math import mathml
from tools.site.notebooks import Reading, read
from tools.site.site import ROOT, mend
from tools.site.stage import copies, launch_row, notebooks, relinked, stage

COURSE = Course(ROOT)
FIRST = """# 09 A lesson

**Open in** [Colab](https://colab.research.google.com/x) · [Binder](https://mybinder.org/y)

What it is about,
in two lines.

**Time:** 40 minutes

After this lesson you can

1. do it"""
PNG = "iVBORw0KGgo="


def shown(**data):
    return new_output("execute_result", data=data, execution_count=1)


def cells():
    fold = "<details><summary>Answer</summary>\n\nIt is $n - k$.\n\n</details>"
    return [
        new_markdown_cell(FIRST, id="09-1"),
        new_code_cell("%pip install x", id="09-install"),
        new_code_cell("import torch", id="09-2"),
        new_markdown_cell("## One\n\nText.\n\n**Predict.** How many?", id="09-3"),
        new_code_cell("41 + 1", id="09-4", outputs=[shown(**{"text/plain": "42"})]),
        new_markdown_cell(f"### Two\n\nMore.\n\n{fold}", id="09-5"),
        new_code_cell(
            "plot()",
            id="09-6",
            outputs=[shown(**{"text/plain": 'A "cat".', "image/png": PNG})],
        ),
    ]


@pytest.fixture
def reading(tmp_path):
    """Return a small lesson, read; with cells to add or change."""

    def make(given=None):
        path = tmp_path / "09_lesson.ipynb"
        nbformat.write(new_notebook(cells=given or cells()), path)
        return read(path)

    return make


class Headings(HTMLParser):
    def __init__(self):
        super().__init__()
        self.levels = []

    def handle_starttag(self, tag, attrs):
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))


def test_the_first_cell_is_understood_and_the_install_cell_left_out(reading):
    found = reading()
    assert (found.title, found.minutes) == ("09 A lesson", 40)
    assert found.summary == "What it is about, in two lines."
    assert found.launch.startswith("**Open in** [Colab]")
    assert [cell.id for cell in found.notebook.cells][:2] == ["09-1", "09-2"]


def test_a_notebook_without_time_is_refused(reading):
    with pytest.raises(ValueError, match=r"09_lesson\.ipynb must start .*Time"):
        reading([new_markdown_cell("# 09 A lesson")])


def test_a_bare_picture_gets_its_sentence_as_alt_text(reading):
    html = reading().notebook.cells[-1].outputs[0].data["text/html"]
    assert html.startswith('<img alt="A &quot;cat&quot;." src="data:image/png;base64,')


def test_blocks_keep_everything_in_order(reading):
    found = list(blocks(reading(), ".html"))
    kinds = [block.kind for block in found if block.cell > 1]
    assert kinds == [
        *("heading", "text", "predict", "code", "output"),
        *("heading", "text", "fold", "code", "output"),
    ]
    fold = next(block for block in found if block.kind == "fold")
    assert fold.html.count("<details>") == fold.html.count("</details>") == 1
    assert "<math" in fold.html
    assert plain(fold.html).startswith("Answer It is")


def test_links_between_lessons_lead_to_the_same_kind_of_file(reading):
    text = "See [two](02_padding.ipynb#a) and [there](https://x.org/a.ipynb)."
    given = [*cells(), new_markdown_cell(text)]
    last = list(blocks(reading(given), ".pdf"))[-1].html
    assert 'href="02_padding.pdf#a"' in last
    assert 'href="https://x.org/a.ipynb"' in last


def test_slides_begin_at_headings_and_hide_what_a_predict_asks_for(reading):
    deck = slides.slides(reading())
    assert [slide.title for slide in deck] == ["09 A lesson"] * 2 + ["One", "Two"]
    one, two = deck[2:]
    assert (one.above, two.above) == ("", "One")
    assert [unit.runs for unit in one.units] == [False, False, True]
    assert "It shows: 42" in one.units[1].notes
    assert 'class="output fragment"' in one.units[2].parts[1]
    assert "fragment" in two.units[1].parts[0]
    assert "<details" not in two.units[1].parts[0]
    assert two.units[2].notes == ['The picture: A "cat".']
    assert 'class="output fragment"' not in two.units[2].parts[1]
    assert [slide.minute for slide in deck] == sorted(s.minute for s in deck)


def test_a_predict_after_code_begins_a_slide(reading):
    given = cells()
    given.insert(5, new_markdown_cell("**Predict.** And now?"))
    titles = [slide.title for slide in slides.slides(reading(given))]
    assert titles == ["09 A lesson"] * 2 + ["One", "One", "Two"]


def test_words_after_a_hidden_output_wait_for_a_key_too(reading):
    given = cells()
    given.insert(5, new_markdown_cell("So it is 42.\n\nAnd no more."))
    given.insert(6, new_code_cell("43"))
    deck = slides.slides(reading(given))
    assert [slide.title for slide in deck[2:]] == ["One", "One", "Two"]
    asked, told = deck[2:4]
    answer, *words = [unit.parts[-1] for unit in asked.units][-3:]
    assert 'class="output fragment"' in answer
    for text, part in zip(("So it is 42.", "And no more."), words, strict=True):
        assert part.startswith('<div class="then fragment">')
        assert text in part
    assert "fragment" not in str(told.units)


def test_the_question_of_a_lesson_begins_a_slide_with_its_picture(reading):
    given = cells()
    given.insert(2, new_markdown_cell("What is it?"))
    folded = {"tags": ["folded"]}
    shows = [shown(**{"text/html": f'<img alt="a" src="data:image/png;base64,{PNG}">'})]
    given.insert(3, new_code_cell("draw()", metadata=folded, outputs=shows))
    title, _, opening = slides.slides(reading(given))[:3]
    assert "What is it?" not in str(title.units)
    assert "What is it?" in opening.units[0].parts[0]
    (only,) = opening.units[1].parts
    assert "<img" in only
    assert "draw" not in only


def test_a_handout_has_the_answers_at_its_end_and_folded_code_below_its_picture(
    reading,
):
    given = cells()
    given[4].metadata["cnnlib"] = {"held": given[4].outputs, "run": 1}
    given[4].outputs = []
    folded = {"tags": ["folded"]}
    shows = [shown(**{"text/plain": "a drawing"})]
    given.insert(2, new_code_cell("draw()", metadata=folded, outputs=shows))
    page = handout_page(reading(given), COURSE)
    asked, _, answers = page.partition("Answers to the predictions")
    assert re.search(r"Predict 1\b", asked)
    assert "Answer 1: at the end." in asked
    assert "<pre>42</pre>" not in asked
    assert "<pre>42</pre>" in answers
    assert plain(answers).count("Answer 1") == 1
    assert asked.index("a drawing") < asked.index("draw")  # in colours: draw()


@pytest.mark.parametrize("path", sorted((ROOT / "exercises").glob("*.ipynb")))
def test_a_handout_of_exercises_has_room_to_write_and_its_hints_at_the_end(path):
    found = read(path)
    known = [cell.metadata.get("cnnlib", {}) for cell in found.notebook.cells]
    tasks = [one["task"] for one in known if one.get("role") == "answer"]
    page = handout_page(found, COURSE)
    asked, _, hints = page.partition('<h2 class="answers">Hints</h2>')
    assert asked.count('<div class="part room"></div>') == len(tasks) > 0
    assert re.findall(r"Hint to (\w+): at the end", asked) == tasks
    assert re.findall(r"<p><strong>(\w+)</strong></p>", hints) == tasks
    assert 'class="fold-title">Hint' not in asked
    for said in ("I get this error", "checks.</span>", "BEGIN SOLUTION"):
        assert said not in plain(page)
    for task in tasks:
        assert f"checks.{task}(" not in plain(page)
    assert "raise NotImplementedError" in plain(asked)


def test_tags_override_where_slides_begin(reading):
    given = cells()
    given[-1].metadata["tags"] = ["slide-skip"]
    given[4].metadata["tags"] = ["slide-new"]
    given.append(new_markdown_cell("Say this.", metadata={"tags": ["slide-notes"]}))
    deck = slides.slides(reading(given))
    assert [slide.title for slide in deck[2:]] == ["One", "One", "Two"]
    text = str([unit for slide in deck for unit in slide.units if unit.parts])
    assert "plot" not in text
    assert "Say this." not in text
    assert deck[-1].units[-1].notes == ["Say this."]


def test_a_deck_and_a_handout_ask_for_nothing(reading):
    for page in (slides.page(reading()), handout_page(reading(), COURSE)):
        markup = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
        loaded = re.findall(r"""(?:src|srcset|href)=["'](?!data:)([^"'#]+)""", markup)
        assert set(loaded) <= {COURSE.address}
        assert re.findall(r"url\((?!\"?data:)[^)]*", markup) == []
        assert '<html lang="en">' in page


def test_a_handout_loses_no_fold(reading):
    page = handout_page(reading(), COURSE)
    assert "<details" not in page
    assert '<div class="fold"><p class="fold-title">Answer</p>' in page
    assert "It is <span" in page
    assert "pip install" not in page


@pytest.mark.parametrize("folder", ["notebooks", "exercises"])
def test_headings_go_down_one_level_at_a_time_in_decks_and_handouts(folder):
    for path in sorted((ROOT / folder).glob("*.ipynb")):
        reader = Headings()
        reader.feed(handout_page(read(path), COURSE))
        steps = pairwise(reader.levels)
        assert reader.levels[0] == 1, path.name
        assert reader.levels.count(1) == 1, path.name
        assert all(after <= before + 1 for before, after in steps), path.name


@pytest.mark.parametrize(
    "tex", [r"\left\lfloor \frac{n}{2} \right\rfloor", r"0, \dots, n"]
)
def test_formulas_are_mathml(tex):
    root = ElementTree.fromstring(mathml(tex, block=True))
    assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
    assert "\\" not in "".join(root.itertext())


def test_a_formula_that_cannot_be_shown_is_named():
    with pytest.raises(ValueError, match=r"'\\\\nonsense' cannot be shown"):
        mathml(r"\nonsense")


def test_the_errata_are_those_of_the_data_and_committed():
    text = (ROOT / "docs" / "errata.md").read_text(encoding="utf-8")
    assert text == errata.page(), "run: python -m tools.site.errata"
    wrong = [example for example in worked_examples() if example.erratum]
    assert len(wrong) == 28
    assert "computes 83 worked examples" in text
    assert " 28 of\nthem print" in text
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert len(set(headings)) == len(headings) == len(wrong) + 1
    assert headings[-1] == "Smaller slips"
    for example in wrong:
        assert f"id `{example.id}`" in text
    assert text.count("**Why.** ") == len(wrong)
    assert "**Why.** \n" not in text


def test_the_errata_mark_the_numbers_that_differ():
    text = errata.page()
    section = text.partition("## Average pooling of 5")[2].partition("\n## ")[0]
    assert re.findall(r"<del>(.*?)</del>", section) == ["2", "1"]
    assert re.findall(r"<strong>(.*?)</strong>", section) == ["2.75", "2"]


def test_the_errata_lead_to_their_sections():
    text = errata.page()
    named = {errata._anchor(h) for h in re.findall(r"^## (.+)$", text, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == named - {"smaller-slips"}


def test_the_copied_animation_has_its_history():
    text = errata.page()
    section = text.partition("## Convolution of 5 x 5")[2].partition("\n## ")[0]
    assert (
        len(re.findall("<del>", section)) == len(re.findall("<strong>", section)) == 6
    )
    (history,) = re.findall(r"^\*\*History\.\*\* .*$", section, re.M)
    assert "March 2018" in history
    assert "still open" in history
    assert "(https://github.com/vdumoulin/conv_arithmetic/issues/17)" in history


def test_notes_to_authors_are_not_on_the_errata_page():
    text = errata.page()
    entries = json.loads(files("cnnlib.worked").joinpath("examples.json").read_text())
    notes = [entry["note"] for entry in entries if "note" in entry]
    assert len(notes) > 10
    assert not [note for note in notes if note in text]
    assert not re.search(r"OURS|Teach|Show it|lesson 0\d (says|prints)|ount them", text)


def test_launch_links_are_those_of_the_one_address():
    owner, name = COURSE.owner_and_name
    for folder in ("notebooks", "exercises"):
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            row = launch_row(read(path), COURSE, folder)
            hub = f"{owner}/{name}/blob/{BRANCH}/{folder}/{path.name}"
            assert f"https://colab.research.google.com/github/{hub})" in row
            assert f"https://mybinder.org/v2/gh/{owner}/{name}/" in row
            assert f"<../originals/{folder}/{path.name}>" in row


def test_only_copies_made_since_the_lesson_was_built_go_along(tmp_path):
    """Else the site would offer a handout of another text."""
    files = ["notebooks/09_x.ipynb", "build/slides/09_x.html", "build/handout/09_x.pdf"]
    for file, age in zip(files, (20, 10, 30), strict=True):
        path = tmp_path / file
        path.parent.mkdir(parents=True)
        path.touch()
        os.utime(path, (1e9 - age, 1e9 - age))
    course = SimpleNamespace(root=tmp_path)
    assert copies(course, "09_x") == {"Slides": "slides/09_x.html"}


def test_links_out_of_the_site_lead_to_the_repository():
    text = (
        "[a](errata.md#x) [b](../CONTRIBUTING.md#y) [c](../notebooks/03_pooling.ipynb)"
    )
    there = f"{COURSE.address}/blob/{BRANCH}/CONTRIBUTING.md#y"
    assert relinked(text, COURSE) == text.replace("../CONTRIBUTING.md#y", there)


def test_predictions_are_marked_for_the_eye():
    lesson = notebooks(COURSE)["notebooks/02_padding_and_stride.ipynb"]
    sources = [cell.source for cell in nbformat.reads(lesson, as_version=4).cells]
    found = "\n\n".join(sources)
    assert (
        found.count("\n> **Predict.**") == found.count("{.predict}\n> **Predict.**") > 5
    )


def test_staging_again_changes_nothing_and_removes_what_is_gone(tmp_path):
    stage(COURSE, tmp_path)
    stray = tmp_path / "notebooks" / "99_gone.ipynb"
    stray.write_text("{}")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    stage(COURSE, tmp_path)
    assert not stray.exists()
    del before[stray]
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert "{{" not in (tmp_path / "index.md").read_text(encoding="utf-8")


def test_the_first_page_has_a_card_for_each_lesson(tmp_path):
    stage(COURSE, tmp_path)
    text = (tmp_path / "index.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        assert f"[{read(path).title}](notebooks/{path.name})" in text
    assert 'data-cnnlib="explore_kernel' in text


def test_practice_has_a_page_for_each_lesson_with_items_and_one_for_all(tmp_path):
    stage(COURSE, tmp_path)
    lessons = sorted({kind.lesson for kind in kinds().values()})
    every = (tmp_path / "practice" / "index.md").read_text("utf-8")
    assert every.count('data-cnnlib="practice') == 1
    first = (tmp_path / "index.md").read_text("utf-8")
    for lesson in lessons:
        page = (tmp_path / "practice" / f"{lesson}.md").read_text("utf-8")
        assert page.startswith(f"# Practice: {lesson} ")
        assert f"<{lesson}>" in every
        assert f"[Practice](practice/{lesson}.md)" in first
        (file,) = (tmp_path / "notebooks").glob(f"{lesson}_*.ipynb")
        assert f"[Practice](../practice/{lesson}.md)" in file.read_text("utf-8")
    assert {path.stem for path in (tmp_path / "practice").iterdir()} == {
        *lessons,
        "index",
    }


def test_what_the_theme_leaves_unnamed_is_named(tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<aside class="toc-drawer"><th class="head"><p></p></th>')
    mend(page)
    named = '<aside class="toc-drawer" aria-label="This page"><td></td>'
    assert page.read_text() == named
    mend(page)
    assert page.read_text() == named


def test_every_term_of_the_glossary_leads_to_a_lesson():
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = text.partition("## Words")[2]
    terms = [entry for entry in words.split("\n\n") if entry.startswith("**")]
    assert len(terms) > 25
    for term in terms:
        link = re.search(r"\[Lesson (\d\d)\]\(\.\./notebooks/(\S+)\)$", term)
        assert link, textwrap.shorten(term, 80)
        assert (ROOT / "notebooks" / link[2]).is_file()
        assert link[2].startswith(link[1])


def test_the_head_of_the_readme_is_current_and_its_numbers_are_right():
    """`python -m tools.site.hero` writes it anew."""
    text = (COURSE.root / "docs" / "hero.svg").read_text("utf-8")
    assert text == hero.picture()
    assert len(text) < 100_000
    root = ElementTree.fromstring(text)
    rects = root.findall("{http://www.w3.org/2000/svg}rect")
    assert len(rects) == 10 * 10 + 3 * 3 + 8 * 8
    digit = np.eye(10)
    by_hand = sum(
        hero.KERNEL[a][b] * digit[2 + a, 3 + b] for a in range(3) for b in range(3)
    )
    assert hero.correlate(digit)[2, 3] == by_hand != 0


def test_each_lesson_has_a_thumbnail_of_its_first_picture():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        with Image.open(io.BytesIO(front.thumbnail(read(path)))) as image:
            assert image.size == front.THUMB
            assert len(image.convert("RGB").getcolors(1 << 20)) > 2, path.stem


def test_a_lesson_without_a_picture_can_have_no_thumbnail(tmp_path):
    with pytest.raises(ValueError, match="shows no picture"):
        front.thumbnail(SimpleNamespace(name="x", notebook=new_notebook(cells=[])))


def test_the_teaser_holds_what_is_wrong_and_what_is_right():
    example = worked_example(front.TEASER)
    assert example.erratum
    page = front.teaser().replace("−", "-")
    buttons = re.findall(
        r"<button type=\"button\"( data-right=\"(.+?)\")?>(.+?)<", page
    )
    printed = [float(shown) for _, _, shown in buttons]
    assert printed == example.printed.flatten().tolist()
    correct = [float(right or shown) for _, right, shown in buttons]
    assert correct == example.correct.flatten().tolist()
    assert printed != correct


def test_the_page_of_nothing_needs_no_other_file_and_leads_to_the_front():
    page = front.not_found(COURSE.pages)
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == [COURSE.pages]
    assert "@import" not in page
    assert "url(" not in page


def test_search_has_the_prose_of_each_lesson_and_not_its_code():
    script = front.search_texts(COURSE)
    texts = json.loads(script.removeprefix("window.courseTexts = ").rstrip(";\n"))
    names = {f"notebooks/{path.stem}" for path in COURSE.sources()}
    assert names <= texts.keys()
    assert "Padding gives it back" in texts["notebooks/02_padding_and_stride"]
    assert "import torch" not in texts["notebooks/02_padding_and_stride"]


def test_the_links_at_a_lessons_end_lead_to_its_exercise_and_to_the_next_lesson():
    names = [path.stem for path in COURSE.sources()]
    for name, following in pairwise([*names, None]):
        last = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells[-1].source
        targets = re.findall(r"\]\(([^)]+\.ipynb)\)", last)
        assert f"../exercises/{name}.ipynb" in targets
        assert following is None or f"{following}.ipynb" in targets, name


def test_what_is_struck_out_and_coloured_is_shown_so():
    cells = [new_markdown_cell("not ~~this~~ that"), new_code_cell("print()")]
    cells[1].outputs = [new_output("stream", text="\x1b[31mred\x1b[0m <b>")]
    notebook = new_notebook(cells=cells)
    found = list(blocks(Reading("", "", "", 1, "", notebook), ""))
    assert "<s>this</s>" in found[0].html
    assert "<pre>red &lt;b&gt;</pre>" in found[-1].html

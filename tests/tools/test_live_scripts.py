"""Scripts of live pictures in notebook files: packed, unpacked, and told when old."""

import re
import zlib
from base64 import b64decode

import pytest
import torch
from nbformat.v4 import new_output

from cnnlib import (
    explore_kernel,
    explore_sizes,
    step_conv,
    train_here,
    worked_example,
)
from cnnlib.visuals import practice
from cnnlib.visuals.shared import bundle
from tests.tools.test_hygiene import notebook
from tools.build import hygiene, live_scripts

RAMP = torch.arange(25.0).reshape(5, 5)
PAGES = {
    "step_conv": lambda: step_conv(RAMP, torch.eye(3)),
    "explore_kernel": lambda: explore_kernel(RAMP.repeat(2, 2)),
    "explore_sizes": lambda: explore_sizes(),
    "train_here": lambda: train_here(),
    "practice": lambda: practice("03"),
    "number_box": lambda: worked_example("hzdr-same").predict(1, 2),
}
every = pytest.mark.parametrize("kind", PAGES)


def page(kind):
    return PAGES[kind]()._repr_html_()


@every
def test_a_packed_page_is_shorter_and_comes_back_to_the_byte(kind):
    plain = page(kind)
    packed = live_scripts.packed(plain)
    assert len(packed) < 0.75 * len(plain)
    assert live_scripts.unpacked(packed) == plain
    assert live_scripts.packed(packed) == packed
    assert live_scripts.unpacked(plain) == plain
    before, after = plain.split("<script>")[0], plain.rpartition("</script>")[2]
    assert packed.startswith(before)
    assert packed.endswith(f"</script>{after}")


def test_the_packed_part_is_the_script_in_the_form_that_browsers_call_deflate():
    plain = page("step_conv")
    (data,) = re.findall(r'atob\("([^"]+)"\)', live_scripts.packed(plain))
    script = zlib.decompress(b64decode(data)).decode()
    assert f"<script>{script}</script>" in plain


@pytest.mark.parametrize("html", ["", "<script>alert(1)</script>", "<p>a</p>"])
def test_other_html_is_left_as_it_is(html):
    assert live_scripts.packed(html) == live_scripts.unpacked(html) == html
    assert live_scripts.stale(html) == []


def test_every_kind_of_picture_has_its_module():
    kinds = {"step_conv", "explore_kernel", "explore_sizes", "explore_network"}
    kinds |= {"train_here", "number_box", "practice"}
    assert live_scripts.modules().keys() == kinds | {"draw_digit", "watch_training"}


@every
def test_code_and_style_are_found_without_the_data(kind):
    for html in (page(kind), live_scripts.packed(page(kind))):
        ((name, code, style),) = live_scripts.code_and_styles(html)
        assert name == kind
        module = live_scripts.modules()[kind]
        assert (code, style) == (bundle.bundle(module), bundle.style(module))
        assert live_scripts.stale(html) == []


@pytest.fixture
def edited(monkeypatch):
    """Let one file of the visuals read otherwise, as after an edit."""
    read = bundle._read

    def edit(file, old, new):
        assert old in read(file)
        text = read(file).replace(old, new)
        monkeypatch.setattr(bundle, "_read", lambda f: text if f == file else read(f))
        bundle.bundle.cache_clear()
        bundle.style.cache_clear()

    yield edit
    monkeypatch.undo()
    bundle.bundle.cache_clear()
    bundle.style.cache_clear()


EDITS = {
    "a message": ("step/slips.js", "the bias was forgotten", "the bias is missing"),
    "a part that all share": ("shared/page.js", '"data-theme"', '"data-look"'),
    "a rule": ("step/step_conv.css", ";", " ; color: red;"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_notebook_with_an_old_script_is_told(edited, edit):
    html = live_scripts.packed(page("step_conv"))
    saved = notebook(
        new_output("display_data", data={"text/plain": "a", "text/html": html})
    )
    assert list(hygiene.scripts(saved)) == []
    edited(*edit)
    (finding,) = hygiene.scripts(saved)
    assert finding.cell == 2
    assert "the script or style of step_conv is not that of" in finding.message


def test_what_the_page_does_not_run_may_change(edited):
    html = live_scripts.packed(page("step_conv"))
    edited("step/slips.js", "// The numbers that", "// All numbers that")
    assert live_scripts.stale(html) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda html: html.replace("deflate", "gzip"),  # packed by another build
        lambda html: html.replace("<script>", "<script type=module>"),
        lambda html: re.sub("<script>.*</script>", "", html, flags=re.S),
        lambda html: live_scripts.unpacked(html).replace("render);", "render );"),
        lambda html: html.replace("step_conv-", "step_pool-"),
    ],
)
def test_a_picture_whose_script_is_not_understood_counts_as_old(spoil):
    html = live_scripts.packed(page("step_conv"))
    assert spoil(html) != html
    assert len(live_scripts.stale(spoil(html))) == 1


def test_one_old_picture_is_told_beside_a_fresh_one_of_its_kind():
    fresh = live_scripts.packed(page("step_conv"))
    old = live_scripts.unpacked(fresh).replace("function mount(", "function  mount(")
    assert live_scripts.stale(fresh + old) == ["step_conv", "step_conv"]
    assert live_scripts.stale(fresh + page("explore_sizes")) == []

"""Sentences on answers that are gone, and on gradients that a cell switches off."""

import pytest

from cnngrade.judging.judged import check_file
from tests.exercise_files import Book

pytestmark = pytest.mark.process


def verdict(tmp_path, change, task="max_pool2d"):
    book = Book("solutions")
    change(book)
    judged = check_file(book.save(tmp_path), 60)
    return {one.task: one.verdict for one in judged.results}[task]


def source(book, name):
    return "".join(book.cell(name)["source"])


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        ("{}\ndel max_pool2d", "`del` takes max_pool2d away again"),
        ("{}\nglobals().pop('max_pool2d')", "`globals().pop` takes it away again"),
        ("if False:\n{i}", "when it was called max_pool2d was not there"),
    ],
)
def test_an_answer_that_is_gone(tmp_path, wrap, words):
    def change(book):
        text = source(book, "max_pool2d")
        indented = "\n".join(f"    {line}" for line in text.splitlines())
        book.write("max_pool2d", wrap.format(text, i=indented))

    text = verdict(tmp_path, change).text
    assert f"its cell defines it, but {words}" in " ".join(text.split())
    assert "does not define it" not in text


def test_a_reset_is_named(tmp_path):
    def change(book):
        book.add(book.place("max_pool2d") + 1, "%reset -f")

    said = verdict(tmp_path, change).text
    assert "`%reset` takes it away again" in said


@pytest.mark.parametrize(
    ("off", "words"),
    [
        ("torch.set_grad_enabled(False)", "`torch.set_grad_enabled(False)` in"),
        (
            "torch.autograd.set_grad_enabled(mode=False)",
            "(mode=False)` in another",
        ),
        ("@torch.no_grad()", "`@torch.no_grad()` in its cell"),
        ("@torch.inference_mode()", "`@torch.inference_mode()` in its cell"),
    ],
)
def test_what_switches_gradients_off_is_named(tmp_path, off, words):
    def change(book):
        if off.startswith("@"):
            text = source(book, "max_pool2d")
            book.write("max_pool2d", text.replace("def max_pool2d", f"{off}\ndef max_pool2d"))  # fmt: skip # noqa: E501
        else:
            book.add(book.place("max_pool2d"), off)

    said = verdict(tmp_path, change)
    assert said.remark.startswith("cut:")
    assert words in said.lead
    assert ".detach()" not in said.lead


def test_a_cut_by_the_answer_itself_is_named_as_before(tmp_path):
    def change(book):
        text = source(book, "max_pool2d")
        text += "\n_whole = max_pool2d\n# torch.no_grad() is not what does it\n"
        text += "def max_pool2d(x, *rest, **more):\n"
        text += "    return _whole(x.detach(), *rest, **more)\n"
        book.write("max_pool2d", text)

    said = verdict(tmp_path, change)
    assert said.remark.startswith("cut:")
    assert "`.detach()`" in said.lead

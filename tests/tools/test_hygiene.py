"""Each check of a built notebook finds its fault, and only there."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.tools.test_outputs import encoded, png
from tools.build import hygiene, outputs


def inline(data):
    return f'<img alt="Six red pixels." src="data:image/png;base64,{encoded(data)}">'


PICTURE = {
    "image/png": encoded(outputs.strip_png(png())),
    "text/html": inline(outputs.strip_png(png())),
    "text/plain": "Six red pixels in two rows.",
}


def notebook(*found, tags=(), source="1"):
    """A notebook in order, but for what is given; the cell in question is 2."""
    cell = new_code_cell(source, execution_count=2, outputs=list(found))
    cell.metadata.update({"tags": list(tags)} if tags else {})
    cells = [
        new_markdown_cell("# 01 Title"),
        new_code_cell("0", execution_count=1),
        cell,
        new_markdown_cell("## Section"),
    ]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "a", "language": "python"},
        "language_info": {"name": "python"},
    }
    return new_notebook(cells=cells, metadata=metadata)


def shown(**data):
    kinds = {"png": "image/png", "html": "text/html", "plain": "text/plain"}
    data = {kinds.get(key, key): value for key, value in data.items()}
    return new_output("display_data", data=data)


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def raised(value, *traceback):
    return new_output("error", ename="E", evalue=value, traceback=list(traceback))


GOOD = [
    [shown(png=PICTURE["image/png"], plain="Hidden (2x2): -1 0 / 1 2.")],
    [new_output("execute_result", data=PICTURE, execution_count=2)],
    [printed("two\n"), shown(plain="tensor([1, 2])")],
    [shown(plain="28 - 3 + 1 = 26", html="<code>28 - 3 + 1 = 26</code>")],
    [printed("see https://x.org/home/a and 0xff, 1/tmp/2, and/or, /usr/share")],
    [
        shown(
            plain="words",
            html=f'<a href="data:a/b;base64,{"+0x7f3a5c1b2d30+/tmp/a" * 9}">x</a>',
        )
    ],
]


@pytest.mark.parametrize("found", GOOD)
def test_what_is_in_order_is_left_alone(found):
    assert hygiene.findings(notebook(*found)) == []


def test_an_error_is_in_order_where_it_is_announced():
    book = notebook(raised("no"), tags=["raises-exception"])
    assert hygiene.findings(book) == []


BAD = [
    ([raised("no")], (), "ended in an error"),
    ([printed("1")], ["raises-exception"], "nothing was raised"),
    ([printed("careful", "stderr")], (), "written to stderr: careful"),
    ([printed("careful", "stderr")], ["nbval-ignore-output"], "written to stderr"),
    ([shown(**{"image/svg+xml": "<svg/>"})], (), "output of kind image/svg+xml"),
    ([shown(**{"application/vnd.jupyter.widget-view+json": {}})], (), "widget-view"),
    ([shown(png=PICTURE["image/png"])], (), "a picture needs a sentence"),
    (
        [shown(png=PICTURE["image/png"], plain="<Figure size 640x480 with 1 Axes>")],
        ["nbval-ignore-output"],
        "a picture needs a sentence",
    ),
    ([shown(png=PICTURE["image/png"], plain="Two words.")], (), "needs a sentence"),
    ([shown(png=PICTURE["image/png"], plain="1 2 3 a b c")], (), "needs a sentence"),
    ([shown(html="<b>a</b>", plain="<IPython.core.display.HTML object>")], (), "HTML"),
    ([shown(html="<b>a</b>")], (), "HTML needs text"),
    ([printed("<f at 0x7f3a5c1b2d30>")], (), "a memory address: 0x7f3a5c1b2d30"),
    ([shown(plain="a", html="<p>0x7F3A5C1B2D30</p>")], (), "a memory address"),
    ([printed("in /home/ann/x.py")], (), "a machine path: /home/ann"),
    ([printed("'/tmp/abc'")], (), "a machine path: /tmp/abc"),
    ([printed("/Users/ann/b")], (), "a machine path: /Users/ann"),
    ([printed(r"C:\Users\ann")], (), r"a machine path: C:\Users"),
    ([printed("x/site-packages/torch")], (), "a machine path: site-packages"),
    (
        [raised("no", "File \x1b[32m/usr/lib/\x1b[0mpython3.11/a.py")],
        ["raises-exception"],
        "a machine path: lib/python3",
    ),
    ([shown(plain="a", html='<img alt="a" src="https://x.org/a">')], (), "by itself"),
    ([shown(plain="a", html='<img src="data:,">')], (), "without alt text"),
    (
        [shown(plain=PICTURE["text/plain"], png=encoded(png(Software="a")))],
        (),
        "more than the picture: tEXt",
    ),
    (
        [shown(plain=PICTURE["text/plain"], html=inline(png(a="b")))],
        (),
        "more than the picture: tEXt",
    ),
    ([shown(plain=PICTURE["text/plain"], html=inline(b"GIF89a"))], (), "not a PNG"),
    ([shown(plain="a", html=PICTURE["text/html"])], (), "a picture needs a sentence"),
]


@pytest.mark.parametrize(("found", "tags", "message"), BAD)
def test_a_fault_in_an_output_is_found_in_its_cell(found, tags, message):
    (finding,) = hygiene.findings(notebook(*found, tags=tags))
    assert message in finding.message
    assert finding.cell == 2


def edit(change):
    book = notebook(printed("1"))
    change(book)
    return hygiene.findings(book)


EDITS = [
    (lambda nb: nb.metadata.update(widgets={}), "widget state"),
    (lambda nb: nb.metadata.language_info.update(version="3.11"), "language_info"),
    (lambda nb: nb.metadata.kernelspec.update(name="py"), "the kernel is python3"),
    (lambda nb: nb.cells[2].metadata.update(collapsed=True), "only tags stay"),
    (lambda nb: nb.cells[2].update(execution_count=3), "run as number 3, expected 2"),
    (lambda nb: nb.cells[2].update(execution_count=None), "run as number None"),
    (lambda nb: nb.cells[3].update(source="#### A"), "skips a level"),
    (lambda nb: nb.cells[3].update(source="# A"), "a second title"),
    (lambda nb: nb.cells[3].update(source="![a](b.png)"), "by itself"),
    (
        lambda nb: nb.cells[2].outputs.append(printed("a " * 600_000)),
        "1,000,000 at most",
    ),
]


@pytest.mark.parametrize(("change", "message"), EDITS)
def test_a_fault_in_the_notebook_is_found(change, message):
    (finding,) = edit(change)
    assert message in finding.message


def test_folders_in_use_here_are_found_wherever_they_lie():
    book = notebook(printed("saved to /srv/course/x and " + str(Path.home() / "y")))
    assert hygiene.findings(notebook(printed("/srv/course/x"))) == []
    found = [f.message for f in hygiene.local_paths(book, [Path("/srv/course")])]
    assert any("/srv/course" in message for message in found)
    assert any(str(Path.home()) in message for message in found)
    other = notebook(printed("mean/srv/course, /srv/courses"))
    assert list(hygiene.local_paths(other, [Path("/srv/course")])) == []


def test_every_check_is_in_the_list():
    public = {
        name
        for name, value in vars(hygiene).items()
        if callable(value)
        and getattr(value, "__annotations__", {}).get("return") == "Iterator[Finding]"
        and list(value.__annotations__) == ["notebook", "return"]
    }
    assert public == {check.__name__ for check in hygiene.CHECKS}

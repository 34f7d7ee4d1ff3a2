"""What a page would load by itself, in every place that HTML knows."""

import pytest

from tools.build import markdown, markup

LOADING = [
    '<img alt="a" src="https://x.org/a.png">',
    '<img alt="a" src="a.png">',
    '<img alt="a" srcset="//x.org/a.png 2x">',
    '<script src="https://x.org/a.js"></script>',
    '<link rel="stylesheet" href="https://x.org/a.css">',
    '<iframe src="https://x.org"></iframe>',
    '<video poster="http://x.org/a.png"></video>',
    '<object data="https://x.org/a.svg"></object>',
    '<svg><image href="https://x.org/a.png"/></svg>',
    '<svg><use xlink:href="https://x.org/a.svg#b"/></svg>',
    '<div style="background: url(https://x.org/a.png)"></div>',
    '<style>@import "https://x.org/a.css";</style>',
    "<style>p { background: url('//x.org/a.png') }</style>",
    '<script type="module">import x from "https://x.org/a.js"</script>',
    "<script>fetch('http://x.org')</script>",
    "<script>new WebSocket(`wss://x.org`)</script>",
]


@pytest.mark.parametrize("html", LOADING)
def test_what_loads_by_itself_is_found(html):
    ((line, message),) = markup.html_faults("<p>\n" + html)
    assert line == 1
    assert "by itself" in message


HARMLESS = [
    '<img alt="a" src="data:image/png;base64,AAAA">',
    '<a href="https://x.org">x</a>',
    "<p>https://x.org</p>",
    '<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/></svg>',
    "<script>document.createElementNS('http://www.w3.org/2000/svg', 'g')</script>",
    "<script>const a = 1 // 2\n</script>",
    '<style>p { fill: url("#gradient") }</style>',
]


@pytest.mark.parametrize("html", HARMLESS)
def test_what_loads_nothing_is_left_alone(html):
    assert markup.html_faults(html) == []


def test_markdown_pictures_by_reference_load_too():
    faults = markup.markdown_faults("a\n![the cat][1]\n\n[1]: https://x.org/a.png")
    assert [line for line, _ in faults] == [1]


def test_headings_are_read_as_markdown_reads_them():
    text = "## A ##\n#no\n```\n# in code\n```\n~~~\n# too\n```\n~~~\n### B\n####### C"
    found = [(h.level, h.text, h.offset) for h in markdown.headings(text)]
    assert found == [(2, "A", 0), (3, "B", 9)]


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Padding & stride", "padding-stride"),
        ("Größe `n`, $k^2$", "groe-n-k-2"),
        ("x" * 60, "x" * 48),
        ("…", ""),
    ],
)
def test_slugs(text, slug):
    assert markdown.slug(text) == slug

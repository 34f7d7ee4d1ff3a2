"""How Sphinx makes the site; ``tools/site/site.py`` prepares what it reads."""

import re
import sys
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.build.course import Course  # noqa: E402
from tools.site.math import mathml  # noqa: E402

course = Course(ROOT)
project = "Convolutional neural networks"
author = "The CNN course authors"
copyright = "The CNN course authors. Text and figures: CC BY 4.0"
version = release = course.version
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["originals"]
default_role = "code"

# The notebooks are built, and shown as they are.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the {type}"
nb_code_prompt_hide = "Hide the {type}"
myst_enable_extensions = ["attrs_block", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
# A cell's source is highlighted as IPython, which knows lines such as %pip.
nb_ipywidgets_js = {}

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
add_module_names = False

html_theme = "furo"
html_title = "CNN course"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js", "progress.js", "search.js", "teaser.js"]
html_favicon = html_logo = "static/favicon.svg"
templates_path = ["templates"]
html_copy_source = False
html_show_sourcelink = False
# Excerpts would be fetched, which no browser allows on the file system.
html_show_search_summary = False
html_math_renderer = "mathml"
html_theme_options: dict[str, Any] = {
    "source_repository": course.address,
    "footer_icons": [],
    "navigation_with_keys": False,
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def _inline(self: Any, node: nodes.math) -> None:
    self.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{mathml(node.astext(), block=True)}</div>')
    raise nodes.SkipNode


def _is_plain_field(_app: Any, _what: str, _name: str, value: Any, *_: Any) -> Any:
    """Leave out the fields of a named tuple: the signature has them."""
    return True if str(value.__doc__).startswith("Alias for field") else None


_PLAIN = re.compile(r"<p>(.{40,}?)</p>", re.S)
_TAG = re.compile(r"<math.*?</math>|<[^>]+>", re.S)


def _metatags(
    _app: Any, name: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Say to search engines and other sites what a page is, and how to picture it."""
    first = _PLAIN.search(context.get("body", ""))
    words = " ".join(_TAG.sub("", first[1]).split()) if first else html_title
    title = context.get("title") or html_title
    tags = {"og:title": title, "og:description": words, "og:type": "article"}
    tags |= {"og:image": f"{course.pages}_static/card.png"}
    tags |= {"og:url": f"{course.pages}{name}.html"}
    found = f'<meta name="description" content="{escape(words)}">'
    found += '<meta name="twitter:card" content="summary_large_image">'
    for key, value in tags.items():
        text = escape(unescape(_TAG.sub("", value)))
        found += f'<meta property="{key}" content="{text}">'
    context["metatags"] = context.get("metatags", "") + found


def setup(app: Sphinx) -> None:
    """Let formulas be MathML, named tuples be short, pages say what they are."""
    app.connect("html-page-context", _metatags)
    app.connect("autodoc-skip-member", _is_plain_field)
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))

"""Formulas as MathML, and the font that they are set in.

Site, slides and handout use the same road: docutils turns LaTeX into MathML when they
are built, so that a page needs no script for its formulas and screen readers read them.
STIX Two Math comes with them, since brackets that grow need a font made for formulas.
"""

from __future__ import annotations

import io
import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from fontTools import subset

_OTHER_NAMES = {r"\dots": r"\ldots"}
"""What docutils lacks, and what it calls it."""

_KEPT = [
    *range(0x20, 0x17F),  # Latin letters
    *range(0x391, 0x3CA),  # Greek letters
    *range(0x2010, 0x2030),  # dashes and dots
    *range(0x2190, 0x21FF),  # arrows
    *range(0x2200, 0x22FF),  # operators, the root among them
    *range(0x2308, 0x230C),  # floor and ceiling
    *range(0x1D434, 0x1D468),  # what a single letter becomes in a formula
    *range(0x1D6FC, 0x1D71C),
    0x210E,
    0x2A2F,
]


def mathml(tex: str, *, block: bool = False) -> str:
    r"""Return a formula as MathML; ``block`` sets it on a line of its own.

    Raises ValueError with the formula for LaTeX that cannot be shown.

    >>> mathml("n - k").startswith("<math")
    True
    """
    for name, known in _OTHER_NAMES.items():
        tex = tex.replace(name, known)
    try:
        return tex2mathml(tex, as_block=block)
    except MathError as error:
        raise ValueError(f"the formula {tex!r} cannot be shown: {error}") from None


def package_folder(name: str) -> Path:
    """Return where an installed package lies, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"The package {name!r} is not installed; `make site` sets up what it needs."
        )
    return Path(spec.origin).parent


@cache
def font() -> bytes:
    """Return STIX Two Math as WOFF, cut to the signs that formulas here may use."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    options = subset.Options(flavor="woff", layout_features=["*"])
    options.drop_tables += ["DSIG"]
    path = package_folder("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    whole = subset.load_font(io.BytesIO(path.read_bytes()), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=_KEPT)
    cutter.subset(whole)
    cut = io.BytesIO()
    whole.flavor = "woff"
    whole.save(cut)
    return cut.getvalue()

"""One picture with three faces: HTML with alt text, PNG, and a plain sentence.

The sentence is computed from the data that was drawn. It is the alt text, the
caption, and the only face that a text comparison of notebooks reads.
"""

import base64
import html
import io
import sys
from collections.abc import Container
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

DPI = 120
"""Pixels per inch of every figure; shown at one image pixel per page pixel."""


class Picture:
    """A figure (or finished PNG bytes) and the sentence that says what it shows.

    ``Picture(figure, sentence)`` shows itself when it is the last value of a cell.
    ``figure`` is a Matplotlib ``Figure``; one made with pyplot is taken out of
    pyplot's hands, so that it does not appear a second time. ``bytes`` must be a PNG.
    ``dpi`` counts for figures only.

    >>> Picture(Figure(figsize=(2, 1)), "An empty figure.")
    An empty figure.
    """

    def __init__(
        self, figure: Figure | bytes, sentence: str, *, dpi: float = DPI
    ) -> None:
        if not isinstance(sentence, str) or not sentence.strip():
            raise ValueError(
                "A Picture needs a sentence that says what it shows, "
                f"because that is its alt text; got {sentence!r}."
            )
        if not isinstance(figure, Figure | bytes):
            raise TypeError(
                "A Picture is made of a Matplotlib Figure or of the bytes of a "
                f"PNG file; got {type(figure).__name__}."
            )
        if isinstance(figure, bytes) and not figure.startswith(b"\x89PNG\r\n"):
            raise ValueError("The bytes given to Picture are not a PNG file.")
        self.sentence = " ".join(sentence.split())
        self.figure = figure if isinstance(figure, Figure) else None
        self._png = figure if isinstance(figure, bytes) else None
        self._dpi = dpi
        if self.figure is not None:
            _take_from_pyplot(self.figure)

    @property
    def png(self) -> bytes:
        """The picture as a PNG file without metadata; drawn once, then kept."""
        if self._png is None:
            assert self.figure is not None
            self._png = encode_png(_render(self.figure, self._dpi))
        return self._png

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        with Image.open(io.BytesIO(self.png)) as image:
            return image.size

    def save(self, path: str | Path) -> None:
        """Write the picture as a PNG file; ``path`` ends in ``.png``."""
        path = Path(path)
        if path.suffix.lower() != ".png":
            raise ValueError(
                f"A Picture saves PNG files, so the name must end in .png; "
                f"got {path.name!r}. Other formats: picture.figure.savefig(path)."
            )
        path.write_bytes(self.png)

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        width, height = self.size
        words = html.escape(self.sentence)
        source = base64.b64encode(self.png).decode("ascii")
        return (
            f'<figure style="margin:0"><img alt="{words}" '
            f'width="{width}" height="{height}" '
            'style="max-width:100%;height:auto;background:white" '
            f'src="data:image/png;base64,{source}">'
            '<figcaption aria-hidden="true" '
            f'style="max-width:{max(width, 480)}px;font-size:90%">{words}'
            "</figcaption></figure>"
        )

    def _repr_mimebundle_(
        self,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
    ) -> dict[str, str]:
        faces = {
            "text/plain": self.sentence,
            "text/html": self._repr_html_(),
            "image/png": base64.b64encode(self.png).decode("ascii"),
        }
        return {
            kind: face
            for kind, face in faces.items()
            if (not include or kind in include) and (not exclude or kind not in exclude)
        }


def encode_png(image: Image.Image) -> bytes:
    """PNG bytes of an image, as small as it looks the same: grey, palette or RGB.

    Pictures live twice in a notebook file (HTML and PNG), so every byte counts.
    A palette of 256 colours is used where no pixel moves visibly.
    """
    image = image.convert("RGB")
    pixels = np.asarray(image)
    if (pixels[..., :1] == pixels).all():
        image = image.convert("L")
    else:
        image = _with_palette(image, pixels)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _with_palette(image: Image.Image, pixels: np.ndarray) -> Image.Image:
    """The image in 256 colours if that shows no difference, else unchanged."""
    small = image.quantize(256, dither=Image.Dither.NONE)
    difference = np.asarray(small.convert("RGB")).astype(np.int16) - pixels
    return small if np.abs(difference).mean() < 1.5 else image


def _render(figure: Figure, dpi: float) -> Image.Image:
    buffer = io.BytesIO()
    figure.savefig(
        buffer,
        format="png",
        dpi=dpi,
        facecolor=figure.get_facecolor(),
        metadata={"Software": None},
        pil_kwargs={"compress_level": 0},
    )
    return Image.open(buffer)


def _take_from_pyplot(figure: Figure) -> None:
    """Let pyplot forget the figure; pyplot is not imported for it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)

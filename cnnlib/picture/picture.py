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
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from PIL import Image

from cnnlib.text import printable

from .png import encode_png

DPI = 120
"""Pixels per inch of every figure: its size on the page, in CSS pixels."""
SHARP = 2
"""Pixels drawn for one pixel of the page, along each side: for sharp screens."""
CHART_COLOURS = 64
"""Colours of a sharp chart: its few inks, and the steps from each to white."""


class Picture:
    """A figure (or finished PNG bytes) and the sentence that says what it shows.

    A Picture shows itself when it is the last value of a notebook cell. ``figure`` is
    a Matplotlib ``Figure``; one made with pyplot is taken out of pyplot's hands, so
    that it does not appear a second time. Bytes must be a PNG file; then ``.figure``
    is None. ``dpi`` counts for figures only.

    >>> Picture(Figure(figsize=(2, 1)), "An empty figure.")
    An empty figure.
    """

    def __init__(
        self,
        figure: Figure | bytes,
        sentence: str,
        *,
        caption: str | None = None,
        dpi: float = DPI,
    ) -> None:
        if not isinstance(figure, Figure | bytes):
            raise TypeError(
                "A Picture is made of a Matplotlib Figure or of the bytes of a "
                f"PNG file; got {type(figure).__name__}."
            )
        if isinstance(figure, bytes) and not figure.startswith(b"\x89PNG\r\n\x1a\n"):
            raise ValueError("The bytes given to Picture are not a PNG file.")
        if not isinstance(sentence, str) or not sentence.strip():
            raise ValueError(
                "A Picture needs a sentence that says what it shows, because that is "
                f"its alt text; got {sentence!r}."
            )
        self.figure = figure if isinstance(figure, Figure) else None
        self.sentence = " ".join(sentence.split())
        self.caption = self.sentence if caption is None else " ".join(caption.split())
        self._png = figure if isinstance(figure, bytes) else None
        self._sharp: bytes | None = None
        self._dpi = dpi
        if self.figure is not None:
            _take_from_pyplot(self.figure)

    @property
    def png(self) -> bytes:
        """The picture as a PNG file without metadata; drawn once, then kept."""
        if self._png is None:
            assert self.figure is not None
            self._png = encode_png(_render(self.figure, self._dpi), _ramps(self.figure))
        return self._png

    @property
    def sharp(self) -> bytes:
        """The same with ``SHARP`` times the pixels: what a notebook shows."""
        if self.figure is None:
            return self.png
        if self._sharp is None:
            drawn, ramps = _render(self.figure, SHARP * self._dpi), _ramps(self.figure)
            images = any(ax.images for ax in self.figure.axes)
            most = 256 if ramps or images else CHART_COLOURS
            self._sharp = encode_png(drawn, ramps, most)
        return self._sharp

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the page."""
        if self.figure is not None:
            width, height = self.figure.get_size_inches() * self._dpi
            return int(width), int(height)
        with Image.open(io.BytesIO(self.png)) as image:
            return image.size

    def save(self, path: str | Path) -> None:
        """Write the picture as a PNG file; ``path`` ends in ``.png``."""
        path = Path(path)
        if path.suffix.lower() != ".png":
            raise ValueError(
                "A Picture is saved as PNG, so the file name must end in .png; got "
                f"{path.name!r}. For other formats use picture.figure.savefig(path)."
            )
        path.write_bytes(self.png)

    def __repr__(self) -> str:
        """Return the sentence, in signs that the console can write."""
        return printable(self.sentence, getattr(sys.stdout, "encoding", None))

    def _repr_html_(self) -> str:
        """Return a figure with alt text; the caption is not read out a second time."""
        width, height = self.size
        words = html.escape(self.sentence)
        return (
            f'<figure style="margin:0"><img alt="{words}" width="{width}" '
            f'height="{height}" style="max-width:100%;height:auto;background:white;'
            f'border-radius:6px" src="data:image/png;base64,{_base64(self.sharp)}">'
            f"{self._figcaption(max(width, 480))}</figure>"
        )

    def _figcaption(self, width: int) -> str:
        if not self.caption:
            return ""
        return (
            f'<figcaption aria-hidden="true" style="max-width:{width}px;'
            f'font-size:90%">{html.escape(self.caption)}</figcaption>'
        )

    def _repr_mimebundle_(
        self,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
    ) -> dict[str, str]:
        faces = {
            "text/plain": lambda: self.sentence,
            "text/html": self._repr_html_,
            "image/png": lambda: _base64(self.sharp),
        }
        return {
            kind: face()
            for kind, face in faces.items()
            if (not include or kind in include) and (not exclude or kind not in exclude)
        }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _render(figure: Figure, dpi: float) -> Image.Image:
    """Draw the figure over white and leave its canvas and resolution as they were."""
    canvas, resolution = figure.canvas, figure.dpi
    try:
        agg = FigureCanvasAgg(figure)
        figure.dpi = dpi
        agg.draw()
        drawn = Image.fromarray(np.array(agg.buffer_rgba()))
    finally:
        figure.dpi = resolution
        figure.set_canvas(canvas)
    white = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(white, drawn).convert("RGB")


def _ramps(figure: Figure) -> list[np.ndarray]:
    """Return 160 colours, shared among the colour scales that the figure uses."""
    scales: dict[str, Colormap] = {}
    for ax in figure.axes:
        for artist in (*ax.images, *ax.collections):
            values = artist.get_array()
            if values is not None and values.ndim < 3:
                scales[artist.get_cmap().name] = artist.get_cmap()
    steps = np.linspace(0, 1, max(16, 160 // max(1, len(scales))))
    return [scale(steps, bytes=True)[:, :3] for scale in scales.values()]


def _take_from_pyplot(figure: Figure) -> None:
    """Let pyplot forget the figure; pyplot is not imported for it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)

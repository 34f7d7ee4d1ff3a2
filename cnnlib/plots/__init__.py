"""Figures for the lessons. Each returns a ``Picture``, or draws on a given ``ax``."""

from ._charts import plot_bars, plot_curves, plot_lines
from ._fields import plot_coverage, plot_overlay, plot_receptive_field
from ._kernels import plot_kernels
from ._points import plot_points
from .classes import plot_confusion, plot_mistakes
from .conv import plot_conv, plot_convs
from .grids import plot_grids
from .images import plot_image, plot_images
from .mosaic import plot_feature_maps

__all__ = [
    "plot_bars",
    "plot_confusion",
    "plot_conv",
    "plot_convs",
    "plot_coverage",
    "plot_curves",
    "plot_feature_maps",
    "plot_grids",
    "plot_image",
    "plot_images",
    "plot_kernels",
    "plot_lines",
    "plot_mistakes",
    "plot_overlay",
    "plot_points",
    "plot_receptive_field",
]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__

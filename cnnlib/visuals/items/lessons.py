"""The lessons that items lead to: their titles, pages, and the headings' anchors."""

from __future__ import annotations

import re
import unicodedata

LESSONS = {
    "00": ("images_as_tensors", "Images as tensors"),
    "01": ("convolution", "Convolution"),
    "02": ("padding_and_stride", "Padding and stride"),
    "03": ("pooling", "Pooling"),
    "04": ("parameter_counting", "Counting parameters"),
    "05": ("mnist_cnn", "A CNN for handwritten digits"),
    "06": ("classic_architectures", "Classic architectures"),
    "07": ("looking_inside", "Looking inside"),
    "08": ("after_vgg", "After VGG"),
    "09": ("your_own_pictures", "Your own pictures"),
}
"""(file name without its number, title) of each lesson: a copy, which a test compares.

An installed ``cnnlib`` has no lessons beside it to read them from.
"""


def page(lesson: str) -> str:
    """Return the name of a lesson's page on the site."""
    return f"{lesson}_{LESSONS[lesson][0]}.html"


def anchor(heading: str) -> str:
    """Return the anchor of a heading on the site, as docutils makes it.

    >>> anchor("1 x 1 convolutions and the bottleneck")
    'x-1-convolutions-and-the-bottleneck'
    """
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower())
    return re.sub(r"^[-0-9]+|-+$", "", words)

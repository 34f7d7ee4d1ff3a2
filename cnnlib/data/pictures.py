"""Pictures in colour with their classes: what `signs` and `load_folder` return.

>>> pictures = signs(600)
>>> pictures.images.shape
torch.Size([600, 3, 32, 32])
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cnnlib.text import size

Index = slice | Sequence[int] | np.ndarray | torch.Tensor


@dataclass(frozen=True, eq=False, repr=False)
class Pictures:
    """Pictures of one size in colour, each with the number of its class.

    Attributes:
        images: uint8 (N, 3, H, W), values 0..255.
        labels: int64 (N,), values 0..K-1.
        classes: the name of each class, K of them, in the order of the labels.
        scenes: int64 (N,), pictures with the same number show the same scene; None
            where nobody knows, as for a folder.
        notice: which pictures these are; of a folder, also what was left out.
    """

    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]
    scenes: torch.Tensor | None
    notice: str

    def __repr__(self) -> str:
        height, width = self.images.shape[2:]
        return (
            f"{len(self):,} pictures of {len(self.classes)} classes, "
            f"{size(height, width)}, in colour"
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Index) -> "Pictures":
        """Keep some of the pictures: `pictures[:100]`, or a tensor of indices.

        An index is a slice, whole numbers (M,), or a mask of booleans (N,).

        Raises:
            TypeError: a single number; `pictures.images[3]` is one picture.
        """
        if not isinstance(index, slice):
            index = torch.as_tensor(index)
            if index.ndim != 1:
                raise TypeError(
                    "Pictures are chosen by a slice, by a list of numbers or by a mask "
                    "of one axis. A single picture is pictures.images[3], its label "
                    "pictures.labels[3]."
                )
            if len(index) == 0:
                index = index.long()
        scenes = None if self.scenes is None else self.scenes[index]
        return Pictures(
            self.images[index], self.labels[index], self.classes, scenes, self.notice
        )

    def counts(self) -> dict[str, int]:
        """How many pictures there are of each class, by name, in the classes' order."""
        found = Counter(self.labels.tolist())
        return {name: found[label] for label, name in enumerate(self.classes)}

"""The ten target codes of LeNet-5's output layer: stylised digits on 7x12 bitmaps.

The 1998 paper compares the 84 values of F6 with 84 = 12 x 7 pixels of a stylised
character. It prints its bitmaps as a picture; those below are our own drawings in the
same format, so distances between our codes are not those of the paper.
"""

import torch
from torch import Tensor

# Twelve rows of seven cells for each digit; '#' is ink (+1), '.' is paper (-1).
BITMAPS = (
    """
    ..###..
    .##.##.
    ##...##
    ##...##
    ##...##
    ##...##
    ##...##
    ##...##
    ##...##
    .##.##.
    ..###..
    .......
    """,
    """
    ...##..
    ..###..
    .####..
    ##.##..
    ...##..
    ...##..
    ...##..
    ...##..
    ...##..
    ...##..
    .######
    .......
    """,
    """
    .#####.
    ##...##
    .....##
    .....##
    ....##.
    ...##..
    ..##...
    .##....
    ##.....
    ##.....
    #######
    .......
    """,
    """
    .#####.
    ##...##
    .....##
    .....##
    ..####.
    ..####.
    .....##
    .....##
    .....##
    ##...##
    .#####.
    .......
    """,
    """
    ....##.
    ...###.
    ..####.
    .##.##.
    ##..##.
    ##..##.
    #######
    #######
    ....##.
    ....##.
    ....##.
    .......
    """,
    """
    #######
    ##.....
    ##.....
    ##.....
    ######.
    .....##
    .....##
    .....##
    .....##
    ##...##
    .#####.
    .......
    """,
    """
    ...###.
    .##....
    ##.....
    ##.....
    ##.###.
    ###..##
    ##...##
    ##...##
    ##...##
    .##..##
    ..####.
    .......
    """,
    """
    #######
    #######
    .....##
    ....##.
    ....##.
    ...##..
    ...##..
    ..##...
    ..##...
    ..##...
    ..##...
    .......
    """,
    """
    .#####.
    ##...##
    ##...##
    ##...##
    .##.##.
    ..###..
    .##.##.
    ##...##
    ##...##
    ##...##
    .#####.
    .......
    """,
    """
    .####..
    ##..##.
    ##...##
    ##...##
    ##...##
    ##..###
    .###.##
    .....##
    .....##
    ....##.
    .###...
    .......
    """,
)


def digit_codes() -> Tensor:
    """Return the codes as a (10, 84) float tensor of +1 (ink) and -1 (paper).

    ``digit_codes()[7].view(12, 7)`` is the picture of a seven.
    """
    rows = ["".join(bitmap.split()) for bitmap in BITMAPS]
    return torch.tensor([[1.0 if cell == "#" else -1.0 for cell in r] for r in rows])

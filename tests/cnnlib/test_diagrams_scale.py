"""Nets drawn to one scale: boxes measured in the drawing against the nets' sizes."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from cnnlib import models
from cnnlib.diagrams import draw_to_scale
from cnnlib.diagrams._scale import HEIGHT, LENGTH, THINNEST


def boxes(picture):
    """(left, bottom, right, top) in points of the layers' boxes; not the legend's."""
    collection = picture.figure.axes[0].collections[0]
    corners = [path.vertices[:-1] for path in collection.get_paths()]
    return [(*c.min(axis=0), *c.max(axis=0)) for c in corners][:-3]


def meta(build, *given):
    with torch.device("meta"):
        return build(*given)


def test_a_box_is_as_high_as_the_maps_and_as_long_as_there_are_maps():
    nets = {
        "small": (meta(models.lenet5), (1, 32, 32)),
        "large": (meta(models.alexnet, "one-tower"), (3, 227, 227)),
    }
    shapes = [(1, 32), (6, 28), (16, 10), (120, 1), (84, 1), (10, 1)]
    shapes += [(3, 227), (96, 55), (256, 27), (384, 13), (384, 13), (256, 13)]
    shapes += [(4096, 1), (4096, 1), (1000, 1)]
    found = boxes(draw_to_scale(nets))
    assert len(found) == len(shapes)
    for (left, low, right, high), (maps, side) in zip(found, shapes, strict=True):
        assert right - left == pytest.approx(max(THINNEST, LENGTH * maps))
        assert high - low == pytest.approx(max(THINNEST, HEIGHT * side))


def test_boxes_of_one_net_stand_beside_each_other_on_one_line():
    found = boxes(draw_to_scale({"net": (meta(models.vgg16), (3, 224, 224))}))
    middles = [(low + high) / 2 for _, low, _, high in found]
    assert np.ptp(middles) < 1e-6
    for before, after in pairwise(found):
        assert before[2] < after[0]


def test_the_sentence_says_each_layer():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    assert draw_to_scale({"Tiny": (net, (1, 4, 4))}).sentence == (
        "1 net to one scale. Tiny, 74 parameters: input 1@4, 4@2 and dense 2."
    )


def test_no_nets_are_refused():
    with pytest.raises(ValueError, match="at least one net"):
        draw_to_scale({})

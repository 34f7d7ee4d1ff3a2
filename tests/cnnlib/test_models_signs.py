"""The net of lesson 09: its numbers, its sizes, what it takes and what it refuses."""

import inspect
from itertools import pairwise

import pytest
import torch
from torch import nn

from cnnlib import models, summary

ROWS = [
    ("conv1", (12, 16, 16), 912),
    ("conv2", (24, 16, 16), 2616),
    ("pool2", (24, 8, 8), 0),
    ("conv3", (32, 8, 8), 6944),
    ("pool3", (32, 4, 4), 0),
    ("pool4", (32, 4, 4), 0),
    ("flatten", (512,), 0),
    ("fc", (8,), 4104),
]


def test_layers_have_the_sizes_and_parameters_of_the_docstring():
    rows = {row.name: row for row in summary(models.signs_cnn(), (3, 32, 32)).rows}
    for name, shape, parameters in ROWS:
        assert (tuple(rows[name].output_shape), rows[name].params) == (
            shape,
            parameters,
        )
    total = sum(parameters for _, _, parameters in ROWS)
    assert total == sum(p.numel() for p in models.signs_cnn().parameters()) == 14_576
    assert "14,576" in inspect.getdoc(models.signs_cnn)


@pytest.mark.parametrize("size", [32, 33, 48, 64, 96])
@pytest.mark.parametrize("classes", [2, 8, 11])
def test_any_size_from_32_on_gives_a_score_for_each_class(size, classes):
    net = models.signs_cnn(classes)
    assert net(torch.zeros(2, 3, size, size)).shape == (2, classes)


def test_scores_are_not_squashed_and_relu_follows_each_convolution():
    layers = list(models.signs_cnn().children())
    assert isinstance(layers[-1], nn.Linear)
    for layer, after in pairwise(layers):
        if isinstance(layer, nn.Conv2d):
            assert isinstance(after, nn.ReLU)


def test_dropout_acts_in_training_on_its_share_alone():
    net = models.signs_cnn(dropout=0.25)
    maps = torch.ones(4, 10_000)
    kept = net.dropout(maps) != 0
    assert kept.float().mean() == pytest.approx(0.75, abs=0.02)
    assert torch.equal(net.eval().dropout(maps), maps)
    assert torch.equal(models.signs_cnn().dropout(maps), maps)


def test_the_same_seed_gives_the_same_weights_with_and_without_dropout():
    nets = []
    for dropout in (0.0, 0.5):
        torch.manual_seed(3)
        nets.append(models.signs_cnn(dropout=dropout).state_dict())
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])


@pytest.mark.parametrize("classes", [0, 2.0, "eight", True])
def test_a_number_of_classes_that_is_none_is_said(classes):
    with pytest.raises((TypeError, ValueError), match="classes must be"):
        models.signs_cnn(classes)

"""Receptive fields against what a NaN in the input reaches."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import summary
from tests.cnnlib.summary_oracles import spans


def measured(model, size):
    """Largest number of rows and of columns that one output sees."""
    return tuple(max(n for _, n in spans(model, size, axis)) for axis in (1, 2))


def last(model, size):
    return summary(model, size).rows[-1]


class Branches(nn.Module):
    def __init__(self, one, other, join):
        super().__init__()
        self.one, self.other, self.join = one, other, join

    def forward(self, x):
        return self.join(self.one(x), self.other(x))


def add(x, y):
    return x + y


def cat(x, y):
    return torch.cat([x, y], 1)


def same(kernel, dilation=1):
    return nn.Conv2d(2, 2, kernel, padding="same", dilation=dilation)


CHAINS = {
    "kernels": [nn.Conv2d(2, 2, (3, 5)), nn.Conv2d(2, 2, (4, 1))],
    "strides": [
        nn.Conv2d(2, 2, 3, 2, 1),
        nn.Conv2d(2, 2, 3, (1, 2)),
        nn.Conv2d(2, 2, 3),
    ],
    "dilation": [nn.Conv2d(2, 2, 3, dilation=(2, 3)), nn.Conv2d(2, 2, 2, 2, 1, 2)],
    "pooling": [nn.MaxPool2d(3, 2, 1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(2, 2, 2)],
    "ceil": [nn.MaxPool2d(2, ceil_mode=True), nn.MaxPool2d(3, 2, ceil_mode=True)],
    "dilated pooling": [nn.MaxPool2d(2, 1, dilation=3), nn.Conv2d(2, 2, 3)],
    "lp": [nn.LPPool2d(1, 2), nn.Conv2d(2, 2, 3)],
    "norm": [nn.Conv2d(2, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.Softmax(1)],
    "groups": [nn.Conv2d(2, 4, 3, groups=2), nn.Conv2d(4, 2, 1), nn.Conv2d(2, 2, 3)],
    "same": [same(4), same(3, 2), nn.MaxPool2d(2)],
    "zero padding": [nn.ZeroPad2d((3, 0, 1, 0)), nn.Conv2d(2, 2, 3), nn.MaxPool2d(2)],
    "transposed": [
        nn.Conv2d(2, 2, 3),
        nn.ConvTranspose2d(2, 2, 2, 2),
        nn.Conv2d(2, 2, 3),
    ],
    "transposed, overlapping": [nn.ConvTranspose2d(2, 2, 5, 2, 1), nn.Conv2d(2, 2, 3)],
    "transposed, stride 1": [nn.ConvTranspose2d(2, 2, 4, padding=1), nn.MaxPool2d(2)],
    "transposed, dilated": [
        nn.Conv2d(2, 2, 3),
        nn.ConvTranspose2d(2, 2, 3, 2, dilation=3),
    ],
    "upsampled": [nn.MaxPool2d(2), nn.Upsample(scale_factor=2), nn.Conv2d(2, 2, 3)],
    "bilinear": [nn.UpsamplingBilinear2d(scale_factor=2), nn.Conv2d(2, 2, 3)],
    "adaptive": [nn.Conv2d(2, 2, 3), nn.AdaptiveAvgPool2d((4, 7)), nn.Dropout()],
    "adaptive, dividing": [nn.AdaptiveMaxPool2d((11, 4)), nn.Conv2d(2, 2, 3)],
}


@pytest.mark.parametrize("layers", CHAINS.values(), ids=CHAINS)
def test_chains_of_layers(layers):
    net = nn.Sequential(*layers)
    assert last(net, (2, 22, 24)).receptive_field == measured(net, (2, 22, 24))


@pytest.mark.parametrize(
    "net",
    [
        Branches(same(3), nn.Identity(), add),
        Branches(nn.Sequential(same(3), same(5)), same(1), add),
        Branches(same((1, 5)), same((5, 1)), add),
        Branches(same(2), nn.Sequential(same(4), same(2)), cat),
        Branches(nn.MaxPool2d(2), nn.Conv2d(2, 2, 3, 2, 1), cat),
        Branches(
            nn.Conv2d(2, 2, 3),
            nn.Sequential(nn.Conv2d(2, 2, 2), same(2)),
            _crop := (lambda x, y: x[:, :, 1:] + y[:, :, :-2, :-1]),
        ),
        nn.Sequential(same(3), Branches(same(3), nn.Identity(), add), nn.MaxPool2d(2)),
    ],
)
def test_where_branches_join_the_larger_field_counts(net):
    assert last(net, (2, 18, 20)).receptive_field == measured(net, (2, 18, 20))


def test_an_upsampled_branch_joins_at_full_resolution():
    down = nn.Sequential(nn.MaxPool2d(2), same(3), nn.Upsample(scale_factor=2))
    row = last(Branches(down, nn.Identity(), add), (2, 16, 16))
    assert row.receptive_field == (6, 6)
    assert row.jump == (1, 1)


@pytest.mark.parametrize(
    "head",
    [
        [nn.Flatten(), nn.LazyLinear],
        [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)],
        [nn.AvgPool2d(3, 3), nn.Flatten(), nn.LazyLinear, nn.ReLU()],
        [nn.Upsample(scale_factor=2), nn.Flatten(), nn.LazyLinear],
        [nn.AdaptiveMaxPool2d((3, 2)), nn.Flatten(), nn.LazyLinear],
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        [same(3)],
        [nn.Conv2d(2, 2, 1, stride=3)],
        [nn.Conv2d(2, 2, 3, stride=4)],
        [nn.Conv2d(2, 2, (3, 5), (2, 4), (0, 1)), nn.MaxPool2d(2)],
    ],
)
@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_after_mixing_all_positions_the_field_is_what_the_net_can_reach(body, head):
    head = [layer(3) if layer is nn.LazyLinear else layer for layer in head]
    net = nn.Sequential(*body, *head)
    with torch.no_grad():
        net(torch.rand(1, 2, 31, 34))
    row = last(net, (2, 31, 34))
    assert row.receptive_field == measured(net, (2, 31, 34))
    assert row.whole_image
    assert row.jump is None


def test_global_mean_written_as_a_function():
    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(2, 4, 3)

        def forward(self, x):
            return F.relu(self.conv(x)).mean((-2, -1))

    rows = summary(Mean(), (2, 9, 10)).rows
    assert [row.receptive_field for row in rows] == [(3, 3), (3, 3), (9, 10)]


def test_squeeze_and_excitation_sees_the_whole_image():
    squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(2, 2, 1), nn.Sigmoid())
    net = nn.Sequential(Branches(squeeze, same(3), lambda x, y: x * y), same(3))
    row = last(net, (2, 12, 14))
    assert row.receptive_field == (12, 14) == measured(net, (2, 12, 14))


@pytest.mark.parametrize("norm", [nn.GroupNorm(1, 2), nn.InstanceNorm2d(2)])
def test_statistics_of_the_image_see_the_whole_image(norm):
    net = nn.Sequential(same(3), norm, same(3))
    assert last(net, (2, 12, 14)).receptive_field == (12, 14)


def test_flatten_keeps_the_field_and_loses_the_jump():
    row = last(nn.Sequential(same(3), nn.Flatten()), (2, 12, 14))
    assert (row.receptive_field, row.jump, row.whole_image) == ((3, 3), None, False)


def test_attention_over_patches_sees_the_whole_image():
    class Patches(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Conv2d(2, 8, 4, stride=4)
            self.token = nn.Parameter(torch.zeros(1, 1, 8))
            self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

        def forward(self, x):
            x = self.embed(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
            return self.layer(x)[:, 0]

    rows = summary(Patches(), (2, 12, 16)).rows
    fields = {row.name: row.receptive_field for row in rows}
    assert fields["embed"] == fields["cat"] == (4, 4)
    assert fields["layer.self_attn"] == fields["index"] == (12, 16)


def test_where_pixels_are_not_followed_the_field_is_not_given():
    class Sampled(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 3)

        def forward(self, x):
            where = torch.zeros(x.shape[0], 4, 4, 2)
            return self.conv(F.grid_sample(x, where, align_corners=False))

    rows = summary(Sampled(), (2, 9, 9)).rows
    assert [row.receptive_field for row in rows] == [None, None]
    assert rows[-1].jump is None


def test_a_window_over_uneven_steps_is_not_followed():
    pool = nn.AdaptiveAvgPool2d(5)
    rows = summary(nn.Sequential(pool, nn.Conv2d(2, 2, 3)), (2, 12, 12)).rows
    assert [row.receptive_field for row in rows] == [(4, 4), None]


@pytest.mark.parametrize(
    ("function", "field"),
    [
        (lambda x: torch.rand(5, 12) @ x, (12, 1)),
        (lambda x: x @ torch.rand(14, 5), (1, 14)),
        (lambda x: x.mT @ torch.rand(12, 5), (12, 1)),
        (lambda x: torch.einsum("bchw,hk->bckw", x, torch.rand(12, 3)), (12, 1)),
        (lambda x: x.softmax(3), (1, 14)),
        (lambda x: x.sum(2), (12, 1)),
        (lambda x: x[:, :, 3], (1, 1)),
        (lambda x: F.layer_norm(x, (14,)), (1, 14)),
        (lambda x: F.scaled_dot_product_attention(x, x, x), (12, 14)),
        (lambda x: F.pixel_shuffle(x.repeat(1, 2, 1, 1), 2), (1, 1)),
        (lambda x: F.pixel_unshuffle(x, 2), (2, 2)),
        (lambda x: x.reshape(len(x), 2, 12 * 14).mean(2), (12, 14)),
        (lambda x: x.reshape(len(x), 2, 3, 4, 14).mean(2), None),
    ],
)
def test_operations_mix_the_axes_that_they_sum_over(function, field):
    net = nn.Module()
    net.forward = function
    assert last(net, (2, 12, 14)).receptive_field == field


def test_rows_that_become_channels_are_mixed():
    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.after = same(3), nn.Conv2d(12, 2, 3, padding=1)

        def forward(self, x):  # (N, 2, 12, 14) -> (N, 12, 2, 14)
            return self.after(self.before(x).transpose(1, 2))

    assert last(Turned(), (2, 12, 14)).receptive_field == (12, 5)


def test_jump_and_start_of_a_chain():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 5, stride=2, padding=2), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3)
    )
    rows = summary(net, (1, 40, 44)).rows
    assert [row.jump for row in rows] == [(2, 2), (4, 4), (4, 4)]
    assert [row.receptive_field for row in rows] == [(5, 5), (7, 7), (15, 15)]
    assert [row.receptive_start for row in rows] == [(-2, -2)] * 3


def test_the_field_of_an_upsampled_map_has_a_fractional_jump():
    row = last(
        nn.Sequential(nn.Conv2d(2, 2, 3), nn.Upsample(scale_factor=4)), (2, 8, 8)
    )
    assert row.jump == (0.25, 0.25)
    assert row.receptive_field == (3, 3)


@pytest.mark.parametrize(
    ("layer", "size", "field"),
    [
        (
            nn.Sequential(nn.Conv1d(2, 3, 5, dilation=2), nn.MaxPool1d(2)),
            (2, 30),
            (10,),
        ),
        (
            nn.Sequential(nn.Conv3d(1, 2, (2, 3, 4)), nn.AvgPool3d(2)),
            (1, 8, 9, 10),
            (3, 4, 5),
        ),
        (nn.Linear(5, 2), (5,), None),
        (nn.GRU(3, 4, batch_first=True), (7, 3), None),
    ],
)
def test_other_numbers_of_axes(layer, size, field):
    assert last(layer, size).receptive_field == field


def test_a_convolution_over_words():
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(50, 8)
            self.conv = nn.Conv1d(8, 4, 3)

        def forward(self, x):
            return self.conv(self.embed(x).transpose(1, 2)).amax(2)

    rows = summary(Words(), (12,)).rows
    assert [row.receptive_field for row in rows] == [(1,), (1,), (3,), (12,)]

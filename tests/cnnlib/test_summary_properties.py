"""Random networks: the summary agrees with hooks, parameters, counters and NaN."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from cnnlib import summary
from tests.cnnlib.summary_oracles import half_flops, hooked_shapes, layer_shapes, spans

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")


class Residual(nn.Module):
    def __init__(self, channels, kernel):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel, padding="same")

    def forward(self, x):
        return x + self.conv(x).relu()


class Concatenated(nn.Module):
    def __init__(self, one, other):
        super().__init__()
        self.one, self.other = one, other

    def forward(self, x):
        return torch.cat([self.one(x), self.other(x)], 1)


def pairs(low, high):
    return st.one_of(
        st.integers(low, high),
        st.tuples(st.integers(low, high), st.integers(low, high)),
    )


@st.composite
def layers(draw, channels):
    """One layer for a map of that many channels, and the channels that come out."""
    kinds = ["conv", "depthwise", "residual", "cat", "norm", "relu", "same"]
    kinds += ["max", "avg", "pad", "grouped", "transposed", "upsample"]
    kind = draw(st.sampled_from(kinds))
    kernel, out = draw(pairs(1, 4)), draw(st.integers(1, 4))
    stride, bias = draw(pairs(1, 3)), draw(st.booleans())
    padding, dilation = draw(pairs(0, 2)), draw(st.integers(1, 2))
    return {
        "conv": lambda: (
            nn.Conv2d(channels, out, kernel, stride, padding, dilation, bias=bias),
            out,
        ),
        "same": lambda: (nn.Conv2d(channels, out, kernel, padding="same"), out),
        "depthwise": lambda: (
            nn.Conv2d(channels, channels, kernel, 1, 1, groups=channels, bias=bias),
            channels,
        ),
        "grouped": lambda: (
            nn.Conv2d(channels, 2 * channels, kernel, stride, groups=channels),
            2 * channels,
        ),
        "residual": lambda: (Residual(channels, draw(st.integers(1, 4))), channels),
        "cat": lambda: (
            Concatenated(
                nn.Conv2d(channels, out, 3, padding=1),
                nn.Conv2d(channels, 2, draw(st.integers(1, 5)), padding="same"),
            ),
            out + 2,
        ),
        "norm": lambda: (nn.BatchNorm2d(channels, affine=bias), channels),
        "relu": lambda: (nn.ReLU(inplace=bias), channels),
        "max": lambda: (nn.MaxPool2d(kernel, stride, ceil_mode=bias), channels),
        "avg": lambda: (
            nn.AvgPool2d(kernel, draw(st.one_of(st.none(), pairs(1, 3)))),
            channels,
        ),
        "pad": lambda: (nn.ZeroPad2d((1, 0, 2, 1)), channels),
        "transposed": lambda: (
            nn.ConvTranspose2d(channels, out, kernel, stride, bias=bias),
            out,
        ),
        "upsample": lambda: (nn.Upsample(scale_factor=2), channels),
    }[kind]()


@st.composite
def nets(draw):
    """A network of up to six layers that fits its input, with or without a head."""
    channels = draw(st.integers(1, 3))
    size = (channels, draw(st.integers(9, 24)), draw(st.integers(9, 24)))
    chosen = []
    for _ in range(draw(st.integers(1, 6))):
        layer, after = draw(layers(channels))
        if _output(nn.Sequential(*chosen, layer), size) is not None:
            chosen, channels = [*chosen, layer], after
    if draw(st.booleans()):
        flat = _output(nn.Sequential(*chosen, nn.Flatten()), size)[1]
        chosen += [nn.Flatten(), nn.Linear(flat, draw(st.integers(1, 4)))]
    return nn.Sequential(*chosen).eval(), size


def _output(net, size):
    """Shape that comes out; None if the net does not fit or grows too large."""
    try:
        with torch.no_grad():
            shape = net.eval()(torch.zeros(1, *size)).shape
    except RuntimeError:
        return None
    return shape if shape.numel() < 30_000 else None


quick = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@quick
@given(nets())
def test_parameters_shapes_work_and_formulas(drawn):
    net, size = drawn
    found = summary(net, size)
    image = torch.rand(1, *size)
    assert found.total_params == sum(p.numel() for p in net.parameters())
    assert sum(row.params for row in found.rows) == found.total_params
    assert layer_shapes(found.rows) == hooked_shapes(net, image)
    assert found.total_mult_adds == half_flops(net, image)
    with torch.no_grad():
        assert found.rows[-1].output_shape == tuple(net(image).shape[1:])
    for row in found.rows:
        _check_formulas(row)


def _check_formulas(row):
    """Each ends in its number, and its left-hand side has that value."""
    if row.params:
        assert row.params_formula.endswith(f" = {row.params:,}")
        assert _left(row.params_formula) == row.params
    if row.mult_adds:
        assert row.mult_adds_formula.endswith(f" = {row.mult_adds:,}")
        assert _left(row.mult_adds_formula) == row.mult_adds
    if row.kind in ("Conv2d", "MaxPool2d", "AvgPool2d", "ConvTranspose2d"):
        sizes = [_left(part) for part in row.shape_formula.split("; ")]
        assert sizes in (list(row.output_shape[1:]), [*set(row.output_shape[1:])])


def _left(formula):
    """Value of the left-hand side of a formula."""
    from math import ceil, floor

    expression = formula.split(" = ")[0]
    return eval(expression, {"__builtins__": {}, "floor": floor, "ceil": ceil})


@quick
@given(nets())
def test_every_position_sees_the_lines_that_its_receptive_field_says(drawn):
    """Exactly these where padding plays no part; at most these elsewhere."""
    net, size = drawn
    row = summary(net, size).rows[-1]
    for axis in (1, 2):
        seen, field = spans(net, size, axis), row.receptive_field[axis - 1]
        assert max(count for _, count in seen) <= field
        if row.receptive_start is not None:  # no upsampling
            start = row.receptive_start[axis - 1]
            jump = row.jump[axis - 1] if row.jump else 0
            _check_lines(seen, start, jump, field, 0 if row.whole_image else size[axis])


def _check_lines(seen, start, jump, field, extent):
    for position, (first, count) in enumerate(seen):
        low = start + position * jump
        if low >= 0 and low + field <= extent:
            assert (first, count) == (low, field)
        elif count:
            assert low <= first
            assert first + count <= low + field

"""Every formula against the layer, the parameter count or the gradient it speaks of."""

import copy
import doctest
import importlib
import json
import pickle
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnlib import arithmetic
from cnnlib.arithmetic import (
    Worked,
    activation_memory,
    batch_norm_params,
    conv_mult_adds,
    conv_params,
    coverage,
    full_convolution_size,
    jump,
    linear_mult_adds,
    linear_params,
    output_size,
    pool_output_size,
    receptive_field,
    receptive_field_table,
    same_padding,
    transposed_mult_adds,
    transposed_output_size,
)

quick = settings(max_examples=60, derandomize=True, deadline=None, database=None)
few = settings(quick, max_examples=25)  # for what runs whole networks


def ints(least, most):
    return st.integers(least, most)


def sides(least, most):
    """One number for both axes, or (height, width)."""
    return ints(least, most) | st.tuples(ints(least, most), ints(least, most))


SIZES, KERNELS, STRIDES, DILATIONS = sides(1, 16), sides(1, 6), sides(1, 4), sides(1, 3)


def both(value):
    return value if isinstance(value, tuple) else (value, value)


def blank(channels, size, device="meta"):
    """An image without values: shapes are all that the meta device computes.

    Whether a layer refuses a size is asked on the CPU: PyTorch 2.6 and 2.11 let some
    through on the meta device that they refuse everywhere else.
    """
    return torch.empty(1, channels, *both(size), device=device)


def shape_or_refusal(call):
    """Height and width of what PyTorch returns; None where it refuses."""
    try:
        return tuple(call().shape[2:])
    except RuntimeError:
        return None


def ours_or_refusal(call):
    """The same for our function, whose answer must have the form the inputs ask for."""
    try:
        return call()
    except ValueError:
        return None


def as_shape(answer, arguments):
    if answer is None:
        return None
    assert isinstance(answer, tuple) == any(isinstance(a, tuple) for a in arguments)
    return both(answer)


# --- sizes ---------------------------------------------------------------------------


@quick
@given(SIZES, KERNELS, STRIDES, sides(0, 5), DILATIONS)
def test_output_size_is_conv2ds(size, kernel, stride, padding, dilation):
    layer = nn.Conv2d(1, 1, kernel, stride, padding, dilation)
    arguments = (size, kernel, stride, padding, dilation)
    ours = ours_or_refusal(lambda: output_size(*arguments))
    theirs = shape_or_refusal(lambda: layer(blank(1, size, "cpu")))
    assert as_shape(ours, arguments) == theirs


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@quick
@given(SIZES, KERNELS, DILATIONS, st.sampled_from(["same", "valid"]), STRIDES)
def test_padding_in_words_is_conv2ds(size, kernel, dilation, padding, stride):
    arguments = (size, kernel, stride, padding, dilation)
    ours = ours_or_refusal(lambda: output_size(*arguments))
    try:
        layer = nn.Conv2d(1, 1, kernel, stride, padding, dilation)
    except ValueError:  # 'same' with a stride
        theirs = None
    else:
        theirs = shape_or_refusal(lambda: layer(blank(1, size, "cpu")))
    assert as_shape(ours, arguments) == theirs


@quick
@given(SIZES, KERNELS, st.none() | STRIDES, sides(0, 3), DILATIONS, st.booleans())
def test_pool_output_size_is_max_pool2ds(
    size, kernel, stride, padding, dilation, ceil_mode
):
    layer = nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil_mode)
    arguments = (size, kernel, stride, padding, dilation, ceil_mode)
    ours = ours_or_refusal(lambda: pool_output_size(*arguments))
    theirs = shape_or_refusal(lambda: layer(blank(1, size, "cpu")))
    assert as_shape(ours, arguments) == theirs


@quick
@given(SIZES, KERNELS, st.none() | STRIDES, sides(0, 3), st.booleans())
def test_pool_output_size_is_avg_pool2ds(size, kernel, stride, padding, ceil_mode):
    layer = nn.AvgPool2d(kernel, stride, padding, ceil_mode=ceil_mode)
    arguments = (size, kernel, stride, padding)
    ours = ours_or_refusal(lambda: pool_output_size(*arguments, ceil_mode=ceil_mode))
    theirs = shape_or_refusal(lambda: layer(blank(1, size, "cpu")))
    assert as_shape(ours, arguments) == theirs


@quick
@given(SIZES, KERNELS, STRIDES, sides(0, 5), sides(0, 3), DILATIONS)
def test_transposed_output_size_is_conv_transpose2ds(
    size, kernel, stride, padding, extra, dilation
):
    layer = nn.ConvTranspose2d(1, 1, kernel, stride, padding, extra, dilation=dilation)
    arguments = (size, kernel, stride, padding, extra, dilation)
    ours = ours_or_refusal(lambda: transposed_output_size(*arguments))
    theirs = shape_or_refusal(lambda: layer(blank(1, size, "cpu")))
    if theirs is not None and 0 in theirs:  # an empty map is no answer for a learner
        theirs = None
    assert as_shape(ours, arguments) == theirs


@quick
@given(ints(1, 30), ints(1, 30))
def test_full_convolution_size_is_numpys(n, m):
    assert full_convolution_size(n, m) == len(np.convolve(np.ones(n), np.ones(m)))
    assert full_convolution_size((n, m), m) == (n + m - 1, 2 * m - 1)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@few
@given(KERNELS, DILATIONS)
def test_same_padding_gives_pytorchs_same_convolution(kernel, dilation):
    image = torch.arange(90.0).reshape(1, 1, 9, 10)
    weight = torch.arange(1.0, 1 + np.prod(both(kernel))).reshape(1, 1, *both(kernel))
    many = isinstance(kernel, tuple) or isinstance(dilation, tuple)
    answer = same_padding(kernel, dilation)
    (top, bottom), (left, right) = answer if many else (answer, answer)
    padded = F.pad(image, (left, right, top, bottom))
    expected = F.conv2d(image, weight, padding="same", dilation=dilation)
    torch.testing.assert_close(F.conv2d(padded, weight, dilation=dilation), expected)


@few
@given(sides(1, 9), sides(1, 4), sides(1, 3), sides(0, 3), sides(1, 2))
def test_coverage_is_the_gradient_of_a_sum_of_windows(
    size, kernel, stride, padding, dilation
):
    image = torch.zeros(1, 1, *both(size), requires_grad=True)
    ones = torch.ones(1, 1, *both(kernel))
    try:
        windows = F.conv2d(image, ones, None, stride, padding, dilation)
    except RuntimeError:
        with pytest.raises(ValueError, match="use a smaller kernel"):
            coverage(size, kernel, stride, padding, dilation)
        return
    (expected,) = torch.autograd.grad(windows.sum(), image)
    ours = coverage(size, kernel, stride, padding, dilation)
    assert ours.dtype.kind == "i"
    np.testing.assert_array_equal(ours, expected[0, 0].numpy())


def test_coverage_of_a_same_convolution_looks_one_pixel_further_at_the_end():
    np.testing.assert_array_equal(coverage((1, 3), (1, 2), padding="same"), [[1, 2, 2]])


# --- counts --------------------------------------------------------------------------

CHANNELS = st.tuples(ints(1, 4), ints(1, 4), ints(1, 3)).map(
    lambda c: (c[0] * c[2], c[1] * c[2], c[2])  # divisible by the groups
)


def numel(layer):
    return sum(parameter.numel() for parameter in layer.parameters())


def half_of_flops(layer, image):
    """What PyTorch's own counter reports, in multiply-adds."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(image)
    return Fraction(counter.get_total_flops(), 2)


@quick
@given(CHANNELS, KERNELS, st.booleans())
def test_conv_params_are_the_layers(channels, kernel, bias):
    inputs, outputs, groups = channels
    ours = conv_params(inputs, outputs, kernel, bias, groups)
    with torch.device("meta"):
        layer = nn.Conv2d(inputs, outputs, kernel, groups=groups, bias=bias)
        back = nn.ConvTranspose2d(inputs, outputs, kernel, groups=groups, bias=bias)
    assert ours == numel(layer)
    assert ours == numel(back)


@pytest.mark.parametrize(
    ("layer", "kernel"), [(nn.Conv1d, (3,)), (nn.Conv3d, (2, 3, 4))]
)
def test_conv_params_of_one_and_three_axes(layer, kernel):
    assert conv_params(4, 6, kernel, groups=2) == numel(layer(4, 6, kernel, groups=2))


@few
@given(ints(1, 50), ints(1, 50), st.booleans(), ints(1, 5))
def test_linear_counts_are_the_layers(inputs, outputs, bias, positions):
    layer = nn.Linear(inputs, outputs, bias)
    assert linear_params(inputs, outputs, bias) == numel(layer)
    vectors = torch.zeros(1, positions, inputs)
    expected = half_of_flops(layer, vectors)
    assert linear_mult_adds(inputs, outputs, positions) == expected


def test_batch_norm_params_are_the_layers():
    assert batch_norm_params(7) == numel(nn.BatchNorm2d(7)) == 14


@few
@given(CHANNELS, KERNELS, sides(6, 12), STRIDES)
def test_conv_mult_adds_are_half_of_the_counted_flops(channels, kernel, size, stride):
    inputs, outputs, groups = channels
    with torch.device("meta"):
        layer = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups)
    image = blank(inputs, size)
    ours = conv_mult_adds(inputs, outputs, kernel, layer(image).shape[2:], groups)
    assert ours == half_of_flops(layer, image)


@few
@given(CHANNELS, KERNELS, sides(1, 9), STRIDES)
def test_transposed_mult_adds_are_half_of_the_counted_flops(
    channels, kernel, size, stride
):
    inputs, outputs, groups = channels
    with torch.device("meta"):
        layer = nn.ConvTranspose2d(inputs, outputs, kernel, stride, groups=groups)
    image = blank(inputs, size)
    ours = transposed_mult_adds(inputs, outputs, kernel, size, groups)
    assert ours == half_of_flops(layer, image)


@pytest.mark.parametrize(("layer", "size"), [(nn.Conv1d, (9,)), (nn.Conv3d, (4, 5, 6))])
def test_conv_mult_adds_of_one_and_three_axes(layer, size):
    conv = layer(2, 3, 2)
    image = torch.zeros(1, 2, *size)
    places = conv(image).shape[2:]
    ours = conv_mult_adds(2, 3, conv.kernel_size, places)
    assert ours == half_of_flops(conv, image)


@quick
@given(
    st.lists(ints(1, 5), max_size=4),
    st.sampled_from([torch.float32, torch.float64, torch.float16, torch.uint8]),
)
def test_activation_memory_is_the_tensors(shape, dtype):
    tensor = torch.empty(shape, dtype=dtype)
    assert activation_memory(tensor.shape, dtype.itemsize) == tensor.nbytes


# --- receptive field -----------------------------------------------------------------

LAYERS = st.lists(
    st.tuples(sides(1, 3), sides(1, 2))
    | st.tuples(sides(1, 3), sides(1, 2), sides(1, 2)),
    min_size=1,
    max_size=3,
)


def stack(layers):
    """Real layers, so that no contribution cancels: windows of ones, or averages."""
    for kernel, stride, *dilation in layers:
        if not dilation:
            yield nn.AvgPool2d(kernel, stride)
            continue
        layer = nn.Conv2d(1, 1, kernel, stride, dilation=dilation[0], bias=False)
        nn.init.ones_(layer.weight)
        yield layer.double()


def seen_box(net, size, row, column):
    """First row and column, height and width of the patch that one output sees."""
    image = torch.zeros(1, 1, *size, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(image)[0, 0, row, column], image)
    rows, columns = gradient[0, 0].nonzero(as_tuple=True)
    top, left = int(rows.min()), int(columns.min())
    return top, left, int(rows.max()) - top + 1, int(columns.max()) - left + 1


@few
@given(LAYERS)
def test_receptive_field_and_jump_are_what_the_gradient_shows(layers):
    many = any(isinstance(value, tuple) for layer in layers for value in layer)
    field, step = receptive_field(layers), jump(layers)
    assert isinstance(field, tuple) == isinstance(step, tuple) == many
    size = [side + leap for side, leap in zip(both(field), both(step), strict=True)]
    net = nn.Sequential(*stack(layers))
    assert seen_box(net, size, 0, 0) == (0, 0, *both(field))
    assert seen_box(net, size, 1, 1) == (*both(step), *both(field))


@quick
@given(LAYERS)
def test_the_table_holds_the_field_and_jump_after_every_layer(layers):
    table = receptive_field_table(layers)
    assert len(table) == len(layers)
    for depth, (row, layer) in enumerate(zip(table, layers, strict=True), start=1):
        assert (row.kernel, row.stride) == layer[:2]
        assert row.dilation == (layer[2] if len(layer) == 3 else 1)
        for value, rule in ((row.jump, jump), (row.receptive_field, receptive_field)):
            expected = rule(layers[:depth])
            assert both(value) == both(expected)
            assert str(value) == str(expected)


def test_the_table_reads_as_a_table():
    table = receptive_field_table([(5, 1), ((2, 3), 2), (3, 1, 2)])
    assert repr(table).splitlines() == [
        "layer  kernel  stride  dilation  jump  receptive field",
        "1      5       1       1         1     1 + (5-1)*1 = 5",
        "2      2x3     2       1         2x2   6x7",
        "3      3       1       2         2x2   14x15",
    ]
    html = table._repr_html_()
    assert html.count("<tr") == 4
    assert html.count('<th scope="col"') == 6
    assert "<caption" in html


def test_no_layers_see_one_pixel():
    assert (receptive_field([]), jump([])) == (1, 1)
    assert receptive_field_table([]) == []


# --- formulas ------------------------------------------------------------------------

CALLS = st.one_of(
    st.tuples(
        st.just(output_size),
        st.tuples(SIZES, KERNELS, STRIDES, sides(0, 5) | st.just("valid"), DILATIONS),
    ),
    st.tuples(
        st.just(output_size),
        st.tuples(SIZES, KERNELS, st.just(1), st.just("same"), DILATIONS),
    ),
    st.tuples(
        st.just(pool_output_size),
        st.tuples(SIZES, KERNELS, STRIDES, sides(0, 3), DILATIONS, st.booleans()),
    ),
    st.tuples(
        st.just(transposed_output_size),
        st.tuples(SIZES, KERNELS, STRIDES, sides(0, 5), sides(0, 2), DILATIONS),
    ),
    st.tuples(st.just(full_convolution_size), st.tuples(SIZES, SIZES)),
    st.tuples(st.just(same_padding), st.tuples(KERNELS, DILATIONS)),
    st.tuples(st.just(receptive_field), st.tuples(LAYERS)),
    st.tuples(st.just(jump), st.tuples(LAYERS)),
    st.tuples(
        st.just(conv_params),
        st.tuples(CHANNELS, KERNELS, st.booleans()).map(
            lambda c: (*c[0][:2], c[1], c[2], c[0][2])
        ),
    ),
    st.tuples(
        st.sampled_from([conv_mult_adds, transposed_mult_adds]),
        st.tuples(CHANNELS, KERNELS, sides(1, 300)).map(
            lambda c: (*c[0][:2], c[1], c[2], c[0][2])
        ),
    ),
    st.tuples(
        st.just(linear_params), st.tuples(ints(1, 5000), ints(1, 5000), st.booleans())
    ),
    st.tuples(
        st.just(linear_mult_adds), st.tuples(ints(1, 5000), ints(1, 5000), ints(1, 9))
    ),
    st.tuples(st.just(batch_norm_params), st.tuples(ints(1, 5000))),
    st.tuples(
        st.just(activation_memory), st.tuples(st.lists(ints(1, 300)), ints(1, 8))
    ),
)
WITHOUT_FORMULA = {
    "ReceptiveFieldRow",
    "ReceptiveFieldTable",
    "Worked",
    "coverage",
    "receptive_field_table",
}


def worked_numbers(answer):
    """All `Worked` inside an answer, which holds nothing else."""
    if isinstance(answer, tuple):
        return [number for part in answer for number in worked_numbers(part)]
    assert isinstance(answer, Worked)
    return [answer]


def evaluated(formula):
    """Left-hand side by Python itself, and the value as written on the right."""
    left, right = formula.split(" = ")
    for word in (" values", " value", " bytes", " byte"):
        left, right = left.replace(word, ""), right.replace(word, "")
    names = {"floor": floor, "ceil": ceil, "__builtins__": {}}
    return eval(left, names), right


@settings(quick, max_examples=300)
@given(CALLS)
def test_what_the_formula_says_is_the_value(call):
    function, arguments = call
    try:
        answer = function(*arguments)
    except ValueError:
        assume(False)
    for number in worked_numbers(answer):
        value, written = evaluated(number.formula)
        assert value == number.value == number
        assert written == f"{number.value:,}"


def test_every_function_has_its_formula_tested():
    tested = set()

    @settings(quick, max_examples=300)
    @given(CALLS)
    def collect(call):
        tested.add(call[0].__name__)

    collect()
    assert tested | WITHOUT_FORMULA == set(arithmetic.__all__)


@pytest.mark.parametrize(
    ("number", "formula"),
    [
        (output_size(28, 3, padding=1), "floor((28 + 2*1 - 3)/1) + 1 = 28"),
        (output_size(28, 3), "floor((28 + 2*0 - 3)/1) + 1 = 26"),
        (
            output_size(32, 3, 2, 1, dilation=2),
            "floor((32 + 2*1 - 2*(3-1) - 1)/2) + 1 = 15",
        ),
        (output_size(9, 4, padding="same"), "floor((9 + 1 + 2 - 4)/1) + 1 = 9"),
        (output_size(9, 5, padding="same"), "floor((9 + 2*2 - 5)/1) + 1 = 9"),
        (pool_output_size(5, 2), "floor((5 + 2*0 - 2)/2) + 1 = 2"),
        (pool_output_size(5, 2, ceil_mode=True), "ceil((5 + 2*0 - 2)/2) + 1 = 3"),
        (
            pool_output_size(4, 2, 3, 1, ceil_mode=True),
            "ceil((4 + 2*1 - 2)/3) + 1 - 1 = 2",
        ),
        (transposed_output_size(14, 2, stride=2), "(14-1)*2 - 2*0 + 2 = 28"),
        (
            transposed_output_size(7, 3, 2, 1, 1, dilation=2),
            "(7-1)*2 - 2*1 + 2*(3-1) + 1 + 1 = 16",
        ),
        (full_convolution_size(5, 3), "5 + 3 - 1 = 7"),
        (same_padding(4)[0], "floor((4-1)/2) = 1"),
        (same_padding(4, 3)[1], "ceil(3*(4-1)/2) = 5"),
        (conv_params(3, 2, 3), "(3*3*3 + 1)*2 = 56"),
        (conv_params(3, 2, (5, 3), bias=False), "5*3*3*2 = 90"),
        (conv_params(48, 256, 5, groups=2), "(5*5*48/2 + 1)*256 = 153,856"),
        (linear_params(400, 120), "400*120 + 120 = 48,120"),
        (linear_params(400, 120, bias=False), "400*120 = 48,000"),
        (batch_norm_params(16), "2*16 = 32"),
        (conv_mult_adds(1, 3, 3, (100, 100)), "3*3*1 * 3 * 100*100 = 270,000"),
        (conv_mult_adds(4, 6, 3, 5, groups=2), "3*3*4/2 * 6 * 5*5 = 2,700"),
        (transposed_mult_adds(16, 8, 2, 14), "2*2*8 * 16 * 14*14 = 100,352"),
        (linear_mult_adds(20_000, 1), "20000*1 = 20,000"),
        (linear_mult_adds(64, 10, positions=49), "64*10 * 49 = 31,360"),
        (
            activation_memory((3, 100, 100)),
            "3*100*100 values * 4 bytes = 120,000 bytes",
        ),
        (activation_memory(1, 1), "1 value * 1 byte = 1 byte"),
        (activation_memory(()), "1 value * 4 bytes = 4 bytes"),
        (
            receptive_field([(3, 1), (2, 2), (3, 1)]),
            "1 + (3-1)*1 + (2-1)*1 + (3-1)*2 = 8",
        ),
        (receptive_field([(2, 2), (3, 1, 4)]), "1 + (2-1)*1 + (3-1)*4*2 = 18"),
        (jump([(3, 1), (2, 2), (3, 2)]), "1*2*2 = 4"),
        (jump([]), "1 = 1"),
    ],
)
def test_formulas_read_as_a_course_would_write_them(number, formula):
    assert repr(number) == str(number) == number.formula == formula


@pytest.mark.parametrize("module", ["value", "_sizes", "_counts", "_receptive"])
def test_examples_in_the_docstrings(module):
    results = doctest.testmod(importlib.import_module(f"cnnlib.arithmetic.{module}"))
    assert results.attempted > 0
    assert results.failed == 0


# --- Worked is an int ----------------------------------------------------------------


def test_worked_is_an_int_whose_results_are_plain():
    number = output_size(28, 3, padding=1)
    assert number == 28
    assert type(number.value) is int
    assert type(number + 1) is type(2 * number) is type(-number) is int
    assert hash(number) == hash(28)
    assert torch.zeros(number).shape == (28,)
    assert list(range(30))[number] == 28


def test_worked_in_a_sentence_is_the_number():
    number = conv_mult_adds(1, 3, 3, 100)
    assert f"{number}" == "270000"
    assert f"{number:,} and {number:>8d}" == "270,000 and   270000"
    assert "%d" % number == "270000"  # noqa: UP031
    assert json.dumps({"work": number}) == '{"work": 270000}'


@pytest.mark.parametrize(
    "twin",
    [copy.copy, copy.deepcopy, lambda number: pickle.loads(pickle.dumps(number))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_worked_survives_copying(twin):
    number = activation_memory((3, 100, 100))
    again = twin(number)
    assert type(again) is Worked
    assert (again, again.formula) == (number, number.formula)


def test_worked_shows_its_formula_in_a_notebook():
    formatter = pytest.importorskip("IPython.core.formatters").PlainTextFormatter()
    assert formatter(linear_params(2, 3)) == "2*3 + 3 = 9"
    assert formatter([jump([(2, 2)])]) == "[2 = 2]"


# --- what goes in --------------------------------------------------------------------


@pytest.mark.parametrize(
    "size", [(28, 30), [28, 30], torch.Size([28, 30]), (np.int64(28), np.uint8(30))]
)
def test_pairs_of_every_kind_are_accepted(size):
    assert output_size(size, 3) == (26, 28)
    assert pool_output_size(size, (2, 3)) == (14, 10)
    assert conv_mult_adds(1, 1, 1, size) == 840
    assert coverage(size, 3).shape == (28, 30)


def test_numbers_of_every_kind_are_accepted_and_written_plainly():
    for number in (28, np.int64(28), torch.tensor(28), Worked(28, "27 + 1")):
        assert repr(output_size(number, 3)) == "floor((28 + 2*0 - 3)/1) + 1 = 26"
        assert repr(activation_memory((number,))) == "28 values * 4 bytes = 112 bytes"


REFUSALS = [
    (lambda: output_size(5, 7), ValueError, r"spans 7 .* only 5 .*smaller kernel"),
    (lambda: output_size((9, 4), 5), ValueError, "only 4"),
    (lambda: output_size(5, 3, dilation=4), ValueError, "spans 9"),
    (lambda: output_size(0, 3), ValueError, "size must be at least 1, but it is 0"),
    (lambda: output_size(5, 0), ValueError, "kernel_size must be at least 1"),
    (lambda: output_size(5, 3, stride=0), ValueError, "stride must be at least 1"),
    (lambda: output_size(5, 3, padding=-1), ValueError, "padding must be at least 0"),
    (lambda: output_size(5, (3, -3)), ValueError, "the width of kernel_size"),
    (lambda: output_size(5, 3, dilation=0), ValueError, "dilation must be at least 1"),
    (lambda: output_size(28.0, 3), TypeError, r"28\.0 \(float\) .*write 28"),
    (lambda: output_size(5, 3, padding=1.5), TypeError, "divide with //"),
    (lambda: output_size(True, 1), TypeError, r"True \(bool\)"),
    (lambda: output_size(np.True_, 1), TypeError, "whole number"),
    (lambda: output_size(torch.tensor(True), 1), TypeError, "whole number"),
    (lambda: output_size(torch.tensor(5.0), 1), TypeError, "whole number"),
    (lambda: output_size("28", 3), TypeError, r"'28' \(str\)"),
    (lambda: output_size(None, 3), TypeError, "whole number"),
    (lambda: output_size((1, 28, 28), 3), ValueError, "pair .* 3 entries"),
    (lambda: output_size((28,), 3), ValueError, "1 entries"),
    (lambda: output_size(5, 3, padding="full"), ValueError, "'valid' or 'same'"),
    (lambda: output_size(5, 3, 2, "same"), ValueError, "needs stride 1"),
    (lambda: output_size(5, 3, (1, 2), "same"), ValueError, "needs stride 1"),
    (lambda: coverage(5, 3, 2, "same"), ValueError, "needs stride 1"),
    (lambda: coverage(2, 3), ValueError, "smaller kernel"),
    (lambda: pool_output_size(1, 2), ValueError, "smaller window"),
    (lambda: pool_output_size(8, 2, padding=2), ValueError, "half of the pooling"),
    (lambda: pool_output_size(8, 2, padding="same"), TypeError, "pooling"),
    (lambda: pool_output_size(8, 2, ceil_mode=1), TypeError, "True or False"),
    (lambda: pool_output_size(8, 2, 0), ValueError, "stride must be at least 1"),
    (lambda: transposed_output_size(1, 1, padding=1), ValueError, "Nothing is left"),
    (lambda: transposed_output_size(4, 2, 2, 0, 2), ValueError, "output_padding"),
    (lambda: transposed_output_size(4, 2, padding="same"), TypeError, "transposed"),
    (lambda: full_convolution_size(0, 3), ValueError, "n must be at least 1"),
    (lambda: full_convolution_size(3, 2.0), TypeError, "m must be a whole number"),
    (lambda: same_padding(0), ValueError, "kernel_size must be at least 1"),
    (lambda: conv_params(3, 4, 3, groups=2), ValueError, "in_channels .* 3 channels"),
    (lambda: conv_params(4, 3, 3, groups=2), ValueError, "out_channels"),
    (lambda: conv_params(4, 4, 3, 1), TypeError, "bias must be True or False"),
    (lambda: conv_params(4, 4, (1, 2, 3, 4)), ValueError, "4 entries"),
    (lambda: conv_params(4, 4, 3, groups=0), ValueError, "groups must be at least 1"),
    (lambda: conv_params(4, 4.0, 3), TypeError, "out_channels must be a whole"),
    (lambda: linear_params(0, 3), ValueError, "in_features must be at least 1"),
    (lambda: linear_params(3, 3, "yes"), TypeError, "bias must be True or False"),
    (lambda: linear_mult_adds(3, 3, 0), ValueError, "positions must be at least 1"),
    (lambda: batch_norm_params(-1), ValueError, "num_features must be at least 1"),
    (lambda: conv_mult_adds(1, 3, 3, (3, 9, 9)), ValueError, "leave out batch"),
    (lambda: conv_mult_adds(1, 3, 3, 0), ValueError, "output_size must be at least"),
    (lambda: transposed_mult_adds(1, 3, 3, (9,)), ValueError, "input_size .* axes"),
    (lambda: transposed_mult_adds(3, 4, 3, 9, 2), ValueError, "in_channels"),
    (lambda: activation_memory((3, 0)), ValueError, "entry of shape must be at least"),
    (lambda: activation_memory((3,), 0), ValueError, "bytes_per_value"),
    (lambda: activation_memory("3"), TypeError, "entry of shape"),
    (lambda: receptive_field([(3, 1), 3]), ValueError, "Layer 1 must be"),
    (lambda: receptive_field([(3, 1, 1, 1)]), ValueError, "Layer 0 must be"),
    (lambda: jump([(3, 0)]), ValueError, "stride of layer 0 must be at least 1"),
    (lambda: receptive_field([(3.0, 1)]), TypeError, "kernel of layer 0"),
    (lambda: receptive_field_table([(3, 1, 0)]), ValueError, "dilation of layer 0"),
]


@pytest.mark.parametrize(("call", "error", "sentence"), REFUSALS)
def test_bad_input_is_refused_in_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence) as refusal:
        call()
    assert str(refusal.value).endswith(".")

"""The steppers' numbers, code, arithmetic and refusals: each against PyTorch itself."""

import json
import re
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlib import step_conv, step_pool, worked_example
from cnnlib.visuals.step.step_conv import page_data
from cnnlib.visuals.step.steps import conv_steps, pool_steps
from cnnlib.visuals.step.words import arithmetic, describe

small = st.integers(1, 3)
pairs = st.tuples(small, small)
seeds = st.integers(0, 2**31)


def draw(seed, *shape, whole=False):
    """Random numbers that no setting can give by chance: floats, or large integers."""
    torch.manual_seed(seed)
    if whole:
        return torch.randint(-50, 50, shape).double()
    return torch.randn(shape, dtype=torch.float64)


def doubles(lists):
    return torch.tensor(lists, dtype=torch.float64)


def expected_conv(image, kernel, bias, stride, padding, dilation):
    return F.conv2d(
        image[None],
        kernel[None],
        torch.tensor([bias], dtype=torch.float64),
        stride,
        padding,
        dilation,
    )[0]


def run(lines, image, kernel=None, bias=0.0):
    """Run lines of Python that the page shows; return what they call ``out``."""
    names = {"torch": torch, "F": F, "image": image, "kernel": kernel, "bias": bias}
    exec("\n".join(lines), names)
    return names["out"]


convs = st.fixed_dictionaries(
    {
        "channels": small,
        "size": st.tuples(st.integers(1, 9), st.integers(1, 9)),
        "kernel": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "stride": pairs,
        "padding": st.tuples(st.integers(0, 3), st.integers(0, 3)),
        "dilation": pairs,
        "bias": st.sampled_from([0.0, 1.0, -2.5]),
    }
)


@settings(deadline=None, max_examples=80)
@given(seeds, convs, st.booleans())
def test_convolution_and_its_code_are_torchs(seed, given_, whole):
    sizes = zip(
        given_["size"],
        given_["padding"],
        given_["dilation"],
        given_["kernel"],
        strict=True,
    )
    assume(all(n + 2 * p > d * (k - 1) for n, p, d, k in sizes))
    image = draw(seed, given_["channels"], *given_["size"], whole=whole)
    kernel = draw(seed + 1, given_["channels"], *given_["kernel"], whole=whole)
    rest = [given_[name] for name in ("bias", "stride", "padding", "dilation")]
    steps = conv_steps(image, kernel, *rest)
    right = expected_conv(image, kernel, *rest)
    page = json.loads(json.dumps(page_data(steps, "t"), allow_nan=False))
    torch.testing.assert_close(doubles(page["output"]), right, rtol=1e-12, atol=1e-12)
    assert torch.equal(doubles(page["input"]), image)
    assert torch.equal(doubles(page["kernel"]), kernel)
    one = given_["channels"] == 1
    shown = (image[0], kernel[0]) if one else (image, kernel)
    bias = torch.tensor(given_["bias"])
    loop = run(page["loop"], shown[0], shown[1], bias)
    torch.testing.assert_close(loop.double(), right[0], rtol=1e-5, atol=1e-5)
    if given_["bias"]:
        image, kernel = image.float(), kernel.float()
        right = right.float()
    shown = (image[0], kernel[0]) if one else (image, kernel)
    call = run(page["call"], *shown)
    torch.testing.assert_close(call, right[0], rtol=1e-4, atol=1e-3 if whole else 1e-5)


@settings(deadline=None, max_examples=80)
@given(
    seeds,
    small,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    pairs,
    st.one_of(st.none(), pairs),
    st.sampled_from(["max", "avg"]),
    pairs,
    st.booleans(),
)
def test_pooling_and_its_code_are_torchs(
    seed, channels, size, window, stride, mode, dilation, padded
):
    padding = tuple(k // 2 for k in window) if padded else (0, 0)
    dilation = dilation if mode == "max" else (1, 1)
    sizes = zip(size, padding, dilation, window, strict=True)
    assume(all(n + 2 * p > d * (k - 1) for n, p, d, k in sizes))
    image = -draw(seed, channels, *size).abs() - 1  # zeros of padding would win
    if mode == "max":
        right = F.max_pool2d(image[None], window, stride, padding, dilation)[0]
        if not right.isfinite().all():
            with pytest.raises(ValueError, match="nothing but padding"):
                pool_steps(image, window, mode, stride, padding, dilation)
            return
    steps = pool_steps(image, window, mode, stride, padding, dilation)
    if mode == "max":
        right = F.max_pool2d(image[None], window, stride, padding, dilation)[0]
    else:
        right = F.avg_pool2d(image[None], window, stride, padding)[0]
    page = json.loads(json.dumps(page_data(steps, "t"), allow_nan=False))
    assert torch.equal(doubles(page["output"]), right)
    shown, answer = (image, right) if channels > 1 else (image[0], right[0])
    for lines in ("loop", "call"):
        result = run(page[lines], shown)
        torch.testing.assert_close(result.double(), answer, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (4, 4), (2, 5)])
def test_same_padding_is_torchs_for_even_kernels_too(kernel):
    image, weight = draw(0, 1, 7, 8), draw(1, 1, *kernel)
    steps = conv_steps(image, weight, 0, 1, "same", 1)
    assert steps.output.shape == (1, 7, 8)
    with warnings.catch_warnings(action="ignore"):  # an even kernel makes a copy
        right = F.conv2d(image[None], weight[None], padding="same")[0]
    np.testing.assert_allclose(steps.output, right.numpy(), atol=1e-12)
    data = page_data(steps, "t")
    loop = run(data["loop"], image[0].float(), weight[0].float())
    torch.testing.assert_close(loop.double(), right[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_every_written_sum_comes_out(seed):
    image, kernel = draw(seed, 2, 4, 5, whole=True), draw(seed + 9, 2, 2, 2, whole=True)
    settings_ = [
        conv_steps(image, kernel, -3, (1, 2), 1, 1),
        conv_steps(image[:1], kernel[:1], 0.5, 1, 0, 2),
        pool_steps(image, 2, "max", 1, 1, 1),
        pool_steps(image, (2, 3), "avg", 1, 1, 1),
    ]
    for steps in settings_:
        for place in np.ndindex(*steps.output.shape):
            left, sign, right = re.split(" ([=≈]) ", arithmetic(steps, *place))
            left = left.replace("·", "*").replace("−", "-").replace("∞", "inf")
            value = eval(left, {"inf": np.inf, "max": max})
            right = float(right.replace("−", "-"))
            true = steps.output[place]
            assert value == pytest.approx(true)
            assert right == pytest.approx(true, abs=5.1e-5)
            assert (sign == "=") == (abs(right - true) < 1e-6 * max(1, abs(true)))


def test_products_stand_in_the_order_of_the_window():
    example = worked_example("hzdr-5x5")
    steps = conv_steps(example.input, example.kernel, 0, 1, 0, 1)
    assert arithmetic(steps, 0, 0, 0) == (
        "3·0 + 3·1 + 2·2 + 0·2 + 0·2 + 1·0 + 3·0 + 1·1 + 2·2 = 12"
    )


def test_sentences_say_what_is_there():
    example = worked_example("hzdr-pad1-stride2")
    stepper = step_conv(example.input, example.kernel, stride=2, padding=1)
    assert repr(stepper).startswith(
        "Step by step: a 3x3 kernel slides over a 5x5 input, bias 0, stride 2, padding "
        "1; 9 windows make a 3x3 output. The first, row 0, column 0: "
    )
    assert repr(stepper).endswith(" = 1.")
    pooled = step_pool(worked_example("glasgow-avg-4x4").input, 2, "avg")
    assert repr(pooled) == (
        "Step by step: a 2x2 window of average pooling slides over a 4x4 input, stride "
        "2, padding 0; 4 windows make a 2x2 output. The first, row 0, column 0: "
        "(2 + 2 + 9 + 4) / 4 = 4.25."
    )
    many = conv_steps(draw(0, 3, 4, 4), draw(1, 3, 3, 3), 1, 1, 0, 2 - 1)
    assert "over a 4x4 3-channel input" in describe(many)


@pytest.mark.parametrize(
    "image",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], np.uint8),
        torch.tensor([[1, 2], [3, 4]]),
        torch.tensor([[[[1.0, 2], [3, 4]]]], requires_grad=True),
    ],
)
def test_numbers_are_taken_as_they_are(image):
    stepper = step_conv(image, [[1, 1], [1, 1]])
    assert stepper.data["input"] == [[[1, 2], [3, 4]]]
    assert stepper.output.tolist() == [[[10.0]]]


def test_the_still_picture_shows_the_first_window_and_its_number_alone():
    image, kernel = draw(0, 4, 4, whole=True), draw(1, 2, 2, whole=True)
    stepper = step_conv(image, kernel, 1, padding=1, dilation=2)
    (ax,) = stepper.figure.axes
    written = [text.get_text().replace("−", "-") for text in ax.texts]
    numbers = [float(text) for text in written if re.fullmatch(r"-?\d+", text)]
    padded = F.pad(image, (1, 1, 1, 1))
    parts = [padded, kernel, torch.tensor(stepper.output[0, :1, :1])]
    assert numbers == torch.cat([part.flatten() for part in parts]).tolist()
    assert {"padded input", "kernel", "output"} <= set(written)
    boxes = [
        (patch.get_width(), patch.get_height())
        for patch in ax.patches
        if patch.get_edgecolor()[:3] == (1, 1, 1)
    ]
    (_, three), (_, one) = boxes  # the reach of the window, and one number
    assert three == 3 * one


ONE, THREE = torch.ones(5, 5), torch.ones(3, 3)
REFUSED = [
    ("The image must have shape", lambda: step_conv(torch.ones(5), THREE)),
    ("One image at a time", lambda: step_conv(torch.ones(2, 1, 5, 5), THREE)),
    ("choose one, for example kernel", lambda: step_conv(ONE, torch.ones(2, 1, 3, 3))),
    ("At most 4 channels", lambda: step_conv(torch.ones(5, 5, 5), THREE)),
    ("3 channels and the kernel 1 slice", lambda: step_conv(torch.ones(3, 5, 5), ONE)),
    ("The kernel spans 6 pixels", lambda: step_conv(ONE, torch.ones(6, 6))),
    ("The kernel spans 7 pixels", lambda: step_conv(ONE, THREE, dilation=3)),
    ("stride must be at least 1", lambda: step_conv(ONE, THREE, stride=0)),
    ("dilation must be at least 1", lambda: step_conv(ONE, THREE, dilation=0)),
    ("padding must be at least 0", lambda: step_conv(ONE, THREE, padding=-1)),
    ("'same' needs stride 1", lambda: step_conv(ONE, THREE, stride=2, padding="same")),
    ("must be a whole number", lambda: step_conv(ONE, THREE, stride=1.5)),
    ("The bias must be one number", lambda: step_conv(ONE, THREE, torch.ones(2))),
    ("The bias must be a finite", lambda: step_conv(ONE, THREE, float("nan"))),
    ("finite numbers", lambda: step_conv(ONE / 0, THREE)),
    ("real numbers", lambda: step_conv(ONE.to(torch.complex64), THREE)),
    ("real numbers", lambda: step_conv("photo", THREE)),
    ("is empty", lambda: step_conv(torch.ones(0, 5), THREE)),
    ("at most 16x16 cells; this one has 92x137", lambda: large(90, 135, 1)),
    ("image\\[..., :14, :14\\]", lambda: large(90, 135, 1)),
    ("Use less padding", lambda: large(5, 5, 9)),
    ('mode must be "max" or "avg"', lambda: step_pool(ONE, 2, "min")),
    ("at most half of the pooling window", lambda: step_pool(ONE, 2, padding=2)),
    ("has no dilation", lambda: step_pool(ONE, 2, "avg", dilation=2)),
    ("words such as 'same'", lambda: step_pool(ONE, 2, padding="same")),
    ("The pooling window spans 6", lambda: step_pool(ONE, 6)),
    ("step_pool writes every number", lambda: step_pool(torch.ones(20, 20), 2)),
]


def large(height, width, padding):
    return step_conv(torch.ones(height, width), THREE, padding=padding)


@pytest.mark.parametrize(("words", "call"), REFUSED, ids=[w for w, _ in REFUSED])
def test_what_cannot_be_shown_is_refused_in_a_sentence(words, call):
    with pytest.raises((ValueError, TypeError), match=f"(?i){words}") as refusal:
        call()
    assert str(refusal.value).endswith(".")


def test_sixteen_by_sixteen_is_not_too_large():
    stepper = step_conv(draw(0, 14, 14), draw(1, 5, 5), padding=1)
    assert stepper.output.shape == (1, 12, 12)
    assert len(stepper._repr_html_()) < 300_000

"""Every worked example: computed, judged, and every wrong result refused."""

import doctest
import importlib
import json
import math
import re
from importlib.resources import files
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import cnnlib
from cnnlib import models
from cnnlib.arithmetic import (
    Worked,
    conv_mult_adds,
    conv_params,
    linear_mult_adds,
    linear_params,
    output_size,
)
from cnnlib.worked import WorkedExample, worked_example, worked_examples
from cnnlib.worked.fact_values import as_size
from cnnlib.worked.readings import READINGS

RAW = json.loads(files("cnnlib.worked").joinpath("examples.json").read_text("utf-8"))
EVERY = worked_examples()
GRIDS = [example for example in EVERY if example.op != "fact"]
FACTS = [example for example in EVERY if example.op == "fact"]
ERRATA = [example for example in EVERY if example.erratum]
TRAINED = "polarsparc-accuracy"  # a training run, reproduced by the benchmark


def each(examples):
    return pytest.mark.parametrize("example", examples, ids=lambda example: example.id)


# --- computing every example ---------------------------------------------------------


def conv2d(example):
    bias = torch.tensor([example.bias])
    batch, kernels = example.input[None, None], example.kernel[None, None]
    return F.conv2d(batch, kernels, bias, example.stride, example.padding)


def pool(function):
    """Pool (1, 1, H, W), or along each row as a channel where the window is 1-D."""

    def run(example):
        flat = isinstance(example.kernel_size, int) and function in ONE_D
        batch = example.input[None] if flat else example.input[None, None]
        return function(batch, example.kernel_size, example.stride, example.padding)

    return run


ONE_D = {F.max_pool1d, F.avg_pool1d}
OPERATIONS = {
    "conv2d": conv2d,
    "max_pool2d": pool(F.max_pool2d),
    "avg_pool2d": pool(F.avg_pool2d),
    "min_pool2d": pool(lambda x, *settings: -F.max_pool2d(-x, *settings)),
    "max_pool1d": pool(F.max_pool1d),
    "avg_pool1d": pool(F.avg_pool1d),
    "multiply": lambda example: example.input * example.kernel,
    "flatten": lambda example: nn.Flatten()(example.input[None]),
}


def numel(model):
    trained = (p for p in model.parameters() if p.requires_grad)
    return sum(parameter.numel() for parameter in trained)


def on_meta(build, *arguments):
    with torch.device("meta"):
        return build(*arguments)


def mult_adds(model, *size):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, *size))
    return counter.get_total_flops() / 2


def dense(*widths):
    return sum(map(linear_params, widths, widths[1:]))


def glasgow_table():
    """Input, then each convolution, pooling and dense layer with its parameters."""
    sizes, params = [3 * 32 * 32], [0]
    image = torch.zeros(1, 3, 32, 32)
    for layer in models.table_net():
        image = layer(image)
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | nn.Linear):
            sizes.append(image.numel())
            params.append(numel(layer))
    return {"sizes": sizes, "params": params}


def lenet_row_4():
    """The second average pooling of a real LeNet-5, as it stands in the table."""
    image, rows = torch.zeros(1, 1, 32, 32), []
    for layer in models.lenet5():
        image = layer(image)
        if isinstance(layer, nn.AvgPool2d):
            kernel = f"{layer.kernel_size}x{layer.kernel_size}"
            size = "x".join(map(str, image.shape[2:]))
            rows.append({"size": size, "kernel": kernel, "stride": layer.stride})
    return rows[1]


def alexnet_params():
    variants = ("two-tower", "one-tower", "torchvision")
    return {variant: numel(on_meta(models.alexnet, variant)) for variant in variants}


def count(kind, model):
    return sum(isinstance(layer, kind) for layer in model.modules())


def printed_expression(example_id):
    """Left and right side of the equation that the source prints."""
    left, right = re.search(r'"(.*) = (.*)"', worked_example(example_id).what).groups()
    return eval(left, {"__builtins__": {}}), int(right)


def megabytes(model):
    """The summary's four lines: 4 bytes a number, MB = 2**20 bytes.

    Its second line holds what Conv2d and Linear give, once forward and once as
    gradients, and forgets ReLU, pooling and Flatten.
    """
    image, given = torch.zeros(1, 1, 100, 100), 0
    numbers = [image.numel()]
    for layer in model:
        image = layer(image)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            given += image.numel()
    numbers += [2 * given, numel(model)]
    return [4 * number / 2**20 for number in (*numbers, sum(numbers))]


def bias_error():
    layer = nn.Conv2d(1, 1, 3)
    layer.bias = nn.Parameter(torch.tensor(1, dtype=torch.float32))
    with pytest.raises(RuntimeError) as error:
        layer(torch.zeros(1, 1, 6, 6))
    return str(error.value)


def times_covered(size, kernel):
    """In how many windows each pixel lies: what comes back of a map of ones."""
    windows = torch.ones(1, 1, size - kernel + 1, size - kernel + 1)
    return F.conv_transpose2d(windows, torch.ones(1, 1, kernel, kernel))[0, 0]


def slices_summed():
    """How many terms the sum over k has: the fewest slices that give the result."""
    layer, image = nn.Conv2d(3, 10, 3, bias=False), torch.rand(1, 3, 5, 5)
    total, terms = torch.zeros(1, 1, 3, 3), 0
    while not torch.allclose(total[:, 0], layer(image)[:, 7], atol=1e-6):
        k = slice(terms, terms + 1)
        total, terms = total + F.conv2d(image[:, k], layer.weight[7:8, k]), terms + 1
    return terms


def squashing_of_1998():
    """The name of what follows pooling in LeNet-5 of 1998, found by its values."""
    x = torch.linspace(-3, 3, 7)
    y = models.lenet5_1998().squash2(x) / 1.7159
    named = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}
    return next(name for name, f in named.items() if torch.allclose(f(2 * x / 3), y))


def untrained_loss():
    torch.manual_seed(0)
    scores = models.mnist_cnn()(torch.rand(64, 1, 28, 28))
    return F.cross_entropy(scores, torch.randint(10, (64,))).item()


def of_the_listing(expression):
    """Places counted from 1 of the samples that the listing takes."""
    return [int(number) + 1 for number in re.findall(r"\[(\d+)\]", expression)]


FACT_RESULTS = {
    "hzdr-fc-73": lambda: dense(16, 4, 1),
    "hzdr-local-25": lambda: (
        numel(nn.Conv1d(16, 4, 1, groups=4)) + numel(nn.Linear(4, 1))
    ),
    "hzdr-quiz-shape": lambda: output_size((4, 4), 3),
    "hzdr-conv-30": lambda: conv_params(1, 3, 3),
    "hzdr-conv-84": lambda: conv_params(3, 3, 3),
    "glasgow-conv-280": lambda: numel(nn.Conv2d(3, 10, 3)),
    "hzdr-cnn-20087": lambda: numel(models.plain_cnn()),
    "hzdr-cnn-macs": lambda: mult_adds(models.plain_cnn(), 1, 100, 100) / 1e6,
    "hzdr-pooled-1337": lambda: numel(models.pooled_cnn()),
    "hzdr-pooled-macs": lambda: mult_adds(models.pooled_cnn(), 1, 100, 100) / 1e6,
    "hzdr-shrink-16x": lambda: linear_params(20_000, 1) / linear_params(1_250, 1),
    "hzdr-k51-even-claim": lambda: all(
        output_size(100, k, padding=k // 2) == 100 for k in range(1, 60)
    ),
    "hzdr-96": lambda: output_size(100, 5),
    "hzdr-sizes-k51": lambda: [output_size(100, 51, padding=p) for p in (0, 25)],
    "hzdr-size-k25-s3": lambda: output_size(100, 25, stride=3),
    "glasgow-table": glasgow_table,
    "polarsparc-1.3-billion": lambda: dense(1024, 512, 512, 5),
    "polarsparc-cnn-9098": lambda: numel(models.mnist_cnn()),
    "polarsparc-shape-comment": lambda: printed_expression("polarsparc-shape-comment")[
        0
    ],
    "lenet-table-row4": lenet_row_4,
    "lenet-params": lambda: numel(models.lenet5()),
    "lenet-1998-params": lambda: numel(models.lenet5_1998()),
    "alexnet-224": lambda: {n: output_size(n, 11, stride=4) for n in (224, 227)},
    "alexnet-params": alexnet_params,
    "alexnet-layers": lambda: count(nn.Linear, on_meta(models.alexnet, "one-tower")),
    "vgg16-params": lambda: numel(on_meta(models.vgg16)),
    "hzdr-none-none-rgba": lambda: torch.zeros(100, 100, 4)[None, None, :].shape,
    "hzdr-cnn-memory": lambda: megabytes(models.plain_cnn()),
    "hzdr-pooled-memory": lambda: megabytes(models.pooled_cnn()),
    "hzdr-size-4x4-p1": lambda: nn.Conv2d(1, 1, 3, padding=1)(
        torch.zeros(1, 1, 4, 4)
    ).shape[2:],
    "hzdr-conv2-56": lambda: numel(nn.Conv2d(3, 2, 3)),
    "hzdr-alexnet-first-gpu": lambda: (
        min(map(int, re.findall(r"\b20\d\d\b", fact("hzdr-alexnet-first-gpu").why)))
        >= 2012
    ),
    "hzdr-edges-lost": lambda: int((times_covered(100, 51) == 0).sum()),
    "glasgow-fc4-128": lambda: numel(nn.Linear(128, 84)),
    "glasgow-max-caption": lambda: next(
        (f, s)
        for f, s in np.ndindex(4, 4)
        if f * s and output_size(5, f, stride=s) == 3 and matches_glasgow(f, s)
    ),
    "glasgow-k-th-filter": slices_summed,
    "glasgow-alexnet-cut": lambda: max(
        layer.groups
        for layer in on_meta(models.alexnet, "two-tower").modules()
        if isinstance(layer, nn.Conv2d)
    ),
    "glasgow-lenet-tanh": squashing_of_1998,
    "polarsparc-shape-comment-2": lambda: printed_expression(
        "polarsparc-shape-comment-2"
    )[0],
    "polarsparc-1st-5th-9th": lambda: of_the_listing(
        fact("polarsparc-1st-5th-9th").what
    ),
    "polarsparc-initial-loss": untrained_loss,
    "als-size-formula": lambda: output_size(7, 3, stride=2, padding=1),
    "vn-ceil-formula": lambda: output_size((4, 4), 3, stride=2, padding=1),
    "vn-bias-0d": bias_error,
    "vn-softmax-850": lambda: numel(nn.Softmax(dim=1)),
}


def fact(example_id):
    return worked_example(example_id)


def matches_glasgow(size, stride):
    """Whether max pooling with these settings gives what the slide prints."""
    example = worked_example("glasgow-max-5x5")
    pooled = F.max_pool2d(example.input[None], size, stride)[0]
    return torch.equal(pooled, example.printed)


@each(GRIDS)
def test_pytorch_reproduces_every_grid(example):
    result = OPERATIONS[example.op](example)
    assert result.shape[-2:] == example.correct.shape
    exact = example.correct if example.exact is None else example.exact
    torch.testing.assert_close(
        result.reshape(example.correct.shape), exact, atol=5e-5, rtol=0
    )
    assert example.check(result)


def test_a_grid_that_the_source_rounds_is_the_exact_one_rounded():
    (example,) = [example for example in GRIDS if example.exact is not None]
    assert example.id == "vn-avg-3x2-grid"
    torch.testing.assert_close(example.exact.round(decimals=1), example.correct)
    assert repr(example.check(example.exact)) == repr(example.check(example.correct))
    between = (example.exact + example.correct) / 2
    assert_refused(example, "between exact and rounded", between)


@each([example for example in FACTS if example.id != TRAINED])
def test_real_modules_and_arithmetic_reproduce_every_fact(example):
    assert example.check(FACT_RESULTS[example.id]())


def test_every_example_but_the_training_run_is_computed_here():
    assert len(EVERY) == len({example.id for example in EVERY}) == 83
    assert len(GRIDS) + len(FACT_RESULTS) == 82
    assert {example.id for example in FACTS} - {TRAINED} == set(FACT_RESULTS)


# --- what the file says of the sources -----------------------------------------------

SAID_OTHERWISE = {"polarsparc-initial-loss", "glasgow-lenet-tanh"}  # the same, in words


@pytest.mark.parametrize("entry", RAW, ids=lambda entry: entry["id"])
def test_the_flags_follow_from_printed_and_correct(entry):
    printed, correct = entry["printed"], entry["correct"]
    same = printed is None or printed == correct or entry["id"] in SAID_OTHERWISE
    assert entry["matches"] == same
    assert entry["erratum"] == (not same)
    assert ("why" in entry) == entry["erratum"]


@pytest.mark.parametrize("example_id", sorted(SAID_OTHERWISE))
def test_what_is_said_in_other_words_is_the_printed_value(example_id):
    example = worked_example(example_id)
    assert example.printed != example.correct
    assert example.check(example.printed)


def test_twenty_eight_print_something_wrong():
    assert len(ERRATA) == 28
    assert sum(entry["printed"] is not None for entry in RAW) == 76


@pytest.mark.parametrize("entry", RAW, ids=lambda entry: entry["id"])
def test_notes_to_authors_reach_no_learner(entry):
    example = worked_example(entry["id"])
    shown = f"{example} {confirmation(example)}"
    with pytest.raises(AssertionError) as refusal:
        example.check("something else")
    shown += str(refusal.value)
    if "note" in entry:
        assert entry["note"] not in shown
    for words in ("OURS", "Teach", "Show it", "lesson 0", "errata page", "Count them"):
        assert words not in shown


def test_no_turned_or_mirrored_kernel_gives_the_copied_animation():
    example = worked_example("hzdr-pad1-stride2")
    assert "issue 17" in example.history
    assert example.see.endswith("vdumoulin/conv_arithmetic/issues/17")
    wrong = []
    for turns in range(4):
        for kernel in (example.kernel, example.kernel.T):
            turned = torch.rot90(kernel, turns)[None, None]
            grid = F.conv2d(example.input[None, None], turned, stride=2, padding=1)
            wrong.append(int((grid[0, 0] != example.printed).sum()))
    assert wrong[0] == min(wrong) == 6


@each(EVERY)
def test_what_an_example_holds_is_what_the_file_says(example):
    (entry,) = [entry for entry in RAW if entry["id"] == example.id]
    for name in ("source", "lesson", "op", "matches", "erratum"):
        assert getattr(example, name) == entry[name]
    for name in ("what", "how", "why", "history", "see"):
        assert getattr(example, name) == entry.get(name, "")
    for name in ("input", "kernel", "printed", "correct", "exact"):
        value, expected = getattr(example, name), entry.get(name)
        if example.op != "fact" and expected is not None:
            assert value.dtype == torch.float32
            expected = torch.tensor(expected, dtype=torch.float32)
            assert torch.equal(value, expected)
        else:
            assert value == expected


def test_settings_are_numbers_and_pairs():
    example = worked_example("vn-pad-2x1")
    assert (example.bias, example.padding, example.stride) == (1.0, (2, 1), 1)
    assert example.kernel_size == (3, 3)
    pooled = worked_example("vn-max-2-stride-1x2")
    assert (pooled.kernel_size, pooled.stride, pooled.padding) == (2, (1, 2), 0)
    assert pooled.kernel is pooled.bias is None
    fact = worked_example("hzdr-fc-73")
    assert fact.input is fact.padding is fact.stride is fact.kernel_size is None


def test_reasons_that_state_a_number_are_right():
    glasgow = worked_example("glasgow-max-5x5")
    assert F.max_pool2d(glasgow.input[None], 2)[0].tolist() == [[9, 2], [8, 5]]
    assert linear_params(120, 84) == 10_164
    assert linear_params(84, 10) == 850
    assert round(1_342_177_280 / dense(1024, 512, 512, 5)) == 1_699
    assert output_size(100, 4, padding=2) == 101
    twice = conv_mult_adds(1, 3, 3, 100) + conv_mult_adds(3, 2, 3, 100)
    assert (twice + 2 * linear_mult_adds(20_000, 1)) / 1e6 == 0.85
    assert printed_expression("polarsparc-shape-comment") == (24, 28)
    assert printed_expression("polarsparc-shape-comment-2") == (10, 14)
    assert output_size(28, 3, padding=1) == 28
    assert output_size(14, 3, padding=1) == 14
    assert (224 - 11) / 4 + 1 == 54.25
    assert (4 + 2 - 3) / 2 + 1 == 2.5
    assert (7 - 3) / 2 + 1 == 3  # ALS's formula, for the size of the printed grid
    assert output_size(7, 3, stride=2, padding=1) == 4
    assert worked_example("als-pad1-stride2").printed.shape == (3, 3)
    assert output_size(7, 3, stride=3, padding=1) == 3
    covered = times_covered(100, 51)
    assert (covered[0, 0], covered[49, 49], covered.max()) == (1, 2_500, 2_500)
    average = worked_example("vn-avg-3x2-grid")
    sums = 6 * F.avg_pool2d(average.input[None], (3, 2), 2)[0]
    assert sums[:, 1].tolist() == pytest.approx([10, 10])
    lost = worked_example("vn-practice-gray-conv")
    kernel = lost.kernel.clone()
    kernel[0, 2] = 1
    off = F.conv2d(lost.input[None, None], kernel[None, None])[0, 0] - lost.printed
    assert off[off != 0].abs().tolist() == [3]
    least = worked_example("vn-quick-min").input
    assert sorted(least[2:4, :2].flatten().tolist()) == [0, 1, 4, 6]
    assert sorted(least[2:4, 2:4].flatten().tolist()) == [1, 1, 1, 5]
    assert (least[:4] == -1).sum() == 0
    assert (least[4] == -1).sum() == 1


# --- what check accepts --------------------------------------------------------------

GRID_FORMS = {
    "tensor": lambda grid: grid,
    "batch and channel": lambda grid: grid[None, None],
    "float64 with a gradient": lambda grid: grid.double().requires_grad_() * 1,
    "array": lambda grid: grid.numpy(),
    "integers where whole": lambda grid: (
        grid.long() if torch.equal(grid, grid.round()) else grid
    ),
    "nested lists": lambda grid: grid[None].tolist(),
    "rounding of float32": lambda grid: grid * (1 + 1e-7),
}


@pytest.mark.parametrize("form", GRID_FORMS.values(), ids=GRID_FORMS)
@each(GRIDS)
def test_a_correct_grid_is_accepted_in_every_form(example, form):
    assert repr(example.check(form(example.correct))).startswith(f"✓ {example.id}: ")


@each(FACTS)
def test_a_fact_accepts_the_correct_value_as_it_stands(example):
    assert example.check(example.correct)


@pytest.mark.parametrize(
    ("example_id", "result"),
    [
        ("hzdr-fc-73", Worked(73, "70 + 3")),
        ("hzdr-fc-73", 73.0),
        ("hzdr-fc-73", np.int32(73)),
        ("hzdr-fc-73", torch.tensor(73)),
        ("hzdr-quiz-shape", (2, 2)),
        ("hzdr-quiz-shape", torch.zeros(1, 1, 2, 2).shape[2:]),
        ("hzdr-quiz-shape", "2 x 2"),
        ("hzdr-quiz-shape", "2x2"),
        ("hzdr-quiz-shape", np.array([2, 2])),
        ("hzdr-sizes-k51", (50, 100)),
        ("hzdr-sizes-k51", torch.tensor([50, 100])),
        ("hzdr-cnn-macs", 0.27 + 0.54 + 0.02),
        ("hzdr-pooled-macs", 0.40625),
        ("hzdr-pooled-macs", 0.406),
        ("hzdr-shrink-16x", 20_001 / 1_251),
        ("hzdr-shrink-16x", 15.99),
        ("hzdr-k51-even-claim", np.False_),
        ("hzdr-k51-even-claim", torch.tensor(False)),
        (TRAINED, 98.74),
        (TRAINED, 100),
        ("lenet-table-row4", {"size": (5, 5), "kernel": (2, 2), "stride": 2}),
        ("lenet-table-row4", {"stride": 2, "kernel": "2 by 2", "size": [5, 5]}),
        ("alexnet-224", {224: 54, 227: 55}),
        ("alexnet-layers", 3),
        ("hzdr-cnn-memory", [0.04, 0.38, 0.08, 0.5]),
        (
            "hzdr-cnn-memory",
            torch.tensor([0.04, 0.38, 0.08, 0.5]).double().round(decimals=2),
        ),
        ("hzdr-pooled-memory", (0.04, 0.27, 0.01, 0.31)),
        ("glasgow-max-caption", (3, 1)),
        ("vn-ceil-formula", "2x2"),
        ("polarsparc-initial-loss", 2.31),
        ("polarsparc-1st-5th-9th", (2, 6, 10)),
        ("glasgow-lenet-tanh", "tanh"),
        ("vn-flatten", torch.tensor([[2, 4], [3, 1], [3, 4]]).flatten()),
        (
            "alexnet-params",
            {"torchvision": 61100840, "one-tower": 62378344, "two-tower": 60965224},
        ),
        (
            "glasgow-table",
            {
                "params": np.array([0, 608, 0, 3216, 0, 48120, 10164, 850]),
                "sizes": (3072, 6272, 1568, 1600, 400, 120, 84, 10),
            },
        ),
    ],
)
def test_a_fact_accepts_the_value_in_other_words(example_id, result):
    assert worked_example(example_id).check(result)


# --- what check refuses --------------------------------------------------------------


def wrong_grids(example):
    """Wrong results, named: any cell off, turned, mirrored, of another shape."""
    correct = example.correct
    for row, column in np.ndindex(*correct.shape):
        for error in (1, -1, 0.001, math.nan, math.inf):
            wrong = correct.clone()
            wrong[row, column] += error
            yield f"cell {row},{column} off by {error}", wrong
    turned = {
        "transposed": correct.T,
        "left-right": correct.flip(1),
        "upside down": correct.flip(0),
        "turned by 180 degrees": correct.flip(0, 1),
        "negative": -correct,
        "printed": example.printed,
        "without its last row": correct[:-1],
        "without its last column": correct[:, :-1],
        "with a row more": torch.cat([correct, correct[:1]]),
        "flattened": correct if example.op == "flatten" else correct.flatten(),
        "one number": correct[0, 0],
        "a batch of two": torch.stack([correct, correct])[:, None],
        "an axis behind": correct[..., None],
        "empty": correct[:0],
    }
    for name, wrong in turned.items():
        if wrong.shape != correct.shape or not torch.allclose(
            wrong, correct, atol=5e-5
        ):
            yield name, wrong
    text = [[str(value) for value in row] for row in correct.tolist()]
    yield from {
        "text": text,
        "complex": correct + 0j,
        "complex array": correct.numpy() + 0j,
        "truth": torch.ones_like(correct, dtype=torch.bool),
        "truth array": np.ones(correct.shape, dtype=bool),
        "nothing": None,
        "a stub": ...,
        "ragged": [[1, 2], [3]],
        "a layer": nn.Conv2d(1, 1, 3),
    }.items()


def assert_refused(example, name, wrong):
    with pytest.raises(AssertionError) as refusal:
        pytest.fail(f"{example.id} accepted {name}: {example.check(wrong)}")
    sentence = str(refusal.value)
    assert sentence.startswith(f"{example.id}: ")
    assert sentence.endswith(".")


@each(GRIDS)
def test_every_wrong_grid_is_refused(example):
    refused = 0
    for name, wrong in wrong_grids(example):
        assert_refused(example, name, wrong)
        refused += 1
    assert refused >= 5 * example.correct.numel() + 15


NOT_NUMBERS = [None, ..., "", "about right", math.nan, [], {}, object(), 1j]
WRONG_FACTS: dict[str, list] = {
    "hzdr-quiz-shape": [
        (2, 3),
        (3, 2),
        (2,),
        2,
        (2, 2, 2),
        "2 by 3",
        "22",
        "2 by 2 by 2",
        (1, 1, 2, 2),
        (True, True),
        "2",
    ],
    "hzdr-cnn-macs": [0.85, 0.84, 0.829, 0.830001, 0.829999, 830_000, 0.8, 0],
    "hzdr-pooled-macs": [0.40, 0.42, 0.415, 0.4, 0.406251, 0.406249, 406_250, 0.83],
    "hzdr-shrink-16x": [15, 17, 15.9, 15.98, 1_251 / 20_001, 16.01, "16"],
    "hzdr-k51-even-claim": [True, 0, 1, "False", "false", np.True_, 0.0],
    "hzdr-sizes-k51": [
        (100, 50),
        (50,),
        (50, 100, 100),
        50,
        (50, 101),
        (49, 100),
        "50, 100",
        (50.5, 100),
        {50, 100},
        {0: 50, 1: 100},
    ],
    "glasgow-table": [
        {"sizes": [3072, 6272, 1568, 1600, 400, 120, 84, 10]},
        {
            "sizes": [0, 608, 0, 3216, 0, 48120, 10164, 850],
            "params": [3072, 6272, 1568, 1600, 400, 120, 84, 10],
        },
        {
            "sizes": [3072, 6272, 1568, 1600, 400, 120, 84, 10],
            "params": [0, 608, 0, 3216, 0, 48120, 10836, 850],
        },
        {
            "sizes": [3072, 6272, 1568, 1600, 400, 120, 84],
            "params": [0, 608, 0, 3216, 0, 48120, 10164, 850],
        },
        {
            "sizes": [3072, 6272, 1568, 1600, 400, 120, 84, 10],
            "params": [0, 608, 0, 3216, 0, 48120, 10164, 850],
            "total": 62958,
        },
        [3072, 6272, 1568, 1600, 400, 120, 84, 10],
    ],
    TRAINED: [98.72, 97.73, 0.9873, 100.1, -98.73, "98.73", True, [98.73]],
    "lenet-table-row4": [
        {"size": "10x10", "kernel": "5x5", "stride": 1},
        {"size": "5x5", "kernel": "2x2", "stride": 1},
        {"size": "2x2", "kernel": "5x5", "stride": 2},
        {"size": "5x5", "kernel": "2x2"},
        {"size": "5x5", "kernel": "2x2", "stride": True},
        {"size": "5x5", "kernel": "2x3", "stride": 2},
        {"size": "5x5", "kernel": "2x2", "stride": 2, "maps": 6},
        "5x5",
    ],
    "alexnet-224": [
        {224: 54.25, 227: 55},
        {224: 55, 227: 55},
        {224: 54, 227: 54},
        {224: 54},
        {227: 54, 224: 55},
        {224: 54, 227: 55, 256: 62},
        54,
        (54, 55),
        "224 gives 54",
        "54x54x96",
    ],
    "alexnet-params": [
        {"two-tower": 62378344, "one-tower": 60965224, "torchvision": 61100840},
        {"two-tower": 60965224, "one-tower": 62378344},
        {"two-tower": 60965224, "one-tower": 62378344, "torchvision": 61100841},
        {
            "two-tower": 60965224,
            "two-tower (grouped, 2012)": 60965224,
            "one-tower": 62378344,
            "torchvision": 61100840,
        },
        61100840,
    ],
    "alexnet-layers": [2, 4, "2 FC + softmax", "3", [3], True],
    "hzdr-none-none-rgba": [(1, 1, 100, 100), (1, 1, 4, 100, 100), 5, (100, 100, 4)],
    "hzdr-cnn-memory": [
        [0.04, 0.38, 0.08],
        [0.04, 0.19, 0.08, 0.31],
        [0.04, 0.4, 0.08, 0.52],
        [0.038, 0.381, 0.08, 0.51],
        0.5,
    ],
    "hzdr-pooled-memory": [
        [0.04, 0.38, 0.08, 0.5],
        [0.04, 0.13, 0.01, 0.18],
        [0.04, 0.28, 0.01, 0.33],
        0.31,
    ],
    "hzdr-size-4x4-p1": [4, (2, 2), (4, 3), "4 by 5", "44"],
    "hzdr-alexnet-first-gpu": [True, 0, 1, "False", 2006],
    "hzdr-edges-lost": [1, 2500, 10_000, False, (0,), "0"],
    "glasgow-max-caption": [(2, 2), (1, 3), (3, 2), 3, "f=2, s=2", "3"],
    "glasgow-k-th-filter": [10, 30, 9, "3", True],
    "glasgow-alexnet-cut": [1, 3, 96, "2", True],
    "glasgow-lenet-tanh": ["sigmoid", "relu", "Tanh()", 1],
    "polarsparc-1st-5th-9th": [[1, 5, 9], [0, 4, 8], [2, 6], [10, 6, 2], 2],
    "polarsparc-initial-loss": [0, 2.1, 2.5, 10, -2.3026, 9.9, True, "2.3"],
    "als-size-formula": [3, 5, (4, 4), "4", True],
    "vn-ceil-formula": [(3, 3), 2, 2.5, (2, 3), "3 by 3"],
    "vn-bias-0d": ["RuntimeError", "bias", 1, torch.zeros(1, 1, 4, 4)],
    "vn-softmax-850": [850, 840, 10, "0", False],
}


def wrong_facts(example):
    """Wrong answers to a fact; a plain number gets them from its value."""
    yield from NOT_NUMBERS
    if example.erratum:
        yield example.printed
    if example.id in WRONG_FACTS:
        yield from WRONG_FACTS[example.id]
        return
    value = example.correct
    assert isinstance(value, int)
    yield from [value + 1, value - 1, -value, 2 * value, value / 1e6, value + 1e-6]
    yield from [str(value), f"{value:,}", [value], (value, value), {0: value}]
    yield from [np.array([value]), torch.tensor([value]), True, value + 1j]
    yield Worked(value + 1, f"{value} + 1")


@each(FACTS)
def test_every_wrong_fact_is_refused(example):
    for wrong in wrong_facts(example):
        assert_refused(example, repr(wrong), wrong)


@each(EVERY)
def test_the_correct_value_of_another_example_is_refused(example):
    def alike(other):
        reading = READINGS[example.id].correct if example.id in READINGS else None
        sizes = (as_size(example.correct), as_size(reading))
        same = str(other.correct) == str(example.correct)
        return same or other.id == TRAINED or as_size(other.correct) in sizes

    for other in EVERY:
        if not alike(other) and example.id != TRAINED:
            assert_refused(example, other.id, other.correct)


def test_a_refusal_says_where_and_how_to_mend_it():
    example = worked_example("vn-practice-gray-pool-of-printed")
    with pytest.raises(AssertionError) as refusal:
        example.check(example.printed)
    assert str(refusal.value) == (
        "vn-practice-gray-pool-of-printed: 1 of 4 cells are wrong, the first in row 1, "
        "column 1: 297 instead of 294. That grid is what AI VIETNAM prints, and it is "
        "wrong."
    )
    with pytest.raises(AssertionError, match=r"3x3 grid, .* shape \(1, 1, 3, 4\)\."):
        worked_example("hzdr-5x5").check(torch.zeros(1, 1, 3, 4))
    with pytest.raises(AssertionError, match=r"74 is not right .*\(16\*4\+4\)"):
        worked_example("hzdr-fc-73").check(Worked(74, "73 + 1"))
    with pytest.raises(
        AssertionError, match="what HZDR 2025 prints, and that is wrong"
    ):
        worked_example("hzdr-cnn-macs").check(0.85)


@each(EVERY)
def test_only_the_printed_error_is_blamed_on_the_source(example):
    wrong = 0.5 if example.op == "fact" else example.correct + 1
    for result in (wrong, example.printed):
        try:
            example.check(result)
        except AssertionError as refusal:
            blamed = f"what {example.source} prints" in str(refusal)
            same_size = example.op == "fact" or result.shape == example.correct.shape
            assert blamed == (example.erratum and result is not wrong and same_size)


# --- confirmations and display -------------------------------------------------------


def confirmation(example):
    return example.check(example.correct)


@each(EVERY)
def test_the_confirmation_is_the_same_for_every_correct_result(example):
    if example.op == "fact":
        other = example.check(FACT_RESULTS.get(example.id, lambda: 99.2)())
    else:
        other = example.check(OPERATIONS[example.op](example).double())
    assert repr(other) == repr(confirmation(example))


@each(ERRATA)
def test_an_erratum_shows_both_values_and_the_reason(example):
    text = confirmation(example).text
    assert text.splitlines()[0] == (
        f"✓ {example.id}: correct. It is {example.source} that is wrong here."
    )
    assert f"\nWhy: {example.why}" in text
    for reason in (example.history, example.how):
        assert reason in text
    if example.printed is True:
        assert f"\n{example.source} says that this is true.\nIt is false, as" in text
        assert example.correct is False
    elif example.op == "fact":
        assert f"\n{example.source} prints: {spoken(example.printed)}\n" in text
        assert f"\nRight is: {spoken(example.correct)}\n" in text


def spoken(value):
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value)
    if isinstance(value, dict):
        return "; ".join(f"{key} {entry}" for key, entry in value.items())
    return f"{value:,}" if type(value) in (int, float) else str(value)


@each([example for example in ERRATA if example.op != "fact"])
def test_the_marked_cells_are_the_ones_that_differ(example):
    printed, correct = confirmation(example).grids
    assert printed.rows == example.printed.tolist()
    assert correct.rows == example.correct.tolist()
    if example.printed.shape == example.correct.shape:
        cells = set(map(tuple, (example.printed != example.correct).nonzero().tolist()))
        assert cells
        assert printed.marked == correct.marked == cells
        assert f"{len(cells)} of {example.correct.numel()} cells differ" in str(
            confirmation(example)
        )


@each([example for example in EVERY if not example.erratum])
def test_other_confirmations_accuse_nobody(example):
    text = confirmation(example).text
    assert text.splitlines()[0] == f"✓ {example.id}: correct."
    if example.id == "polarsparc-initial-loss":
        assert text.splitlines()[2:] == [
            "Near log(10) = 2.3026, as the 2.3086910247802734 of PolarSPARC 2025.",
            f"Why: {example.how}.",
        ]
    elif example.op == "fact" and example.id != TRAINED:
        assert f"Worked out: {example.how}." in text
        told = "left open" if example.printed is None else "as printed by"
        assert told in text
    if example.op != "fact":
        assert (f"same as {example.source} prints" in text) == example.matches
        size = "x".join(map(str, example.correct.shape))
        assert text.splitlines()[1].strip() == f"result {size}"


def test_confirmations_of_a_shape_a_cell_and_a_fact_in_full():
    assert confirmation(worked_example("vn-practice-pad-stride2")).text == (
        "✓ vn-practice-pad-stride2: correct. It is AI VIETNAM that is wrong here.\n"
        "printed 2x2    correct 3x2\n"
        "11 12           11   12\n"
        "14 11           14   11\n"
        "                [7]  [6]\n"
        "The printed grid is 2x2, but it must be 3x2: floor((5 + 2*1 - 3)/2) + 1 = 3 "
        "rows, floor((3 + 2*1 - 3)/2) + 1 = 2 columns. The boxed cells are missing.\n"
        "Why: The slide stops after two rows."
    )
    assert (
        confirmation(worked_example("als-pad1-stride2"))
        .text.splitlines()[-2]
        .endswith("= 4 columns. With stride 3 the printed grid would be right.")
    )
    assert confirmation(worked_example("vn-quick-avg")).text.splitlines()[1:5] == [
        "printed 2x2    correct 2x2",
        " 0   1             0      1",
        "[2] [1]        [2.75]    [2]",
        "2 of 4 cells differ (boxed): row 1, column 0 prints 2 instead of 2.75; "
        "row 1, column 1 prints 1 instead of 2.",
    ]
    assert confirmation(worked_example("glasgow-conv-280")).text == (
        "✓ glasgow-conv-280: correct.\n"
        "10 filters of 3x3x3: parameters (the slide leaves it as a question)\n"
        "Value: 280, which is left open by Glasgow 2025.\n"
        "Worked out: (3*3*3+1)*10."
    )


def test_a_claim_that_is_false_is_understood_at_the_first_reading():
    assert confirmation(worked_example("hzdr-k51-even-claim")).text == (
        "✓ hzdr-k51-even-claim: correct. It is HZDR 2025 that is wrong here.\n"
        '"padding = kernel_size // 2 always keeps the shape"\n'
        "HZDR 2025 says that this is true.\n"
        "It is false, as you found.\n"
        "Worked out: true for odd kernels and stride 1 only; an even kernel grows the "
        "map by one.\n"
        "Why: With kernel_size=4 and padding=2 a side of 100 becomes 101."
    )


def test_products_and_flattening_say_what_they_do():
    assert str(worked_example("vn-elementwise")).splitlines()[1].split() == [
        "input",
        "3x3",
        "other",
        "3x3",
    ]
    last = str(worked_example("vn-elementwise")).splitlines()[-1]
    assert last == "input * other, cell by cell"
    last = str(worked_example("vn-flatten")).splitlines()[-1]
    assert last == "flatten, row after row"


def test_an_example_shows_its_grids_side_by_side():
    assert str(worked_example("vn-pad-2x1")) == (
        "vn-pad-2x1 (AI VIETNAM)\n"
        "input 4x4    kernel 3x3\n"
        "2 3 1 4      1 1 1\n"
        "1 1 3 2      1 1 1\n"
        "0 4 3 0      0 1 0\n"
        "3 2 2 0\n"
        "conv2d with bias 1, padding (2, 1), stride 1"
    )
    assert (
        repr(worked_example("hzdr-96")) == "<worked example hzdr-96: fact, HZDR 2025>"
    )


@each(EVERY)
def test_an_example_does_not_give_its_answer_away(example):
    shown = {grid.caption.split()[0]: grid.rows for grid in example.card.grids}
    name = "other" if example.op == "multiply" else "kernel"
    expected = {"input": example.input, name: example.kernel}
    if example.erratum and example.op != "fact":
        expected["printed"] = example.printed
    given = {name: grid.tolist() for name, grid in expected.items() if grid is not None}
    assert shown == given
    claims = re.findall(
        rf"\n{re.escape(example.source)} (prints: |says that)", str(example)
    )
    assert bool(claims) == (example.erratum and example.op == "fact")


def cells_of(table):
    return [
        [float(cell.text) for cell in row.findall("td")]
        for row in table.find("tbody").findall("tr")
    ]


@each(EVERY)
def test_html_is_well_formed_and_says_what_the_text_says(example):
    for card in (example.card, confirmation(example)):
        page = ElementTree.fromstring(card.html)
        tables = page.findall(".//table")
        assert len(tables) == len(card.grids)
        for table, grid in zip(tables, card.grids, strict=True):
            assert table.find("caption").text == grid.caption
            expected = np.round(np.array(grid.rows), 4)
            np.testing.assert_allclose(cells_of(table), expected, atol=1e-9)
            scopes = [head.get("scope") for head in table.iter("th")]
            height, width = expected.shape
            assert scopes == ["col"] * width + ["row"] * height
            bold = [c for c in table.iter("td") if "bold" in c.get("style", "")]
            assert len(bold) == len(grid.marked)
        words = "".join(page.itertext())
        assert all(line in words for line in (card.heading, *card.lines))
        assert example.id not in card.heading  # who reads it does not need the id,
        assert page.find("p").get("title") == card.title  # who points at it sees it


def test_what_a_notebook_shows_is_text_and_html():
    example = worked_example("hzdr-5x5")
    for shown, text in ((example, str(example)), (confirmation(example), None)):
        bundle = shown._repr_mimebundle_(include=None, exclude=None)
        assert set(bundle) == {"text/plain", "text/html"}
        assert bundle["text/plain"] == (text or repr(shown))


def test_colours_come_from_the_page():
    for example in EVERY:
        html = example.card.html + confirmation(example).html
        assert not re.search(r"(?<!-)\b(color|background):(?!inherit|none)", html)


# --- finding examples ----------------------------------------------------------------


def test_examples_by_id_and_by_lesson():
    assert cnnlib.worked_example("hzdr-5x5").id == "hzdr-5x5"
    assert [example.id for example in EVERY] == [entry["id"] for entry in RAW]
    lessons = {example.lesson for example in EVERY}
    parts = [example.id for lesson in lessons for example in worked_examples(lesson)]
    assert sorted(parts) == sorted(example.id for example in EVERY)
    assert {e.lesson for e in worked_examples("03_pooling")} == {"03_pooling"}


def test_a_new_copy_each_time():
    worked_example("hzdr-5x5").input.zero_()
    worked_example("glasgow-table").correct["sizes"].clear()
    assert worked_example("hzdr-5x5").input.sum() > 0
    assert len(worked_example("glasgow-table").correct["sizes"]) == 8


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("hzdr-5", "hzdr-5.*the closest ids are .*hzdr-5x5"),
        ("HZDR-5X5", "HZDR-5X5.*the closest ids are hzdr-5x5"),
        ("nonsense", "the ids are alexnet-224, .*, vn-stride2"),
        (None, "None"),
    ],
)
def test_an_unknown_id_is_answered_with_the_closest(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        worked_example(wrong)


def test_an_unknown_lesson_is_answered_with_the_lessons():
    with pytest.raises(ValueError, match="01_convolution, 02_padding"):
        worked_examples("08_transformers")


@pytest.mark.parametrize(
    ("example_id", "form"),
    [
        ("hzdr-5x5", "a 3x3 grid"),
        ("hzdr-fc-73", "a number"),
        ("hzdr-quiz-shape", "a pair (height, width)"),
        ("hzdr-cnn-macs", "a number, in millions"),
        ("hzdr-pooled-macs", "a number, in millions"),
        ("hzdr-k51-even-claim", "True or False"),
        ("hzdr-sizes-k51", "a list or tuple of 2 numbers"),
        ("glasgow-table", "a dict with the keys 'sizes', 'params'"),
        (TRAINED, "a percentage, for example 98.91"),
        ("polarsparc-shape-comment", "what the printed expression gives"),
        (
            "alexnet-224",
            "a dict from the size of the input to the size of the first map",
        ),
        ("alexnet-layers", "the number of fully connected layers"),
        ("vn-bias-0d", "the text of the error"),
        ("hzdr-cnn-memory", "a list of 4 numbers, in MB"),
        ("hzdr-alexnet-first-gpu", "True or False"),
        ("vn-flatten", "a 1x6 grid"),
    ],
)
def test_an_example_says_what_check_takes(example_id, form):
    example = worked_example(example_id)
    assert isinstance(example, WorkedExample)
    assert example.form == form


def test_examples_in_the_docstrings():
    results = doctest.testmod(importlib.import_module("cnnlib.worked.fact_values"))
    assert results.attempted > 0
    assert results.failed == 0

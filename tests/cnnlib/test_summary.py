"""The summary of the 20,087-parameter net, and what holds for every summary."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import summary
from cnnlib.model_summary import Summary, SummaryRow

GOLDEN = """\
Sequential, input 1 x 100 x 100
-------------------------------------------------------------------------------------
Layer  Kind     Output         Parameters          Mult-adds          Receptive field
-------------------------------------------------------------------------------------
0      Conv2d   3 x 100 x 100          30   0.1 %    270,000  32.5 %  3 x 3
1      ReLU     3 x 100 x 100           0                  0          3 x 3
2      Conv2d   2 x 100 x 100          56   0.3 %    540,000  65.1 %  5 x 5
3      ReLU     2 x 100 x 100           0                  0          5 x 5
4      Flatten  20000                   0                  0          5 x 5
5      Linear   1                  20,001  99.6 %     20,000   2.4 %  whole image
-------------------------------------------------------------------------------------
Total                              20,087            830,000
-------------------------------------------------------------------------------------
Parameters:  20,087 (all trainable)
Mult-adds:   830,000 = 0.83 M; weights only (no bias), one image, M = 10^6
Activations: 400.00 kB for one image

How the numbers come about:
  0 (Conv2d)
    size        floor((100 + 2*1 - 3)/1) + 1 = 100
    parameters  (3*3*1 + 1)*3 = 30
    mult-adds   3*3*1 * 3 * 100*100 = 270,000
  2 (Conv2d)
    size        floor((100 + 2*1 - 3)/1) + 1 = 100
    parameters  (3*3*3 + 1)*2 = 56
    mult-adds   3*3*3 * 2 * 100*100 = 540,000
  4 (Flatten)
    size        2*100*100 = 20,000
  5 (Linear)
    size        out_features = 1
    parameters  20000*1 + 1 = 20,001
    mult-adds   20000*1 = 20,000"""


def plain_net():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(3, 2, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(20_000, 1),
    )


class Functional(nn.Module):
    """Everything that is not a layer: functions, operators, methods."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.same = nn.Conv2d(4, 4, 3, padding=1)
        self.weight = nn.Parameter(torch.randn(676, 10))

    def forward(self, x):
        x = F.relu(self.conv(x))
        x = x + self.same(x)
        x = F.max_pool2d(x, 2)
        x = torch.flatten(x, 1)
        return F.log_softmax(x @ self.weight, 1)


class Block(nn.Module):
    """Functions inside a module that has layers inside."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(x + self.norm(self.conv(x)))


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 5, stride=2)
        self.blocks = nn.Sequential(Block(8), Block(8))
        self.head = nn.ModuleDict({"fc": nn.Linear(8, 10)})

    def forward(self, x):
        x = self.blocks(F.relu(self.stem(x)))
        return self.head["fc"](x.mean((2, 3)))


# -- the text ------------------------------------------------------------------------


def test_text_of_the_plain_net_is_this_one():
    assert str(summary(plain_net(), (1, 100, 100))) == GOLDEN


def test_text_repeats_itself():
    assert len({str(summary(Nested(), (3, 33, 29))) for _ in range(3)}) == 1


NETS = [
    pytest.param(plain_net, (1, 100, 100), id="plain"),
    pytest.param(Functional, (1, 28, 28), id="functional"),
    pytest.param(Nested, (3, 33, 29), id="nested"),
]


@pytest.mark.parametrize(("make", "size"), NETS)
def test_columns_of_the_text_add_up_to_its_total(make, size):
    lines = str(summary(make(), size)).splitlines()
    rules = [number for number, line in enumerate(lines) if line and set(line) == {"-"}]
    head, body = lines[rules[0] + 1], lines[rules[1] + 1 : rules[2]]
    for name in ("Parameters", "Mult-adds"):
        end = head.index(name) + len(name)
        cells = [line[:end].split()[-1] for line in body]
        total = lines[rules[2] + 1][:end].split()[-1]
        assert sum(_number(cell) for cell in cells) == _number(total) > 0


def _number(cell):
    return int(cell.replace(",", ""))


def test_text_of_a_large_net_fits_the_page_and_folds():
    import torchvision

    with torch.device("meta"):
        net = torchvision.models.efficientnet_b0()
    shown = str(summary(net, (3, 224, 224)))
    assert max(len(line) for line in shown.split("Parameters:")[0].splitlines()) <= 110
    assert "features.1.0.block.0.0" in shown
    folded = summary(net, (3, 224, 224), depth=1)
    assert len(str(folded).splitlines()) < 20
    names = [row.name for row in folded.shown_rows]
    assert names == ["features", "avgpool", "flatten", "classifier"]
    assert sum(row.params for row in folded.shown_rows) == folded.total_params
    assert sum(row.mult_adds for row in folded.shown_rows) == folded.total_mult_adds  # type: ignore[misc]
    assert folded.shown_rows[0].kind == "Sequential"
    assert folded.shown_rows[0].output_shape == (1280, 7, 7)
    assert len(folded.rows) > 200


def test_formulas_can_be_shown_and_hidden():
    net = plain_net()
    assert "How the numbers" not in str(summary(net, (1, 100, 100), formulas=False))
    long = nn.Sequential(*[nn.Conv2d(1, 1, 1) for _ in range(60)])
    assert "How the numbers" not in str(summary(long, (1, 4, 4)))
    assert "How the numbers" in str(summary(long, (1, 4, 4), formulas=True))


# -- the rows ------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "size"), NETS)
def test_rows_agree_with_each_other(make, size):
    net = make()
    found = summary(net, size)
    assert found.total_params == sum(p.numel() for p in net.parameters())
    assert sum(row.params for row in found.rows) == found.total_params
    assert sum(row.mult_adds for row in found.rows) == found.total_mult_adds  # type: ignore[misc]
    assert sum(row.share_params for row in found.rows) == pytest.approx(1)
    assert sum(row.share_mult_adds for row in found.rows) == pytest.approx(1)
    for row in found.rows:
        assert row.functional == (row.module is None)
        assert row.depth == row.name.count(".") + 1
        assert row.input_shapes[0] == row.input_shape
        assert row.output_shapes[0] == row.output_shape
        assert row.activation_bytes == 4 * int(np.prod(row.output_shape))
        if row.params:
            assert row.params_formula.endswith(f"= {row.params:,}")
        if row.mult_adds:
            assert row.mult_adds_formula.endswith(f"= {row.mult_adds:,}")


def test_operations_that_are_not_layers_have_rows():
    rows = summary(Functional(), (1, 28, 28)).rows
    kinds = [row.kind for row in rows]
    assert kinds == [
        *("Conv2d", "relu", "Conv2d", "add", "max_pool2d", "flatten", "matmul"),
        "log_softmax",
    ]
    matmul = rows[6]
    assert (matmul.params, matmul.mult_adds) == (6_760, 6_760)
    assert (matmul.input_shape, matmul.output_shape) == ((676,), (10,))
    assert rows[3].input_shapes == ((4, 26, 26), (4, 26, 26))
    assert [row.functional for row in rows[:2]] == [False, True]


def test_names_are_qualified_and_functions_stand_in_their_module():
    net = Nested()
    rows = summary(net, (3, 33, 29)).rows
    assert [row.name for row in rows] == [
        *("stem", "relu"),
        *("blocks.0.conv", "blocks.0.norm", "blocks.0.add", "blocks.0.relu"),
        *("blocks.1.conv", "blocks.1.norm", "blocks.1.add", "blocks.1.relu"),
        *("mean", "head.fc"),
    ]
    assert [row.depth for row in rows] == [1, 1] + [3] * 8 + [1, 2]
    assert rows[2].module is net.blocks[0].conv


def test_a_name_that_is_taken_gets_a_number():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x):
            return F.relu(F.relu(self.relu(x)))

    names = [row.name for row in summary(Twice(), (1, 4, 4)).rows]
    assert names == ["relu", "relu_2", "relu_3"]


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: lambda x: x.view(x.size(0), -1), "view"),
        (lambda: lambda x: x.permute(0, 2, 3, 1), "permute"),
        (lambda: lambda x: 1 - x, "sub"),
        (lambda: lambda x: x.mean((2, 3)), "mean"),
        (lambda: lambda x: torch.cat([x, x], 1), "cat"),
        (lambda: lambda x: x.softmax(1), "softmax"),
        (lambda: lambda x: F.interpolate(x, scale_factor=2), "interpolate"),
        (lambda: lambda x: torch.einsum("bchw,bdhw->bcd", x, x), "einsum"),
        (lambda: lambda x: F.adaptive_avg_pool2d(x, 1), "adaptive_avg_pool2d"),
        (lambda: lambda x: x[:, :, ::2], "index"),
        (lambda: lambda x: x.relu_(), "relu"),
        (lambda: lambda x: x.transpose(2, 3), "transpose"),
        (lambda: lambda x: F.pad(x, (1, 1)), "pad"),
        (lambda: lambda x: x.chunk(2, 1), "chunk"),
    ],
)
def test_each_kind_of_operation_is_one_row_with_its_shape(make, kind):
    net = nn.Module()
    function = make()
    net.forward = function
    [row] = summary(net, (4, 6, 8)).rows
    result = function(torch.rand(1, 4, 6, 8))
    first = result[0] if isinstance(result, tuple) else result
    assert row.kind == kind
    assert row.output_shape == tuple(first.shape[1:])


def test_what_changes_nothing_has_no_row():
    net = nn.Module()
    net.forward = lambda x: x.contiguous().detach().clone().to(x.device).double()
    assert summary(net, (1, 4, 4)).rows == []


def test_formulas_of_shapes():
    net = nn.Sequential(
        nn.Conv2d(3, 8, (3, 5), stride=(1, 2), padding=1),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.ConvTranspose2d(8, 4, 2, stride=2),
        nn.AdaptiveAvgPool2d((2, 3)),
    )
    formulas = [row.shape_formula for row in summary(net, (3, 13, 20)).rows]
    assert formulas == [
        "floor((13 + 2*1 - 3)/1) + 1 = 13; floor((20 + 2*1 - 5)/2) + 1 = 9",
        "ceil((13 + 2*0 - 2)/2) + 1 = 7; ceil((9 + 2*0 - 2)/2) + 1 = 5",
        "(7-1)*2 - 2*0 + 2 = 14; (5-1)*2 - 2*0 + 2 = 10",
        "size asked for: 2 x 3",
    ]


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        (lambda x: torch.cat([x, x, x], 1), "3 + 3 + 3 = 9"),
        (lambda x: torch.cat([torch.zeros(1, 1, 8, 6), x], 1), "1 + 3 = 4"),
        (lambda x: F.interpolate(x, scale_factor=(2, 3)), "8*2 = 16; 6*3 = 18"),
        (lambda x: F.interpolate(x, (4, 6)), "8/2 = 4"),
        (lambda x: F.pad(x, (1, 2)), "6 + 1 + 2 = 9"),
        (lambda x: F.pad(x, (1, 2, 0, 3)), "8 + 0 + 3 = 11; 6 + 1 + 2 = 9"),
        (lambda x: x.flatten(1), "3*8*6 = 144"),
        (lambda x: x.view(x.size(0), -1), "3*8*6 = 144"),
    ],
)
def test_formulas_of_operations(function, formula):
    net = nn.Module()
    net.forward = function
    assert summary(net, (3, 8, 6)).rows[0].shape_formula == formula


def test_numbers_in_formulas_of_shapes_are_those_of_the_shape():
    net = nn.Sequential(
        nn.Conv1d(2, 4, 5, dilation=2, padding="same"),
        nn.AvgPool1d(3, stride=2, padding=1),
        nn.Conv1d(4, 4, 4, padding="same"),
        nn.ConvTranspose1d(4, 2, 3, stride=3, output_padding=1, dilation=2),
        nn.LPPool1d(2, 3),
    )
    for row in summary(net, (2, 31)).rows:
        assert row.shape_formula.endswith(f" = {row.output_shape[-1]}")


# -- what is given -------------------------------------------------------------------


@pytest.mark.parametrize(
    "size",
    [(1, 8, 9), [1, 8, 9], torch.Size([1, 8, 9]), [(1, 8, 9)], np.array([1, 8, 9])],
)
def test_sizes_may_be_written_in_several_ways(size):
    net = nn.Conv2d(1, 2, 3)
    size = tuple(size) if isinstance(size, np.ndarray) else size
    assert summary(net, size).rows[0].output_shape == (2, 6, 7)


def test_one_number_is_a_vector():
    assert summary(nn.Linear(5, 2), 5).rows[0].input_shape == (5,)


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.image = nn.Conv2d(1, 2, 3)
        self.vector = nn.Linear(5, 2)

    def forward(self, image, vector):
        return {"sum": self.image(image) + self.vector(vector)[:, :, None, None]}


@pytest.mark.parametrize(
    "given",
    [
        {"input_size": [(1, 8, 9), (5,)]},
        {"input_size": {"vector": (5,), "image": (1, 8, 9)}},
        {"input_data": [torch.rand(7, 1, 8, 9), torch.rand(7, 5)]},
        {"input_data": {"vector": torch.rand(7, 5), "image": torch.rand(7, 1, 8, 9)}},
    ],
)
def test_several_inputs(given):
    found = summary(TwoInputs(), **given)
    shapes = {row.name: row.output_shape for row in found.rows}
    assert shapes["image"] == shapes["add"] == (2, 6, 7)
    assert shapes["vector"] == (2,)
    assert found.total_mult_adds == 9 * 2 * 6 * 7 + 5 * 2


def test_whole_numbers_where_they_are_looked_up():
    net = nn.Sequential(nn.Embedding(100, 8), nn.Flatten(), nn.Linear(80, 2))
    for given in ({}, {"dtypes": torch.long}, {"dtypes": [torch.int32]}):
        rows = summary(net, (10,), **given).rows
        assert [row.output_shape for row in rows] == [(10, 8), (80,), (2,)]
        assert [row.mult_adds for row in rows] == [0, 0, 160]
    rows = summary(net, input_data=torch.zeros(3, 10, dtype=torch.long)).rows
    assert rows[0].params == 800


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.bfloat16])
def test_models_in_other_precisions(dtype):
    found = summary(plain_net().to(dtype), (1, 100, 100))
    assert found.total_mult_adds == 830_000
    assert found.rows[0].activation_bytes == 30_000 * dtype.itemsize


def test_outputs_of_many_kinds():
    class Outputs(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3)

        def forward(self, x):
            x = self.conv(x)
            return {"parts": x.chunk(2, 1), "pair": (x, [x.mean()])}

    rows = summary(Outputs(), (1, 8, 8)).rows
    assert [row.kind for row in rows] == ["Conv2d", "chunk", "mean"]
    assert rows[1].output_shapes == ((2, 6, 6), (2, 6, 6))


# -- the faces -----------------------------------------------------------------------


def test_numbers_stay_apart_where_a_page_takes_the_style_away():
    text = summary(nn.Conv2d(1, 3, 3), (1, 9, 9))._repr_html_()
    plain = re.sub(r"<(?!br)[^>]*>", "", text)
    assert "30<br>(3*3*1 + 1)*3 = 30<br>100.0 %" in plain


class _Tables(HTMLParser):
    """Collects rows of cells, captions and the attributes of header cells."""

    def __init__(self):
        super().__init__()
        self.rows, self.scopes, self.caption, self.open = [], [], "", []

    def handle_starttag(self, tag, attributes):
        if tag == "br":
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
        if tag == "th":
            self.scopes.append(dict(attributes).get("scope"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "caption" in self.open:
            self.caption += data
        if {"th", "td"} & set(self.open):
            self.rows[-1][-1] += data + " "


def test_html_is_a_table_that_can_be_read_aloud():
    found = summary(plain_net(), (1, 100, 100))
    parser = _Tables()
    parser.feed(found._repr_html_())
    assert parser.open == []
    assert parser.caption == "Sequential, input 1 x 100 x 100"
    assert parser.scopes == ["col"] * 5 + ["row"] * 7
    first = [cell.split() for cell in parser.rows[1]]
    assert first[0] == ["0", "Conv2d"]
    assert " ".join(first[1]) == "3 x 100 x 100 floor((100 + 2*1 - 3)/1) + 1 = 100"
    assert " ".join(first[2]) == "30 (3*3*1 + 1)*3 = 30 0.1 %"
    assert " ".join(first[3]) == "270,000 3*3*1 * 3 * 100*100 = 270,000 32.5 %"
    assert [cell.strip() for cell in parser.rows[-1]] == [
        "Total",
        "",
        "20,087",
        "830,000",
        "",
    ]


def test_html_escapes_names():
    class Odd(nn.Module):
        def forward(self, x):
            return x + 1

    Odd.__name__ = "<b>Odd</b>"
    assert "<b>" not in summary(Odd(), (1, 2, 2))._repr_html_()


def test_notebook_gets_text_and_html():
    found = summary(plain_net(), (1, 100, 100))
    bundle = found._repr_mimebundle_()
    assert bundle == {"text/plain": GOLDEN, "text/html": found._repr_html_()}
    assert list(found._repr_mimebundle_(include=["text/plain"])) == ["text/plain"]
    assert repr(found) == GOLDEN


# -- totals --------------------------------------------------------------------------


def test_activations_that_reuse_memory_are_stored_once():
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.Flatten())
    assert summary(net, (1, 10, 12)).activation_memory == 4 * 3 * 8 * 10
    net[1] = nn.ReLU()
    assert summary(net, (1, 10, 12)).activation_memory == 2 * 4 * 3 * 8 * 10


def test_frozen_parameters_are_not_trainable():
    net = plain_net()
    net[0].requires_grad_(False)
    found = summary(net, (1, 100, 100))
    assert (found.total_params, found.trainable_params) == (20_087, 20_057)
    assert [row.trainable_params for row in found.rows if row.params] == [0, 56, 20_001]
    assert "20,087 (20,057 trainable)" in str(found)


def test_types():
    found = summary(plain_net(), (1, 100, 100))
    assert isinstance(found, Summary)
    assert all(type(row) is SummaryRow for row in found.rows)
    assert type(found.total_mult_adds) is type(found.rows[0].mult_adds) is int
    assert type(found.rows[0].params) is int

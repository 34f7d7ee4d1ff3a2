"""Cases that a summary tool gets wrong somewhere; here they are held to the truth.

The truth is ``sum(p.numel())`` for parameters and half of PyTorch's own flop counter
for convolutions and matrix products, or arithmetic written out in the test.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm

from cnnlib import summary
from tests.cnnlib.summary_oracles import half_flops


def total(model):
    return sum(parameter.numel() for parameter in model.parameters())


def check(model, size, **given):
    """Summarise, and compare the totals with the truth."""
    found = summary(model, size, **given)
    assert found.total_params == total(model)
    assert found.total_mult_adds == half_flops(model, torch.rand(1, *size))
    assert found.not_counted == []
    return found


# -- sharing -------------------------------------------------------------------------


def test_one_relu_shared_by_several_blocks():
    relu = nn.ReLU()
    net = nn.Sequential(nn.Linear(5, 8), relu, nn.Linear(8, 8), relu)
    found = check(net, (5,))
    assert found.total_params == 48 + 72
    assert [row.name for row in found.rows] == ["0", "1", "2", "3"]
    assert [row.shared_with for row in found.rows] == [None, None, None, "1"]


def test_a_layer_called_twice_counts_its_parameters_once_and_its_work_twice():
    conv = nn.Conv2d(3, 3, 3, padding=1)
    found = check(nn.Sequential(conv, nn.ReLU(), conv), (3, 8, 9))
    assert [row.params for row in found.rows] == [84, 0, 0]
    assert [row.mult_adds for row in found.rows] == [5_832, 0, 5_832]
    assert found.rows[2].shared_with == "0"
    assert found.rows[2].params_formula == "shared with 0"
    assert "    parameters  shared with 0\n" in str(found)
    assert "shared with 0" in found._repr_html_()


def test_a_layer_under_one_name_called_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x):
            return self.fc(self.fc(x))

    found = check(Twice(), (4,))
    assert [(row.name, row.shared_with) for row in found.rows] == [
        ("fc", None),
        ("fc", "fc"),
    ]


def test_tied_weights():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(11, 6)
            self.head = nn.Linear(6, 11)
            self.head.weight = self.embed.weight

        def forward(self, x):
            return self.head(self.embed(x))

    found = summary(Tied(), (4,))
    assert found.total_params == 66 + 11
    assert [row.params for row in found.rows] == [66, 11]
    assert found.rows[1].shared_with == "embed"
    assert found.rows[1].params_formula == "11 = 11; the others are shared with embed"
    assert found.total_mult_adds == 4 * 66


def test_tied_weights_in_a_function():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(5, 3, bias=False)

        def forward(self, x):
            return F.linear(self.fc(x), self.fc.weight.t())

    found = check(Tied(), (5,))
    assert [row.params for row in found.rows] == [15, 0]
    assert found.rows[1].shared_with == "fc"


# -- parameters that no layer holds --------------------------------------------------


def test_bare_parameter_in_a_matrix_product():
    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.rand(5, 4))
            self.fc = nn.Linear(4, 6)

        def forward(self, x):
            return self.fc(x @ self.weight)

    found = check(Bare(), (5,))
    assert found.total_params == 50
    assert [row.params for row in found.rows] == [20, 30]
    assert [row.mult_adds for row in found.rows] == [20, 24]


def test_parameters_of_a_function_stand_in_the_order_of_the_model():
    class Net(nn.Module):
        def __init__(self, weight, bias):
            super().__init__()
            self.weight, self.bias = weight, bias

        def forward(self, x):
            return F.linear(x, self.weight, self.bias)

    # Not in the order of their addresses: these weights lie before and after biases.
    weights = sorted((nn.Parameter(torch.zeros(3, 4)) for _ in range(20)), key=id)
    biases = sorted((nn.Parameter(torch.zeros(3)) for _ in range(20)), key=id)
    nets = [Net(weights[0], biases[-1]), Net(weights[-1], biases[0])]
    formulas = [summary(net, (4,)).rows[0].params_formula for net in nets]
    assert formulas == ["3*4 + 3 = 15"] * 2


def test_a_layer_of_ones_own_with_bare_parameters_is_one_row():
    class Scale(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.gain = nn.Parameter(torch.ones(channels, 1, 1))
            self.shift = nn.Parameter(torch.zeros(channels, 1, 1))

        def forward(self, x):
            return x * self.gain + self.shift

    net = nn.Sequential(nn.Conv2d(1, 4, 3), Scale(4))
    found = check(net, (1, 8, 8))
    assert [(row.name, row.kind, row.params) for row in found.rows] == [
        ("0", "Conv2d", 40),
        ("1", "Scale", 8),
    ]
    assert found.rows[1].module is net[1]


def test_a_convolution_of_ones_own():
    class Own(nn.Conv2d):
        pass

    class Rectified(nn.Conv2d):
        def forward(self, x):
            return F.relu(super().forward(x))

    found = check(nn.Sequential(Own(1, 2, 3), Rectified(2, 3, 3)), (1, 8, 8))
    assert [(row.name, row.kind, row.params) for row in found.rows] == [
        ("0", "Own", 20),
        ("1.conv2d", "conv2d", 57),
        ("1.relu", "relu", 0),
    ]
    assert found.rows[0].params_formula == "(3*3*1 + 1)*2 = 20"


def test_what_is_made_of_parameters_belongs_to_the_row_that_uses_it():
    class Standardised(nn.Conv2d):
        def forward(self, x):
            weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
            weight = weight / weight.std((1, 2, 3), keepdim=True)
            return F.conv2d(x, weight, self.bias)

    net = nn.Sequential(Standardised(3, 4, 3))
    found = check(net, (3, 8, 8))
    assert [(row.kind, row.params) for row in found.rows] == [("Standardised", 112)]


def test_a_class_token_and_positions():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Parameter(torch.zeros(1, 1, 6))
            self.place = nn.Parameter(torch.zeros(1, 10, 6))

        def forward(self, x):
            token = self.token.expand(x.shape[0], -1, -1)
            return torch.cat([token, x], 1) + self.place

    rows = summary(Tokens(), (9, 6)).rows
    assert [(row.kind, row.params, row.output_shape) for row in rows] == [
        ("cat", 6, (10, 6)),
        ("add", 60, (10, 6)),
    ]


def test_layers_in_a_plain_list_are_work_but_not_parameters():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(4, 4), nn.Linear(4, 2)]

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    found = check(Hidden(), (4,))
    assert (found.total_params, found.total_mult_adds) == (0, 24)
    assert any("nn.ModuleList" in note for note in found.notes)


def test_unused_layers_are_in_the_total_and_a_note_says_so():
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.used = nn.Linear(3, 10)
            self.spare = nn.ModuleDict({"a": nn.Linear(9, 10), "b": nn.Linear(1, 5)})

        def forward(self, x):
            return self.used(x)

    found = check(Unused(), (3,))
    assert found.total_params == 40 + 100 + 10
    assert [row.name for row in found.rows] == ["used"]
    [note] = found.notes
    assert "110 parameters" in note
    assert "spare (110)" in note
    assert note in str(found)
    assert note in found._repr_html_()


# -- weights that are computed -------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize(
    ("wrap", "extra"),
    [
        (parametrizations.weight_norm, 4),
        (parametrizations.spectral_norm, 0),
        (nn.utils.weight_norm, 4),
        (spectral_norm, 0),
        (lambda conv: prune.l1_unstructured(conv, "weight", 0.5), 0),
    ],
)
def test_wrapped_weights(wrap, extra):
    net = nn.Sequential(wrap(nn.Conv2d(3, 4, 3)), nn.ReLU())
    found = check(net, (3, 8, 8))
    assert [row.kind for row in found.rows] == ["Conv2d", "ReLU"]
    assert found.rows[0].params == 4 * 27 + 4 + extra
    assert found.rows[0].mult_adds == 27 * 4 * 36


def test_a_weight_of_two_factors_is_multiplied_out_once():
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.tall = nn.Parameter(torch.rand(8, 2))
            self.wide = nn.Parameter(torch.rand(2, 5))

        def forward(self, x):
            return F.linear(x, self.tall @ self.wide)

    found = check(LowRank(), (5,))
    assert found.total_mult_adds == 8 * 2 * 5 + 5 * 8
    assert sum(row.params for row in found.rows) == 26


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_lazy_layers_are_sized_and_the_model_stays_lazy():
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten())
    net.append(nn.LazyLinear(3))
    found = summary(net, (2, 8, 8))
    assert [row.params for row in found.rows] == [76, 8, 0, 435]
    assert found.total_params == 519
    assert any("lazy" in note for note in found.notes)
    assert nn.parameter.is_lazy(net[0].weight)
    assert type(net[3]) is nn.LazyLinear


# -- layers that other tools miscount ------------------------------------------------


def test_transposed_convolution_counts_input_positions():
    found = check(nn.ConvTranspose2d(16, 8, 2, stride=2), (16, 16, 16))
    assert found.total_mult_adds == 131_072


def test_biases_are_not_multiplied():
    found = check(nn.Conv2d(3, 100, 3, padding=1), (3, 100, 100))
    assert found.total_mult_adds == 27_000_000


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (nn.Conv2d(8, 12, (3, 5), 2, 1, groups=4), (8, 13, 15)),
        (nn.Conv2d(8, 8, 3, dilation=2, groups=8, bias=False), (8, 13, 15)),
        (nn.Conv2d(2, 4, 4, padding="same"), (2, 9, 10)),
        (nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"), (2, 9, 10)),
        (nn.Conv2d(2, 4, 3, padding="valid"), (2, 9, 10)),
        (nn.Conv1d(2, 4, 5, stride=2), (2, 20)),
        (nn.Conv3d(1, 2, (1, 3, 3), padding=1), (1, 4, 9, 9)),
        (nn.ConvTranspose1d(3, 6, 3, 2, 1, 1, groups=3), (3, 7)),
        (nn.ConvTranspose3d(2, 4, 2, stride=2), (2, 3, 4, 5)),
        (nn.ConvTranspose2d(4, 6, 3, dilation=2, bias=False), (4, 5, 6)),
        (nn.Linear(5, 7), (3, 4, 5)),
        (nn.MultiheadAttention(8, 2), None),
    ],
)
def test_layers_one_by_one(layer, size):
    if size is None:
        return _attention(layer)
    found = check(layer, size)
    [row] = found.rows
    with torch.no_grad():
        assert row.output_shape == tuple(layer(torch.rand(1, *size)).shape[1:])
    return None


def _attention(layer):
    class Self(nn.Module):
        def __init__(self):
            super().__init__()
            self.attend = layer

        def forward(self, x):
            return self.attend(x, x, x)[0]

    found = check(Self(), (5, 8))
    assert found.rows[0].kind == "MultiheadAttention"


def test_a_matrix_times_a_vector_is_counted():
    class Vector(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.rand(7))

        def forward(self, x):
            return x @ self.weight

    assert summary(Vector(), (5, 7)).total_mult_adds == 35


@pytest.mark.parametrize(
    ("function", "size", "expected"),
    [
        (lambda x: torch.einsum("bij,bkj->bik", x, x), (5, 8), 5 * 8 * 5),
        (lambda x: torch.bmm(x, x.mT), (5, 8), 5 * 8 * 5),
        (lambda x: x @ x.transpose(-1, -2), (3, 5, 8), 3 * 5 * 8 * 5),
        (lambda x: torch.baddbmm(x @ x.mT, x, x.mT), (5, 8), 2 * 5 * 8 * 5),
        (
            lambda x: F.scaled_dot_product_attention(x, x, x),
            (2, 5, 8),
            2 * 2 * 5 * 8 * 5,
        ),
        (lambda x: torch.tensordot(x, torch.rand(8, 3), 1), (5, 8), 5 * 8 * 3),
        (lambda x: F.linear(x, torch.rand(3, 8)), (5, 8), 5 * 8 * 3),
        (lambda x: _convolution(x, transposed=False), (3, 5, 8), 3 * 3 * 4 * 4 * 7),
        (lambda x: _convolution(x, transposed=True), (3, 5, 8), 3 * 3 * 4 * 5 * 8),
    ],
)
def test_products_written_as_functions(function, size, expected):
    net = nn.Module()
    net.forward = function
    assert check(net, size).total_mult_adds == expected


def _convolution(x, *, transposed):
    weight, zero, one = torch.rand(3, 3, 2, 2), [0, 0], [1, 1]
    return torch.convolution(x, weight, None, one, zero, one, transposed, zero, 1)


# -- recurrent layers and attention --------------------------------------------------


def _steps(layer, steps):
    weights = [p.numel() for p in layer.parameters() if p.dim() == 2]
    return steps * sum(weights)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_layers": 3, "bidirectional": True},
        {"bias": False, "batch_first": True},
        {"bidirectional": True, "dropout": 0.1, "num_layers": 2, "batch_first": True},
    ],
)
def test_recurrent_layers(kind, options):
    layer = kind(5, 4, **options)
    found = summary(layer, (7, 5))
    assert found.total_params == total(layer)
    steps = 7 if options.get("batch_first") else 1
    sequence = found.rows[0].input_shape
    assert sequence == (7, 5)
    assert found.total_mult_adds == _steps(layer, 7) > steps
    assert found.not_counted == []


def test_an_lstm_with_projection():
    layer = nn.LSTM(
        5, 6, proj_size=3, num_layers=2, bidirectional=True, batch_first=True
    )
    assert summary(layer, (7, 5)).total_mult_adds == _steps(layer, 7)


def test_an_lstm_by_hand():
    found = summary(nn.LSTM(28, 64, batch_first=True), (28, 28))
    [row] = found.rows
    assert row.mult_adds == 28 * (256 * 28 + 256 * 64) == 659_456
    assert row.mult_adds_formula == "28 * (256*28 + 256*64) = 659,456"
    assert row.output_shape == (28, 64)


@pytest.mark.parametrize("kind", [nn.RNNCell, nn.LSTMCell, nn.GRUCell])
def test_recurrent_cells(kind):
    layer = kind(5, 4)
    assert summary(layer, (5,)).total_mult_adds == _steps(layer, 1)


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_transformer_layer(norm_first):
    layer = nn.TransformerEncoderLayer(
        8, 2, 16, batch_first=True, norm_first=norm_first
    )
    found = check(layer, (5, 8))
    by_hand = 5 * 8 * 24 + 2 * 5 * 5 * 8 + 5 * 8 * 8 + 2 * 5 * 8 * 16
    assert found.total_mult_adds == by_hand
    assert {"self_attn", "linear1", "linear2", "norm1"} <= {r.name for r in found.rows}


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: nn.Bilinear(3, 4, 5), [(3,), (4,)]),
        (lambda: _function(lambda x: torch.fft.fft2(x).abs()), (1, 8, 8)),
        (lambda: _function(torch.linalg.inv), (1, 8, 8)),
        (lambda: _function(lambda x: torch.cdist(x, x)), (4, 3)),
        (lambda: _function(_deformed), (1, 8, 8)),
    ],
)
def test_what_has_no_rule_is_marked(make, size):
    found = summary(make(), size)
    assert len(found.not_counted) == 1
    assert found.total_mult_adds == 0
    assert "not counted" in str(found)
    assert f"without {found.not_counted[0]} (not counted)" in str(found)
    assert "not counted" in found._repr_html_()


def _function(function):
    net = nn.Module()
    net.forward = function
    return net


def _deformed(x):
    from torchvision.ops import deform_conv2d

    return deform_conv2d(x, torch.zeros(1, 18, 6, 6), torch.ones(4, 1, 3, 3))


# -- models that do odd things -------------------------------------------------------


def test_a_model_that_looks_at_values_is_run_for_real():
    class Looking(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x):
            x = self.fc(x)
            return F.relu(x) if x.sum().item() < 1e9 else x

    found = check(Looking(), (4,))
    assert [row.kind for row in found.rows] == ["Linear", "sum", "relu"]
    assert any("real numbers" in note for note in found.notes)


def test_a_model_that_goes_through_numpy():
    class Through(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.conv(torch.from_numpy(2 * x.numpy())))

    found = check(Through(), (1, 8, 8))
    assert [row.kind for row in found.rows] == ["Conv2d", "ReLU"]


def test_constants_on_another_device_than_the_run():
    class Constants(nn.Module):
        def __init__(self):
            super().__init__()
            self.mean = torch.rand(3, 1, 1)
            self.others = [torch.rand(3, 1, 1)]

        def forward(self, x):
            y = (x - self.mean) / self.others[0]
            y = y + torch.randn(y.shape) + torch.ones(1, device=x.device)
            return y.to("cpu").cpu()

    found = summary(Constants(), (3, 4, 5))
    assert [row.kind for row in found.rows] == ["sub", "div", "add", "add"]
    assert found.notes == []


def test_what_is_written_through_a_view_depends_on_the_input():
    def forward(x):
        out = torch.zeros(x.shape)
        out[:, 0].add_(x[:, 0])
        return F.relu(out)

    kinds = [row.kind for row in summary(_function(forward), (2, 4, 4)).rows]
    assert kinds == ["index", "add", "relu"]


def test_images_one_by_one():
    class OneByOne(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            return torch.stack([self.conv(image) for image in x])

    found = summary(OneByOne(), (1, 8, 8))
    shapes = [row.output_shape for row in found.rows]
    assert shapes == [(1, 8, 8), (2, 6, 6), (2, 6, 6)]
    assert found.total_mult_adds == 9 * 2 * 36


def test_windows_in_the_batch_axis_belong_to_one_image():
    class Windows(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 5)

        def forward(self, x):  # (N, 3, 8, 8) -> 16 windows of 2 x 2 pixels
            n = x.shape[0]
            x = x.view(n, 3, 4, 2, 4, 2).permute(0, 2, 4, 3, 5, 1)
            x = self.fc(x.reshape(n * 16, 4, 3))
            return x.reshape(n, 16 * 4, 5)

    found = check(Windows(), (3, 8, 8))
    assert [row.output_shape for row in found.rows][-2:] == [(16, 4, 5), (64, 5)]


def test_sequence_first_layouts_lose_the_batch_too():
    class SequenceFirst(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(3, 4)

        def forward(self, x):  # (N, 3, L) -> (L, N, 3)
            return self.rnn(x.permute(2, 0, 1))[0]

    found = summary(SequenceFirst(), (3, 7))
    assert [row.output_shape for row in found.rows] == [(7, 3), (7, 4)]


def test_flattening_the_batch_away_is_said():
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(16, 2)

        def forward(self, x):
            return self.fc(torch.flatten(x))

    [note] = summary(Flat(), (1, 4, 4)).notes
    assert "only one input at a time" in note
    assert "fc (Linear) expects 16" in note
    assert "32" in note


def test_a_view_that_splits_an_image_over_the_batch_is_said():
    class Split(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 2)

        def forward(self, x):
            return self.fc(x.view(-1, 8))

    found = summary(Split(), (1, 4, 4))
    assert any("2 rows for one input" in note for note in found.notes)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_wrappers_are_taken_off():
    net = nn.Sequential(nn.Conv2d(1, 2, 3))
    plain = str(summary(net, (1, 8, 8)))
    assert str(summary(nn.DataParallel(net), (1, 8, 8))) == plain
    assert str(summary(torch.compile(net), (1, 8, 8))) == plain
    traced = torch.fx.symbolic_trace(net)
    assert summary(traced, (1, 8, 8)).total_mult_adds == 9 * 2 * 36


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_parts_run_as_they_were_written():
    double = torch.compile(lambda x: 2 * x)

    class Compiled(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.compile(nn.Conv2d(1, 2, 3))

        def forward(self, x):
            return double(self.layer(x))

    found = summary(Compiled(), (1, 8, 8))
    assert [(row.name, row.kind) for row in found.rows] == [
        ("layer._orig_mod", "Conv2d"),
        ("mul", "mul"),
    ]
    assert found.notes == []


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_torchscript_is_refused():
    with torch.no_grad():
        script = torch.jit.trace(nn.Conv2d(1, 2, 3), torch.rand(1, 1, 8, 8))
    with pytest.raises(TypeError, match="TorchScript"):
        summary(nn.Sequential(script), (1, 8, 8))

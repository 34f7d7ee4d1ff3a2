"""The four kinds of layer that LeNet-5 had in 1998 and PyTorch does not have.

Source: LeCun, Bottou, Bengio, Haffner (1998), section II.B, table I and appendix A.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .digit_bitmaps import digit_codes

# Table I of the paper: the S2 maps (0 to 5) that each of the 16 C3 maps sees. Six maps
# see three neighbours in a ring, six see four neighbours, three see two pairs of
# neighbours that are apart, and the last sees all six.
C3_TABLE = (
    *[tuple((first + i) % 6 for i in range(3)) for first in range(6)],
    *[tuple((first + i) % 6 for i in range(4)) for first in range(6)],
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)

# The same as a list of (C3 map, S2 map): the order of PartialConv2d's kernels.
C3_PAIRS = [(out, into) for out, row in enumerate(C3_TABLE) for into in row]


class ScaledTanh(nn.Module):
    """The paper's squashing function, 1.7159 tanh(2x/3); any shape in, the same out.

    The two constants make f(1) = 1 and f(-1) = -1 (to four decimals), which are the
    values of the output codes. Source: appendix A.
    """

    amplitude = 1.7159
    slope = 2 / 3

    def forward(self, x: Tensor) -> Tensor:
        """Squash every value of ``x`` into the interval from -1.7159 to 1.7159."""
        return self.amplitude * torch.tanh(self.slope * x)


class Subsample(nn.Module):
    """Add up each 2x2 window, multiply by a coefficient and add a bias, per channel.

    (N, C, H, W) -> (N, C, H/2, W/2) with 2 C trainable parameters. The squashing
    function that follows in the paper is a layer of its own here.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw both uniformly within 2.4 / 4: a unit here has four inputs."""
        nn.init.uniform_(self.coefficient, -2.4 / 4, 2.4 / 4)
        nn.init.uniform_(self.bias, -2.4 / 4, 2.4 / 4)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scaled and shifted sums of the windows."""
        sums = F.avg_pool2d(x, 2, divisor_override=1)
        return sums * self.coefficient[:, None, None] + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """Name the window and the channels in the printed net."""
        return f"{len(self.bias)}, kernel_size=2, stride=2"


class PartialConv2d(nn.Module):
    """The paper's C3: a 5x5 convolution where each map sees only some of S2's maps.

    (N, 6, H, W) -> (N, 16, H-4, W-4). ``C3_TABLE`` connects 60 of the 96 possible
    pairs, so there are 60*25 weights + 16 biases = 1,516 parameters. ``weight`` holds
    one kernel per connection, (60, 5, 5), in the order of ``C3_PAIRS``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(len(C3_PAIRS), 5, 5))
        self.bias = nn.Parameter(torch.empty(len(C3_TABLE)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw each weight and bias uniformly within 2.4 / (inputs of its map)."""
        inputs = torch.tensor([25.0 * len(row) for row in C3_TABLE])
        bound = 2.4 / inputs.to(self.bias.device)
        outputs = torch.tensor([out for out, _ in C3_PAIRS], device=self.bias.device)
        with torch.no_grad():
            self.bias.uniform_(-1, 1).mul_(bound)
            self.weight.uniform_(-1, 1).mul_(bound[outputs][:, None, None])

    def dense_weight(self) -> Tensor:
        """Return the (16, 6, 5, 5) weight with zeros where nothing is connected."""
        places = torch.tensor(
            [6 * out + into for out, into in C3_PAIRS], device=self.weight.device
        )
        blank = self.weight.new_zeros(16 * 6, 5, 5)
        return blank.index_copy(0, places, self.weight).view(16, 6, 5, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve; a pair outside the table adds nothing and learns nothing."""
        return F.conv2d(x, self.dense_weight(), self.bias)

    def extra_repr(self) -> str:
        """Name the channels, the kernel and the connections in the printed net."""
        return f"6, 16, kernel_size=5, connections={len(C3_PAIRS)}"


class RBFOutput(nn.Module):
    """Squared distance from the 84 values of F6 to the fixed code of each digit.

    (N, 84) -> (N, 10), ``y[i] = sum((x - codes[i])**2)``: 0 is a perfect match, and
    the answer is the digit with the smallest value. The codes are a buffer, ten
    stylised digits of +1 and -1 on 12 rows of 7 cells, and nothing trains them.
    """

    codes: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("codes", digit_codes())

    def forward(self, x: Tensor) -> Tensor:
        """Return the ten squared distances."""
        return (x[:, None, :] - self.codes).square().sum(dim=2)

    def extra_repr(self) -> str:
        """Name the sizes in the printed net."""
        return f"{self.codes.shape[1]}, {self.codes.shape[0]}, fixed codes"


def start_as_in_1998(net: nn.Module) -> None:
    """Draw the weights and biases of ordinary layers within 2.4 / fan-in, uniformly."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = 2.4 / layer.weight[0].numel()
            nn.init.uniform_(layer.weight, -bound, bound)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -bound, bound)

# %% [markdown]
# # 08 After VGG: exercises
#
# Eight tasks to lesson 08: batch norm by hand and folded away, a block with a
# shortcut, convolutions that cost less, what a transposed convolution does to
# a size, a backward pass, and a dense layer that slides over a page.
#
# **Time:** 110 minutes. **Points:** 25.
#
# Write your answer in place of `raise NotImplementedError`, run the cell,
# then run the check below it. A check says which kind of case went wrong and
# shows the smallest one. Try as often as you like.

# %%
import copy

import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import checks

# %% [markdown]
# ## batch_norm (3 points)
#
# Nearly every net after VGG has this layer behind its convolutions. It does
# something else in training than later on; this is what it does in training.
#
# `batch_norm(x, weight, bias, eps=1e-5)` takes a batch (N, C, H, W), a scale
# `weight` (C,) and a shift `bias` (C,). It returns (N, C, H, W), as
# `nn.BatchNorm2d` does in training mode:
#
# - each channel is normalised by itself, over all images and all pixels: its
#   mean is taken away, and what is left is divided by
#   $\sqrt{\text{variance} + \text{eps}}$;
# - the variance is the mean of the squared deviations;
# - then comes the channel's own scale, and last its shift.
#
# Do it without PyTorch's norms (`F.batch_norm` and its relatives). `x` stays
# as it is, and gradients must be able to flow back to `x`, `weight` and
# `bias`. Mean and variance are made of `x`, too, so the gradient goes through
# them as well.
#
# **By hand.** One image, one channel, with the four numbers 0, 4, 4, 8; scale
# 10, shift 1, eps 0. The mean is 4, the deviations are −4, 0, 0, 4, and the
# variance is (16 + 0 + 0 + 16) / 4 = 8. The first number becomes
# $-4 / \sqrt{8} \cdot 10 + 1 \approx -13.14$, the two in the middle become 1.

# %% task="batch_norm"
def batch_norm(x, weight, bias, eps=1e-5):
    """Batch norm as in training: (N, C, H, W), (C,), (C,) -> (N, C, H, W)."""
    # BEGIN SOLUTION
    axes = (0, 2, 3)                              # all but the channels
    centred = x - x.mean(dim=axes, keepdim=True)
    variance = centred.square().mean(dim=axes, keepdim=True)
    normal = centred / torch.sqrt(variance + eps)
    return normal * weight[:, None, None] + bias[:, None, None]
    # END SOLUTION

# %% check="batch_norm"
checks.batch_norm(batch_norm)

# %% [markdown]
# <details><summary>Hint</summary>
#
# How many means are there, one for each of what? `mean` takes several axes at
# once: name those that are to disappear. With `keepdim=True` they stay, one
# long, and the result goes with `x`.
#
# `.var` and `.std` divide by the count less 1, unless they are told
# otherwise.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: The size of tensor a (2) must match the size of tensor b (3)
# at non-singleton dimension 3`: a row of C numbers meets the images, and
# PyTorch lays it along their last axis, the columns. `[:, None, None]` makes
# (C, 1, 1) of it.
#
# `RuntimeError: a leaf Variable that requires grad is being used in an
# in-place operation`: `-=` and `/=` change `x` itself. Write
# `x = x - ...`, which makes a new tensor.
#
# No error, but values that are a little too small: the variance was divided
# by the count less 1.
#
# </details>

# %% [markdown]
# ## fold_batch_norm (4 points)
#
# In evaluation mode batch norm is only a scale and a shift for each channel,
# and a convolution can do both itself. So nets are delivered without it: the
# same results, with less work.
#
# `fold_batch_norm(conv, norm)` takes an `nn.Conv2d` and the `nn.BatchNorm2d`
# behind it. It returns a new `nn.Conv2d` with a bias that gives what
# `norm(conv(x))` gives in evaluation mode:
#
# - `conv` may have a bias or none; stride, padding, dilation, groups and dtype
#   are kept;
# - `norm` has a scale (`norm.weight`), a shift (`norm.bias`), averages
#   (`norm.running_mean`, `norm.running_var`) and its own `norm.eps`;
# - both stay as they are, in the mode in which they come. They may come in
#   training mode: so read the averages, and do not run data through `norm`.
#
# **By hand.** One channel, a kernel of 1 x 1 with weight 3 and bias 2. The
# norm has mean 1, variance 4, scale 6, shift 5 and eps 0. It turns $y$ into
# $(y - 1) / 2 \cdot 6 + 5 = 3y + 2$, and $y = 3x + 2$. Together that is
# $9x + 8$: the new weight is 9, the new bias is 8.

# %% task="fold_batch_norm"
def fold_batch_norm(conv, norm):
    """One new nn.Conv2d that gives norm(conv(x)) of evaluation mode."""
    # BEGIN SOLUTION
    folded = copy.deepcopy(conv)
    with torch.no_grad():
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        folded.weight.mul_(scale[:, None, None, None])
        shift = norm.bias - norm.running_mean * scale
        if conv.bias is not None:
            shift += conv.bias * scale
    folded.bias = nn.Parameter(shift)
    return folded
    # END SOLUTION

# %% check="fold_batch_norm"
checks.fold_batch_norm(fold_batch_norm)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Write down what one channel of `norm` makes of a number $y$, as
# $\text{factor} \cdot y + \text{rest}$. Then put in
# $y = \text{weights} \cdot x + \text{bias}$. Which of the old numbers are
# multiplied by the factor?
#
# A deep copy of `conv` has all its settings already. A weight of a layer is
# changed in place under `torch.no_grad()`, or replaced by an
# `nn.Parameter(...)`.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: cannot assign 'torch.FloatTensor' as parameter 'bias'`: a layer
# keeps its weights as `nn.Parameter`. Wrap the tensor in one.
#
# `TypeError: unsupported operand type(s) for -: 'NoneType' and 'Tensor'`:
# this convolution has no bias, and `conv.bias` is None.
#
# `RuntimeError: The size of tensor a (3) must match the size of tensor b (4)
# at non-singleton dimension 3`: the weights are (out, in, kh, kw), and a row
# of factors is laid along their last axis. It belongs to the first.
#
# </details>

# %% [markdown]
# ## basic_block (4 points)
#
# Two convolutions, and past them a way on which nothing happens. With this
# block nets became a hundred layers deep.
#
# `basic_block(in_channels, out_channels, stride=1)` returns a new
# `nn.Module`. Its branch is
#
# 1. a 3 x 3 convolution with padding 1 and this stride, from `in_channels`
#    to `out_channels`;
# 2. batch norm (`nn.BatchNorm2d`), then ReLU;
# 3. a 3 x 3 convolution with padding 1, which keeps the size;
# 4. batch norm.
#
# What comes out of it and the input are added, and the sum goes through ReLU.
# Where the stride is not 1, or the channels differ, the two do not fit: then
# the input goes through a 1 x 1 convolution with this stride and batch norm
# first. Elsewhere it is added as it is. No convolution has a bias, and the
# norms are made as PyTorch makes them if nothing but the channels is given.
#
# Use PyTorch's layers, not torchvision's block. The check fills your block
# with weights of its own and compares what comes out, in both modes. Names and
# order of the layers are up to you.
#
# **By hand.** `basic_block(2, 4, stride=2)` turns (N, 2, 6, 8) into
# (N, 4, 3, 4). Its convolutions have 9 · 2 · 4 = 72, 9 · 4 · 4 = 144 and
# 2 · 4 = 8 weights; three norms have 2 · 4 = 8 parameters each. Together
# 72 + 144 + 8 + 24 = 248.

# %% task="basic_block"
def basic_block(in_channels, out_channels, stride=1):
    """ResNet's basic block, an nn.Module.

    (N, in_channels, H, W) -> (N, out_channels, H', W')
    """
    # BEGIN SOLUTION
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.branch = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False),
                nn.BatchNorm2d(out_channels), nn.ReLU(),
                nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False),
                nn.BatchNorm2d(out_channels))
            self.shortcut = nn.Sequential()           # gives what it gets
            if stride != 1 or in_channels != out_channels:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride,
                              bias=False),
                    nn.BatchNorm2d(out_channels))

        def forward(self, x):
            return F.relu(self.branch(x) + self.shortcut(x))

    return Block()
    # END SOLUTION

# %% check="basic_block"
checks.basic_block(basic_block)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A net that adds is no plain `nn.Sequential`: it is a class with a `forward`
# of its own. Make the layers in `__init__`, each one that has weights anew;
# in `forward` keep the input under a name of its own until you need it.
#
# An `nn.Sequential()` without layers, or `nn.Identity()`, gives back what it
# gets. So `forward` looks the same with and without a convolution in the
# shortcut.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `AttributeError: cannot assign module before Module.__init__() call`: the
# first line of `__init__` has to call that of `nn.Module`, through `super()`.
#
# `RuntimeError: The size of tensor a (4) must match the size of tensor b (2)
# at non-singleton dimension 1`: branch and shortcut do not fit. Which of the
# two conditions was forgotten, other channels or another stride?
#
# `RuntimeError: one of the variables needed for gradient computation has been
# modified by an inplace operation`: `x += ...` changes the input, which the
# backward pass still needs.
#
# The check says that you return a class: `Block` is the plan of a net,
# `Block()` is a net.
#
# </details>

# %% [markdown]
# ## separable_conv (3 points)
#
# A convolution looks at neighbours and mixes channels at once. Done one after
# the other, both together cost a fraction of it; nets for telephones are made
# so.
#
# `separable_conv(in_channels, out_channels, kernel_size)` returns an
# `nn.Sequential` of two convolutions without biases:
#
# 1. depthwise: a kernel of `kernel_size` x `kernel_size` for each channel by
#    itself, as many channels as before, height and width kept;
# 2. pointwise: 1 x 1, from `in_channels` to `out_channels`.
#
# `kernel_size` is an odd int, and there is no activation. The check fills
# the two with weights of its own and compares what comes out.
#
# **By hand.** `separable_conv(2, 5, 3)` has 9 · 2 = 18 weights in the first
# layer and 2 · 5 = 10 in the second, 28 in all. The full convolution has
# 9 · 2 · 5 = 90.

# %% task="separable_conv"
def separable_conv(in_channels, out_channels, kernel_size):
    """Depthwise, then pointwise convolution, an nn.Sequential.

    (N, in_channels, H, W) -> (N, out_channels, H, W)
    """
    # BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, kernel_size,
                  padding=kernel_size // 2, groups=in_channels, bias=False),
        nn.Conv2d(in_channels, out_channels, 1, bias=False))
    # END SOLUTION

# %% check="separable_conv"
checks.separable_conv(separable_conv)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `nn.Conv2d` has an argument that deals the channels out to groups which never
# meet (lesson 04). How many groups are there, if each channel is alone?
#
# How much padding keeps the size of a kernel of 3, of 5, of 7?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `ValueError: out_channels must be divisible by groups`: the first convolution
# gives as many channels as it takes. Their number changes in the second.
#
# `TypeError: list is not a Module subclass`: `nn.Sequential` takes layers,
# not a list of them.
#
# </details>

# %% [markdown]
# ## bottleneck_macs (2 points)
#
# ResNet-50 would be far too slow with blocks of two wide 3 x 3 convolutions.
# It makes the map thin first, works on it, and makes it wide again.
#
# `bottleneck_macs(channels, squeezed, height, width)` returns a pair of ints,
# the mult-adds on a map of `height` x `width`, of
#
# - one 3 x 3 convolution from `channels` to `channels`;
# - a bottleneck: 1 x 1 from `channels` to `squeezed`, 3 x 3 from `squeezed` to
#   `squeezed`, 1 x 1 from `squeezed` back to `channels`.
#
# All layers keep height and width (the 3 x 3 ones pad by 1, and the places at
# the edge count in full), and none has a bias.
#
# **By hand.** 6 channels, squeezed to 2, on a map of 1 x 1: the plain one has
# 9 · 6 · 6 = 324. The bottleneck has 6 · 2 = 12, then 9 · 2 · 2 = 36, then
# 2 · 6 = 12, together 60. On a map of 2 x 5 there are ten places:
# `(3240, 600)`.

# %% task="bottleneck_macs"
def bottleneck_macs(channels, squeezed, height, width):
    """Mult-adds (of one 3x3 convolution, of a bottleneck), a pair of ints."""
    # BEGIN SOLUTION
    places = height * width
    plain = 3 * 3 * channels * channels
    ends = 2 * channels * squeezed                # 1x1 down, and 1x1 up
    middle = 3 * 3 * squeezed * squeezed
    return plain * places, (ends + middle) * places
    # END SOLUTION

# %% check="bottleneck_macs"
checks.bottleneck_macs(bottleneck_macs)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The mult-adds of a convolution are its weights times the places of its
# output (lesson 04). Write one line for each of the four layers.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: 'int' object is not callable`: a `*` is missing. Python takes
# `2(c * s)` for the call of a function named 2.
#
# The check says that the result is a float: `/` makes one, even where it
# comes out even.
#
# </details>

# %% [markdown]
# ## transposed_size (2 points)
#
# Where a net makes pictures, or a map as large as the picture, maps have to
# grow again. If their size is off by one, nothing fits any more.
#
# `transposed_size(n, kernel, stride=1, padding=0, output_padding=0,
# dilation=1)` looks at one axis of `nn.ConvTranspose2d`. All six are ints. It
# returns the size of the output, an int:
#
# - each of the `n` cells lays the kernel into the output, times its own
#   value; from one cell to the next the kernel moves by `stride`;
# - neighbouring cells of the kernel lie `dilation` apart;
# - `padding` cells are *cut off* on each side;
# - `output_padding` cells are added, at the end alone.
#
# Calculate: do not build the layer.
#
# **By hand.** 3 cells, a kernel of 2, stride 3. The kernels begin at 0, 3 and
# 6, and the last one ends on cell 7: the size is 8. With a padding of 1 the
# cells 0 and 7 fall away, and 6 are left.

# %% task="transposed_size"
def transposed_size(n, kernel, stride=1, padding=0, output_padding=0,
                    dilation=1):
    """Size of a transposed convolution's output along one axis, an int."""
    # BEGIN SOLUTION
    last = (n - 1) * stride                       # where the last one begins
    reach = dilation * (kernel - 1) + 1
    return last + reach - 2 * padding + output_padding
    # END SOLUTION

# %% check="transposed_size"
checks.transposed_size(transposed_size)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Where does the kernel of the last cell begin? There are `n` cells; how many
# steps lie between the first and the last? How far does that kernel reach,
# gaps included?
#
# Test it with `n` = 1: then the output is one kernel.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: transposed_size() got an unexpected keyword argument
# 'output_padding'`: this function has six arguments, with exactly these names
# and in this order.
#
# No error, but a size that is far too large: perhaps brackets are missing.
# `*` comes before `+` and `-`.
#
# </details>

# %% [markdown]
# ## conv_backward (4 points)
#
# `loss.backward()` does this in every layer, at every step of every training.
# Written by hand once, it is a convolution again.
#
# `conv_backward(x, weight, grad)` takes a picture (H, W), a kernel (kh, kw),
# and `grad` (H − kh + 1, W − kw + 1): the gradient of the loss for each
# number of the output, which is the correlation of the two, stride 1, no
# padding. It returns a pair: the gradient of the loss for `x` (H, W), and for
# `weight` (kh, kw).
#
# Do it without autograd (`backward`, `torch.autograd.grad`) and without
# `torch.nn.grad`. Loops are fine; PyTorch's convolutions are, too. Nothing
# that comes in is changed.
#
# **By hand.** One row: x = 1 2 3, weight = 10 20, grad = 5 7. The output is
# $y_0 = 10 x_0 + 20 x_1$ and $y_1 = 10 x_1 + 20 x_2$. $x_1$ is in both: as
# the second number of the first window and the first of the second, so its
# gradient is 20 · 5 + 10 · 7 = 170. For $x_0$ it is 10 · 5 = 50, for $x_2$
# 20 · 7 = 140. The weight 10 met $x_0$ and $x_1$: 1 · 5 + 2 · 7 = 19. The
# weight 20 met $x_1$ and $x_2$: 2 · 5 + 3 · 7 = 31. The answer is
# 50 170 140 and 19 31.

# %% task="conv_backward"
def conv_backward(x, weight, grad):
    """Gradients (for x, for weight) of the correlation of the two.

    (H, W), (kh, kw), (H - kh + 1, W - kw + 1) -> (H, W), (kh, kw)
    """
    # BEGIN SOLUTION
    kh, kw = weight.shape
    for_x, for_weight = torch.zeros_like(x), torch.zeros_like(weight)
    for i in range(grad.shape[0]):
        for j in range(grad.shape[1]):
            for_x[i:i + kh, j:j + kw] += grad[i, j] * weight
            for_weight += grad[i, j] * x[i:i + kh, j:j + kw]
    return for_x, for_weight
    # END SOLUTION

# %% check="conv_backward"
checks.conv_backward(conv_backward)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Take one number of the output, at (i, j). It was made of one window of `x`
# and of all weights. By how much does it change with each of those pixels,
# with each of those weights? Its `grad` multiplies both, and what all numbers
# of the output say about the same pixel is added up.
#
# Without loops: the one is a correlation of two things that you have. The
# other is one as well, if something is padded and something is turned; or a
# transposed convolution.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: Expected 3D (unbatched) or 4D (batched) input to conv2d`: a
# convolution of PyTorch's wants (N, C, H, W). `[None, None]` adds two axes,
# `[0, 0]` takes them away again.
#
# `RuntimeError: result type Float can't be cast to the desired output type
# Long`: the zeros that you start from hold whole numbers.
# `torch.zeros_like(x)` has the dtype of `x`.
#
# `RuntimeError: The size of tensor a (2) must match the size of tensor b (3)
# at non-singleton dimension 1`: height and width of the kernel are mixed up
# somewhere.
#
# </details>

# %% [markdown]
# ## to_convolution (3 points)
#
# A classifier ends in a dense layer, and so it takes pictures of one size
# alone. As a convolution the same layer slides over a page of any size and
# says at every place what it sees there.
#
# `to_convolution(linear, channels, height, width)` takes an `nn.Linear` that
# stands behind `nn.Flatten()`, which gets maps (N, channels, height, width).
# It returns an `nn.Conv2d` that gives
#
# - on maps of that size what the dense layer gives on the flattened maps, as
#   (N, out, 1, 1);
# - on larger maps a map of results: at each place what the dense layer would
#   say to the part of the map that begins there.
#
# `linear` may have a bias or none. It stays as it is; the new layer has its
# dtype.
#
# **By hand.** `nn.Linear(4, 1)` with the weights 1 2 3 4 behind one map of
# 2 x 2. `Flatten` reads row by row, so the kernel has the rows 1 2 and 3 4. On
# a map with the rows 5 0 1 and 0 0 1 the result is 1 · 5 = 5 at the first
# place, and 2 · 1 + 4 · 1 = 6 beside it; a bias comes on top of both.

# %% task="to_convolution"
def to_convolution(linear, channels, height, width):
    """An nn.Conv2d that does what a linear layer does after Flatten.

    (N, channels, height, width) -> (N, out, 1, 1)
    """
    # BEGIN SOLUTION
    conv = nn.Conv2d(channels, linear.out_features, (height, width),
                     bias=linear.bias is not None, dtype=linear.weight.dtype)
    with torch.no_grad():
        conv.weight.copy_(linear.weight.reshape(conv.weight.shape))
        if linear.bias is not None:
            conv.bias.copy_(linear.bias)
    return conv
    # END SOLUTION

# %% check="to_convolution"
checks.to_convolution(to_convolution)

# %% [markdown]
# <details><summary>Hint</summary>
#
# How large must the kernel be, so that it fits on the map in one place alone?
# It then has as many weights as the dense layer has inputs. A row of
# `linear.weight` belongs to one output; in which order does `Flatten` lay out
# channels, rows and columns?
#
# `torch.arange(12).reshape(2, 2, 3)` and its `.flatten()` show it.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: a leaf Variable that requires grad is being used in an
# in-place operation`: a layer's weights are copied under `torch.no_grad()`.
#
# `TypeError: cannot assign 'torch.FloatTensor' as parameter 'weight'`: wrap
# the tensor in `nn.Parameter`, or copy it into the weight that is there.
#
# `AttributeError: 'NoneType' object has no attribute 'copy_'`, or `'data'`:
# one of the two layers has no bias, and the other one should have none
# either.
#
# </details>

# %% [markdown]
# # 04 Counting parameters: exercises
#
# Six tasks to lesson 04: parameters, work and view of a net by arithmetic,
# and a function that fixes the shape error between `Flatten` and `Linear`.
#
# **Time:** 60 minutes. **Points:** 16.
#
# Write your answer in place of `raise NotImplementedError` or `...`, run the
# cell, then run the check below it. A check says which kind of case went
# wrong and shows the smallest one. Try as often as you like.

# %%
import copy

import torch
from torch import nn

from cnnlib import checks

# %% [markdown]
# ## conv_params (3 points)
#
# The number of parameters says how large a net's file is. You can work it
# out before there is a net.
#
# `conv_params(in_channels, out_channels, kernel_size, bias=True, groups=1)`
# returns how many parameters `nn.Conv2d` with these arguments has, as an
# int. `kernel_size` is an int or a pair (height, width). Calculate: do not
# build the layer.
#
# With `groups=g` the channels are dealt out to g groups of equal size, the
# channels in and the kernels alike. A kernel then covers only those channels
# that came into its own group.
#
# **By hand.** 2 channels in, 4 out, kernel (3, 2). Each kernel has
# 3 · 2 · 2 = 12 weights and its bias, which makes 13, and there are four of
# them: 52. With `groups=2` a kernel covers one channel only:
# 3 · 2 · 1 + 1 = 7, and 7 · 4 = 28.

# %% task="conv_params"
def conv_params(in_channels, out_channels, kernel_size, bias=True, groups=1):
    """Number of parameters of a convolution, an int.

    kernel_size is an int or (height, width).
    """
    # BEGIN SOLUTION
    if isinstance(kernel_size, int):
        kernel_size = (kernel_size, kernel_size)
    height, width = kernel_size
    weights = height * width * in_channels // groups   # of one kernel
    return (weights + 1 if bias else weights) * out_channels
    # END SOLUTION

# %% check="conv_params"
checks.conv_params(conv_params)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Count one kernel first: how many cells, in how many channels, and how many
# biases? Then ask how many kernels there are. In which of these numbers do
# groups have a say?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: can't multiply sequence by non-int of type 'tuple'`:
# `kernel_size` is a pair here, and a pair has no square.
#
# `TypeError: cannot unpack non-iterable int object`: now it is one number,
# and cannot be taken apart. Make a pair of it first.
#
# </details>

# %% [markdown]
# ## linear_params (1 point)
#
# Most parameters of a net with `Flatten` sit in the layer right after it.
#
# `linear_params(in_features, out_features, bias=True)` returns how many
# parameters `nn.Linear` with these arguments has, as an int. Calculate: do
# not build the layer.
#
# **By hand.** 5 inputs, 2 outputs: each output has 5 weights and a bias.
# Twice 6 is 12. Without biases twice 5 is 10.

# %% task="linear_params"
def linear_params(in_features, out_features, bias=True):
    """Number of parameters of a fully connected layer, an int."""
    # BEGIN SOLUTION
    weights = in_features * out_features
    return weights + out_features if bias else weights
    # END SOLUTION

# %% check="linear_params"
checks.linear_params(linear_params)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Draw three inputs and two outputs with all their lines. A bias belongs to a
# circle, not to a line: to which circles?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: linear_params() got an unexpected keyword argument 'bias'`: the
# third argument has lost its name. Leave the first line as it was.
#
# </details>

# %% [markdown]
# ## layer_table (4 points)
#
# Whoever can fill in this table without a computer can read any paper's.
#
# The net takes one colour picture of 32 x 32:
#
# - `conv1`: 8 kernels of 5 x 5, stride 1, no padding, then ReLU
# - `pool1`: maximum of 2 x 2 windows, stride 2
# - `conv2`: 16 kernels of 5 x 5, stride 1, no padding, then ReLU
# - `pool2`: maximum of 2 x 2 windows, stride 2, then `Flatten`
# - `fc3`: `Linear` to 120, then ReLU
# - `fc4`: `Linear` to 84, then ReLU
# - `output`: `Linear` to 10
#
# All layers that can have a bias have one.
#
# `layer_table` is a list of eight rows: the picture itself, then the seven
# layers in this order. ReLU and `Flatten` have no row. A row is a pair of
# ints, `(activation size, parameters)`:
#
# - *activation size*: how many numbers the layer gives for one picture, that
#   is channels · height · width of its maps, or the outputs of a `Linear`
#   layer. For the picture: how many numbers it has.
# - *parameters*: how many numbers the layer learns, weights and biases.
#
# You may write calculations: `2 * 3` is an int, too.
#
# **By hand**, for another net: 5 kernels of 3 x 3 on a grey picture of
# 10 x 10 give 5 maps of 8 x 8, so 320 numbers, and have
# (3 · 3 · 1 + 1) · 5 = 50 parameters. The row is `(320, 50)`.

# %% task="layer_table"
# BEGIN SOLUTION
# STUB layer_table = [
# STUB     (..., ...),  # the picture
# STUB     (..., ...),  # conv1
# STUB     (..., ...),  # pool1
# STUB     (..., ...),  # conv2
# STUB     (..., ...),  # pool2
# STUB     (..., ...),  # fc3
# STUB     (..., ...),  # fc4
# STUB     (..., ...),  # output
# STUB ]
layer_table = [
    (3 * 32 * 32, 0),                               # the picture
    (8 * 28 * 28, (5 * 5 * 3 + 1) * 8),             # conv1
    (8 * 14 * 14, 0),                               # pool1
    (16 * 10 * 10, (5 * 5 * 8 + 1) * 16),           # conv2
    (16 * 5 * 5, 0),                                # pool2
    (120, (16 * 5 * 5 + 1) * 120),                  # fc3
    (84, (120 + 1) * 84),                           # fc4
    (10, (84 + 1) * 10),                            # output
]
# END SOLUTION

# %% check="layer_table"
checks.layer_table(layer_table)

# %% [markdown]
# <details><summary>Hint</summary>
#
# First write down height, width and channels after every layer; a
# convolution changes all three, a pooling leaves one of them alone. Only
# then multiply. For the parameters ask each time what comes *in*.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `SyntaxError: '(' was never closed`, or `closing parenthesis ']' does not
# match opening parenthesis '('`: a row lacks its bracket.
#
# The check says that an activation size is a float: `/` always makes one.
# Work with `//`.
#
# </details>

# %% [markdown]
# ## conv_macs (2 points)
#
# How long a layer takes has little to do with how many parameters it has. A
# weight works again at every place.
#
# `conv_macs(in_channels, out_channels, kernel_size, output_height,
# output_width, groups=1)` returns the mult-adds of a convolution for one
# picture, as an int. One multiplication with its addition counts once, and
# biases do not count. `kernel_size` is an int or a pair (height, width);
# `groups` as above.
#
# **By hand.** 2 channels in, 3 out, kernel 2 x 2, output 4 x 5. One number of
# the output takes 2 · 2 · 2 = 8 mult-adds. There are 3 · 4 · 5 = 60 numbers:
# 480.

# %% task="conv_macs"
def conv_macs(in_channels, out_channels, kernel_size, output_height,
              output_width, groups=1):
    """Mult-adds of a convolution on one picture, weights only, an int.

    kernel_size is an int or (height, width).
    """
    # BEGIN SOLUTION
    weights = conv_params(in_channels, out_channels, kernel_size, bias=False,
                          groups=groups)
    return weights * output_height * output_width
    # END SOLUTION

# %% check="conv_macs"
checks.conv_macs(conv_macs)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Ask how many mult-adds *one* number of the output takes, then how many
# numbers there are. Part of it you have written already.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `NotImplementedError`: you use your own `conv_params`, and that is not
# written yet, or its cell was not run.
#
# `TypeError: unsupported operand type(s) for ** or pow(): 'tuple' and 'int'`:
# `kernel_size` can be a pair.
#
# </details>

# %% [markdown]
# ## receptive_field (3 points)
#
# A unit cannot recognise what it does not see. How large its patch of the
# picture is, follows from kernels and strides alone.
#
# `receptive_field(layers)` takes a list of layers, the first one first, and
# returns the side of the patch that one unit of the last map sees, in pixels,
# as an int. Each layer, convolution or pooling, is a tuple
# `(kernel, stride)`, or `(kernel, stride, dilation)`. With a dilation d,
# neighbouring cells of the kernel lie d units of the layer below apart, so 1
# is the usual one. For an empty list the answer is 1: a pixel sees itself.
#
# **By hand.** `[(3, 2), (3, 1)]`: the first map's units see 3 pixels, and two
# neighbours are 2 pixels apart. Three of them in a row see
# 3 + 2 · 2 = 7 pixels.

# %% task="receptive_field"
def receptive_field(layers):
    """Side of the patch that a unit of the last map sees, in pixels, an int.

    layers: a list of (kernel, stride) or (kernel, stride, dilation).
    """
    # BEGIN SOLUTION
    field, jump = 1, 1
    for kernel, stride, *more in layers:
        dilation = more[0] if more else 1
        field += (kernel - 1) * dilation * jump
        jump *= stride
    return field
    # END SOLUTION

# %% check="receptive_field"
checks.receptive_field(receptive_field)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Carry two numbers through the loop: how far a unit sees, and how far apart
# two neighbours are. Which of them does a layer change first? A kernel of 3
# with dilation 2 has its outer cells 4 units apart, not 6.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `ValueError: not enough values to unpack (expected 3, got 2)`, or `too many
# values to unpack (expected 2)`: a layer may have two numbers or three.
# `a, b, *rest = layer` takes both.
#
# `IndexError: tuple index out of range`: there is no `layer[2]` in a layer of
# two numbers. Look at `len(layer)` first.
#
# </details>

# %% [markdown]
# ## mend (3 points)
#
# A net made for other pictures breaks at its first `Linear` layer. Fixing
# it by hand is a calculation; here the computer does it for any net.
#
# `mend(model, input_shape)` takes an `nn.Sequential` and the shape (C, H, W)
# of one picture. It returns a copy in which the first `Linear` layer takes
# as many numbers as arrive there. Use PyTorch alone here, without cnnlib.
# Nothing else is different:
#
# - the new layer has as many outputs as the old one, a bias if that had one,
#   and its dtype; its weights may be any;
# - all other layers keep their weights and their mode (training or
#   evaluation). *Batch norm* is a layer that also keeps running averages of
#   what passes through it in training mode (lesson 06): these stay as well;
# - the argument stays as it was, and shares no layer with the copy.
#
# The layers stand side by side, none within another; there is a `Linear`
# layer, and a `Flatten` before it.
#
# **By hand.** `Conv2d(1, 4, 3)`, `Flatten()`, `Linear(50, 2)` for pictures of
# 1 x 5 x 6: the map is 4 x 3 x 4, so 48 numbers arrive, and the copy ends
# with `Linear(48, 2)`.

# %% task="mend"
def mend(model, input_shape):
    """A copy of an nn.Sequential that fits pictures of shape (C, H, W).

    Only the first Linear layer is new.
    """
    # BEGIN SOLUTION
    mended = copy.deepcopy(model)
    place = [type(layer) for layer in mended].index(nn.Linear)
    old = mended[place]
    trial = copy.deepcopy(mended[:place]).eval()
    picture = torch.zeros(1, *input_shape, dtype=old.weight.dtype)
    mended[place] = nn.Linear(
        trial(picture).shape[1], old.out_features,
        bias=old.bias is not None, dtype=old.weight.dtype)
    return mended
    # END SOLUTION

# %% check="mend"
checks.mend(mend)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `copy.deepcopy` copies a net with its weights. In a copy, `model[:i]` are
# the layers before place i, and `model[i] = layer` puts another one there.
# One blank picture that runs through the layers before says what arrives.
# What does a run do to batch norm in training mode? To whom may it happen?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `ValueError: expected 4D input (got 3D input)`: batch norm wants a batch
# axis. A batch of one picture has the shape (1, C, H, W).
#
# `RuntimeError: Input type (float) and bias type (double) should be the
# same`: the blank picture is float32, the weights are float64. `torch.zeros`
# takes a `dtype`.
#
# `RuntimeError: Boolean value of Tensor with more than one value is
# ambiguous`: `old.bias` is a tensor of numbers, not True or False. Ask
# whether it is there: `is not None`.
#
# </details>

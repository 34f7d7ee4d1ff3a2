# %% [markdown]
# # 06 Classic architectures: exercises
#
# Five tasks to lesson 06: build LeNet-5 from its table and a block of VGG,
# work out AlexNet's sizes, and freeze a net so that only its head learns.
#
# **Time:** 50 minutes. **Points:** 14.
#
# Write your answer in place of `raise NotImplementedError`, run the cell,
# then run the check below it. A check says which kind of case went wrong and
# shows the smallest one. Try as often as you like.

# %%
import torch
from torch import nn

from cnnlib import checks

# %% [markdown]
# ## lenet5 (4 points)
#
# A table in a paper is all you get, and a net is what you need. LeNet-5 is
# short enough to do it once with care.
#
# `lenet5()` returns a new `nn.Module` that takes grey pictures (N, 1, 32, 32)
# and gives ten logits for each, (N, 10). It follows the table of the lesson
# as the net is built today: 61,706 parameters, every map of C3 sees all maps
# of S2, tanh after each convolution and after F6, and average pooling. C5 may
# be a convolution or a `Linear` layer. Another tanh after the poolings, as in
# 1998, is right as well: after both or after none. (A table in wide use has a
# misprinted row S4, 10 x 10 with a 5 x 5 window. Use the lesson's.)
#
# How the check works: it fills your net with weights of its own and compares
# what comes out. Names, order and spelling of the layers are up to you.
#
# **By hand**, the first two rows: 6 kernels of 5 x 5 turn (N, 1, 32, 32) into
# (N, 6, 28, 28) and have (5 · 5 · 1 + 1) · 6 = 156 parameters; means of 2 x 2
# windows make (N, 6, 14, 14) of it.

# %% task="lenet5"
def lenet5():
    """A new LeNet-5: (N, 1, 32, 32) -> logits (N, 10), an nn.Module."""
    # BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )
    # END SOLUTION

# %% check="lenet5"
checks.lenet5(lenet5)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Write the shape behind every row of the table before you write a layer.
# Logits are what the last row gives, before anything is done to it.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: Sequential.forward() missing 1 required positional argument:
# 'input'`: `lenet5` is the net itself. It has to be a function that returns
# one.
#
# `RuntimeError: mat1 and mat2 shapes cannot be multiplied (120x1 and
# 120x84)`: the maps of C5 come as (120, 1, 1), and `Linear` looks at the last
# axis only. What is missing in between?
#
# `RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x576 and
# 400x120)`: the maps are larger than 5 x 5 when they are flattened. Does C1
# pad? How far do the windows of S4 move?
#
# </details>

# %% [markdown]
# ## alexnet_sizes (3 points)
#
# 224 or 227? Whoever can work out the sizes layer by layer does not have to
# believe anybody.
#
# `alexnet_sizes(input_size)` takes the side of a square picture (67 or more)
# and returns a list of eight ints: the side of the maps after conv1, pool1,
# conv2, pool2, conv3, conv4, conv5, pool5, in the layout of 2012:
#
# | layer | kernel | stride | padding |
# |---|---|---|---|
# | conv1 | 11 x 11 | 4 | 0 |
# | conv2 | 5 x 5 | 1 | 2 |
# | conv3, conv4, conv5 | 3 x 3 | 1 | 1 |
# | pool1, pool2, pool5 | 3 x 3 | 2 | 0 |
#
# **By hand.** A picture of 68: conv1 has (68 − 11) / 4 = 14.25, so 14 steps
# and 15 places. pool1 has (15 − 3) / 2 = 6 steps and 7 places. The list
# starts with 15, 7.

# %% task="alexnet_sizes"
def alexnet_sizes(input_size):
    """Sides of the eight maps of AlexNet (2012), a list of ints."""
    # BEGIN SOLUTION
    conv1, conv2, conv3, pool = (11, 4, 0), (5, 1, 2), (3, 1, 1), (3, 2, 0)
    sizes, size = [], input_size
    for kernel, stride, padding in [conv1, pool, conv2, pool,
                                    conv3, conv3, conv3, pool]:
        size = (size + 2 * padding - kernel) // stride + 1
        sizes.append(size)
    return sizes
    # END SOLUTION

# %% check="alexnet_sizes"
checks.alexnet_sizes(alexnet_sizes)

# %% [markdown]
# <details><summary>Hint</summary>
#
# One formula does for all eight: the one of lesson 02. Put kernel, stride
# and padding of each layer into a list, in the order in which the picture
# meets them, and go through it. Each size is the next layer's input.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# The check says that an entry is a float: `/` makes one, even if it comes out
# even. `//` rounds down and stays an int.
#
# `TypeError: cannot unpack non-iterable int object`: a layer that is only one
# number has nothing to unpack. Each layer is a tuple of three.
#
# </details>

# %% [markdown]
# ## vgg_block (3 points)
#
# VGG is one idea, repeated. Make the idea a function, and the net is a list
# of five calls.
#
# `vgg_block(num_convs, in_channels, out_channels)` returns an
# `nn.Sequential`: `num_convs` convolutions of 3 x 3 with padding 1 and
# biases, each followed by ReLU, and then one maximum pooling of 2 x 2 with
# stride 2. The block takes `in_channels` channels, and all its convolutions
# give `out_channels`.
#
# The check fills your block with weights of its own and compares what comes
# out.
#
# **By hand.** `vgg_block(2, 3, 8)` turns (N, 3, 12, 20) into (N, 8, 6, 10),
# and has (9 · 3 + 1) · 8 + (9 · 8 + 1) · 8 = 224 + 584 = 808 parameters.

# %% task="vgg_block"
def vgg_block(num_convs, in_channels, out_channels):
    """3x3 convolutions with ReLU, then pooling, as an nn.Sequential.

    (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)
    """
    # BEGIN SOLUTION
    layers = []
    for _ in range(num_convs):
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        layers.append(nn.ReLU())
        in_channels = out_channels
    return nn.Sequential(*layers, nn.MaxPool2d(2))
    # END SOLUTION

# %% check="vgg_block"
checks.vgg_block(vgg_block)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Collect the layers in a list. What goes into the second convolution is not
# what goes into the first. Every turn of the loop makes a layer of its own.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: list is not a Module subclass`: `nn.Sequential` takes layers,
# not a list of them. A star in front of the list hands over its entries.
#
# `RuntimeError: Given groups=1, weight of size [4, 2, 3, 3], expected input[1,
# 4, 8, 8] to have 2 channels, but got 4 channels instead`: the second
# convolution still expects what the first one got.
#
# </details>

# %% [markdown]
# ## stack_or_single (2 points)
#
# Two layers of 3 x 3 see as far as one of 5 x 5. The choice between them made
# VGG what it is.
#
# `stack_or_single(channels)` returns a pair of ints: the parameters of two
# 3 x 3 convolutions in a row, and of one 5 x 5 convolution. All of them have
# `channels` channels in and out, and no biases.
#
# **By hand.** For two channels a layer of 3 x 3 has 9 · 2 · 2 = 36
# parameters, so a stack has 72; a layer of 5 x 5 has 100. The answer is
# `(72, 100)`.

# %% task="stack_or_single"
def stack_or_single(channels):
    """(parameters of two 3x3, parameters of one 5x5), without biases."""
    # BEGIN SOLUTION
    pairs = channels * channels    # of a channel in and a channel out
    return 2 * 3 * 3 * pairs, 5 * 5 * pairs
    # END SOLUTION

# %% check="stack_or_single"
checks.stack_or_single(stack_or_single)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The formula of lesson 04 without its biases. How often do the channels
# occur in it?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: unsupported operand type(s) for ^: 'float' and 'int'`: powers are
# written `**` in Python. Between two ints `^` raises nothing, but it is
# something else.
#
# </details>

# %% [markdown]
# ## freeze_features (2 points)
#
# Fifty pictures are enough for a new head, if the features below it hold
# still. All of them: there is more in a net that moves than its weights.
#
# `freeze_features(model)` changes the model that it is given and returns
# that same model, such that
#
# - of all parameters only those of the last `Linear` layer train, its weight
#   and its bias if it has one, whatever trained before. *Last* is the last
#   one in the order of `model.modules()`; other layers may follow, and
#   layers may stand within layers;
# - batch norm (`BatchNorm1d`, `BatchNorm2d`; see the lesson) keeps its running
#   averages of mean and variance when data run through the model as you
#   return it;
# - no weight and no average has another value than before.
#
# **By hand.** `Conv2d(1, 4, 3)`, `BatchNorm2d(4)`, `Flatten()`,
# `Linear(64, 10)` have 40 + 8 + 650 parameters. Afterwards 650 of them
# train. The four means and four variances of batch norm are in none of these
# numbers, since they are not parameters, and a batch moves them all the same.

# %% task="freeze_features"
def freeze_features(model):
    """Freeze all but the last Linear layer, in place; return the model."""
    # BEGIN SOLUTION
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            layer.eval()
        if isinstance(layer, nn.Linear):
            last = layer
    model.requires_grad_(False)
    last.requires_grad_(True)
    return model
    # END SOLUTION

# %% check="freeze_features"
checks.freeze_features(freeze_features)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `model.modules()` goes through all layers, those within others, too. Freeze
# everything first, then set one layer free. A layer has two modes; in one of
# them batch norm only uses its averages.
#
# Whoever calls `model.train()` afterwards starts batch norm again. So freeze
# last.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `AttributeError: 'NoneType' object has no attribute 'requires_grad'`: a
# `Linear` layer made with `bias=False` has None in place of a bias.
#
# `TypeError: 'ResNet' object is not subscriptable`: only an `nn.Sequential`
# can be asked for `model[-1]`. `model.modules()` works for every net.
#
# </details>

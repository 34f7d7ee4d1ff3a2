# %% [markdown]
# # 00 Images as tensors: exercises
#
# Four tasks to lesson 00. They are about what stops most people in their first
# week with PyTorch: axes in the wrong place, numbers of the wrong type.
#
# **Time:** 40 minutes. **Points:** 10.
#
# Write your answer in place of `raise NotImplementedError` or `...`, run the
# cell, then run the check below it. A check asks the function that was last
# *run*: after each change run the answer cell again, then the check. It says
# which kind of case went wrong and shows the smallest one.
#
# `cnnlib.images` and `cnnlib.plots` do much of this for you in the lessons.
# Here you write it with NumPy and PyTorch.

# %%
import numpy as np
import torch
from torch import nn

from cnnlib import checks

# %% [markdown]
# ## to_batch (3 points)
#
# Between a picture file and a layer stand the same few steps every time. If
# you forget one, you get the commonest error messages of all.
#
# `to_batch(image)` takes a NumPy array of bytes (`uint8`, 0 to 255) and
# returns a tensor (1, C, H, W) of `float32` in 0..1:
#
# | `image` | what it is | result |
# |---|---|---|
# | (H, W) | grey | (1, 1, H, W) |
# | (H, W, 3) | colour | (1, 3, H, W) |
# | (H, W, 4) | colour with alpha | (1, 3, H, W), alpha left out |
#
# **By hand.** A colour picture of one row and two pixels,
# [[[255, 0, 51], [0, 102, 0]]]. Divided by 255 the pixels are (1, 0, 0.2) and
# (0, 0.4, 0). Red alone is [[1, 0]], green [[0, 0.4]], blue [[0.2, 0]]. The
# result has the shape (1, 3, 1, 2).

# %% task="to_batch"
def to_batch(image):
    """uint8 (H, W), (H, W, 3) or (H, W, 4) -> float32 (1, C, H, W)."""
    # BEGIN SOLUTION
    x = torch.from_numpy(image).float() / 255
    if x.dim() == 2:
        return x[None, None]
    return x[:, :, :3].permute(2, 0, 1)[None]
    # END SOLUTION

# %% check="to_batch"
checks.to_batch(to_batch)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Take the steps one by one and print the shape after each: whole numbers to
# floats, the range, the axes, the batch. The number of axes, `image.ndim`,
# tells grey from colour. Alpha is the last of four channels; a slice keeps
# the first three, and keeps three where there are only three.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: permute(sparse_coo): number of dimensions in the tensor input
# does not match the length of the desired ordering of dimensions i.e.
# input.dim() = 2 is not equal to len(dims) = 3`: you name three axes, and a
# grey picture has two.
#
# `AttributeError: 'numpy.ndarray' object has no attribute 'permute'`: that is
# a method of tensors. Make a tensor of the array first.
#
# `IndexError: tuple index out of range`: `image.shape[2]` asks for a third
# length, and a grey picture has none.
#
# </details>

# %% [markdown]
# ## to_image (3 points)
#
# What a net gives back is no picture yet. To save it or draw it, you take the
# same steps in the other direction.
#
# `to_image(tensor)` takes a tensor of floats and returns a NumPy array of
# bytes (`uint8`):
#
# | `tensor` | result |
# |---|---|
# | (1, H, W) or (1, 1, H, W) | grey, (H, W) |
# | (3, H, W) or (1, 3, H, W) | colour, (H, W, 3) |
#
# 0 becomes 0 and 1 becomes 255; what lies between is rounded to the nearest
# whole number. Values below 0 become 0, values above 1 become 255. The tensor
# may need a gradient (`requires_grad`), and is not changed.
#
# **By hand.** The values −0.2, 0.705 and 1.1 of a grey picture: clipped they
# are 0, 0.705 and 1; times 255 that makes 0, 179.775 and 255; rounded 0, 180
# and 255.

# %% task="to_image"
def to_image(tensor):
    """Floats (C, H, W) or (1, C, H, W) -> uint8 (H, W) or (H, W, 3)."""
    # BEGIN SOLUTION
    x = tensor.detach().reshape(tensor.shape[-3:])
    x = (x.clip(0, 1) * 255).round().byte()
    picture = x[0] if len(x) == 1 else x.permute(1, 2, 0)
    return picture.numpy()
    # END SOLUTION

# %% check="to_image"
checks.to_image(to_image)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Two things are to be done, in any order: the axes and the numbers. For the
# axes, count them (`tensor.dim()`) and take off the one in front if there are
# four. Then one channel and three channels go different ways. For the numbers:
# clip, scale, round, and only then change the type: `.clip(0, 1)`, `.round()`,
# `.byte()`. Why in this order?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: Can't call numpy() on Tensor that requires grad. Use
# tensor.detach().numpy() instead.`: the message says what to do.
#
# `TypeError: 'torch.dtype' object is not callable`: a type is no function.
# `x.to(torch.uint8)` and `x.byte()` change it, in NumPy `.astype(np.uint8)`.
#
# `ValueError: axes don't match array`: `transpose` of NumPy wants as many axes
# as the array has. Is the batch axis still there?
#
# </details>

# %% [markdown]
# ## fitting_conv (2 points)
#
# "Expected input to have 3 channels, but got 4": a layer is made for a number
# of channels and for a type of numbers. Both can be read off the input.
#
# `fitting_conv(x, out_channels)` takes a batch (N, C, H, W) or a single
# picture (C, H, W). Its floats may be of any type (`float64`, for example). It
# returns a layer, an `nn.Conv2d`, that can be called with `x`. The layer has a
# kernel of 3 x 3, and `out_channels` channels out. Everything else about it is
# yours to choose.
#
# **By hand.** For `x` of shape (8, 3, 32, 48) and 5 channels out the weight
# has the shape (5, 3, 3, 3). For a single picture (3, 32, 48) it is the same.
# If `x` is `float64`, the weight has to be `float64`, too.

# %% task="fitting_conv"
def fitting_conv(x, out_channels):
    """(N, C, H, W) or (C, H, W), any float type -> a 3x3 nn.Conv2d."""
    # BEGIN SOLUTION
    channels = x.shape[-3]
    return nn.Conv2d(channels, out_channels, kernel_size=3, dtype=x.dtype)
    # END SOLUTION

# %% check="fitting_conv"
checks.fitting_conv(fitting_conv)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Write the two shapes one below the other, the last axes in line. Where are
# the channels, counted from the back? The type of a tensor is `x.dtype`; a
# layer can be given one when it is made, or be converted by `.to(...)`.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: Input type (double) and bias type (float) should be the
# same`: the picture has one type, the layer another.
#
# `RuntimeError: Given groups=1, weight of size [4, 5, 3, 3], expected
# input[1, 2, 5, 4] to have 5 channels, but got 2 channels instead`: the layer
# was made for 5 channels. Which axis did you take the 5 from?
#
# </details>

# %% [markdown]
# ## axis_sizes (2 points)
#
# If you can tell a shape before you run the line, you find most errors by
# reading. Do these five in your head, then try them in a cell of your own.
#
# `axis_sizes` is a dict of shapes, each a tuple of whole numbers:
#
# - `grey_batch`: a grey picture, 28 high and 20 wide, as a batch of one for
#   PyTorch;
# - `colour_to_torch`: a NumPy picture (32, 48, 3), its channels moved to where
#   PyTorch wants them, without a batch axis;
# - `channel`: what `x[:, 1]` gives for `x` of shape (8, 3, 5, 7);
# - `kept`: what `x[:, 1:2]` gives for the same `x`;
# - `squeezed`: what `torch.zeros(1, 1, 1, 5).squeeze(0)` gives.
#
# **By hand.** For `y` of shape (2, 4, 6), `y[0]` has the shape (4, 6): a whole
# number takes its axis away. `y[0:1]` has (1, 4, 6): a slice leaves it.

# %% task="axis_sizes"
# BEGIN SOLUTION
# STUB axis_sizes = {
# STUB     "grey_batch": ...,
# STUB     "colour_to_torch": ...,
# STUB     "channel": ...,
# STUB     "kept": ...,
# STUB     "squeezed": ...,
# STUB }
batch = torch.zeros(8, 3, 5, 7)
axis_sizes = {
    "grey_batch": (1, 1, 28, 20),
    "colour_to_torch": np.zeros((32, 48, 3)).transpose(2, 0, 1).shape,
    "channel": batch[:, 1].shape,
    "kept": batch[:, 1:2].shape,
    "squeezed": torch.zeros(1, 1, 1, 5).squeeze(0).shape,
}
# END SOLUTION

# %% check="axis_sizes"
checks.axis_sizes(axis_sizes)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The first entry of an index belongs to the first axis, the second one to the
# second. What does each do to the length of its axis: leave it, shorten it,
# take it away? And what does `squeeze` do with a number, what without?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `SyntaxError: invalid syntax. Perhaps you forgot a comma?`: a comma stands
# after every entry of a dict, and a colon between key and value.
#
# `LookupError: axis_sizes has no key 'kept'`: the check looks for exactly
# these five names.
#
# </details>

# %% [markdown]
# # 03 Pooling: exercises
#
# Six tasks to lesson 03: three kinds of pooling, global pooling, flatten, and
# a calculation that a slide got wrong.
#
# **Time:** 50 minutes. **Points:** 12.
#
# Write your answer in place of `raise NotImplementedError` or `...`, run the
# cell, then run the check below it. A check asks the function that was last
# *run*: after each change run the answer cell again, then the check. It says
# which kind of case went wrong and shows the smallest one.

# %%
import torch
import torch.nn.functional as F

from cnnlib import checks

# %% [markdown]
# Sizes come as an int or as a pair. This little helper makes a pair of both:

# %%
def pair(size):
    return (size, size) if isinstance(size, int) else size

# %% [markdown]
# ## max_pool2d (3 points)
#
# Max pooling keeps the strongest answer of each window and forgets where
# exactly it was. Once you have written it, you know what `stride` does when
# nobody sets it.
#
# `max_pool2d(x, kernel_size, stride=None)` takes maps (N, C, H, W) and
# returns (N, C, H', W'). `kernel_size` and `stride` are an int or a pair
# (height, width); without `stride` the window moves by its own size. Only
# whole windows count. A gradient must be able to flow back to `x`.
#
# **By hand.** A 2 x 2 window on the 2 x 4 map
#
# |  |  |  |  |
# |---|---|---|---|
# | 1 | 5 | −2 | −7 |
# | 0 | 3 | −4 | −1 |
#
# sees max(1, 5, 0, 3) = 5 and then max(−2, −7, −4, −1) = −1.

# %% task="max_pool2d"
def max_pool2d(x, kernel_size, stride=None):
    """Largest number of each window: (N, C, H, W) -> (N, C, H', W').

    Sizes are an int or (height, width); stride=None: the window's size.
    """
    # BEGIN SOLUTION
    if stride is None:
        stride = kernel_size
    height, width = pair(kernel_size)
    down, right = pair(stride)
    windows = x.unfold(2, height, down).unfold(3, width, right)
    return windows.amax(dim=(4, 5))
    # END SOLUTION

# %% check="max_pool2d"
checks.max_pool2d(max_pool2d)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The lesson's loop is for one map, one window and one stride. First: how many
# windows fit below each other, and side by side? Then two loops over the
# *result*. Say that the window of cell (i, j) has its top left corner in row
# `top` and column `left`. Then the slice `x[:, :, top:top+h, left:left+w]`
# takes it out of all images and channels at once. `.amax(dim=(2, 3))` keeps
# the axes of images and channels; `.max()` does not.
#
# `x.new_zeros(...)` makes a tensor of zeros of x's type for the results.
# Writing into it does not cut the gradient.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: 'int' object is not subscriptable`: a size may be an int, so
# `kernel_size[0]` fails. Turn it into a pair first.
#
# `RuntimeError: a leaf Variable that requires grad is being used in an
# in-place operation`: you write into `x` itself. Collect the results in a new
# tensor.
#
# `TypeError: can't assign a torch.return_types.max to a torch.FloatTensor`:
# `.max(dim=...)` gives two tensors, the numbers and their places.
# `.amax(dim=...)` gives the numbers alone.
#
# `RuntimeError: max(): Expected reduction dim to be specified for
# input.numel() == 0`: your slice is empty. Its end must lie behind its start,
# so it depends on `i`, too. A `dim` does not help here.
#
# `RuntimeError: expand(torch.FloatTensor{[2]}, size=[]): the number of sizes
# provided (0) must be greater or equal ...`: a row is put where one number
# belongs. Perhaps you took Python's own `max(...)` or `sum(...)`, which go
# through rows; `window.amax(...)` is the tensor's.
#
# </details>

# %% [markdown]
# ## avg_pool2d (2 points)
#
# The mean of a window is pooling that loses nothing loudly: all numbers have
# a say. LeNet was built with it.
#
# `avg_pool2d(x, kernel_size, stride=None)` has the same arguments, the same
# defaults and the same shapes as `max_pool2d`. A gradient must be able to
# flow back to `x`.
#
# **By hand.** The same 2 x 4 map as above: (1 + 5 + 0 + 3) / 4 = 2.25, then
# (−2 − 7 − 4 − 1) / 4 = −3.5.

# %% task="avg_pool2d"
def avg_pool2d(x, kernel_size, stride=None):
    """Mean of each window: (N, C, H, W) -> (N, C, H', W').

    Sizes are an int or (height, width); stride=None: the window's size.
    """
    # BEGIN SOLUTION
    if stride is None:
        stride = kernel_size
    (height, width), (down, right) = pair(kernel_size), pair(stride)
    windows = x.unfold(2, height, down).unfold(3, width, right)
    return windows.mean(dim=(4, 5))
    # END SOLUTION

# %% check="avg_pool2d"
checks.avg_pool2d(avg_pool2d)

# %% [markdown]
# <details><summary>Hint</summary>
#
# What has to change in `max_pool2d`? Only what is done with a window. If you
# divide a sum yourself: by how many numbers, when the window is (2, 3)?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: mean(): could not infer output dtype. Input dtype must be
# either a floating point or complex dtype`: the numbers are whole (int64).
# The mean of whole numbers is a fraction; make them float first. In the
# checks all maps are float.
#
# </details>

# %% [markdown]
# ## min_pool2d (1 point)
#
# PyTorch has no minimum pooling, because two minus signs make it out of the
# maximum. One line is enough.
#
# `min_pool2d(x, kernel_size, stride=None)`: as before, the smallest number of
# each window. A gradient must be able to flow back to `x`.
#
# **By hand.** The same map: min(1, 5, 0, 3) = 0, then
# min(−2, −7, −4, −1) = −7.

# %% task="min_pool2d"
def min_pool2d(x, kernel_size, stride=None):
    """Smallest number of each window: (N, C, H, W) -> (N, C, H', W')."""
    # BEGIN SOLUTION
    return -max_pool2d(-x, kernel_size, stride)
    # END SOLUTION

# %% check="min_pool2d"
checks.min_pool2d(min_pool2d)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Turn the sign of every number. Which of them is now the largest?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `NotImplementedError`: you use your own `max_pool2d`, and that is not
# written yet, or its cell was not run.
#
# </details>

# %% [markdown]
# ## global_avg_pool (2 points)
#
# Newer nets end with one number per map, its mean, so that they take images
# of any size. It also saves most of the weights of the last layer.
#
# `global_avg_pool(x)` takes (N, C, H, W) and returns (N, C). A gradient must
# be able to flow back to `x`.
#
# **By hand.** One image with two maps of 1 x 3: [1, 2, 6] and [0, −3, 0]. The
# result has the shape (1, 2): [[3, −1]].

# %% task="global_avg_pool"
def global_avg_pool(x):
    """Mean of every map: (N, C, H, W) -> (N, C)."""
    # BEGIN SOLUTION
    return x.mean(dim=(2, 3))
    # END SOLUTION

# %% check="global_avg_pool"
checks.global_avg_pool(global_avg_pool)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `sum` and `mean` take the axes that shall disappear: `x.sum(dim=...)`. Which
# axes of (N, C, H, W) are those of the map?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `IndexError: Dimension out of range (expected to be in range of [-4, 3], but
# got 4)`: axes are counted from 0, so the last of four is axis 3.
#
# </details>

# %% [markdown]
# ## flatten (2 points)
#
# Between the last map and the first `Linear` layer the numbers are set in a
# row. Flatten the batch axis as well, and images are glued together.
#
# `flatten(x, start_dim=1)` keeps the axes before `start_dim` and sets all
# others in one row, row by row. `start_dim` may be negative, counted from the
# end. A gradient must be able to flow back to `x`.
#
# **By hand.** A batch of one 2 x 2 grid, shape (1, 2, 2): rows [7, 8] and
# [9, 0]. The result has the shape (1, 4): [[7, 8, 9, 0]].

# %% task="flatten"
def flatten(x, start_dim=1):
    """Axes from start_dim on become one: (N, C, H, W) -> (N, C*H*W)."""
    # BEGIN SOLUTION
    kept = x.shape[:start_dim]
    return x.reshape(*kept, -1)
    # END SOLUTION

# %% check="flatten"
checks.flatten(flatten)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `reshape` takes the new shape, and works out one length if you write -1 for
# it. A slice of `x.shape` gives the lengths that stay, also for a negative
# end. The two together: `[*lengths, -1]` is a list of all of them.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: reshape() takes 1 positional argument but 2 were given`: a slice
# of the shape and a -1 are two things. Put all lengths into one list.
#
# `RuntimeError: view size is not compatible with input tensor's size and
# stride`: `view` only looks differently at numbers that lie in order. Yours
# do not; `reshape` copies them where it must.
#
# </details>

# %% [markdown]
# ## edge_then_pool (2 points)
#
# A slide (lesson 03, "Spot the error") runs a vertical edge kernel over this
# digit and pools the result. Eleven numbers of its map are wrong. Do it right.
#
# `edge_then_pool` is a tensor of two axes, (rows, columns). Take the digit
# below through a convolution with the kernel, no padding, stride 1. Then pool
# the map: the maximum of 2 x 2 windows, stride 2.
#
# **By hand.** The convolution's first window, at the top left, holds no ink in
# its left column and 0 + 0 + 250 in its right one: 0 − 250 = −250.

# %%
digit = torch.tensor([
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 43, 43, 0, 0],
    [0, 30, 250, 230, 125, 251, 0],
    [0, 191, 38, 0, 0, 81, 0],
    [0, 241, 0, 35, 119, 250, 0],
    [0, 49, 193, 198, 83, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
], dtype=torch.float32)
edges = torch.tensor([[1.0, 0.0, -1.0]] * 3)

# %% task="edge_then_pool"
# BEGIN SOLUTION
filtered = F.conv2d(digit[None, None], edges[None, None])
edge_then_pool = F.max_pool2d(filtered, 2)[0, 0]
# END SOLUTION

# %% check="edge_then_pool"
checks.edge_then_pool(edge_then_pool)

# %% [markdown]
# <details><summary>Hint</summary>
#
# PyTorch wants a batch axis and a channel axis: `digit[None, None]`. Look at
# the shape after each step; at the end those two axes go again. How many
# whole 2 x 2 windows fit into 5 rows?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: weight should have at least three dimensions`: the kernel is
# a grid; as a weight it has four axes, (out_channels, in_channels, height,
# width).
#
# </details>

# %% [markdown]
# # 02 Padding and stride: exercises
#
# Six tasks to lesson 02: the size formula, a frame of zeros, a whole
# convolution layer, padding for even kernels, six sizes on paper, a slide's
# unfinished grid.
#
# **Time:** 75 minutes. **Points:** 17.
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
# Padding and stride come as an int or as a pair. This little helper makes a
# pair of both:

# %%
def pair(size):
    return (size, size) if isinstance(size, int) else size

# %% [markdown]
# ## output_size (3 points)
#
# Every shape error in a CNN ends in this question: how many values come out?
# If you can answer it without running anything, your nets will fit.
#
# `output_size(n, kernel, stride=1, padding=0, dilation=1)` looks at one axis.
# All five are ints: `n` cells of input, `kernel` cells of kernel, `padding`
# zeros on *each* side. It returns the size of the output, an int. The kernel
# always fits at least once.
#
# **By hand.** 10 cells, a kernel of 4, stride 3, padding 1. The padded row
# has 12 cells, numbered 0 to 11. The kernel starts at 0, at 3, at 6; at 9 it
# would need cell 12, which is not there. The size is 3.
#
# With gaps: 7 cells, a kernel of 3, dilation 2. The kernel's cells lie on
# 0, 2, 4, then on 1, 3, 5, then on 2, 4, 6. Again the size is 3.

# %% task="output_size"
def output_size(n, kernel, stride=1, padding=0, dilation=1):
    """Size of a convolution's output along one axis: five ints -> int."""
    # BEGIN SOLUTION
    reach = dilation * (kernel - 1) + 1
    return (n + 2 * padding - reach) // stride + 1
    # END SOLUTION

# %% check="output_size"
checks.output_size(output_size)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Take it apart. How wide is the input with its padding? How far does the
# kernel reach, from its first cell to its last, gaps included? What is left
# beside it, and how often does the stride go into that, whole? Then do not
# forget the place where you started.
#
# Test it on a case that you can draw.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: output_size() got an unexpected keyword argument 'dilation'`:
# this function has five arguments, with exactly these names.
#
# `TypeError: 'int' object is not callable`: a `*` is missing. Python takes
# `2(k - 1)` for the call of a function named 2.
#
# No error, but a size that is far too large: perhaps brackets are missing.
# `//` comes before `+` and `-`.
#
# </details>

# %% [markdown]
# ## zero_pad (2 points)
#
# Padding is where two bugs live that a square example never shows: rows and
# columns swapped, and zeros on one side only.
#
# `zero_pad(image, padding)` takes an image (H, W) and returns a larger one:
# the old one in its middle, zeros around it. `padding` is an int or a pair
# (ph, pw): rows above and below, columns left and right. So the result is (H +
# 2 ph, W + 2 pw). A padding may be 0. Do it without a padding function. A
# gradient must be able to flow back to `image`: stay with tensors throughout.
#
# **By hand.** A padding of (1, 2) makes a 3 x 6 image of a 1 x 2 one:
#
# |  |  |  |  |  |  |
# |---|---|---|---|---|---|
# | 0 | 0 | 0 | 0 | 0 | 0 |
# | 0 | 0 | **8** | **9** | 0 | 0 |
# | 0 | 0 | 0 | 0 | 0 | 0 |

# %% task="zero_pad"
def zero_pad(image, padding):
    """Zeros around an image: (H, W) -> (H + 2 ph, W + 2 pw).

    padding: an int, or (height, width).
    """
    # BEGIN SOLUTION
    ph, pw = pair(padding)
    height, width = image.shape
    padded = image.new_zeros(height + 2 * ph, width + 2 * pw)
    padded[ph:ph + height, pw:pw + width] = image
    return padded
    # END SOLUTION

# %% check="zero_pad"
checks.zero_pad(zero_pad)

# %% [markdown]
# <details><summary>Hint</summary>
#
# First a tensor of zeros of the final size, with the image's dtype. Then lay
# the image into it. In which row does it begin, and after how many rows does
# it end?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: The expanded size of the tensor (0) must match the existing
# size (3) at non-singleton dimension 0`: you cut with `p:-p`, and `p` is 0.
# Then `-0` is 0 as well, and nothing lies between 0 and 0.
#
# `TypeError: unsupported operand type(s) for +: 'int' and 'tuple'`: `padding`
# is a pair this time. `pair(padding)` gives two numbers in every case.
#
# No error, but strange numbers in the frame: perhaps from `torch.empty`. It
# is not zero, it holds whatever stood in memory.
#
# </details>

# %% [markdown]
# ## conv2d (5 points)
#
# Here it all comes together: batch, channels, several kernels, bias, stride
# and padding. It is the layer that you have called so far, and after this
# there is nothing hidden in it.
#
# `conv2d(images, weight, bias=None, stride=1, padding=0)`
#
# - `images` (N, C, H, W), `weight` (O, C, kh, kw), `bias` (O,) or None;
# - the result is (N, O, H', W'), in deep learning's sense: the kernel is not
#   turned;
# - `stride` and `padding` are an int or a pair (height, width);
# - gradients must be able to flow back to `images`, `weight` and `bias`.
#
# `F.pad` may do the padding; its numbers are (left, right, top, bottom), the
# last axis first.
#
# **By hand.** One channel, one kernel, padding 1, stride 2, bias 10:
#
# $$\text{image} = \begin{pmatrix}1&2\\5&4\end{pmatrix}\qquad
# \text{kernel} = \begin{pmatrix}1&2\\3&4\end{pmatrix}$$
#
# The padded image is 4 x 4, and each of the four windows sees a single
# pixel. The first has the 1 in its lower right corner, which gives
# $1 \cdot 4 + 10 = 14$. The next has the 2 in its lower left,
# $2 \cdot 3 + 10 = 16$. Below stand $5 \cdot 2 + 10 = 20$ and
# $4 \cdot 1 + 10 = 14$.

# %% task="conv2d"
def conv2d(images, weight, bias=None, stride=1, padding=0):
    """Convolution layer: (N, C, H, W), (O, C, kh, kw) -> (N, O, H', W').

    bias: (O,) or None; stride, padding: an int, or (height, width).
    """
    # BEGIN SOLUTION
    (down, right), (ph, pw) = pair(stride), pair(padding)
    padded = F.pad(images, (pw, pw, ph, ph))
    windows = padded.unfold(2, weight.shape[2], down)
    windows = windows.unfold(3, weight.shape[3], right)
    out = torch.einsum("nchwij,ocij->nohw", windows, weight)
    return out if bias is None else out + bias[:, None, None]
    # END SOLUTION

# %% check="conv2d"
checks.conv2d(conv2d)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Pad first; from then on there is only a stride to think of. Two loops over
# the rows and columns of the *result* are enough. Where is the upper left
# corner of the window for the result's cell (i, j)? The lesson's interactive
# pictures show the line for one channel.
#
# A window of all images has the shape (N, C, kh, kw), the kernels have
# (O, C, kh, kw). With an axis of length 1 in the right place, one product
# holds every image with every kernel. Which axes are summed up then?
#
# Without loops: `Tensor.unfold` cuts the windows out of one axis after the
# other, and `torch.einsum` multiplies and sums over the axes that you name.
#
# Write it for one image and one channel first, if that is a lot at once. The
# bias comes last, once per value; what shape must it have so that it goes
# with the axis of the kernels, not with the columns?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: The size of tensor a (2) must match the size of tensor b (3)
# at non-singleton dimension 3`: window and kernel differ in width. Either the
# kernel was taken to be square, or the window hangs over the right edge. At
# the bias: (O,) is laid along the columns, unless it gets two more axes.
#
# `TypeError: cannot unpack non-iterable int object`: stride or padding is an
# int this time. `pair` makes two of it.
#
# `TypeError: unsupported operand type(s) for +: 'Tensor' and 'NoneType'`, or
# `'NoneType' object is not subscriptable`: `bias` is None this time. Ask for
# that before you use it: `if bias is not None`.
#
# `RuntimeError: Can't call numpy() on Tensor that requires grad`: stay with
# tensors, or the gradient is cut.
#
# </details>

# %% [markdown]
# ## same_padding (2 points)
#
# "Half the kernel on both sides" is what nearly everybody writes, and it is
# wrong for every even kernel. `padding="same"` gets it right; what does it
# do?
#
# `same_padding(kernel_size, dilation=1)` looks at one axis. Two ints come in,
# a pair of ints (before, after) goes out: the zeros that PyTorch's "same" puts
# before and after a row. With them the row keeps its length at stride 1.
#
# **By hand.** A kernel of 3 with dilation 2 reaches over 5 cells. Without
# padding a row loses 4 of them, so 4 zeros are needed: 2 before, 2 after.
# When the number is odd, the two sides cannot be alike; which one gets more,
# the lesson shows for a kernel of 4.

# %% task="same_padding"
def same_padding(kernel_size, dilation=1):
    """Zeros that keep the length at stride 1: int -> (before, after)."""
    # BEGIN SOLUTION
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2
    # END SOLUTION

# %% check="same_padding"
checks.same_padding(same_padding)

# %% [markdown]
# <details><summary>Hint</summary>
#
# How many cells does a row lose without padding? The zeros have to make up
# for exactly those. Share them out: what one side does not get, the other
# one does.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `It raised ValueError: it must return a pair (before, after)`: one axis has
# two sides, so two numbers come out, side by side after `return`.
#
# `TypeError: pad(): argument 'pad' (position 2) must be tuple of ints, but
# found element of type float`: you tried your numbers in `F.pad`, and `/`
# has made floats of them.
#
# </details>

# %% [markdown]
# ## shapes (3 points)
#
# Six sizes, with paper and pencil. This is the check that an experienced
# eye does on every layer before anything runs.
#
# `shapes` is a dict; every value is a pair of ints (height, width). Where
# nothing else is said: stride 1, no padding, no dilation.
#
# | key | setting |
# |---|---|
# | `quiz` | a 3 x 3 kernel on a 4 x 4 map |
# | `big_kernel` | a 51 x 51 kernel on a 100 x 100 picture |
# | `big_kernel_padded` | the same, padding 25 |
# | `strided` | a 25 x 25 kernel, stride 3, on 100 x 100 |
# | `wrong_slide` | a 3 x 3 kernel, stride 2, padding 1, on 7 x 7 |
# | `dilated` | 3 x 3, dilation 2, stride 2, padding 1, 32 high, 48 wide |
#
# **By hand.** A 5 x 5 kernel with stride 2 on a picture 20 high and 30 wide.
# Beside the kernel 15 rows are left: 7 whole steps and the start make 8. Of
# the columns 25 are left: 12 steps and the start make 13. The entry would be
# `(8, 13)`.

# %% task="shapes"
# BEGIN SOLUTION
# STUB shapes = {
# STUB     "quiz": ...,
# STUB     "big_kernel": ...,
# STUB     "big_kernel_padded": ...,
# STUB     "strided": ...,
# STUB     "wrong_slide": ...,
# STUB     "dilated": ...}
shapes = {"quiz": (2, 2), "big_kernel": (50, 50),
          "big_kernel_padded": (100, 100), "strided": (26, 26),
          "wrong_slide": (4, 4), "dilated": (15, 23)}
# END SOLUTION

# %% check="shapes"
checks.shapes(shapes)

# %% [markdown]
# <details><summary>Hint</summary>
#
# One axis at a time: the input with its padding, less what the kernel covers,
# in whole steps, and the start. The dilated kernel covers more than three
# pixels. Only one of the six pictures is not square.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `The entry 'quiz' must be a pair (height, width).`: write both, even where
# they are alike.
#
# `SyntaxError: '{' was never closed`, or `invalid syntax. Perhaps you forgot
# a comma?`: every entry ends with a comma, the dict with a brace.
#
# </details>

# %% [markdown]
# ## corrected_output (2 points)
#
# A lecture takes this 5 x 3 grid through a convolution with padding 1, stride
# 2 and bias 2. Its slide prints two rows: 11 12 and 14 11. The size formula
# does not agree. Printed results are worth a second look, yours and those of
# others.
#
# $$\text{grid} = \begin{pmatrix}2&4&2\\3&3&4\\3&2&0\\4&0&4\\1&4&0\end{pmatrix}
# \qquad
# \text{kernel} = \begin{pmatrix}1&0&1\\1&1&1\\0&1&0\end{pmatrix}$$
#
# `corrected_output` is the grid as it should be, a tensor of two axes:
# (rows, columns). Compute it on paper or by code, with PyTorch's layer or
# with your own.
#
# **By hand.** The first window hangs over the corner. Of its nine cells four
# lie on the picture: 2 and 4, below them 3 and 3. The kernel's centre is on
# the 2: $2 \cdot 1 + 4 \cdot 1 + 3 \cdot 1 + 3 \cdot 0 = 9$, and the bias
# makes it 11.

# %% task="corrected_output"
grid = torch.tensor(
    [[2.0, 4, 2], [3, 3, 4], [3, 2, 0], [4, 0, 4], [1, 4, 0]])
kernel = torch.tensor([[1.0, 0, 1], [1, 1, 1], [0, 1, 0]])

# BEGIN SOLUTION
maps = F.conv2d(grid[None, None], kernel[None, None], torch.tensor([2.0]),
                stride=2, padding=1)                     # (1, 1, 3, 2)
corrected_output = maps[0, 0]
# END SOLUTION

# %% check="corrected_output"
checks.corrected_output(corrected_output)

# %% [markdown]
# <details><summary>Hint</summary>
#
# In which rows of the padded grid can a window begin, if it moves by two and
# has to end inside? The rows that are printed are right.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: Expected 3D (unbatched) or 4D (batched) input to conv2d, but
# got input of size: [5, 3]`: a layer wants (N, C, H, W). `grid[None, None]`
# has the two axes that are missing; the result has them, too.
#
# `TypeError: conv2d() received an invalid combination of arguments`: among
# the words that follow is `bias=int`. A bias is a tensor with a number for
# each kernel.
#
# </details>

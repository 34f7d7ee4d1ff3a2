# %% [markdown]
# # 01 Convolution: exercises
#
# Seven tasks to lesson 01: three convolutions, a whole layer, a kernel of your
# own design, some counting, and a kernel that has to be found.
#
# **Time:** 75 minutes. **Points:** 18.
#
# Write your answer in place of `raise NotImplementedError` or `...`, run the
# cell, then run the check below it. A check says which kind of case went
# wrong and shows the smallest one. Try as often as you like. A check asks the
# function that was last *run*: after each change run the answer cell again,
# and keep the function's name.
#
# The ready-made convolutions (`F.conv2d`, `np.convolve` and their kin) are
# what you write yourself here. In the last task they are allowed.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import checks

# %% [markdown]
# ## full_convolve1d (2 points)
#
# The full convolution counts every way in which two vectors can overlap. It
# is also how polynomials multiply, and how two layers merge into one.
#
# `full_convolve1d(a, b)` takes two vectors, (n,) and (m,), and returns their
# full convolution, (n + m − 1,). Either of them may be the longer one.
#
# **By hand.** a = (2, 1) and b = (3, 0, −1). Each number of a brings its own
# copy of b, one place further to the right:
#
# |  | place 0 | place 1 | place 2 | place 3 |
# |---|---|---|---|---|
# | 2 times b | 6 | 0 | −2 |  |
# | 1 times b |  | 3 | 0 | −1 |
# | together | 6 | 3 | −2 | −1 |

# %% task="full_convolve1d"
def full_convolve1d(a, b):
    """Full convolution of two vectors: (n,), (m,) -> (n + m - 1,)."""
    # BEGIN SOLUTION
    out = torch.zeros(len(a) + len(b) - 1, dtype=a.dtype)
    for i in range(len(a)):
        for j in range(len(b)):
            out[i + j] += a[i] * b[j]
    return out
    # END SOLUTION

# %% check="full_convolve1d"
checks.full_convolve1d(full_convolve1d)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Take any one number of a and any one of b. At which place of the table above
# does their product stand? Start from zeros and bring every product there.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `IndexError: index 3 is out of bounds for dimension 0 with size 3`: you
# write to a place that the result does not have. How long must it be?
#
# `ValueError: step must be greater than zero`: a tensor cannot be turned by
# `[::-1]`. It has a method `flip`, which is told the axis.
#
# `RuntimeError: result type Float can't be cast to the desired output type
# Long`: *Long* are whole numbers, and fractions do not fit into them. Of which
# `dtype` are your zeros?
#
# </details>

# %% [markdown]
# ## correlate2d (3 points)
#
# This is the operation that deep learning calls convolution. You will meet
# it in every lesson from here on; write it once, and nothing about it is
# hidden.
#
# `correlate2d(image, kernel, bias=0.0)` takes an image (H, W), a kernel
# (kh, kw) and a number, and returns (H−kh+1, W−kw+1). The kernel slides as it
# is; nothing is put around the image.
#
# **By hand.** A 2 x 3 image, a 2 x 2 kernel, a bias of 0.5:
#
# $$\text{image} = \begin{pmatrix}1&2&0\\0&3&4\end{pmatrix}\qquad
# \text{kernel} = \begin{pmatrix}1&0\\2&-1\end{pmatrix}$$
#
# The left window gives 1·1 + 2·0 + 0·2 − 3·1 = −2, the right one
# 2·1 + 0·0 + 3·2 − 4·1 = 4. With the bias: [[−1.5, 4.5]].

# %% task="correlate2d"
def correlate2d(image, kernel, bias=0.0):
    """Slide kernel over image: (H, W), (kh, kw) -> (H-kh+1, W-kw+1).

    The bias is a number that is added to every value of the result.
    """
    # BEGIN SOLUTION
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    out = torch.empty(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = (image[i:i+kh, j:j+kw] * kernel).sum() + bias
    return out
    # END SOLUTION

# %% check="correlate2d"
checks.correlate2d(correlate2d)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Write down the result of the example cell by cell: which rows and which
# columns of the image does each cell need? Then do the same with letters.
# Rows and columns have sizes of their own, in the image and in the kernel.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: The size of tensor a (2) must match the size of tensor b (3)
# at non-singleton dimension 1`: a window is smaller than the kernel. Either
# it reaches over the edge, or its height and width are mixed up.
#
# `RuntimeError: expand(torch.FloatTensor{[2]}, size=[]): the number of sizes
# provided (0) must be greater or equal to the number of dimensions in the
# tensor (1)`: one cell takes one number, and you give it two. Is only one of
# the two axes added up?
#
# `ValueError: only one element tensors can be converted to Python scalars`: a
# whole window of products stands where one number should. Are they added up?
#
# No error, but other numbers at every run: `torch.empty` leaves in a tensor
# what was in memory, and `+=` adds to that. Start from zeros.
#
# </details>

# %% [markdown]
# ## convolve2d (2 points)
#
# Mathematics, physics and signal processing turn the kernel first. Whoever
# moves a kernel from such a book into a net has to know what the turn does.
#
# `convolve2d(image, kernel)` is the true convolution, with the shapes of
# `correlate2d` and no bias: only windows that lie wholly inside count. You
# may call your own `correlate2d`, once its check passes.
#
# **By hand.** The same image and kernel as above. The kernel lies in reverse
# now: its −1 on the top left cell of the window, its 1 on the bottom right.
# So −1·1 + 2·2 + 0·0 + 1·3 = 6, then −1·2 + 2·0 + 0·3 + 1·4 = 2.

# %% task="convolve2d"
def convolve2d(image, kernel):
    """True convolution: (H, W), (kh, kw) -> (H-kh+1, W-kw+1)."""
    # BEGIN SOLUTION
    return correlate2d(image, kernel.flip(0, 1))
    # END SOLUTION

# %% check="convolve2d"
checks.convolve2d(convolve2d)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Draw a 2 x 3 kernel on paper with the numbers 1 to 6 and turn the sheet
# upside down. What has happened to the order of the rows, what to that of the
# columns?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `ValueError: step must be greater than zero`: tensors do not know
# `kernel[::-1, ::-1]`, which works in NumPy. Use `flip`.
#
# `TypeError: flip() missing 1 required positional arguments: "dims"`: `flip`
# wants to be told which axes to turn round.
#
# No error, but the kernel is as it was: `flip` gives a new tensor and leaves
# the old one alone. What becomes of the new one?
#
# </details>

# %% [markdown]
# ## conv2d_channels (4 points)
#
# Now the whole layer: a batch of images, several channels, several kernels.
# It is the long equation in PyTorch's documentation, in your own words.
#
# `conv2d_channels(images, weight, bias)` takes (N, C, H, W), (O, C, kh, kw)
# and (O,), and returns (N, O, H−kh+1, W−kw+1). A gradient must be able to
# flow back to all three. Your own `correlate2d` may help.
#
# **By hand.** One image of two channels, [[1, 2]] and [[3, 4]], and two
# kernels:
#
# | kernel | slice for channel 0 | slice for channel 1 | bias |
# |---|---|---|---|
# | 0 | [[1, −1]] | [[2, 0]] | 10 |
# | 1 | [[0, 1]] | [[1, 1]] | 0 |
#
# Kernel 0: (1 − 2) + (6 + 0) + 10 = 15. Kernel 1: (0 + 2) + (3 + 4) + 0 = 9.
# The result has the shape (1, 2, 1, 1).

# %% task="conv2d_channels"
def conv2d_channels(images, weight, bias):
    """One layer: (N, C, H, W), (O, C, kh, kw), (O,) -> (N, O, H', W').

    H' = H-kh+1, W' = W-kw+1; gradients flow to images, weight and bias.
    """
    # BEGIN SOLUTION
    batch = []
    for image in images:
        maps = []
        for slices, b in zip(weight, bias):
            pairs = zip(image, slices)
            maps.append(sum(correlate2d(x, k) for x, k in pairs) + b)
        batch.append(torch.stack(maps))
    return torch.stack(batch)
    # END SOLUTION

# %% check="conv2d_channels"
checks.conv2d_channels(conv2d_channels)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Start from the inside. One image and one kernel: how many products of grids
# are there, and what becomes of them? Then one image and all kernels, then
# all images. `torch.stack` puts maps together and lets gradients through.
# When does each bias come in, and how often? If the check says that no
# gradient flows, look into your `correlate2d`, too.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: The size of tensor a (3) must match the size of tensor b (2)
# at non-singleton dimension 3`: you add (O,) to (N, O, H', W'). Shapes are
# compared from the back, so O meets W'. Give the bias axes of length 1.
#
# `RuntimeError: Can't call numpy() on Tensor that requires grad. Use
# tensor.detach().numpy() instead.`: do not follow this advice here, because
# it cuts the gradient. Stay with tensors.
#
# `RuntimeError: output with shape [] doesn't match the broadcast shape
# [2, 2]`: `s += ...` changes `s` itself, and one number cannot become a grid
# in its own place. `s = s + ...` makes a new tensor.
#
# </details>

# %% [markdown]
# ## vertical_edge_kernel (2 points)
#
# A trained net grows kernels that find edges. Before it does, design one by
# hand: you will recognise it later.
#
# `vertical_edge_kernel()` takes nothing and returns a kernel, (3, 3). The
# check slides it over pictures, by cross-correlation. The response must be
#
# - zero everywhere on a flat picture, dark or bright;
# - zero everywhere on a horizontal edge;
# - positive where dark turns bright from left to right, and nowhere negative
#   on such a picture.
#
# Many kernels do this, and all of them pass.
#
# **By hand.** The outline kernel of the lesson, an 8 among eight −1, does
# not. On a flat picture it gives 8 − 8 = 0, as it should. On a window of a
# horizontal edge, with the rows (0, 0, 0), (1, 1, 1) and (1, 1, 1), it gives
# 8 − 5 = 3.

# %% task="vertical_edge_kernel"
def vertical_edge_kernel():
    """A kernel that finds edges from dark to bright: () -> (3, 3)."""
    # BEGIN SOLUTION
    row = torch.tensor([-1.0, 0.0, 1.0])
    return row.repeat(3, 1)
    # END SOLUTION

# %% check="vertical_edge_kernel"
checks.vertical_edge_kernel(vertical_edge_kernel)

# %% [markdown]
# <details><summary>Hint</summary>
#
# On a flat picture and on a horizontal edge, the pixels under one row of the
# kernel are all equal. What must a row add up to, so that nothing remains?
# And which side of the window is the bright one? Kernels in books are often
# made for the convolution that turns them.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: tensor() takes 1 positional argument but 3 were given`: the rows
# need one more pair of brackets around them all.
#
# `ValueError: expected sequence of length 3 at dim 1 (got 2)`: the rows are
# not equally long.
#
# </details>

# %% [markdown]
# ## parameter_counts (2 points)
#
# The number of parameters is the first thing that people quote about a net,
# and it is easily miscounted. You can count these three on paper.
#
# `parameter_counts` is a dict of whole numbers, weights and biases together:
#
# - `fully_connected`: 16 inputs, 4 hidden units, 1 output, everything joined
#   with everything in the layer before;
# - `locally_connected`: the same, but each hidden unit sees only 4 inputs, by
#   weights of its own;
# - `fruit_net`: 1024 inputs, two hidden layers of 512 units, 5 outputs, fully
#   connected.
#
# **By hand.** 3 inputs, 2 hidden units, 1 output. The hidden layer has
# 3 · 2 weights and 2 biases, the output 2 weights and 1 bias: 8 + 3 = 11. If
# each hidden unit saw only 2 of the inputs: 4 + 2 and again 3, so 9.

# %% task="parameter_counts"
# BEGIN SOLUTION
# STUB parameter_counts = {
# STUB     "fully_connected": ...,
# STUB     "locally_connected": ...,
# STUB     "fruit_net": ...,
# STUB }
output_unit = 4 + 1
dense, local = (16 + 1) * 4 + output_unit, (4 + 1) * 4 + output_unit
fruit = (1024 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 5
parameter_counts = {"fully_connected": dense, "locally_connected": local,
                    "fruit_net": fruit}
# END SOLUTION

# %% check="parameter_counts"
checks.parameter_counts(parameter_counts)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Go through the layers one by one, and look at one unit in each. How many
# numbers does it multiply, and how many does it add at the end? Inputs are no
# units: they only bring numbers. You may let Python do the arithmetic.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `SyntaxError: invalid syntax. Perhaps you forgot a comma?`: a comma stands
# after every entry of a dict, and a colon between key and value.
#
# `LookupError: parameter_counts has no key 'fruit_net'`: the check looks for
# exactly these three names.
#
# </details>

# %% [markdown]
# ## learn_kernel (3 points)
#
# Nobody designs the kernels of a real net: they are found from examples. Here
# you do the finding, as the lesson does for three numbers in a row.
#
# `learn_kernel(inputs, outputs)` takes pairs of pictures, (N, 1, H, W) and
# (N, 1, H−2, W−2). A secret kernel has made the outputs from the inputs, by
# cross-correlation. The function returns that kernel, (3, 3). There is no bias
# and no noise, all numbers are float32, and every number of your kernel must
# be within 0.01. Whichever way you find it is right; `nn.Conv2d` and
# `F.conv2d` are allowed.
#
# **By hand.** In one dimension, with a kernel of two numbers (u, v): the input
# (1, 0, 2) gave the output (3, 2). So 1·u + 0·v = 3 and 0·u + 2·v = 2, which
# only u = 3 and v = 1 can explain. With nine numbers and many windows, let a
# layer look for them.

# %% task="learn_kernel"
def learn_kernel(inputs, outputs):
    """Find the hidden kernel: (N, 1, H, W), (N, 1, H-2, W-2) -> (3, 3)."""
    # BEGIN SOLUTION
    learner = nn.Conv2d(1, 1, kernel_size=3, bias=False)
    for step in range(60):
        loss = F.mse_loss(learner(inputs), outputs)
        learner.zero_grad()
        loss.backward()
        with torch.no_grad():
            learner.weight -= 0.2 * learner.weight.grad
    return learner.weight.detach()[0, 0]
    # END SOLUTION

# %% check="learn_kernel"
checks.learn_kernel(learn_kernel)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Make a layer with one kernel. Then, again and again: what does it make of
# the inputs? How far is that from the outputs? In which direction does each
# weight have to go? Print the error now and then: it should fall until
# nothing is left. Take the two axes of length 1 off at the end.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: a leaf Variable that requires grad is being used in an
# in-place operation.`: a step on the weights is no computation to learn from.
# Put it under `torch.no_grad()`.
#
# `RuntimeError: element 0 of tensors does not require grad and does not have
# a grad_fn`: PyTorch was not told what it should learn. The weights of a layer
# are known to it; a tensor of your own needs `requires_grad=True`.
#
# `TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'`: there
# is no gradient. It comes with `backward` and goes with `zero_grad`, so
# `backward` stands between `zero_grad` and the step.
#
# `RuntimeError: Trying to backward through the graph a second time ...`: the
# error was worked out once, before the loop. Every step needs a new one.
#
# `RuntimeError: Calculated padded input size per channel: (2 x 1). Kernel
# size: (3 x 3). Kernel size can't be greater than actual input size`: are
# inputs and outputs swapped?
#
# No error, but the numbers stop before they are right, however many steps you
# take. There is no bias here, and a layer has one unless you tell it not to.
#
# No error, but the numbers swing or grow: perhaps `zero_grad` is missing, or
# the steps are too large.
#
# </details>

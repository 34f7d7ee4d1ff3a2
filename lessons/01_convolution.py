# %% [markdown]
# # 01 Convolution
#
# A small grid of weights slides over a picture; at every stop it multiplies
# and adds. That is the whole operation, and this lesson takes it apart.
#
# **Time:** 60 minutes
#
# **Notation.** Textbooks write an input of width $n$, a kernel of width $f$
# (or $k$) and $n_C$ channels. PyTorch writes shapes: an input
# `(N, C_in, H, W)`, a weight `(C_out, C_in, kernel_height, kernel_width)`.
# We use PyTorch's names; sizes are height x width.
#
# After this lesson you can
#
# 1. compute a convolution by hand, with a bias, for any kernel shape;
# 2. say what `nn.Conv2d` does, argument by argument and symbol by symbol;
# 3. explain why pictures are not fed to fully connected layers.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import arithmetic, explore_kernel, plot_conv, plot_convs
from cnnlib import plots, step_conv, worked_example

# %% [markdown]
# ## Why not fully connected?
#
# Take 16 pixels, 4 hidden units, 1 output. In a fully connected net every
# hidden unit has a weight for every pixel, and one bias.
#
# By hand: $(16 \cdot 4 + 4) + (4 \cdot 1 + 1) = 68 + 5 = 73$.
#
# **Predict.** How many are left if each hidden unit sees only 4 of the 16
# pixels?

# %%
hidden = arithmetic.linear_params(16, 4)
output = arithmetic.linear_params(4, 1)
print(hidden, output, sep="\n")
worked_example("hzdr-fc-73").check(hidden + output)

# %% [markdown]
# With *local connectivity* a hidden unit has 4 weights and a bias:
# $4 \cdot 4 + 4 = 20$. The output unit keeps its $4 + 1 = 5$.

# %%
local = 4 * arithmetic.linear_params(4, 1)
print(f"4 units with 4 weights and a bias each: {local}")
worked_example("hzdr-local-25").check(local + output)

# %% [markdown]
# 73 against 25, and the gap grows with the picture.
# A convolution goes one step further: all hidden units *share* one small set
# of weights. Lesson 04 counts what that saves.

# %% [markdown]
# ### Spot the error: 1.3 billion parameters?
#
# A widely read article makes the same point with a net of
# 1024 inputs, two hidden layers of 512 and 5 outputs, and says that it has
# "1024 x 512 x 512 x 5" parameters.
#
# **Predict.** What is wrong with that product?

# %%
widths = [1024, 512, 512, 5]
layers = [nn.Linear(n, m) for n, m in zip(widths, widths[1:])]
total = sum(p.numel() for layer in layers for p in layer.parameters())
worked_example("polarsparc-1.3-billion").check(total)

# %% [markdown]
# Layers add, they do not multiply: each layer's weights join only its own two
# sides. The point stands all the same: 790,021 weights for a 32 x 32
# picture is a lot, and they have to be learned afresh at every position.

# %% [markdown]
# ## One window: multiply, then add
#
# Lay a 3 x 3 kernel over the top left corner of a 5 x 5 picture.
# Multiply cell by cell, add the nine products. One window gives one number.

# %%
example = worked_example("hzdr-5x5")
example

# %% [markdown]
# By hand, row by row:
#
# - row 0: $3 \cdot 0 + 3 \cdot 1 + 2 \cdot 2 = 7$
# - row 1: $0 \cdot 2 + 0 \cdot 2 + 1 \cdot 0 = 0$
# - row 2: $3 \cdot 0 + 1 \cdot 1 + 2 \cdot 2 = 5$
#
# Together: $7 + 0 + 5 = 12$.

# %%
window = example.input[0:3, 0:3]
(window * example.kernel).sum()

# %% [markdown]
# **Predict.** Slide the window one column to the right.
# Which number comes next?

# %%
window = example.input[0:3, 1:4]
(window * example.kernel).sum()

# %% [markdown]
# The window has $5 - 3 + 1 = 3$ places in each direction, so the result is
# 3 x 3. Run the cell, then walk through all nine: *Forward* moves the window,
# each of its cells shows its weight in the corner, and the sums stand below.
#
# **Predict.** Press *Predict*: each number stays hidden until you have typed
# it. If one is wrong, the picture says which slip it probably was.

# %%
step_conv(example.input, example.kernel)

# %% [markdown]
# (Mouse, finger and keyboard all work, and Python need not run. Before the
# cell has been run, and on paper, you see the first window and the result.)

# %% [markdown]
# ## Our own loop
#
# Two loops walk over the places, one line multiplies and adds.

# %%
def correlate2d(image, kernel, bias=0.0):
    """Slide kernel over image: (H, W), (kh, kw) -> (H-kh+1, W-kw+1)."""
    kh, kw = kernel.shape
    out = torch.empty(image.shape[0] - kh + 1, image.shape[1] - kw + 1)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i:i+kh, j:j+kw] * kernel).sum() + bias
    return out

# %%
example.check(correlate2d(example.input, example.kernel))

# %% [markdown]
# PyTorch has the same operation ready. It wants the axes (N, C, H, W), so a
# single grid gets two axes in front: `image[None, None]` (lesson 00).

# %%
ours = correlate2d(example.input, example.kernel)
theirs = F.conv2d(example.input[None, None], example.kernel[None, None])
torch.equal(ours, theirs[0, 0])

# %% [markdown]
# ### A second grid
#
# This one has only zeros and ones, so you can count instead of multiply.
# The kernel looks at the four corners and the centre of its window.

# %%
example = worked_example("als-5x5")
example

# %% [markdown]
# **Predict.** The top left number, by counting the ones under the kernel's
# ones.

# %%
example.check(correlate2d(example.input, example.kernel))

# %% [markdown]
# ### A third grid, and a bias
#
# A 6 x 6 input, so the output is $6 - 3 + 1 = 4$ on each side.

# %%
example = worked_example("vn-6x6")
example

# %%
example.check(correlate2d(example.input, example.kernel))

# %% [markdown]
# A *bias* is one number that is added to every output of a kernel.
#
# **Predict.** What happens to all 16 numbers with a bias of 1?

# %%
example = worked_example("vn-6x6-bias")
result = correlate2d(example.input, example.kernel, bias=example.bias)
example.check(result)

# %% [markdown]
# Once per output, not once per weight: the top left number went from 9 to
# 10, not to $9 + 9$.

# %% [markdown]
# ### A kernel need not be square
#
# **Predict.** A 2 x 3 kernel on the same 6 x 6 input: how many rows and
# columns has the output?

# %%
example = worked_example("vn-kernel-2x3")
rows, columns = arithmetic.output_size((6, 6), (2, 3))
print(rows, columns, sep="\n")

# %%
result = correlate2d(example.input, example.kernel, bias=example.bias)
example.check(result)

# %% [markdown]
# ### Practice
#
# Do these two on paper first: a 4 x 6 input, a 3 x 3 kernel with only three
# ones, then the same with a bias of 2.

# %%
example = worked_example("vn-practice-conv")
example

# %%
example.check(correlate2d(example.input, example.kernel))

# %%
example = worked_example("vn-practice-conv-bias")
result = correlate2d(example.input, example.kernel, bias=example.bias)
example.check(result)

# %% [markdown]
# ## Correlation and convolution
#
# Mathematicians call what we did *cross-correlation*. Their *convolution*
# turns the kernel by 180 degrees first. On vectors:
# $(a * b)_k = \sum_i a_i \, b_{k-i}$.
#
# By hand for $a = (1, 2, 3)$ and $b = (1, 10)$:
#
# - $k = 0$: $1 \cdot 1 = 1$
# - $k = 1$: $1 \cdot 10 + 2 \cdot 1 = 12$
# - $k = 2$: $2 \cdot 10 + 3 \cdot 1 = 23$
# - $k = 3$: $3 \cdot 10 = 30$
#
# Every way in which the two can overlap counts, even by a single value:
# lengths $n$ and $m$ give $n + m - 1$ values. This is the *full* convolution.

# %%
import numpy as np

print(arithmetic.full_convolution_size(3, 2))
np.convolve([1, 2, 3], [1, 10])

# %% [markdown]
# You have done this since school: it is how polynomials multiply.
# $(1 + 2x + 3x^2)(1 + 10x) = 1 + 12x + 23x^2 + 30x^3$.
#
# Our own loop adds each product where it belongs.

# %%
def full_convolve1d(a, b):
    """(n,), (m,) -> (n + m - 1,)"""
    out = torch.zeros(len(a) + len(b) - 1)
    for i in range(len(a)):
        for j in range(len(b)):
            out[i + j] += a[i] * b[j]
    return out


full_convolve1d([1, 2, 3], [1, 10])

# %% [markdown]
# ### What the turn does
#
# Slide $b = (1, 10)$ without turning it: $1 \cdot 1 + 2 \cdot 10 = 21$, then
# $2 \cdot 1 + 3 \cdot 10 = 32$. Turned to $(10, 1)$, the same windows give
# 12 and 23, the middle of the full convolution.

# %%
a, b = torch.tensor([[[1.0, 2, 3]]]), torch.tensor([[[1.0, 10]]])
print("as it is:", F.conv1d(a, b).flatten().tolist())
print("turned:  ", F.conv1d(a, b.flip(-1)).flatten().tolist())

# %% [markdown]
# In two dimensions the turn flips rows *and* columns. It is not a transpose.

# %%
kernel = torch.tensor([[1.0, 2], [3, 4]])
plots.plot_grids([
    ("kernel", kernel),
    ("turned by 180 degrees", kernel.flip(0, 1)),
    ("transposed", kernel.T),
])

# %% [markdown]
# `F.conv2d` and `nn.Conv2d` do **not** turn. What deep learning calls
# convolution is cross-correlation. Since the weights are learned, the net
# learns the turned kernel just as easily, and the name has stuck.
#
# **Predict.** For which kernels does the turn change nothing?

# %%
blur = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
edges = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])
print("blur: ", torch.equal(blur, blur.flip(0, 1)))
print("edges:", torch.equal(edges, edges.flip(0, 1)))

# %% [markdown]
# For those that look the same after half a turn. The edge kernel becomes its
# own negative, so turning it swaps the sign of every response.

# %% [markdown]
# ## A kernel on a photograph
#
# `cnnlib.images` finds photographs that are already on your disk, inside the
# packages you installed. Pixels come as whole numbers 0 to 255;
# `to_tensor` makes them floats 0 to 1 with the channel axis first.

# %%
from cnnlib import images

photo = images.to_tensor(images.load("china", height=90, grey=True))
photo.shape

# %% [markdown]
# **Blur.** All weights are positive and add up to 1: each pixel becomes an
# average of its neighbourhood, and the brightness stays.

# %%
assert blur.sum() == 1
plot_conv(photo, blur)

# %% [markdown]
# **Outline.** Eight times the centre minus the eight neighbours: weights that
# add up to 0.
#
# **Predict.** What does it answer where the picture is flat, like the sky?

# %%
outline = torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])
flat = torch.full((3, 3), 0.75)
print("response to a flat patch:", correlate2d(flat, outline).item())
plot_conv(photo, outline)

# %% [markdown]
# Nothing: where all nine pixels are equal the sum is 0. Blue and red are
# responses below and above zero. Drawn on a grey scale that starts at black,
# every negative response would be lost; the line below the picture says how
# many there are. (The strong line along the frame is no edge of the picture:
# `plot_conv` puts zeros around it, so that the size stays. Lesson 02.)

# %% [markdown]
# **Vertical edges.** Positive where dark turns bright from left to right,
# negative where bright turns dark. This picture can be changed: type other
# weights, choose a kernel, or click a pixel to see the nine products.
#
# **Predict.** What does *Turn by 180°* do to the colours?

# %%
explorer = explore_kernel(photo, edges)
explorer

# %% [markdown]
# Red and blue change places: turned, this kernel is its own negative. Python
# follows the picture. Change it, run the next cell again, and you have the
# kernel that you made.

# %%
explorer.kernel

# %% [markdown]
# The same on a row of four pixels, by our own loop:

# %%
step = torch.tensor([[0.0, 0, 1, 1]] * 3)
print("dark to bright:", correlate2d(step, edges).tolist())
print("bright to dark:", correlate2d(1 - step, edges).tolist())

# %% [markdown]
# **Emboss.** Negative at the top left, positive at the bottom right, as if
# light fell on a relief. The weights add up to 1, so the picture remains.

# %%
emboss = torch.tensor([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]])
assert emboss.sum() == 1
plot_conv(photo, emboss)

# %% [markdown]
# ## Colour: three products, one sum
#
# A colour picture has three channels, so the kernel gets three slices, one
# for each. Each slice slides over its own channel; the three results are
# **added** to one map. By hand, with 1 x 1 slices 1, 10 and 100 on a pixel
# (0.2, 0.3, 0.5): $0.2 + 3 + 50 = 53.2$.

# %%
pixel = torch.tensor([0.2, 0.3, 0.5]).reshape(1, 3, 1, 1)    # (N, C, H, W)
weight = torch.tensor([1.0, 10, 100]).reshape(1, 3, 1, 1)    # (out, in, 1, 1)
print(round(F.conv2d(pixel, weight).item(), 2))

# %% [markdown]
# With larger slices nothing else happens. Here three channels of 4 x 4 and
# slices of 2 x 2: each window lies on all three at once, so twelve products
# and one bias make one number.
#
# **Predict.** The second number. Then press *Predict*, leave out a channel on
# purpose, and see whether the picture notices.

# %%
torch.manual_seed(4)
x = torch.randint(0, 5, (3, 4, 4)).float()                   # (C, H, W)
weights = torch.randint(-1, 3, (3, 2, 2)).float()            # (C, kh, kw)
step_conv(x, weights, bias=1)

# %% [markdown]
# The same with a real photograph and our own loop: correlate each channel
# with its slice, then add.

# %%
colour = images.to_tensor(images.load("flower", height=60))  # (3, H, W)
torch.manual_seed(0)
slices = torch.randn(3, 3, 3)                                # (3, kh, kw)
ours = sum(correlate2d(colour[c], slices[c]) for c in range(3))
theirs = F.conv2d(colour[None], slices[None])[0, 0]
torch.allclose(ours, theirs, atol=1e-5)

# %% [markdown]
# **Predict.** How many channels has the result?
#
# <details><summary>Answer</summary>
#
# One. However many channels go in, a kernel makes *one* map out of them.
# </details>

# %%
print("in: ", tuple(colour.shape))
print("out:", tuple(theirs.shape))

# %% [markdown]
# ## Several kernels: output channels
#
# More maps need more kernels. `nn.Conv2d` holds them all in one weight:
# (out_channels, in_channels, kernel_height, kernel_width).

# %%
conv = nn.Conv2d(in_channels=3, out_channels=5, kernel_size=(2, 3))
print("weight:", tuple(conv.weight.shape))
print("bias:  ", tuple(conv.bias.shape))

# %% [markdown]
# Argument by argument:
#
# | argument | meaning | here |
# |---|---|---|
# | `in_channels` | channels of what comes in | 3 |
# | `out_channels` | number of kernels, so channels of what goes out | 5 |
# | `kernel_size` | an int, or (height, width) | (2, 3) |
# | `stride` | how far the window moves at each step | 1 |
# | `padding` | zeros put around the input | 0 |
# | `dilation` | gaps between the kernel's cells | 1 |
# | `groups` | channels split into groups that do not mix | 1 |
# | `bias` | whether each kernel has one | `True` |
# | `padding_mode` | what the padding is filled with | `"zeros"` |
#
# Stride, padding and dilation are the subject of lesson 02.
#
# **Predict.** `colour` has the shape (3, 60, 90). And `conv(colour)`?

# %%
print("in: ", tuple(colour.shape))
print("out:", tuple(conv(colour).shape))

# %% [markdown]
# `plot_convs` shows the picture and each kernel's map. Before training the
# weights are random, and so are the maps. One filter:

# %%
torch.manual_seed(1)
plot_convs(photo, nn.Conv2d(1, 1, kernel_size=5))

# %% [markdown]
# Two filters, then three, then five; `axis=True` writes the sizes on the
# axes. A 5 x 5 kernel costs 4 rows and 4 columns.

# %%
plot_convs(photo, nn.Conv2d(1, 2, kernel_size=5), axis=True)

# %%
plot_convs(photo, nn.Conv2d(1, 3, kernel_size=5), axis=True)

# %%
plot_convs(photo, nn.Conv2d(1, 5, kernel_size=5))

# %% [markdown]
# We can also put our own kernels into a layer. `torch.no_grad()` tells
# PyTorch that this assignment is not a computation to learn from.

# %%
ours = nn.Conv2d(1, 3, kernel_size=3, bias=False)
with torch.no_grad():
    ours.weight[:] = torch.stack([blur, outline, edges])[:, None]
plot_convs(photo, ours)

# %% [markdown]
# ## The equation in PyTorch's documentation
#
# $$\mathrm{out}(N_i, C_{\mathrm{out}_j}) = \mathrm{bias}(C_{\mathrm{out}_j})
# + \sum_{k=0}^{C_\mathrm{in}-1} \mathrm{weight}(C_{\mathrm{out}_j}, k)
# \star \mathrm{input}(N_i, k)$$
#
# | symbol | in code | meaning |
# |---|---|---|
# | $N_i$ | `i` | the i-th picture of the batch |
# | $C_{\mathrm{out}_j}$ | `j` | the j-th kernel, hence the j-th output map |
# | $k$ | `k` | an input channel |
# | $\mathrm{weight}(C_{\mathrm{out}_j}, k)$ | `weight[j, k]` | a 2-D slice |
# | $\star$ | `correlate2d` | cross-correlation, no turn |
# | $\mathrm{bias}(C_{\mathrm{out}_j})$ | `bias[j]` | one number per kernel |
#
# Word for word in Python:

# %%
def conv2d(images, weight, bias):
    """(N, C, H, W), (O, C, kh, kw), (O,) -> (N, O, H', W')"""
    return torch.stack([
        torch.stack([
            bias[j] + sum(correlate2d(image[k], weight[j, k])
                          for k in range(len(image)))
            for j in range(len(weight))])
        for image in images])

# %%
batch = torch.randn(2, 3, 8, 9)
ours = conv2d(batch, conv.weight.detach(), conv.bias.detach())
theirs = conv(batch).detach()
print(tuple(ours.shape), torch.allclose(ours, theirs, atol=1e-5))

# %% [markdown]
# ### `Linear` and `Conv2d` side by side
#
# A `Linear` layer has the same equation with plain products instead of
# correlations. *Features behave as channels*: `weight[j, k]` joins output
# feature j to input feature k. So a convolution with a 1 x 1 kernel is a
# `Linear` layer, applied at every pixel.

# %%
linear = nn.Linear(3, 5)
one_by_one = nn.Conv2d(3, 5, kernel_size=1)
print("Linear:", tuple(linear.weight.shape))
print("Conv2d:", tuple(one_by_one.weight.shape))

# %%
pixels = torch.randn(2, 3, 4, 4)                             # (N, C, H, W)
weight = linear.weight[:, :, None, None]                     # (5, 3, 1, 1)
as_conv = F.conv2d(pixels, weight, linear.bias)
as_linear = linear(pixels.movedim(1, -1)).movedim(-1, 1)
torch.allclose(as_conv, as_linear, atol=1e-6)

# %% [markdown]
# ## A full layer: $z = W \star a + b$, then $a = g(z)$
#
# The correlation and the bias give $z$. A function $g$ follows, number by
# number. The usual one is ReLU, $g(z) = \max(0, z)$: negative responses
# become 0, positive ones stay.
#
# **Predict.** $g$ of $(-2, 0, 3)$.

# %%
torch.relu(torch.tensor([-2.0, 0, 3]))

# %% [markdown]
# By hand for one place of `hzdr-5x5` with a bias of $-13$: the window gave
# 12, so $z = 12 - 13 = -1$ and $a = \max(0, -1) = 0$.

# %%
example = worked_example("hzdr-5x5")
z = correlate2d(example.input, example.kernel, bias=-13)
a = torch.relu(z)
plots.plot_grids([("z", z), ("a = relu(z)", a)])

# %% [markdown]
# Why bother? Without $g$ two layers in a row are only one: a sum of weighted
# sums is a weighted sum. Two 3 x 3 kernels without ReLU between them are
# one 5 x 5 kernel, their full convolution.

# %%
k1, k2 = torch.randn(2, 1, 1, 3, 3)
x = torch.randn(1, 1, 12, 12)
twice = F.conv2d(F.conv2d(x, k1), k2)
merged = F.conv2d(k1, k2.flip(2, 3), padding=2)              # (1, 1, 5, 5)
torch.allclose(twice, F.conv2d(x, merged), atol=1e-5)

# %% [markdown]
# With a ReLU between them they are not.

# %%
with_relu = F.conv2d(torch.relu(F.conv2d(x, k1)), k2)
torch.allclose(with_relu, F.conv2d(x, merged), atol=1e-5)

# %% [markdown]
# ## Learning a kernel back
#
# Until now we chose the kernels. Can a layer find one? Hide the edge kernel,
# keep only pairs of input and output, and let gradient descent look for it.

# %%
torch.manual_seed(0)
inputs = torch.randn(8, 1, 12, 12)                           # (N, 1, H, W)
outputs = F.conv2d(inputs, edges[None, None])                # (N, 1, 10, 10)

# %% [markdown]
# Start from zeros, measure the mean squared error, step against its gradient.

# %%
learner = nn.Conv2d(1, 1, kernel_size=3, bias=False)
nn.init.zeros_(learner.weight)
errors = []
for step in range(20):
    loss = F.mse_loss(learner(inputs), outputs)
    errors.append(loss.item())
    learner.zero_grad()
    loss.backward()
    with torch.no_grad():
        learner.weight -= 0.2 * learner.weight.grad

# %%
learned = learner.weight.detach()[0, 0]
assert (learned - edges).abs().max() < 0.01
plots.plot_grids([("hidden", edges), ("learned", learned.round(decimals=2))])

# %%
plots.plot_lines(
    {"mean squared error": errors},
    xlabel="step", ylabel="error", title="The kernel is found",
)

# %% [markdown]
# The layer was never told what an edge is. It found the kernel from examples;
# lesson 05 does the same with 9,098 weights at once.

# %% [markdown]
# ## Shift the input, and the output shifts
#
# The same weights at every place: so a digit in the corner gets the same
# response as one in the middle, only elsewhere.
#
# **Predict.** Move a picture 3 pixels to the right, then convolve.
# What else could you have done?

# %%
x = torch.zeros(1, 1, 12, 16)
x[..., 4:8, 3:6] = 1.0
shifted = x.roll(3, dims=-1)
after = F.conv2d(shifted, edges[None, None])
moved = F.conv2d(x, edges[None, None]).roll(3, dims=-1)
torch.equal(after, moved)

# %%
plots.plot_images(
    [x[0, 0], shifted[0, 0], moved[0, 0], after[0, 0]],
    ["input", "input shifted", "response, shifted", "response to shifted"],
    columns=2,
)

# %% [markdown]
# This is *translation equivariance*. A fully connected layer has nothing of
# the kind: with its own weight for every pixel, it must see an edge at every
# place to know it everywhere.

# %%
torch.manual_seed(0)
dense = nn.Linear(12 * 16, 12 * 16, bias=False)
after = dense(shifted.flatten(1)).reshape(x.shape)
moved = dense(x.flatten(1)).reshape(x.shape).roll(3, dims=-1)
torch.allclose(after, moved, atol=0.01)

# %% [markdown]
# ## When it breaks
#
# The layer wants three channels, the photograph has one.

# %%
try:
    nn.Conv2d(3, 5, kernel_size=3)(photo[None])
except RuntimeError as error:
    print(error)

# %% [markdown]
# Read it from the back. *Expected input [...] to have 3 channels, but got 1
# channels instead*: the second axis of (N, C, H, W) is the channel axis, and
# the weight `[5, 3, 3, 3]` says 5 kernels for **3** channels.
#
# Two fixes: make the layer fit the picture, or the picture fit the layer.

# %%
a = nn.Conv2d(1, 5, kernel_size=3)(photo[None])
b = nn.Conv2d(3, 5, kernel_size=3)(photo.expand(3, -1, -1)[None])
print(tuple(a.shape), tuple(b.shape))

# %% [markdown]
# ## What to remember
#
# 1. **By hand.** Lay the kernel on a window, multiply cell by cell, add all
#    products, add the bias once; slide on.
#    Output size without padding: $n - k + 1$ in each direction.
# 2. **`nn.Conv2d`.** The weight is (out_channels, in_channels, kernel_height,
#    kernel_width). Products are summed over the input channels; every kernel
#    makes one output channel. Nothing is turned: it is cross-correlation.
# 3. **Why not fully connected.** Few weights instead of one for every pixel
#    and unit, and what is learned in one place holds everywhere.
#
# | card | |
# |---|---|
# | one window | multiply, add, bias once |
# | full convolution | $n + m - 1$ values, kernel turned |
# | channels | sum over inputs, one map per kernel |
# | layer | $z = W \star a + b$, then $a = g(z)$ |
# | shift | input moves, output moves with it |
#
# Next: padding and stride.

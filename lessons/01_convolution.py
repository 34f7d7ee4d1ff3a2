# %% [markdown]
# # 01 Convolution
#
# A small grid of weights slides over a picture; at every stop it multiplies
# and adds. That is the whole operation.
#
# **Time:** 75 minutes, with a good place for a break in the middle, and an
# extra part at the end that can wait.

# %% [markdown]
# The right picture is made from the left one by nine numbers, the *kernel* in
# the middle. What do they look for, and how?
#
# **Try.** Choose another kernel, change a number, drag the small window over
# the photograph, or take a photograph of your own.

# %% tags=["folded"]
import torch

from cnnlib import explore_kernel, images

photo = images.to_tensor(images.load("china", height=90, grey=True))
explore_kernel(photo, torch.tensor([[-1.0, 0, 1]] * 3))

# %% [markdown]
# At the end you can say for each number of the right picture where it comes
# from.
#
# After this lesson you can
#
# 1. compute a convolution by hand, with a bias, for any kernel shape;
# 2. say what `nn.Conv2d` does, argument by argument and symbol by symbol;
# 3. explain why pictures are not fed to fully connected layers.
#
# **Notation.** Textbooks write an input of width $n$, a kernel of width $f$
# (or $k$) and $n_C$ channels. PyTorch writes shapes: an input
# `(N, C_in, H, W)`, a weight `(C_out, C_in, kernel_height, kernel_width)`.
# We use PyTorch's names; sizes are height x width.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import arithmetic, diagrams, explore_kernel, plot_conv, plot_convs
from cnnlib import plots, step_conv, worked_example

# %% [markdown]
# ## Why not fully connected?
#
# A *unit* multiplies what comes in by weights, adds the products, and adds a
# number of its own, the *bias*. Units between input and output are *hidden*.
# Weights and biases are the *parameters*: the numbers that are learned.
#
# 16 pixels, 4 hidden units, 1 output, joined in three ways. Each line is a
# weight; on the right, lines of one name *share* one weight.

# %%
diagrams.draw_connections(16, 4)

# %% [markdown]
# **Full.** Each hidden unit has a weight for each pixel, and a bias.
# By hand: $(16 \cdot 4 + 4) + (4 \cdot 1 + 1) = 68 + 5 = 73$ parameters.
#
# `arithmetic.linear_params` counts the same, and shows its sum; you can go on
# computing with it like with any number. Many examples come from four public
# lectures, here called HZDR, Glasgow, ALS and AI VIETNAM, and an article,
# PolarSPARC; you need not know them. `worked_example` fetches the numbers of
# one, `check` compares yours with them.

# %%
hidden = arithmetic.linear_params(16, 4)
output = arithmetic.linear_params(4, 1)
print(hidden, output, sep="\n")
worked_example("hzdr-fc-73").check(hidden + output)

# %% [markdown]
# **Local.** Each hidden unit sees 4 pixels only, with 4 weights of its own and
# a bias. The output unit stays as it is.
#
# **Predict.** How many parameters has this net? Run the cell, and type your
# number. (What follows `slips` are usual mistakes; the box knows them.)

# %%
worked_example("hzdr-local").predict(slips={
    10: "that is with one set of weights for all units",
    16: "these are the weights of the hidden units alone",
    20: "perhaps the output unit is missing, or all biases are",
    21: "the hidden units have biases, too",
    24: "the output unit has a bias, too",
    73: "that is the full net",
})

# %%
local = 4 * arithmetic.linear_params(4, 1)           # 4 units, each 4 weights
print(local, output, sep="\n")
local + output

# %% [markdown]
# **Shared.** All hidden units use *one* set of 4 weights and one bias:
# $(4 + 1) + (4 + 1) = 10$. That is a convolution: one small set of weights,
# used everywhere. `nn.Conv1d` is PyTorch's layer for it (on a row of numbers),
# and `numel()` says how many numbers a tensor has.

# %%
shared = nn.Conv1d(1, 1, kernel_size=4, stride=4)    # one set, used four times
shared.weight.numel() + shared.bias.numel() + output

# %% [markdown]
# Now think of a photograph. A full layer has a weight for each pixel and each
# unit: that is a lot. And an edge that it has learned in one corner, it has to
# learn anew in every other place. Shared weights need neither.

# %% [markdown]
# ## One window: multiply, then add
#
# Lay a 3 x 3 kernel over the top left corner of a 5 x 5 picture.
# Multiply cell by cell, add the nine products. One window gives one number.
# (Padding and stride, named below the grids, wait for lesson 02.)

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
# **Predict.** Slide the window one row *down*. Which number comes out? Type
# yours; the box knows the usual slips.

# %%
example.predict(1, 0)

# %% [markdown]
# `*` multiplies cell by cell (*element-wise*). `@` is the matrix product, rows
# times columns: another thing, with another sum.

# %%
print("cell by cell: ", (window * example.kernel).sum().item())
print("matrix product:", (window @ example.kernel).sum().item())

# %% [markdown]
# The window has $5 - 3 + 1 = 3$ places in each direction, so the result is
# 3 x 3. *Forward* moves the window; each of its cells shows its weight in the
# corner, and the sums stand below.
#
# **Predict.** Press *Predict*: each number stays hidden until you have typed
# it.

# %%
step_conv(example.input, example.kernel)

# %% [markdown]
# ### Why multiply and add?
#
# Because the sum says how *alike* two rows of numbers are. Take the kernel
# $(1, -1, 1)$ and three windows of ones and minus ones. By hand: the same
# pattern gives $1 + 1 + 1 = 3$, a flat one $1 - 1 + 1 = 1$, the opposite one
# $-3$. Of all windows of ones and minus ones, the one that looks like the
# kernel gives the largest answer.

# %%
kernel = torch.tensor([1.0, -1, 1])
windows = torch.tensor([[1.0, -1, 1], [1, 1, 1], [-1, 1, -1]])
(windows * kernel).sum(1)                            # along axis 1: each row

# %% [markdown]
# ## Our own loop
#
# On a row of numbers one loop is enough: `i` walks over the places, one line
# multiplies and adds. `torch.zeros` makes the room for the results.
# (`torch.empty` would not fill it: whatever was in memory stays there.)

# %%
def correlate1d(row, kernel, bias=0.0):
    """Slide kernel over row: (n,), (k,) -> (n-k+1,)."""
    k = len(kernel)
    out = torch.zeros(len(row) - k + 1)
    for i in range(len(out)):
        out[i] = (row[i:i+k] * kernel).sum() + bias
    return out

# %% [markdown]
# By hand for the row (1, 4, 2, 0, 3) and the kernel (1, 0, 2):
# $1 + 4 = 5$, then $4 + 0 = 4$, then $2 + 6 = 8$.

# %%
row, kernel = torch.tensor([1.0, 4, 2, 0, 3]), torch.tensor([1.0, 0, 2])
correlate1d(row, kernel)

# %% [markdown]
# PyTorch has the operation ready, in one, two and three dimensions. It wants
# the axes (N, C, length) here and (N, C, H, W) for pictures. So a row or a
# grid alone gets two axes in front, and we take them off again (lesson 00).
#
# `F.conv2d` is a function: you hand it the weights. `nn.Conv2d`, further down,
# is a layer: it keeps weights of its own, which can be learned.

# %%
theirs = F.conv1d(row[None, None], kernel[None, None])[0, 0]
torch.equal(correlate1d(row, kernel), theirs)

# %%
def correlate(image, kernel, bias=0.0):
    """The same in two dimensions: (H, W), (kh, kw) -> (H-kh+1, W-kw+1)."""
    return F.conv2d(image[None, None], kernel[None, None])[0, 0] + bias


correlate(example.input, example.kernel)

# %% [markdown]
# Your own loop in two dimensions is a task of exercise 01.

# %% [markdown]
# ### With a bias
#
# The *bias* is added to every output of a kernel: once for each output, not
# once for each weight.

# %%
example = worked_example("vn-6x6-bias")
example

# %% [markdown]
# **Predict.** The number in row 0, column 1.

# %%
example.predict(0, 1)

# %% [markdown]
# ### A kernel need not be square
#
# Sides go by themselves: $n - k + 1$ rows by the kernel's rows, as many
# columns by its columns. Most kernels are odd, 3 x 3 or 5 x 5: they have a
# centre, so that each result belongs to one pixel. This one has none.

# %%
example = worked_example("vn-kernel-2x3")
example

# %% [markdown]
# **Predict.** How many rows and columns has the result? And which number
# stands in its first row, last column?

# %%
result = correlate(example.input, example.kernel, example.bias)
plots.plot_grids([("result", result)])

# %% [markdown]
# $6 - 2 + 1$ rows and $6 - 3 + 1$ columns.

# %% [markdown]
# ## Correlation and convolution
#
# What we did is called *cross-correlation* in mathematics. *Convolution* is
# its sister, and you have done it since school: it is how polynomials
# multiply. By hand, each product put where its power of $x$ belongs:
#
# | | 1 | *x* | *x*² | *x*³ |
# |---|---|---|---|---|
# | $(1 + 2x + 3x^2) \cdot 1$ | 1 | 2 | 3 | |
# | $(1 + 2x + 3x^2) \cdot 10x$ | | 10 | 20 | 30 |
# | together | 1 | 12 | 23 | 30 |

# %%
import numpy as np

np.convolve([1, 2, 3], [1, 10])

# %% [markdown]
# Every way in which the two can overlap counts, even by a single value. So
# lengths $n$ and $m$ give $n + m - 1$ values. That is the *full* convolution.
#
# The 12 is $1 \cdot 10 + 2 \cdot 1$: in each product the two places add up to
# the same power. While one index goes up, the other goes down. That is all
# the formula says: $(a * b)_k = \sum_i a_i \, b_{k-i}$. It takes every $i$ for
# which both places exist; where one of them does not, there is no product.

# %% [markdown]
# ### What the turn does
#
# One index up, the other down: so convolution is correlation with the kernel
# *turned*. Slide $(1, 10)$ over $(1, 2, 3)$ as it is:
# $1 \cdot 1 + 2 \cdot 10 = 21$, then $2 \cdot 1 + 3 \cdot 10 = 32$. Slide
# $(10, 1)$, and you meet 12 and 23, the middle of the full convolution.

# %%
a, b = torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 10])
print("as it is:", correlate1d(a, b).tolist())
print("turned:  ", correlate1d(a, b.flip(0)).tolist())

# %% [markdown]
# In two dimensions the turn is by 180 degrees: it flips rows *and* columns.
# It is not a transpose.

# %%
kernel = torch.tensor([[1.0, 2], [3, 4]])
plots.plot_grids([
    ("kernel", kernel),
    ("turned by 180 degrees", kernel.flip(0, 1)),
    ("transposed", kernel.T),
])

# %% [markdown]
# `F.conv2d` and `nn.Conv2d` do **not** turn. What deep learning calls
# convolution is cross-correlation. A net learns its weights, and it learns the
# turned kernel just as easily, so nobody minds. A kernel copied from a book on
# signals has to be turned.
#
# Two kernels that we shall use on a photograph:

# %%
blur = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
edges = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])
plots.plot_grids([("16 times blur", 16 * blur), ("edges", edges)])

# %% [markdown]
# **Predict.** For which of the two does the turn change nothing?

# %%
print("blur: ", torch.equal(blur, blur.flip(0, 1)))
print("edges:", torch.equal(edges, edges.flip(0, 1)))

# %% [markdown]
# Half a turn changes the order of the rows and that of the columns. The blur
# looks the same afterwards. Of the edges all signs change.

# %% [markdown]
# ## A kernel on a photograph
#
# All the numbers that one kernel makes of a picture are its *feature map*,
# or map. One number of it is the kernel's *response* at that place.
# (`plot_conv` puts zeros around the picture, so that the map is as large as
# the picture: lesson 02.)

# %%
photo.shape                      # the photograph from above: (C, H, W)

# %% [markdown]
# **Blur.** All weights are positive and add up to 1: each pixel becomes an
# average of its neighbours, and the brightness stays. (`assert` stops with an
# error where something is not true; nothing happens where it is.)

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
correlate(flat, outline).item()

# %% [markdown]
# Where all nine pixels are equal, eight of them cancel the ninth. Red and blue
# are responses above and below zero. (The strong line along the frame is no
# edge of the picture: there the zeros around it begin.)

# %%
plot_conv(photo, outline)

# %% [markdown]
# **Vertical edges.** Positive where dark turns bright from left to right,
# negative where bright turns dark. On a row of four pixels:

# %%
step = torch.tensor([[0.0, 0, 1, 1]] * 3)
print("dark to bright:", correlate(step, edges).tolist())
print("bright to dark:", correlate(1 - step, edges).tolist())

# %% [markdown]
# Here is the picture that this lesson began with. Type other weights, choose a
# kernel, or click a pixel to see the nine products.
#
# **Predict.** What does *Turn by 180°* do to the colours?

# %%
explorer = explore_kernel(photo, edges)
explorer

# %% [markdown]
# Turned, this kernel is its own negative. Python follows the picture: change
# it, run the next cell again, and you have the kernel that you made.

# %%
explorer.kernel

# %% [markdown]
# **Emboss.** Negative at the top left, positive at the bottom right, as if
# light fell on a relief. The weights add up to 1, so the picture remains;
# drawn in grey you see it best.

# %%
emboss = torch.tensor([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]])
assert emboss.sum() == 1
plots.plot_image(correlate(photo[0], emboss), title="emboss", signed=False)

# %% [markdown]
# A good place for a break. You have the operation; what follows makes a layer
# of it.

# %% [markdown]
# ## Colour: three products, one sum
#
# A colour picture has three channels, so the kernel gets three *slices*, one
# for each. Each slice slides over its own channel, and the three results are
# **added**. By hand, with 1 x 1 slices 1, 10 and 100 on a pixel
# (0.2, 0.3, 0.5): $0.2 + 3 + 50 = 53.2$.

# %%
pixel = torch.tensor([0.2, 0.3, 0.5]).reshape(1, 3, 1, 1)    # (N, C, H, W)
weight = torch.tensor([1.0, 10, 100]).reshape(1, 3, 1, 1)    # (out, in, 1, 1)
print(round(F.conv2d(pixel, weight).item(), 2))

# %% [markdown]
# With larger slices nothing else happens. Here are three channels of 4 x 4 and
# slices of 2 x 2. Each window lies on all three at once, so twelve products
# and one bias make one number.
#
# **Predict.** Press *Predict* first, so that the numbers hide, then *Forward*:
# which number comes second? Leave out a channel on purpose, and see whether
# the picture notices.

# %%
torch.manual_seed(0)
x = torch.randint(0, 5, (3, 4, 4)).float()                   # (C, H, W)
weights = torch.randint(-1, 3, (3, 2, 2)).float()            # (C, kh, kw)
step_conv(x, weights, bias=1)

# %% [markdown]
# The same with a real photograph: correlate each channel with its slice, add.

# %%
colour = images.to_tensor(images.load("flower", height=60))  # (3, H, W)
torch.manual_seed(0)
slices = torch.randn(3, 3, 3)                                # (3, kh, kw)
ours = torch.zeros(58, 88)
for c in range(3):
    ours += correlate(colour[c], slices[c])
torch.allclose(ours, F.conv2d(colour[None], slices[None])[0, 0], atol=1e-5)

# %% [markdown]
# **Predict.** (1, 3, 60, 90) goes in. How many channels come out?

# %%
print("in: ", tuple(colour[None].shape))
print("out:", tuple(F.conv2d(colour[None], slices[None]).shape))

# %% [markdown]
# All channels are added into one map, so there are as many maps as kernels,
# however many channels came in. Only in the first layer are channels colours;
# later each is a map of the layer before.

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
# | `stride`, `padding`, `dilation` | how the window moves: lesson 02 | 1, 0, 1 |
# | `groups` | in how many groups the channels are split | 1 |
# | `bias` | whether each kernel has one | `True` |
# | `padding_mode` | what the padding is filled with | `"zeros"` |
# | `device`, `dtype` | where its numbers lie (lesson 05), and their type (lesson 00) | CPU, `float32` |
#
# With `groups=3` the first kernels see only red, the next only green, the
# last only blue: nothing is summed over channels. It is rare; leave it at 1.
#
# **Predict.** `colour` has the shape (3, 60, 90), without a batch axis (a
# layer takes that, too: lesson 00). What shape has `conv(colour)`?

# %%
print("in: ", tuple(colour.shape))
print("out:", tuple(conv(colour).shape))

# %% [markdown]
# `plot_convs` shows a picture and the map of each kernel; it writes *filter*,
# which is another word for kernel. Before training the weights are random,
# and so are the maps. `axis=True` writes the sizes: a 5 x 5 kernel costs 4
# rows and 4 columns.

# %%
torch.manual_seed(1)
plot_convs(photo, nn.Conv2d(1, 5, kernel_size=5), axis=True)

# %% [markdown]
# We can also put our own kernels into a layer. `torch.stack` makes one tensor
# (3, 3, 3) of them, `[:, None]` adds the axis of input channels.
# `torch.no_grad()` says that this is no computation to learn from.

# %%
kernels = torch.stack([blur, outline, edges])[:, None]       # (3, 1, 3, 3)
layer = nn.Conv2d(1, 3, kernel_size=3, bias=False)
with torch.no_grad():
    layer.weight[:] = kernels
plot_convs(photo, layer)

# %% [markdown]
# (A few responses are far stronger than the rest. The colours stop before
# them, or all else would look pale.)

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
# | $C_{\mathrm{out}_j}$ | `j` | the j-th kernel, hence the j-th map |
# | $k$ | `k` | an *input* channel (some slides say: the k-th filter) |
# | $\mathrm{weight}(C_{\mathrm{out}_j}, k)$ | `weight[j, k]` | a slice, 2-D |
# | $\star$ | `correlate` | cross-correlation, no turn |
# | $\mathrm{bias}(C_{\mathrm{out}_j})$ | `bias[j]` | one number per kernel |
#
# Word for word in Python, for one picture `i` and one kernel `j`:

# %%
batch, weight, bias = torch.randn(2, 3, 8, 9), conv.weight, conv.bias
i, j = 1, 4
out = bias[j]
for k in range(3):
    out = out + correlate(batch[i, k], weight[j, k])
torch.allclose(out, conv(batch)[i, j], atol=1e-5)

# %% [markdown]
# For every `i` and every `j` it is the whole layer: you write it in
# exercise 01.
# %% [markdown]
# ## A full layer: weights, bias, ReLU
#
# $$z^{[l]} = W^{[l]} \star a^{[l-1]} + b^{[l]} \qquad a^{[l]} = g(z^{[l]})$$
#
# The maps of the layer before, $a^{[l-1]}$, are correlated, the bias is added:
# $z$. A function $g$ follows, number by number. The usual one is ReLU,
# $g(z) = \max(0, z)$: negative responses become 0.
#
# **Predict.** $g$ of $(-2, 0, 3)$.

# %%
torch.relu(torch.tensor([-2.0, 0, 3]))

# %% [markdown]
# On the map of the vertical edges: what was blue, from bright to dark, is
# gone.

# %%
after = torch.relu(correlate(photo[0], edges))
plots.plot_image(after, title="after ReLU", signed=True)

# %% [markdown]
# Why bother? Without $g$, two layers in a row are no more than one layer with
# another kernel (computed in "Extra" below). With it they can be more.

# %% [markdown]
# In PyTorch ReLU is a module of its own. Textbooks see it as a part of the
# layer, and some call convolution, ReLU and pooling (lesson 03) together one
# hidden layer. "A net of 16 layers" mostly means: 16 layers with weights.

# %% [markdown]
# ## Learning a kernel back
#
# Until now we chose the kernels. Can a layer find one? Keep a kernel of three
# numbers secret, and show only rows that went in and rows that came out.

# %%
torch.manual_seed(0)
secret = torch.tensor([-1.0, 0.5, 2])
inputs = torch.randn(8, 1, 12)                               # (N, C, length)
outputs = F.conv1d(inputs, secret[None, None])               # (8, 1, 10)

# %% [markdown]
# Then again and again:
#
# 1. How wrong is the layer now? `mse_loss` is the mean squared error.
# 2. `zero_grad()` clears what the step before left in `weight.grad`, because
#    `backward` *adds* to it.
# 3. `loss.backward()` works out for each weight how the error would change if
#    the weight grew. It puts that into `weight.grad`.
# 4. A small step in the other direction makes the error smaller.
#
# Lesson 05 takes time for this.

# %%
learner = nn.Conv1d(1, 1, kernel_size=3, bias=False)
errors = []
for step in range(30):
    loss = F.mse_loss(learner(inputs), outputs)
    errors.append(loss.item())
    learner.zero_grad()
    loss.backward()
    with torch.no_grad():
        learner.weight -= 0.2 * learner.weight.grad

# %%
learned = learner.weight.detach()[0]                         # (1, 3)
assert (learned - secret).abs().max() < 0.01
plots.plot_grids([("secret", secret), ("learned", learned.round(decimals=2))])

# %%
plots.plot_lines(
    {"mean squared error": errors},
    xlabel="step", ylabel="error", title="The kernel is found",
)

# %% [markdown]
# Nobody told the layer what to look for. In exercise 01 you find a kernel of
# 3 x 3; lesson 05 learns 9,098 weights at once.

# %% [markdown]
# ## Shift the input, and the output shifts
#
# The weights are the same at every place. So a shape in the corner gets the
# same response as one in the middle, only elsewhere.
#
# **Predict.** Move a picture 3 pixels to the right, then correlate. Or
# correlate first, then move the map 3 pixels to the right. Same result?

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
    ["input", "input shifted", "map, shifted", "map of shifted"],
    columns=2,
)

# %% [markdown]
# This is *translation equivariance*. A fully connected layer has nothing of
# the kind.

# %%
dense = nn.Linear(12 * 16, 12 * 16, bias=False)
after = dense(shifted.flatten()).reshape(12, 16)
moved = dense(x.flatten()).reshape(12, 16).roll(3, dims=-1)
assert not torch.allclose(after, moved, atol=0.01)
plots.plot_images([moved, after], ["map, shifted", "map of shifted"])

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
# Read it from the back: *expected input [...] to have 3 channels, but got 1
# channels instead*. The second axis of (N, C, H, W) is the channel axis. The
# weight `[5, 3, 3, 3]` says 5 kernels for **3** channels. So make the layer
# fit the picture. Or make the picture fit the layer: its one channel three
# times.

# %%
a = nn.Conv2d(1, 5, kernel_size=3)(photo[None])
b = nn.Conv2d(3, 5, kernel_size=3)(torch.cat([photo, photo, photo])[None])
print(tuple(a.shape), tuple(b.shape))

# %% [markdown]
# **A bias without an axis.** One lecture sets a bias by
# `nn.Parameter(torch.tensor(1.0))`. A layer has a bias for each kernel, even
# if that is only one: `torch.tensor([1.0])`.

# %%
layer = nn.Conv2d(1, 1, kernel_size=3)
layer.bias = nn.Parameter(torch.tensor(1.0))
try:
    layer(photo)
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## Extra: for a second reading <!-- extra -->
#
# Neither exercise 01 nor the next lessons need this. If you are tired, go on
# with "What to remember".

# %% [markdown]
# ### Spot the error: 1.3 billion parameters?
#
# A net has 1024 inputs, two hidden layers of 512 units and 5 outputs. A widely
# read article counts its parameters: "1024 x 512 x 512 x 5".
#
# **Predict.** What is wrong with that product?
#
# <details><summary>Answer</summary>
#
# Layers add, they do not multiply: the weights of a layer join its own two
# sides only.
# </details>

# %%
first = arithmetic.linear_params(1024, 512)
second = arithmetic.linear_params(512, 512)
third = arithmetic.linear_params(512, 5)
worked_example("polarsparc-1.3-billion").check(first + second + third)

# %% [markdown]
# ### Two layers without ReLU
#
# By hand: first the kernel (1, 2), then (1, 10), is the same as their full
# convolution (1, 12, 20) at once. With a ReLU between them it is not.

# %%
row = torch.tensor([1.0, -4, 2, 0, 3, -1])
first, second = torch.tensor([1.0, 2]), torch.tensor([1.0, 10])
both = torch.tensor([1.0, 12, 20])
middle = correlate1d(row, first)
plots.plot_grids([
    ("two layers", correlate1d(middle, second)),
    ("at once", correlate1d(row, both)),
    ("with ReLU between", correlate1d(torch.relu(middle), second)),
])

# %% [markdown]
# ### `Linear` and `Conv2d` side by side
#
# A `Linear` layer has the same equation with plain products instead of
# correlations: `weight[j, k]` joins output feature j to input feature k.
# *Features behave as channels*. So a convolution with a 1 x 1 kernel is a
# `Linear` layer, applied at every pixel:

# %%
linear = nn.Linear(3, 5)
pixels = torch.randn(1, 3, 4, 4)                             # (N, C, H, W)
weight_1x1 = linear.weight[:, :, None, None]                 # (5, 3, 1, 1)
out = F.conv2d(pixels, weight_1x1, linear.bias)
one = pixels[0, :, 2, 1]                         # the channels of one pixel
torch.allclose(linear(one), out[0, :, 2, 1], atol=1e-6)

# %% [markdown]
# ### What a `Linear` layer cannot take
#
# The order of its inputs means nothing to it. Put the inputs in another order,
# and its weights in the same one: the result stays as it was. And the number
# of its inputs is fixed:

# %%
try:
    nn.Linear(16, 4)(torch.zeros(100))
except RuntimeError as error:
    print(error)

# %% [markdown]
# So for text and time series, which have an order and any length, people use
# other nets (recurrent ones, transformers). A convolution keeps the order and
# takes any size; its map is as much larger.

# %%
for width in (16, 100):
    print(tuple(conv(torch.zeros(3, 12, width)).shape))

# %% [markdown]
# ### How textbooks write it
#
# Textbooks number the layers, $[l]$, and put the channels last:
#
# | layer $l$ | textbook | PyTorch |
# |---|---|---|
# | side of the kernel, padding, stride | $f^{[l]}$, $p^{[l]}$, $s^{[l]}$ | `kernel_size`, `padding`, `stride` |
# | weights | $f \times f \times n_C^{[l-1]} \times n_C^{[l]}$ | (out, in, kh, kw) |
# | maps of $m$ pictures | $m \times n_H \times n_W \times n_C$ | (N, C, H, W) |

# %%
textbook = conv.weight.permute(2, 3, 1, 0)           # (kh, kw, in, out)
tuple(conv.weight.shape), tuple(textbook.shape)

# %% [markdown]
# On slides you will see weights set by `layer.weight.data = ...`, or by a new
# `nn.Parameter`. They put in the same numbers.

# %%
layer = nn.Conv2d(1, 3, kernel_size=3, bias=False)
layer.weight.data = kernels
layer.weight = nn.Parameter(kernels)
torch.equal(layer.weight, kernels)

# %% [markdown]
# ### All grids at once
#
# The grids of this kind in our sources, computed and compared:

# %%
for example in [
    worked_example("hzdr-5x5"), worked_example("als-5x5"),
    worked_example("vn-6x6"), worked_example("vn-6x6-bias"),
    worked_example("vn-kernel-2x3"), worked_example("vn-practice-conv"),
    worked_example("vn-practice-conv-bias"),
]:
    result = correlate(example.input, example.kernel, example.bias)
    print(example.check(result).title)

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
# | layer | $z = W \star a + b$, then $g(z)$ |
# | shift | input moves, output moves with it |
#
# To read on. LeCun, Bottou, Bengio and Haffner, [Gradient-based learning
# applied to document recognition](https://doi.org/10.1109/5.726791) (1998),
# showed that this kind of net works. Dumoulin and Visin,
# [A guide to convolution arithmetic for deep
# learning](https://arxiv.org/abs/1603.07285) (2016), draw every setting. And
# [nn.Conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html) in PyTorch's documentation.
#
# **Now [exercise 01](../exercises/01_convolution.ipynb).** Then
# [lesson 02](02_padding_and_stride.ipynb): padding and stride.

# %% [markdown]
# # 02 Padding and stride
#
# A kernel eats the border of a picture. Padding gives it back; stride skips
# on purpose. One formula says what size comes out.
#
# **Time:** 45 minutes
#
# **Notation.** Textbooks write $n$ for the input size, $f$ or $k$ for the
# kernel, $p$ for the padding on *each* side and $s$ for the stride. PyTorch
# says `kernel_size`, `padding`, `stride`, `dilation`; each is an int or a
# pair (height, width).
#
# After this lesson you can
#
# 1. predict the output size of any convolution, and derive the formula;
# 2. choose a padding that keeps the size, for odd and for even kernels;
# 3. say what a stride keeps and what it skips.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import arithmetic, explore_sizes, images, plot_convs, plots
from cnnlib import step_conv, worked_example

# %% [markdown]
# ## Why the map shrinks
#
# A kernel of width $k$ must fit into the picture. Its left edge can stand in
# columns $0, 1, \dots, n - k$: that is $n - k + 1$ places.
#
# **Predict.** A 3 x 3 filter on a 4 x 4 map, no padding: how many rows and
# columns come out? (An exam question; take ten seconds.)

# %%
quiz = F.conv2d(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 3, 3))
worked_example("hzdr-quiz-shape").check(quiz.shape[2:])

# %% [markdown]
# And on a larger one: a 5 x 5 kernel on 100 x 100. By hand,
# $100 - 5 + 1 = 96$.

# %%
size = arithmetic.output_size(100, 5)
print(size)
worked_example("hzdr-96").check(size)

# %% [markdown]
# The same with numbers in the cells: 4 x 4, a 3 x 3 kernel, four windows.

# %%
example = worked_example("hzdr-valid")
example

# %% [markdown]
# The top left window by hand, row by row:
# $(3 + 10 + 2) + (8 + 1 + 6) + (6 + 3 + 16) = 15 + 15 + 25 = 55$.

# %%
x, kernel = example.input[None, None], example.kernel[None, None]
example.check(F.conv2d(x, kernel))

# %% [markdown]
# ### Who is seen how often?
#
# Shrinking is not the only loss. A corner pixel lies in a single window, a
# pixel in the middle in $k \cdot k$ of them.
#
# **Predict.** In how many windows of a 3 x 3 kernel lies the pixel *beside*
# the corner, in the top row of a 6 x 6 picture?

# %%
seen = arithmetic.coverage(6, 3)
print("corner:     ", seen[0, 0])
print("next to it: ", seen[0, 1])
print("centre:     ", seen[2, 2])

# %%
plots.plot_coverage(6, 3)

# %% [markdown]
# What lies at the border counts for little. Digits in the middle do not mind;
# a sign at the edge of a photograph does.

# %% [markdown]
# ## Padding: zeros around the picture
#
# Put a frame of zeros, $p$ wide, around the picture. It grows by $2p$ in each
# direction, so $n + 2p - k + 1$ values come out.
#
# The example from above with $p = 1$. The first window now hangs over the
# corner; five of its nine cells are padding. By hand, only the four cells
# inside count: $3 \cdot 1 + 5 \cdot 2 + 4 \cdot 1 + 1 \cdot 2 = 19$.
#
# **Predict.** The size of the result.

# %%
example = worked_example("hzdr-same")
x, kernel = example.input[None, None], example.kernel[None, None]
example.check(F.conv2d(x, kernel, padding=1))

# %% [markdown]
# 4 x 4 again, and in its middle stand the four numbers from before:
# padding adds values, it changes none.

# %%
valid = F.conv2d(x, kernel)
same = F.conv2d(x, kernel, padding=1)
torch.equal(same[..., 1:-1, 1:-1], valid)

# %% [markdown]
# Step through it. Hatched cells are padding: zeros, which add nothing to the
# sum. At which steps do the four numbers from before appear?

# %%
step_conv(example.input, example.kernel, padding=1)

# %% [markdown]
# The bias still comes once per output, whether its window hangs over the
# edge or not.

# %%
def conv2d_of(example):
    """The example's own convolution, as PyTorch computes it."""
    return F.conv2d(
        example.input[None, None], example.kernel[None, None],
        bias=torch.tensor([float(example.bias)]),
        stride=example.stride, padding=example.padding,
    )

# %%
example = worked_example("vn-same")
example.check(conv2d_of(example))

# %% [markdown]
# ### Practice
#
# A 5 x 3 input, padding 1, bias 2. Compute the top left value on paper,
# then run.

# %%
example = worked_example("vn-practice-pad")
example

# %%
example.check(conv2d_of(example))

# %% [markdown]
# ### Rows and columns may differ
#
# Padding can be a pair, (height, width). With (2, 1) a 4 x 4 input becomes
# 8 x 6.
#
# **Predict.** The output size for a 3 x 3 kernel. And what is special about
# the first row of the result?

# %%
rows, columns = arithmetic.output_size((4, 4), 3, padding=(2, 1))
print(rows, columns, sep="\n")

# %%
example = worked_example("vn-pad-2x1")
example.check(conv2d_of(example))

# %% [markdown]
# Windows of the first row touch only one row of the picture, with the
# kernel's bottom row (0, 1, 0): the row is the picture's first, plus the
# bias.

# %% [markdown]
# ## "valid" and "same"
#
# Two paddings have names. **valid** is none: every window is full of real
# pixels. **same** is as much as keeps the size at stride 1. We need
# $n + 2p - k + 1 = n$, so $p = (k - 1) / 2$.
#
# A 51 x 51 kernel on 100 x 100, first without padding, then with
# $p = 50 / 2 = 25$:

# %%
sizes = [arithmetic.output_size(100, 51),
         arithmetic.output_size(100, 51, padding=25)]
print(*sizes, sep="\n")
worked_example("hzdr-sizes-k51").check(sizes)

# %% [markdown]
# What that looks like. An average over 51 x 51 pixels blurs a great deal,
# and zeros around the picture darken its edge.

# %%
photo = images.to_tensor(images.load("flower", height=100, grey=True))
photo = photo[:, :, 25:125]                                  # (1, 100, 100)
average = nn.Conv2d(1, 1, kernel_size=51, padding=25, bias=False)
nn.init.constant_(average.weight, 1 / 51**2)
plot_convs(photo, average, axis=True)

# %%
average.padding = 0
plot_convs(photo, average, axis=True)

# %% [markdown]
# ### Spot the error: "`kernel_size // 2` always keeps the shape"
#
# Lecture notes give this rule for the padding. It holds for 51.
#
# **Predict.** Does it hold for `kernel_size=4`?

# %%
x = torch.zeros(1, 1, 100, 100)
kept = all(
    F.conv2d(x, torch.zeros(1, 1, k, k), padding=k // 2).shape == x.shape
    for k in range(1, 12)
)
worked_example("hzdr-k51-even-claim").check(kept)

# %%
even = arithmetic.output_size(100, 4, padding=4 // 2)
print(even)

# %% [markdown]
# For an even kernel $(k - 1)/2$ is no whole number: 1 on each side is too
# little (99), 2 is too much (101). It also fails for every stride but 1.
#
# Being "same" takes more on one side: for $k = 4$, one row above and two
# below, one column left and two right.

# %%
before, after = map(int, arithmetic.same_padding(4))
print("before:", before, " after:", after)
padded = F.pad(x, (before, after, before, after))
tuple(F.conv2d(padded, torch.zeros(1, 1, 4, 4)).shape)

# %% [markdown]
# `padding="same"` does just that. (For even kernels PyTorch warns that it
# has to copy the picture, as we did; we silence the warning here.)

# %%
import warnings

torch.manual_seed(0)
noise = torch.randn(1, 1, 9, 9)
same = nn.Conv2d(1, 1, kernel_size=4, padding="same")
with warnings.catch_warnings(action="ignore"):
    automatic = same(noise)
by_hand = F.conv2d(F.pad(noise, (1, 2, 1, 2)), same.weight, same.bias)
torch.allclose(automatic, by_hand, atol=1e-6)

# %% [markdown]
# ### With what to fill the frame
#
# Zeros are the usual choice, not the only one. `padding_mode` on a row
# 1 2 3 4, two cells on each side:

# %%
row = torch.tensor([[[1.0, 2, 3, 4]]])
for mode in ["constant", "reflect", "replicate", "circular"]:
    print(f"{mode:10}", F.pad(row, (2, 2), mode=mode).int().flatten().tolist())

# %% [markdown]
# `reflect` mirrors without repeating the edge, `replicate` repeats the edge,
# `circular` goes on at the other side. (`F.pad` says "constant" for zeros,
# `nn.Conv2d` says "zeros".)
#
# **Predict.** Which of them would keep the edge of our blurred flower
# bright?

# %%
reflecting = nn.Conv2d(
    1, 1, 51, padding=25, padding_mode="reflect", bias=False)
nn.init.constant_(reflecting.weight, 1 / 51**2)
with torch.no_grad():
    zeros = F.conv2d(photo[None], average.weight, padding=25)
    reflected = reflecting(photo[None])
plots.plot_images([zeros[0], reflected[0]], ["zeros", "reflect"])

# %%
darker = zeros[..., 0, :].mean() < reflected[..., 0, :].mean()
print("top row darker with zeros:", darker.item())

# %% [markdown]
# ## Stride: skip on purpose
#
# With stride $s$ the window jumps $s$ columns at a time, and $s$ rows at the
# end of a row. First the result with stride 1, then with stride 2:

# %%
example = worked_example("vn-stride1")
every = conv2d_of(example)
example.check(every)

# %%
example = worked_example("vn-stride2")
skipped = conv2d_of(example)
example.check(skipped)

# %% [markdown]
# **Predict.** How are the two related?

# %%
torch.equal(skipped, every[..., ::2, ::2])

# %%
plots.plot_grids(
    [("stride 1", every[0, 0]), ("stride 2", skipped[0, 0])],
    highlight={"stride 1": [(0, 0, 1, 1), (0, 2, 1, 1), (2, 0, 1, 1),
                            (2, 2, 1, 1)]},
)

# %% [markdown]
# A stride computes nothing new. It keeps every second value and saves the
# work for the rest: a quarter of the values, a quarter of the work.

# %% [markdown]
# ### The formula
#
# The left edge of the window stands at $0, s, 2s, \dots$ and must not go
# beyond $n + 2p - k$. So there are
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# places: how often $s$ goes into what is left, and one for the start.
# $\lfloor\;\rfloor$ rounds **down**: a window that does not fit any more is
# left out.
#
# By hand, 25 x 25 kernel, stride 3, on 100 x 100:
# $75 / 3 = 25$, plus 1 gives 26.

# %%
size = arithmetic.output_size(100, 25, stride=3)
print(size)
worked_example("hzdr-size-k25-s3").check(size)

# %% [markdown]
# Our own function, against PyTorch over every setting that fits:

# %%
def output_size(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) // stride + 1

# %%
from itertools import product

settings = [(n, k, s, p) for n, k, s, p in product(
    range(1, 13), range(1, 7), range(1, 6), range(4)) if n + 2 * p >= k]
for n, k, s, p in settings:
    out = F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, k), None, s, p)
    assert out.shape[-1] == output_size(n, k, s, p)
print(len(settings), "settings agree")

# %% [markdown]
# ### Padding and stride together
#
# **Predict.** 5 x 5, 3 x 3 kernel, padding 1, stride 2: how many rows?

# %%
example = worked_example("hzdr-pad1-stride2")
print(arithmetic.output_size(5, 3, stride=2, padding=1))

# %%
step_conv(example.input, example.kernel, stride=2, padding=1)

# %% [markdown]
# The first window, by hand: only $2 \cdot 0 + 2 \cdot 0$ in its middle row
# and $0 \cdot 1 + 1 \cdot 1$ in its last, together 1. *Forward* jumps two
# columns, and two rows at the end of a row.

# %%
example.check(conv2d_of(example))

# %% [markdown]
# A smaller one to do alone: 4 x 4, padding 1, stride 2, bias 1.

# %%
example = worked_example("vn-pad1-stride2")
example

# %%
example.check(conv2d_of(example))

# %% [markdown]
# What does the floor skip here? $(4 + 2 - 3)/2 = 1.5$: the last column of
# padding is never reached, and with it half of a step is lost.

# %%
plots.plot_coverage(4, 3, stride=2, padding=1)

# %% [markdown]
# ### Spot the error: the slide and its own code
#
# A slide shows a 7 x 7 grid, the call `Conv2d(..., stride=(2, 2),
# padding=1)` and a 3 x 3 result.
#
# **Predict.** What size does that call return?

# %%
print(arithmetic.output_size(7, 3, stride=2, padding=1))
example = worked_example("als-pad1-stride2")
example.check(conv2d_of(example))

# %% [markdown]
# The printed numbers are right for another stride: 3.

# %%
example = worked_example("als-pad1-stride3")
example.check(conv2d_of(example))

# %% [markdown]
# ### Spot the error: a row is missing
#
# The practice grid from above, 5 x 3 with padding 1 and bias 2, now with
# stride 2. A slide prints two rows.
#
# **Predict.** How many are there?

# %%
rows, columns = arithmetic.output_size((5, 3), 3, stride=2, padding=1)
print(rows, columns, sep="\n")
example = worked_example("vn-practice-pad-stride2")
example.check(conv2d_of(example))

# %% [markdown]
# ## Dilation: a kernel with holes
#
# With dilation $d$ the kernel's cells lie $d$ apart. Three cells with one
# gap between each two reach over 5 pixels; in general over
# $d (k - 1) + 1$. That reach takes the place of $k$ in the formula:
#
# $$\left\lfloor \frac{n + 2p - d(k - 1) - 1}{s} \right\rfloor + 1$$

# %%
wide = arithmetic.output_size(32, 3, stride=2, padding=1, dilation=2)
print(wide)
dilated = nn.Conv2d(1, 1, 3, stride=2, padding=1, dilation=2)
assert dilated(torch.zeros(1, 1, 32, 32)).shape[-1] == wide

# %% [markdown]
# On the 6 x 6 grid of lesson 01, dilation 2. The window reaches over 5 cells,
# so it has 2 places in each direction.
#
# **Predict.** The last number, from rows and columns 1, 3 and 5 only.

# %%
grid = worked_example("vn-6x6")
step_conv(grid.input, grid.kernel, dilation=2)

# %% [markdown]
# Nine weights as before, but a wider view. The same as a 5 x 5 kernel in
# which 16 cells are zero:

# %%
torch.manual_seed(0)
x, kernel = torch.randn(1, 1, 9, 9), torch.randn(1, 1, 3, 3)
spread = torch.zeros(1, 1, 5, 5)
spread[..., ::2, ::2] = kernel
torch.allclose(F.conv2d(x, kernel, dilation=2), F.conv2d(x, spread), atol=1e-6)

# %% [markdown]
# ### All of it, side by side
#
# Two settings and what each does to one axis: the formula with its numbers,
# the windows, the cells that no window touches, and how often each pixel is
# seen.
#
# **Predict.** Change one number of A, kernel, stride or dilation, so that a
# 7 x 7 input becomes 3 x 3. There are three ways; find them all.

# %%
explore_sizes()

# %%
ways = [{"kernel_size": 5}, {"stride": 2}, {"dilation": 2}]
for way in ways:
    setting = {"size": 7, "kernel_size": 3} | way
    print(way, "gives", arithmetic.output_size(**setting))

# %% [markdown]
# ## When it breaks
#
# A small picture, a large kernel, no padding:

# %%
try:
    nn.Conv2d(1, 1, kernel_size=5)(torch.zeros(1, 1, 4, 4))
except RuntimeError as error:
    print(str(error).splitlines()[0])

# %% [markdown]
# *Kernel size can't be greater than actual input size*: the formula would
# give $4 - 5 + 1 = 0$. It happens deep inside nets, where the maps have
# become small. Fixes: padding, a smaller kernel, or fewer strides before.

# %%
tuple(nn.Conv2d(1, 1, kernel_size=5, padding=2)(torch.zeros(1, 1, 4, 4)).shape)

# %% [markdown]
# A second one: "same" and a stride contradict each other, and PyTorch says so.

# %%
try:
    nn.Conv2d(1, 1, kernel_size=3, stride=2, padding="same")
except ValueError as error:
    print(error)

# %% [markdown]
# ## What to remember
#
# 1. **Output size.** $\lfloor (n + 2p - k)/s \rfloor + 1$ in each direction:
#    what is left after the kernel, in steps of $s$, plus the start. With
#    dilation, $d(k - 1) + 1$ stands for $k$.
# 2. **Keeping the size.** Stride 1 and $p = (k - 1)/2$ for odd kernels;
#    even kernels need one more on one side: `padding="same"`.
# 3. **Stride** keeps every $s$-th value of what stride 1 would give, and
#    skips the rest of the work.
#
# | card | |
# |---|---|
# | valid | no padding, $n - k + 1$ |
# | same | $n$ stays $n$ at stride 1 |
# | rounding | down: a window that does not fit is left out |
# | border | without padding a corner is seen once, the centre $k^2$ times |
# | `padding=(2, 1)` | 2 rows above *and* below, 1 column left *and* right |
#
# Next: pooling, the other way to make maps smaller.

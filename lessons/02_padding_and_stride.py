# %% [markdown]
# # 02 Padding and stride
#
# A kernel eats the border of a picture. Padding gives it back; stride skips
# on purpose. One formula says what size comes out.
#
# **Time:** 60 minutes

# %% [markdown]
# Windows on a grid, and the size of what comes out. A has seven columns and
# gives five numbers in each row. Where have two of them gone? And how would
# you get them back?
#
# **Try.** Change B until it gives as many columns as it takes in.

# %% tags=["folded"]
from cnnlib import explore_sizes

explore_sizes(right={"size": 8, "stride": 2})

# %% [markdown]
# After this lesson you can
#
# 1. predict the output size of any convolution, and derive the formula;
# 2. choose a padding that keeps the size, for odd and for even kernels;
# 3. say what a stride keeps and what it skips.
#
# **Notation.** Textbooks write $n$ for the input size and $f$ or $k$ for the
# kernel. $p$ is the padding on *each* side, $s$ the stride. PyTorch says
# `kernel_size`, `padding`, `stride`, `dilation`; each is an int or a pair
# (height, width).

# %%
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import arithmetic, explore_sizes, images, plots
from cnnlib import step_conv, worked_example

# %% [markdown]
# ## Why the map shrinks
#
# A kernel of width $k$ must fit into the picture. Its left edge can stand in
# columns $0, 1, \dots, n - k$: that is $n - k + 1$ places.
#
# **Predict.** A 3 x 3 kernel on a 4 x 4 map, no padding: how many rows and
# columns come out? (An exam question.)

# %%
quiz = F.conv2d(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 3, 3))
worked_example("hzdr-quiz-shape").check(quiz.shape[2:])

# %% [markdown]
# On a larger one, a 5 x 5 kernel on 100 x 100, by hand:
# $100 - 5 + 1 = 96$.

# %%
worked_example("hzdr-96").check(arithmetic.output_size(100, 5))

# %% [markdown]
# And 4 x 4 again, now with numbers in the cells:

# %%
example = worked_example("hzdr-valid")
example

# %% [markdown]
# The top left window by hand, row by row:
# $(3 + 10 + 2) + (8 + 1 + 6) + (6 + 3 + 16) = 15 + 15 + 25 = 55$.
#
# **Predict.** The number to the right of the 55: row 0, column 1 of the
# result.

# %%
example.predict(0, 1)

# %%
x, kernel = example.input[None, None], example.kernel[None, None]
example.check(F.conv2d(x, kernel))

# %% [markdown]
# ### Who is seen how often?
#
# Shrinking is not the only loss. A corner pixel lies in a single window. A
# pixel in the middle lies in $k \cdot k$ of them, if the picture is large
# enough. (A window of 51 has only 50 x 50 places on a picture of 100.)
#
# **Predict.** A 3 x 3 kernel on a 6 x 6 picture: take the pixel in the top
# row, *beside* the corner. In how many windows does it lie?

# %%
plots.plot_coverage(6, 3)

# %% [markdown]
# Each number says how many windows see that pixel. No pixel is left out,
# however large the kernel is:

# %%
seen = arithmetic.coverage(100, 51)
print("windows that see a pixel:", seen.min(), "to", seen.max())

# %% [markdown]
# But what lies at the border counts for little. Digits in the middle do not
# mind; a sign at the edge of a photograph does.

# %% [markdown]
# ## Padding: zeros around the picture
#
# Put a frame of zeros, $p$ wide, around the picture. It grows by $2p$ in each
# direction, so $n + 2p - k + 1$ values come out.
#
# `F.pad` lays such a frame around a tensor. Its four numbers are
# (left, right, top, bottom): the *last* axis comes first.

# %%
framed = F.pad(example.input, (1, 1, 1, 1))                  # (6, 6)
plots.plot_grids(
    [("4 x 4 with padding 1", framed, {"padding": 1}),
     ("kernel", example.kernel)],
    highlight={"4 x 4 with padding 1": (0, 0, 3, 3)},
)

# %% [markdown]
# Hatched cells are padding. Five of the nine cells of the first window
# (boxed) are zeros; only the other four count:
# $3 \cdot 1 + 5 \cdot 2 + 4 \cdot 1 + 1 \cdot 2 = 19$. The result has
# $4 + 2 - 3 + 1 = 4$ rows and columns.

# %%
size = arithmetic.output_size((4, 4), 3, padding=1)
worked_example("hzdr-size-4x4-p1").check(size)

# %%
same = F.conv2d(x, kernel, padding=1)
worked_example("hzdr-same").check(same)

# %% [markdown]
# In the middle stand the four numbers from before: padding adds values, it
# changes none.

# %%
torch.equal(same[..., 1:-1, 1:-1], F.conv2d(x, kernel))

# %% [markdown]
# ### Padding and a bias
#
# The bias comes once per output, also where its window hangs over the edge.
# A second grid, with a bias of 1:

# %%
example = worked_example("vn-same")
example

# %% [markdown]
# The next examples bring their own bias, padding and stride. This function
# gives them to PyTorch:

# %%
def conv2d_of(example):
    """The example's own convolution, as PyTorch computes it."""
    return F.conv2d(
        example.input[None, None], example.kernel[None, None],
        bias=torch.tensor([example.bias]),
        stride=example.stride, padding=example.padding,
    )

# %%
example.check(conv2d_of(example))

# %% [markdown]
# ### Practice: a grid that is not square
#
# A 5 x 3 input, padding 1, bias 2.

# %%
example = worked_example("vn-practice-pad")
example

# %% [markdown]
# **Predict.** The middle number of the result's top row.

# %%
example.predict(0, 1)

# %% [markdown]
# PyTorch's result and the lecture's are the same. It is not printed here:
# exercise 02 takes the same grid.

# %%
print(example.check(conv2d_of(example)).title)

# %% [markdown]
# ### Rows and columns may differ
#
# Padding can be a pair, (height, width). With (2, 1) the 4 x 4 grid with the
# bias becomes 8 x 6. It gets two rows above and below, one column left and
# right.

# %%
example = worked_example("vn-pad-2x1")
framed = F.pad(example.input, (1, 1, 2, 2))                  # (8, 6)
plots.plot_grids(
    [("padding (2, 1)", framed, {"padding": (2, 1)}),
     ("kernel", example.kernel)],
    highlight={"padding (2, 1)": (0, 0, 3, 3)},
)

# %% [markdown]
# By hand: the window reaches the picture with its bottom row only, and there
# the kernel has (0, 1, 0). So $2 \cdot 1 = 2$, and the bias of 1 makes it 3.
#
# **Predict.** How many rows and columns has the result? And what are the
# other numbers of its first row?

# %%
example.check(conv2d_of(example))

# %% [markdown]
# ## "valid" and "same"
#
# Two paddings have names. **valid** is none: every window is full of real
# pixels. **same** is as much as keeps the size at stride 1. We need
# $n + 2p - k + 1 = n$, so $p = (k - 1) / 2$.
#
# A 41 x 41 kernel on a photograph of 120 x 180: without padding
# $120 - 41 + 1 = 80$ rows are left, with $p = 40/2 = 20$ all 120. The kernel
# below takes the average of 41 x 41 pixels: `torch.full` gives each weight the
# same value. (A single picture may come without batch axis, as (C, H, W).)

# %%
photo = images.to_tensor(images.load("china", height=120, grey=True))
photo = photo[:, :, :180]                                    # (1, 120, 180)
average = torch.full((1, 1, 41, 41), 1 / 41**2)
blurred = F.conv2d(photo, average)                           # (1, 80, 140)
padded = F.conv2d(photo, average, padding=20)                # (1, 120, 180)

# %% [markdown]
# The smaller result is laid on a white page, so that all three are drawn to
# the same scale.

# %%
def on_page(picture):
    """Lay a picture (1, H, W) in the corner of a white page of 120 x 180."""
    page = torch.ones(1, 120, 180)
    page[:, :picture.shape[1], :picture.shape[2]] = picture
    return page


plots.plot_images(
    [photo, on_page(blurred), padded], ["photograph", "valid", "same"])

# %% [markdown]
# "same" keeps the size, but its edge is dark: there the average takes in the
# zeros of the frame.

# %% [markdown]
# ### Why kernels are odd
#
# Nearly all kernels are 3 x 3, 5 x 5 or 7 x 7. An odd kernel has a centre
# pixel, with as many cells on its left as on its right. So each output
# belongs to one input pixel, and the frame is as wide on both sides.
#
# A row with a single 6, padding 1, and kernels of ones:

# %%
row = torch.tensor([[0.0, 0, 6, 0, 0]])              # (channel, length)
odd = F.conv1d(row, torch.ones(1, 1, 3), padding=1)
even = F.conv1d(row, torch.ones(1, 1, 2), padding=1)
plots.plot_grids([("row", row), ("kernel of 3", odd), ("kernel of 2", even)])

# %% [markdown]
# The odd kernel spreads the 6 to both sides, and five cells stay five. The
# even one gives six cells, and none of them is the middle.
#
# ### Even kernels
#
# You will meet the rule "`padding=kernel_size // 2` keeps the size".
#
# **Predict.** A 4 x 4 kernel on 100 x 100, with this padding: how many rows
# come out?

# %%
print(arithmetic.output_size(100, 4, padding=4 // 2))

# %% [markdown]
# For an even kernel $(k - 1)/2$ is no whole number. For $k = 4$ it is 1.5: so
# 1 on each side is too little, and 2 is too much. The rule holds for odd
# kernels, and only with stride 1.
#
# Being "same" takes more on one side. For $k = 4$: one column left and two
# right, one row above and two below. `padding="same"` does just that.
# (PyTorch warns that it has to copy the picture for it; the cell hides that.)

# %%
import warnings

torch.manual_seed(0)
noise, kernel = torch.randn(1, 1, 9, 9), torch.randn(1, 1, 4, 4)
with warnings.catch_warnings(action="ignore"):
    automatic = F.conv2d(noise, kernel, padding="same")
framed = F.pad(noise, (1, 2, 1, 2))     # left 1, right 2, top 1, bottom 2
by_hand = F.conv2d(framed, kernel)
print(tuple(by_hand.shape), torch.allclose(automatic, by_hand, atol=1e-5))

# %% [markdown]
# ### With what to fill the frame
#
# Zeros are the usual choice, not the only one. `reflect` mirrors without
# repeating the edge, `replicate` repeats the edge, `circular` goes on at the
# other side.
#
# **Predict.** A row 1 2 3 4 and two cells on each side: what does each of the
# three make of it?

# %%
row = torch.tensor([[[1.0, 2, 3, 4]]])                       # (N, C, L)
for mode in ["constant", "reflect", "replicate", "circular"]:
    print(f"{mode:10}", F.pad(row, (2, 2), mode=mode).int().flatten().tolist())

# %% [markdown]
# (`F.pad` says "constant" for zeros. In a layer you write
# `nn.Conv2d(..., padding_mode="reflect")`.) The blurred photograph with both:

# %%
mirrored = F.pad(photo, (20, 20, 20, 20), mode="reflect")    # (1, 160, 220)
reflected = F.conv2d(mirrored, average)                      # (1, 120, 180)
assert padded[:, 0].mean() < 0.7 * reflected[:, 0].mean()
plots.plot_images([padded, reflected], ["zeros", "reflect"])

# %% [markdown]
# With a mirror the sky stays bright up to the edge.

# %% [markdown]
# ## Stride: skip on purpose
#
# With stride $s$ the window jumps $s$ columns at a time, and $s$ rows at the
# end of a row. First a grid with stride 1:

# %%
example = worked_example("vn-stride1")
example

# %%
every = conv2d_of(example)
example.check(every)

# %% [markdown]
# The same input, kernel and bias, now with stride 2.
#
# **Predict.** Four of these 16 numbers come out. Which?

# %%
example = worked_example("vn-stride2")
skipped = conv2d_of(example)
example.check(skipped)

# %%
assert torch.equal(skipped, every[..., ::2, ::2])
plots.plot_grids(
    [("stride 1", every[0, 0]), ("stride 2", skipped[0, 0])],
    highlight={"stride 1": [(0, 0, 1, 1), (0, 2, 1, 1), (2, 0, 1, 1),
                            (2, 2, 1, 1)]},
)

# %% [markdown]
# A stride computes nothing new. It keeps every second value in both
# directions: a quarter of the values, a quarter of the work.

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
# By hand, a 25 x 25 kernel with stride 3 on our photograph. Rows:
# $(120 - 25)/3 = 31.67$, down to 31, and 1 makes 32. Columns:
# $(180 - 25)/3 = 51.67$, so 52.

# %%
average = torch.full((1, 1, 25, 25), 1 / 25**2)
whole = F.conv2d(photo, average)                             # (1, 96, 156)
strided = F.conv2d(photo, average, stride=3)                 # (1, 32, 52)
plots.plot_images([photo, on_page(whole), on_page(strided)],
                  ["photograph", "25 x 25, stride 1", "25 x 25, stride 3"])

# %% [markdown]
# One ninth of the numbers, and it shows the same: neighbours in the middle
# picture are almost alike.
#
# A lecture has such kernels on 100 x 100. Exercise 02 asks for the sizes, so
# this cell only says that the formula gives the lecture's.

# %%
sizes = [arithmetic.output_size(100, 51),
         arithmetic.output_size(100, 51, padding=25)]
print(worked_example("hzdr-sizes-k51").check(sizes).title)
strided = arithmetic.output_size(100, 25, stride=3)
print(worked_example("hzdr-size-k25-s3").check(strided).title)

# %% [markdown]
# ### Counted, one by one
#
# A check on the formula: our own function counts the places of the window,
# and PyTorch counts its outputs. (You need not follow the second cell line by
# line: it tries all small settings.)

# %%
def count_places(n, kernel, stride, padding):
    """How many places a window has along one axis, by trying each."""
    left, places = -padding, 0
    while left + kernel <= n + padding:
        places += 1
        left += stride
    return places

# %%
from itertools import product

settings = [(n, k, s, p) for n, k, s, p in product(
    range(1, 13), range(1, 7), range(1, 6), range(4)) if n + 2 * p >= k]
for n, k, s, p in settings:
    out = F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, k),
                   stride=s, padding=p)                      # (N, C, L)
    formula = arithmetic.output_size(n, k, stride=s, padding=p)
    assert out.shape[-1] == formula == count_places(n, k, s, p)
print(len(settings), "settings: all three agree")

# %% [markdown]
# ### Padding and stride together
#
# A small grid, padding 1, stride 2, bias 1:

# %%
example = worked_example("vn-pad1-stride2")
framed = F.pad(example.input, (1, 1, 1, 1))                  # (6, 6)
plots.plot_grids(
    [("padding 1", framed, {"padding": 1}), ("kernel", example.kernel)],
    highlight={"padding 1": [(0, 0, 3, 3), (2, 2, 3, 3)]},
)

# %% [markdown]
# The boxes are the first and the last window. $(4 + 2 - 3)/2 = 1.5$, rounded
# down to 1, so 2 places in each direction. A third window would need a
# column more than there is. (Some slides print the formula with brackets
# that round *up*. That would be 3, and count a window that sticks out.)
#
# **Predict.** The lower left number of the result.

# %%
example.predict(1, 0)

# %%
example.check(conv2d_of(example))

# %% [markdown]
# ### Spot the error: the most copied convolution animation
#
# Tutorials, lectures and documentation all over the world use one collection
# of animations. This is in it: 5 x 5, padding 1, stride 2.

# %%
example = worked_example("hzdr-pad1-stride2")
example

# %% [markdown]
# The 1 at the top left is right: $0 \cdot 1 + 1 \cdot 1$ in the last row of
# the first window, and $2 \cdot 0 + 2 \cdot 0$ above it.
#
# **Predict.** The animation prints a 6 beside it. What do you get? (The last
# of these cells has all nine windows to step through.)

# %%
example.predict(0, 1)

# %%
example.check(conv2d_of(example))

# %%
step_conv(example.input, example.kernel, stride=2, padding=1)

# %% [markdown]
# So compute what you copy. All errors that we found in our sources are on the
# errata page, `docs/errata.md`.
#
# ### Padding so that a stride fits
#
# Where the division leaves a remainder, pixels at the edge may be in no
# window. With a kernel of 3 and stride 2, $(7 - 3)/2 = 2$ is whole,
# $(8 - 3)/2 = 2.5$ is not.

# %%
print("windows that see the last pixel")
for n in (7, 8):
    seen = arithmetic.coverage(n, 3, stride=2)
    print(f"of {n} x {n}:", seen[-1, -1])

# %% [markdown]
# A column of zeros on the right and a row below: $(9 - 3)/2 = 3$ whole steps.

# %%
x, kernel = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 3, 3)
larger = F.pad(x, (0, 1, 0, 1))         # right 1, bottom 1
print("8 x 8:", tuple(F.conv2d(x, kernel, stride=2).shape))
print("9 x 9:", tuple(F.conv2d(larger, kernel, stride=2).shape))

# %% [markdown]
# Padding on both sides can do it, too. 7 x 7 with padding 1 and stride 3:
# $(7 + 2 - 3)/3 = 2$. The result is 3 x 3, as with stride 2 and no padding.

# %%
example = worked_example("als-pad1-stride3")
example

# %%
example.check(conv2d_of(example))

# %% [markdown]
# ### What to choose in a net?
#
# A convolution is there to find things, not to shrink the map. So in most nets
# nearly every kernel is 3 x 3 with padding 1, which is "same". A stride of 2
# makes a map half as large. You meet it in the first layer for large
# photographs, and in place of pooling (lesson 03).

# %% [markdown]
# ## Dilation: a kernel with holes
#
# A 3 x 3 kernel sees little. Dilation lets it see further for the same nine
# weights: its cells lie $d$ apart. Three cells with one gap between each two
# reach over 5 pixels, in general over $d (k - 1) + 1$. That reach takes the
# place of $k$ in the formula:
#
# $$\left\lfloor \frac{n + 2p - d(k - 1) - 1}{s} \right\rfloor + 1$$
#
# It is used where every pixel needs an answer ("road or car?"): the map may
# not shrink, but far neighbours matter.

# %%
wide = arithmetic.output_size(20, 3, stride=2, padding=1, dilation=2)
print(wide)
dilated = nn.Conv2d(1, 1, 3, stride=2, padding=1, dilation=2)
assert dilated(torch.zeros(1, 1, 20, 20)).shape[-1] == wide

# %% [markdown]
# On a 6 x 6 grid with dilation 2 the window reaches over 5 cells, so it has
# 2 places in each direction. Press *Predict* first, then go on to step 4. That
# number comes from rows and columns 1, 3 and 5 only.

# %%
grid = worked_example("vn-6x6")
step_conv(grid.input, grid.kernel, dilation=2)

# %% [markdown]
# ## All of it, side by side
#
# Two settings, and what each does to one axis. You see the formula with its
# numbers, the windows, the cells that no window touches, and how often each
# pixel is seen.

# %%
explore_sizes(right={"size": 8, "stride": 2})

# %% [markdown]
# **Predict.** Change one number of A, kernel, stride or dilation, so that a
# 7 x 7 input becomes 3 x 3. There are three ways; find them all.

# %%
for n in (1, 2, 3, 4, 5, 6):
    print(n, "as kernel:", arithmetic.output_size(7, n),
          " as stride:", arithmetic.output_size(7, 3, stride=n))
for n in (1, 2, 3):
    print(n, "as dilation:", arithmetic.output_size(7, 3, dilation=n))

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
#
# A second one: "same" and a stride contradict each other.

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
# | valid, same | no padding, $n - k + 1$; $n$ stays $n$ at stride 1 |
# | rounding | down: a window that does not fit is left out |
# | border | without padding a corner is seen once, the middle of a large picture $k^2$ times |
# | `padding=(2, 1)` | 2 rows above *and* below, 1 column left *and* right |
# | `F.pad(x, (1, 2, 3, 4))` | left 1, right 2, top 3, bottom 4 |
#
# **Now [exercise 02](../exercises/02_padding_and_stride.ipynb).** Then
# [lesson 03](03_pooling.ipynb): pooling, the other way to make maps smaller.

# %% [markdown]
# # 03 Pooling
#
# Pooling replaces every window of a map by one number: its largest, its mean
# or its smallest. The map gets smaller, and nothing has to be learned.
#
# **Time:** 40 minutes
#
# **Notation.** Textbooks pool a map of width $n$ with a window of side $f$,
# stride $s$ and padding $p$, and call the number of channels $n_C$. PyTorch
# says `kernel_size`, `stride`, `padding`, and writes a batch of maps as
# `(N, C, H, W)`. Sizes are height x width.
#
# After this lesson you can
#
# 1. pool by hand with any window and stride, and say the size of the result;
# 2. say what pooling keeps, what it loses, and how that differs from a stride;
# 3. flatten a batch for a `Linear` layer without mixing up the pictures.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import arithmetic, images, plots, step_pool, worked_example

# %% [markdown]
# ## One window, one number
#
# Cut a 6 x 6 map into windows of 2 x 2. **Max pooling** keeps the largest
# number of each.

# %%
example = worked_example("vn-max-2")
x = example.input
example

# %% [markdown]
# By hand, along the top two rows:
#
# - columns 0, 1: $\max(3, 2, 0, 3) = 3$
# - columns 2, 3: $\max(1, 0, 3, 1) = 3$
# - columns 4, 5: $\max(0, 3, 1, 0) = 3$
#
# **Predict.** The three numbers that the middle two rows give.

# %%
windows = [x[2:4, 0:2], x[2:4, 2:4], x[2:4, 4:6]]
[int(window.max()) for window in windows]

# %% [markdown]
# Window by window, all nine: the box moves by its own width, so no cell is
# seen twice. *Predict* hides the numbers that you have not typed yet.

# %%
step_pool(x, 2)

# %% [markdown]
# ### Our own loop
#
# Two loops walk over the windows that fit. What is done with a window is an
# argument: `torch.max`, `torch.mean` or `torch.min`.

# %%
def pool2d(image, window, stride=None, reduce=torch.max):
    """(H, W) -> reduce(window) for every window that fits, (H', W')"""
    h, w = window
    down, right = window if stride is None else stride
    rows = range(0, image.shape[0] - h + 1, down)
    columns = range(0, image.shape[1] - w + 1, right)
    return torch.stack([
        torch.stack([reduce(image[i:i+h, j:j+w]) for j in columns])
        for i in rows])

# %%
example.check(pool2d(x, (2, 2)))

# %% [markdown]
# PyTorch has it ready. It wants a channel axis in front, `(C, H, W)`, or a
# batch `(N, C, H, W)`.

# %%
ours = pool2d(x, (2, 2))
theirs = F.max_pool2d(x[None, None], kernel_size=2)
torch.equal(ours, theirs[0, 0])

# %% [markdown]
# ## The stride is the window, unless you say otherwise
#
# A convolution moves on by 1 unless told. Pooling moves on by a whole window.
#
# **Predict.** Both take 2 x 2 windows of a 6 x 6 map. How large are the
# results?

# %%
conv, pool = nn.Conv2d(1, 1, kernel_size=2), nn.MaxPool2d(kernel_size=2)
print("convolution:", tuple(conv(x[None, None]).shape))
print("pooling:    ", tuple(pool(x[None, None]).shape))

# %% [markdown]
# The formula of lesson 02, $\lfloor (n + 2p - f)/s \rfloor + 1$, holds for
# both; only the default of $s$ differs.

# %%
print(arithmetic.output_size(6, 2))
print(arithmetic.pool_output_size(6, 2))

# %% [markdown]
# ### A stride of its own for each axis
#
# **Predict.** Window 2 x 2, stride (1, 2): one row down, two columns right.
# How many rows and columns has the result?

# %%
rows, columns = arithmetic.pool_output_size((6, 6), 2, stride=(1, 2))
print(rows, columns, sep="\n")

# %%
example = worked_example("vn-max-2-stride-1x2")
result = pool2d(example.input, (2, 2), stride=(1, 2))
boxes = {"first": (0, 0, 2, 2), "to the right": (0, 2, 2, 2),
         "below": (1, 0, 2, 2)}
panels = [(name, example.input) for name in boxes]
plots.plot_grids([*panels, ("result", result)], highlight=boxes)

# %% [markdown]
# To the right the windows stand side by side; downwards they overlap by a
# row.

# %%
example.check(result)

# %% [markdown]
# ### Overlapping windows
#
# With a stride smaller than the window, neighbours share cells.
# Window 3, stride 1, on a 5 x 5 map:

# %%
example = worked_example("glasgow-max-5x5")
result = pool2d(example.input, (3, 3), stride=(1, 1))
step_pool(example.input, 3, stride=1)

# %% [markdown]
# The upper 9 lies in four of the nine windows, so it appears four times.
#
# **Predict.** The slide that this grid comes from prints the same nine
# numbers, but its caption says $f = 2$, $s = 2$. What would that give?

# %%
pool2d(example.input, (2, 2))

# %% [markdown]
# A 2 x 2 result: a third window would stick out, so the last row and column
# are left out. The printed 3 x 3 grid is right, the caption is not.

# %%
example.check(result)

# %% [markdown]
# When a grid and its caption disagree, the size formula tells which to
# doubt. Overlapping pooling is in use: AlexNet (lesson 06) has windows of 3
# with stride 2.

# %% [markdown]
# ## Average and minimum
#
# **Average pooling** keeps the mean. By hand for the first window of this
# 4 x 4 map: $(2 + 2 + 9 + 4)/4 = 17/4 = 4.25$.

# %%
example = worked_example("glasgow-avg-4x4")
example

# %% [markdown]
# **Predict.** The three other means.

# %%
result = pool2d(example.input, (2, 2), reduce=torch.mean)
result

# %%
example.check(result)

# %%
theirs = F.avg_pool2d(example.input[None, None], kernel_size=2)
torch.equal(result, theirs[0, 0])

# %% [markdown]
# A mean is a weighted sum with equal weights. So average pooling is a
# convolution with fixed weights $1/4$ and stride 2.

# %%
weight = torch.full((1, 1, 2, 2), 1 / 4)
as_conv = F.conv2d(example.input[None, None], weight, stride=2)
torch.equal(theirs, as_conv)

# %% [markdown]
# Max pooling is no convolution. The mean of a sum is the sum of the means;
# the maximum of a sum need not be the sum of the maxima.

# %%
a, b = torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.0, 1.0]]])
print("maximum of the sum:", F.max_pool1d(a + b, 2).item())
print("sum of the maxima: ", (F.max_pool1d(a, 2) + F.max_pool1d(b, 2)).item())

# %% [markdown]
# ### A window of 3 x 2
#
# **Predict.** A 6 x 6 map, window 3 high and 2 wide, stride 2 both ways.
# Which size, and is every row seen?

# %%
example = worked_example("vn-avg-3x2")
result = pool2d(example.input, (3, 2), stride=(2, 2), reduce=torch.mean)
step_pool(example.input, (3, 2), "avg", stride=2)

# %% [markdown]
# Row 2 is in both windows of its column, row 5 is in none.
# By hand for row 1, column 0 of the result:
# $(3 + 1 + 2 + 4 + 1 + 0)/6 = 11/6 \approx 1.8333$.

# %%
example.check(result)

# %% [markdown]
# ### The minimum
#
# PyTorch has no min pooling, and needs none: the smallest number is the one
# whose negative is largest, $\min(a) = -\max(-a)$.
#
# **Predict.** $-\max(-4, -1, -6)$.

# %%
x = torch.tensor([[4.0, 1.0, 6.0]])                          # (C, L)
print(-F.max_pool1d(-x, kernel_size=3).item())

# %% [markdown]
# ### Padding
#
# Pooling can pad, too. Average pooling adds zeros and counts them as cells.
#
# **Predict.** Max pooling pads with something else. With zeros, what would
# become of a map of negative numbers?

# %%
x = -torch.ones(1, 2, 2)                                     # (C, H, W)
print("max pooling:    ", F.max_pool2d(x, 2, padding=1).tolist())
print("average pooling:", F.avg_pool2d(x, 2, padding=1).tolist())

# %%
plots.plot_grids([
    ("for the maximum", F.pad(x, (1, 1, 1, 1), value=-torch.inf),
     {"padding": 1}),
    ("for the mean", F.pad(x, (1, 1, 1, 1), value=0), {"padding": 1}),
])

# %% [markdown]
# Zeros would win every window. So max pooling pads with $-\infty$, and for
# the same reason a loop of your own must not start its search at 0.
# The mean takes one $-1$ and three zeros: $-1/4$.

# %% [markdown]
# ## Spot the error: three quick ones
#
# A slide deck asks for the maximum, the minimum and the mean of a 5 x 5 map,
# window 2, stride 2. Do all twelve numbers on paper first.

# %%
example = worked_example("vn-quick-max")
x = example.input
example

# %%
largest = pool2d(x, (2, 2))
smallest = -F.max_pool2d(-x[None], kernel_size=2)[0]
mean = pool2d(x, (2, 2), reduce=torch.mean)
assert torch.equal(smallest, pool2d(x, (2, 2), reduce=torch.min))
plots.plot_grids([("maximum", largest), ("minimum", smallest), ("mean", mean)])

# %% [markdown]
# The slides agree about the maximum.

# %%
example.check(largest)

# %% [markdown]
# But not about the other two.

# %%
worked_example("vn-quick-min").check(smallest)

# %%
worked_example("vn-quick-avg").check(mean)

# %% [markdown]
# What happened? Both slips are in the lower windows. Put these one row too
# low, on rows 3 and 4 instead of 2 and 3.
#
# **Predict.** Which of the three results changes?

# %%
too_low = x[3:5, 0:4]
for reduce in (torch.max, torch.min, torch.mean):
    print(reduce.__name__, pool2d(too_low, (2, 2), reduce=reduce).tolist())

# %% [markdown]
# The minimum becomes the printed $-1$ and $0$. The means become 2.75 and 1.5,
# and cut to whole numbers these are the printed 2 and 1. The maximum stays
# the same: an example that cannot tell right from wrong.

# %% [markdown]
# ## In one dimension
#
# A row of numbers has windows, too. `F.max_pool1d` takes `(C, L)` and treats
# every row as a channel: it pools each by itself.
#
# By hand for the first row: $\max(3, 2, 1) = 3$, $\max(0, 0, 3) = 3$.

# %%
example = worked_example("vn-max1d-3")
x = example.input                                            # (C, L)
largest, mean = F.max_pool1d(x, 3), F.avg_pool1d(x, 3)
plots.plot_grids(
    [("input", x), ("maximum", largest), ("mean", mean)],
    highlight={"input": [(0, 0, 1, 3), (0, 3, 1, 3)]},
)

# %%
example.check(largest)

# %%
worked_example("vn-avg1d-3").check(mean)

# %% [markdown]
# **Predict.** Which 2-D window does the same?

# %%
torch.equal(largest, pool2d(x, (1, 3)))

# %% [markdown]
# ## Convolve, then pool
#
# In a net pooling follows a convolution. On paper first: a 5 x 3 map, a 3 x 2
# kernel, a bias of 1, then max pooling with a 1 x 2 window.

# %%
example = worked_example("vn-practice-conv-pool")
example

# %%
inputs = example.input[None, None]                           # (1, 1, 5, 3)
kernel = example.kernel[None, None]                          # (1, 1, 3, 2)
maps = F.conv2d(inputs, kernel, bias=torch.tensor([1.0]))    # (1, 1, 3, 2)
example.check(maps[0, 0])

# %%
pooled = F.max_pool2d(maps, kernel_size=(1, 2))              # (1, 1, 3, 1)
assert pooled.flatten().tolist() == [10, 8, 6]
plots.plot_grids([("after the convolution", maps[0, 0]),
                  ("after pooling", pooled[0, 0])])

# %% [markdown]
# ### ReLU before or after?
#
# **Predict.** Does it matter whether ReLU comes before or after max pooling?
# And average pooling?

# %%
torch.manual_seed(0)
z = torch.randn(1, 1, 8, 8)
for pool in (F.max_pool2d, F.avg_pool2d):
    same = torch.equal(torch.relu(pool(z, 2)), pool(torch.relu(z), 2))
    print(pool.__name__, same)

# %% [markdown]
# ReLU never swaps the order of two numbers: the largest stays the largest,
# before or after. A mean of both signs cancels if ReLU comes too late.

# %% [markdown]
# ## Spot the error: the grey-scale digit
#
# A hand-written digit of 7 x 7 pixels, a vertical edge kernel, then pooling.
# First pool the digit itself.

# %%
example = worked_example("vn-practice-gray-maxpool")
digit = example.input
plots.plot_grids(
    [("the digit", digit), ("after max pooling", pool2d(digit, (2, 2)))]
)

# %%
example.check(pool2d(digit, (2, 2)))

# %% [markdown]
# Now the convolution, left column minus right column of each window.
# By hand for the window in rows and columns 1 to 3:
# $(0 + 30 + 191) - (43 + 230 + 0) = 221 - 273 = -52$.

# %%
example = worked_example("vn-practice-gray-conv")
edges = example.kernel                                       # 1 0 -1 in rows
result = F.conv2d(digit[None, None], edges[None, None])[0, 0]
example.check(result)

# %% [markdown]
# Eleven of 25 numbers are wrong, each of them too large. That is a pattern,
# so look for one cause.
#
# **Predict.** Change the sign of a single weight, the one at the top right.
# How many of the printed numbers come out?

# %%
wrong = edges.clone()
wrong[0, 2] = 1
guess = F.conv2d(digit[None, None], wrong[None, None])[0, 0]
assert (example.printed >= result).all()
differs = guess != example.printed
print("equal:", int((~differs).sum()), "of", differs.numel())
print("the other:", guess[differs].item(), example.printed[differs].item())

# %%
plots.plot_grids(
    [("kernel", edges), ("one sign changed", wrong), ("its result", guess)],
    highlight={"one sign changed": (0, 2, 1, 1), "its result": (4, 3, 1, 1)},
)

# %% [markdown]
# 24 of 25: one lost minus sign explains ten of the eleven wrong numbers, and
# the last (boxed) was printed as 486, a slip of 3 on top. Reading does not
# find such a thing; computing it again does.
#
# The slide then pools its own numbers. Even so, one cell is off.

# %%
example = worked_example("vn-practice-gray-pool-of-printed")
example.check(pool2d(example.input, (2, 2)))

# %% [markdown]
# $\max(294, 185, 29, 64) = 294$: pooling never makes a number that was not
# there. Pooling the *right* map is a task of the exercise.

# %%
297 in example.input.flatten().tolist()

# %% [markdown]
# ## Every channel alone
#
# A convolution adds over its input channels. Pooling does not: each channel
# of each picture is pooled by itself.
#
# **Predict.** The shape of a batch `(8, 16, 28, 28)` after 2 x 2 pooling, and
# the number of parameters of the layer.

# %%
pool = nn.MaxPool2d(kernel_size=2)
batch = torch.randn(8, 16, 28, 28)                           # (N, C, H, W)
print("shape:     ", tuple(pool(batch).shape))
print("parameters:", sum(p.numel() for p in pool.parameters()))

# %%
ours = torch.stack([
    torch.stack([pool2d(channel, (2, 2)) for channel in maps])
    for maps in batch])
torch.equal(ours, pool(batch))

# %% [markdown]
# N and C stay, H and W are halved: a quarter of the numbers is left, and
# there is nothing to learn. Lesson 04 counts what that saves in the layers
# behind.

# %% [markdown]
# ## What is kept, what is lost
#
# Pool a photograph with windows of 8 x 8, each colour channel alone.
#
# **Predict.** Which of the three results is the brightest?

# %%
photo = images.to_tensor(images.load("flower", height=160))  # (C, H, W)
photo = photo[:, :, 20:220]                                  # (3, 160, 200)
largest = F.max_pool2d(photo, kernel_size=8)
mean = F.avg_pool2d(photo, kernel_size=8)
smallest = -F.max_pool2d(-photo, kernel_size=8)
assert (smallest <= mean).all() and (mean <= largest).all()

# %%
plots.plot_images(
    [photo, largest, mean, smallest],
    ["photograph", "maximum", "mean", "minimum"],
)

# %% [markdown]
# All three keep *what* is there and blur *where* it is. The maximum spreads
# whatever is bright, the minimum whatever is dark, the mean neither.
#
# Now a map of responses, outlines of a pagoda, in windows of 4 x 4.

# %%
outline = torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])
grey = images.to_tensor(images.load("china", height=162, grey=True))
grey = grey[:, :, :202]                                      # (1, 162, 202)
lines = F.relu(F.conv2d(grey[None], outline[None, None]))    # (1, 1, H, W)
largest, mean = F.max_pool2d(lines, 4), F.avg_pool2d(lines, 4)

# %%
plots.plot_images(
    [lines[0, 0], largest[0, 0]],
    ["responses, 160 x 200", "maximum, 40 x 50"],
)

# %% [markdown]
# One number of sixteen is left, and one still sees what it is.
# Would the mean do as well?
#
# **Predict.** A line one cell wide, a window of 4 x 4: what do maximum and
# mean make of it?

# %%
thin = torch.zeros(1, 4, 8)
thin[:, :, 2] = 8
both = torch.cat([F.max_pool2d(thin, 4), F.avg_pool2d(thin, 4)], dim=1)
plots.plot_grids([("thin line", thin), ("maximum above, mean below", both)])

# %% [markdown]
# The maximum asks "is there a line anywhere?" and keeps it at full strength.
# The mean asks "how much line?", and thin ones fade. In the photograph:

# %% tags=["nbval-ignore-output"]
assert largest.max() == lines.max()
assert mean.max() < 0.7 * lines.max()
print(f"strongest response after the mean: {mean.max() / lines.max():.0%}")

# %% [markdown]
# ### What comes back when the net learns
#
# **Predict.** Change one number of a window a little. By how much does the
# maximum change, and by how much the mean? The gradient says it for every
# cell.

# %%
x = worked_example("glasgow-avg-4x4").input[None]            # (1, 4, 4)
through_max, through_mean = x.clone(), x.clone()
F.max_pool2d(through_max.requires_grad_(), 2).sum().backward()
F.avg_pool2d(through_mean.requires_grad_(), 2).sum().backward()

# %%
plots.plot_grids([("input", x[0]),
                  ("gradient, max", through_max.grad[0]),
                  ("gradient, mean", through_mean.grad[0])])

# %% [markdown]
# Through a maximum the whole gradient goes to the winner of each window, and
# the others get nothing. Through a mean every cell gets a quarter.

# %% [markdown]
# ## Global average pooling
#
# Let the window be the whole map: one number per channel is left,
# `(N, C, H, W)` becomes `(N, C)`. By hand for two channels of 2 x 2:
# $(1 + 2 + 3 + 6)/4 = 3$ and $(0 + 0 + 0 + 8)/4 = 2$.

# %%
x = torch.tensor([[[[1.0, 2], [3, 6]], [[0.0, 0], [0, 8]]]])  # (1, 2, 2, 2)
x.mean(dim=(2, 3))

# %%
as_layer = nn.AdaptiveAvgPool2d(1)(x)                        # (1, 2, 1, 1)
torch.equal(as_layer.flatten(1), x.mean(dim=(2, 3)))

# %% [markdown]
# The result has the same size whatever the picture's size, so the `Linear`
# layer behind fits pictures of any size, and it is small.
#
# **Predict.** 16 maps of 7 x 7, then 10 classes: how many parameters with
# all 784 numbers, how many with 16 means?

# %%
pool = nn.AdaptiveAvgPool2d(1)
for height, width in [(7, 7), (10, 13)]:
    print(tuple(pool(torch.rand(1, 16, height, width)).flatten(1).shape))
print(arithmetic.linear_params(16 * 7 * 7, 10))
print(arithmetic.linear_params(16, 10))

# %% [markdown]
# ## Pooling or stride?
#
# A convolution with stride 2 makes the map just as small. It is the same as
# stride 1 with every other row and column thrown away:

# %%
full = F.conv2d(grey[None], outline[None, None])             # 160 x 200
strided = F.conv2d(grey[None], outline[None, None], stride=2)
assert full.numel() == 4 * strided.numel()
torch.allclose(strided, full[..., ::2, ::2], atol=1e-5)

# %% [markdown]
# A stride keeps one number of four *by its place*, and computes only that
# one: a quarter of the products. Max pooling keeps one *by its value*, and
# needs all four.
#
# **Predict.** A row of eight with one strong response at place 4. Shift it by
# 1, 2 and 3: what is left of it after a stride of 2, what after max pooling?

# %%
row = torch.tensor([[0.0, 0, 0, 0, 9, 0, 0, 0]])
for shift in range(4):
    moved = row.roll(shift, dims=1)
    skipped = moved[:, ::2].int().tolist()[0]
    pooled = F.max_pool1d(moved, 2).int().tolist()[0]
    print(f"shift {shift}   stride {skipped}   max pooling {pooled}")

# %% [markdown]
# The stride loses the response at every other shift. Max pooling never
# loses it: from shift 0 to 1 nothing changes, from 1 to 2 the 9 moves on.
# So pooling makes a map less sensitive to small shifts, not blind to them.

# %% [markdown]
# ### Measured on photographs
#
# Three photographs, three edge kernels, ReLU: nine maps of responses.

# %%
upright = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])
kernels = torch.stack([upright, upright.T, outline])[:, None]
maps = []
for name in ["china", "flower", "hopper"]:
    grey = images.to_tensor(images.load(name, height=160, grey=True))
    maps.append(F.relu(F.conv2d(grey[None], kernels))[0, :, :130, :130])
maps = torch.cat(maps)                                       # (9, 130, 130)

# %% [markdown]
# Three ways to halve a map. The measure: cut out 100 x 100 cells, halve them;
# cut out again a few pixels further, halve; take the length of the difference
# and divide it by the length of the first. 0 means that nothing changed.

# %%
ways = {
    "stride 2": lambda maps: maps[:, ::2, ::2],
    "average pooling": lambda maps: F.avg_pool2d(maps, 2),
    "max pooling": lambda maps: F.max_pool2d(maps, 2),
}

# %%
def change(halve, down, right):
    """Change of each map when it is shifted before it is halved: (9,)"""
    before = halve(maps[:, :100, :100])                      # (9, 50, 50)
    after = halve(maps[:, down:down+100, right:right+100])
    return (after - before).norm(dim=(1, 2)) / before.norm(dim=(1, 2))

# %% [markdown]
# Shifts of 0 to 4 pixels down, to the right, and both: 27 numbers for each
# way and distance. The curves are their means.

# %%
def changes(halve, d):
    """All 27 changes for a shift by d pixels."""
    return torch.cat([change(halve, d * a, d * b)
                      for a, b in [(0, 1), (1, 0), (1, 1)]])


curves = {way: [changes(halve, d).mean().item() for d in range(5)]
          for way, halve in ways.items()}

# %% tags=["nbval-ignore-output"]
plots.plot_lines(
    curves, xlabel="shift in pixels", ylabel="change of the halved map",
    title="The same shift, halved in three ways",
)

# %% tags=["nbval-ignore-output"]
one = {way: changes(halve, 1) for way, halve in ways.items()}
assert (one["max pooling"] < one["stride 2"]).all()
assert (one["average pooling"] < one["stride 2"]).all()
for way, values in one.items():
    print(f"{way:16} {values.mean():.2f}")

# %% [markdown]
# A shift of one pixel changes the map by about 0.6 of its length after
# pooling, by almost 0.9 after skipping; in each of the 27 cases pooling
# changed less. For scale, the same measure 20 pixels away, where the two
# cut-outs have little in common:

# %% tags=["nbval-ignore-output"]
for way, halve in ways.items():
    print(f"{way:16} {changes(halve, 20).mean():.2f}")

# %% [markdown]
# How much less max pooling changes than a stride, shift by shift:

# %% tags=["nbval-ignore-output"]
gains = []
for d in (1, 2, 3, 4, 20):
    stride, pooled = (changes(ways[way], d).mean().item()
                      for way in ("stride 2", "max pooling"))
    gains.append(1 - pooled / stride)
    print(f"shift {d:2}: {gains[-1]:.0%} less")
assert gains == sorted(gains, reverse=True) and gains[0] > 0.2

# %% [markdown]
# Pooling helps most against a shift of one pixel. By four pixels most of that
# is gone: even two different places, 20 pixels apart, differ a few per cent
# less when pooled.
#
# That is what we measured: one pooling step, edge maps of three photographs.
# It does not say that a net with pooling recognises more.

# %% [markdown]
# **Predict.** A shift of exactly 2 pixels changes the halved map, too. In
# which way?

# %%
for way, halve in ways.items():
    before, after = halve(maps[:, :, :100]), halve(maps[:, :, 2:102])
    print(way, torch.equal(before[:, :, 1:], after[:, :, :-1]))

# %% [markdown]
# It moves by exactly one cell and changes in nothing else: a map halved in
# any of these ways is equivariant to shifts by 2.
#
# Should a net pool or stride?
#
# <details><summary>Answer</summary>
#
# Both are in use. A stride costs a quarter of the products, and its weights
# are learned, so they can learn what is to be kept. Pooling has nothing to
# learn and suffers less from a shift by one pixel. Lesson 05 pools.
# </details>

# %% [markdown]
# ## Flatten
#
# After the last pooling a net has maps, and a `Linear` layer wants a row of
# numbers. *Flatten* writes them one after the other, row by row.
#
# **Predict.** The order of these six.

# %%
x = torch.tensor([[2, 4], [3, 1], [3, 4]])                   # (3, 2)
print([int(x[i, j]) for i in range(3) for j in range(2)])
print(x.flatten().tolist())

# %% [markdown]
# With channels the first map comes first, whole; then the next.

# %%
picture = torch.stack([x, 10 * x])                           # (C, H, W)
picture.flatten().tolist()

# %% [markdown]
# Nothing is computed, nothing lost: only the shape has changed, and it can be
# changed back.

# %%
torch.equal(picture.flatten().reshape(2, 3, 2), picture)

# %% [markdown]
# ### Leave the batch axis alone
#
# A batch has one row per picture, and must keep it. `nn.Flatten` starts at
# axis 1; `torch.flatten` starts at axis **0** unless told.
#
# **Predict.** The shapes for a batch of two such pictures.

# %%
batch = torch.stack([picture, -picture])                     # (N, C, H, W)
print("batch:              ", tuple(batch.shape))
print("nn.Flatten():       ", tuple(nn.Flatten()(batch).shape))
print("batch.flatten(1):   ", tuple(batch.flatten(1).shape))
print("batch.flatten():    ", tuple(batch.flatten().shape))

# %% [markdown]
# The last one is a single row of 24 numbers, two pictures glued together.
#
# The opposite mistake: a single picture *without* a batch axis.
#
# **Predict.** `nn.Flatten()` on `(8, 7, 7)`: which shape, and what does it
# take for what?

# %%
one = torch.rand(8, 7, 7)                                    # (C, H, W)
print("without batch axis:", tuple(nn.Flatten()(one).shape))
print("with:              ", tuple(nn.Flatten()(one[None]).shape))

# %% [markdown]
# Eight channels pass for eight pictures of 49 numbers. No error here; it
# comes one layer later, or, worse, never.

# %% [markdown]
# ## When it breaks
#
# Pooling five times sounds harmless. The picture has 28 x 28 pixels.

# %%
x = torch.rand(1, 1, 28, 28)
try:
    for step in range(5):
        x = F.max_pool2d(x, kernel_size=2)
        print("pooling", step + 1, "gives", tuple(x.shape))
except RuntimeError as error:
    print(str(error).splitlines()[0])

# %% [markdown]
# Read it from the back. *Output size is too small*: the calculated output is
# `1x0x0`, one channel with no rows and no columns. The input `1x1x1` was
# a single pixel, and no 2 x 2 window fits into it.
#
# The sizes could have been known before:

# %%
size = 28
for step in range(4):
    size = arithmetic.pool_output_size(size, 2)
    print(repr(size))

# %% [markdown]
# Halving works $\log_2 28 \approx 4.8$ times, so four times. Fixes: pool less
# often, start from a larger picture, or let `nn.AdaptiveAvgPool2d(1)` do the
# last step whatever size is left.
#
# Note the step from 7 to 3: the last row and column were dropped on the way.
# `ceil_mode=True` keeps them in a smaller window.

# %%
x = torch.arange(49.0).reshape(1, 7, 7)                      # (C, H, W)
print("largest number:   ", x.max().item())
print("after pooling:    ", F.max_pool2d(x, 2).max().item())
print("with ceil_mode:   ", F.max_pool2d(x, 2, ceil_mode=True).max().item())

# %% [markdown]
# ## What to remember
#
# 1. **By hand.** Lay the window on the map, keep its largest number, mean or
#    smallest, move on by the stride. Size: $\lfloor (n - f)/s \rfloor + 1$,
#    with $s = f$ unless you say otherwise; windows that stick out are left
#    out.
# 2. **Kept and lost.** Pooling keeps what was found and blurs where. A stride
#    keeps a number by its place, max pooling by its value; after a shift of
#    one pixel the pooled map changes less, but it does change.
# 3. **Flatten.** Row by row, channel by channel, one row per picture:
#    start at axis 1.
#
# | card | |
# |---|---|
# | stride | the window, unless told |
# | channels | each alone; N and C stay |
# | parameters | none |
# | minimum | $-\max(-x)$ |
# | global average pooling | `(N, C, H, W)` to `(N, C)` |
#
# Next: counting parameters.

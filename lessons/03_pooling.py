# %% [markdown]
# # 03 Pooling
#
# Pooling replaces every window of a map by one number: its largest, its mean
# or its smallest. The map gets smaller, and nothing has to be learned.
#
# **Time:** 65 minutes

# %% [markdown]
# A photograph, and what is left of it. Each window of 4 x 4, 8 x 8 or 16 x 16
# pixels has become one pixel, their mean. The last has 256 times fewer
# numbers. From which one could you no longer tell what it is?

# %% tags=["folded"]
import torch.nn.functional as F

from cnnlib import images, plots

flower = images.to_tensor(images.load("flower", height=160))[:, :, 16:224]
windows = [4, 8, 16]
plots.plot_images(
    [flower, *(F.avg_pool2d(flower, window) for window in windows)],
    ["160 x 208", *(f"{160 // n} x {208 // n}" for n in windows)],
    columns=4)

# %% [markdown]
# After this lesson you can
#
# 1. pool by hand with any window and stride, and say the size of the result;
# 2. say what pooling keeps, what it loses, and how that differs from a stride;
# 3. flatten a batch for a `Linear` layer without mixing up the pictures.
#
# **Notation.** Textbooks pool a map of width $n$ with a window of side $f$,
# stride $s$ and padding $p$. The number of channels is $n_C$. PyTorch
# says `kernel_size`, `stride`, `padding`, and writes a batch of maps as
# `(N, C, H, W)`. Sizes are height x width.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import arithmetic, images, plots, step_pool, worked_example

# %% [markdown]
# ## One window, one number
#
# Cut a map into windows of 2 x 2. **Max pooling** keeps the largest number of
# each.

# %%
example = worked_example("vn-quick-max")
x = example.input
example

# %% [markdown]
# By hand, along the top two rows:
#
# - columns 0, 1: $\max(-4, 0, 3, 1) = 3$
# - columns 2, 3: $\max(-2, 4, 0, 2) = 4$
#
# Column 4 is left over: no whole window fits there, so it is left out. The
# same happens to row 4.
#
# **Predict.** The number that rows 2, 3 and columns 0, 1 give. Then step
# through all four windows: the box moves by its own width, so no cell is seen
# twice.

# %%
example.predict(1, 0)

# %% tags=["extra"]
x[2:4, 0:2].max()

# %%
step_pool(x, 2)

# %% [markdown]
# ### Our own loop
#
# Two loops over the places, as for a convolution, and one line for what is
# done with the window. Row `i` of the result comes from the rows `2 * i` and
# `2 * i + 1`.

# %%
def max_pool_2x2(image):
    """Largest number of every 2 x 2 window: (H, W) -> (H // 2, W // 2)."""
    out = torch.zeros(image.shape[0] // 2, image.shape[1] // 2)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = image[2*i:2*i+2, 2*j:2*j+2].max()
    return out

# %%
example.check(max_pool_2x2(x))

# %% [markdown]
# PyTorch has it ready. It wants a channel axis in front, `(C, H, W)`, or a
# batch, `(N, C, H, W)`. On a second map, 6 x 6:

# %%
example = worked_example("vn-max-2")
x = example.input
example

# %%
theirs = F.max_pool2d(x[None], kernel_size=2)                # (1, 3, 3)
assert torch.equal(max_pool_2x2(x), theirs[0])
example.check(theirs)

# %% [markdown]
# ## The stride is the window, unless you say otherwise
#
# A convolution moves on by 1 unless told. Pooling moves on by a whole window.
#
# **Predict.** Both take 2 x 2 windows of this 6 x 6 map. How large are the
# results?

# %%
conv, pool = nn.Conv2d(1, 1, kernel_size=2), nn.MaxPool2d(kernel_size=2)
print("convolution:", tuple(conv(x[None]).shape))
print("pooling:    ", tuple(pool(x[None]).shape))

# %% [markdown]
# The formula of lesson 02, $\lfloor (n + 2p - f)/s \rfloor + 1$, holds for
# both; only the default of $s$ differs.
#
# ### A stride of its own for each axis <!-- extra -->
#
# Window 2 x 2, stride (1, 2): one row down, two columns right. So there are
# $(6 - 2)/1 + 1 = 5$ rows and 3 columns. The first window, the next one to
# the right and the next one below:

# %%
example = worked_example("vn-max-2-stride-1x2")
boxes = {"first": (0, 0, 2, 2), "to the right": (0, 2, 2, 2),
         "below": (1, 0, 2, 2)}
panels = [(name, example.input) for name in boxes]
plots.plot_grids(panels, highlight=boxes)

# %% [markdown]
# To the right the windows stand side by side; downwards they overlap by a
# row.
#
# **Predict.** Row 1, column 2 of the result.

# %%
example.predict(1, 2)

# %%
example.check(F.max_pool2d(example.input[None], 2, stride=(1, 2)))

# %% [markdown]
# ### Overlapping windows <!-- extra -->
#
# With a stride smaller than the window, neighbours share cells.
# Window 3, stride 1, on a 5 x 5 map:

# %%
example = worked_example("glasgow-max-5x5")
step_pool(example.input, 3, stride=1)

# %%
example.check(F.max_pool2d(example.input[None], 3, stride=1))

# %% [markdown]
# The upper 9 lies in four of the nine windows, so it appears four times.
# With window 2 and stride 2 the same map would give only 2 x 2.
# Overlapping pooling is in use: AlexNet (lesson 06) has windows of 3 with
# stride 2.

# %% [markdown]
# ## Average and minimum
#
# **Average pooling** keeps the mean. By hand for the first window of this
# 4 x 4 map: $(2 + 2 + 9 + 4)/4 = 17/4 = 4.25$.

# %%
example = worked_example("glasgow-avg-4x4")
example

# %% [markdown] tags=["extra"]
# **Predict.** The mean of the last window, at the lower right.

# %% tags=["extra"]
example.predict(1, 1)

# %%
x = example.input[None]                                      # (1, 4, 4)
mean = F.avg_pool2d(x, kernel_size=2)
example.check(mean)

# %% [markdown] tags=["extra"]
# A mean is a weighted sum with equal weights. So average pooling is a
# convolution with fixed weights $1/4$ and stride 2.

# %% tags=["extra"]
weight = torch.full((1, 1, 2, 2), 1 / 4)
torch.equal(mean, F.conv2d(x, weight, stride=2))

# %% [markdown] tags=["extra"]
# A window of 3 x 2 with stride 2 both ways, on the 6 x 6 map from above. Step
# through it and look at rows 2 and 5: how often is each of them seen?

# %% tags=["extra"]
example = worked_example("vn-avg-3x2")
step_pool(example.input, (3, 2), "avg", stride=2)

# %% [markdown] tags=["extra"]
# Row 2 is in both windows of its column, row 5 is in none. By hand for row 1,
# column 0: $(3 + 1 + 2 + 4 + 1 + 0)/6 = 11/6 \approx 1.8333$.

# %% tags=["extra"]
example.check(F.avg_pool2d(example.input[None], (3, 2), stride=2))

# %% [markdown]
# ### The minimum
#
# PyTorch has no min pooling, and needs none: the smallest number is the one
# whose negative is largest, $\min(a) = -\max(-a)$. For 4, 1 and 6:
# $-\max(-4, -1, -6) = -(-1) = 1$.

# %%
x = torch.tensor([[4.0, 1.0, 6.0]])                          # (C, L)
-F.max_pool1d(-x, kernel_size=3)

# %% [markdown]
# ### In one dimension <!-- extra -->
#
# `F.max_pool1d` takes `(C, L)`: every row is a channel and is pooled by
# itself. By hand for the first row of this map:
# $\max(3, 2, 1) = 3$, $\max(0, 0, 3) = 3$; the means are 2 and 1.

# %%
example = worked_example("vn-max1d-3")
x = example.input                                            # (C, L)
plots.plot_grids(
    [("input", x)], highlight={"input": [(0, 0, 1, 3), (0, 3, 1, 3)]})

# %%
example.check(F.max_pool1d(x, 3))

# %%
worked_example("vn-avg1d-3").check(F.avg_pool1d(x, 3))

# %% [markdown]
# ### Padding <!-- extra -->
#
# Pooling can pad, too. Average pooling adds zeros and counts them as cells.
#
# **Predict.** Max pooling pads with something else. With zeros, what would
# become of a map of negative numbers?

# %%
x = -torch.ones(1, 2, 2)                                     # (C, H, W)
plots.plot_grids([
    ("for the maximum", F.pad(x, (1, 1, 1, 1), value=-torch.inf),
     {"padding": 1}),
    ("for the mean", F.pad(x, (1, 1, 1, 1), value=0), {"padding": 1}),
])

# %%
zeros = F.pad(x, (1, 1, 1, 1))
print("max with zeros: ", F.max_pool2d(zeros, 2).tolist())
print("max pooling:    ", F.max_pool2d(x, 2, padding=1).tolist())
print("average pooling:", F.avg_pool2d(x, 2, padding=1).tolist())

# %% [markdown]
# Here zeros win every window. So max pooling pads with $-\infty$. For the
# same reason a loop of your own must not start its search at 0. The mean takes
# one $-1$ and three zeros: $-1/4$.

# %% [markdown]
# ## Every channel alone
#
# A convolution adds over its input channels. Pooling does not: each channel
# of each picture is pooled by itself.
#
# **Predict.** The shape of a batch `(8, 16, 28, 28)` after 2 x 2 pooling.

# %%
pool = nn.MaxPool2d(kernel_size=2)
batch = torch.randn(8, 16, 28, 28)                           # (N, C, H, W)
tuple(pool(batch).shape)

# %% [markdown] tags=["extra"]
# Is picture 5, channel 3 the same as if it had been alone?

# %% tags=["extra"]
torch.equal(pool(batch)[5, 3], max_pool_2x2(batch[5, 3]))

# %% [markdown]
# It is. <!-- extra -->
#
# N and C stay, H and W are halved: a quarter of the numbers is left. Lesson 04 <!-- extra -->
# counts what that saves in the layers behind. The layer itself has no
# parameters:

# %% tags=["extra"]
list(pool.parameters())

# %% [markdown]
# ### Convolve, then pool <!-- extra -->
#
# In a net pooling follows a convolution, with ReLU between them; many books
# count the three as one layer. On paper first, without ReLU: a 5 x 3 map, a
# 3 x 2 kernel and a bias of 1. Then max pooling with a 1 x 2 window.

# %%
example = worked_example("vn-practice-conv-pool")
example

# %%
kernel = example.kernel[None, None]                          # (1, 1, 3, 2)
maps = F.conv2d(example.input[None, None], kernel,
                bias=torch.tensor([example.bias]))           # (1, 1, 3, 2)
example.check(maps)

# %%
pooled = F.max_pool2d(maps, kernel_size=(1, 2))              # (1, 1, 3, 1)
worked_example("vn-practice-conv-pool-pooled").check(pooled)

# %% [markdown]
# ## Flatten
#
# After the last pooling a net has maps, and a `Linear` layer wants a row of
# numbers. *Flatten* writes them one after the other.

# %%
example = worked_example("vn-flatten")
x = example.input                                            # (3, 2)
plots.plot_grids([("a map", x)])

# %% [markdown]
# **Predict.** In which order: row by row, or column by column?

# %%
plots.plot_grids(
    [("a map", x), ("flattened", x.flatten())], operators=["→"],
    highlight={"a map": (1, 0, 1, 2), "flattened": (0, 2, 1, 2)})

# %%
example.check(x.flatten()[None])                             # (1, 6)

# %% [markdown] tags=["extra"]
# Row by row: two loops, and the one over the columns is the inner one.

# %% tags=["extra"]
numbers = []
for i in range(3):
    for j in range(2):
        numbers.append(int(x[i, j]))
print(numbers)

# %% [markdown]
# With channels the first map comes first, whole; then the next. (The box is
# row 1 of map 1.)

# %%
picture = torch.stack([x, 10 * x])                           # (2, 3, 2)
plots.plot_grids(
    [("map 0", x), ("map 1", 10 * x), ("flattened", picture.flatten())],
    highlight={"map 1": (1, 0, 1, 2), "flattened": (0, 8, 1, 2)})

# %% [markdown] tags=["extra"]
# Nothing is computed and nothing lost: only the shape has changed, and it can
# be changed back.

# %% tags=["extra"]
torch.equal(picture.flatten().reshape(2, 3, 2), picture)

# %% [markdown]
# ### Leave the batch axis alone
#
# A batch needs one row per picture. `nn.Flatten` starts at axis 1;
# `torch.flatten` starts at axis **0** unless told.
#
# **Predict.** A batch of two such pictures: its shape after `nn.Flatten()`,
# after `flatten(1)`, and after `flatten()`.

# %%
batch = torch.stack([picture, -picture])                     # (2, 2, 3, 2)
print("nn.Flatten():    ", tuple(nn.Flatten()(batch).shape))
print("batch.flatten(1):", tuple(batch.flatten(1).shape))
print("batch.flatten(): ", tuple(batch.flatten().shape))

# %% [markdown]
# The last one has lost the batch axis: two pictures are glued together.
#
# The opposite mistake is a single picture *without* a batch axis: <!-- extra -->

# %% tags=["extra"]
one = torch.rand(8, 7, 7)                                    # (C, H, W)
print("without batch axis:", tuple(nn.Flatten()(one).shape))
print("with:              ", tuple(nn.Flatten()(one[None]).shape))

# %% [markdown] tags=["extra"]
# Without it, eight channels pass for eight pictures of 49 numbers. No error
# here; it comes one layer later, or, worse, never.

# %% [markdown]
# ### Global average pooling
#
# Another way from maps to a row: let the window be the whole map. One mean
# per channel is left. By hand for two channels of 2 x 2:
# $(1 + 2 + 3 + 6)/4 = 3$ and $(0 + 0 + 0 + 8)/4 = 2$.

# %%
x = torch.tensor([[[[1.0, 2], [3, 6]], [[0.0, 0], [0, 8]]]])  # (1, 2, 2, 2)
nn.AdaptiveAvgPool2d(1)(x).flatten(1)                        # (N, C)

# %% [markdown] tags=["extra"]
# The row has the same length whatever the picture's size, and it is short.
# Take 16 maps of 7 x 7 and 10 classes. After flattening a `Linear` layer needs
# 7,850 parameters, after global pooling 170.

# %% tags=["extra"]
print(arithmetic.linear_params(16 * 7 * 7, 10))
print(arithmetic.linear_params(16, 10))

# %% [markdown]
# ## What is kept, what is lost <!-- extra -->
#
# Pool a photograph with windows of 8 x 8, each colour channel alone.
#
# **Predict.** Which of the three results is the brightest: that of the
# maximum, the mean or the minimum?

# %%
photo = images.to_tensor(images.load("flower", height=160))  # (C, H, W)
photo = photo[:, :, 20:220]                                  # (3, 160, 200)
largest = F.max_pool2d(photo, kernel_size=8)
mean = F.avg_pool2d(photo, kernel_size=8)
smallest = -F.max_pool2d(-photo, kernel_size=8)
plots.plot_images([photo, largest, mean, smallest],
                  ["photograph", "maximum", "mean", "minimum"])

# %% [markdown]
# The maximum spreads whatever is bright, and thin dark lines are gone. The
# minimum spreads whatever is dark, and thin bright ones are gone. The mean
# fades both.
#
# Now a map of responses, the outlines of a pagoda, in windows of 4 x 4. One
# number of sixteen is left.

# %%
outline = torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])
grey = images.to_tensor(images.load("china", height=162, grey=True))
grey = grey[None, :, :, :202]                                # (1, 1, 162, 202)
lines = F.relu(F.conv2d(grey, outline[None, None]))          # (1, 1, 160, 200)
largest, mean = F.max_pool2d(lines, 4), F.avg_pool2d(lines, 4)
plots.plot_images([lines[0], largest[0], mean[0]],
                  ["outlines, 160 x 200", "maximum, 40 x 50", "mean, 40 x 50"])

# %% [markdown]
# The mean is darker. A line one cell wide shows why.

# %%
thin = torch.zeros(1, 4, 8)
thin[:, :, 2] = 8
plots.plot_grids([("thin line", thin), ("maximum", F.max_pool2d(thin, 4)),
                  ("mean", F.avg_pool2d(thin, 4))])

# %% [markdown]
# The maximum asks "is there a line anywhere?" and keeps it at full strength.
# The mean asks "how much line?", and thin ones fade.

# %% [markdown]
# ## Pooling or stride?
#
# A convolution with stride 2 halves a map, too. It keeps one number of four
# *by its place*, and computes only that one. Max pooling keeps one *by its
# value*, and needs all four.
#
# **Predict.** A row of eight with one strong response at place 4. Shift it by
# 1, 2 and 3: what is left of it after a stride of 2, what after max pooling?

# %%
row = torch.tensor([[0.0, 0, 0, 0, 9, 0, 0, 0]])             # (C, L)
moved = torch.cat([row.roll(shift, dims=1) for shift in range(4)])
plots.plot_grids([
    ("shift 0, 1, 2, 3", moved),                             # a row for each
    ("stride 2", moved[:, ::2]),
    ("max pooling", F.max_pool1d(moved, 2)),
])

# %% [markdown]
# A stride looks at every other place only. Max pooling looks at all of them:
# from shift 0 to 1 nothing changes, from 1 to 2 the 9 moves on.
# So pooling makes a map less sensitive to small shifts, not blind to them.
#
# Now the pagoda's outlines, and the same one pixel further. How large is <!-- extra -->
# a value of the halved map on average? And by how much does it change?

# %% tags=["extra", "nbval-ignore-output"]
here, further = lines[..., :-1], lines[..., 1:]
strided, strided_further = here[..., ::2, ::2], further[..., ::2, ::2]
pooled, pooled_further = F.max_pool2d(here, 2), F.max_pool2d(further, 2)
strided_change = (strided_further - strided).abs().mean()
pooled_change = (pooled_further - pooled).abs().mean()
print(f"stride 2:    size {strided.mean():.2f}, change {strided_change:.2f}")
print(f"max pooling: size {pooled.mean():.2f}, change {pooled_change:.2f}")
assert strided_change > strided.mean()
assert pooled_change < 0.5 * pooled.mean()

# %% [markdown] tags=["extra"]
# After a stride a cell changes by more than its size, after max pooling by
# less than half of it.
#
# Which do nets use? Both. A stride costs a quarter of the products, and its
# weights are learned. Pooling has nothing to learn and suffers less from a
# small shift. Most large nets of today halve their maps by strides and end
# with global average pooling; small ones often pool, as lesson 05 does.

# %% [markdown]
# ## Maximum or mean: which learns better? <!-- extra -->
#
# Three of our sources say that max pooling often works better. Let us see: a
# small net for handwritten digits, trained with each of the two, from five
# different random starts (the *seeds*). `fit` trains a net; lesson 05
# explains how. The digits are small ones that come with scikit-learn.

# %%
from cnnlib import evaluate, fit
from cnnlib.data import bundled_digits

train_images, train_labels, test_images, test_labels = bundled_digits.load()
print(tuple(train_images.shape), tuple(test_images.shape))

# %%
plots.plot_images(test_images[:8], columns=8)

# %% [markdown]
# `nn.Sequential` puts layers behind each other: what one gives, the next
# takes.

# %%
def small_net(pool):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), pool(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), pool(2),
        nn.Flatten(), nn.Linear(16 * 7 * 7, 10))

# %%
def accuracies(pool, epochs):
    """Test accuracy in per cent, from five random starts: (5,)"""
    results = torch.zeros(5)
    for seed in range(5):
        torch.manual_seed(seed)
        net = small_net(pool)
        fit(net, train_images, train_labels,
            epochs=epochs, seed=seed, show=False)
        accuracy = evaluate(net, test_images, test_labels).accuracy
        results[seed] = 100 * accuracy
    return results

# %% [markdown]
# First ten epochs: every net sees all training images ten times. (Each of the
# cells takes some seconds.)
#
# **Predict.** Which pooling is ahead? And is the lead larger than the
# difference between two random starts of one net?

# %% tags=["nbval-ignore-output"]
largest, mean = accuracies(nn.MaxPool2d, 10), accuracies(nn.AvgPool2d, 10)
lead = largest.mean() - mean.mean()
print(f"maximum: {largest.mean():.1f} % ± {largest.std():.1f}")
print(f"mean:    {mean.mean():.1f} % ± {mean.std():.1f}")
assert lead > max(largest.std(), mean.std())

# %% [markdown]
# The number after ± is the spread (standard deviation) over the five starts.
# Here are all ten nets, in per cent:

# %% tags=["nbval-ignore-output"]
plots.plot_grids([("maximum", largest.round(decimals=1)),
                  ("mean", mean.round(decimals=1))])

# %% [markdown]
# Now twice as long:

# %% tags=["nbval-ignore-output"]
largest = accuracies(nn.MaxPool2d, 20)
print(f"maximum: {largest.mean():.1f} % ± {largest.std():.1f}")

# %% tags=["nbval-ignore-output"]
mean = accuracies(nn.AvgPool2d, 20)
print(f"mean:    {mean.mean():.1f} % ± {mean.std():.1f}")
later = largest.mean() - mean.mean()
assert later < lead and later < largest.std() + mean.std()

# %% [markdown]
# After ten epochs the maximum is ahead by more than the spread. After twenty
# the lead has shrunk to a few tenths of a per cent: one or two of the 360 test
# images. That is less than the two spreads together, too little to call one of
# them better. What we can say is this: on these digits, with this net, max
# pooling learns *faster*.

# %% [markdown]
# ## Spot the error: the grey-scale digit <!-- extra -->
#
# A hand-written digit of 7 x 7 pixels, first pooled as it is:

# %%
example = worked_example("vn-practice-gray-maxpool")
digit = example.input
plots.plot_grids([("the digit", digit)])

# %%
example.check(F.max_pool2d(digit[None], 2))

# %% [markdown]
# A slide puts a vertical edge kernel first: left column minus right column of
# each window. This is what it prints:

# %%
example = worked_example("vn-practice-gray-conv")
example

# %% [markdown]
# **Predict.** Row 1, column 1 of the result: the window in rows and columns
# 1 to 3. Printed is 34.

# %%
example.predict(1, 1)

# %%
edges = example.kernel
right = F.conv2d(digit[None], edges[None, None])[0]          # (5, 5)
print("wrong:", int((right != example.printed).sum()), "of", right.numel())
print(example.check(right).title)

# %% [markdown]
# It should be $(0 + 30 + 191) - (43 + 230 + 0)$. With $+43$ in place of $-43$
# it is the printed 34: the minus sign of the kernel's top right weight was
# lost. Does that explain the other numbers, too?

# %%
one_sign = edges.clone()
one_sign[0, 2] = 1
guess = F.conv2d(digit[None], one_sign[None, None])[0]
print("explained:", int((guess == example.printed).sum()), "of 25")

# %% [markdown]
# One lost sign explains all but a single number. Reading does not find such a
# thing; computing it again does. What pooling makes of the *right* map is a
# task of exercise 03. More errors, of this lesson's sources too, are on the
# errata page, `docs/errata.md`.

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
# Fixes: pool less often, start from a larger picture, or let
# `nn.AdaptiveAvgPool2d(1)` do the last step whatever size is left.
#
# Note the step from 7 to 3: the last row and column were dropped on the way. <!-- extra -->
# `ceil_mode=True` rounds up and keeps them, in a smaller window.

# %% tags=["extra"]
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
# **Now [exercise 03](../exercises/03_pooling.ipynb).** Then
# [lesson 04](04_parameter_counting.ipynb): counting parameters.

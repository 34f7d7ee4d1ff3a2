# %% [markdown]
# # 00 Images as tensors
#
# A picture is a grid of numbers. Most errors that beginners meet with CNNs
# are about the *shape* of that grid, so we start there.
#
# **Time:** 50 minutes

# %% [markdown]
# First, does your set-up work? Run the next cell and look at the answers
# below it: one line per thing that can be wrong. A laptop without a graphics
# card is fine throughout.

# %% tags=["folded", "nbval-ignore-output"]
import sys

try:
    from cnnlib import check_setup
except ImportError as error:
    fix = "%pip install -e .. fixes it; restart the kernel after it"
    here = f"{sys.executable} cannot run the course: {error}"
    raise ImportError(f"{here}. {fix}") from None

check_setup()

# %% [markdown]
# Now a photograph. The box in it holds the 36 numbers below. (A cell's colour
# only marks how large its number is: the deeper, the larger.) Which of them
# are bright pixels, which dark ones? And between which two columns would you
# draw the edge of a petal?

# %% tags=["folded"]
from cnnlib import images, plots

grey = images.load("flower", height=100, grey=True)
plots.plot_receptive_field(images.to_tensor(grey), (44, 84, 6, 6))

# %% tags=["folded"]
plots.plot_grids([("rows 44 to 49, columns 84 to 89", grey[44:50, 84:90])])

# %% [markdown]
# After this lesson you can
#
# 1. say what each axis of a picture's array means, and reorder them;
# 2. bring a picture from a file into the form that PyTorch layers expect;
# 3. read an error about shapes or number types, and fix it.
#
# **Notation.** $H$ and $W$ are height and width. $C$ is the number of
# *channels*: a colour picture has three, red, green and blue (textbooks:
# $n_C$). Several pictures of the same size in one array are a *batch*, and $N$
# is how many they are. Sizes are height x width.

# %% [markdown]
# ## Pixels are numbers
#
# Here is a small picture, made by hand: each 1 of the text becomes 255, which
# is white, and 0 is black. (`uint8` is the type of the numbers; more below.)

# %%
import numpy as np

from cnnlib import plots

rows = ["00000", "01110", "01000", "01110", "00010", "01110", "00000"]
digit = np.array([[255 * int(c) for c in row] for row in rows], dtype=np.uint8)
digit

# %%
plots.plot_image(digit, title="the same numbers, drawn")

# %% [markdown]
# **Predict.** What is the shape of this array, and what is `digit[1, 2]`?

# %%
digit.shape

# %%
digit[1, 2]

# %% [markdown]
# Rows come first: the shape is (height, width), and `digit[row, column]`
# counts from the top left corner, downwards and to the right.
# Width x height, as on a monitor, is the other way round.

# %% [markdown]
# ## Colour: three numbers for a pixel
#
# A photograph that came with a package you already have:

# %%
from cnnlib import images

photo = images.load("flower", height=100)
print(photo.shape, photo.dtype)
print(images.credit("flower"))

# %%
plots.plot_image(photo)

# %% [markdown]
# The last axis holds red, green and blue. One pixel of the petal:

# %%
red, green, blue = photo[50, 75]
print(f"red {red}, green {green}, blue {blue}")

# %% [markdown]
# **Predict.** Which of the three channels is brightest on the flower,
# and which is darkest?

# %%
channels = [photo[:, :, 0], photo[:, :, 1], photo[:, :, 2]]
plots.plot_images(channels, ["red", "green", "blue"])

# %% [markdown]
# Each channel on its own is a grey picture: `photo[:, :, 0]` takes all rows,
# all columns, and of the colours the first. Three dots stand for "all of the
# axes that I do not name": `photo[..., 0]` is the same.

# %%
np.array_equal(photo[..., 0], photo[:, :, 0])

# %% [markdown]
# ## uint8 0 to 255, float 0 to 1
#
# Files keep a pixel in one byte, `uint8`: whole numbers from 0 to 255.
# Bytes are a poor place for arithmetic.
#
# **Predict.** 200 + 100 in `uint8`.

# %%
bright = np.array([200], dtype=np.uint8)
bright + np.array([100], dtype=np.uint8)

# %% [markdown]
# A byte holds 256 numbers; after the last one it starts again from the first.
# Networks work with floating-point numbers (*floats*, such as 0.25), and with
# values near 1 rather than 255. So: convert, then divide.

# %%
as_float = photo.astype(np.float32) / 255
print(as_float.dtype, "from", as_float.min(), "to", as_float.max().round(2))

# %% [markdown]
# Floats come in sizes. NumPy makes `float64` where it is not told otherwise,
# PyTorch calls that *double*. A layer is made of `float32`, just *float*, and
# takes nothing else unless you change it. So `.astype(np.float32)` above; on a
# tensor, `.float()`.

# %%
import torch

print("NumPy: ", (photo / 255).dtype)
print("tensor:", torch.from_numpy(photo / 255).float().dtype)

# %% [markdown]
# ## (H, W, C) against (N, C, H, W)
#
# Files and matplotlib put the channels last. PyTorch puts them first, and a
# batch axis before them: **(N, C, H, W)**.
#
# With the channels first, one channel of one picture is a plain grid:
# `x[n, c]` has shape (H, W). `permute` names the old axes in their new order,
# and `[None]` puts one more axis in front (soon more of it).

# %%
channels_last = torch.from_numpy(as_float)           # (H, W, C)
channels_first = channels_last.permute(2, 0, 1)      # (C, H, W)
batch = channels_first[None]                         # (N, C, H, W)
print(tuple(channels_last.shape), "->", tuple(batch.shape))

# %% [markdown]
# **Predict.** What will the picture look like after `reshape(3, 100, 150)`?

# %%
wrong = channels_last.reshape(3, 100, 150)
plots.plot_images([channels_first, wrong], ["permute(2, 0, 1)", "reshape"])

# %% [markdown]
# `reshape` keeps the numbers in their order and only draws new borders
# between them. The shape is right, the picture is not, and no error tells
# you. To move axes, use `permute`. Is channel 1 still the green one?

# %%
green = channels_last[..., 1]
print("permute:", torch.equal(channels_first[1], green))
print("reshape:", torch.equal(wrong[1], green))

# %% [markdown]
# `images.to_tensor` does the three steps (float, divide, permute) at once.

# %%
tensor = images.to_tensor(photo)
torch.equal(tensor, channels_first)

# %% [markdown]
# ## `image[None, None]`
#
# Our digit is (H, W): no channel axis, no batch axis. Indexing with `None`
# puts in an axis of length 1, at the place where it stands.

# %%
image = torch.from_numpy(digit / 255).float()        # (H, W)
print("image:            ", tuple(image.shape))
print("image[None]:      ", tuple(image[None].shape))
print("image[None, None]:", tuple(image[None, None].shape))

# %% [markdown]
# One picture of one channel: a batch of 1, ready for a layer. For many grey
# pictures, (N, H, W), the new axis goes behind the first: `x[:, None]`. `:`
# keeps an axis whole.

# %%
greys = torch.zeros(8, 7, 5)                         # (N, H, W)
tuple(greys[:, None].shape)                          # (N, C, H, W)

# %% [markdown]
# And the other way: a whole number as index takes its axis away, a slice
# keeps it, even for a single entry. On our batch of one photograph:

# %%
print("batch[:, 1]:  ", tuple(batch[:, 1].shape))
print("batch[:, 1:2]:", tuple(batch[:, 1:2].shape))

# %% [markdown]
# Now a layer. The one below looks at a picture through a *window* of 3 x 3
# pixels. Wherever the window fits wholly inside, it makes one number of what
# it sees. How it does that, lesson 01 says. Its first and its last place:

# %%
plots.plot_grids(
    [("first", digit), ("last", digit)],
    highlight={"first": (0, 0, 3, 3), "last": (4, 2, 3, 3)},
)

# %% [markdown]
# **Predict.** At how many places does the window fit, downwards and across?
# So what shape comes out of (1, 1, 7, 5)?

# %%
from torch import nn

layer = nn.Conv2d(in_channels=1, out_channels=1, kernel_size=3)
out = layer(image[None, None])
tuple(out.shape)

# %% [markdown]
# The last start leaves room for the window: a side of $n$ has $n - 3 + 1$
# places for it.

# %% [markdown]
# ## The kernel is a tensor too
#
# A layer multiplies the pixels in its window by numbers of its own. These
# numbers are the *kernel*. Each kernel makes one result, an *output channel*:
# 8 channels out are 8 kernels. To each kernel belongs one more number, its
# *bias*.
#
# A layer has all its kernels in one tensor, its *weight*:
# **(out_channels, in_channels, kernel_height, kernel_width)**.
#
# **Predict.** The weight's shape for 3 channels in, 8 out, kernels 5 high and
# 3 wide. And how many biases are there?

# %%
conv = nn.Conv2d(in_channels=3, out_channels=8, kernel_size=(5, 3))
print("weight:", tuple(conv.weight.shape))
print("bias:  ", tuple(conv.bias.shape))

# %% [markdown]
# ## Batches
#
# Layers work on many pictures at once. `torch.stack` puts tensors of the same
# shape on top of each other, along a new first axis. Here: the flower, and the
# flower mirrored. (Axis -1 is the last one.)

# %%
flipped = tensor.flip(-1)                            # mirrored left to right
pair = torch.stack([tensor, flipped])                # (N, C, H, W)
print(tuple(pair.shape), "->", tuple(conv(pair).shape))

# %% [markdown]
# The pictures of a batch never mix: each gives what it gives alone.
# (`allclose`, not `equal`: floats are rounded. Sums in another order may
# differ in the seventh digit; `atol` says how much we allow.)

# %%
torch.allclose(conv(pair)[1], conv(flipped[None])[0], atol=1e-5)

# %% [markdown]
# Is the batch axis a must? A layer also takes a single picture, (C, H, W), and
# gives one back. Not every function of PyTorch does, so a batch of one is the
# safe habit.

# %%
print("batch: ", tuple(conv(tensor[None]).shape))
print("single:", tuple(conv(tensor).shape))

# %% [markdown]
# ## Back to a picture
#
# What a layer returns cannot be drawn at once. Two things stand in the way.
# (The numbers of a new layer are random. `manual_seed` fixes them, so that you
# see what is printed here.)

# %%
torch.manual_seed(0)
layer = nn.Conv2d(3, 1, kernel_size=3)
out = layer(tensor[None])
print(tuple(out.shape), "requires_grad:", out.requires_grad)

# %% [markdown]
# **A gradient.** A layer's numbers are there to be learned (lesson 05). So
# PyTorch keeps in mind how each result was computed from them; that is what
# `requires_grad` says. NumPy knows nothing of it and refuses. `.detach()`
# gives the plain numbers.
#
# (`try` runs a line that may fail; `except` goes on and prints the message.)

# %%
try:
    out.numpy()
except RuntimeError as error:
    print(error)

# %% [markdown]
# **Axes of length 1.** matplotlib draws (H, W) or (H, W, 3), not (1, 1, H, W).
# `.squeeze()` drops the axes of length 1.

# %%
array = out.detach().squeeze().numpy()
array.shape

# %% [markdown]
# The helpers of this course do both for you. They draw negative numbers blue
# and positive ones red.

# %%
plots.plot_image(out, title="what a layer of random weights makes of it")

# %% [markdown]
# To save such a result as a file you need bytes again: times 255. What was
# below 0 or above 1 has no room in a byte and runs over, like 200 + 100. So
# `.clip(0, 1)` comes first: it makes 0 of all that is smaller, 1 of all that
# is larger. That is a task of exercise 00.
#
# **Predict.** What does `.squeeze()` do to a batch of one grey picture that
# is one pixel high: (1, 1, 1, 5)?
#
# <details><summary>Answer</summary>
#
# It drops *every* axis of length 1, the height too: (5,). When you know
# which axes you mean, index them: `out[0, 0]`. (`.squeeze(0)` drops axis 0
# alone.)
# </details>

# %%
thin = torch.zeros(1, 1, 1, 5)
print("squeeze():", tuple(thin.squeeze().shape))
print("[0, 0]:   ", tuple(thin[0, 0].shape))

# %% [markdown]
# ## When it breaks
#
# PyTorch says what is wrong, in its own words. A small helper to read them:

# %%
def try_it(layer, x):
    try:
        print("it works:", tuple(layer(x).shape))
    except RuntimeError as error:
        print(error)

# %% [markdown]
# **The type.** Bytes, given to a layer of `float32`. "Bias type" is the
# layer's type.

# %%
one_channel = nn.Conv2d(1, 1, kernel_size=3)
try_it(one_channel, torch.from_numpy(digit)[None, None])

# %% [markdown]
# Then `float64`, and what fixes it:

# %%
doubles = torch.from_numpy(digit / 255)[None, None]
try_it(one_channel, doubles)
try_it(one_channel, doubles.float())

# %% [markdown]
# **Too few axes.** "3D (unbatched)" is (C, H, W), "4D (batched)" is
# (N, C, H, W). A grid alone, (H, W), is neither.

# %%
try_it(one_channel, image)
try_it(one_channel, image[None, None])

# %% [markdown]
# **The channels.** A picture of 100 x 100 pixels, cut out along a circle. It
# looks like any other colour picture.

# %%
sticker = images.load("sticker")
plots.plot_image(sticker)

# %%
conv = nn.Conv2d(3, 8, kernel_size=3)
x = images.to_tensor(sticker)[None]
try_it(conv, x)

# %% [markdown]
# Read it from the end: *expected input[1, 4, 100, 100] to have 3 channels,
# but got 4 channels instead*. (Skip "groups": it is 1 in nearly every layer.)
# The array is (100, 100, **4**): red, green, blue and *alpha*. Alpha is 255
# where a pixel hides all that lies behind it, 0 where one sees through it.
# Files with such transparent parts (PNG, often) have this channel.

# %%
print("shape:", sticker.shape)
print("alpha in the corner:", sticker[0, 0, 3])
print("alpha in the middle:", sticker[50, 50, 3])

# %% [markdown]
# ### Spot the error: `None` to the rescue?
#
# A lecture meets this very error. It helps itself with `image[None, None, :]`
# and says that the shape is then (1, 1, 100, 100).
#
# **Predict.** What shape is it, and would our layer take it?

# %%
sticker[None, None, :].shape

# %%
try_it(conv, torch.from_numpy(sticker[None, None, :]).float())

# %% [markdown]
# `None` puts axes in and takes none away, and a layer wants four at most.
# (1, 1, 100, 100) is what a *grey* picture would give.

# %% [markdown]
# ### Three fixes for a fourth channel
#
# **1. Leave alpha out.** Quick, but what was transparent shows whatever
# colour the file happens to hold there.

# %%
rgb = x[:, :3]
tuple(conv(rgb).shape)

# %% [markdown]
# **2. Lay it on white.** Alpha $\alpha$ says how much of the picture to take,
# $1 - \alpha$ how much of the background. By hand, for a half transparent
# pixel of brightness 0.2: $0.5 \cdot 0.2 + 0.5 \cdot 1 = 0.6$.

# %%
alpha = x[:, 3:]
on_white = alpha * rgb + (1 - alpha) * 1.0
tuple(conv(on_white).shape)

# %%
plots.plot_images([rgb[0], on_white[0]], ["alpha left out", "on white"])

# %% [markdown]
# **3. Let the layer take four channels.** Right if alpha means something for
# the task.

# %%
tuple(nn.Conv2d(4, 8, kernel_size=3)(x).shape)

# %% [markdown]
# ## What to remember
#
# 1. **Axes.** A file gives (H, W, C), PyTorch wants (N, C, H, W).
#    `permute` moves axes; `reshape` would scramble the picture.
# 2. **From file to layer.** Float, divide by 255, channels first, batch
#    axis: `images.to_tensor(photo)[None]`, or `image[None, None]` for a grey
#    grid. And back: `.detach().squeeze()`.
# 3. **Errors.** Types: `.float()`. Shapes: print the shape, name each axis,
#    compare the channels with the layer's `in_channels`. A fourth channel is
#    usually alpha.
#
# | card | |
# |---|---|
# | pixel | `uint8` 0..255 in files, float 0..1 in nets |
# | one picture, a batch | (C, H, W), (N, C, H, W) |
# | kernel | (out_channels, in_channels, height, width) |
# | new axis | `x[None]` in front, `x[:, None]` after the first |
# | `permute` or `reshape` | moves axes, or redraws borders |
#
# **Now [exercise 00](../exercises/00_images_as_tensors.ipynb)**: four short
# tasks on just these steps. Then [lesson 01](01_convolution.ipynb): what a
# layer does with all these numbers.

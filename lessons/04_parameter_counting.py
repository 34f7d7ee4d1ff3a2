# %% [markdown]
# # 04 Counting parameters
#
# How many numbers does a net learn, how much work does it do, how much
# memory does it fill, how far does a unit see? All four can be worked out
# with a pencil, and here you do.
#
# **Time:** 50 minutes
#
# **Notation.** Textbooks write $f$ for the kernel's size, $n_C$ for channels
# in and $n_C'$ for channels out. PyTorch says `kernel_size`, `in_channels`,
# `out_channels`; `kh` and `kw` are the kernel's height and width.
# A *mult-add* is one multiplication with its addition. M is $10^6$.
#
# After this lesson you can
#
# 1. count the parameters of any convolutional net, layer by layer;
# 2. say where its parameters are and where its work is, and why;
# 3. fix the shape error between `Flatten` and `Linear`.

# %%
import torch
from torch import nn

from cnnlib import arithmetic, models, plots, summary, worked_example

# %% [markdown]
# ## Two reasons for convolution
#
# Suppose a layer turns a 100 x 100 picture into a map of the same size.
# Fully connected, each of the 10,000 outputs has a weight for each of the
# 10,000 inputs, and a bias.

# %%
dense = arithmetic.linear_params(100 * 100, 100 * 100)
dense

# %% [markdown]
# **Sparsity.** Each output looks only at a 3 x 3 window: 9 weights and a
# bias in place of 10,001 numbers.

# %%
sparse = 100 * 100 * arithmetic.linear_params(9, 1)
print(f"{sparse:,}")

# %% [markdown]
# **Sharing.** All outputs use the *same* 9 weights and the same bias.
#
# **Predict.** How many numbers are left to learn?

# %%
shared = arithmetic.conv_params(1, 1, kernel_size=3)
print(shared)
print(f"{dense // shared:,} times fewer")

# %% [markdown]
# ## A convolution's parameters
#
# One kernel covers `kh * kw` cells in each of the `in_channels` channels and
# has one bias. There are `out_channels` kernels:
#
# $$(kh \cdot kw \cdot C_\mathrm{in} + 1) \cdot C_\mathrm{out}$$
#
# `Conv2d(1, 3, 3)` by hand: $(3 \cdot 3 \cdot 1 + 1) \cdot 3 = 30$.

# %%
conv = nn.Conv2d(1, 3, kernel_size=3)
count = sum(p.numel() for p in conv.parameters())
worked_example("hzdr-conv-30").check(count)

# %% [markdown]
# **Predict.** Three channels in, three out, 3 x 3. Not $3 \cdot 30$.

# %%
conv = nn.Conv2d(3, 3, kernel_size=3)
print(arithmetic.conv_params(3, 3, 3))
worked_example("hzdr-conv-84").check(sum(p.numel() for p in conv.parameters()))

# %% [markdown]
# Each kernel has grown from 9 to 27 weights, but its bias is still one.
#
# A lecture leaves this as a question: 10 filters of 3 x 3 x 3.

# %%
conv = nn.Conv2d(3, 10, kernel_size=3)
print(arithmetic.conv_params(3, 10, 3))
worked_example("glasgow-conv-280").check(
    sum(p.numel() for p in conv.parameters()))

# %% [markdown]
# **Predict.** The same layer on a picture of 32 x 32, then of 1000 x 1000:
# how do the counts differ?
#
# <details><summary>Answer</summary>
#
# Not at all. Height and width of the picture do not occur in the formula.
# </details>

# %%
small = summary(conv, (3, 32, 32)).total_params
large = summary(conv, (3, 1000, 1000)).total_params
print(small, large)

# %% [markdown]
# ## A whole net, row by row
#
# A net in the manner of LeNet, for colour pictures of 32 x 32. Write down
# the table yourself before you run it: the size of what each layer gives
# (height x width x channels), then its parameters.
#
# - `conv1`: 8 kernels 5 x 5, no padding, then `pool1`: 2 x 2
# - `conv2`: 16 kernels 5 x 5, then `pool2`: 2 x 2
# - three `Linear` layers: 120, 84, 10
#
# By hand: $32 - 5 + 1 = 28$, so `conv1` gives $28 \cdot 28 \cdot 8 = 6272$
# numbers and has $(5 \cdot 5 \cdot 3 + 1) \cdot 8 = 608$ parameters.

# %%
net = models.table_net()
table = summary(net, (3, 32, 32))
rows = [row for row in table.rows if row.kind not in ("ReLU", "Flatten")]
for row in rows:
    numbers = torch.Size(row.output_shape).numel()
    print(f"{row.name:8}{numbers:6,} numbers {row.params:7,} parameters")

# %%
sizes = [3 * 32 * 32] + [torch.Size(r.output_shape).numel() for r in rows]
params = [0] + [row.params for row in rows]
worked_example("glasgow-table").check({"sizes": sizes, "params": params})

# %% [markdown]
# The flattened map has $5 \cdot 5 \cdot 16 = 400$ numbers, so the first
# `Linear` layer has $400 \cdot 120 + 120 = 48{,}120$ parameters: more than
# three quarters of the net.

# %%
share = 48_120 / table.total_params
print(f"{share:.1%} of {table.total_params:,}")
assert share > 0.75

# %% [markdown]
# ## `summary`: the arithmetic of a net
#
# `summary(model, input_size)` does what we just did by hand, for any model.
# The size is given without the batch axis. Look at the line that starts with
# `fc`.

# %%
net = models.plain_cnn()
plain = summary(net, (1, 100, 100))
plain

# %%
worked_example("hzdr-cnn-20087").check(plain.total_params)

# %% [markdown]
# 20,001 of 20,087 parameters are in the last layer: it has a weight for each
# of $2 \cdot 100 \cdot 100$ numbers. Where they come from is a matter of map
# size, not of kernels.

# %%
plots.plot_bars(
    {row.name: row.params for row in plain.rows if row.params},
    title="Parameters", share=True,
)

# %% [markdown]
# ### Pooling fixes it
#
# **Predict.** Two poolings of 2 x 2 turn 100 x 100 into 25 x 25. What
# becomes of 20,001?

# %%
pooled = summary(models.pooled_cnn(), (1, 100, 100))
worked_example("hzdr-pooled-1337").check(pooled.total_params)

# %%
last = arithmetic.linear_params(2 * 25 * 25, 1)
print(last)
worked_example("hzdr-shrink-16x").check(20_001 / last)

# %% [markdown]
# Pooling has no parameters itself (lesson 03). It saves them in the layer
# that comes after the flattening.

# %% [markdown]
# ## Work: mult-adds
#
# Every number of an output map costs one mult-add for each weight of its
# kernel:
#
# $$kh \cdot kw \cdot C_\mathrm{in} \cdot C_\mathrm{out} \cdot
# H_\mathrm{out} \cdot W_\mathrm{out}$$
#
# Note the *output* size. By hand, for the net above:
#
# - `conv1`: $9 \cdot 1 \cdot 3 \cdot 100 \cdot 100 = 270{,}000$
# - `conv2`: $9 \cdot 3 \cdot 2 \cdot 100 \cdot 100 = 540{,}000$
# - `fc`: $20{,}000$
#
# Together $830{,}000$.

# %%
by_hand = 270_000 + 540_000 + 20_000
by_hand == plain.total_mult_adds

# %% [markdown]
# PyTorch can count too, while it runs: its flop counter takes a mult-add for
# two operations.

# %%
from torch.utils.flop_counter import FlopCounterMode

with FlopCounterMode(display=False) as counter:
    net(torch.zeros(1, 1, 100, 100))
print(counter.get_total_flops() // 2)

# %% [markdown]
# ### Spot the error: 0.85 million
#
# A slide shows the printout of a popular tool for the same net:
# "Total mult-adds (M): 0.85".
#
# **Predict.** By how much is it off, and which layer has just that number?

# %%
worked_example("hzdr-cnn-macs").check(plain.total_mult_adds / 1e6)

# %%
with_fc_twice = 270_000 + 540_000 + 2 * 20_000
print(with_fc_twice / 1e6)

# %% [markdown]
# The pooled net has the right number on its slide: its last layer is so
# small that counting it twice does not show in two decimals.

# %%
print(f"{pooled.total_mult_adds:,}")
worked_example("hzdr-pooled-macs").check(pooled.total_mult_adds / 1e6)

# %%
print((pooled.total_mult_adds + 1_250) / 1e6)

# %% [markdown]
# ### Three counts side by side
#
# `torchinfo` is the tool that most people use today.
#
# **Predict.** It counts one thing that we leave out. Which?

# %%
import torchinfo

theirs = torchinfo.summary(net, (1, 1, 100, 100), verbose=0)
theirs = {r.var_name: r.macs for r in theirs.summary_list if r.is_leaf_layer}
ours = {row.name: row.mult_adds for row in plain.rows}
print("layer      ours   torchinfo  difference")
for name in ["conv1", "conv2", "fc"]:
    more = theirs[name] - ours[name]
    print(f"{name:6}{ours[name]:9,}{theirs[name]:12,}{more:12,}")

# %% [markdown]
# The bias. For `conv1` it adds 3 biases at each of 10,000 places: 30,000.
# For `conv2` 20,000, for `fc` 1. Neither is *wrong*, they answer different
# questions, and you must know which one you are reading: weights or weights
# and biases, one picture or a batch, mult-adds or operations (twice as many).
# Ours: weights only, one picture.

# %%
assert theirs["conv1"] - ours["conv1"] == 3 * 100 * 100
assert theirs["conv2"] - ours["conv2"] == 2 * 100 * 100
assert theirs["fc"] - ours["fc"] == 1

# %% [markdown]
# In one place `torchinfo` is wrong by any convention. A transposed
# convolution, which makes maps larger, does its work at the *input's* places.
# 16 channels of 16 x 16 to 8 channels, 2 x 2 kernel, stride 2, by hand:
# $2 \cdot 2 \cdot 16 \cdot 8 \cdot 16 \cdot 16 = 131{,}072$.

# %%
up = nn.ConvTranspose2d(16, 8, kernel_size=2, stride=2, bias=False)
print("ours:     ", summary(up, (16, 16, 16)).total_mult_adds)
other = torchinfo.summary(up, (1, 16, 16, 16), verbose=0)
print("torchinfo:", other.total_mult_adds)

# %% [markdown]
# Four times too many: it used the output's $32 \cdot 32$ places.

# %% [markdown]
# ## Dense = parameters, convolution = work
#
# The two shares, side by side, for our net of the 32 x 32 pictures:

# %%
is_conv = [row.kind == "Conv2d" for row in table.rows]
work = sum(row.mult_adds for row, conv in zip(table.rows, is_conv) if conv)
params = sum(row.params for row, conv in zip(table.rows, is_conv) if conv)
print(f"convolutions: {params / table.total_params:5.1%} of the parameters")
print(f"              {work / table.total_mult_adds:5.1%} of the work")

# %% [markdown]
# A convolution's weight is used at every place of the map, a dense layer's
# weight once. So few shared weights do much work. It holds for the large
# nets as well; here is VGG-16 (lesson 06), without a single weight being
# loaded.

# %%
with torch.device("meta"):
    vgg = models.vgg16()
large = summary(vgg, (3, 224, 224))
convs = [row for row in large.rows if row.kind == "Conv2d"]
print(f"parameters: {sum(r.share_params for r in convs):.1%} in convolutions")
print(f"work:       {sum(r.share_mult_adds for r in convs):.1%}")

# %% [markdown]
# ## Memory: the maps in between
#
# Each number is a `float32`, 4 bytes. For the gradient all maps in between
# must be kept, so training needs them all at once, times the batch.
#
# By hand, the first map of our plain net: $3 \cdot 100 \cdot 100 \cdot 4 =
# 120{,}000$ bytes.

# %%
print(arithmetic.activation_memory((3, 100, 100)))
print(arithmetic.activation_memory((64, 224, 224)))

# %% [markdown]
# The second one is a single layer of VGG-16: nearly 13 megabytes for one
# picture. Its weights, for comparison:

# %%
weights = 4 * convs[1].params
print(f"weights of that layer: {weights:,} bytes")
assert convs[1].output_shape == (64, 224, 224)

# %% [markdown]
# Parameters say how large the *file* is, maps how much memory the *training*
# takes. They are quite different numbers.

# %% [markdown]
# ## How far a unit sees
#
# The *receptive field* of a unit is the patch of the input that can change
# it. One 3 x 3 layer sees 3 x 3. A second one on top sees three windows that
# overlap: $3 + 2 = 5$.
#
# The *jump* is the distance, on the input, between two neighbours of a map.
# Each stride multiplies it. A layer with kernel $k$ adds $(k - 1)$ jumps:
#
# $$r \leftarrow r + (k - 1) \cdot j, \qquad j \leftarrow j \cdot s$$
#
# By hand, for 3x3, pool 2x2, 3x3, pool 2x2: $1 + 2 = 3$, $3 + 1 = 4$, now
# $j = 2$, so $4 + 2 \cdot 2 = 8$, and $8 + 2 = 10$.

# %%
arithmetic.receptive_field_table([(3, 1), (2, 2), (3, 1), (2, 2)])

# %% [markdown]
# Is it true? Ask the gradient: which input pixels change one unit in the
# middle? All weights are 1 here, and pooling is by average, so nothing
# cancels.

# %%
stack = nn.Sequential(nn.Conv2d(1, 1, 3), nn.AvgPool2d(2),
                      nn.Conv2d(1, 1, 3), nn.AvgPool2d(2))
for layer in stack[::2]:
    nn.init.ones_(layer.weight)
image = torch.zeros(1, 1, 30, 30, requires_grad=True)
out = stack(image)
out[0, 0, 3, 3].backward()
touched = image.grad[0, 0] != 0
print("columns that matter:", touched.any(dim=0).sum().item())

# %%
rows, columns = touched.any(dim=1).nonzero(), touched.any(dim=0).nonzero()
top, left = rows[0].item(), columns[0].item()
plots.plot_receptive_field(image[0].detach(), (top, left, 10, 10),
                           heat=image.grad[0, 0])

# %% [markdown]
# Ten by ten, and not evenly: the middle counts most, because more paths lead
# through it.
#
# **Predict.** How many 3 x 3 layers without pooling does it take to see 11
# pixels?

# %%
for depth in range(1, 6):
    print(depth, arithmetic.receptive_field([(3, 1)] * depth))

# %% [markdown]
# ## When it breaks
#
# The most frequent error of all. Someone has guessed the size of the last
# layer.

# %% tags=["nbval-ignore-output"]
guessed = nn.Sequential(
    nn.Conv2d(1, 8, kernel_size=5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(1000, 10),
)
try:
    guessed(torch.zeros(1, 1, 28, 28))
except RuntimeError as error:
    print(error)

# %% [markdown]
# Read *mat1 and mat2 shapes cannot be multiplied (1x1152 and 1000x10)*:
# the picture arrives as 1 row of **1152** numbers, the layer expects
# **1000**. The first pair is the data, the second the weight.
#
# By hand: $28 - 5 + 1 = 24$, pooled 12, so $8 \cdot 12 \cdot 12 = 1152$.
# `summary` says it in a sentence:

# %%
try:
    summary(guessed, (1, 28, 28))
except ValueError as error:
    print(error)

# %% [markdown]
# The fix without any arithmetic: run everything up to `Flatten` once, and
# look at the shape.

# %%
features = guessed[:-1]
in_features = features(torch.zeros(1, 1, 28, 28)).shape[1]
fixed = nn.Sequential(*features, nn.Linear(in_features, 10))
print(in_features, tuple(fixed(torch.zeros(1, 1, 28, 28)).shape))

# %% [markdown]
# A relative of it: the picture without a batch axis. `Conv2d` takes
# (C, H, W) too, but `Flatten` then keeps the first axis, the channels, and
# joins only the rest.

# %%
print("with batch:   ", tuple(features(torch.zeros(1, 1, 28, 28)).shape))
print("without batch:", tuple(features(torch.zeros(1, 28, 28)).shape))

# %% [markdown]
# ## What to remember
#
# 1. **Parameters.** Convolution: (kh * kw * in + 1) * out. Linear:
#    in * out + out. Pooling, ReLU, flatten: none. The picture's size
#    matters only at the first dense layer.
# 2. **Where.** Dense layers hold the parameters, convolutions do the work:
#    a shared weight is used at every place.
# 3. **Flatten to Linear.** channels * height * width of the last map. When
#    it breaks, the first number pair of the message is your data.
#
# | card | |
# |---|---|
# | mult-adds | kh * kw * in * out * *output* height * *output* width |
# | convention | weights only, one picture, M = $10^6$ |
# | memory | 4 bytes for each number of each map, times the batch |
# | receptive field | add $(k-1)$ jumps; strides multiply the jump |
# | two reasons | sparse windows, shared weights |
#
# Next: a net that reads handwriting.

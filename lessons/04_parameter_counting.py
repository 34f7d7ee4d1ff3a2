# %% [markdown]
# # 04 Counting parameters
#
# How many numbers does a net learn, how much work does it do, how much
# memory does it fill, how far does a unit see? All four can be worked out
# with a pencil, and here you do.
#
# **Time:** 55 minutes

# %% [markdown]
# A famous net of eight layers, AlexNet. The first bars say how many numbers
# each layer has learned, the second how many multiplications it does for one
# photograph. Why are they so different?

# %% tags=["folded"]
import torch

from cnnlib import models, plots, summary

with torch.device("meta"):                     # sizes only, no weights
    alexnet = models.alexnet("one-tower")
layers = [r for r in summary(alexnet, (3, 227, 227)).rows if r.params]
plots.plot_bars({r.name: r.params for r in layers},
                title="Numbers learned", share=True)

# %% tags=["folded"]
plots.plot_bars({r.name: r.mult_adds for r in layers},
                title="Multiplications for one photograph", share=True)

# %% [markdown]
# After this lesson you can
#
# 1. count the parameters of any convolutional net, layer by layer;
# 2. say where its parameters are and where its work is, and why;
# 3. fix the shape error between `Flatten` and `Linear`.
#
# **Notation.** Textbooks count layers in brackets: layer $l$ has kernels of
# size $f^{[l]}$, $n_C^{[l-1]}$ channels in and $n_C^{[l]}$ out. PyTorch says
# `kernel_size`, `in_channels`, `out_channels`; `kh` and `kw` are the kernel's
# height and width. A *mult-add* is one multiplication with its addition.
# M is $10^6$.

# %%
import torch
from torch import nn

from cnnlib import arithmetic, diagrams, models, plots, summary
from cnnlib import worked_example

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
# **Predict.** Three channels in, three out, 3 x 3. (Not $3 \cdot 30$.) Work
# it out and type your number.

# %%
worked_example("hzdr-conv-84").predict()

# %% [markdown]
# Each kernel grows from 9 to 27 weights, but its bias is still one number.

# %%
conv = nn.Conv2d(3, 3, kernel_size=3)
print(arithmetic.conv_params(3, 3, 3))
worked_example("hzdr-conv-84").check(sum(p.numel() for p in conv.parameters()))

# %% [markdown]
# **Predict.** A lecture leaves this as a question: 10 filters of 3 x 3 x 3.

# %%
worked_example("glasgow-conv").predict()

# %%
conv = nn.Conv2d(3, 10, kernel_size=3)
worked_example("glasgow-conv-280").check(
    sum(p.numel() for p in conv.parameters()))

# %% [markdown]
# In which order do the weights lie? A textbook's kernel for layer $l$ has the
# axes $f \times f \times n_C^{[l-1]} \times n_C^{[l]}$: height, width, in,
# out. PyTorch begins with the last: out, in, height, width. The number of
# weights is the same; whoever copies weights from another library has to turn
# the axes.

# %%
textbook = torch.empty(3, 3, 3, 10)                # (kh, kw, in, out)
print(tuple(conv.weight.shape))
print(tuple(textbook.permute(3, 2, 0, 1).shape))

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
# The net that will read digits in lesson 05, for grey pictures of 28 x 28.
# Write down the table yourself before you run it: the size of what each
# layer gives (channels x height x width), then its parameters.
#
# - `conv1`: 8 kernels 3 x 3, padding 1, then `pool1`: 2 x 2
# - `conv2`: 16 kernels 3 x 3, padding 1, then `pool2`: 2 x 2
# - `fc`: `Linear` with 10 outputs
#
# By hand: padding 1 keeps 28, so `conv1` gives $8 \cdot 28 \cdot 28 = 6272$
# numbers and has $(3 \cdot 3 \cdot 1 + 1) \cdot 8 = 80$ parameters.
#
# **Predict.** The other rows, and where most of the parameters are.

# %%
net = models.mnist_cnn()
table = summary(net, (1, 28, 28))
rows = [row for row in table.rows if row.kind not in ("ReLU", "Flatten")]
for row in rows:
    numbers = torch.Size(row.output_shape).numel()
    print(f"{row.name:8}{numbers:6,} numbers {row.params:6,} parameters")

# %% [markdown]
# The flattened map has $16 \cdot 7 \cdot 7 = 784$ numbers, and the `Linear`
# layer a weight for each of them and each of its ten outputs:
# $784 \cdot 10 + 10 = 7850$.

# %%
share = 7_850 / table.total_params
print(f"{share:.1%} of {table.total_params:,}")
assert share > 0.85

# %% [markdown]
# ## `summary`: the arithmetic of a net
#
# `summary(model, input_size)` does what we just did by hand, for any model.
# The size is given without the batch axis. This net comes from a lecture, for
# pictures of 100 x 100. Look at the line that starts with `fc`.

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
last = arithmetic.linear_params(2 * 25 * 25, 1)      # 2 channels
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

# %%
plots.plot_bars(
    {row.name: row.mult_adds for row in plain.rows if row.mult_adds},
    title="Mult-adds", share=True,
)

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
# The lecture shows the printout of a popular tool for this net: "Total
# mult-adds (M): 0.85".
#
# **Predict.** By how much is it off, and which layer has just that number?

# %%
worked_example("hzdr-cnn-macs").check(plain.total_mult_adds / 1e6)

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
# Divide the differences by the places of the map, 10,000 for a convolution
# and 1 for `fc`: it is one for each kernel. Neither count is *wrong*, they
# answer different questions, and you must know which one you read: weights,
# or weights and biases; one picture or a batch; mult-adds or operations
# (twice as many). Ours: weights only, one picture.

# %%
assert theirs["conv1"] - ours["conv1"] == 3 * 100 * 100
assert theirs["conv2"] - ours["conv2"] == 2 * 100 * 100
assert theirs["fc"] - ours["fc"] == 1

# %% [markdown]
# In some places `torchinfo` is wrong by any convention. A transposed
# convolution, which makes maps larger, does its work at the *input's* places:
# 16 channels of 16 x 16 to 8 channels, 2 x 2 kernel, stride 2, by hand
# $2 \cdot 2 \cdot 16 \cdot 8 \cdot 16 \cdot 16 = 131{,}072$. And attention,
# the layer of language models, does a lot of work, not none.

# %%
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.MultiheadAttention(32, num_heads=4, batch_first=True)
    def forward(self, x):                                    # (N, 16, 32)
        return self.layer(x, x, x)[0]

# %%
up = nn.ConvTranspose2d(16, 8, kernel_size=2, stride=2, bias=False)
for name, layer, size in [("transposed", up, (16, 16, 16)),
                          ("attention", Attention(), (16, 32))]:
    ours = summary(layer, size).total_mult_adds
    other = torchinfo.summary(layer, (1, *size), verbose=0).total_mult_adds
    print(f"{name:11} ours {ours:8,}   torchinfo {other:8,}")

# %% [markdown]
# Four times too many: it took the output's $32 \cdot 32$ places. And 0,
# because it does not look into that layer.

# %% [markdown]
# ## Dense = parameters, convolution = work
#
# The two shares, side by side, for the net of the 28 x 28 pictures.
#
# **Predict.** `fc` has 86 % of the parameters. How much of the work?

# %%
def in_convolutions(table):
    """The convolutions' share of the parameters and of the work, in %."""
    convs = [row for row in table.rows if row.kind == "Conv2d"]
    return {"of the parameters": 100 * sum(r.share_params for r in convs),
            "of the work": 100 * sum(r.share_mult_adds for r in convs)}

# %%
plots.plot_bars(in_convolutions(table), unit="%", title="In convolutions")

# %% [markdown]
# A convolution's weight is used at every place of the map, a dense layer's
# weight once. So few shared weights do much work. It holds for the large
# nets as well; here is VGG-16 (lesson 06), without a single weight being
# loaded.

# %%
with torch.device("meta"):
    vgg = models.vgg16()
large = summary(vgg, (3, 224, 224))
plots.plot_bars(in_convolutions(large), unit="%",
                title="VGG-16: in convolutions")

# %% [markdown]
# ### Cheaper convolutions
#
# From 64 channels to 64, a 3 x 3 layer has $9 \cdot 64 \cdot 64$ weights. Two
# ways to have fewer. With `groups=64` each kernel sees only one channel
# (*depthwise*): $9 \cdot 64$. A *1 x 1* kernel sees one pixel, but all
# channels: $64 \cdot 64$. One after the other they do both jobs. Small nets
# for telephones are built so.

# %%
full = nn.Conv2d(64, 64, 3, padding=1, bias=False)
depthwise = nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False)
one_by_one = nn.Conv2d(64, 64, 1, bias=False)
layers = {"full 3 x 3": full, "depthwise 3 x 3": depthwise,
          "1 x 1": one_by_one}
for name, layer in layers.items():
    found = summary(layer, (64, 64, 64))
    print(f"{name:16}{found.total_params:7,} weights "
          f"{found.total_mult_adds:12,} mult-adds")

# %% [markdown]
# **Predict.** Depthwise is 64 times less work than the full layer. Will it
# be 64 times as fast?

# %% tags=["nbval-ignore-output"]
import time

def milliseconds(layer):
    """The quickest of seven runs: the others were disturbed."""
    maps, times = torch.rand(8, 64, 64, 64), []
    with torch.no_grad():
        for _ in range(7):
            start = time.perf_counter()
            layer(maps)
            times.append(time.perf_counter() - start)
    return 1000 * min(times)

# %% tags=["nbval-ignore-output"]
timing = {name: milliseconds(layer) for name, layer in layers.items()}
assert timing["depthwise 3 x 3"] > timing["full 3 x 3"] / 32
plots.plot_bars(timing, unit="ms", title="8 pictures of 64 x 64 x 64")

# %% [markdown]
# Mult-adds are not time. A layer also has to fetch its maps from memory, and
# that is as much for the depthwise layer as for the full one. Count to
# compare nets roughly; to know how long a net takes, measure it where it is to
# run.

# %% [markdown]
# ## Memory
#
# Each number is a `float32`, 4 bytes. The lecture's tool prints four lines
# for our net, in MB of $2^{20}$ bytes: what goes in, the maps forward and
# backward, the parameters, and their sum. For the maps it takes what
# `Conv2d` and `Linear` give, twice: the maps and their gradients. By hand:
# $8 \cdot (30{,}000 + 20{,}000 + 1) / 2^{20} = 0.38$.

# %%
image, maps, weights = 100 * 100, 2 * (30_000 + 20_000 + 1), 20_087
lines = [4 * n / 2**20 for n in (image, maps, weights)]
worked_example("hzdr-cnn-memory").check([*lines, sum(lines)])

# %% [markdown]
# The net with pooling, for comparison: input 0.04, maps 0.27, parameters 0.01,
# together 0.31 MB.

# %%
image, maps, weights = 100 * 100, 2 * (30_000 + 5_000 + 1), 1_337
lines = [4 * n / 2**20 for n in (image, maps, weights)]
worked_example("hzdr-pooled-memory").check([*lines, sum(lines)])

# %% [markdown]
# What do these lines leave out? ReLU, pooling and `Flatten` are not counted.
# So ask PyTorch what it really keeps between the way forward and the way
# back: it tells a hook of each tensor.

# %%
def kept(net, picture):
    """Sizes of the maps that wait for the backward pass, in numbers."""
    weights = {p.data_ptr() for p in net.parameters()}
    found = {}
    def note(tensor):
        if tensor.data_ptr() not in weights:
            found[tensor.data_ptr()] = tensor
        return tensor
    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
        net(picture)
    return [f"{tuple(t.shape)[1:]} {t.dtype}" for t in found.values()]

# %%
nets = {"plain": models.plain_cnn(), "with pooling": models.pooled_cnn()}
for name, model in nets.items():
    print(f"{name}:", *kept(model, torch.zeros(1, 1, 100, 100)), sep="\n  ")

# %% [markdown]
# Each convolution keeps its input, and ReLU its output, which is the same
# tensor as the next layer's input. What a convolution gives is *not* kept:
# nothing needs it once ReLU has gone over it. Pooling keeps, besides its
# input, where each maximum lay, as `int64` of 8 bytes. So such a printout is
# a rough guide, and not more.
#
# Two things decide in practice. The maps count once for *each picture of the
# batch*. And the optimizer has a memory: Adam (lesson 05) keeps, beside each
# weight, its gradient and two running averages.

# %%
megabytes = 4 * large.total_params / 1e6
first = arithmetic.activation_memory((64, 224, 224))
plots.plot_bars({"weights alone": megabytes,
                 "with gradients and Adam": 4 * megabytes,
                 "first map, 100 pictures": 100 * first / 1e6},
                unit="MB", title="VGG-16 in training")

# %% [markdown]
# So parameters say how large the *file* is. *Training* takes four times that
# with Adam, and then the maps, which grow with the batch.

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
# (A dilation $d$ sets the cells of the kernel $d$ apart, so it adds
# $(k - 1) \cdot d$ jumps.)
#
# By hand, for 3x3, pool 2x2, 3x3, pool 2x2: $1 + 2 = 3$, $3 + 1 = 4$, now
# $j = 2$, so $4 + 2 \cdot 2 = 8$, and $8 + 2 = 10$.

# %%
arithmetic.receptive_field_table([(3, 1), (2, 2), (3, 1), (2, 2)])

# %% [markdown]
# The same along one axis: a unit at the top, and all that it can see, down to
# the ten pixels. The number in a cell says on how many ways it leads to the
# unit.

# %%
diagrams.draw_reach([(3, 1), (2, 2), (3, 1), (2, 2)],
                    ["3 x 3", "pool 2 x 2", "3 x 3", "pool 2 x 2"])

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
# Ten by ten, and not evenly: the middle counts most, because more ways lead
# through it, six against one. Lesson 07 looks at a net that has been trained.
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
# **1000**. The first pair is the data, the second the weight, turned: its
# own shape is (10, 1000), as `Linear` multiplies by the transpose.
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
# | memory | 4 bytes a number: weights, four times with Adam; maps, times the batch |
# | receptive field | add $(k-1)$ jumps; strides multiply the jump |
# | two reasons | sparse windows, shared weights |
#
# **Now [exercise 04](../exercises/04_parameter_counting.ipynb).** Then
# [lesson 05](05_mnist_cnn.ipynb): a net that reads handwriting.

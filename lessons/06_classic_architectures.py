# needs: mnist

# %% [markdown]
# # 06 Classic architectures
#
# LeNet-5 read cheques, AlexNet started the present wave, VGG made depth a
# habit. All three are made of what you know by now. You read their drawings,
# count them, build them, and put one to new use.
#
# **Time:** 60 minutes
#
# **Notation.** Papers write a stack of maps as $n_C$@$n_H$x$n_W$:
# `6@28x28` is 6 channels of 28 x 28, in PyTorch the shape (N, 6, 28, 28).
# FC (fully connected) and dense both mean `nn.Linear`.
#
# After this lesson you can
#
# 1. read an architecture drawing, and say what it leaves out;
# 2. build LeNet-5, AlexNet and VGG-16, and check them number by number;
# 3. use a trained net's features for a task it was not trained for.

# %%
import torch
from torch import nn

from cnnlib import diagrams, models, summary, worked_example

# %% [markdown]
# ## Reading the drawings
#
# Two styles are common. The older one draws the *maps*, as stacks. Here is
# LeNet-5, drawn from a real `nn.Module`:

# %%
lenet = models.lenet5()
diagrams.draw_volumes(lenet, (1, 32, 32))

# %% [markdown]
# The newer one draws the *operations*, as blocks:

# %%
diagrams.draw_blocks(lenet, (1, 32, 32))

# %% [markdown]
# **Predict.** What do the blocks say that the stacks leave out?
#
# <details><summary>Answer</summary>
#
# The activations: `Tanh` changes no shape, so between two stacks nothing
# shows. Many drawings leave them out, and padding and stride as well. You
# have to work those out from the sizes.
# </details>

# %%
kinds = [row.kind for row in summary(lenet, (1, 32, 32)).rows]
print(kinds.count("Tanh"), "activations that the first drawing leaves out")

# %% [markdown]
# ## LeNet-5 (1998)
#
# Yann LeCun and colleagues, for handwritten digits. Digits of 28 x 28 are
# padded to 32 x 32, so that strokes at the edge can lie in the middle of a
# 5 x 5 window too. The table, as you will find it in textbooks:
#
# | layer | maps | size | kernel | stride | activation |
# |---|---|---|---|---|---|
# | input | 1 | 32 x 32 | | | |
# | C1 convolution | 6 | 28 x 28 | 5 x 5 | 1 | tanh |
# | S2 average pooling | 6 | 14 x 14 | 2 x 2 | 2 | |
# | C3 convolution | 16 | 10 x 10 | 5 x 5 | 1 | tanh |
# | S4 average pooling | 16 | ? | ? | ? | |
# | C5 convolution | 120 | 1 x 1 | 5 x 5 | 1 | tanh |
# | F6 dense | | 84 | | | tanh |
# | output | | 10 | | | |

# %% [markdown]
# ### Spot the error: the fourth row
#
# A widely used table prints 10 x 10, kernel 5 x 5, stride 1 in row S4.
#
# **Predict.** What should stand there?

# %%
rows = {row.name: row for row in summary(lenet, (1, 32, 32)).rows}
maps, height, width = rows["s4"].output_shape
worked_example("lenet-table-row4").check({
    "size": f"{height}x{width}",
    "kernel": "{0}x{0}".format(lenet.s4.kernel_size),
    "stride": lenet.s4.stride,
})

# %% [markdown]
# ### Its parameters
#
# Row by row, by hand:
#
# - C1: $(5 \cdot 5 \cdot 1 + 1) \cdot 6 = 156$
# - C3: $(5 \cdot 5 \cdot 6 + 1) \cdot 16 = 2416$
# - C5: $(5 \cdot 5 \cdot 16 + 1) \cdot 120 = 48{,}120$
# - F6: $120 \cdot 84 + 84 = 10{,}164$
# - output: $84 \cdot 10 + 10 = 850$

# %%
summary(lenet, (1, 32, 32))

# %%
total = sum(p.numel() for p in lenet.parameters())
worked_example("lenet-params").check(total)

# %% [markdown]
# ### 61,706 or 60,000?
#
# The paper says "60,000 trainable parameters", and it is right: the net of
# 1998 is not quite the one that everybody builds today.
#
# - C3's maps each see only 3, 4 or 6 of the 6 maps below: 60 kernel slices
#   in place of 96;
# - the pooling learns a coefficient and a bias for each map;
# - the output compares F6 with ten drawn 7 x 12 codes, and does not learn.
#
# By hand: $156 + 12 + 1516 + 32 + 48{,}120 + 10{,}164 = 60{,}000$.

# %%
original = models.lenet5_1998()
trainable = sum(p.numel() for p in original.parameters() if p.requires_grad)
worked_example("lenet-1998-params").check(trainable)

# %% [markdown]
# **Predict.** C3 of 1998: 60 slices of 5 x 5 and 16 biases. How many
# parameters?

# %%
rows_1998 = {row.name: row for row in summary(original, (1, 32, 32)).rows}
rows_1998["c3"].params_formula

# %% [markdown]
# ### Build it and train it
#
# As a plain `nn.Sequential`. Average pooling and tanh, as in the paper.

# %%
ours = nn.Sequential(
    nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
    nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
    nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
    nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
)
print(sum(p.numel() for p in ours.parameters()))

# %% tags=["nbval-ignore-output"]
import torch.nn.functional as F

from cnnlib import data, evaluate, fit

digits = data.load_mnist()
train, test = (F.pad(images, (2, 2, 2, 2)) for images in
               (digits.train_images, digits.test_images))   # (N, 1, 32, 32)
digits

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
net = models.lenet5()
epochs = 2 if digits.source == "mnist" else 8
history = fit(net, train, digits.train_labels, epochs=epochs)

# %% tags=["nbval-ignore-output"]
result = evaluate(net, test, digits.test_labels)
print(f"{result.accuracy:.2%} of the test digits are right")
assert result.accuracy > (0.97 if digits.source == "mnist" else 0.93)

# %% [markdown]
# ### Look inside
#
# Every layer's answer to one digit. Choose a layer, then a number in one of
# its maps: the box shows the pixels that it can see, the colours which of
# them would change it, and below stands where the number comes from.
#
# **Predict.** How far does a number of `s2` see, one of `c3`, one of `c5`?
#
# **Try.** Find out in which layer the box first covers the whole digit. Then
# compare `c1` with `tanh1`: what does tanh do to large numbers?

# %% tags=["nbval-ignore-output"]
from cnnlib import explore_network

explore_network(net, test[0])

# %% [markdown]
# The paper reports an error rate of 0.95 % after twenty passes over the
# data. In seconds, the net of 1998 reads more than 97 of 100 digits of MNIST.

# %% [markdown]
# ## AlexNet (2012)
#
# The same idea, on 1.2 million photographs. New were ReLU in place of tanh
# (it does not saturate, so training is faster), dropout in the dense layers
# (half of the units are left out at random in each step), and pooling with
# windows that overlap: 3 x 3, stride 2.

# %%
with torch.device("meta"):                     # sizes only, no weights
    two_tower = models.alexnet("two-tower")
diagrams.draw_blocks(two_tower, (3, 227, 227), activations=False)

# %% [markdown]
# ### The two towers
#
# The drawing in the paper shows two nets side by side, and its upper half is
# cut off. The reason was hardware: one graphics card had 3 GB of memory, so
# half of the maps lived on each of two cards. In `conv2`, `conv4` and
# `conv5` a map sees only the maps on its own card; in PyTorch, `groups=2`.
#
# **Predict.** What does that do to the parameters of these layers?

# %%
with torch.device("meta"):
    one_tower = models.alexnet("one-tower")
for name in ["conv1", "conv2", "conv3", "conv4", "conv5"]:
    split, whole = (sum(p.numel() for p in getattr(net, name).parameters())
                    for net in (two_tower, one_tower))
    print(f"{name}  two towers {split:9,}  one tower {whole:9,}")

# %% [markdown]
# The weights halve, the biases stay.

# %% [markdown]
# ### Spot the error: 224 or 227?
#
# The paper takes pictures of 224 x 224, and its first layer (11 x 11, stride
# 4, no padding) gives 55 x 55. Slides draw 54 x 54.
#
# **Predict.** Which of them is right?

# %%
print("224:", (224 - 11) / 4 + 1)
print("227:", (227 - 11) / 4 + 1)

# %%
first = nn.Conv2d(3, 96, kernel_size=11, stride=4, device="meta")
sizes = {n: first(torch.empty(1, 3, n, n, device="meta")).shape[-1]
         for n in (224, 227)}
worked_example("alexnet-224").check(sizes)

# %% [markdown]
# 55 belongs to 227. With 224 the window does not come out even, and the
# floor makes it 54. torchvision's AlexNet takes 224 *and* gives 55, because
# it pads by 2: $\lfloor(224 + 4 - 11)/4\rfloor + 1 = 55$.

# %% [markdown]
# ### Three nets with one name
#
# Layer by layer, for each of the three (and for the slides' 224):

# %%
def sizes_of(net, size):
    """Heights after each convolution and pooling, and what is flattened."""
    rows = summary(net, (3, size, size)).rows
    spatial = [row.output_shape[-1] for row in rows
               if row.kind in ("Conv2d", "MaxPool2d")]
    flat = next(row for row in rows if row.kind == "Flatten").output_shape[0]
    return spatial, flat

# %%
with torch.device("meta"):
    nets = {
        "two-tower": (two_tower, 227), "one-tower": (one_tower, 227),
        "one-tower, 224": (models.alexnet("one-tower", input_size=224), 224),
        "torchvision": (models.alexnet("torchvision"), 224),
    }
for name, (net, size) in nets.items():
    print(f"{name:15}", *sizes_of(net, size))

# %%
counts = {name: sum(p.numel() for p in net.parameters())
          for name, (net, size) in nets.items() if size == 227
          or name == "torchvision"}
names = ["two-tower (grouped, 2012)", "one-tower, original widths",
         "torchvision"]
worked_example("alexnet-params").check(dict(zip(names, counts.values())))

# %% [markdown]
# When someone says "AlexNet has 61 million parameters", ask which one.

# %% [markdown]
# ### Spot the error: count the dense layers
#
# A slide lists "5 convolutional, 3 max-pooling, 2 fully connected,
# 1 softmax".

# %%
rows = summary(one_tower, (3, 227, 227)).rows
kinds = [row.kind for row in rows]
print({kind: kinds.count(kind) for kind in ("Conv2d", "MaxPool2d", "Linear")})
worked_example("alexnet-layers").check(kinds.count("Linear"))

# %% [markdown]
# Softmax is no layer with weights: it turns the third dense layer's ten or
# thousand scores into probabilities.

# %% [markdown]
# ### The same as torchvision's?
#
# Ours has the same shapes as theirs, parameter by parameter and layer by
# layer.

# %%
import torchvision

def same_shapes(ours, theirs, size):
    """Same parameters in order, and the same sizes after each layer."""
    kinds = ("Conv2d", "MaxPool2d", "Linear")
    weights = [[p.shape for p in net.parameters()] for net in (ours, theirs)]
    maps = [[row.output_shape for row in summary(net, size).rows
             if row.kind in kinds] for net in (ours, theirs)]
    return weights[0] == weights[1] and maps[0] == maps[1]

# %%
with torch.device("meta"):
    theirs = torchvision.models.alexnet()
same_shapes(nets["torchvision"][0], theirs, (3, 224, 224))

# %% [markdown]
# ## VGG (2014)
#
# Karen Simonyan and Andrew Zisserman asked what depth alone can do, and made
# everything else plain: 3 x 3 kernels, padding 1, ReLU, 2 x 2 pooling.
#
# Why 3 x 3? Two in a row see as far as one 5 x 5 (lesson 04): 5 pixels.
#
# **Predict.** Which has fewer parameters for 64 channels in and out, without
# biases: two layers of 3 x 3 or one of 5 x 5?

# %%
from cnnlib import arithmetic

print(arithmetic.receptive_field([(3, 1), (3, 1)]))
print(2 * arithmetic.conv_params(64, 64, 3, bias=False), "in two 3x3")
print(arithmetic.conv_params(64, 64, 5, bias=False).value, "in one 5x5")

# %% [markdown]
# By hand: $2 \cdot 9 = 18$ against $25$ weights for each pair of channels.
# Fewer numbers, the same view, and one ReLU more.

# %% [markdown]
# ### Blocks
#
# Two or three such layers and a pooling make a *block*. Each block halves
# the map; the channels double, up to 512.

# %%
def vgg_block(num_convs, in_channels, out_channels):
    layers = []
    for i in range(num_convs):
        channels = in_channels if i == 0 else out_channels
        layers += [nn.Conv2d(channels, out_channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


summary(vgg_block(2, 3, 64), (3, 224, 224)).rows[-1].output_shape

# %%
with torch.device("meta"):
    vgg = models.vgg16()
    theirs = torchvision.models.vgg16()
same_shapes(vgg, theirs, (3, 224, 224))

# %%
total = sum(p.numel() for p in vgg.parameters())
worked_example("vgg16-params").check(total)

# %%
diagrams.draw_volumes(vgg, (3, 224, 224))

# %% [markdown]
# **Predict.** One layer alone has three quarters of these parameters. Which?

# %%
largest = max(summary(vgg, (3, 224, 224)).rows, key=lambda row: row.params)
print(largest.name, largest.params_formula)
assert largest.params > 0.74 * total

# %% [markdown]
# The first dense layer: it has a weight for each of
# $512 \cdot 7 \cdot 7 = 25{,}088$ numbers. Later nets (ResNet, 2015) average
# each map to one number first (global average pooling, lesson 03), and do
# without this layer.

# %% [markdown]
# ## Transfer learning
#
# The first layers of a net find edges and corners, whatever it was trained
# on. Can they be used again? Train on the digits 0 to 4 only; then learn
# 5 to 9 from 50 pictures each.

# %% tags=["nbval-ignore-output"]
low, high = digits.only(range(5)), digits.only(range(5, 10)).few(50)
torch.manual_seed(0)
base = models.mnist_cnn()
epochs = 2 if digits.source == "mnist" else 6
history = fit(base, low.train_images, low.train_labels, epochs=epochs)

# %% tags=["nbval-ignore-output"]
known = evaluate(base, low.test_images, low.test_labels).accuracy
unknown = evaluate(base, high.test_images, high.test_labels).accuracy
print(f"0 to 4: {known:.1%}   5 to 9: {unknown:.1%}")
assert known > 0.95 and unknown < 0.05

# %% [markdown]
# It knows its five digits, and it has never said "7".
#
# **Freeze** the convolutions: `requires_grad = False` keeps their weights as
# they are. Then give the net a new last layer, with fresh weights.

# %%
import copy

def with_new_head(net):
    """A copy of net: features frozen, the last layer new."""
    net = copy.deepcopy(net)
    for parameter in net.parameters():
        parameter.requires_grad = False
    net[-1] = nn.Linear(net[-1].in_features, 10)
    return net

# %%
torch.manual_seed(0)
transferred = with_new_head(models.mnist_cnn())
free = sum(p.numel() for p in transferred.parameters() if p.requires_grad)
print(f"{free:,} of 9,098 parameters are left to learn")

# %% [markdown]
# Beside it, the same net from scratch, with all its weights free, on the same
# 250 pictures.
#
# **Predict.** Which will do better?

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
nets = {"transferred": with_new_head(base), "from scratch": models.mnist_cnn()}
accuracy = {}
for name, net in nets.items():
    fit(net, high.train_images, high.train_labels, epochs=30, batch_size=50,
        show=False)
    result = evaluate(net, high.test_images, high.test_labels)
    accuracy[name] = result.accuracy
    print(f"{name:13}{result.accuracy:.1%}")

# %%
assert accuracy["transferred"] > 0.85
if digits.source == "mnist":
    assert accuracy["transferred"] > accuracy["from scratch"]

# %% [markdown]
# On MNIST the borrowed features win: they come from 30,000 pictures, the
# others from 250. (On the small bundled digits there are only some 700
# pictures to borrow from, and the two are about equal.)

# %% tags=["nbval-ignore-output"]
from cnnlib import plots

plots.plot_bars(
    {name: 100 * value for name, value in accuracy.items()},
    title="Digits 5 to 9 read right, from 50 pictures each", unit=" %",
)

# %% [markdown]
# ### With a net that has seen a million photographs
#
# The same steps work for the nets that torchvision offers with weights.
# Those have to be downloaded (45 MB), so the cell says plainly if they
# cannot be.

# %%
import socket
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

# %%
def pretrained_features():
    """ResNet-18 as trained on ImageNet, frozen; None without a network."""
    socket.setdefaulttimeout(5)                 # seconds, not for ever
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            net = torchvision.models.resnet18(weights="DEFAULT")
    except OSError:
        return None
    finally:
        socket.setdefaulttimeout(None)
    return net.eval().requires_grad_(False)

# %% tags=["nbval-ignore-output"]
resnet = pretrained_features()
if resnet is None:
    print("No connection: ResNet-18's weights cannot be fetched now.")
else:
    print("ResNet-18 is here.")

# %% [markdown]
# It wants three channels and larger pictures. What it gives is no class but
# 512 *features* for each picture; a new `nn.Linear(512, 10)` is all that is
# left to train.

# %%
def features_of(net, pictures):
    """(N, 1, 28, 28) -> (N, 512, 1, 1): all layers but the last."""
    pictures = F.interpolate(pictures.expand(-1, 3, -1, -1), size=112)
    return nn.Sequential(*list(net.children())[:-1])(pictures)

# %% tags=["nbval-ignore-output"]
if resnet is not None:
    head = nn.Sequential(nn.Flatten(), nn.Linear(512, 10))
    fit(head, features_of(resnet, high.train_images), high.train_labels,
        epochs=30, batch_size=50, show=False)
    result = evaluate(head, features_of(resnet, high.test_images[:200]),
                      high.test_labels[:200])
    print(f"5 to 9 with ResNet-18's features: {result.accuracy:.1%}")

# %% [markdown]
# ## When it breaks
#
# AlexNet for pictures of 224, with the flatten size of 227:

# %%
with torch.device("meta"):
    wrong = models.alexnet("one-tower", input_size=227)
try:
    summary(wrong, (3, 224, 224))
except ValueError as error:
    print(error)

# %% [markdown]
# 227 ends in $6 \cdot 6 \cdot 256 = 9216$ numbers, 224 in
# $5 \cdot 5 \cdot 256 = 6400$. Fixes: build it for 224, resize the pictures
# to 227, or put `nn.AdaptiveAvgPool2d(6)` before the flattening, as
# torchvision does: it makes 6 x 6 of any map.

# %%
pool = nn.AdaptiveAvgPool2d(6)
for size in (5, 6, 9):
    print(size, "->", tuple(pool(torch.zeros(1, 256, size, size)).shape))

# %% [markdown]
# ## What to remember
#
# 1. **Drawings** show sizes (stacks) or operations (blocks). Activations,
#    padding and stride are often left out: work them out from the sizes.
# 2. **The three.** LeNet-5: tanh and average pooling, 61,706 parameters as
#    built today. AlexNet: ReLU, dropout, overlapping max pooling; three
#    variants, say which. VGG-16: blocks of 3 x 3, 138 million.
# 3. **Transfer.** Freeze the features, replace the last layer, train only
#    that: a few pictures are enough.
#
# | card | |
# |---|---|
# | `6@28x28` | 6 maps of 28 x 28 |
# | 227, not 224 | (227 - 11)/4 + 1 = 55 comes out even |
# | `groups=2` | two towers that do not see each other |
# | two 3 x 3 | see like 5 x 5, with 18 weights in place of 25 |
# | frozen | `requires_grad = False` |
#
# Next: what do the kernels of a trained net look at?

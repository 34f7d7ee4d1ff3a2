# needs: mnist

# %% [markdown]
# # 06 Classic architectures
#
# LeNet-5 read cheques, AlexNet started the present wave, VGG made depth a
# habit, ResNet made it work. You read their drawings, count them, build them,
# find out what held depth back, and put a trained net to new use.
#
# **Time:** 70 minutes

# %% [markdown]
# Three nets from three times, all drawn to one scale: a box is as high as the
# layer's maps and as long as it has maps. What do the three have in common?

# %% tags=["folded"]
import torch

from cnnlib import diagrams, models

with torch.device("meta"):                     # sizes only, no weights
    nets = {"LeNet-5 (1998)": (models.lenet5(), (1, 32, 32)),
            "AlexNet (2012)": (models.alexnet("one-tower"), (3, 227, 227)),
            "VGG-16 (2014)": (models.vgg16(), (3, 224, 224))}
diagrams.draw_to_scale(nets)

# %% [markdown]
# Maps become smaller and more, and long flat layers end it.
#
# After this lesson you can
#
# 1. read an architecture drawing, and say what it leaves out;
# 2. build LeNet-5, AlexNet and VGG-16, and check them number by number;
# 3. use a trained net's features for a task it was not trained for.
#
# **Notation.** Papers write a stack of maps as $n_C$@$n_H$x$n_W$:
# `6@28x28` is 6 channels of 28 x 28, in PyTorch the shape (N, 6, 28, 28).
# FC (fully connected) and dense both mean `nn.Linear`.

# %%
import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import diagrams, models, plots, summary, worked_example

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
# Yann LeCun and others, for handwritten digits.
#
# | layer | maps | size | kernel | stride | activation |
# |---|---|---|---|---|---|
# | input | 1 | 32 x 32 | | | |
# | C1 convolution | 6 | 28 x 28 | 5 x 5 | 1 | tanh |
# | S2 average pooling | 6 | 14 x 14 | 2 x 2 | 2 | tanh * |
# | C3 convolution | 16 | 10 x 10 | 5 x 5 | 1 | tanh |
# | S4 average pooling | 16 | ? | ? | ? | tanh * |
# | C5 convolution | 120 | 1 x 1 | 5 x 5 | 1 | tanh |
# | F6 dense | | 84 | | | tanh |
# | output | | 10 | | | |
#
# \* In 1998 a tanh came after the pooling, too. Nets of today mostly leave it
# out, and so does `models.lenet5()`. Both are called LeNet-5.
#
# **Predict.** Row S4: the maps' size, the window, the stride.

# %%
rows = {row.name: row for row in summary(lenet, (1, 32, 32)).rows}
print(rows["s4"].output_shape, lenet.s4.kernel_size, lenet.s4.stride)

# %% [markdown]
# ### Why 32 and not 28?
#
# The digits lie in a box of 20 x 20 in the middle. The paper wants each
# corner and each end of a stroke to be able to lie in the *centre* of what a
# unit of C3 sees: there a feature is found best.
#
# A unit of C3 sees 14 pixels, and the next one begins 2 pixels later
# (lesson 04). There are ten in a row.
#
# **Predict.** At which pixels do the first and the last of them have their
# centres? And with pictures of 28 x 28?

# %%
sees, jump = rows["c3"].receptive_field[0], rows["c3"].jump[0]
for side, digit in [(32, (6, 25)), (28, (4, 23))]:
    units = ((side - 4) // 2) - 4                    # C1, S2, C3
    centres = [(sees - 1) / 2 + jump * i for i in (0, units - 1)]
    print(f"{side}: the digit fills {digit}, the centres lie at {centres}")

# %% [markdown]
# With 32 the centres cover the digit's box from edge to edge. With 28 they
# miss a rim of two or three pixels all around. Here the box is grey and each
# centre a dot:

# %%
frames = []
for side, box in [(32, 6), (28, 4)]:
    frame = torch.zeros(2 * side, 2 * side)              # two cells a pixel
    frame[2 * box:2 * box + 40, 2 * box:2 * box + 40] = 0.4
    dots = [sees + 2 * jump * i for i in range((side - 4) // 2 - 4)]
    for a in dots:
        for b in dots:
            frame[a - 1:a + 1, b - 1:b + 1] = 1.0
    frames.append(F.pad(frame, (32 - side,) * 4, value=1.0))
plots.plot_images(frames, titles=["32 x 32", "28 x 28"])

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
# 1998 is not the one that everybody builds today.
#
# - C3's maps each see only 3, 4 or 6 of the 6 maps below: 60 kernel slices
#   in place of 96;
# - the pooling learns a coefficient and a bias for each map;
# - the output compares F6 with ten drawn 7 x 12 codes, and does not learn;
# - the activation is $1.7159 \tanh(2x/3)$, after the pooling as well.
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
# The last difference adds no parameter. It is there all the same:

# %%
x = torch.linspace(-3, 3, 7)
squashed = 1.7159 * torch.tanh(2 * x / 3)
print(torch.allclose(original.squash2(x), squashed))
print([name for name, _ in original.named_children()])

# %% [markdown]
# ### Build it and train it
#
# In the exercise you build LeNet-5 yourself. Here is a smaller sibling of it,
# for digits of 28 x 28 as they are: 4 and 12 maps, and no F6.
#
# **Predict.** How many numbers reach the last layer? How many parameters has
# the whole?

# %%
small = nn.Sequential(
    nn.Conv2d(1, 4, 5), nn.Tanh(), nn.AvgPool2d(2),         # 24, 12
    nn.Conv2d(4, 12, 5), nn.Tanh(), nn.AvgPool2d(2),        # 8, 4
    nn.Flatten(), nn.Linear(12 * 4 * 4, 10),
)
print(small[:7](torch.zeros(1, 1, 28, 28)).shape[1], "numbers")
print(sum(p.numel() for p in small.parameters()), "parameters")

# %% [markdown]
# Now train LeNet-5, as it is built today.

# %% tags=["nbval-ignore-output"]
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
# compare `c1` with `tanh1`: what does tanh do to large numbers? Last, choose
# some units of `tanh5`: for many of them the gradient is next to zero, as if
# no pixel mattered. They have run into the flat ends of tanh.

# %% tags=["nbval-ignore-output"]
from cnnlib import explore_network

explore_network(net, test[0])

# %% [markdown]
# The paper reports an error rate of 0.95 % after twenty passes over the
# data. Two passes, in seconds, and today's version reads more than 97 of 100
# digits of MNIST.

# %% [markdown]
# ### Three activations
#
# Early nets used the *sigmoid*, $1 / (1 + e^{-x})$, or tanh, which is a
# sigmoid stretched to go from -1 to 1.

# %%
x = torch.linspace(-6, 6, 61, requires_grad=True)
curves = {"ReLU": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
plots.plot_lines({name: f(x).clamp(max=2).tolist()
                  for name, f in curves.items()},
                 x=x.tolist(), xlabel="x", ylabel="activation (up to 2)")

# %% [markdown]
# What comes back in training is multiplied by the slope.
#
# **Predict.** The slope of each at 0.5, and at 5.

# %%
for name, f in curves.items():
    z = torch.tensor([0.5, 5.0], requires_grad=True)
    slopes, = torch.autograd.grad(f(z).sum(), z)
    print(f"{name:8} at 0.5: {slopes[0]:.3f}   at 5: {slopes[1]:.5f}")

# %% [markdown]
# Far out tanh and sigmoid are flat: they *saturate*, and what lies below them
# learns next to nothing. ReLU is as steep at 5 as at 0.5. (On its left side
# it is flat altogether: lesson 07.)

# %% [markdown]
# ## AlexNet (2012)
#
# The same idea, on the 1.2 million photographs and 1000 classes of ImageNet.
# New in so large a net were ReLU in place of tanh, pooling with windows that
# overlap (3 x 3, stride 2), and two things against over-fitting:
# *augmentation*, pieces of 224 x 224 cut out at random places of pictures of
# 256 x 256 and mirrored at random; and *dropout* in the dense layers.

# %%
torch.manual_seed(0)
dropout = nn.Dropout(0.5)
print("training:  ", dropout.train()(torch.ones(8)).tolist())
print("evaluation:", dropout.eval()(torch.ones(8)).tolist())

# %% [markdown]
# In training each number is set to 0 with probability 0.5, anew in each step,
# and the others are doubled, so that the mean stays. In evaluation nothing is
# left out: that is what `eval()` is for.

# %% [markdown]
# ### The blocks

# %%
with torch.device("meta"):                     # sizes only, no weights
    two_tower = models.alexnet("two-tower")
diagrams.draw_blocks(two_tower, (3, 227, 227), activations=False)

# %% [markdown]
# The `LocalResponseNorm` divides each number by the size of its neighbours in
# the channels beside it. The VGG paper found that it does not help, and later
# nets have none.

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
    split, whole = (sum(p.numel() for p in getattr(n, name).parameters())
                    for n in (two_tower, one_tower))
    print(f"{name}  two towers {split:9,}  one tower {whole:9,}")

# %% [markdown]
# A kernel that sees half of the channels has half of the weights, and still
# one bias.

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
# With 224 the window does not come out even, and the floor makes it 54.
# torchvision's AlexNet takes 224 *and* gives 55, because
# it pads by 2: $\lfloor(224 + 4 - 11)/4\rfloor + 1 = 55$.

# %% [markdown]
# ### Three nets with one name
#
# torchvision has the widths of a later paper by the same author (Krizhevsky,
# 2014): 64 kernels in the first layer in place of 96, and no second tower.
# Layer by layer, for each of the three, and for the slides' 224:

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
for name, (model, size) in nets.items():
    print(f"{name:15}", *sizes_of(model, size))

# %%
counts = {name: sum(p.numel() for p in model.parameters())
          for name, (model, size) in nets.items() if size == 227
          or name == "torchvision"}
names = ["two-tower (grouped, 2012)", "one-tower, original widths",
         "torchvision"]
worked_example("alexnet-params").check(dict(zip(names, counts.values())))

# %%
plots.plot_bars(dict(zip(names, counts.values())), title="Parameters")

# %% [markdown]
# When someone says "AlexNet has 61 million parameters", ask which one.

# %% [markdown]
# ### What is counted as a layer?
#
# There is no rule. "AlexNet has eight layers" and "VGG-16" count what has
# weights, convolutions and dense layers. The paper on LeNet-5 counts its two
# poolings as well, and comes to seven. Some books take a convolution and its
# pooling for one layer, and some call the last dense layer "the softmax",
# which has no weights itself.
#
# **Predict.** VGG-16 has 13 convolutions. How many dense layers?

# %%
with torch.device("meta"):
    vgg = models.vgg16()
for name, model, size in [("AlexNet", one_tower, 227), ("VGG-16", vgg, 224)]:
    kinds = [row.kind for row in summary(model, (3, size, size)).rows]
    print(name, {k: kinds.count(k) for k in ("Conv2d", "MaxPool2d", "Linear")})

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
first_block = nn.Sequential(
    nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(),
    nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
)
summary(first_block, (3, 224, 224)).rows[-1].output_shape

# %%
with torch.device("meta"):
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
# It has a weight for each of $512 \cdot 7 \cdot 7 = 25{,}088$ numbers. Later
# nets (ResNet, 2015) average each map to one number first (global average
# pooling, lesson 03), and do without this layer.

# %% [markdown]
# ## Deeper: batch norm and ResNet (2015)
#
# If 16 layers are good, are 40 better? Here is a net of 40 convolutions with
# 8 channels each. What becomes of a digit on its way through it?

# %%
def deep(between, depth=40):
    """A net of many convolutions; `between` makes one from the next."""
    layers = [nn.Conv2d(1, 8, 3, stride=2, padding=1)]       # 28 -> 14
    layers += [between() for _ in range(depth)]
    return nn.Sequential(*layers, nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(8 * 7 * 7, 10))

def plain():
    return nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())

# %% [markdown]
# **Predict.** The gradient on its way back passes 40 layers. How large is it
# when it arrives at the first, compared with the last?

# %% tags=["nbval-ignore-output"]
few = digits.few(100)
torch.manual_seed(0)
model = deep(plain)
scores = model(few.train_images[:64])
F.cross_entropy(scores, few.train_labels[:64]).backward()
sizes = [layer.weight.grad.norm() for layer in model.modules()
         if hasattr(layer, "weight")]
assert sizes[0] < 1e-6 * sizes[-1]
plots.plot_lines({"gradient": torch.stack(sizes).log10()}, xlabel="layer",
                 ylabel="size, as a power of ten", title="40 plain layers")

# %% [markdown]
# Nothing arrives, so nothing is learned down there. *Batch norm* (2015) brings
# each channel to mean 0 and spread 1, over the pictures of the batch, then
# multiplies and adds a learned number for each channel.
#
# **Predict.** Channel values 1, 3, 5, 7. By hand: mean 4, variance 5. What
# comes out?

# %%
values = torch.tensor([1.0, 3, 5, 7]).view(4, 1, 1, 1)       # (N, C, H, W)
norm = nn.BatchNorm2d(1)
print([round(v, 2) for v in norm(values).flatten().tolist()])
print(f"running mean: {norm.running_mean.item():.1f}")

# %% [markdown]
# $(1 - 4) / \sqrt{5} = -1.34$ and so on. In training mode it also keeps a
# *running* mean and variance: each batch moves them a tenth of the way, from
# 0 to 0.4 here. These are no parameters, no gradient reaches them. In
# evaluation mode it uses them in place of the batch's own.
#
# **Predict.** The same values once more, in evaluation mode. Is the running
# mean another one afterwards?

# %%
norm.eval()
print([round(v, 2) for v in norm(values).flatten().tolist()])
print(f"running mean: {norm.running_mean.item():.1f}")

# %% [markdown]
# So a net with batch norm gives other answers in the two modes: a forgotten
# `eval()` shows. And *freezing* it takes two things: `requires_grad = False`
# for its two learned numbers, `eval()` for its averages.
#
# *ResNet* adds a second road. A block learns only what is to be *added* to
# its input, $x + f(x)$, so the gradient can pass beside it.

# %%
def normed():
    return nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8),
                         nn.ReLU())

class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.inside = normed()
    def forward(self, x):
        return x + self.inside(x)                            # same shape

# %% [markdown]
# Three nets of 40 layers learn from 1,000 digits.
#
# **Predict.** Which of them learns?

# %% tags=["nbval-ignore-output"]
some = digits.test_images[:500], digits.test_labels[:500]
losses, right = {}, {}
kinds = {"plain": plain, "batch norm": normed, "and added": Residual}
for name, between in kinds.items():
    torch.manual_seed(0)
    run = fit(deep(between), few.train_images, few.train_labels, epochs=6,
              batch_size=50, lr=0.005, validation=some, show=False)
    losses[name], right[name] = run.train_loss[-1], run.validation_accuracy
    print(f"{name:11}training loss in the end {losses[name]:.2f}")

# %% tags=["nbval-ignore-output"]
assert losses["plain"] > 2.2 > 1 > losses["and added"]
assert right["and added"][-1] > 0.3 + right["plain"][-1]
plots.plot_lines(right, x=range(1, 7), xlabel="epoch",
                 ylabel="test images right", title="40 layers")

# %% [markdown]
# The plain net stays at $\log 10 = 2.30$, where guessing is. Batch norm lets
# the gradient through, but 40 layers learn slowly with it; with the second
# road they learn at once. (With another start it was the same.)

# %% [markdown]
# ## Transfer learning
#
# A net that has learned to read digits has found features: edges, ends,
# corners. Can they be used again? Train on the digits 0 to 4 only; then learn
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
# Three more nets learn from the same 250 pictures, so that we know what we
# see: one from scratch, with all its weights free; one *fine-tuned*, which
# starts from the borrowed features and may change them; and one whose
# features are frozen as they were *drawn at random*.
#
# **Predict.** Put the four in order. How good is the one that has learned no
# features at all?

# %% tags=["nbval-ignore-output"]
starts = {"borrowed, frozen": lambda: with_new_head(base),
          "fine-tuned": lambda: with_new_head(base).requires_grad_(True),
          "from scratch": models.mnist_cnn,
          "random, frozen": lambda: with_new_head(models.mnist_cnn())}
accuracy = {}
for name, start in starts.items():
    torch.manual_seed(0)
    model = start()
    fit(model, high.train_images, high.train_labels, epochs=30,
        batch_size=50, show=False)
    result = evaluate(model, high.test_images, high.test_labels)
    accuracy[name] = round(100 * result.accuracy, 1)

# %% tags=["nbval-ignore-output"]
if digits.source == "mnist":
    order = sorted(accuracy, key=accuracy.get, reverse=True)
    assert order == list(starts)
assert accuracy["borrowed, frozen"] > 85
plots.plot_bars(accuracy, unit="%",
                title="Digits 5 to 9 read right, from 50 pictures each")

# %% [markdown]
# On MNIST the order was this one for each of four seeds. What is borrowed
# comes from 30,000 pictures, what is learned from scratch from 250. But mind
# the last bar: even random features and a trained last layer are not far
# behind. Without this control one would credit all of it to what was borrowed,
# and that is about five of a hundred digits. (On the small bundled digits
# there are only some 700 pictures to borrow from, and less shows.)

# %% [markdown]
# ### With a net that has seen a million photographs
#
# The same steps work for the nets that torchvision offers with weights, and
# with photographs of your own. One thing is easily forgotten: such a net
# wants its pictures as in *its* training. For ImageNet that means 224 x 224,
# and each colour brought to mean 0 and spread 1 by fixed numbers. The weights
# know how:

# %% tags=["nbval-ignore-output"]
weights = torchvision.models.ResNet18_Weights.DEFAULT
prepare = weights.transforms()
prepare

# %%
pictures = high.train_images[:4].expand(-1, 3, -1, -1)       # grey to colour
ready = prepare(pictures)
print(tuple(pictures.shape), "->", tuple(ready.shape))
print(f"0 to 1 -> {ready.min():.2f} to {ready.max():.2f}")

# %%
plots.plot_images(list(ready[:, 0, ::8, ::8]), columns=4)    # every 8th pixel

# %% [markdown]
# By hand: black in the first colour is $(0 - 0.485) / 0.229 = -2.12$, drawn
# blue. Leave that out, and nothing complains, but the net sees pictures unlike
# any that it has learned from.
#
# What ResNet-18 gives is then no class but 512 *features* for each picture,
# and a new `nn.Linear(512, 10)` is all that is left to train. Its weights are
# 45 MB to download: say `True` here if you want them. Without them the cells
# below run with random ones, to show the shapes.

# %%
download = False
resnet = torchvision.models.resnet18(weights=weights if download else None)
resnet = resnet.eval().requires_grad_(False)
resnet.fc = nn.Identity()                                    # 512 features
tuple(resnet(ready).shape)

# %% tags=["nbval-ignore-output"]
def features_of(images):
    """(N, 1, 28, 28) -> (N, 512), fifty at a time"""
    return torch.cat([resnet(prepare(some.expand(-1, 3, -1, -1)))
                      for some in images.split(50)])

if download:
    head = nn.Linear(512, 10)
    fit(head, features_of(high.train_images), high.train_labels, epochs=30,
        batch_size=50, show=False)
    seen = features_of(high.test_images[:200])
    print(evaluate(head, seen, high.test_labels[:200]))

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
# ## To read
#
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998): *Gradient-based learning
#   applied to document recognition*. LeNet-5.
# - A. Krizhevsky, I. Sutskever, G. Hinton (2012): *ImageNet classification
#   with deep convolutional neural networks*. AlexNet.
# - A. Krizhevsky (2014): *One weird trick for parallelizing convolutional
#   neural networks*. The AlexNet of torchvision.
# - K. Simonyan, A. Zisserman (2014): *Very deep convolutional networks for
#   large-scale image recognition*. VGG.
# - S. Ioffe, C. Szegedy (2015): *Batch normalization: accelerating deep
#   network training by reducing internal covariate shift*.
# - K. He, X. Zhang, S. Ren, J. Sun (2015): *Deep residual learning for image
#   recognition*. ResNet.
# - A. Howard and others (2017): *MobileNets: efficient convolutional neural
#   networks for mobile vision applications*. Depthwise and 1 x 1 (lesson 04).

# %% [markdown]
# ## What to remember
#
# 1. **Drawings** show sizes (stacks) or operations (blocks). Activations,
#    padding and stride are often left out: work them out from the sizes.
# 2. **The nets.** LeNet-5: tanh and average pooling, 61,706 parameters as
#    built today. AlexNet: ReLU, dropout, overlapping max pooling; three
#    variants, say which. VGG-16: blocks of 3 x 3, 138 million. ResNet: batch
#    norm, and a block adds to its input.
# 3. **Transfer.** Freeze the features, replace the last layer, train only
#    that: a few pictures are enough. Compare with random features.
#
# | card | |
# |---|---|
# | `6@28x28` | 6 maps of 28 x 28 |
# | 227, not 224 | (227 - 11)/4 + 1 = 55 comes out even |
# | two 3 x 3 | see like 5 x 5, with 18 weights in place of 25 |
# | frozen | `requires_grad = False`; batch norm also in `eval()` |
# | weights from elsewhere | pictures as in their training: `weights.transforms()` |
#
# **Now [exercise 06](../exercises/06_classic_architectures.ipynb).** Then
# [lesson 07](07_looking_inside.ipynb): what do the kernels of a trained net
# look at?

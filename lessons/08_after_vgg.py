# %% [markdown]
# # 08 After VGG
#
# VGG-16 has 138 million parameters. Nets that came after it are deeper, do
# with a fraction of them, and the best are more often right.
#
# **Time:** 75 minutes

# %% [markdown]
# Each dot is a net that was trained on the 1.2 million photographs of
# ImageNet. How many of 100 new ones does it name right, and how many numbers
# did it have to learn?

# %% tags=["folded"]
import torch
import torchvision

from cnnlib import plots

points = {}
for name in ["alexnet", "vgg16", "resnet18", "resnet50", "mobilenet_v2"]:
    facts = torchvision.models.get_model_weights(name).IMAGENET1K_V1.meta
    right = facts["_metrics"]["ImageNet-1K"]["acc@1"]
    points[name] = facts["num_params"] / 1e6, right
plots.plot_points(points, xlabel="parameters in millions", log_x=True,
                  ylabel="photographs named right, in %")

# %% [markdown]
# `resnet50` is three times as deep as `vgg16` and has less than a fifth of its
# parameters, `mobilenet_v2` a fortieth. **Where has the rest gone? And how can
# a net so deep learn at all?**
#
# After this lesson you can
#
# 1. compute a batch norm by hand, in training and in evaluation, and say why
#    deep nets need it and a shortcut beside it;
# 2. read and build the blocks of today's nets, and count them: residual,
#    bottleneck, Inception, depthwise separable;
# 3. run a convolution backward by hand, and turn dense layers into
#    convolutions.
#
# **Notation.** A batch of maps is (N, C, H, W). Batch norm's two learned
# numbers are `weight` and `bias` in PyTorch, $\gamma$ and $\beta$ in papers.
# $f(x)$ is what a block of layers makes of $x$.

# %%
import math

from torch import nn
import torch.nn.functional as F

from cnnlib import arithmetic, diagrams, evaluate, fit, models, summary
from cnnlib.data import bundled_digits

train, labels, test, test_labels = bundled_digits.load()     # (N, 1, 28, 28)

# %% [markdown]
# ## Batch norm by hand
#
# Lesson 06 used batch norm; here it is, step by step. Four pictures of one
# pixel each, one channel: 2, 4, 4, 10.
#
# - mean: $(2 + 4 + 4 + 10) / 4 = 5$
# - variance: $(9 + 1 + 1 + 25) / 4 = 9$, so the deviation is 3
# - normalised: $(x - 5) / 3$
# - then times `weight` and plus `bias`, two numbers that are learned.
#
# **Predict.** What comes out with weight 6 and bias 1?

# %%
def batch_norm(x, weight, bias, eps=1e-5):                   # x (N, C)
    """Batch norm of features: one value for each picture and channel."""
    mean = x.mean(dim=0)
    variance = ((x - mean) ** 2).mean(dim=0)
    return weight * (x - mean) / torch.sqrt(variance + eps) + bias

x = torch.tensor([[2.0], [4], [4], [10]])
steps = {"x": x, "normalised": batch_norm(x, weight=1, bias=0),
         "times 6, plus 1": batch_norm(x, weight=6, bias=1)}
plots.plot_grids([(n, v.T.round(decimals=2)) for n, v in steps.items()],
                 operators=["→", "→"])

# %% [markdown]
# The variance is divided by $N$, not by $N - 1$. The small `eps` keeps a
# channel of equal values from a division by zero. Is it what PyTorch computes?

# %%
torch.manual_seed(0)
x = torch.randn(8, 3)
norm = nn.BatchNorm1d(3)                          # weight 1, bias 0 at first
ours = batch_norm(x, norm.weight, norm.bias)
print(torch.allclose(ours, norm(x), atol=1e-6))

# %% [markdown]
# A channel means the same at each place of a map: its kernel is shared. So
# `nn.BatchNorm2d` takes the mean over the pictures *and* over all places, N, H
# and W together: for six maps of each of 100 digits six means, each of $100
# \cdot 28 \cdot 28 = 78{,}400$ values. The maps of one digit, before (above)
# and after (below), on one scale:

# %%
torch.manual_seed(0)
maps = nn.Conv2d(1, 6, 3, padding=1)(train[:100])            # (100, 6, 28, 28)
normed = nn.BatchNorm2d(6)(maps)
means, deviations = normed.mean(dim=(0, 2, 3)), normed.std(dim=(0, 2, 3))
assert torch.allclose(means, torch.zeros(6), atol=1e-5)
assert torch.allclose(deviations, torch.ones(6), atol=0.01)
plots.plot_feature_maps(torch.cat([maps[0], normed[0]]), columns=6)

# %% [markdown]
# Before, some channels drown the others; after, all count alike.

# %% [markdown]
# ## Training and evaluation
#
# In training, what a picture gets depends on the pictures beside it. The 2
# became $(2 - 5) / 3 = -1$. Beside 0, 0 and 2 the same 2 becomes
# $(2 - 1) / 1 = +1$:

# %%
for batch in ([2.0, 4, 4, 10], [2.0, 0, 0, 2]):
    print(batch_norm(torch.tensor(batch)[:, None], 1, 0)[0])

# %% [markdown]
# When you *use* a net, a digit should get the same answer whatever is beside
# it. So in training the layer keeps a *running* mean and variance, for use in
# evaluation. They begin at 0 and 1, and each batch moves them a tenth of the
# way.
#
# **Predict.** The batch 2, 4, 4, 10 forty times: its mean is 5, its variance
# 9. How far does the running mean come, and how far the running variance?

# %%
norm = nn.BatchNorm1d(1)
x = torch.tensor([[2.0], [4], [4], [10]])
running = {"running mean": [0.0], "running variance": [1.0]}
for _ in range(40):
    norm(x)
    running["running mean"].append(norm.running_mean.item())
    running["running variance"].append(norm.running_var.item())
plots.plot_lines(running, xlabel="batches", ylabel="value")

# %% [markdown]
# By hand: $0.9 \cdot 0 + 0.1 \cdot 5 = 0.5$, then $0.9 \cdot 0.5 + 0.1 \cdot 5
# = 0.95$, and so on, to 5. The variance goes to 12: for the running one
# PyTorch divides by $N - 1$, $36 / 3$.
#
# What is learned, and what is only kept, by a batch norm for 64 channels:

# %%
norm = nn.BatchNorm2d(64)
print("learned:", {n: p.numel() for n, p in norm.named_parameters()})
print("kept:   ", {n: b.numel() for n, b in norm.named_buffers()})

# %% [markdown]
# So $2C$ are learned and $2C$ are kept, in *buffers*: saved with the net,
# reached by no gradient. (The last one counts batches.)
#
# The batch's mean is only an estimate, and a small batch makes a poor one.

# %%
values = torch.randn(64_000, generator=torch.Generator().manual_seed(0))
found = {}
for size in (2, 8, 64):
    means = values.view(-1, size).mean(dim=1)                # true mean: 0
    found[f"batches of {size}"] = means.histc(30, -2, 2) * size / 640
plots.plot_lines(found, x=torch.linspace(-1.93, 1.93, 30),
                 xlabel="mean of the batch", ylabel="% of the batches")

# %% [markdown]
# They spread by $1 / \sqrt{N}$. Nets that must learn from very small batches
# take the mean within one picture (`nn.GroupNorm`).

# %% [markdown]
# ## A net that does not train without it
#
# `models.deep_cnn(20)` has 20 layers: a convolution, nine blocks of two 3 x 3
# convolutions with 16 channels, a dense layer. Before any training 64 digits
# go through it.

# %%
@torch.no_grad()
def spreads(**kind):
    """Spread over the digits after each block, as a power of ten."""
    torch.manual_seed(0)
    x, found = train[:64], []
    for name, layer in models.deep_cnn(20, **kind).named_children():
        x = layer(x)
        if name.startswith("block"):
            found.append(x.std(dim=0).mean().log10().item())
    return found

# %% [markdown]
# **Predict.** Do the maps of different digits grow more alike from block to
# block, or more different? Without batch norm, and with it?

# %% tags=["nbval-ignore-output"]
plots.plot_lines({"without norm": spreads(norm=False), "with": spreads()},
                 x=range(1, 10), xlabel="block", title="Spread of the maps",
                 ylabel="power of ten: -5 is 0.00001")

# %% [markdown]
# Without it each block leaves about a sixth of the spread. To the last layer
# all digits look alike. Batch norm brings each channel back to spread 1 after
# every convolution. Now both learn, from 1,437 digits; guessing costs
# $\log 10 = 2.30$.

# %% tags=["nbval-ignore-output"]
def learn(depth, **kind):
    """Train a deep net for four epochs; return the loss of each."""
    torch.manual_seed(0)
    net = models.deep_cnn(depth, **kind)
    return fit(net, train, labels, epochs=4, batch_size=64, lr=0.01,
               device="cpu", show=False).train_loss

losses = {"without norm": learn(20, norm=False), "with norm": learn(20)}
assert losses["without norm"][-1] > 2.2 > 1.6 > losses["with norm"][-1]
plots.plot_lines(losses, x=range(1, 5), xlabel="epoch",
                 ylabel="training loss", title="20 layers")

# %% [markdown]
# Over ten starts: 2.30 each time without, 0.75 to 1.2 with batch norm. (All
# figures "over ten starts" come from `python -m benchmarks after_vgg`.)

# %% [markdown]
# ## Folding batch norm into the convolution
#
# In evaluation the four numbers of a channel stand still. Then batch norm is
# "times something, plus something", as the convolution is. Two such steps are
# one:
#
# $$\gamma \cdot \frac{(w \cdot x + b) - m}{\sqrt{v + \epsilon}} + \beta
# = (s w) \cdot x + \bigl(s (b - m) + \beta\bigr), \quad
# s = \frac{\gamma}{\sqrt{v + \epsilon}}$$
#
# One weight, $w = 4$, $b = 1$; running mean 3, variance 4; $\gamma = 6$,
# $\beta = 2$.
#
# **Predict.** The new weight and the new bias.

# %%
scale = 6 / math.sqrt(4)
weight, bias = scale * 4, scale * (1 - 3) + 2
print("weight", weight, "bias", bias)
for x in (0.0, 1.0, 5.0):
    print(x, "->", 6 * ((4 * x + 1) - 3) / math.sqrt(4) + 2, weight * x + bias)

# %% [markdown]
# So a net that is only *used* needs no batch norm: it is folded away. Here for
# a dense layer:

# %%
torch.manual_seed(0)
layer, norm = nn.Linear(5, 3), nn.BatchNorm1d(3)
nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)     # as if learned
for _ in range(20):
    norm(layer(torch.randn(16, 5) + 1))           # moves the averages
norm.eval()
scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)    # (3,)
weight = scale[:, None] * layer.weight            # a row for each output
bias = scale * (layer.bias - norm.running_mean) + norm.bias
x = torch.randn(4, 5)
print(torch.allclose(norm(layer(x)), F.linear(x, weight, bias), atol=1e-5))

# %% [markdown]
# And a convolution before a batch norm needs no bias: the mean takes it away
# again.

# %%
torch.manual_seed(0)
conv, norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
before = norm(conv(train[:16]))
with torch.no_grad():
    conv.bias += 100
print("the same:", torch.allclose(norm(conv(train[:16])), before, atol=1e-3))

# %% [markdown]
# ## Why plain depth fails
#
# With batch norm 20 layers learn. 40 read *fewer* of the test digits: 35 of
# 100, not 69 (medians of ten starts).
#
# **Predict.** Is that over-fitting? Which of the two has the lower loss on the
# *training* digits?

# %% tags=["nbval-ignore-output"]
plain = {"20 layers": losses["with norm"], "40 layers": learn(40)}
plots.plot_lines(plain, x=range(1, 5), xlabel="epoch",
                 ylabel="training loss", title="With batch norm")

# %% [markdown]
# Over ten starts 0.75 to 1.2 for 20 layers and 1.2 to 1.9 for 40, and the
# deeper net was the worse one each time: not over-fitting, which gives a *low*
# training loss. The deeper net could do all that the other one does,
# if twenty of its layers only passed on what they get. But for convolutions
# and ReLUs "do nothing" is hard to learn. Kaiming He and others saw it in 2015
# with 20 and 56 layers: *degradation*.

# %% [markdown]
# ## The shortcut
#
# Their fix: let the block learn only what is to be *added*.
#
# $$\text{plain: } y = f(x) \qquad \text{residual: } y = x + f(x)$$
#
# Now "do nothing" is $f(x) = 0$, and that is easy: the block's last batch norm
# needs only weight 0 and bias 0. Where the shapes agree, a shortcut costs no
# parameter.
#
# **Predict.** Plain, 40 layers were well behind 20. With shortcuts, how far
# apart are the two?

# %% tags=["nbval-ignore-output"]
assert plain["40 layers"][-1] > plain["20 layers"][-1]
for depth in (20, 40):
    plain[f"{depth}, shortcuts"] = learn(depth, shortcuts=True)
plots.plot_lines(plain, x=range(1, 5), xlabel="epoch",
                 ylabel="training loss", title="With batch norm")

# %% [markdown]
# Over ten starts 0.06 to 0.13 for 20 layers and 0.04 to 0.12 for 40, each time
# far below the plain net. Of 100 test digits 40 layers now read 97 (median),
# without shortcuts 35.
#
# And the gradient? Each step back multiplies it by a slope, and a chain of
# forty is delicate: $0.9^{40} = 0.015$, $1.1^{40} = 45$. For $y = x + f(x)$
# the slope is $1 + f'$: where $f$ changes little, it stays near 1.
#
# **Predict.** Three nets of 40 layers before any training. Without norm the
# first layer's gradient is far smaller than the last one's (lesson 06). How is
# it with norm, and with norm and shortcuts?

# %% tags=["nbval-ignore-output"]
def gradients(**kind):
    """Gradient's size, compared with the last layer, as a power of ten."""
    torch.manual_seed(0)
    net = models.deep_cnn(40, **kind)
    F.cross_entropy(net(train[:64]), labels[:64]).backward()
    sizes = [layer.weight.grad.norm().log10().item()
             for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    return [size - sizes[-1] for size in sizes]

# %% tags=["nbval-ignore-output"]
curves = {"without norm": gradients(norm=False), "norm": gradients(),
          "norm, shortcuts": gradients(shortcuts=True)}
assert plain["40, shortcuts"][-1] < plain["20 layers"][-1] - 0.2
plots.plot_lines(curves, x=range(1, 40), xlabel="convolution",
                 ylabel="power of ten: -5 is 0.00001",
                 title="Size of the gradient, divided by the last layer's")

# %% [markdown]
# Without norm it *vanishes*: some fifteen powers of ten are lost. With norm
# alone it *grows* on its way back, 150 to 570 times over ten starts: a small
# step in the first layers shakes all that comes after them. With shortcuts
# the first layer's is only 6 to 11 times the last one's.

# %% [markdown]
# ## The basic block
#
# The block of the paper: convolution, norm, ReLU, convolution, norm; *then*
# the input is added, *then* comes the last ReLU.

# %%
class SameSizeBlock(nn.Module):
    """A basic block that keeps channels and size."""
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
    def forward(self, x):
        inside = F.relu(self.norm1(self.conv1(x)))
        return F.relu(x + self.norm2(self.conv2(inside)))

diagrams.draw_blocks(SameSizeBlock(64), (64, 56, 56))

# %% [markdown]
# The line beside the boxes is the shortcut. Why is the last ReLU after the
# addition? Before it, only numbers from 0 up could be added, and the maps only
# grow.
#
# Parameters by hand: $2 \cdot 9 \cdot 64 \cdot 64 + 2 \cdot 2 \cdot 64 =
# 73{,}984$, two convolutions and two norms.
#
# Every few blocks the map is halved and the channels double. There
# `x + f(x)` does not fit, and the shortcut gets a 1 x 1 convolution with the
# same stride, and a norm. From 64 to 128 channels: $64 \cdot 128 = 8192$
# weights. With stride 2 it looks at one of four places:

# %%
x = torch.arange(16.0).view(1, 1, 4, 4)
beside = nn.Conv2d(1, 1, 1, stride=2, bias=False)
nn.init.ones_(beside.weight)
plots.plot_grids([("x", x), ("1 x 1, stride 2", beside(x))],
                 operators=["→"])

# %% [markdown]
# ## ResNet-18
#
# One large convolution, eight basic blocks (two in each of `layer1` to
# `layer4`), global average pooling, one dense layer. The 18 counts
# convolutions and dense layers on the main way: $1 + 8 \cdot 2 + 1$.

# %%
with torch.device("meta"):
    resnet = models.resnet18()
table = summary(resnet, (3, 224, 224))
for name in ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"]:
    rows = [row for row in table.rows if row.name.split(".")[0] == name]
    print(f"{name:7}{sum(row.params for row in rows):10,} parameters ->",
          rows[-1].output_shape)
print(f"{table.total_params:17,} in all")

# %%
with torch.device("meta"):
    beginning = resnet[:6]                        # up to layer2
diagrams.draw_blocks(beginning, (3, 224, 224), activations=False)

# %% [markdown]
# Up to here $9408 + 128 + 147{,}968 + 525{,}568 = 683{,}072$ parameters. In
# `layer2.0` is the shortcut with its 1 x 1 convolution.
#
# Is it the same net as torchvision's? Names and shapes agree, so each takes
# the other's weights. We compare all 60 maps, those of norms, ReLUs and
# poolings among them.

# %%
def all_maps(net, x):
    """What every layer of the net gives, in order."""
    maps = []
    def note(layer, given, made):
        maps.append(made.clone())
    for layer in net.modules():
        if not list(layer.children()) and not isinstance(layer, nn.Flatten):
            layer.register_forward_hook(note)
    with torch.no_grad():
        net.double().eval()(x)
    return maps

# %%
torch.manual_seed(0)
ours, theirs = models.resnet18(), torchvision.models.resnet18()
ours.load_state_dict(theirs.state_dict())
x = torch.randn(1, 3, 64, 64, dtype=torch.float64)
pairs = list(zip(all_maps(ours, x), all_maps(theirs, x), strict=True))
print(len(pairs), "maps, the same:",
      all(torch.equal(a, b) for a, b in pairs))

# %% [markdown]
# ## 1 x 1 convolutions and the bottleneck
#
# A 1 x 1 kernel sees one place and all channels: it is a dense layer, applied
# to each place by itself. It can make 64 channels of 256, and 256 of 64.
#
# **Predict.** A 3 x 3 from 256 to 256 channels, on 14 x 14 places, without
# biases, or: 1 x 1 down to 64, 3 x 3 there, 1 x 1 up again. How many weights
# has each?

# %%
direct = nn.Conv2d(256, 256, 3, padding=1, bias=False)
bottleneck = nn.Sequential(
    nn.Conv2d(256, 64, 1, bias=False),
    nn.Conv2d(64, 64, 3, padding=1, bias=False),
    nn.Conv2d(64, 256, 1, bias=False))
for net in (direct, bottleneck):
    table = summary(net, (256, 14, 14))
    print(f"{table.total_params:9,} weights",
          f"{table.total_mult_adds:12,} mult-adds")

# %% [markdown]
# By hand: $9 \cdot 256 \cdot 256 = 589{,}824$ against
# $16{,}384 + 36{,}864 + 16{,}384 = 69{,}632$, eight times fewer. Both keep the
# size, so the work is $14 \cdot 14 = 196$ times that. ResNet-50 has such
# bottlenecks in its blocks: nearly three times as deep as ResNet-18, with
# little more than twice the work.

# %% [markdown]
# ## Inception's branches
#
# GoogLeNet (2014) does not choose a kernel size. Its *Inception* block does
# four things at once and joins the results as channels. The first one, without
# ReLUs:

# %%
class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(192, 64, 1)
        self.three = nn.Sequential(nn.Conv2d(192, 96, 1),
                                   nn.Conv2d(96, 128, 3, padding=1))
        self.five = nn.Sequential(nn.Conv2d(192, 16, 1),
                                  nn.Conv2d(16, 32, 5, padding=2))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(192, 32, 1))
    def forward(self, x):
        branches = self.one, self.three, self.five, self.pool
        return torch.cat([branch(x) for branch in branches], dim=1)

# %% [markdown]
# **Predict.** How many channels come out? And what do the 16 channels before
# the 5 x 5 save?

# %%
diagrams.draw_blocks(Inception(), (192, 28, 28))

# %%
print("5 x 5 on 192 channels:", arithmetic.conv_params(192, 32, 5))
squeezed = [arithmetic.conv_params(192, 16, 1),
            arithmetic.conv_params(16, 32, 5)]
print("down to 16:           ", squeezed[0])
print("5 x 5 on 16 channels: ", squeezed[1])
print(f"together:              {sum(squeezed):,}")

# %% [markdown]
# Joined, not added: $64 + 128 + 32 + 32 = 256$ channels. Height and width must
# agree, so each branch pads to keep them.

# %% [markdown]
# ## Depthwise separable convolution
#
# Lesson 04 met the two halves. *Depthwise* (`groups` = channels): each kernel
# slides over one channel. *Pointwise* (1 x 1): mixes the channels. One after
# the other they are a *depthwise separable* convolution. Weights from each of
# four channels (columns) to each of four (rows):

# %%
whole, own = torch.full((4, 4), 9), 9 * torch.eye(4)
plots.plot_grids([("full", whole), ("depthwise", own),
                  ("pointwise", torch.ones(4, 4))], operators=["", "+"])

# %% [markdown]
# From 32 to 64 channels, by hand: $9 \cdot 32 + 32 \cdot 64 = 2336$ weights,
# against $9 \cdot 32 \cdot 64 = 18{,}432$.

# %%
separable = nn.Sequential(
    nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False),
    nn.Conv2d(32, 64, 1, bias=False))
full = nn.Conv2d(32, 64, 3, padding=1, bias=False)
for name, net in [("separable", separable), ("full", full)]:
    print(f"{name:9}{summary(net, (32, 28, 28)).total_params:7,} weights")

# %% [markdown]
# The ratio is $1/C_\mathrm{out} + 1/9$: with many channels a 3 x 3 gets nearly
# nine times cheaper. MobileNet is made of such pieces:

# %%
with torch.device("meta"):
    mobile = torchvision.models.mobilenet_v2()
rows = summary(mobile, (3, 224, 224)).rows
convs = [row for row in rows if row.kind == "Conv2d"]
kinds = {"1 x 1": [r for r in convs if r.module.kernel_size == (1, 1)],
         "depthwise": [r for r in convs if r.module.groups > 1],
         "others": [convs[0], rows[-1]]}
plots.plot_bars({f"{len(some)} layers: {name}": sum(r.mult_adds for r in some)
                 for name, some in kinds.items()},
                title="MobileNet's mult-adds", share=True)

# %% [markdown]
# ## Work is not time
#
# MobileNet has a sixth of ResNet-18's mult-adds. It will not need a sixth of
# the time.
#
# **Predict.** Less or more? Which kind of its layers is the reason?

# %% tags=["nbval-ignore-output"]
import time

def milliseconds(net, x):
    """The quickest of five runs."""
    times = []
    with torch.no_grad():
        for _ in range(5):
            start = time.perf_counter()
            net(x)
            times.append(time.perf_counter() - start)
    return 1000 * min(times)

# %% tags=["nbval-ignore-output"]
photo = torch.rand(1, 3, 224, 224)
for name in ["resnet18", "mobilenet_v2"]:
    net = getattr(torchvision.models, name)().eval()
    work = summary(net, (3, 224, 224)).total_mult_adds / 1e6
    took = milliseconds(net, photo)
    print(f"{name:13}{work:6,.0f} M mult-adds {took:5.0f} ms, "
          f"{work / took:4.0f} M in each ms")

# %% [markdown]
# If work were time, the last column would be a constant. But a depthwise
# layer does 9 mult-adds for each number that it writes, a full one hundreds,
# and numbers have to be fetched and written (lesson 04). How much that is
# depends on the machine and the batch: measure where the net is to run. (On a
# core of ours MobileNet got a third as much done in a millisecond, less in ten
# of ten.)

# %% [markdown]
# ## Global pooling
#
# VGG-16 flattens $512 \cdot 7 \cdot 7$ numbers into three dense layers.
#
# **Predict.** Average each of the 512 maps to one number first, then one dense
# layer for 1000 classes. What is left of 138 million parameters?

# %%
with torch.device("meta"):
    vgg = models.vgg16()
    pooled = nn.Sequential(*vgg[:5], nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                           nn.Linear(512, 1000))
assert summary(pooled, (3, 320, 320)).rows[-1].output_shape == (1000,)
plots.plot_bars({name: summary(net, (3, 224, 224)).total_params
                 for name, net in [("VGG-16", vgg), ("pooled", pooled)]},
                title="Parameters")

# %% [markdown]
# $512 \cdot 1000 + 1000 = 513{,}000$ in place of 123,642,856, nine tenths of
# VGG: *that* is where most of the millions went. And the net now takes
# pictures of any size.

# %% [markdown]
# ## Backward through a convolution
#
# What does `backward()` do in a convolution? A picture $x$ of 3 x 3, a kernel
# $w$ of 2 x 2, four outputs:
#
# $$y_{ij} = w_{00} x_{i,j} + w_{01} x_{i,j+1}
# + w_{10} x_{i+1,j} + w_{11} x_{i+1,j+1}$$
#
# From above comes a gradient $g_{ij}$ for each output: how the loss changes
# with $y_{ij}$.
#
# **For the kernel.** $w_{00}$ was used four times, with $x_{00}$, $x_{01}$,
# $x_{10}$, $x_{11}$. Each use counts:
# $g_{00} x_{00} + g_{01} x_{01} + g_{10} x_{10} + g_{11} x_{11}$.
# That is $g$ laid on the corner of $x$, multiplied, added; for $w_{01}$ one
# step to the right. So $g$ slides over $x$: **a correlation.**
#
# **For the picture.** $x_{00}$ was used once, with $w_{00}$; $x_{01}$ twice,
# in $y_{00}$ with $w_{01}$, in $y_{01}$ with $w_{00}$; the middle $x_{11}$
# four times: $g_{00} w_{11} + g_{01} w_{10} + g_{10} w_{01} + g_{11} w_{00}$.
# So $g$, padded all around, meets the kernel *turned* by 180 degrees: lesson
# 01's **full convolution**.

# %%
x = torch.tensor([[1.0, 2, 0], [0, 1, 3], [2, 0, 1]], requires_grad=True)
w = torch.tensor([[1.0, 2], [0, -1]], requires_grad=True)
g = torch.tensor([[1.0, 0], [2, -1]])
plots.plot_grids([("picture x", x), ("kernel w", w), ("gradient g", g)])

# %% [markdown]
# **Predict.** With these numbers, four products each: the gradient for
# $w_{00}$ and the one for $x_{11}$.

# %%
y = F.conv2d(x[None, None], w[None, None])
y.backward(g[None, None])
plots.plot_grids([("for w", w.grad), ("for x", x.grad)])

# %% [markdown]
# $1 \cdot 1 + 0 \cdot 2 + 2 \cdot 0 + (-1) \cdot 1 = 0$ and
# $1 \cdot (-1) + 0 \cdot 0 + 2 \cdot 2 + (-1) \cdot 1 = 2$. The latter as a
# window:

# %%
padded, turned = F.pad(g, (1, 1, 1, 1)), w.detach().rot90(2)
plots.plot_grids([("g", padded, {"padding": 1}), ("w, turned", turned),
                  ("for x", x.grad)], operators=["∗", "="],
                 highlight={"g": (1, 1, 2, 2), "for x": (1, 1, 1, 1)})

# %% [markdown]
# Our own loop, in one dimension: each output gives its gradient back to what
# it was made of. Beside it the two ways of sliding.

# %%
def backward1d(x, w, g):
    """Gradients of a correlation in one dimension, for x and for w."""
    for_x, for_w = torch.zeros_like(x), torch.zeros_like(w)
    for i in range(len(g)):
        for k in range(len(w)):
            for_x[i + k] += g[i] * w[k]
            for_w[k] += g[i] * x[i + k]
    return for_x, for_w

# %%
x = torch.tensor([1.0, 3, 2, 5, 4], requires_grad=True)
w = torch.tensor([2.0, 0, 1], requires_grad=True)
g = torch.tensor([1.0, -1, 2])
F.conv1d(x[None], w[None, None]).backward(g[None])
ours = backward1d(x.detach(), w.detach(), g)
print("loop:   ", torch.equal(ours[0], x.grad), torch.equal(ours[1], w.grad))
full = F.conv1d(F.pad(g, (2, 2))[None], w.flip(0)[None, None])[0]
slid = F.conv1d(x[None], g[None, None])[0]
print("sliding:", torch.equal(full, x.grad), torch.equal(slid, w.grad))

# %% [markdown]
# ## The transposed convolution
#
# That step for $x$ makes a large map of a small one. It is a layer of its own,
# `nn.ConvTranspose2d`: each number of the small map times the whole kernel,
# *added* into the large one.

# %%
small = torch.tensor([[1.0, 0], [2, -1]])
kernel = torch.tensor([[1.0, 2], [0, -1]])
up = F.conv_transpose2d(small[None, None], kernel[None, None])
plots.plot_grids([("small", small), ("kernel", kernel), ("large", up)])

# %% [markdown]
# The gradient for $x$ from above. Nets use this layer to get back to the
# picture's size, to name every pixel or to draw.
#
# Its size: the last of $n$ kernels begins at $(n - 1) \cdot s$ and is $k$
# long, and a padding *cuts off* $p$ on each side: $(n - 1) \cdot s + k - 2p$.
#
# **Predict.** 7 numbers, kernel 4, stride 2, padding 1.

# %%
layer = nn.ConvTranspose2d(1, 1, kernel_size=4, stride=2, padding=1)
print((7 - 1) * 2 + 4 - 2 * 1, layer(torch.zeros(1, 1, 7, 7)).shape[-1])

# %% [markdown]
# (With stride 2, maps of 7 and of 8 may shrink to one size. `output_padding`
# says which you want back.)
#
# Where neighbouring kernels overlap, they add up.
#
# **Predict.** All ones in, all weights one. What will the large map look like?

# %%
def flat(kernel_size):
    """What a flat map becomes, by weights that are all alike."""
    weight = torch.ones(1, 1, kernel_size, kernel_size)
    return F.conv_transpose2d(torch.ones(1, 1, 4, 4), weight, stride=2)[0, 0]

plots.plot_grids([("kernel 3, stride 2", flat(3)),
                  ("kernel 4, stride 2", flat(4))])

# %% [markdown]
# A *checkerboard*: 1, 2 and 4 summands by turns. Where the stride divides the
# kernel size, each place gets equally many, but for the rim.

# %% [markdown]
# ## A page of digits
#
# A net reads one digit of 28 x 28. And a whole page? Slide the net over it,
# like a kernel. First it must learn to say "nothing here": class 10, for
# digits that are moved out of the middle, and for blank paper.

# %%
def off_centre(images):
    """Each image moved by 9 pixels: 9 more on one side, 9 cut off opposite."""
    moves = [(9, -9, 0, 0), (-9, 9, 0, 0), (0, 0, 9, -9), (0, 0, -9, 9)]
    return torch.cat([F.pad(images[i::4], m) for i, m in enumerate(moves)])

images = torch.cat([train, off_centre(train), torch.zeros(100, 1, 28, 28)])
targets = torch.cat([labels, torch.full((len(train) + 100,), 10)])

# %% tags=["nbval-ignore-output"]
from cnnlib.training import random_shift

torch.manual_seed(0)
reader = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 7 * 7, 11))
fit(reader, images, targets, epochs=6, augment=random_shift(2), show=False)
print(evaluate(reader, test, test_labels))

# %% [markdown]
# The page: six test digits, at places not told to the net.

# %%
page = torch.zeros(1, 1, 112, 140)
corners = [(3, 2), (10, 55), (0, 105), (66, 10), (78, 60), (60, 108)]
for i, (top, left) in enumerate(corners):
    page[0, 0, top:top + 28, left:left + 28] += test[10 * i + 3, 0]
truth = test_labels[3:63:10].tolist()
plots.plot_image(page[0], title=f"{truth[:3]} above, {truth[3:]} below")

# %% [markdown]
# Up to `Flatten` the net takes any size; the page gives (1, 32, 28, 35). Then
# comes the dense layer, with a weight for each of $32 \cdot 7 \cdot 7$ numbers
# and each class: just what a kernel of 7 x 7 over 32 channels has. So **a
# dense layer on a map is a convolution whose kernel is as large as the map**,
# and it can slide. By our own loop, window by window:

# %% tags=["nbval-ignore-output"]
with torch.no_grad():
    maps = reader[:8](page)                                  # (1, 32, 28, 35)
    loop = torch.stack([
        torch.stack([reader[8:](maps[:, :, i:i + 7, j:j + 7])[0]
                     for j in range(29)]) for i in range(22)])
print(tuple(loop.shape), "rows, columns, classes")

# %% [markdown]
# Now as a convolution:

# %% tags=["nbval-ignore-output"]
dense = reader[9]
kernel = dense.weight.detach().unflatten(1, (32, 7, 7))
scores = F.conv2d(maps, kernel, dense.bias.detach())         # (1, 11, 22, 29)
print(tuple(kernel.shape))
assert torch.allclose(scores[0].permute(1, 2, 0), loop, atol=1e-3)

# %% [markdown]
# One call for $22 \cdot 29 = 638$ windows, with the same scores.
#
# **Predict.** One could also cut 638 pictures of 28 x 28 out of the page and
# give each to the net. How many times the work would that be?

# %%
sliding = nn.Sequential(*reader[:8], nn.Conv2d(32, 11, 7))
once = summary(sliding, (1, 112, 140)).total_mult_adds
one_digit = summary(reader, (1, 28, 28)).total_mult_adds
print(f"{638 * one_digit / once:.1f}")

# %% [markdown]
# Neighbours overlap, and sliding computes their common maps once. How sure is
# the net, at each place, that *some* digit is there?

# %% tags=["nbval-ignore-output"]
chances = scores.softmax(dim=1)[0]                           # (11, 22, 29)
digit_here = 1 - chances[10]
heat = F.interpolate(digit_here[None, None], scale_factor=4)
heat = F.pad(heat, (12, 12, 12, 12))[0, 0]        # to the windows' middles
plots.plot_overlay(page[0, 0], heat, title="how sure that a digit is there")

# %% [markdown]
# We read each place that is surer than all within two steps around it.

# %% tags=["nbval-ignore-output"]
peak = F.max_pool2d(digit_here[None], 5, stride=1, padding=2)[0]
read = [(chances[:10, i, j].argmax().item(), (4 * i, 4 * j))
        for i, j in (digit_here.eq(peak) & (peak > 0.5)).nonzero().tolist()]
print(*read, sep="\n")
assert len(read) >= 5

# %% [markdown]
# Each digit, and where its window begins: compare with `corners`. Two poolings
# make one step on the map four pixels on the page. Over ten starts and ten
# pages such a net found 5.8 of 6 digits. So began nets that *find* things.

# %% [markdown]
# ## A vision transformer begins with a convolution
#
# Many nets since 2020 are *transformers*, which come from language. They cut
# a photograph of 224 x 224 into patches of 16 x 16:

# %%
from cnnlib.images import load, to_tensor

photo = to_tensor(load("china", height=224))[None, :, :, 50:274]
cut = F.unfold(photo, kernel_size=16, stride=16)
plots.plot_images(cut[0].T.view(-1, 3, 16, 16), columns=14)

# %% [markdown]
# Each patch is one column of `cut`, $3 \cdot 16 \cdot 16$ numbers. One matrix
# makes 768 others of each, the patch's "word". So does
# `nn.Conv2d(3, 768, kernel_size=16, stride=16)`.
#
# **Predict.** How many weights is that? Which shape comes out?

# %%
torch.manual_seed(0)
patches = nn.Conv2d(3, 768, kernel_size=16, stride=16)
words = patches(photo)
by_matrix = patches.weight.flatten(1) @ cut + patches.bias[:, None]
assert torch.allclose(by_matrix, words.flatten(2), atol=1e-4)
print(f"{patches.weight.numel():,} weights, {tuple(words.shape)}")

# %% [markdown]
# A convolution whose stride is its kernel size: no window overlaps another.
# In what comes after it, attention, every patch looks at every other one.

# %% [markdown]
# ## Nets from 1998 to today
#
# Parameters and mult-adds by our `summary`, on the meta device. The last
# column is what torchvision states for its weights IMAGENET1K_V1: of the
# 50,000 validation photographs of ImageNet, how many does the first guess name
# right?

# %%
years = {"alexnet": 2012, "vgg16": 2014, "googlenet": 2014, "resnet18": 2015,
         "resnet50": 2015, "densenet121": 2016, "mobilenet_v2": 2018,
         "efficientnet_b0": 2019, "vit_b_16": 2020, "convnext_tiny": 2022}

# without GoogLeNet's helpers for training
quiet = {"googlenet": {"aux_logits": False, "init_weights": False}}
nets = {"lenet5": (1998, summary(models.lenet5(), (1, 32, 32)))}
for name, year in years.items():
    with torch.device("meta"):
        net = getattr(torchvision.models, name)(**quiet.get(name, {}))
    nets[name] = year, summary(net, (3, 224, 224))

# %%
facts = {name: torchvision.models.get_model_weights(name).IMAGENET1K_V1.meta
         for name in years}
right = {n: fact["_metrics"]["ImageNet-1K"]["acc@1"]
         for n, fact in facts.items()}
print(f"{'':21}parameters   mult-adds   right, %")
for name, (year, table) in nets.items():
    print(f"{year} {name:16}{table.total_params / 1e6:7.2f} M"
          f"{table.total_mult_adds / 1e6:10,.1f} M",
          f"{right[name]:9.1f}" if name in right else "   digits")

# %%
for name, fact in facts.items():
    assert fact["num_params"] == nets[name][1].total_params
plots.plot_points(
    {n: (nets[n][1].total_mult_adds / 1e9, right[n]) for n in years},
    xlabel="mult-adds in thousand millions", log_x=True,
    ylabel="photographs named right, in %")

# %% [markdown]
# LeNet-5's paper reports 0.95 % errors on MNIST. AlexNet here is torchvision's
# (lesson 06). Read such figures with care: how a net was trained counts as
# well.

# %%
for weight in torchvision.models.get_model_weights("resnet50"):
    print(weight.name, weight.meta["_metrics"]["ImageNet-1K"]["acc@1"])

# %% [markdown]
# The same layers, trained years later with a better recipe: 4.7 points more.

# %% [markdown]
# ## When it breaks
#
# A batch of one, in training:

# %% tags=["nbval-ignore-output"]
norm = nn.BatchNorm1d(64)
try:
    norm(torch.rand(1, 64))
except ValueError as error:
    print(error)

# %% [markdown]
# One value for each channel *is* the mean: only zeros would be left. In
# practice it is the last batch of an epoch: 1,409 pictures in batches of 64
# leave one over. Fixes: `drop_last=True` in the `DataLoader`, or
# `model.eval()` if you did not mean to train.
#
# And a shortcut that does not fit:

# %% tags=["nbval-ignore-output"]
block = SameSizeBlock(16)
block.conv2 = nn.Conv2d(16, 32, 3, padding=1, bias=False)
block.norm2 = nn.BatchNorm2d(32)
try:
    block(torch.zeros(1, 16, 8, 8))
except RuntimeError as error:
    print(error)

# %% [markdown]
# "Dimension 1" is the channels: 16 come in, 32 go out. Fix: a 1 x 1
# convolution on the shortcut. But mind: an input with *one* channel would be
# added to each of the 32 without a word (broadcasting).

# %% [markdown]
# ## To read
#
# Batch norm and ResNet: see lesson 06.
#
# - C. Szegedy and others (2014): *Going deeper with convolutions*. GoogLeNet.
# - M. Sandler and others (2018): *MobileNetV2: inverted residuals and linear
#   bottlenecks*.
# - J. Long, E. Shelhamer, T. Darrell (2015): *Fully convolutional networks for
#   semantic segmentation*. Dense layers as convolutions.
# - A. Dosovitskiy and others (2020): *An image is worth 16x16 words:
#   transformers for image recognition at scale*.

# %% [markdown]
# ## What to remember
#
# 1. **Depth.** Batch norm: each channel to mean 0, variance 1 over N, H and W,
#    then times weight, plus bias; in evaluation by its running averages.
#    A shortcut $x + f(x)$ makes "do nothing" easy and gives the gradient a way
#    past the block.
# 2. **Blocks.** Basic block: 3 x 3, norm, ReLU, 3 x 3, norm, add, ReLU.
#    Bottleneck: 1 x 1 down, 3 x 3, 1 x 1 up. Inception: branches, joined as
#    channels. Separable: depthwise, then 1 x 1. Global pooling in place
#    of large dense layers.
# 3. **Backward.** For the kernel: the gradient slides over the input. For the
#    input: a full convolution, by the turned kernel; as a layer, the
#    transposed convolution. A dense layer on a map is a convolution as large
#    as the map.
#
# | card | |
# |---|---|
# | batch norm | $2C$ learned, $2C$ kept; no bias in the convolution before it |
# | shortcut does not fit | 1 x 1 convolution with the same stride, and a norm |
# | separable | $1/C_\mathrm{out} + 1/k^2$ of the weights and the work |
# | work is not time | measure on the machine where it runs |
# | transposed size | $(n - 1) \cdot s + k - 2p$ |
#
# **Now [exercise 08](../exercises/08_after_vgg.ipynb).** Then
# [lesson 09](09_your_own_pictures.ipynb): your own pictures.

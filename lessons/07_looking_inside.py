# needs: mnist

# %% [markdown]
# # 07 Looking inside
#
# A trained net is a long list of numbers. Here you put questions to it:
# what does a kernel look for, how far does a unit see, which pixels decided,
# and how little does it take to fool it all?
#
# **Time:** 90 minutes

# %% [markdown]
# A small net read these four digits, all of them right. Which pixels told it
# so? The maps below are one answer: bright where a change of the pixel would
# change the answer most. Would you have marked the same places?

# %% tags=["folded", "nbval-ignore-output"]
import torch

from cnnlib import fit, models, plots
from cnnlib.data import load_mnist

digits = load_mnist(verbose=False)
torch.manual_seed(0)
quick, few = models.mnist_cnn(), digits.few(200)
fit(quick, few.train_images, few.train_labels, epochs=10, show=False)
chosen = [(digits.test_labels == n).nonzero()[1].item() for n in (2, 3, 5, 8)]
x = digits.test_images[chosen].requires_grad_()              # (4, 1, 28, 28)
slopes, = torch.autograd.grad(quick(x).amax(dim=1).sum(), x)
heat = slopes.abs() / slopes.abs().amax(dim=(1, 2, 3), keepdim=True)
plots.plot_images([*x.detach(), *heat], columns=4)

# %% [markdown]
# You will make such maps, and others that disagree with them.
#
# After this lesson you can
#
# 1. record what any layer answers, and say what its kernels and units see;
# 2. ask which pixels mattered in three ways, and say what each cannot tell;
# 3. find dead units, and make an image that fools a net.
#
# **Notation.** A layer with $n_C$ channels gives $n_C$ maps, in PyTorch
# `maps` of shape `(N, C, H, W)`. A *unit* is one number of a map,
# `maps[n, c, i, j]`. A *score* (or logit) is what the last layer says about a
# class; softmax turns the ten scores into probabilities.

# %% tags=["nbval-ignore-output"]
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import evaluate, fit, models, plots, summary

test = digits.test_images[:2000]                             # (N, 1, 28, 28)
digits

# %% [markdown]
# ## A net to look at
#
# The net of lesson 05, trained on up to 2,000 images of each digit.
# `snapshots=True` keeps a copy of all weights before the first epoch and
# after each.

# %% tags=["nbval-ignore-output"]
few = digits.few(2000)
torch.manual_seed(0)
net = models.mnist_cnn()
history = fit(
    net, few.train_images, few.train_labels, snapshots=True,
    epochs=5 if digits.source == "mnist" else 22,
)

# %% tags=["nbval-ignore-output"]
net.requires_grad_(False)            # from now on we only look
result = evaluate(net, digits.test_images, digits.test_labels)
assert result.accuracy > 0.97
result

# %% [markdown]
# ## Kernels, before and after
#
# PyTorch draws the first weights evenly from $-1/\sqrt{m}$ to $1/\sqrt{m}$,
# where $m$ is the number of weights of a kernel.

# %%
before = history.snapshots[0]["conv1.weight"]                # (8, 1, 3, 3)
print(f"1/sqrt(9) = {1 / 9 ** 0.5:.3f}")
print("all within it:", bool(before.abs().max() <= 1 / 9 ** 0.5))

# %% [markdown]
# The eight kernels, above as they were drawn, below after training:

# %% tags=["nbval-ignore-output"]
after = net.conv1.weight                                     # (8, 1, 3, 3)
plots.plot_images([*before, *after], columns=8, say_values=True)

# %% [markdown]
# Look for kernels that are red on one side and blue on the other: they answer
# to an edge of a stroke, each to one direction. Those of one colour answer to
# ink as such. Nobody asked for edges; they lower the loss.
#
# **Predict.** Pixels lie between 0 and 1. Which 3 x 3 patch gives a kernel's
# largest answer?
#
# <details><summary>Answer</summary>
#
# Ink (1) under every positive weight, paper (0) under every negative one.
# The answer is the sum of the positive weights, plus the bias.
# </details>
#
# Does such a patch occur? Cut all 3 x 3 patches out of the test images and
# take, for each kernel, the one it answers most: above the kernels, below
# their patches.

# %% tags=["nbval-ignore-output"]
patches = F.unfold(test, kernel_size=3, padding=1)           # (N, 9, 784)
patches = patches.transpose(1, 2).reshape(-1, 9)
answers = patches @ after.flatten(1).T                       # (N * 784, 8)
best = patches[answers.argmax(dim=0)].view(8, 1, 3, 3)
plots.plot_images([*after, *best], columns=8, say_values=True)

# %% tags=["nbval-ignore-output"]
largest = after.clamp(min=0).sum(dim=(1, 2, 3))
reached = answers.amax(dim=0)
print("largest possible:", [round(n, 2) for n in largest.tolist()])
print("largest found:   ", [round(n, 2) for n in reached.tolist()])
assert reached.sum() > 0.8 * largest.sum()

# %% [markdown]
# Ink lies where the kernel is red. So in the first layer a kernel is a picture
# of what it looks for. In the second layer each filter has eight slices, one
# for each map below:

# %% tags=["nbval-ignore-output"]
plots.plot_kernels(net.conv2.weight[:4], title="conv2, 4 of 16 filters")

# %% [markdown]
# These cannot be read off: what a slice means depends on what its map shows.
# So look at the maps.

# %% [markdown]
# ## One digit through every layer
#
# The first 4 among the test images.

# %% tags=["nbval-ignore-output"]
index = (digits.test_labels == 4).nonzero()[0].item()
image = digits.test_images[index:index + 1]                  # (1, 1, 28, 28)
plots.plot_image(image, title="the image")

# %% [markdown]
# A *forward hook* is a function that PyTorch calls whenever a layer has
# answered, with the layer, its inputs and its output.
# Ours writes the output down under the layer's name. It must return nothing:
# what a hook returns takes the place of the output.

# %%
maps = {}


def record(name):
    def hook(layer, inputs, output):
        maps[name] = output.detach()
    return hook

# %% [markdown]
# Hang one on each layer, run the net once, and take them all off again.

# %%
handles = [layer.register_forward_hook(record(name))
           for name, layer in net.named_children()]
scores = net(image)                                          # (1, 10)
for handle in handles:
    handle.remove()
for name, output in maps.items():
    print(f"{name:8}", tuple(output.shape))

# %% [markdown]
# ### Layer by layer
#
# The first maps, before ReLU. Zero is white.

# %% tags=["nbval-ignore-output"]
plots.plot_feature_maps(maps["conv1"], title="conv1")

# %% [markdown]
# Where the paper is blank the answer is the kernel's bias alone, so the
# background of each map is even.
#
# **Predict.** What do `relu1` and `pool1` make of it?

# %% tags=["nbval-ignore-output"]
plots.plot_feature_maps(maps["relu1"], title="relu1")

# %%
relu = torch.relu(maps["conv1"])
print(torch.equal(maps["relu1"], relu))
print(torch.equal(maps["pool1"], F.max_pool2d(relu, 2)))

# %% [markdown]
# The second convolution combines all eight maps into each of its sixteen, and
# after ReLU and pooling this is left:

# %% tags=["nbval-ignore-output"]
plots.plot_feature_maps(maps["pool2"], title="pool2")

# %% [markdown]
# From layer to layer there are more maps, smaller and emptier. In `relu1` you
# can still read the 4, in `pool2` you see only where something was found.
#
# These 784 numbers are all that the last layer knows. Its ten scores:

# %% tags=["nbval-ignore-output"]
assert scores.argmax() == 4
plots.plot_bars(
    {str(k): score for k, score in enumerate(scores[0].tolist())},
    title="scores",
)

# %% [markdown]
# ### Where does a number come from?
#
# All layers once more, to go through. Choose a layer, a map and a number in
# it. Below stands what made it: for a convolution the windows, the slices of
# the kernel, and their sum. Beside it, boxed, are the pixels that the number
# can see; more about those in a moment.
#
# One number to begin with is the largest of `conv2`; this is where it lies:

# %% tags=["nbval-ignore-output"]
m, i, j = torch.unravel_index(maps["conv2"][0].argmax(), (16, 14, 14))
print(f"{maps['conv2'].max():.2f} in map {m}, row {i}, column {j}")

# %% [markdown]
# **Predict.** Which of the eight maps below gives most to it? Look at their
# shapes in `pool1`, then find out.

# %% tags=["nbval-ignore-output"]
from cnnlib import explore_network

explore_network(net, image)

# %% [markdown]
# ## How far a unit sees
#
# Take the unit in the middle of a `pool2` map, row 3, column 3 of 7 x 7.
# Which pixels can change it? By hand, as in lesson 04:
#
# | layer | kernel | stride | padding | jump | sees | starts at |
# |---|---|---|---|---|---|---|
# | input | | | | 1 | 1 | 0 |
# | conv1 | 3 | 1 | 1 | 1 | 3 | $0 - 1 \cdot 1 = -1$ |
# | pool1 | 2 | 2 | 0 | 2 | 4 | $-1$ |
# | conv2 | 3 | 1 | 1 | 2 | 8 | $-1 - 1 \cdot 2 = -3$ |
# | pool2 | 2 | 2 | 0 | 4 | 10 | $-3$ |
#
# New is the last column: padding moves the first window out of the image, by
# one jump for each padded cell. Unit 0 starts at $-3$, and each further unit
# 4 pixels later.
#
# **Predict.** The rows of the image that unit 3 sees.

# %%
row = {row.name: row for row in summary(net, (1, 28, 28)).rows}["pool2"]
print("sees", row.receptive_field, "jump", row.jump,
      "starts at", row.receptive_start)
first = -3 + 3 * 4
print("rows", first, "to", first + 10 - 1)

# %% [markdown]
# Unit (0, 0), at the edge, sees padding, too, the hatched cells:

# %% tags=["nbval-ignore-output"]
plots.plot_receptive_field(image, (-3, -3, 10, 10), title="unit (0, 0)")

# %% [markdown]
# ### What the gradient says
#
# That is what a unit *can* see. What does it see in this image? The gradient
# of the unit with respect to the image is not zero where a small change of
# a pixel would change the unit. Take the channel that answers most.

# %% tags=["nbval-ignore-output"]
channel = maps["pool2"][0, :, 3, 3].argmax().item()
x = image.clone().requires_grad_()
unit = net[:6](x)[0, channel, 3, 3]                          # conv1 to pool2
gradient, = torch.autograd.grad(unit, x)                     # (1, 1, 28, 28)
touched = (gradient != 0).sum().item()
print(f"{touched} of 100 pixels")
assert 0 < touched <= 81

# %% [markdown]
# **Predict.** Why can it never be more than 81?
#
# <details><summary>Answer</summary>
#
# Max pooling lets one of four through. The unit is one number of `conv2`,
# which sees 3 x 3 cells of `pool1`; each of these is one number of `conv1`,
# which sees 3 x 3 pixels. Nine times nine is 81, fewer where these overlap
# or where ReLU has cut one off.
# </details>
#
# In another image other pixels win. So add up the size of the gradient over
# 300 images and all sixteen channels.

# %%
x = test[:300].clone().requires_grad_()
units = net[:6](x)[:, :, 3, 3]                               # (N, 16)
gradient, = torch.autograd.grad(units.sum(), x)
heat = gradient.abs().sum(dim=(0, 1))                        # (28, 28)
inside = heat[9:19, 9:19]
outside = heat.clone()
outside[9:19, 9:19] = 0
print("inside: ", (inside > 0).sum().item())
print("outside:", (outside > 0).sum().item())

# %% [markdown]
# All 100 pixels of the square, and not one beyond it: theory and gradient
# agree to the pixel. But not every pixel counts the same:

# %% tags=["nbval-ignore-output"]
plots.plot_receptive_field(image, (9, 9, 10, 10), heat=heat)

# %% [markdown]
# Why is it a bell and not a square? Count the paths from a pixel to the unit
# in one dimension. Each layer is a window of ones, with gaps of its jump,
# and the windows are combined by the full convolution of lesson 01.

# %%
import numpy as np

paths = np.convolve([1, 1, 1], [1, 1])                       # conv1, pool1
paths = np.convolve(paths, [1, 0, 1, 0, 1])                  # conv2, jump 2
paths = np.convolve(paths, [1, 0, 1])                        # pool2, jump 2
print(paths, paths.sum())

# %% [markdown]
# One path leads from the outermost pixel, six from the two in the middle.
#
# **Predict.** Does the gradient of the trained net follow that?

# %% tags=["nbval-ignore-output"]
plots.plot_lines(
    {"square": [0.1] * 10, "paths": paths / 36,
     "gradient": (inside.sum(dim=0) / inside.sum()).tolist()},
    x=range(9, 19), xlabel="column of the image", ylabel="share",
    title="How much each column counts",
)

# %% tags=["nbval-ignore-output"]
centre = (inside[3:7, 3:7].sum() / inside.sum()).item()
ring = 1 - (inside[1:9, 1:9].sum() / inside.sum()).item()
print(f"the 4 x 4 in the middle: {centre:.0%} of the gradient")
print(f"the outermost ring:      {ring:.0%}")
assert centre > 0.22 and ring < 0.25

# %% [markdown]
# The middle is 16 % of the square's pixels, the ring 36 %. By the paths they
# should get $(22/36)^2 \approx 37$ % and $1 - (34/36)^2 \approx 11$ %;
# training and max pooling make the rest. The bell is called the *effective*
# receptive field (Luo and others, 2016).

# %% [markdown]
# ### What a unit likes
#
# Now we can ask a deep unit what we asked the first kernels. Find the images
# that excite the channel most, and cut out what the unit sees.

# %% tags=["nbval-ignore-output"]
answers = net[:6](test)[:, channel].flatten(1)               # (N, 49)
strongest = answers.amax(dim=1).topk(8).indices
crops = []
for n in strongest:
    i, j = divmod(answers[n].argmax().item(), 7)
    padded = F.pad(test[n], (3, 3, 3, 3))                    # starts at -3
    crops.append(padded[:, 4*i:4*i+10, 4*j:4*j+10])
plots.plot_images(crops, [f"image {n}" for n in strongest], columns=8)

# %% [markdown]
# What the eight have in common is what this unit looks for. It is our
# reading, not the net's: the unit has no name for it.

# %% [markdown]
# ## Which pixels mattered? First answer: saliency
#
# The net says 4. Because of which pixels? The first answer (Simonyan and
# others, 2013) is again a gradient, this time of the score.
#
# - ask for the *score*, not the probability;
# - take absolute values: a pixel matters if more ink helps or if it harms;
# - over colour channels, take the largest. Here there is only one.

# %% tags=["nbval-ignore-output"]
x = image.clone().requires_grad_()
score = net(x)[0, 4]
gradient, = torch.autograd.grad(score, x)                    # (1, 1, 28, 28)
saliency = gradient[0].abs().amax(dim=0)                     # (28, 28)
plots.plot_overlay(image, saliency, title="saliency of the 4")

# %% [markdown]
# Warm pixels need not lie on ink. Would ink there help the 4, or harm it? The
# absolute value has thrown that away, the gradient itself still has it. Red:
# more ink raises the score.
#
# **Predict.** A 4 is open at the top; closed, it would be a 9. Which colour
# do you expect in the opening? All over?

# %% tags=["nbval-ignore-output"]
plots.plot_images([image, gradient], ["image", "gradient"], say_values=True)

# %% [markdown]
# Where paper is blue, ink would speak against a 4. But the map is speckled:
# each pixel is asked by itself, and neighbours often disagree.
#
# Why the score and not the probability?
#
# **Predict.** The net is all but sure. What is the gradient of a probability
# that cannot grow?

# %% tags=["nbval-ignore-output"]
probability = net(x).softmax(dim=1)[0, 4]
flat, = torch.autograd.grad(probability, x)
print(f"largest gradient of the score:       {saliency.max():.2g}")
print(f"largest gradient of the probability: {flat.abs().max():.2g}")
assert flat.abs().max() < 0.1 * saliency.max()

# %% [markdown]
# ### What saliency cannot tell
#
# **Predict.** Ask for another digit than the 4. Will the map be another one?
#
# Compare the maps of the best and of the second best class on 300 images.
# A correlation of 1 would mean the same map, 0 that the two have nothing to
# do with each other.

# %%
x = test[:300].clone().requires_grad_()
best, second = net(x).topk(2).values.T                       # (N,), (N,)
heat = [torch.autograd.grad(s.sum(), x, retain_graph=True)[0].abs()
        for s in (best, second)]

# %%
def correlation(a, b):
    """Mean correlation of N pairs of maps."""
    a, b = a.flatten(1), b.flatten(1)
    a, b = a - a.mean(dim=1, keepdim=True), b - b.mean(dim=1, keepdim=True)
    return F.cosine_similarity(a, b).mean().item()

# %% tags=["nbval-ignore-output"]
alike = correlation(*heat)
print(f"correlation of the two maps: {alike:.2f}")
assert alike > 0.25

# %% [markdown]
# Two questions, two maps, and yet they have much in common: the correlation is
# neither 0 nor 1. Saliency says where the net is touchy, and only partly for
# what.

# %% [markdown]
# ## Second answer: occlusion
#
# Do not ask for a slope, try it: cover a window, look how far the score
# drops, and do so everywhere (Zeiler and Fergus, 2013). Our window is 6 x 6
# and moves by 2.

# %%
corners = [(i, j) for i in range(0, 23, 2) for j in range(0, 23, 2)]


def cover(value):
    """One copy of the image for each window, filled with value."""
    copies = image.repeat(len(corners), 1, 1, 1)             # (144, 1, 28, 28)
    for one, (i, j) in zip(copies, corners):
        one[:, i:i+6, j:j+6] = value
    return copies
covered = cover(0.0)                                         # with paper
drops = scores[0, 4] - net(covered)[:, 4]                    # (144,)

# %% [markdown]
# A pixel lies in up to nine windows. Its heat is the mean of their drops.

# %% tags=["nbval-ignore-output"]
def spread(drops):
    """Mean drop of the windows that cover each pixel: (28, 28)"""
    total, count = torch.zeros(2, 28, 28)
    for drop, (i, j) in zip(drops, corners):
        total[i:i+6, j:j+6] += drop
        count[i:i+6, j:j+6] += 1
    return total / count
plots.plot_images([image, spread(drops)], ["image", "covered with paper"],
                  say_values=True)

# %% [markdown]
# Red: without this part the score drops. Blue: it rises.
#
# **Predict.** The drop where a window covers nothing but paper.

# %%
blank = (covered == image).flatten(1).all(dim=1)             # (144,)
print("such windows:", bool(blank.any()))
print("no drop:", bool((drops[blank].abs() < 1e-3).all()))

# %% [markdown]
# Nothing changes, so nothing drops. Does that mean that the empty parts do
# not matter? Cover with ink:

# %% tags=["nbval-ignore-output"]
inked = cover(1.0)
ink_drops = scores[0, 4] - net(inked)[:, 4]
plots.plot_images([image, spread(ink_drops)], ["image", "covered with ink"],
                  say_values=True)

# %% tags=["nbval-ignore-output"]
worst = ink_drops.argmax()
print(f"largest drop in an empty window: {ink_drops[blank].max():.1f}")
print("with ink at the worst place:", net(inked)[worst].argmax().item())
assert ink_drops[blank].max() > 3
plots.plot_image(inked[worst], title="covered where it hurts most")

# %% [markdown]
# So the empty parts do matter. Occlusion tells the truth about *this* change,
# a window of that size and that colour, and about no other. It costs a
# forward pass for every window.
#
# ### Could saliency have told?
#
# A gradient promises: if the pixels change by $d$, the score changes by the
# sum of gradient times $d$. One backward pass, and all 144 drops are
# foretold. Hold the promise against the real drops, first with windows that
# are only faded by 1 %, then by 10 %, then fully covered.
#
# **Predict.** When does it hold?

# %% tags=["nbval-ignore-output"]
promised = ((image - covered) * gradient).sum(dim=(1, 2, 3))  # (144,)
errors = []
for share in (0.01, 0.1, 1.0):
    real = scores[0, 4] - net(image + share * (covered - image))[:, 4]
    wrong = (real - share * promised).abs().sum()
    errors.append((wrong / (share * promised).abs().sum()).item())
    print(f"faded by {share:4.0%}: off by {errors[-1]:.0%}")
assert errors[0] < 0.1 and errors[2] > max(0.2, 2 * errors[1])

# %% [markdown]
# Saliency is exact about tiny changes and wrong about large ones. On the way
# ReLUs switch on and off, and other pixels win their pooling window.

# %% [markdown]
# ## Third answer: Grad-CAM
#
# Our last layer is linear, so the score is a sum over the 7 x 7 places of
# `pool2`. It can be split by place, and nothing is left over:

# %%
a = maps["pool2"][0]                                         # (16, 7, 7)
w = net.fc.weight[4].view(16, 7, 7)
parts = (w * a).sum(dim=0)                                   # (7, 7)
torch.allclose(parts.sum() + net.fc.bias[4], scores[0, 4], atol=1e-3)

# %% [markdown]
# *Grad-CAM* (Selvaraju and others, 2017) does that for any net, in four steps.
# Take the maps of a late layer; the gradient of the score with respect to
# them; the **mean** of the gradient over each map, as the weight of that
# channel; add the maps with these weights and keep what is positive.

# %%
a = net[:6](image).requires_grad_()                          # (1, 16, 7, 7)
gradient, = torch.autograd.grad(net[6:](a)[0, 4], a)
weights = gradient.mean(dim=(2, 3), keepdim=True)            # (1, 16, 1, 1)
cam = (weights * a).sum(dim=1).relu()[0].detach()            # (7, 7)
torch.equal(gradient[0], w)

# %% [markdown]
# The gradient is the weight itself. So both maps are built of the same
# numbers, and they should agree. We draw them as they are, each place 4 x 4
# pixels wide, and each divided by its own largest value.
#
# **Predict.** Do they agree?

# %% tags=["nbval-ignore-output"]
def enlarge(heat):
    """(H, W) -> (4 H, 4 W), largest size of a value 1"""
    heat = heat / heat.abs().max()
    return heat.repeat_interleave(4, dim=0).repeat_interleave(4, dim=1)
total = (weights * a).sum(dim=1)[0].detach()                 # before the ReLU
plots.plot_images(
    [image, enlarge(parts), enlarge(total)],
    ["image", "score, split by place", "Grad-CAM before ReLU"],
    say_values=True,
)

# %% [markdown]
# Measured on 300 images, each for the class that the net says:

# %% tags=["nbval-ignore-output"]
says = net(test[:300]).argmax(dim=1)                         # (N,)
a = net[:6](test[:300])                                      # (N, 16, 7, 7)
w = net.fc.weight[says].view(-1, 16, 7, 7)
parts = (w * a).sum(dim=1)                                   # (N, 7, 7)
cams = (w.mean(dim=(2, 3), keepdim=True) * a).sum(dim=1)
alike = correlation(parts, cams)
print(f"correlation of the two maps: {alike:.2f}")
assert alike < 0.2

# %% [markdown]
# They do not agree; a correlation below zero even means that they contradict
# each other. Our `fc` has its own weight for each place: a channel may speak
# for the 4 at the top and against it at the bottom. A mean over the places
# forgets just that.
#
# Grad-CAM assumes that a channel means the same everywhere. In which nets is
# that so? In those that end with global average pooling (lesson 03).

# %% [markdown]
# ### A net for which Grad-CAM is right
#
# Keep the trained `conv1` to `pool2`, put a new head on top, and train only
# that (lesson 06): a convolution, then the mean of each map, then `Linear`.

# %% tags=["nbval-ignore-output"]
less = digits.few(600)
torch.manual_seed(0)
head = nn.Sequential(
    nn.Conv2d(16, 16, kernel_size=5, padding=2), nn.ReLU(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
)
fit(head, net[:6](less.train_images), less.train_labels, lr=0.02, show=False,
    epochs=5 if digits.source == "mnist" else 20)
pooled = nn.Sequential(*net[:6], *head).requires_grad_(False)
result = evaluate(pooled, digits.test_images, digits.test_labels)
assert result.accuracy > 0.88
result

# %% [markdown]
# A little worse, but it takes images of any size. Give it two digits at once,
# a 4 and a 0.
#
# **Predict.** Which half will be warm if we ask for the 4, which for the 0?

# %% tags=["nbval-ignore-output"]
index = (digits.test_labels == 0).nonzero()[0].item()
pair = torch.cat([image, digits.test_images[index:index + 1]], dim=3)
a = pooled[:8](pair).requires_grad_()                        # (1, 16, 7, 14)
heat = {}
for label in (4, 0):
    score = pooled[8:](a)[0, label]
    gradient, = torch.autograd.grad(score, a)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    heat[label] = (weights * a).sum(dim=1)[0].detach()       # (7, 14)
plots.plot_images([pair, enlarge(heat[4]).relu(), enlarge(heat[0]).relu()],
                  ["the pair", "Grad-CAM for 4", "Grad-CAM for 0"],
                  columns=1, say_values=True)

# %% [markdown]
# The same image, two questions, two answers. (Most programs smooth such a map,
# and it looks finer than it is.) And here the split is exact: the parts add
# up to the score.

# %%
for label in (4, 0):
    total = heat[label].sum() + head[4].bias[label]
    print(torch.allclose(total, pooled(pair)[0, label], atol=1e-3))

# %% [markdown]
# Was that luck? Put 150 pairs of different digits side by side and ask for
# the left one: how often is most of the heat in the left half?

# %% tags=["nbval-ignore-output"]
left, right = test[:150], test[150:300]
labels = digits.test_labels[:150]
differ = labels != digits.test_labels[150:300]
a = pooled[:8](torch.cat([left, right], dim=3)[differ])      # (N, 16, 7, 14)
w = head[4].weight[labels[differ]][:, :, None, None]         # (N, 16, 1, 1)
heat = (w * a).sum(dim=1).relu()                             # (N, 7, 14)
hit = heat[:, :, :7].sum(dim=(1, 2)) > heat[:, :, 7:].sum(dim=(1, 2))
print(f"{hit.float().mean():.0%} of {len(hit)} pairs")
assert hit.float().mean() > 0.85

# %% [markdown]
# | | answers | costs | cannot tell |
# |---|---|---|---|
# | saliency | which pixels would change the score if they changed a *little* | one backward pass | large changes; its maps for two classes are partly alike |
# | occlusion | what this window in this colour does | a forward pass per window | anything about other sizes and colours |
# | Grad-CAM | which *region* speaks for a class | one backward pass | finer than the map; where a channel's meaning changes with the place |
#
# None of the three says *why*. Check a heat map by changing the image where
# it is warm.

# %% [markdown]
# ## Over the epochs
#
# How did the kernels come about? Three snapshots, one in each row: before
# training, after one epoch, after the last.

# %% tags=["nbval-ignore-output"]
epochs = history.epochs
shown = [0, 1, epochs]
weights = [history.snapshots[k]["conv1.weight"] for k in shown]
plots.plot_images(torch.cat(weights), columns=8, say_values=True)

# %% [markdown]
# **Predict.** Which layer stays closest to its random start: `conv1`,
# `conv2` or `fc`?
#
# Measure it by the cosine between all weights of a layer then and at the
# start: 1 is the same direction, 0 has forgotten it.

# %%
def similarity(name, k):
    """Cosine of a layer's weights before training and after k epochs."""
    start, then = (history.snapshots[s][name].flatten() for s in (0, k))
    return F.cosine_similarity(start, then, dim=0).item()


layers = ["conv1.weight", "conv2.weight", "fc.weight"]
curves = {name: [similarity(name, k) for k in range(epochs + 1)]
          for name in layers}

# %% tags=["nbval-ignore-output"]
plots.plot_lines(curves, xlabel="epoch", ylabel="cosine to the start",
                 title="Where the weights have come from")

# %% [markdown]
# In this net the first kernels keep most of their direction: that they look
# tidy does not mean that training made all of it. The last layer has almost
# forgotten where it came from. Is that a fact about layers, or about this run?
# The same net again with plain gradient descent (and momentum):

# %% tags=["nbval-ignore-output"]
conv1, conv2, fc = (curves[name][-1] for name in layers)
assert conv1 > conv2 > fc and conv1 > 0.55 and fc < 0.4

torch.manual_seed(1)
other = models.mnist_cnn()
run = fit(other, few.train_images, few.train_labels, snapshots=True,
          epochs=history.epochs, optimizer="sgd", lr=0.05, show=False)
for name in layers:
    start, end = (run.snapshots[k][name].flatten() for k in (0, -1))
    cosine = F.cosine_similarity(start, end, dim=0)
    print(f"{name:13} {start.square().mean().sqrt():.2f} at the start, "
          f"cosine {cosine:.2f}")

# %% [markdown]
# The order is the same, the numbers are not. Part of the reason stands beside
# the names: PyTorch's first weights are smaller the more inputs a unit has,
# typically $1/\sqrt{3 m}$, so $1/\sqrt{27} = 0.19$ for `conv1` and
# $1/\sqrt{2352} = 0.02$ for `fc`. A small number is soon forgotten.

# %% [markdown]
# ## A dead unit
#
# Some of the maps above were empty. Is that the image, or does the channel
# answer to nothing at all? Look for the largest answer of each channel, after
# ReLU, to *any* test image.

# %%
def peaks(net):
    """Largest answer of the 8 + 16 channels to any test image: (24,)"""
    found = []
    with torch.no_grad():
        for batch in digits.test_images.split(1000):
            first = net[:2](batch)                           # to relu1
            second = net[2:5](first)                         # to relu2
            found.append(torch.cat([first.amax(dim=(0, 2, 3)),
                                    second.amax(dim=(0, 2, 3))]))
    return torch.stack(found).amax(dim=0)

# %% tags=["nbval-ignore-output"]
names = [f"conv1[{k}]" for k in range(8)] + [f"conv2[{k}]" for k in range(16)]
dead = peaks(net) == 0                                       # (24,)
print([name for name, is_dead in zip(names, dead) if is_dead])
assert dead.sum() <= 8

# %% [markdown]
# Such a channel is *dead*. With other first weights this net had between none
# and four of them. When did they die? The count after each epoch:

# %% tags=["nbval-ignore-output"]
then, counts = models.mnist_cnn().requires_grad_(False), []
for weights in history.snapshots:
    then.load_state_dict(weights)
    counts.append(int((peaks(then) == 0).sum()))
plots.plot_lines({"dead": counts}, xlabel="epoch",
                 ylabel="dead channels of 24")

# %% [markdown]
# A channel can be dead from the start, by an unlucky draw, or die in one of
# the first steps. Where the count falls, one has woken up; we come to that.

# %% [markdown]
# ### Dead on purpose
#
# Take a copy and push the bias of a healthy channel of `conv1` far down.
# By hand: its largest possible answer is the sum of its positive weights, plus
# the bias. With a bias of $-10$ that is below zero, and ReLU makes it 0 for
# every image there is.

# %%
import copy

victim = peaks(net)[:8].argmax().item()
hurt = copy.deepcopy(net).requires_grad_(True)
with torch.no_grad():
    hurt.conv1.bias[victim] = -10
print(bool(net.conv1.weight[victim].clamp(min=0).sum() - 10 < 0))
print(bool(peaks(hurt)[victim] == 0))

# %% [markdown]
# **Predict.** Is the gradient of the loss with respect to this kernel zero?
# And with respect to its bias?

# %%
loss = F.cross_entropy(hurt(test), digits.test_labels[:2000])
loss.backward()
print("kernel:", bool((hurt.conv1.weight.grad[victim] == 0).all()))
print("bias:  ", bool(hurt.conv1.bias.grad[victim] == 0))

# %% [markdown]
# Both are. Left of zero ReLU is flat, so its slope is 0, and everything behind
# it is multiplied by that. What gets no gradient does not learn. Train on:

# %%
frozen = hurt.conv1.weight[victim].detach().clone()
fit(hurt, less.train_images, less.train_labels, epochs=2, show=False)
print("kernel unchanged:", torch.equal(hurt.conv1.weight[victim], frozen))
print("bias:", hurt.conv1.bias[victim].item())

# %% [markdown]
# It never comes back, however long you train. That is so in `conv1`, where the
# images stay what they are. A dead channel of `conv2` can wake up, if the maps
# below it change.
#
# How do they die if nobody kills them? One step that is too large is enough.
#
# **Predict.** How many of 24 channels are dead after six epochs on 100 images
# of each digit, with a learning rate of 0.01, 0.1 and 0.3?

# %% tags=["nbval-ignore-output"]
few = digits.few(100)
dead = {}
for rate in (0.01, 0.1, 0.3):
    torch.manual_seed(0)
    small = models.mnist_cnn()
    fit(small, few.train_images, few.train_labels, epochs=6, lr=rate,
        show=False)
    dead[rate] = int((peaks(small) == 0).sum())
assert dead[0.01] <= 6 and dead[0.3] >= 15
assert dead[0.01] < dead[0.1] <= dead[0.3]
plots.plot_bars({str(rate): count for rate, count in dead.items()},
                title="Dead channels of 24, by learning rate")

# %% [markdown]
# The first fix is a lower rate. The second is a ReLU that is not quite flat:
# `nn.LeakyReLU` has a slope of 0.01 on the left, so there is always a way
# back.

# %%
z = torch.tensor(-7.0, requires_grad=True)
for g in (torch.relu, F.leaky_relu):
    slope, = torch.autograd.grad(g(z), z)
    print(f"{g.__name__:10} slope {slope:.2f}")

# %% [markdown]
# ## An image that fools the net
#
# To train is to change the weights so that the loss falls. Now keep the
# weights and change the *image*: step by step along the gradient, until the
# net says what we want.

# %%
def persuade(images, wanted, steps, length=0.1):
    """Take small steps that make the net say `wanted`; pixels stay 0 to 1."""
    x = images
    for _ in range(steps):
        x = x.detach().requires_grad_()
        loss = F.cross_entropy(net(x), wanted, reduction="sum")
        gradient, = torch.autograd.grad(loss, x)
        direction = F.normalize(gradient.flatten(1)).view_as(x)
        x = (x - length * direction).clamp(0, 1)
    return x.detach()

# %% [markdown]
# Start from ten images of noise and ask for a 0, a 1, up to a 9, until the
# net is 99 % sure of each.
#
# **Predict.** Will the images look like digits?

# %%
torch.manual_seed(0)
noise = torch.rand(10, 1, 28, 28)
wanted = torch.arange(10)
made, sure = noise, torch.zeros(10)
while sure.min() < 0.99:
    made = persuade(made, wanted, steps=5)
    sure = net(made).softmax(dim=1)[wanted, wanted]          # (10,)

# %% tags=["nbval-ignore-output"]
print(f"least sure of the ten: {sure.min():.1%}")
print(f"mean change of a pixel: {(made - noise).abs().mean():.2f}")
assert sure.min() > 0.99 and (made - noise).abs().mean() < 0.25
plots.plot_images(made, [f"says {k}" for k in range(10)], columns=5)

# %% [markdown]
# To us it is noise as before. Nguyen and others (2015) made such images for
# nets that know photographs.
#
# Softmax shares out 100 % among ten digits, whatever it is shown. "None of
# them" is not on offer.

# %% [markdown]
# ### How small a change is enough?
#
# Now start from our 4 and ask for the digit that the net finds second best.
# Stop as soon as it is 99 % sure.

# %% tags=["nbval-ignore-output"]
rival = scores[0].topk(2).indices[1:]                        # (1,)
fake = image
while net(fake).softmax(dim=1)[0, rival] < 0.99:
    fake = persuade(fake, rival, steps=1)
change = fake - image
sure = net(fake).softmax(dim=1)[0, rival].item()
print(f"{sure:.1%} sure that it is a {rival.item()}")
length = (change.norm() / image.norm()).item()
print(f"length of the change: {length:.0%} of that of the image")
assert length < 0.6

# %% tags=["nbval-ignore-output"]
plots.plot_images([image, change, fake],
                  ["says 4", "the change", f"says {rival.item()}"],
                  say_values=True)

# %% [markdown]
# The length of an image is the root of the sum of its squared pixels. What
# would you call the image on the right? Compare the change with the map
# "covered with ink". Is it spread over the whole image?

# %% tags=["nbval-ignore-output"]
parts = change.flatten().square().sort(descending=True).values
for n in (5, 20, 784):
    share = parts[:n].sum() / parts.sum()
    print(f"{share:4.0%} of it (squared) lies in {n} pixels")

# %% [markdown]
# On MNIST half of it lies in five pixels: a bar of ink that closes the 4. That
# is no trick that nobody can see. It is a step towards a 9.
#
# ### A little of everything
#
# The other way is to change *every* pixel by the same small amount
# $\varepsilon$, up or down, whichever hurts: by $\varepsilon$ times the *sign*
# of the gradient (the fast gradient sign method, Goodfellow and others, 2014).
# Beside it the same amount, up or down by the toss of a coin.
#
# **Predict.** 200 test images that the net reads correctly, each pixel changed
# by 0.15. How many does it still read, for either way?

# %%
labels = digits.test_labels[:len(test)]
right = (net(test).argmax(dim=1) == labels).nonzero()[:200, 0]
x, labels = test[right].clone().requires_grad_(), labels[right]
loss = F.cross_entropy(net(x), labels, reduction="sum")
gradient, = torch.autograd.grad(loss, x)
x = x.detach()
torch.manual_seed(0)
coin = 2.0 * torch.randint(2, x.shape) - 1                   # 1 or -1

# %% tags=["nbval-ignore-output"]
sizes = [0.05 * k for k in range(7)]
shares = {"sign of the gradient": [], "toss of a coin": []}
for name, sign in zip(shares, (gradient.sign(), coin)):
    for size in sizes:
        says = net((x + size * sign).clamp(0, 1)).argmax(dim=1)
        shares[name].append((says == labels).float().mean().item())
assert shares["sign of the gradient"][3] < 0.6
assert shares["toss of a coin"][3] > 0.9
plots.plot_lines(shares, x=sizes, xlabel="change of each pixel",
                 ylabel="share read correctly")

# %% tags=["nbval-ignore-output"]
plots.plot_images(torch.cat([(x + 0.15 * gradient.sign()).clamp(0, 1)[:5],
                             (x + 0.15 * coin).clamp(0, 1)[:5]]),
                  columns=5)

# %% [markdown]
# Above the sign of the gradient, below the coin: to us the same grey noise.
# Why is the one so much worse? By the gradient $g$ a change $d$ moves the loss
# by the sum of $g \cdot d$. With the sign every one of the 784 terms pushes
# the same way, together $\varepsilon \sum |g|$. With the coin they cancel, and
# what is left is typically $\varepsilon \sqrt{\sum g^2}$.

# %% tags=["nbval-ignore-output"]
g = gradient.flatten(1)
ratio = g.abs().sum(dim=1) / g.norm(dim=1)
print(f"{ratio.mean():.0f} times as much, on average")
assert ratio.mean() > 10

# %% [markdown]
# That grows with the number of pixels: for photographs an $\varepsilon$ that
# nobody can see was enough. Szegedy and others found such images in 2013; this
# explanation is from Goodfellow and others, who also trained on them
# (*adversarial training*), and the net withstood them better.

# %% [markdown]
# ## When it breaks
#
# Saliency in two lines, straight from the image:

# %%
try:
    score = net(image)[0, 4]
    torch.autograd.grad(score, image)
except RuntimeError as error:
    print(str(error).splitlines()[0])

# %% [markdown]
# *Does not require grad*: PyTorch keeps track only of what depends on a tensor
# with `requires_grad`. Our weights are frozen, and an image never had it. The
# fix is a copy that has, and the image stays as it was.

# %%
x = image.clone().requires_grad_()
gradient, = torch.autograd.grad(net(x)[0, 4], x)
print(tuple(gradient.shape), image.requires_grad)

# %% [markdown]
# A relative makes no error at all: a hook records the tensor itself, not a
# copy. `nn.ReLU(inplace=True)`, as in many published nets, overwrites it a
# moment later:

# %%
net.relu1.inplace = True
handle = net.conv1.register_forward_hook(record("overwritten"))
net(image)
handle.remove()
net.relu1.inplace = False
print("negative numbers:", bool((maps["overwritten"] < 0).any()),
      bool((maps["conv1"] < 0).any()))

# %% [markdown]
# The fix is `output.detach().clone()` in the hook.

# %% [markdown]
# ## To read
#
# - K. Simonyan, A. Vedaldi, A. Zisserman (2013): *Deep inside convolutional
#   networks*. Saliency.
# - M. Zeiler, R. Fergus (2013): *Visualizing and understanding convolutional
#   networks*. Occlusion.
# - C. Szegedy and others (2013): *Intriguing properties of neural networks*.
# - I. Goodfellow, J. Shlens, C. Szegedy (2014): *Explaining and harnessing
#   adversarial examples*.
# - A. Nguyen, J. Yosinski, J. Clune (2015): *Deep neural networks are easily
#   fooled*.
# - W. Luo and others (2016): *Understanding the effective receptive field in
#   deep convolutional neural networks*.
# - R. Selvaraju and others (2017): *Grad-CAM: visual explanations from deep
#   networks via gradient-based localization*.
# - J. Adebayo and others (2018): *Sanity checks for saliency maps*. Does a map
#   change when the weights are drawn anew?

# %% [markdown]
# ## What to remember
#
# 1. **Kernels and units.** A hook records what a layer answers; take it off
#    again. A first kernel is a picture of what it looks for; for a deeper unit
#    look at its maps, and at the patches that excite it most. It *can* see its
#    receptive field, and it counts the middle most.
# 2. **Which pixels.** Saliency: tiny changes. Occlusion: this window, this
#    colour. Grad-CAM: regions, if a channel means the same everywhere.
#    Check a heat map by changing the image.
# 3. **Dead and fooled.** A ReLU channel that is zero for every image gets no
#    gradient and stays dead; too high a rate kills many. A small change of
#    every pixel along the gradient's sign fools it, a random one of the same
#    size does not.
#
# | card | |
# |---|---|
# | hook | `register_forward_hook`, then `remove()` |
# | receptive field | start moves by $-p \cdot j$, each unit by $j$ |
# | gradient of the image | `x.requires_grad_()`, the score, absolute values |
# | Grad-CAM | mean gradient as weight, add maps, keep what is positive |
# | confidence | softmax cannot say "none of these" |
#
# **Now [exercise 07](../exercises/07_looking_inside.ipynb).** Then
# [lesson 08](08_after_vgg.ipynb): what came after VGG.

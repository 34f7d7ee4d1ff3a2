# %% [markdown]
# # 07 Looking inside: exercises
#
# Three tasks to lesson 07: listen to a layer, and ask in two ways which
# pixels mattered.
#
# **Time:** 45 minutes. **Points:** 9.
#
# Write your answer in place of `raise NotImplementedError`, run the cell,
# then run the check below it. A check says which kind of case went wrong and
# shows the smallest one. Try as often as you like.
#
# All models come in evaluation mode. They belong to whoever calls your
# function: leave them, and the image, as they were.

# %%
import torch

from cnnlib import checks

# %% [markdown]
# ## feature_maps (3 points)
#
# A hook lets you look into any net, also into one that somebody else wrote
# and that you cannot change. A hook that is forgotten goes on listening, and
# keeps every tensor that it has heard.
#
# `feature_maps(model, x, layer_name)` runs the model once on x (N, C, H, W)
# and returns the output of the layer with that name, of whatever shape it
# is. Names are those of `model.named_modules()`; a layer inside a block has a
# dot in its name, such as `features.1`. Your hook is taken off again, and
# hooks of others stay.
# Give back the output as it was when the layer answered: a later layer may
# work in place.
#
# **By hand.** The model is a 2 x 2 convolution with ones and no bias, called
# "0", then a ReLU, called "1". For the image
#
# |  |  |
# |---|---|
# | 1 | 2 |
# | 0 | −5 |
#
# layer "0" gives 1 + 2 + 0 − 5 = −2, and layer "1" gives 0.

# %% task="feature_maps"
def feature_maps(model, x, layer_name):
    """Output of the layer with that name, as the model runs on x.

    The output is a tensor; no hook is left on the model.
    """
    # BEGIN SOLUTION
    def hook(layer, inputs, output):
        kept.append(output.detach().clone())
    kept = []
    handle = model.get_submodule(layer_name).register_forward_hook(hook)
    model(x)
    handle.remove()
    return kept[0]
    # END SOLUTION

# %% check="feature_maps"
checks.feature_maps(feature_maps)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Three steps: find the layer, hang a hook on it, run the model. How do you
# get from a name with dots to the layer? `named_modules()` gives pairs of
# both. The hook cannot return the output to you; it has to put it somewhere.
#
# Which method turns a tensor into a copy that nobody else can overwrite?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `AttributeError: 'Sequential' object has no attribute 'features.1'`:
# `getattr` knows the names of a model's own children, not those of their
# children. `KeyError` with `named_children()` has the same reason.
#
# `TypeError: hook() takes 2 positional arguments but 3 were given`: PyTorch
# hands three things to a forward hook, the layer, its inputs and its output.
#
# </details>

# %% [markdown]
# ## saliency (3 points)
#
# Saliency asks a net which pixels it is touchy about. It costs one backward
# pass, and it is the first step of most methods that came later.
#
# `saliency(model, x, target)` takes one image x (1, C, H, W) and a class, an
# int, and returns a map (H, W): for each pixel the largest absolute value,
# over the channels, of the gradient of the target's score. The model gives
# scores (1, classes). Afterwards x does not require a gradient, and nothing
# has a `.grad` that had none before.
#
# **By hand.** An image of two channels, one row and two columns. The score of
# class 0 is 2·a − 5·b with the pixels (a, b) of the first channel, plus
# −4·c + 1·d with the pixels (c, d) of the second.
#
# | gradient | left | right |
# |---|---|---|
# | first channel | 2 | −5 |
# | second channel | −4 | 1 |
# | largest absolute value | 4 | 5 |

# %% task="saliency"
def saliency(model, x, target):
    """Largest absolute gradient of a score: (1, C, H, W) -> (H, W)."""
    # BEGIN SOLUTION
    image = x.detach().clone().requires_grad_()
    score = model(image)[0, target]
    gradient, = torch.autograd.grad(score, image)
    return gradient[0].abs().amax(dim=0)
    # END SOLUTION

# %% check="saliency"
checks.saliency(saliency)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The gradient is wanted with respect to the image, and an image does not
# keep track of anything unless it is told to. Tell a copy. There is a
# function that *returns* a gradient instead of storing it; the lesson's last
# part compares the two.
#
# First the absolute value or first the largest? Try both on the table above.
#
# A slope from two runs of the net, a little apart, is not enough: in float32
# the difference of two nearly equal scores keeps only a few digits.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: One of the differentiated Tensors does not require grad`:
# you ask for the gradient with respect to a tensor that keeps no track. Did
# you give the model another tensor than you ask about?
#
# `RuntimeError: grad can be implicitly created only for scalar outputs`: you
# start from several scores. Pick one.
#
# `AttributeError: 'NoneType' object has no attribute 'abs'`: the tensor whose
# `.grad` you read has none. Only those that `requires_grad` was set on have.
#
# </details>

# %% [markdown]
# ## occlusion_map (3 points)
#
# Do not ask for a slope, try it: cover a part, and see what the net says
# now. It is slow, it needs nothing but the forward pass, and so it works for
# every model there is.
#
# `occlusion_map(model, x, target, size)` takes one image x (1, C, H, W), a
# class and the side of a square window. Windows lie side by side, from the
# top left; those that do not fit are left out. For each, cover it with 0 in
# all channels of the otherwise whole image. The map (H//size, W//size) says
# by how much the **probability** of the target drops: before minus after. The
# model gives scores (1, classes). (For a gradient the score is the better
# question, as a probability near 1 is flat. Here whole windows change, and a
# drop in per cent can be read without knowing the net.)
#
# **By hand.** A 5 x 7 image and windows of 2 x 2: two rows of three windows,
# the last row and the last column are never covered. The net gives the target
# 0.90. With the first window covered it gives 0.60, with the second 0.95:
# the map begins with 0.30 and −0.05.

# %% task="occlusion_map"
def occlusion_map(model, x, target, size):
    """Drop of a probability: (1, C, H, W) -> (H//size, W//size)."""
    # BEGIN SOLUTION
    rows, columns = x.shape[2] // size, x.shape[3] // size
    images = x.repeat(1 + rows * columns, 1, 1, 1)
    for n in range(rows * columns):
        i, j = n // columns * size, n % columns * size
        images[n + 1, :, i:i+size, j:j+size] = 0
    with torch.no_grad():
        p = model(images).softmax(dim=1)[:, target]
    return (p[0] - p[1:]).view(rows, columns)
    # END SOLUTION

# %% check="occlusion_map"
checks.occlusion_map(occlusion_map)

# %% [markdown]
# <details><summary>Hint</summary>
#
# How many windows fit into H rows? At which pixel does window 1 begin, and
# window 2? Cover a copy, and a fresh one for each window, or what you
# covered first stays covered.
#
# Softmax turns scores into probabilities. Along which axis?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `TypeError: 'float' object cannot be interpreted as an integer`: `/` gives
# a float, and `range` and slices want whole numbers.
#
# `RuntimeError: Can't call numpy() on Tensor that requires grad`: the weights
# keep track of what is computed with them. You need no gradient here; run the
# model without.
#
# </details>

# %% [markdown]
# # 09 Your own pictures: exercises
#
# Eight small tools that every project with pictures of one's own needs: a
# fair split, the numbers for normalising, a flip, weights for rare classes,
# recall, early stopping, a temperature and the groups for fine-tuning.
#
# **Time:** 90 minutes. **Points:** 20.
#
# Write your answer in place of `raise NotImplementedError`, run the cell,
# then run the check below it. A check says which kind of case went wrong and
# shows the smallest one. Try as often as you like.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from cnnlib import checks

# %% [markdown]
# ## split (4 points)
#
# A number that you measure is only worth something if the pictures behind it
# were never used for training or for choosing. So the parts are cut before
# anything else, each class is divided in the same way, and a seed makes the
# cut one that others can repeat.
#
# `split(labels, fractions, seed)` takes labels (N,), whole numbers, and
# fractions that add up to 1. It returns a list of tensors, one for each
# fraction, that hold the *places* of the pictures in `labels`, so that
# `labels[part]` are the labels of a part.
#
# - Each picture is in exactly one part.
# - Each class has in each part its share, fraction times pictures of the
#   class, give or take one picture at most.
# - Which pictures of a class go into which part is left to chance. The same
#   seed gives the same parts, another seed gives other ones.
#
# The order within a part does not matter. Labels need not be 0, 1, 2: a
# number may be left out. Write it yourself: `train_test_split` is not
# allowed.
#
# **By hand.** A class of 7 pictures and the fractions 0.5, 0.25 and 0.25. The
# shares are 3.5, 1.75 and 1.75. Parts of 4, 1 and 2 pictures are fine, so are
# 3, 2 and 2. Parts of 3, 1 and 3 are not: 3 is 1.25 more than 1.75.

# %% task="split"
def split(labels, fractions, seed):
    """Places of the pictures of each part: (N,) -> list of tensors."""
    # BEGIN SOLUTION
    generator = torch.Generator().manual_seed(seed)
    parts = [[] for _ in fractions]
    for label in labels.unique():
        places = torch.nonzero(labels == label).flatten()
        order = torch.randperm(len(places), generator=generator)
        start, total = 0, 0.0
        for part, fraction in zip(parts, fractions):
            total += fraction
            stop = round(total * len(places))
            part.append(places[order[start:stop]])
            start = stop
    return [torch.cat(part) for part in parts]
    # END SOLUTION

# %% check="split"
checks.split(split)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Take one class at a time. Three steps: find the places of its pictures, put
# them into an order by chance, cut that row into pieces. `labels.unique()`
# gives the classes that occur.
#
# Where do the cuts lie? If you round the *size* of each part, the errors add
# up in the last one. Think of the row as a ruler, and mark where each part
# ends: which sum of fractions is that? Then round the marks.
#
# `torch.randperm` takes a `generator`. Make one generator, set it to the
# seed, and draw all chance from it.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `torch.cat(): expected a non-empty list of Tensors`: a part has got nothing
# from any class. Does the loop over the parts run inside the loop over the
# classes?
#
# `TypeError: slice indices must be integers or None or have an __index__
# method`: a fraction times a number of pictures is a float. Round it to a
# whole number first.
#
# No error, but a picture comes twice: `random.shuffle` works on lists. On a
# tensor it writes one entry over another.
#
# </details>

# %% [markdown]
# ## channel_stats (2 points)
#
# A net learns faster if its inputs lie around 0. The numbers for that come
# from the training part alone, and they are found once, over all pixels.
#
# `channel_stats(images)` takes images (N, C, H, W) and returns two tensors
# (C,): the mean of each channel over all pixels of all pictures, and the
# standard deviation. Images of dtype uint8 hold 0 to 255 and count as 0 to 1;
# floats count as they are, whatever their size.
#
# The deviation is the one of these pixels themselves: the root of the mean
# squared distance from the mean. (What `std` gives by itself divides by one
# pixel less, as an estimate for a larger set.)
#
# **By hand.** One grey picture of bytes:
#
# | | |
# |---|---|
# | 0 | 51 |
# | 102 | 255 |
#
# As fractions 0, 0.2, 0.4 and 1. The mean is 1.6 / 4 = 0.4. The squared
# distances are 0.16, 0.04, 0 and 0.36, together 0.56; 0.56 / 4 = 0.14, and
# the root of that is 0.374.

# %% task="channel_stats"
def channel_stats(images):
    """Mean and deviation of each channel: (N, C, H, W) -> (C,), (C,)."""
    # BEGIN SOLUTION
    if images.dtype == torch.uint8:
        images = images / 255
    mean = images.mean(dim=(0, 2, 3))
    return mean, images.std(dim=(0, 2, 3), correction=0)
    # END SOLUTION

# %% check="channel_stats"
checks.channel_stats(channel_stats)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Which axes of (N, C, H, W) have to go, so that (C,) is left? `mean` and
# `std` take several axes at once. Then look up `correction`.
#
# The mean of the pictures' deviations is something else: a white and a black
# picture have the deviation 0 each, and together 0.5.
#
# How do you tell bytes from floats? Not by the largest value: a dark picture
# has small ones, too.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: mean(): could not infer output dtype. Input dtype must be
# either a floating point or complex dtype. Got: Byte`: bytes have no mean
# before they are floats. Dividing by a number makes them floats.
#
# `RuntimeError: result type Float can't be cast to the desired output type
# Byte`: `/=` works in place, and a tensor of bytes cannot hold fractions.
#
# </details>

# %% [markdown]
# ## flip_some (2 points)
#
# A cat that looks to the left is a cat when it looks to the right. Mirroring
# some pictures by chance, anew in every epoch, is the cheapest way to more
# training pictures. (Not for every class: think of an arrow sign.)
#
# `flip_some(images, p, generator)` takes images (N, C, H, W) of any dtype and
# returns as many, in the same order and of the same dtype. Each picture is
# mirrored left to right with probability p, on a coin of its own; otherwise
# it stays as it is. All chance comes from `generator`, a `torch.Generator`:
# put back into the same state, it gives the same coins again. p may also be
# 0 or 1. The argument `images` stays as it was.
#
# **By hand.** Three pictures of one row: 1 2 3, then 4 5 6, then 7 8 9. The
# coins say: yes, no, yes. What comes back is 3 2 1, then 4 5 6, then 9 8 7.

# %% task="flip_some"
def flip_some(images, p, generator):
    """Pictures, each mirrored left to right with probability p."""
    # BEGIN SOLUTION
    coins = torch.rand(len(images), 1, 1, 1, generator=generator)
    return torch.where(coins < p, images.flip(-1), images)
    # END SOLUTION

# %% check="flip_some"
checks.flip_some(flip_some)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A number drawn evenly from 0 to 1 is below p with probability p.
# `torch.rand` draws such numbers and takes a `generator`. How many do you
# need for N pictures?
#
# Then either go through the pictures one by one, in a copy, or choose with
# `torch.where`, which needs a condition that fits (N, C, H, W).
#
# Of the four axes, which one runs from left to right?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `ValueError: step must be greater than zero`: a tensor cannot be read
# backwards by `[::-1]`, as a list can. It has a method for that.
#
# `RuntimeError: The size of tensor a (6) must match the size of tensor b (3)
# at non-singleton dimension 3`: six coins are laid along the columns. They
# belong along axis 0, so they need three more axes of length 1.
#
# </details>

# %% [markdown]
# ## class_weights (2 points)
#
# With 950 pictures of one class and 50 of another, a net that always says the
# first is right 95 times in 100, and useless. A loss with weights lets a rare
# class count as much as a common one.
#
# `class_weights(labels, num_classes)` takes labels (N,) from 0 to
# num_classes - 1 and returns a tensor (K,) of floats, where K is
# `num_classes`: for each class N / (K · count), with the number of its
# pictures as the count. A class without pictures gets 0. It is a number of
# `num_classes` all the same.
#
# **By hand.** Labels 0, 0, 0, 2 and three classes. N = 4 and K = 3.
#
# | class | count | weight |
# |---|---|---|
# | 0 | 3 | 4 / (3·3) = 0.444 |
# | 1 | 0 | 0 |
# | 2 | 1 | 4 / (3·1) = 1.333 |

# %% task="class_weights"
def class_weights(labels, num_classes):
    """Weight of each class, large for rare ones: (N,) -> (K,)."""
    # BEGIN SOLUTION
    counts = torch.bincount(labels, minlength=num_classes)
    weights = len(labels) / (num_classes * counts)
    weights[counts == 0] = 0
    return weights
    # END SOLUTION

# %% check="class_weights"
checks.class_weights(class_weights)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Count first: a loop over the classes, or `bincount`, which needs to be told
# how many classes there are. Which counts are 0? Set their weights last.
#
# `n / k * count` is (n / k) · count. Parentheses!
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `ZeroDivisionError: division by zero`: one class has no pictures. With
# tensors the same mistake is silent: it gives `inf`.
#
# `IndexError: index 2 is out of bounds for dimension 0 with size 2`: there
# are fewer counts than classes. How many should there be, whatever occurs?
#
# </details>

# %% [markdown]
# ## recall_per_class (2 points)
#
# Accuracy hides a class that is never found. Recall looks at one class at a
# time: of all pictures that *are* of it, how many did the net find?
#
# `recall_per_class(matrix)` takes a confusion matrix (K, K) of counts, true
# labels in the rows, answers in the columns, and returns a tensor (K,): for
# each class the share of its pictures that were answered right, from 0 to 1.
# For a class without pictures it is `nan`, not a number: nothing is known.
#
# **By hand.** Three classes:
#
# | | said 0 | said 1 | said 2 |
# |---|---|---|---|
# | is 0 | 6 | 2 | 0 |
# | is 1 | 0 | 0 | 0 |
# | is 2 | 1 | 0 | 3 |
#
# Class 0 has 8 pictures, 6 of them right: 0.75. Class 1 has none: nan. Class
# 2 has 4, and 3 are right: 0.75. (Six of the seven *answers* 0 are right:
# that is precision, another question.)

# %% task="recall_per_class"
def recall_per_class(matrix):
    """Share of each class that is found, true labels in rows: (K,)."""
    # BEGIN SOLUTION
    return matrix.diag() / matrix.sum(dim=1)
    # END SOLUTION

# %% check="recall_per_class"
checks.recall_per_class(recall_per_class)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Where in the matrix do the right answers stand? And which sum, along which
# axis, is the number of pictures of a class?
#
# 0 divided by 0 is `nan` with tensors, just as it should be here. With plain
# numbers Python raises an error; `float("nan")` makes one by hand.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `ZeroDivisionError: division by zero`: a class has no pictures, and plain
# numbers are divided. Say what the result should be in that case.
#
# `RuntimeError: The size of tensor a (3) must match the size of tensor b (2)
# at non-singleton dimension 0`: classes were left out on one side of the
# fraction. A class without pictures keeps its place.
#
# </details>

# %% [markdown]
# ## stop_epoch (3 points)
#
# The loss on the validation part falls, then it rises while the training loss
# still falls: the net begins to learn its pictures by heart. One waits a
# little, for a loss goes up and down, and then stops and takes the weights of
# the best epoch.
#
# `stop_epoch(losses, patience)` takes a list of validation losses, one for
# each epoch, and a whole number of at least 1. It returns two whole numbers:
# the best epoch, and the epoch at which one stops. Epochs are counted from 0.
# Training stops as soon as `patience` epochs in a row have brought no new
# lowest loss; a loss that *equals* the lowest is no new lowest. The best
# epoch is the one of the lowest loss until then. If it never stops, the last
# epoch takes the place of the stop.
#
# **By hand.** Losses 0.9, 0.5, 0.7, 0.5, 0.6, 0.4 and patience 3.
#
# | epoch | loss | lowest so far | epochs without a new lowest |
# |---|---|---|---|
# | 0 | 0.9 | 0.9 | 0 |
# | 1 | 0.5 | 0.5 | 0 |
# | 2 | 0.7 | 0.5 | 1 |
# | 3 | 0.5 | 0.5 | 2 |
# | 4 | 0.6 | 0.5 | 3: stop |
#
# The answer is (1, 4). The 0.4 of epoch 5 is never seen.

# %% task="stop_epoch"
def stop_epoch(losses, patience):
    """Best epoch and epoch of the stop, counted from 0."""
    # BEGIN SOLUTION
    best = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1
    # END SOLUTION

# %% check="stop_epoch"
checks.stop_epoch(stop_epoch)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Go through the epochs one by one, as if the later losses did not exist yet.
# What do you have to remember between two epochs? The best epoch alone is
# enough: from it follow the lowest loss and how long one has waited.
#
# Then ask two questions in each epoch, in this order: is it a new lowest? Is
# the patience over?
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `IndexError: list index out of range`: the place after the last epoch is
# asked for. With n losses the last epoch is n - 1.
#
# `TypeError: '<' not supported between instances of 'float' and 'NoneType'`:
# the lowest loss so far starts as None. Which number is higher than any loss,
# or which loss is the lowest after the first epoch?
#
# </details>

# %% [markdown]
# ## temperature (3 points)
#
# A net that says "99 %" should be right 99 times in 100. Most say it too
# often. One number, found on the validation part, repairs much of that and
# changes no answer: all scores are divided by a temperature T before the
# softmax.
#
# `temperature(scores, labels)` takes scores (N, K) and labels (N,) and
# returns the T above 0, a float, for which the cross-entropy of scores / T is
# lowest: the mean over the pictures of −log p, where p is the probability of
# the right class. It must be right within 1 %. In the check T lies between
# 0.1 and 10. How you search is up to you.
#
# **By hand.** Four pictures, two classes. The net always puts its class 2
# above the other one, so it always says p = 1 / (1 + e^(−2/T)). With T = 1
# that is 0.88, but only three of the four answers are right. The lowest loss
# is where p is 3/4, the share of right answers: e^(2/T) = 3, so
# T = 2 / ln 3 = 1.82.

# %% task="temperature"
def temperature(scores, labels):
    """T > 0 with the lowest cross-entropy of scores / T, a float."""
    # BEGIN SOLUTION
    candidates = torch.logspace(-1.3, 1.3, 1200).tolist()
    losses = []
    for t in candidates:
        losses.append(F.cross_entropy(scores / t, labels).item())
    return candidates[losses.index(min(losses))]
    # END SOLUTION

# %% check="temperature"
checks.temperature(temperature)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The simplest search: try many values and keep the one with the lowest loss.
# How close must two neighbours be, so that one of them is within 1 %? Steps
# that are equal are too wide for a small T and needlessly fine for a large
# one; `torch.logspace` makes steps of equal *ratio*.
#
# Or let an optimizer do it, as it does for weights: T, or better its
# logarithm, is a tensor with `requires_grad=True`. (A step can take T below
# 0; e to the power of any number stays above.) Look at the loss to see
# whether it still falls when you stop.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `RuntimeError: a leaf Variable that requires grad is being used in an
# in-place operation.`: T is changed by hand while gradients are recorded. An
# optimizer's `step` does it rightly.
#
# `RuntimeError: element 0 of tensors does not require grad and does not have
# a grad_fn`: the loss does not know T. `T.item()`, or a new tensor made of T,
# cuts the tie.
#
# No error, but a loss is nan: e^x is infinite for a large x. `cross_entropy`
# and `log_softmax` know how to avoid that.
#
# </details>

# %% [markdown]
# ## fine_tune_groups (2 points)
#
# Fine-tuning takes a net that has learned elsewhere. Its body knows much
# already and should move little; the head is new and has to learn quickly.
# So an optimizer gets two groups of parameters with a rate each.
#
# `fine_tune_groups(model, head, body_lr, head_lr)` returns a list of two
# groups, each a dict with the keys `"params"`, a list of parameters, and
# `"lr"`, a rate. The first group has all parameters that train *outside* the
# submodule named `head`, the second all that train *inside* it. A parameter
# with `requires_grad=False` is frozen and stands in neither. There are always
# two groups, even if one is empty, and the model stays as it is.
#
# Names are those of `model.named_modules()`. A head inside a block has a dot
# in its name: `classifier.3`.
#
# **By hand.** The parameters of a net, and the head `"fc"`:
#
# | name | trains | group |
# |---|---|---|
# | `conv.weight` | no | none |
# | `fc1.weight` | yes | body |
# | `fc1.bias` | yes | body |
# | `fc.weight` | yes | head |
# | `fc.bias` | yes | head |

# %% task="fine_tune_groups"
def fine_tune_groups(model, head, body_lr, head_lr):
    """Two parameter groups for an optimizer, the body's first."""
    # BEGIN SOLUTION
    body, of_head = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            group = of_head if name.startswith(head + ".") else body
            group.append(parameter)
    return [
        {"params": body, "lr": body_lr},
        {"params": of_head, "lr": head_lr},
    ]
    # END SOLUTION

# %% check="fine_tune_groups"
checks.fine_tune_groups(fine_tune_groups)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `model.named_parameters()` gives pairs of a name and a parameter, each
# parameter once. How does the name of a parameter inside the head begin, and
# with which sign does the head's own name end? `fc1.weight` begins like `fc`,
# too.
#
# Or find the head with `get_submodule`, and ask of each parameter whether it
# is one of the head's: by `is`, or by `id`, for `==` compares numbers.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# `AttributeError: 'Sequential' object has no attribute 'classifier.3'`:
# `getattr` knows the names of a net's own children, not those of their
# children.
#
# `RuntimeError: The size of tensor a (8) must match the size of tensor b (3)
# at non-singleton dimension 3`: `parameter in some_list` compares numbers,
# cell by cell. Whether it is the *same* parameter is another question.
#
# `ValueError: some parameters appear in more than one parameter group`: an
# optimizer refuses what stands in both groups.
#
# </details>

# %% [markdown]
# ## And now a project of your own
#
# The lesson ends with an open project: pictures of your own, from the folder
# to a report. It has a rubric and no check. These eight functions are its
# tools.

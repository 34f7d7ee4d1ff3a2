"""The mistakes that the course promises to catch are each tied to a task."""

import pytest

from cnnjudge.tasks import task

# What the outline of the course names, and where it is caught under that name.
PROMISED = {
    "kernel flipped": ["correlate2d: kernel flipped", "conv2d: kernel flipped"],
    "kernel not flipped": ["convolve2d: kernel not flipped"],
    "kernel transposed": ["correlate2d: kernel transposed"],
    "rows and columns swapped": ["conv2d: rows and columns swapped"],
    "works for square inputs only": ["conv2d: square images only"],
    "works for square kernels only": ["conv2d: square kernels only"],
    "works for square strides only": ["conv2d: square strides only"],
    "stride applied on one axis": ["conv2d: stride for rows only"],
    "padding applied on one axis": ["zero_pad: rows only"],
    "padding applied on one side": ["zero_pad: padding on one side only, before"],
    "ceil for floor": ["output_size: ceil for floor"],
    "off by one": ["output_size: one too few", "output_size: one too many"],
    "a float for an int": ["output_size: a float for an int"],
    "dilation ignored": ["output_size: dilation ignored"],
    "bias forgotten": ["conv2d: bias forgotten"],
    "bias added once per channel": ["conv2d: bias added once per channel"],
    "bias added once per weight": ["conv2d: bias added once per weight"],
    "C_in forgotten": ["conv_params: C_in forgotten"],
    "only the first channel": ["conv2d_channels: only the first channel"],
    "mean for sum over channels": ["conv2d_channels: mean over channels"],
    "input changed in place": ["zero_pad: input changed in place"],
    "gradient not able to flow": ["conv2d: gradient not able to flow"],
    "default stride 1 in pooling": ["max_pool2d: default stride 1"],
    "a maximum that starts from zero": ["max_pool2d: maximum that starts from zero"],
    "pooling across channels": ["max_pool2d: pooling across channels"],
    "partial last window kept": [
        "max_pool2d: partial last window kept (ceil for floor)"
    ],
    "flattening the batch away": ["flatten: flattening the batch away"],
    "input size for output size": ["conv_macs: input size for output size"],
    "multiply-adds doubled": ["conv_macs: multiply-adds doubled"],
    "groups ignored": ["conv_params: groups ignored", "conv_macs: groups ignored"],
    "stride ignored in the receptive field": ["receptive_field: stride ignored"],
    "softmax before cross-entropy": ["build_cnn: softmax at the end"],
    "activation left out": ["build_cnn: no activation"],
    "zero_grad forgotten": ["train_epoch: zero_grad forgotten"],
    "backward forgotten": [
        "train_epoch: no gradient at step (backward forgotten, or zero_grad behind it)"
    ],
    "step forgotten": ["train_epoch: step forgotten"],
    "training in eval mode": ["train_epoch: training in eval mode"],
    "evaluating in train mode": ["accuracy: evaluating in train mode"],
    "mean of batch means": [
        "train_epoch: mean of batch means",
        "accuracy: mean of batch means",
    ],
    "argmax over the batch": ["accuracy: argmax over the batch"],
    "percent for fraction": ["accuracy: percent for fraction"],
    "confusion matrix transposed": ["confusion_matrix: confusion matrix transposed"],
    "max for average pooling in LeNet-5": ["lenet5: max for average pooling"],
    "the wrong 5x5 pooling row": ["lenet5: the wrong 5x5 pooling row"],
    "weights frozen but batch statistics not": [
        "freeze_features: weights frozen but batch statistics not"
    ],
    "a hook left on the model": ["feature_maps: a hook left on the model"],
    "signed for absolute gradient": ["saliency: signed instead of absolute gradient"],
    "requires_grad left behind": ["saliency: requires_grad left behind"],
    "grads left behind": ["saliency: grads left behind"],
    "unbiased variance": ["batch_norm: unbiased variance"],
    "eps outside the root": ["batch_norm: eps outside the root"],
    "normalised over the wrong axes": [
        "batch_norm: normalised over the channels, too (layer norm)",
        "batch_norm: normalised over each image alone (instance norm)",
    ],
    "scale and shift forgotten": ["batch_norm: scale and shift forgotten"],
    "running averages in training": ["batch_norm: running averages used in training"],
    "forgotten when folding": [
        "fold_batch_norm: eps forgotten",
        "fold_batch_norm: mean forgotten",
        "fold_batch_norm: convolution's bias forgotten",
    ],
    "argument changed when folding": [
        "fold_batch_norm: the argument changed and returned",
        "fold_batch_norm: the argument's weights changed",
    ],
    "ReLU before the addition": ["basic_block: ReLU before the addition"],
    "biases in the block": ["basic_block: biases in all convolutions"],
    "projection always or never": [
        "basic_block: projection always",
        "basic_block: projection never",
    ],
    "stride in the second convolution": [
        "basic_block: stride in the second convolution"
    ],
    "groups forgotten": ["separable_conv: groups forgotten"],
    "pointwise first": ["separable_conv: pointwise first"],
    "parameters for mult-adds": ["bottleneck_macs: parameters for mult-adds"],
    "n times stride": ["transposed_size: n times stride"],
    "padding added": ["transposed_size: padding added"],
    "kernel not turned backward": ["conv_backward: kernel not turned"],
    "set for added": ["conv_backward: set for added, in both"],
    "channels last in the flattened map": ["to_convolution: channels last"],
    "not stratified": ["split: not stratified"],
    "seed ignored": [
        "split: seed ignored",
        "split: chance that the seed does not hold",
    ],
    "parts that overlap": ["split: parts that overlap"],
    "parts that lose a picture": ["split: parts that lose a picture"],
    "mean of the pictures' deviations": [
        "channel_stats: mean of the pictures' deviations"
    ],
    "not scaled": ["channel_stats: not scaled"],
    "upside down": ["flip_some: upside down"],
    "one coin for all": ["flip_some: one coin for all"],
    "generator ignored": ["flip_some: chance that does not come from the generator"],
    "pictures changed in place": ["flip_some: input changed in place"],
    "share for weight": ["class_weights: share for weight"],
    "infinite for an empty class": ["class_weights: infinite for an empty class"],
    "precision for recall": ["recall_per_class: precision for recall"],
    "zero for an empty class": ["recall_per_class: zero for an empty class"],
    "stop one late": ["stop_epoch: stop one late"],
    "equal counted as better": ["stop_epoch: equal counted as better"],
    "last for best": ["stop_epoch: last for best"],
    "inverse temperature": ["temperature: inverse temperature"],
    "frozen parameters in a group": ["fine_tune_groups: frozen parameters in a group"],
    "the head in both": ["fine_tune_groups: the head in both groups"],
    "a name that only begins like it": [
        "fine_tune_groups: a name that only begins like the head's"
    ],
}


@pytest.mark.parametrize("promise", PROMISED)
def test_the_mistake_is_attached_to_a_task(promise):
    for place in PROMISED[promise]:
        name, _, mistake = place.partition(": ")
        assert mistake in [known.name for known in task(name).key.mistakes], place

"""Wrong answers as students wrote them, and what their check must say."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnjudge import symptoms
from cnnjudge.errors import meaning
from cnnjudge.tasks import task
from cnnlib import checks
from cnnlib.checks.values import PlainValue


def pair(size):
    return (size, size) if isinstance(size, int) else tuple(size)


def said(name, answer):
    verdict = checks.Check(name).verdict(answer)
    assert not verdict.passed
    return " ".join(verdict.text.split())


# -- correlate2d


def walk(window):
    def correlate2d(image, kernel, bias=0.0):
        kh, kw = kernel.shape
        rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
        out = torch.zeros(rows, columns, dtype=image.dtype)
        for i in range(rows):
            for j in range(columns):
                window(image, kernel, out, i, j)
                out[i, j] += bias
        return out

    return correlate2d


def three(image, kernel, out, i, j):
    out[i, j] = (image[i : i + 3, j : j + 3] * kernel).sum()


def last(image, kernel, out, i, j):
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            out[i, j] = image[i + a, j + b] * kernel[a, b]


def fixed_end(image, kernel, out, i, j):
    out[i, j] = (image[i : kernel.shape[0], j : kernel.shape[1]] * kernel).sum()


def swapped(image, kernel, out, i, j):
    kh, kw = kernel.shape
    out[j, i] = (image[i : i + kh, j : j + kw] * kernel).sum()


def uninitialised(image, kernel, bias=0.0):
    rows = image.shape[0] - kernel.shape[0] + 1
    columns = image.shape[1] - kernel.shape[1] + 1
    out = torch.empty(rows, columns)
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            out += image[a : a + rows, b : b + columns] * kernel[a, b]
    return out + bias


def flipped_and_lost(image, kernel):
    kernel.flip(0, 1)
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def turned_result(image, kernel):
    windows = image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)
    return torch.einsum("ijab,ab->ij", windows, kernel).flip(0, 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (walk(three), "the slice is 3 x 3 whatever the kernel is"),
        (walk(last), "only the last product is left"),
        (walk(fixed_end), "its end does not"),
        (uninitialised, "`torch.zeros` starts from 0"),
    ],
)
def test_slips_of_our_own_loop(answer, words):
    assert words in said("correlate2d", answer)


def test_a_size_that_is_right_is_never_called_too_large():
    assert "larger than the image" not in said("correlate2d", walk(three))


def test_a_result_that_was_turned_is_not_told_that_both_sides_were():
    text = said("convolve2d", turned_result)
    assert "the result was turned, or image and kernel both" in text


def test_numbers_that_change_from_run_to_run_are_the_same_in_a_check():
    assert said("correlate2d", uninitialised) == said("correlate2d", uninitialised)


# -- layers


def c_o(images, weight, bias):
    maps = []
    for o in range(len(weight)):
        part = 0
        for c in range(images.shape[1]):
            k = weight[c, o][None, None]
            part = part + F.unfold(images[:, [c]], tuple(k.shape[2:])).transpose(
                1, 2
            ) @ k.reshape(-1)
        maps.append(part + bias[o])
    rows = images.shape[2] - weight.shape[2] + 1
    return torch.stack(maps, 1).reshape(len(images), len(weight), rows, -1)


def test_a_weight_taken_at_c_o_is_told():
    text = said("conv2d_channels", c_o)
    assert "Perhaps: the weight is indexed by (channel, kernel)" in text or (
        "Likely: the weight is indexed by (channel, kernel)" in text
    )


def layer(window, pads=lambda ph, pw: (pw, pw, ph, ph)):
    def conv2d(images, weight, bias=None, stride=1, padding=0):
        (sh, sw), (ph, pw) = pair(stride), pair(padding)
        kh, kw = weight.shape[2:]
        x = F.pad(images, pads(ph, pw))
        rows = (images.shape[2] + 2 * ph - kh) // sh + 1
        columns = (images.shape[3] + 2 * pw - kw) // sw + 1
        out = x.new_zeros(len(x), len(weight), rows, columns)
        for i in range(rows):
            for j in range(columns):
                top, left = window(i, j, sh, sw)
                part = x[:, None, :, top : top + kh, left : left + kw]
                out[:, :, i, j] = (part * weight).sum(dim=(2, 3, 4))
        return out if bias is None else out + bias[:, None, None]

    return conv2d


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (layer(lambda i, j, sh, sw: (i, j)), "starts at i times the stride"),
        (
            layer(lambda i, j, sh, sw: (i * sh, j * sw), lambda h, w: (h, h, w, w)),
            "the last axis comes first",
        ),
        (layer(lambda i, j, sh, sw: (i * sh, j * sh)), "two names are mixed up"),
    ],
)
def test_slips_of_a_layer_with_stride_and_padding(answer, words):
    assert words in said("conv2d", answer)


# -- pooling


def pooled(reduce, size=lambda h, w: (h, w), step=lambda i, s: i * s):
    def pool(x, kernel_size, stride=None):
        (h, w), (sh, sw) = pair(kernel_size), pair(stride or kernel_size)
        rows, columns = (x.shape[2] - h) // sh + 1, (x.shape[3] - w) // sw + 1
        h, w = size(h, w)
        out = torch.zeros(*x.shape[:2], rows, columns, dtype=x.dtype)
        for i in range(rows):
            for j in range(columns):
                top, left = step(i, sh), step(j, sw)
                out[:, :, i, j] = reduce(x[:, :, top : top + h, left : left + w])
        return out

    return pool


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("max_pool2d", pooled(torch.max), "every map gets the same number"),
        ("avg_pool2d", pooled(torch.mean), "every map gets the same number"),
        (
            "max_pool2d",
            pooled(lambda x: x.amax((2, 3)), step=lambda i, s: i),
            "starts at i times the stride",
        ),
        (
            "max_pool2d",
            pooled(lambda x: x.amax((2, 3)), size=lambda h, w: (w, h)),
            "as wide as it is high",
        ),
        ("max_pool2d", pooled(lambda x: x.max(dim=-1)), "gives two tensors"),
        (
            "min_pool2d",
            lambda x, k, stride=None: -F.max_pool2d(x, k, stride),
            "turned before",
        ),
        (
            "min_pool2d",
            lambda x, k, stride=None: F.max_pool2d(-x, k, stride),
            "turned back",
        ),
    ],
)
def test_slips_of_pooling(name, answer, words):
    assert words in said(name, answer)


@pytest.mark.published("03")
def test_a_grid_with_axes_of_length_one_is_told_what_is_wanted():
    from cnnjudge.tasks import task

    right = task("edge_then_pool").key.reference
    for answer in (right[None], right[None, None]):
        assert "A grid (rows, columns) is asked for." in said("edge_then_pool", answer)


# -- formulas


def test_slips_of_formulas():
    def swapped_places(n, kernel, padding=0, stride=1, dilation=1):
        return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1

    def only_the_one(n, kernel, stride=1, padding=0, dilation=1):
        return n + 2 * padding - dilation * (kernel - 1) - 1 // stride + 1

    assert "changed places in the line with `def`" in said(
        "output_size", swapped_places
    )
    assert "only the 1 before it is divided" in said("output_size", only_the_one)

    def whole_kernel(layers):
        size, jump = 1, 1
        for k, s, *d in layers:
            size += k * (d[0] if d else 1) * jump
            jump *= s
        return size

    def one_further(layers):
        size, jump = 1, 1
        for k, s, *d in layers:
            size += (k - 1) * (d[0] + 1 if d else 1) * jump
            jump *= s
        return size

    assert "a kernel of 1 adds nothing" in said("receptive_field", whole_kernel)
    assert "with dilation d they lie d apart" in said("receptive_field", one_further)

    def two_at_once(c, o, k, bias=True, groups=1):
        h, w = pair(k)
        return h * w * c * o

    text = said("conv_params", two_at_once)
    assert "Perhaps: two things at once." in text
    assert "bias" in text
    assert "groups" in text


def test_two_slips_of_a_layer_are_both_said():
    def conv2d_channels(images, weight, bias):
        windows = images.unfold(2, weight.shape[3], 1).unfold(3, weight.shape[2], 1)
        return torch.einsum("nchwij,ocji->nohw", windows, weight)

    text = said("conv2d_channels", conv2d_channels)
    assert "two things at once" in text
    assert "bias is left out" in text
    assert "rows and columns of `weight` are swapped" in text


# -- training


def test_the_bias_that_nobody_trains_is_told_and_not_to_take_more_steps():
    def learner(steps):
        def learn_kernel(inputs, outputs):
            layer = nn.Conv2d(1, 1, 3)
            for _ in range(steps):
                layer.zero_grad()
                F.mse_loss(layer(inputs), outputs).backward()
                with torch.no_grad():
                    layer.weight -= 0.2 * layer.weight.grad
            return layer.weight.detach()[0, 0]

        return learn_kernel

    for steps in (60, 300):
        text = said("learn_kernel", learner(steps))
        assert "does the layer have a bias that no step trains?" in text
        assert "Take more steps" not in text


def test_eval_forgotten_and_values_for_places():
    def no_eval(model, loader):
        right = sum(int((model(x).argmax(1) == y).sum()) for x, y in loader)
        return right / len(loader.dataset)

    def values(model, loader):
        model.eval()
        right = sum(int((model(x).max(1).values == y).sum()) for x, y in loader)
        return right / len(loader.dataset)

    assert "Which call is missing?" in said("accuracy", no_eval)
    assert "the place where it stands" in said("accuracy", values)


def test_a_loss_after_the_step_and_a_last_batch_weighted_in_full():
    def after(model, loader, optimizer, loss_fn):
        model.train()
        total = 0.0
        for images, labels in loader:
            optimizer.zero_grad()
            loss_fn(model(images), labels).backward()
            optimizer.step()
            total += loss_fn(model(images), labels).item() * len(labels)
        return total / len(loader.dataset)

    def in_full(model, loader, optimizer, loss_fn):
        model.train()
        total = 0.0
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * loader.batch_size
        return total / len(loader.dataset)

    assert "measured after its step" in said("train_epoch", after)
    assert "How many images does a batch have?" in said("train_epoch", in_full)


def test_a_trained_model_is_told_how_far_it_is_from_the_bar():
    from cnnjudge.keys import lesson05

    spoilt = lesson05._quiet(lesson05._some_wrong(every=8))
    text = said("trained_model", spoilt)
    assert re.search(r"It reads \d+ of 360 here; 350 are needed\.", text)


# -- what was refused and is right, what was accepted and is wrong


def channels_last():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = (
                nn.Conv2d(1, 8, 3, 1, 1),
                nn.Conv2d(8, 16, 3, 1, 1),
            )
            self.out = nn.Linear(784, 10)

        def forward(self, x):
            x = F.max_pool2d(self.first(x).relu(), 2)
            x = F.max_pool2d(self.second(x).relu(), 2)
            return self.out(x.permute(0, 2, 3, 1).flatten(1))

    return Net()


def squashed_after_pooling():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Tanh(),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Tanh(), nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(),
        nn.Linear(84, 10),
    )  # fmt: skip


def sizes(n):
    found = []
    for k, s, p in [(11, 4, 0), (3, 2, 0), (5, 1, 2), (3, 2, 0), *[(3, 1, 1)] * 3,
                    (3, 2, 0)]:  # fmt: skip
        n = (n + 2 * p - k) // s + 1
        found.append(n)
    return found


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("build_cnn", channels_last),
        ("lenet5", squashed_after_pooling),
        ("alexnet_sizes", lambda n: np.array(sizes(n))),
        ("alexnet_sizes", lambda n: torch.tensor(sizes(n))),
        ("stack_or_single", lambda c: np.array([18 * c * c, 25 * c * c])),
    ],
)
def test_right_answers_of_another_form_pass(name, answer):
    assert checks.Check(name).verdict(answer).passed


def block(act):
    def vgg_block(num_convs, in_channels, out_channels):
        layers = []
        for _ in range(num_convs):
            layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), act()]
            in_channels = out_channels
        return nn.Sequential(*layers, nn.MaxPool2d(2))

    return vgg_block


def counted(dtype):
    def confusion_matrix(labels, predictions, num_classes):
        matrix = torch.zeros(num_classes, num_classes, dtype=dtype)
        for row, column in zip(labels, predictions, strict=True):
            matrix[row, column] += 1
        return matrix

    return confusion_matrix


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_what_only_looks_right_does_not_pass(seed):
    def passes(name, answer):
        return checks.Check(name).verdict(answer, seed).passed

    assert passes("vgg_block", block(nn.ReLU))
    assert not passes("vgg_block", block(nn.ReLU6))
    assert passes("confusion_matrix", counted(torch.int64))
    assert passes("confusion_matrix", counted(torch.int16))
    assert not passes("confusion_matrix", counted(torch.uint8))
    assert not passes("confusion_matrix", counted(torch.int8))


def test_a_net_in_place_of_the_function_that_makes_it_is_told():
    assert "this is a net. A function is asked for" in said(
        "build_cnn", nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    )


# -- errors and cases


def test_an_error_shows_the_students_line_its_meaning_and_the_case():
    def correlate2d(image, kernel, bias=0.0):
        out = torch.zeros(3, 3, dtype=torch.int64)
        return out.add_(image.new_ones(3, 3) * 0.5)

    verdict = checks.Check("correlate2d").verdict(correlate2d)
    assert re.fullmatch(r"line \d+:  return out.add_\(.*\)", verdict.line)
    assert "Long is `torch.int64`" in verdict.meaning
    assert verdict.grids.startswith("image (3x3)")
    assert verdict.text.index(verdict.line) < verdict.text.index(verdict.meaning)


def test_heads_of_grids_cannot_be_read_as_values():
    verdict = checks.Check("full_convolve1d").verdict(lambda a, b: a[:1] * 0)
    assert re.match(
        r"a \(length \d\) +b \(length \d\) +yours \(length 1\)\n", verdict.grids
    )


def test_all_channels_of_the_shown_case_are_shown():
    def first_only(images, weight, bias):
        return F.conv2d(images[:, :1], weight[:, :1].detach(), bias)

    verdict = checks.Check("conv2d_channels").verdict(first_only, watched=False)
    shown = checks.Check("conv2d_channels").verdict(first_only, watched=False).grids
    assert "images[0, 1]" in shown
    assert "weight[0, 1]" in shown
    assert verdict.mistake == "only the first channel"


def test_a_line_from_strangers_cannot_leave_its_line():
    from cnnjudge.messages import _own_line
    from cnnlib.checks.registry import questions
    from cnnlib.checks.values import CodeLine

    line = CodeLine(3, "x = 1\x1b[31m\n<b>\u202e" + "y" * 500, "f\n\x07")
    shown = _own_line(questions()["flatten"], line)
    assert shown.isprintable()
    assert len(shown) < 300


# -- hints that were false: what a third beginner was told


def test_an_answer_that_always_raises_is_told_no_slip_that_also_raises():
    def grows(images, weight, bias):
        total = bias[0]
        total += images[0, 0] * 1.0
        return total

    def one_channel(inputs, outputs):
        conv = nn.Conv1d(1, 1, 3)
        return conv(inputs)

    for name, answer in (("conv2d_channels", grows), ("learn_kernel", one_channel)):
        verdict = checks.Check(name).verdict(answer)
        assert verdict.status == "error"
        assert verdict.hint == ""


def test_a_result_that_is_too_short_on_two_axes_is_not_told_that_sides_are_mixed_up():
    def halves(x, kernel_size, stride=None):
        return x[:, :, 1::2, 1::2]

    text = said("max_pool2d", halves)
    assert "smaller than it should be" in text
    assert "too long" not in text


def test_stacked_the_wrong_way_round_is_axes_in_another_order():
    def stacked(x, kernel_size, stride=None):
        return F.max_pool2d(x, kernel_size, stride).permute(2, 3, 0, 1)

    value = PlainValue("tensor", np.zeros((2, 3, 1, 1)), "float32")
    right = PlainValue("tensor", np.zeros((1, 1, 2, 3)), "float32")
    assert symptoms._shape(value, right) == "axes in another order"


def test_whole_numbers_that_are_no_bytes_are_told_that_alone():
    def whole(tensor):
        x = tensor.detach()
        x = x[0] if x.dim() == 4 else x
        x = (x.clamp(0, 1) * 255).round().int()
        return (x[0] if len(x) == 1 else x.permute(1, 2, 0)).numpy()

    text = said("to_image", whole)
    assert "no bytes" in text
    assert "fractions are lost" not in text


def test_a_map_of_one_row_is_not_told_that_all_other_rows_are_right():
    right = PlainValue("tensor", np.array([[1.0, 2.0, 3.0]]), "float32")
    wrong = PlainValue("tensor", np.array([[1.0, 5.0, 3.0]]), "float32")
    assert symptoms._where(wrong, right) == "some values right"
    two = PlainValue("tensor", np.array([[1.0, 2], [3, 4]]), "float32")
    last = PlainValue("tensor", np.array([[1.0, 2], [3, 7]]), "float32")
    assert symptoms._where(last, two) == "wrong in the last row alone"


def test_a_padded_result_is_not_told_for_sure_that_places_were_never_filled():
    def padded(images, weight, bias=None, stride=1, padding=0):
        ph, pw = pair(padding)
        (sh, sw), (kh, kw) = pair(stride), weight.shape[2:]
        windows = images.unfold(2, kh, sh).unfold(3, kw, sw)
        out = torch.einsum("nchwij,ocij->nohw", windows, weight)
        if bias is not None:
            out = out + bias[:, None, None]
        return F.pad(out, (pw, pw, ph, ph))

    text = said("conv2d", padded)
    assert "was the result padded" in text or "padding" in text
    assert "these places were never filled." not in text


def test_an_axis_lost_is_not_told_to_clip_what_is_clipped():
    def first_only(tensor):
        x = tensor[0].detach().numpy()
        x = (np.clip(x, 0, 1) * 255).round().astype(np.uint8)
        return x[0] if x.shape[0] == 1 else x.transpose(1, 2, 0)

    assert "clip" not in said("to_image", first_only)


def test_a_pair_in_a_row_of_ints_is_not_called_a_float():
    with pytest.raises(TypeError) as found:
        F.pad(torch.zeros(1, 1, 3, 3), ((1, 1), (1, 1), (1, 1), (1, 1)))
    assert "A pair stands" in meaning("TypeError", str(found.value).split("\n")[0])


def test_one_sum_for_all_kernels_and_images_is_named():
    def one_sum(images, weight, bias=None, stride=1, padding=0):
        (ph, pw), (sh, sw) = pair(padding), pair(stride)
        x, (kh, kw) = F.pad(images, (pw, pw, ph, ph)), weight.shape[2:]
        rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
        out = torch.zeros(len(x), len(weight), rows, columns, dtype=x.dtype)
        for i in range(rows):
            for j in range(columns):
                window = x[:, None, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
                out[:, :, i, j] = (window * weight).sum()
        return out if bias is None else out + bias[:, None, None]

    assert "every map" in said("conv2d", one_sum)


def test_an_epoch_after_the_stop_has_a_name():
    def late(losses, patience):
        best = 0
        for epoch in range(len(losses)):
            if losses[epoch] < losses[best]:
                best = epoch
            if epoch - best >= patience:
                return best, epoch + 1
        return best, len(losses) - 1

    assert "one too large, and at the end it is right" in said("stop_epoch", late)


def test_parts_of_stop_epoch_tell_apart_what_stops_and_what_ends():
    for seed in range(20):
        question = task("stop_epoch").question
        for case in question.draw(seed):
            best, stop = task("stop_epoch").key.reference(*case.args)
            is_over = stop - best >= case.args[1]
            if question.part_of(case).name == "a stop":
                assert is_over, case.kind
            if question.part_of(case).name.startswith("an end"):
                assert not is_over, case.kind


def test_the_whole_shares_of_split_are_whole_and_the_others_are_not():
    question = task("split").question
    for seed in range(20):
        for case in question.draw(seed):
            labels, fractions, _ = case.args
            counts = labels.unique(return_counts=True)[1].tolist()
            shares = [f * n for f in fractions for n in counts]
            are_whole = all(abs(share - round(share)) < 1e-9 for share in shares)
            name = question.part_of(case).name
            assert are_whole == (name != "shares that are no whole numbers"), case.kind


@pytest.mark.parametrize("give", ["labels", "masks"])
def test_labels_and_masks_are_not_said_to_be_the_same_with_another_seed(give):
    def split(labels, fractions, seed):
        right = task("split").key.reference(labels, fractions, seed)
        if give == "labels":
            return [labels[part] for part in right]
        return [torch.isin(torch.arange(len(labels)), part) for part in right]

    assert "with another seed: False" not in said("split", split)


@pytest.mark.parametrize("ends", [(1.0, 3.0), (0.5, 5.0), (1.5, 2.5)])
def test_a_temperature_at_the_end_of_the_range_is_asked_for_more(ends):
    def temperature(scores, labels):
        tried = torch.linspace(*ends, 1000)
        return float(min(tried, key=lambda t: F.cross_entropy(scores / t, labels)))

    text = said("temperature", temperature)
    assert any(w in text for w in ("falls beyond it", "go below 1", "beyond the last"))


def test_batch_norm_of_features_and_a_stride_times_n_have_names():
    def batch_norm(x, weight, bias, eps=1e-5):
        mean = x.mean(dim=0)
        variance = ((x - mean) ** 2).mean(dim=0)
        return weight * (x - mean) / torch.sqrt(variance + eps) + bias

    def transposed_size(
        n, kernel, stride=1, padding=0, output_padding=0, dilation=1
    ):  # fmt: skip
        return n * stride + kernel - 1

    assert "features (N, C)" in said("batch_norm", batch_norm)
    assert "`n - 1` steps" in said("transposed_size", transposed_size)


# -- where to look it up


@pytest.mark.parametrize(
    ("answer", "heading"),
    [
        (lambda n, kernel, stride=1, padding=0, dilation=1: n - kernel, "The formula"),
        (
            lambda n, kernel, stride=1, padding=0, dilation=1: (
                (n + 2 * padding - kernel) // stride + 1
            ),
            "Dilation: a kernel with holes",
        ),
        (
            lambda n, kernel, stride=1, padding=0, dilation=1: (
                (n + 2 * padding - kernel - (dilation > 1)) // stride + 1
            ),
            "Dilation: a kernel with holes",
        ),
    ],
)
def test_a_wrong_dilation_leads_to_its_own_heading(answer, heading):
    assert said("output_size", answer).endswith(f"See lesson 02, “{heading}”.")


# -- learn_kernel


def learned(*lines, start=None, rate=0.2):
    def learn_kernel(inputs, outputs):
        learner = nn.Conv2d(1, 1, kernel_size=3, bias=False)
        if start is not None:
            nn.init.constant_(learner.weight, start)
        sgd = torch.optim.SGD(learner.parameters(), lr=rate)
        for _ in range(60):
            loss = F.mse_loss(learner(inputs), outputs)
            for line in lines:
                {"zero": sgd.zero_grad, "back": loss.backward, "step": sgd.step}.get(
                    line, lambda: by_hand(learner.weight)
                )()
        return learner.weight.detach()[0, 0]

    return learn_kernel


def by_hand(weight):
    with torch.no_grad():
        weight -= 0.2 * weight.grad


NO_GRADIENT = "Likely: the step finds no gradient."
NOT_MOVED = "as small as those of a new layer: the steps have changed them little, or"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["back", "zero", "by hand"], NO_GRADIENT),
        (["zero", "by hand"], NO_GRADIENT),
        (["back", "zero", "step"], f"Likely: these numbers are {NOT_MOVED}"),
        (["zero", "step"], f"Likely: these numbers are {NOT_MOVED}"),
        (["zero", "back"], f"Likely: these numbers are {NOT_MOVED}"),
    ],
)
def test_steps_without_a_gradient(lines, words):
    assert words in said("learn_kernel", learned(*lines))


def test_another_start_that_is_not_left_is_told_with_perhaps():
    told = said("learn_kernel", learned("zero", "step", start=0.1))
    assert f"Perhaps: these numbers are {NOT_MOVED}" in told


def test_what_has_moved_is_not_told_that_it_has_not():
    for lines in (["back", "step"], ["zero", "back", "step"]):
        for rate in (0.2, 3.0):
            if lines[0] == "zero" and rate == 0.2:
                continue  # right
            told = said("learn_kernel", learned(*lines, rate=rate))
            assert NOT_MOVED not in told
            assert NO_GRADIENT not in told


@pytest.mark.parametrize(
    ("entry", "value"),
    [("big_kernel_padded", (150, 150)), ("big_kernel", (25, 25)), ("quiz", (6, 6))],
)
def test_a_number_that_was_typed_is_told_of_no_code(entry, value):
    right = dict(task("shapes").key.reference)
    text = said("shapes", {**right, entry: value})
    assert "small change of a right answer" not in text
    if "an operator" in text or "a number is off" in text:
        assert "slip in the calculation" in text


def test_shapes_that_were_typed_are_told_of_no_call():
    right = dict(task("axis_sizes").key.reference)
    text = said("axis_sizes", {**right, "colour_to_torch": (48, 32, 3)})
    assert "`zeros`" not in text


def test_a_window_kept_from_the_lesson_has_a_name():
    def max_pool2d(x, kernel_size, stride=None):
        (kh, kw), (sh, sw) = pair(kernel_size), pair(stride or kernel_size)
        rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
        out = torch.zeros(*x.shape[:2], rows, columns, dtype=x.dtype)
        for i in range(rows):
            for j in range(columns):
                window = x[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                out[:, :, i, j] = window.amax(dim=(2, 3))
        return out

    assert "2 x 2" in said("max_pool2d", max_pool2d)

"""Right answers as students write them, with loops, for `tools.mutants` to change.

The solutions are short; most answers of a class are not. A test puts each to its check.
"""

from __future__ import annotations

_WINDOWS = """
def {name}(x, kernel_size, stride=None):
    kh, kw = pair(kernel_size)
    sh, sw = pair(kernel_size if stride is None else stride)
    rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = torch.zeros(x.shape[0], x.shape[1], rows, columns, dtype=x.dtype)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(rows):
                for j in range(columns):
                    window = x[n, c, i * sh:i * sh + kh, j * sw:j * sw + kw]
                    out[n, c, i, j] = window.{reduce}()
    return out
"""

CODINGS: dict[str, tuple[str, ...]] = {
    "full_convolve1d": (
        """
def full_convolve1d(a, b):
    n, m = len(a), len(b)
    out = torch.zeros(n + m - 1, dtype=a.dtype)
    for k in range(n + m - 1):
        for i in range(n):
            if 0 <= k - i < m:
                out[k] += a[i] * b[k - i]
    return out
""",
    ),
    "correlate2d": (
        """
def correlate2d(image, kernel, bias=0.0):
    kh, kw = kernel.shape
    height, width = image.shape
    out = torch.zeros(height - kh + 1, width - kw + 1, dtype=image.dtype)
    for i in range(height - kh + 1):
        for j in range(width - kw + 1):
            s = 0.0
            for a in range(kh):
                for b in range(kw):
                    s += image[i + a, j + b] * kernel[a, b]
            out[i, j] = s + bias
    return out
""",
    ),
    "convolve2d": (
        """
def convolve2d(image, kernel):
    kh, kw = kernel.shape
    height, width = image.shape
    out = torch.zeros(height - kh + 1, width - kw + 1, dtype=image.dtype)
    for i in range(height - kh + 1):
        for j in range(width - kw + 1):
            for a in range(kh):
                for b in range(kw):
                    out[i, j] += image[i + a, j + b] * kernel[kh - 1 - a, kw - 1 - b]
    return out
""",
    ),
    "conv2d_channels": (
        """
def conv2d_channels(images, weight, bias):
    kh, kw = weight.shape[2], weight.shape[3]
    rows, columns = images.shape[2] - kh + 1, images.shape[3] - kw + 1
    out = torch.zeros(images.shape[0], weight.shape[0], rows, columns,
                      dtype=images.dtype)
    for n in range(images.shape[0]):
        for o in range(weight.shape[0]):
            for i in range(rows):
                for j in range(columns):
                    window = images[n, :, i:i + kh, j:j + kw]
                    out[n, o, i, j] = (window * weight[o]).sum() + bias[o]
    return out
""",
    ),
    "zero_pad": (
        """
def zero_pad(image, padding):
    ph, pw = pair(padding)
    height, width = image.shape
    out = torch.zeros(height + 2 * ph, width + 2 * pw, dtype=image.dtype)
    for i in range(height):
        for j in range(width):
            out[i + ph, j + pw] = image[i, j]
    return out
""",
    ),
    "conv2d": (
        """
def conv2d(images, weight, bias=None, stride=1, padding=0):
    sh, sw = pair(stride)
    ph, pw = pair(padding)
    kh, kw = weight.shape[2], weight.shape[3]
    x = F.pad(images, (pw, pw, ph, ph))
    rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = torch.zeros(x.shape[0], weight.shape[0], rows, columns, dtype=x.dtype)
    for n in range(x.shape[0]):
        for o in range(weight.shape[0]):
            for i in range(rows):
                for j in range(columns):
                    window = x[n, :, i * sh:i * sh + kh, j * sw:j * sw + kw]
                    out[n, o, i, j] = (window * weight[o]).sum()
                    if bias is not None:
                        out[n, o, i, j] += bias[o]
    return out
""",
    ),
    "max_pool2d": (_WINDOWS.format(name="max_pool2d", reduce="max"),),
    "avg_pool2d": (_WINDOWS.format(name="avg_pool2d", reduce="mean"),),
    "min_pool2d": (_WINDOWS.format(name="min_pool2d", reduce="min"),),
    "global_avg_pool": (
        """
def global_avg_pool(x):
    out = torch.zeros(x.shape[0], x.shape[1], dtype=x.dtype)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            out[n, c] = x[n, c].sum() / (x.shape[2] * x.shape[3])
    return out
""",
    ),
    "occlusion_map": (
        """
def occlusion_map(model, x, target, size):
    rows, columns = x.shape[2] // size, x.shape[3] // size
    out = torch.zeros(rows, columns, dtype=x.dtype)
    with torch.no_grad():
        before = model(x).softmax(dim=1)[0, target]
        for i in range(rows):
            for j in range(columns):
                copy = x.clone()
                copy[:, :, i * size:i * size + size, j * size:j * size + size] = 0
                out[i, j] = before - model(copy).softmax(dim=1)[0, target]
    return out
""",
    ),
    "batch_norm": (
        """
def batch_norm(x, weight, bias, eps=1e-5):
    out = torch.zeros_like(x)
    for c in range(x.shape[1]):
        channel = x[:, c]
        mean = channel.sum() / channel.numel()
        var = ((channel - mean) ** 2).sum() / channel.numel()
        normal = (channel - mean) / torch.sqrt(var + eps)
        out[:, c] = normal * weight[c] + bias[c]
    return out
""",
    ),
    "conv_backward": (
        """
def conv_backward(x, weight, grad):
    kh, kw = weight.shape
    rows, columns = grad.shape
    gx = torch.zeros(x.shape, dtype=x.dtype)
    gw = torch.zeros(kh, kw, dtype=weight.dtype)
    for a in range(kh):
        for b in range(kw):
            gw[a, b] = (x[a:a + rows, b:b + columns] * grad).sum()
            gx[a:a + rows, b:b + columns] += weight[a, b] * grad
    return gx, gw
""",
    ),
    "fold_batch_norm": (
        """
def fold_batch_norm(conv, norm):
    std = torch.sqrt(norm.running_var + norm.eps)
    factor = norm.weight / std
    bias = torch.zeros(conv.out_channels) if conv.bias is None else conv.bias
    new = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size,
                    conv.stride, conv.padding, conv.dilation, conv.groups)
    new.weight = nn.Parameter(conv.weight * factor.view(-1, 1, 1, 1))
    new.bias = nn.Parameter(factor * (bias - norm.running_mean) + norm.bias)
    return new
""",
    ),
    "split": (
        """
def split(labels, fractions, seed):
    rng = torch.Generator()
    rng.manual_seed(seed)
    parts = [[] for _ in range(len(fractions))]
    for c in torch.unique(labels).tolist():
        places = [i for i in range(len(labels)) if labels[i] == c]
        order = torch.randperm(len(places), generator=rng).tolist()
        cuts = [0]
        for k in range(len(fractions)):
            cuts.append(round(sum(fractions[:k + 1]) * len(places)))
        for k in range(len(fractions)):
            for i in range(cuts[k], cuts[k + 1]):
                parts[k].append(places[order[i]])
    return [torch.tensor(part) for part in parts]
""",
    ),
    "channel_stats": (
        """
def channel_stats(images):
    if images.dtype == torch.uint8:
        x = images.float() / 255.0
    else:
        x = images
    count = x.shape[0] * x.shape[2] * x.shape[3]
    mean = x.sum(dim=(0, 2, 3)) / count
    apart = x - mean.reshape(1, -1, 1, 1)
    variance = (apart * apart).sum(dim=(0, 2, 3)) / count
    return mean, variance.sqrt()
""",
    ),
    "flip_some": (
        """
def flip_some(images, p, generator):
    out = []
    for i in range(images.shape[0]):
        if torch.rand(1, generator=generator).item() < p:
            out.append(torch.flip(images[i], dims=[2]))
        else:
            out.append(images[i])
    return torch.stack(out)
""",
    ),
    "class_weights": (
        """
def class_weights(labels, num_classes):
    counts = [0] * num_classes
    for label in labels:
        counts[label] += 1
    weights = []
    for k in range(num_classes):
        if counts[k] == 0:
            weights.append(0.0)
        else:
            weights.append(len(labels) / (num_classes * counts[k]))
    return torch.tensor(weights)
""",
    ),
    "recall_per_class": (
        """
def recall_per_class(matrix):
    out = []
    for i in range(matrix.shape[0]):
        total = 0
        for j in range(matrix.shape[1]):
            total += matrix[i, j].item()
        if total == 0:
            out.append(float("nan"))
        else:
            out.append(matrix[i, i].item() / total)
    return torch.tensor(out)
""",
    ),
    "stop_epoch": (
        """
def stop_epoch(losses, patience):
    best_loss = float("inf")
    best_epoch = 0
    bad = 0
    for epoch, loss in enumerate(losses):
        if loss < best_loss:
            best_loss = loss
            best_epoch = epoch
            bad = 0
        else:
            bad = bad + 1
            if bad >= patience:
                return best_epoch, epoch
    return best_epoch, len(losses) - 1
""",
    ),
    "temperature": (
        """
def temperature(scores, labels):
    low, high = 0.05, 20.0
    for _ in range(60):
        one = low + (high - low) / 3
        two = high - (high - low) / 3
        first = -torch.log_softmax(scores / one, dim=1)
        second = -torch.log_softmax(scores / two, dim=1)
        places = torch.arange(len(labels))
        if first[places, labels].mean() < second[places, labels].mean():
            high = two
        else:
            low = one
    return (low + high) / 2
""",
    ),
    "fine_tune_groups": (
        """
def fine_tune_groups(model, head, body_lr, head_lr):
    inside = [id(p) for p in model.get_submodule(head).parameters()]
    first, second = [], []
    for p in model.parameters():
        if not p.requires_grad:
            continue
        if id(p) in inside:
            second.append(p)
        else:
            first.append(p)
    return [{"params": first, "lr": body_lr}, {"params": second, "lr": head_lr}]
""",
    ),
}
"""By the task's name: cells as a student could hand them in."""

"""A right answer to each task, step by step, for `cnnjudge.changes` to change.

Written as the lessons work it out by hand; the names are in scope that an exercise
imports. A test puts each to its check.
"""

from __future__ import annotations

_POOL = """
def {kind}_pool2d(x, kernel_size, stride=None):
    kh, kw = pair(kernel_size)
    sh, sw = pair(kernel_size if stride is None else stride)
    rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = torch.zeros(x.shape[0], x.shape[1], rows, columns, dtype=x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = x[:, :, i * sh:i * sh + kh, j * sw:j * sw + kw]
            out[:, :, i, j] = window.{reduce}(dim=(2, 3))
    return out
"""
_POOL_BY_CORNERS = """
def {kind}_pool2d(x, kernel_size, stride=None):
    kh, kw = pair(kernel_size)
    sh, sw = pair(kernel_size if stride is None else stride)
    rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = torch.zeros(x.shape[0], x.shape[1], rows, columns, dtype=x.dtype)
    for i in range(rows):
        for j in range(columns):
            top, left = i * sh, j * sw
            window = x[:, :, top:top + kh, left:left + kw]
            out[:, :, i, j] = window.{reduce}(dim=(2, 3))
    return out
"""

WORKINGS: dict[str, tuple[str, ...]] = {
    "to_batch": ('''
def to_batch(image):
    x = torch.from_numpy(image).float() / 255
    if x.dim() == 2:
        return x[None, None]
    return x[:, :, :3].permute(2, 0, 1)[None]
''', '''
def to_batch(image):
    x = torch.tensor(image, dtype=torch.float32)
    if len(x.shape) == 2:
        x = x.unsqueeze(2)
    x = x[:, :, 0:3] / 255
    return x.permute(2, 0, 1).unsqueeze(0)
'''),
    "to_image": ('''
def to_image(tensor):
    x = tensor.detach().reshape(tensor.shape[-3:])
    x = (x.clip(0, 1) * 255).round().byte()
    picture = x[0] if len(x) == 1 else x.permute(1, 2, 0)
    return picture.numpy()
''', '''
def to_image(tensor):
    x = tensor.detach()
    if x.dim() == 4:
        x = x[0]
    x = torch.round(x.clamp(0, 1) * 255).to(torch.uint8)
    if x.shape[0] == 1:
        return x[0].numpy()
    return x.permute(1, 2, 0).numpy()
'''),
    "fitting_conv": ('''
def fitting_conv(x, out_channels):
    channels = x.shape[-3]
    return nn.Conv2d(channels, out_channels, kernel_size=3, dtype=x.dtype)
''', '''
def fitting_conv(x, out_channels):
    return nn.Conv2d(x.shape[-3], out_channels, 3, dtype=x.dtype)
'''),
    "axis_sizes": ('''
batch = torch.zeros(8, 3, 5, 7)
axis_sizes = {
    "grey_batch": (1, 1, 28, 20),
    "colour_to_torch": torch.zeros(32, 48, 3).permute(2, 0, 1).shape,
    "channel": batch[:, 1].shape,
    "kept": batch[:, 1:2].shape,
    "squeezed": torch.zeros(1, 1, 1, 5).squeeze(0).shape,
}
''', '''
axis_sizes = {
    "grey_batch": (1, 1, 28, 20), "colour_to_torch": (3, 32, 48),
    "channel": (8, 5, 7), "kept": (8, 1, 5, 7), "squeezed": (1, 1, 5),
}
'''),
    "full_convolve1d": ('''
def full_convolve1d(a, b):
    out = torch.zeros(len(a) + len(b) - 1, dtype=a.dtype)
    for i in range(len(a)):
        for j in range(len(b)):
            out[i + j] += a[i] * b[j]
    return out
''', '''
def full_convolve1d(a, b):
    out = torch.zeros(len(a) + len(b) - 1, dtype=a.dtype)
    for k in range(len(a) + len(b) - 1):
        for i in range(len(a)):
            if k - i >= 0 and k - i < len(b):
                out[k] += a[i] * b[k - i]
    return out
'''),
    "correlate2d": ('''
def correlate2d(image, kernel, bias=0.0):
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    out = torch.zeros(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            for a in range(kh):
                for b in range(kw):
                    out[i, j] += image[i + a, j + b] * kernel[a, b]
            out[i, j] += bias
    return out
''', '''
def correlate2d(image, kernel, bias=0.0):
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    out = torch.empty(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            window = image[i:i + kh, j:j + kw]
            out[i, j] = (window * kernel).sum() + bias
    return out
'''),
    "convolve2d": ('''
def convolve2d(image, kernel):
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    out = torch.zeros(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            for a in range(kh):
                for b in range(kw):
                    out[i, j] += image[i + a, j + b] * kernel[kh - 1 - a, kw - 1 - b]
    return out
''',),
    "conv2d_channels": ('''
def conv2d_channels(images, weight, bias):
    kh, kw = weight.shape[2], weight.shape[3]
    rows, columns = images.shape[2] - kh + 1, images.shape[3] - kw + 1
    out = torch.zeros(len(images), len(weight), rows, columns, dtype=images.dtype)
    for n in range(len(images)):
        for o in range(len(weight)):
            for i in range(rows):
                for j in range(columns):
                    window = images[n, :, i:i + kh, j:j + kw]
                    out[n, o, i, j] = (window * weight[o]).sum() + bias[o]
    return out
''', '''
def conv2d_channels(images, weight, bias):
    kh, kw = weight.shape[2], weight.shape[3]
    rows, columns = images.shape[2] - kh + 1, images.shape[3] - kw + 1
    batch = []
    for image in images:
        maps = []
        for slices, b in zip(weight, bias):
            total = torch.zeros(rows, columns, dtype=images.dtype)
            for x, k in zip(image, slices):
                for i in range(rows):
                    for j in range(columns):
                        total[i, j] += (x[i:i + kh, j:j + kw] * k).sum()
            maps.append(total + b)
        batch.append(torch.stack(maps))
    return torch.stack(batch)
'''),
    "vertical_edge_kernel": ('''
def vertical_edge_kernel():
    return torch.tensor([-1.0, 0.0, 1.0]).repeat(3, 1)
''',),
    "parameter_counts": ('''
fully_connected = 16 * 4 + 4 + 4 * 1 + 1
locally_connected = 4 * 4 + 4 + 4 * 1 + 1
fruit_net = 1024 * 512 + 512 + 512 * 512 + 512 + 512 * 5 + 5
parameter_counts = {"fully_connected": fully_connected,
                    "locally_connected": locally_connected, "fruit_net": fruit_net}
''', '''
fully_connected = (16 + 1) * 4 + (4 + 1) * 1
locally_connected = (4 + 1) * 4 + (4 + 1) * 1
fruit_net = (1024 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 5
parameter_counts = {"fully_connected": fully_connected,
                    "locally_connected": locally_connected, "fruit_net": fruit_net}
'''),
    "output_size": ('''
def output_size(n, kernel, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
''', '''
def output_size(n, kernel, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel - 1) + 1
    return (n + 2 * padding - reach) // stride + 1
'''),
    "zero_pad": ('''
def zero_pad(image, padding):
    ph, pw = pair(padding)
    height, width = image.shape
    out = torch.zeros(height + 2 * ph, width + 2 * pw, dtype=image.dtype)
    out[ph:ph + height, pw:pw + width] = image
    return out
''',),
    "conv2d": ('''
def conv2d(images, weight, bias=None, stride=1, padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    kh, kw = weight.shape[2], weight.shape[3]
    x = F.pad(images, (pw, pw, ph, ph))
    rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = torch.zeros(len(x), len(weight), rows, columns, dtype=x.dtype)
    for n in range(len(x)):
        for o in range(len(weight)):
            for i in range(rows):
                for j in range(columns):
                    window = x[n, :, i * sh:i * sh + kh, j * sw:j * sw + kw]
                    out[n, o, i, j] = (window * weight[o]).sum()
                    if bias is not None:
                        out[n, o, i, j] += bias[o]
    return out
''', '''
def conv2d(images, weight, bias=None, stride=1, padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    kh, kw = weight.shape[2], weight.shape[3]
    x = F.pad(images, (pw, pw, ph, ph))
    rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = torch.zeros(len(x), len(weight), rows, columns, dtype=x.dtype)
    for n in range(len(x)):
        for o in range(len(weight)):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * sh, j * sw
                    window = x[n, :, top:top + kh, left:left + kw]
                    out[n, o, i, j] = (window * weight[o]).sum()
                    if bias is not None:
                        out[n, o, i, j] += bias[o]
    return out
'''),
    "same_padding": ('''
def same_padding(kernel_size, dilation=1):
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2
''', '''
def same_padding(kernel_size, dilation=1):
    total = dilation * (kernel_size - 1)
    return total // 2, (total + 1) // 2
'''),
    "shapes": ('''
def _side(n, kernel, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1

shapes = {
    "quiz": (_side(4, 3), _side(4, 3)),
    "big_kernel": (_side(100, 51), _side(100, 51)),
    "big_kernel_padded": (_side(100, 51, 1, 25), _side(100, 51, 1, 25)),
    "strided": (_side(100, 25, 3), _side(100, 25, 3)),
    "wrong_slide": (_side(7, 3, 2, 1), _side(7, 3, 2, 1)),
    "dilated": (_side(30, 3, 2, 2, 2), _side(46, 3, 2, 2, 2)),
}
''',),
    "max_pool2d": (
        _POOL.format(kind="max", reduce="amax"),
        _POOL_BY_CORNERS.format(kind="max", reduce="amax"),
    ),
    "avg_pool2d": (
        _POOL.format(kind="avg", reduce="mean"),
        _POOL_BY_CORNERS.format(kind="avg", reduce="mean"),
    ),
    "min_pool2d": (
        _POOL.format(kind="min", reduce="amin"),
        _POOL_BY_CORNERS.format(kind="min", reduce="amin"),
    ),
    "global_avg_pool": ('''
def global_avg_pool(x):
    return x.sum(dim=(2, 3)) / (x.shape[2] * x.shape[3])
''', '''
def global_avg_pool(x):
    return x.mean(dim=(2, 3))
'''),
    "flatten": ('''
def flatten(x, start_dim=1):
    return x.reshape(*x.shape[:start_dim], -1)
''',),
    "conv_params": ('''
def conv_params(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = pair(kernel_size)
    weights = height * width * (in_channels // groups)
    return (weights + 1 if bias else weights) * out_channels
''', '''
def conv_params(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = pair(kernel_size)
    weights = height * width * in_channels * out_channels // groups
    return weights + out_channels if bias else weights
'''),
    "linear_params": ('''
def linear_params(in_features, out_features, bias=True):
    weights = in_features * out_features
    return weights + out_features if bias else weights
''', '''
def linear_params(in_features, out_features, bias=True):
    return (in_features + 1 if bias else in_features) * out_features
'''),
    "conv_macs": ('''
def conv_macs(in_channels, out_channels, kernel_size, output_height, output_width,
              groups=1):
    height, width = pair(kernel_size)
    weights = height * width * (in_channels // groups) * out_channels
    return weights * output_height * output_width
''',),
    "receptive_field": ('''
def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride, *more in layers:
        dilation = more[0] if more else 1
        field += (kernel - 1) * dilation * jump
        jump *= stride
    return field
''', '''
def receptive_field(layers):
    field, jump = 1, 1
    for layer in layers:
        kernel, stride = layer[0], layer[1]
        dilation = layer[2] if len(layer) > 2 else 1
        reach = dilation * (kernel - 1) + 1
        field = field + (reach - 1) * jump
        jump = jump * stride
    return field
'''),
    "build_cnn": ('''
def build_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(784, 10),
    )
''', '''
def build_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 7 * 7, 10),
    )
'''),
    "train_epoch": ('''
def train_epoch(model, loader, optimizer, loss_fn):
    model.train()
    total = 0.0
    count = 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count
''',),
    "accuracy": ('''
def accuracy(model, loader):
    model.eval()
    right = 0
    count = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(dim=1) == labels).sum().item()
            count += len(labels)
    return right / count
''',),
    "confusion_matrix": ('''
def confusion_matrix(labels, predictions, num_classes):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for row, column in zip(labels, predictions):
        matrix[row, column] += 1
    return matrix
''',),
    "lenet5": ('''
def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )
''',),
    "alexnet_sizes": ('''
def alexnet_sizes(input_size):
    layers = [(11, 4, 0), (3, 2, 0), (5, 1, 2), (3, 2, 0),
              (3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 2, 0)]
    sizes, size = [], input_size
    for kernel, stride, padding in layers:
        size = (size + 2 * padding - kernel) // stride + 1
        sizes.append(size)
    return sizes
''', '''
def alexnet_sizes(input_size):
    conv1, conv2, conv3, pool = (11, 4, 0), (5, 1, 2), (3, 1, 1), (3, 2, 0)
    sizes, size = [], input_size
    layers = [conv1, pool, conv2, pool, conv3, conv3, conv3, pool]
    for kernel, stride, padding in layers:
        size = (size + 2 * padding - kernel) // stride + 1
        sizes.append(size)
    return sizes
'''),
    "vgg_block": ('''
def vgg_block(num_convs, in_channels, out_channels):
    layers = []
    for i in range(num_convs):
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        layers.append(nn.ReLU())
        in_channels = out_channels
    return nn.Sequential(*layers, nn.MaxPool2d(2))
''',),
    "stack_or_single": ('''
def stack_or_single(channels):
    two = 2 * 3 * 3 * channels * channels
    one = 5 * 5 * channels * channels
    return two, one
''', '''
def stack_or_single(channels):
    pairs = channels * channels
    return 2 * (9 * pairs), 25 * pairs
'''),
    "saliency": ('''
def saliency(model, x, target):
    image = x.detach().clone().requires_grad_()
    score = model(image)[0, target]
    gradient, = torch.autograd.grad(score, image)
    return gradient[0].abs().amax(dim=0)
''',),
    "occlusion_map": ('''
def occlusion_map(model, x, target, size):
    rows, columns = x.shape[2] // size, x.shape[3] // size
    out = torch.zeros(rows, columns, dtype=x.dtype)
    with torch.no_grad():
        before = model(x).softmax(dim=1)[0, target]
        for i in range(rows):
            for j in range(columns):
                part = x.clone()
                part[:, :, i * size:i * size + size, j * size:j * size + size] = 0
                out[i, j] = before - model(part).softmax(dim=1)[0, target]
    return out
''',),
    "batch_norm": ('''
def batch_norm(x, weight, bias, eps=1e-5):
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    variance = ((x - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
    normal = (x - mean) / (variance + eps) ** 0.5
    return normal * weight[:, None, None] + bias[:, None, None]
''', '''
def batch_norm(x, weight, bias, eps=1e-5):
    mean = x.mean(dim=(0, 2, 3))
    variance = x.var(dim=(0, 2, 3), unbiased=False)
    normal = (x - mean[:, None, None]) / (variance[:, None, None] + eps).sqrt()
    return weight[:, None, None] * normal + bias[:, None, None]
''', '''
def batch_norm(x, weight, bias, eps=1e-5):
    centred = x - x.mean(dim=(0, 2, 3), keepdim=True)
    variance = centred.square().mean(dim=(0, 2, 3), keepdim=True)
    normal = centred / torch.sqrt(variance + eps)
    return normal * weight[:, None, None] + bias[:, None, None]
''', '''
def batch_norm(x, weight, bias, eps=1e-5):
    out = torch.zeros_like(x)
    for c in range(x.shape[1]):
        channel = x[:, c]
        count = channel.numel()
        mean = channel.sum() / count
        variance = ((channel - mean) ** 2).sum() / count
        normal = (channel - mean) / (variance + eps).sqrt()
        out[:, c] = normal * weight[c] + bias[c]
    return out
'''),
    "fold_batch_norm": ('''
import copy

def fold_batch_norm(conv, norm):
    new = copy.deepcopy(conv)
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    old = torch.zeros_like(scale) if conv.bias is None else conv.bias
    new.weight = nn.Parameter(conv.weight * scale[:, None, None, None])
    new.bias = nn.Parameter((old - norm.running_mean) * scale + norm.bias)
    return new
''', '''
def fold_batch_norm(conv, norm):
    new = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size,
                    stride=conv.stride, padding=conv.padding,
                    dilation=conv.dilation, groups=conv.groups, bias=True,
                    dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        new.weight.copy_(conv.weight * scale.reshape(-1, 1, 1, 1))
        new.bias.copy_(norm.bias - norm.running_mean * scale)
        if conv.bias is not None:
            new.bias += conv.bias * scale
    return new
'''),
    "basic_block": ('''
class Block(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride,
                               padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels))

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out = out + self.shortcut(x)
        return self.relu(out)

def basic_block(in_channels, out_channels, stride=1):
    return Block(in_channels, out_channels, stride)
''', '''
class Block(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out_channels), nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out_channels))
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels))

    def forward(self, x):
        return torch.relu(self.branch(x) + self.shortcut(x))

def basic_block(in_channels, out_channels, stride=1):
    return Block(in_channels, out_channels, stride)
'''),
    "separable_conv": ('''
def separable_conv(in_channels, out_channels, kernel_size):
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, kernel_size,
                  padding=kernel_size // 2, groups=in_channels, bias=False),
        nn.Conv2d(in_channels, out_channels, 1, bias=False))
''', '''
def separable_conv(in_channels, out_channels, kernel_size):
    padding = (kernel_size - 1) // 2
    depthwise = nn.Conv2d(in_channels, in_channels, kernel_size, 1, padding,
                          groups=in_channels, bias=False)
    pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    return nn.Sequential(depthwise, pointwise)
'''),
    "bottleneck_macs": ('''
def bottleneck_macs(channels, squeezed, height, width):
    plain = 3 * 3 * channels * channels * height * width
    down = channels * squeezed * height * width
    middle = 3 * 3 * squeezed * squeezed * height * width
    up = squeezed * channels * height * width
    return plain, down + middle + up
''', '''
def bottleneck_macs(channels, squeezed, height, width):
    places = height * width
    plain = 3 * 3 * channels * channels
    ends = 2 * channels * squeezed
    middle = 3 * 3 * squeezed * squeezed
    return plain * places, (ends + middle) * places
'''),
    "transposed_size": ('''
def transposed_size(n, kernel, stride=1, padding=0, output_padding=0, dilation=1):
    return ((n - 1) * stride - 2 * padding + dilation * (kernel - 1)
            + output_padding + 1)
''', '''
def transposed_size(n, kernel, stride=1, padding=0, output_padding=0, dilation=1):
    last = (n - 1) * stride
    reach = dilation * (kernel - 1) + 1
    return last + reach - 2 * padding + output_padding
'''),
    "conv_backward": ('''
def conv_backward(x, weight, grad):
    kh, kw = weight.shape
    rows, columns = grad.shape
    for_x = torch.zeros_like(x)
    for_weight = torch.zeros_like(weight)
    for i in range(rows):
        for j in range(columns):
            for_x[i:i + kh, j:j + kw] += grad[i, j] * weight
            for_weight += grad[i, j] * x[i:i + kh, j:j + kw]
    return for_x, for_weight
''', '''
def conv_backward(x, weight, grad):
    for_x = torch.zeros_like(x)
    for_weight = torch.zeros_like(weight)
    kh, kw = weight.shape
    rows, columns = grad.shape
    for i in range(rows):
        for j in range(columns):
            for a in range(kh):
                for b in range(kw):
                    for_x[i + a, j + b] += grad[i, j] * weight[a, b]
                    for_weight[a, b] += grad[i, j] * x[i + a, j + b]
    return for_x, for_weight
''', '''
def conv_backward(x, weight, grad):
    kh, kw = weight.shape
    padded = F.pad(grad, (kw - 1, kw - 1, kh - 1, kh - 1))
    turned = weight.flip(0, 1)
    for_x = F.conv2d(padded[None, None], turned[None, None])[0, 0]
    for_weight = F.conv2d(x[None, None], grad[None, None])[0, 0]
    return for_x, for_weight
''', '''
def conv_backward(x, weight, grad):
    rows, columns = grad.shape
    for_x = torch.zeros_like(x)
    for_weight = torch.zeros_like(weight)
    kh, kw = weight.shape
    for a in range(kh):
        for b in range(kw):
            for_x[a:a + rows, b:b + columns] += weight[a, b] * grad
            for_weight[a, b] = (x[a:a + rows, b:b + columns] * grad).sum()
    return for_x, for_weight
'''),
    "to_convolution": ('''
def to_convolution(linear, channels, height, width):
    conv = nn.Conv2d(channels, linear.out_features, (height, width),
                     bias=linear.bias is not None, dtype=linear.weight.dtype)
    with torch.no_grad():
        conv.weight.copy_(linear.weight.reshape(-1, channels, height, width))
        if linear.bias is not None:
            conv.bias.copy_(linear.bias)
    return conv
''', '''
def to_convolution(linear, channels, height, width):
    out = linear.out_features
    conv = nn.Conv2d(channels, out, (height, width))
    conv.weight = nn.Parameter(linear.weight.reshape(out, channels, height, width))
    conv.bias = linear.bias
    return conv
'''),
    "split": ('''
def split(labels, fractions, seed):
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
''',),
    "channel_stats": ('''
def channel_stats(images):
    x = images / 255 if images.dtype == torch.uint8 else images
    mean = x.mean(dim=(0, 2, 3))
    return mean, x.std(dim=(0, 2, 3), correction=0)
''', '''
def channel_stats(images):
    x = images / 255 if images.dtype == torch.uint8 else images
    means, deviations = [], []
    for c in range(x.shape[1]):
        apart = x[:, c] - x[:, c].mean()
        means.append(x[:, c].mean())
        deviations.append((apart ** 2).mean() ** 0.5)
    return torch.stack(means), torch.stack(deviations)
''', '''
def channel_stats(images):
    x = images / 255 if images.dtype == torch.uint8 else images
    count = x.shape[0] * x.shape[2] * x.shape[3]
    mean = x.sum(dim=(0, 2, 3)) / count
    apart = x - mean[:, None, None]
    return mean, ((apart * apart).sum(dim=(0, 2, 3)) / count).sqrt()
'''),
    "flip_some": ('''
def flip_some(images, p, generator):
    coins = torch.rand(len(images), 1, 1, 1, generator=generator)
    return torch.where(coins < p, images.flip(-1), images)
''', '''
def flip_some(images, p, generator):
    out = images.clone()
    coins = torch.rand(len(images), generator=generator)
    for i in range(len(images)):
        if coins[i] < p:
            out[i] = images[i].flip(2)
    return out
'''),
    "class_weights": ('''
def class_weights(labels, num_classes):
    counts = torch.bincount(labels, minlength=num_classes)
    weights = len(labels) / (num_classes * counts)
    weights[counts == 0] = 0
    return weights
''', '''
def class_weights(labels, num_classes):
    weights = torch.zeros(num_classes)
    for k in range(num_classes):
        count = (labels == k).sum()
        if count > 0:
            weights[k] = len(labels) / (num_classes * count)
    return weights
'''),
    "recall_per_class": ('''
def recall_per_class(matrix):
    return matrix.diag() / matrix.sum(dim=1)
''', '''
def recall_per_class(matrix):
    out = torch.zeros(len(matrix))
    for k in range(len(matrix)):
        total = matrix[k].sum()
        out[k] = matrix[k, k] / total if total > 0 else float("nan")
    return out
''', '''
def recall_per_class(matrix):
    out = torch.zeros(len(matrix))
    for i in range(len(matrix)):
        total = 0
        for j in range(len(matrix)):
            total += matrix[i, j]
        out[i] = matrix[i, i] / total
    return out
'''),
    "stop_epoch": ('''
def stop_epoch(losses, patience):
    best = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1
''', '''
def stop_epoch(losses, patience):
    best, lowest, waited = 0, losses[0], 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < lowest:
            best, lowest = epoch, losses[epoch]
            waited = 0
        else:
            waited += 1
        if waited == patience:
            return best, epoch
    return best, len(losses) - 1
'''),
    "temperature": ('''
def temperature(scores, labels):
    candidates = torch.logspace(-1.3, 1.3, 1200).tolist()
    losses = []
    for t in candidates:
        losses.append(F.cross_entropy(scores / t, labels).item())
    return candidates[losses.index(min(losses))]
''',),
    "fine_tune_groups": ('''
def fine_tune_groups(model, head, body_lr, head_lr):
    body, of_head = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            group = of_head if name.startswith(head + ".") else body
            group.append(parameter)
    return [{"params": body, "lr": body_lr}, {"params": of_head, "lr": head_lr}]
''',),
}  # fmt: skip
"""By the task's name. A value's working is code that ends with the value."""

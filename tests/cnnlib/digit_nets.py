"""Nets that read digits, for the tests of the drawing pad."""

from functools import cache

import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import models
from cnnlib.data import bundled_digits


class Functions(nn.Module):
    """Everything that the page knows, called as functions, with odd settings."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(1, 6, 3, padding="same", dilation=2)
        self.deep = nn.Conv2d(6, 6, (3, 5), stride=(1, 2), padding=(1, 2), groups=3)
        self.norm = nn.BatchNorm2d(6)
        self.side = nn.Conv2d(6, 6, 1)
        self.drop = nn.Dropout(0.3)
        self.hidden = nn.Linear(6 * 4 * 3, 24, bias=False)
        self.fc = nn.Linear(24, 10)

    def forward(self, x):
        x = (x - 0.1307) / 0.3081
        x = F.max_pool2d(F.relu(self.wide(x)), 3, stride=2, padding=1, dilation=1)
        x = self.norm(self.deep(x))
        x = x + torch.tanh(self.side(x))
        x = F.avg_pool2d(x, 3, 2, padding=1) * 2
        x = F.adaptive_avg_pool2d(x.relu_(), (4, 3))
        x = self.drop(x.view(len(x), -1))
        return F.log_softmax(self.fc(torch.sigmoid(self.hidden(x))), dim=1)


def layers():
    """Layers with batch norm, average pooling, a mean and a softmax at the end."""
    return nn.Sequential(
        nn.Conv2d(1, 12, 5, stride=2, bias=False),
        nn.BatchNorm2d(12),
        nn.ReLU(inplace=True),
        nn.AvgPool2d(3, 2, padding=1, count_include_pad=False),
        nn.Conv2d(12, 24, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Dropout(),
        nn.Flatten(),
        nn.Linear(96, 10),
        nn.Softmax(dim=1),
    )


NETS = {
    "lesson": models.mnist_cnn,
    "strong": models.strong_mnist_cnn,
    "functions": Functions,
    "layers": layers,
}


def build(name):
    """Return a net of its own, evaluating: the lesson's trained, the others random."""
    net = NETS[name]()
    net.load_state_dict(_weights(name))
    return net.eval()


@cache
def _weights(name):
    torch.manual_seed(0)
    images, labels, _, _ = bundled_digits.load()
    net = NETS[name]()
    if name == "lesson":
        _train(net, images, labels)
    else:
        _settle(net, images[:100])
    return {key: value.detach().clone() for key, value in net.state_dict().items()}


def _train(net, images, labels):
    adam = torch.optim.Adam(net.parameters(), lr=0.01)
    for picked in torch.randperm(len(images))[:1200].split(40):
        loss = F.cross_entropy(net(images[picked]), labels[picked])
        adam.zero_grad()
        loss.backward()
        adam.step()


def _settle(net, images):
    """Give batch norms their statistics, and scores a spread as after training."""
    with torch.no_grad():
        for _ in range(20):
            net(images)
        last = [part for part in net.modules() if isinstance(part, nn.Linear)][-1]
        last.weight *= 12

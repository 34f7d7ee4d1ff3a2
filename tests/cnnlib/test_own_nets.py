"""Nets that people bring: each through fit, evaluate, summary and the pictures."""

from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import SwinTransformer, VisionTransformer

from cnnlib import evaluate, explore_network, fit, summary
from cnnlib.diagrams import draw_blocks, draw_volumes
from cnnlib.training import Evaluation

from .summary_oracles import spans


def _convs(before: int, after: int, several: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in [before, *[after] * (several - 1)]:
        conv = nn.Conv2d(channels, after, 3, padding=1)
        layers += [conv, nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Down twice and up twice, with what was there before laid beside."""

    def __init__(self, outputs: int = 2, several: int = 1) -> None:
        super().__init__()
        self.down1, self.down2 = _convs(1, 4, several), _convs(4, 8, several)
        self.low = _convs(8, 16, several)
        self.up2, self.high2 = nn.ConvTranspose2d(16, 8, 2, 2), _convs(16, 8, several)
        self.up1, self.high1 = nn.ConvTranspose2d(8, 4, 2, 2), _convs(8, 4, several)
        self.last = nn.Conv2d(4, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.down1(x)
        middle = self.down2(F.max_pool2d(fine, 2))
        low = self.low(F.max_pool2d(middle, 2))
        middle = self.high2(torch.cat([self.up2(low), middle], 1))
        return self.last(self.high1(torch.cat([self.up1(middle), fine], 1)))


class Patches(nn.Module):
    """Patches, then something that looks at all of them, then classes."""

    def __init__(self, look: nn.Module) -> None:
        super().__init__()
        self.embed, self.look = nn.Conv2d(1, 8, 4, 4), look
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).flatten(2).transpose(1, 2)
        if isinstance(self.look, nn.MultiheadAttention):
            x = x + self.look(x, x, x, need_weights=False)[0]
        elif isinstance(self.look, nn.Transformer):
            x = self.look(x, x)
        else:
            x = self.look(x)
        return self.head(x.mean(1))


class OwnAttention(nn.Module):
    """Attention written out."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed = nn.Linear(8, 24)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.mixed(x).chunk(3, dim=-1)
        weights = (query @ key.transpose(1, 2) / 8**0.5).softmax(dim=-1)
        return x + weights @ value


class Own(NamedTuple):
    """A net, the size of its images, its labels and its loss."""

    net: Any
    size: tuple[int, ...]
    labels: Any
    loss: Any
    chain: bool = False


ENCODER = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
GREY, CLASSES = (1, 16, 16), torch.tensor([0, 1, 2, 0, 1, 2])
CROSS = nn.CrossEntropyLoss()
SEGMENTS = torch.randint(2, (6, 16, 16))


class Dictionary(nn.Module):
    """Gives a dictionary, as torchvision's nets for segmentation do."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU()
        )
        self.classifier = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        maps = self.classifier(self.body(x))
        return {"out": F.interpolate(maps, x.shape[2:], mode="bilinear")}


class Segmentation(nn.Module):
    """What ``fit`` advises for it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Dictionary()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)["out"]


NETS = {
    "regression": Own(
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(784, 2)
        ),
        GREY,
        torch.rand(6, 2),
        nn.MSELoss(),
        chain=True,
    ),
    "one output": Own(
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(256, 1)),
        GREY,
        torch.tensor([[0.0], [1.0]]).repeat(3, 1),
        nn.BCEWithLogitsLoss(),
        chain=True,
    ),
    "autoencoder": Own(
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.ConvTranspose2d(4, 1, 2, 2)
        ),
        GREY,
        torch.rand(6, 1, 16, 16),
        nn.L1Loss(),
        chain=True,
    ),
    "U-Net": Own(UNet, GREY, SEGMENTS, CROSS),
    "U-Net, yes or no": Own(
        lambda: UNet(1), GREY, SEGMENTS[:, None].float(), nn.BCEWithLogitsLoss()
    ),
    "segmentation": Own(Segmentation, (3, 16, 16), SEGMENTS, CROSS, chain=True),
    "attention": Own(
        lambda: Patches(nn.MultiheadAttention(8, 2, batch_first=True)),
        GREY,
        CLASSES,
        CROSS,
    ),
    "own attention": Own(lambda: Patches(OwnAttention()), GREY, CLASSES, CROSS),
    "encoder": Own(
        lambda: Patches(nn.TransformerEncoder(ENCODER, 2)), GREY, CLASSES, CROSS
    ),
    "transformer": Own(
        lambda: Patches(nn.Transformer(8, 2, 1, 1, 16, batch_first=True)),
        GREY,
        CLASSES,
        CROSS,
    ),
    "ViT": Own(
        lambda: VisionTransformer(16, 4, 2, 2, 16, 32, num_classes=3),
        (3, 16, 16),
        CLASSES,
        CROSS,
    ),
    "Swin": Own(
        lambda: SwinTransformer([2, 2], 8, [1, 1], [2, 2], [4, 4], num_classes=3),
        (3, 16, 16),
        CLASSES,
        CROSS,
    ),
}


def _images(own: Own) -> Tensor:
    return torch.rand(6, *own.size, generator=torch.Generator().manual_seed(0))


def _net(own: Own) -> nn.Module:
    torch.manual_seed(0)
    net: nn.Module = own.net()
    return net.eval()


@pytest.mark.parametrize("name", NETS)
def test_it_learns_and_is_measured(name: str) -> None:
    own = NETS[name]
    net, images = _net(own), _images(own)
    before = evaluate(net, images, own.labels, loss=own.loss)
    history = fit(
        net,
        images,
        own.labels,
        epochs=12,
        batch_size=3,
        lr=0.003,
        loss=own.loss,
        validation=(images, own.labels),
        show=False,
    )
    after = evaluate(net, images, own.labels, loss=own.loss)
    assert history.train_loss[-1] < before.loss
    assert after.loss == pytest.approx(history.validation_loss[-1], rel=1e-4)
    assert isinstance(after, Evaluation) == (own.labels is CLASSES)
    if not isinstance(after, Evaluation):
        assert after.outputs.shape[0] == 6
        assert len(after.metrics) >= 1


@pytest.mark.parametrize("name", NETS)
def test_it_has_a_summary(name: str) -> None:
    own = NETS[name]
    net = _net(own)
    result = summary(net, own.size)
    assert result.total_params == sum(weight.numel() for weight in net.parameters())
    with torch.no_grad():
        shape = tuple(net(_images(own)[:1]).shape[1:])
    assert result.rows[-1].output_shape == shape
    assert str(result)


@pytest.mark.parametrize("name", NETS)
def test_it_can_be_looked_into(name: str) -> None:
    own = NETS[name]
    net, image = _net(own), _images(own)[0]
    explored = explore_network(net, image)
    with torch.no_grad():
        given = net(image[None])[0].reshape(-1)
    shown = torch.from_numpy(explored.maps(explored.layers[-1])).reshape(-1)
    assert torch.allclose(shown, given, atol=1e-4)
    gradient = explored.gradient(explored.layers[-1], (0, 0, 0))
    assert gradient.shape == own.size
    for number, layer in enumerate(explored.layers):
        last = [length - 1 for length in explored.maps(layer).shape]
        answer = explored._answer({"layer": number, "unit": last, "maps": True})
        value = float(explored.maps(layer)[tuple(last)])
        assert answer["probe"]["value"] == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("name", NETS)
def test_it_is_drawn_or_a_sentence_says_why_not(name: str) -> None:
    own = NETS[name]
    net = _net(own)
    total = sum(weight.numel() for weight in net.parameters())
    assert f"{total:,} parameters in all" in repr(draw_blocks(net, own.size))
    if own.chain:
        assert repr(draw_volumes(net, own.size)).startswith("A net drawn as volumes")
        return
    with pytest.raises(ValueError, match=r"breaks the chain. draw_blocks"):
        draw_volumes(net, own.size)


@pytest.mark.parametrize(("several", "few", "most"), [(1, 22, 26), (2, 44, 44)])
def test_the_field_of_a_u_net_is_a_range_where_pixels_differ(
    several: int, few: int, most: int
) -> None:
    net, size = UNet(several=several).eval(), (1, 96, 96)
    row = summary(net, size).rows[-1]
    assert row.receptive_field == (most, most)
    assert row.receptive_least == (None if few == most else (few, few))
    inner = [seen for _, seen in spans(net, size, 1)[24:-24]]
    assert (min(inner), max(inner)) == (few, most)
    told = f"{few} to {most} x {few} to {most}" if few < most else f"{most} x {most}"
    assert told in str(summary(net, size))


@pytest.mark.parametrize("name", ["attention", "encoder", "transformer", "ViT"])
def test_attention_sees_the_whole_image(name: str) -> None:
    own = NETS[name]
    assert summary(_net(own), own.size).rows[-1].receptive_field == own.size[1:]


@pytest.mark.parametrize(
    ("net", "size"),
    [
        (nn.Conv1d(2, 3, 3), (2, 50)),
        (nn.Conv3d(1, 2, 3), (1, 8, 8, 8)),
        (nn.MultiheadAttention(8, 2), (5, 8)),
        (nn.Bilinear(4, 5, 2), (1, 4)),
        (nn.LSTM(4, 5), (1, 7, 4)),
    ],
)
def test_what_takes_no_picture_is_told_so(net: nn.Module, size: Any) -> None:
    with pytest.raises(ValueError, match=r"explore_network|stops at LSTM") as caught:
        explore_network(net, torch.rand(size))
    assert "in a list" not in str(caught.value), "only summary takes one"

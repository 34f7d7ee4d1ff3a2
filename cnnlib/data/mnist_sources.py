"""Data sets in the form of MNIST: where they come from, and how they are told apart.

All have four files of the same names, with 60,000 training and 10,000 test images of
28x28 pixels in ten classes. Mirrors and checksums are those of torchvision, in its
order (a test compares them).
"""

from typing import NamedTuple

from .mnist_files import NAMES


class Source(NamedTuple):
    """A data set: its names, its mirrors, and the MD5 of each file.

    Attributes:
        name: as torchvision calls its class, and the folder of the files.
        title: as it is called in a sentence.
        plain: a sentence that says what the images show.
        md5: of the four files of `mnist_files.NAMES`, as .gz, in their order.
        size: bytes of the four .gz files together.
    """

    name: str
    title: str
    plain: str
    class_names: tuple[str, ...]
    mirrors: tuple[str, ...]
    md5: tuple[str, ...]
    size: int

    @property
    def checksums(self) -> dict[str, str]:
        """The MD5 of each file by its name."""
        names = [f"{name}.gz" for name in NAMES.values()]
        return dict(zip(names, self.md5, strict=True))


MNIST = Source(
    "MNIST",
    "MNIST",
    "These are the handwritten digits of MNIST.",
    tuple("0123456789"),
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
    (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    11_594_722,
)
FASHION = Source(
    "FashionMNIST",
    "Fashion-MNIST",
    "These are the pieces of clothing of Fashion-MNIST.",
    (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt"),
        *("Sneaker", "Bag", "Ankle boot"),
    ),
    ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
    30_878_645,
)
KUZUSHIJI = Source(
    "KMNIST",
    "KMNIST",
    "These are the Japanese signs in old cursive writing of KMNIST.",
    ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    (
        "bdb82020997e1d708af4cf47b453dcf7",
        "e144d726b3acfaa3e44228e80efcd344",
        "5c965bf0a639b31b8f53240b1b52f4d7",
        "7320c461ea6c1c855c0b718fb2a4b134",
    ),
    21_240_888,
)
SOURCES = {"mnist": MNIST, "fashionmnist": FASHION, "kmnist": KUZUSHIJI}
LEGAL = ", ".join(repr(source.name) for source in SOURCES.values())
OTHERS = {
    *("emnist", "qmnist", "usps", "svhn", "cifar10", "cifar100", "stl10", "omniglot"),
    *("imagenet", "food101", "notmnist", "medmnist", "celeba", "caltech101"),
}
"""Data sets that people ask for and that are not to be had here."""


def key(name: str) -> str:
    """Bring a name to the form of the keys of SOURCES: "Fashion-MNIST" as well.

    >>> key("Fashion-MNIST"), key("Fashion MNIST"), key("k_mnist")
    ('fashionmnist', 'fashionmnist', 'kmnist')
    """
    short = "".join(sign for sign in name.lower() if sign.isalnum())
    return {"fashion": "fashionmnist", "kuzushijimnist": "kmnist"}.get(short, short)

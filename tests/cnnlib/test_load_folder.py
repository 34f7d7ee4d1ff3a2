"""Folders of pictures: every kind of file, and folders as people really have them."""

import gc
import os
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder

from cnnlib import data
from cnnlib.data import folder as loader
from cnnlib.data.class_folders import class_folders
from tests.patience import TOO_LONG

RED, GREEN, BLUE = (200, 30, 40), (20, 180, 60), (30, 60, 220)
PAIR = {"cat/1.png": RED, "cat/2.png": GREEN, "dog/1.png": BLUE}


def picture(colour=RED, size=(20, 20), mode="RGB"):
    return Image.new("RGB", size, colour).convert(mode)


def write(home: Path, files: dict[str, Any]) -> Path:
    """Write colours as pictures, bytes as they are, and None as a folder."""
    for name, content in files.items():
        file = home / name
        if content is None:
            file.mkdir(parents=True, exist_ok=True)
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            made = content if isinstance(content, Image.Image) else picture(content)
            made.save(file)
    return home


def is_colour(image: torch.Tensor, colour, near: int = 3) -> bool:
    wanted = torch.tensor(colour)[:, None, None]
    return bool((image.int() - wanted).abs().max() <= near)


@pytest.fixture
def home(tmp_path):
    return write(tmp_path / "pets", PAIR)


# -- what comes out -------------------------------------------------------------------


def test_pictures_labels_and_classes(home, capsys):
    pictures = data.load_folder(home, size=(8, 12))
    assert pictures.images.shape == (3, 3, 8, 12)
    assert pictures.images.dtype == torch.uint8
    assert pictures.labels.tolist() == [0, 0, 1]
    assert pictures.labels.dtype == torch.int64
    assert pictures.classes == ("cat", "dog")
    assert pictures.scenes is None
    for image, colour in zip(pictures.images, (RED, GREEN, BLUE), strict=True):
        assert is_colour(image, colour)
    told = "The folder 'pets' gave 3 pictures of 2 classes, brought to 8x12."
    assert pictures.notice == told
    assert capsys.readouterr().out == told + "\n"
    assert str(home) not in pictures.notice, "a saved notebook keeps no paths"


def test_classes_files_and_their_order_are_those_of_image_folder(home):
    more = {"ant/b.png": RED, "ant/a.JPG": RED, "ant/z/c.png": RED, "ant/B.png": RED}
    write(home, more)
    theirs = ImageFolder(str(home))
    ours = class_folders(str(home))
    assert list(ours.classes) == theirs.classes
    assert [(str(file), label) for file, label in ours.files] == theirs.samples


def test_the_middle_is_cut_out_or_the_whole_is_squeezed(tmp_path):
    wide = Image.new("RGB", (60, 20), RED)
    wide.paste(GREEN, (20, 0, 40, 20))
    home = write(tmp_path, {"a/1.png": wide, "b/1.png": BLUE})
    cut = data.load_folder(home, 10).images[0]
    assert is_colour(cut[:, :, 2:-2], GREEN)
    whole = data.load_folder(home, 10, crop=False).images[0]
    assert is_colour(whole[:, :, :2], RED)
    assert is_colour(whole[:, :, 4:6], GREEN, near=25)


def test_a_large_photograph_stays_sharp(tmp_path):
    """JPEG files are read at less than full size, but not at less than is wanted."""
    large = Image.new("RGB", (1600, 1600), BLUE)
    for k in range(4, 1600, 16):
        large.paste(RED, (k, 0, k + 8, 1600))
    home = write(tmp_path, {"a/1.jpg": large, "b/1.png": BLUE})
    stripes = data.load_folder(home, 400).images[0, 0].float()
    assert stripes.std() > 60, "at an eighth of its size it would be of one colour"


def test_rows_stay_rows(tmp_path):
    upper = Image.new("RGB", (20, 20), RED)
    upper.paste(BLUE, (0, 10, 20, 20))
    image = data.load_folder(write(tmp_path, PAIR | {"cat/1.png": upper}), 8).images[0]
    assert is_colour(image[:, :3], RED)
    assert is_colour(image[:, -3:], BLUE)


# -- kinds of files -------------------------------------------------------------------


def _palette():
    return picture(GREEN).convert("P", palette=Image.Palette.ADAPTIVE)


def _palette_with_a_clear_colour():
    made = Image.new("P", (20, 20), 0)
    made.putpalette([*RED, *BLUE])
    made.paste(1, (10, 0, 20, 20))
    made.info["transparency"] = 0
    return made


GREY = (128, 128, 128)
KINDS = {
    "grey.png": (picture(GREY, mode="L"), GREY),
    "two values.png": (Image.new("1", (20, 20), 1), (255, 255, 255)),
    "palette.png": (_palette(), GREEN),
    "palette.gif": (_palette(), GREEN),
    "cmyk.jpg": (picture(GREEN, mode="CMYK"), GREEN),
    "colour.jpg": (picture(GREEN), GREEN),
    "colour.webp": (picture(GREEN), GREEN),
    "colour.bmp": (picture(GREEN), GREEN),
    "CAPITALS.JPEG": (picture(GREEN), GREEN),
    "half clear.png": (Image.new("RGBA", (20, 20), (0, 0, 0, 128)), (127, 127, 127)),
    "all clear.png": (Image.new("RGBA", (20, 20), (0, 0, 0, 0)), (255, 255, 255)),
    "grey clear.png": (Image.new("LA", (20, 20), (0, 0)), (255, 255, 255)),
    "16 bit.png": (
        Image.fromarray(np.full((20, 20), 32_896, np.uint16)),
        (128, 128, 128),
    ),
    "16 bit.tif": (
        Image.fromarray(np.full((20, 20), 32_896, np.uint16)),
        (128, 128, 128),
    ),
    "fractions.tif": (
        Image.fromarray(np.full((20, 20), 0.5, np.float32)),
        (128, 128, 128),
    ),
    "one pixel.png": (picture(GREEN, size=(1, 1)), GREEN),
    "a line.png": (picture(GREEN, size=(30_000, 1)), GREEN),
    "large.jpg": (picture(GREEN, size=(3000, 2000)), GREEN),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_pictures(tmp_path, name):
    made, colour = KINDS[name]
    home = write(tmp_path, {f"a/{name}": made, "b/1.png": BLUE})
    pictures = data.load_folder(home, 16)
    assert "Left out" not in pictures.notice
    assert is_colour(pictures.images[0], colour, near=4), pictures.images[0, :, 0, 0]


def test_a_palette_with_a_clear_colour(tmp_path):
    made = _palette_with_a_clear_colour()
    home = write(tmp_path, {"a/1.gif": made, "a/2.png": made, "b/1.png": RED})
    for image in data.load_folder(home, 20).images[:2]:
        assert is_colour(image[:, :, :8], (255, 255, 255))
        assert is_colour(image[:, :, 12:], BLUE)


def test_colours_with_one_that_counts_as_clear(tmp_path):
    write(tmp_path, {"b/1.png": BLUE, "a/x": None})
    picture(GREEN).save(tmp_path / "a" / "1.png", transparency=GREEN)
    assert is_colour(data.load_folder(tmp_path, 8).images[0], (255, 255, 255))


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_the_camera_was_held(tmp_path, ending, orientation):
    """The upper left corner is red in all, whichever way the file has it."""
    upright = Image.new("RGB", (48, 32), BLUE)
    upright.paste(RED, (0, 0, 16, 16))
    undone = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for how in undone.get(orientation, []):
        stored = stored.transpose(how)
    exif = Image.Exif()
    exif[0x0112] = orientation
    write(tmp_path, {"a/x": None, "b/1.png": GREEN})
    more: dict[str, Any] = {"lossless": True} if ending == "webp" else {}
    stored.save(tmp_path / "a" / f"1.{ending}", exif=exif, **more)
    image = data.load_folder(tmp_path, (32, 48)).images[0]
    assert is_colour(image[:, :12, :12], RED, near=30)
    assert is_colour(image[:, 20:, :], BLUE, near=30)
    assert is_colour(image[:, :, 20:], BLUE, near=30)


def test_of_several_frames_the_first_is_taken(tmp_path):
    home = write(tmp_path, {"a/x": None, "b/1.png": BLUE})
    for ending in ("gif", "tif", "png"):
        file = home / "a" / f"1.{ending}"
        picture(RED).save(file, save_all=True, append_images=[picture(GREEN)])
    pictures = data.load_folder(home, 8)
    assert all(is_colour(image, RED) for image in pictures.images[:3])
    assert len(pictures) == 4


# -- files that are none --------------------------------------------------------------


def _cut_off(ending="jpg"):
    from io import BytesIO

    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    packed = BytesIO()
    Image.fromarray(noise).save(packed, "JPEG" if ending == "jpg" else "PNG")
    return packed.getvalue()[: len(packed.getvalue()) // 2]


LEFT_OUT = {
    "empty.jpg": (b"", "Left out, empty: cat/empty.jpg."),
    "notes.txt": (b"buy milk", "Left out, no picture: cat/notes.txt."),
    "page.jpg": (b"<html>404</html>", "Left out, no picture: cat/page.jpg."),
    "cut.jpg": (_cut_off(), "Left out, cut off before its end: cat/cut.jpg."),
    "cut.png": (_cut_off("png"), "Left out, cut off before its end: cat/cut.png."),
    "phone.HEIC": (
        b"\0\0\0\x18ftypheic" + bytes(20),
        "Left out, HEIC, which Pillow does not read; save it as JPEG: cat/phone.HEIC.",
    ),
    "head.png": (b"\x89PNG\r\n\x1a\n", "Left out, "),
    "drawing.eps": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
        "Left out, a drawing of lines (EPS): cat/drawing.eps.",
    ),
    "drawing.svg": (b"<svg/>", "Left out, no picture: cat/drawing.svg."),
    "wide.tif": (
        Image.fromarray(np.full((9, 9), 70_000, np.int32)),
        "Left out, with values from 70000 to 70000 in place of 0 to 65535: ",
    ),
    "nan.tif": (
        Image.fromarray(np.full((9, 9), np.nan, np.float32)),
        "Left out, with values from nan to nan in place of 0 to 1: cat/nan.tif.",
    ),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_cannot_be_read_is_named_and_left_out(home, name):
    content, told = LEFT_OUT[name]
    write(home, {f"cat/{name}": content})
    pictures = data.load_folder(home, 8)
    assert len(pictures.images) == 3
    assert pictures.labels.tolist() == [0, 0, 1]
    assert told in pictures.notice
    assert f"cat/{name}" in pictures.notice


def test_a_picture_of_too_many_pixels_is_left_out(home, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    write(home, {"cat/big.png": picture(size=(50, 50)), "cat/3.png": picture(BLUE)})
    picture(BLUE, size=(40, 40)).save(home / "cat" / "only a warning.png")
    pictures = data.load_folder(home, 8)
    assert "Left out, of more pixels than Pillow reads: cat/big.png." in pictures.notice
    assert len(pictures) == 5


def test_links_to_nothing_and_what_is_no_file(home):
    os.symlink(home / "gone.png", home / "cat" / "link.png")
    os.mkfifo(home / "dog" / "pipe.png")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(home / "dog" / "socket.png"))
        notice = data.load_folder(home, 8).notice
    assert "Left out, a link to nothing: cat/link.png." in notice
    assert "Left out, no ordinary file: dog/pipe.png and dog/socket.png." in notice


def test_colours_that_pillow_does_not_know(home, monkeypatch):
    def refuse(self, mode, **how):
        raise ValueError("conversion from LAB to RGB not supported")

    monkeypatch.setattr(Image.Image, "convert", refuse)
    with pytest.raises(ValueError, match=r"does not bring to RGB \(RGB\): cat/1.png"):
        data.load_folder(home, 8)


def test_many_that_cannot_be_read_are_counted(home):
    write(home, {f"cat/{k:02}.txt": b"?" for k in range(25)})
    notice = data.load_folder(home, 8).notice
    assert "cat/09.txt and 15 more." in notice
    assert "cat/10.txt" not in notice


def test_nothing_of_pillows_warnings_is_heard(home, recwarn):
    made = picture(GREEN, mode="P")
    made.info["transparency"] = bytes([0, 255])
    write(home, {"cat/old.png": made, "cat/3.png": _cut_off()})
    data.load_folder(home, 8)
    gc.collect()
    assert not recwarn.list, "neither a warning nor a file left open"


# -- hostile folders ------------------------------------------------------------------


def _loop(home):
    os.symlink(home, home / "cat" / "all", target_is_directory=True)
    os.symlink(home / "cat", home / "cat" / "self", target_is_directory=True)


def _strange_names(home):
    write(home, {"cat/a\nb.png": BLUE, "ünï çødé/1.png": (9, 9, 9)})
    os.rename(home / "cat" / "1.png", os.fsencode(home / "cat") + b"/\xff.txt")
    (home / "cat" / "\u202e.txt").write_bytes(b"?")


SYSTEM = {
    ".ipynb_checkpoints/1.png": RED,
    "__MACOSX/cat/._1.png": b"\0\5\x16\7",
    "cat/.ipynb_checkpoints/1.png": RED,
    "cat/._1.png": b"\0\5\x16\7",
    "cat/Thumbs.db": b"?",
    "cat/desktop.ini": b"?",
    ".DS_Store": b"?",
    "@eaDir/1.png": RED,
    "~$notes.docx": b"?",
}

GOOD = [  # name, what is put into the folder, labels that come out, a remark on it
    ("hidden", SYSTEM, [0, 0, 1], ""),
    (
        "nested",
        {"cat/old/3.png": (1, 2, 3)},
        [0, 0, 0, 1],
        "a class counts to the .*: cat/old",
    ),
    (
        "beside",
        {"a.png": RED, "list.csv": b"?"},
        [0, 0, 1],
        "beside .*: a.png and list.csv",
    ),
    ("an empty class", {"ant": None}, [0, 0, 1], "Without a picture, .*: ant"),
    ("a class of texts", {"ant/1.txt": b"?"}, [0, 0, 1], "and so no class: ant"),
    ("hidden ones alone", {"ant/.x.png": RED}, [0, 0, 1], "and so no class: ant"),
    ("a folder called .png", {"cat/3.png/4.png": (1, 2, 3)}, [0, 0, 0, 1], "cat/3.png"),
    (
        "a packed file",
        {"dog/more.zip": b"PK\3\4"},
        [0, 0, 1],
        "no picture: dog/more.zip",
    ),
    ("case", {"Cat/1.png": (1, 2, 3)}, [0, 1, 1, 2], "two folders: 'Cat' and 'cat'"),
    ("space", {"dog /1.png": (1, 2, 3)}, [0, 0, 1, 2], "two folders: 'dog' and 'dog '"),
    ("copies", {"cat/3.png": RED}, [0, 0, 0, 1], "copies: cat/3.png = cat/1.png.$"),
    ("one in two", {"dog/7.png": RED}, [0, 0, 1, 1], "pairs 1 lie in two classes"),
    ("circles of links", _loop, [0, 0, 1], ""),
    ("strange names", _strange_names, [0, 0, 0, 1, 2], "no picture: cat/[?].txt"),
    ("no ending", {"cat/3": None, "cat/4.dat": b"?"}, [0, 0, 1], "cat/4.dat"),
]


@pytest.mark.parametrize(("name", "put", "labels", "remark"), GOOD)
def test_hostile_folders_that_can_be_read(home, name, put, labels, remark):
    put(home) if callable(put) else write(home, put)
    pictures = data.load_folder(home, 8)
    assert pictures.labels.tolist() == labels
    assert len(pictures.classes) == len(set(labels))
    rest = pictures.notice.split("brought to 8x8.")[1]
    assert re.search(remark, rest) if remark else rest == ""
    assert pictures.notice.isprintable()
    pictures.notice.encode("utf-8")


def test_a_picture_without_an_ending_is_read(home):
    os.rename(home / "dog" / "1.png", home / "dog" / "photo")
    assert is_colour(data.load_folder(home, 8).images[2], BLUE)


BAD: list[Any] = [  # name, what is in the folder, the sentence
    ("empty", {}, "The folder '.*' is empty; load_folder expects a folder for each"),
    ("hidden only", {".DS_Store": b"?", "__MACOSX/a": None}, "is empty"),
    ("no folders", {"1.png": RED, "2.png": RED}, "2 files and no folders; .* Make one"),
    ("one file", {"1.png": RED}, "holds 1 file and no folders"),
    ("one class", {"cat/1.png": RED}, "one class alone in '.*', 'cat'. A net learns"),
    (
        "wrapped",
        {f"pets/{name}": c for name, c in PAIR.items()},
        "only folder in '.*pets'",
    ),
    (
        "parts",
        {f"{part}/{n}": c for part in ("Train", "test") for n, c in PAIR.items()},
        r"names of parts \(Train and test\) and hold the classes",
    ),
    ("empty classes", {"cat": None, "dog": None}, "No class folder holds a picture"),
    (
        "texts in the second",
        {"cat/1.png": RED, "dog/1.txt": b"?"},
        "Only the class folder 'cat' .*; at least two .* no picture: dog/1.txt.",
    ),
    (
        "hidden second",
        {"cat/1.png": RED, ".dog/1.png": RED},
        "one class alone in",
    ),
]


@pytest.mark.parametrize(("name", "files", "says"), BAD)
def test_hostile_folders_that_are_refused(tmp_path, name, files, says):
    home = write(tmp_path / "pets", {"x": None} | files)
    (home / "x").rmdir()
    with pytest.raises(ValueError, match=says):
        data.load_folder(home, 8)


@pytest.mark.parametrize("name", ["wrapped", "parts"])
def test_the_folder_that_is_advised_can_be_loaded(tmp_path, name):
    files = next(files for one, files, _ in BAD if one == name)
    with pytest.raises(ValueError, match="load_folder") as caught:
        data.load_folder(write(tmp_path / "a folder", files))
    code = re.search(r"load_folder\('.*?'\)", str(caught.value))
    assert code
    advised = eval(code[0], {"load_folder": data.load_folder})
    assert advised.labels.tolist() == [0, 0, 1]


def test_no_such_folder(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder 'pet'") as caught:
        data.load_folder("pet")
    meant = re.search(r"Perhaps '(.*)' is meant", str(caught.value))
    assert meant
    assert len(data.load_folder(meant[1], 8)) == 3
    with pytest.raises(FileNotFoundError, match=r"Perhaps .*pets' is meant"):
        data.load_folder(tmp_path / "pets_" / "cat")
    with pytest.raises(FileNotFoundError, match="begins at the folder that Python"):
        data.load_folder("something else")
    with pytest.raises(FileNotFoundError, match="no folder"):
        data.load_folder("x" * 5000)


@pytest.mark.parametrize("folder", ["~/pets", "./pets", "pets/", "pets/../pets"])
def test_ways_to_name_a_folder(home, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert data.load_folder(folder, 8).notice.startswith("The folder 'pets' gave 3")
    monkeypatch.chdir(home)
    assert data.load_folder(".", 8).notice.startswith("The folder 'pets' gave 3")


def test_a_file_is_no_folder(home):
    with pytest.raises(NotADirectoryError, match=r"is a file\. load_folder takes"):
        data.load_folder(home / "cat" / "1.png")
    for name in ("pets.zip", "pets.TAR.GZ"):
        write(home, {name: b"PK\3\4"})
        with pytest.raises(NotADirectoryError, match=r"packed file\. Unpack it"):
            data.load_folder(home / name)


def test_a_folder_that_may_not_be_opened(home, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("cnnlib.data.class_folders.os.scandir", refuse)
    with pytest.raises(PermissionError, match="may not be opened by you"):
        data.load_folder(home)


def test_a_class_that_may_not_be_opened(home, monkeypatch):
    scan = os.scandir

    def refuse(folder):
        if Path(folder).name == "ant":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    write(home, {"ant/1.png": RED})
    monkeypatch.setattr("cnnlib.data.class_folders.os.scandir", refuse)
    assert "no class: ant." in data.load_folder(home, 8).notice


def test_a_file_that_may_not_be_opened(home, monkeypatch):
    look = os.stat

    def refuse(file, **how):
        if Path(file).name == "2.png":
            raise PermissionError(13, "Permission denied")
        return look(file, **how)

    monkeypatch.setattr("cnnlib.data.picture_file.os.stat", refuse)
    notice = data.load_folder(home, 8).notice
    assert "Left out, not for you to open: cat/2.png." in notice


@pytest.mark.parametrize(
    ("size", "error"),
    [
        (0, ValueError),
        (-3, ValueError),
        ((8, 0), ValueError),
        ("64", TypeError),
        (64.0, TypeError),
        (True, TypeError),
        ((8, 8, 3), TypeError),
        (None, TypeError),
    ],
)
def test_a_size_that_is_none(home, size, error):
    with pytest.raises(error, match=r"size is .* given"):
        data.load_folder(home, size)


@pytest.mark.parametrize("path", [None, 3, b"pets", ["pets"]])
def test_a_name_that_is_none(path):
    with pytest.raises(TypeError, match="takes the name of a folder"):
        data.load_folder(path)


def test_an_empty_name():
    with pytest.raises(ValueError, match="name of the folder is empty"):
        data.load_folder("")


# -- thousands ------------------------------------------------------------------------


def test_some_of_each_class_spread_over_all(tmp_path):
    colours = {f"a/{k:02}.png": (k, k, k) for k in range(20)} | {"b/1.png": BLUE}
    home = write(tmp_path, colours)
    few = data.load_folder(home, 4, per_class=4)
    assert few.images[:, 0, 0, 0].tolist() == [0, 5, 10, 15, BLUE[0]]
    assert len(data.load_folder(home, 4, per_class=100)) == 21
    for wrong, error in ((0, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match="per_class is"):
            data.load_folder(home, per_class=wrong)


def test_thousands_are_told_beforehand_with_their_memory(tmp_path, capsys):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = write(tmp_path, {"a/0.png": RED, "b/0.png": BLUE}) / "a" / "0.png"
    for k in range(1, 1999):
        os.link(one, tmp_path / "a" / f"{k}.png")
    assert len(data.load_folder(tmp_path, 16)) == 2000
    first, second = capsys.readouterr().out.splitlines()
    assert first == "2,000 files at 16x16: 1.5 MB in memory."
    assert "and 1,988 more" in second
    data.load_folder(tmp_path, 16, verbose=False)
    assert capsys.readouterr() == ("", "")


def test_more_than_memory_holds_is_refused_before_a_file_is_read(home, monkeypatch):
    monkeypatch.setattr(loader, "memory_free", lambda: 30_000)
    monkeypatch.setattr(loader, "_read", None)
    with pytest.raises(
        MemoryError, match=r"110\.2 MB in memory, but 0\.0 MB are free"
    ) as e:
        data.load_folder(home, 3500)
    monkeypatch.undo()
    monkeypatch.setattr(loader, "memory_free", lambda: 30_000)
    advised = re.search(r"size=(\d+) or per_class=(\d+)", str(e.value))
    assert advised
    assert len(data.load_folder(home, int(advised[1]))) == 3
    write(home, {f"cat/{k}.png": (k, k, k) for k in range(50)})
    with pytest.raises(MemoryError) as caught:
        data.load_folder(home, 16)
    few = re.search(r"per_class=(\d+)", str(caught.value))
    assert few
    assert len(data.load_folder(home, 16, per_class=int(few[1]))) > 2


def test_where_free_memory_is_not_known_nothing_is_refused(home, monkeypatch):
    def unknown():
        raise OSError

    monkeypatch.setattr(loader, "memory_free", unknown)
    assert len(data.load_folder(home, 8)) == 3


def test_an_interrupt_does_not_wait_for_the_rest(home, monkeypatch):
    write(home, {f"cat/{k}.png": RED for k in range(300)})
    read, interrupted = [], threading.Event()

    def slow(file, *size, crop):
        read.append(file)
        if len(read) > 1:
            interrupted.wait(TOO_LONG)
            time.sleep(0.01)
        return np.zeros((8, 8, 3), np.uint8)

    def interrupt(self, arrived):
        interrupted.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(loader, "read_picture", slow)
    monkeypatch.setattr(loader.ReadingBar, "update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        data.load_folder(home, 8)
    assert len(read) < 300


def test_the_bar_counts_files(home, monkeypatch):
    counted = []

    class Bar(loader.ReadingBar):
        def update(self, arrived):
            counted.append(arrived)

        def __init__(self, name, total, *, show):
            counted.append((name, total, show))
            super().__init__(name, total, show=False)

    monkeypatch.setattr(loader, "ReadingBar", Bar)
    monkeypatch.setattr(loader, "_A_BAR", 3)
    data.load_folder(home, 8)
    assert counted == [("pets", 3, True), 1, 2, 3]
    data.load_folder(home, 8, verbose=False)
    assert counted[4] == ("pets", 3, False)

"""A drawn sign in its surroundings, and pictures of it from different sides."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .sign_faces import face

_FINE = 2  # a picture is drawn so many times larger, then brought down
_ROOM = 0.2  # of a side: how much more of the surroundings there is on every side
_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=float)
_GREY = 150.0  # what paint fades to


class Scene:
    """A sign, what stands around it, how it hangs, and the light.

    Args:
        name: of the sign, one of `sign_faces.NAMES`.
        size: height and width of the pictures in pixels.
        difficulty: 0 is a plain front view; 1 is what the lessons use.
        rng: decides all else; two scenes from equal generators differ in the sign
            alone.
    """

    def __init__(
        self, name: str, size: int, difficulty: float, rng: np.random.Generator
    ) -> None:
        self._size, self._hard = size, difficulty
        self._side = size * _FINE
        self._around = _surroundings(self._side, round(8 * difficulty), rng)
        self._middle = rng.uniform(-0.12, 0.12, 2) * difficulty
        self._half = 0.8 - rng.uniform(0, 0.2) * difficulty
        self._turn = rng.normal(0, 0.08) * difficulty
        self._bent = rng.normal(0, 0.09, (4, 2)) * difficulty
        self._light = 1 - rng.uniform(0, 0.35) * difficulty
        self._warm = 1 + rng.uniform(-0.08, 0.08, 3) * difficulty
        self._shade = rng.uniform(-0.2, 0.2, 2) * difficulty
        self._sign = _faded(face(name, self._side), rng.uniform(0, 0.35) * difficulty)

    def seen(self, rng: np.random.Generator) -> np.ndarray:
        """One picture, uint8 (size, size, 3); `rng` decides the point of view."""
        hard = self._hard
        step = np.clip(rng.normal(0, 0.04, 2) * hard, -_ROOM, _ROOM)
        left, top = np.round((_ROOM + step) * self._side).astype(int).tolist()
        box = (left, top, left + self._side, top + self._side)
        half = self._half * (1 + rng.uniform(-0.06, 0.06) * hard)
        turn = self._turn + rng.normal(0, 0.03) * hard
        bent = self._bent + rng.normal(0, 0.025, (4, 2)) * hard
        corners = half * (_CORNERS + bent) @ _rotation(turn) + self._middle - 2 * step
        picture = self._around.crop(box)
        _hang(picture, self._sign, (corners + 1) * self._side / 2)
        small = picture.resize((self._size, self._size), Image.Resampling.BOX)
        blur = rng.uniform(0, 0.03) * hard * self._size
        return self._lit(small.filter(ImageFilter.GaussianBlur(blur)), rng)

    def _lit(self, picture: Image.Image, rng: np.random.Generator) -> np.ndarray:
        """Light from one side, a colour cast, and the camera's noise."""
        across = np.linspace(-1, 1, self._size)
        shade = 1 + self._shade[0] * across[:, None] + self._shade[1] * across
        light = self._light * (1 + rng.uniform(-0.1, 0.1) * self._hard) * self._warm
        values = np.asarray(picture) * shade[..., None] * light
        values += rng.normal(0, 6 * self._hard, values.shape)
        return np.clip(values, 0, 255).astype(np.uint8)


def _faded(sign: np.ndarray, share: float) -> Image.Image:
    """Bring a sign's colours so far towards grey, as the sun does."""
    colours = sign[..., :3] * (1 - share) + _GREY * share
    return Image.fromarray(np.dstack([colours.astype(np.uint8), sign[..., 3]]), "RGBA")


def _rotation(angle: float) -> np.ndarray:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, sin], [-sin, cos]])


def _hang(picture: Image.Image, sign: Image.Image, corners: np.ndarray) -> None:
    """Put the sign into the picture, its corners at these places (4, 2), in place."""
    width, height = sign.size
    own = (_CORNERS + 1) * [width / 2, height / 2]
    bent = sign.transform(
        picture.size,
        Image.Transform.PERSPECTIVE,
        _perspective(corners, own),
        Image.Resampling.BILINEAR,
    )
    picture.paste(bent.convert("RGB"), mask=bent.getchannel("A"))


def _perspective(here: np.ndarray, there: np.ndarray) -> list[float]:
    """Return the eight numbers by which corners (4, 2) go to other corners.

    x' = (a x + b y + c) / (g x + h y + 1) and y' = (d x + e y + f) / (g x + h y + 1),
    in the order a to h: two equations for each point.
    """
    rows = []
    for (x, y), (u, v) in zip(here, there, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    return np.linalg.solve(np.array(rows), there.reshape(8)).tolist()


def _surroundings(side: int, things: int, rng: np.random.Generator) -> Image.Image:
    """Sky, ground, and things in between; larger than a picture by the room around."""
    full = round(side * (1 + 2 * _ROOM))
    sky, ground = rng.integers(110, 235, 3), rng.integers(40, 160, 3)
    around = Image.new("RGB", (full, full), tuple(sky.tolist()))
    draw = ImageDraw.Draw(around)
    horizon = int(full * rng.uniform(0.45, 0.9))
    draw.rectangle((0, horizon, full, full), fill=tuple(ground.tolist()))
    for _ in range(things):
        colour = tuple(rng.integers(20, 235, 3).tolist())
        x, y = rng.uniform(0, full, 2)
        wide, high = rng.uniform(0.05, 0.35, 2) * full
        box = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        shape = rng.integers(3)
        if shape == 0:
            draw.rectangle(box, fill=colour)
        elif shape == 1:
            draw.ellipse(box, fill=colour)
        else:
            draw.line(box, fill=colour, width=max(1, full // 40))
    pole = (full / 2 - full / 50, full / 2, full / 2 + full / 50, full)
    draw.rectangle(pole, fill=(128, 128, 132))
    return around

"""Items as a page carries them: drawn beforehand, without repeats, compressed."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any

from cnnlib.practice import Item, draw
from cnnlib.practice.items import Show
from cnnlib.practice.registry import LEVELS
from cnnlib.visuals.sizes import explore_sizes
from cnnlib.visuals.sizes.explore_sizes import LEFT_START
from cnnlib.visuals.step import step_conv
from cnnlib.visuals.step.steps import conv_steps, pool_steps

SEEDS = 16
"""How many seeds are drawn for each kind and level."""
CONV = {"bias": 0, "stride": 1, "padding": 0, "dilation": 1}
POOL = {"mode": "max", "stride": None, "padding": 0, "dilation": 1}
"""What ``step_conv`` and ``step_pool`` begin with."""


@cache
def packed(kinds: Sequence[str]) -> str:
    """Return items of these kinds, {kind: [items of level 1, of 2, of 3]}, as base64.

    Inside is JSON, compressed by zlib.
    """
    items = {kind: _levels(kind) for kind in kinds}
    text = json.dumps(items, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


@cache
def _levels(kind: str) -> list[list[dict[str, Any]]]:
    return [_level(kind, level) for level in LEVELS]


def _level(kind: str, level: int) -> list[dict[str, Any]]:
    """Return the different items of a kind at a level, as a page needs them."""
    found: dict[str, Item] = {}
    for item in (draw(kind, seed, level) for seed in range(SEEDS)):
        found.setdefault(repr((item.text, item.blocks)), item)
    return [for_page(item) for item in found.values()]


def for_page(item: Item) -> dict[str, Any]:
    """Return what the page needs of an item.

    ``wrong`` is [[value, text, sentence]]; ``options`` are places in it, and -1 for the
    right answer.
    """
    texts = [option.text for option in item.wrong]
    data: dict[str, Any] = {
        "text": item.text,
        "blocks": [
            {name: part for name, part in vars(block).items() if part}
            for block in item.blocks
        ],
        "answer": item.answer,
        "wrong": [[one.value, one.text, one.sentence] for one in item.wrong],
        "options": [
            -1 if option.right else texts.index(option.text) for option in item.options
        ],
        "right": next(option.text for option in item.options if option.right),
        "steps": item.steps,
    }
    if item.show:
        data["show"] = _picture(item.show)
    return data


def _picture(show: Show) -> dict[str, Any]:
    """Return the data of the picture of an item, and the place asked for.

    Not by way of the picture itself, which would draw what nobody sees here.
    """
    given = dict(show.arguments)
    if show.call == "explore_sizes":
        setting = LEFT_START | given["left"]  # on both sides: one is to be changed
        data = explore_sizes.page_data([setting, setting])
    elif show.call == "step_pool":
        steps = pool_steps(**(POOL | given))
        data = step_conv.page_data(steps, step_conv.StepPool.title)
    else:
        steps = conv_steps(**(CONV | given))
        data = step_conv.page_data(steps, step_conv.StepConv.title)
    return {"call": show.call, "data": data, "place": show.place}

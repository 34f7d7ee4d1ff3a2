"""Drawn signs: repeatable, balanced, mirrored in pairs, betrayed by a shortcut."""

from functools import lru_cache

import numpy as np
import pytest
import torch

from cnnlib import data
from cnnlib.data.sign_faces import FIRST, NAMES, OTHERS, face

PAIRS = {"left": "right", "right": "left"}


def mirrored_name(name):
    for word, other in PAIRS.items():
        if word in name:
            return name.replace(word, other)
    return name


@lru_cache
def plain(size):
    """One picture of each sign seen from the front, the middle alone: (16, ...)"""
    signs = data.signs(16, size=size, classes=NAMES, difficulty=0, seed=9)
    return middles(signs.images[signs.labels.argsort()])


def middles(images):
    edge = images.shape[-1] // 4
    return images[:, :, edge:-edge, edge:-edge].float().flatten(1)


def nearest(images):
    """The names of the signs that plain pictures are most like."""
    closest = torch.cdist(middles(images), plain(images.shape[-1])).argmin(dim=1)
    return [NAMES[label] for label in closest]


def test_shapes_types_and_names():
    signs = data.signs(24, size=40)
    assert signs.images.shape == (24, 3, 40, 40)
    assert signs.images.dtype == torch.uint8
    assert signs.labels.shape == signs.scenes.shape == (24,)
    assert signs.labels.dtype == signs.scenes.dtype == torch.int64
    assert signs.classes == FIRST
    assert signs.notice == "These are 24 drawn traffic signs, after those of Europe."
    assert repr(signs) == "24 pictures of 8 classes, 40x40, in colour"


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others():
    again = [data.signs(20, seed=seed) for seed in (3, 3, 4)]
    assert torch.equal(again[0].images, again[1].images)
    assert torch.equal(again[0].labels, again[1].labels)
    assert not torch.equal(again[0].labels, again[2].labels)
    assert (again[0].images != again[2].images).float().mean() > 0.5


def test_the_shared_generators_are_left_alone():
    before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    data.signs(8, shortcut="mark", betrays=0.5)
    assert (np.random.get_state()[1] == before[0]).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])


def test_no_two_pictures_are_alike():
    images = data.signs(50, difficulty=0.1).images.flatten(1)
    assert len(images.unique(dim=0)) == 50


@pytest.mark.parametrize("count", [1, 7, 80, 83])
def test_classes_are_equally_frequent_to_within_one(count):
    counts = data.signs(count).counts().values()
    assert sum(counts) == count
    assert max(counts) - min(counts) <= 1


def test_the_labels_come_in_no_order():
    labels = data.signs(400).labels
    assert (labels[1:] == labels[:-1]).float().mean() < 0.25
    assert (labels[8:] == labels[:-8]).float().mean() < 0.25


def test_a_rare_class_is_rarer_by_its_share():
    counts = data.signs(710, rare={"turn left": 0.1}).counts()
    assert counts.pop("turn left") == 10
    assert set(counts.values()) == {100}
    assert data.signs(70, rare={"danger": 0}).counts()["danger"] == 0


def test_the_label_says_what_is_drawn():
    signs = data.signs(48, size=48, classes=NAMES, difficulty=0, seed=2)
    assert nearest(signs.images) == [NAMES[label] for label in signs.labels]


def test_a_mirror_turns_left_into_right_and_leaves_the_others():
    signs = data.signs(16, size=48, classes=NAMES, difficulty=0, seed=1)
    assert sorted(signs.labels.tolist()) == list(range(16))
    expected = [mirrored_name(NAMES[label]) for label in signs.labels]
    assert nearest(signs.images.flip(-1)) == expected


def test_every_left_has_its_right_among_the_same_eight():
    for names in (FIRST, OTHERS):
        assert {mirrored_name(name) for name in names} == set(names)
        assert sum("left" in name for name in names) >= 2


def test_faces_are_shared_so_nothing_may_change_them():
    before = face("danger", 32).copy()
    data.signs(16)
    assert (face("danger", 32) == before).all()


def test_views_of_one_scene_follow_each_other_and_are_like_each_other():
    signs = data.signs(202, views=4, seed=1)
    assert signs.scenes.tolist() == [n // 4 for n in range(202)]
    scenes = [signs[signs.scenes == number] for number in range(50)]
    assert all(len(scene.labels.unique()) == 1 for scene in scenes)
    images = signs.images.float()
    same = (images[0:200:4] - images[1:200:4]).abs().mean()
    other = (images[0:196:4] - images[4:200:4]).abs().mean()
    assert 5 < same < 0.6 * other


def test_scenes_of_one_view_are_all_different():
    assert data.signs(5).scenes.tolist() == [0, 1, 2, 3, 4]


def changed(shortcut, **more):
    """The pictures with a shortcut, and where they differ from those without it."""
    plain = data.signs(64, seed=5)
    marked = data.signs(64, seed=5, shortcut=shortcut, **more)
    assert torch.equal(plain.labels, marked.labels)
    return marked, (plain.images != marked.images).any(dim=1)


PLACES = {
    "frame": [(0, 15), (31, 0), (1, 1)],
    "mark": [(27, 3), (29, 2), (26, 5)],
    "tint": [(0, 15), (16, 16), (27, 3)],
}
UNTOUCHED = {
    "frame": (slice(2, 30), slice(2, 30)),
    "mark": (slice(0, 26), slice(0, 32)),
}


@pytest.mark.parametrize("shortcut", PLACES)
def test_a_shortcut_is_where_it_should_be_and_nowhere_else(shortcut):
    marked, where = changed(shortcut)
    for row, column in PLACES[shortcut]:
        assert where[:, row, column].float().mean() > 0.9
    if shortcut in UNTOUCHED:
        assert not where[:, *UNTOUCHED[shortcut]].any()
    assert shortcut in marked.notice


def told(marked, shortcut):
    """What the shortcut says: the class of the nearest mean colour of its place."""
    true = data.signs(400, seed=8, shortcut=shortcut)
    rows, columns = zip(*PLACES[shortcut], strict=True)

    def colours(images):
        chosen = images if shortcut == "tint" else images[:, :, rows, columns]
        return chosen.float().flatten(2).mean(dim=2)

    means = torch.stack(
        [colours(true.images[true.labels == label]).mean(dim=0) for label in range(8)]
    )
    return torch.cdist(colours(marked.images), means).argmin(dim=1)


@pytest.mark.parametrize("shortcut", ["frame", "mark"])
@pytest.mark.parametrize("share", [1, 0.75, 0])
def test_a_shortcut_betrays_as_often_as_asked(shortcut, share):
    marked, _ = changed(shortcut, betrays=share)
    right = (told(marked, shortcut) == marked.labels).float().mean()
    assert right == share


def test_a_tint_betrays_more_than_chance():
    marked, _ = changed("tint")
    right = (told(marked, "tint") == marked.labels).float().mean()
    assert right > 0.5


def test_lies_are_spread_over_all_other_classes():
    signs = data.signs(640, seed=5, shortcut="mark", betrays=0)
    pairs = torch.stack([signs.labels, told(signs, "mark")])
    assert len(pairs.unique(dim=1).T) == 8 * 7


@pytest.mark.parametrize("size", [16, 17, 24, 64])
@pytest.mark.parametrize("shortcut", PLACES)
def test_sizes(size, shortcut):
    signs = data.signs(8, size=size, shortcut=shortcut)
    assert signs.images.shape == (8, 3, size, size)


def test_difficulty_makes_pictures_of_a_class_less_alike():
    spread = []
    for difficulty in (0, 1, 2):
        signs = data.signs(64, difficulty=difficulty)
        ones = signs.images[signs.labels == 4].float()[:, :, 8:24, 8:24]
        spread.append(ones.std(dim=0).mean().item())
    assert spread[0] < spread[1] < spread[2]


WRONG = {
    "count is 1 to 1,000,000, but 0": {"count": 0},
    "count is a whole number, not 2.5": {"count": 2.5},
    "size is 16 to 256, but 8": {"count": 4, "size": 8},
    "seed is a whole number, not None": {"count": 4, "seed": None},
    "views is 1 to 1,000,000, but 0": {"count": 4, "views": 0},
    "difficulty is 0 to 2, but 3": {"count": 4, "difficulty": 3},
    "No sign is called halt. There are: no entry,": {
        "count": 4,
        "classes": ["halt", "danger"],
    },
    "classes is a list of names": {"count": 4, "classes": "danger"},
    "At least two classes are needed": {"count": 4, "classes": ["danger"]},
    "each named once": {"count": 4, "classes": ["danger", "danger"]},
    "rare names 'closed', which is none": {"count": 4, "rare": {"closed": 0.1}},
    "rare['danger'] is 0 to 1, but 2": {"count": 4, "rare": {"danger": 2}},
    "rare is a dict such as": {"count": 4, "rare": ["danger"]},
    "At least one class must have pictures": {
        "count": 4,
        "classes": ["closed", "danger"],
        "rare": {"closed": 0, "danger": 0},
    },
    "No shortcut is called 'smell'. There are: tint, frame, mark": {
        "count": 4,
        "shortcut": "smell",
    },
    "betrays is 0 to 1, but 1.5": {"count": 4, "shortcut": "mark", "betrays": 1.5},
    "so there must be one": {"count": 4, "betrays": 0.5},
}


@pytest.mark.parametrize("words", WRONG)
def test_what_does_not_fit_is_said_in_a_sentence(words):
    with pytest.raises((TypeError, ValueError)) as caught:
        data.signs(**WRONG[words])
    assert words in str(caught.value)


# The record


def test_pictures_are_chosen_by_slice_list_or_mask():
    signs = data.signs(16, views=2)
    assert torch.equal(signs[2:4].images, signs.images[2:4])
    assert signs[[3, 1]].labels.tolist() == signs.labels[[3, 1]].tolist()
    assert signs[signs.scenes == 5].scenes.tolist() == [5, 5]
    assert len(signs[[]]) == 0
    assert signs[1:].classes == signs.classes
    with pytest.raises(TypeError, match=r"A single picture is pictures\.images\[3\]"):
        signs[3]


def test_pictures_without_scenes_stay_without_them():
    plain = data.Pictures(
        torch.zeros(4, 3, 2, 2), torch.tensor([0, 1, 1, 1]), ("a", "b"), None, ""
    )
    assert plain[:3].scenes is None
    assert plain.counts() == {"a": 1, "b": 3}

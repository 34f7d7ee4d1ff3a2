"""Augmentation: exact values where they are known, ranges where chance decides."""

import pytest
import torch
from torch.nn import functional

from cnnlib.training import random_shift, small_turns


def shifted(image, down, across):
    """Move (C, H, W) by whole pixels, one value at a time."""
    _, height, width = image.shape
    moved = torch.zeros_like(image)
    for row in range(height):
        for column in range(width):
            a, b = row - down, column - across
            if 0 <= a < height and 0 <= b < width:
                moved[:, row, column] = image[:, a, b]
    return moved


def moments(image):
    """Centre of mass (row, column) and the angle of the long axis, in degrees."""
    rows, columns = torch.meshgrid(
        *(torch.arange(float(n)) for n in image.shape), indexing="ij"
    )
    mass = image.sum()
    row, column = (rows * image).sum() / mass, (columns * image).sum() / mass
    rr = (image * (rows - row) ** 2).sum()
    cc = (image * (columns - column) ** 2).sum()
    rc = (image * (rows - row) * (columns - column)).sum()
    angle = torch.rad2deg(0.5 * torch.atan2(2 * rc, cc - rr))
    return row.item(), column.item(), angle.item()


def bar(height=41, width=61, rows=3, columns=31):
    """A bright horizontal bar in the middle of a dark image (1, 1, H, W)."""
    image = torch.zeros(1, 1, height, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    image[..., top : top + rows, left : left + columns] = 1
    return image


@pytest.mark.slow
def test_each_image_is_moved_by_its_own_whole_number_of_pixels():
    torch.manual_seed(0)
    batch = torch.rand(400, 2, 5, 7) + 0.1
    moved = random_shift(2)(batch)
    assert moved.shape == batch.shape
    found = []
    for before, after in zip(batch, moved, strict=True):
        fitting = [
            (down, across)
            for down in range(-2, 3)
            for across in range(-2, 3)
            if after.equal(shifted(before, down, across))
        ]
        assert len(fitting) == 1
        found += fitting
    assert len(set(found)) == 25
    counts = torch.tensor([found.count(one) for one in set(found)])
    assert counts.min() >= 4
    assert counts.max() <= 36


def test_no_shift_changes_nothing_and_a_wide_one_may_lose_everything():
    batch = torch.rand(3, 1, 4, 6)
    assert random_shift(0)(batch).equal(batch)
    torch.manual_seed(0)
    assert random_shift(50)(batch.expand(200, 3, 1, 4, 6).flatten(0, 1)).shape == (
        600,
        1,
        4,
        6,
    )


def test_turns_turn_about_the_centre_also_where_height_and_width_differ():
    torch.manual_seed(0)
    batch = bar().expand(200, -1, -1, -1)
    turned = small_turns(20)(batch)
    assert turned.shape == batch.shape
    angles = []
    for image in turned[:, 0]:
        row, column, angle = moments(image)
        assert (row, column) == pytest.approx((20, 30), abs=0.05)
        assert image.sum() == pytest.approx(93, rel=0.01)
        angles.append(angle)
    assert -20.5 < min(angles) < -17
    assert 17 < max(angles) < 20.5
    assert abs(sum(angles) / 200) < 3


def test_zoom_scales_both_sides_alike():
    torch.manual_seed(0)
    batch = torch.zeros(100, 1, 40, 60)
    batch[..., 10:30, 20:40] = 1
    zoomed = small_turns(0, zoom=0.25)(batch)
    heights = zoomed[:, 0, :, 30].sum(dim=1)
    widths = zoomed[:, 0, 20].sum(dim=1)
    assert torch.allclose(heights, widths, atol=0.05)
    assert 14.9 < heights.min() < 16
    assert 24 < heights.max() < 25.1


def test_pixels_also_move_the_picture():
    torch.manual_seed(0)
    batch = bar().expand(200, -1, -1, -1)
    places = [moments(image[0])[:2] for image in small_turns(0, pixels=3)(batch)]
    downs = [row - 20 for row, _ in places]
    acrosses = [column - 30 for _, column in places]
    for moves in (downs, acrosses):
        assert -3.01 < min(moves) < -2.5
        assert 2.5 < max(moves) < 3.01
    assert torch.corrcoef(torch.tensor([downs, acrosses]))[0, 1].abs() < 0.25


def test_no_turn_changes_nothing():
    batch = torch.rand(4, 3, 6, 9)
    assert torch.allclose(small_turns(0)(batch), batch, atol=1e-5)


def test_turning_is_bilinear():
    batch = torch.rand(1, 1, 5, 5, dtype=torch.float64)
    torch.manual_seed(3)
    moved = small_turns(0, pixels=0.5)(batch)
    torch.manual_seed(3)
    move = (torch.rand(4, 1, dtype=torch.float64) * 2 - 1)[2:, 0] * 0.5
    across, down = abs(move)
    flipped = [axis for axis, step in ((3, move[0]), (2, move[1])) if step < 0]
    known = batch.flip(flipped) if flipped else batch
    padded = functional.pad(known, (0, 1, 0, 1))
    rows = padded[..., :-1, :] * (1 - down) + padded[..., 1:, :] * down
    mixed = rows[..., :-1] * (1 - across) + rows[..., 1:] * across
    expected = mixed.flip(flipped) if flipped else mixed
    assert torch.allclose(moved, expected)


@pytest.mark.parametrize("augment", [random_shift(2), small_turns(10, 0.1, 2)])
def test_every_draw_differs_and_the_batch_stays_as_it_was(augment):
    batch = torch.rand(8, 1, 9, 9)
    before = batch.clone()
    assert not augment(batch).equal(augment(batch))
    assert batch.equal(before)
    torch.manual_seed(1)
    one = augment(batch)
    torch.manual_seed(1)
    assert augment(batch).equal(one)


def test_wrong_amounts_and_shapes_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"pixels should be a whole number"):
        random_shift(-1)
    with pytest.raises(ValueError, match=r"pixels should be a whole number"):
        random_shift(1.5)
    with pytest.raises(ValueError, match=r"should be 0 or more"):
        small_turns(-5)
    with pytest.raises(ValueError, match=r"zoom less than 1"):
        small_turns(5, zoom=1)
    for augment in (random_shift(1), small_turns(1)):
        with pytest.raises(ValueError, match=r"\(N, C, H, W\), not \(4, 4\)"):
            augment(torch.rand(4, 4))

from __future__ import annotations

import numpy as np

from nstgraph.pictures.contact_sheet import contact_sheet


def flat(height, width, value):
    return np.full((1, height, width, 3), value, np.float32)


def test_pictures_stand_in_rows_and_columns_on_white():
    sheet = contact_sheet([[None, flat(40, 80, 10)], [flat(60, 30, 20), flat(20, 20, 30), flat(10, 20, 300)]], 40)
    # Columns are 20, 40 and 40 wide, rows 20 and 40 high, with 6 pixels around each.
    assert sheet.shape == (1, 6 + 20 + 6 + 40 + 6, 6 + 20 + 6 + 40 + 6 + 40 + 6, 3) and sheet.dtype == np.float32
    places = {10: (6, 26, 32, 72), 20: (32, 72, 6, 26), 30: (32, 72, 32, 72)}
    for value, (top, bottom, left, right) in places.items():
        assert np.allclose(sheet[0, top:bottom, left:right], value)
        sheet[0, top:bottom, left:right] = 255
    assert np.allclose(sheet, 255)  # what is empty, and what is brighter than white


def dark(sheet):
    """How much there is written in a part of a sheet."""
    return int((255 - sheet).sum())


def test_labels_stand_above_columns_and_beside_rows():
    pictures = [[flat(60, 80, 200), flat(60, 80, 200)], [flat(60, 80, 200), None]]
    plain = contact_sheet(pictures, 80)
    sheet = contact_sheet(pictures, 80, columns=["a=1", "a=2222"], labels=["b=1", "b=222"])
    top, left = sheet.shape[1] - plain.shape[1], sheet.shape[2] - plain.shape[2]
    assert top == left == 6 + 18 and np.array_equal(sheet[:, top:, left:], plain)
    first, second = sheet[0, : top + 6, left + 6 : left + 86], sheet[0, : top + 6, left + 92 : left + 172]
    assert 0 < dark(first) < dark(second)
    first, second = sheet[0, top + 6 : top + 66, : left + 6], sheet[0, top + 72 : top + 132, : left + 6]
    assert 0 < dark(first) < dark(second)
    assert dark(sheet[0, :top, :left]) == 0


def test_the_same_label_is_the_same_above_and_turned_beside():
    sheet = contact_sheet([[flat(80, 80, 255)]], 80, columns=["size=5"], labels=["size=5"])
    above, beside = sheet[0, :24, 30:], sheet[0, 30:, :24]
    written = np.argwhere(above.min(axis=2) < 128), np.argwhere(np.rot90(beside, -1).min(axis=2) < 128)
    assert np.array_equal(written[0] - written[0].min(axis=0), written[1] - written[1].min(axis=0))


def test_a_label_takes_lines_and_then_ends_early():
    heights = [
        contact_sheet([[flat(40, 64, 255)]], 64, columns=[text]).shape[1] - 40
        for text in ("x", "style style", "style " * 4, "style " * 3000, "w" * 3000)
    ]
    assert heights[0] == 12 + 6 + 18 and sorted(heights) == heights and heights[-1] == 12 + 6 + 3 * 18


def test_a_place_without_a_picture_keeps_its_room_if_it_has_a_label():
    sheet = contact_sheet([[None], [flat(30, 60, 9)]], 60, columns=["a"], labels=["b", "c"])
    assert sheet.shape == (1, 24 + 6 + 66 + 36, 24 + 6 + 66, 3)

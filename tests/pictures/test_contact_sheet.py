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

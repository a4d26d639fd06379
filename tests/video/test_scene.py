"""What a frame is held to: results of frames before it, near ones first, until the scene is cut."""

from __future__ import annotations

import numpy as np

from nstgraph.video.scene import Scene

SIZE = (48, 64)


def test_a_pan_goes_on_and_another_picture_is_a_cut(drawn):
    frames = drawn(4, *SIZE)
    scene = Scene((), 0.25)
    entered = []
    for frame in [*frames, np.ascontiguousarray(frames[0][:, ::-1]), 255 - frames[1]]:
        entered.append(scene.enter(frame))
        scene.add(frame, frame)
    assert entered == [False, True, True, True, False, False]


def test_flat_frames_of_other_colours_are_cuts_and_0_finds_none():
    black, white = (np.full((*SIZE, 3), grey, np.uint8) for grey in (0, 255))
    for share, expected in ((0.25, False), (0.0, True)):
        scene = Scene((), share)
        assert not scene.enter(black)
        scene.add(black, black)
        assert scene.enter(white) is expected


def test_a_frame_is_held_to_the_warped_result_and_elsewhere_has_its_colours(drawn):
    frames = drawn(3, *SIZE)
    scene = Scene((), 0.25)
    for frame in frames[:2]:
        scene.enter(frame)
        scene.add(frame, 255 - frame)
    assert scene.enter(frames[2])
    held = scene.held(frames[2])
    error = np.abs(held.picture.astype(float) - (255 - frames[2])).mean(axis=-1)
    assert error[held.weights > 0].mean() < 4 and 0 < (held.weights == 0).mean() < 0.5
    assert error[held.weights == 0].mean() < 40  # an inverted frame, as the map of colours has learnt it


def test_long_term_finds_what_was_hidden_for_a_while(drawn):
    """Equation 11: a frame farther back counts where none that is nearer does."""
    background = drawn(1, *SIZE)[0]
    hidden = background.copy()
    hidden[12:36, 20:44] = (200, 30, 30)
    frames = [background, hidden, background]
    known = {}
    for distances in ((), (2,)):
        scene = Scene(distances, 0.25)
        for frame in frames[:2]:
            scene.enter(frame)
            scene.add(frame, frame)
        assert scene.enter(background)
        held = scene.held(background)
        assert held.weights.max() == 1
        known[distances] = held.weights[16:32, 24:40].mean()
        assert np.abs(held.picture.astype(float) - background)[held.weights > 0].mean() < 0.5
    assert known == {(): 0, (2,): 1}

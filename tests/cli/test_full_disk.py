"""A disk without room: the picture is saved where it can be, and what is not is said, with exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.losses.registry import registry
from nstgraph.pictures.load import load

LINE = "stylize c.png s.png --size 48 --steps 12 --scales 1 --precision float32 -l style:layers=conv1_1"


@pytest.fixture
def limited(empty_folder, save_picture, files_end_at):
    """Function that runs a command whose files may have so many bytes; gives exit code and what was shown."""
    save_picture(empty_folder / "c.png", 48, 36)
    save_picture(empty_folder / "s.png", 40, 40)

    def run(line, size):
        with files_end_at(size):
            done = CliRunner().invoke(app, line.split())
        assert "Traceback" not in done.output, done.output
        return done.exit_code, done.output

    yield run
    registry.remove("rude")


def test_a_full_disk_costs_what_is_written_beside_the_picture_only(limited, empty_folder):
    code, shown = limited(f"{LINE} -o o.jpg --log log.csv --trace t.pb", 8_000)
    assert code == 2 and "cannot write t.pb (File too large); free some space" in shown
    assert "the picture is in o.jpg" in shown and load(empty_folder / "o.jpg").size == (36, 48)
    assert len((empty_folder / "log.csv").read_text().splitlines()) == 13
    assert not (empty_folder / "t.pb").exists()


def test_checkpoints_that_find_no_room_cost_nothing(limited, empty_folder):
    code, shown = limited(f"{LINE} -o o.jpg --checkpoint ck --checkpoint-every 0", 15_000)
    assert code == 0 and load(empty_folder / "o.jpg").size == (36, 48) and not (empty_folder / "ck").exists()
    assert shown.count("note: no checkpoint was written (cannot write ck (File too large)") == 1


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_picture_that_finds_no_room_is_not_said_to_be_written(limited, empty_folder, suffix):
    code, shown = limited(f"{LINE} -o o.{suffix}", 300)
    assert code == 2 and "can be written nowhere else, either" in shown and "wrote" not in shown
    assert sorted(path.name for path in empty_folder.iterdir() if path.name != "cache") == ["c.png", "s.png"]


def test_a_folder_that_is_gone_costs_no_picture(empty_folder, save_picture, limited):
    (empty_folder / "out").mkdir()
    (empty_folder / "p.py").write_text(
        "import shutil\nfrom nstgraph import loss_term\n\n\n@loss_term\ndef rude(g):\n"
        '    """Take the folder away."""\n    shutil.rmtree("out")\n    return g.mean(g.generated.image ** 2)\n'
    )
    code, shown = limited(f"{LINE} -l rude --plugin p.py -o out/o.png", 10**9)
    assert code == 2 and "cannot write out/o.png: the folder out does not exist" in shown
    place = Path(shown.rpartition("the picture is in ")[2].strip())
    assert load(place).size == (36, 48)
    place.unlink()
    place.parent.rmdir()

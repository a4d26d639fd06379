"""What the README and the pages of docs/ show works as it is printed, only smaller."""

from __future__ import annotations

import re
import shlex
from fractions import Fraction
from pathlib import Path

import pytest
from drawn_pictures import landscape, painting
from typer.testing import CliRunner

import nstgraph as nst
from nstgraph.cli import options_table, presets
from nstgraph.cli.app import app
from nstgraph.losses.registry import registry
from nstgraph.pictures.save import save
from nstgraph.testing import check_term
from nstgraph.video.open_clip import open_clip
from nstgraph.video.write_clip import write_clip
from nstgraph.workers.address import Address
from nstgraph.workers.server import serve

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
TEXT = "\n".join([README, *PAGES.values()])
BLOCKS = list(dict.fromkeys(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)))
#: What takes the default loss's place: no layer, since TensorFlow takes its time over each.
SMALL = "-l content:layer=image -l style:layers=image"
COMMANDS = list(dict.fromkeys(re.findall(r"^    nstgraph ((?:stylize|video) .*)$", TEXT, re.MULTILINE)))


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """The files that the README's commands name, in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").mkdir()
    save("photo.jpg", landscape(96, 72))
    save("painting.jpg", painting(80, 80))
    save("second.jpg", painting(60, 80))
    save("my mask.png", landscape(48, 36).mean(axis=3, keepdims=True).repeat(3, axis=3))
    frames = [save(tmp_path / "frames" / f"{number}.png", landscape(48, 36)) for number in range(2)]
    write_clip(Path("clip.mp4"), open_clip(Path("frames")), frames, [Fraction(0), Fraction(1, 25)], audio=False)
    return tmp_path


def smaller(command):
    """The same command with losses of pixels."""
    command = command.replace("-l default", SMALL).replace("0.1*content", "0.1*content:layer=image")
    return command if " -l " in command else f"{command} {SMALL}"


def test_the_python_example_runs(pictures, capsys):
    (example,) = [block for block in BLOCKS if "nst.stylize" in block]
    exec(example.replace("size=512", "size=48, steps=4, scales=1"), {})
    assert (pictures / "out.png").stat().st_size > 1000
    assert "finished after 4 of 4 steps" in capsys.readouterr().out


def test_the_examples_for_tensorflow_1_run(capsys):
    optimizer, *style_graphs = re.findall(r"```python\n(.*?)```", PAGES["tensorflow1.md"], re.DOTALL)
    exec(optimizer, {})
    assert capsys.readouterr().out == "[1. 2.]\n"
    names = {}
    for example in style_graphs:  # which go on from each other
        exec(example, names)
    assert names["search"].best < 0.1 * names["search"].steps[0].total
    first, last = names["losses"][:5], names["losses"][5:]
    assert first[-1] < first[0] and first == pytest.approx(last, rel=1e-3)


def test_the_commands_run_and_the_plugins_are_sound(pictures, free_port):
    plugins = [block for block in BLOCKS if "@loss_term" in block]
    (pictures / "mine.py").write_text("\n\n".join(plugins), encoding="utf-8")
    assert (len(plugins), len(COMMANDS)) == (2, 7)
    ports = {shown: f"127.0.0.1:{free_port()}" for shown in ("127.0.0.1:2222", "127.0.0.1:2223")}
    for address in ports.values():
        serve(Address.read(address))
    for command in COMMANDS:
        for shown, address in ports.items():
            command = command.replace(shown, address)
        how = "--size 32 --steps 2 --precision float32 --overwrite"
        arguments = shlex.split(f"{smaller(command)} {how}")
        arguments += ["--frame-steps", "2"] if command.startswith("video") else []
        outcome = CliRunner().invoke(app, arguments)
        assert outcome.exit_code == 0, outcome.output
    for name, parameters in {"contrast": {}, "masked_style": {"mask": "my mask.png"}}.items():
        report = check_term(registry[name](**parameters))
        assert report.tileable, report.why_not
        registry.remove(name)


def test_every_option_in_the_readme_exists():
    pages = (
        CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).output
        for name in ("stylize", "show", "batch", "video", "web", "worker")
    )
    known = "\n".join(pages)
    options = set(re.findall(r"`(--[a-z-]+)", TEXT))
    assert {"--size", "--weights", "--overwrite"} <= options
    assert [option for option in options if option not in known] == []


def tables(text):
    return re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)


def test_the_tables_of_options_are_what_the_code_says():
    assert options_table.as_markdown() in tables(README)  # which prints what is to stand there
    assert PAGES["options.md"] == options_table.as_page()
    (table,) = (table for table in tables(PAGES["video.md"]) if "`--temporal WEIGHT" in table)
    assert table in tables(options_table.as_page("video"))


def test_the_readme_is_a_page_and_every_other_page_is_linked_there():
    assert len(README.split()) < 1300  # five minutes
    assert [name for name in PAGES if f"](docs/{name})" not in README] == []
    for folder, text in [(ROOT, README), *((ROOT / "docs", page) for page in PAGES.values())]:
        links = re.findall(r"\]\((?!http)([^)#]+)\)", text)
        assert [link for link in links if not (folder / link).exists()] == []


def test_the_table_of_presets_is_what_the_data_say():
    (table,) = tables(PAGES["presets.md"])
    assert table == presets.as_markdown()  # which prints what is to stand there


def test_every_term_is_listed():
    assert [name for name in registry.names() if f"`{name}`" not in TEXT] == []


def test_the_names_of_the_graph_are_those_listed():
    graph = nst.StyleGraph(styles=2)
    objective = nst.Objective(graph, nst.parse_loss("content"))
    names = {tensor.name for op in graph.graph.get_operations() for tensor in op.outputs}
    for name in ("content:0", "style:0", "style_1:0", "generated_image:0", "loss/total:0", "gradient:0"):
        assert f"`{name}`" in TEXT
        assert name in names
    assert {"loss/content:0", "weight/content:0", "features/generated/conv3_3:0"} <= names
    assert objective.gradient.name == "gradient:0"

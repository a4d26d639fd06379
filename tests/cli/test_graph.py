"""The commands ``nstgraph graph ...``."""

from __future__ import annotations

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from nstgraph import tf
from nstgraph.cli.app import app

SHOW = "graph show --size 32 -l content:layer=conv2_1"
PLUGIN = """
from nstgraph import loss_term
@loss_term
def redness(g):
    return g.mean(g.generated.image[..., :1] / 255.0)
"""


@pytest.fixture(autouse=True)
def here(picture_folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    return picture_folder


@pytest.fixture
def network(here):
    """A file with a network of two convolutions, 3 to 8 and 8 to 12 channels."""
    with tf.Graph().as_default() as graph:
        maps = tf.placeholder(tf.float32, [1, None, None, 3], "photo")
        for name, below, above in (("a", 3, 8), ("b", 8, 12)):
            kernel = tf.constant(np.full((3, 3, below, above), 0.1, np.float32), name=f"{name}/kernel")
            maps = tf.nn.relu(tf.nn.conv2d(maps, kernel, 1, "SAME"), name=f"{name}/relu")
        (here / "network.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return "--network network.pb --input-values rgb-unit"


def run(line):
    return CliRunner().invoke(app, line.split(" "))


def good(line):
    result = run(line)
    assert result.exit_code == 0, result.output
    return result


def plain(shown):
    return re.sub(r"\x1b\[[\d;]*m", "", shown)


def rows(line):
    """The table's rows by scope: cells, which are two or more blanks apart."""
    outcome = {}
    for text in good(line).stdout.splitlines():
        cells = [cell.strip() for cell in text.split("  ") if cell.strip()]
        if cells:
            outcome[cells[0]] = cells[1:]
    return outcome


def contents(folder):
    return {str(path.relative_to(folder)): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("graph", ["show", "export", "files of it"]),
        ("graph show", ["--size", "--depth", "--all", "--styles", "--network", "[default: 512]", "--plugin"]),
        ("graph export", ["metagraph|checkpoint|frozen|savedmodel", "--precision", "--styles", "--input-values"]),
    ],
)
def test_help(command, words):
    shown = plain(good(f"{command} --help").stdout)
    assert [word for word in words if word not in shown] == []


def test_options_of_the_search_and_the_output_are_not_taken():
    shown = plain(good("graph export --help").stdout)
    assert [word for word in ("--steps", "--scales", "--tile", "--size", "--init") if word in shown] == []


def test_show(here):
    before = contents(here)
    result = good(SHOW)
    assert result.stderr == "" and contents(here) == before
    shown = rows(SHOW)
    assert shown["features/generated/conv2_1"][0] == "1×16×16×128"
    assert shown["all"][1] == shown["vgg"][1] == "112,576"
    assert "weight" not in shown and result.stdout.endswith("with less than a hundredth of everything: --all\n")


def test_all_shows_the_rest():
    some, everything = rows(SHOW), rows(f"{SHOW} --all")
    assert {"weight", "weight/content", "loss/total", "(no scope)"} <= set(everything) - set(some)
    assert "--all" not in "".join(everything)
    hidden = next(name for name in some if name.endswith("--all"))
    assert int(hidden.split()[0]) == len(everything) - len(some) + 1


@pytest.mark.parametrize(("depth", "deepest"), [(1, "features"), (2, "features/generated")])
def test_depth(depth, deepest):
    shown = rows(f"{SHOW} --depth {depth} --all")
    assert max(name.count("/") for name in shown) == depth - 1
    assert deepest in shown


def test_choices_reach_the_graph(here):
    (here / "p.py").write_text(PLUGIN)
    shown = rows(
        "graph show --size 20 --styles 2 --depth 4 --all --plugin p.py -l redness -l style:layers=conv1_1 "
        "--pooling max --padding zero --precision bfloat16 -l palette --keep-colors"
    )
    assert {"features/style", "features/style_1", "terms/redness", "features/generated/conv1_1/bfloat16"} <= set(shown)
    assert "terms/photo_colors" in shown and "terms/palette" not in shown
    assert not [name for name in shown if name.endswith("MirrorPad")]


def test_precision_does_not_depend_on_the_machine_unless_it_is_chosen():
    assert not [name for name in rows(f"{SHOW} --all --depth 4") if "bfloat16" in name]


def test_a_network_from_a_file_is_shown(network):
    shown = rows(f"graph show --size 32 -l content:layer=conv1_2 --all {network}")
    assert shown["all"][1] == shown["network"][1] == f"{9 * (3 * 8 + 8 * 12):,}"
    assert shown["features/generated/conv1_2"][0] == "1×32×32×12" and "vgg" not in shown


def test_export_names_what_it_wrote(here):
    before = contents(here)
    result = good("graph export out -l content:layer=conv1_1")
    files = ["checkpoint", "frozen.pb", "graph.meta", "model.ckpt.data-00000-of-00001", "model.ckpt.index"]
    assert result.stdout.splitlines() == [f"out/{name}" for name in [*files, "saved_model"]]
    after = contents(here)
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[0] for name in set(after) - set(before)} == {"out"}
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.train.import_meta_graph("out/graph.meta").restore(session, "out/model.ckpt")
        picture = np.full((1, 20, 20, 3), 99, np.float32)
        feed = {"generated_image:0": picture, "content:0": picture}
        assert session.run("loss/total:0", feed) == 0
        assert graph.get_tensor_by_name("features/style/conv1_1:0").shape[3] == 64


def test_chosen_formats(here):
    assert good("graph export out -l tv --format frozen").stdout == "out/frozen.pb\n"
    assert good("graph export other -l tv --format metagraph --format frozen").stdout.count("\n") == 2
    assert good("graph export twice -l tv --format savedmodel --format savedmodel").stdout == "twice/saved_model\n"


def test_what_is_exported_can_be_the_network_of_another_graph(here):
    good("graph export out -l content:layer=conv2_1 --pooling max --padding zero --format frozen")
    network = "--network out/frozen.pb --input content"
    again = rows(f"graph show --size 32 -l content:layer=conv2_1 --all {network}")
    assert again["features/generated/conv2_1"][0] == "1×16×16×128"
    assert int(again["network"][1].replace(",", "")) >= 112_576


def test_a_network_from_a_file_is_exported(here, network):
    good(f"graph export out -l style:layers=conv1_2 --styles 2 --format frozen {network}")
    definition = tf.GraphDef.FromString((here / "out" / "frozen.pb").read_bytes())
    placeholders = {node.name for node in definition.node if node.op == "Placeholder"}
    assert placeholders == {"content", "generated_image", "style", "style_1"}


BAD = [
    ("graph show --size 32 -l stile", "'stile'; did you mean 'style'"),
    ("graph show --pooling mean", "'mean'; choose from average, max"),
    ("graph show --weights nope.npz", "nope.npz does not exist"),
    ("graph show --network nope.pb", "nope.pb does not exist"),
    ("graph show --network text.pb", "text.pb is not a frozen graph"),
    ("graph show --input photo", "input is only used with a network from a file; "),
    ("graph show --network text.pb --weights w.npz", "a network from a file has its own weights; leave that out"),
    ("graph show --network text.pb --precision float16", "computed in float32; leave precision out"),
    ("graph show --plugin nope.py", "no plugin file nope.py"),
    ("graph show -l content:layer=conv4_1", "lacks conv4_1; .*nstgraph weights fetch vgg16"),
    ("graph export folder", "folder exists; choose another folder"),
    ("graph export text.pb", "text.pb exists; choose another folder"),
    ("graph export none/out", "the folder none does not exist; create it first"),
    ("graph export out --format onnx", "no format 'onnx'; choose from checkpoint, frozen, metagraph, savedmodel"),
    ("graph export out --format freeze", "no format 'freeze'; did you mean 'frozen'?"),
    ("graph export out -l stile", "'stile'; did you mean 'style'"),
    ("graph export out -l style:blend=1+2", "needs 1 shares"),
    ("graph export out --network text.pb", "text.pb is not a frozen graph"),
    (f"graph export {'o' * 300} -l tv", "name (is )?too long"),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=[line[:60] for line, _ in BAD])
def test_bad_input_is_one_line_and_changes_nothing(here, line, message):
    (here / "folder").mkdir()
    (here / "text.pb").write_text("no graph\n")
    before = contents(here)
    result = run(line)
    assert (result.exit_code, result.stdout, contents(here)) == (2, "", before)
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("nstgraph: ")
    assert re.search(message, result.stderr) and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "line",
    [
        "graph",
        "graph draw",
        "graph export",
        "graph show out",
        "graph show --size 8",
        "graph show --depth 0",
        "graph show --styles 0",
        "graph show --steps 3",
        "graph export out --tile 64",
        "graph export out --styles none",
    ],
)
def test_usage_errors(here, line):
    before = contents(here)
    result = run(line)
    assert (result.exit_code, contents(here)) == (2, before)
    assert "Usage:" in result.output and "Traceback" not in result.output


def test_debug_adds_the_traceback():
    result = run("graph show --pooling mean --debug")
    assert result.exit_code == 2
    assert result.stderr.startswith("Traceback") and result.stderr.splitlines()[-1].startswith("nstgraph: pooling is")

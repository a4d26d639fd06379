import re

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nstgraph import tf
from nstgraph.cli.app import app
from nstgraph.networks.weights_file import embedded

PLUGIN = """
from nstgraph import loss_term, tf
@loss_term
def redness(g):
    {body}
"""


@pytest.fixture(autouse=True)
def here(picture_folder):
    return picture_folder


def run(line):
    return CliRunner().invoke(app, line.split(" "))


def contents(folder):
    return {str(path.relative_to(folder)): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def save_networks(folder):
    """Write a network of one convolution, which its input goes straight into, and one with a variable."""
    with tf.Graph().as_default() as graph:
        photo = tf.placeholder(tf.float32, [1, None, None, 3], "photo")
        kernel = tf.constant(np.full((3, 3, 3, 4), 0.1, np.float32))
        tf.nn.relu(tf.nn.conv2d(photo, kernel, 1, "SAME"), name="maps")
        (folder / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
        tf.get_variable("own", initializer=tf.zeros([3]))
        (folder / "variable.pb").write_bytes(graph.as_graph_def().SerializeToString())


BAD = [
    ("nope.png s.png -o o.png", "nope.png does not exist"),
    ("c.png nope.png -o o.png", "nope.png does not exist"),
    ("text.png s.png -o o.png", "text.png is not a picture"),
    ("c.png empty.png -o o.png", "empty.png is empty"),
    ("folder s.png -o o.png", "folder is a folder"),
    ("cut.jpg s.png -o o.png", r"cannot read cut.jpg \("),
    ("dot.png s.png -o o.png", "at least 20 x 20"),
    ("c.png long.png -o o.png", "raise the size from 512 to at least 1200"),
    ("c.png s.png -o o.gif", "'.gif' is not one of .png"),
    ("c.png s.png -o o", "without extension"),
    ("c.png s.png -o folder/none/o.png", "does not exist; create it first"),
    ("c.png s.png -o old.png", "old.png exists; .* --overwrite"),
    ("c.png s.png -o new.png --compare", "new-compare.png exists"),
    ("c.png s.png -o new.png --save-every 2 --steps 9", "new-0008.png exists"),
    ("c.png s.png -o new.png --log old.csv", "old.csv exists"),
    ("c.png s.png -o c.png --overwrite", "c.png is an input"),
    ("c.png s.png -o folder/../s.png --overwrite", "s.png is an input"),
    ("c.png s.png -o old.png --init old.png --overwrite", "old.png is an input"),
    ("c.png new-compare.png -o new.png --compare --overwrite", "new-compare.png is an input"),
    ("new-0008.png s.png -o new.png --save-every 4 --overwrite", "new-0008.png is an input"),
    ("c.png s.png --init old.csv -o o.png --log old.csv --overwrite", "old.csv is an input"),
    ("c.png s.png -o o.png --log o.txt", "o.txt; end its name in .csv or .json"),
    ("c.png s.png -o o.png --init nope.png", "nope.png does not exist"),
    ("c.png s.png -o o.png -l stile", "'stile'; did you mean 'style'"),
    ("c.png s.png -o o.png -l ", "name at least one"),
    ("c.png s.png -o o.png -l style:x=1", "no parameter 'x'; choose from"),
    (
        "c.png s.png -o o.png -l content:layer=conv3_9",
        "loss term 'content': VGG16 has no layer 'conv3_9'; did you mean 'conv3_3'",
    ),
    ("c.png s.png -o o.png -l much*style", r"weight in 'much\*style' takes a number"),
    ("c.png s.png -o o.png -l content:layer=conv4_1", "lacks conv4_1; .*nstgraph weights fetch vgg16"),
    ("c.png s.png -o o.png -l style:blend=1+2", "needs 1 shares"),
    ("c.png s.png s.png -o o.png -l style:blend=1+2+3", "needs 2 shares"),
    ("c.png s.png -o o.png -l tv:unit=0 -q", "'tv' is not a number at the starting image"),
    ("c.png s.png -o o.png --size 15", "size is 15; choose 0 or a whole number from 16"),
    ("c.png s.png -o o.png --steps -1", "steps is -1; choose"),
    ("c.png s.png -o o.png --scales 13", "scales is 13; choose"),
    ("c.png s.png -o o.png --style-scale nan", "style_scale is nan; choose a number"),
    ("c.png s.png -o o.png --style-scale 1+2", "style_scale has 2 numbers for 1 style image; give one for all, or"),
    ("c.png s.png -o o.png --style-weights 1+2", "style_weights has 2 shares for 1 style image; give one for each"),
    ("c.png s.png s.png -o o.png --style-weights 0+0", "let at least one be above 0"),
    ("c.png s.png s.png -o o.png --style-weights 30,70", "choose numbers from 0.0 to .*, one for each style"),
    ("c.png s.png s.png -o o.png --blending product", "blending is 'product'; choose from mean, sum"),
    ("c.png folder -o o.png", "folder is a folder without pictures; name a picture, or a folder that has some"),
    ("c.png s.png -o o.png --mask nope.png", "nope.png does not exist"),
    ("c.png s.png -o o.png --mask text.png", "text.png is not a picture"),
    ("c.png s.png -o o.png --mask s.png", "s.png is neither grey nor of a few flat colours; "),
    ("c.png s.png -o o.png --content-strength s.png", "s.png is 40 x 40 pixels, and the photo is 48 x 36; give a mask"),
    ("c.png s.png s.png -o o.png --mask white.png --style-mask none", "1 style mask for 2 styles; give one for each"),
    ("c.png s.png -o o.png --mask white.png -l tv", "there are masks, and no term of the loss takes a style within"),
    ("c.png s.png -o white.png --mask white.png --overwrite", "white.png is an input"),
    ("c.png s.png -o white.png --style-mask white.png --overwrite", "white.png is an input"),
    ("c.png s.png -o o.png --feather 3", "feather is only used with masks; set mask, too"),
    ("c.png s.png -o o.png --pooling mean", "'mean'; choose from average, max"),
    ("c.png s.png -o o.png --padding none", "'none'; choose from"),
    ("c.png s.png -o o.png --weights nope.npz", "nope.npz does not exist; .*nstgraph weights fetch vgg16"),
    ("c.png s.png -o o.png --weights text.png", "text.png is not a weights file"),
    ("c.png s.png -o o.png -l content:layer=conv3_3 --weights damaged.npz", "damaged.npz is damaged in conv"),
    ("c.png s.png -o o.png --precision half", "precision is 'half'; choose from auto, bfloat16, float16, float32"),
    ("c.png s.png -o o.png --optimizer sgd", "optimizer is 'sgd'; choose from adadelta, adagrad, .*, rmsprop$"),
    ("c.png s.png -o o.png --optimizer Adam", r"optimizer is 'Adam'; did you mean 'adam'\?$"),
    ("c.png s.png -o o.png --optimizer adam:lr=5", "adam has no parameter 'lr'; choose from .*, learning_rate$"),
    ("c.png s.png -o o.png --optimizer adam:beta1=2", r"beta1 is 2\.0; choose a number from 0\.0 to 0\.999999$"),
    ("c.png s.png -o o.png --optimizer adam:beta1", "'beta1' is not parameter=value$"),
    ("c.png s.png -o o.png --optimizer momentum:learning_rate=5", r"give momentum:learning_rate=5,momentum=\.\.\.$"),
    ("c.png s.png -o o.png --optimizer lbfgs:rounds=5", "say how many evaluations a round has: lbfgs:rounds=10,"),
    ("c.png s.png -o o.png --optimizer adam --history 5", "adam keeps no corrections; leave history out"),
    ("c.png s.png -o o.png --bounds --optimizer lbfgs", "lbfgs cannot keep bounds; .*choose lbfgsb"),
    ("c.png s.png -o o.png --history -1", "history is -1; choose a whole number from 0"),
    ("c.png s.png -o o.png --tile 8", "tile is 8; choose auto, off or pixels from 32"),
    ("c.png s.png -o o.png --tile x", "tile is 'x'; choose auto, off or pixels from 32"),
    ("c.png s.png -o o.png --memory -1", "memory is -1.0; choose a number from 0"),
    ("c.png s.png -o o.png --memory 0.01 -l tv", "0.00 GB is available; .*--memory"),
    ("c.png s.png -o o.png --network nope.pb", "nope.pb does not exist; check --network"),
    ("c.png s.png -o o.png --network folder", "folder is a folder; check --network"),
    ("c.png s.png -o o.png --network text.png", "text.png is not a frozen graph .*; check --network"),
    ("c.png s.png -o o.png --network empty.png", r"empty.png is empty \(0 bytes\); check --network"),
    ("c.png s.png -o o.png --network variable.pb", "variable.pb has variables; freeze it"),
    ("c.png s.png -o o.png --network net.pb", "photo of net.pb goes .*; say .* with --input-values: rgb, rgb-mean, "),
    ("c.png s.png -o o.png --network net.pb --input-values bgr", "no input values 'bgr'; choose from|did you mean"),
    ("c.png s.png -o o.png --network net.pb --input foto", "net.pb has no operation 'foto'; did you mean 'photo'"),
    ("c.png s.png -o o.png --network net.pb --input maps", "net.pb has no convolution .* maps leads to; check --input"),
    ("c.png s.png -o o.png --network net.pb --input-values rgb -l content:layer=conv1_2", "no layer 'conv1_2'"),
    ("c.png s.png -o o.png --network net.pb --input-values rgb -l content:layer=no/such", "no layer 'no/such'"),
    ("c.png s.png -o o.png --network net.pb --weights w.npz", "has its own weights; leave that out"),
    ("c.png s.png -o o.png --network net.pb --pooling max", "has its own pooling; leave that out"),
    ("c.png s.png -o o.png --network net.pb --precision float16", "computed in float32; leave precision out"),
    ("c.png s.png -o o.png --input photo", "input is only used with a network from a file; set network, too"),
    ("c.png s.png -o o.png --input-values rgb", "input_values is only used with a network from a file; set network"),
    ("c.png s.png -o o.png --trace o.txt", "cannot write a trace as o.txt; end its name in .json or .pb"),
    ("c.png s.png -o o.png --trace o", "cannot write a trace as o; end its name in .json or .pb"),
    ("c.png s.png -o o.png --trace none/o.pb", "the folder none does not exist; create it first"),
    ("c.png s.png -o o.png --trace old.json", "old.json exists; .* --overwrite"),
    ("c.png s.png -o o.png --trace s.pb --init s.pb --overwrite", "s.pb is an input"),
    ("c.png s.png -o o.png --trace o.pb --size 48 --tile 32 --scales 1 -l tv -q", "no evaluation is computed whole"),
    ("c.png s.png -o o.png --summaries old.csv", "old.csv is a file; name a folder"),
    ("c.png s.png -o o.png --summaries none/o", "the folder none does not exist; create it first"),
    ("c.png s.png -o o.png --save-every -1", "save_every is -1; choose a whole number from 0"),
    ("c.png s.png -o o.png --plugin nope.py", "no plugin file nope.py"),
    ("c.png s.png -o o.png --plugin syntax.py", r"syntax.py cannot be imported \(SyntaxError"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[arguments for arguments, _ in BAD])
def test_bad_input_is_one_line_and_changes_nothing(here, save_picture, arguments, message):
    (here / "folder").mkdir()
    (here / "text.png").write_text("no picture\n")
    (here / "empty.png").touch()
    save_picture("dot.png", 1, 1)
    save_picture("long.png", 1200, 20)
    for name in ("old.png", "old.csv", "old.json", "s.pb", "new-compare.png", "new-0008.png"):
        save_picture(name, 20, 20)
    save_networks(here)
    Image.new("L", (96, 72), 255).save("white.png")
    Image.open("c.png").save("whole.jpg")
    (here / "cut.jpg").write_bytes((here / "whole.jpg").read_bytes()[:700])
    (here / "syntax.py").write_text("def (:\n")
    weights = bytearray(embedded().read_bytes())
    weights[len(weights) // 2] ^= 255
    (here / "damaged.npz").write_bytes(weights)
    before = contents(here)
    result = run(f"stylize {arguments}")
    assert (result.exit_code, result.stdout, contents(here)) == (2, "", before)
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("nstgraph: ")
    assert re.search(message, result.stderr) and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "line",
    [
        "weights info nope.npz",
        "weights fetch vgg99",
        "weights doctor nope.npz",
        "weights doctor c.png",
        "weights convert nope.npz out.npz",
        "weights convert c.png out.npz",
        "terms stile",
        "bench --size 1",
        "demo --size 15 -o d",
        "demo --steps -1 -o d",
        "plan c.png nope.png",
        "plan c.png s.png --tile 8",
        "plan c.png s.png --precision half",
        "plan c.png s.png --bounds --optimizer lbfgs",
        "plan c.png s.png --memory 0.01 -l tv",
        "plan c.png s.png -l stile",
        "plan c.png s.png --network nope.pb",
        "plan c.png s.png --input photo",
    ],
)
def test_bad_input_of_other_commands(here, line):
    before = contents(here)
    result = run(line)
    assert (result.exit_code, result.stdout, contents(here)) == (2, "", before)
    assert re.fullmatch(r"nstgraph: .*(; | or ).*\n", result.stderr)


@pytest.mark.parametrize(
    "line",
    [
        "stylize",
        "stylize c.png -o o.png",
        "stylize c.png s.png -o o.png --no-such-option",
        "stylize c.png s.png -o o.png --steps many",
        "stylize c.png s.png -o o.png --memory much",
        "plan c.png",
        "stylise c.png s.png -o o.png",
        "weights eat",
    ],
)
def test_usage_errors(here, line):
    before = contents(here)
    result = run(line)
    assert (result.exit_code, contents(here)) == (2, before)
    assert "Usage:" in result.stderr and "Traceback" not in result.stderr


def test_debug_adds_the_traceback(here):
    result = run("stylize c.png s.png -o o.png --pooling mean --debug")
    assert result.exit_code == 2
    assert result.stderr.startswith("Traceback") and result.stderr.splitlines()[-1].startswith("nstgraph: pooling is")


@pytest.mark.parametrize("body", ["raise ValueError('first line' + chr(10) + 'second')", "return None"])
def test_a_term_that_fails_is_one_line(here, body):
    (here / "p.py").write_text(PLUGIN.format(body=body))
    before = contents(here)
    result = run("stylize c.png s.png -o o.png --plugin p.py -l redness --size 48 --steps 3")
    assert result.exit_code == 2 and contents(here) == before
    assert re.fullmatch(r"nstgraph: .*\n", result.stderr)


def test_a_term_that_cannot_be_tiled_is_named_where_tiles_are_asked_for(here):
    (here / "p.py").write_text(PLUGIN.format(body="return tf.reduce_max(g.generated.image)"))
    before = contents(here)
    result = run("stylize c.png s.png -o o.png --plugin p.py -l redness --size 48 --steps 3 --tile 32")
    assert result.exit_code == 2 and contents(here) == before
    assert re.fullmatch(r"nstgraph: loss term 'redness' cannot be tiled: .*\(Max, .*; use g\.sum, .*\n", result.stderr)


TOO_HIGH = """
    image = g.generated.image
    with tf.control_dependencies([tf.debugging.assert_none_equal(tf.shape(image)[1], 72)]):
        image = tf.identity(image)
    return g.mean(tf.square(image / 255))
"""


def test_after_a_failure_in_the_middle_the_best_picture_is_saved(here):
    (here / "p.py").write_text(PLUGIN.format(body=TOO_HIGH))
    before = contents(here)
    result = run("stylize c.png s.png -o o.png --plugin p.py -l redness --size 96 --scales 2 --steps 6 --log o.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert set(contents(here)) - set(before) == {"o.png", "o.json"}
    with Image.open("o.png") as picture:
        assert picture.size == (96, 72)
    *_, outcome, wrote, error = result.stderr.splitlines()
    assert re.match(r"failed \(InvalidArgumentError at 96x72: .*\) after \d of 6 steps, \d+ evaluations$", outcome)
    assert wrote == "wrote o.png, o.json"
    assert re.match(r"nstgraph: InvalidArgumentError at 96x72: .*; it comes from loss term 'redness'$", error)
    assert "Traceback" not in result.stderr and (here / "o.json").read_text().count('"step"') > 0


def test_after_a_failure_before_the_first_step_there_is_no_picture(here):
    (here / "p.py").write_text(PLUGIN.format(body=TOO_HIGH))
    before = contents(here)
    result = run("stylize c.png s.png -o o.png --plugin p.py -l redness --size 96 --scales 1 --steps 6 -q")
    assert (result.exit_code, result.stdout, contents(here)) == (2, "", before)
    assert re.fullmatch(r"nstgraph: InvalidArgumentError at 96x72: .*\n", result.stderr)

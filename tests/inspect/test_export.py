"""Exported graphs, read by a process that has TensorFlow and numpy, and cannot import nstgraph."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import nstgraph
from nstgraph import Evaluator, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import ConfigError, OutputError
from nstgraph.inspect.export import FORMATS, check, export
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.weights_file import WeightsFile, embedded

CHECKPOINT = ["checkpoint", "model.ckpt.data-00000-of-00001", "model.ckpt.index"]
FILES = {
    "metagraph": ["graph.meta"],
    "checkpoint": CHECKPOINT,
    "frozen": ["frozen.pb"],
    "savedmodel": ["saved_model"],
}

#: Loads each of the folders in the way that its format is meant for, and writes down every number.
READER = """
import json
import pathlib
import sys

sys.modules["nstgraph"] = None  # which cannot be imported any more

import numpy as np
import tensorflow

tf = tensorflow.compat.v1
read_back = {}


def read(folder, scope, tensors):
    pictures = dict(np.load(folder / "pictures.npz"))
    feed = {f"{scope}{name}:0": picture for name, picture in pictures.items()}
    image = f"{scope}generated_image:0"
    unfed = {name: picture for name, picture in feed.items() if name != image}

    def note(kind, values):
        read_back.update({f"{folder.name}/{kind}/{name}": value for name, value in values.items()})

    def numbers(session, feed):
        return dict(zip(tensors, session.run([f"{scope}{name}:0" for name in tensors], feed)))

    with tf.Graph().as_default() as graph, tf.Session() as session:
        saver = tf.train.import_meta_graph(str(folder / "files" / "graph.meta"))
        (variable,) = tf.trainable_variables()
        total = graph.get_tensor_by_name(f"{scope}loss/total:0")
        anew = tf.gradients(total, graph.get_tensor_by_name(image))[0]
        known = tf.global_variables()
        descend = tf.train.AdamOptimizer(2.0).minimize(total)
        begin = tf.variables_initializer([new for new in tf.global_variables() if new not in known])
        session.run(tf.global_variables_initializer())
        note("metagraph", {"uninitialised": session.run(tf.report_uninitialized_variables(known)).size})
        try:
            session.run(total, feed)
        except tf.errors.InvalidArgumentError as error:
            note("metagraph", {"not loaded": error.message})
        saver.restore(session, str(folder / "files" / "model.ckpt"))
        # The generated image is not fed: it is what was restored.
        note("metagraph", {**numbers(session, unfed), "name": variable.name, "variable": session.run(variable)})
        note("metagraph", {"anew": session.run(anew, unfed)})
        session.run(begin, unfed)
        note("metagraph", {"adam": [session.run([total, descend], unfed)[0] for _ in range(5)]})

    with tf.Graph().as_default() as graph, tf.Session() as session:
        definition = tf.GraphDef.FromString((folder / "files" / "frozen.pb").read_bytes())
        tf.import_graph_def(definition, name="")
        note("frozen", numbers(session, feed))
        note("frozen", {"ops": [node.op for node in definition.node]})
        note("frozen", {"placeholders": [node.name for node in definition.node if node.op == "Placeholder"]})

    model = tensorflow.saved_model.load(str(folder / "files" / "saved_model"))
    given = {name.replace("generated_image", "generated"): tensorflow.constant(x) for name, x in pictures.items()}
    note("features/content", model.signatures["features"](image=given["content"]))
    note("features/style", model.signatures["features"](image=given["style"]))
    if "statistics" in model.signatures:
        note("statistics", model.signatures["statistics"](image=given["style"]))
    with tensorflow.GradientTape() as tape:
        tape.watch(given["generated"])
        losses = model.signatures["loss_and_gradient"](**given)
    note("losses", {**losses, "tape": tape.gradient(losses["total"], given["generated"])})


assert tensorflow.executing_eagerly()
place = pathlib.Path(sys.argv[1])
for name, (scope, tensors) in json.loads((place / "cases.json").read_text()).items():
    read(place / name, scope, tensors)
assert [module for module in sys.modules if module.startswith("nstgraph")] == ["nstgraph"]
np.savez(place / "read_back.npz", **read_back)
"""


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


CONTENT, STYLES, IMAGE = picture(24, 32, 1), [picture(28, 20, 2), picture(20, 36, 3)], picture(24, 32, 4)


def frozen_network(path):
    """Write a network of two convolutions, with weights as constants; returns the path."""
    random = np.random.default_rng(0)
    with tf.Graph().as_default() as graph:
        maps = tf.placeholder(tf.float32, [1, None, None, 3], "photo") / 255
        for number, (below, above) in enumerate([(3, 8), (8, 12)]):
            kernel = tf.constant(random.normal(0, 0.3, (3, 3, below, above)).astype(np.float32))
            maps = tf.nn.relu(tf.nn.conv2d(maps, kernel, 1, "SAME"), name=f"layer{number}")
        path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


def in_a_scope():
    with tf.Graph().as_default() as graph, tf.variable_scope("painting"):
        return StyleGraph(WeightsFile(embedded()), graph=graph)


#: What is exported: a function of a folder that gives a graph, and a loss.
CASES = {
    "one style": (
        lambda folder: StyleGraph(WeightsFile(embedded())),
        "0.5*content:layer=conv1_2 2*style:layers=conv1_1 0.1*tv",
    ),
    "three layers": (
        lambda folder: StyleGraph(WeightsFile(embedded())),
        "0.5*content:layer=conv2_1 2*style:layers=conv1_1+conv2_1 0.1*tv",
    ),
    "two styles": (
        lambda folder: StyleGraph(WeightsFile(embedded()), styles=2),
        "style:layers=conv1_2,blend=1+3 content:layer=conv1_1",
    ),
    "scope": (lambda folder: in_a_scope(), "moments:layers=image+conv1_2"),
    "bfloat16": (
        lambda folder: StyleGraph(WeightsFile(embedded()), precision="bfloat16"),
        "content:layer=conv2_1 style:layers=conv1_1",
    ),
    "frozen network": (
        lambda folder: StyleGraph(GraphFile(frozen_network(folder / "network.pb"))),
        "style:layers=conv1_1+conv1_2",
    ),
}


class Case:
    """An exported graph: what it computed here, and what the files compute there."""

    def __init__(self, folder, build, loss):
        self.folder = folder
        folder.mkdir()
        graph = build(folder)
        self.objective = objective = Objective(graph, parse_loss(loss))
        self.scope = graph.scope
        pictures = {graph.content: CONTENT, **dict(zip(graph.styles, STYLES, strict=False))}
        named = {view.name: array for view, array in pictures.items()}
        np.savez(folder / "pictures.npz", generated_image=IMAGE, **named)
        with Evaluator(objective) as evaluator:
            evaluator.assign(IMAGE)
            self.written = export(objective, evaluator.session, folder / "files")
            tensors = [objective.total, objective.gradient, *objective.terms.values()]
            tensors += [maps for layer, maps in graph.content.maps.items() if layer != "image"]
            feed = {view.image: array for view, array in pictures.items()}
            values = evaluator.session.run(tensors, feed)
        names = [tensor.op.name.removeprefix(self.scope) for tensor in tensors]
        self.here = dict(zip(names, values, strict=True))
        self.there = {}

    def find(self, name, read_back):
        prefix = f"{name}/"
        self.there = {key.removeprefix(prefix): value for key, value in read_back.items() if key.startswith(prefix)}

    def under(self, prefix):
        return {key.removeprefix(prefix): value for key, value in self.there.items() if key.startswith(prefix)}


#: Of which these are slow: the export of another network, or none, is tested with each change.
SLOW = ("three layers", "two styles", "scope", "bfloat16")


def exported_and_read(place, names):
    """The cases of these names, exported here and read by one other process."""
    cases = {name: Case(place / name, *CASES[name]) for name in names}
    (place / "reader.py").write_text(READER)
    (place / "cases.json").write_text(json.dumps({name: [case.scope, [*case.here]] for name, case in cases.items()}))
    subprocess.run([sys.executable, "reader.py", str(place)], cwd=place, check=True)
    read_back = dict(np.load(place / "read_back.npz"))
    for name, case in cases.items():
        case.find(name, read_back)
    return cases


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return exported_and_read(tmp_path_factory.mktemp("exports"), [name for name in CASES if name not in SLOW])


@pytest.fixture(scope="module")
def slow_cases(tmp_path_factory):
    return exported_and_read(tmp_path_factory.mktemp("exports"), SLOW)


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in CASES])
def case(request):
    return request.getfixturevalue("slow_cases" if request.param in SLOW else "cases")[request.param]


def assert_same(theirs, ours, tolerance=1e-6):
    """Up to a share of the norm."""
    assert theirs.shape == np.shape(ours)
    assert np.linalg.norm(ours) > 0
    assert np.linalg.norm(theirs - ours) <= tolerance * np.linalg.norm(ours)


def assert_numbers(theirs, ours):
    """Of features, and of losses and gradients, which are differences of such."""
    assert theirs.keys() == ours.keys()
    for name, value in ours.items():
        assert_same(theirs[name], value, 1e-6 if value.ndim == 4 and name != "gradient" else 1e-5)


def test_all_formats_are_written(case):
    names = [path.name for path in case.written]
    assert names == sorted(name for files in FILES.values() for name in files)
    assert all(path.parent == case.folder / "files" for path in case.written)


@pytest.mark.slow
def test_the_contract_of_names_is_kept_in_a_scope(slow_cases):
    assert slow_cases["scope"].scope == "painting/"
    assert slow_cases["scope"].there["metagraph/name"] == "painting/generated:0"


def test_the_contract_of_names_is_kept(cases):
    assert set(cases["one style"].here) == {
        "loss/total", "loss/content", "loss/style", "loss/tv", "gradient",
        *(f"features/content/{layer}" for layer in ("conv1_1", "conv1_2")),
    }  # fmt: skip
    assert cases["one style"].there["metagraph/name"] == "generated:0"


def test_a_metagraph_with_its_checkpoint_gives_the_same_numbers(case):
    theirs = case.under("metagraph/")
    assert_numbers({name: theirs[name] for name in case.here}, case.here)


def test_the_initializer_works_and_weights_that_are_not_restored_say_so(case):
    assert case.there["metagraph/uninitialised"] == 0
    if case.folder.name == "frozen network":  # whose weights are constants
        assert "metagraph/not loaded" not in case.there
    else:
        told = str(case.there["metagraph/not loaded"])
        assert f"{case.scope}vgg/conv" in told and "or restore a checkpoint" in told


def test_the_generated_image_is_restored_as_it_was(case):
    np.testing.assert_array_equal(case.there["metagraph/variable"], IMAGE)


def test_gradients_can_be_built_anew(case):
    # The way back through a Gram matrix is then TensorFlow's, which takes two products where ours takes one.
    tolerance = 0.02 if case.objective.graph.network.dtype == tf.bfloat16 else 1e-5
    assert_same(case.there["metagraph/anew"], case.here["gradient"], tolerance)


def test_an_optimiser_can_be_added_and_lowers_the_loss(case):
    losses = case.there["metagraph/adam"]
    assert losses[0] == pytest.approx(case.here["loss/total"], rel=1e-5)
    assert losses[-1] < 0.99 * losses[0]


def test_a_frozen_graph_gives_the_same_numbers(case):
    theirs = case.under("frozen/")
    assert_numbers({name: theirs[name] for name in case.here}, case.here)


def test_a_frozen_graph_takes_all_pictures_and_has_no_variables(case):
    placeholders = {view.image.op.name for view in case.objective.graph.views}
    assert f"{case.scope}generated_image" in placeholders
    assert set(case.there["frozen/placeholders"]) == placeholders
    assert not {"VarHandleOp", "VariableV2", "Variable", "ReadVariableOp", "PyFunc"} & set(case.there["frozen/ops"])


def test_a_saved_model_gives_the_same_losses_and_gradient(case):
    theirs = case.under("losses/")
    ours = {name: value for name, value in case.here.items() if not name.startswith("features/")}
    ours["total"] = ours.pop("loss/total")
    assert theirs.keys() == {*ours, "tape"}
    assert_numbers({name: theirs[name] for name in ours}, ours)


def test_a_saved_model_can_be_differentiated(case):
    tolerance = 0.02 if case.objective.graph.network.dtype == tf.bfloat16 else 1e-5
    assert_same(case.there["losses/tape"], case.here["gradient"], tolerance)


def test_a_saved_model_gives_the_same_features(case):
    theirs = case.under("features/content/")
    ours = {name.rpartition("/")[2]: value for name, value in case.here.items() if name.startswith("features/")}
    assert_numbers(theirs, ours)
    style = case.under("features/style/")
    assert {name: maps.shape[3] for name, maps in style.items()} == {name: x.shape[3] for name, x in ours.items()}


def test_statistics_of_a_saved_model_are_those_that_numpy_computes_from_its_features(case):
    layers = {**case.under("features/style/"), "image": STYLES[0]}
    statistics = case.under("statistics/")
    for name, value in statistics.items():
        kind, layer = name.split("/")
        flat = layers[layer].reshape(-1, layers[layer].shape[-1]).astype(np.float64)
        expected = {"gram": flat.T @ flat, "sum": flat.sum(0), "positions": np.float64(len(flat))}[kind]
        # Gram matrices of bfloat16 are rounded to it in parts, and within them where it is not native.
        assert_same(value, expected, 2.0**-8 if case.objective.graph.network.dtype == tf.bfloat16 else 1e-5)
    wanted = {
        "one style": {"gram/conv1_1", "positions/conv1_1"},
        "three layers": {"gram/conv1_1", "gram/conv2_1", "positions/conv1_1", "positions/conv2_1"},
        "two styles": {"gram/conv1_2", "positions/conv1_2"},
        "scope": {f"{kind}/{layer}" for kind in ("gram", "sum", "positions") for layer in ("image", "conv1_2")},
        "bfloat16": {"gram/conv1_1", "positions/conv1_1"},
        "frozen network": {f"{kind}/{layer}" for kind in ("gram", "positions") for layer in ("conv1_1", "conv1_2")},
    }
    assert set(statistics) == wanted[case.folder.name]


def test_the_files_name_no_folder_of_this_machine(case):
    places = [Path.cwd(), Path.home(), Path(sys.prefix), Path(nstgraph.__file__).parent, case.folder]
    searched = [os.fsencode(place) for place in places if len(place.parts) > 1]
    files = [path for path in (case.folder / "files").rglob("*") if path.is_file()]
    assert len(files) >= 6
    assert [(path.name, place) for path in files for place in searched if place in path.read_bytes()] == []


SMALL = "tv content:layer=conv1_1"


@pytest.fixture(scope="module")
def evaluator():
    with Evaluator(Objective(StyleGraph(WeightsFile(embedded())), parse_loss(SMALL))) as evaluator:
        yield evaluator


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "formats", [["metagraph"], ["checkpoint"], ["frozen"], ["savedmodel"], ["frozen", "metagraph"]]
)
def test_chosen_formats_leave_only_their_files(evaluator, tmp_path, formats):
    written = export(evaluator.objective, evaluator.session, tmp_path / "out", formats)
    assert [path.name for path in written] == sorted(name for format in formats for name in FILES[format])
    assert names(tmp_path) == ["out"] and names(tmp_path / "out") == [path.name for path in written]


def test_a_format_given_again_is_written_once(evaluator, tmp_path):
    written = export(evaluator.objective, evaluator.session, tmp_path / "out", ["savedmodel", "savedmodel"])
    assert [path.name for path in written] == ["saved_model"]


def test_the_formats_are_these():
    assert list(FORMATS) == list(FILES)


def test_a_folder_may_be_named_from_the_working_folder(evaluator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert export(evaluator.objective, evaluator.session, Path("out"), ["frozen"]) == [Path("out/frozen.pb")]


def test_a_loss_of_no_layers_has_no_features_to_offer(tmp_path):
    with Evaluator(Objective(StyleGraph(WeightsFile(embedded())), parse_loss("tv"))) as evaluator:
        evaluator.assign(IMAGE)
        export(evaluator.objective, evaluator.session, tmp_path / "out")
        total = evaluator.session.run(evaluator.objective.total)
    saved = tf.saved_model.load
    with tf.Graph().as_default(), tf.Session() as session:
        model = saved(session, [tf.saved_model.SERVING], str(tmp_path / "out" / "saved_model"))
        assert set(model.signature_def) == {"loss_and_gradient"}
        assert session.run("loss/total:0") == total


def test_a_graph_without_a_picture_says_so_where_it_is_imported_and_takes_one(tmp_path):
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss(SMALL))
    with Evaluator(objective) as evaluate:
        export(objective, evaluate.session, tmp_path / "out", ["metagraph", "checkpoint"])
        expected = evaluate.bind(CONTENT)(IMAGE).total
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(str(tmp_path / "out/graph.meta")).restore(session, str(tmp_path / "out/model.ckpt"))
        (variable,) = tf.trainable_variables()
        with pytest.raises(tf.errors.InvalidArgumentError, match="generated holds no picture yet; assign one to it"):
            session.run("loss/total:0", {"content:0": CONTENT})
        fed = session.run("loss/total:0", {"content:0": CONTENT, "generated_image:0": IMAGE})
        variable.load(IMAGE, session)
        assigned = session.run("loss/total:0", {"content:0": CONTENT})
    assert fed == pytest.approx(expected, rel=1e-6) and assigned == pytest.approx(expected, rel=1e-6)


def test_variables_of_others_in_the_graph_are_no_part_of_the_export(tmp_path):
    with tf.Graph().as_default() as graph:
        tf.get_variable("other", initializer=tf.zeros([3]))  # and never initialised
        objective = Objective(StyleGraph(WeightsFile(embedded()), graph=graph), parse_loss(SMALL))
    with Evaluator(objective) as evaluator:
        export(objective, evaluator.session, tmp_path / "out")
    saved = {name for name, _ in tf.train.list_variables(str(tmp_path / "out" / "model.ckpt"))}
    assert saved == {"generated", "vgg/conv1_1/kernel", "vgg/conv1_1/bias"}
    assert {name for name, _ in tf.train.list_variables(str(tmp_path / "out/saved_model/variables/variables"))} == saved


@pytest.mark.parametrize(
    ("folder", "formats", "message"),
    [
        ("there", [], "there exists; choose another folder"),
        ("file", [], "file exists; choose another folder"),
        ("none/out", [], "none does not exist; create it first"),
        ("file/out", [], "file does not exist; create it first"),
        ("out", ["frozen", "onnx"], "no format 'onnx'; choose from checkpoint, frozen, metagraph, savedmodel"),
        ("out", ["saved_model"], "no format 'saved_model'; did you mean 'savedmodel'?"),
        ("o" * 250, [], "name (is )?too long"),
        ("o" * 300, [], "name (is )?too long"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(evaluator, tmp_path, folder, formats, message):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("precious")
    operations = len(evaluator.objective.graph.graph.get_operations())
    with pytest.raises((ConfigError, OutputError), match=message) as raised:
        export(evaluator.objective, evaluator.session, tmp_path / folder, formats)
    assert "\n" not in str(raised.value)
    assert names(tmp_path) == ["file", "there"] and names(tmp_path / "there") == []
    assert (tmp_path / "file").read_text() == "precious"
    if len(folder) < 250:
        assert len(evaluator.objective.graph.graph.get_operations()) == operations
        with pytest.raises((ConfigError, OutputError), match=message):
            check(tmp_path / folder, formats)


def test_check_lets_pass_what_can_be_written_and_writes_nothing(tmp_path):
    check(tmp_path / "out", ["frozen"])
    check(tmp_path / "out")
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
@pytest.mark.parametrize("format", FILES)
def test_where_there_is_no_room_it_is_one_line_and_nothing_is_left(evaluator, tmp_path, format):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*out \(.*File too large.*\); ") as raised:
            export(evaluator.objective, evaluator.session, tmp_path / "out", [format])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(raised.value) and names(tmp_path) == []


def test_variables_without_a_value_are_told_before_anything_is_written(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss(SMALL))
    with tf.Session(graph=objective.graph.graph) as session:
        with pytest.raises(ConfigError, match=r"^generated has no value in this session; run the initializer"):
            export(objective, session, tmp_path / "out")
        assert names(tmp_path) == ["temporary"] and names(tmp_path / "temporary") == []
        session.run(objective.graph.variable.initializer)
        export(objective, session, tmp_path / "out", ["frozen"])  # weights are loaded, if they have no values

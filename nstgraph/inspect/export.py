"""A style graph as files that other programs load: MetaGraph, checkpoint, frozen GraphDef, SavedModel.

    graph.meta            the graph, to be built upon: tf.train.import_meta_graph
    model.ckpt.*          its variables: tf.train.Saver.restore
    frozen.pb             the graph with its weights as constants: tf.import_graph_def
    saved_model/          signatures for tf.saved_model.load: features, statistics, loss_and_gradient

Names are those of the style graph. In the frozen graph ``generated_image:0`` is a placeholder. In the others, the
variable ``generated`` holds what it holds in the session, which is no picture before the first evaluation: then
``generated_image:0`` is to be fed, or a picture to be assigned.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import ConfigError, OutputError
from nstgraph.files import check_folder, writing_folder
from nstgraph.graph.objective import Objective
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.messages import did_you_mean, one_line
from nstgraph.tensor_ancestry import ancestors

__all__ = ["FORMATS", "check", "export"]

#: What can be written.
FORMATS = ("metagraph", "checkpoint", "frozen", "savedmodel")

_CHECKPOINT = "model.ckpt"


def export(objective: Objective, session: Any, folder: Path, formats: Collection[str] = ()) -> list[Path]:
    """Write a style graph, with the values that its variables have in a session, into a new folder.

    Feature maps of all layers up to the deepest that the loss uses are in it, of all pictures; in the frozen graph, of
    the content image.

    Args:
        objective: the graph, and its loss.
        session: has the variables' values; weights that are not loaded there are.
        folder: is made; must not exist yet.
        formats: some of ``FORMATS``; all if empty.

    Returns:
        What was written.

    Raises:
        ConfigError: there is no such format, the graph is finalised, or a variable has no value in the session.
        OutputError: the folder exists or cannot be made.
    """
    check(folder, formats)
    if objective.graph.graph.finalized:
        raise ConfigError("the graph is finalised, so nothing can be saved from it; export before a session does that")
    _complete(objective.graph)
    objective.load(session)
    _check_initialized(objective, session)
    try:
        with writing_folder(folder) as place:
            files = _Files(objective, session, place)
            for name in dict.fromkeys(formats or FORMATS):
                getattr(files, name)()
            files.clear()
    except tf.errors.OpError as error:
        raise OutputError(f"cannot write {folder} ({one_line(error)}); choose another folder") from error
    return sorted(folder.iterdir())


def check(folder: Path, formats: Collection[str] = ()) -> None:
    """Raise, before any work is done, what `export` would; see there."""
    for name in formats:
        if name not in FORMATS:
            raise ConfigError(f"no format {name!r}{did_you_mean(name, FORMATS)}")
    if os.path.lexists(folder):
        raise OutputError(f"{folder} exists; choose another folder")
    check_folder(folder)


class _Files:
    """The files of a style graph in a folder, a method for each format."""

    def __init__(self, objective: Objective, session: Any, folder: Path) -> None:
        self._objective = objective
        self._session = session
        self._folder = folder
        self._saved = folder / ".checkpoint"
        self._saved.mkdir()
        graph = objective.graph.graph
        with graph.as_default():
            saver = tf.train.Saver(_variables(objective), save_relative_paths=True)
            saver.save(session, str(self._saved / _CHECKPOINT), write_meta_graph=False)
            self._meta = tf.train.export_meta_graph(graph=graph, saver_def=saver.as_saver_def(), clear_devices=True)
        for node in self._meta.graph_def.node:
            # Gradients that were registered in this process alone: elsewhere the operations' own are taken.
            if node.op == "IdentityN" and "_gradient_op_type" in node.attr:
                del node.attr["_gradient_op_type"]

    def clear(self) -> None:
        """Remove what only the other files are made from."""
        shutil.rmtree(self._saved)

    def metagraph(self) -> None:
        """The graph, with its collections."""
        (self._folder / "graph.meta").write_bytes(self._meta.SerializeToString())

    def checkpoint(self) -> None:
        """The variables' values."""
        shutil.copytree(self._saved, self._folder, dirs_exist_ok=True)

    def frozen(self) -> None:
        """The part of the graph that signatures use, with constants for variables."""
        generated = self._objective.graph.generated.image
        definition = tf.GraphDef()
        definition.CopyFrom(self._meta.graph_def)
        image = next(node for node in definition.node if node.name == generated.op.name)
        image.Clear()
        image.name, image.op = generated.op.name, "Placeholder"
        image.attr["dtype"].type = tf.float32.as_datatype_enum
        image.attr["shape"].shape.CopyFrom(generated.shape.as_proto())
        ends = {tensor.op.name for _, outputs in _signatures(self._objective).values() for tensor in outputs.values()}
        frozen = tf.graph_util.convert_variables_to_constants(self._session, definition, sorted(ends))
        (self._folder / "frozen.pb").write_bytes(frozen.SerializeToString())

    def savedmodel(self) -> None:
        """The graph and its variables, with signatures."""
        builder = tf.saved_model.Builder(str(self._folder / "saved_model"))
        with tf.Graph().as_default() as graph, tf.Session() as session:
            saver = tf.train.import_meta_graph(self._meta)
            saver.restore(session, str(self._saved / _CHECKPOINT))

            def described(tensors: dict[str, Any]) -> dict[str, Any]:
                own = {key: graph.get_tensor_by_name(tensor.name) for key, tensor in tensors.items()}
                return {key: tf.saved_model.build_tensor_info(tensor) for key, tensor in own.items()}

            signatures = {
                name: tf.saved_model.build_signature_def(described(inputs), described(outputs))
                for name, (inputs, outputs) in _signatures(self._objective).items()
            }
            serving = [tf.saved_model.SERVING]
            builder.add_meta_graph_and_variables(session, serving, signatures, strip_default_attrs=True, saver=saver)
            builder.save()


def _complete(graph: StyleGraph) -> None:
    """Build every layer that there is of the generated image for the other pictures, too."""
    for view in (graph.content, *graph.styles):
        for layer in graph.generated.features:
            view[layer]


def _check_initialized(objective: Objective, session: Any) -> None:
    with objective.graph.graph.as_default():
        missing = session.run(tf.report_uninitialized_variables(_variables(objective), "uninitialized"))
    if missing.size:
        names = ", ".join(name.decode() for name in missing)
        raise ConfigError(f"{names} has no value in this session; run the initializer, or restore a checkpoint, first")


def _variables(objective: Objective) -> list[Any]:
    """The graph's variables that the loss depends on."""
    names = {tensor.op.name for tensor in ancestors(objective.total).values()}
    variables = objective.graph.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
    return [variable for variable in variables if getattr(variable, "handle", variable).op.name in names]


def _signatures(objective: Objective) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Inputs and outputs of each signature, as tensors by name."""
    graph = objective.graph
    content, style = graph.content, graph.style
    features = {layer: maps for layer, maps in content.maps.items() if layer != "image"}
    statistics: dict[str, Any] = {}
    layers = {maps.name: layer for layer, maps in style.maps.items()}
    for statistic in graph.statistics:
        others = {view.image.name for view in graph.views if view is not style}
        if statistic.views == (style,) and not others & ancestors(statistic.tensor).keys():
            what = layers.get(statistic.summand.name, statistic.summand.op.name)
            statistics[f"{statistic.kind}/{what}"] = statistic.tensor
    pictures = {view.name: view.image for view in graph.views}
    losses = {"total": objective.total, "gradient": objective.gradient}
    losses |= {f"loss/{label}": value for label, value in objective.terms.items()}
    signatures = {
        "features": ({"image": content.image}, features),
        "statistics": ({"image": style.image}, statistics),
        "loss_and_gradient": (pictures, losses),
    }
    return {name: sides for name, sides in signatures.items() if sides[1]}

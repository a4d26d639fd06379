"""A style graph as files that other programs load: MetaGraph, checkpoint, frozen GraphDef, SavedModel.

    graph.meta            the graph, to be built upon: tf.train.import_meta_graph
    model.ckpt.*          its variables: tf.train.Saver.restore
    frozen.pb             the graph with its weights as constants: tf.import_graph_def
    saved_model/          signatures for tf.saved_model.load: features, statistics, loss_and_gradient

Names are those of the style graph. In the frozen graph ``generated_image:0`` is a placeholder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import ConfigError, did_you_mean
from nstgraph.files import check_folder
from nstgraph.graph import StyleGraph
from nstgraph.objective import Objective
from nstgraph.walk import ancestors

__all__ = ["FORMATS", "check", "export"]

_CHECKPOINT = "model.ckpt"


def export(objective: Objective, session: Any, folder: Path, formats: Collection[str] = ()) -> list[Path]:
    """Write a style graph, with the values that its variables have in a session, into a new folder.

    Feature maps of all layers up to the deepest that the loss uses are in it, of the content image and the styles.

    Args:
        objective: the graph, and its loss.
        session: has the variables' values.
        folder: is made; must not exist yet.
        formats: some of ``FORMATS``; all if empty.

    Returns:
        What was written.

    Raises:
        ConfigError: the folder exists or cannot be made, or there is no such format.
    """
    check(folder, formats)
    _complete(objective.graph)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
            place = Path(temporary) / "export"
            place.mkdir()
            exported = _Exported(objective, session, place)
            for name in formats or FORMATS:
                FORMATS[name](exported)
            if "checkpoint" not in (formats or FORMATS):
                exported.remove_checkpoint()
            place.rename(folder)
    except OSError as error:
        raise ConfigError(f"cannot write {folder} ({error.strerror}); choose another folder") from error
    return sorted(folder.iterdir())


def check(folder: Path, formats: Collection[str] = ()) -> None:
    """Refuse, before any work, what `export` would; see there."""
    for name in formats:
        if name not in FORMATS:
            raise ConfigError(f"no format {name!r}{did_you_mean(name, FORMATS)}")
    if folder.exists():
        raise ConfigError(f"{folder} exists; choose another folder")
    check_folder(folder)


class _Exported:
    """A style graph on its way into a folder. A checkpoint is always written, as a SavedModel is made from it."""

    def __init__(self, objective: Objective, session: Any, place: Path) -> None:
        self.objective = objective
        self.session = session
        self.place = place
        graph = objective.graph.graph
        with graph.as_default():
            saver = tf.train.Saver(_variables(objective), save_relative_paths=True)
            saver.save(session, str(place / _CHECKPOINT), write_meta_graph=False)
            self.meta = tf.train.export_meta_graph(graph=graph, saver_def=saver.as_saver_def(), clear_devices=True)
        for node in self.meta.graph_def.node:
            # Gradients that were registered in this process alone: elsewhere the operations' own are taken.
            if node.op == "IdentityN" and "_gradient_op_type" in node.attr:
                del node.attr["_gradient_op_type"]

    def remove_checkpoint(self) -> None:
        """Remove the checkpoint again."""
        for path in (*self.place.glob(f"{_CHECKPOINT}*"), self.place / "checkpoint"):
            path.unlink()


def _save_meta_graph(exported: _Exported) -> None:
    (exported.place / "graph.meta").write_bytes(exported.meta.SerializeToString())


def _save_nothing(exported: _Exported) -> None:
    """Leave the checkpoint, which is there already."""


def _save_frozen(exported: _Exported) -> None:
    graph = exported.objective.graph
    definition = tf.GraphDef()
    definition.CopyFrom(exported.meta.graph_def)
    image = next(node for node in definition.node if node.name == graph.generated.image.op.name)
    shape = image.attr["_output_shapes"].list.shape[0] if "_output_shapes" in image.attr else None
    image.Clear()
    image.name, image.op = graph.generated.image.op.name, "Placeholder"
    image.attr["dtype"].type = tf.float32.as_datatype_enum
    image.attr["shape"].shape.CopyFrom(shape or graph.generated.image.shape.as_proto())
    ends = [tensor.op.name for outputs in _signatures(exported.objective).values() for tensor in outputs[1].values()]
    frozen = tf.graph_util.convert_variables_to_constants(exported.session, definition, sorted(set(ends)))
    (exported.place / "frozen.pb").write_bytes(frozen.SerializeToString())


def _save_saved_model(exported: _Exported) -> None:
    builder = tf.saved_model.Builder(str(exported.place / "saved_model"))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.train.import_meta_graph(exported.meta).restore(session, str(exported.place / _CHECKPOINT))
        signatures = {
            name: tf.saved_model.build_signature_def(
                *(
                    {key: tf.saved_model.build_tensor_info(graph.get_tensor_by_name(t.name)) for key, t in side.items()}
                    for side in sides
                )
            )
            for name, sides in _signatures(exported.objective).items()
        }
        builder.add_meta_graph_and_variables(session, [tf.saved_model.SERVING], signatures, strip_default_attrs=True)
        builder.save()


#: What can be written, by name.
FORMATS: dict[str, Callable[[_Exported], None]] = {
    "metagraph": _save_meta_graph,
    "checkpoint": _save_nothing,
    "frozen": _save_frozen,
    "savedmodel": _save_saved_model,
}


def _complete(graph: StyleGraph) -> None:
    """Build what is there of a layer for one picture for the others, too."""
    for view in (graph.content, *graph.styles):
        for layer in graph.generated.network_maps:
            view[layer]


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

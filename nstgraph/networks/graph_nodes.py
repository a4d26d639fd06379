"""The nodes of a frozen GraphDef: read without running anything, put in order, and checked to be harmless."""

from __future__ import annotations

import collections
import functools
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import WeightsError
from nstgraph.files import what_is_wrong_with
from nstgraph.operation_types import NETWORK, VARIABLES

__all__ = ["check", "in_order", "inputs_of", "read", "type_name"]

#: Bytes; protobuf cannot hold more.
_LARGEST_FILE = 2**31 - 1

#: Of tensors that TensorFlow computes with.
_MOST_AXES = 8

_NAME = r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*"
_INPUT = re.compile(rf"{_NAME}(:\d{{1,6}})?|\^{_NAME}")

#: Strings, handles and variants are for files and the state of a program.
_NUMBERS = (
    "bfloat16", "bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
    "uint32", "uint64",
)  # fmt: skip


def read(path: Path) -> Any:
    """The GraphDef that a file holds, of which only nodes and versions are meant to be used.

    Raises:
        WeightsError: the file is missing, no GraphDef, or not frozen; names in it are damaged.
    """
    fault = what_is_wrong_with(path)
    if fault:
        raise WeightsError(f"{path} {fault}; check --network")
    graph = tf.GraphDef()
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise WeightsError(f"{path} is larger than 2 GB, which no frozen graph (.pb) can be; check --network")
        graph.ParseFromString(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}); check --network") from error
    except WeightsError:
        raise
    except Exception as error:  # protobuf's error type depends on its implementation
        raise WeightsError(f"{path} is not a frozen graph (.pb); check --network") from error
    if not graph.node:
        raise WeightsError(f"{path} is not a frozen graph (.pb), or is empty; check --network")
    names: set[str] = set()
    for node in graph.node:
        if not re.fullmatch(_NAME, node.name) or not node.op.isidentifier():
            raise WeightsError(f"{path} is damaged: it names an operation {node.name!r}; get the file again")
        if node.name in names:
            raise WeightsError(f"{path} is damaged: it has two operations {node.name}; get the file again")
        if node.op in VARIABLES:
            raise WeightsError(f"{path} has variables; freeze it with convert_variables_to_constants first")
        names.add(node.name)
    return graph


def inputs_of(node: Any) -> list[str]:
    """Names of the operations that a node takes tensors from."""
    return [name.partition(":")[0] for name in node.input if not name.startswith("^")]


def in_order(nodes: Mapping[str, Any], source: str) -> list[str]:
    """Names of nodes, each after those it takes tensors from; ``source`` is taken to need none.

    What is in a loop, or lacks an input, is left out.
    """
    users = collections.defaultdict(list)
    missing = {}
    for name, node in nodes.items():
        inputs = set(inputs_of(node)) if name != source else set()
        missing[name] = len(inputs)
        for other in inputs:
            users[other].append(name)
    order = [name for name, count in missing.items() if count == 0]
    for name in order:  # which grows on the way
        for user in users[name]:
            missing[user] -= 1
            if missing[user] == 0:
                order.append(user)
    return order


def check(path: Path, nodes: Sequence[Any]) -> None:
    """Refuse nodes of a file unless all of them are what networks compute with.

    Raises:
        WeightsError: an operation is not one of those that are known to be harmless, works on no numbers, or is
            damaged in a way that TensorFlow does not find.
    """
    for node in nodes:  # first, since names of files are not numbers, but not what there is to say
        if node.op not in NETWORK:
            raise WeightsError(
                f"{_named(path, node)}, which is not one that a network needs; ask for layers before it, or "
                "name a later --input"
            )
    for node in nodes:
        for name, value in node.attr.items():
            if not all(type_name(kind) for kind in (value.type, value.tensor.dtype, *value.list.type) if kind):
                raise WeightsError(f"{_named(path, node)}, whose {name} is not of numbers; get another file")
        if not all(_INPUT.fullmatch(name) for name in node.input):
            raise WeightsError(f"{_named(path, node)}, whose inputs are damaged; get the file again")
        if not _is_sound(node):
            raise WeightsError(f"{_named(path, node)}, whose values are damaged; get the file again")


def _named(path: Path, node: Any) -> str:
    return f"{path} has the operation {node.name} of type {node.op}"


@functools.cache
def type_name(kind: int) -> str:
    """Name of a type of numbers, such as ``float32``, by its number in a GraphDef; empty for any other."""
    return next((name for name in _NUMBERS if tf.as_dtype(name).as_datatype_enum == kind), "")


def _is_sound(node: Any) -> bool:
    """Whether tensors among the attributes are what they claim to be; TensorFlow ends the process if they are not."""
    tensors = {name for name, value in node.attr.items() if value.HasField("tensor") or value.list.tensor}
    if node.op != "Const":
        return not tensors
    value = node.attr["value"].tensor
    lengths = [dimension.size for dimension in value.tensor_shape.dim]
    size = math.prod(lengths) * tf.as_dtype(value.dtype).size if value.dtype else 0
    return (
        tensors == {"value"}
        and value.dtype == node.attr["dtype"].type != 0
        and not value.tensor_shape.unknown_rank
        and len(lengths) <= _MOST_AXES
        and min(lengths, default=0) >= 0
        and len(value.tensor_content) in (0, size)
    )

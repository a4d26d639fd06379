"""Reads the cases of a range, in a process of its own: `python child.py READER FIRST BEYOND`.

The number of a case is written before it is read, so that whoever started this knows which one ended it.
"""

from __future__ import annotations

import faulthandler
import io
import os
import resource
import sys
import tempfile
import time
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import mutate
import mutate_graph
import valid_files

from nstgraph.errors import NstgraphError
from nstgraph.memory import peak_memory, process_memory

__all__ = ["MEMORY", "SECONDS", "fault_of"]

#: Bytes that reading a picture may take.
MEMORY = 200e6

#: What a case may take.
SECONDS = 5.0

#: Characters that a message may have.
LONGEST = 500


def fault_of(read: Callable[[], object]) -> str:
    """What is wrong with how a reader ends; empty if that is success, or an error of one clear line."""
    try:
        read()
    except NstgraphError as error:
        return _fault_of_message(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _fault_of_message(error: NstgraphError) -> str:
    text, cause = str(error), error.__cause__
    while cause is not None:
        if isinstance(cause, MemoryError):
            return f"asked for more memory than there is: {text}"
        cause = cause.__cause__ or cause.__context__
    if not text or len(text) > LONGEST:
        return f"a message of {len(text)} characters: {text[:LONGEST]!r}"
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        return f"not one line of text: {text!r}"
    return ""


def _pictures(folder: Path) -> Callable[[int], object]:
    from nstgraph.pictures.load import load

    known = valid_files.pictures()
    files = [data for _, data in known]

    def read(number: int) -> object:
        data, extension = mutate.damaged(files, number, valid_files.SIDES), known[number % len(known)][0]
        if number // len(files) % 2 and extension != "tga":
            return load(io.BytesIO(data), memory=MEMORY)
        path = folder / f"a.{extension}"
        path.write_bytes(data)
        return load(path, memory=MEMORY)

    return read


def _settings(folder: Path) -> Callable[[int], object]:
    from nstgraph.config import Config
    from nstgraph.pictures.metadata import read_settings

    files, path = valid_files.settings(), folder / "a.png"

    def read(number: int) -> object:
        extension, text = files[number % len(files)][0], valid_files.SETTINGS.encode()
        if number // len(files) % 2:  # the text, in a picture that is valid
            text = mutate.damaged([text], number).decode("latin-1").encode()
            data = valid_files.carrying(extension, text.decode())
        else:
            data = mutate.damaged([files[number % len(files)][1]], number)
        path.write_bytes(data)
        return hash(Config.from_settings(read_settings(path)))

    return read


def _toml(folder: Path) -> Callable[[int], object]:
    from nstgraph.config import Config

    path = folder / "a.toml"

    def read(number: int) -> object:
        path.write_bytes(mutate.damaged([valid_files.TOML.encode()], number))
        return hash(Config.from_toml(path))

    return read


def _records(folder: Path) -> Callable[[int], object]:
    """What a picture says that it was made from; it is never found, as nothing in it is here."""
    from nstgraph.pictures.metadata import read_settings
    from nstgraph.run.recorded import Recorded

    path = folder / "a.png"

    def read(number: int) -> object:
        text = mutate.damaged([valid_files.RECORD.encode()], number).decode("latin-1")
        path.write_bytes(valid_files.carrying("png", text))
        recorded = Recorded.read(read_settings(path))
        assert all(record.find(folder) is None for record in (recorded.content, *recorded.styles, *recorded.plugins))
        return recorded

    return read


def _weights(folder: Path) -> Callable[[int], object]:
    from nstgraph.networks.weights_file import WeightsFile

    files, path = valid_files.weights(), folder / "a.npz"

    def read(number: int) -> object:
        whole = files[number % len(files)]
        path.write_bytes(_member_damaged(whole, number) if number % 2 else mutate.damaged(files, number))
        file = WeightsFile(path)
        return [file.read(layer) for layer in file.layers]

    return read


def _other_weights(folder: Path) -> Callable[[int], object]:
    """Two of three cases are damaged in the first kilobytes alone, where most formats say what there is."""
    from nstgraph.networks.weights_file import WeightsFile

    files, path = valid_files.other_weights(), folder / "a"

    def read(number: int) -> object:
        whole = files[number % len(files)]
        data = mutate.damaged([whole[:3_000]], number) + whole[3_000:] if number % 3 else mutate.damaged(files, number)
        path.write_bytes(data)
        file = WeightsFile(path)
        return file.colors, [file.read(layer) for layer in file.layers]

    return read


def _member_damaged(file: bytes, number: int) -> bytes:
    """An npz that is valid, one array of which is not."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    name = sorted(members)[number // 2 % len(members)]
    members[name] = mutate.damaged([members[name]], number)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return stream.getvalue()


def _networks(folder: Path) -> Callable[[int], object]:
    from nstgraph import tf
    from nstgraph.networks.graph_file import GraphFile

    files, path = valid_files.networks(), folder / "a.pb"

    def read(number: int) -> object:
        graph = tf.GraphDef.FromString(files[number % len(files)])
        path.write_bytes(mutate_graph.damaged_graph(graph, number) if number % 4 else mutate.damaged(files, number))
        file = GraphFile(path)
        with tf.Graph().as_default():
            features = file.network().features(tf.zeros([1, 40, 40, 3]), "features/")
            return [features[layer] for layer in file.names()]

    return read


def _faulty(folder: Path) -> Callable[[int], object]:
    """What the tests of this themselves read: cases that end in each way in which none should."""
    del folder

    def read(number: int) -> object:
        if number == 1:
            os.abort()
        if number == 2:
            raise ValueError("two\nlines")
        if number == 3:
            return bytearray(b"x") * int(1.5 * MEMORY)
        if number == 4:
            raise NstgraphError("that is bad") from MemoryError()
        if number == 5:
            time.sleep(10 * SECONDS)
        raise NstgraphError("one\nline")

    return read


READERS: dict[str, Callable[[Path], Callable[[int], object]]] = {
    "pictures": _pictures,
    "settings": _settings,
    "toml": _toml,
    "records": _records,
    "weights": _weights,
    "other weights": _other_weights,
    "networks": _networks,
    "faulty": _faulty,
}


def _faults(read: Callable[[int], object], numbers: range) -> Iterator[str]:
    """The number of each case before it is read, and after it what is wrong, if anything is."""
    base = max(peak_memory(), process_memory())
    for number in numbers:
        yield f"{number}"
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        fault = fault_of(lambda number=number: read(number))  # type: ignore[misc]
        faulthandler.cancel_dump_traceback_later()
        if fault:
            yield f"{number} {fault!r}"
        if peak_memory() > base + MEMORY:
            yield f"{number} took {(peak_memory() - base) / 1e6:.0f} MB"
            base = peak_memory()


def _main(reader: str, first: int, beyond: int) -> None:
    faulthandler.enable()
    warnings.simplefilter("ignore")  # as the command line does
    with tempfile.TemporaryDirectory() as folder:
        read = READERS[reader](Path(folder))
        if reader != "networks":  # TensorFlow reserves more than it uses
            resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
        for line in _faults(read, range(first, beyond)):
            os.write(1, f"{line}\n".encode(errors="replace"))


if __name__ == "__main__":
    _main(sys.argv[1], *map(int, sys.argv[2:]))

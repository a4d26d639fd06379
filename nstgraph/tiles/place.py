"""Where the tiles of a picture are computed: here, one after the other, or wherever else keeps to the same protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.tensor_ancestry import run_for
from nstgraph.tiles.target_cache import TargetCache

__all__ = ["Cut", "Home", "Pass", "Place", "SessionCall", "TileWork"]

#: Values of tensors for a tile by its number: by tensor name, pictures being those of the tile.
Cut: TypeAlias = Callable[[int], Mapping[str, Any]]

#: The passes of an evaluation over the tiles: ``sums`` adds up statistics, ``back`` carries derivatives to the pixels.
Pass: TypeAlias = Literal["sums", "back"]


@dataclass(frozen=True)
class TileWork:
    """What is computed of each tile for some statistics, as tensors of the style graph.

    Attributes:
        sums: the statistics.
        back: derivatives of the loss with respect to earlier statistics, then to the tile's pixels.
        targets: what both are computed from, and stays the same for each tile.
        inputs: what both may be fed beside the targets: the generated image, interior, other sums, and adjoints.
        data: what targets may be fed.
    """

    sums: Sequence[Any]
    back: Sequence[Any]
    targets: Sequence[Any]
    inputs: Sequence[Any]
    data: Sequence[Any]


class Place(Protocol):
    """Computes the tiles of pictures that are bound."""

    def bind(self, cut: Cut, count: int, keep: str) -> None:
        """Choose the pictures.

        Args:
            cut: gives what targets are made from.
            count: of the tiles.
            keep: where targets are kept, see `TargetCache`.
        """

    def each(self, which: Pass, cut: Cut) -> Iterator[Sequence[Array]]:
        """What a pass gives for each tile, in the order of their numbers, as soon as it is there."""

    def release(self) -> None:
        """Give back the memory of the targets."""


class SessionCall:
    """A session's run of some fetches.

    Args:
        session: a ``tf.Session``.
        fetches: tensors, in lists.
        candidates: tensors to be fed, if a fetch is computed from them.
    """

    def __init__(self, session: Any, fetches: Sequence[Any], candidates: Iterable[Any]) -> None:
        candidates = list(candidates)
        _, used = run_for(tf.nest.flatten(fetches), fed=candidates)
        self._feeds = [tensor for tensor in candidates if tensor.name in used]
        self._run = session.make_callable(fetches, feed_list=self._feeds)

    @property
    def names(self) -> list[str]:
        """Of the tensors that are fed."""
        return [tensor.name for tensor in self._feeds]

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Values of the fetches, given those of the candidates by tensor name."""
        return self._run(*(values[tensor.name] for tensor in self._feeds))


class Home:
    """The place in this process: tiles are computed one after the other.

    Args:
        session: of the style graph.
        work: what is computed.

    Attributes:
        session: see above.
    """

    def __init__(self, session: Any, work: TileWork) -> None:
        self.session = session
        self._names = [tensor.name for tensor in work.targets]
        self._make = SessionCall(session, work.targets, work.data)
        fed = [*work.inputs, *work.targets]
        self._calls = {"sums": SessionCall(session, work.sums, fed), "back": SessionCall(session, work.back, fed)}
        self._count = 0
        self._cache: TargetCache | None = None

    def bind(self, cut: Cut, count: int, keep: str) -> None:
        """See `Place`."""
        self._count = count
        self._cache = TargetCache(keep, lambda number: self._make(cut(number)))

    def each(self, which: Pass, cut: Cut) -> Iterator[Sequence[Array]]:
        """See `Place`."""
        return (self.one(which, number, cut(number)) for number in range(self._count))

    def one(self, which: Pass, number: int, values: Mapping[str, Any]) -> Sequence[Array]:
        """What a pass gives for a tile."""
        assert self._cache is not None, "no pictures are bound"
        targets = dict(zip(self._names, self._cache[number], strict=True))
        given: Sequence[Array] = self._calls[which]({**values, **targets})
        return given

    def release(self) -> None:
        """See `Place`."""
        self._cache, self._count = None, 0

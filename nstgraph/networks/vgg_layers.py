"""The layers of VGG16 and VGG19, a row each.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015), table 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ARCHITECTURES", "VGG16", "VGG19", "Architecture"]


@dataclass(frozen=True)
class Architecture:
    """A VGG: blocks of 3 × 3 convolutions, each block followed by a pool.

    Attributes:
        name: ``"VGG16"`` or ``"VGG19"``.
        blocks: number of convolutions in each block, and how many channels they have.
        kernels: shape (3, 3, in, out) of each convolution's kernel by name, such as ``conv3_1``, in network order.
        below: by layer, convolution or pool, the layer that it is computed from; None for the first.
    """

    name: str
    blocks: tuple[tuple[int, int], ...]
    kernels: dict[str, tuple[int, ...]] = field(init=False)
    below: dict[str, str | None] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kernels", {})
        object.__setattr__(self, "below", {})
        last, channels = None, 3
        for block, (count, width) in enumerate(self.blocks, 1):
            for number in range(1, count + 1):
                name = f"conv{block}_{number}"
                self.kernels[name], self.below[name] = (3, 3, channels, width), last
                last, channels = name, width
            self.below[f"pool{block}"] = last
            last = f"pool{block}"

    def convolutions(self, layer: str) -> tuple[str, ...]:
        """The convolutions that a layer needs, its own included, in network order."""
        needed, below = [], layer if layer in self.below else None
        while below is not None:
            needed.append(below)
            below = self.below[below]
        return tuple(name for name in reversed(needed) if name in self.kernels)


VGG16 = Architecture("VGG16", ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)))
VGG19 = Architecture("VGG19", ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)))

#: From the smaller to the larger; a convolution that several have is the same in all of them.
ARCHITECTURES = (VGG16, VGG19)

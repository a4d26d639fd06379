"""Settings of the result's colours."""

from __future__ import annotations

from dataclasses import dataclass

from nstgraph.value_checks import one_of, setting, switch

__all__ = ["ColorSettings"]

#: How the photo's colours are kept: by a term of the loss; by its chroma, where luminance alone is searched for; or by
#: a painting that has them.
_WAYS = ("search", "luminance", "matching")

#: Those of `nstgraph.pictures.color_spaces`, which imports numpy.
_SPACES = ("lab", "ycbcr")

#: The better one by way: in Lab, chroma stays nearer to the photo's; in YCbCr, matched paintings have fewer colours
#: that are not the photo's (20 pairs), while Lab's blues turn violet.
_BETTER = {"luminance": "lab", "matching": "ycbcr"}


@dataclass(frozen=True)
class ColorSettings:
    """Whose colours the result has."""

    keep_colors: bool = setting(False, "Loss", switch(), "Keep the photo's colours.")
    colors_by: str = setting(
        _WAYS[0],
        "Loss",
        one_of(*_WAYS),
        "How the photo's colours are kept: by the loss; by its chroma, as the search is for luminance alone; or by a "
        "painting whose colours are matched to the photo's before.",
    )
    color_space: str = setting(
        "auto",
        "Loss",
        one_of("auto", *_SPACES),
        "Where luminance and chroma are told apart, or colours matched: in CIE Lab, or YCbCr. auto takes lab for "
        "luminance and ycbcr for matching.",
    )

    @property
    def colors_are_searched(self) -> bool:
        """Whether a term of the loss keeps the photo's colours."""
        return self.keep_colors and self.colors_by == "search"

    @property
    def chosen_space(self) -> str:
        """The colour space by name, chosen if there is one to choose."""
        if self.color_space != "auto" or not self.keep_colors or self.colors_are_searched:
            return self.color_space
        return _BETTER[self.colors_by]

    def color_fault(self) -> str:
        """Which of these settings does nothing beside the others, in a sentence; empty if none."""
        if self.colors_by != _WAYS[0] and not self.keep_colors:
            return "colors_by is only used with keep_colors; set that, too"
        if self.color_space != "auto" and (not self.keep_colors or self.colors_are_searched):
            return "color_space is only used with keep_colors and colors_by luminance or matching; set these, too"
        return ""

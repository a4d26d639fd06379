"""Help in plain words, and options by the names that other programs have for them."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

__all__ = ["Command", "Group"]

_PICTURES = "the photo and the painting come first, without an option: nstgraph stylize photo.jpg painting.jpg"
_WEIGHTS = "weights belong to the terms of the loss: -l 0.1*content -l 2*style -l 0.5*tv"
_LAYERS = "layers belong to the terms of the loss: -l style:layers=conv1_1+conv2_1 -l content:layer=conv3_3"
_STEPS, _SIZE, _EVERY = "use --steps", "use --size", "use --save-every, or --latest"

#: By name without dashes and underscores.
_HINTS = {
    **dict.fromkeys(("iterations", "numiterations", "iters", "niter", "maxiter", "numsteps", "epochs"), _STEPS),
    **dict.fromkeys(("imagesize", "imgsize", "resolution", "maxsize", "height", "width", "endscale"), _SIZE),
    **dict.fromkeys(("contentweight", "styleweight", "tvweight", "styleweights", "contentweights"), _WEIGHTS),
    **dict.fromkeys(("contentlayers", "contentlayer", "stylelayers", "stylelayer"), _LAYERS),
    **dict.fromkeys(("content", "contentimage", "style", "styleimage", "styles", "styleimages"), _PICTURES),
    **dict.fromkeys(("saveiter", "saveiterations", "checkpointiterations", "printiter"), _EVERY),
    **dict.fromkeys(("outputimage", "out", "outfile", "outputfile"), "use --output, or -o"),
    **dict.fromkeys(("learningrate", "lr"), "a rate belongs to its optimiser: --optimizer adam:learning_rate=5"),
    **dict.fromkeys(("initimage", "initialize", "startimage"), "use --init"),
    **dict.fromkeys(("device", "devices", "gpu", "cpu"), "TensorFlow takes a graphics card where it finds one"),
    **dict.fromkeys(("model", "modelfile", "vgg", "vggpath"), "use --weights, or --network for another network"),
}


class _Plain:
    """Help without Python's types: switches have none, arguments say what they are."""

    def get_params(self, ctx: Any) -> list[Any]:
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if getattr(parameter, "is_flag", False) and parameter.metavar is None:
                parameter.metavar = ""
            elif parameter.param_type_name == "argument":
                parameter.display_type = lambda ctx: None
        return parameters


class Group(_Plain, TyperGroup):
    """Several commands under one name."""


class Command(_Plain, TyperCommand):
    """A command that knows what other programs call its options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Answer an unknown option that has a hint; leave everything else to Typer."""
        known = {name for parameter in self.params for name in parameter.opts}
        for argument in args:
            name = argument.partition("=")[0]
            hint = _HINTS.get(name.lstrip("-").replace("-", "").replace("_", "").lower(), "")
            if name.startswith("-") and name not in known and self._holds(hint, known):
                ctx.fail(f"There is no option {name}: {hint}")
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def _holds(self, hint: str, known: set[str]) -> bool:
        """Whether a hint, which is meant for commands that take pictures, is of use here, too."""
        named = set(re.findall(r"(?<!\S)--?[a-z-]+", hint))
        takes_pictures = any(parameter.name == "content" for parameter in self.params)
        return bool(hint) and (takes_pictures or bool(named and named <= known))

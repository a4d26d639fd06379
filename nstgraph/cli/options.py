"""The command line's options: those of settings come from the settings' own metadata, the others are here."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.losses.registry import registry
from nstgraph.presets import preset
from nstgraph.settings.exclusions import over
from nstgraph.settings.toml_file import OUTPUTS, checked, read_toml
from nstgraph.value_checks import setting_of

if TYPE_CHECKING:
    from nstgraph.workers.workers import Workers

__all__ = [
    "ConfigFile",
    "Content",
    "Like",
    "Patience",
    "Plugins",
    "PresetName",
    "Quiet",
    "StyleCount",
    "Styles",
    "WorkerList",
    "chosen_workers",
    "load_plugins",
    "option",
    "takes",
]

Content: TypeAlias = Annotated[
    Path, typer.Argument(metavar="CONTENT", help="The photo: what is to be seen; - is standard input.")
]
Styles: TypeAlias = Annotated[
    list[Path],
    typer.Argument(metavar="STYLE", help="The painting, or several to be blended; a folder stands for all in it."),
]
Plugins: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin", metavar="FILE", help="Python file with loss terms; may be given again.", rich_help_panel="Loss"
    ),
]
Like: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--like",
        metavar="FILE",
        help="A picture of nstgraph's (.png .tif), whose settings are taken; options given beside it win.",
    ),
]
ConfigFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="A file of settings (.toml), which win over those of --preset and --like; options given beside it win.",
    ),
]
StyleCount: TypeAlias = Annotated[
    int, typer.Option("--styles", metavar="N", min=1, help="Number of style images.", rich_help_panel="Loss")
]
PresetName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Options that reproduce another program or a paper; those given beside it win. See: nstgraph presets.",
    ),
]
WorkerList: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--workers",
        metavar="HOST:PORT,...",
        help="Machines on which nstgraph worker runs; they compute tiles where that is faster. May be given again.",
        rich_help_panel="Machine",
    ),
]
Patience: TypeAlias = Annotated[
    float,
    typer.Option(
        "--worker-timeout",
        metavar="SECONDS",
        help="Time after which a worker that does not answer is given up, and others compute its tiles.",
        rich_help_panel="Machine",
    ),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]

Function = Callable[..., None]

#: The argument by which Typer hands over what it knows of the command line.
_CONTEXT = "typer_context"

#: Arguments that stand in for options which are not given.
_STAND_INS = {"like", "preset", "config_file"}


def takes(*only: str, **classes: type) -> Callable[[Function], Function]:
    """Give a command the options of classes of settings, and hand these to it as arguments.

    Where a command has the options `PresetName`, `Like` or `ConfigFile`, what is not given is taken from there.

    Args:
        only: names of the settings that it takes; all if there are none.
        classes: the classes by the name of the argument.
    """

    def decorated(function: Function) -> Function:
        names = {
            argument: [field.name for field in dataclasses.fields(of) if not only or field.name in only]
            for argument, of in classes.items()
        }

        @functools.wraps(function)
        def run(**given: Any) -> None:
            context, made = given.pop(_CONTEXT, None), {}
            in_file = _of_file(given.get("config_file"), classes)
            for argument, of in classes.items():
                values = {name: _parsed(of, name, given.pop(name)) for name in names[argument]}
                made[argument] = _made(of, values, in_file.get(of, {}), given, context)
            function(**given, **made)

        signature = inspect.signature(function, eval_str=True)
        parameters: list[inspect.Parameter] = []
        if _STAND_INS & signature.parameters.keys():
            parameters.append(inspect.Parameter(_CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context))
        for parameter in signature.parameters.values():
            if parameter.name in classes:
                parameters += [_option(classes[parameter.name], name) for name in names[parameter.name]]
            else:
                parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return run

    return decorated


def _of_file(path: Path | None, classes: Mapping[str, type]) -> dict[type, dict[str, Any]]:
    """What a file of settings says for each class; it may also be for a command that takes less."""
    if path is None:
        return {}
    values = read_toml(path)
    outputs = values.pop(OUTPUTS, {})
    for name in values:
        if any(not issubclass(of, Config) and name in of.__dataclass_fields__ for of in classes.values()):  # type: ignore[attr-defined]
            raise ConfigError(f"{name} in {path} says what is written; put it below [{OUTPUTS}]")
    return {
        of: checked(values, of, str(path)) if issubclass(of, Config) else _outputs(outputs, of, f"{path}, [{OUTPUTS}]")
        for of in classes.values()
    }


def _outputs(values: Any, of: type, where: str) -> dict[str, Any]:
    """What a table says of output files: checked, and paths as paths."""
    given = checked(values, of, where)
    kinds = {name: _type(of, of.__dataclass_fields__[name]) for name in given}  # type: ignore[attr-defined]
    return {name: Path(value) if kinds[name] == Path | None else value for name, value in given.items()}


def _made(
    of: type, values: dict[str, Any], in_file: dict[str, Any], arguments: dict[str, Any], context: typer.Context | None
) -> Any:
    """Settings of a class: what is not given is that of a file, or of a picture or a preset, if these are."""
    picture, name = arguments.get("like"), arguments.get("preset")
    if context is None or (picture is None and name is None and arguments.get("config_file") is None):
        return of(**values)
    if picture is not None and name is not None:
        raise ConfigError("--like and --preset each give all settings; choose one of them")
    sources = {setting: context.get_parameter_source(setting) for setting in values}
    given = {setting: values[setting] for setting, source in sources.items() if source and source.name != "DEFAULT"}
    given = over(in_file, given)
    if name is not None:
        return of(**preset(name).beside(given, values))
    if not issubclass(of, Config) or picture is None:
        return of(**given)
    from nstgraph.pictures.metadata import read_settings

    return of.from_settings(read_settings(picture), **given)


def option(of: type, name: str) -> Any:
    """The annotation of one option, for commands that take only a few of a class of settings."""
    return _option(of, name).annotation


def chosen_workers(workers: Sequence[str] | None, patience: float) -> Workers:
    """The servers that a command was given.

    Raises:
        ConfigError: an address is none.
    """
    from nstgraph.workers.workers import Workers

    return Workers(*workers or (), patience=patience)


def load_plugins(files: Sequence[Path] | None) -> None:
    """Run the plugin files that a command was given.

    Raises:
        PluginError: one is missing or cannot be run.
    """
    for file in files or ():
        registry.load_file(file)


def _option(of: type, name: str) -> inspect.Parameter:
    field = of.__dataclass_fields__[name]  # type: ignore[attr-defined]
    known = setting_of(field)
    flags = known.flags or (f"--{name.replace('_', '-')}",)
    kind, default = _type(of, field), field.default
    if kind == list[str]:
        default = list(default)
    elif kind is str and default == ():
        default = ""
    elif kind is str and default is not None:
        default = str(default)
    described = typer.Option(
        *flags,
        help=known.help.replace("[", "\\["),  # which Typer would take for markup
        metavar=known.check.metavar,
        rich_help_panel=known.group,
        show_default=known.shown or True,
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, described]
    )


def _type(of: type, field: dataclasses.Field[Any]) -> Any:
    """What Typer is to read: a number, a switch, a path, or text, which the setting's own check judges."""
    if setting_of(field).check.parse is not str:
        return str if field.default is not None else str | None
    if isinstance(field.default, tuple):
        return list[str]
    if isinstance(field.default, bool | int | float):
        return type(field.default)
    if Path in typing.get_args(typing.get_type_hints(of)[field.name]):
        return Path | None
    return str if isinstance(field.default, str) else str | None


def _parsed(of: type, name: str, value: Any) -> Any:
    check = setting_of(of.__dataclass_fields__[name]).check  # type: ignore[attr-defined]
    if isinstance(value, list):
        return tuple(value)
    return check.parse(value) if isinstance(value, str) else value

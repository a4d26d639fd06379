"""Files that list the pictures of a batch, a row or a table each, with any settings of their own.

    content,style,size,loss                 [[job]]
    a.jpg,wave.jpg,512,                     content = "a.jpg"
    b.jpg,wave.jpg|scream.jpg,,content tv   style = ["wave.jpg", "scream.jpg"]
                                            size = 512

In a table of CSV an empty field is one that is not given, and ``|`` stands between several paintings, or masks. Beside
its tables ``job``, a file of TOML may have settings that are for all. A field ``output`` is the name of a result.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.files import what_is_wrong_with
from nstgraph.messages import did_you_mean, shown
from nstgraph.settings.exclusions import over
from nstgraph.settings.toml_file import checked, read_toml
from nstgraph.value_checks import setting_of, value_from_text

__all__ = ["Row", "read_job_file"]

#: Bytes that a table may have, and rows that are read.
_LONGEST, _MOST_ROWS = 1 << 24, 100_000


@dataclass(frozen=True)
class Row:
    """What a file says of one picture: ``output`` is a pattern, or None; ``settings`` are those that it names."""

    content: Path
    styles: tuple[Path, ...]
    output: Path | None
    settings: Mapping[str, Any]


def read_job_file(path: Path) -> list[Row]:
    """The rows of a file of CSV or TOML.

    Raises:
        ConfigError: it cannot be read, is neither, has no rows, or a row lacks a picture or names no setting.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".toml"):
        raise ConfigError(f"{path} is no list of jobs; name a file that ends in .csv or .toml")
    rows = _of_csv(path) if suffix == ".csv" else _of_toml(path)
    if not rows:
        raise ConfigError(f"{path} lists no jobs; write a row for each, with content and style")
    return rows


def _of_csv(path: Path) -> list[Row]:
    fault = what_is_wrong_with(path)
    if fault:
        raise ConfigError(f"{path} {fault}; name a table of jobs, such as one with the columns content and style")
    try:
        with open(path, "rb") as file:
            data = file.read(_LONGEST + 1)
        if len(data) > _LONGEST:
            raise ConfigError(f"{path} has more than {_LONGEST} bytes; split it")
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        lines = list(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigError(f"{path} is no table of CSV in UTF-8 ({error}); mend it there") from error
    if len(lines) > _MOST_ROWS:
        raise ConfigError(f"{path} has {len(lines)} rows; split it into files of {_MOST_ROWS} at most")
    return [_row_of_csv(line, f"row {number} of {path}") for number, line in enumerate(lines, 1)]


def _row_of_csv(line: Mapping[Any, Any], where: str) -> Row:
    if None in line or None in line.values():
        raise ConfigError(f"{where} has not as many fields as the first line has names; mend it there")
    given = {name.strip().replace("-", "_"): text.strip() for name, text in line.items() if text.strip()}
    values: dict[str, Any] = {}
    for name, text in given.items():
        values[name] = text if name in ("content", "output") else text.split("|") if name == "style" else None
        if values[name] is None:
            values[name] = _value(name, text, where)
    return _row(values, where)


def _value(name: str, text: str, where: str) -> Any:
    field = Config.__dataclass_fields__.get(name)
    if field is None:
        raise _unknown(name, where)
    several = isinstance(field.default, tuple) and setting_of(field).check.parse is str
    return tuple(text.split("|")) if several and name != "loss" else value_from_text(Config, name, text)


def _of_toml(path: Path) -> list[Row]:
    values = read_toml(path)
    jobs = values.pop("job", ())
    if not isinstance(jobs, tuple) or not all(isinstance(job, dict) for job in jobs):
        raise ConfigError(f"job in {path} is no list of tables; begin each with [[job]]")
    for_all = checked(values, Config, str(path))
    rows = [_row(job, f"job {number} of {path}") for number, job in enumerate(jobs, 1)]
    return [Row(row.content, row.styles, row.output, over(for_all, row.settings)) for row in rows]


def _row(values: Mapping[str, Any], where: str) -> Row:
    settings = {name: value for name, value in values.items() if name not in ("content", "style", "output")}
    content, style, output = (values.get(name) for name in ("content", "style", "output"))
    styles = style if isinstance(style, list | tuple) else [style]
    if not (_is_name(content) and styles and all(map(_is_name, styles))):
        raise ConfigError(f"{where} lacks a content or a style; give the path of a picture for each")
    if output is not None and not _is_name(output):
        raise ConfigError(f"output in {where} is {shown(output)}; give the name of a file")
    return Row(
        Path(str(content)),
        tuple(map(Path, styles)),
        None if output is None else Path(output),
        checked(settings, Config, where),
    )


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _unknown(name: str, where: str) -> ConfigError:
    known = ["content", "style", "output", *Config.__dataclass_fields__]
    return ConfigError(f"no setting {shown(name)} for {where}{did_you_mean(name, known)}")

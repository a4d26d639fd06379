"""The options that say which files a run writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nstgraph.value_checks import check_settings, document, number, setting, switch, text

__all__ = ["STDOUT", "Outputs"]

#: Stands for standard output.
STDOUT = Path("-")


@dataclass(frozen=True)
class Outputs:
    """The files that a run writes."""

    output: Path | None = setting(
        None,
        "Output",
        text("FILE"),
        "The result: .png .jpg .webp .tif or .bmp; - is standard output, as PNG.",
        "--output",
        "-o",
        shown="CONTENT-STYLE.png",
    )
    overwrite: bool = setting(False, "Output", switch(), "Replace files that exist.")
    compare: bool = setting(False, "Output", switch(), "Also write content, style and result in a row.")
    save_every: int = setting(
        0,
        "Output",
        number(0, 1_000_000),
        "Also write the picture after every N steps, at the size it has by then.",
        shown="never",
    )
    latest: Path | None = setting(
        None, "Output", text("FILE"), "Also keep the newest picture in this file, to watch it grow."
    )
    log: Path | None = setting(None, "Output", text("FILE"), "Write every step's losses, as .csv or .json.")
    summaries: Path | None = setting(
        None, "Output", text("FOLDER"), "Write losses and pictures on the way, for TensorBoard."
    )
    trace: Path | None = setting(
        None,
        "Output",
        text("FILE"),
        "Write what an evaluation does in time: a timeline as .json, TensorFlow's full trace as .pb.",
    )

    def __post_init__(self) -> None:
        check_settings(self)


document(Outputs)

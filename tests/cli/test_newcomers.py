"""What somebody types who has used another program, or none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.pictures.load import load

COMMANDS = ["", "stylize", "sweep", "plan", "demo", "terms", "bench", "weights", "weights list", "weights info",
            "weights fetch", "weights convert", "weights doctor", "graph", "graph show", "graph export"]  # fmt: skip
SMALL = "--size 48 --steps 2 --scales 1 -l style:layers=image"


@pytest.fixture(autouse=True)
def here(picture_folder: Path) -> Path:
    return picture_folder


def run(line: str) -> Any:
    return CliRunner().invoke(app, line.split(), env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})


def said(line: str) -> str:
    """What is said of a line that is refused, without the frame and its line breaks."""
    result = run(line)
    assert result.exit_code == 2 and result.stdout == ""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.stderr).split())


@pytest.mark.parametrize("command", COMMANDS)
def test_h_is_help_in_plain_words(command: str) -> None:
    short, long = run(f"{command} -h"), run(f"{command} --help")
    assert short.exit_code == long.exit_code == 0 and short.stdout == long.stdout
    assert "Usage: " in short.stdout
    # Neither Python's types nor defaults that stand for something else.
    plain = short.stdout.replace("Seed of the noise. [default: 0]", "")
    assert not re.search(r"<\w+|\bPath\b|\bINTEGER\b|\bTEXT\b|\bBOOL|\[default: 0(\.0)?\]", plain)


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--iterations", "use --steps"),
        ("--num-iterations", "use --steps"),
        ("--num_iterations", "use --steps"),
        ("--max_iter", "use --steps"),
        ("--image-size", "use --size"),
        ("--style-weight", "-l 2*style"),
        ("--content_weight", "-l 0.1*content"),
        ("--tv-weight", "-l 0.5*tv"),
        ("--style-layers", "-l style:layers="),
        ("--learning-rate", "--optimizer adam:learning_rate=5"),
        ("--content", "come first, without an option"),
        ("--output-image", "--output, or -o"),
        ("--gpu", "graphics card"),
        ("--model-file", "--weights, or --network"),
    ],
)
def test_options_of_other_programs_are_answered_with_what_does_the_same_here(option: str, hint: str) -> None:
    for given in (f"{option} 5", f"{option}=5"):
        answer = said(f"stylize c.png s.png {given}")
        assert f"There is no option {option}: " in answer and hint in answer


def test_every_hint_names_options_that_exist() -> None:
    known = run("stylize --help").stdout
    for option in ("--iterations", "--image-size", "--save-iter", "--output-image", "--init-image", "--model"):
        hint = said(f"stylize c.png s.png {option} 5").partition(f"no option {option}: ")[2]
        named = re.findall(r"--[a-z-]+", hint)
        assert named and all(name in known for name in named)


@pytest.mark.parametrize(
    "line", ["weights fetch --out x", "graph export f --out x", "graph show --style a", "terms --lr 1"]
)
def test_a_hint_that_is_of_no_use_is_not_given(line: str) -> None:
    assert "No such option" in said(line)


def test_a_hint_is_also_given_where_its_option_exists() -> None:
    assert "There is no option --iterations: use --steps" in said("demo --iterations 5")


def test_an_option_that_nobody_has_is_answered_by_the_parser() -> None:
    assert "No such option: --no-such-thing" in said("stylize c.png s.png --no-such-thing")


def test_the_result_has_a_name_of_its_own_and_takes_nobody_elses(here: Path) -> None:
    for name in ("c-s.png", "c-s-2.png"):
        assert run(f"stylize c.png s.png {SMALL}").exit_code == 0
        assert load(here / name).size == (36, 48)
    assert sorted(path.name for path in here.iterdir()) == ["c-s-2.png", "c-s.png", "c.png", "s.png"]


def test_the_word_stylize_can_be_exchanged_for_plan(here: Path) -> None:
    rest = f"c.png s.png -o out.png -q --compare --overwrite --save-every 2 --latest l.png --log l.csv {SMALL}"
    planned = run(f"plan {rest}")
    assert planned.exit_code == 0 and "48 × 36" in planned.stdout
    assert sorted(path.name for path in here.iterdir()) == ["c.png", "s.png"]
    assert run(f"stylize {rest}").exit_code == 0


def test_an_address_is_answered_in_words() -> None:
    expected = "nstgraph: https://example.org/photo.jpg is a web address; download the picture first and name"
    assert said("stylize https://example.org/photo.jpg s.png").startswith(expected)


def test_terms_joined_by_a_plus_are_to_be_given_apart() -> None:
    answer = said("stylize c.png s.png -o o.png -l content+style")
    assert answer == "nstgraph: 'content+style' joins terms by +; give each its own -l, or write a space between them"


def test_a_start_that_cannot_be_improved_is_said_even_when_quiet(here: Path) -> None:
    result = run("stylize c.png s.png -o o.png -q --size 48 --steps 2 -l content:layer=conv1_1")
    assert result.exit_code == 0 and (here / "o.png").exists()
    assert re.fullmatch(r"nstgraph: nothing was changed: .* already a minimum .*; try --init noise.*\n", result.stderr)

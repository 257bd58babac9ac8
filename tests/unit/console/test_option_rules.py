"""Rules about options that act together: what is refused, and what is not."""

import click
import pytest
from click.testing import CliRunner

from monitor.console.option_rules import CONNECTION, excludes, find_parameter, needs, unused
from monitor.console.options import connection_options
from monitor.errors import UsageError
from monitor.main import cli
from tests.unit.test_docs import leaves


@click.command()
@excludes("--fast", "--wait", "--engine slow", unless=("--force",), hint="choose one")
@excludes("--no-check", "--strict")
@needs(("--depth", "--width"), "--tree", "--table")
@unused("--profile")
@click.option("--fast", is_flag=True)
@click.option("--wait", type=int)
@click.option("--engine", type=click.Choice(("auto", "slow")), default="auto")
@click.option("--force", is_flag=True)
@click.option("--check/--no-check", default=None)
@click.option("--strict", is_flag=True)
@click.option("--depth", default=2)
@click.option("--width", multiple=True)
@click.option("--tree", is_flag=True)
@click.option("--table", is_flag=True)
@connection_options
def command(**_: object) -> None:
    """A command with rules."""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--fast --wait 0", "--wait has no effect with --fast"),
        ("--engine slow --fast", "--engine slow has no effect with --fast"),
        ("--no-check --strict", "--strict has no effect with --no-check"),
        ("--depth 3", "--depth has no effect without --tree or --table"),
        ("--width 1", "--width has no effect without --tree or --table"),
        ("--profile a", "--profile has no effect on `"),
    ],
)
def test_what_would_be_ignored_is_refused(line: str, said: str) -> None:
    error = CliRunner().invoke(command, line.split(), standalone_mode=False).exception
    assert isinstance(error, UsageError)
    assert error.message.startswith(said)
    assert error.hint


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--fast",
        "--wait 1",
        "--fast --engine auto",
        "--fast --wait 1 --force",
        "--check --strict",
        "--depth 2",
        "--depth 3 --table",
        "--width 1 --width 2 --tree --table",
        "--region eu-west-1",
    ],
)
def test_what_acts_or_states_a_default_is_accepted(line: str) -> None:
    done = CliRunner().invoke(command, line.split(), standalone_mode=False)
    assert done.exception is None


def test_the_environment_makes_no_refusal() -> None:
    done = CliRunner().invoke(command, ["--fast"], standalone_mode=False, auto_envvar_prefix="X", env={"X_WAIT": "1"})
    assert done.exception is None


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_connection_option_counts_before_and_after_the_command(place: str) -> None:
    region, tail = ["--region", "eu-west-1"], ["tail", "--from", "saved.log"]
    line = [*region, *tail] if place == "before" else [*tail, *region]
    error = CliRunner().invoke(cli, line, standalone_mode=False).exception
    assert isinstance(error, UsageError)
    assert error.message == "--region has no effect with --from"


def test_every_rule_names_options_that_its_command_has() -> None:
    seen = 0
    for path, leaf in leaves(cli, click.Context(cli, info_name="monitor")):
        for name in getattr(leaf.callback, "named_options", ()):
            option, _, value = name.partition(" ")
            parameter = find_parameter(leaf, option)
            assert parameter is not None or option in CONNECTION, f"{path} has no {option}"
            if value and isinstance(parameter, click.Option) and isinstance(parameter.type, click.Choice):
                assert value in parameter.type.choices, f"{path}: {name}"
            seen += 1
    assert seen > 100

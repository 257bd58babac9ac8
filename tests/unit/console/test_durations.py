"""Every option that takes a duration reads the same spellings, and refuses the same."""

from collections.abc import Iterator
from contextlib import suppress

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.console.durations import DURATION, DurationType
from monitor.errors import UsageError
from monitor.kernel.timespec import parse_duration_ms, parse_iso_duration_s, parse_time_ms
from monitor.main import cli

NOW_MS = 1_795_402_121_886
# Points in time, of which a duration that counts back is one form.
TIMES = {"--since", "--until"}
# A duration where a log group is read, a file where a file is: `monitor coldstarts` decides which.
EITHER = {"--compare"}
SPELLINGS = {
    "800ms": 800.0,
    "0.5ms": 0.5,
    "2s": 2_000.0,
    "1.5s": 1_500.0,
    "0.8 s": 800.0,
    "15m": 900_000.0,
    "1h30m": 5_400_000.0,
    "1m 30s 500ms": 90_500.0,
    "3d": 259_200_000.0,
    "1w": 604_800_000.0,
    "0s": 0.0,
    " 2s ": 2_000.0,
}
REFUSED = ("", "fast", "-1s", "1h30", "1e3s", "5m5", "９m", "m", "1 h m", "99999w", "nan", "inf", "1..5s", "1_000s")


def options() -> Iterator[tuple[str, click.Option]]:
    """Each option of each command whose value is a duration or a time."""

    def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Option]]:
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from walk(found, click.Context(found, parent=context, info_name=name))
            return
        for parameter in command.params:
            # The --timeout of every command is not given to it: its own callback reads it.
            if not isinstance(parameter, click.Option) or not parameter.expose_value:
                continue
            if {"TIME", "DURATION"} & {*(parameter.metavar or "").split("|")}:
                yield f"{context.command_path} {parameter.opts[-1]}", parameter

    yield from walk(cli, click.Context(cli, info_name="monitor"))


DURATIONS = [pytest.param(option, id=name) for name, option in options() if option.opts[-1] not in TIMES | EITHER]


def test_the_options_that_take_a_duration_are_those_of_its_type() -> None:
    typed = {name for name, option in options() if isinstance(option.type, DurationType)}
    assert typed == {name for name, option in options() if option.opts[-1] not in TIMES | EITHER}
    assert {name.rpartition(" ")[2] for name in typed} == {
        "--slow", "--timeout", "--lateness", "--reorder", "--slower-than", "--period", "--fail-over", "--budget",
        "--time-limit",
    }  # fmt: skip


@pytest.mark.parametrize("option", DURATIONS)
def test_a_duration_is_read_alike_by_every_option(option: click.Option) -> None:
    context = click.Context(click.Command("test"))
    assert {text: option.type_cast_value(context, text) for text in SPELLINGS} == SPELLINGS
    for text in REFUSED:
        with pytest.raises(UsageError) as raised:
            option.type_cast_value(context, text)
        assert raised.value.message.startswith(f"{option.opts[-1]} {text.strip()!r} is ")


@pytest.mark.parametrize(("text", "duration_ms"), SPELLINGS.items())
def test_a_point_in_time_counts_back_by_the_same_spellings(text: str, duration_ms: float) -> None:
    assert parse_time_ms(text, now_ms=NOW_MS) == NOW_MS - round(duration_ms)


def test_a_number_without_a_unit_is_seconds_but_where_the_help_says_milliseconds() -> None:
    assert DURATION.convert("0.8", None, None) == 800.0
    assert DURATION.convert("0", None, None) == 0.0
    assert DurationType("ms").convert("800", None, None) == 800.0


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(("ms", "s", "m", "h"))), min_size=1, max_size=5))
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    whole = "".join(f"{count}{unit}" for count, unit in parts)
    assert parse_duration_ms(whole) == sum(parse_duration_ms(f"{count}{unit}") for count, unit in parts)


@given(st.text(alphabet="0123456789.msh dw-P", max_size=12))
def test_whatever_is_typed_is_a_duration_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert parse_duration_ms(text) >= 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT6H", 21_600),
        ("-PT6H", 21_600),
        ("-P1DT12H", 129_600),
        ("P1W", 604_800),
        ("P3M", 7_776_000),
        ("pt15m", 900),
        ("PT90S", 90),
        ("P", None),
        ("PT", None),
        ("6H", None),
        ("PT1.5H", None),
        ("", None),
    ],
)
def test_an_iso_duration_is_read_as_cloudwatch_reads_it(text: str, seconds: int | None) -> None:
    assert parse_iso_duration_s(text) == seconds

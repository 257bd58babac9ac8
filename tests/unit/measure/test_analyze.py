"""The variable that forces a cold start, and where more memory stops helping."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import RefusedError, UsageError
from monitor.kernel.missing import Missing
from monitor.measure.analyze import (
    VARIABLE,
    check_alias,
    enough_memory,
    has_room,
    mark_text,
    marked,
    parse_sizes,
    read_mark,
    size_result,
    unmarked,
)
from monitor.measure.model import ExtensionTimes, Mark, Start
from monitor.records.invocation import InitKind

RUNS = st.text("0123456789abcdef", min_size=16, max_size=16)
SIZES = st.integers(128, 10_240)
MARKS = st.builds(Mark, RUNS, st.integers(1, 10**9 - 1), SIZES, SIZES)
VARIABLES = st.dictionaries(st.text("ABCXYZ_", min_size=1), st.text(max_size=20), max_size=4).filter(
    lambda found: VARIABLE not in found
)


def start(memory_mb: int, total_ms: float, **more: object) -> Start:
    values = {"kind": InitKind.ON_DEMAND, "init_ms": total_ms - 1, "first_call_ms": 1.0, **more}
    return Start(memory_mb, "id", billed_ms=total_ms, max_memory_mb=90, cost_usd=1e-6,
                 extensions=ExtensionTimes((), 0.0, 0.0), **values)  # type: ignore[arg-type]  # fmt: skip


@given(MARKS, VARIABLES)
def test_what_marks_a_function_is_taken_back_exactly(mark: Mark, variables: dict[str, str]) -> None:
    before = {"MemorySize": mark.memory_before_mb, "Environment": {"Variables": variables}}
    during = {**before, **marked(before, mark)}
    assert during["MemorySize"] == mark.memory_mb
    assert read_mark(during["Environment"]["Variables"]) == mark
    assert {**during, **unmarked(during, mark)} == before


@given(MARKS, VARIABLES, SIZES, VARIABLES)
def test_what_others_changed_meanwhile_stays(
    mark: Mark, before: dict[str, str], memory_mb: int, theirs: dict[str, str]
) -> None:
    during = marked({"Environment": {"Variables": before}}, mark)["Environment"]["Variables"]
    changed = {"MemorySize": memory_mb, "Environment": {"Variables": {**during, **theirs}}}
    restored = {**changed, **unmarked(changed, mark)}
    assert restored["Environment"]["Variables"] == {**before, **theirs}
    assert restored["MemorySize"] == (mark.memory_before_mb if memory_mb == mark.memory_mb else memory_mb)


@given(MARKS, VARIABLES)
def test_the_longest_mark_that_there_can_be_has_been_counted(mark: Mark, variables: dict[str, str]) -> None:
    filled = {**variables, "FILL": "x" * (4096 - 60)}
    assert not has_room(filled)
    assert len(mark_text(mark)) <= len(mark_text(Mark("0" * 16, 10**9 - 1, 10_240, 10_240)))
    assert has_room(variables)


@pytest.mark.parametrize("value", ["", "1", "run=0 start=1 memory=1 was=1", "run=0123456789abcdef start=1 memory=128"])
def test_a_variable_of_that_name_that_somebody_else_set_is_refused(value: str) -> None:
    with pytest.raises(RefusedError):
        read_mark({VARIABLE: value})


def test_variables_that_cannot_be_read_are_never_replaced() -> None:
    configuration = {"Environment": {"Error": {"ErrorCode": "AccessDeniedException"}}}
    mark = Mark("0" * 16, 1, 256, 128)
    for change in (marked, unmarked):
        with pytest.raises(RefusedError, match="cannot be read"):
            change(configuration, mark)


@given(st.lists(SIZES, min_size=1, max_size=6))
def test_sizes_are_read_in_any_order_and_each_once(sizes: list[int]) -> None:
    assert parse_sizes(", ".join(map(str, sizes))) == tuple(sorted(set(sizes)))


@pytest.mark.parametrize("text", ["", "127", "10241", "512,", "512;1024", "1e3", "-512", "٥١٢", "5_12", "512 1024"])
def test_what_is_no_memory_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a memory size"):
        parse_sizes(text)


@pytest.mark.parametrize("name", ["", "12", "$LATEST", "a b", "a:b", "é", "x" * 129])
def test_what_lambda_does_not_accept_as_an_alias_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_alias(name)


def starts(totals_ms: dict[int, float], count: int = 12) -> list[Start]:
    """Cold starts of each size around its time, 2% apart at most."""
    chance = random.Random(1)
    return [start(size, total * chance.uniform(0.99, 1.01)) for size, total in totals_ms.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("totals_ms", "enough"),
    [
        ({256: 4000, 512: 2000, 1024: 1000, 1769: 990, 3008: 985}, 1024),
        ({256: 1000, 512: 1000}, 256),
        ({256: 1000, 512: 970, 1024: 930, 2048: 925}, 1024),  # two small gains, which are one of 7%
        ({128: 900, 256: 1800, 512: 880}, 128),
    ],
)
def test_the_size_is_named_above_which_nothing_is_gained(totals_ms: dict[int, float], enough: int) -> None:
    assert enough_memory(starts(totals_ms), local=False) == enough


def test_a_largest_size_that_still_helps_is_no_answer() -> None:
    found = enough_memory(starts({256: 4000, 512: 2000}), local=False)
    assert isinstance(found, Missing)
    assert "measure larger ones" in found.reason


def test_few_starts_noise_and_the_embedded_stack_give_no_answer() -> None:
    for found in (
        enough_memory(starts({256: 4000, 512: 2000}, count=7), local=False),
        enough_memory(starts({256: 4000}), local=False),
        enough_memory(starts({256: 4000, 512: 2000, 1024: 2000}), local=True),
        enough_memory([], local=False),
    ):
        assert isinstance(found, Missing)


def test_a_call_that_was_not_cold_counts_as_a_start_without_figures() -> None:
    found = size_result(512, [start(512, 100.0), start(512, 0.0, kind=None, init_ms=None)])
    assert (found.starts, found.cold_starts, found.total_ms, found.cost_usd_per_million) == (2, 1, 100.0, 1.0)
    none = size_result(512, [start(512, 0.0, kind=None, init_ms=None)])
    assert (none.cold_starts, none.total_ms, none.max_memory_mb, none.cost_usd_per_million) == (0, None, None, None)
    assert isinstance(none.extension_init_ms, Missing)

"""--fail-over's language: what it says, what it refuses, what it does not know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.kernel.expressions.condition import broken, parse_condition

KNOWN = ("p99_init_ms", "error_rate", "errors", "invocations")


@pytest.mark.parametrize(
    ("text", "values", "holds"),
    [
        ("p99_init_ms>800", {"p99_init_ms": 801.0}, True),
        ("p99_init_ms > 800", {"p99_init_ms": 800.0}, False),
        ("error_rate >= 1%", {"error_rate": 0.01}, True),
        ("error_rate > 1.5% and invocations > 100", {"error_rate": 0.02, "invocations": 100.0}, False),
        ("not (errors == 0) or p99_init_ms > 1", {"errors": 3.0, "p99_init_ms": None}, True),
        ("errors / invocations > 0.5", {"errors": 2.0, "invocations": 3.0}, True),
        ("errors / invocations > 0.5", {"errors": 0.0, "invocations": 0.0}, None),
        ("p99_init_ms > 800", {"p99_init_ms": None}, None),
        ("p99_init_ms > 800 and errors > 0", {"p99_init_ms": None, "errors": 0.0}, False),
        ("100 < p99_init_ms <= 200", {"p99_init_ms": 200.0}, True),
        ("100 < p99_init_ms < 200", {"p99_init_ms": 200.0}, False),
        ("-errors < -2", {"errors": 3.0}, True),
        ("errors * 2 + 1 - invocations != 0", {"errors": 1.0, "invocations": 3.0}, False),
    ],
)
def test_what_a_condition_says(text: str, values: dict[str, float | None], holds: bool | None) -> None:
    assert parse_condition(text, KNOWN).holds(values) is holds


@pytest.mark.parametrize(
    "text",
    ["", "p99_init_ms", "p99_init_ms >", "800", "p99_init_ms > 'x'", "__import__('os').system('true') > 0",
     "errors.real > 1", "errors[0] > 1", "(lambda: 1)() > 0", "errors > 1 if errors else 0", "errors in (1, 2)",
     "errors ** 9 ** 9 > 1", "(errors > 1) + 1 > 2", "errors and invocations", "True > 0", "errors > 1" + " " * 600,
     "(" * 300 + "errors" + ")" * 300 + "> 1", "-" * 60 + "errors > 1", "errors > 1; errors", "(errors := 3) > 1"],
)  # fmt: skip
def test_what_is_malformed_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_condition(text, KNOWN)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="p99_initms") as raised:
        parse_condition("p99_initms > 800", KNOWN)
    assert "did you mean p99_init_ms?" in raised.value.hint


@given(st.text(alphabet="errosinvcat_109.%()<>=!+-*/ andornt'\"[]:,", max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        parse_condition(text, KNOWN).holds(dict.fromkeys(KNOWN, 1.0))
    except UsageError:
        return


def test_what_is_said_of_each_function_that_it_holds_of() -> None:
    condition = parse_condition("p99_init_ms > 800", KNOWN)
    said = broken(condition, {"a": {"p99_init_ms": 912.5}, "b": {"p99_init_ms": 5.0}, "c": {"p99_init_ms": None}})
    assert said == ["a: p99_init_ms is 912.5", "c: cannot be checked, p99_init_ms is unknown"]

"""X-Ray's filter expressions: a tree and its text are the same, and what is wrong is said."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.local.xray.filter_expression import (
    MAX_EXPRESSION_CHARS,
    Annotated,
    BadExpressionError,
    Compares,
    Condition,
    Flag,
    Group,
    Inverted,
    Service,
    compile_expression,
    parse_expression,
)
from tests.examples import examples

KEYWORDS = st.sampled_from(
    ["responsetime", "duration", "user", "name"]
    + [f"http.{field}" for field in ("status", "url", "method", "useragent", "clientip")]
)
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "CONTAINS", "BEGINSWITH", "ENDSWITH"])
TEXTS = st.text(max_size=6)
VALUES = st.one_of(TEXTS, st.booleans(), st.integers(-9999, 9999).map(float), st.sampled_from([0.5, -1.25]))
FIELDS = st.one_of(
    st.just({}), st.dictionaries(st.sampled_from(["name", "type", "account.id"]), TEXTS, min_size=1)
).map(lambda fields: tuple(fields.items()))
conditions: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(
        st.builds(Flag, st.sampled_from(["ok", "fault", "error", "throttle", "partial"])),
        st.builds(Compares, KEYWORDS, OPERATORS, VALUES),
        st.builds(Annotated, TEXTS),
        st.builds(Annotated, TEXTS, OPERATORS, VALUES),
        st.builds(Service, FIELDS),
    ),
    lambda inner: st.one_of(
        inner.map(Inverted),
        st.builds(Service, FIELDS, inner),
        st.builds(Group, st.lists(inner, min_size=2, max_size=3).map(tuple), st.booleans()),
    ),
    max_leaves=8,
)


def value(wanted: str | float | bool) -> str:
    if isinstance(wanted, str):
        return '"' + re.sub(r'(["\\])', r"\\\1", wanted) + '"'
    return str(wanted).upper() if isinstance(wanted, bool) else str(wanted)


def written(condition: Condition) -> str:
    match condition:
        case Flag(keyword):
            return keyword
        case Compares(keyword, sign, wanted):
            return f"{keyword} {sign} {value(wanted)}"
        case Annotated(key, sign, wanted):
            return f"annotation[{value(key)}]" + (f" {sign} {value(wanted)}" if sign else "")
        case Service(fields, inside):
            inner = ", ".join(f"{name}: {value(text)}" for name, text in fields)
            block = f" {{ {written(inside)} }}" if inside else ""
            return f"service({f'id({inner})' if fields else ''}){block}"
        case Inverted(inner):
            return f"NOT ({written(inner)})"
        case Group(inner, is_any):
            return (" OR " if is_any else " AND ").join(f"({written(one)})" for one in inner)


@settings(max_examples=examples(200), deadline=None)
@given(conditions)
def test_an_expression_that_is_written_and_read_again_is_the_same(tree: Condition) -> None:
    text = written(tree)
    assume(len(text) <= MAX_EXPRESSION_CHARS)

    assert parse_expression(text) == tree


def test_an_expression_is_parsed_once_however_many_pages_are_read() -> None:
    assert compile_expression("fault AND ok") is compile_expression("fault AND ok")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('edge("a", "b")', "the embedded stack does not evaluate edge in filter expressions"),
        ("fault OR group.name = 1", "the embedded stack does not evaluate group.name in filter expressions"),
        ("no_such_word", "no keyword no_such_word"),
        ("http.color = 1", "no keyword http.color"),
        ("fault AND", "expected a keyword such as fault or '(', but the text ends"),
        ("(fault", "expected ')', but the text ends"),
        ("responsetime", "expected an operator, but the text ends"),
        ("responsetime > ok", "expected TRUE or FALSE, a number, or a text in quotation marks, found 'ok'"),
        ("fault = 1", "expected TRUE or FALSE, found '1'"),
        ("fault foo", "found 'foo'"),
        ('service(id(color: "x"))', "expected name, type or account.id, or ')', found 'color'"),
        ('user = "x', "a quotation mark is not closed"),
        ("NOT (" * 200 + "ok" + ")" * 200, "it is nested too deeply"),
        ("ok OR " * 400 + "ok", "it has more than 2,000 characters"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(text: str, said: str) -> None:
    with pytest.raises(BadExpressionError) as caught:
        parse_expression(text)
    assert said in str(caught.value)

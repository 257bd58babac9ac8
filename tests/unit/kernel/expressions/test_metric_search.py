"""Searches of metrics, read as the guide writes them."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.kernel.expressions.metric_search import (
    MOST_CHARS,
    Condition,
    ExpressionError,
    Group,
    Inverted,
    Search,
    Term,
    parse_search,
)
from tests.examples import examples

LAMBDA = ("AWS/Lambda", "Errors", {"FunctionName": "orders-api"})


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("", Search()),
        ("{AWS/Lambda}", Search("AWS/Lambda", ())),
        ('{AWS/EC2, InstanceId}, "CPU"', Search("AWS/EC2", ("InstanceId",), Term("CPU", is_exact=True))),
        ('{"My Namespace","Dim@Name"} x', Search("My Namespace", ("Dim@Name",), Term("x"))),
        ("NOT Namespace=AWS", Search(condition=Inverted(Term("AWS", property="Namespace")))),
        ("a b AND c", Search(condition=Group((Term("a"), Term("b"), Term("c"))))),
        ("a OR b c", Search(condition=Group((Term("a"), Group((Term("b"), Term("c")))), is_any=True))),
        ("NOT a NOT b", Search(condition=Group((Inverted(Term("a")), Inverted(Term("b")))))),
        ("and OR-der", Search(condition=Group((Term("and"), Term("OR-der"))))),
        (":aws.AccountId = 'LOCAL'", Search(condition=Term("'LOCAL'", property=":aws.AccountId"))),
        (r'"a\"b\\c\(d"', Search(condition=Term('a"b\\c(d', is_exact=True))),
        ('F=("a" OR G=b)', Search(condition=Group((Term("a", True, "F"), Term("b", False, "G")), is_any=True))),
    ],
)
def test_a_search_becomes_its_schema_and_its_conditions(text: str, search: Search) -> None:
    assert parse_search(text) == search


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("{AWS/Lambda,FunctionName}", True),
        ("{AWS/Lambda}", False),
        ("{AWS/Lambda,FunctionName,Resource}", False),
        ("{AWS/EC2,FunctionName}", False),
        ('{AWS/Lambda,FunctionName} MetricName="Errors"', True),
        ('{AWS/Lambda,FunctionName} MetricName="errors"', False),
        ("{AWS/Lambda,FunctionName} MetricName=errors", True),
        ("{AWS/Lambda,FunctionName} orders", True),
        ('"orders"', False),
        ('"orders-api" "FunctionName" Lambda', True),
        ("orders NOT Errors", False),
        ("nothing OR Errors", True),
        ('FunctionName=("a" OR "orders-api") NOT (nothing AND Errors)', True),
        ("Namespace=AWS", True),
        ("Resource=orders", False),
    ],
)
def test_a_search_finds_what_it_says(text: str, finds: bool) -> None:
    assert parse_search(text).finds(*LAMBDA) is finds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "expected a namespace or a dimension, but the text ends"),
        ("{} Errors", "expected a namespace or a dimension, found '}'"),
        ("{a,} x", "expected a namespace or a dimension, found '}'"),
        ("{a,b", "expected '}' or a comma, but the text ends"),
        ("{a{b}}", "expected '}' or a comma, found '{'"),
        ("{a} x {b}", "found '{'"),
        ("a)", "found ')'"),
        ("(a", "expected ')', but the text ends"),
        ("MetricName=", "expected a term or '(', but the text ends"),
        ('MetricName="Errors', "a quotation mark is not closed"),
        ("a AND", "expected a term or '(', but the text ends"),
        ("NOT", "expected a term or '(', but the text ends"),
        ("x" * (MOST_CHARS + 1), "more than 1,024 characters"),
    ],
)
def test_a_search_that_cannot_be_read_is_named_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_search(text)

    assert said in str(caught.value)
    assert caught.value.instead == 'write e.g. {AWS/Lambda,FunctionName} MetricName="Errors"'


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
words = st.from_regex(r"[\w:./-]{1,6}", fullmatch=True).filter(lambda word: word not in ("AND", "OR", "NOT"))
properties = st.one_of(st.just(""), words)
terms = st.one_of(st.builds(Term, words, st.just(False), properties), st.builds(Term, names, st.just(True), properties))


def _larger(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    members = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(inner.map(Inverted), st.builds(Group, members, st.booleans()))


conditions: st.SearchStrategy[Condition] = st.recursive(terms, _larger, max_leaves=8)
schemas = st.tuples(names, st.lists(names, max_size=2).map(tuple))
searches = st.one_of(
    st.builds(lambda schema, condition: Search(*schema, condition), schemas, st.one_of(st.none(), conditions)),
    st.builds(lambda condition: Search(condition=condition), conditions),
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(condition: Condition) -> str:
    match condition:
        case Term(text, is_exact, name):
            return (f"{name}=" if name else "") + (quoted(text) if is_exact else text)
        case Inverted(inner):
            return f"NOT ({written(inner)})"
        case Group(inner, is_any):
            return (" OR " if is_any else " AND ").join(f"({written(one)})" for one in inner)


@settings(max_examples=examples(200), deadline=None)
@given(searches)
def test_a_search_that_is_written_and_read_again_is_the_same(search: Search) -> None:
    text = written(search.condition) if search.condition else ""
    if search.dimensions is not None:
        text = "{" + ",".join(map(quoted, (search.namespace, *search.dimensions))) + "} " + text
    assume(len(text) <= MOST_CHARS)

    assert parse_search(text) == search

import json
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.local.logs.filter_pattern import (
    MAX_PATTERN_CHARS,
    BadPatternError,
    Compares,
    Condition,
    Exists,
    Group,
    Is,
    Regex,
    Term,
    Terms,
    compile_pattern,
    parse_pattern,
)
from tests.examples import examples

RECORD = (
    '{"level": "ERROR", "n": 4, "f": 1.5, "t": true, "z": null, "a": [{"b": "x"}, {"b": "y"}], '
    '"k.e": "v", "s": "400"}\n'
)


@pytest.mark.parametrize(
    ("pattern", "matching", "not_matching"),
    [
        ("", "anything", None),
        (" ", "anything", None),
        ("ERROR", "an ERROR here", "an error here"),
        ("ERROR Denied", "Denied: ERROR", "ERROR alone"),
        ('"two words"', "these two words", "two of words"),
        ('ERROR -"not me"', "ERROR you", "ERROR not me"),
        ("-DEBUG", "INFO", "DEBUG"),
        ("?ERROR ?WARN", "a WARN", "an INFO"),
        ("?ERROR fine", "fine", "ERROR"),
        ("%timed out after \\d+%", "Task timed out after 3", "Task timed out"),
        ("lỗi", "một lỗi", "không"),
    ],
)
def test_text_patterns(pattern: str, matching: str, not_matching: str | None) -> None:
    matches = compile_pattern(pattern)

    assert matches(matching)
    assert not_matching is None or not matches(not_matching)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.level = "ERROR" }', True),
        ('{ $.level = "error" }', False),
        ("{ $.level = ERROR }", True),
        ('{ $.level != "INFO" }', True),
        ('{ $.missing != "INFO" }', False),
        ('{ $.level = "ERR*" }', True),
        ("{$.level=%^ERR%}", True),
        ("{ $.n >= 4 && $.f < 2 }", True),
        ("{ $.n > 4 || $.f = 1.5e0 }", True),
        ("{ ($.n = 5 || $.n = 4) && $.t IS TRUE }", True),
        ("{ $.z IS NULL }", True),
        ("{ $.t IS FALSE }", False),
        ("{ $.a[1].b = y }", True),
        ("{ $.a[*].b = x }", True),
        ("{ $.a[5].b = x }", False),
        ("{ $.['k.e'] = v }", True),
        ("{ $.nothing NOT EXISTS && $.n EXISTS }", True),
        ("{ $.s = 400 }", False),
        ("{ $.s = 4* }", True),
        ("{ $.level = [E]RROR }", None),
        ("{" + "(" * 60 + "$.n = 4" + ")" * 60 + "}", True),
        ("{" + "($.n = 4&&" * 90 + "$.n = 4" + ")" * 90 + "}", True),
    ],
)
def test_json_patterns(pattern: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(BadPatternError):
            compile_pattern(pattern)
    else:
        assert compile_pattern(pattern)(RECORD) is expected
        assert not compile_pattern(pattern)("ERROR 4 no JSON")


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user]",
        "foo-bar",
        '"open',
        "{ $.a = 1",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a < x }",
        "{ = 1 }",
        "{ $.a = 1 && }",
        "{ $.a = 1 $.b = 2 }",
        "{ $.a IS MAYBE }",
        "%(a+)+%",
        "%[%",
        "x" * 1025,
    ],
)
def test_a_pattern_that_cannot_be_answered_is_refused(pattern: str) -> None:
    with pytest.raises(BadPatternError):
        compile_pattern(pattern)


SELECTORS = st.lists(
    st.sampled_from([".level", ".n", ".a[0]", ".a[*].b", "['k.e']", '["x y"]', ".f-g"]), min_size=1, max_size=2
).map(lambda steps: "$" + "".join(steps))
WORDS = st.one_of(
    st.from_regex(r"[\w.*+:/@-]{1,6}", fullmatch=True), st.sampled_from(["ERR*", "NOT", "IS", "EXISTS", "TRUE"])
)
TEXTS = st.text(max_size=6)
REGEXES = st.sampled_from(["^ERR", r"\d+", "a|b"]).map(Regex)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
conditions: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(
        st.builds(Exists, SELECTORS, st.booleans()),
        st.builds(Is, SELECTORS, st.sampled_from([True, False, None])),
        st.builds(Compares, SELECTORS, st.sampled_from(["=", "!="]), st.one_of(NUMBERS, TEXTS, REGEXES)),
        st.builds(Compares, SELECTORS, st.sampled_from(["<", "<=", ">", ">="]), NUMBERS),
    ),
    lambda inner: st.builds(Group, st.lists(inner, min_size=2, max_size=3).map(tuple), st.booleans()),
    max_leaves=8,
)
terms = st.builds(
    Term, st.one_of(st.from_regex(r"\w{1,6}", fullmatch=True), TEXTS, REGEXES), st.sampled_from(["", "?", "-"])
)


def quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def written(node: Condition | Terms | Term) -> str:
    match node:
        case Terms(terms):
            return " ".join(map(written, terms))
        case Term(Regex(source), sign):
            return f"{sign}%{source}%"
        case Term(str(text), sign):
            return sign + (text if re.fullmatch(r"\w+", text) else quoted(text))
        case Exists(selector, is_there):
            return f"{selector} EXISTS" if is_there else f"{selector} NOT EXISTS"
        case Is(selector, wanted):
            return f"{selector} IS {json.dumps(wanted).upper()}"
        case Compares(selector, sign, Regex(source)):
            return f"{selector} {sign} %{source}%"
        case Compares(selector, sign, wanted):
            return f"{selector}{sign}{quoted(wanted) if isinstance(wanted, str) else wanted}"
        case Group(inner, is_any):
            return (" || " if is_any else " && ").join(f"({written(one)})" for one in inner)
    raise AssertionError(node)


@settings(max_examples=examples(200), deadline=None)
@given(st.one_of(conditions, st.lists(terms, max_size=4).map(lambda given: Terms(tuple(given)))))
def test_a_pattern_that_is_written_and_read_again_is_the_same(tree: Condition | Terms) -> None:
    text = written(tree) if isinstance(tree, Terms) else "{ " + written(tree) + " }"
    assume(len(text) <= MAX_PATTERN_CHARS)

    assert parse_pattern(text) == tree


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(["=", "!="]), WORDS)
def test_a_bare_value_is_a_number_or_a_text(sign: str, word: str) -> None:
    found = parse_pattern("{ $.a " + sign + " " + word + " }")

    assert isinstance(found, Compares)
    assert found.wanted == (float(word) if isinstance(found.wanted, float) else word)


def test_a_pattern_is_parsed_once_however_many_pages_are_read() -> None:
    assert compile_pattern("{ $.page = 1 }") is compile_pattern("{ $.page = 1 }")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("ERROR foo-bar baz", "Invalid character(s) in term 'foo-bar'"),
        ("{ $.a = 1", "Invalid filter pattern: expected '}', but the text ends"),
        ("{ $.a 1 }", "Invalid filter pattern: expected an operator, found '1'"),
        ("{ $.a IS MAYBE }", "Invalid filter pattern: expected TRUE, FALSE or NULL, found 'MAYBE'"),
        ("{ $.a = }", "Invalid filter pattern: expected a value, found '}'"),
        ("{ a = 1 }", "Invalid filter pattern: expected a selector such as $.level or '(', found 'a'"),
        ("{ $.a < x }", "< compares numbers, not 'x'"),
        ("[ip, user]", "does not support space-delimited filter patterns"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_said(pattern: str, said: str) -> None:
    with pytest.raises(BadPatternError) as caught:
        compile_pattern(pattern)
    assert said in str(caught.value)

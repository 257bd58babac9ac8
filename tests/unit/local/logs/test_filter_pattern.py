import pytest

from monitor.local.logs.filter_pattern import BadPatternError, compile_pattern

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
        "{" + "(" * 60 + "$.a = 1" + ")" * 60 + "}",
    ],
)
def test_a_pattern_that_cannot_be_answered_is_refused(pattern: str) -> None:
    with pytest.raises(BadPatternError):
        compile_pattern(pattern)

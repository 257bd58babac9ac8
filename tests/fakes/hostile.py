"""Texts that are made to be slow, or to recurse without end, in whatever language they are read."""

from collections.abc import Iterator

_REPEATED = (
    *("-", "+-", "! ", "NOT ", "not ", "m1 + ", "a and ", "a^", "ok OR ", "?x ", "x=", "| ", "\n#", "$.a[*]"),
    *("'", '"', '"\\', "%", "/", "{a,", "$", "0", "1e", ".", " ", "é"),
)


def hostile_texts(length: int) -> Iterator[str]:
    """Texts of about `length` characters."""
    for opening, inner, closing in (
        ("(", "m1", ")"),
        ("[", "m1", "]"),
        ("{", "$.a = 1", "}"),
        ("SUM(", "m1", ")"),
        ("(m1+", "m1", ")"),
        ("($.a=1&&", "$.a=1", ")"),
        ("NOT (", "fault", ")"),
        ("service(){", "fault", "}"),
        ("f(", "a", ")"),
        ("a=(", "b", ")"),
    ):
        times = length // (len(opening) + len(closing))
        yield opening * times + inner + closing * times
        yield opening * (length // len(opening))
        yield "{ " + opening * times + inner + closing * times + " }"
        yield "filter " + opening * times + inner + closing * times
    for part in _REPEATED:
        times = length // len(part)
        yield part * times
        yield part * times + "m1"
        yield "{ $.a = 1 && " + part * times + "}"
        yield "filter " + part * times + "a"
        yield "fields a | filter a like " + part * times

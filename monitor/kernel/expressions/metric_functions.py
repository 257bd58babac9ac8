"""The functions of metric math and their arguments.

Sources: CloudWatch User Guide, "Using math expressions with CloudWatch metrics",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html; for LAMBDA "Use your custom
data source", for DB_PERF_INSIGHTS the alarms on Performance Insights metrics.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of argument.

    `literals` names the literals that it accepts (Number, Text, and Array of `metric_math`), `words` the words. With
    `is_value` it also accepts an id, a call, or arithmetic, whose type only the evaluation knows.
    """

    name: str
    literals: frozenset[str]
    is_value: bool = True
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Function:
    """The arguments of a function. Those after the first `least` are optional."""

    kinds: tuple[Kind, ...]
    least: int

    def takes_words(self, place: int) -> bool:
        """Whether the argument at an index can be a word such as DESC."""
        return place < len(self.kinds) and bool(self.kinds[place].words)


def _takes(*kinds: Kind, optional: Sequence[Kind] = ()) -> Function:
    return Function((*kinds, *optional), len(kinds))


_VALUE = Kind("a time series or an array", frozenset({"Number", "Array"}))
_POINTS = Kind("a time series or a number", frozenset({"Number"}))
_SERIES = Kind("a time series", frozenset())
_ARRAY = Kind("an array of time series", frozenset({"Array"}))
_NUMBER = Kind("a number", frozenset({"Number"}))
_TEXT = Kind("a string", frozenset({"Text"}), is_value=False)
_TEXTS = Kind("a string or an array of strings", frozenset({"Text", "Array"}), is_value=False)
_FILLER = Kind("a value, REPEAT, or LINEAR", frozenset({"Number"}), words=frozenset({"REPEAT", "LINEAR"}))
_STATISTIC = Kind(
    "AVG, MAX, MIN, STDDEV, or SUM",
    frozenset(),
    is_value=False,
    words=frozenset({"AVG", "MAX", "MIN", "STDDEV", "SUM"}),
)
_ORDER = Kind("ASC or DESC", frozenset(), is_value=False, words=frozenset({"ASC", "DESC"}))
_PARAMETER = Kind(
    "a string, a number, true, or false",
    frozenset({"Text", "Number"}),
    is_value=False,
    words=frozenset({"TRUE", "FALSE"}),
)

FUNCTIONS: dict[str, Function] = {
    "ABS": _takes(_VALUE),
    "ANOMALY_DETECTION_BAND": _takes(_SERIES, optional=[_NUMBER]),
    "AVG": _takes(_VALUE),
    "CEIL": _takes(_VALUE),
    "DATAPOINT_COUNT": _takes(_VALUE),
    "DATE": _takes(_SERIES),
    "DAY": _takes(_SERIES),
    "DB_PERF_INSIGHTS": _takes(_TEXT, _TEXT, _TEXTS),
    "DIFF": _takes(_VALUE),
    "DIFF_TIME": _takes(_VALUE),
    "EPOCH": _takes(_SERIES),
    "FILL": _takes(_VALUE, _FILLER),
    "FIRST": _takes(_ARRAY),
    "FLOOR": _takes(_VALUE),
    "HOUR": _takes(_SERIES),
    "IF": _takes(_POINTS, _POINTS, optional=[_POINTS]),
    "INSIGHT_RULE_METRIC": _takes(_TEXT, _TEXT),
    "LAMBDA": _takes(_TEXT, optional=[_PARAMETER] * 20),
    "LAST": _takes(_ARRAY),
    "LOG": _takes(_VALUE),
    "LOG10": _takes(_VALUE),
    "MAX": _takes(_VALUE),
    "METRICS": _takes(optional=[_TEXT]),
    "METRIC_COUNT": _takes(_ARRAY),
    "MIN": _takes(_VALUE),
    "MINUTE": _takes(_SERIES),
    "MONTH": _takes(_SERIES),
    "PERIOD": _takes(_SERIES),
    "RATE": _takes(_VALUE),
    "REMOVE_EMPTY": _takes(_ARRAY),
    "RUNNING_SUM": _takes(_VALUE),
    "SEARCH": _takes(_TEXT, _TEXT, optional=[_NUMBER]),
    "SERVICE_QUOTA": _takes(_SERIES),
    "SLICE": _takes(_ARRAY, _NUMBER, optional=[_NUMBER]),
    "SORT": _takes(_ARRAY, _STATISTIC, _ORDER, optional=[_NUMBER]),
    "STDDEV": _takes(_VALUE),
    "SUM": _takes(_VALUE),
    "TIME_SERIES": _takes(_NUMBER),
    "YEAR": _takes(_SERIES),
}


def nearest_function(name: str) -> str:
    """The function with the most similar name, or an empty string."""
    return next(iter(get_close_matches(name.upper(), FUNCTIONS, n=1)), "")


def signature(name: str) -> str:
    """A function's signature, e.g. `SORT(an array of time series, AVG|MAX|MIN|STDDEV|SUM, ASC|DESC[, a number])`."""
    function = FUNCTIONS[name]
    parts = [kind.name if kind.is_value or kind.literals else "|".join(sorted(kind.words)) for kind in function.kinds]
    required, optional = ", ".join(parts[: function.least]), parts[function.least :]
    # LAMBDA has many optional arguments, all of the same kind.
    more = "".join(f"[, {part}]" for part in optional) if len(optional) < 5 else f"[, {optional[0]} …]"
    return f"{name}({required}{more if required else more.replace('[, ', '[')})"

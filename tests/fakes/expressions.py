"""Trees of metric math, generated, and how each is written: what parsing is tested against."""

from hypothesis import strategies as st

from monitor.kernel.expressions.metric_functions import FUNCTIONS
from monitor.kernel.expressions.metric_math import Array, Call, Chain, Expression, Id, Negative, Number, Text, Word

LEVELS = (("OR",), ("AND",), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"), ("^",))
SEARCH = '{AWS/Lambda,FunctionName} MetricName="Errors"'

numbers = st.one_of(st.integers(0, 10**6).map(float), st.floats(0, allow_nan=False, allow_infinity=False)).map(Number)
identifiers = st.one_of(
    st.sampled_from(["m1", "m2", "e1", "and", "or", "mIn_2"]), st.from_regex(r"[a-z]\w{0,5}", fullmatch=True)
)
ids = identifiers.filter(lambda name: name not in ("select", "true", "false")).map(Id)
texts = st.text(st.characters(exclude_characters="'"), max_size=8).map(Text)


def _chains(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def of_level(level: tuple[str, ...]) -> st.SearchStrategy[Expression]:
        rest = st.lists(st.tuples(st.sampled_from(level), inner), min_size=1, max_size=3)
        return st.builds(lambda first, more: Chain(first, tuple(more)), inner, rest)

    return st.sampled_from(LEVELS).flatmap(of_level)


STATISTICS = st.sampled_from(["AVG", "MAX", "MIN", "STDDEV", "SUM"]).map(Word)
ORDERS = st.sampled_from(["ASC", "DESC"]).map(Word)
FILLERS = st.sampled_from(["REPEAT", "LINEAR"]).map(Word)
PARAMETERS = st.one_of(texts, numbers, st.sampled_from([Word("true"), Word("false")]))


def _call(name: str, *arguments: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.tuples(*arguments).map(lambda given: Call(name, given))


def _calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    plain = st.sampled_from([*sorted(set(FUNCTIONS) - {"SEARCH"}), "FUTURE"])
    array_of_texts = st.lists(texts, min_size=1, max_size=3).map(lambda items: Array(tuple(items)))
    return st.one_of(
        st.builds(lambda name, given: Call(name, tuple(given)), plain, st.lists(inner, max_size=3)),
        _call("SORT", inner, STATISTICS, ORDERS),
        _call("SORT", inner, STATISTICS, ORDERS, numbers),
        _call("SLICE", inner, numbers, numbers),
        _call("FILL", inner, FILLERS),
        _call("METRICS", texts),
        _call("DB_PERF_INSIGHTS", texts, texts, array_of_texts),
        _call("LAMBDA", texts, PARAMETERS, PARAMETERS),
        _call("SEARCH", st.just(Text(SEARCH)), st.just(Text("Sum"))),
        _call("SEARCH", st.just(Text(SEARCH)), st.just(Text("p99")), numbers),
    )


def _larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        _chains(inner),
        _calls(inner),
        inner.map(Negative),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: Array(tuple(items))),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(st.one_of(numbers, ids), _larger, max_leaves=15)


def written(node: Expression) -> str:
    """The node as text, with brackets around everything that has an operator."""
    match node:
        case Number(value):
            return repr(value)
        case Text(value):
            return f"'{value}'"
        case Id(name) | Word(name):
            return name
        case Array(items):
            return f"[{', '.join(map(written, items))}]"
        case Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})"
        case Negative(operand):
            return f"-{_inside(operand)}"
        case Chain(first, rest):
            return _inside(first) + "".join(f" {sign} {_inside(operand)}" for sign, operand in rest)
    raise AssertionError(node)


def _inside(node: Expression) -> str:
    return f"({written(node)})" if isinstance(node, Chain | Negative) else written(node)

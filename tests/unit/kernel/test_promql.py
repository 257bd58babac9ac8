"""PromQL: the queries of Prometheus' and CloudWatch's guides are valid, and mistakes are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.kernel.promql import mistake

GOOD = """\
up
{"http.server.active_requests"}
{"http.server.active_requests", job="a", "x.y"=~"b.*"}
http_requests_total{environment=~"staging|testing",method!="GET",}
rate(http_requests_total[5m] offset 1w)
sum by (job, instance) (rate(http_requests_total[5m]))
sum(rate(http_requests_total[5m])) by (job)
sum without(instance) (x)
histogram_quantile(0.99, sum(rate(d_bucket[5m])) by (le, "a.b"))
a / on(job) group_left(x) b
a / ignoring (x) group_right b > bool 3
a + on (x) (b)
max_over_time(deriv(rate(distance_covered_total[5s])[30s:5s])[10m:])
x @ 1609746000
x @ end() offset -5m
-x ^ 2
1e3 + .5 * 0x1f
1_000.5 * 0xff_ff
a and b or c unless d
label_replace(up, "a", "$1", "b", "(.*):.*")
x[1h30m]
vector(1) atan2 x
absent(x{a="b"}) == 1 # a comment
avg_over_time({__name__="Invocations", "@instrumentation.@name"="cloudwatch.aws/lambda"}[5m])
x{a='b', c=`d`}
offsets + by_job
time()
sum by ("user.email")({"a.b", type="cacheRead", "@resource.service.name"="c"}) / sum({"a.b"}) * 100
count(group by ("user.email")({"session.count"}))
topk(500, sum by (model)({"token.usage", "@resource.service.name"="c"}))
increase({"faas.invocations", "@resource.cloud.region"=~"us-.*"}[1h])"""


@pytest.mark.parametrize("query", GOOD.splitlines())
def test_a_query_of_the_guides_is_valid(query: str) -> None:
    assert mistake(query) == ""


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "but the text ends"),
        ("sum(", "but the text ends"),
        ("rate(x[5m)", "expected ']'"),
        ("x{a=b}", "a text in quotes"),
        ('x{a="b"', "but the text ends"),
        ("a b", "found 'b'"),
        ("sum by job (x)", "expected '('"),
        ("x offset y", "a duration such as 5m"),
        ('"abc', "a quotation mark is not closed"),
        ("a ** b", "found '*'"),
    ],
)
def test_a_mistake_is_named(query: str, said: str) -> None:
    assert said in mistake(query)


NAMES = st.sampled_from(["up", "a:b", "http_total", "sum", "by_x", "inf"])
OPERATORS = ["+", "/", "^", "==", "> bool", "and", "or on (a)"]
VECTORS = st.recursive(
    st.one_of(
        NAMES,
        st.builds('{}{{x="{}"}}'.format, NAMES, st.sampled_from(["1", "a|b", r"\"", "}"])),
        st.just("1.5"),
    ),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("rate({}[5m:1m] offset 1h)".format, inner),
        st.builds("sum by (a, b) ({})".format, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("-{}".format, inner),
    ),
    max_leaves=12,
)


@given(VECTORS)
def test_a_query_built_by_the_rules_is_valid(query: str) -> None:
    assert mistake(query) == ""


@given(st.text(alphabet='ab1{}()[]"=~,:+- \n#', max_size=30))
def test_any_text_is_valid_or_has_a_mistake(text: str) -> None:
    assert isinstance(mistake(text), str)

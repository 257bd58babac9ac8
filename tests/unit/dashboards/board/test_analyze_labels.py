"""Labels of series that a reader can tell apart."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.dashboards.board.analyze_labels import Labeled, distinct_labels


def metric(
    label: str, function: str = "f", stat: str = "Sum", *, own: bool = False, region: str = "eu-west-1"
) -> Labeled:
    parts = (("FunctionName", function), (" metric", "Errors"), (" stat", stat), (" region", region))
    return Labeled(label, parts, own)


def test_functions_of_one_metric_are_told_apart_by_their_names() -> None:
    assert distinct_labels([metric("Errors", "a"), metric("Errors", "b")]) == ["a", "b"]


def test_beside_another_metric_the_metric_s_name_stays() -> None:
    found = distinct_labels([metric("Errors", "a"), metric("Errors", "b"), metric("Duration", "a")])
    assert found == ["Errors (a)", "Errors (b)", "Duration"]


def test_statistics_and_regions_tell_apart_too() -> None:
    assert distinct_labels([metric("Duration", stat="p50"), metric("Duration", stat="p99")]) == ["p50", "p99"]
    assert distinct_labels([metric("E", region="eu-west-1"), metric("E", region="us-east-1")]) == [
        "eu-west-1",
        "us-east-1",
    ]
    crossed = [metric("E", name, stat) for name in "ab" for stat in ("Sum", "p99")]
    assert distinct_labels(crossed) == ["a, Sum", "a, p99", "b, Sum", "b, p99"]


def test_a_label_that_the_dashboard_sets_stays() -> None:
    assert distinct_labels([metric("p99", "a", own=True), metric("p99", "b", own=True)]) == ["p99 (a)", "p99 (b)"]


def test_results_of_one_search_are_numbered() -> None:
    assert distinct_labels([Labeled("x"), Labeled("x"), Labeled("x (1)")]) == ["x (2)", "x (3)", "x (1)"]


@given(
    st.lists(
        st.builds(
            metric,
            st.sampled_from(["Errors", "Errors (1)", "a"]),
            st.sampled_from(["a", "b", ""]),
            st.sampled_from(["Sum", "p99"]),
            own=st.booleans(),
        ),
        max_size=7,
    )
)
def test_no_two_series_have_the_same_label_and_single_ones_keep_theirs(series: list[Labeled]) -> None:
    found = distinct_labels(series)

    assert len(set(found)) == len(series)
    labels = [one.label for one in series]
    for one, label in zip(series, found, strict=True):
        assert label == one.label or labels.count(one.label) > 1

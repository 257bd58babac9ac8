import json
from typing import Any

import pytest

from monitor.local.xray.filter_expression import BadExpressionError, compile_expression
from monitor.local.xray.trace_facts import TraceFacts, read_facts
from monitor.local.xray.trace_summaries import get_trace_summaries
from monitor.local.xray.xray_daemon import read_datagram
from monitor.local.xray.xray_segments import Sampler, open_trace
from monitor.local.xray.xray_store import BadDocumentError, XRayStore

TRACE = "1-5e34a614-10bdabcdabcdabcdabcdabcd"


def put(store: XRayStore, ident: str, **members: Any) -> None:
    document = {"id": ident, "trace_id": TRACE, "name": "fn", "start_time": 100.0, "end_time": 101.0}
    store.put(json.dumps(document | members))


@pytest.fixture
def store() -> XRayStore:
    store = XRayStore()
    put(store, "s1", origin="AWS::Lambda", fault=True, end_time=103.5, http={"response": {"status": 502}})
    put(store, "f1", origin="AWS::Lambda::Function", parent_id="s1", start_time=101, end_time=103)
    put(store, "h1", type="subsegment", parent_id="f1", name="## handler", annotations={"ColdStart": True, "size": 3})
    put(store, "d1", type="subsegment", parent_id="h1", name="DynamoDB", annotations={"tên": "ảnh"}, user="lan")
    return store


def facts(store: XRayStore) -> TraceFacts:
    trace = store.get(TRACE)
    assert trace is not None
    return read_facts(trace)


def test_streamed_subsegments_stand_inside_their_parents(store: XRayStore) -> None:
    trace = store.get(TRACE)
    assert trace is not None

    service, function = trace.segments()

    handler = function["subsegments"][0]
    assert (handler["name"], handler["subsegments"][0]["name"]) == ("## handler", "DynamoDB")
    assert not {"type", "trace_id", "parent_id"} & set(handler)
    assert "subsegments" not in service


def test_an_orphan_and_two_that_name_each_other_are_not_lost() -> None:
    store = XRayStore()
    put(store, "a", type="subsegment", parent_id="b")
    put(store, "b", type="subsegment", parent_id="a")
    put(store, "c", type="subsegment", parent_id="nobody")

    trace = store.get(TRACE)
    assert trace is not None
    segments = trace.segments()

    names = json.dumps(segments)
    assert all(f'"id": "{ident}"' in names for ident in "abc")


def test_a_complete_document_replaces_its_beginning_whatever_arrives_first() -> None:
    store = XRayStore()
    put(store, "a", in_progress=True, end_time=0)
    put(store, "a", name="done")
    put(store, "a", in_progress=True, end_time=0)

    assert facts(store).root.name == "done"


def test_the_oldest_traces_go_when_the_store_is_full() -> None:
    store = XRayStore(max_total_bytes=2000)
    for number in range(100):
        put(store, "a", trace_id=f"1-{number:08x}-{'0' * 24}")

    kept = [trace.trace_id for trace in store.traces()]
    assert 2 < len(kept) < 30
    assert kept[-1].startswith("1-00000063")


def test_a_trace_beyond_its_limit_is_marked_and_bounded() -> None:
    store = XRayStore()
    for number in range(100):
        put(store, f"s{number}", metadata={"x": "y" * 20_000})

    trace = store.get(TRACE)
    assert trace is not None
    assert trace.limit_exceeded
    assert trace.size <= 500 * 1024


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"id": "a"}', '{"id": 1, "trace_id": "t", "name": "n", "start_time": 1}', "[" * 100_000]
)
def test_bad_documents_are_refused(text: str) -> None:
    with pytest.raises(BadDocumentError):
        XRayStore().put(text)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", True),
        ("fault", True),
        ("fault = true", True),
        ("fault != TRUE", False),
        ("ok", False),
        ("error OR fault", True),
        ("error AND fault", False),
        ("NOT error", True),
        ("!(error OR fault)", False),
        ('service("fn")', True),
        ('service("other")', False),
        ('service(id(name: "fn", type: "AWS::Lambda::Function"))', True),
        ('service(id(name: "fn" , type: "AWS::Lambda::Other"))', False),
        ('service(id(name: "fn", type: "AWS::Lambda::Function")) { fault }', False),
        ('service("fn") { responsetime > 3 }', True),
        ("responsetime >= 3.5", True),
        ("duration < 3", False),
        ("annotation.ColdStart = true", True),
        ("annotation.ColdStart = false", False),
        ("annotation.size > 2 AND annotation[size] < 4", True),
        ('annotation["tên"] = "ảnh"', True),
        ('annotation.size = "3"', False),
        ("annotation.absent", False),
        ("annotation.size", True),
        ("http.status = 502", True),
        ("http.status != 502", False),
        ('http.url CONTAINS "x"', False),
        ('user = "lan"', True),
        ('name BEGINSWITH "f"', True),
        ("partial", False),
        ("(" * 300 + "fault" + ")" * 300, True),
        ("! NOT !error", True),
    ],
)
def test_filter_expressions(store: XRayStore, expression: str, expected: bool) -> None:
    assert compile_expression(expression)(facts(store)) is expected


@pytest.mark.parametrize(
    "expression",
    [
        'edge("a", "b")',
        "group.name = 1",
        "no_such_word",
        "fault AND",
        "(fault",
        "responsetime",
        "responsetime = ",
        "annotation.",
        'service("fn"',
        'service(id(color: "x"))',
        "fault fault",
        "fault = 1",
        "NOT (" * 200 + "ok" + ")" * 200,
        "ok " * 1000,
    ],
)
def test_an_expression_that_cannot_be_answered_is_an_error(expression: str) -> None:
    with pytest.raises(BadExpressionError):
        compile_expression(expression)


def test_a_summary_has_what_the_api_promises(store: XRayStore) -> None:
    answer = json.loads(get_trace_summaries(store, {"StartTime": 99, "EndTime": 101}).body)

    (summary,) = answer["TraceSummaries"]
    assert (summary["Id"], summary["StartTime"], summary["Duration"], summary["ResponseTime"]) == (TRACE, 100, 3.5, 3.5)
    assert (summary["HasFault"], summary["HasError"], summary["HasThrottle"]) == (True, False, False)
    assert summary["Http"] == {"HttpStatus": 502}
    assert summary["EntryPoint"] == {"Name": "fn", "Names": ["fn"], "Type": "AWS::Lambda"}
    assert [one["Type"] for one in summary["ServiceIds"]] == ["AWS::Lambda", "AWS::Lambda::Function"]
    assert summary["Annotations"]["ColdStart"][0]["AnnotationValue"] == {"BooleanValue": True}
    assert summary["Annotations"]["size"][0]["AnnotationValue"] == {"NumberValue": 3}


def test_summaries_come_by_pages_each_once() -> None:
    store = XRayStore()
    for number in range(250):
        put(store, "a", trace_id=f"1-{number:08x}-{'0' * 24}", start_time=1000 - number, end_time=1001)
    seen: list[str] = []
    token = None
    for _ in range(10):
        payload = {"StartTime": 0, "EndTime": 2000, "NextToken": token}
        answer = json.loads(get_trace_summaries(store, payload).body)
        seen += [one["Id"] for one in answer["TraceSummaries"]]
        token = answer.get("NextToken")
        if token is None:
            break

    assert len(seen) == len(set(seen)) == 250
    assert get_trace_summaries(store, {"StartTime": 0, "EndTime": 1, "NextToken": "x"}).status == 400
    assert get_trace_summaries(store, {"StartTime": 2, "EndTime": 1}).status == 400


def test_the_store_survives_on_disk(store: XRayStore, tmp_path: Any) -> None:
    path = tmp_path / "traces.jsonl"
    store.save(path)
    path.write_text(path.read_text(encoding="utf-8") + "torn line {\n", encoding="utf-8")

    again = XRayStore()
    again.load(path)

    assert facts(again) == facts(store)


def test_datagrams_are_the_daemons_format_or_nothing() -> None:
    assert read_datagram(b'{"format": "json", "version": 1}\n{"a": "\xe1\xba\xbf"}') == '{"a": "ế"}'
    for noise in (b"", b"x", b"[]\n{}", b'{"format": "json", "version": 2}\n{}', b'{"format": "json", "version": 1}'):
        assert read_datagram(noise) is None


def test_sampling_takes_the_first_of_each_second_and_a_twentieth() -> None:
    chances = iter([0.9, 0.01])
    sampler = Sampler(lambda: next(chances))

    assert [sampler.sample(at) for at in (10.1, 10.2, 10.9, 11.0)] == [True, False, True, True]


@pytest.mark.parametrize(
    ("header", "active", "sampled"),
    [("", True, True), ("", False, False), ("Sampled=0", True, False), ("Root=1-a-b;Sampled=1", False, True)],
)
def test_a_callers_decision_to_sample_is_kept(header: str, active: bool, sampled: bool) -> None:
    trace, parent = open_trace(header + ";Parent=abc", active, Sampler(), 10.0)

    assert trace.sampled is sampled
    assert parent == "abc"
    assert ("Root=1-a-b" in header) == (trace.trace_id == "1-a-b")

"""What an application wrote into a trace does not become evidence."""

import json

from monitor.diagnose.evidence.analyze_traces import lightened
from monitor.kernel.jsonable import jsonable
from monitor.records.xray.trace import Http, Span, SpanException, SpanKind, Sql, Trace


def test_no_secret_of_a_trace_is_kept_but_its_shape_and_times_are() -> None:
    inner = Span(
        "b",
        "https://u:hunter2@host/path?X-Amz-Signature=hunter2",
        1.0,
        2.0,
        fault=True,
        cause_message="hunter2",
        exceptions=(SpanException("OSError", "postgres://u:hunter2@h", id="e1"),),
        http=Http("GET", "https://u:hunter2@bucket.s3.amazonaws.com/key?X-Amz-Signature=hunter2#hunter2", 200),
        sql=Sql(query="select 'hunter2'"),
        annotations={"token": "hunter2"},
        metadata={"default": {"body": ["hunter2"]}},
    )
    light = lightened(Trace("1-x", 1.0, (Span("a", "f", 0.5, 3.0, SpanKind.INIT, children=(inner,)),)))
    assert "hunter2" not in json.dumps(jsonable(light))
    (root,) = light.roots
    (call,) = root.children
    assert (root.kind, call.start_s, call.end_s, call.fault) == (SpanKind.INIT, 1.0, 2.0, True)
    assert call.http == Http("GET", "https://bucket.s3.amazonaws.com/key", 200)
    assert [one.type for one in call.exceptions] == ["OSError"]

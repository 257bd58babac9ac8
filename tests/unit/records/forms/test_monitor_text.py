"""What `monitor tail -o text` prints is read back: invocations, cold starts, failures and exceptions."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.console.text import Style, format_ms
from monitor.logs.errors.analyze import Failures
from monitor.logs.render_events import TailRenderer
from monitor.logs.tail.text_printer import TextPrinter
from monitor.records.event import LogEvent
from monitor.records.forms.form import Sample
from monitor.records.forms.monitor_text import span_ms
from monitor.records.forms.registry import detect
from monitor.records.message import parse_message
from monitor.records.pairing import pair
from tests.fakes.saved_logs import read_text
from tests.unit.records.forms.test_forms import EVENTS
from tests.unit.records.forms.test_scale import made
from tests.unit.records.test_conformance import OPTIONS

HANOI = timezone(timedelta(hours=7))


def printed(
    events: list[LogEvent],
    *,
    zone: tzinfo | None = UTC,
    fold: bool = True,
    dated: bool = False,
    color: bool = False,
    names: dict[str, str] | None = None,
) -> str:
    renderer = TailRenderer(
        Style(color=color), zone, names or {}, fold=fold, dated=dated, day=None if dated else date.min
    )
    printer = TextPrinter(replace(OPTIONS, no_fold=not fold), renderer)
    text = [*printer.batch(events).text, *printer.finish().text]
    return "".join(f"{one}\n" for one in text)


def read(text: str, zone: tzinfo | None = UTC) -> list[LogEvent]:
    sample = Sample(text, zone=zone)
    form = detect(sample)[0]
    assert form.name == "monitor-text"
    reader = form.reader(sample)
    return [*reader.feed(text), *reader.finish()]


def exceptions(events: list[LogEvent]) -> Counter[str]:
    failures = Failures()
    for event in events:
        failures.add(event, parse_message(event.message))
    failures.finish()
    found: Counter[str] = Counter()
    for group in failures.groups(None, lambda _: None):
        found[group.type] += group.count
    return found


def figures(events: list[LogEvent]) -> list[tuple[object, ...]]:
    return sorted(
        (
            one.request_id,
            one.cold,
            one.error.kind if one.error else None,
            format_ms(getattr(one.report, "duration_ms", None)),
            format_ms(getattr(one, "init_ms", None) if one.cold else None),
            getattr(one.report, "max_memory_mb", None),
        )
        for one in pair(events)
    )


@pytest.mark.parametrize("fold", [True, False])
@pytest.mark.parametrize("color", [True, False])
@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("zone", [UTC, HANOI])
def test_the_text_of_a_tail_is_read_back(fold: bool, color: bool, dated: bool, zone: tzinfo) -> None:
    found = read(printed(EVENTS, fold=fold, color=color, dated=dated, zone=zone), zone)
    assert figures(found) == figures(EVENTS)
    assert exceptions(found) == exceptions(EVENTS)
    assert {one.timestamp_ms for one in found} <= {one.timestamp_ms for one in EVENTS}


def test_the_text_of_several_functions_names_each_of_them() -> None:
    events = [LogEvent(one.timestamp_ms, one.message, one.stream, f"/aws/lambda/f{one.stream[-1]}") for one in EVENTS]
    found = read(printed(events, names={"/aws/lambda/f1": "f1", "/aws/lambda/f5": "f5"}))
    assert figures(found) == figures(events)
    assert {one.group for one in found} == {one.group for one in events}


def test_exceptions_in_json_are_read_back_from_the_text() -> None:
    stack = '"stackTrace":["  File \\"/var/task/shop/app.py\\", line 12, in handler\\n    return s[1]\\n"]'
    own = f'{{"level":"ERROR","errorType":"KeyError","errorMessage":"sku","requestId":"x",{stack}}}'
    logged = f'{{"level":"ERROR","message":"it failed","errorType":"ValueError","errorMessage":"no",{stack}}}'
    events = [one for one in EVENTS if not one.message.startswith("[ERROR]")]
    at = next(at for at, one in enumerate(events) if one.message.startswith(f"END RequestId: {'c' * 8}"))
    said = [LogEvent(events[at].timestamp_ms, text, events[at].stream) for text in (logged, own)]
    events[at:at] = said
    found = read(printed(events))
    assert exceptions(found) == exceptions(events)
    assert figures(found) == figures(events)


def test_a_time_without_a_date_is_not_known() -> None:
    text = printed(EVENTS).partition("\n")[2]
    found = read(text)
    assert {one.timestamp_ms for one in found} == {0}
    assert figures(found) == figures(EVENTS)


def test_invocations_that_interrupt_each_other_are_told_apart() -> None:
    events = made(40, 400)[0]
    found = read(printed(events))
    assert {one.request_id for one in pair(found)} == {one.request_id for one in pair(events)}
    assert exceptions(found) == exceptions(events)


def test_the_text_that_arrives_in_pieces_is_the_same() -> None:
    text = printed(EVENTS)
    assert read_text(text, "monitor-text", 13) == read_text(text, "monitor-text")


@given(st.floats(0.005, 1e9))
def test_a_printed_duration_is_read_as_printed(value_ms: float) -> None:
    shown = format_ms(value_ms)
    found = span_ms(shown)
    assert found is not None
    assert format_ms(found) == shown

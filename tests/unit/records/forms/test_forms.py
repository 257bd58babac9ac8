"""Each form in which people save logs gives back the events that were put in."""

from collections.abc import Sequence

import pytest

from monitor.records.event import LogEvent
from monitor.records.forms.form import Sample
from monitor.records.forms.registry import detect
from tests.fakes.form_writers import WRITTEN, Written
from tests.fakes.saved_logs import read_text

AT_MS = 1_795_784_400_000  # 2026-11-27T13:00:00Z
ONE, OTHER = "2026/11/27/[$LATEST]" + "aaaa1111" * 4, "2026/11/27/[$LATEST]" + "eeee5555" * 4
A, B, C, D = (f"{letter * 8}-1c2d-4e3f-8a9b-0123456789ab" for letter in "abcd")
FIGURES = "Billed Duration: 430 ms\tMemory Size: 512 MB\tMax Memory Used: 91 MB"
MESSAGES = (
    (0, ONE, "INIT_START Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:eu-west-1"),
    (420, ONE, f"START RequestId: {A} Version: $LATEST"),
    (421, ONE, f"[INFO]\t2026-11-27T13:00:00.421Z\t{A}\tđơn hàng 42 – 注文 ✓"),
    (430, OTHER, "INIT_START Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:eu-west-1"),
    (450, ONE, f"END RequestId: {A}"),
    (450, ONE, f"REPORT RequestId: {A}\tDuration: 29.50 ms\t{FIGURES}\tInit Duration: 400.25 ms"),
    (900, OTHER, f"START RequestId: {D} Version: $LATEST"),
    (1000, ONE, f"START RequestId: {B} Version: $LATEST"),
    (1005, ONE, f'[ERROR]\t2026-11-27T13:00:01.005Z\t{B}\tcharge failed\nTraceback (most recent call last):\n'
                '  File "/var/task/shop/pay.py", line 31, in charge\n    card = cards[number]\n'
                "ValueError: card 4242 declined"),
    (1006, ONE, '{"level": "INFO", "message": {"order": 42}, "timestamp": "2026-11-27T13:00:01.006Z", "s": 1}'),
    (1010, ONE, f"END RequestId: {B}"),
    (1010, ONE, f"REPORT RequestId: {B}\tDuration: 9.10 ms\t{FIGURES}"),
    (2000, ONE, f"START RequestId: {C} Version: $LATEST"),
    (2004, ONE, "[ERROR] KeyError: 'sku'\nTraceback (most recent call last):\n"
                '\u00a0\u00a0File "/var/task/shop/app.py", line 12, in handler\n\u00a0\u00a0\u00a0\u00a0return s[1]'),
    (2006, ONE, f"END RequestId: {C}"),
    (2006, ONE, f"REPORT RequestId: {C}\tDuration: 5.70 ms\t{FIGURES}\t\nXRAY TraceId: 1-5e\tSampled: true"),
    (3900, OTHER, f"2026-11-27T13:00:03.900Z {D} Task timed out after 3.00 seconds"),
    (3900, OTHER, f"END RequestId: {D}"),
    (3900, OTHER, f"REPORT RequestId: {D}\tDuration: 3000.00 ms\t{FIGURES}\tInit Duration: 448.90 ms\tStatus: timeout"),
)  # fmt: skip
EVENTS = [LogEvent(AT_MS + at_ms, message, stream) for at_ms, stream, message in MESSAGES]


def plain(message: str) -> str:
    """A message without white space at the ends of its lines, which tools drop and add."""
    return "\n".join(line.rstrip() for line in message.split("\n")).strip("\n")


def in_order(written: Written, found: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """The lines of each container are in order; those of different ones need not be."""
    return sorted(found) if written.form in ("docker-compose", "kubectl") else found


def put_in(written: Written, events: Sequence[LogEvent] = EVENTS) -> list[tuple[int, str, str]]:
    """What a form can give back of the events."""
    found = [
        (
            (one.timestamp_ms // 1000 * 1000 if written.seconds else one.timestamp_ms) if written.times else 0,
            one.stream if written.streams else "",
            plain(one.message),
        )
        for one in events
    ]
    return in_order(written, found)


def given_back(written: Written, events: Sequence[LogEvent]) -> list[tuple[int, str, str]]:
    ordered = list(reversed(events)) if "newest first" in written.name else events
    found = [
        (
            one.timestamp_ms if written.times else 0,
            one.stream if written.streams else "",
            plain(one.message),
        )
        for one in ordered
    ]
    return in_order(written, found)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.name)
def test_a_form_is_recognized_and_gives_its_events_back(written: Written) -> None:
    form, events = read_text(written.write(EVENTS))
    assert form == written.form
    assert given_back(written, events) == put_in(written)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.name)
def test_a_form_with_windows_line_ends_gives_its_events_back(written: Written) -> None:
    text = written.write(EVENTS).replace("\n", "\r\n")
    assert given_back(written, read_text(text)[1]) == put_in(written)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.name)
def test_a_form_that_arrives_in_pieces_gives_its_events_back(written: Written) -> None:
    text = written.write(EVENTS)
    form, whole = read_text(text)
    for piece in (1, 13, 500):
        assert read_text(text, form, piece) == (form, whole)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.name)
def test_the_first_event_is_enough_to_recognize_a_form(written: Written) -> None:
    whole = written.write(EVENTS)
    if whole[:1] not in "[{" and "base64" not in written.name:
        assert detect(Sample(whole[: len(whole) // 2]))[0].name == written.form

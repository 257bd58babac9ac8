"""500 environments at once, 10,000 invocations, in each form: what was put in is counted, however it was saved."""

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from monitor.coldstarts.analyze_tally import Tally
from monitor.logs.errors.analyze import Failures
from monitor.records.event import LogEvent
from monitor.records.message import parse_message
from monitor.records.pairing import pair
from tests.fakes.form_writers import GROUP, WRITTEN, Written
from tests.fakes.saved_logs import read_text

AT_MS = 1_795_784_400_000
ENVIRONMENTS, INVOCATIONS = 500, 10_000
FIGURES = "Billed Duration: 30 ms\tMemory Size: 512 MB\tMax Memory Used: 91 MB"
EXCEPTIONS = ("KeyError", "ValueError", "OrderError")


class Truth:
    """What was put in."""

    def __init__(self) -> None:
        self.cold = self.failed = 0
        self.exceptions: Counter[str] = Counter()


def _invocation(chance: random.Random, number: int, is_cold: bool, truth: Truth) -> Iterator[str]:
    request_id = f"{chance.getrandbits(32):08x}-1111-4222-8333-{number:012x}"
    if is_cold:
        truth.cold += 1
        yield "INIT_START Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab"
    yield f"START RequestId: {request_id} Version: $LATEST"
    yield f"[INFO]\t2026-11-27T13:00:00.421Z\t{request_id}\torder {number} taken"
    if number % 50 == 0:
        name = EXCEPTIONS[number // 50 % 3]
        truth.failed += 1
        truth.exceptions[name] += 1
        yield (
            f"[ERROR] {name}: no {number}\nTraceback (most recent call last):\n"
            f'\u00a0\u00a0File "/var/task/app.py", line 12, in handler\n\u00a0\u00a0\u00a0\u00a0raise {name}(number)'
        )
    yield f"END RequestId: {request_id}"
    yield f"REPORT RequestId: {request_id}\tDuration: 29.50 ms\t{FIGURES}" + (
        "\tInit Duration: 400.25 ms" if is_cold else ""
    )


@cache
def made(environments: int = ENVIRONMENTS, invocations: int = INVOCATIONS) -> tuple[list[LogEvent], Truth]:
    """The events of all environments, interleaved, and the truth about them."""
    chance, truth = random.Random(20261127), Truth()
    running: list[tuple[str, Iterator[str]]] = []
    events: list[LogEvent] = []
    number = at_ms = 0
    streams = [f"2026/11/27/[$LATEST]{chance.getrandbits(128):032x}" for _ in range(environments)]
    fresh = set(streams)
    idle = list(streams)
    while number < invocations or running:
        while idle and number < invocations:
            stream = idle.pop(chance.randrange(len(idle)))
            running.append((stream, _invocation(chance, number, stream in fresh, truth)))
            fresh.discard(stream)
            number += 1
        place = chance.randrange(len(running))
        stream, messages = running[place]
        message = next(messages, None)
        if message is None:
            running[place] = running[-1]
            running.pop()
            idle.append(stream)
            continue
        at_ms += chance.randrange(3)
        events.append(LogEvent(AT_MS + at_ms, message, stream, GROUP))
    return events, truth


FULL, HUNDREDTH = (ENVIRONMENTS, INVOCATIONS), (5, 100)


def counted(written: Written, size: tuple[int, int]) -> tuple[list[int], Counter[str], Truth]:
    """Invocations, cold starts and failures, the exceptions by name, and the truth about them."""
    events, truth = made(*size)
    form, found = read_text(written.write(events))
    assert form == written.form
    if "newest first" in written.name:
        found.reverse()
    tally, failures = Tally(), Failures()
    for invocation in pair(found):
        tally.add(invocation)
    for event in found:
        failures.add(event, parse_message(event.message))
    failures.finish()
    summaries = tally.summaries()
    named: Counter[str] = Counter()
    for group in failures.groups(None, lambda _: None):
        named[group.type] += group.count
    figures = [sum(getattr(one, name) for one in summaries) for name in ("invocations", "cold_starts", "errors")]
    return figures, named, truth


def check(written: Written, size: tuple[int, int]) -> None:
    figures, named, truth = counted(written, size)
    if written.streams:
        assert figures == [size[1], truth.cold, truth.failed]
        assert truth.cold == size[0]
        assert named == truth.exceptions
    else:
        # Whose init and whose failure it is cannot be known without the stream.
        assert figures[:2] == [size[1], truth.cold]


@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.name)
def test_every_form_gives_the_figures_of_five_environments(written: Written) -> None:
    check(written, HUNDREDTH)


@pytest.mark.slow
@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.name)
def test_every_form_gives_the_figures_of_500_environments(written: Written) -> None:
    check(written, FULL)

"""One failure of any logger is counted once and named by its exception, in whatever form the log was saved."""

import random

import pytest

from monitor.logs.errors.analyze import Failures
from monitor.records.event import LogEvent
from monitor.records.message import parse_message
from monitor.records.pairing import pair
from tests.fakes.form_writers import WRITTEN, Written
from tests.fakes.logger_lines import HARMLESS, REQUEST, kinds
from tests.fakes.saved_logs import read_text
from tests.unit.records.forms.test_forms import AT_MS, ONE

FIGURES = "Billed Duration: 21 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB"
KINDS = list(kinds())
FORMS = {
    *("filter-log-events", "aws logs tail", "aws logs tail --format short", "docker logs", "docker compose logs"),
    *("Insights, CSV", "export to S3", "--output text", "--output yaml", "--output table", "Insights, Markdown"),
    *("console, copied", "saw", "subscription, lines"),
}


def log(chance: random.Random, messages: list[str]) -> list[LogEvent]:
    before, after, last = chance.sample(HARMLESS, 3)
    texts = [
        "INIT_START Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:01",
        f"START RequestId: {REQUEST} Version: 3",
        *(before, after, *messages, last),
        f"END RequestId: {REQUEST}",
        f"REPORT RequestId: {REQUEST}\tDuration: 20.00 ms\t{FIGURES}\tInit Duration: 400.25 ms",
    ]
    return [LogEvent(AT_MS + 2 * at, text, ONE) for at, text in enumerate(texts)]


@pytest.mark.parametrize("written", [one for one in WRITTEN if one.name in FORMS], ids=lambda one: one.name)
def test_a_logged_exception_is_one_failure_with_its_name(written: Written) -> None:
    chance = random.Random(7)
    wrong: dict[str, object] = {}
    for kind, name, messages in KINDS:
        _, events = read_text(written.write(log(chance, messages)))
        failures = Failures()
        for event in events:
            failures.add(event, parse_message(event.message))
        failures.finish()
        found = [(one.type, one.count) for one in failures.groups(None, lambda _: None)]
        invocations = [(one.cold, one.error) for one in pair(events)]
        if found != [(name, 1)] or invocations != [(True, None)]:
            wrong[kind] = (found, invocations)
    assert not wrong

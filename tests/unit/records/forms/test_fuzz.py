"""Mutated saved logs of every form are read without an exception, in time, and without losing text."""

import base64
import gzip
import json
import random
import resource
import time
from collections.abc import Iterator

import pytest

from monitor.records.event import LogEvent
from monitor.records.forms.encoding import TextDecoder
from monitor.records.forms.form import Sample
from monitor.records.forms.registry import FORMS, detect
from monitor.records.message import parse_message
from monitor.records.pairing import Pairing
from tests.fakes.form_writers import WRITTEN
from tests.fakes.mutated_text import ALPHABET, mutated_text
from tests.unit.records.forms.test_forms import EVENTS

# A saved log is decoded from bytes: no lone surrogate reaches a reader.
_ALPHABET = ALPHABET.replace("\ud800", "")
VALUES = (None, True, 0, -1, 10**400, 1e999, "", "x", [], {}, [[[]]], {"a": None}, "\ud800", 1_795_784_400_000)


def reshaped(chance: random.Random, value: object) -> object:
    """A JSON value that keeps a valid structure, with a member changed, renamed, moved or wrapped."""
    if isinstance(value, dict) and value:
        changed = dict(value)
        name = chance.choice(list(changed))
        match chance.randrange(6):
            case 0:
                changed[name] = chance.choice(VALUES)
            case 1:
                changed[chance.choice(["message", "timestamp", "events", "logEvents", "type"])] = changed.pop(name)
            case 2:
                del changed[name]
            case 3:
                changed = {"Records": [changed], "body": json.dumps(changed, default=str)}
            case _:
                changed[name] = reshaped(chance, changed[name])
        return changed
    if isinstance(value, list) and value:
        changed_list = list(value)
        at = chance.randrange(len(changed_list))
        changed_list[at] = reshaped(chance, changed_list[at])
        return changed_list if chance.randrange(4) else changed_list[at:]
    return chance.choice(VALUES)


def structured(chance: random.Random, text: str) -> str:
    """A mutation that keeps lines or JSON valid."""
    if text[:1] in "{[":
        try:
            return json.dumps(reshaped(chance, json.loads(text)), indent=chance.choice([None, 2]))
        except ValueError:
            pass
    lines = text.splitlines()
    at = chance.randrange(len(lines) or 1)
    if text[:1] == "{" and lines:
        lines[at] = json.dumps(reshaped(chance, _loaded(lines[at])))
    elif lines:
        match chance.randrange(4):
            case 0:
                lines[at] = chance.choice(lines)
            case 1:
                lines[at] = lines[at].replace(" ", chance.choice(["  ", "\t", ""]), 1)
            case 2:
                lines.insert(at, "Traceback (most recent call last):")
            case _:
                lines[at] = lines[at] + " " + lines[at]
    return "\n".join(lines)


def _loaded(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return line


def inputs(seed: int, count: int) -> Iterator[str]:
    chance = random.Random(seed)
    seeds = [one.write(EVENTS) for one in WRITTEN]
    for number in range(count):
        text = chance.choice(seeds)
        yield (
            structured(chance, text)
            if number % 2
            else mutated_text(chance, text, chance.choice(seeds), alphabet=_ALPHABET)
        )


def read(text: str, chance: random.Random) -> list[LogEvent]:
    sample = Sample(text[: chance.choice([200, 2_000, 100_000])])
    form = detect(sample)[0] if chance.randrange(4) else chance.choice(FORMS)
    reader = form.reader(sample)
    half = chance.randrange(len(text) + 1)
    events = reader.feed(text[:half])
    if not chance.randrange(3):
        events += reader.flush()
    return events + reader.feed(text[half:]) + reader.finish()


def check(seed: int, count: int) -> None:
    chance, pairing = random.Random(seed), Pairing()
    for text in inputs(seed, count):
        began = time.process_time()
        events = read(text, chance)
        assert time.process_time() - began < 5, text
        for event in events:
            assert isinstance(event.timestamp_ms, int)
            assert isinstance(event.message, str)
            assert isinstance(event.stream, str)
            pairing.add(event, parse_message(event.message))
    pairing.finish()


def test_mutated_logs_of_every_form_are_read() -> None:
    check(20261127, 1_500)


@pytest.mark.slow
def test_a_million_mutated_logs_are_read_in_300_mb() -> None:
    for seed in range(100):
        check(seed, 10_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 300_000


def test_bytes_of_any_kind_are_decoded() -> None:
    chance = random.Random(5)
    for _ in range(500):
        data = chance.randbytes(chance.randrange(300))
        if chance.randrange(2):
            data = chance.choice([b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0\0\0"]) + data
        decoder = TextDecoder(data)
        assert isinstance(decoder.decode(data, final=True), str)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"events": [' + '{"message": "x", "timestamp": 1},' * 200_000,
        '"' + "x" * 3_000_000,
        "{" + " " * 3_000_000,
        "2026-11-27T13:00:00.420000+00:00 " * 50_000,
        "a" * 3_000_000,
        "Traceback (most recent call last):\n" * 30_000,
        '{"message": "' + "9" * 5_000 + '", "timestamp": ' + "9" * 5_000 + "}",
        'timestamp,message\n1795784400000,"' + "x\n" * 500_000,
        "REPORT RequestId: " + " \t" * 500_000,
        base64.b64encode(gzip.compress(b"x" * 20_000_000)).decode(),
        json.dumps({"awslogs": {"data": base64.b64encode(gzip.compress(b"[" * 5_000_000)).decode()}}),
    ],
    ids=range(13),
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    read(text, random.Random(1))
    for form in FORMS:
        form.score(Sample(text[:131_072]))
    assert time.process_time() - began < 10

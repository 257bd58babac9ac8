"""A million inputs of every form, mutated and random: reading any of them neither raises nor disagrees with itself."""

import json
import random
from pathlib import Path

import pytest

from monitor.records.event import LogEvent
from monitor.records.message import parse_fact, parse_message
from monitor.records.pairing import Pairing
from monitor.records.report import parse_report

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "log_records.jsonl"
INPUTS = 1_000_000
ALPHABET = '\x00\t\n\r\x1b :{}[]",0123456789.eE-+\\/RSTXIE\u202e\ud800é'


def mutated(chance: random.Random, text: str, other: str) -> str:
    """A text cut, doubled, spliced with another, or with a few characters changed."""
    at = chance.randrange(len(text) + 1)
    match chance.randrange(6):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + text[at // 2 :]
        case 2:
            return text[:at] + other[chance.randrange(len(other) + 1) :]
        case 3:
            return text[:at] + chance.choice(ALPHABET) + text[at + 1 :]
        case 4:
            return text[:at] + chance.choice(ALPHABET) * chance.randrange(1, 20) + text[at:]
        case _:
            return "".join(chance.choices(ALPHABET, k=chance.randrange(40)))


@pytest.mark.slow
def test_a_million_inputs_raise_nothing() -> None:
    chance = random.Random(20261123)
    seeds = [json.loads(line)["text"] for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    pairing = Pairing()
    kinds: dict[str, int] = {}
    for number in range(INPUTS):
        text = mutated(chance, chance.choice(seeds), chance.choice(seeds))
        if chance.random() < 0.3:
            text = mutated(chance, text, chance.choice(seeds))
        record, fact = parse_message(text), parse_fact(text)
        assert fact is None or fact == record, text
        kinds[record.record_kind] = kinds.get(record.record_kind, 0) + 1
        pairing.add(LogEvent(number * 7 % 50_000, text, f"2026/11/23/[7]{number % 5}", "/aws/lambda/f"), fact)
        if number % 10 == 0:
            parse_report(text)
    pairing.finish()
    # It went everywhere, and not into one branch alone.
    assert min(kinds.get(kind, 0) for kind in ("report", "start", "malformed", "metrics", "application")) > 1_000

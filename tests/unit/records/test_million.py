"""A million inputs of every form, mutated and random: reading any of them neither raises nor disagrees with itself."""

import json
import random
from pathlib import Path

import pytest

from monitor.records.event import LogEvent
from monitor.records.message import parse_fact, parse_message
from monitor.records.pairing import Pairing
from monitor.records.report import parse_report
from tests.fakes.mutated_text import mutated_text

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "log_records.jsonl"
INPUTS = 1_000_000


@pytest.mark.slow
def test_a_million_inputs_raise_nothing() -> None:
    chance = random.Random(20261123)
    seeds = [json.loads(line)["text"] for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    pairing = Pairing()
    kinds: dict[str, int] = {}
    for number in range(INPUTS):
        text = mutated_text(chance, chance.choice(seeds), chance.choice(seeds))
        if chance.random() < 0.3:
            text = mutated_text(chance, text, chance.choice(seeds))
        record, fact = parse_message(text), parse_fact(text)
        assert fact is None or fact == record, text
        kinds[record.record_kind] = kinds.get(record.record_kind, 0) + 1
        pairing.add(LogEvent(number * 7 % 50_000, text, f"2026/11/23/[7]{number % 5}", "/aws/lambda/f"), fact)
        if number % 10 == 0:
            parse_report(text)
    pairing.finish()
    # It went everywhere, and not into one branch alone.
    assert min(kinds.get(kind, 0) for kind in ("report", "start", "malformed", "metrics", "application")) > 1_000

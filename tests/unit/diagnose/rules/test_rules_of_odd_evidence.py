"""Whatever the evidence, a rule about platform or traffic answers with a range in order, a reason, and a change."""

import random
from dataclasses import replace
from typing import Any

import pytest

from monitor.coldstarts.model import ColdStartGroup
from monitor.diagnose.evidence.model import Deployed, FailureCount, FunctionEvidence, Minute, ModuleCall, SourceFacts
from monitor.kernel.statistics import distribution
from monitor.kernel.window import Window
from monitor.records.imports import ImportNode, ImportProfile
from monitor.records.init_record import InitRecord
from monitor.records.invocation import ColdStart, FailureKind, InitKind
from tests.fakes.start_evidence import MISSING, NOON_MS, evidence, function, start
from tests.unit.diagnose.rules.test_rule_commands import RULES

CALLS = (ModuleCall("requests.get", "", 1, ""), ModuleCall("boto3.client.x", "a/__init__.py", 1, ""))
TREE = (ImportNode("a", 600.0, 900.0, "", (ImportNode("requests", 300.0, 300.0),)),)
FIGURES = (None, 0.0, 1e-9, 3.0, 250.0, 9000.0, 1e9)
LABELS = ("128 MB", "x", "²", "0 MB", "1024 MB", "not known")


def odd_start(chance: random.Random) -> ColdStart:
    return start(
        chance.choice(FIGURES),
        chance.choice(FIGURES),
        kind=chance.choice(list(InitKind)),
        version=chance.choice((None, "1", "2", "$LATEST")),
        at_ms=NOON_MS + chance.randrange(10**7),
        status=chance.choice((None, "success", "error", "timeout")),
        runtime_version=chance.choice((None, "a", "b")),
        memory_mb=chance.choice((None, 128, 1024)),
        max_memory_mb=chance.choice((None, 0, 1024)),
        init_record=chance.choice((None, InitRecord(1, 0.0), InitRecord(1, 1e6))),
    )


def odd_group(chance: random.Random) -> ColdStartGroup:
    init, total = distribution([5.0] * chance.randrange(5)), distribution([chance.random() * 1e4] * chance.randrange(5))
    return ColdStartGroup(chance.choice(LABELS), None, 3, None, init, total)


def odd(chance: random.Random) -> FunctionEvidence:
    kinds = chance.sample(list(FailureKind), chance.randrange(5))
    configured = function(
        memory_mb=chance.choice((128, 1769, 10_240)),
        runtime=chance.choice((None, "", "python3.8", "python3.13", "x")),
        snap_start=chance.choice((None, "None", "PublishedVersions")),
    )
    changes: dict[str, Any] = {
        "warm_ms": [chance.random() * 1000 for _ in range(chance.randrange(5))],
        "failures": tuple(FailureCount(kind, chance.randrange(9), chance.randrange(9)) for kind in kinds),
        "minutes": tuple(
            Minute(NOON_MS + at * 60_000, 9, chance.randrange(20), chance.randrange(20))
            for at in range(chance.randrange(9))
        ),
        "deployments": tuple(Deployed("x", NOON_MS + chance.randrange(10**7)) for _ in range(chance.randrange(4))),
        "by_memory": tuple(odd_group(chance) for _ in range(chance.randrange(4))),
        "function": chance.choice((MISSING, configured)),
        "window": chance.choice((None, Window(0, 0), Window(5, 1))),
        "code": chance.choice((MISSING, SourceFacts(1, 0, (), CALLS))),
        "imports": chance.choice((MISSING, ImportProfile("x", "y", 1, 1.0, TREE, ()))),
    }
    made = evidence([odd_start(chance) for _ in range(chance.randrange(40))], **changes)
    gone = chance.choice(("starts", "settings", "concurrency", "metrics"))
    return replace(made, **{gone: MISSING}) if chance.random() < 0.3 else made


@pytest.mark.parametrize("seed", range(4))
def test_a_finding_is_whole(seed: int) -> None:
    chance = random.Random(seed)
    seen = set()
    for _ in range(60):
        made = odd(chance)
        for finding in (finding for rule in RULES for finding in rule.find(made)):
            seen.add(finding.rule)
            assert finding.evidence, finding.rule
            assert finding.changes, finding.rule
            assert finding.affected >= 0, finding.rule
            if finding.saving is not None:
                assert finding.saving.low_ms <= finding.saving.likely_ms <= finding.saving.high_ms, finding
    assert len(seen) > 5

"""What the rules give to paste is a command that exists, with options that it has."""

import re
import shlex
from collections.abc import Iterator

import botocore.session
import click
import pytest
from botocore import xform_name

from monitor.diagnose.evidence.model import (
    Concurrency,
    Deployed,
    FailureCount,
    FunctionEvidence,
    Minute,
    ModuleCall,
    SourceFacts,
)
from monitor.diagnose.model_finding import Change, ChangeKind, Finding
from monitor.diagnose.rules import (
    architecture,
    concurrency_limits,
    init_failed_or_retried,
    memory_too_small,
    network_calls_in_init,
    provisioned_concurrency,
    recent_deployment,
    runtime_version,
    snapstart,
    suppressed_init,
    timeouts_cause_cold_starts,
    vpc_or_extensions,
)
from monitor.kernel.function import Layer
from monitor.main import cli
from monitor.records.init_record import InitRecord
from monitor.records.invocation import FailureKind, InitKind
from monitor.records.metric import FunctionMetrics
from tests.fakes.start_evidence import HOUR_MS, NOON_MS, evidence, function, start

OLD = tuple(start(3000.0 + step, 900.0, version="7", runtime_version="a", request_id="one two") for step in range(9))
NEW = tuple(start(3500.0 + step, 900.0, version="8", runtime_version="b", at_ms=NOON_MS + HOUR_MS) for step in range(9))
CHANGED = tuple(start(3500.0 + step, 900.0, version="7", runtime_version="b", at_ms=NOON_MS + 9) for step in range(9))
LATEST = tuple(start(one.init_ms, 900.0, version=None, at_ms=one.at_ms) for one in (*OLD, *NEW))
BEFORE = tuple(start(300.0, 90.0, init_record=InitRecord(1, 90.0)) for _ in range(5))
FAILED = start(90.0, 120.0, kind=InitKind.FAILED)
SUPPRESSED = start(None, 900.0, kind=InitKind.SUPPRESSED, request_id="")
KINDS = (FailureKind.TIMEOUT, FailureKind.EXIT, FailureKind.OUT_OF_MEMORY)
FAILURES = tuple(FailureCount(kind, 3, 2, ("a b",)) for kind in KINDS)
THROTTLED = FunctionMetrics("shop", "us-east-1", (0, 1), 900.0, 0.0, 3.0, 5.0, *([None] * 7))
MINUTES = tuple(Minute(NOON_MS + hour * HOUR_MS, 8, 8, 8) for hour in range(2))
CALL = SourceFacts(1, 0, (), (ModuleCall("requests.get", "app/main.py", 3, "requests.get(…)"),))
INTEL = function(architecture="x86_64", runtime="python3.9", timeout_s=3, layers=(Layer("x:layer:y:1", 1),))
RULES = (
    architecture, concurrency_limits, init_failed_or_retried, memory_too_small, network_calls_in_init,
    provisioned_concurrency, recent_deployment, runtime_version, snapstart, suppressed_init,
    timeouts_cause_cold_starts, vpc_or_extensions,
)  # fmt: skip


def everything() -> Iterator[FunctionEvidence]:
    name = "shop; echo hi"
    yield evidence(OLD, name=name, failures=FAILURES, metrics=THROTTLED, minutes=MINUTES, code=CALL, function=INTEL)
    reserved = Concurrency(4, {}, 1000)
    yield evidence((*OLD, *NEW), name=name, warm_ms=[900.0] * 20_000, metrics=THROTTLED, concurrency=reserved)
    yield evidence((*OLD, *CHANGED), name=name, warm_ms=[900.0] * 20_000, function=INTEL)
    yield evidence((*BEFORE, FAILED, SUPPRESSED), name=name, function=INTEL)
    on = function(snap_start="PublishedVersions")
    yield evidence(LATEST, name=name, function=on, deployments=(Deployed("$LATEST", NOON_MS + 1000),))


def found() -> list[Finding]:
    return [finding for one in everything() for rule in RULES for finding in rule.find(one)]


def lines() -> list[str]:
    changes: list[Change] = [change for finding in found() for change in finding.changes]
    texts = [line for one in changes if one.kind is ChangeKind.COMMAND for line in one.text.splitlines()]
    wheres = [fact.where for finding in found() for fact in finding.evidence if fact.where.startswith("monitor ")]
    return list(dict.fromkeys((*texts, *wheres)))


def test_every_rule_speaks_here() -> None:
    assert {finding.rule for finding in found()} == {
        re.sub("_", "-", rule.__name__.rpartition(".")[2]) for rule in RULES
    }


@pytest.mark.parametrize("line", lines())
def test_the_command_exists(line: str) -> None:
    program, *words = shlex.split(line)
    if program == "monitor":
        _parse(words)
    else:
        assert program == "aws", line
        _aws(words)


def _parse(words: list[str]) -> None:
    """As click would, without running it."""
    command: click.Command = cli
    context = click.Context(cli, info_name="monitor")
    while isinstance(command, click.Group):
        name = words.pop(0)
        inner = command.get_command(context, name)
        assert inner is not None, name
        command, context = inner, click.Context(inner, context, name)
    command.parse_args(context, words)


def _aws(words: list[str]) -> None:
    """Against the service's own model."""
    service, operation, *options = words
    model = botocore.session.Session().get_service_model(service)
    shape = next(
        model.operation_model(name).input_shape for name in model.operation_names if xform_name(name, "-") == operation
    )
    assert shape is not None
    known = {xform_name(name, "-") for name in shape.members}
    given = {option.removeprefix("--") for option in options if option.startswith("--")}
    assert given <= known, given - known
    assert {xform_name(name, "-") for name in shape.required_members} <= given

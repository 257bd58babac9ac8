"""Cold starts: which invocations waited for a start, and what kind of start it was."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.runtime import cold
from tests.fakes.runtime_api import Run, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
CODE = (
    "from monitor.runtime import logger\n"
    "def handler(event, context):\n    logger.info('hello')\n"
    "    if event.get('fail'): raise KeyError('no')\n    return 1"
)
# An environment made in advance: its first invocation comes later. Waiting for real would take ten seconds.
EARLIER = "from monitor.runtime import clock\nclock.EPOCH_NS -= 10_500 * 1_000_000\n"

# name: variables, code before the handler's, what the record calls it, whether the first invocation is cold.
STARTS = {
    "on-demand": ({}, "", "on-demand", True),
    "an unset type": ({"AWS_LAMBDA_INITIALIZATION_TYPE": ""}, "", "on-demand", True),
    "restored": ({"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}, "", "snap-start", True),
    "provisioned": (
        {"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"},
        "",
        "provisioned-concurrency",
        False,
    ),
    "provisioned long ago": (
        {"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"},
        EARLIER,
        "provisioned-concurrency",
        False,
    ),
    "managed": (
        {"AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances"},
        "",
        "lambda-managed-instances",
        False,
    ),
    "proactive": ({}, EARLIER, "proactive", False),
}


def run(package: Callable[..., Path], env: dict[str, str], before: str, fails: bool) -> Run:
    folder = package(app=before + CODE)
    events = [{"fail": fails}, {}, {}]
    return run_handler(ENTRY, folder, events, env={"MONITOR_HANDLER": "app.handler", **env})


@pytest.mark.parametrize("fails", [False, True], ids=["succeeds", "raises"])
@pytest.mark.parametrize(("env", "before", "start", "is_cold"), STARTS.values(), ids=STARTS.keys())
def test_each_start_has_its_name_and_all_instruments_agree_on_cold(
    package: Callable[..., Path], env: dict[str, str], before: str, start: str, is_cold: bool, fails: bool
) -> None:
    done = run(package, env, before, fails)
    assert len(done.results) == (2 if fails else 3)
    (record,) = done.messages("monitor.init")
    assert record["monitor_init"]["start"] == start
    assert [line["cold_start"] for line in done.messages("hello")] == [is_cold, False, False]
    assert len(done.emf("ColdStart")) == (1 if is_cold else 0)
    spans = [span for span in done.datagrams if span["name"] == "## handler"]
    assert [span["annotations"]["ColdStart"] for span in spans] == [is_cold, False, False]
    waited_for_the_init = start == "on-demand"
    assert any(span["name"].startswith("init: ") for span in done.datagrams) == waited_for_the_init


def test_the_gap_between_init_and_invocation_is_in_the_record(package: Callable[..., Path]) -> None:
    at_once = run(package, {}, "", fails=False).messages("monitor.init")[0]["monitor_init"]
    assert 0 <= at_once["invoked_after_ms"] < 5000
    later = run(package, {}, EARLIER, fails=False).messages("monitor.init")[0]["monitor_init"]
    assert 10_000 <= later["invoked_after_ms"] < 20_000
    assert later["initialization_type"] == "on-demand"


def test_an_init_that_no_invocation_of_its_environment_follows_soon_is_proactive() -> None:
    assert cold.start_kind(9_999, {}) == "on-demand"
    assert cold.start_kind(10_000, {}) == "proactive"


def _durable(*types: str) -> dict[str, object]:
    """The event of a durable function (aws-durable-execution-sdk-python 3.0), with these operations."""
    operations = [{"Id": str(number), "Type": kind, "Status": "SUCCEEDED"} for number, kind in enumerate(types)]
    return {
        "DurableExecutionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:1/durable-execution/a/b",
        "CheckpointToken": "token",
        "InitialExecutionState": {"Operations": operations, "NextMarker": ""},
    }


DURABLE = {
    "the first invocation": (_durable("EXECUTION"), "on-demand", True),
    "resumed after a step": (_durable("EXECUTION", "STEP", "WAIT"), "durable-replay", False),
    "operations that are none": ({"DurableExecutionArn": "a", "InitialExecutionState": [1]}, "on-demand", True),
    "an ordinary event": ({"Operations": ["STEP"]}, "on-demand", True),
}


@pytest.mark.parametrize(("event", "start", "is_cold"), DURABLE.values(), ids=DURABLE.keys())
def test_a_durable_execution_that_is_resumed_in_a_new_environment_is_no_cold_start(
    package: Callable[..., Path], event: dict[str, object], start: str, is_cold: bool
) -> None:
    done = run_handler(ENTRY, package(app=CODE), [event, event], env={"MONITOR_HANDLER": "app.handler"})
    assert len(done.results) == 2
    assert done.messages("monitor.init")[0]["monitor_init"]["start"] == start
    assert [line["cold_start"] for line in done.messages("hello")] == [is_cold, False]
    assert len(done.emf("ColdStart")) == (1 if is_cold else 0)
    assert any(span["name"].startswith("init: ") for span in done.datagrams)


def test_each_worker_of_a_managed_instance_has_a_record_of_its_own_and_no_cold_start(
    package: Callable[..., Path],
) -> None:
    code = (
        "import os, time\nfrom monitor.runtime import logger\n"
        "def handler(event, context):\n    time.sleep(0.3)\n    logger.info('hello')\n    return [os.getpid(), event]"
    )
    env = {
        "MONITOR_HANDLER": "app.handler",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances",
        "AWS_LAMBDA_MAX_CONCURRENCY": "2",
    }
    done = run_handler(ENTRY, package(app=code), [1, 2, 3, 4, 5, 6], env=env)
    assert sorted(event for _, event in done.results) == [1, 2, 3, 4, 5, 6]
    workers = {worker for worker, _ in done.results}
    records = done.messages("monitor.init")
    assert len(workers) == len(records) == 2
    assert {record["monitor_init"]["start"] for record in records} == {"lambda-managed-instances"}
    assert [line["cold_start"] for line in done.messages("hello")] == [False] * 6
    assert done.emf("ColdStart") == []

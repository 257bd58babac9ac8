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
    assert cold.start_kind(9_999) == "on-demand"
    assert cold.start_kind(10_000) == "proactive"

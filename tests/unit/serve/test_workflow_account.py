"""What tabs ask at the same time is read once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.diagnose.evidence.model import Deployed
from monitor.errors import DeniedError, NotFoundError
from monitor.kernel.target import LogTarget
from monitor.kernel.window import Window
from monitor.serve import workflow_account
from monitor.serve.workflow_account import Ask, Shared
from tests.fakes.page import EmptyAccount
from tests.fakes.start_evidence import start


def test_callers_of_the_same_key_share_one_read() -> None:
    shared, reads = Shared(), []

    def read() -> int:
        time.sleep(0.1)
        reads.append(threading.get_ident())
        return len(reads)

    with ThreadPoolExecutor(8) as pool:
        found = [one.result() for one in [pool.submit(shared.get, ("key",), read) for _ in range(8)]]
    assert found == [1] * 8
    assert shared.get(("other",), read) == 2
    assert shared.get(("key",), read, 0.0) == 3
    assert shared._reading == {}


def test_what_failed_is_read_again() -> None:
    shared, reads = Shared(), []

    def read() -> str:
        reads.append(1)
        if len(reads) == 1:
            raise NotFoundError("not yet")
        return "there"

    with pytest.raises(NotFoundError):
        shared.get(("key",), read)
    assert shared.get(("key",), read) == "there"


def test_only_so_many_results_are_kept() -> None:
    shared = Shared()
    for number in range(500):
        assert shared.get((number,), lambda number=number: number) == number
    assert len(shared._kept) == 32


def test_a_name_that_is_not_on_the_page_is_refused() -> None:
    with pytest.raises(NotFoundError, match="other is not on this page"):
        EmptyAccount().one("other")


def test_each_deployment_that_the_page_saw_stays_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda tells only when $LATEST was changed last."""
    account, target = EmptyAccount(), LogTarget("one", "/aws/lambda/one", "eu-west-1", "one")
    for at_ms in (1_000, 2_000, 3_000):
        monkeypatch.setattr(workflow_account, "versions", lambda *_, at_ms=at_ms: (Deployed("$LATEST", at_ms, ""),))
        account._shared = Shared()
        found, problem = account._deployments(target)
    assert [one.at_ms for one in found] == [1_000, 2_000, 3_000]
    assert problem == ""

    def denied(*_: object) -> None:
        raise DeniedError("access denied")

    monkeypatch.setattr(workflow_account, "versions", denied)
    account._shared = Shared()
    found, problem = account._deployments(target)
    assert len(found) == 3
    assert "access denied" in problem


def test_a_change_of_the_runtime_is_marked_beside_the_deployments() -> None:
    starts = [
        start(function="one", at_ms=at_ms, runtime_version=version)
        for at_ms, version in ((1_000, "python:3.12.v45"), (3_000, "python:3.12.v46"), (4_000, "python:3.12.v46"))
    ]
    found = workflow_account.with_runtimes((Deployed("$LATEST", 2_000), Deployed("7", 5_000)), starts)
    assert [(one.version, one.at_ms) for one in found] == [
        ("$LATEST", 2_000), ("runtime python:3.12.v46", 3_000), ("7", 5_000),
    ]  # fmt: skip


def test_metrics_are_read_again_at_their_pace_or_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    account, reads = EmptyAccount(), []
    monkeypatch.setattr(account, "_pace_s", lambda _cost: 3_600.0)
    monkeypatch.setattr(account, "_functions", lambda window: reads.append(window) or window)
    ask = Ask("1d", "", Window(0, 1))
    account.functions(ask)
    account.functions(ask)
    assert len(reads) == 1
    monkeypatch.setattr(workflow_account, "_FRESH_S", 0.0)
    account.functions(ask, again=True)
    assert len(reads) == 2

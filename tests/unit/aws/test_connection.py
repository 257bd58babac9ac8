"""A connection from many threads, and what waits on it."""

import inspect
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.session import Session

from monitor.aws import connection as connections
from monitor.aws.connection import Connection
from monitor.aws.deploy import wait_until_active, wait_until_updated
from monitor.errors import DeniedError, MonitorError, RefusedError, UnreachableError
from tests.fakes.aws_json import AwsError, FakeAws

THREADS = 32
SERVICES = ("lambda", "logs", "cloudwatch", "xray")


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts botocore's sessions and clients, and every use of a session while another thread uses it."""
    seen: Counter[str] = Counter()
    busy = threading.Lock()
    holder = threading.local()

    class WatchedSession(Session):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            seen["sessions"] += 1
            super().__init__(*args, **kwargs)

        def get_config_variable(self, *args: Any, **kwargs: Any) -> Any:
            return self._alone(super().get_config_variable, *args, **kwargs)

        def create_client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
            seen[service_name] += 1
            return self._alone(super().create_client, service_name, *args, **kwargs)

        def _alone(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if getattr(holder, "here", False):  # create_client asks for configuration itself
                return work(*args, **kwargs)
            if not busy.acquire(blocking=False):
                seen["at the same time"] += 1
                return work(*args, **kwargs)
            try:
                holder.here = True
                time.sleep(0.005)
                return work(*args, **kwargs)
            finally:
                holder.here = False
                busy.release()

    monkeypatch.setattr(connections, "Session", WatchedSession)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return seen


def test_many_threads_share_one_session_and_one_client_of_each_service(watched: Counter[str]) -> None:
    connection = Connection()
    together = threading.Barrier(THREADS)

    def use(number: int) -> tuple[str, Any, str]:
        together.wait()
        service = SERVICES[number % len(SERVICES)]
        region = connection.region if number % 3 else connection.where
        return service, connection.client(service), region

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(use, range(THREADS)))
    assert {region for _, _, region in found} == {"eu-west-1"}
    assert len({(service, id(client)) for service, client, _ in found}) == len(SERVICES)
    assert watched == Counter({"sessions": 1, **dict.fromkeys(SERVICES, 1)})


def test_many_threads_tell_of_one_denied_action_once() -> None:
    told: list[str] = []
    connection = Connection(region="eu-west-1", tell=lambda message, _hint: told.append(message))
    together = threading.Barrier(THREADS)

    def warn(_: int) -> None:
        together.wait()
        connection.warn_denied(DeniedError("x is not allowed"), "y is done")
        connection.warn_denied(UnreachableError("not reached"), "nothing is told of this")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(warn, range(THREADS)))
    assert told == ["x is not allowed: y is done"]


@pytest.fixture
def running() -> list[FakeAws]:
    """The fakes that `served` started."""
    return []


@pytest.fixture
def served(running: list[FakeAws]) -> Iterator[Callable[..., Connection]]:
    """A connection to a function whose configuration is answered by `answers` in turn, the last for ever."""

    def serve(*answers: dict[str, Any] | AwsError) -> Connection:
        left = list(answers)

        def configuration(_: dict[str, Any]) -> dict[str, Any]:
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, AwsError):
                raise answer
            return answer

        fake = FakeAws({"lambda:GetFunctionConfiguration": configuration})
        running.append(fake.__enter__())
        return Connection(region="eu-west-1", endpoint_url=fake.endpoint, local=True)

    yield serve
    for fake in running:
        fake.__exit__()


def test_a_function_is_waited_for_until_it_is_active_or_updated(
    served: Callable[..., Connection], running: list[FakeAws]
) -> None:
    pending, active = {"State": "Pending"}, {"State": "Active"}
    updating, updated = {"LastUpdateStatus": "InProgress"}, {"LastUpdateStatus": "Successful"}
    for wait, answers in ((wait_until_active, [pending, pending, active]), (wait_until_updated, [updating, updated])):
        wait(served(*answers), "f")
        assert running[-1].calls["lambda:GetFunctionConfiguration"] == len(answers)


def test_a_change_that_failed_is_told_with_aws_s_reason(served: Callable[..., Connection]) -> None:
    failed = {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "the image is gone"}
    with pytest.raises(MonitorError, match=r"^f did not take the change: the image is gone$"):
        wait_until_updated(served({"LastUpdateStatus": "InProgress"}, failed), "f")
    with pytest.raises(MonitorError, match=r"^f did not become active: no reason was given$"):
        wait_until_active(served({"State": "Failed"}), "f")


def test_a_change_that_does_not_come_in_time_is_told(served: Callable[..., Connection]) -> None:
    with pytest.raises(UnreachableError, match="did not become active within"):
        wait_until_active(served({"State": "Pending"}), "f", within_s=0.3)


def test_who_may_not_look_whether_it_is_done_is_told_the_permission(served: Callable[..., Connection]) -> None:
    denied = AwsError("AccessDeniedException", "not authorized to perform: lambda:GetFunctionConfiguration", 403)
    with pytest.raises(DeniedError, match="lambda:GetFunctionConfiguration is not allowed"):
        wait_until_updated(served(denied), "f")


def test_a_connection_for_another_region_has_the_same_profile_endpoint_and_key() -> None:
    first = Connection(
        profile="p", region="eu-west-1", endpoint_url="http://127.0.0.1:1", local=True, access_key="k", command="c"
    )
    other = first.in_region("us-east-1")
    assert other.region == "us-east-1"
    for name in ("profile", "endpoint_url", "local", "access_key", "command", "tell"):
        assert getattr(other, name) == getattr(first, name)


def test_a_connection_for_another_region_leaves_nothing_out() -> None:
    """A member added to Connection later must be passed on too."""
    parameters = set(inspect.signature(Connection.__init__).parameters) - {"self"}
    source = inspect.getsource(Connection.in_region)
    assert {name for name in parameters if f"{name}=" not in source} == set()


def test_each_call_is_told_before_it_is_made_and_can_be_prevented(served: Callable[..., Connection]) -> None:
    connection, told = served({"State": "Active"}), []

    def on_call(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        told.append((service, operation, dict(parameters)))
        if len(told) > 1:
            raise RefusedError("enough")

    connection.on_call = on_call
    assert connection.call("lambda", "GetFunctionConfiguration", FunctionName="f")["State"] == "Active"
    with pytest.raises(RefusedError, match="enough"):
        connection.in_region("us-east-1").call("lambda", "GetFunctionConfiguration", FunctionName="f")
    assert told == [("lambda", "GetFunctionConfiguration", {"FunctionName": "f"})] * 2


def test_no_call_passes_the_one_who_is_told_of_calls(served: Callable[..., Connection]) -> None:
    """Not those of a waiter, nor those that are made with the client itself."""
    connection, told = served({"Configuration": {"LastUpdateStatus": "Successful"}}), []

    def on_call(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        told.append(operation)
        raise RefusedError("read only")

    connection.on_call = on_call
    with pytest.raises(RefusedError, match="read only"):
        wait_until_updated(connection, "f")
    with pytest.raises(RefusedError, match="read only"):
        connection.client("lambda").delete_function(FunctionName="f")
    assert told == ["GetFunctionConfiguration", "DeleteFunction"]

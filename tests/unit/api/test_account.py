"""Which account and which window a call of `monitor.api` reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor import api
from monitor.api import Account
from monitor.api.account import opened
from monitor.console.settings import Settings
from monitor.errors import UsageError

NOWHERE = Account(region="eu-west-1", endpoint_url="http://127.0.0.1:9")


def test_times_are_texts_moments_or_spans() -> None:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    spans = [opened(Account(), since, at, "1d").window for since in ("2026-11-23T08:00Z", at - timedelta(hours=2))]
    assert {(one.end_ms - one.start_ms) for one in spans} == {7_200_000}
    ago = opened(Account(), timedelta(hours=3), None, "1d").window
    assert ago.end_ms - ago.start_ms == 10_800_000


def test_a_time_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(UsageError, match="not a time"):
        opened(Account(), "noonish", None, "1d")


def test_an_account_has_the_options_of_a_command() -> None:
    settings = Settings(profiles=("prod",), regions=("eu-west-1", "us-east-1"))
    again = Account.of(settings).settings
    assert (again.profiles, again.regions, again.local) == (("prod",), ("eu-west-1", "us-east-1"), False)
    assert Account(region="eu-west-1").settings.regions == ("eu-west-1",)


def test_several_profiles_are_refused() -> None:
    with pytest.raises(UsageError, match="one profile"):
        Account.of(Settings(profiles=("a", "b")))


def test_warnings_become_notes() -> None:
    call = opened(Account(), None, None, "1h")
    assert call.settings.tell is not None
    call.settings.tell("metrics were denied", "allow cloudwatch:GetMetricData")
    assert call.notes == ["metrics were denied: allow cloudwatch:GetMetricData"]


WRONG: dict[str, Callable[[Any], object]] = {
    "coldstarts": lambda given: api.coldstarts(given, account=NOWHERE),
    "metrics": lambda given: api.metrics("a", given, account=NOWHERE),
    "errors": lambda given: api.errors(given, account=NOWHERE),
    "tail": lambda given: api.tail(given, account=NOWHERE),
    "show": lambda given: api.show(given, "a", account=NOWHERE),
    "show of": lambda given: api.show("latest", given, account=NOWHERE),
    "functions": lambda given: api.functions(given, account=NOWHERE),
    "traces": lambda given: api.traces(given, account=NOWHERE),
    "trace": lambda given: api.trace("latest", given, account=NOWHERE),
    "diagnose": lambda given: api.diagnose(given, account=NOWHERE),
    "inspect": lambda given: api.inspect(given, account=NOWHERE),
}


@pytest.mark.parametrize("given", [["a", "b"], 5, {"a": 1}, b"a"])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_name_is_refused_with_a_hint(name: str, given: object) -> None:
    with pytest.raises(UsageError, match="is not the name of anything") as raised:
        WRONG[name](given)
    assert raised.value.hint


@pytest.mark.parametrize("given", [3600, ["1h"], {}])
def test_what_is_no_time_is_refused_with_a_hint(given: Any) -> None:
    with pytest.raises(UsageError, match="is not a time") as raised:
        api.coldstarts("a", since=given, account=NOWHERE)
    assert "timedelta" in (raised.value.hint or "")


def test_a_folder_can_be_a_path(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    assert api.inspect(tmp_path).parts == api.inspect(str(tmp_path)).parts

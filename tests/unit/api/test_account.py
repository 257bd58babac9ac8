"""Which account and which window a call of `monitor.api` reads."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.api import Account
from monitor.api.account import opened
from monitor.console.settings import Settings
from monitor.errors import UsageError


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

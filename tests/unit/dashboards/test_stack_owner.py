"""A dashboard or alarm that a stack deploys is not overwritten, not even with --force."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from monitor.dashboards.model import Action
from monitor.dashboards.workflow_plan import Request, plan
from monitor.errors import ExitCode, NotFoundError, RefusedError

ARN = "arn:aws:cloudwatch::123456789012:dashboard/images"
STACK = [{"Key": "aws:cloudformation:stack-name", "Value": "images-stack"}]


class Account:
    """The calls of a plan: one dashboard that somebody else made, and its tags."""

    region = "eu-west-1"
    where = "eu-west-1"

    def __init__(self, tags: Callable[[], Any]) -> None:
        self.tags = tags
        self.denied: list[str] = []

    def call(self, _service: str, operation: str, **_: Any) -> Any:
        if operation == "GetDashboard":
            return {"DashboardArn": ARN, "DashboardBody": json.dumps({"widgets": []})}
        assert operation == "ListTagsForResource"
        return self.tags()

    def warn_denied(self, error: RefusedError, _consequence: str) -> None:
        self.denied.append(error.message)


def refuse() -> Any:
    raise RefusedError("denied", "")


def absent() -> Any:
    raise NotFoundError("no tags", "")


def planned(account: Account, tmp_path: Any, *, force: bool) -> tuple[Action, str, int]:
    file = tmp_path / "images.json"
    widget = {"type": "text", "width": 6, "height": 6, "properties": {"markdown": "x"}}
    file.write_text(json.dumps({"widgets": [widget]}))
    request = Request((str(file),), force=force, with_alarms=False)
    (item,) = plan(account, request).items  # type: ignore[arg-type]
    return item.action, item.reason, item.exit_code


@pytest.mark.parametrize("force", [False, True])
def test_what_a_stack_deploys_is_refused_with_the_name_of_the_stack(tmp_path: Any, force: bool) -> None:
    action, reason, code = planned(Account(lambda: {"Tags": STACK}), tmp_path, force=force)
    assert action is Action.REFUSE
    assert "the stack images-stack deploys it" in reason
    assert "monitor dashboard export" in reason
    assert code == ExitCode.REFUSED


@pytest.mark.parametrize("tags", [lambda: {"Tags": []}, dict, refuse, absent])
def test_without_a_stack_force_overwrites_it(tmp_path: Any, tags: Callable[[], Any]) -> None:
    assert planned(Account(tags), tmp_path, force=True)[0] is Action.UPDATE
    action, reason, _ = planned(Account(tags), tmp_path, force=False)
    assert action is Action.REFUSE
    assert "--force" in reason

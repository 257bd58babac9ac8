"""Libraries that are not those monitor was made for are named by `monitor doctor`."""

import pytest
from botocore.parsers import JSONParser
from botocore.session import Session

from monitor.account import workflow_libraries
from monitor.account.model_check import Outcome
from monitor.account.workflow_libraries import libraries
from monitor.aws.fast import QuickLoader, changed_parts, make_fast


def test_the_libraries_of_this_environment_fit() -> None:
    check = libraries()
    assert (check.outcome, check.hint) == (Outcome.OK, "")
    assert "botocore 1." in check.detail


def test_a_version_out_of_bounds_is_named_with_the_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "click<2,>=1",
        "rich>=1",
        "nobody-has-this>=1",
        'hypercorn>=99; extra == "local"',
        'pytest>=99; extra == "dev"',
    ]
    monkeypatch.setattr(workflow_libraries, "requires", lambda _: lines)
    check = libraries()
    assert check.outcome is Outcome.WARNING
    click, hypercorn = check.detail.split("; ")
    assert click.startswith("click 8.")
    assert click.endswith("is installed, and <2,>=1 is supported")
    assert hypercorn.startswith("hypercorn ")
    assert check.hint == "pip install --upgrade lambda-monitor"


def test_a_botocore_whose_private_parts_have_changed_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def other_arguments(self: JSONParser, response: object, shape: object, protocol: object) -> None:
        raise AssertionError("the quick parser must not call this")

    fast, plain = Session(), Session()
    make_fast(fast)
    monkeypatch.setattr(JSONParser, "_do_parse", other_arguments)
    assert "JSONParser._do_parse" in changed_parts()
    make_fast(plain)
    loaders = [session.get_component("data_loader") for session in (fast, plain)]
    assert [isinstance(loader, QuickLoader) for loader in loaders] == [True, False]
    check = libraries()
    assert check.outcome is Outcome.WARNING
    assert "JSONParser._do_parse" in check.detail

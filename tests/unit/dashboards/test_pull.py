"""What `pull` says that a deploy would do, a deploy does: on dashboards of other people and on generated ones."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.aws.connection import Connection
from monitor.dashboards import workflow_apply as ops
from monitor.dashboards.workflow_plan import Request, plan
from monitor.errors import UsageError
from tests.examples import examples
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.unit.dashboards.test_corpus import PLAIN, text_of


def after_pull(account: FakeCloudWatch, name: str, folder: Path) -> list[str]:
    """What a deploy of the pulled template would do."""
    connection = cast("Connection", account)
    document, function = ops.pull(connection, name, None)
    path = folder / "pulled.json"
    path.write_text(ops.template_text(document), encoding="utf-8")
    found = plan(connection, Request((str(path),), (function,) if function else ()))
    return [f"{item.name} {item.action}" for item in found.items]


@pytest.mark.parametrize("name", PLAIN)
def test_deploying_what_was_pulled_is_unchanged(corpus: Path, tmp_path: Path, name: str) -> None:
    account = FakeCloudWatch("us-east-1")
    account.dashboards["theirs"] = json.dumps(json.loads(text_of(corpus, name)))

    assert after_pull(account, "theirs", tmp_path) == ["theirs unchanged"]


def test_a_body_that_validation_rejects_is_unchanged_too_since_cloudwatch_has_it(tmp_path: Path) -> None:
    account = FakeCloudWatch()
    account.dashboards["odd"] = json.dumps(
        {"widgets": [{"type": "metric", "width": 99, "properties": {"stat": "sum"}}]}
    )

    assert after_pull(account, "odd", tmp_path) == ["odd unchanged"]


TEXTS = ["orders", "fn-orders", "us-east-1", "123456789012", "${x}", "$${x}", "${MAX}", "\ud800", "\u202e", "\x9b"]
KEYS = ["a", "repeat", "each", "template", "orders", "${x}", "title", "region"]
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=6) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
METRIC = st.builds(
    lambda region, row, more: {"type": "metric", "properties": {**more, "region": region, "metrics": [row]}},
    st.sampled_from(["us-east-1", "eu-west-1"]),
    st.sampled_from([["AWS/Lambda", "Errors", "FunctionName", "orders"], ["AWS/Lambda", "Errors"], [".", "x"]]),
    st.dictionaries(st.text(max_size=4), JSON, max_size=2),
)
BODIES = st.dictionaries(
    st.sampled_from(["start", "variables", "template", "$schema", "repeat", "x"]), JSON, max_size=2
).flatmap(lambda more: st.builds(lambda widgets: {**more, "widgets": widgets}, st.lists(METRIC | JSON, max_size=3)))


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=BODIES | st.dictionaries(st.text(max_size=4), JSON, max_size=3),
    name=st.sampled_from(["d", "orders-1", "orders"]),
)
def test_what_was_pulled_is_unchanged_or_pull_says_that_it_cannot_be_a_template(
    tmp_path: Path, body: dict[str, Any], name: str
) -> None:
    account = FakeCloudWatch("us-east-1")
    account.dashboards[name] = json.dumps(body)
    try:
        found = after_pull(account, name, tmp_path)
    except UsageError as error:
        refused = error.message
    else:
        assert found == [f"{name} unchanged"]
        return
    assert "cannot be a template" in refused
    assert {"template", "$schema", "repeat"} & set(json.dumps(body).split('"'))


def test_the_text_of_a_template_is_safe_for_a_terminal() -> None:
    text = ops.template_text({"title": "\x1b[2J \x9b \u202e \ud800 é 中"})

    assert json.loads(text)["title"] == "\x1b[2J \x9b \u202e \ud800 é 中"
    assert not {"\x1b", "\x9b", "\u202e", "\ud800"} & set(text)
    assert "é 中" in text

"""Plan, then apply: what is created, left alone, refused, forced, pruned, and what fails on its way."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.aws.connection import Connection
from monitor.dashboards import workflow_apply as ops
from monitor.dashboards.model import Action, Outcome, Plan
from monitor.dashboards.workflow_plan import Request, plan
from monitor.errors import NotFoundError, RefusedError, UnreachableError, UsageError
from tests.fakes.cloudwatch import ACCOUNT, FakeCloudWatch

FUNCTION = "ai-image-analyzer-fastapi"
COLD = f"{FUNCTION}-cold-starts"


@pytest.fixture
def cloudwatch() -> FakeCloudWatch:
    account = FakeCloudWatch()
    account.functions[FUNCTION] = {
        "FunctionName": FUNCTION,
        "FunctionArn": f"arn:aws:lambda:ap-southeast-1:{ACCOUNT}:function:{FUNCTION}",
        "Timeout": 30,
        "MemorySize": 512,
        "LoggingConfig": {"LogGroup": f"/aws/lambda/{FUNCTION}"},
    }
    return account


def request(*sources: object, functions: tuple[str, ...] = (FUNCTION,), **more: Any) -> Request:
    return Request(tuple(map(str, sources)) or ("lambda-cold-starts",), functions, **more)


def planned(account: FakeCloudWatch, wanted: Request) -> Plan:
    return plan(cast("Connection", account), wanted)


def deploy(account: FakeCloudWatch, wanted: Request) -> list[Outcome]:
    return list(ops.apply(cast("Connection", account), planned(account, wanted)))


def actions(found: Plan) -> dict[str, str]:
    return {item.name: item.action.value for item in found.items}


def write(folder: Path, name: str, markdown: str, /, **head: Any) -> Path:
    body = {"widgets": [{"type": "text", "properties": {"markdown": markdown}}]}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"template": head, **body} if head else body))
    return path


def change(account: FakeCloudWatch, name: str) -> None:
    body = account.body(name)
    body["widgets"][0]["properties"]["markdown"] = "changed in the console"
    account.dashboards[name] = json.dumps(body)


def test_the_first_deploy_creates_and_the_second_changes_nothing(cloudwatch: FakeCloudWatch) -> None:
    assert [outcome.action for outcome in deploy(cloudwatch, request())] == [Action.CREATE]
    again = planned(cloudwatch, request())

    assert actions(again) == {COLD: "unchanged"}
    assert again.pending == ()
    assert cloudwatch.calls["cloudwatch:PutDashboard"] == 1


def test_namespace_and_service_are_those_under_which_the_function_writes(cloudwatch: FakeCloudWatch) -> None:
    dimensions = [{"Name": "function_name", "Value": FUNCTION}, {"Name": "service", "Value": "ai-image-analyzer"}]
    cloudwatch.metrics.append({"Namespace": "AiImageAnalyzer", "MetricName": "ColdStart", "Dimensions": dimensions})
    deploy(cloudwatch, request())

    rows = [row for widget in cloudwatch.body(COLD)["widgets"] for row in widget["properties"].get("metrics", [])]
    assert ["AiImageAnalyzer", "ColdStart", "function_name", FUNCTION, "service", "ai-image-analyzer"] in [
        row[:6] for row in rows
    ]


def test_a_function_that_is_not_there_yet_gets_its_dashboard_and_a_note(cloudwatch: FakeCloudWatch) -> None:
    found = planned(cloudwatch, request(functions=("later",)))

    assert actions(found) == {"later-cold-starts": "create"}
    assert any("there is no function 'later'" in note for note in found.notes)


def test_what_was_changed_in_the_console_is_not_overwritten(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request())
    change(cloudwatch, COLD)
    found = planned(cloudwatch, request())

    assert actions(found) == {COLD: "refuse"}
    assert "changed outside monitor" in found.items[0].reason
    assert found.items[0].exit_code == 1
    assert found.items[0].changes


def test_force_overwrites_it_and_the_next_deploy_changes_nothing(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request())
    change(cloudwatch, COLD)
    deploy(cloudwatch, request(force=True))

    assert actions(planned(cloudwatch, request())) == {COLD: "unchanged"}
    assert "changed in the console" not in cloudwatch.dashboards[COLD]


def test_saving_it_unchanged_in_the_console_is_no_change(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request())
    body = cloudwatch.body(COLD)
    body["widgets"] = [dict(sorted(widget.items())) for widget in reversed(body["widgets"])]
    cloudwatch.dashboards[COLD] = json.dumps(body, indent=4)

    assert actions(planned(cloudwatch, request())) == {COLD: "unchanged"}
    assert actions(planned(cloudwatch, request(overrides=(("period", 60),)))) == {COLD: "update"}


def test_a_dashboard_of_somebody_else_is_not_overwritten(cloudwatch: FakeCloudWatch) -> None:
    cloudwatch.dashboards[COLD] = '{"widgets": []}'

    assert "not deployed by monitor" in planned(cloudwatch, request()).items[0].reason


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_a_body_that_cannot_be_read_is_not_overwritten(cloudwatch: FakeCloudWatch, text: str) -> None:
    cloudwatch.dashboards[COLD] = text

    assert actions(planned(cloudwatch, request())) == {COLD: "refuse"}


def test_what_was_pulled_deploys_as_no_change(cloudwatch: FakeCloudWatch, tmp_path: Path) -> None:
    deploy(cloudwatch, request())
    change(cloudwatch, COLD)
    document, function = ops.pull(cast("Connection", cloudwatch), COLD, None)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))

    assert function == FUNCTION
    assert document["template"]["name"] == "${function}-cold-starts"
    assert FUNCTION not in json.dumps(document["widgets"])
    assert actions(planned(cloudwatch, request(path))) == {COLD: "unchanged"}
    assert actions(planned(cloudwatch, request(path, force=True))) == {COLD: "update"}


def test_pulling_what_is_not_there_is_said(cloudwatch: FakeCloudWatch) -> None:
    with pytest.raises(NotFoundError):
        ops.pull(cast("Connection", cloudwatch), "nothing", None)


def test_one_that_fails_does_not_stop_the_others_and_the_next_run_does_the_rest(
    cloudwatch: FakeCloudWatch, tmp_path: Path
) -> None:
    for name in "abc":
        write(tmp_path, name, name)
    cloudwatch.failing["b"] = UnreachableError("cloudwatch:PutDashboard was throttled repeatedly", "wait a minute")
    first = deploy(cloudwatch, request(tmp_path, functions=()))

    assert [(outcome.name, outcome.exit_code) for outcome in first] == [("a", 0), ("b", 4), ("c", 0)]
    cloudwatch.failing.clear()
    assert [outcome.name for outcome in deploy(cloudwatch, request(tmp_path, functions=()))] == ["b"]


def test_a_template_that_cannot_be_built_is_refused_and_the_others_go(
    cloudwatch: FakeCloudWatch, tmp_path: Path
) -> None:
    write(tmp_path, "bad", "${nothing}")
    write(tmp_path, "good", "fine")
    found = planned(cloudwatch, request(tmp_path, functions=()))

    assert actions(found) == {"bad": "refuse", "good": "create"}
    assert found.items[0].exit_code == 2
    assert "--set nothing=" in found.items[0].reason


def test_a_body_that_cloudwatch_would_refuse_is_never_sent(cloudwatch: FakeCloudWatch, tmp_path: Path) -> None:
    path = tmp_path / "wide.json"
    path.write_text('{"widgets": [{"type": "text", "width": 99, "properties": {"markdown": ""}}]}')
    found = planned(cloudwatch, request(path, functions=()))

    assert actions(found) == {"wide": "refuse"}
    assert [problem.pointer for problem in found.items[0].problems] == ["/widgets/0/width"]


def test_what_cloudwatch_says_although_it_took_it_is_passed_on(cloudwatch: FakeCloudWatch) -> None:
    cloudwatch.messages = [{"DataPath": "/widgets/0", "Message": "Should be better"}]

    assert deploy(cloudwatch, request())[0].messages == ("/widgets/0: Should be better",)


def test_prune_takes_what_the_folder_no_longer_has_and_nothing_else(cloudwatch: FakeCloudWatch, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for name in ("kept", "gone", "touched"):
        write(ours, name, name)
    write(theirs, "foreign", "x")
    deploy(cloudwatch, request(ours, functions=()))
    deploy(cloudwatch, request(theirs, functions=()))
    cloudwatch.dashboards["hand-made"] = '{"widgets": []}'
    cloudwatch.dashboards["copied"] = cloudwatch.dashboards["gone"]
    change(cloudwatch, "touched")
    for name in ("gone", "touched"):
        (ours / f"{name}.json").unlink()
    found = planned(cloudwatch, request(ours, functions=(), prune=True))

    assert actions(found) == {"kept": "unchanged", "gone": "delete", "touched": "refuse"}
    list(ops.apply(cast("Connection", cloudwatch), found))
    assert sorted(cloudwatch.dashboards) == ["copied", "foreign", "hand-made", "kept", "touched"]


def test_prune_needs_a_folder(cloudwatch: FakeCloudWatch) -> None:
    with pytest.raises(UsageError, match="needs a folder"):
        planned(cloudwatch, request(prune=True))


def test_alarms_come_with_their_dashboard_and_a_second_deploy_changes_none(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request("lambda-function"))

    names = ["error-rate", "init-p99", "memory-headroom", "throttles", "timeouts-near"]
    assert sorted(cloudwatch.alarms) == [f"{FUNCTION}-{name}" for name in names]
    share = cloudwatch.alarms[f"{FUNCTION}-timeouts-near"]
    assert share["Metrics"][0]["Expression"] == "100 * longest / 30000"
    # Without a topic nobody is told.
    assert share["AlarmActions"] == []
    assert set(actions(planned(cloudwatch, request("lambda-function"))).values()) == {"unchanged"}
    arns = [
        widget["properties"]["alarms"] for widget in cloudwatch.body(FUNCTION)["widgets"] if widget["type"] == "alarm"
    ]
    assert sorted(arns[0]) == sorted(alarm["AlarmArn"] for alarm in cloudwatch.alarms.values())


def test_an_alarm_that_was_changed_in_the_console_is_not_overwritten(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request("lambda-function"))
    name = f"{FUNCTION}-throttles"
    cloudwatch.alarms[name]["Threshold"] = 7.0
    found = planned(cloudwatch, request("lambda-function"))

    assert {item.name for item in found.refused} == {name}
    (change,) = next(item for item in found.items if item.name == name).changes
    assert change.details == ("Threshold: 7 → 0",)


def test_a_new_threshold_updates_the_alarm_and_the_line_in_the_graph(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request("lambda-function"))
    found = planned(cloudwatch, request("lambda-function", overrides=(("error_alarm_percent", 1),)))

    assert {item.name for item in found.pending} == {FUNCTION, f"{FUNCTION}-error-rate"}


def test_alarms_can_be_left_out(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request("lambda-function", with_alarms=False))

    assert cloudwatch.alarms == {}


def test_prune_takes_alarms_too_but_not_where_they_were_left_out(cloudwatch: FakeCloudWatch, tmp_path: Path) -> None:
    write(tmp_path, "board", "x")
    (tmp_path / "alarms").mkdir()
    alarm = {"AlarmName": "mine", "MetricName": "m", "Namespace": "n", "EvaluationPeriods": 1, "Period": 60}
    alarm |= {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "Statistic": "Sum"}
    (tmp_path / "alarms" / "mine.json").write_text(json.dumps(alarm))
    deploy(cloudwatch, request(tmp_path, functions=()))
    assert "mine" in cloudwatch.alarms
    (tmp_path / "alarms" / "mine.json").unlink()

    assert actions(planned(cloudwatch, request(tmp_path, functions=(), prune=True, with_alarms=False))) == {
        "board": "unchanged"
    }
    deploy(cloudwatch, request(tmp_path, functions=(), prune=True))
    assert cloudwatch.alarms == {}


def test_a_template_about_a_function_asks_for_one(cloudwatch: FakeCloudWatch) -> None:
    with pytest.raises(UsageError) as told:
        planned(cloudwatch, request(functions=()))

    assert "--function" in told.value.hint
    assert not cloudwatch.calls


@pytest.mark.parametrize("name", ["x' | SOURCE 'y", "ai-*", "name:alias", "", "arn:aws:lambda:eu-west-1:1:function:f"])
def test_what_is_no_function_s_name_never_gets_into_a_query(cloudwatch: FakeCloudWatch, name: str) -> None:
    with pytest.raises(UsageError, match="is not a function name"):
        planned(cloudwatch, request(functions=(name,)))


@pytest.mark.parametrize("name", ["with blank", "", "x" * 256, "é"])
def test_a_name_that_cloudwatch_does_not_take_is_refused_before_anything_is_asked(
    cloudwatch: FakeCloudWatch, name: str
) -> None:
    with pytest.raises(UsageError, match="is not a valid"):
        planned(cloudwatch, request(name=name))
    assert not cloudwatch.calls


def test_one_name_cannot_be_for_two_dashboards(cloudwatch: FakeCloudWatch) -> None:
    with pytest.raises(UsageError, match="deploys several"):
        planned(cloudwatch, request(functions=("a", "b"), name="one"))


def test_two_templates_with_one_name_are_refused(cloudwatch: FakeCloudWatch, tmp_path: Path) -> None:
    write(tmp_path, "one", "1", name="same")
    write(tmp_path, "two", "2", name="same")

    with pytest.raises(UsageError, match="have the name 'same'"):
        planned(cloudwatch, request(tmp_path, functions=()))


def test_a_source_that_is_none_is_named_with_the_nearest(cloudwatch: FakeCloudWatch) -> None:
    with pytest.raises(UsageError) as told:
        planned(cloudwatch, request("lambda-cold-start"))

    assert "'lambda-cold-starts'" in told.value.hint


def test_delete_takes_what_was_deployed_and_refuses_the_rest(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request())
    cloudwatch.dashboards["hand-made"] = '{"widgets": []}'
    connection = cast("Connection", cloudwatch)
    found = ops.plan_delete(connection, [COLD, "hand-made", "nothing"], force=False)

    assert actions(found) == {COLD: "delete", "hand-made": "refuse", "nothing": "refuse"}
    assert [item.exit_code for item in found.items] == [0, 1, 3]
    list(ops.apply(connection, found))
    assert list(cloudwatch.dashboards) == ["hand-made"]
    assert actions(ops.plan_delete(connection, ["hand-made"], force=True)) == {"hand-made": "delete"}


def test_delete_takes_the_alarms_with_it_where_that_is_asked_for(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request("lambda-function"))
    cloudwatch.alarms[f"{FUNCTION}-throttles"]["AlarmDescription"] = "somebody else's now"
    connection = cast("Connection", cloudwatch)

    assert actions(ops.plan_delete(connection, [FUNCTION], force=False)) == {FUNCTION: "delete"}
    list(ops.apply(connection, ops.plan_delete(connection, [FUNCTION], force=False, with_alarms=True)))
    assert list(cloudwatch.alarms) == [f"{FUNCTION}-throttles"]
    assert cloudwatch.dashboards == {}


def test_without_permission_to_look_the_deploy_goes_on_with_what_is_assumed(
    cloudwatch: FakeCloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise RefusedError("access denied: cloudwatch:ListMetrics is not allowed")

    monkeypatch.setattr("monitor.dashboards.workflow_facts.find_metrics", denied)
    found = planned(cloudwatch, request())

    assert actions(found) == {COLD: "create"}
    assert any("using the default namespace" in note for note in found.notes)


def test_a_variable_that_no_template_has_is_refused_and_the_nearest_named(cloudwatch: FakeCloudWatch) -> None:
    with pytest.raises(UsageError) as told:
        planned(cloudwatch, request(overrides=(("perod", 60),)))
    assert "perod" in told.value.message
    assert told.value.hint == "did you mean 'period'?"
    assert cloudwatch.dashboards == {}


def test_an_alarm_s_variable_is_known_where_its_alarms_are_left_out_too(cloudwatch: FakeCloudWatch) -> None:
    wanted = request("lambda-function", overrides=(("init_alarm_ms", 500),), with_alarms=False)
    assert actions(planned(cloudwatch, wanted)) == {FUNCTION: "create"}


def test_a_dashboard_that_was_changed_after_the_plan_was_made_is_not_overwritten(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request())
    wanted = request(overrides=(("init_target_ms", 7),))
    found = planned(cloudwatch, wanted)
    assert actions(found) == {COLD: "update"}
    change(cloudwatch, COLD)

    (outcome,) = ops.apply(cast("Connection", cloudwatch), found)

    assert "changed after the plan was made" in outcome.error
    assert outcome.exit_code == 1
    assert cloudwatch.body(COLD)["widgets"][0]["properties"]["markdown"] == "changed in the console"


@pytest.mark.parametrize("force", [False, True])
def test_what_appears_or_goes_after_the_plan_was_made_is_not_touched(cloudwatch: FakeCloudWatch, force: bool) -> None:
    found = planned(cloudwatch, request(force=force))
    cloudwatch.dashboards[COLD] = '{"widgets": []}'
    (created,) = ops.apply(cast("Connection", cloudwatch), found)
    assert "created after the plan was made" in created.error

    going = ops.plan_delete(cast("Connection", cloudwatch), [COLD], force=True)
    cloudwatch.dashboards[COLD] = '{"widgets": [1]}'
    (kept,) = ops.apply(cast("Connection", cloudwatch), going)
    assert "changed after the plan was made" in kept.error
    assert cloudwatch.dashboards[COLD] == '{"widgets": [1]}'


def test_an_alarm_that_was_changed_after_the_plan_was_made_is_not_overwritten(cloudwatch: FakeCloudWatch) -> None:
    deploy(cloudwatch, request("lambda-function"))
    found = planned(cloudwatch, request("lambda-function", overrides=(("init_alarm_ms", 7),)))
    cloudwatch.alarms[f"{FUNCTION}-init-p99"]["Threshold"] = 99.0

    failed = {outcome.name: outcome.error for outcome in ops.apply(cast("Connection", cloudwatch), found)}

    assert "changed after the plan was made" in failed[f"{FUNCTION}-init-p99"]
    assert failed[FUNCTION] == ""


def test_a_dashboard_gets_the_tags_of_its_template_when_it_is_created(
    cloudwatch: FakeCloudWatch, tmp_path: Path
) -> None:
    tags = {"team": "payments", "stage": "${stage}"}
    path = write(tmp_path, "tagged", "one", tags=tags, name="tagged", parameters={"stage": {"default": "dev"}})
    deploy(cloudwatch, request(path, functions=()))
    assert cloudwatch.tags["tagged"] == {"team": "payments", "stage": "dev"}

    path = write(tmp_path, "tagged", "two", tags={"team": "x"}, name="tagged")
    (item,) = planned(cloudwatch, request(path, functions=())).items
    assert (item.action, item.reason) == (Action.UPDATE, "tags are set at creation only")
    (outcome,) = deploy(cloudwatch, request(path, functions=()))
    assert (outcome.error, cloudwatch.tags["tagged"]["team"]) == ("", "payments")


LOG_ALARM = {
    "AlarmName": "errors-in-log",
    "ScheduledQueryConfiguration": {
        "QueryString": "filter level = 'ERROR' | stats count(*) as n",
        "LogGroupIdentifiers": ["/aws/lambda/f"],
        "ScheduledQueryRoleARN": "arn:aws:iam::123456789012:role/q",
        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
        "AggregationExpression": "max(n)",
    },
    "QueryResultsToEvaluate": 3,
    "QueryResultsToAlarm": 2,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}
PROMQL_ALARM = {
    "AlarmName": "slow",
    "EvaluationCriteria": {"PromQLCriteria": {"Query": "histogram_quantile(0.99, d) > 1", "PendingPeriod": 300}},
    "EvaluationInterval": 60,
}


@pytest.mark.parametrize(
    ("alarm", "operation"), [(LOG_ALARM, "PutLogAlarm"), (PROMQL_ALARM, "PutMetricAlarm")], ids=["log", "PromQL"]
)
def test_alarms_on_log_queries_and_promql_are_deployed_once(
    cloudwatch: FakeCloudWatch, tmp_path: Path, alarm: dict[str, Any], operation: str
) -> None:
    (tmp_path / "alarms").mkdir()
    (tmp_path / "alarms" / "a.json").write_text(json.dumps(alarm))
    name = str(alarm["AlarmName"])

    (outcome,) = deploy(cloudwatch, request(tmp_path, functions=()))
    assert (outcome.name, outcome.error) == (name, "")
    assert cloudwatch.calls[f"cloudwatch:{operation}"] == 1
    assert actions(planned(cloudwatch, request(tmp_path, functions=()))) == {name: "unchanged"}

    (tmp_path / "alarms" / "a.json").write_text(json.dumps({**alarm, "AlarmActions": ["arn:aws:sns:eu-west-1:1:t"]}))
    (item,) = planned(cloudwatch, request(tmp_path, functions=())).items
    assert (item.action, item.changes[0].details) == (Action.UPDATE, ('AlarmActions: + ["arn:aws:sns:eu-west-1:1:t"]',))
    (tmp_path / "alarms" / "a.json").unlink()
    (tmp_path / "other.json").write_text('{"widgets": []}')
    pruned = deploy(cloudwatch, request(tmp_path, functions=(), prune=True))
    assert [(one.name, one.action.value, one.error) for one in pruned if one.kind == "alarm"] == [(name, "delete", "")]


def test_an_alarm_of_two_kinds_or_of_none_is_refused(cloudwatch: FakeCloudWatch, tmp_path: Path) -> None:
    (tmp_path / "alarms").mkdir()
    for alarm in ({**LOG_ALARM, "MetricName": "x"}, {"AlarmName": "a"}, {**LOG_ALARM, "EvaluationPeriods": 3}):
        (tmp_path / "alarms" / "a.json").write_text(json.dumps(alarm))
        (item,) = planned(cloudwatch, request(tmp_path, functions=())).items
        assert item.action is Action.REFUSE

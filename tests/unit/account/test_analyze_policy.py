import json
from typing import Any

import pytest

from monitor.account.analyze_policies import NEEDS
from monitor.account.analyze_policy import MOST_CHARACTERS, find, needs_of, policy
from monitor.errors import UsageError
from monitor.kernel.iam import ACTIONS, Scope

ONE = Scope(("my-function",), (), ("ap-southeast-1",), "123456789012")


def statements(*commands: str, scope: Scope = ONE, **how: Any) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in policy(needs_of(commands, **how), scope)["Statement"]}


def test_a_policy_of_one_function_names_it_its_versions_and_its_log_group() -> None:
    found = statements("tail")
    mine = "arn:aws:lambda:ap-southeast-1:123456789012:function:my-function"
    assert found["Functions"]["Resource"] == [mine, f"{mine}:*"]
    group = "arn:aws:logs:ap-southeast-1:123456789012:log-group:/aws/lambda/my-function:*"
    assert found["LogGroups"]["Resource"] == group
    assert found["LogGroups"]["Action"] == ["logs:FilterLogEvents", "logs:StartLiveTail"]


def test_what_has_no_resource_is_held_to_its_region() -> None:
    anywhere = statements("metrics", scope=Scope())["AnyResource"]
    assert anywhere["Resource"] == "*"
    assert "Condition" not in anywhere
    held = statements("metrics", scope=Scope(regions=("ap-southeast-1", "us-east-1")))["AnyResource"]
    assert held["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["ap-southeast-1", "us-east-1"]}}


def test_a_log_group_of_another_name_is_added() -> None:
    scope = Scope(("f",), ("/shared/logs",), (), "")
    assert statements("errors", scope=scope)["LogGroups"]["Resource"] == [
        "arn:aws:logs:*:*:log-group:/aws/lambda/f:*",
        "arn:aws:logs:*:*:log-group:/shared/logs:*",
    ]


def test_spans_are_named_where_other_log_groups_are_not_all_allowed() -> None:
    assert statements("traces list")["Spans"]["Resource"].endswith(":log-group:aws/spans:*")
    assert "Spans" not in statements("traces list", "coldstarts", scope=Scope())


def test_a_layer_may_be_another_account_s() -> None:
    assert statements("package inspect")["Layers"]["Resource"] == "arn:aws:lambda:ap-southeast-1:*:layer:*"


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_the_partition_is_the_region_s(region: str, partition: str) -> None:
    found = statements("function show", scope=Scope(regions=(region,)))
    assert found["Functions"]["Resource"] == f"arn:{partition}:lambda:{region}:*:function:*"


def test_what_only_options_need_can_be_left_out_and_one_taken_in() -> None:
    def actions(**how: Any) -> set[str]:
        return {action for one in statements("instrument", **how).values() for action in one["Action"]}

    assert "lambda:UpdateFunctionConfiguration" in actions()
    assert "lambda:UpdateFunctionConfiguration" not in actions(plain=True)
    assert "lambda:UpdateFunctionConfiguration" in actions(plain=True, options=("apply",))
    assert "lambda:ListFunctions" not in actions(plain=True, options=("--apply",))


def test_a_group_s_name_stands_for_its_commands_and_no_name_for_all() -> None:
    assert find(["traces"]) == ["traces list", "traces show", "traces follow", "traces compare"]
    assert find(["tail", "dashboard", "list"]) == ["tail", "dashboard list"]
    assert find(["traces", "tail"]) == ["tail", *find(["traces"])]
    assert find([]) == list(NEEDS)


@pytest.mark.parametrize(("words", "near"), [(["tial"], "tail"), (["traces", "lst"], "traces list")])
def test_a_wrong_name_is_told_the_nearest(words: list[str], near: str) -> None:
    with pytest.raises(UsageError) as told:
        find(words)
    assert near in told.value.hint


def test_every_call_of_every_command_has_an_action_and_every_action_a_command() -> None:
    asked = {need.call for needs in NEEDS.values() for need in needs}
    assert asked <= set(ACTIONS)
    assert {call for call in ACTIONS if ACTIONS[call].name} - asked == set()


def test_a_policy_never_allows_the_deletion_of_a_function_itself() -> None:
    for scope in (Scope(), Scope(functions=("one", "two"), regions=("eu-west-1",), account="123456789012")):
        document = policy(needs_of(["measure"]), scope)
        (statement,) = [one for one in document["Statement"] if "lambda:DeleteFunction" in one["Action"]]
        assert statement["Action"] == ["lambda:DeleteFunction"]
        given = statement["Resource"]
        resources = [given] if isinstance(given, str) else given
        assert resources
        assert all(one.endswith(":*") for one in resources)


def test_the_policy_of_everything_fits_into_one_managed_policy() -> None:
    text = json.dumps(policy(needs_of(list(NEEDS)), Scope()), separators=(",", ":"))
    assert len(text) < MOST_CHARACTERS


def test_the_policy_of_instrument_allows_the_tags_that_getfunction_answers_only_with_listtags() -> None:
    """Without them the plan does not name the tool that deploys the function, and that undoes the change."""
    needs = {need.call: need for need in NEEDS["instrument"]}
    assert needs["lambda:ListTags"].part_of in needs
    assert '"lambda:ListTags"' in json.dumps(policy(needs_of(["instrument"]), Scope()))
    parts = [need for found in NEEDS.values() for need in found if need.part_of]
    assert all(need.without for need in parts)

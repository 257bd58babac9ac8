"""Commands that are printed carry the connection options with which their answer was found."""

import pytest

from monitor.kernel.origin import Origin

LOCAL = Origin(local=True)
ELSEWHERE = Origin(profiles=("team a",), regions=("eu-west-1",), endpoint_url="http://x:1")
OPTIONS = "--profile 'team a' --region eu-west-1 --endpoint-url http://x:1"


@pytest.mark.parametrize(
    "command",
    ["show latest shop", "coldstarts shop --imports", "package inspect shop", "traces list shop", "tail shop"],
)
def test_a_command_of_monitor_carries_the_options_it_was_found_with(command: str) -> None:
    assert LOCAL.carried(f"monitor {command}") == f"monitor --local {command}"
    assert ELSEWHERE.carried(f"monitor {command}") == f"monitor {OPTIONS} {command}"
    assert Origin().carried(f"monitor {command}") == f"monitor {command}"
    assert Origin(stage="prod").carried(f"monitor {command}") == f"monitor --stage prod {command}"


def test_every_command_of_the_aws_cli_in_a_line_reaches_the_same_place() -> None:
    line = 'aws lambda invoke --function-name f "$(aws lambda get-function --function-name f)"'
    assert ELSEWHERE.carried(line) == line.replace("aws lambda", f"aws {OPTIONS} lambda")
    # Without the stack's endpoint and credentials the command would change production.
    assert LOCAL.carried(line) == f'(eval "$(monitor local env)"; {line})'


@pytest.mark.parametrize(
    "text",
    ["monitor package build . -o built.zip", "monitor local up", "the aws and monitor words", "/opt/monitor tail"],
)
def test_what_does_not_connect_stays_as_it_is(text: str) -> None:
    assert LOCAL.carried(text) == text
    assert ELSEWHERE.carried(text) == text


@pytest.mark.parametrize("origin", [LOCAL, ELSEWHERE, Origin(stage="prod")])
@pytest.mark.parametrize("text", ["monitor show latest shop", "aws logs tail /x", "`monitor tail x` or `aws sts x`"])
def test_what_carries_the_options_stays_as_it_is(origin: Origin, text: str) -> None:
    for carry in (origin.carried, origin.carried_in_hint):
        assert carry(carry(text)) == carry(text)


def test_each_line_is_a_command_of_its_own() -> None:
    assert (
        LOCAL.carried("monitor tail f\nmonitor show latest f")
        == "monitor --local tail f\nmonitor --local show latest f"
    )


def test_in_a_hint_only_what_stands_between_backticks_is_a_command() -> None:
    hint = "`monitor coldstarts f` reads its log, as monitor coldstarts does"
    assert LOCAL.carried_in_hint(hint) == hint.replace("`monitor ", "`monitor --local ")

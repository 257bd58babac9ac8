"""The functions of a stack, by answers as CloudFormation never gives them."""

from collections.abc import Iterator
from typing import Any

from monitor.aws.stacks import select


class Account:
    """A connection in which every stack contains itself and others many times."""

    region = "eu-west-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pages(self, _service: str, _operation: str, *, token: str, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        self.asked.append(StackName)
        nested = [
            {"LogicalResourceId": f"S{at}", "PhysicalResourceId": f"stack-{at % 3}", "ResourceType": kind}
            for at in range(60)
            for kind in ("AWS::CloudFormation::Stack",)
        ]
        name = f"of-{StackName}"
        yield {
            "StackResourceSummaries": [
                *nested,
                {"LogicalResourceId": "F", "PhysicalResourceId": name, "ResourceType": "AWS::Lambda::Function"},
            ]
        }


def test_stacks_that_contain_each_other_are_read_once() -> None:
    account = Account()
    found = select([account], "first", ())  # type: ignore[list-item]
    assert sorted(found) == ["of-first", "of-stack-0", "of-stack-1", "of-stack-2"]
    assert sorted(account.asked) == ["first", "stack-0", "stack-1", "stack-2"]

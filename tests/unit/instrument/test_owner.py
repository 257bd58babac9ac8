"""Who deploys a function, as its tags say."""

import pytest

from monitor.instrument.analyze_owner import owner

STACK = {"aws:cloudformation:stack-name": "images", "aws:cloudformation:logical-id": "Api"}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, ""),
        ({"team": "images"}, ""),
        (STACK, "the stack images"),
        ({**STACK, "lambda:createdBy": "SAM"}, "the stack images (SAM)"),
        ({**STACK, "STAGE": "dev"}, "the stack images (Serverless)"),
        ({"STAGE": "dev"}, ""),
        ({"Terraform": "true"}, "Terraform"),
        ({"terraform": "false"}, ""),
        ({"ManagedBy": "Terraform"}, "Terraform"),
        ({"managed-by": "opentofu"}, "Terraform"),
        ({"managed-by": "hand"}, ""),
        ({"pulumi:project": "shop"}, "the Pulumi project shop"),
    ],
)
def test_the_tags_tell_what_deploys_a_function(tags: dict[str, str], expected: str) -> None:
    assert owner(tags) == expected

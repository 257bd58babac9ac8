import pytest

from monitor.errors import UsageError
from monitor.kernel.target import LogTarget, Target, parse_target

FUNCTION_ARN = "arn:aws:lambda:ap-southeast-1:123456789012:function:ai-image-analyzer-fastapi"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fn", Target("fn", name="fn")),
        ("fn:live", Target("fn:live", name="fn", qualifier="live")),
        ("fn:$LATEST", Target("fn:$LATEST", name="fn", qualifier="$LATEST")),
        ("ai-*", Target("ai-*", name="ai-*")),
        ("/aws/lambda/fn", Target("/aws/lambda/fn", log_group="/aws/lambda/fn")),
        (FUNCTION_ARN, Target(FUNCTION_ARN, name="ai-image-analyzer-fastapi", region="ap-southeast-1")),
        (
            f"{FUNCTION_ARN}:7",
            Target(f"{FUNCTION_ARN}:7", name="ai-image-analyzer-fastapi", qualifier="7", region="ap-southeast-1"),
        ),
        (
            "arn:aws:logs:eu-west-1:123456789012:log-group:/shared/app:*",
            Target(
                "arn:aws:logs:eu-west-1:123456789012:log-group:/shared/app:*",
                log_group="/shared/app",
                region="eu-west-1",
            ),
        ),
    ],
)
def test_a_target_is_read_as_written(text: str, expected: Target) -> None:
    assert parse_target(text) == expected


@pytest.mark.parametrize("text", ["", "a b", "fn:", "fn:a b", "/grp with space", "arn:aws:s3:::bucket", "x" * 141, "é"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_target(text)


def test_only_a_glob_stands_for_several() -> None:
    assert parse_target("ai-*").is_glob
    assert not parse_target("ai-x").is_glob


def test_a_shared_group_s_streams_belong_to_the_function_they_name() -> None:
    target = LogTarget("a", "/shared", "eu-west-1", function="a", shared=True)
    assert target.owns("2026/11/23/a[$LATEST]0123")
    assert not target.owns("2026/11/23/ab[$LATEST]0123")
    assert not target.owns("2026/11/23/[$LATEST]0123")


def test_a_version_s_streams_are_told_apart() -> None:
    target = LogTarget("a:live", "/aws/lambda/a", "eu-west-1", function="a", versions=("7", "8"))
    assert target.owns("2026/11/23/[7]0123")
    assert target.owns("2026/11/23/[8]0123")
    assert not target.owns("2026/11/23/[$LATEST]0123")


def test_a_function_s_own_group_is_all_its_own() -> None:
    assert LogTarget("a", "/aws/lambda/a", "eu-west-1", function="a").owns("anything at all")
